//! Does a run keep what the theorem promises, and how soon is it good?

use std::collections::HashMap;

use super::{
    ReportError,
    metric::Metric,
    table::{Layout, PaperTable, assemble},
};
use crate::measure::{Better, NumberStyle, PowerLaw, Quantity, running_minimum};
use crate::store::{IterationRecord, RunDirectory, TrialRow, TrialStatus};

/// What the convergence table shows.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvergenceQuery {
    /// Settings down the side; empty: every swept one that is not in `columns`.
    pub rows: Vec<String>,
    /// Settings across the top; empty: one column per metric.
    pub columns: Vec<String>,
    /// What is shown, by the names in the CSV format; empty: all of it.
    pub metrics: Vec<String>,
    /// Test accuracies, in [0, 1], whose first iteration is looked up.
    pub accuracies: Vec<f64>,
}

impl Default for ConvergenceQuery {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            columns: Vec::new(),
            metrics: Vec::new(),
            accuracies: vec![0.9, 0.95],
        }
    }
}

/// A share of the final objective above which a run has not settled.
const SETTLED: f64 = 0.01;
/// Name of the fitted rate.
const RATE: &str = "rate";

/// Builds the convergence table of a run from the iterations of its trials that are done:
///
/// * the first iteration with a test accuracy of at least `a`, for each `a` of the query (mean over
///   the seeds that get there),
/// * the first iteration with `F_k <= 1.01 F_K`, where `F_K` is the final objective,
/// * the final objective (before a `refit`) and the number of iterations in which the objective rose,
/// * the rate: the least-squares slope of `log min_{j<=k} step_j^2` against `log k` over the later half of the
///   iterations on that axis; the theorem promises -1 or steeper, and a remark says what was fitted.
///
/// What only the iterations tell is missing for trials without `iterations.csv`, and a remark says so.
///
/// # Errors
/// When the run directory cannot be read, holds no trial, or a name in `query` does not exist.
pub fn convergence_table(
    run: &RunDirectory,
    query: &ConvergenceQuery,
) -> Result<PaperTable, ReportError> {
    let trials = run.read_trials()?;
    let layout = Layout::new(&trials, &query.rows, &query.columns)?;
    let metrics = metrics(query);
    let shown = shown(&metrics, &query.metrics)?;
    let mut measured: HashMap<&str, Vec<Option<f64>>> = HashMap::new();
    let mut without = 0;
    let done = |trial: &&TrialRow| trial.status == TrialStatus::Done;
    for trial in trials.rows.iter().filter(done) {
        let records = run.trial(&trial.trial).read_iterations()?;
        without += usize::from(records.is_empty());
        measured.insert(&trial.trial, measure(&records, &query.accuracies));
    }
    let column: HashMap<&str, usize> = (metrics.iter())
        .zip(0..)
        .map(|(metric, index)| (metric.name.as_str(), index))
        .collect();
    let mut table = assemble(&trials, &layout, shown, |trial, metric| {
        let values = measured.get(trial.trial.as_str())?;
        let value = values[*column.get(metric.name.as_str())?];
        value.or_else(|| of_last_row(trial, metric.quantity?))
    })?;
    if table.metrics.iter().any(|metric| metric.name == RATE) {
        table.remarks.push(
            "Fitted rate: the power of the iteration that the least squared step so far follows, over the later half of \
             the iterations (on a logarithmic scale)."
                .to_owned(),
        );
    }
    if without > 0 {
        let done = measured.len();
        table.remarks.push(format!(
            "{without} of {done} trials that are done have no iterations.csv: what only the iterations tell is missing \
             for them."
        ));
    }
    table.title = format!("Convergence of {}", run.name());
    Ok(table)
}

/// Those of `metrics` that are asked for.
fn shown(metrics: &[Metric], names: &[String]) -> Result<Vec<Metric>, ReportError> {
    if names.is_empty() {
        return Ok(metrics.to_vec());
    }
    let find = |name: &String| {
        let known = metrics.iter().find(|metric| metric.name == *name);
        known.cloned().ok_or_else(|| ReportError::UnknownName {
            kind: "metric of convergence",
            name: name.clone(),
            available: metrics.iter().map(|metric| metric.name.clone()).collect(),
        })
    };
    names.iter().map(find).collect()
}

/// What `trials.csv` knows without the iterations: the last row, unless that is of a refit, whose objective is another
/// one.
fn of_last_row(trial: &TrialRow, quantity: Quantity) -> Option<f64> {
    let residuals = [trial.residual_v, trial.residual_u, trial.residual_w];
    let refit = residuals == [Some(0.0); 3];
    (quantity != Quantity::Objective || !refit).then(|| trial.value(quantity))?
}

fn metrics(query: &ConvergenceQuery) -> Vec<Metric> {
    let derived = |name: String, heading: String, style| Metric {
        quantity: None,
        // A steeper rate is no merit of a setting: it starts from a larger step.
        better: (name != RATE).then_some(Better::Lower),
        name,
        heading,
        style,
    };
    let to_accuracy = query.accuracies.iter().map(|accuracy| {
        derived(
            format!("iterations_to_accuracy_{accuracy}"),
            format!("Iterations to {accuracy}"),
            NumberStyle::Count,
        )
    });
    let to_settle = derived(
        "iterations_to_settle".to_owned(),
        "Iterations to within 1 %".to_owned(),
        NumberStyle::Count,
    );
    let objective = Metric {
        heading: "Final objective".to_owned(),
        ..Quantity::Objective.into()
    };
    let violations = Quantity::DescentViolations.into();
    let rate = derived(
        RATE.to_owned(),
        "Fitted rate".to_owned(),
        NumberStyle::Measured,
    );
    to_accuracy
        .chain([to_settle, objective, violations, rate])
        .collect()
}

