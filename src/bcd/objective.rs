//! The objective and its parts.

use super::settings::SolverSettings;

/// Squared norms that one layer contributes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LayerSums {
    /// `|V_i - act_i(U_i)|^2`
    pub activation_residual: f64,
    /// `|U_i - W_i V_{i-1}|^2`
    pub linear_residual: f64,
    /// `|W_i - Z_i|^2`, 0 where the layer is not compressed.
    pub compression_residual: f64,
    /// `|W_i|^2`
    pub weight: f64,
}

/// Everything that the objective is made of; known after each iteration without a further pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    /// `1/2 |V_N - Y|^2`
    pub loss: f64,
    /// The layers' parts.
    pub layers: Vec<LayerSums>,
}

/// The weights of the residuals in `F` in one iteration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Penalties {
    /// Weight of the activation residual.
    pub gamma: f64,
    /// Weight of the linear residual.
    pub rho: f64,
    /// Weight of the compression residual.
    pub tau: f64,
}

impl Sums {
    /// `sum_i |V_i - act_i(U_i)|^2`
    pub fn activation_residual(&self) -> f64 {
        self.layers
            .iter()
            .map(|layer| layer.activation_residual)
            .sum()
    }

    /// `sum_i |U_i - W_i V_{i-1}|^2`
    pub fn linear_residual(&self) -> f64 {
        self.layers.iter().map(|layer| layer.linear_residual).sum()
    }

    /// `sum_{i in C} |W_i - Z_i|^2`
    pub fn compression_residual(&self) -> f64 {
        self.layers
            .iter()
            .map(|layer| layer.compression_residual)
            .sum()
    }

    /// `F = 1/2 |V_N - Y|^2 + gamma/2 sum |V_i - act_i(U_i)|^2 + rho/2 sum |U_i - W_i V_{i-1}|^2 +
    /// tau/2 sum |W_i - Z_i|^2 + sum lambda_i/2 |W_i|^2`
    pub fn objective(&self, settings: &SolverSettings, penalties: Penalties) -> f64 {
        let decay: f64 = self
            .layers
            .iter()
            .enumerate()
            .map(|(index, layer)| settings.weight_decay.of_layer(index) * layer.weight)
            .sum();
        self.loss
            + 0.5
                * (penalties.gamma * self.activation_residual()
                    + penalties.rho * self.linear_residual()
                    + penalties.tau * self.compression_residual()
                    + decay)
    }
}

impl SolverSettings {
    /// Whether compression takes part in the blocks after so many iterations.
    pub fn compresses_after(&self, iteration: usize) -> bool {
        self.compress_after == 0 || iteration > self.compress_after
    }

    /// The weights of iteration `k` (1-based).
    pub fn penalties_at(&self, iteration: usize) -> Penalties {
        let of = |first, last| self.continued(first, last, iteration);
        Penalties {
            gamma: of(self.gamma, self.gamma_final),
            rho: of(self.rho, self.rho_final),
            tau: of(self.tau, self.tau_final),
        }
    }

    /// Constant, or geometric from `first` to `last` over the iterations in which compression takes
    /// part.
    fn continued(&self, first: f64, last: Option<f64>, iteration: usize) -> f64 {
        let Some(last) = last else {
            return first;
        };
        let span = self.iterations.saturating_sub(1 + self.compress_after);
        let done = iteration.saturating_sub(1 + self.compress_after);
        if span == 0 {
            return first;
        }
        first * (last / first).powf(done as f64 / span as f64)
    }

    /// Whether an iteration (1-based) of a run that does not end early is a refit.
    pub fn refits_in(&self, iteration: usize) -> bool {
        let since_dense = iteration.saturating_sub(self.compress_after);
        let scheduled = |every| since_dense > 0 && since_dense.is_multiple_of(every);
        self.refit && (iteration == self.iterations || self.refit_every.is_some_and(scheduled))
    }

    /// How many iterations of a run that does not end early are refits.
    pub fn refits(&self) -> usize {
        let before_last = self.iterations.saturating_sub(1 + self.compress_after);
        let scheduled = self.refit_every.map_or(0, |every| before_last / every);
        if self.refit { 1 + scheduled } else { 0 }
    }
}
