//! The files of the trial on the screen, read when they changed.

use std::fs;
use std::path::Path;

use super::state::Documents;
use crate::store::{TrialDirectory, last_lines};

/// Bytes of the log's end that are read.
const LOG_BYTES: u64 = 1 << 16;
/// Bytes among which the last line of a file is looked for.
const LAST_LINE_BYTES: u64 = 1 << 12;
/// Bytes of a configuration that are read: a real one has a few hundred.
const CONFIG_BYTES: u64 = 1 << 18;

/// Remembers what was read last.
#[derive(Debug, Default)]
pub(super) struct Reader {
    last: Option<(String, Option<u64>, Option<u64>)>,
}

impl Reader {
    /// The files of a trial, if they are others than at the last call or grew since.
    pub(super) fn read(&mut self, directory: &TrialDirectory, trial: &str) -> Option<Documents> {
        let length = |path: &Path| fs::metadata(path).ok().map(|data| data.len());
        let (config, log) = (directory.config(), directory.log());
        let now = (trial.to_owned(), length(&config), length(&log));
        if self.last.as_ref() == Some(&now) {
            return None;
        }
        self.last = Some(now);
        let log = last_lines(&log, LOG_BYTES);
        Some(Documents {
            trial: trial.to_owned(),
            config: last_lines(&config, CONFIG_BYTES),
            log: log.lines().map(str::to_owned).collect(),
        })
    }
}

/// The last line of a file that is not blank; empty if there is none.
pub(super) fn last_line(path: &Path) -> String {
    let text = last_lines(path, LAST_LINE_BYTES);
    let line = text.lines().rev().find(|line| !line.trim().is_empty());
    line.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::RunDirectory;

    #[test]
    fn a_long_log_is_read_from_its_end_and_only_when_it_grew() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let directory = RunDirectory::new(folder.path()).trial("abc");
        fs::create_dir_all(directory.root()).expect("the folder is writable");
        let lines: Vec<String> = (0..20_000).map(|line| format!("line {line}")).collect();
        fs::write(directory.log(), lines.join("\n")).expect("the folder is writable");
        let mut reader = Reader::default();
        let documents = reader
            .read(&directory, "abc")
            .expect("the first look reads");
        assert_eq!(documents.log.last().map(String::as_str), Some("line 19999"));
        assert!(documents.log.len() < 20_000);
        assert!(
            documents.log[0].starts_with("line "),
            "{}",
            documents.log[0]
        );
        assert_eq!(reader.read(&directory, "abc"), None);
        assert_eq!(last_line(&directory.log()), "line 19999");
        assert_eq!(last_line(&directory.config()), "");
    }
}
