//! Grid file text to plan.
//!
//! The YAML text becomes a tree whose nodes know where they were written ([`tree`]); the tree is taken apart into settings
//! and axes ([`document`], [`axis`]); every combination of the axes is again such a tree ([`expand`]), which is read into
//! [`TrialSettings`] ([`decode`]) and checked. So every mistake is reported at its own line and column, wherever the
//! expansion has put the value.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::sweep::check::check;
use crate::sweep::identity::{Fingerprint, short_id};
use crate::sweep::{Plan, Trial, TrialSettings};

mod about;
mod axis;
mod columns;
mod decode;
mod document;
mod error;
mod exclude;
mod expand;
mod schema;
mod tree;

pub use error::GridError;

use columns::{cells, columns};
use decode::decode;
use document::{Document, refused_name};
use error::{Fault, Source};
use exclude::Filter;
use expand::Expansion;
use tree::{Node, parse};

/// Bound on the size of a grid file.
const MAX_BYTES: usize = 16 << 20;
/// What messages name as the file of a trial's settings.
const CONFIG_NAME: &str = "config.yaml";

/// Reads a grid file and expands it.
///
/// # Errors
/// When the file cannot be read or used: the message names line, column, field, value, allowed range and a remedy.
pub fn plan_from_file(path: &Path) -> Result<Plan, GridError> {
    let text = read(path).map_err(|fault| {
        Source {
            text: "",
            origin: path,
        }
        .error(&fault)
    })?;
    plan_from_text(&text, path)
}

/// Expands the text of a grid file. `origin` is the file that messages name; its stem is the default name, its
/// directory the base of relative paths.
///
/// # Errors
/// When the text cannot be used: the message names line, column, field, value, allowed range and a remedy.
pub fn plan_from_text(text: &str, origin: &Path) -> Result<Plan, GridError> {
    let source = Source { text, origin };
    plan(&source).map_err(|fault| source.error(&fault))
}

impl TrialSettings {
    /// The settings as `config.yaml` holds them.
    pub fn to_yaml(&self) -> String {
        serde_saphyr::to_string(self)
            .expect("settings are maps with text keys, and their paths are UTF-8")
    }

    /// Reads and checks what [`TrialSettings::to_yaml`] wrote.
    ///
    /// # Errors
    /// As [`plan_from_text`].
    pub fn from_yaml(text: &str) -> Result<Self, GridError> {
        let source = Source {
            text,
            origin: Path::new(CONFIG_NAME),
        };
        refuse_large(text.len())
            .and_then(|()| settings(&*parse(text)?))
            .map_err(|fault| source.error(&fault))
    }
}

fn refuse_large(bytes: usize) -> Result<(), Box<Fault>> {
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    Err(Fault::new("", "larger than 16 MB, which no grid file is")
        .help("give the path of a grid file, as in experiments/grid.yaml"))
}

fn read(path: &Path) -> Result<String, Box<Fault>> {
    let unreadable = |error: std::io::Error| {
        let fault = Fault::new("", format!("cannot be read: {error}"));
        if path.is_dir() {
            fault.help(
                "this is a directory; give the path of a grid file, as in experiments/grid.yaml",
            )
        } else {
            fault.help(
                "check the path and its permissions; relative paths start at the current directory",
            )
        }
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    refuse_large(bytes.len())?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Fault::new("", format!("not UTF-8 text: byte {at} begins no character"))
            .help("save the file as UTF-8, or give the path of a grid file")
    })
}

/// Reads and checks the settings of one trial.
fn settings(tree: &Node) -> Result<TrialSettings, Box<Fault>> {
    let settings: TrialSettings = decode(tree)?;
    check(&settings).map_err(|found| {
        // As it was written, if it was: `.inf`, not `inf`.
        let written = tree
            .find(&found.path)
            .filter(|node| node.as_scalar().is_some());
        let value = written
            .map(Node::shown)
            .filter(|_| found.value.is_some())
            .or(found.value);
        let fault = match value {
            Some(value) => Fault::refused(&found.path, value, found.allowed),
            None => Fault::new(&found.path, format!("is missing: {}", found.allowed)),
        };
        fault.help_about(&found.path).at(tree.locate(&found.path))
    })?;
    Ok(settings)
}

fn plan(source: &Source) -> Result<Plan, Box<Fault>> {
    refuse_large(source.text.len())?;
    let document = Document::read(&parse(source.text)?)?;
    let mut expansion = Expansion::new(&document.settings, &document.dimensions);
    let mut filter = Filter::new(&document.exclusions);
    let mut plan = Plan {
        name: document
            .name
            .clone()
            .map_or_else(|| default_name(source.origin), Ok)?,
        source: source.text.to_owned(),
        base: base_directory(source.origin),
        checkpoint_every: document.checkpoint_every,
        swept: columns(&document.dimensions),
        trials: Vec::new(),
        duplicates: 0,
        excluded: 0,
        warnings: Vec::new(),
    };
    let mut known = HashMap::new();
    let mut example = serde_json::Value::Null;
    while let Some(tree) = expansion.advance()? {
        let given = settings(&tree)?;
        let mut json = given.to_json();
        let normalized = given.normalized();
        let swept = cells(&plan.swept, &normalized, &normalized.to_json());
        for &seed in &document.seeds {
            if !filter.is_empty() {
                json["seed"] = seed.into();
                if filter.drops(&json) {
                    plan.excluded += 1;
                    continue;
                }
            }
            let settings = TrialSettings {
                seed,
                ..normalized.clone()
            };
            let Some(id) = register(&mut known, &settings)? else {
                plan.duplicates += 1;
                continue;
            };
            plan.trials.push(Trial {
                id,
                settings,
                swept: swept.clone(),
            });
        }
        example = json;
    }
    expansion.refuse_unused()?;
    filter.refuse_unknown(&example)?;
    if plan.trials.is_empty() {
        let first = document.exclusions.first().map(|exclusion| exclusion.span);
        return Err(Fault::new("exclude", "drops every trial")
            .at(first.unwrap_or_default())
            .help("remove an entry of exclude, or name more settings in it"));
    }
    plan.warnings.extend(filter.idle().map(|exclusion| {
        let line = source.line(exclusion.span);
        format!("the entry of exclude in line {line} matches no trial")
    }));
    Ok(plan)
}

/// The id of a trial that is not yet in the plan.
fn register(
    known: &mut HashMap<String, Fingerprint>,
    settings: &TrialSettings,
) -> Result<Option<String>, Box<Fault>> {
    let fingerprint = settings.fingerprint();
    let id = short_id(&fingerprint);
    match known.get(&id) {
        Some(other) if *other == fingerprint => Ok(None),
        Some(_) => Err(Fault::new("", format!("two different trials have the same id {id}"))
            .help("change any setting of one of them a little; this happens once in many million grids")),
        None => {
            known.insert(id.clone(), fingerprint);
            Ok(Some(id))
        }
    }
}

fn default_name(origin: &Path) -> Result<String, Box<Fault>> {
    let stem = origin
        .file_stem()
        .map(|stem| stem.to_string_lossy())
        .unwrap_or_default();
    match refused_name(&stem) {
        None => Ok(stem.into_owned()),
        Some(reason) => Err(Fault::new(
            "name",
            format!("the file's name cannot be used: {reason}"),
        )
        .help("add a line `name: …` to the grid file")),
    }
}

fn base_directory(origin: &Path) -> PathBuf {
    match origin.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
