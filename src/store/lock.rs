//! `runner.lock`: at most one runner works on a run directory.
//!
//! The lock is the operating system's and ends with the process, however that ends. Where the file
//! system has no locks, host and process id in `runner.lock` and the heartbeat in `runner.json` take
//! their place: good against a forgotten runner, not against two that start in the same instant.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::hold::Hold;
use super::layout::RunDirectory;
use super::process::{host_name, is_alive, rfc3339_utc, unix_seconds};
use super::read::{open, open_to_write, read_json};
use super::records::{RunnerState, RunnerStatus};

/// Viewers hold the lock for an instant when they look whether it is held: a runner tries again before it gives up.
const ATTEMPTS: u32 = 5;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(20);
/// A runner that has said that it has ended is about to let go of the lock.
const BETWEEN_ATTEMPTS_AT_THE_END: Duration = Duration::from_millis(500);
/// A living runner on another host renews its heartbeat in this time, and the network file system shows it.
pub(super) const HEARTBEAT_SHOWS_WITHIN: Duration = Duration::from_secs(5);

/// The right to work on a run directory, until dropped.
#[derive(Debug)]
pub struct RunnerLock {
    hold: Hold,
}

/// Who holds a run directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Holder {
    /// Host name.
    pub host: String,
    /// Process id.
    pub pid: u32,
    /// Unix time in seconds at which it took the lock.
    pub since: f64,
}

/// What another process can see of the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LockState {
    Held,
    Free,
    /// No lock file, or a file system without locks.
    Unknown,
}

impl RunnerLock {
    /// Takes the lock.
    ///
    /// # Errors
    /// If another runner holds it (the error names it), or the lock file cannot be written.
    pub fn acquire(run: &RunDirectory) -> Result<Self, StoreError> {
        let path = run.runner_lock();
        for _ in 0..ATTEMPTS {
            let mut lock = Self::acquire_file(run, &path)?;
            // Somebody may have moved the directory aside between opening and locking: this would be the lock of
            // another directory.
            if lock.hold.is_in_place()? {
                sign(lock.hold.file()).map_err(|error| StoreError::io(&path, "write", &error))?;
                return Ok(lock);
            }
        }
        Err(StoreError::new(
            &path,
            "is replaced again and again",
            "see which other process starts this run",
        ))
    }

    fn acquire_file(run: &RunDirectory, path: &Path) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = open_to_write(path, &mut options)?;
        match try_lock(&file, run) {
            Ok(()) => {
                // Some network file systems keep locks to the host that takes them.
                if let Some(holder) = holder_elsewhere(run, HEARTBEAT_SHOWS_WITHIN)? {
                    return Err(seems_held(run, &holder));
                }
            }
            Err(TryLockError::WouldBlock) => return Err(held(run, holder(run).as_ref())),
            Err(TryLockError::Error(error)) if has_no_locks(&error) => {
                if let Some(holder) = holder_without_locks(run)? {
                    return Err(seems_held(run, &holder));
                }
                tracing::warn!(
                    "{}: this file system has no locks ({error}); do not start this sweep twice \
                     in the same instant",
                    path.display()
                );
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::io(path, "lock", &error)),
        }
        Ok(Self {
            hold: Hold::new(file, path),
        })
    }

    /// Refuses to go on where the run directory has been removed, moved or replaced.
    ///
    /// # Errors
    /// As [`Hold::check`].
    pub fn check(&self) -> Result<(), StoreError> {
        self.hold.check()
    }

    /// What tells whether the directory is still the one that was locked.
    pub fn hold(&self) -> &Hold {
        &self.hold
    }
}

/// Who holds the lock or held it last; `None` if that is not known.
pub fn holder(run: &RunDirectory) -> Option<Holder> {
    read_json(&run.runner_lock(), "signature", "start the run again").ok()?
}

fn try_lock(file: &File, run: &RunDirectory) -> Result<(), TryLockError> {
    let ends = |status: RunnerStatus| status.state == RunnerState::Ended;
    for _ in 1..ATTEMPTS {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if run.seen_runner().is_some_and(ends) => {
                thread::sleep(BETWEEN_ATTEMPTS_AT_THE_END);
            }
            Err(TryLockError::WouldBlock) => thread::sleep(BETWEEN_ATTEMPTS),
            outcome => return outcome,
        }
    }
    file.try_lock()
}

/// Writes into the locked file who holds it. In place: a new file would not be the locked one.
fn sign(file: &mut File) -> io::Result<()> {
    let holder = Holder {
        host: host_name(),
        pid: std::process::id(),
        since: unix_seconds(),
    };
    let bytes = serde_json::to_vec(&holder)?;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&bytes)
}

