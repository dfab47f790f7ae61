//! What the methods share: the samples that they train on, settings that every method has, the byte
//! form of a checkpoint, and what a method offers to whoever runs it.

mod checkpoint;
mod data;
mod method;
mod problem;
mod settings;

pub(crate) use checkpoint::{Arrays, read_header, require_form};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use data::{GLANCE, Samples, TrainingData};
pub use method::{IterationError, LayerMeasurement, Measurement, Training};
pub use problem::ProblemError;
pub(crate) use problem::check_shapes;
pub use settings::{Precision, WeightDecay};
