//! `log.txt` of a trial: what a user looks at when a trial did not do what it should.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use super::notice::Finding;
use crate::store::{StoreError, open_log, rfc3339_utc, unix_seconds};

/// The log of a trial.
pub(super) struct TrialLog {
    file: File,
}

impl TrialLog {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        open_log(path).map(|file| Self { file })
    }

    /// What is wrong with the trial or its network.
    pub(super) fn warn<'a>(&mut self, findings: impl IntoIterator<Item = &'a Finding>) {
        for finding in findings {
            self.line(&format!("warning: {finding}"));
        }
    }

    /// A log that cannot be written must not end the trial: the line is given up.
    pub(super) fn line(&mut self, text: &str) {
        let _ = writeln!(self.file, "{} {text}", rfc3339_utc(unix_seconds()));
    }
}
