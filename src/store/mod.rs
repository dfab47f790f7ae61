//! The run directory: the only thing that the producing side and the showing side share.
//!
//! | module | what |
//! |---|---|
//! | `layout` | where everything lies |
//! | `directories` | made so that nobody else steers what is written |
//! | `records` | what is written and read |
//! | `read` | the one way into the files: regular ones of bounded size, no links, no waiting |
//! | `publish` | files that appear whole or not at all |
//! | `trials` | `trials.csv` |
//! | `results` | `result.json` |
//! | `rows` | `iterations.csv`, `layers.csv` |
//! | `journal` | what happened to which trial |
//! | `checkpoint` | where a trial goes on after a crash |
//! | `provenance` | where the numbers come from |
//! | `lock`, `runner` | at most one runner; whether it lives |
//! | `hold` | whether a path still means what it meant |
//! | `workers`, `attempts` | workers that share a run; how the first result of a trial wins |
//! | `gather` | `trials.csv` from the results of workers |
//! | `submission`, `queue` | what was given to a queueing system; what that says of it |
//! | `control` | commands to the runner |
//! | `follow` | all of it for viewers, as it grows |
//!
//! Each file has one writer. Readers need no right to write and survive whatever a killed writer leaves.

mod append;
mod attempts;
pub mod checkpoint;
pub mod control;
mod directories;
mod error;
mod follow;
mod gather;
mod hold;
mod journal;
mod layout;
mod lock;
mod measured;
mod process;
mod provenance;
mod publish;
mod queue;
mod read;
pub mod records;
mod results;
mod rows;
mod runner;
mod submission;
mod tail;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod trials;
mod workers;

pub use control::{Command, send, take};
pub use error::StoreError;
pub use follow::{RunFollower, RunUpdate};
pub use hold::Hold;
pub use journal::{Journal, read_journal};
pub use layout::{RunDirectory, TrialDirectory, valid_run_name};
pub use lock::{Holder, RunnerLock, holder};
pub use measured::{IterationRecord, LayerRecord, TrialRow};
pub use process::{host_name, rfc3339_utc, unix_seconds};
pub use provenance::Provenance;
pub use publish::{publish, publish_first, sweep_temporaries};
pub use queue::{QueueNews, QueueTask, TaskState};
pub use read::{last_lines, list, open_log, read_text};
pub use records::{
    RunnerState, RunnerStatus, TrialEvent, TrialEventKind, TrialResult, TrialStatus,
};
pub use rows::{IterationWriter, LayerWriter, Row, RowWriter};
pub use runner::{Liveness, Watch, first_look, liveness};
pub use submission::{PlanDirectory, Submission, SubmittedJob, share};
pub use trials::TrialTable;
pub use workers::{WORKER_HEARTBEAT, WorkerSeen, WorkerStatus, WorkersWatch};
