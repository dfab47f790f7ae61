//! The update of a compressed weight: a projection.

use super::iteration::Iteration;
use crate::bcd::error::{Block, Cause, SolverError};
use crate::bcd::settings::Coupling;
use crate::compress::{LayerCompression, Projected, Stored, prune_jointly};
use crate::linalg::Real;

impl<T: Real> Iteration<'_, T> {
    /// (4) `Z_i = P_i(W_i)`; with `coupling: hard` also `W_i = Z_i`. Nothing for a layer that is not
    /// compressed, and inside the sets, where `W_i` is its own `Z_i`.
    ///
    /// One threshold over several layers is one set over all of them, so that all their `Z` are
    /// projected together.
    ///
    /// # Errors
    /// [`SolverError`] names the block that turned non-finite or whose projection broke down.
    pub fn update_compressed(&mut self, index: usize) -> Result<(), SolverError> {
        let Some(compression) = &self.problem.compression[index] else {
            return Ok(());
        };
        if self.inside_sets || self.state.compressed[index].is_none() {
            return Ok(());
        }
        if let LayerCompression::Prune {
            global: true,
            sparsity,
        } = compression
        {
            return self.update_globally_pruned(index, *sparsity);
        }
        let projected = Projected::project(
            compression,
            self.state.weights[index].weight.view(),
            self.state.compressed[index].as_ref(),
        )
        .map_err(|error| self.fail(Block::Compressed(index), error))?;
        self.take_over(index, projected)
    }

    fn update_globally_pruned(&mut self, index: usize, sparsity: f64) -> Result<(), SolverError> {
        let layers = self.problem.globally_pruned_layers();
        let weights: Vec<_> = layers
            .iter()
            .map(|layer| self.state.weights[*layer].weight.view())
            .collect();
        let pruned = prune_jointly(&weights, sparsity);
        for (layer, dense) in layers.into_iter().zip(pruned) {
            let moves_weight = self.settings().coupling == Coupling::Hard
                && layer != index
                && dense != self.state.weights[layer].weight;
            self.take_over(
                layer,
                Projected {
                    dense,
                    stored: Stored::Sparse,
                },
            )?;
            if moves_weight {
                self.refresh_linear_residual(layer);
            }
        }
        Ok(())
    }

    /// `Z_i` takes the place of the old one; the weight follows where it is tied to it.
    pub(super) fn take_over(
        &mut self,
        index: usize,
        projected: Projected<T>,
    ) -> Result<(), SolverError> {
        if self.inside_sets || self.settings().coupling == Coupling::Hard {
            self.state.weights[index].weight.assign(&projected.dense);
            self.measure_weight(index);
        }
        let residual = projected.squared_error(self.state.weights[index].weight.view());
        if !residual.is_finite() {
            return Err(self.fail(Block::Compressed(index), Cause::NonFinite));
        }
        self.sums.layers[index].compression_residual = residual;
        self.state.compressed[index] = Some(projected);
        Ok(())
    }
}
