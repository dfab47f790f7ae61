//! The block updates of one iteration: each minimises the objective plus its proximal term over one
//! block, with all others fixed, and goes `relaxation` times as far where the block is a quadratic. Inside a compressed set (`coupling: constrained`) an update may stop
//! short of the minimum; it never raises the objective.

use ndarray::Zip;

use super::constrained::System;
use super::error::{Block, Cause, SolverError};
use super::objective::{Penalties, Sums};
use super::ridge::{Change, FirstLayerSystem, Ridge, solve_dual, solve_primal};
use super::settings::{Coupling, SolverSettings};
use super::solver::Problem;
use super::state::{State, Workspace};
use crate::compress::{LayerCompression, Projected, Stored, prune_jointly};
use crate::linalg::{Real, entries, sum_of_squares};
use crate::network::{add_correlation, sum_over_samples};

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
    /// The system of the first layer.
    pub first_layer: &'a mut Option<FirstLayerSystem>,
    /// The system of the first layer with `coupling: constrained`.
    pub first_constrained: &'a mut Option<System>,
    /// Whether compressed weights are minimised inside their sets.
    pub inside_sets: bool,
    /// `omega`, see [`super::settings`]; 1 in a refit.
    pub relaxation: f64,
    /// Parts of the objective.
    pub sums: &'a mut Sums,
    /// Sum of the squared changes of the `U` and `V` so far.
    pub squared_step: f64,
}

