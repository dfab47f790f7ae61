//! The one error of this room: which file, what is wrong with it, what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// Something in the run directory cannot be read or written.
///
/// A file that is not there is no error: readers give `None`. What is there and damaged
/// ([`StoreError::is_damage`]) may be replaced, and what it stood for be done again. Any other error
/// says nothing of the content: the file may be read well in a minute, so nothing is removed.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}; {remedy}", path.display())]
pub struct StoreError {
    path: PathBuf,
    what: String,
    remedy: String,
    damaged: bool,
}

impl StoreError {
    /// An error about the state of `path`.
    pub fn new(path: &Path, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            path: path.to_path_buf(),
            what: what.into(),
            remedy: remedy.into(),
            damaged: false,
        }
    }

    /// The content of `path` was read and is wrong.
    pub fn damaged(path: &Path, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            damaged: true,
            ..Self::new(path, what, remedy)
        }
    }

    /// The operating system refused `action` ("write", "open", ...) on `path`.
    pub fn io(path: &Path, action: &str, source: &io::Error) -> Self {
        Self::new(
            path,
            format!("cannot {action}: {source}"),
            remedy_for(source),
        )
    }

    /// The file or directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the content is known to be wrong. Only then may it be replaced.
    pub fn is_damage(&self) -> bool {
        self.damaged
    }
}

/// What was read, where damage counts as nothing, with a warning; other errors stay errors.
pub(super) fn unless_damaged<T>(
    read: Result<Option<T>, StoreError>,
) -> Result<Option<T>, StoreError> {
    match read {
        Err(error) if error.is_damage() => {
            tracing::warn!("{error}");
            Ok(None)
        }
        outcome => outcome,
    }
}

fn remedy_for(error: &io::Error) -> &'static str {
    const OPEN_FILES: [Errno; 2] = [Errno::MFILE, Errno::NFILE];
    let is_one_of = |codes: &[Errno]| {
        (codes.iter()).any(|code| error.raw_os_error() == Some(code.raw_os_error()))
    };
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "free space on this file system (or raise the limit on file sizes, ulimit -f), then run the same \
             command again: finished trials are kept"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "check the owner and the permissions of the file and of its directory"
        }
        io::ErrorKind::NotFound => {
            "check that the path is right and that its directory has not been moved or deleted"
        }
        _ if is_one_of(&OPEN_FILES) => {
            "raise the limit on open files (ulimit -n), then run the same command again: finished trials are kept"
        }
        _ => "check the file system, then run the same command again: finished trials are kept",
    }
}
