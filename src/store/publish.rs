//! Atomic publication: a file appears whole or not at all, whatever ends the writer.
//!
//! The bytes go to a temporary file in the same directory, are forced to the disk, and take their
//! name in one step. A temporary file is called `.<name>.<host>.<pid>.<number>.tmp`, so that what a
//! killed writer leaves can be told from what a living one is writing.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::error::StoreError;
use super::process::{host_name, is_alive};

/// A temporary file as old as this is nobody's: writing one takes seconds.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// Publishes `bytes` as `path`, replacing what was there.
///
/// # Errors
/// If a step fails; `path` then still has its former content.
pub fn publish(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    publish_parts(path, &[bytes])
}

/// [`publish`] for content in several parts, without a copy that joins them.
pub(super) fn publish_parts(path: &Path, parts: &[&[u8]]) -> Result<(), StoreError> {
    let temporary = Temporary::write(path, parts, true)?;
    fs::rename(&temporary.path, path).map_err(|error| StoreError::io(path, "publish", &error))?;
    sync_directory(path)
}

/// [`publish`] for what is rewritten every second anyway: never seen in part, but not forced to the disk.
pub(super) fn publish_unsynced(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let temporary = Temporary::write(path, &[bytes], false)?;
    fs::rename(&temporary.path, path).map_err(|error| StoreError::io(path, "publish", &error))
}

/// Publishes `bytes` as `path` unless it exists: of several writers the first one wins.
///
/// Returns whether this call was the first.
///
/// # Errors
/// If a step fails; `path` is then as it was.
pub fn publish_first(path: &Path, bytes: &[u8]) -> Result<bool, StoreError> {
    let temporary = Temporary::write(path, &[bytes], true)?;
    let first = take_name(&temporary.path, path)
        .map_err(|error| StoreError::io(path, "publish", &error))?;
    if first {
        drop(temporary);
        sync_directory(path)?;
    }
    Ok(first)
}

/// Gives the file `from` the name `to` unless that is taken.
fn take_name(from: &Path, to: &Path) -> io::Result<bool> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(true),
        // A network file system may have made the link and lost the answer: the count of links tells.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Ok(fs::symlink_metadata(from)?.nlink() == 2)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error),
        Err(_) => rename_unless_taken(from, to),
    }
}

/// [`take_name`] on file systems without hard links.
pub(super) fn rename_unless_taken(from: &Path, to: &Path) -> io::Result<bool> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::EXIST) => Ok(false),
        // No way to do it in one step here. Of two writers in the same instant the later one then
        // wins: both files are whole, and they hold the result of the same trial.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            if to.try_exists()? {
                return Ok(false);
            }
            fs::rename(from, to).map(|()| true)
        }
        Err(error) => Err(error.into()),
    }
}

/// Removes the temporary files that dead writers left in `directory` and below; returns how many.
///
/// A writer on another host counts as dead when its file is an hour old.
///
/// # Errors
/// If a directory cannot be listed or a file not be removed.
pub fn sweep_temporaries(directory: &Path) -> Result<usize, StoreError> {
    let refused = |path: &Path, action: &str, error: &io::Error| match error.kind() {
        // Another sweep, or the writer itself, was faster.
        io::ErrorKind::NotFound => Ok(0),
        _ => Err(StoreError::io(path, action, error)),
    };
    let host = host_name();
    let mut removed = 0;
    let mut waiting = vec![directory.to_path_buf()];
    while let Some(directory) = waiting.pop() {
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) => {
                removed += refused(&directory, "list", &error)?;
                continue;
            }
        };
        for entry in entries.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                waiting.push(entry.path());
            } else if is_abandoned(&entry, &host) {
                let path = entry.path();
                removed += match fs::remove_file(&path) {
                    Ok(()) => 1,
                    Err(error) => refused(&path, "remove", &error)?,
                };
            }
        }
    }
    Ok(removed)
}

fn is_abandoned(entry: &fs::DirEntry, host: &str) -> bool {
    let name = entry.file_name();
    let Some((writer_host, pid)) = name.to_str().and_then(writer_of) else {
        return false;
    };
    let dead = writer_host.ends_with(&format!(".{host}")) && !is_alive(pid);
    let old = || {
        entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .is_ok_and(|at| at.elapsed().is_ok_and(|age| age > ABANDONED_AFTER))
    };
    dead || old()
}

/// `.<name>.<host>` and the process id in a temporary file's name.
fn writer_of(name: &str) -> Option<(&str, u32)> {
    let mut parts = name
        .strip_prefix('.')?
        .strip_suffix(".tmp")?
        .rsplitn(3, '.');
    parts.next()?.parse::<u64>().ok()?;
    let pid = parts.next()?.parse().ok()?;
    Some((parts.next()?, pid))
}

/// A temporary file, removed when it has not become the file itself.
struct Temporary {
    path: PathBuf,
}

impl Temporary {
    fn write(target: &Path, parts: &[&[u8]], sync: bool) -> Result<Self, StoreError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = target.file_name().ok_or_else(|| {
            StoreError::new(
                target,
                "is not a file name",
                "give the path of the file to write",
            )
        })?;
        let path = target.with_file_name(format!(
            ".{}.{}.{}.{}.tmp",
            name.to_string_lossy(),
            host_name(),
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed),
        ));
        let temporary = Self { path };
        let written = create_new(&temporary.path).and_then(|mut file| {
            for part in parts {
                file.write_all(part)?;
            }
            if sync { file.sync_all() } else { Ok(()) }
        });
        match written {
            Ok(()) => Ok(temporary),
            Err(error) => Err(StoreError::io(target, "write", &error)),
        }
    }
}

/// Makes a file that is not there, so that no link is followed. What has its name already was left by a process that
/// is dead: names have the number of the process.
fn create_new(path: &Path) -> io::Result<File> {
    match File::create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            File::create_new(path)
        }
        outcome => outcome,
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; after a failure the sweep is the second chance.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes a new name durable.
fn sync_directory(path: &Path) -> Result<(), StoreError> {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    match File::open(directory).and_then(|directory| directory.sync_all()) {
        // Some network file systems cannot do this, and need not: their server does.
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Err(StoreError::io(directory, "sync", &error))
        }
        _ => Ok(()),
    }
}
