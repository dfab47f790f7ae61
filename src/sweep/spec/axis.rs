//! Axes: a dotted path and the values that it takes.

use std::collections::HashMap;
use std::rc::Rc;

use super::error::{Fault, Span, known_words};
use super::schema::ROOTS;
use super::tree::{Entry, Node};

/// Bound on the trials of a grid file, and on the values of an axis.
pub(super) const MAX_TRIALS: u64 = 1_000_000;

const AXIS_FORMS: &str = "a list of values, {linspace: [a, b, n]}, {logspace: [a, b, n]} or {range: [start, stop, step]}";

/// A setting's place in the tree of a trial.
#[derive(Clone, Debug)]
pub(super) struct DottedPath {
    pub text: Rc<str>,
    pub keys: Vec<Rc<str>>,
    /// Where the grid file names it.
    pub span: Span,
}

#[derive(Debug)]
pub(super) struct Axis {
    pub path: DottedPath,
    pub values: Vec<Rc<Node>>,
}

impl DottedPath {
    fn parse(key: &Entry) -> Result<Self, Box<Fault>> {
        let keys: Vec<Rc<str>> = key.key.split('.').map(|part| part.trim().into()).collect();
        if keys.iter().any(|part| part.is_empty()) {
            return Err(
                Fault::refused(&*key.key, &key.key, "keys with dots between them")
                    .at(key.key_span)
                    .help("as in solver.tau"),
            );
        }
        Ok(Self {
            text: keys.join(".").into(),
            keys,
            span: key.key_span,
        })
    }

    /// A path from the root of a trial's settings.
    pub(super) fn from_root(key: &Entry) -> Result<Self, Box<Fault>> {
        let path = Self::parse(key)?;
        let root = &*path.keys[0];
        if ROOTS.contains(&root) {
            return Ok(path);
        }
        let fault = Fault::new(&*path.text, "no such setting").at(key.key_span);
        Err(if root == "seed" || root == "seeds" {
            fault.help("seeds have a key of their own at the top level: `seeds: [1, 2, 3]`")
        } else {
            fault.help(known_words("a path starts with one of", root, &ROOTS))
        })
    }
}

impl Axis {
    /// An entry of `grid` or of a group of `zip`.
    pub(super) fn from_root(entry: &Entry) -> Result<Self, Box<Fault>> {
        let path = DottedPath::from_root(entry)?;
        let values = values(&path.text, &entry.value)?;
        Ok(Self { path, values })
    }
}

/// Refuses a second axis for the same path.
pub(super) fn refuse_repeated<'a>(
    axes: impl IntoIterator<Item = &'a Axis>,
) -> Result<(), Box<Fault>> {
    let mut first: HashMap<&str, Span> = HashMap::new();
    for axis in axes {
        if first.insert(&axis.path.text, axis.path.span).is_some() {
            return Err(Fault::new(&*axis.path.text, "this setting is swept twice")
                .at(axis.path.span)
                .help("keep one axis for each setting, in grid or in zip"));
        }
    }
    Ok(())
}

pub(super) fn too_many(path: &str, what: &str, count: u64) -> Box<Fault> {
    let count = if count == u64::MAX {
        "more than 18 quintillion".to_owned()
    } else {
        grouped(count)
    };
    Fault::new(
        path,
        format!("{count} {what} are too many (at most {})", grouped(MAX_TRIALS)),
    )
    .help("use fewer values per axis, move axes together with zip, or split the grid into several files")
}

/// Digits in groups of three.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The values of an axis, nested grids expanded.
fn values(path: &str, node: &Rc<Node>) -> Result<Vec<Rc<Node>>, Box<Fault>> {
    let refused = || Fault::refused(path, node.shown(), AXIS_FORMS).at(node.span);
    if let Some(items) = node.as_list() {
        if items.is_empty() {
            return Err(Fault::new(path, "this axis has no values")
                .at(node.span)
                .help("give at least one value, or remove the axis"));
        }
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            values.extend(nested(path, item)?);
            bounded(path, values.len() as u64).map_err(|fault| fault.at(node.span))?;
        }
        return Ok(values);
    }
    match node.as_map() {
        Some(
            [
                Entry {
                    key,
                    key_span,
                    value,
                },
            ],
        ) => match &**key {
            "linspace" => linspace(path, value),
            "logspace" => logspace(path, value),
            "range" => range(path, value),
            other => Err(Fault::refused(path, other, AXIS_FORMS)
                .at(*key_span)
                .help(known_words(
                    "forms",
                    other,
                    &["linspace", "logspace", "range"],
                ))),
        },
        Some(_) => {
            Err(refused().help("an axis is named by its whole path, as in `solver.tau: [1, 10]`"))
        }
        None if node.is_null() => {
            Err(refused().help("give at least one value, or remove the axis"))
        }
        None => Err(refused().help(format!("write `{path}: [{}]`", node.shown()))),
    }
}

fn bounded(path: &str, count: u64) -> Result<(), Box<Fault>> {
    if count > MAX_TRIALS {
        return Err(too_many(path, "values", count));
    }
    Ok(())
}

