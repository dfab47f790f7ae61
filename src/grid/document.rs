//! The grid file as a whole: what its top-level keys hold.

use std::collections::HashSet;
use std::rc::Rc;

use super::axis::{Axis, DottedPath, MAX_TRIALS, refuse_repeated, too_many};
use super::error::{Fault, Span, known_words};
use super::schema::ROOTS;
use super::short::in_full;
use super::tree::{Entry, Node, Scalar};

const KEYS: [&str; 10] = [
    "name",
    "data",
    "model",
    "solver",
    "compression",
    "grid",
    "zip",
    "exclude",
    "seeds",
    "checkpoint_every",
];
/// Seconds between checkpoints if the file does not say.
const CHECKPOINT_EVERY: f64 = 60.0;
/// Bytes of a name: what file systems allow for a directory, with room for a suffix.
const MAX_NAME_BYTES: usize = 200;
const ZIP_HELP: &str = "as in `zip: [{solver.gamma: [0.5, 1], solver.rho: [0.5, 1]}]`";
const EXCLUDE_HELP: &str = "as in `exclude: [{compression.method: none, solver.tau: 10}]`";

/// Axes that move together: one in `grid`, a group of them in `zip`.
#[derive(Debug)]
pub(super) struct Dimension {
    pub axes: Vec<Axis>,
}

/// One map of `exclude`.
#[derive(Debug)]
pub(super) struct Exclusion {
    pub span: Span,
    pub conditions: Vec<(DottedPath, Rc<Node>)>,
}

#[derive(Debug)]
pub(super) struct Document {
    pub name: Option<String>,
    pub checkpoint_every: f64,
    /// The settings outside the grid, with the first seed.
    pub settings: Rc<Node>,
    pub dimensions: Vec<Dimension>,
    pub exclusions: Vec<Exclusion>,
    pub seeds: Vec<u64>,
}

impl Dimension {
    pub(super) fn len(&self) -> usize {
        self.axes.first().map_or(0, |axis| axis.values.len())
    }
}

impl Document {
    pub(super) fn read(root: &Rc<Node>) -> Result<Self, Fault> {
        let Some(entries) = root.as_map() else {
            let message = format!("{} is not allowed (a map of settings)", root.shown());
            return Err(Fault::new("", message)
                .at(root.span)
                .help(known_words("keys", "", &KEYS)));
        };
        if let Some(entry) = entries.iter().find(|entry| !KEYS.contains(&&*entry.key)) {
            return Err(unknown_key(entry));
        }
        let given = |key: &str| root.get(key).filter(|node| !node.is_null());
        let mut dimensions = given("grid").map_or(Ok(Vec::new()), |node| grid(node))?;
        dimensions.extend(given("zip").map_or(Ok(Vec::new()), |node| zip(node))?);
        refuse_repeated(dimensions.iter().flat_map(|dimension| &dimension.axes))?;
        let seeds = root
            .entry("seeds")
            .map_or(Ok(vec![0]), |entry| seeds(&entry.value))?;
        let combinations = (dimensions.iter()).fold(seeds.len() as u64, |count, dimension| {
            count.saturating_mul(dimension.len() as u64)
        });
        if combinations > MAX_TRIALS {
            let span = root
                .entry("grid")
                .or_else(|| root.entry("zip"))
                .map(|entry| entry.key_span);
            return Err(too_many("grid", "trials", combinations).at(span.unwrap_or(root.span)));
        }
        Ok(Self {
            name: root.get("name").map(|node| name(node)).transpose()?,
            checkpoint_every: given("checkpoint_every")
                .map_or(Ok(CHECKPOINT_EVERY), |node| checkpoint_every(node))?,
            settings: settings(root, seeds.first().copied().unwrap_or_default()),
            dimensions,
            exclusions: given("exclude").map_or(Ok(Vec::new()), |node| exclude(node))?,
            seeds,
        })
    }
}

fn unknown_key(entry: &Entry) -> Fault {
    let map_and_rest = entry
        .key
        .split_once('.')
        .filter(|(map, _)| ROOTS.contains(map));
    let help = match map_and_rest {
        Some((map, rest)) => {
            format!(
                "dotted paths belong in grid, zip and exclude; here write `{map}: {{{rest}: …}}`"
            )
        }
        None if &*entry.key == "seed" => {
            "write `seeds: [1, 2, 3]`, or a count: `seeds: 3` means 0, 1, 2".to_owned()
        }
        None => known_words("known keys", &entry.key, &KEYS),
    };
    Fault::new(&*entry.key, "unknown key")
        .at(entry.key_span)
        .help(help)
}

/// The settings outside the grid, with a seed.
fn settings(root: &Node, seed: u64) -> Rc<Node> {
    let mut entries: Vec<Entry> = (root.as_map().unwrap_or_default().iter())
        .filter(|entry| ROOTS.contains(&&*entry.key))
        .cloned()
        .collect();
    entries.push(Entry {
        key: "seed".into(),
        key_span: root.span,
        value: Node::scalar(root.span, seed.to_string(), true),
    });
    in_full(&Node::map(root.span, entries))
}

/// Whether a name can be that of a directory under `results`; if not, what is wrong with it.
pub(super) fn refused_name(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("it is empty")
    } else if name == "." || name == ".." {
        Some("it refers to another directory")
    } else if name.contains('/') {
        Some("it contains `/`")
    } else if name.chars().any(char::is_control) {
        Some("it contains a non-printable character")
    } else if name.len() > MAX_NAME_BYTES {
        Some("it is longer than 200 bytes")
    } else {
        None
    }
}

