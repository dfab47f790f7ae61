//! Files as they are stored: found under one of their names, hashed, unpacked while being read.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::dataset::SourceFile;
use super::error::{DataError, shown};
use super::npz;
use super::sniff::{self, Kind};
use super::zstd::ZstdReader;

/// Longest row of a text file, in bytes: room for half a million features, and a bound on what a
/// file without line ends (or a gzip bomb) can make a reader hold.
pub(super) const LONGEST_ROW: u64 = 16 << 20;

/// First bytes of gzip data.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// First bytes of Zstandard data.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Endings of packed files.
const PACKED: [&str; 2] = ["gz", "zst"];

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
    /// as it is and with `.gz` and `.zst` appended (or, where the name has one of them, removed). Where a directory has the
    /// name, the file of this name in it is meant: so archives are unpacked at times.
    pub(super) fn open(base: &Path, names: &[PathBuf], remedy: &str) -> Result<Self, DataError> {
        let candidates: Vec<PathBuf> = names.iter().flat_map(|name| other_names(name)).collect();
        for candidate in &candidates {
            let mut given = candidate.clone();
            let mut path = located(base, &given);
            if let (true, Some(name)) = (path.is_dir(), candidate.file_name()) {
                given.push(name);
                path.push(name);
            }
            match read(&path) {
                Ok(bytes) => {
                    let file = Self {
                        given,
                        path,
                        bytes: bytes.into(),
                    };
                    file.refuse_foreign()?;
                    return Ok(file);
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
            tried: candidates.iter().map(|name| located(base, name)).collect(),
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

    /// The content, unpacked if it begins like gzip or Zstandard data (whatever the name says).
    pub(super) fn reader(&self) -> Box<dyn BufRead + '_> {
        if self.bytes.starts_with(&GZIP_MAGIC) {
            Box::new(BufReader::new(MultiGzDecoder::new(&*self.bytes)))
        } else if self.bytes.starts_with(&ZSTD_MAGIC) {
            Box::new(BufReader::new(ZstdReader::new(&self.bytes)))
        } else {
            Box::new(&*self.bytes)
        }
    }

    /// The first bytes of the content, at most `count`. What cannot be unpacked is left to the reader to complain about.
    pub(super) fn start(&self, count: u64) -> Vec<u8> {
        let mut start = Vec::new();
        let _ = self.reader().take(count).read_to_end(&mut start);
        start
    }

    /// The whole content, unpacked; not copied where it is stored as it is.
    pub(super) fn content_bytes(&self) -> Result<Cow<'_, [u8]>, DataError> {
        let is_packed = self.bytes.starts_with(&GZIP_MAGIC) || self.bytes.starts_with(&ZSTD_MAGIC);
        if !is_packed {
            return Ok(Cow::Borrowed(&self.bytes));
        }
        let mut bytes = Vec::new();
        self.reader()
            .read_to_end(&mut bytes)
            .map_err(|error| self.damaged(error))?;
        Ok(Cow::Owned(bytes))
    }

    /// The same file with another content: what its text means.
    pub(super) fn holding(self, bytes: Vec<u8>) -> Self {
        Self {
            bytes: bytes.into(),
            ..self
        }
    }

    /// The error for a file that is of another kind.
    pub(super) fn foreign(&self, kind: &sniff::Foreign) -> DataError {
        let allowed = "a table, arrays, or files of a known data set (docs/data.md)";
        self.content(None, "the file", kind.name, allowed, kind.remedy)
    }

    fn refuse_foreign(&self) -> Result<(), DataError> {
        match sniff::kind(&self.start(64)) {
            Kind::Foreign(kind) => Err(self.foreign(kind)),
            Kind::Zip => match npz::refused_archive(&self.content_bytes()?) {
                Some(kind) => Err(self.foreign(kind)),
                None => Ok(()),
            },
            Kind::Npy | Kind::Unknown => Ok(()),
        }
    }

    /// The error for content that cannot be unpacked.
    pub(super) fn damaged(&self, source: io::Error) -> DataError {
        DataError::Unreadable {
            path: self.path.clone(),
            source,
            remedy: "the packed data are damaged or truncated: download the file again",
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

/// Names under which a file may be packed or not: as given, and with the endings of packed files, or without one.
fn other_names(name: &Path) -> Vec<PathBuf> {
    let has_ending = |ending: &&str| name.extension().is_some_and(|found| found == *ending);
    let mut names = vec![name.to_owned()];
    if PACKED.iter().any(has_ending) {
        names.push(name.with_extension(""));
        return names;
    }
    for ending in PACKED {
        let mut longer = name.as_os_str().to_owned();
        longer.push(".");
        longer.push(ending);
        names.push(longer.into());
    }
    names
}

/// A path of the settings from the base directory on; `~` is the home directory.
pub(super) fn located(base: &Path, path: &Path) -> PathBuf {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => base.join(path),
    }
}
