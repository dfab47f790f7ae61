//! What can be wrong with data.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a data set cannot be loaded, and what to do about it.
#[derive(Debug, Error)]
pub enum DataError {
    /// A file exists under none of the names that it may have.
    #[error("{}: no such file; tried {}; {remedy}", path.display(), listed(tried))]
    Missing {
        /// The file as the settings name it.
        path: PathBuf,
        /// Full paths that were tried.
        tried: Vec<PathBuf>,
        /// What to do.
        remedy: String,
    },
    /// A file exists but cannot be read to its end.
    #[error("{}: cannot be read ({source}); {remedy}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system or the decompressor says.
        source: io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// A file holds something that is not allowed.
    #[error("{}: {field} is {value}; allowed: {allowed}; {remedy}", place(path, *line))]
    Content {
        /// The file.
        path: PathBuf,
        /// Line in the file, where it has lines; 1 is the first.
        line: Option<u64>,
        /// Which part of the file.
        field: String,
        /// What it holds.
        value: String,
        /// What it may hold.
        allowed: String,
        /// What to do.
        remedy: String,
    },
    /// A setting is out of range or does not fit the data.
    #[error("{setting} is {value}; allowed: {allowed}; {remedy}")]
    Setting {
        /// Dotted path of the setting in the grid file.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        allowed: String,
        /// What to do.
        remedy: String,
    },
}

fn place(path: &Path, line: Option<u64>) -> String {
    match line {
        Some(line) => format!("{}:{line}", path.display()),
        None => path.display().to_string(),
    }
}

fn listed(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    names.join(", ")
}

/// Text from a file as a message may show it: quoted, cut to 60 characters, control characters
/// (terminal escape sequences among them) written out.
pub(super) fn shown(text: &[u8]) -> String {
    const LIMIT: usize = 60;
    // Four bytes hold any character: no need to look at more of a huge field than this.
    let start = String::from_utf8_lossy(&text[..text.len().min(4 * LIMIT)]);
    let mut cut: String = start.chars().take(LIMIT).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("{cut:?}")
}
