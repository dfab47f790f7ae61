//! The update of a weight and its bias: one ridge system.

use ndarray::{Array1, Zip};

use super::correlation::correlation;
use super::iteration::Iteration;
use super::ridge::{Change, FirstLayerSystem, Ridge, solve_dual, solve_primal};
use crate::bcd::error::{Block, Cause, SolverError};
use crate::linalg::{Real, entries, sum_of_squares};
use crate::network::sum_over_samples;

impl<T: Real> Iteration<'_, T> {
    /// (3) `W_i = argmin rho/2 |U_i - W V_{i-1}|^2 + alpha/2 |W - W_i_old|^2 + tau_i/2 |W - Z_i|^2 +
    /// lambda_i/2 |W|^2`
    ///
    /// In residual form, with `E = U_i - W_i_old V_{i-1}`: the change `D` of `W_i` solves
    /// `D [ (alpha + tau_i + lambda_i) I + rho V V' ] = tau_i (Z_i - W_i) - lambda_i W_i + rho E V'`.
    /// It is exact for any weights, and rounding in the Gram matrix cannot move a converged one. The
    /// weight goes by `omega D`.
    ///
    /// # Errors
    /// [`SolverError`] names the block that turned non-finite or whose system broke down.
    pub fn update_weight(&mut self, index: usize) -> Result<(), SolverError> {
        if self.is_constrained(index) {
            return self.update_constrained_weight(index);
        }
        let change = self.solve_for_weight(index)?;
        if !change.is_finite() {
            return Err(self.fail(Block::Weight(index), Cause::NonFinite));
        }
        let weights = &mut self.state.weights[index];
        let relaxation = self.relaxation;
        let moved =
            |old: &mut T, change: &f64| *old = T::from_f64(old.widen() + relaxation * change);
        weights.weight.zip_mut_with(&change.weight, moved);
        if let (Some(bias), Some(change)) = (&mut weights.bias, &change.bias) {
            bias.zip_mut_with(change, moved);
        }
        self.measure_weight(index);
        Ok(())
    }

    /// The change of the weight and bias of layer `index`.
    fn solve_for_weight(&mut self, index: usize) -> Result<Change, SolverError> {
        let problem = self.problem;
        let settings = &problem.settings;
        let layer = &problem.architecture.layers[index];
        let tau = if self.state.compressed[index].is_some() {
            self.penalties.tau
        } else {
            0.0
        };
        let decay = settings.weight_decay.of_layer(index);
        let ridge = Ridge {
            shift: settings.alpha + tau + decay,
            bias_shift: settings.alpha,
            rho: self.penalties.rho,
        };
        let weights = &self.state.weights[index];
        let mut weight = weights.weight.mapv(|w| -decay * w.widen());
        if let Some(compressed) = &self.state.compressed[index] {
            Zip::from(&mut weight)
                .and(&compressed.dense)
                .and(&weights.weight)
                .for_each(|g, z, w| *g += tau * (z.widen() - w.widen()));
        }
        let mut change = Change {
            weight,
            bias: weights.bias.as_ref().map(|bias| Array1::zeros(bias.len())),
        };
        let inputs = self.state.inputs_of(index, &problem.data);
        let residual = self.state.linear_residuals[index].view();
        let solved = if problem.solves_dual(index) {
            solve_dual(ridge, inputs.view(), residual, &mut change)
        } else {
            change.weight += &correlation(layer, ridge, residual, inputs);
            if let Some(bias) = &mut change.bias {
                *bias = sum_over_samples(layer, residual) * ridge.rho;
            }
            match index {
                0 => self
                    .workspace
                    .first_layer
                    .get_or_insert_with(|| {
                        FirstLayerSystem::new(layer, &problem.data, problem.architecture.bias)
                    })
                    .solve(ridge, &mut change),
                _ => solve_primal(ridge, inputs.view(), &mut change),
            }
        };
        solved.map_err(|error| self.fail(Block::Weight(index), error))?;
        Ok(change)
    }

    /// `|W_i|^2`
    pub(super) fn measure_weight(&mut self, index: usize) {
        self.sums.layers[index].weight = sum_of_squares(entries(&self.state.weights[index].weight));
    }
}
