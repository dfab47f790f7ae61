//! Curves over iterations, of the selected setting and the marked ones.
//!
//! ```text
//! | objective (log)   1 tensor-train rank=8   2 low-rank rank=4                      |
//! | 1000 |'.                                                                         |
//! |  100 |  '-.__                                                                    |
//! |   10 |       '----------------------------------------------1F                   |
//! |      0            50            100           150           200                  |
//! | iteration 200: F 12.3  data 3.1  activation 4.2  linear 4.9  compression 0.1     |
//! | slope -1.02 over the later half                                                  |
//! ```

use std::fmt::Write as _;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::chart::{Chart, Curve, Point};
use super::curves::{Subject, band, each, fitted, points, series, subjects};
use super::overview::words_of_trouble;
use super::terms::terms;
use crate::dashboard::state::{Convergence, Layer, Picture, Series, State};
use crate::dashboard::text::{cut, number};
use crate::measure::{PowerLaw, Quantity, Scale, running_minimum};

/// Points of the line that falls as 1/k.
const REFERENCE_POINTS: u32 = 100;

pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    let subjects = subjects(state);
    let mut chart = chart(state, &subjects);
    let lines_below = area.height.min(2);
    let picture = Rect {
        height: area.height - lines_below,
        ..area
    };
    let mut reading = None;
    if let Some(plot) = chart.plot(picture) {
        let columns = f64::from(plot.area.width.saturating_sub(1).max(1));
        let place = state.convergence.cursor.map_or(1.0, |columns_left| {
            (1.0 - f64::from(columns_left) / columns).max(0.0)
        });
        let x = plot.x.value(place).round().max(0.0);
        chart.cursor = state.convergence.cursor.map(|_| x);
        reading = Some(read(&chart, x));
    }
    frame.render_widget(&chart, picture);
    let line = |row: u16| Rect {
        y: picture.bottom() + row,
        height: 1,
        ..area
    };
    let columns = usize::from(area.width);
    if let Some(mut reading) = reading.filter(|_| lines_below > 0) {
        if reading.len() >= columns {
            reading = reading.replace("iteration ", "at ").replace("  ", " ");
        }
        frame.render_widget(cut(&format!(" {reading}"), columns), line(0));
    }
    if lines_below > 1 {
        let (words, style) = remark(state, &subjects, &chart);
        frame.render_widget(Span::styled(cut(&words, columns), style), line(1));
    }
}

/// The curves of one subject in a picture: key and points, least and greatest seed.
fn curves_of(state: &State, subject: &Subject, colour: usize, alone: bool) -> Vec<Curve> {
    let draw = |quantity, key: &str, colour| {
        if state.convergence.each_seed {
            each(&series(&subject.histories, quantity), key, colour)
        } else {
            band(&series(&subject.averaged, quantity), key, colour)
        }
    };
    // One subject: a colour per quantity. Several: a colour per subject.
    let pick = |own: usize| if alone { own } else { colour };
    match state.convergence.picture {
        Picture::Objective => {
            let mut curves = draw(Quantity::Objective, "F", pick(0));
            if alone {
                curves.extend(terms(state, subject));
            }
            curves
        }
        Picture::Residuals => {
            let mut curves = draw(Quantity::ResidualU, "u", pick(0));
            curves.extend(draw(Quantity::ResidualV, "v", pick(1)));
            curves.extend(draw(Quantity::ResidualW, "w", pick(2)));
            curves
        }
        Picture::Layers => layers(state, subject, |layer| &layer.residual, pick),
        Picture::Errors => layers(state, subject, |layer| &layer.relative_error, pick),
        Picture::Step => draw(Quantity::Step, "step", pick(0)),
        Picture::Promise => promise(subject, pick(0)),
        Picture::Accuracy => {
            let mut curves = draw(Quantity::TestAccuracy, "test", pick(0));
            curves.extend(draw(Quantity::TrainAccuracy, "train", pick(1)));
            curves.extend(draw(Quantity::ValidationAccuracy, "valid", pick(2)));
            curves
        }
        Picture::Sparsity => {
            let mut curves = draw(Quantity::Sparsity, "zeros", pick(0));
            curves.extend(draw(Quantity::EffectiveSparsity, "effective", pick(1)));
            curves
        }
        Picture::Penalties => {
            let mut curves = draw(Quantity::Tau, "tau", pick(0));
            curves.extend(draw(Quantity::Gamma, "gamma", pick(1)));
            curves.extend(draw(Quantity::Rho, "rho", pick(2)));
            curves
        }
        Picture::CompressionRatio => draw(Quantity::CompressionRatio, "ratio", pick(0)),
    }
}

