//! The journal: what happened to which trial, one JSON object per line, never rewritten.
//!
//! Every runner and worker appends to a file of its own, `journal/<host>-<pid>-<start>.jsonl`; readers merge them
//! by time. So the times of a journal rise, and all lie after those of the journals before it,
//! even if the clock has been set back meanwhile.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::append::AppendFile;
use super::error::StoreError;
use super::layout::RunDirectory;
use super::process::{host_name, unix_nanoseconds, unix_seconds};
use super::read::{ROWS, list, read};
use super::records::{TrialEvent, TrialEventKind};
use super::tail::whole_lines;

/// By how much an event lies at least after the one before, in seconds: what the numbers resolve.
const NEXT_MOMENT: f64 = 1e-6;

/// The journal of this process.
#[derive(Debug)]
pub struct Journal {
    written: Mutex<Written>,
}

/// The file, and the time of the last event.
#[derive(Debug)]
struct Written {
    file: AppendFile,
    latest: f64,
}

impl Journal {
    /// Begins a journal.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn create(run: &RunDirectory) -> Result<Self, StoreError> {
        let (host, process) = (host_name(), std::process::id());
        Self::create_named(run, &format!("{host}-{process}-{}", unix_nanoseconds()))
    }

    /// Begins the journal of a worker, under the worker's name.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn create_named(run: &RunDirectory, name: &str) -> Result<Self, StoreError> {
        let path = run.journal().join(format!("{name}.jsonl"));
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        let earlier = read_journal(run)?;
        Ok(Self {
            written: Mutex::new(Written {
                file: AppendFile::open(&path, &mut options)?,
                latest: (earlier.iter().map(|event| event.at)).fold(0.0, f64::max),
            }),
        })
    }

    /// Writes down that `kind` happens to `trial` now.
    ///
    /// # Errors
    /// If the line cannot be written.
    pub fn append(&self, trial: &str, kind: TrialEventKind) -> Result<(), StoreError> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.latest = unix_seconds().max(written.latest + NEXT_MOMENT);
        let event = TrialEvent {
            at: written.latest,
            trial: trial.to_owned(),
            kind,
        };
        let mut line =
            serde_json::to_vec(&event).expect("an event has no map with keys other than text");
        line.push(b'\n');
        written.file.append(&line)
    }
}

/// The events of all journals of a run in the order of time.
///
/// Events of one journal stay in the order in which they were written, whatever its clock did. A
/// torn last line and lines that hold no event are passed over.
///
/// # Errors
/// If a journal cannot be read.
pub fn read_journal(run: &RunDirectory) -> Result<Vec<TrialEvent>, StoreError> {
    let mut journals = Vec::new();
    for path in journal_files(&run.journal())? {
        let bytes = read(&path, ROWS)?.unwrap_or_default();
        journals.push(parse_events(&path, whole_lines(&bytes)));
    }
    Ok(merge(journals))
}

/// The journals in a directory, in the order of their names.
pub(super) fn journal_files(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut paths = list(directory)?;
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "jsonl")
    });
    paths.sort();
    Ok(paths)
}

/// The events in whole lines of the journal `path`.
pub(super) fn parse_events(path: &Path, lines: &[u8]) -> Vec<TrialEvent> {
    lines
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .filter_map(|line| {
            serde_json::from_slice(line)
                .inspect_err(|error| {
                    tracing::warn!("{}: invalid line: {error}", path.display());
                })
                .ok()
        })
        .collect()
}

/// Merges events by time, keeping the order within each journal.
pub(super) fn merge(journals: Vec<Vec<TrialEvent>>) -> Vec<TrialEvent> {
    let mut timed: Vec<(f64, TrialEvent)> = Vec::new();
    for events in journals {
        let mut latest = f64::NEG_INFINITY;
        timed.extend(events.into_iter().map(|event| {
            latest = latest.max(event.at);
            (latest, event)
        }));
    }
    timed.sort_by(|one, other| one.0.total_cmp(&other.0));
    timed.into_iter().map(|(_, event)| event).collect()
}
