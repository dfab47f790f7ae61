//! Files as they are stored: found under one of their names, hashed, unpacked while being read.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::dataset::SourceFile;
use super::error::{DataError, shown};

/// Longest row of a text file, in bytes: room for half a million features, and a bound on what a
/// file without line ends (or a gzip bomb) can make a reader hold.
pub(super) const LONGEST_ROW: u64 = 16 << 20;

/// First bytes of gzip data.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// SHA-256 of what a file holds, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .into_iter()
        .flat_map(|byte| [byte >> 4, byte & 0xf])
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .collect()
}

/// A file with its bytes as stored.
///
/// Compressed files are unpacked as a stream, so what a reader holds is what it has understood so
/// far, and deflate unpacks a byte to at most 1,032.
pub(super) struct StoredFile {
    /// Path as given in the settings, with the ending that was found.
    given: PathBuf,
    /// The same from the base directory on: what messages name.
    path: PathBuf,
    bytes: Cow<'static, [u8]>,
}

impl StoredFile {
    /// Reads the first file that exists among `names` (relative to `base`), each of them tried
    /// as it is and with `.gz` appended (or, where the name has it, removed).
    pub(super) fn open(base: &Path, names: &[PathBuf], remedy: &str) -> Result<Self, DataError> {
        let candidates: Vec<PathBuf> = names
            .iter()
            .flat_map(|name| [name.clone(), other_name(name)])
            .collect();
        for given in &candidates {
            let path = base.join(given);
            match read(&path) {
                Ok(bytes) => {
                    return Ok(Self {
                        given: given.clone(),
                        path,
                        bytes: bytes.into(),
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => {
                    return Err(DataError::Unreadable {
                        path,
                        source,
                        remedy: "give a regular file that you may read",
                    });
                }
            }
        }
        Err(DataError::Missing {
            path: names[0].clone(),
            tried: candidates.iter().map(|name| base.join(name)).collect(),
            remedy: remedy.to_owned(),
        })
    }

    /// A file that is part of the program.
    pub(super) fn embedded(name: &str, bytes: &'static [u8]) -> Self {
        Self {
            given: name.into(),
            path: name.into(),
            bytes: bytes.into(),
        }
    }

    /// A file that a test makes up.
    #[cfg(test)]
    pub(super) fn in_memory(name: &str, bytes: Vec<u8>) -> Self {
        Self {
            given: name.into(),
            path: name.into(),
            bytes: bytes.into(),
        }
    }

    /// Name and checksum.
    pub(super) fn source(&self) -> SourceFile {
        SourceFile {
            path: self.given.clone(),
            sha256: sha256(&self.bytes),
        }
    }

    /// The path that messages name.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The content, unpacked if it begins like gzip data (whatever the name says).
    pub(super) fn reader(&self) -> Box<dyn BufRead + '_> {
        if self.is_compressed() {
            Box::new(BufReader::new(MultiGzDecoder::new(&*self.bytes)))
        } else {
            Box::new(&*self.bytes)
        }
    }

    fn is_compressed(&self) -> bool {
        self.bytes.starts_with(&GZIP_MAGIC)
    }

    /// The error for content that cannot be unpacked.
    pub(super) fn damaged(&self, source: io::Error) -> DataError {
        DataError::Unreadable {
            path: self.path.clone(),
            source,
            remedy: "the gzip data are damaged or truncated: download the file again",
        }
    }

    /// The error for content that is not allowed.
    pub(super) fn content(
        &self,
        line: Option<u64>,
        field: impl Into<Box<str>>,
        value: impl Into<Box<str>>,
        allowed: impl Into<Box<str>>,
        remedy: impl Into<Box<str>>,
    ) -> DataError {
        DataError::Content {
            path: self.path.clone(),
            line,
            field: field.into(),
            value: value.into(),
            allowed: allowed.into(),
            remedy: remedy.into(),
        }
    }

    /// The finite number that `text` writes; `place` gives line and field for the error.
    pub(super) fn number(
        &self,
        text: &[u8],
        place: impl FnOnce() -> (u64, String),
    ) -> Result<f64, DataError> {
        std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse().ok())
            .filter(|value: &f64| value.is_finite())
            .ok_or_else(|| {
                let (line, field) = place();
                self.content(
                    Some(line),
                    field,
                    shown(text),
                    "a finite number",
                    "correct the value, or leave out its row or column",
                )
            })
    }
}

/// The bytes of a regular file. Anything else (a pipe, a device) might never end.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The name with `.gz` appended, or without it where it is there.
fn other_name(name: &Path) -> PathBuf {
    if name.extension().is_some_and(|extension| extension == "gz") {
        return name.with_extension("");
    }
    let mut longer = name.as_os_str().to_owned();
    longer.push(".gz");
    longer.into()
}
