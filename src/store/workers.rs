//! Workers: processes that do a share of the trials each, on whatever host, without a runner over them.
//!
//! Each keeps `workers/<name>.json`, rewritten at every change and as a heartbeat; its journal has the same name.

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::layout::RunDirectory;
use super::process::{host_name, is_alive, unix_nanoseconds};
use super::publish::publish_unsynced;
use super::tail::read_file;

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
        let path = self.workers().join(format!("{}.json", status.name));
        let bytes =
            serde_json::to_vec(status).expect("a status has no map with keys other than text");
        publish_unsynced(&path, &bytes)
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
        let mut seen: Vec<WorkerSeen> = fs::read_dir(run.workers())
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let file = entry.file_name().to_string_lossy().into_owned();
                let name = file.strip_suffix(".json")?;
                let status = match self.ended.get(name) {
                    Some(status) => status.clone(),
                    None => serde_json::from_slice(&read_file(&entry.path()).ok()?).ok()?,
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
