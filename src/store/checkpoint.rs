//! Checkpoints of a running trial: opaque bytes in two generations.
//!
//! `checkpoint.0` and `checkpoint.1` are written in turn, each atomically, so that one whole
//! checkpoint exists at every moment, even if the disk damages the other. Layout of a file:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `NNBCDCP1` |
//! | 8 | iteration, little endian |
//! | 8 | length of the content, little endian |
//! | 32 | SHA-256 of iteration and content |
//! | rest | content |

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::{StoreError, unless_damaged};
use super::layout::TrialDirectory;
use super::publish::publish_parts;
use super::read::{open, read_rest};

const MAGIC: &[u8; 8] = b"NNBCDCP1";
const HEADER_LENGTH: usize = 56;
const GENERATIONS: [usize; 2] = [0, 1];

struct Header {
    iteration: u64,
    digest: [u8; 32],
}

/// Writes a checkpoint taken after `iteration` in place of the older (or damaged) generation; its
/// content is the concatenation of the pieces, which are not copied.
///
/// A trial that begins anew has to [`remove`] old checkpoints first: the highest iteration counts as the newest.
///
/// # Errors
/// If it is not known which generation is older, or the file cannot be written; both are then as they were.
pub fn write(trial: &TrialDirectory, iteration: u64, content: &[&[u8]]) -> Result<(), StoreError> {
    let [(oldest, _), _] = generations(trial)?;
    let mut header = Vec::with_capacity(HEADER_LENGTH);
    header.extend_from_slice(MAGIC);
    header.extend_from_slice(&iteration.to_le_bytes());
    let length: usize = content.iter().map(|piece| piece.len()).sum();
    header.extend_from_slice(&(length as u64).to_le_bytes());
    header.extend_from_slice(&digest(iteration, content));
    let mut parts: Vec<&[u8]> = vec![&header];
    parts.extend_from_slice(content);
    publish_parts(&oldest, &parts)
}

/// The newest whole checkpoint: its iteration and content. `None`: there is none.
///
/// A damaged one is passed over with a warning.
///
/// # Errors
/// If a checkpoint cannot be read: whether it is the newest, and whole, is not known then.
pub fn read_newest(trial: &TrialDirectory) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
    for (path, _) in generations(trial)?.into_iter().rev() {
        if let Some(found) = unless_damaged(read(&path))? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The iteration of the newest checkpoint, by its header alone.
///
/// # Errors
/// If a checkpoint cannot be read.
pub fn newest_iteration(trial: &TrialDirectory) -> Result<Option<u64>, StoreError> {
    let [_, (_, newest)] = generations(trial)?;
    Ok(newest)
}

/// Both generations, the newer one last, with the iterations that their headers name; `None` for one that is missing,
/// cut or no checkpoint.
fn generations(trial: &TrialDirectory) -> Result<[(PathBuf, Option<u64>); 2], StoreError> {
    let look = |generation| {
        let path = trial.checkpoint(generation);
        let header = match open(&path)? {
            Some(mut file) => read_header(&mut file, &path),
            None => return Ok((path, None)),
        };
        match header {
            Ok(header) => Ok((path, Some(header.iteration))),
            Err(error) if error.is_damage() => Ok((path, None)),
            Err(error) => Err(error),
        }
    };
    let mut both = [look(0)?, look(1)?];
    both.sort_by_key(|(_, iteration)| *iteration);
    Ok(both)
}

/// Removes both generations.
///
/// # Errors
/// If a file cannot be removed.
pub fn remove(trial: &TrialDirectory) -> Result<(), StoreError> {
    for generation in GENERATIONS {
        let path = trial.checkpoint(generation);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::io(&path, "remove", &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Reads a checkpoint. The content is in memory only once its sum is right: a header can claim any length.
fn read(path: &Path) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
    let Some(mut file) = open(path)? else {
        return Ok(None);
    };
    let failed = |error: io::Error| StoreError::io(path, "read", &error);
    let header = read_header(&mut file, path)?;
    let mut sum = Sum(Sha256::new().chain_update(header.iteration.to_le_bytes()));
    io::copy(&mut file, &mut sum).map_err(failed)?;
    if <[u8; 32]>::from(sum.0.finalize()) != header.digest {
        return Err(damaged(path, "the content does not match its SHA-256"));
    }
    file.seek(SeekFrom::Start(HEADER_LENGTH as u64))
        .map_err(failed)?;
    let content = read_rest(&mut file, path, u64::MAX)?;
    Ok(Some((header.iteration, content)))
}

/// The sum of what is written to it.
struct Sum(Sha256);

impl io::Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn read_header(file: &mut File, path: &Path) -> Result<Header, StoreError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged(path, "the file is truncated"),
        _ => StoreError::io(path, "read", &error),
    };
    let mut header = [0; HEADER_LENGTH];
    file.read_exact(&mut header).map_err(failed)?;
    let (magic, rest) = header.split_at(MAGIC.len());
    let (iteration, rest) = rest.split_at(8);
    let (length, digest) = rest.split_at(8);
    if magic != MAGIC {
        return Err(damaged(
            path,
            "the file is not a checkpoint of this version",
        ));
    }
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    };
    let expected = number(length).checked_add(HEADER_LENGTH as u64);
    if Some(file.metadata().map_err(failed)?.len()) != expected {
        return Err(damaged(path, "the file is truncated"));
    }
    Ok(Header {
        iteration: number(iteration),
        digest: digest
            .try_into()
            .expect("what is left of the header are 32 bytes"),
    })
}

