//! The one error of this room: which file, what is wrong with it, what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Something in the run directory cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}; {remedy}", path.display())]
pub struct StoreError {
    path: PathBuf,
    what: String,
    remedy: String,
}

impl StoreError {
    /// An error about the content or the state of `path`.
    pub fn new(path: &Path, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            path: path.to_path_buf(),
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// The operating system refused `action` ("write", "open", ...) on `path`.
    pub fn io(path: &Path, action: &str, source: &io::Error) -> Self {
        Self::new(
            path,
            format!("cannot {action}: {source}"),
            remedy_for(source.kind()),
        )
    }

    /// The file or directory.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn remedy_for(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free space on this file system, then run the same command again: finished trials are kept"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "check the owner and the permissions of the file and of its directory"
        }
        io::ErrorKind::NotFound => {
            "check that the path is right and that its directory has not been moved or deleted"
        }
        _ => "check the file system, then run the same command again: finished trials are kept",
    }
}
