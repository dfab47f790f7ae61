//! The method: NN-BCD itself.

pub mod settings;

pub use settings::{Coupling, Precision, SolverSettings, StopSettings, WeightDecay};
