//! Why training ends early.

use thiserror::Error;

use crate::compress::ProjectionError;
use crate::network::WeightsError;

/// The trial cannot go on.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("iteration {epoch}: {cause}")]
pub struct TrainingError {
    /// The epoch in which it happened; 0 is the start.
    pub epoch: usize,
    /// What happened.
    pub cause: Cause,
}

/// What went wrong; layers are counted from 0 as in the grid file.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Cause {
    /// NaN or infinity among the weights.
    #[error(
        "the weight of layer {0}: non-finite values; try a smaller learning_rate or init scale"
    )]
    Weight(usize),
    /// NaN or infinity in the objective, with finite weights.
    #[error("the objective: non-finite value; try a smaller learning_rate or init scale")]
    Objective,
    /// A projection broke down.
    #[error("the weight of layer {0}: {1}; try a smaller learning_rate or init scale")]
    Projection(usize, ProjectionError),
    /// The start is not that of the network.
    #[error("the start weights: {0}")]
    Start(#[from] WeightsError),
}
