//! Grid files, plans and the runner.

mod check;
pub mod identity;
pub mod spec;
pub mod trial;

pub use spec::{GridError, plan_from_file, plan_from_text};
pub use trial::{Plan, Trial, TrialSettings};
