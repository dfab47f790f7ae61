//! Several workers on one trial, harmlessly: each works in a directory of its own, `trials/<id>/attempts/<worker>/`,
//! which has the layout of a trial's directory, and the first that is done makes its files those of the trial.
//!
//! Every file keeps its one writer. What decides is `result.json`: it appears by a link, which only the first worker
//! gets. The winner's other files then move beside it by renames. A winner that is killed in between leaves its attempt
//! (it holds the same result), and whoever looks at the trial next carries out the rest.

use std::fs;
use std::io;
use std::path::Path;

use super::checkpoint;
use super::directories::make_directory;
use super::error::StoreError;
use super::layout::TrialDirectory;
use super::publish::publish;
use super::read::{ROWS, SMALL, list, read};
use super::records::{TrialResult, TrialStatus};
use super::results::parse;
use super::tail::whole_lines;

impl TrialDirectory {
    /// Begins the attempt of `worker`, from the furthest checkpoint that anybody has left of this trial.
    ///
    /// What others are writing is copied, never touched: whether they live cannot be told from here.
    ///
    /// # Errors
    /// If the attempt's directory or the copies in it cannot be written.
    pub fn begin_attempt(&self, worker: &str) -> Result<Self, StoreError> {
        make_directory(&self.attempts())?;
        let own = self.attempt(worker);
        own.create()?;
        self.adopt_into(&own)?;
        Ok(own)
    }

    /// Takes what attempts have left, for a runner that works in the trial's own directory.
    ///
    /// # Errors
    /// If the copies cannot be written.
    pub fn adopt_attempts(&self) -> Result<(), StoreError> {
        if !self.attempts().is_dir() {
            return Ok(());
        }
        self.adopt_into(self)?;
        remove_directory(&self.attempts())
    }

    /// Publishes the result of an attempt, unless the trial has one already, and removes all attempts.
    ///
    /// Returns whether this attempt was the first.
    ///
    /// # Errors
    /// If a file cannot be written or moved.
    pub fn publish_attempt(&self, own: &Self, result: &TrialResult) -> Result<bool, StoreError> {
        own.replace_result(result)?;
        let first = self.publish_result(result)?;
        self.settle()?;
        Ok(first)
    }

    /// Brings a trial that has a result to rest: the files of the attempt that it came from become the trial's, no
    /// attempt is left, and no checkpoint beside a result that is done. Does nothing to a trial without a result.
    ///
    /// The process that published the result may have been killed before it could do this.
    ///
    /// # Errors
    /// If a file cannot be read, moved or removed.
    pub fn settle(&self) -> Result<(), StoreError> {
        // Before the result is read: an attempt that begins later is of a trial that is run again.
        let attempts = self.list_attempts()?;
        let Some(result) = read(&self.result_json(), SMALL)? else {
            return Ok(());
        };
        for attempt in &attempts {
            if read(&attempt.result_json(), SMALL)?.as_ref() == Some(&result) {
                self.take_files_of(attempt)?;
            }
        }
        if parse(&result).is_ok_and(|result| result.status == TrialStatus::Done) {
            checkpoint::remove(self)?;
        }
        for attempt in &attempts {
            remove_directory(attempt.root())?;
        }
        gone(&self.attempts(), fs::remove_dir(self.attempts()))
    }

    fn take_files_of(&self, attempt: &Self) -> Result<(), StoreError> {
        let files = [
            (attempt.iterations_csv(), self.iterations_csv()),
            (attempt.layers_csv(), self.layers_csv()),
            (attempt.model(), self.model()),
            (attempt.log(), self.log()),
        ];
        for (from, to) in files {
            match fs::rename(&from, &to) {
                // A trial that failed has no model; and somebody else may have moved it just now.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                outcome => outcome.map_err(|error| StoreError::io(&to, "publish", &error))?,
            }
        }
        Ok(())
    }

    fn list_attempts(&self) -> Result<Vec<Self>, StoreError> {
        let paths = list(&self.attempts())?.into_iter();
        Ok(paths.map(Self::at).collect())
    }

    /// Copies checkpoint, rows and log of the furthest attempt into `own`, if that is further than `own` itself.
    fn adopt_into(&self, own: &Self) -> Result<(), StoreError> {
        let mut furthest = (checkpoint::newest_iteration(own)?, own.clone());
        for other in self.list_attempts()?.into_iter().chain([self.clone()]) {
            let iteration = checkpoint::newest_iteration(&other)?;
            if iteration > furthest.0 {
                furthest = (iteration, other);
            }
        }
        let (_, other) = furthest;
        if other == *own {
            return Ok(());
        }
        // The checkpoint first: rows are on the disk before the checkpoint that follows them.
        let Some((iteration, state)) = checkpoint::read_newest(&other)? else {
            return Ok(());
        };
        copy_lines(&other.iterations_csv(), &own.iterations_csv())?;
        copy_lines(&other.layers_csv(), &own.layers_csv())?;
        copy_lines(&other.log(), &own.log())?;
        checkpoint::write(own, iteration, &[&state])
    }
}

/// Copies the whole lines of a file that may be growing.
fn copy_lines(from: &Path, to: &Path) -> Result<(), StoreError> {
    match read(from, ROWS)? {
        Some(bytes) => publish(to, whole_lines(&bytes)),
        None => Ok(()),
    }
}

fn remove_directory(path: &Path) -> Result<(), StoreError> {
    gone(path, fs::remove_dir_all(path))
}

fn gone(path: &Path, removed: io::Result<()>) -> Result<(), StoreError> {
    match removed {
        // Not empty: a rival that has not heard of the result yet has just written into it. It removes it itself.
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty
            ) =>
        {
            Err(StoreError::io(path, "remove", &error))
        }
        _ => Ok(()),
    }
}
