//! What can be wrong with a model file.

use std::io;
use std::path::{Path, PathBuf};

use safetensors::SafeTensorError;
use thiserror::Error;

/// A file that cannot be read as a model or as start weights.
#[derive(Debug, Error)]
#[error("{}{problem}", prefix(self.path.as_deref()))]
pub struct ModelFileError {
    /// The file, where the content came from one.
    pub path: Option<PathBuf>,
    /// What is wrong with it.
    #[source]
    pub problem: Box<ModelFileProblem>,
}

fn prefix(path: Option<&Path>) -> String {
    path.map_or_else(String::new, |path| format!("{}: ", path.display()))
}

/// What is wrong with a model file.
#[derive(Debug, Error)]
pub enum ModelFileProblem {
    /// The file cannot be opened or read.
    #[error("cannot be read ({0}); give a regular file that you may read")]
    Unreadable(io::Error),
    /// The bytes are not safetensors.
    #[error(
        "not a complete safetensors file ({0}); write it with safetensors.torch.save_file or \
         safetensors.numpy.save_file (torch.save makes another format)"
    )]
    NotSafetensors(SafeTensorError),
    /// The description is longer than the format allows.
    #[error("the model cannot be written ({0}); shorten the names of the classes or the settings")]
    Unwritable(SafeTensorError),
    /// The description that makes a model of the tensors is missing.
    #[error(
        "no description under the metadata key `nnbcd`; only model.safetensors of a trial is a \
         model (weights from elsewhere can start a training: model.init.weights)"
    )]
    NoDescription,
    /// A part of the description is wrong.
    #[error("description, {field}: {problem}")]
    Description {
        /// The key within the description.
        field: String,
        /// What is wrong and what is allowed.
        problem: String,
    },
    /// A tensor is missing.
    #[error("tensor `{tensor}` {expected:?} is missing; {remedy}. The file has: {present}")]
    Missing {
        /// Its name.
        tensor: String,
        /// Its shape.
        expected: Vec<usize>,
        /// Names and shapes of the tensors that are there.
        present: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A tensor has the wrong shape.
    #[error("tensor `{tensor}` has the shape {found:?}; expected is {expected}")]
    Shape {
        /// Its name.
        tensor: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape that it should have.
        expected: String,
    },
    /// A tensor holds numbers of another type.
    #[error("tensor `{tensor}` has the type {found}; allowed are {allowed}")]
    Type {
        /// Its name.
        tensor: String,
        /// Its type.
        found: String,
        /// The types that can be read.
        allowed: &'static str,
    },
    /// A tensor holds a value that is not allowed.
    #[error("tensor `{tensor}`: {problem}")]
    Value {
        /// Its name.
        tensor: String,
        /// The value, what is allowed, and what to do.
        problem: String,
    },
    /// A tensor has no place in the network.
    #[error("tensor `{tensor}` has no place in the network: {remedy}")]
    Unexpected {
        /// Its name.
        tensor: String,
        /// What to do.
        remedy: String,
    },
}

impl ModelFileError {
    /// The same error with the name of the file.
    pub(super) fn at(mut self, path: &Path) -> Self {
        self.path = Some(path.to_owned());
        self
    }
}

impl From<ModelFileProblem> for ModelFileError {
    fn from(problem: ModelFileProblem) -> Self {
        Self {
            path: None,
            problem: Box::new(problem),
        }
    }
}

/// The error for the field of a description.
pub(super) fn description(field: impl Into<String>, problem: impl Into<String>) -> ModelFileError {
    ModelFileProblem::Description {
        field: field.into(),
        problem: problem.into(),
    }
    .into()
}

/// The error for a value in a tensor.
pub(super) fn value(tensor: &str, problem: impl Into<String>) -> ModelFileError {
    ModelFileProblem::Value {
        tensor: tensor.into(),
        problem: problem.into(),
    }
    .into()
}
