//! What can be wrong with data.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::check::OutOfRange;
use crate::measure::visible;

/// Why a data set cannot be loaded, and what to do about it. Ranges and remedies name settings in backticks.
#[derive(Debug, Error)]
pub enum DataError {
    /// A file exists under none of the names that it may have.
    #[error("{}: no such file; tried {}; {remedy}", printable(path), listed(tried))]
    Missing {
        /// The file as the settings name it.
        path: PathBuf,
        /// Full paths that were tried.
        tried: Vec<PathBuf>,
        /// What to do.
        remedy: String,
    },
    /// A file exists but cannot be read to its end.
    #[error("{}: cannot be read ({source}); {remedy}", printable(path))]
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
        field: Box<str>,
        /// What it holds.
        value: Box<str>,
        /// What it may hold.
        allowed: Box<str>,
        /// What to do.
        remedy: Box<str>,
    },
    /// A setting is out of range, whatever the files hold.
    #[error(transparent)]
    Range(#[from] OutOfRange),
    /// A setting does not fit the data.
    #[error("{setting} is {value}; allowed: {allowed}; {remedy}")]
    Setting {
        /// The setting within [`DataSettings`](super::DataSettings).
        setting: Cow<'static, str>,
        /// Its value.
        value: String,
        /// What it may be.
        allowed: String,
        /// What to do.
        remedy: String,
    },
}

impl DataError {
    /// The same, with settings named as those of a map: `train` within `data` is `data.train`, without backticks.
    #[must_use]
    pub fn within(self, map: &str) -> Self {
        match self {
            Self::Missing {
                path,
                tried,
                remedy,
            } => Self::Missing {
                path,
                tried,
                remedy: qualified(&remedy, map),
            },
            Self::Content {
                path,
                line,
                field,
                value,
                allowed,
                remedy,
            } => Self::Content {
                path,
                line,
                field,
                value,
                allowed,
                remedy: qualified(&remedy, map).into(),
            },
            Self::Range(found) => Self::Range(found.within(map)),
            Self::Setting {
                setting,
                value,
                allowed,
                remedy,
            } => Self::Setting {
                setting: format!("{map}.{setting}").into(),
                value,
                allowed: qualified(&allowed, map),
                remedy: qualified(&remedy, map),
            },
            Self::Unreadable { .. } => self,
        }
    }
}

/// The text with every name in backticks as one of the map.
fn qualified(text: &str, map: &str) -> String {
    let mut pieces = text.split('`');
    let mut qualified = pieces.next().unwrap_or_default().to_owned();
    while let Some(name) = pieces.next() {
        qualified.push_str(&format!("{map}.{name}"));
        qualified.push_str(pieces.next().unwrap_or_default());
    }
    qualified
}

fn place(path: &Path, line: Option<u64>) -> String {
    match line {
        Some(line) => format!("{}:{line}", printable(path)),
        None => printable(path),
    }
}

fn listed(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths.iter().map(|path| printable(path)).collect();
    names.join(", ")
}

/// A path as a message may show it.
fn printable(path: &Path) -> String {
    visible(&path.to_string_lossy())
}

/// Text from a file as a message may show it: quoted, cut to 60 characters, control characters
/// (terminal escape sequences among them) written out.
pub(super) fn shown(text: &[u8]) -> String {
    const LIMIT: usize = 60;
    // Four bytes hold any character: no need to look at more of a huge field than this.
    let start = String::from_utf8_lossy(&text[..text.len().min(4 * (LIMIT + 1))]);
    let mut rest = start.chars();
    let mut cut: String = rest.by_ref().take(LIMIT).collect();
    if rest.next().is_some() {
        cut.push('…');
    }
    format!("{cut:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_names_settings_as_those_of_the_map_that_holds_them() {
        let found = DataError::Setting {
            setting: "train".into(),
            value: "3".into(),
            allowed: "1 to 2 when `validation` holds out 1".into(),
            remedy: "leave out `balance`, or set `csv.label`".into(),
        };
        assert_eq!(
            found.within("data").to_string(),
            "data.train is 3; allowed: 1 to 2 when data.validation holds out 1; \
             leave out data.balance, or set data.csv.label"
        );
        let found = DataError::Range(OutOfRange::missing("path", "needed")).within("data");
        assert_eq!(found.to_string(), "data.path: is missing: needed");
    }

    #[test]
    fn what_a_message_shows_is_short_and_harmless() {
        assert_eq!(shown(b"ab"), "\"ab\"");
        assert_eq!(shown(b"\x1b[2J\xff"), "\"\\u{1b}[2J\u{fffd}\"");
        assert_eq!(
            shown("ä".repeat(60).as_bytes()),
            format!("\"{}\"", "ä".repeat(60))
        );
        assert_eq!(shown(&[b'x'; 1000]), format!("\"{}…\"", "x".repeat(60)));
        assert_eq!(printable(Path::new("a\x1b[2J/ä")), "a\\u{1b}[2J/ä");
    }
}
