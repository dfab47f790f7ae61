//! Submissions: what has been handed to a queueing system, each in a directory `slurm/<number>/` of its own.
//!
//! | file | what |
//! |---|---|
//! | `grid.yaml`, `provenance.json` | the plan, frozen: what the tasks run, whatever happens to the files of the user |
//! | `trials.txt` | the trials without a result at that time, one id per line |
//! | `submit.sh` | the script |
//! | `job.json` | the job's id, written as soon as it is known |
//! | `<job>_<task>.log` | what a task prints |

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::directories::make_directory;
use super::error::{StoreError, unless_damaged};
use super::layout::RunDirectory;
use super::publish::publish;
use super::read::{SMALL, list, read, read_json};

/// A directory that holds a frozen plan: a submission, or the run directory itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanDirectory {
    root: PathBuf,
}

/// `job.json`.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct SubmittedJob {
    /// Id of the job array.
    pub job: u64,
    /// The cluster, where the queueing system serves several; else empty.
    #[serde(default)]
    pub cluster: String,
    /// Number of tasks.
    pub tasks: u64,
    /// Time of the submission: RFC 3339, UTC.
    pub submitted_at: String,
}

/// One submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Its number, from 1.
    pub number: u64,
    /// Its directory.
    pub directory: PlanDirectory,
    /// Its job; `None`: nothing was submitted, or it is not known what.
    pub job: Option<SubmittedJob>,
}

/// Of the items in their order every `count`-th: the share `index` (from 1) of `count`.
///
/// Neighbours in a plan cost about the same, and so do shares then.
pub fn share<T>(items: Vec<T>, index: usize, count: usize) -> Vec<T> {
    let mine = |(position, _): &(usize, T)| position % count == index - 1;
    (items.into_iter().enumerate().filter(mine))
        .map(|(_, item)| item)
        .collect()
}

impl PlanDirectory {
    /// The plan at `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The grid file.
    pub fn grid(&self) -> PathBuf {
        self.root.join("grid.yaml")
    }

    /// Directory of relative paths, checksums of the data.
    pub fn provenance(&self) -> PathBuf {
        self.root.join("provenance.json")
    }

    /// The script.
    pub fn script(&self) -> PathBuf {
        self.root.join("submit.sh")
    }

    fn trials(&self) -> PathBuf {
        self.root.join("trials.txt")
    }

    fn job(&self) -> PathBuf {
        self.root.join("job.json")
    }

    /// Ids of the trials that are meant; `None`: all of the grid.
    ///
    /// # Errors
    /// If the list cannot be read.
    pub fn read_trials(&self) -> Result<Option<Vec<String>>, StoreError> {
        let path = self.trials();
        Ok(read(&path, SMALL)?.map(|bytes| {
            let text = String::from_utf8_lossy(&bytes);
            text.lines().map(str::to_owned).collect()
        }))
    }

    /// Writes down which trials are meant.
    ///
    /// # Errors
    /// If the list cannot be written.
    pub fn write_trials(&self, trials: &[String]) -> Result<(), StoreError> {
        publish(&self.trials(), (trials.join("\n") + "\n").as_bytes())
    }

    /// Writes down the job.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_job(&self, job: &SubmittedJob) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec_pretty(job).expect("a job has no maps");
        publish(&self.job(), &bytes)
    }
}

impl RunDirectory {
    /// Makes the directory of the next submission.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new_submission(&self) -> Result<Submission, StoreError> {
        let newest = self.submissions()?.iter().map(|known| known.number).max();
        let number = newest.unwrap_or(0) + 1;
        let root = self.submission(number);
        make_directory(&self.slurm())?;
        make_directory(&root)?;
        Ok(Submission {
            number,
            directory: PlanDirectory::new(root),
            job: None,
        })
    }

    /// All submissions, the oldest first. One whose `job.json` is damaged counts as one without a job.
    ///
    /// # Errors
    /// If the directory or a file in it cannot be read.
    pub fn submissions(&self) -> Result<Vec<Submission>, StoreError> {
        let mut found = Vec::new();
        for path in list(&self.slurm())? {
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(number) = name.and_then(|name| name.parse().ok()) else {
                continue;
            };
            let directory = PlanDirectory::new(path);
            let remedy = "look for the job with squeue, and end it there";
            let job = unless_damaged(read_json(&directory.job(), "record of a job", remedy))?;
            found.push(Submission {
                number,
                directory,
                job,
            });
        }
        found.sort_by_key(|submission| submission.number);
        Ok(found)
    }
}
