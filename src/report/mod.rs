//! Tables and plots for the paper, from the run directory alone.

mod convergence;
mod metric;
mod number;
mod plot;
mod table;

use std::path::PathBuf;

pub use convergence::{ConvergenceQuery, convergence_table};
pub use metric::{Metric, quantity};
pub use plot::{PlotKind, PlotQuery, Plots, plot};
pub use table::{
    Block, Header, PaperCell, PaperGroup, PaperRow, PaperTable, TableFormat, TableQuery, build,
    short_text,
};

use crate::store::{RunDirectory, StoreError};

/// Why a table or a plot cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The run directory cannot be read, or the result cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A name that the user gave is not among those that exist.
    #[error("unknown {kind} {name:?}; there are: {}", available.join(", "))]
    UnknownName {
        /// What the name should have been one of.
        kind: &'static str,
        /// What was given.
        name: String,
        /// What could have been given.
        available: Vec<String>,
    },
    /// A setting stands both in rows and columns, or twice in one of them.
    #[error("{name:?} is named twice among rows and columns; name each setting once")]
    NamedTwice {
        /// The setting.
        name: String,
    },
    /// The settings across have too many values.
    #[error(
        "{} in the columns makes {blocks} columns, at most {most} are possible; put it in the rows",
        settings.join(" and ")
    )]
    TooWide {
        /// The settings across.
        settings: Vec<String>,
        /// Combinations of their values.
        blocks: usize,
        /// The limit.
        most: usize,
    },
    /// A figure cannot be drawn.
    #[error("figure {figure}: {reason}")]
    Drawing {
        /// Name of its files, without ending.
        figure: String,
        /// What went wrong.
        reason: String,
    },
    /// `trials.csv` has no rows.
    #[error("the run directory has no trials yet; wait until the run has written its plan")]
    NoTrials,
}

/// Writes the default table to `tables/summary.md`, `.tex` and `.csv` and returns their paths.
///
/// # Errors
/// When `trials.csv` cannot be read, holds no trial, or the tables cannot be written.
pub fn write_tables(run: &RunDirectory) -> Result<Vec<PathBuf>, ReportError> {
    let mut table = build(&run.read_trials()?, &TableQuery::default())?;
    table.title = run.name();
    table.write(&run.tables(), "summary", &TableFormat::ALL)
}
