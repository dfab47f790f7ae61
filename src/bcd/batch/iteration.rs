//! One iteration: the updates in the order of the paper.
//!
//! Each update minimises the objective plus its proximal term over one block, with all others fixed,
//! and goes `relaxation` times as far where the block is a quadratic. Inside a compressed set
//! (`coupling: constrained`) an update may stop short of the minimum; it never raises the objective.

use super::state::State;
use super::workspace::Workspace;
use crate::bcd::error::{Block, Cause, SolverError};
use crate::bcd::objective::{Penalties, Sums};
use crate::bcd::problem::Problem;
use crate::bcd::settings::SolverSettings;
use crate::linalg::{Real, entries, sum_of_squares};

/// One iteration under way: the blocks, and what their updates have yielded so far.
pub struct Iteration<'a, T> {
    /// The problem.
    pub problem: &'a Problem<T>,
    /// Number of the iteration, from 1.
    pub number: usize,
    /// The weights of the residuals in this iteration.
    pub penalties: Penalties,
    /// The blocks.
    pub state: &'a mut State<T>,
    /// Memory to be used again.
    pub workspace: &'a mut Workspace<T>,
    /// Whether compressed weights are minimised inside their sets.
    pub inside_sets: bool,
    /// `omega`, see [`crate::bcd::settings`]; 1 in a refit.
    pub relaxation: f64,
    /// Parts of the objective.
    pub sums: &'a mut Sums,
    /// Sum of the squared changes of the `U` and `V` so far.
    pub squared_step: f64,
}

impl<T: Real> Iteration<'_, T> {
    /// One pass over all blocks, from the output to the input, see [`crate::bcd`] for the numbers. Yields
    /// the squared change of the `U` and `V`.
    ///
    /// # Errors
    /// [`SolverError`] names the block that turned non-finite or whose system broke down.
    pub fn update_blocks(&mut self) -> Result<f64, SolverError> {
        let last = self.problem.architecture.layers.len() - 1;
        self.update_output()?; //                               (1) V_N, (2) U_N
        self.update_weight(last)?; //                           (3) W_N
        self.update_compressed(last)?; //                       (4) Z_N
        for layer in (0..last).rev() {
            self.update_activation_and_pre_activation(layer)?; // (5) V_i, (6) U_i
            self.update_weight(layer)?; //                      (3) W_i
            self.update_compressed(layer)?; //                  (4) Z_i
        }
        // The other E_i are those of the updates of V_{i-1}; no such update follows W_1.
        self.refresh_linear_residual(0);
        Ok(self.squared_step)
    }

    pub(super) fn settings(&self) -> &SolverSettings {
        &self.problem.settings
    }

    pub(super) fn fail(&self, block: Block, cause: impl Into<Cause>) -> SolverError {
        SolverError {
            iteration: self.number,
            block,
            cause: cause.into(),
        }
    }

    /// Takes in the squared change of a block; it shows at once when a block has gone bad.
    pub(super) fn add_step(&mut self, block: Block, squared: f64) -> Result<(), SolverError> {
        if !squared.is_finite() {
            return Err(self.fail(block, Cause::NonFinite));
        }
        self.squared_step += squared;
        Ok(())
    }

    /// `E_i = U_i - W_i V_{i-1}` from its definition, with its sum of squares.
    pub(super) fn refresh_linear_residual(&mut self, index: usize) {
        self.state
            .refresh_linear_residual(index, &self.problem.architecture, &self.problem.data);
        self.sums.layers[index].linear_residual =
            sum_of_squares(entries(&self.state.linear_residuals[index]));
    }
}
