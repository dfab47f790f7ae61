//! Grid files, plans and the runner.

pub mod budget;
mod check;
pub mod control;
pub mod data;
pub mod identity;
pub mod prepare;
pub mod progress;
pub mod record;
pub mod runner;
pub mod spec;
pub mod trial;
mod trial_files;
pub mod trial_run;

pub use budget::Budget;
pub use data::{DataSets, LoadedData};
pub use prepare::{PrepareError, PreparedTrial, prepare};
pub use progress::Progress;
pub use runner::{Interrupt, Moment, Summary, Sweep, run_sweep};
pub use spec::{GridError, plan_from_file, plan_from_text};
pub use trial::{Plan, Trial, TrialSettings};
