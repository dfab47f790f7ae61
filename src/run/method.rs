//! The method of a trial, at its beginning and at a checkpoint.

use std::sync::Arc;

use super::prepare::PreparedTrial;
use super::trial_error::TrialError;
use crate::bcd::{
    MiniBatchProblem, MiniBatchSettings, MiniBatchSolver, Problem, Solver, SolverSettings,
};
use crate::gradient::{GradientSettings, Trainer, TrainingProblem};
use crate::grid::MethodSettings;
use crate::linalg::Real;
use crate::network::{InitSettings, LayerWeights, ModelFileError, draw_weights};
use crate::training::{IterationError, ProblemError, Training, TrainingData};

/// The method of a trial at its beginning.
pub(super) fn begin<T: Real>(
    trial: &PreparedTrial,
    data: &Arc<TrainingData<T>>,
) -> Result<Box<dyn Training<T>>, TrialError> {
    let weights = start_weights(trial)?;
    Ok(match &trial.trial.settings.solver {
        MethodSettings::NnBcd(settings) => {
            let problem = split_problem(trial, data, settings)?;
            Box::new(Solver::new(problem, weights).map_err(IterationError::from)?)
        }
        MethodSettings::MiniBatch(settings) => {
            let problem = mini_batch_problem(trial, data, settings)?;
            let weights = match trial.start {
                Some(_) => weights,
                None => problem.drawn(weights),
            };
            Box::new(MiniBatchSolver::new(problem, weights).map_err(IterationError::from)?)
        }
        MethodSettings::Gradient(settings) => {
            let problem = training_problem(trial, data, settings)?;
            Box::new(Trainer::new(problem, weights).map_err(IterationError::from)?)
        }
    })
}

/// The method of a trial at a checkpoint.
pub(super) fn resume<T: Real>(
    trial: &PreparedTrial,
    data: &Arc<TrainingData<T>>,
    bytes: &[u8],
) -> Result<Box<dyn Training<T>>, TrialError> {
    Ok(match &trial.trial.settings.solver {
        MethodSettings::NnBcd(settings) => {
            let problem = split_problem(trial, data, settings)?;
            Box::new(Solver::resume(problem, bytes)?)
        }
        MethodSettings::MiniBatch(settings) => {
            let problem = mini_batch_problem(trial, data, settings)?;
            Box::new(MiniBatchSolver::resume(problem, bytes)?)
        }
        MethodSettings::Gradient(settings) => {
            let problem = training_problem(trial, data, settings)?;
            Box::new(Trainer::resume(problem, bytes)?)
        }
    })
}

fn split_problem<T: Real>(
    trial: &PreparedTrial,
    data: &Arc<TrainingData<T>>,
    settings: &SolverSettings,
) -> Result<Problem<T>, ProblemError> {
    Problem::new(
        Arc::clone(data),
        trial.architecture.clone(),
        trial.compression.clone(),
        settings.clone(),
    )
}

fn mini_batch_problem<T: Real>(
    trial: &PreparedTrial,
    data: &Arc<TrainingData<T>>,
    settings: &MiniBatchSettings,
) -> Result<MiniBatchProblem<T>, ProblemError> {
    MiniBatchProblem::new(
        Arc::clone(data),
        trial.architecture.clone(),
        trial.compression.clone(),
        settings,
        trial.trial.settings.seed,
    )
}

fn training_problem<T: Real>(
    trial: &PreparedTrial,
    data: &Arc<TrainingData<T>>,
    settings: &GradientSettings,
) -> Result<TrainingProblem<T>, ProblemError> {
    TrainingProblem::new(
        Arc::clone(data),
        trial.architecture.clone(),
        trial.compression.clone(),
        settings.clone(),
        trial.trial.settings.seed,
    )
}

fn start_weights<T: Real>(trial: &PreparedTrial) -> Result<Vec<LayerWeights<T>>, ModelFileError> {
    if let Some(file) = &trial.start {
        return file.weights(&trial.architecture);
    }
    let settings = &trial.trial.settings;
    let (scheme, scale) = match &settings.model.init {
        InitSettings::Random { scheme, scale } => (*scheme, *scale),
        InitSettings::File { .. } => unreachable!("a prepared trial has its file"),
    };
    let architecture = &trial.architecture;
    Ok(draw_weights(architecture, scheme, scale, settings.seed))
}
