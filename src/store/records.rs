//! Plain records: what is written to the run directory and read back from it.

use serde::{Deserialize, Serialize};

use crate::measure::Quantity;

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

/// One row of `iterations.csv`. Row 0 is the state before the first iteration.
///
/// Field order is column order. `None`: not measured in this iteration (an empty cell). Files without the last five columns
/// are read as if these were empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IterationRecord {
    /// Passes over all blocks so far.
    pub iteration: u64,
    /// Seconds of computing since the start of the trial, restarts included.
    pub seconds: f64,
    /// F at the end of the iteration.
    pub objective: f64,
    /// `1/2 |V_N - Y|^2`
    pub loss: f64,
    /// `sqrt(sum |V_i - act(U_i)|^2)`; a gradient method has no split problem.
    pub residual_v: Option<f64>,
    /// `sqrt(sum |U_i - W_i V_{i-1}|^2)`; a gradient method has no split problem.
    pub residual_u: Option<f64>,
    /// `sqrt(sum |W_i - Z_i|^2)` over compressed layers
    pub residual_w: f64,
    /// Norm of the change of all blocks.
    pub step: f64,
    /// Iterations so far in which the objective rose; a gradient method does not promise that it falls.
    pub descent_violations: Option<u64>,
    /// Accuracy of the deployed network on the training part, in [0, 1].
    pub train_accuracy: Option<f64>,
    /// Accuracy of the deployed network on the test part, in [0, 1].
    pub test_accuracy: Option<f64>,
    /// Mean recall over the classes of the test part, in [0, 1].
    pub balanced_accuracy: Option<f64>,
    /// Share of zeros among the weights of the deployed network.
    pub sparsity: f64,
    /// Parameters of the dense network over those of the deployed one.
    pub compression_ratio: f64,
    /// Share of zeros after dead units are removed; measured with the accuracies.
    #[serde(default)]
    pub effective_sparsity: Option<f64>,
    /// `tau`, the weight of the coupling, in this iteration; `None` where nothing is compressed (yet).
    #[serde(default)]
    pub tau: Option<f64>,
    /// `gamma`, the weight of the activation residual, in this iteration; a gradient method has none.
    #[serde(default)]
    pub gamma: Option<f64>,
    /// `rho`, the weight of the linear residual, in this iteration; a gradient method has none.
    #[serde(default)]
    pub rho: Option<f64>,
    /// Accuracy of the deployed network on what was held out of the training part, in [0, 1]; `None` if nothing was.
    #[serde(default)]
    pub validation_accuracy: Option<f64>,
}

impl IterationRecord {
    /// Whether this row is of the network itself, as a refit leaves it, and not of the split problem: its
    /// objective is another function than that of the rows before.
    pub fn is_refit(&self) -> bool {
        self.iteration > 0
            && self.residual_v == Some(0.0)
            && self.residual_u == Some(0.0)
            && self.residual_w == 0.0
    }

    /// The value of a quantity; `None`: not measured in this iteration, or no column of `iterations.csv`.
    pub fn value(&self, quantity: Quantity) -> Option<f64> {
        match quantity {
            Quantity::Iterations => Some(self.iteration as f64),
            Quantity::Seconds => Some(self.seconds),
            Quantity::Objective => Some(self.objective),
            Quantity::Loss => Some(self.loss),
            Quantity::ResidualV => self.residual_v,
            Quantity::ResidualU => self.residual_u,
            Quantity::ResidualW => Some(self.residual_w),
            Quantity::Step => Some(self.step),
            Quantity::DescentViolations => self.descent_violations.map(|count| count as f64),
            Quantity::TrainAccuracy => self.train_accuracy,
            Quantity::TestAccuracy => self.test_accuracy,
            Quantity::BalancedAccuracy => self.balanced_accuracy,
            Quantity::Sparsity => Some(self.sparsity),
            Quantity::CompressionRatio => Some(self.compression_ratio),
            Quantity::EffectiveSparsity => self.effective_sparsity,
            Quantity::Tau => self.tau,
            Quantity::Gamma => self.gamma,
            Quantity::Rho => self.rho,
            Quantity::ValidationAccuracy => self.validation_accuracy,
            Quantity::BestTestAccuracy
            | Quantity::ParamsDense
            | Quantity::ParamsCompressed
            | Quantity::BytesDense
            | Quantity::BytesCompressed
            | Quantity::SecondsPerIteration
            | Quantity::RelativeError => None,
        }
    }

    /// This row with what it lacks of `before`, as far as that is not measured in every iteration.
    #[must_use]
    pub fn with_last_known(&self, before: &Self) -> Self {
        Self {
            train_accuracy: self.train_accuracy.or(before.train_accuracy),
            validation_accuracy: self.validation_accuracy.or(before.validation_accuracy),
            test_accuracy: self.test_accuracy.or(before.test_accuracy),
            balanced_accuracy: self.balanced_accuracy.or(before.balanced_accuracy),
            effective_sparsity: self.effective_sparsity.or(before.effective_sparsity),
            ..self.clone()
        }
    }
}

/// One row of `layers.csv`: what one layer contributes, written with every evaluated iteration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerRecord {
    /// The iteration.
    pub iteration: u64,
    /// The layer; 0 is the first.
    pub layer: u64,
    /// `|V_i - act(U_i)|`; a gradient method has no split problem.
    pub residual_v: Option<f64>,
    /// `|U_i - W_i V_{i-1}|`; a gradient method has no split problem.
    pub residual_u: Option<f64>,
    /// `|W_i - Z_i|`; 0 where the layer is not compressed
    pub residual_w: f64,
    /// `|W_i - Z_i| / |W_i|`
    pub relative_error: f64,
    /// Share of zeros in the deployed weight.
    pub sparsity: f64,
    /// Stored numbers of the deployed layer.
    pub parameters: u64,
    /// Ranks of the deployed layer, separated by spaces; empty for dense and pruned layers.
    pub ranks: String,
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
    /// The error of a failed trial.
    pub error: Option<String>,
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
