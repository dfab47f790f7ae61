//! Where everything lies in a run directory. Paths only; nothing here writes anything but directories.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::process::host_name;
use super::read::list;
use crate::measure::visible;

/// Longest name of a run in bytes: file systems allow 255, and an old run that is moved aside gets a suffix.
const LONGEST_NAME: usize = 200;

/// `results/<name>/`: one sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDirectory {
    root: PathBuf,
}

/// `results/<name>/trials/<id>/`: one trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialDirectory {
    root: PathBuf,
}

impl RunDirectory {
    /// The run directory at `root`, whether it exists or not.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The run directory `name` under `results`.
    ///
    /// # Errors
    /// If the name could lead out of `results`, see [`valid_run_name`], or is that of a link which does.
    pub fn under(results: &Path, name: &str) -> Result<Self, StoreError> {
        valid_run_name(name)?;
        let run = Self::new(results.join(name));
        run.refuse_link_out_of(results)?;
        Ok(run.resolved())
    }

    /// A run may be given by a link to it, such as `latest`; inside of a run links are not followed.
    fn resolved(self) -> Self {
        // Without a slash at its end: that would follow the link.
        let named: PathBuf = self.root.components().collect();
        match fs::canonicalize(&named) {
            Ok(root) if named.is_symlink() => Self { root },
            _ => self,
        }
    }

    /// `results` itself may be a link to where there is room; a link in it would write where nobody looks for it.
    fn refuse_link_out_of(&self, results: &Path) -> Result<(), StoreError> {
        if !self.root.is_symlink() {
            return Ok(());
        }
        let inside = fs::canonicalize(results)
            .and_then(|results| Ok(fs::canonicalize(&self.root)?.starts_with(results)))
            .unwrap_or(false);
        if inside {
            return Ok(());
        }
        Err(StoreError::new(
            &self.root,
            "is a link to a place outside the results directory",
            "remove the link, or choose another directory with --results",
        ))
    }

    /// An existing run directory.
    ///
    /// # Errors
    /// If `root` holds no `trials.csv`.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let run = Self::new(root);
        if run.trials_csv().is_file() {
            let run = run.resolved();
            run.refuse_links()?;
            return Ok(run);
        }
        let what = if root.is_dir() {
            "is not a run directory: no trials.csv"
        } else {
            "there is no such directory"
        };
        Err(StoreError::new(root, what, suggestion(root)))
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The run's name: the last part of the path.
    pub fn name(&self) -> String {
        let full = fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone());
        full.file_name()
            .unwrap_or(full.as_os_str())
            .to_string_lossy()
            .into_owned()
    }

    /// The grid file as it was given.
    pub fn grid(&self) -> PathBuf {
        self.root.join("grid.yaml")
    }

    /// One row per trial.
    pub fn trials_csv(&self) -> PathBuf {
        self.root.join("trials.csv")
    }

    /// Where the numbers come from: version, machine, data.
    pub fn provenance(&self) -> PathBuf {
        self.root.join("provenance.json")
    }

    /// Heartbeat of the runner.
    pub fn runner_json(&self) -> PathBuf {
        self.root.join("runner.json")
    }

    /// Standard error of a detached runner.
    pub fn runner_log(&self) -> PathBuf {
        self.root.join("runner.log")
    }

    /// What a dashboard leaves behind that panics: one file for each process.
    pub fn dashboard_log(&self) -> PathBuf {
        let name = format!("dashboard-{}-{}.log", host_name(), std::process::id());
        self.root.join(name)
    }

    /// Locked by the runner as long as it lives.
    pub fn runner_lock(&self) -> PathBuf {
        self.root.join("runner.lock")
    }

    /// Directory of the journals.
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    /// Directory of the commands to the runner.
    pub fn control(&self) -> PathBuf {
        self.root.join("control")
    }

    /// Directory of the workers' heartbeats. It exists where a run is, or was, shared by workers.
    pub fn workers(&self) -> PathBuf {
        self.root.join("workers")
    }

    /// Directory of the submissions to Slurm.
    pub fn slurm(&self) -> PathBuf {
        self.root.join("slurm")
    }

    /// Directory of one submission.
    pub fn submission(&self, number: u64) -> PathBuf {
        self.slurm().join(number.to_string())
    }

    /// Directory of the tables.
    pub fn tables(&self) -> PathBuf {
        self.root.join("tables")
    }

    /// Directory of the figures.
    pub fn plots(&self) -> PathBuf {
        self.root.join("plots")
    }

    /// Directory of the trials' directories.
    pub fn trials(&self) -> PathBuf {
        self.root.join("trials")
    }

    /// Names of the directories of trials that have been begun.
    ///
    /// # Errors
    /// If the directory cannot be listed.
    pub fn begun_trials(&self) -> Result<HashSet<String>, StoreError> {
        let paths = list(&self.trials())?.into_iter();
        Ok(paths
            .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
            .collect())
    }

    /// The directory of one trial.
    ///
    /// Ids may come from files and command lines: one that is no plain file name (such as `../x`)
    /// gives a directory that never exists, so that nothing outside is ever read or written.
    pub fn trial(&self, id: &str) -> TrialDirectory {
        let directory = if valid_run_name(id).is_ok() {
            id
        } else {
            ".no-such-trial"
        };
        TrialDirectory {
            root: self.trials().join(directory),
        }
    }
}

