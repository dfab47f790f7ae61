//! The update of the blocks of the last layer, whose activation is the identity.

use ndarray::Zip;

use super::iteration::Iteration;
use crate::bcd::error::{Block, SolverError};
use crate::bcd::objective::Penalties;
use crate::linalg::Real;

impl<T: Real> Iteration<'_, T> {
    /// (1) `V_N = (Y + gamma U_N + alpha V_N_old) / (1 + gamma + alpha)`
    ///
    /// (2) `U_N = (gamma V_N + rho W_N V_{N-1}) / (gamma + rho)`
    ///
    /// both then relaxed. `W_N V_{N-1} = U_N - E_N` is known from the last update of `V_{N-1}`.
    ///
    /// # Errors
    /// [`SolverError`] names the block that turned non-finite.
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
}
