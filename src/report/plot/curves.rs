//! Curves over the iterations: mean over the seeds, with a band from the lowest to the highest.

use std::collections::BTreeMap;

use super::{
    PlotKind, Subject,
    axis::Axis,
    figure::{Figure, Key, Look, Mark},
    legend,
};
use crate::measure::{Quantity, Scale};
use crate::report::{ReportError, convergence::least_steps};
use crate::store::{IterationRecord, RunDirectory, TrialRow, TrialStatus};

/// The iterations of every setting that is shown.
pub(super) struct Curves {
    /// Label of each setting with the iterations of each of its trials.
    settings: Vec<(String, Vec<Vec<IterationRecord>>)>,
}

impl Curves {
    /// Reads what `kinds` need. Of more settings than can be told apart the first ones are taken.
    pub(super) fn read(
        run: &RunDirectory,
        subject: &Subject,
        kinds: &[PlotKind],
        remarks: &mut Vec<String>,
    ) -> Result<Self, ReportError> {
        let mut settings = Vec::new();
        let over_iterations = |kind: &PlotKind| {
            !matches!(
                kind,
                PlotKind::Pareto | PlotKind::Margins | PlotKind::HeatMap
            )
        };
        if !kinds.iter().any(over_iterations) {
            return Ok(Self { settings });
        }
        let groups = subject.groups();
        if groups.len() > Look::MOST {
            remarks.push(format!(
                "curves: the first {} of {} settings are shown; choose fewer rows to see all",
                Look::MOST,
                groups.len()
            ));
        }
        let (values, groups): (Vec<_>, Vec<_>) = groups.into_iter().take(Look::MOST).unzip();
        for (label, trials) in legend(&subject.rows, &values).into_iter().zip(groups) {
            let mut runs = Vec::new();
            for trial in worth_showing(&trials) {
                let records = run.trial(&trial.trial).read_iterations()?;
                if !records.is_empty() {
                    runs.push(records);
                }
            }
            settings.push((label, runs));
        }
        Ok(Self { settings })
    }

    /// The figures of `kind`; none if there is nothing to draw.
    pub(super) fn figures(&self, kind: PlotKind) -> Vec<Figure> {
        let (log, linear) = (Scale::Log, Scale::Linear);
        let draw =
            |stem, quantity, label, scale| self.over_iterations(stem, quantity, label, scale);
        let figures = match kind {
            PlotKind::Convergence => {
                vec![draw("convergence", Quantity::Objective, "Objective F", log)]
            }
            PlotKind::Residuals => vec![
                draw(
                    "residual-v",
                    Quantity::ResidualV,
                    "Residual |V − act(U)|",
                    log,
                ),
                draw("residual-u", Quantity::ResidualU, "Residual |U − W V|", log),
                draw("residual-w", Quantity::ResidualW, "Residual |W − Z|", log),
            ],
            PlotKind::Accuracy => [
                ("accuracy", Quantity::TestAccuracy),
                ("accuracy-validation", Quantity::ValidationAccuracy),
            ]
            .map(|(stem, quantity)| draw(stem, quantity, quantity.heading(), linear))
            .into(),
            PlotKind::Steps => vec![self.steps()],
            PlotKind::Pareto | PlotKind::Margins | PlotKind::HeatMap => Vec::new(),
        };
        figures.into_iter().flatten().collect()
    }

    fn over_iterations(
        &self,
        stem: &str,
        quantity: Quantity,
        label: &str,
        scale: Scale,
    ) -> Option<Figure> {
        let series = self.settings.iter().map(|(_, runs)| {
            let runs: Vec<Vec<(u64, f64)>> = runs
                .iter()
                .map(|records| {
                    // The objective of a refit is another function.
                    let is_shown =
                        |r: &&IterationRecord| quantity != Quantity::Objective || !r.is_refit();
                    let values = (records.iter().filter(is_shown))
                        .filter_map(|r| Some((r.iteration, r.value(quantity)?)));
                    values.collect()
                })
                .collect();
            over_seeds(&runs)
        });
        let series: Vec<Vec<Span>> = series.collect();
        self.figure(stem, ("Iteration", Scale::Linear), (label, scale), &series)
    }

