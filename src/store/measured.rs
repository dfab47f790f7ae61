//! The rows of CSV files: what was measured, and which field holds which quantity.

use serde::{Deserialize, Serialize};

use super::records::{TrialResult, TrialStatus};
use crate::measure::Quantity;

/// One row of `trials.csv`. Field order is column order. `None`: not known (an empty cell).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrialRow {
    /// The trial's id.
    pub trial: String,
    /// Its state.
    pub status: TrialStatus,
    /// Its seed.
    pub seed: u64,
    /// One cell per column of [`TrialTable::swept`](super::TrialTable::swept); empty where the trial does not use the setting.
    #[serde(skip_deserializing)]
    pub swept: Vec<String>,
    /// Passes over all blocks.
    pub iterations: Option<u64>,
    /// F at the end.
    pub objective: Option<f64>,
    /// `1/2 |V_N - Y|^2` at the end.
    pub loss: Option<f64>,
    /// `sqrt(sum |V_i - act(U_i)|^2)` at the end.
    pub residual_v: Option<f64>,
    /// `sqrt(sum |U_i - W_i V_{i-1}|^2)` at the end.
    pub residual_u: Option<f64>,
    /// `sqrt(sum |W_i - Z_i|^2)` over compressed layers at the end.
    pub residual_w: Option<f64>,
    /// Norm of the last change of all blocks.
    pub step: Option<f64>,
    /// Iterations in which the objective rose.
    pub descent_violations: Option<u64>,
    /// Accuracy on the training part at the end, in [0, 1].
    pub train_accuracy: Option<f64>,
    /// Accuracy on the test part at the end, in [0, 1].
    pub test_accuracy: Option<f64>,
    /// Best test accuracy over all evaluated iterations, in [0, 1].
    pub best_test_accuracy: Option<f64>,
    /// Mean recall over the classes of the test part at the end, in [0, 1].
    pub balanced_accuracy: Option<f64>,
    /// Share of zeros among the weights of the deployed network.
    pub sparsity: Option<f64>,
    /// The same after dead units are removed.
    pub effective_sparsity: Option<f64>,
    /// Weights and biases of the dense network.
    pub params_dense: Option<u64>,
    /// Stored numbers of the deployed network.
    pub params_compressed: Option<u64>,
    /// The former over the latter.
    pub compression_ratio: Option<f64>,
    /// Bytes of the dense network's tensors on disk.
    pub bytes_dense: Option<u64>,
    /// Bytes of the deployed network's tensors on disk.
    pub bytes_compressed: Option<u64>,
    /// Seconds of computing.
    pub seconds: Option<f64>,
    /// The same per iteration.
    pub seconds_per_iteration: Option<f64>,
    /// Accuracy on what was held out of the training part, at the end, in [0, 1]; files of earlier versions have no such
    /// column.
    #[serde(default)]
    pub validation_accuracy: Option<f64>,
    /// Codes of what is wrong with the trial or its network ([`Notice`](crate::measure::Notice)), with spaces between; files of
    /// earlier versions have no such column.
    #[serde(default)]
    pub notices: String,
    /// The error of a failed trial; empty otherwise.
    pub error: String,
}

impl TrialRow {
    /// The row of a trial that has ended.
    pub fn from_result(result: &TrialResult, swept: Vec<String>) -> Self {
        let last = result.last.as_ref();
        let known = |count: u64| (count > 0).then_some(count);
        let iterations = last.map(|row| row.iteration);
        Self {
            trial: result.trial.clone(),
            status: result.status,
            seed: result.seed,
            swept,
            iterations,
            objective: last.map(|row| row.objective),
            loss: last.map(|row| row.loss),
            residual_v: last.and_then(|row| row.residual_v),
            residual_u: last.and_then(|row| row.residual_u),
            residual_w: last.map(|row| row.residual_w),
            step: last.map(|row| row.step),
            descent_violations: last.and_then(|row| row.descent_violations),
            train_accuracy: last.and_then(|row| row.train_accuracy),
            test_accuracy: last.and_then(|row| row.test_accuracy),
            best_test_accuracy: result.best_test_accuracy,
            balanced_accuracy: last.and_then(|row| row.balanced_accuracy),
            sparsity: last.map(|row| row.sparsity),
            effective_sparsity: result.effective_sparsity,
            params_dense: known(result.params_dense),
            params_compressed: known(result.params_compressed),
            compression_ratio: last.map(|row| row.compression_ratio),
            bytes_dense: known(result.bytes_dense),
            bytes_compressed: known(result.bytes_compressed),
            seconds: Some(result.seconds),
            seconds_per_iteration: iterations
                .and_then(known)
                .map(|count| result.seconds / count as f64),
            validation_accuracy: last.and_then(|row| row.validation_accuracy),
            notices: result.notices.clone(),
            error: result.error.clone().unwrap_or_default(),
        }
    }

    /// The value of a quantity; `None`: not known, or no column of `trials.csv`.
    pub fn value(&self, quantity: Quantity) -> Option<f64> {
        let count = |value: Option<u64>| value.map(|count| count as f64);
        match quantity {
            Quantity::Iterations => count(self.iterations),
            Quantity::Objective => self.objective,
            Quantity::Loss => self.loss,
            Quantity::ResidualV => self.residual_v,
            Quantity::ResidualU => self.residual_u,
            Quantity::ResidualW => self.residual_w,
            Quantity::Step => self.step,
            Quantity::DescentViolations => count(self.descent_violations),
            Quantity::TrainAccuracy => self.train_accuracy,
            Quantity::TestAccuracy => self.test_accuracy,
            Quantity::BestTestAccuracy => self.best_test_accuracy,
            Quantity::BalancedAccuracy => self.balanced_accuracy,
            Quantity::Sparsity => self.sparsity,
            Quantity::EffectiveSparsity => self.effective_sparsity,
            Quantity::ParamsDense => count(self.params_dense),
            Quantity::ParamsCompressed => count(self.params_compressed),
            Quantity::CompressionRatio => self.compression_ratio,
            Quantity::BytesDense => count(self.bytes_dense),
            Quantity::BytesCompressed => count(self.bytes_compressed),
            Quantity::Seconds => self.seconds,
            Quantity::SecondsPerIteration => self.seconds_per_iteration,
            Quantity::ValidationAccuracy => self.validation_accuracy,
            Quantity::Tau | Quantity::Gamma | Quantity::Rho | Quantity::RelativeError => None,
        }
    }
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