/// A curve per layer of the first trial.
fn layers(
    state: &State,
    subject: &Subject,
    series: fn(&Layer) -> &Series,
    pick: impl Fn(usize) -> usize,
) -> Vec<Curve> {
    let Some(layers) = state.layers.get(&subject.first.row.trial) else {
        return Vec::new();
    };
    layers
        .iter()
        .enumerate()
        .map(|(position, layer)| Curve {
            key: format!("layer{}", layer.last.layer),
            points: points(series(layer)),
            colour: pick(position),
            ..Curve::default()
        })
        .collect()
}

/// The least squared step so far: the theory bounds it by O(1/k).
fn promise(subject: &Subject, colour: usize) -> Vec<Curve> {
    let Some(history) = subject.histories.first() else {
        return Vec::new();
    };
    let squares = (history.series(Quantity::Step).buckets().iter()).map(|bucket| {
        let (least, _) = bucket.range.unwrap_or((f64::NAN, f64::NAN));
        (bucket.iteration as f64, least * least)
    });
    let points = running_minimum(squares)
        .map(|(k, least)| (k, Some((least, least))))
        .collect();
    vec![Curve {
        key: "step2".to_owned(),
        points,
        colour,
        ..Curve::default()
    }]
}

fn chart<'a>(state: &State, subjects: &[Subject]) -> Chart<'a> {
    let convergence = &state.convergence;
    let picture = convergence.picture;
    let alone = subjects.len() == 1;
    let mut curves = Vec::new();
    for (position, subject) in subjects.iter().enumerate() {
        let mut own = curves_of(state, subject, position, alone);
        if !alone {
            for curve in own.iter_mut().filter(|curve| !curve.key.is_empty()) {
                curve.key = format!("{}{}", position + 1, curve.key);
            }
        }
        curves.extend(own);
    }
    let y_scale = scale(picture.is_logarithmic() != convergence.other_scale);
    let x_scale = scale(is_log_x(convergence));
    let both = x_scale == Scale::Log && y_scale == Scale::Log;
    let references = (curves.first().filter(|_| both)).map(references);
    let rises = (subjects.iter().flat_map(|subject| &subject.histories))
        .flat_map(|history| &history.rises)
        .map(|&rise| rise as f64);
    Chart {
        title: title(state, subjects, y_scale),
        window: window(&curves, convergence.zoom),
        marks: if picture == Picture::Objective {
            rises.collect()
        } else {
            Vec::new()
        },
        curves,
        references: references.unwrap_or_default(),
        x_scale,
        y_scale,
        cursor: None,
        look: state.look,
    }
}

/// The picture of the promise is logarithmic in both axes unless asked otherwise.
fn is_log_x(convergence: &Convergence) -> bool {
    convergence.log_iterations != (convergence.picture == Picture::Promise)
}

fn scale(logarithmic: bool) -> Scale {
    if logarithmic {
        Scale::Log
    } else {
        Scale::Linear
    }
}

/// A line that falls as 1/k from where the curve begins, and the line fitted to its later half.
fn references(curve: &Curve) -> Vec<Curve> {
    let reference = |key: &str, points: Vec<Point>| Curve {
        key: key.to_owned(),
        points,
        faint: true,
        ..Curve::default()
    };
    let mut lines = Vec::new();
    let positive = || (curve.points.iter()).filter(|(x, range)| *x > 0.0 && range.is_some());
    if let (Some(&(x, Some((_, y)))), Some(&(last, _))) =
        (positive().next(), positive().next_back())
    {
        // Many points, because the last visible one carries the name.
        let steps = f64::from(REFERENCE_POINTS);
        let points = (0..=REFERENCE_POINTS).map(|step| {
            let here = x * (last / x).powf(f64::from(step) / steps);
            let value = y * x / here;
            (here, Some((value, value)))
        });
        lines.push(reference("O(1/k)", points.collect()));
    }
    if let Some(law) = fitted(&curve.points) {
        let ends = law.ends.map(|(x, y)| (x, Some((y, y))));
        lines.push(reference("", ends.to_vec()));
    }
    lines
}