impl TrialDirectory {
    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether this is the directory of the trial with this id.
    pub(super) fn is_of(&self, id: &str) -> bool {
        self.root.file_name().is_some_and(|name| name == id)
    }

    /// Every setting, resolved.
    pub fn config(&self) -> PathBuf {
        self.root.join("config.yaml")
    }

    /// One row per iteration.
    pub fn iterations_csv(&self) -> PathBuf {
        self.root.join("iterations.csv")
    }

    /// One row per layer and evaluated iteration.
    pub fn layers_csv(&self) -> PathBuf {
        self.root.join("layers.csv")
    }

    /// Appears when the trial has ended.
    pub fn result_json(&self) -> PathBuf {
        self.root.join("result.json")
    }

    /// The compressed network.
    pub fn model(&self) -> PathBuf {
        self.root.join("model.safetensors")
    }

    /// What the trial has to say.
    pub fn log(&self) -> PathBuf {
        self.root.join("log.txt")
    }

    /// Where workers keep what is not yet the trial's.
    pub fn attempts(&self) -> PathBuf {
        self.root.join("attempts")
    }

    /// The trial whose directory this is; `None`: it is no directory of a trial.
    pub fn around(directory: &Path) -> Option<Self> {
        let trials = directory.parent()?.file_name()?;
        (trials == "trials").then(|| Self::at(directory.to_path_buf()))
    }

    /// The same layout at another place.
    pub(super) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// What one worker makes of the trial, laid out like the trial itself.
    #[must_use]
    pub fn attempt(&self, worker: &str) -> Self {
        Self {
            root: self.attempts().join(worker),
        }
    }

    /// One of the two generations (0 and 1) of the checkpoint.
    pub fn checkpoint(&self, generation: usize) -> PathBuf {
        self.root.join(format!("checkpoint.{generation}"))
    }
}

/// Whether `name` may be a run's directory: printable, no `/`, not `.` or `..`, 1 to 200 bytes.
///
/// # Errors
/// Names the value and the rule that it breaks.
pub fn valid_run_name(name: &str) -> Result<(), StoreError> {
    let fault = if name.is_empty() {
        "is empty"
    } else if name == "." || name == ".." {
        "refers to another directory"
    } else if name.contains('/') {
        "contains a /"
    } else if name.chars().any(char::is_control) {
        "contains a non-printable character"
    } else if name.len() > LONGEST_NAME {
        "is longer than 200 bytes"
    } else {
        return Ok(());
    };
    Err(StoreError::new(
        Path::new(&visible(name)),
        format!("this name {fault}"),
        "give a name of 1 to 200 printable characters without /, other than . and ..",
    ))
}

/// What to give instead of `root`: run directories in it, if there are some.
fn suggestion(root: &Path) -> String {
    let runs: Vec<String> = fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().join("trials.csv").is_file())
        .map(|entry| entry.path().display().to_string())
        .take(3)
        .collect();
    if runs.is_empty() {
        "give the directory of a run, such as results/<name>".to_owned()
    } else {
        format!("give the directory of a run, such as {}", runs.join(" or "))
    }
}
