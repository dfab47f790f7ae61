//! Grid files, plans and the runner.

pub mod budget;
mod check;
pub mod control;
pub mod cost;
pub mod data;
mod fields;
pub mod identity;
mod memory_limit;
mod method;
pub mod prepare;
pub mod progress;
pub mod record;
pub mod runner;
pub mod shard;
pub mod spec;
mod training;
pub mod trial;
mod trial_files;
pub mod trial_run;

pub use budget::Budget;
pub use data::{DataSets, LoadedData};
pub use method::{MethodName, MethodSettings};
pub use prepare::{PrepareError, PreparedTrial, prepare};
pub use progress::{Progress, take_stock};
pub use runner::{Interrupt, Moment, Summary, Sweep, run_sweep};
pub use shard::{Shard, ShardEvent, Share, run_shard};
pub use spec::{GridError, plan_from_file, plan_from_text};
pub use training::Training;
pub use trial::{Plan, Trial, TrialSettings};
