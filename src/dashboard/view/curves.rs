//! From what is kept of trials to curves.

use super::chart::{Curve, Point};
use crate::dashboard::state::{Bucket, History, Series, State, Trial};
use crate::dashboard::text::width;
use crate::measure::{PowerLaw, Quantity};

/// Trials that are drawn as one: the seeds of a setting, or a single trial.
pub(super) struct Subject<'a> {
    /// The seed if it is a single one.
    seed: String,
    /// The first of the trials.
    pub first: &'a Trial,
    /// What is kept of them.
    pub histories: Vec<&'a History>,
    /// Those of them that count in a mean; all of them if none does.
    pub averaged: Vec<&'a History>,
}

impl Subject<'_> {
    /// The setting, and the seed if it is a single one, in at most so many columns.
    pub(super) fn label(&self, state: &State, columns: usize) -> String {
        let cells = &state.trials.groups[self.first.group].swept;
        let room = columns.saturating_sub(width(&self.seed));
        state.trials.labels.fitting(cells, room) + &self.seed
    }
}

/// The selected trials, then the marked ones setting by setting.
pub(super) fn subjects(state: &State) -> Vec<Subject<'_>> {
    let mut sets = vec![state.list.selected_trials(&state.trials)];
    for mark in &state.list.marks {
        let Some(position) = state.trials.find(mark) else {
            continue;
        };
        let group = state.trials.all[position].group;
        let known = sets.iter_mut().find(|set| {
            set.first()
                .is_some_and(|&first| state.trials.all[first].group == group)
        });
        match known {
            Some(set) if set.contains(&position) => {}
            Some(set) => set.push(position),
            None => sets.push(vec![position]),
        }
    }
    sets.iter().filter_map(|set| subject(state, set)).collect()
}

fn subject<'a>(state: &'a State, set: &[usize]) -> Option<Subject<'a>> {
    let first = &state.trials.all[*set.first()?];
    let seed = match set.len() {
        1 => format!(" seed {}", first.row.seed),
        _ => String::new(),
    };
    let known = |counted: bool| -> Vec<&History> {
        (set.iter().map(|&position| &state.trials.all[position]))
            .filter(|trial| !counted || trial.counts())
            .filter_map(|trial| state.histories.get(&trial.row.trial))
            .collect()
    };
    let histories = known(false);
    let averaged = match known(true) {
        none if none.is_empty() => histories.clone(),
        counted => counted,
    };
    Some(Subject {
        seed,
        first,
        histories,
        averaged,
    })
}

/// A series as points.
pub(super) fn points(series: &Series) -> Vec<Point> {
    (series.buckets().iter())
        .map(|bucket| (bucket.iteration as f64, bucket.range))
        .collect()
}

/// A quantity of several trials.
pub(super) fn series<'a>(histories: &[&'a History], quantity: Quantity) -> Vec<&'a Series> {
    (histories.iter())
        .map(|history| history.series(quantity))
        .collect()
}

/// One curve per trial.
pub(super) fn each(series: &[&Series], key: &str, colour: usize) -> Vec<Curve> {
    (series.iter().enumerate())
        .map(|(position, series)| Curve {
            key: if position == 0 {
                key.to_owned()
            } else {
                String::new()
            },
            points: points(series),
            colour,
            ..Curve::default()
        })
        .collect()
}

/// The mean over trials, and its limits: the least and the greatest of them.
pub(super) fn band(series: &[&Series], key: &str, colour: usize) -> Vec<Curve> {
    let longest = series.iter().max_by_key(|series| series.buckets().len());
    let Some(longest) = longest.filter(|_| series.len() > 1) else {
        return each(series, key, colour);
    };
    let (mut mean, mut least, mut greatest) = (Vec::new(), Vec::new(), Vec::new());
    for bucket in longest.buckets() {
        let at = bucket.iteration;
        let x = at as f64;
        let reached = |series: &&&Series| {
            series
                .buckets()
                .last()
                .is_some_and(|last| last.iteration >= at)
        };
        let here: Vec<&Bucket> = (series.iter())
            .filter(reached)
            .filter_map(|series| series.at(at))
            .collect();
        let ranges: Option<Vec<(f64, f64)>> = here.iter().map(|bucket| bucket.range).collect();
        let Some(ranges) = ranges.filter(|ranges| !ranges.is_empty()) else {
            mean.push((x, None));
            continue;
        };
        let average = here.iter().map(|bucket| bucket.last).sum::<f64>() / here.len() as f64;
        let low = ranges
            .iter()
            .map(|range| range.0)
            .fold(f64::INFINITY, f64::min);
        let high = ranges
            .iter()
            .map(|range| range.1)
            .fold(f64::NEG_INFINITY, f64::max);
        mean.push((x, Some((average, average))));
        least.push((x, Some((low, low))));
        greatest.push((x, Some((high, high))));
    }
    let limit = |points| Curve {
        points,
        faint: true,
        colour,
        ..Curve::default()
    };
    vec![
        Curve {
            key: key.to_owned(),
            points: mean,
            colour,
            ..Curve::default()
        },
        limit(least),
        limit(greatest),
    ]
}

/// The power law that the later half of a curve follows.
pub(super) fn fitted(points: &[Point]) -> Option<PowerLaw> {
    let greatest = points.iter().filter_map(|&(x, range)| Some((x, range?.1)));
    PowerLaw::fit(greatest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::IterationRecord;

    #[test]
    fn a_band_spans_the_seeds_that_got_so_far() {
        let history = |objectives: &[f64]| {
            let mut history = History::default();
            for (iteration, &objective) in objectives.iter().enumerate() {
                history.extend(&[IterationRecord {
                    iteration: iteration as u64,
                    objective,
                    ..IterationRecord::default()
                }]);
            }
            history
        };
        let (a, b) = (history(&[4.0, 2.0, 1.0]), history(&[2.0, f64::NAN]));
        let curves = band(&series(&[&a, &b], Quantity::Objective), "F", 0);
        assert_eq!(
            curves[0].points,
            [
                (0.0, Some((3.0, 3.0))),
                (1.0, None),
                (2.0, Some((1.0, 1.0)))
            ]
        );
        assert_eq!(curves[1].points[0], (0.0, Some((2.0, 2.0))));
        assert_eq!(curves[2].points[0], (0.0, Some((4.0, 4.0))));
    }
}
