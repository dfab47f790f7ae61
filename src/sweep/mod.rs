//! Grid files, plans and the runner.

pub mod trial;

pub use trial::{Plan, Trial, TrialSettings};
