//! Gradient methods, to compare with: the same data, networks and compression as the method of `bcd`.
//!
//! The networks are multilayer perceptrons with at most one convolution in front, so that the
//! backward pass is three products per layer. It is written out over `linalg` for what the rest of
//! the program promises and frameworks for automatic differentiation do not: the same numbers for any
//! number of threads, both precisions, and runs that go on from a checkpoint to the last digit.

mod checkpoint;
mod error;
mod optimizer;
mod pass;
mod problem;
pub mod settings;
mod trainer;
mod training;

pub use error::{Cause, TrainingError};
pub use optimizer::Steps;
pub use pass::batch_gradient;
pub use problem::TrainingProblem;
pub use settings::{Compress, GradientSettings, Optimizer};
pub use trainer::Trainer;
