//! What is kept of a trial's iterations: a [`Series`] for every quantity, and what they say about its progress.

use super::series::Series;
use crate::measure::{NumberStyle, Quantity};
use crate::store::IterationRecord;

/// Iterations that a judgement about progress looks back on.
const WINDOW: usize = 20;
/// Iterations at which the objective rose that are remembered for marks.
const RISES: usize = 256;

/// A series for every quantity; those of which there is nothing to draw stay empty.
#[derive(Clone, Debug, PartialEq)]
struct Curves([Series; Quantity::ALL.len()]);

impl Default for Curves {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Series::default()))
    }
}

/// Whether there is something to draw: counts and times only grow.
fn is_curve(quantity: Quantity) -> bool {
    !matches!(quantity.style(), NumberStyle::Count | NumberStyle::Duration)
}

/// The iterations of one trial.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct History {
    series: Curves,
    /// Iterations at which the objective rose, the latest ones.
    pub rises: Vec<u64>,
    last: Option<IterationRecord>,
    best: Option<(u64, f64)>,
    broken: Option<u64>,
    /// (iteration, seconds) of the last [`WINDOW`] records.
    pace: std::collections::VecDeque<(u64, f64, f64)>,
}

impl History {
    /// Adds records in the order of their iterations. A record that is not later than the last one
    /// means that the trial went on from a checkpoint or began again: what it replaces is forgotten.
    pub(crate) fn extend(&mut self, records: &[IterationRecord]) {
        for record in records {
            if self
                .last
                .as_ref()
                .is_some_and(|last| record.iteration <= last.iteration)
            {
                self.forget_from(record.iteration);
            }
            self.push(record);
        }
    }

    fn push(&mut self, record: &IterationRecord) {
        for (series, &quantity) in self.series.0.iter_mut().zip(Quantity::ALL) {
            // Row 0 is the state before the first step.
            let is_there = quantity != Quantity::Step || record.iteration > 0;
            let value = record.value(quantity);
            if let Some(value) = value.filter(|_| is_there && is_curve(quantity)) {
                series.push(record.iteration, value);
            }
        }
        if let Some(last) = &self.last
            && record.descent_violations > last.descent_violations
        {
            self.rises.push(record.iteration);
            if self.rises.len() > RISES {
                self.rises.remove(0);
            }
        }
        if !record.objective.is_finite() {
            self.broken.get_or_insert(record.iteration);
        } else if !record.is_refit() && self.best.is_none_or(|(_, least)| record.objective < least)
        {
            self.best = Some((record.iteration, record.objective));
        }
        if self.pace.len() == WINDOW {
            self.pace.pop_front();
        }
        self.pace
            .push_back((record.iteration, record.seconds, record.objective));
        // Accuracy is measured every so many iterations: in between the last one is what there is to show.
        let before = self.last.take().unwrap_or_default();
        self.last = Some(record.with_last_known(&before));
    }

    fn forget_from(&mut self, iteration: u64) {
        for series in &mut self.series.0 {
            series.forget_from(iteration);
        }
        self.rises.retain(|&rise| rise < iteration);
        self.broken = self.broken.filter(|&broken| broken < iteration);
        self.best = self.best.filter(|&(at, _)| at < iteration);
        self.pace.clear();
        self.last = None;
    }

    /// The series of a quantity.
    pub(crate) fn series(&self, quantity: Quantity) -> &Series {
        &self.series.0[quantity as usize]
    }

    /// The latest record; accuracies that were not measured in it are those measured last.
    pub(crate) fn last(&self) -> Option<&IterationRecord> {
        self.last.as_ref()
    }

    /// Iterations per second of computing, over the last records.
    pub(crate) fn rate(&self) -> Option<f64> {
        let (&(first, began, _), &(last, ended, _)) = (self.pace.front()?, self.pace.back()?);
        let seconds = ended - began;
        (last > first && seconds > 0.0).then(|| (last - first) as f64 / seconds)
    }

