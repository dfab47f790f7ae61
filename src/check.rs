//! What is wrong with the value of a setting, and the ranges that settings of several rooms have.
//!
//! Every type of settings has a `check` of its own beside it. It names a setting as its type does (`gamma`, `conv.stride`,
//! `weight_decay[1]`); whoever reads the type from a larger map says so with [`OutOfRange::within`].

use std::fmt::{self, Display};

use thiserror::Error;

/// A value out of its range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfRange {
    /// The setting within its type, with list positions as in `weight_decay[1]`.
    pub path: String,
    /// The value; none: the setting is missing.
    pub value: Option<String>,
    /// What is allowed.
    pub allowed: String,
    /// Another setting of the type that `allowed` names, if it does.
    beside: Option<&'static str>,
}

impl OutOfRange {
    /// A value that is not allowed.
    pub(crate) fn new(
        path: impl Into<String>,
        value: impl Display,
        allowed: impl Into<String>,
    ) -> Self {
        Self {
            path: path.into(),
            value: Some(value.to_string()),
            allowed: allowed.into(),
            beside: None,
        }
    }

    /// A setting that must be given.
    pub(crate) fn missing(path: impl Into<String>, allowed: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            value: None,
            allowed: allowed.into(),
            beside: None,
        }
    }

    /// The first time that `allowed` says `setting`, it means the setting of that name.
    pub(crate) fn naming(self, setting: &'static str) -> Self {
        Self {
            beside: Some(setting),
            ..self
        }
    }

    /// The same, with settings named as those of a map: `gamma` within `solver` is `solver.gamma`.
    #[must_use]
    pub fn within(self, map: &str) -> Self {
        let allowed = match self.beside {
            Some(name) => self.allowed.replacen(name, &format!("{map}.{name}"), 1),
            None => self.allowed,
        };
        Self {
            path: format!("{map}.{}", self.path),
            value: self.value,
            allowed,
            beside: None,
        }
    }
}

impl Display for OutOfRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            value,
            allowed,
            ..
        } = self;
        match value {
            Some(value) => write!(formatter, "{path}: {value} is not allowed ({allowed})"),
            None => write!(formatter, "{path}: is missing: {allowed}"),
        }
    }
}

impl std::error::Error for OutOfRange {}

/// A setting that cannot be used with the shapes it meets.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SettingError {
    /// Whatever the shapes are.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// With these shapes.
    #[error("{field}: {problem}")]
    DoesNotFit {
        /// The setting within its type.
        field: &'static str,
        /// What is wrong, what is allowed, and what to do.
        problem: String,
    },
}

impl SettingError {
    pub(crate) fn does_not_fit(field: &'static str, problem: impl Into<String>) -> Self {
        Self::DoesNotFit {
            field,
            problem: problem.into(),
        }
    }
}

/// What a check of one setting gives.
pub(crate) type Checked = Result<(), OutOfRange>;

/// Refuses a value unless something holds.
pub(crate) fn require(
    holds: bool,
    path: &str,
    value: impl Display,
    allowed: impl Into<String>,
) -> Checked {
    if holds {
        return Ok(());
    }
    Err(OutOfRange::new(path, value, allowed))
}

/// A finite number above 0.
pub(crate) fn positive(value: f64, path: &str) -> Checked {
    let allowed = if value.is_finite() {
        "a number > 0"
    } else {
        "a finite number > 0"
    };
    require(value.is_finite() && value > 0.0, path, value, allowed)
}

/// A number of things of which there must be some.
pub(crate) fn at_least_one(value: usize, path: &str) -> Checked {
    require(value >= 1, path, value, "a whole number >= 1")
}

/// A share of something of which some must be left.
pub(crate) fn share(value: f64, path: &str) -> Checked {
    require(
        (0.0..1.0).contains(&value),
        path,
        value,
        "a number in [0, 1)",
    )
}

/// A list that must have one entry for each of several things.
pub(crate) fn length(
    found: usize,
    expected: usize,
    path: &str,
    allowed: impl Into<String>,
) -> Checked {
    require(
        found == expected,
        path,
        format!("a list of {found}"),
        allowed,
    )
}

/// Dense iterations: none, or fewer than there are.
pub(crate) fn compress_after(dense: usize, iterations: usize) -> Checked {
    let allowed = format!("less than iterations, which is {iterations}");
    require(
        dense == 0 || dense < iterations,
        "compress_after",
        dense,
        allowed,
    )
    .map_err(|found| found.naming("iterations"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_named_as_those_of_the_map_that_holds_them() {
        let found =
            OutOfRange::new("late", 7, "less than end, which is 5, or the end").naming("end");
        assert_eq!(
            found.to_string(),
            "late: 7 is not allowed (less than end, which is 5, or the end)"
        );
        assert_eq!(
            found.within("solver").to_string(),
            "solver.late: 7 is not allowed (less than solver.end, which is 5, or the end)"
        );
    }
}