    /// `min_{j<=k} step_j^2` against `k`, both logarithmic, and the line `C/k` above all of them.
    fn steps(&self) -> Option<Figure> {
        let series: Vec<Vec<Span>> = self
            .settings
            .iter()
            .map(|(_, runs)| {
                let runs: Vec<Vec<(u64, f64)>> = runs
                    .iter()
                    .map(|records| {
                        least_steps(records)
                            .map(|(k, least)| (k as u64, least))
                            .collect()
                    })
                    .collect();
                over_seeds(&runs)
            })
            .collect();
        let spans = || series.iter().flatten().filter(|span| span.mean > 0.0);
        let constant = spans().map(|span| span.mean * span.k).fold(0.0, f64::max);
        let (first, last) = spans().fold((f64::INFINITY, 0.0_f64), |(first, last), span| {
            (span.k.min(first), span.k.max(last))
        });
        let bound = [first, last].map(|k| (k, constant / k));
        let y = ("Running minimum of step²", Scale::Log);
        let mut figure = self.figure("steps", ("Iteration k", Scale::Log), y, &series)?;
        let points = bound.to_vec();
        let heights = figure.heights().chain(bound.iter().map(|(_, y)| *y));
        let y_axis = Axis::around(y.0, y.1, heights)?;
        figure.y = y_axis;
        let look = Look::reference();
        figure.marks.push(Mark::Line {
            points,
            look,
            markers: false,
        });
        figure.legend.push(("C/k".to_owned(), look, Key::Reference));
        Some(figure)
    }

    fn figure(
        &self,
        stem: &str,
        x: (&str, Scale),
        y: (&str, Scale),
        series: &[Vec<Span>],
    ) -> Option<Figure> {
        let drawn = |span: &&Span| {
            let positive = |scale, value: f64| scale == Scale::Linear || value > 0.0;
            span.mean.is_finite() && positive(x.1, span.k) && positive(y.1, span.mean)
        };
        let spans = || series.iter().flatten().filter(drawn);
        let x_axis = Axis::around(x.0, x.1, spans().map(|span| span.k))?;
        let y_axis = Axis::around(
            y.0,
            y.1,
            spans().flat_map(|span| [span.low, span.mean, span.high]),
        )?;
        let mut figure = Figure {
            stem: stem.to_owned(),
            x: x_axis,
            y: y_axis,
            marks: Vec::new(),
            legend: Vec::new(),
        };
        // Many bands on top of each other must still let the lines through.
        let opacity = (0.5 / self.settings.len() as f64).clamp(0.06, 0.25);
        let (mut bands, mut lines) = (Vec::new(), Vec::new());
        for (index, ((label, runs), spans)) in self.settings.iter().zip(series).enumerate() {
            if !spans.iter().any(|span| drawn(&span)) {
                continue;
            }
            let look = Look::of(index);
            if runs.len() > 1 {
                bands.push(Mark::Band {
                    points: spans
                        .iter()
                        .map(|span| (span.k, span.low, span.high))
                        .collect(),
                    colour: look.colour,
                    opacity,
                });
            }
            lines.push(Mark::Line {
                points: spans.iter().map(|span| (span.k, span.mean)).collect(),
                look,
                markers: true,
            });
            figure.legend.push((label.clone(), look, Key::Line));
        }
        figure.marks = bands.into_iter().chain(lines).collect();
        Some(figure)
    }
}

/// Trials that are done; if there is none, those that have begun.
fn worth_showing<'a>(trials: &[&'a TrialRow]) -> Vec<&'a TrialRow> {
    let done = trials
        .iter()
        .filter(|trial| trial.status == TrialStatus::Done);
    let done: Vec<&TrialRow> = done.copied().collect();
    if done.is_empty() {
        trials.to_vec()
    } else {
        done
    }
}

/// The values of all seeds of a setting in one iteration.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    k: f64,
    low: f64,
    mean: f64,
    high: f64,
}

/// Mean, lowest and highest value in each iteration that every run has: with runs dropping out,
/// the mean would jump without any of them having moved.
fn over_seeds(runs: &[Vec<(u64, f64)>]) -> Vec<Span> {
    let mut by_iteration: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for (k, value) in runs.iter().flatten() {
        by_iteration.entry(*k).or_default().push(*value);
    }
    by_iteration
        .into_iter()
        .filter(|(_, values)| values.len() == runs.len())
        .map(|(k, values)| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            // Comparisons pass over NaN; the band must have the same gap as its line.
            let extreme = |better: fn(f64, f64) -> f64| {
                let extreme = values.iter().copied().reduce(better);
                extreme.filter(|_| mean.is_finite()).unwrap_or(mean)
            };
            Span {
                k: k as f64,
                low: extreme(f64::min),
                mean,
                high: extreme(f64::max),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Span, over_seeds};

    #[test]
    fn iterations_that_only_some_seeds_have_are_left_out() {
        let spans = over_seeds(&[vec![(0, 1.0), (1, 4.0), (2, 9.0)], vec![(0, 3.0), (1, 6.0)]]);
        let span = |k, low, mean, high| Span { k, low, mean, high };
        assert_eq!(spans, [span(0.0, 1.0, 2.0, 3.0), span(1.0, 4.0, 5.0, 6.0)]);
    }

    #[test]
    fn a_value_that_is_not_finite_leaves_a_gap_in_line_and_band() {
        let spans = over_seeds(&[vec![(0, f64::NAN)], vec![(0, 3.0)]]);
        let Span {
            low, mean, high, ..
        } = spans[0];
        assert!(low.is_nan() && mean.is_nan() && high.is_nan(), "{spans:?}");
    }
}
