//! The two files of rows that a running trial appends to.
//!
//! Rows are gathered for a moment: a trial of tiny iterations would otherwise do thousands of writes
//! per second and starve whoever else needs the disk. Nothing is lost by that: a checkpoint forces
//! everything before it to the disk, and what a killed trial had gathered since is computed again.

use std::time::{Duration, Instant};

use crate::store::{
    IterationRecord, IterationWriter, LayerRecord, LayerWriter, StoreError, TrialDirectory,
};

/// Rows wait so long for others; viewers look a few times per second.
const GATHERED_FOR: Duration = Duration::from_millis(100);

/// `iterations.csv` and `layers.csv` of one trial.
pub(super) struct TrialFiles {
    iterations: IterationWriter,
    layers: LayerWriter,
    waiting_iterations: Vec<IterationRecord>,
    waiting_layers: Vec<LayerRecord>,
    /// When rows were written last; the first ones need not wait.
    written: Option<Instant>,
}

impl TrialFiles {
    /// Begins both files anew.
    pub(super) fn create(directory: &TrialDirectory) -> Result<Self, StoreError> {
        Ok(Self::of(
            IterationWriter::create(&directory.iterations_csv())?,
            LayerWriter::create(&directory.layers_csv())?,
        ))
    }

    /// Goes on with both files from a checkpoint taken after `iteration`.
    pub(super) fn resume_at(
        directory: &TrialDirectory,
        iteration: u64,
    ) -> Result<Self, StoreError> {
        Ok(Self::of(
            IterationWriter::resume_at(&directory.iterations_csv(), iteration)?,
            LayerWriter::resume_at(&directory.layers_csv(), iteration)?,
        ))
    }

    fn of(iterations: IterationWriter, layers: LayerWriter) -> Self {
        Self {
            iterations,
            layers,
            waiting_iterations: Vec::new(),
            waiting_layers: Vec::new(),
            written: None,
        }
    }

    /// Takes the rows of an iteration, and writes all that wait when it is time to.
    pub(super) fn append(
        &mut self,
        iteration: IterationRecord,
        layers: Vec<LayerRecord>,
    ) -> Result<(), StoreError> {
        self.waiting_iterations.push(iteration);
        self.waiting_layers.extend(layers);
        let due = self.written.is_none_or(|at| at.elapsed() >= GATHERED_FOR);
        if due { self.flush() } else { Ok(()) }
    }

    /// Writes what waits.
    pub(super) fn flush(&mut self) -> Result<(), StoreError> {
        // Taken first: rows that the disk refuses once are not tried again.
        let layers = std::mem::take(&mut self.waiting_layers);
        let iterations = std::mem::take(&mut self.waiting_iterations);
        self.written = Some(Instant::now());
        self.layers.append_all(&layers)?;
        self.iterations.append_all(&iterations)
    }

    /// Writes what waits and forces it to the disk: before a checkpoint, or a power failure could
    /// leave a checkpoint that is ahead of its rows.
    pub(super) fn sync(&mut self) -> Result<(), StoreError> {
        self.flush()?;
        self.layers.sync()?;
        self.iterations.sync()
    }
}

impl Drop for TrialFiles {
    /// A trial that fails or panics leaves the rows up to there.
    fn drop(&mut self) {
        if let Err(error) = self.flush() {
            tracing::warn!("{error}");
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::store::RunDirectory;

    fn rows(
        iterations: std::ops::Range<u64>,
    ) -> impl Iterator<Item = (IterationRecord, LayerRecord)> {
        iterations.map(|iteration| {
            (
                IterationRecord {
                    iteration,
                    ..IterationRecord::default()
                },
                LayerRecord {
                    iteration,
                    ..LayerRecord::default()
                },
            )
        })
    }

    fn trial() -> (tempfile::TempDir, TrialDirectory) {
        let directory = tempfile::tempdir().unwrap();
        let trial = RunDirectory::new(directory.path()).trial("t");
        trial.create().unwrap();
        (directory, trial)
    }

    fn written(trial: &TrialDirectory) -> (Vec<u64>, Vec<u64>) {
        let iterations = trial.read_iterations().unwrap().into_iter();
        let layers = trial.read_layers().unwrap().into_iter();
        (
            iterations.map(|row| row.iteration).collect(),
            layers.map(|row| row.iteration).collect(),
        )
    }

    #[test]
    fn rows_of_tiny_iterations_are_written_together_and_none_is_lost() {
        let (_directory, trial) = trial();
        let mut files = TrialFiles::create(&trial).unwrap();
        let began = Instant::now();
        let mut writes = 0;
        let mut length = 0;
        for (iteration, layer) in rows(0..20_000) {
            files.append(iteration, vec![layer]).unwrap();
            let now = std::fs::metadata(trial.iterations_csv()).unwrap().len();
            writes += u128::from(now != length);
            length = now;
        }
        let allowed = began.elapsed().as_millis() / GATHERED_FOR.as_millis() + 2;
        assert!(writes <= allowed, "{writes} writes, {allowed} allowed");
        files.sync().unwrap();
        let all: Vec<u64> = (0..20_000).collect();
        assert_eq!(written(&trial), (all.clone(), all));
    }

    #[test]
    fn a_trial_that_goes_on_after_a_kill_has_each_row_once() {
        let (_directory, trial) = trial();
        let mut files = TrialFiles::create(&trial).unwrap();
        for (iteration, layer) in rows(0..6) {
            files.append(iteration, vec![layer]).unwrap();
        }
        files.sync().unwrap();
        for (iteration, layer) in rows(6..9) {
            files.append(iteration, vec![layer]).unwrap();
        }
        // Killed: what waits is not written.
        std::mem::forget(files);
        let mut files = TrialFiles::resume_at(&trial, 5).unwrap();
        for (iteration, layer) in rows(6..12) {
            files.append(iteration, vec![layer]).unwrap();
        }
        drop(files);
        let all: Vec<u64> = (0..12).collect();
        assert_eq!(written(&trial), (all.clone(), all));
    }
}
