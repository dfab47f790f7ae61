//! The solver as a method that can be run.

use super::solver::Solver;
use crate::bcd::objective::LayerSums;
use crate::compress::Projected;
use crate::linalg::Real;
use crate::network::{Architecture, LayerWeights};
use crate::training::{Checkpoint, IterationError, LayerMeasurement, Measurement, Training};

impl<T: Real> Training<T> for Solver<T> {
    fn iterate(&mut self) -> Result<(), IterationError> {
        Solver::iterate(self)?;
        Ok(())
    }

    fn iteration(&self) -> usize {
        self.iteration
    }

    fn termination(&self) -> Option<String> {
        Solver::termination(self).map(|reason| reason.to_string())
    }

    fn measured(&self) -> Measurement {
        let measured = self.measurement();
        let of_layer = |sums: &LayerSums| LayerMeasurement {
            activation_residual: Some(sums.activation_residual),
            linear_residual: Some(sums.linear_residual),
            compression_residual: sums.compression_residual,
            weight: sums.weight,
        };
        Measurement {
            iteration: measured.iteration,
            objective: measured.objective,
            loss: measured.sums.loss,
            step: measured.step,
            descent_violations: Some(measured.descent_violations),
            gamma: Some(self.penalties.gamma),
            rho: Some(self.penalties.rho),
            tau: self.coupling_weight(),
            layers: measured.sums.layers.iter().map(of_layer).collect(),
        }
    }

    fn checkpoint(&self) -> Checkpoint<'_> {
        Solver::checkpoint(self)
    }

    fn architecture(&self) -> &Architecture {
        &self.problem.architecture
    }

    fn weights(&self) -> &[LayerWeights<T>] {
        Solver::weights(self)
    }

    fn compressed(&self) -> &[Option<Projected<T>>] {
        Solver::compressed(self)
    }
}
