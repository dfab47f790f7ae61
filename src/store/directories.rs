//! Directories of a run, made so that nobody else steers what is written: no links, no traps, no orders of others.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use super::error::StoreError;
use super::layout::{RunDirectory, TrialDirectory};

/// Modes that let members of the group, or everybody, write.
const OTHERS_WRITE: u32 = 0o022;
/// The mode that lets everybody write.
const EVERYBODY_WRITES: u32 = 0o002;

impl RunDirectory {
    /// Makes the directory and those in it that a runner writes to.
    ///
    /// # Errors
    /// If a directory cannot be made.
    pub fn create(&self) -> Result<(), StoreError> {
        self.create_all(&[self.trials(), self.journal(), self.control()])?;
        keep_others_out(&self.control())
    }

    /// Makes the directories that workers write to.
    ///
    /// # Errors
    /// If a directory cannot be made.
    pub fn create_for_workers(&self) -> Result<(), StoreError> {
        self.create_all(&[self.trials(), self.journal(), self.workers()])
    }

    fn create_all(&self, directories: &[PathBuf]) -> Result<(), StoreError> {
        make_directory(self.root())?;
        self.refuse_prepared()?;
        self.refuse_links()?;
        directories
            .iter()
            .try_for_each(|directory| make_directory(directory))
    }

    /// What lies in a run directory is read and written there, not where a link leads.
    pub(super) fn refuse_links(&self) -> Result<(), StoreError> {
        let inside = [
            self.trials(),
            self.journal(),
            self.control(),
            self.workers(),
            self.slurm(),
            self.tables(),
            self.plots(),
        ];
        match inside.iter().find(|directory| directory.is_symlink()) {
            Some(directory) => Err(is_link(directory)),
            None => Ok(()),
        }
    }

    /// Where everybody may make directories, such as in `/tmp`, one that somebody else has made under the name of this
    /// run is a trap.
    fn refuse_prepared(&self) -> Result<(), StoreError> {
        let above = match self.root().parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let look = || Ok((fs::metadata(above)?, fs::symlink_metadata(self.root())?));
        let (above, own) =
            look().map_err(|error: io::Error| StoreError::io(self.root(), "look at", &error))?;
        let everybody_writes = above.permissions().mode() & EVERYBODY_WRITES != 0;
        if !everybody_writes || own.uid() == geteuid().as_raw() {
            return Ok(());
        }
        Err(StoreError::new(
            self.root(),
            format!(
                "belongs to another user ({}), in a directory that everybody may write to",
                own.uid()
            ),
            "choose another directory with --results, or another name for the run",
        ))
    }
}

impl TrialDirectory {
    /// Makes the directory.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create(&self) -> Result<(), StoreError> {
        make_directory(self.root())
    }
}

/// Makes a directory with those above it; it may be there already, but must not be a link.
pub(super) fn make_directory(path: &Path) -> Result<(), StoreError> {
    let made = fs::create_dir_all(path).and_then(|()| fs::symlink_metadata(path));
    match made {
        Ok(metadata) if metadata.is_symlink() => Err(is_link(path)),
        Ok(_) => Ok(()),
        Err(error) => Err(StoreError::io(path, "make the directory", &error)),
    }
}

fn is_link(directory: &Path) -> StoreError {
    StoreError::new(
        directory,
        "is a link; links in a run directory are not followed",
        "remove the link, or put the directory itself in its place",
    )
}

/// Others must not give orders, whatever the file mode mask of this process is.
fn keep_others_out(directory: &Path) -> Result<(), StoreError> {
    let change = || {
        let metadata = fs::symlink_metadata(directory)?;
        let mode = metadata.permissions().mode();
        if mode & OTHERS_WRITE == 0 || metadata.uid() != geteuid().as_raw() {
            return Ok(());
        }
        fs::set_permissions(directory, Permissions::from_mode(mode & !OTHERS_WRITE))
    };
    change().map_err(|error| StoreError::io(directory, "set the permissions", &error))
}
