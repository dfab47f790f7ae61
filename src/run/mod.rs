//! A plan at work: data loaded, trials prepared, run on all cores or shared by workers, results kept.

pub mod budget;
pub mod control;
pub mod cost;
pub mod data;
mod memory_limit;
mod method;
pub mod notice;
pub mod prepare;
pub mod progress;
pub mod record;
pub mod runner;
pub mod shard;
pub mod trial_error;
mod trial_files;
mod trial_log;
pub mod trial_run;

pub use budget::Budget;
pub use control::Interrupt;
pub use data::{DataSets, LoadedData};
pub use prepare::{PrepareError, PreparedTrial, StartFiles, prepare};
pub use progress::{Progress, take_stock};
pub use runner::{Moment, Summary, Sweep, run_sweep};
pub use shard::{Shard, ShardEvent, Share, run_shard};
