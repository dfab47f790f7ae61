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
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::StoreError;
use super::layout::TrialDirectory;
use super::publish::publish_parts;
use super::tail::read_bounded;

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
/// If the file cannot be written; both generations are then as they were.
pub fn write(trial: &TrialDirectory, iteration: u64, content: &[&[u8]]) -> Result<(), StoreError> {
    let oldest = GENERATIONS
        .into_iter()
        .map(|generation| trial.checkpoint(generation))
        .min_by_key(|path| iteration_of(path))
        .expect("there are two generations");
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
pub fn read_newest(trial: &TrialDirectory) -> Option<(u64, Vec<u8>)> {
    let mut paths = GENERATIONS.map(|generation| trial.checkpoint(generation));
    paths.sort_by_key(|path| std::cmp::Reverse(iteration_of(path)));
    paths.iter().find_map(|path| match read(path) {
        Ok(found) => Some(found),
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!("{}: this checkpoint is damaged: {error}", path.display());
            }
            None
        }
    })
}

/// The iteration of the newest checkpoint, by its header alone.
pub fn newest_iteration(trial: &TrialDirectory) -> Option<u64> {
    GENERATIONS
        .into_iter()
        .filter_map(|generation| iteration_of(&trial.checkpoint(generation)))
        .max()
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

/// The iteration that the header names; `None` if the file is missing, cut or not a checkpoint.
fn iteration_of(path: &Path) -> Option<u64> {
    let mut file = File::open(path).ok()?;
    read_header(&mut file).ok().map(|header| header.iteration)
}

fn read(path: &Path) -> io::Result<(u64, Vec<u8>)> {
    let mut file = File::open(path)?;
    let header = read_header(&mut file)?;
    let bytes = read_bounded(&mut file)?;
    if digest(header.iteration, &[&bytes]) == header.digest {
        Ok((header.iteration, bytes))
    } else {
        Err(invalid("the content does not match its SHA-256"))
    }
}

fn read_header(file: &mut File) -> io::Result<Header> {
    let mut magic = [0; 8];
    let mut iteration = [0; 8];
    let mut length = [0; 8];
    let mut digest = [0; 32];
    for part in [&mut magic[..], &mut iteration, &mut length, &mut digest] {
        file.read_exact(part)?;
    }
    if &magic != MAGIC {
        return Err(invalid("the file is not a checkpoint of this version"));
    }
    let expected = u64::from_le_bytes(length).checked_add(HEADER_LENGTH as u64);
    if Some(file.metadata()?.len()) != expected {
        return Err(invalid("the file is truncated"));
    }
    Ok(Header {
        iteration: u64::from_le_bytes(iteration),
        digest,
    })
}

fn digest(iteration: u64, content: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new().chain_update(iteration.to_le_bytes());
    for piece in content {
        hash.update(piece);
    }
    hash.finalize().into()
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
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

    fn newest_path(trial: &TrialDirectory) -> std::path::PathBuf {
        GENERATIONS
            .map(|generation| trial.checkpoint(generation))
            .into_iter()
            .max_by_key(|path| iteration_of(path))
            .unwrap()
    }

    #[test]
    fn the_newest_is_read_and_the_oldest_replaced() {
        let (_directory, trial) = trial();
        assert_eq!(read_newest(&trial), None);
        for iteration in [0, 10, 20, 30, 40] {
            write(&trial, iteration, &[&iteration.to_le_bytes()]).unwrap();
            let expected = (iteration, iteration.to_le_bytes().to_vec());
            assert_eq!(read_newest(&trial), Some(expected));
        }
        let mut kept = GENERATIONS.map(|generation| iteration_of(&trial.checkpoint(generation)));
        kept.sort_unstable();
        assert_eq!(kept, [Some(30), Some(40)]);
        assert_eq!(fs::read_dir(trial.root()).unwrap().count(), 2);
        remove(&trial).unwrap();
        remove(&trial).unwrap();
        assert_eq!(read_newest(&trial), None);
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
                read_newest(&trial),
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
                read_newest(&trial),
                Some((1, b"older".to_vec())),
                "{length}"
            );
        }
        fs::write(&path, [whole.as_slice(), b"x"].concat()).unwrap();
        assert_eq!(read_newest(&trial), Some((1, b"older".to_vec())));
        // The next checkpoint takes the place of the damaged one, not of the good one.
        write(&trial, 3, &[b"next"]).unwrap();
        assert_eq!(read_newest(&trial), Some((3, b"next".to_vec())));
        fs::remove_file(&path).unwrap();
        assert_eq!(read_newest(&trial), Some((1, b"older".to_vec())));
    }
}
