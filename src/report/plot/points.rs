//! Figures of final values: Pareto picture, margins, heat map.

use std::collections::BTreeMap;

use super::{
    Subject,
    axis::Axis,
    figure::{BLACK, Cell, Colour, Figure, Key, Look, Mark, Point},
    legend,
};
use crate::measure::{Better, Quantity, Scale, Summary, on_front};
use crate::report::{number, table::Setting};
use crate::store::{TrialRow, TrialStatus};

/// A numeric setting whose largest value is so many times its smallest gets a logarithmic axis.
const WIDE: f64 = 8.0;
/// More values than this in a heat map cannot be read.
const MOST_CELLS: usize = 40;

/// The metric against the compression ratio: one point per setting, one colour per value of the first setting
/// (as a rule the compression method) and method of training, and the front of the best trade-offs.
pub(super) fn pareto(subject: &Subject) -> Option<Figure> {
    let settings = subject.rows.iter().enumerate();
    let told_apart: Vec<_> = settings
        .filter(|(position, setting)| *position == 0 || setting.header.path == "solver.method")
        .map(|(_, setting)| setting.clone())
        .collect();
    let mut series: Vec<(Vec<String>, Vec<Point>)> = Vec::new();
    for (_, trials) in subject.groups() {
        let (Some(x), Some(y)) = (
            summary(&trials, Quantity::CompressionRatio),
            measured(subject, &trials),
        ) else {
            continue;
        };
        let values: Vec<String> = told_apart.iter().map(|s| s.value(trials[0])).collect();
        let point = point(x.mean, &y);
        match series.iter_mut().find(|(known, _)| *known == values) {
            Some((_, points)) => points.push(point),
            None => series.push((values, vec![point])),
        }
    }
    let (values, series): (Vec<_>, Vec<_>) = series.into_iter().unzip();
    let points: Vec<Point> = series.iter().flatten().copied().collect();
    let front = front(&points, subject.metric.better()?);
    let series = legend(&told_apart, &values)
        .into_iter()
        .zip(series)
        .collect();
    let x = ("Compression ratio", Scale::Log);
    let mut figure = figure("pareto", x, subject, &points, series)?;
    let look = Look::reference();
    figure.marks.insert(
        0,
        Mark::Line {
            points: front,
            look,
            markers: false,
        },
    );
    figure
        .legend
        .push(("Pareto front".to_owned(), look, Key::Reference));
    Some(figure)
}

/// The points that no other one beats, by rising `x`: a line through them, which passes equal ones once.
fn front(points: &[Point], better: Better) -> Vec<(f64, f64)> {
    let sign = match better {
        Better::Higher => 1.0,
        Better::Lower => -1.0,
    };
    let places: Vec<(f64, f64)> = points
        .iter()
        .map(|point| (point.x, sign * point.y))
        .collect();
    let mut front: Vec<(f64, f64)> = (points.iter().zip(on_front(&places)))
        .filter_map(|(point, on_front)| on_front.then_some((point.x, point.y)))
        .collect();
    front.sort_by(|a, b| a.0.total_cmp(&b.0));
    front.dedup();
    front
}

/// The metric against each numeric setting, averaged over the others; one figure each.
pub(super) fn margins(subject: &Subject) -> Vec<Figure> {
    let figures = subject.parameters.iter().filter_map(|setting| {
        let series = curves(subject, setting);
        let points: Vec<Point> = series
            .iter()
            .flat_map(|(_, points)| points)
            .copied()
            .collect();
        let values = || points.iter().map(|point| point.x);
        let (first, last) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
        if first >= last {
            return None;
        }
        let wide = first > 0.0 && last / first >= WIDE;
        let scale = if wide { Scale::Log } else { Scale::Linear };
        let path = setting.header.path.as_str();
        let name = format!("margin-{}", file_name(path));
        let lines: Vec<Vec<(f64, f64)>> = (series.iter())
            .map(|(_, points)| points.iter().map(|point| (point.x, point.y)).collect())
            .collect();
        let mut figure = figure(&name, (path, scale), subject, &points, series)?;
        figure.marks.extend(
            lines
                .into_iter()
                .enumerate()
                .map(|(index, points)| Mark::Line {
                    points,
                    look: Look::of(index),
                    markers: false,
                }),
        );
        Some(figure)
    });
    figures.collect()
}

