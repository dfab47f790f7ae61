//! Grid file text to plan.

use std::path::Path;

use crate::sweep::{Plan, TrialSettings};

mod error;

pub use error::GridError;

/// Reads a grid file and expands it.
///
/// # Errors
/// When the file cannot be read or used: the message names line, column, field, value, allowed range and a remedy.
pub fn plan_from_file(path: &Path) -> Result<Plan, GridError> {
    Err(GridError::new(format!(
        "{}: cannot be read",
        path.display()
    )))
}

/// Expands the text of a grid file. `origin` is the file that messages name; its stem is the default name, its
/// directory the base of relative paths.
///
/// # Errors
/// When the text cannot be used: the message names line, column, field, value, allowed range and a remedy.
pub fn plan_from_text(text: &str, origin: &Path) -> Result<Plan, GridError> {
    let _ = text;
    plan_from_file(origin)
}

impl TrialSettings {
    /// First 12 hex digits of the SHA-256 of the normalized settings.
    pub fn id(&self) -> String {
        String::new()
    }

    /// The settings as `config.yaml` holds them.
    pub fn to_yaml(&self) -> String {
        String::new()
    }

    /// Reads what [`TrialSettings::to_yaml`] wrote.
    ///
    /// # Errors
    /// As [`plan_from_text`].
    pub fn from_yaml(text: &str) -> Result<Self, GridError> {
        Err(GridError::new(text.to_owned()))
    }

    /// Settings that the trial does not use are reset to their defaults.
    #[must_use]
    pub fn normalized(self) -> Self {
        self
    }
}
