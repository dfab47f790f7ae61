//! `refit`: the last iteration, and with `refit_every` some before it, fit the weights to the network as
//! it is shipped.
//!
//! The split blocks can meet the targets while the network itself does not: there every layer reads
//! what the layers before really put out, and not `V_{i-1}`. One sweep from the input to the output
//! takes account of that. With `X_i` for what layer `i` really reads,
//!
//! `W_i = argmin rho/2 |T_i - W X_i|^2 + alpha/2 |W - W_i_old|^2 + lambda_i/2 |W|^2` over the set `S_i`
//!
//! for the targets `T_i = U_i` of a hidden layer and `T_N = Y`: the same closed forms as in
//! [`super::constrained`]. After layer `i` its blocks are those of the network, `U_i = W_i X_i` and
//! `V_i = act(U_i)`, so that all residuals are zero in the end and the objective is that of the network,
//! `1/2 |f(X) - Y|^2 + sum lambda_i/2 |W_i|^2`. A weight that would raise it is not taken.

use ndarray::Array2;

use super::solver::Solver;
use crate::bcd::error::SolverError;
use crate::bcd::objective::{LayerSums, Sums};
use crate::linalg::{Real, entries, sum_of_squares, sum_of_squares_of_difference};
use crate::network::Deployed;

impl<T: Real> Solver<T> {
    /// One sweep over all layers; the squared change of the `U` and `V`.
    ///
    /// # Errors
    /// [`SolverError`] names the block that turned non-finite or whose system broke down.
    pub(super) fn refit(&mut self, number: usize) -> Result<f64, SolverError> {
        for (weights, compressed) in self.state.weights.iter_mut().zip(&self.state.compressed) {
            if let Some(projected) = compressed {
                weights.weight.assign(&projected.dense);
            }
        }
        let mut squared_step = 0.0;
        let mut objective = self.objective_of_network();
        for index in 0..self.state.weights.len() {
            let units = self.state.pre_activations[index].clone();
            if !self.problem.architecture.is_hidden(index) {
                self.state.pre_activations[index].assign(&self.problem.targets);
            }
            objective = self.refit_weight(number, index, objective)?;
            squared_step += self.take_images(index, &units);
        }
        self.sums = self.measure_sums();
        Ok(squared_step)
    }

    /// Fits one weight to its targets, which stand in the place of `U_i`; the objective of the network
    /// after that.
    fn refit_weight(
        &mut self,
        number: usize,
        index: usize,
        objective: f64,
    ) -> Result<f64, SolverError> {
        let (architecture, data) = (&self.problem.architecture, &self.problem.data);
        self.state
            .refresh_linear_residual(index, architecture, data);
        let weights = self.state.weights[index].clone();
        let compressed = self.state.compressed[index].clone();
        let mut pass = self.pass(number);
        pass.inside_sets = true;
        pass.relaxation = 1.0;
        pass.update_weight(index)?;
        let fitted = self.objective_of_network();
        if fitted <= objective {
            return Ok(fitted);
        }
        self.state.weights[index] = weights;
        self.state.compressed[index] = compressed;
        Ok(objective)
    }

    /// `U_i = W_i X_i` and `V_i = act(U_i)`; the squared change of both, `units` being the old `U_i`.
    fn take_images(&mut self, index: usize, units: &Array2<T>) -> f64 {
        let (architecture, data) = (&self.problem.architecture, &self.problem.data);
        let (image, activations) = self.state.images(index, architecture, data);
        let change = |new: &Array2<T>, old: &Array2<T>| {
            sum_of_squares_of_difference(entries(new), entries(old))
        };
        let squared_change =
            change(&image, units) + change(&activations, &self.state.activations[index]);
        self.state.pre_activations[index] = image;
        self.state.activations[index] = activations;
        self.state.linear_residuals[index].fill(T::zero());
        squared_change
    }

    /// `1/2 |f(X) - Y|^2 + sum lambda_i/2 |W_i|^2`
    fn objective_of_network(&self) -> f64 {
        let Self { problem, state, .. } = self;
        let network = Deployed::new(&problem.architecture, &state.weights, &state.compressed);
        let inputs = problem.data.train.inputs.view();
        let of_layer = |weight: &Array2<T>| LayerSums {
            weight: sum_of_squares(entries(weight)),
            ..LayerSums::default()
        };
        let sums = Sums {
            loss: 0.5 * network.squared_error(inputs, problem.targets.view()),
            layers: state
                .weights
                .iter()
                .map(|layer| of_layer(&layer.weight))
                .collect(),
        };
        sums.objective(&problem.settings, self.penalties)
    }
}