/// Means by the value of a setting, with what they are. A rank or a ratio says something else under every method of
/// compression: those of each method are a curve of their own.
fn curves(subject: &Subject, setting: &Setting) -> Vec<(String, Vec<Point>)> {
    const AVERAGED: &str = "mean ± std, averaged over all other settings";
    const METHOD: &str = "compression.method";
    let methods = (subject.rows.iter())
        .find(|other| other.header.path == METHOD)
        .filter(|_| setting.header.path.starts_with("compression."));
    let mut curves: Vec<(String, Vec<Point>)> = Vec::new();
    for (value, trials) in by_number(subject, setting) {
        let mut of_method: Vec<(String, Vec<&TrialRow>)> = Vec::new();
        for trial in trials {
            let name = methods.map_or(AVERAGED.to_owned(), |methods| methods.value(trial));
            match of_method.iter_mut().find(|(known, _)| *known == name) {
                Some((_, trials)) => trials.push(trial),
                None => of_method.push((name, vec![trial])),
            }
        }
        for (name, trials) in of_method {
            let Some(summary) = measured(subject, &trials) else {
                continue;
            };
            let point = point(value, &summary);
            match curves.iter_mut().find(|(known, _)| *known == name) {
                Some((_, points)) => points.push(point),
                None => curves.push((name, vec![point])),
            }
        }
    }
    curves
}

/// The metric over each pair of numeric settings that occur together.
pub(super) fn heat_maps(subject: &Subject) -> Vec<Figure> {
    let numeric: Vec<&Setting> = subject
        .parameters
        .iter()
        .filter(|setting| (2..=MOST_CELLS).contains(&by_number(subject, setting).len()))
        .collect();
    let pairs = numeric.iter().enumerate().flat_map(|(index, across)| {
        let later = numeric[index + 1..].iter();
        later.map(move |up| (*across, *up))
    });
    pairs
        .filter_map(|(across, up)| heat_map(subject, across, up))
        .collect()
}

/// Means of the trials in each crossing of a column and a row.
type Crossings = BTreeMap<(usize, usize), f64>;

/// The metric where a value in `columns` meets one in `rows`; none if the two settings are not crossed anywhere.
fn crossings(
    subject: &Subject,
    columns: &[(f64, Vec<&TrialRow>)],
    (up, rows): (&Setting, &[(f64, Vec<&TrialRow>)]),
) -> Option<Crossings> {
    let mut cells = Crossings::new();
    let is = |trial: &TrialRow, value: f64| {
        let own = up.value(trial).parse::<f64>();
        own.is_ok_and(|own| own == value)
    };
    for (x, (_, trials)) in columns.iter().enumerate() {
        for (y, (value, _)) in rows.iter().enumerate() {
            let both = trials.iter().filter(|trial| is(trial, *value));
            let both: Vec<&TrialRow> = both.copied().collect();
            if let Some(summary) = measured(subject, &both) {
                cells.insert((x, y), summary.mean);
            }
        }
    }
    // Settings that only occur on a line (as those of a zip do) say nothing about each other.
    let crossed = cells.keys().any(|(x, y)| {
        cells
            .keys()
            .any(|(x2, y2)| x2 > x && y2 > y && cells.contains_key(&(*x, *y2)))
    });
    crossed.then_some(cells)
}