/// Values in the order of [`metrics`].
fn measure(records: &[IterationRecord], accuracies: &[f64]) -> Vec<Option<f64>> {
    let first = |holds: &dyn Fn(&IterationRecord) -> bool| {
        let record = records.iter().find(|record| holds(record))?;
        Some(record.iteration as f64)
    };
    let mut values: Vec<Option<f64>> = accuracies
        .iter()
        .map(|&wanted| {
            // A dense warm-up is another network: it does not reach an accuracy for this one.
            first(&|record| {
                let dense = record.compression_ratio == 1.0
                    && records
                        .last()
                        .is_some_and(|last| last.compression_ratio != 1.0);
                !dense && record.test_accuracy.is_some_and(|a| a >= wanted)
            })
        })
        .collect();
    let last = records.iter().rfind(|record| !record.is_refit());
    values.push(last.and_then(|last| {
        let settled = last.objective * (1.0 + SETTLED);
        first(&|record| !record.is_refit() && record.objective <= settled)
    }));
    values.push(last.map(|last| last.objective));
    values.push(last.and_then(|last| Some(last.descent_violations? as f64)));
    let rate = PowerLaw::fit(least_steps(records));
    values.push(rate.map(|law| law.exponent));
    values
}

/// `(k, min_{1<=j<=k} step_j^2)` for every iteration `k >= 1` of the method.
pub(super) fn least_steps(records: &[IterationRecord]) -> impl Iterator<Item = (f64, f64)> {
    let steps = (records.iter()).filter(|record| record.iteration > 0 && !record.is_refit());
    running_minimum(steps.map(|record| (record.iteration as f64, record.step * record.step)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(iteration: u64, objective: f64, step: f64, accuracy: Option<f64>) -> IterationRecord {
        IterationRecord {
            iteration,
            objective,
            step,
            descent_violations: Some(0),
            test_accuracy: accuracy,
            ..IterationRecord::default()
        }
    }

    #[test]
    fn a_dense_warm_up_reaches_no_accuracy_for_the_compressed_network() {
        let mut records = [
            record(0, 100.0, 0.0, Some(0.95)),
            record(1, 20.0, 4.0, Some(0.92)),
        ];
        records[0].compression_ratio = 1.0;
        records[1].compression_ratio = 5.0;
        assert_eq!(measure(&records, &[0.9])[0], Some(1.0));
    }

    #[test]
    fn first_iterations_and_final_values() {
        let records = [
            record(0, 100.0, 0.0, Some(0.1)),
            record(1, 20.0, 4.0, None),
            record(2, 10.05, 2.0, Some(0.92)),
            record(3, 10.0, 1.0, Some(0.91)),
        ];
        let values = measure(&records, &[0.9, 0.95]);
        assert_eq!(values[..4], [Some(2.0), None, Some(2.0), Some(10.0)]);
        assert_eq!(values[4], Some(0.0));
    }

    #[test]
    fn a_refit_is_no_iteration_of_the_method() {
        let mut records = [
            record(1, 20.0, 4.0, Some(0.8)),
            record(2, 10.0, 2.0, Some(0.8)),
            record(3, 500.0, 1.0, Some(0.95)),
        ];
        (records[2].residual_v, records[2].residual_u) = (Some(0.0), Some(0.0));
        let values = measure(&records, &[0.9]);
        assert_eq!(values[..3], [Some(3.0), Some(2.0), Some(10.0)]);
        let least: Vec<_> = least_steps(&records).collect();
        assert_eq!(least, [(1.0, 16.0), (2.0, 4.0)]);
        // One in the middle, whose objective is smaller than any other.
        let mut records = [
            record(1, 20.0, 4.0, Some(0.8)),
            record(2, 5.0, 1.0, Some(0.95)),
            record(3, 10.0, 2.0, Some(0.8)),
        ];
        (records[1].residual_v, records[1].residual_u) = (Some(0.0), Some(0.0));
        let values = measure(&records, &[0.9]);
        assert_eq!(values[..3], [Some(2.0), Some(3.0), Some(10.0)]);
    }

    #[test]
    fn the_rate_of_a_power_law_is_its_exponent() {
        // step_k = k^-0.75, so step_k^2 = k^-1.5; row 0 has no step and must not count.
        let records: Vec<IterationRecord> = (0..100)
            .map(|k| {
                record(
                    k,
                    1.0,
                    if k == 0 { 0.0 } else { (k as f64).powf(-0.75) },
                    None,
                )
            })
            .collect();
        let rate = measure(&records, &[]).pop().flatten();
        assert!((rate.expect("many points") + 1.5).abs() < 1e-12);
    }

    #[test]
    fn without_iterations_nothing_is_measured() {
        assert!(measure(&[], &[0.9]).iter().all(Option::is_none));
    }
}
