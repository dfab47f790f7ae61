//! The dashboard: a viewer of a run directory in the terminal.
//!
//! | module | what |
//! |---|---|
//! | [`state`] | everything known and shown, as plain data |
//! | [`view`] | pure functions from the state to a frame |
//! | [`keys`], `keymap`, `palette` | one table of keys, for doing, helping, hinting and typing; keys moved elsewhere |
//! | `preferences` | theme and keys from a file |
//! | `layout`, `columns` | where things stand on the screen |
//! | `theme`, `text` | colours; foreign text, widths, numbers |
//! | `terminal` | the terminal, and giving it back |
//! | `run`, `input`, `documents` | the loop, what the user does, the files of a trial |
//!
//! It works on nothing but the run directory. Live, watched and ended runs take the same path.

mod action;
mod columns;
mod documents;
mod input;
mod keymap;
pub mod keys;
mod layout;
mod palette;
mod preferences;
mod run;
pub mod state;
mod table;
mod terminal;
mod text;
mod theme;
pub mod view;

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::store::QueueNews;

pub use action::{Action, Effect, View};
pub use keymap::KeyMap;
pub use preferences::Preferences;
pub use run::run;
pub use table::{TableMaker, TableRequest};
pub use theme::Theme;

/// How the dashboard is shown and what it may do.
#[derive(Default)]
pub struct Options {
    /// Only ASCII characters; see [`locale_is_utf8`].
    pub ascii: bool,
    /// Colours; see [`Theme::from_environment`].
    pub theme: Theme,
    /// Whether leaving by Ctrl-C asks if the run should be stopped: true for the command that
    /// started the runner.
    pub can_stop: bool,
    /// Keys that the user has moved.
    pub keys: KeyMap,
    /// Makes the paper table. Without it the table view stays empty.
    pub tables: Option<Box<dyn TableMaker>>,
    /// The newest answer of the queue that the run is in, once each; never waits.
    pub queue: Option<Box<dyn Fn() -> Option<QueueNews>>>,
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("ascii", &self.ascii)
            .field("theme", &self.theme)
            .field("can_stop", &self.can_stop)
            .field("keys", &self.keys)
            .field("tables", &self.tables.is_some())
            .field("queue", &self.queue.is_some())
            .finish()
    }
}

/// How the dashboard was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The run goes on without a viewer.
    Detached,
    /// The runner was asked to stop after its current iterations.
    StopRequested,
    /// Nobody works on the run.
    Ended,
    /// A signal (its number) ended the dashboard; the run goes on. After SIGHUP there is no
    /// terminal to print to.
    Signal(i32),
}

/// What is left when the dashboard has been left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it was left.
    pub end: End,
    /// Some lines for the normal screen, without a line break at the end.
    pub summary: String,
}

/// Why the dashboard could not be shown.
#[derive(Debug, Error)]
pub enum DashboardError {
    /// The terminal refused.
    #[error("the terminal cannot be used: {0}; run without the dashboard: --no-tui")]
    Terminal(#[source] io::Error),
    /// The file of preferences is wrong.
    #[error("{}: {what}; fix or remove the file", path.display())]
    Preferences {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

/// Whether the locale promises a terminal that shows UTF-8.
pub fn locale_is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .unwrap_or_default()
        .to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}
