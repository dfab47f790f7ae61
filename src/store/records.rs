//! Plain records: what is written to the run directory and read back from it.

use serde::{Deserialize, Serialize};

use super::measured::IterationRecord;

/// State of a trial as `trials.csv` names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrialStatus {
    /// Not started.
    #[default]
    Queued,
    /// Under way.
    Running,
    /// Has a result.
    Done,
    /// Ended with an error; the error column says which.
    Failed,
    /// Stopped or cancelled by the user; goes on from its checkpoint.
    Stopped,
}

/// `result.json`: appears atomically when the trial has ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrialResult {
    /// The trial.
    pub trial: String,
    /// `done`, `failed` or `stopped`.
    pub status: TrialStatus,
    /// Seed of the trial.
    pub seed: u64,
    /// The last iteration, if there was one.
    pub last: Option<IterationRecord>,
    /// Best test accuracy over the evaluated iterations in which compression took part.
    pub best_test_accuracy: Option<f64>,
    /// Share of zeros after dead units are removed.
    pub effective_sparsity: Option<f64>,
    /// Weights and biases of the dense network.
    pub params_dense: u64,
    /// Stored numbers of the deployed network.
    pub params_compressed: u64,
    /// Size of the dense network's tensors on disk, in bytes.
    pub bytes_dense: u64,
    /// Size of the deployed network's tensors on disk, in bytes.
    pub bytes_compressed: u64,
    /// Seconds of computing, restarts included.
    pub seconds: f64,
    /// Why the trial ended, in words.
    pub termination: String,
    /// Codes of what is wrong with the trial or its network ([`Notice`](crate::measure::Notice)), with spaces between; results of
    /// earlier versions say nothing.
    #[serde(default)]
    pub notices: String,
    /// The error of a failed trial.
    pub error: Option<String>,
    /// SHA-256 of `model.safetensors`, in hexadecimal; results of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_sha256: Option<String>,
}

/// What happens to a trial, in the runner's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum TrialEventKind {
    /// The trial waits for its turn (again).
    Queued,
    /// The trial has begun, or goes on from a checkpoint.
    Started {
        /// First iteration that this start computes (0: from the beginning).
        from_iteration: u64,
        /// Iterations that the trial will do.
        iterations: u64,
    },
    /// Paused by the user.
    Paused,
    /// Goes on.
    Resumed,
    /// A result was published.
    Ended {
        /// `done`, `failed` or `stopped`.
        status: TrialStatus,
        /// The error of a failed trial.
        error: Option<String>,
    },
}

/// One line of `journal/<host>-<pid>.jsonl`. Each runner or worker writes a journal of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialEvent {
    /// Unix time in seconds.
    pub at: f64,
    /// The trial.
    pub trial: String,
    /// What happened.
    #[serde(flatten)]
    pub kind: TrialEventKind,
}

/// What a runner is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunnerState {
    /// Reading data, planning.
    #[default]
    Starting,
    /// Running trials.
    Running,
    /// All trials are paused.
    Paused,
    /// Finishing current iterations, writing checkpoints.
    Stopping,
    /// Over.
    Ended,
}

/// `runner.json`: rewritten atomically by the runner every second (its heartbeat).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunnerStatus {
    /// What it is doing.
    pub state: RunnerState,
    /// Host name.
    pub host: String,
    /// Process id.
    pub pid: u32,
    /// Unix time of the start, in seconds.
    pub started_at: f64,
    /// The time of this status: `started_at` and the seconds that have passed since.
    pub updated_at: f64,
    /// Trials that may run at once.
    pub jobs: u64,
    /// Threads of the whole run.
    pub threads: u64,
    /// Trials in the plan.
    pub trials: u64,
    /// CPU seconds used so far by the process.
    pub cpu_seconds: f64,
    /// Resident memory of the process, in bytes.
    pub memory_bytes: u64,
    /// Bytes written to the run directory so far.
    pub bytes_written: u64,
    /// Why it ended, or what it waits for; empty if there is nothing to say.
    pub message: String,
}
