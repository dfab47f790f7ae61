//! Axes that are written by their ends: `linspace`, `logspace`, `range`.

use std::rc::Rc;

use super::axis::bounded;
use super::error::{Fault, Span};
use super::tree::{Node, Scalar};

/// Three numbers in a list, or what they should be.
fn triple(path: &str, node: &Node, allowed: &str) -> Result<[f64; 3], Fault> {
    let refused = || {
        Fault::refused(path, node.shown(), allowed)
            .at(node.span)
            .help("three numbers in brackets")
    };
    let [a, b, c] = node.as_list().ok_or_else(refused)? else {
        return Err(refused());
    };
    let number = |item: &Rc<Node>| {
        let value = item.as_scalar().and_then(Scalar::float);
        value.filter(|value| value.is_finite()).ok_or_else(|| {
            Fault::refused(path, item.shown(), "a number")
                .at(item.span)
                .help(format!("write {allowed} with three numbers"))
        })
    };
    Ok([number(a)?, number(b)?, number(c)?])
}

/// The number of points of `linspace` and `logspace`: at least both ends.
fn points(path: &str, node: &Node, count: f64, allowed: &str) -> Result<usize, Fault> {
    if count.fract() != 0.0 || count < 2.0 {
        return Err(Fault::refused(path, node.shown(), allowed)
            .at(node.span)
            .help("n is a whole number >= 2: both ends are values"));
    }
    bounded(path, count as u64).map_err(|fault| fault.at(node.span))?;
    Ok(count as usize)
}

pub(super) fn linspace(path: &str, node: &Node) -> Result<Vec<Rc<Node>>, Fault> {
    const ALLOWED: &str = "linspace: [a, b, n]";
    let [first, last, count] = triple(path, node, ALLOWED)?;
    let count = points(path, node, count, ALLOWED)?;
    let interior = |share: f64| first * (1.0 - share) + last * share;
    Ok(between(node.span, first, last, count, interior))
}

pub(super) fn logspace(path: &str, node: &Node) -> Result<Vec<Rc<Node>>, Fault> {
    const ALLOWED: &str = "logspace: [a, b, n]";
    let [first, last, count] = triple(path, node, ALLOWED)?;
    let count = points(path, node, count, ALLOWED)?;
    if first <= 0.0 || last <= 0.0 {
        return Err(Fault::refused(
            path,
            node.shown(),
            "logspace: [a, b, n] with a > 0 and b > 0",
        )
        .at(node.span)
        .help("a and b are the ends themselves, not exponents: [1, 100, 3] means 1, 10, 100"));
    }
    let interior = |share: f64| 10_f64.powf(first.log10() * (1.0 - share) + last.log10() * share);
    Ok(between(node.span, first, last, count, interior))
}

/// `count` values; the ends are exact, the others come from their share of the way.
fn between(
    span: Span,
    first: f64,
    last: f64,
    count: usize,
    interior: impl Fn(f64) -> f64,
) -> Vec<Rc<Node>> {
    (0..count)
        .map(|index| match index {
            0 => first,
            _ if index == count - 1 => last,
            _ => tidy(interior(index as f64 / (count - 1) as f64)),
        })
        .map(|value| Node::number(span, value))
        .collect()
}

pub(super) fn range(path: &str, node: &Node) -> Result<Vec<Rc<Node>>, Fault> {
    /// Share of a step by which rounding may miss the stop.
    const SLACK: f64 = 1e-9;
    const ALLOWED: &str = "range: [start, stop, step]";
    let [start, stop, step] = triple(path, node, ALLOWED)?;
    let steps = (stop - start) / step;
    if !steps.is_finite() || steps < 0.0 {
        return Err(Fault::refused(path, node.shown(), ALLOWED)
            .at(node.span)
            .help("the step is not 0 and leads from start to stop; the stop is included"));
    }
    let steps = (steps + SLACK).floor();
    bounded(path, (steps as u64).saturating_add(1)).map_err(|fault| fault.at(node.span))?;
    Ok((0..=steps as u64)
        .map(|index| Node::number(node.span, tidy(start + index as f64 * step)))
        .collect())
}

/// The number with 12 digits that a value stands for, if it differs by rounding alone: 0.3, not 0.30000000000000004.
fn tidy(value: f64) -> f64 {
    let rounded: f64 = format!("{value:.11e}").parse().unwrap_or(value);
    if (rounded - value).abs() <= 8.0 * f64::EPSILON * value.abs() {
        rounded
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use crate::grid::axis::values;
    use crate::grid::tree::Scalar;
    use crate::grid::yaml::parse;

    fn numbers(axis: &str) -> Vec<f64> {
        let node = parse(axis).expect("valid YAML");
        let values = values("solver.tau", &node).expect("a valid axis");
        values
            .iter()
            .map(|value| value.as_scalar().and_then(Scalar::float).expect("a number"))
            .collect()
    }

    #[test]
    fn linspace_holds_both_ends() {
        assert_eq!(
            numbers("{linspace: [0, 1, 5]}"),
            [0.0, 0.25, 0.5, 0.75, 1.0]
        );
        assert_eq!(numbers("{linspace: [1, 0.1, 2]}"), [1.0, 0.1]);
        assert_eq!(numbers("{linspace: [0, 1, 11]}")[3], 0.3);
    }

    #[test]
    fn logspace_is_geometric_between_the_ends_themselves() {
        assert_eq!(numbers("{logspace: [1, 100, 3]}"), [1.0, 10.0, 100.0]);
        assert_eq!(
            numbers("{logspace: [1.0e-3, 1, 4]}"),
            [0.001, 0.01, 0.1, 1.0]
        );
        assert_eq!(
            numbers("{logspace: [64, 1, 7]}"),
            [64.0, 32.0, 16.0, 8.0, 4.0, 2.0, 1.0]
        );
    }

    #[test]
    fn range_includes_its_stop() {
        assert_eq!(numbers("{range: [1, 3, 1]}"), [1.0, 2.0, 3.0]);
        assert_eq!(
            numbers("{range: [0.1, 0.5, 0.1]}"),
            [0.1, 0.2, 0.3, 0.4, 0.5]
        );
        assert_eq!(numbers("{range: [3, 1, -1]}"), [3.0, 2.0, 1.0]);
        assert_eq!(numbers("{range: [1, 10, 4]}"), [1.0, 5.0, 9.0]);
        assert_eq!(numbers("{range: [2, 2, 1]}"), [2.0]);
    }
}
