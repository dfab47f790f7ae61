//! Commands to a running sweep: one small file each in `control/`, written atomically, taken by the runner.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::geteuid;
use serde::{Deserialize, Serialize};

use super::directories::make_directory;
use super::error::StoreError;
use super::layout::RunDirectory;
use super::process::unix_nanoseconds;
use super::publish::publish;
use super::read::{SMALL, list, open, read_rest};

/// The user who may do everything.
const ROOT: u32 = 0;

/// What a viewer may ask of the runner.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Command {
    /// Finish current iterations, write checkpoints, end.
    Stop,
    /// Let all trials rest after their current iteration.
    Pause,
    /// Let all trials go on.
    Resume,
    /// Let these trials rest.
    PauseTrials {
        /// Their ids.
        trials: Vec<String>,
    },
    /// Let these trials go on.
    ResumeTrials {
        /// Their ids.
        trials: Vec<String>,
    },
    /// Stop these trials, keeping their checkpoints.
    Cancel {
        /// Their ids.
        trials: Vec<String>,
    },
    /// Run these trials again.
    Retry {
        /// Their ids.
        trials: Vec<String>,
    },
    /// Run so many trials at once.
    Jobs {
        /// The number, at least 1.
        jobs: u64,
    },
}

/// Leaves a command for the runner.
///
/// # Errors
/// If the run directory cannot be written.
pub fn send(run: &RunDirectory, command: &Command) -> Result<(), StoreError> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let directory = run.control();
    make_directory(&directory)?;
    // The time orders commands; after those that already wait even if the clock has been set back.
    let newest = waiting(&directory)?
        .iter()
        .filter_map(|path| sequence(path))
        .max();
    let time = unix_nanoseconds().max(newest.map_or(0, |newest| newest.saturating_add(1)));
    let path = directory.join(format!(
        "{time:020}-{:010}-{:06}.json",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed),
    ));
    let bytes =
        serde_json::to_vec(command).expect("a command has no map with keys other than text");
    publish(&path, &bytes)
}

/// Takes all waiting commands, in the order in which they were sent.
///
/// What is no command, or comes from another user, is set aside as `<name>.unreadable`, with a warning. What cannot be
/// read now waits.
pub fn take(run: &RunDirectory) -> Vec<Command> {
    let waiting = waiting(&run.control()).unwrap_or_else(|error| {
        tracing::warn!("{error}");
        Vec::new()
    });
    waiting
        .iter()
        .filter_map(|path| {
            take_one(path).unwrap_or_else(|error| {
                let aside = path.with_extension("json.unreadable");
                let moved = error.is_damage().then(|| fs::rename(path, &aside));
                tracing::warn!("{error}; set aside: {moved:?}");
                None
            })
        })
        .collect()
}

fn take_one(path: &Path) -> Result<Option<Command>, StoreError> {
    const REMEDY: &str = "give commands with nnbcd-tui, as the user who started the run";
    // What would never be read is no command, and would be warned of again and again.
    let looks = |metadata: fs::Metadata| metadata.is_file() && metadata.len() <= SMALL;
    if !fs::symlink_metadata(path).map_or(true, looks) {
        let what = "is no regular file, or far too long for a command";
        return Err(StoreError::damaged(path, what, REMEDY));
    }
    let Some(mut file) = open(path)? else {
        return Ok(None);
    };
    let owner = (file.metadata())
        .map_err(|error| StoreError::io(path, "read", &error))?
        .uid();
    if owner != geteuid().as_raw() && owner != ROOT {
        let what = format!("is a command of another user ({owner})");
        return Err(StoreError::damaged(path, what, REMEDY));
    }
    let bytes = read_rest(&mut file, path, SMALL)?;
    let command = serde_json::from_slice(&bytes).map_err(|error| {
        StoreError::damaged(path, format!("not a valid command ({error})"), REMEDY)
    })?;
    // Obeyed only when it is gone, or it would be obeyed for ever.
    fs::remove_file(path).map_err(|error| StoreError::io(path, "remove", &error))?;
    Ok(Some(command))
}

/// The command files in the order of their names.
fn waiting(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut paths = list(directory)?;
    paths.retain(|path| sequence(path).is_some());
    paths.sort();
    Ok(paths)
}

/// The time in a command file's name; `None` for other files.
fn sequence(path: &Path) -> Option<u128> {
    let stem = path.file_name()?.to_str()?.strip_suffix(".json")?;
    stem.split('-').next()?.parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn run() -> (tempfile::TempDir, RunDirectory) {
        let directory = tempfile::tempdir().unwrap();
        let run = RunDirectory::new(directory.path());
        (directory, run)
    }

    #[test]
    fn commands_come_in_the_order_sent_and_once() {
        let (_directory, run) = run();
        let sent: Vec<Command> = (0..50)
            .map(|jobs| Command::Jobs { jobs })
            .chain([
                Command::Stop,
                Command::Cancel {
                    trials: vec!["a\"b".to_owned(), String::new()],
                },
            ])
            .collect();
        for command in &sent {
            send(&run, command).unwrap();
        }
        assert_eq!(take(&run), sent);
        assert_eq!(take(&run), []);
        assert_eq!(fs::read_dir(run.control()).unwrap().count(), 0);
    }

    #[test]
    fn a_clock_set_back_does_not_overtake_a_waiting_command() {
        let (_directory, run) = run();
        fs::create_dir_all(run.control()).unwrap();
        let future = "09999999999999999999-0000000001-000000.json";
        fs::write(run.control().join(future), r#"{"command":"pause"}"#).unwrap();
        send(&run, &Command::Resume).unwrap();
        assert_eq!(take(&run), [Command::Pause, Command::Resume]);
    }

    #[test]
    fn what_is_no_command_is_set_aside() {
        let (_directory, run) = run();
        fs::create_dir_all(run.control()).unwrap();
        let names = ["01-1-1.json", "02-1-1.json", "03-1-1.json"];
        for (name, text) in names
            .iter()
            .zip(["", r#"{"command":"st"#, r#"{"command":"fly"}"#])
        {
            fs::write(run.control().join(name), text).unwrap();
        }
        fs::write(run.control().join(".04-1-1.json.host.1.0.tmp"), "{").unwrap();
        send(&run, &Command::Stop).unwrap();
        assert_eq!(take(&run), [Command::Stop]);
        for name in names {
            assert!(!run.control().join(name).exists());
            assert!(run.control().join(format!("{name}.unreadable")).exists());
        }
    }

    #[test]
    fn the_text_of_a_command_is_a_contract() {
        let text = |command: &Command| serde_json::to_string(command).unwrap();
        assert_eq!(text(&Command::Stop), r#"{"command":"stop"}"#);
        let trials = vec!["x".to_owned()];
        assert_eq!(
            text(&Command::PauseTrials { trials }),
            r#"{"command":"pause-trials","trials":["x"]}"#
        );
    }
}