fn held(run: &RunDirectory, holder: Option<&Holder>) -> StoreError {
    let who = holder.map_or("another process".to_owned(), Holder::describe);
    StoreError::new(
        run.root(),
        format!("{who} is running this sweep"),
        follow_or_end(run),
    )
}

/// [`held`], where no lock proves it: another program may have got the number of a dead runner.
fn seems_held(run: &RunDirectory, holder: &Holder) -> StoreError {
    StoreError::new(
        run.root(),
        format!("{} is running this sweep", holder.describe()),
        format!(
            "{}; if that process is not a runner, remove runner.json and runner.lock",
            follow_or_end(run)
        ),
    )
}

fn follow_or_end(run: &RunDirectory) -> String {
    let root = run.root().display();
    format!("follow it with `nnbcd-tui watch {root}`, or end it with `nnbcd-tui stop {root}`")
}

impl Holder {
    fn describe(&self) -> String {
        let since = rfc3339_utc(self.since);
        format!("process {} on host {} since {since}", self.pid, self.host)
    }
}

/// What can be seen of the lock without keeping it.
pub(super) fn lock_state(run: &RunDirectory) -> LockState {
    let Ok(Some(file)) = open(&run.runner_lock()) else {
        return LockState::Unknown;
    };
    match file.try_lock_shared() {
        Ok(()) => LockState::Free,
        Err(TryLockError::WouldBlock) => LockState::Held,
        Err(TryLockError::Error(_)) => LockState::Unknown,
    }
}

fn has_no_locks(error: &io::Error) -> bool {
    const CODES: [Errno; 3] = [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP];
    error.kind() == io::ErrorKind::Unsupported
        || CODES
            .iter()
            .any(|code| error.raw_os_error() == Some(code.raw_os_error()))
}

/// Who works on the run directory, as far as files tell.
fn holder_without_locks(run: &RunDirectory) -> Result<Option<Holder>, StoreError> {
    match holder_by_heartbeat(run, HEARTBEAT_SHOWS_WITHIN)? {
        Some(holder) => Ok(Some(holder)),
        None => holder_that_prepares(run),
    }
}

/// The runner on this host that has signed `runner.lock` and has had no heartbeat yet.
fn holder_that_prepares(run: &RunDirectory) -> Result<Option<Holder>, StoreError> {
    let Some(signed) = holder(run) else {
        return Ok(None);
    };
    let lives =
        signed.host == host_name() && signed.pid != std::process::id() && is_alive(signed.pid);
    let has_begun = |status: RunnerStatus| status.pid == signed.pid;
    let prepares = lives && !run.read_runner()?.is_some_and(has_begun);
    Ok(prepares.then_some(signed))
}

/// The runner that `runner.json` speaks of, if it seems to live.
///
/// On this host its process id tells; on another one whether the heartbeat changes within `patience`.
pub(super) fn holder_by_heartbeat(
    run: &RunDirectory,
    patience: Duration,
) -> Result<Option<Holder>, StoreError> {
    let Some(status) = unended(run)? else {
        return Ok(None);
    };
    if status.host != host_name() {
        return holder_elsewhere(run, patience);
    }
    let lives = status.pid != std::process::id() && is_alive(status.pid);
    Ok(lives.then(|| status.into()))
}

/// The runner on another host that `runner.json` speaks of, if its heartbeat changes within `patience`.
pub(super) fn holder_elsewhere(
    run: &RunDirectory,
    patience: Duration,
) -> Result<Option<Holder>, StoreError> {
    let elsewhere = |status: &RunnerStatus| status.host != host_name();
    let Some(status) = unended(run)?.filter(elsewhere) else {
        return Ok(None);
    };
    Ok(heartbeat_changes(run, &status, patience).then(|| status.into()))
}

fn unended(run: &RunDirectory) -> Result<Option<RunnerStatus>, StoreError> {
    let unended = |status: &RunnerStatus| status.state != RunnerState::Ended;
    Ok(run.read_runner()?.filter(unended))
}

impl From<RunnerStatus> for Holder {
    fn from(status: RunnerStatus) -> Self {
        Self {
            host: status.host,
            pid: status.pid,
            since: status.started_at,
        }
    }
}

fn heartbeat_changes(run: &RunDirectory, before: &RunnerStatus, patience: Duration) -> bool {
    const LOOKS: u32 = 20;
    (0..LOOKS).any(|_| {
        thread::sleep(patience / LOOKS);
        run.seen_runner().is_some_and(|status| {
            status.state != RunnerState::Ended && status.updated_at != before.updated_at
        })
    })
}
