//! What the residuals weigh in the objective.

use serde::Deserialize;

use super::history::History;
use super::series::Series;
use crate::measure::Quantity;

/// The solver's part of a trial's `config.yaml`: rows of older versions do not hold all penalties.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(crate) struct Penalties {
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

    /// A penalty that is the same in all iterations.
    fn constant(&self, penalty: Quantity) -> Option<f64> {
        let (first, last) = match penalty {
            Quantity::Gamma => (self.gamma, self.gamma_final),
            Quantity::Rho => (self.rho, self.rho_final),
            Quantity::Tau => (self.tau, self.tau_final),
            _ => return None,
        };
        last.is_none_or(|last| last == first).then_some(first)
    }
}

impl History {
    /// The term of the objective that a residual makes up, such as gamma/2 sum |V - act(U)|^2, with the penalty of each
    /// row, or of `config` if the rows do not hold it. `None` if neither does.
    pub(crate) fn term(
        &self,
        residual: Quantity,
        penalty: Quantity,
        config: Option<&Penalties>,
    ) -> Option<Series> {
        let recorded = self.series(penalty);
        let is_written = |quantity| !self.series(quantity).buckets().is_empty();
        // Newer rows hold gamma: a penalty that is missing beside it weighs nothing, such as tau without compression.
        let constant = if is_written(penalty) || is_written(Quantity::Gamma) {
            None
        } else {
            Some(config.and_then(|config| config.constant(penalty))?)
        };
        Some(self.series(residual).mapped(|residual, iteration| {
            let recorded = || recorded.at(iteration).map_or(0.0, |bucket| bucket.last);
            constant.unwrap_or_else(recorded) / 2.0 * residual.powi(2)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::IterationRecord;

    /// Residuals of 2 in two rows, the first of them before anything is compressed.
    fn history(gamma: Option<f64>) -> History {
        let record = |iteration, tau: Option<f64>| IterationRecord {
            iteration,
            residual_v: Some(2.0),
            residual_w: if tau.is_none() { 0.0 } else { 2.0 },
            gamma,
            tau,
            ..IterationRecord::default()
        };
        let mut history = History::default();
        history.extend(&[record(0, None), record(1, Some(5.0)), record(2, Some(50.0))]);
        history
    }

    fn values(term: Option<Series>) -> Option<Vec<f64>> {
        let term = term?;
        Some(term.buckets().iter().map(|bucket| bucket.last).collect())
    }

    const CONFIG: &str = "seed: 1\nsolver:\n  gamma: 0.5\n  rho: 2.0\n  alpha: 1.0\n  tau: 1.0\n  tau_final: 100.0\n";

    #[test]
    fn every_row_weighs_its_residual_with_its_own_penalty() {
        let term = |penalty, residual| values(history(Some(3.0)).term(residual, penalty, None));
        let activation = term(Quantity::Gamma, Quantity::ResidualV);
        assert_eq!(activation, Some(vec![6.0; 3]));
        let compression = term(Quantity::Tau, Quantity::ResidualW);
        assert_eq!(compression, Some(vec![0.0, 10.0, 100.0]));
    }

    #[test]
    fn without_compression_there_is_no_tau_and_nothing_to_weigh() {
        let mut history = History::default();
        history.extend(&[IterationRecord {
            gamma: Some(1.0),
            ..IterationRecord::default()
        }]);
        let term = history.term(Quantity::ResidualW, Quantity::Tau, None);
        assert_eq!(values(term), Some(vec![0.0]));
    }

    #[test]
    fn what_rows_do_not_hold_is_taken_from_the_settings_if_it_stays_the_same() {
        let config = Penalties::read(CONFIG);
        assert_eq!(Penalties::read("nothing: here"), None);
        let old = history(None);
        let term = |penalty, config: &Option<Penalties>| {
            values(old.term(Quantity::ResidualV, penalty, config.as_ref()))
        };
        assert_eq!(term(Quantity::Gamma, &config), Some(vec![1.0; 3]));
        assert_eq!(term(Quantity::Rho, &config), Some(vec![4.0; 3]));
        assert_eq!(term(Quantity::Gamma, &None), None);
        let grows = Penalties::read(&CONFIG.replace("alpha", "rho_final"));
        assert_eq!(term(Quantity::Rho, &grows), None);
    }
}
