//! `trials.csv` of a run without a runner: derived from the results that workers have published.

use super::error::StoreError;
use super::layout::RunDirectory;
use super::measured::TrialRow;
use super::records::TrialStatus;
use super::runner::{Liveness, liveness};
use super::trials::TrialTable;

impl RunDirectory {
    /// Brings `trials.csv` up to date with the results of workers; returns whether it changed.
    ///
    /// Whoever shows the run calls this, and its last worker: the rows follow from the results alone, and the
    /// file appears whole, so that it does not matter who does it, or how often. Nothing happens while a runner is at
    /// work, which keeps the table itself, or where no worker has been. One directory is listed, and of the trials
    /// that are not done those that have been begun are looked at.
    ///
    /// # Errors
    /// If `trials.csv` cannot be read or written.
    pub fn gather_results(&self) -> Result<bool, StoreError> {
        if !self.workers().is_dir() || !matches!(liveness(self), Liveness::Gone) {
            return Ok(false);
        }
        let mut table = self.read_trials()?;
        if !self.gather_into(&mut table) {
            return Ok(false);
        }
        table.write(&self.trials_csv())?;
        Ok(true)
    }

    /// [`RunDirectory::read_trials`] after [`RunDirectory::gather_results`], also where this process may not write.
    ///
    /// # Errors
    /// If `trials.csv` cannot be read.
    pub fn read_gathered(&self) -> Result<TrialTable, StoreError> {
        if let Err(error) = self.gather_results() {
            tracing::debug!("{error}");
        }
        let mut table = self.read_trials()?;
        if self.workers().is_dir() && matches!(liveness(self), Liveness::Gone) {
            self.gather_into(&mut table);
        }
        Ok(table)
    }

    fn gather_into(&self, table: &mut TrialTable) -> bool {
        let begun = self.begun_trials().unwrap_or_default();
        let mut changed = false;
        for row in &mut table.rows {
            if row.status == TrialStatus::Done || !begun.contains(&row.trial) {
                continue;
            }
            let result = match self.trial(&row.trial).read_result() {
                Ok(Some(result)) => result,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!("{error}");
                    continue;
                }
            };
            let now = TrialRow::from_result(&result, row.swept.clone());
            if now != *row {
                *row = now;
                changed = true;
            }
        }
        changed
    }
}
