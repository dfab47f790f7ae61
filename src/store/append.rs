//! A file that only grows, by whole lines.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::read::open_to_write;

/// A file with one writer, open for appending.
#[derive(Debug)]
pub(super) struct AppendFile {
    path: PathBuf,
    file: File,
    length: u64,
}

impl AppendFile {
    /// Opens the file with `options`, which have to ask for appending.
    pub(super) fn open(path: &Path, options: &mut OpenOptions) -> Result<Self, StoreError> {
        let file = open_to_write(path, options)?;
        let length = (file.metadata())
            .map_err(|error| StoreError::io(path, "open for writing", &error))?
            .len();
        Ok(Self {
            path: path.to_path_buf(),
            file,
            length,
        })
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Appends whole lines with one write call: a killed process leaves all of them or none.
    ///
    /// If the disk takes only a part of them, that part is cut off again, so that later lines stay whole.
    pub(super) fn append(&mut self, lines: &[u8]) -> Result<(), StoreError> {
        if let Err(error) = self.file.write_all(lines) {
            if let Err(error) = self.file.set_len(self.length) {
                tracing::warn!(
                    "{}: cannot remove an incomplete line: {error}",
                    self.path.display()
                );
            }
            return Err(StoreError::io(&self.path, "write", &error));
        }
        self.length += lines.len() as u64;
        Ok(())
    }

    /// Cuts everything after the first `length` bytes.
    pub(super) fn cut(&mut self, length: u64) -> Result<(), StoreError> {
        self.file
            .set_len(length)
            .map_err(|error| StoreError::io(&self.path, "cut", &error))?;
        self.length = length;
        Ok(())
    }

    /// Forces what was appended to the disk.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.file
            .sync_data()
            .map_err(|error| StoreError::io(&self.path, "sync", &error))
    }
}