    /// What is wrong with the trial's progress, in words.
    pub(crate) fn trouble(&self) -> Option<String> {
        let last = self.last.as_ref()?;
        if let Some(iteration) = self.broken {
            return Some(format!("objective not finite since iteration {iteration}"));
        }
        if let Some((iteration, least)) = self.best
            && least > 0.0
            && last.objective > 10.0 * least
            && !last.is_refit()
            // Growing penalties raise the objective by themselves; that is no violation.
            && last.descent_violations > Some(0)
        {
            let times = last.objective / least;
            return Some(format!(
                "diverged: objective is {times:.0} times its minimum (iteration {iteration})"
            ));
        }
        let (first, _, before) = *self.pace.front()?;
        if self.pace.len() == WINDOW && (before - last.objective).abs() <= 1.0e-9 * before.abs() {
            return Some(format!(
                "stalled: objective unchanged since iteration {first}"
            ));
        }
        if let Some(violations) = last.descent_violations.filter(|count| *count > 0) {
            let latest = self.rises.last().map_or(String::new(), |iteration| {
                format!(" (last: iteration {iteration})")
            });
            return Some(format!(
                "objective rose in {violations} iteration(s){latest}"
            ));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(iteration: u64, objective: f64) -> IterationRecord {
        IterationRecord {
            iteration,
            objective,
            seconds: iteration as f64 * 0.5,
            ..IterationRecord::default()
        }
    }

    #[test]
    fn a_value_that_is_not_finite_leaves_a_gap() {
        let mut history = History::default();
        history.extend(&[record(0, 4.0), record(1, f64::NAN), record(2, 3.0)]);
        let ranges: Vec<_> = history
            .series(Quantity::Objective)
            .buckets()
            .iter()
            .map(|bucket| bucket.range)
            .collect();
        assert_eq!(ranges, [Some((4.0, 4.0)), None, Some((3.0, 3.0))]);
        assert_eq!(
            history.trouble().as_deref(),
            Some("objective not finite since iteration 1")
        );
    }

    #[test]
    fn going_on_from_a_checkpoint_replaces_what_was_there() {
        let mut history = History::default();
        history.extend(&(0..10).map(|k| record(k, 10.0)).collect::<Vec<_>>());
        history.extend(&[record(5, 2.0)]);
        let buckets = history.series(Quantity::Objective).buckets();
        assert_eq!(buckets.len(), 6);
        assert_eq!(buckets[5].last, 2.0);
    }

    #[test]
    fn between_evaluations_the_last_accuracy_is_shown() {
        let mut history = History::default();
        let evaluated = IterationRecord {
            test_accuracy: Some(0.9),
            ..record(0, 4.0)
        };
        history.extend(&[evaluated, record(1, 3.0), record(2, 2.0)]);
        let last = history.last().expect("three records");
        assert_eq!((last.iteration, last.test_accuracy), (2, Some(0.9)));
        assert_eq!(history.series(Quantity::TestAccuracy).buckets().len(), 1);
    }

    #[test]
    fn the_rate_counts_iterations_per_second() {
        let mut history = History::default();
        assert_eq!(history.rate(), None);
        history.extend(
            &(0..50)
                .map(|k| record(k, 1.0 / (k + 1) as f64))
                .collect::<Vec<_>>(),
        );
        assert_eq!(history.rate(), Some(2.0));
        assert_eq!(history.trouble(), None);
    }

    #[test]
    fn trouble_is_said_in_words() {
        let mut history = History::default();
        history.extend(&(0..30).map(|k| record(k, 1.0)).collect::<Vec<_>>());
        assert!(
            history
                .trouble()
                .is_some_and(|words| words.starts_with("stalled"))
        );
        history.extend(&[IterationRecord {
            descent_violations: Some(1),
            ..record(30, 50.0)
        }]);
        assert!(
            history
                .trouble()
                .is_some_and(|words| words.starts_with("diverged"))
        );
    }
}
