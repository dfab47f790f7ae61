//! The message for a grid file that cannot be used.

use std::fmt;

/// Why a grid file (or a trial's `config.yaml`) cannot be used. `Display` is the whole final message: file, line,
/// column, field, value, what is allowed, the source line with a caret, and a remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridError {
    message: String,
}

impl GridError {
    pub(super) fn new(message: String) -> Self {
        Self { message }
    }
}

impl fmt::Display for GridError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for GridError {}
