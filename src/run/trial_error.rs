//! Why a trial ended without a result, or with an error as its result.

use thiserror::Error;

use crate::network::ModelFileError;
use crate::store::StoreError;
use crate::training::{CheckpointError, IterationError, ProblemError};

/// What is said where the system has no more threads.
pub const NO_THREADS: &str =
    "no more threads can be started (see ulimit -u; --threads and --jobs ask for fewer)";

/// Why a trial failed.
#[derive(Debug, Error)]
pub enum TrialError {
    /// The parts of the trial do not fit together.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// The method gave up.
    #[error(transparent)]
    Method(#[from] IterationError),
    /// A checkpoint is of another problem.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Something could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The start weights do not fit, or the model cannot be described.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// No thread pool.
    #[error("{NO_THREADS}: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// No thread for the trial.
    #[error("{NO_THREADS}: {0}")]
    Thread(std::io::Error),
    /// A mistake in this program, with what it said.
    #[error("panicked: {0}")]
    Panicked(String),
}

impl TrialError {
    /// Whether the machine is in the way (a full disk, no threads) and not the trial, which might end well elsewhere or
    /// later.
    pub(super) fn is_of_the_machine(&self) -> bool {
        match self {
            Self::Store(_) | Self::Threads(_) | Self::Thread(_) => true,
            Self::Problem(_)
            | Self::Method(_)
            | Self::Checkpoint(_)
            | Self::Model(_)
            | Self::Panicked(_) => false,
        }
    }
}
