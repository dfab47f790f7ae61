//! The runner's heartbeat, and what a viewer makes of it.

use std::time::{Duration, Instant};

use super::error::StoreError;
use super::layout::RunDirectory;
use super::lock::{HEARTBEAT_SHOWS_WITHIN, LockState, holder_elsewhere, lock_state};
use super::process::{host_name, is_alive};
use super::publish::publish_unsynced;
use super::read::read_json;
use super::records::{RunnerState, RunnerStatus};

/// A runner whose heartbeat has not changed for so long is called silent.
const SILENT_AFTER: Duration = Duration::from_secs(30);

/// Whether a runner is at work on a run directory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Liveness {
    /// It is.
    Alive,
    /// It seems to be, but gives no sign of life: suspended, hung, or on a host that is gone.
    Silent {
        /// Seconds since the last heartbeat, as this viewer has observed it.
        seconds: f64,
    },
    /// It is not.
    Gone,
}

impl RunDirectory {
    /// What the runner last said; `None` if there is no such file, or a damaged one.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read_runner(&self) -> Result<Option<RunnerStatus>, StoreError> {
        match read_json(&self.runner_json(), "status", "start the run again") {
            Err(error) if error.is_damage() => Ok(None),
            outcome => outcome,
        }
    }

    /// [`RunDirectory::read_runner`] for viewers, who look again in a moment.
    pub fn seen_runner(&self) -> Option<RunnerStatus> {
        self.read_runner().ok().flatten()
    }

    /// Publishes the runner's status: its heartbeat.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_runner(&self, status: &RunnerStatus) -> Result<(), StoreError> {
        let path = self.runner_json();
        let bytes = serde_json::to_vec_pretty(status)
            .expect("a status has no map with keys other than text");
        publish_unsynced(&path, &bytes)
    }
}

/// Whether a runner seems to be at work on `run`, from one look: one on another host that has not said that it has
/// ended does. For orders, which may as well come too late.
pub fn first_look(run: &RunDirectory) -> Liveness {
    Watch::default().observe(run, Instant::now())
}

/// Whether a runner is at work on `run`, from one look; where it seems to be on another host, whose locks and
/// processes cannot be seen, from a few seconds of its heartbeat. Never [`Liveness::Silent`]: that takes
/// observation over time, see [`Watch`].
pub fn liveness(run: &RunDirectory) -> Liveness {
    let seen = first_look(run);
    let here = |status: RunnerStatus| status.host == host_name();
    if seen == Liveness::Gone
        || lock_state(run) == LockState::Held
        || run.seen_runner().is_none_or(here)
        || !matches!(holder_elsewhere(run, HEARTBEAT_SHOWS_WITHIN), Ok(None))
    {
        return seen;
    }
    Liveness::Gone
}

/// Observes a runner's heartbeat over time.
///
/// Silence is measured with this process's own monotonic clock, from the moment at which a heartbeat
/// was first seen: clocks of other hosts may be wrong.
#[derive(Debug, Default)]
pub struct Watch {
    heartbeat: Option<(f64, Instant)>,
}

impl Watch {
    /// Whether the runner is alive, given that it is `now`.
    pub fn observe(&mut self, run: &RunDirectory, now: Instant) -> Liveness {
        let status = run.seen_runner();
        let lock = lock_state(run);
        let silence = self.silence(status.as_ref(), now);
        if is_gone(lock, status.as_ref()) {
            Liveness::Gone
        } else if silence >= SILENT_AFTER {
            Liveness::Silent {
                seconds: silence.as_secs_f64(),
            }
        } else {
            Liveness::Alive
        }
    }

    fn silence(&mut self, status: Option<&RunnerStatus>, now: Instant) -> Duration {
        // A status that cannot be read is no heartbeat.
        let beat = status.map(|status| status.updated_at);
        let (value, since) = self.heartbeat.unwrap_or((f64::NAN, now));
        let since = if beat.is_some_and(|beat| beat != value) {
            now
        } else {
            since
        };
        self.heartbeat = Some((beat.unwrap_or(value), since));
        now.saturating_duration_since(since)
    }
}

fn is_gone(lock: LockState, status: Option<&RunnerStatus>) -> bool {
    // A held lock is proof of life, also of a runner that has not yet replaced its predecessor's status.
    if lock == LockState::Held {
        return false;
    }
    let Some(status) = status else { return true };
    if status.state == RunnerState::Ended {
        return true;
    }
    let here = status.host == host_name();
    match lock {
        LockState::Held => false,
        // Locks of other hosts may be invisible here: only the heartbeat can tell.
        LockState::Free => here,
        LockState::Unknown => here && !is_alive(status.pid),
    }
}
