//! What the table view asks for. The room that writes tables is not this one's business: whoever
//! starts the dashboard hands in something that can make the table.

use std::path::PathBuf;

use crate::store::{RunDirectory, TrialTable};

/// What a paper table shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableRequest {
    /// Swept settings that name the rows.
    pub rows: Vec<String>,
    /// Swept settings whose values stand side by side.
    pub columns: Vec<String>,
    /// Metrics in the cells.
    pub metrics: Vec<String>,
}

/// Makes the paper table, as the `table` command does.
pub trait PaperTable {
    /// The table as lines of plain text for the screen.
    ///
    /// # Errors
    /// Says in one sentence why there is no such table.
    fn lines(&self, table: &TrialTable, request: &TableRequest) -> Result<Vec<String>, String>;

    /// Writes the table to the run directory and says where.
    ///
    /// # Errors
    /// Says in one sentence what could not be written.
    fn export(&self, run: &RunDirectory, request: &TableRequest) -> Result<Vec<PathBuf>, String>;
}
