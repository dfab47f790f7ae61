//! The terms of F, each over the same trials as F, so that they add up to it.

use super::chart::Curve;
use super::curves::{Subject, band, each, series};
use crate::dashboard::state::{Penalties, Series, State};
use crate::measure::Quantity;

/// Least share of F that is not the rounding of its terms.
const ROUNDING: f64 = 1.0e-6;

/// The terms of the residuals: what they are called, the residual and its penalty.
const RESIDUAL_TERMS: [(&str, Quantity, Quantity); 3] = [
    ("act", Quantity::ResidualV, Quantity::Gamma),
    ("lin", Quantity::ResidualU, Quantity::Rho),
    ("comp", Quantity::ResidualW, Quantity::Tau),
];

/// The data term as recorded, those of the residuals, and what is left of F: the decay of weights.
pub(super) fn terms(state: &State, subject: &Subject) -> Vec<Curve> {
    let each_seed = state.convergence.each_seed;
    let histories = if each_seed {
        &subject.histories
    } else {
        &subject.averaged
    };
    let recorded = |quantity| series(histories, quantity).into_iter().cloned().collect();
    let mut terms: Vec<(&str, Vec<Series>)> = vec![("data", recorded(Quantity::Loss))];
    let of_first = state.documents.trial == subject.first.row.trial;
    let config = Penalties::read(&state.documents.config).filter(|_| of_first);
    let weighed = |(key, residual, penalty)| {
        let terms =
            (histories.iter()).map(|history| history.term(residual, penalty, config.as_ref()));
        Some((key, terms.collect::<Option<Vec<Series>>>()?))
    };
    let weighed: Option<Vec<_>> = RESIDUAL_TERMS.into_iter().map(weighed).collect();
    let known = weighed.is_some();
    terms.extend(weighed.unwrap_or_default());
    // A method without a split problem has no residuals that could be missing.
    let whole = series(histories, Quantity::ResidualU)
        .iter()
        .all(|residuals| residuals.buckets().is_empty());
    if known || whole {
        terms.extend(decay(&series(histories, Quantity::Objective), &terms));
    }
    (terms.iter().enumerate())
        .flat_map(|(position, (key, series))| {
            let series: Vec<&Series> = series.iter().collect();
            if each_seed {
                each(&series, key, position + 1)
            } else {
                // Limits around every term would hide them all.
                let mean = band(&series, key, position + 1);
                mean.into_iter().take(1).collect()
            }
        })
        .collect()
}

/// What the other terms leave of F, unless that is nothing.
fn decay(
    objectives: &[&Series],
    terms: &[(&'static str, Vec<Series>)],
) -> Option<(&'static str, Vec<Series>)> {
    let left = |(trial, objective): (usize, &&Series)| {
        objective.mapped(|value, at| {
            let others = (terms.iter())
                .filter_map(|(_, series)| series.get(trial)?.at(at))
                .map(|bucket| bucket.last);
            value - others.sum::<f64>()
        })
    };
    let decays: Vec<Series> = objectives.iter().enumerate().map(left).collect();
    let is_something = (objectives.iter().zip(&decays))
        .flat_map(|(objective, decay)| objective.buckets().iter().zip(decay.buckets()))
        .any(|(objective, decay)| decay.last.abs() > ROUNDING * objective.last.abs());
    is_something.then_some(("decay", decays))
}
