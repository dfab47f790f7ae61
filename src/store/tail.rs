//! Reading a file of lines while another process writes it.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::error::StoreError;
use super::read::{ROWS, open, read_rest};

/// The bytes up to and with the last line end: a torn last line is left out.
pub(super) fn whole_lines(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|&byte| byte == b'\n');
    &bytes[..end.map_or(0, |end| end + 1)]
}

/// What one look at a file says about its content without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    /// `None`: there is no such regular file, or it cannot be seen.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::symlink_metadata(path)
            .ok()
            .filter(fs::Metadata::is_file)?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }

    fn same_file(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }
}

/// New whole lines of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lines {
    /// The file was cut or replaced: these lines are its content from the start.
    pub(super) restarted: bool,
    /// The lines, each with its end.
    pub(super) bytes: Vec<u8>,
}

/// A reader that remembers how far it has read.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    stamp: Option<Stamp>,
    offset: u64,
    /// The last line read. If it is no longer there, the file has been cut and has grown again.
    last_line: Vec<u8>,
}

impl Tail {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            stamp: None,
            offset: 0,
            last_line: Vec::new(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The lines that have come since the last call; `None`: nothing new. Without change one look at the file.
    pub(super) fn poll(&mut self) -> Option<Lines> {
        let stamp = Stamp::of(&self.path)?;
        if self.stamp == Some(stamp) {
            return None;
        }
        let replaced = self
            .stamp
            .is_some_and(|before| !before.same_file(&stamp) || stamp.length < self.offset);
        // Read again at the next call if this one fails: the stamp is kept only after success.
        let lines = self
            .read(replaced)
            .inspect_err(|error| tracing::debug!("{error}"))
            .ok()??;
        self.stamp = Some(stamp);
        (lines.restarted || !lines.bytes.is_empty()).then_some(lines)
    }

    fn read(&mut self, replaced: bool) -> Result<Option<Lines>, StoreError> {
        let failed = |error: std::io::Error| StoreError::io(&self.path, "read", &error);
        let Some(mut file) = open(&self.path)? else {
            return Ok(None);
        };
        let mut restarted = replaced;
        if !restarted && self.offset > 0 {
            restarted = !self.stands_after_last_line(&mut file).map_err(failed)?;
        }
        if restarted {
            file.seek(SeekFrom::Start(0)).map_err(failed)?;
            self.offset = 0;
        }
        let mut bytes = read_rest(&mut file, &self.path, ROWS)?;
        bytes.truncate(whole_lines(&bytes).len());
        self.offset += bytes.len() as u64;
        if restarted || !bytes.is_empty() {
            self.last_line = last_line(&bytes).to_vec();
        }
        Ok(Some(Lines { restarted, bytes }))
    }

    /// Moves to the offset; whether the line before it is the one that was read last.
    fn stands_after_last_line(&self, file: &mut File) -> std::io::Result<bool> {
        let length = self.last_line.len() as u64;
        file.seek(SeekFrom::Start(self.offset - length))?;
        let mut found = Vec::new();
        file.by_ref().take(length).read_to_end(&mut found)?;
        Ok(found == self.last_line)
    }
}

fn last_line(lines: &[u8]) -> &[u8] {
    let body = lines.strip_suffix(b"\n").unwrap_or(lines);
    let start = body.iter().rposition(|&byte| byte == b'\n');
    &lines[start.map_or(0, |start| start + 1)..]
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::io::Write;

    use super::super::read::read;
    use super::*;

    fn lines(restarted: bool, text: &str) -> Lines {
        Lines {
            restarted,
            bytes: text.as_bytes().to_vec(),
        }
    }

    fn append(path: &Path, text: &str) {
        let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn what_never_ends_or_begins_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        for path in [&pipe, Path::new("/dev/zero"), directory.path()] {
            let error = read(path, ROWS).unwrap_err().to_string();
            assert!(error.contains("is not a regular file"), "{error}");
            let mut tail = Tail::new(path.to_path_buf());
            assert_eq!(tail.poll(), None);
        }
    }

    #[test]
    fn only_whole_lines_and_each_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        let mut tail = Tail::new(path.clone());
        assert_eq!(tail.poll(), None);
        fs::write(&path, "").unwrap();
        assert_eq!(tail.poll(), None);
        append(&path, "one\ntw");
        assert_eq!(tail.poll(), Some(lines(false, "one\n")));
        assert_eq!(tail.poll(), None);
        append(&path, "o");
        assert_eq!(tail.poll(), None);
        append(&path, "\nthree\n");
        assert_eq!(tail.poll(), Some(lines(false, "two\nthree\n")));
        assert_eq!(tail.poll(), None);
    }

    #[test]
    fn a_cut_file_starts_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        let mut tail = Tail::new(path.clone());
        fs::write(&path, "one\ntwo\nthree\n").unwrap();
        tail.poll();
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(4).unwrap();
        assert_eq!(tail.poll(), Some(lines(true, "one\n")));
        append(&path, "four\n");
        assert_eq!(tail.poll(), Some(lines(false, "four\n")));
        file.set_len(0).unwrap();
        assert_eq!(tail.poll(), Some(lines(true, "")));
        append(&path, "five\n");
        assert_eq!(tail.poll(), Some(lines(false, "five\n")));
    }

    #[test]
    fn a_file_cut_and_grown_past_the_offset_starts_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        let mut tail = Tail::new(path.clone());
        fs::write(&path, "one\ntwo\n").unwrap();
        tail.poll();
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(4).unwrap();
        append(&path, "TWO\nthree\n");
        assert_eq!(tail.poll(), Some(lines(true, "one\nTWO\nthree\n")));
    }

    #[test]
    fn a_replaced_file_starts_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        let mut tail = Tail::new(path.clone());
        fs::write(&path, "one\n").unwrap();
        tail.poll();
        let other = directory.path().join("y");
        fs::write(&other, "one\ntwo\n").unwrap();
        fs::rename(&other, &path).unwrap();
        assert_eq!(tail.poll(), Some(lines(true, "one\ntwo\n")));
    }
}