fn name(node: &Node) -> Result<String, Fault> {
    const ALLOWED: &str = "text without `/`, at most 200 bytes, not . or ..";
    let refused = || Fault::refused("name", node.shown(), ALLOWED).at(node.span);
    let text = node.as_scalar().ok_or_else(refused)?.text.as_str();
    match refused_name(text) {
        Some(reason) => Err(refused().help(format!(
            "the name is that of a directory under results/, and {reason}"
        ))),
        None => Ok(text.to_owned()),
    }
}

fn checkpoint_every(node: &Node) -> Result<f64, Fault> {
    /// Thirty years: a clock has to be able to count it.
    const LONGEST: f64 = 1e9;
    let value = node.as_scalar().and_then(Scalar::float);
    value
        .filter(|value| *value > 0.0 && *value <= LONGEST)
        .ok_or_else(|| {
            let allowed = "a number of seconds > 0 and at most 1e9";
            Fault::refused("checkpoint_every", node.shown(), allowed)
                .at(node.span)
                .help("seconds between the checkpoints of a running trial; 60 is the default")
        })
}

fn grid(node: &Node) -> Result<Vec<Dimension>, Fault> {
    let Some(entries) = node.as_map() else {
        return Err(Fault::refused("grid", node.shown(), "a map of axes")
            .at(node.span)
            .help("as in `grid: {solver.tau: [1, 10]}`"));
    };
    let dimension = |entry| Axis::from_root(entry).map(|axis| Dimension { axes: vec![axis] });
    entries.iter().map(dimension).collect()
}

fn zip(node: &Node) -> Result<Vec<Dimension>, Fault> {
    let Some(groups) = node.as_list() else {
        let allowed = "a list of groups; a group is a map of axes that move together";
        return Err(Fault::refused("zip", node.shown(), allowed)
            .at(node.span)
            .help(ZIP_HELP));
    };
    groups.iter().map(|group| zip_group(group)).collect()
}

fn zip_group(group: &Node) -> Result<Dimension, Fault> {
    let entries = group
        .as_map()
        .filter(|entries| !entries.is_empty())
        .ok_or_else(|| {
            Fault::refused("zip", group.shown(), "a map of axes that move together")
                .at(group.span)
                .help(ZIP_HELP)
        })?;
    let axes = entries
        .iter()
        .map(Axis::from_root)
        .collect::<Result<Vec<_>, _>>()?;
    let first = &axes[0];
    for axis in &axes {
        let (expected, length) = (first.values.len(), axis.values.len());
        if length != expected {
            let message = format!(
                "{length} values, but {} has {expected}; axes of one group need the same number of values",
                first.path.text
            );
            return Err(Fault::new(&*axis.path.text, message)
                .at(axis.path.span)
                .help("axes that should not move together belong in `grid`, or in a group of their own"));
        }
    }
    Ok(Dimension { axes })
}

fn exclude(node: &Node) -> Result<Vec<Exclusion>, Fault> {
    let Some(maps) = node.as_list() else {
        let allowed = "a list of maps from paths to values";
        return Err(Fault::refused("exclude", node.shown(), allowed)
            .at(node.span)
            .help(EXCLUDE_HELP));
    };
    maps.iter().map(|map| exclusion(map)).collect()
}

fn exclusion(map: &Node) -> Result<Exclusion, Fault> {
    let entries = map
        .as_map()
        .filter(|entries| !entries.is_empty())
        .ok_or_else(|| {
            Fault::refused("exclude", map.shown(), "a map from paths to values")
                .at(map.span)
                .help(EXCLUDE_HELP)
        })?;
    let conditions = entries.iter().map(condition).collect::<Result<_, _>>()?;
    Ok(Exclusion {
        span: map.span,
        conditions,
    })
}

fn condition(entry: &Entry) -> Result<(DottedPath, Rc<Node>), Fault> {
    // The seed is no axis, but it may decide which trials to leave out.
    let path = if &*entry.key == "seed" {
        DottedPath {
            text: Rc::clone(&entry.key),
            keys: vec![Rc::clone(&entry.key)],
            span: entry.key_span,
        }
    } else {
        DottedPath::from_root(entry)?
    };
    Ok((path, Rc::clone(&entry.value)))
}

fn seeds(node: &Node) -> Result<Vec<u64>, Fault> {
    const ALLOWED: &str = "a list of whole numbers >= 0, or a count >= 1";
    let refused = |node: &Node| {
        Fault::refused("seeds", node.shown(), ALLOWED)
            .at(node.span)
            .help("`seeds: [1, 2, 3]`, or `seeds: 3` for 0, 1, 2")
    };
    let Some(items) = node.as_list() else {
        let count = node
            .as_scalar()
            .and_then(Scalar::whole)
            .filter(|count| *count > 0);
        let count = count.ok_or_else(|| refused(node))?;
        if count > MAX_TRIALS {
            return Err(too_many("seeds", "seeds", count).at(node.span));
        }
        return Ok((0..count).collect());
    };
    if items.is_empty() {
        return Err(refused(node));
    }
    let mut seen = HashSet::new();
    for item in items {
        let seed = item
            .as_scalar()
            .and_then(Scalar::whole)
            .ok_or_else(|| refused(item))?;
        if !seen.insert(seed) {
            return Err(Fault::new("seeds", format!("seed {seed} is given twice"))
                .at(item.span)
                .help("each seed once: equal trials are run once"));
        }
    }
    Ok(items
        .iter()
        .filter_map(|item| item.as_scalar()?.whole())
        .collect())
}
