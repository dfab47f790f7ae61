//! Why a run of the solver ends early.

use std::fmt;

use thiserror::Error;

use crate::compress::ProjectionError;
use crate::linalg::NotPositiveDefinite;
use crate::network::WeightsError;

/// A block of the split problem; layers are counted from 0 as in the grid file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// `W`
    Weight(usize),
    /// `U`
    PreActivation(usize),
    /// `V`
    Activation(usize),
    /// `Z`
    Compressed(usize),
    /// No single block: the objective.
    Objective,
    /// No single block: the weights at the start.
    Start,
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weight(layer) => write!(f, "the weight W of layer {layer}"),
            Self::PreActivation(layer) => write!(f, "the pre-activations U of layer {layer}"),
            Self::Activation(layer) => write!(f, "the activations V of layer {layer}"),
            Self::Compressed(layer) => write!(f, "the compressed weight Z of layer {layer}"),
            Self::Objective => write!(f, "the objective"),
            Self::Start => write!(f, "the start weights"),
        }
    }
}

/// The trial cannot go on.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("iteration {iteration}: {block}: {cause}")]
pub struct SolverError {
    /// The iteration in which it happened; 0 is the start.
    pub iteration: usize,
    /// The block whose update failed.
    pub block: Block,
    /// What happened.
    pub cause: Cause,
}

/// What went wrong in a block update.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Cause {
    /// NaN or infinity.
    #[error("non-finite values; try double precision, a larger alpha, or a smaller init scale")]
    NonFinite,
    /// A ridge system broke down.
    #[error("{0}; try double precision or a larger alpha")]
    NotPositiveDefinite(#[from] NotPositiveDefinite),
    /// A projection broke down.
    #[error("{0}; try double precision, a larger alpha, or a smaller init scale")]
    Projection(#[from] ProjectionError),
    /// The start is not that of the network.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

impl From<WeightsError> for SolverError {
    fn from(error: WeightsError) -> Self {
        Self {
            iteration: 0,
            block: Block::Start,
            cause: error.into(),
        }
    }
}
