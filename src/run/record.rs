//! What a method measures, as the records of the run directory.

use super::notice;
use super::prepare::PreparedTrial;
use crate::compress::Projected;
use crate::grid::MethodSettings;
use crate::linalg::Real;
use crate::network::{
    Accuracies, LayerWeights, ModelDescription, ModelFileError, bytes_compressed, bytes_dense,
    effective_sparsity, to_bytes,
};
use crate::store::{
    IterationRecord, LayerRecord, StoreError, TrialDirectory, TrialResult, TrialStatus,
};
use crate::training::{Training, TrainingData};

/// Parameters and bytes of the dense and of the deployed network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Weights and biases of the dense network.
    pub params_dense: usize,
    /// Stored numbers of the deployed network.
    pub params_compressed: usize,
    /// Bytes of the dense network's tensors.
    pub bytes_dense: u64,
    /// Bytes of the deployed network's tensors.
    pub bytes_compressed: u64,
}

/// The size of the present deployed network.
pub fn size<T: Real>(method: &dyn Training<T>) -> Size {
    let architecture = method.architecture();
    Size {
        params_dense: architecture.parameters(),
        params_compressed: parameters(method),
        bytes_dense: bytes_dense::<T>(architecture),
        bytes_compressed: bytes_compressed(method.weights(), method.compressed()),
    }
}

/// Numbers that the deployed network stores.
fn parameters<T: Real>(method: &dyn Training<T>) -> usize {
    let layers = method.weights().iter().zip(method.compressed());
    layers
        .map(|(weights, compressed)| stored_numbers(weights, compressed.as_ref()))
        .sum()
}

/// Numbers that one deployed layer stores, bias included.
fn stored_numbers<T: Real>(weights: &LayerWeights<T>, compressed: Option<&Projected<T>>) -> usize {
    let bias = weights.bias.as_ref().map_or(0, ndarray::Array1::len);
    bias + compressed.map_or(weights.weight.len(), Projected::parameters)
}

/// Accuracy of the present network; on all training samples in the last iteration only.
pub(super) fn accuracies<T: Real>(method: &dyn Training<T>, data: &TrainingData<T>) -> Accuracies {
    let network = method.deployed();
    match method.termination() {
        Some(_) => data.accuracies(&network),
        None => data.accuracies_under_way(&network),
    }
}

/// The row of `iterations.csv`. `seconds` is asked last, so that the time can cover the measuring.
pub fn iteration<T: Real>(
    method: &dyn Training<T>,
    accuracy: Option<Accuracies>,
    seconds: impl FnOnce() -> f64,
) -> IterationRecord {
    let measured = method.measured();
    let (weights, compressed) = (method.weights(), method.compressed());
    let entries: usize = weights.iter().map(|layer| layer.weight.len()).sum();
    let zeros: usize = (weights.iter().zip(compressed))
        .map(|(weights, compressed)| zeros(weights, compressed.as_ref()))
        .sum();
    let dense = method.architecture().parameters();
    IterationRecord {
        iteration: measured.iteration as u64,
        objective: measured.objective,
        loss: measured.loss,
        residual_v: measured.activation_residual().map(f64::sqrt),
        residual_u: measured.linear_residual().map(f64::sqrt),
        residual_w: measured.compression_residual().sqrt(),
        step: measured.step,
        descent_violations: measured.descent_violations.map(|count| count as u64),
        train_accuracy: accuracy.map(|parts| parts.train.overall),
        validation_accuracy: accuracy.and_then(|parts| Some(parts.validation?.overall)),
        test_accuracy: accuracy.map(|parts| parts.test.overall),
        balanced_accuracy: accuracy.map(|parts| parts.test.balanced),
        sparsity: zeros as f64 / entries as f64,
        compression_ratio: dense as f64 / parameters(method).max(1) as f64,
        effective_sparsity: accuracy
            .map(|_| effective_sparsity(method.architecture(), weights, compressed)),
        tau: measured.tau,
        gamma: measured.gamma,
        rho: measured.rho,
        seconds: seconds(),
    }
}

/// Zeros of one deployed weight matrix that need not be stored.
fn zeros<T: Real>(weights: &LayerWeights<T>, compressed: Option<&Projected<T>>) -> usize {
    compressed.map_or_else(
        || {
            weights
                .weight
                .iter()
                .filter(|value| value.is_zero())
                .count()
        },
        Projected::zeros,
    )
}

