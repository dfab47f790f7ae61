//! What the runner asks of a method, and the methods that answer.

use std::path::Path;
use std::sync::Arc;

use super::prepare::PreparedTrial;
use super::trial_run::TrialError;
use crate::bcd::{Checkpoint, CheckpointError, Problem, Solver, SolverSettings};
use crate::compress::Projected;
use crate::gradient::{GradientSettings, Trainer, TrainingProblem};
use crate::grid::MethodSettings;
use crate::linalg::Real;
use crate::network::{
    Accuracies, Architecture, InitSettings, LayerWeights, ModelFileError, draw_weights,
    read_start_weights,
};
use crate::store::{IterationRecord, LayerRecord};
use crate::training::TrainingData;

/// A method at work on one trial, one iteration at a time.
pub trait Training<T: Real>: Send + Sync {
    /// One more iteration.
    ///
    /// # Errors
    /// When the numbers are no longer finite.
    fn iterate(&mut self) -> Result<(), TrialError>;
    /// Iterations done.
    fn iteration(&self) -> usize;
    /// Why there is nothing more to do, if so.
    fn termination(&self) -> Option<String>;
    /// The row of the present iteration, as far as the method knows it: without time, accuracy and what follows from the
    /// weights.
    fn measured(&self) -> IterationRecord;
    /// The rows of the layers, in the same way.
    fn measured_layers(&self) -> Vec<LayerRecord>;
    /// Accuracy of the deployed network on each part of the data.
    fn accuracy(&self) -> Accuracies;
    /// The whole state.
    fn checkpoint(&self) -> Checkpoint<'_>;
    /// The network.
    fn architecture(&self) -> &Architecture;
    /// Weights and biases.
    fn weights(&self) -> &[LayerWeights<T>];
    /// The compressed weights, where a layer is compressed at present.
    fn compressed(&self) -> &[Option<Projected<T>>];
}

/// The method of a trial at its beginning; `base` is the directory of relative paths.
pub(super) fn begin<T: Real>(
    trial: &PreparedTrial,
    data: &Arc<TrainingData<T>>,
    base: &Path,
) -> Result<Box<dyn Training<T>>, TrialError> {
    let weights = initial_weights(trial, base)?;
    Ok(match &trial.trial.settings.solver {
        MethodSettings::NnBcd(settings) => {
            Box::new(Solver::new(split_problem(trial, data, settings), weights)?)
        }
        MethodSettings::Gradient(settings) => Box::new(Trainer::new(
            training_problem(trial, data, settings),
            weights,
        )?),
    })
}

/// The method of a trial at a checkpoint.
pub(super) fn resume<T: Real>(
    trial: &PreparedTrial,
    data: &Arc<TrainingData<T>>,
    bytes: &[u8],
) -> Result<Box<dyn Training<T>>, CheckpointError> {
    Ok(match &trial.trial.settings.solver {
        MethodSettings::NnBcd(settings) => {
            Box::new(Solver::resume(split_problem(trial, data, settings), bytes)?)
        }
        MethodSettings::Gradient(settings) => Box::new(Trainer::resume(
            training_problem(trial, data, settings),
            bytes,
        )?),
    })
}

fn split_problem<T: Real>(
    trial: &PreparedTrial,
    data: &Arc<TrainingData<T>>,
    settings: &SolverSettings,
) -> Problem<T> {
    Problem::new(
        Arc::clone(data),
        trial.architecture.clone(),
        trial.compression.clone(),
        settings.clone(),
    )
}

fn training_problem<T: Real>(
    trial: &PreparedTrial,
    data: &Arc<TrainingData<T>>,
    settings: &GradientSettings,
) -> TrainingProblem<T> {
    TrainingProblem {
        data: Arc::clone(data),
        architecture: trial.architecture.clone(),
        compression: trial.compression.clone(),
        settings: settings.clone(),
        seed: trial.trial.settings.seed,
    }
}

fn initial_weights<T: Real>(
    trial: &PreparedTrial,
    base: &Path,
) -> Result<Vec<LayerWeights<T>>, ModelFileError> {
    let settings = &trial.trial.settings;
    match &settings.model.init {
        InitSettings::Random { scheme, scale } => Ok(draw_weights(
            &trial.architecture,
            *scheme,
            *scale,
            settings.seed,
        )),
        InitSettings::File { weights } => {
            read_start_weights(&base.join(weights), &trial.architecture)
        }
    }
}