/// The maps that a map with a `grid` of its own stands for; any other value stands for itself.
fn nested(path: &str, node: &Rc<Node>) -> Result<Vec<Rc<Node>>, Box<Fault>> {
    let Some(grid) = node.entry("grid") else {
        return Ok(vec![Rc::clone(node)]);
    };
    let inner_path = format!("{path}.grid");
    let entries = grid.value.as_map().filter(|entries| !entries.is_empty());
    let Some(entries) = entries else {
        let allowed = "a map of axes, as in {rank: [8, 16]}";
        return Err(Fault::refused(inner_path, grid.value.shown(), allowed)
            .at(grid.value.span)
            .help("the paths in it start at the map that carries it"));
    };
    let mut axes = Vec::with_capacity(entries.len());
    for entry in entries {
        let inner = DottedPath::parse(entry)?;
        let values = values(&format!("{path}.{}", inner.text), &entry.value)?;
        axes.push(Axis {
            path: inner,
            values,
        });
    }
    refuse_repeated(&axes)?;
    let count = axes.iter().fold(1_u64, |count, axis| {
        count.saturating_mul(axis.values.len() as u64)
    });
    bounded(&inner_path, count).map_err(|fault| fault.at(grid.key_span))?;
    let own: Vec<Entry> = (node.as_map().unwrap_or_default().iter())
        .filter(|entry| &*entry.key != "grid")
        .cloned()
        .collect();
    let mut maps = vec![Node::map(node.span, own)];
    for axis in &axes {
        let mut longer = Vec::with_capacity(maps.len() * axis.values.len());
        for map in &maps {
            for value in &axis.values {
                longer.push(set(map, &axis.path, value)?);
            }
        }
        maps = longer;
    }
    Ok(maps)
}

/// The tree with another value at a path; maps on the way are made where they lack.
pub(super) fn set(
    node: &Rc<Node>,
    path: &DottedPath,
    value: &Rc<Node>,
) -> Result<Rc<Node>, Box<Fault>> {
    set_keys(node, path, &path.keys, value)
}

fn set_keys(
    node: &Rc<Node>,
    path: &DottedPath,
    keys: &[Rc<str>],
    value: &Rc<Node>,
) -> Result<Rc<Node>, Box<Fault>> {
    let Some((key, rest)) = keys.split_first() else {
        return Ok(Rc::clone(value));
    };
    let mut entries = match node.as_map() {
        Some(entries) => entries.to_vec(),
        None if node.is_null() => Vec::new(),
        None => {
            let message = format!("there is no key {key} in {}", node.shown());
            return Err(Fault::new(&*path.text, message)
                .at(path.span)
                .help("a path leads through maps; write the whole map as the value of the axis"));
        }
    };
    match entries.iter_mut().find(|entry| entry.key == *key) {
        Some(entry) => entry.value = set_keys(&entry.value, path, rest, value)?,
        None => {
            let empty = Node::map(path.span, Vec::new());
            entries.push(Entry {
                key: Rc::clone(key),
                key_span: path.span,
                value: set_keys(&empty, path, rest, value)?,
            });
        }
    }
    Ok(Node::map(node.span, entries))
}

/// Three numbers in a list, or what they should be.
fn triple(path: &str, node: &Node, allowed: &str) -> Result<[f64; 3], Box<Fault>> {
    let refused = || {
        Fault::refused(path, node.shown(), allowed)
            .at(node.span)
            .help("three numbers in brackets")
    };
    let [a, b, c] = node.as_list().ok_or_else(refused)? else {
        return Err(refused());
    };
    let number = |item: &Rc<Node>| {
        let value = item.as_scalar().and_then(|scalar| scalar.float());
        value.filter(|value| value.is_finite()).ok_or_else(|| {
            Fault::refused(path, item.shown(), "a number")
                .at(item.span)
                .help(format!("write {allowed} with three numbers"))
        })
    };
    Ok([number(a)?, number(b)?, number(c)?])
}

/// The number of points of `linspace` and `logspace`: at least both ends.
fn points(path: &str, node: &Node, count: f64, allowed: &str) -> Result<usize, Box<Fault>> {
    if count.fract() != 0.0 || count < 2.0 {
        return Err(Fault::refused(path, node.shown(), allowed)
            .at(node.span)
            .help("n is a whole number >= 2: both ends are values"));
    }
    bounded(path, count as u64).map_err(|fault| fault.at(node.span))?;
    Ok(count as usize)
}

fn linspace(path: &str, node: &Node) -> Result<Vec<Rc<Node>>, Box<Fault>> {
    const ALLOWED: &str = "linspace: [a, b, n]";
    let [first, last, count] = triple(path, node, ALLOWED)?;
    let count = points(path, node, count, ALLOWED)?;
    let interior = |share: f64| first * (1.0 - share) + last * share;
    Ok(between(node.span, first, last, count, interior))
}

fn logspace(path: &str, node: &Node) -> Result<Vec<Rc<Node>>, Box<Fault>> {
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

fn range(path: &str, node: &Node) -> Result<Vec<Rc<Node>>, Box<Fault>> {
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
    use super::*;
    use crate::sweep::spec::tree::parse;

    fn numbers(axis: &str) -> Vec<f64> {
        let node = parse(axis).expect("valid YAML");
        let values = values("solver.tau", &node).expect("a valid axis");
        values
            .iter()
            .map(|value| {
                value
                    .as_scalar()
                    .and_then(|scalar| scalar.float())
                    .expect("a number")
            })
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

    #[test]
    fn digits_are_grouped() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(12_345_678), "12,345,678");
    }
}
