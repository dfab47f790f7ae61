//! Grid file text to plan.
//!
//! The YAML text becomes a tree whose nodes know where they were written (`yaml`, `tree`); the tree is taken apart into
//! settings and axes (`document`, `axis`, `spaces`); every combination of the axes is again such a tree (`expand`), which
//! is read into [`TrialSettings`] (`decode`) and checked. So every mistake is reported at its own line and column,
//! wherever the expansion has put the value.
//!
//! Where an axis sweeps a whole map or the key that decides what its map takes (`compression`, `compression.method`,
//! `data.source`, …), other dotted axes under that map apply only to the maps that can take them (`schema`).

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::rc::Rc;

mod about;
mod axis;
mod columns;
mod decode;
mod document;
mod error;
mod exclude;
mod expand;
mod fields;
pub mod identity;
mod method;
mod planner;
mod schema;
mod short;
mod spaces;
mod tree;
pub mod trial;
mod yaml;

pub use error::GridError;
pub use method::{MethodName, MethodSettings};
pub use trial::{Plan, Trial, TrialSettings};

use decode::decode;
use error::{Fault, Source};
use planner::plan;
use short::in_full;
use tree::Node;
use yaml::parse;

use crate::data::DataSettings;

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
    refuse_large(text.len())
        .and_then(|()| plan(&source))
        .map_err(|fault| source.error(&fault))
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

fn refuse_large(bytes: usize) -> Result<(), Fault> {
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    Err(Fault::new("", "larger than 16 MB: not a grid file")
        .help("give the path of a grid file, as in experiments/grid.yaml"))
}

fn read(path: &Path) -> Result<String, Fault> {
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

/// Reads and checks the settings of one trial of a grid file.
fn settings_of_grid(tree: &Rc<Node>) -> Result<TrialSettings, Fault> {
    settings_with(&in_full(tree), DataSettings::with_default_order)
}

/// Reads and checks the settings of one trial.
fn settings(tree: &Node) -> Result<TrialSettings, Fault> {
    settings_with(tree, |_| {})
}

fn settings_with(
    tree: &Node,
    complete: impl Fn(&mut DataSettings),
) -> Result<TrialSettings, Fault> {
    let mut settings: TrialSettings = decode(tree)?;
    settings.complete(|path| tree.find(path).is_some());
    complete(&mut settings.data);
    settings.check().map_err(|found| {
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
