//! Whether a path still means what it meant: directories are removed, moved and replaced while somebody works in them.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::StoreError;

/// A file or directory that this process keeps open. As long as it does, no other one gets its inode.
#[derive(Debug)]
pub struct Hold {
    file: File,
    path: PathBuf,
}

impl Hold {
    /// Holds what is at `path` now.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn of(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(|error| StoreError::io(path, "open", &error))?;
        Ok(Self::new(file, path))
    }

    pub(super) fn new(file: File, path: &Path) -> Self {
        Self {
            file,
            path: path.to_path_buf(),
        }
    }

    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Whether the path still means what is held.
    ///
    /// # Errors
    /// If the machine does not say.
    pub fn is_in_place(&self) -> Result<bool, StoreError> {
        let failed = |error: io::Error| StoreError::io(&self.path, "look at", &error);
        let held = self.file.metadata().map_err(failed)?;
        match fs::symlink_metadata(&self.path) {
            Ok(there) => Ok((held.dev(), held.ino()) == (there.dev(), there.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    /// Refuses to go on where the path means something else by now.
    ///
    /// # Errors
    /// If it does, or the machine does not say.
    pub fn check(&self) -> Result<(), StoreError> {
        if self.is_in_place()? {
            return Ok(());
        }
        Err(StoreError::new(
            &self.path,
            "is no longer what it was: the run directory was removed, moved or replaced while this process worked in it, \
             so that it has stopped and writes nothing more there",
            "repeat the command where the run is to be",
        ))
    }
}