impl<T: Real> Iteration<'_, T> {
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

    /// `V_N = (Y + gamma U_N + alpha V_N_old) / (1 + gamma + alpha)`
    ///
    /// `U_N = (gamma V_N + rho W_N V_{N-1}) / (gamma + rho)`
    ///
    /// both then relaxed. `W_N V_{N-1} = U_N - E_N` is known from the last update of `V_{N-1}`.
    pub fn update_output(&mut self) -> Result<(), SolverError> {
        let last = self.problem.architecture.layers.len() - 1;
        let Penalties { gamma, rho, .. } = self.penalties;
        let alpha = self.settings().alpha;
        let total = 1.0 + gamma + alpha;
        let (target, pull, stay) = (1.0 / total, gamma / total, alpha / total);
        let (upper, lower) = (gamma / (gamma + rho), rho / (gamma + rho));
        let excess = self.relaxation - 1.0;
        let relaxed = |minimiser: f64, old: f64| minimiser + excess * (minimiser - old);
        let mut steps = [0.0; 2];
        let (mut loss, mut activation_residual) = (0.0, 0.0);
        Zip::from(&self.problem.targets)
            .and(&mut self.state.activations[last])
            .and(&mut self.state.pre_activations[last])
            .and(&mut self.state.linear_residuals[last])
            .for_each(|y, v, u, e| {
                let (y, v_old, u_old) = (y.widen(), v.widen(), u.widen());
                let image = u_old - e.widen();
                let minimiser = target * y + pull * u_old + stay * v_old;
                *v = T::from_f64(relaxed(minimiser, v_old));
                let v_new = v.widen();
                *u = T::from_f64(relaxed(upper * v_new + lower * image, u_old));
                let u_new = u.widen();
                *e = T::from_f64(u_new - image);
                steps[0] += (v_new - v_old).powi(2);
                steps[1] += (u_new - u_old).powi(2);
                loss += (v_new - y).powi(2);
                activation_residual += (v_new - u_new).powi(2);
            });
        self.sums.loss = 0.5 * loss;
        self.sums.layers[last].activation_residual = activation_residual;
        self.add_step(Block::Activation(last), steps[0])?;
        self.add_step(Block::PreActivation(last), steps[1])
    }

    /// `W_i = argmin rho/2 |U_i - W V_{i-1}|^2 + alpha/2 |W - W_i_old|^2 + tau_i/2 |W - Z_i|^2 +
    /// lambda_i/2 |W|^2`, and then `Z_i = P_i(W_i)`.
    ///
    /// In residual form, with `E = U_i - W_i_old V_{i-1}`: the change `D` of `W_i` solves
    /// `D [ (alpha + tau_i + lambda_i) I + rho V V' ] = tau_i (Z_i - W_i) - lambda_i W_i + rho E V'`.
    /// It is exact for any weights, and rounding in the Gram matrix cannot move a converged one. The
    /// weight goes by `omega D`.
    pub fn update_weight(&mut self, index: usize) -> Result<(), SolverError> {
        if self.is_constrained(index) {
            return self.update_constrained_weight(index);
        }
        let change = self.solve_for_weight(index)?;
        if !change.is_finite() {
            return Err(self.fail(Block::Weight(index), Cause::NonFinite));
        }
        let weights = &mut self.state.weights[index];
        let relaxation = T::from_f64(self.relaxation);
        weights.weight.scaled_add(relaxation, &change.weight);
        if let (Some(bias), Some(change)) = (&mut weights.bias, &change.bias) {
            bias.scaled_add(relaxation, change);
        }
        self.update_compressed(index)?;
        if index == 0 {
            self.refresh_linear_residual(0);
        }
        self.sums.layers[index].weight = sum_of_squares(entries(&self.state.weights[index].weight));
        Ok(())
    }

    /// The change of the weight and bias of layer `index`.
    fn solve_for_weight(&mut self, index: usize) -> Result<Change<T>, SolverError> {
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
        let (pull, shrink) = (T::from_f64(tau), T::from_f64(decay));
        let mut weight = weights.weight.mapv(|w| -shrink * w);
        if let Some(compressed) = &self.state.compressed[index] {
            Zip::from(&mut weight)
                .and(&compressed.dense)
                .and(&weights.weight)
                .for_each(|g, z, w| *g += pull * (*z - *w));
        }
        let mut change = Change {
            weight,
            bias: weights.bias.as_ref().map(|bias| bias.mapv(|_| T::zero())),
        };
        let inputs = self.state.inputs_of(index, &problem.data).view();
        let residual = self.state.linear_residuals[index].view();
        let memory = &mut self.workspace.system;
        let solved = if problem.solves_dual(index) {
            solve_dual(ridge, inputs, residual, &mut change, memory)
        } else {
            let rho = T::from_f64(ridge.rho);
            add_correlation(layer, rho, residual, inputs, &mut change.weight);
            if let Some(bias) = &mut change.bias {
                let sums = sum_over_samples(layer, residual);
                *bias = sums.mapv(|sum| T::from_f64(ridge.rho * sum));
            }
            match index {
                0 => self
                    .first_layer
                    .get_or_insert_with(|| {
                        FirstLayerSystem::new(layer, &problem.data, problem.architecture.bias)
                    })
                    .solve(ridge, &mut change),
                _ => solve_primal(ridge, inputs, &mut change, memory),
            }
        };
        solved.map_err(|error| self.fail(Block::Weight(index), error))?;
        Ok(change)
    }

    /// `Z_i = P_i(W_i)`; with `coupling: hard` also `W_i = Z_i`. One threshold over several layers
    /// is one set over all of them, so that all their `Z` are projected together.
    fn update_compressed(&mut self, index: usize) -> Result<(), SolverError> {
        let Some(compression) = &self.problem.compression[index] else {
            return Ok(());
        };
        if self.state.compressed[index].is_none() {
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
                self.sums.layers[layer].weight =
                    sum_of_squares(entries(&self.state.weights[layer].weight));
                self.refresh_linear_residual(layer);
            }
        }
        Ok(())
    }

    pub(super) fn take_over(
        &mut self,
        index: usize,
        projected: Projected<T>,
    ) -> Result<(), SolverError> {
        if self.inside_sets || self.settings().coupling == Coupling::Hard {
            self.state.weights[index].weight.assign(&projected.dense);
        }
        let residual = projected.squared_error(self.state.weights[index].weight.view());
        if !residual.is_finite() {
            return Err(self.fail(Block::Compressed(index), Cause::NonFinite));
        }
        self.sums.layers[index].compression_residual = residual;
        self.state.compressed[index] = Some(projected);
        Ok(())
    }

    pub(super) fn refresh_linear_residual(&mut self, index: usize) {
        self.state
            .refresh_linear_residual(index, &self.problem.architecture, &self.problem.data);
        self.sums.layers[index].linear_residual =
            sum_of_squares(entries(&self.state.linear_residuals[index]));
    }
}
