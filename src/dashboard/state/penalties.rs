//! The penalties of a trial, from its `config.yaml`: they weigh the residuals in the objective.

use serde::Deserialize;

/// The settings of the solver that weigh the terms of F.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(crate) struct Penalties {
    iterations: u64,
    #[serde(default)]
    compress_after: u64,
    gamma: f64,
    gamma_final: Option<f64>,
    rho: f64,
    rho_final: Option<f64>,
    tau: f64,
    tau_final: Option<f64>,
}

#[derive(Deserialize)]
struct Config {
    solver: Penalties,
}

impl Penalties {
    /// Reads them; `None` if the text does not hold them (yet).
    pub(crate) fn read(config: &str) -> Option<Self> {
        let config: Config = serde_saphyr::from_str(config).ok()?;
        Some(config.solver)
    }

    /// Activation term of iteration k: gamma/2 sum |V - act(U)|^2, from its residual.
    pub(crate) fn activation(&self, residual_v: f64, iteration: u64) -> f64 {
        self.continued(self.gamma, self.gamma_final, iteration) / 2.0 * residual_v.powi(2)
    }

    /// Linear term of iteration k: rho/2 sum |U - W V|^2, from its residual.
    pub(crate) fn linear(&self, residual_u: f64, iteration: u64) -> f64 {
        self.continued(self.rho, self.rho_final, iteration) / 2.0 * residual_u.powi(2)
    }

    /// Compression term of iteration k: tau/2 sum |W - Z|^2, from its residual.
    pub(crate) fn compression(&self, residual_w: f64, iteration: u64) -> f64 {
        self.continued(self.tau, self.tau_final, iteration) / 2.0 * residual_w.powi(2)
    }

    /// A penalty in iteration k: from `first` geometrically to `last` over the iterations that compress.
    fn continued(&self, first: f64, last: Option<f64>, iteration: u64) -> f64 {
        let dense = self.compress_after.saturating_add(1);
        let span = self.iterations.saturating_sub(dense).max(1) as f64;
        let share = iteration.saturating_sub(dense) as f64 / span;
        last.map_or(first, |last| first * (last / first).powf(share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terms_follow_the_equations() {
        let text = "seed: 1\nsolver:\n  iterations: 11\n  gamma: 0.5\n  gamma_final: 50.0\n  rho: 2.0\n  alpha: 1.0\n  tau: 1.0\n  tau_final: 100.0\n";
        let penalties = Penalties::read(text).expect("the text is a configuration");
        assert_eq!(penalties.activation(2.0, 1), 1.0);
        assert!((penalties.activation(2.0, 11) - 100.0).abs() < 1.0e-9);
        assert_eq!(penalties.linear(3.0, 11), 9.0);
        assert_eq!(penalties.compression(2.0, 0), 2.0);
        assert!((penalties.compression(2.0, 6) - 20.0).abs() < 1.0e-9);
        assert!((penalties.compression(2.0, 11) - 200.0).abs() < 1.0e-9);
        let late = text.replace("  alpha", "  compress_after: 5\n  alpha");
        let penalties = Penalties::read(&late).expect("the text is a configuration");
        assert_eq!(penalties.compression(2.0, 6), 2.0);
        assert!((penalties.compression(2.0, 11) - 200.0).abs() < 1.0e-9);
        assert_eq!(Penalties::read("nothing: here"), None);
    }
}
