//! `coupling: constrained` and `refit`: the weight stays in the set of its compression, and its update is
//! a minimiser in that set.
//!
//! There is no `Z_i` beside `W_i` and no `tau`. With all other blocks fixed the objective and the
//! proximal term are a quadratic of `W_i`,
//!
//! `rho/2 |U_i - W V_{i-1}|^2 + alpha/2 |W - W_i_old|^2 + lambda_i/2 |W|^2 = 1/2 |(W - W*) L|^2 + const`
//!
//! with `A = (alpha + lambda_i) I + rho V V' = L L'` and the ridge solution `W*`; see
//! [`crate::compress::Quadratic`] for its minimisers over the sets. Each step descends.

use super::correlation::correlation;
use super::iteration::Iteration;
use super::ridge::Ridge;
use super::system::System;
use crate::bcd::error::{Block, SolverError};
use crate::compress::{LayerCompression, Projected, Quadratic, kept_entries};
use crate::linalg::Real;
use crate::network::sum_over_samples;

impl<T: Real> Iteration<'_, T> {
    /// Whether the update of this weight stays in the set of its compression.
    pub(super) fn is_constrained(&self, index: usize) -> bool {
        self.inside_sets && self.state.compressed[index].is_some()
    }

    /// (3) `W_i = argmin rho/2 |U_i - W V_{i-1}|^2 + alpha/2 |W - W_i_old|^2 + lambda_i/2 |W|^2` over the
    /// set `S_i`, as far as [`Projected::minimise`] finds it, and the bias with it, exactly.
    ///
    /// With `E = U_i - W_i_old V_{i-1}` the negative gradient at `W_i_old` is
    /// `rho E V' - lambda_i W_i_old`.
    pub(super) fn update_constrained_weight(&mut self, index: usize) -> Result<(), SolverError> {
        let system = self.constrained_system(index)?;
        let settings = &self.problem.settings;
        let layer = &self.problem.architecture.layers[index];
        let inputs = self.state.inputs_of(index, &self.problem.data);
        let residual = self.state.linear_residuals[index].view();
        let weights = &self.state.weights[index];

        let start = weights.weight.mapv(T::widen);
        let mut descent = correlation(layer, system.ridge(), residual, inputs);
        descent.scaled_add(-settings.weight_decay.of_layer(index), &start);
        let bias_descent = sum_over_samples(layer, residual) * self.penalties.rho;
        system.eliminate_bias(&mut descent, &bias_descent);
        let quadratic = Quadratic {
            matrix: system.matrix(),
            factor: system.factor(),
            start,
            descent,
        };
        let projected = self.minimise_in_set(index, &quadratic)?;

        let change = projected.dense.mapv(T::widen) - &quadratic.start;
        if let Some(bias) = &mut self.state.weights[index].bias {
            *bias += &system.bias_change(&change, &bias_descent).mapv(T::from_f64);
        }
        if index == 0 {
            self.workspace.first_constrained = Some(system);
        }
        self.take_over(index, projected)
    }

    /// The system of a layer; that of the first layer changes only with `rho`.
    fn constrained_system(&mut self, index: usize) -> Result<System, SolverError> {
        let problem = self.problem;
        let ridge = Ridge {
            shift: problem.settings.alpha + problem.settings.weight_decay.of_layer(index),
            bias_shift: problem.settings.alpha,
            rho: self.penalties.rho,
        };
        if index == 0
            && let Some(known) = self.workspace.first_constrained.take()
            && known.ridge() == ridge
        {
            return Ok(known);
        }
        let bias = problem.architecture.bias;
        let system = if index == 0 {
            System::of_first_layer(ridge, &problem.architecture.layers[0], &problem.data, bias)
        } else {
            let inputs = self.state.inputs_of(index, &problem.data);
            System::of_inputs(ridge, inputs.view(), bias)
        };
        system.map_err(|error| self.fail(Block::Weight(index), error))
    }

    fn minimise_in_set(
        &self,
        index: usize,
        quadratic: &Quadratic<'_>,
    ) -> Result<Projected<T>, SolverError> {
        let (Some(compression), Some(previous)) = (
            &self.problem.compression[index],
            &self.state.compressed[index],
        ) else {
            unreachable!("only a layer that is compressed at present is constrained");
        };
        let kept = self.kept_entries(index, compression);
        Projected::minimise(compression, quadratic, kept, previous)
            .map_err(|error| self.fail(Block::Weight(index), error))
    }

    /// How many entries pruning leaves in this weight. Under one threshold for several layers it is
    /// what the others leave of the joint number: the threshold chooses at the start, and from then
    /// on each layer keeps its share.
    fn kept_entries(&self, index: usize, compression: &LayerCompression) -> usize {
        let entries = |layer: usize| self.state.weights[layer].weight.len();
        match compression {
            LayerCompression::Prune {
                sparsity,
                global: false,
            } => kept_entries(entries(index), *sparsity),
            LayerCompression::Prune {
                sparsity,
                global: true,
            } => {
                let layers = self.problem.globally_pruned_layers();
                let total = layers.iter().map(|layer| entries(*layer)).sum();
                let of_others = layers
                    .iter()
                    .filter(|layer| **layer != index)
                    .filter_map(|layer| self.state.compressed[*layer].as_ref())
                    .map(Projected::parameters)
                    .sum();
                kept_entries(total, *sparsity).saturating_sub(of_others)
            }
            _ => entries(index),
        }
    }
}