fn digest(iteration: u64, content: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new().chain_update(iteration.to_le_bytes());
    for piece in content {
        hash.update(piece);
    }
    hash.finalize().into()
}

fn damaged(path: &Path, what: &str) -> StoreError {
    StoreError::damaged(
        path,
        format!("this checkpoint is damaged: {what}"),
        "the other generation counts",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::store::RunDirectory;

    fn trial() -> (tempfile::TempDir, TrialDirectory) {
        let directory = tempfile::tempdir().unwrap();
        let trial = RunDirectory::new(directory.path()).trial("t");
        trial.create().unwrap();
        (directory, trial)
    }

    fn newest_path(trial: &TrialDirectory) -> PathBuf {
        let [_, (path, _)] = generations(trial).unwrap();
        path
    }

    #[test]
    fn the_newest_is_read_and_the_oldest_replaced() {
        let (_directory, trial) = trial();
        assert_eq!(read_newest(&trial).unwrap(), None);
        for iteration in [0, 10, 20, 30, 40] {
            write(&trial, iteration, &[&iteration.to_le_bytes()]).unwrap();
            let expected = (iteration, iteration.to_le_bytes().to_vec());
            assert_eq!(read_newest(&trial).unwrap(), Some(expected));
        }
        let kept = generations(&trial).unwrap().map(|(_, iteration)| iteration);
        assert_eq!(kept, [Some(30), Some(40)]);
        assert_eq!(fs::read_dir(trial.root()).unwrap().count(), 2);
        remove(&trial).unwrap();
        remove(&trial).unwrap();
        assert_eq!(read_newest(&trial).unwrap(), None);
    }

    #[test]
    fn every_single_damaged_byte_makes_the_older_one_count() {
        let (_directory, trial) = trial();
        write(&trial, 1, &[b"older"]).unwrap();
        write(&trial, 2, &[b"newer"]).unwrap();
        let path = newest_path(&trial);
        let whole = fs::read(&path).unwrap();
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x40;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(
                read_newest(&trial).unwrap(),
                Some((1, b"older".to_vec())),
                "byte {place}"
            );
        }
    }

    #[test]
    fn a_cut_or_longer_file_makes_the_older_one_count() {
        let (_directory, trial) = trial();
        write(&trial, 1, &[b"older"]).unwrap();
        write(&trial, 2, &[b"newer"]).unwrap();
        let path = newest_path(&trial);
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(
                read_newest(&trial).unwrap(),
                Some((1, b"older".to_vec())),
                "{length}"
            );
        }
        fs::write(&path, [whole.as_slice(), b"x"].concat()).unwrap();
        assert_eq!(read_newest(&trial).unwrap(), Some((1, b"older".to_vec())));
        // The next checkpoint takes the place of the damaged one, not of the good one.
        write(&trial, 3, &[b"next"]).unwrap();
        assert_eq!(read_newest(&trial).unwrap(), Some((3, b"next".to_vec())));
        fs::remove_file(&path).unwrap();
        assert_eq!(read_newest(&trial).unwrap(), Some((1, b"older".to_vec())));
    }
}
