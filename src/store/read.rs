//! The one way into the files of a run directory.
//!
//! A run directory may come from somebody else, and machines have faults. So only regular files are read,
//! none that is larger than its kind ever is, no link is followed, and nothing is waited for. That a file is
//! not there is `None`; what the machine refuses is an error that says nothing of the content.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;
use serde::de::DeserializeOwned;

use super::error::StoreError;

/// Most bytes of a file that describes something: real ones have some thousand.
pub(super) const SMALL: u64 = 1 << 24;
/// Most bytes of a file of rows: ten million iterations, or trials.
pub(super) const ROWS: u64 = 1 << 31;

/// Opens a file to read it; `None`: there is none.
pub(super) fn open(path: &Path) -> Result<Option<File>, StoreError> {
    match open_regular(path, OpenOptions::new().read(true)) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(refused(path, "read", &error)),
    }
}

/// Opens a file of a run directory as `options` say, to write it.
pub(super) fn open_to_write(path: &Path, options: &mut OpenOptions) -> Result<File, StoreError> {
    open_regular(path, options).map_err(|error| refused(path, "open for writing", &error))
}

/// Opens a log in a run directory, which is made if it is not there, to append to it.
///
/// # Errors
/// If it cannot be opened, or is no regular file.
pub fn open_log(path: &Path) -> Result<File, StoreError> {
    open_to_write(path, OpenOptions::new().create(true).append(true))
}

/// Reads a file of at most `most` bytes, up to the length that it has now; `None`: there is none.
pub(super) fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(mut file) = open(path)? else {
        return Ok(None);
    };
    read_rest(&mut file, path, most).map(Some)
}

/// What is left of a file of at most `most` bytes, up to the length that it has now: one that grows faster than
/// it is read must not fill the memory.
pub(super) fn read_rest(file: &mut File, path: &Path, most: u64) -> Result<Vec<u8>, StoreError> {
    let failed = |error: io::Error| StoreError::io(path, "read", &error);
    let length = file.metadata().map_err(failed)?.len();
    if length > most {
        return Err(StoreError::new(
            path,
            format!("has {length} bytes; files of this kind have at most {most}"),
            "move it out of the run directory",
        ));
    }
    let rest = length.saturating_sub(file.stream_position().map_err(failed)?);
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(usize::try_from(rest).unwrap_or(usize::MAX))
        .map_err(|_| failed(io::ErrorKind::OutOfMemory.into()))?;
    file.take(rest).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Reads a JSON file as a value; `None`: there is none. `remedy`: what to do about one that holds something else.
pub(super) fn read_json<T: DeserializeOwned>(
    path: &Path,
    what: &str,
    remedy: &str,
) -> Result<Option<T>, StoreError> {
    let Some(bytes) = read(path, SMALL)? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| StoreError::damaged(path, format!("not a valid {what}: {error}"), remedy))
}

/// Reads a text, such as a grid file or `config.yaml`.
///
/// # Errors
/// If there is none, or it cannot be read.
pub fn read_text(path: &Path) -> Result<String, StoreError> {
    let missing = || StoreError::io(path, "read", &io::ErrorKind::NotFound.into());
    let bytes = read(path, SMALL)?.ok_or_else(missing)?;
    String::from_utf8(bytes).map_err(|error| {
        StoreError::damaged(path, format!("not UTF-8 text: {error}"), "restore the file")
    })
}

/// The last lines of a text within `most` bytes; empty where there is none that can be read.
pub fn last_lines(path: &Path, most: u64) -> String {
    let read = || -> io::Result<(u64, Vec<u8>)> {
        let mut file = open_regular(path, OpenOptions::new().read(true))?;
        let start = file.metadata()?.len().saturating_sub(most);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes)?;
        Ok((start, bytes))
    };
    let (start, bytes) = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match text.split_once('\n') {
        Some((_, rest)) if start > 0 => rest.to_owned(),
        _ => text,
    }
}

/// The paths in a directory; none where it is not there.
///
/// # Errors
/// If it cannot be listed, or is a link.
pub fn list(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = || -> io::Result<Vec<PathBuf>> {
        if fs::symlink_metadata(directory)?.is_symlink() {
            return Err(Errno::LOOP.into());
        }
        fs::read_dir(directory)?
            .map(|entry| Ok(entry?.path()))
            .collect()
    };
    match entries() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        outcome => outcome.map_err(|error| refused(directory, "list", &error)),
    }
}

/// Opens a regular file without waiting for anything. In a run directory neither the file nor its directory is a link.
fn open_regular(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW;
    options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
    let is_link = |directory: &Path| -> io::Result<bool> {
        Ok(directory != Path::new("") && fs::symlink_metadata(directory)?.is_symlink())
    };
    if path.parent().map_or(Ok(false), is_link)? {
        return Err(Errno::LOOP.into());
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(Errno::NXIO.into())
    }
}

fn refused(path: &Path, action: &str, error: &io::Error) -> StoreError {
    let code = error.raw_os_error();
    let is = |errno: Errno| code == Some(errno.raw_os_error());
    if is(Errno::LOOP) {
        return StoreError::new(
            path,
            "is a link, or lies in a directory that is one; links in a run directory are not followed",
            "remove the link, or put what it stands for in its place",
        );
    }
    if is(Errno::NXIO) || is(Errno::ISDIR) {
        return StoreError::new(path, "is not a regular file", "remove it");
    }
    StoreError::io(path, action, error)
}