impl<T: Real> Training<T> for Solver<T> {
    fn iterate(&mut self) -> Result<(), TrialError> {
        Solver::iterate(self)?;
        Ok(())
    }

    fn iteration(&self) -> usize {
        self.measurement().iteration
    }

    fn termination(&self) -> Option<String> {
        Solver::termination(self).map(|reason| reason.to_string())
    }

    fn measured(&self) -> IterationRecord {
        let measured = self.measurement();
        let sums = &measured.sums;
        IterationRecord {
            iteration: measured.iteration as u64,
            objective: measured.objective,
            loss: sums.loss,
            residual_v: Some(sums.activation_residual().sqrt()),
            residual_u: Some(sums.linear_residual().sqrt()),
            residual_w: sums.compression_residual().sqrt(),
            step: measured.step,
            descent_violations: Some(measured.descent_violations as u64),
            tau: self.coupling_weight(),
            gamma: Some(self.penalties().gamma),
            rho: Some(self.penalties().rho),
            ..IterationRecord::default()
        }
    }

    fn measured_layers(&self) -> Vec<LayerRecord> {
        let of_layer = |sums: &crate::bcd::LayerSums| LayerRecord {
            residual_v: Some(sums.activation_residual.sqrt()),
            residual_u: Some(sums.linear_residual.sqrt()),
            ..distance(sums.compression_residual, sums.weight)
        };
        self.measurement()
            .sums
            .layers
            .iter()
            .map(of_layer)
            .collect()
    }

    fn accuracy(&self) -> Accuracies {
        Solver::accuracy(self)
    }

    fn checkpoint(&self) -> Checkpoint<'_> {
        Solver::checkpoint(self)
    }

    fn architecture(&self) -> &Architecture {
        &self.problem().architecture
    }

    fn weights(&self) -> &[LayerWeights<T>] {
        Solver::weights(self)
    }

    fn compressed(&self) -> &[Option<Projected<T>>] {
        Solver::compressed(self)
    }
}

impl<T: Real> Training<T> for Trainer<T> {
    fn iterate(&mut self) -> Result<(), TrialError> {
        Ok(Trainer::iterate(self)?)
    }

    fn iteration(&self) -> usize {
        self.measurement().epoch
    }

    fn termination(&self) -> Option<String> {
        self.is_done().then(|| "all iterations done".to_owned())
    }

    /// There is no split problem and no promise that the objective falls: these cells stay empty.
    fn measured(&self) -> IterationRecord {
        let measured = self.measurement();
        let squared: f64 = (measured.layers.iter())
            .map(|layer| layer.projection_error)
            .sum();
        IterationRecord {
            iteration: measured.epoch as u64,
            objective: measured.objective,
            loss: measured.loss,
            residual_w: squared.sqrt(),
            step: measured.step,
            ..IterationRecord::default()
        }
    }

    fn measured_layers(&self) -> Vec<LayerRecord> {
        (self.measurement().layers.iter())
            .map(|layer| distance(layer.projection_error, layer.weight))
            .collect()
    }

    fn accuracy(&self) -> Accuracies {
        Trainer::accuracy(self)
    }

    fn checkpoint(&self) -> Checkpoint<'_> {
        Trainer::checkpoint(self)
    }

    fn architecture(&self) -> &Architecture {
        &self.problem().architecture
    }

    fn weights(&self) -> &[LayerWeights<T>] {
        Trainer::weights(self)
    }

    fn compressed(&self) -> &[Option<Projected<T>>] {
        Trainer::compressed(self)
    }
}

/// `|W - Z|` and its share of `|W|`, from their squares.
fn distance(squared_error: f64, squared_weight: f64) -> LayerRecord {
    let (error, norm) = (squared_error.sqrt(), squared_weight.sqrt());
    LayerRecord {
        residual_w: error,
        relative_error: if norm > 0.0 { error / norm } else { 0.0 },
        ..LayerRecord::default()
    }
}