fn heat_map(subject: &Subject, across: &Setting, up: &Setting) -> Option<Figure> {
    let columns = by_number(subject, across);
    let rows = by_number(subject, up);
    let cells = crossings(subject, &columns, (up, &rows))?;
    let names = |values: &[(f64, Vec<&TrialRow>)]| -> Vec<String> {
        values.iter().map(|(value, _)| value.to_string()).collect()
    };
    let finite = || cells.values().copied().filter(|value| value.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    let marks = cells.iter().map(|(&(x, y), &value)| {
        let share = if high > low {
            (value - low) / (high - low)
        } else {
            0.5
        };
        let (fill, ink) = shade(share);
        let text = number::print_value(value, subject.metric.style()).to_string();
        Mark::Cell(Cell {
            x,
            y,
            fill,
            ink,
            text,
        })
    });
    let look = Look::reference();
    Some(Figure {
        stem: format!(
            "heat-map-{}-{}",
            file_name(&across.header.path),
            file_name(&up.header.path)
        ),
        x: Axis::of_categories(&across.header.path, &names(&columns)),
        y: Axis::of_categories(&up.header.path, &names(&rows)),
        marks: marks.collect(),
        legend: vec![(
            format!("{} (dark: higher)", subject.metric.heading()),
            look,
            Key::Text,
        )],
    })
}

/// From a light to a dark blue: the order is kept in grey and with every kind of colour vision.
/// Also the colour of a text on it. What is not a number is grey.
fn shade(share: f64) -> (Colour, Colour) {
    let (light, dark) = ([236.0, 244.0, 250.0], [0.0, 60.0, 110.0]);
    if !share.is_finite() {
        return ((190, 190, 190), BLACK);
    }
    let mix = |i: usize| (light[i] + share.clamp(0.0, 1.0) * (dark[i] - light[i])).round() as u8;
    let ink = if share > 0.5 { (255, 255, 255) } else { BLACK };
    ((mix(0), mix(1), mix(2)), ink)
}

fn figure(
    stem: &str,
    (x_label, x_scale): (&str, Scale),
    subject: &Subject,
    points: &[Point],
    series: Vec<(String, Vec<Point>)>,
) -> Option<Figure> {
    let heights = points
        .iter()
        .flat_map(|p| [p.y - p.spread, p.y, p.y + p.spread]);
    let mut figure = Figure {
        stem: stem.to_owned(),
        x: Axis::around(x_label, x_scale, points.iter().map(|point| point.x))?,
        y: Axis::around(subject.metric.heading(), Scale::Linear, heights)?,
        marks: Vec::new(),
        legend: Vec::new(),
    };
    for (index, (name, points)) in series.into_iter().enumerate() {
        let look = Look::of(index);
        figure.marks.push(Mark::Points { points, look });
        figure.legend.push((name, look, Key::Point));
    }
    Some(figure)
}

fn point(x: f64, y: &Summary) -> Point {
    Point {
        x,
        y: y.mean,
        spread: y.std.unwrap_or(0.0),
    }
}

/// The metric of those `trials` that are done.
fn measured(subject: &Subject, trials: &[&TrialRow]) -> Option<Summary> {
    summary(trials, subject.metric)
}

fn summary(trials: &[&TrialRow], quantity: Quantity) -> Option<Summary> {
    let done = trials
        .iter()
        .filter(|trial| trial.status == TrialStatus::Done);
    let values: Vec<f64> = done.filter_map(|trial| trial.value(quantity)).collect();
    Summary::of(&values)
}

/// Trials by the value of a numeric setting, rising. Empty if some value is not a number; trials
/// that do not use the setting are left out.
fn by_number<'a>(subject: &Subject<'a>, setting: &Setting) -> Vec<(f64, Vec<&'a TrialRow>)> {
    let mut by_number: Vec<(f64, Vec<&TrialRow>)> = Vec::new();
    for trial in &subject.table.rows {
        let text = setting.value(trial);
        if text.is_empty() {
            continue;
        }
        let Some(value) = text.parse::<f64>().ok().filter(|value| value.is_finite()) else {
            return Vec::new();
        };
        match by_number.binary_search_by(|(known, _)| known.total_cmp(&value)) {
            Ok(place) => by_number[place].1.push(trial),
            Err(place) => by_number.insert(place, (value, vec![trial])),
        }
    }
    by_number
}

/// `path` as part of a file name.
fn file_name(path: &str) -> String {
    let harmless = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    path.chars()
        .map(|c| if harmless(c) { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Better, Point, front};

    #[test]
    fn the_line_of_the_front_rises_in_x_and_passes_equal_points_once() {
        let at = |x, y| Point { x, y, spread: 0.0 };
        let points = [
            at(10.0, 0.96),
            at(1.0, 0.97),
            at(10.0, 0.96),
            at(5.0, 0.95),
            at(20.0, 0.90),
            at(2.0, f64::NAN),
        ];
        let expected = vec![(1.0, 0.97), (10.0, 0.96), (20.0, 0.90)];
        assert_eq!(front(&points, Better::Higher), expected);
        assert_eq!(front(&points, Better::Lower), vec![(20.0, 0.90)]);
    }
}
