//! The gradient methods as a library: gradients, steps, compression, checkpoints, threads.

mod against_torch;
mod checkpoints;
mod compression;
mod differences;

use nnbcd::gradient::{GradientSettings, Trainer, TrainingProblem};
use nnbcd::linalg::Real;
use nnbcd::network::{InitScheme, draw_weights};

use crate::cases::Case;

/// The problem of a case under a gradient method.
pub fn problem<T: Real>(case: &Case, settings: &GradientSettings) -> TrainingProblem<T> {
    let split = case.problem::<T>();
    TrainingProblem::new(
        split.data,
        split.architecture,
        split.compression,
        settings.clone(),
        case.seed,
    )
    .unwrap()
}

/// A trainer before its first epoch.
pub fn trainer<T: Real>(case: &Case, settings: &GradientSettings) -> Trainer<T> {
    let architecture = case.architecture();
    let weights = draw_weights(&architecture, InitScheme::KaimingNormal, 0.8, case.seed);
    Trainer::new(problem(case, settings), weights).unwrap()
}
