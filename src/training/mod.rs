//! What the methods share: the samples that they train on, and settings that every method has.

mod data;
mod settings;

pub use data::{Samples, TrainingData};
pub use settings::{Precision, WeightDecay};
