//! The mini-batch solver as a method that can be run.

use super::solver::MiniBatchSolver;
use crate::compress::Projected;
use crate::linalg::Real;
use crate::network::{Architecture, LayerWeights};
use crate::training::{Checkpoint, IterationError, Measurement, Training};

impl<T: Real> Training<T> for MiniBatchSolver<T> {
    fn iterate(&mut self) -> Result<(), IterationError> {
        Ok(MiniBatchSolver::iterate(self)?)
    }

    fn iteration(&self) -> usize {
        self.measurement().iteration
    }

    fn termination(&self) -> Option<String> {
        self.is_done().then(|| "all iterations done".to_owned())
    }

    fn measured(&self) -> Measurement {
        self.measurement().clone()
    }

    fn steps_back(&self) -> usize {
        MiniBatchSolver::steps_back(self)
    }

    fn checkpoint(&self) -> Checkpoint<'_> {
        MiniBatchSolver::checkpoint(self)
    }

    fn architecture(&self) -> &Architecture {
        &self.problem().architecture
    }

    fn weights(&self) -> &[LayerWeights<T>] {
        MiniBatchSolver::weights(self)
    }

    fn compressed(&self) -> &[Option<Projected<T>>] {
        MiniBatchSolver::compressed(self)
    }
}