/// The last 1/2^zoom of the iterations.
fn window(curves: &[Curve], zoom: u32) -> Option<(f64, f64)> {
    if zoom == 0 {
        return None;
    }
    let last = (curves.iter().filter_map(|curve| curve.points.last()))
        .map(|point| point.0)
        .fold(0.0, f64::max);
    let shown = (last / 2.0_f64.powi(zoom.cast_signed())).max(1.0);
    Some(((last - shown).max(0.0), last))
}

fn title(state: &State, subjects: &[Subject], y_scale: Scale) -> Line<'static> {
    let theme = state.look.theme;
    let several = subjects.len() > 1;
    let name = match state.convergence.picture {
        Picture::Objective if several => "objective",
        Picture::Objective => "objective and its terms",
        Picture::Residuals if several => "residuals",
        Picture::Residuals => "residuals: linear u, activation v, compression w",
        Picture::Layers => "residual per layer",
        Picture::Step => "step",
        Picture::Promise => "least squared step so far",
        Picture::Accuracy => "accuracy",
        Picture::Sparsity => "sparsity; effective: without dead units",
        Picture::CompressionRatio => "compression ratio",
        Picture::Errors => "|W - Z| / |W| per layer",
        Picture::Penalties => "penalties: tau, gamma, rho",
    };
    let mut line = Line::from(Span::styled(format!(" {name}"), theme.title()));
    if y_scale == Scale::Log {
        line.push_span(Span::styled(" (log)", theme.quiet()));
    }
    let room = usize::from(state.size.width).saturating_sub(line.width());
    let room = (room / subjects.len().max(1)).saturating_sub(4);
    for (position, subject) in subjects.iter().enumerate() {
        let (number, style) = if several {
            let colour = Style::new().fg(theme.series(position));
            (format!("{} ", position + 1), colour)
        } else {
            (String::new(), theme.quiet())
        };
        let label = subject.label(state, room);
        line.push_span(Span::styled(format!("  {number}{label}"), style));
    }
    line
}

/// The values of all named curves at an iteration.
fn read(chart: &Chart, x: f64) -> String {
    let mut words = format!("iteration {x:.0}:");
    for curve in chart
        .curves
        .iter()
        .filter(|curve| !curve.key.is_empty() && !curve.faint && !curve.points.is_empty())
    {
        let next = curve.points.partition_point(|point| point.0 < x);
        let point = curve.points.get(next).filter(|point| point.0 == x);
        let point = point.or_else(|| curve.points.get(next.saturating_sub(1)));
        let value = match point.and_then(|point| point.1) {
            Some((low, high)) if low == high => number(low),
            Some((low, high)) => format!("{}..{}", number(low), number(high)),
            None => "-".to_owned(),
        };
        let _ = write!(words, "  {} {value}", curve.key);
    }
    words
}

/// What is wrong, or else how fast it converges.
fn remark(state: &State, subjects: &[Subject], chart: &Chart) -> (String, Style) {
    let theme = state.look.theme;
    let trouble = subjects
        .iter()
        .find_map(|subject| words_of_trouble(state, subject.first));
    if let Some(words) = trouble {
        return (format!(" ! {words}"), theme.bad());
    }
    let both = chart.x_scale == Scale::Log && chart.y_scale == Scale::Log;
    let law = (chart.curves.first())
        .filter(|_| both)
        .and_then(|curve| fitted(&curve.points));
    let words = law.map_or_else(String::new, |PowerLaw { exponent, .. }| {
        format!(" falls as k^{exponent:.2}, fitted to the later half")
    });
    (words, theme.quiet())
}
