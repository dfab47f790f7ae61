//! What the table view asks for. The room that writes tables is not this one's business: whoever
//! starts the dashboard hands in something that can make the table.

use std::path::PathBuf;

use crate::measure::Quantity;
use crate::store::{RunDirectory, TrialTable};

/// What a paper table shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableRequest {
    /// Swept settings down the side; empty: all that are not in `columns`.
    pub rows: Vec<String>,
    /// Swept settings across the top; empty: one column per metric.
    pub columns: Vec<String>,
    /// Metrics in the cells; empty: the usual ones.
    pub metrics: Vec<Quantity>,
}

/// Makes the paper table, as the `table` command does.
pub trait TableMaker {
    /// The table as plain text, at most `width` columns wide and `rows` rows long.
    ///
    /// # Errors
    /// Says in one sentence why there is no such table.
    fn text(
        &self,
        table: &TrialTable,
        request: &TableRequest,
        width: usize,
        rows: usize,
    ) -> Result<String, String>;

    /// Writes the table to the run directory and says where.
    ///
    /// # Errors
    /// Says in one sentence what could not be written.
    fn export(&self, run: &RunDirectory, request: &TableRequest) -> Result<Vec<PathBuf>, String>;
}
