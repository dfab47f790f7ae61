//! Workers: processes that do a share of the trials each, on whatever host, without a runner over them.
//!
//! Each keeps `workers/<name>.json`, rewritten at every change and as a heartbeat; its journal has the same name.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::error::{StoreError, unless_damaged};
use super::layout::RunDirectory;
use super::process::{host_name, is_alive, unix_nanoseconds};
use super::publish::publish_unsynced;
use super::read::{list, read_json};

/// Time between two heartbeats of a worker: thousands of them share one file server.
pub const WORKER_HEARTBEAT: Duration = Duration::from_secs(30);
/// A worker whose heartbeat has not changed for so long is lost. Network file systems show files late.
const LOST_AFTER: Duration = Duration::from_secs(120);

/// What a worker says of itself.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct WorkerStatus {
    /// Its name: host, process and start, unique among all workers of a run.
    pub name: String,
    /// Host name.
    pub host: String,
    /// Process id.
    pub pid: u32,
    /// The task of a job array that it is, such as `123_4`; empty outside of one.
    pub task: String,
    /// The trial that it works on; empty between trials.
    pub trial: String,
    /// Number of heartbeats: what changes tells that it lives, whatever the clocks say.
    pub beat: u64,
    /// Whether it is over.
    pub ended: bool,
}

impl WorkerStatus {
    /// The status of this process, which begins to be a worker.
    pub fn of_this_process(task: String) -> Self {
        let (host, pid) = (host_name(), std::process::id());
        Self {
            name: format!("{host}-{pid}-{}", unix_nanoseconds()),
            host,
            pid,
            task,
            ..Self::default()
        }
    }
}

/// A worker as an observer sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerSeen {
    /// What it last said.
    pub status: WorkerStatus,
    /// Whether it seems to live.
    pub lives: bool,
}

impl RunDirectory {
    /// Publishes a worker's status.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_worker(&self, status: &WorkerStatus) -> Result<(), StoreError> {
        let path = self.worker_json(&status.name);
        let bytes =
            serde_json::to_vec(status).expect("a status has no map with keys other than text");
        publish_unsynced(&path, &bytes)
    }
}

impl RunDirectory {
    /// Whether no other worker is at work, as far as one look tells: those on other hosts by the age of their heartbeats, by
    /// the clock of the file system.
    ///
    /// # Errors
    /// If the heartbeats cannot be read.
    pub fn is_last_worker(&self, own: &str) -> Result<bool, StoreError> {
        let beat = |path: &Path| {
            fs::symlink_metadata(path)
                .and_then(|data| data.modified())
                .ok()
        };
        let now = beat(&self.worker_json(own));
        for path in list(&self.workers())? {
            let read = read_json::<WorkerStatus>(&path, "status", "start the worker again");
            let Some(other) = unless_damaged(read)? else {
                continue;
            };
            let silence = now
                .zip(beat(&path))
                .and_then(|(now, at)| now.duration_since(at).ok());
            let is_lost = if other.host == host_name() {
                !is_alive(other.pid)
            } else {
                silence.is_some_and(|silence| silence >= LOST_AFTER)
            };
            if !(other.ended || is_lost || other.name == own) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn worker_json(&self, name: &str) -> PathBuf {
        self.workers().join(format!("{name}.json"))
    }
}

/// Observes the workers of a run over time.
#[derive(Debug, Default)]
pub struct WorkersWatch {
    /// Workers that have ended are not read again.
    ended: HashMap<String, WorkerStatus>,
    beats: HashMap<String, (u64, Instant)>,
}

impl WorkersWatch {
    /// All workers that the run has had, in the order of their names, given that it is `now`.
    ///
    /// Silence is measured by this process's own clock from the moment at which a heartbeat was first seen.
    pub fn observe(&mut self, run: &RunDirectory, now: Instant) -> Vec<WorkerSeen> {
        let host = host_name();
        let mut seen: Vec<WorkerSeen> = (list(&run.workers()).unwrap_or_default())
            .into_iter()
            .filter_map(|path| {
                let name = path.file_name()?.to_str()?.strip_suffix(".json")?;
                let status = match self.ended.get(name) {
                    Some(status) => status.clone(),
                    None => read_json(&path, "status", "start the worker again").ok()??,
                };
                let lives = self.lives(&status, &host, now);
                Some(WorkerSeen { status, lives })
            })
            .collect();
        seen.sort_by(|one, other| one.status.name.cmp(&other.status.name));
        seen
    }

    fn lives(&mut self, status: &WorkerStatus, host: &str, now: Instant) -> bool {
        if status.ended {
            self.beats.remove(&status.name);
            self.ended.insert(status.name.clone(), status.clone());
            return false;
        }
        let beat = self
            .beats
            .entry(status.name.clone())
            .or_insert((status.beat, now));
        if beat.0 != status.beat {
            *beat = (status.beat, now);
        }
        let dead = status.host == host && !is_alive(status.pid);
        !dead && now.saturating_duration_since(beat.1) < LOST_AFTER
    }
}
