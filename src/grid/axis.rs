//! Axes: a dotted path and the values that it takes.

use std::collections::HashMap;
use std::rc::Rc;

use super::error::{Fault, Span, grouped, known_words};
use super::schema::ROOTS;
use super::spaces::{linspace, logspace, range};
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
    fn parse(key: &Entry) -> Result<Self, Fault> {
        let keys: Vec<Rc<str>> = key.key.split('.').map(|part| part.trim().into()).collect();
        if keys.iter().any(|part| part.is_empty()) {
            return Err(
                Fault::refused(&*key.key, &key.key, "keys separated by dots")
                    .at(key.key_span)
                    .help("for example solver.tau"),
            );
        }
        Ok(Self {
            text: keys.join(".").into(),
            keys,
            span: key.key_span,
        })
    }

    /// A path from the root of a trial's settings.
    pub(super) fn from_root(key: &Entry) -> Result<Self, Fault> {
        let path = Self::parse(key)?;
        let root = &*path.keys[0];
        if ROOTS.contains(&root) {
            return Ok(path);
        }
        let fault = Fault::new(&*path.text, "no such setting").at(key.key_span);
        Err(if root == "seed" || root == "seeds" {
            fault.help("seeds are a top-level key: `seeds: [1, 2, 3]`")
        } else {
            fault.help(known_words("a path starts with one of", root, &ROOTS))
        })
    }
}

impl Axis {
    /// An entry of `grid` or of a group of `zip`.
    pub(super) fn from_root(entry: &Entry) -> Result<Self, Fault> {
        let path = DottedPath::from_root(entry)?;
        let values = values(&path.text, &entry.value)?;
        Ok(Self { path, values })
    }
}

/// Refuses a second axis for the same path.
pub(super) fn refuse_repeated<'a>(axes: impl IntoIterator<Item = &'a Axis>) -> Result<(), Fault> {
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

pub(super) fn too_many(path: &str, what: &str, count: u64) -> Fault {
    let count = if count == u64::MAX {
        "more than 18 quintillion".to_owned()
    } else {
        grouped(count)
    };
    Fault::new(
        path,
        format!("{count} {what}: at most {} are allowed", grouped(MAX_TRIALS)),
    )
    .help("use fewer values per axis, move axes together with zip, or split the grid into several files")
}

/// The values of an axis, nested grids expanded.
pub(super) fn values(path: &str, node: &Rc<Node>) -> Result<Vec<Rc<Node>>, Fault> {
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
            Err(refused().help("name an axis by its full path, for example `solver.tau: [1, 10]`"))
        }
        None if node.is_null() => {
            Err(refused().help("give at least one value, or remove the axis"))
        }
        None => Err(refused().help(format!("write `{path}: [{}]`", node.shown()))),
    }
}

pub(super) fn bounded(path: &str, count: u64) -> Result<(), Fault> {
    if count > MAX_TRIALS {
        return Err(too_many(path, "values", count));
    }
    Ok(())
}

/// The maps that a map with a `grid` of its own stands for; any other value stands for itself.
fn nested(path: &str, node: &Rc<Node>) -> Result<Vec<Rc<Node>>, Fault> {
    let Some(grid) = node.entry("grid") else {
        return Ok(vec![Rc::clone(node)]);
    };
    let inner_path = format!("{path}.grid");
    let entries = grid.value.as_map().filter(|entries| !entries.is_empty());
    let Some(entries) = entries else {
        let allowed = "a map of axes, as in {rank: [8, 16]}";
        return Err(Fault::refused(inner_path, grid.value.shown(), allowed)
            .at(grid.value.span)
            .help("its paths are relative to the map that contains it"));
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

/// The tree with another value at a path; maps on the way are made where they lack. Null takes away what is there, so that the
/// default holds.
pub(super) fn set(node: &Rc<Node>, path: &DottedPath, value: &Rc<Node>) -> Result<Rc<Node>, Fault> {
    set_keys(node, path, &path.keys, value)
}

fn set_keys(
    node: &Rc<Node>,
    path: &DottedPath,
    keys: &[Rc<str>],
    value: &Rc<Node>,
) -> Result<Rc<Node>, Fault> {
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
                .help("only maps have keys; use the whole map as the value of the axis"));
        }
    };
    match entries.iter().position(|entry| entry.key == *key) {
        Some(at) if rest.is_empty() && value.is_null() => drop(entries.remove(at)),
        Some(at) => entries[at].value = set_keys(&entries[at].value, path, rest, value)?,
        None if value.is_null() => return Ok(Rc::clone(node)),
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
