//! The objective and its parts.

use crate::bcd::SolverSettings;
use crate::bcd::settings::WeightDecay;

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
    pub fn objective(&self, settings: &SolverSettings, tau: f64) -> f64 {
        let decay: f64 = self
            .layers
            .iter()
            .enumerate()
            .map(|(index, layer)| settings.weight_decay.of_layer(index) * layer.weight)
            .sum();
        self.loss
            + 0.5
                * (settings.gamma * self.activation_residual()
                    + settings.rho * self.linear_residual()
                    + tau * self.compression_residual()
                    + decay)
    }
}

impl WeightDecay {
    /// `lambda_i` of the layer with this index.
    pub fn of_layer(&self, index: usize) -> f64 {
        match self {
            Self::Uniform(value) => *value,
            Self::PerLayer(values) => values.get(index).copied().unwrap_or(0.0),
        }
    }
}

impl SolverSettings {
    /// Whether compression takes part in the blocks after so many iterations.
    pub fn compresses_after(&self, iteration: usize) -> bool {
        self.compress_after == 0 || iteration > self.compress_after
    }

    /// `tau` of iteration `k` (1-based): constant, or geometric from `tau` to `tau_final` over the
    /// iterations in which compression takes part.
    pub fn tau_at(&self, iteration: usize) -> f64 {
        let Some(last) = self.tau_final else {
            return self.tau;
        };
        let span = self.iterations.saturating_sub(1 + self.compress_after);
        let done = iteration.saturating_sub(1 + self.compress_after);
        if span == 0 {
            return self.tau;
        }
        self.tau * (last / self.tau).powf(done as f64 / span as f64)
    }
}
