//! A trainer as a method that can be run.

use super::trainer::Trainer;
use crate::compress::Projected;
use crate::linalg::Real;
use crate::network::{Architecture, LayerWeights};
use crate::training::{Checkpoint, IterationError, Measurement, Training};

impl<T: Real> Training<T> for Trainer<T> {
    fn iterate(&mut self) -> Result<(), IterationError> {
        Ok(Trainer::iterate(self)?)
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

    fn checkpoint(&self) -> Checkpoint<'_> {
        Trainer::checkpoint(self)
    }

    fn architecture(&self) -> &Architecture {
        &self.problem().architecture
    }

    fn weights(&self) -> &[LayerWeights<T>] {
        Trainer::weights(self)
    }

    fn compressed(&self) -> &[Option<Projected<T>>] {
        Trainer::compressed(self)
    }
}