/// Test accuracy of a row whose network is compressed as the trial says: during the dense warm-up
/// (`compress_after`) it is another, larger network, which must not count as the trial's best.
pub fn deployed_accuracy(settings: &MethodSettings, row: &IterationRecord) -> Option<f64> {
    let iteration = usize::try_from(row.iteration).unwrap_or(usize::MAX);
    row.test_accuracy
        .filter(|_| settings.compresses_after(iteration))
}

/// The result of a trial that failed, from what it has written before.
///
/// # Errors
/// If that cannot be read.
pub(super) fn failure(
    trial: &PreparedTrial,
    directory: &TrialDirectory,
    error: String,
) -> Result<TrialResult, StoreError> {
    let rows = match directory.read_iterations() {
        Err(error) if error.is_damage() => Vec::new(),
        rows => rows?,
    };
    let settings = &trial.trial.settings.solver;
    Ok(TrialResult {
        trial: trial.trial.id.clone(),
        status: TrialStatus::Failed,
        seed: trial.trial.settings.seed,
        best_test_accuracy: rows
            .iter()
            .filter_map(|row| deployed_accuracy(settings, row))
            .reduce(f64::max),
        params_dense: trial.architecture.parameters() as u64,
        seconds: rows.last().map_or(0.0, |row| row.seconds),
        last: rows.last().cloned(),
        termination: "failed".into(),
        notices: notice::codes(&trial.data, 0, &[]),
        error: Some(error),
        ..TrialResult::default()
    })
}

/// The rows of `layers.csv`.
pub fn layers<T: Real>(method: &dyn Training<T>) -> Vec<LayerRecord> {
    let layers = method.measured().layers.into_iter().enumerate();
    layers
        .map(|(index, measured)| {
            let weights = &method.weights()[index];
            let compressed = method.compressed()[index].as_ref();
            let ranks = compressed.map_or_else(Vec::new, Projected::ranks);
            let ranks: Vec<String> = ranks.iter().map(ToString::to_string).collect();
            let error = measured.compression_residual.sqrt();
            let norm = measured.weight.sqrt();
            LayerRecord {
                iteration: method.iteration() as u64,
                layer: index as u64,
                residual_v: measured.activation_residual.map(f64::sqrt),
                residual_u: measured.linear_residual.map(f64::sqrt),
                residual_w: error,
                relative_error: if norm > 0.0 { error / norm } else { 0.0 },
                sparsity: zeros(weights, compressed) as f64 / weights.weight.len() as f64,
                parameters: stored_numbers(weights, compressed) as u64,
                ranks: ranks.join(" "),
            }
        })
        .collect()
}

/// `model.safetensors` of the deployed network.
///
/// # Errors
/// [`ModelFileError`] when the description does not fit into the file.
pub fn model_file<T: Real>(
    trial: &PreparedTrial,
    weights: &[LayerWeights<T>],
    compressed: &[Option<Projected<T>>],
) -> Result<Vec<u8>, ModelFileError> {
    let description = ModelDescription {
        classes: trial.data.classes.clone(),
        features: trial.data.feature_names(),
        transformation: trial.data.transformation_json(),
        preprocessing: trial.trial.settings.data.preprocessing().into(),
        standardization: trial.data.standardization.clone(),
        settings: trial.trial.settings.to_yaml(),
    };
    to_bytes(&trial.architecture, weights, compressed, &description)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bcd::SolverSettings;

    #[test]
    fn the_dense_warm_up_is_not_the_accuracy_of_the_compressed_network() {
        let settings = MethodSettings::NnBcd(SolverSettings {
            compress_after: 10,
            ..SolverSettings::default()
        });
        let row = |iteration| IterationRecord {
            iteration,
            test_accuracy: Some(0.9),
            ..IterationRecord::default()
        };
        assert_eq!(deployed_accuracy(&settings, &row(10)), None);
        assert_eq!(deployed_accuracy(&settings, &row(11)), Some(0.9));
        assert_eq!(
            deployed_accuracy(&MethodSettings::NnBcd(SolverSettings::default()), &row(0)),
            Some(0.9)
        );
    }
}
