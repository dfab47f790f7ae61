//! Settings of a trial held against its data: what the solver will be given, and what it will cost.

use std::sync::Arc;

use thiserror::Error;

use super::data::{DataSets, LoadedData};
use super::{Plan, Trial, TrialSettings};
use crate::bcd::{Coupling, Precision, SolverSettings};
use crate::compress::{CompressionError, LayerCompression};
use crate::network::{Architecture, InitSettings, LayerKind, ModelError, ModelFileError};

/// A trial whose settings do not fit its data.
#[derive(Debug, Error)]
#[error("trial {trial}: {problem}")]
pub struct PrepareError {
    /// Id and swept settings of the trial.
    pub trial: String,
    /// What does not fit.
    pub problem: Problem,
}

/// What does not fit.
#[derive(Debug, Error)]
pub enum Problem {
    /// The network.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The compression.
    #[error(transparent)]
    Compression(#[from] CompressionError),
    /// The file with the initial weights.
    #[error("model.init.weights: {0}")]
    Weights(#[from] ModelFileError),
}

/// A trial that can run.
#[derive(Clone, Debug)]
pub struct PreparedTrial {
    /// The trial.
    pub trial: Trial,
    /// Its data.
    pub data: Arc<LoadedData>,
    /// Its network.
    pub architecture: Architecture,
    /// Its compression, layer by layer.
    pub compression: Vec<Option<LayerCompression>>,
    /// What it will cost.
    pub cost: Cost,
}

/// Estimated cost of a trial.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Bytes of memory while it runs, shared data not counted.
    pub memory: u64,
    /// Floating-point operations of all iterations.
    pub operations: f64,
}

/// Prepares all trials of a plan.
///
/// # Errors
/// [`PrepareError`] names the first trial whose settings do not fit its data.
pub fn prepare(plan: &Plan, data: &DataSets) -> Result<Vec<PreparedTrial>, PrepareError> {
    plan.trials
        .iter()
        .map(|trial| {
            prepare_trial(trial, &plan.base, data.of(&trial.settings)).map_err(|problem| {
                PrepareError {
                    trial: describe(trial, &plan.swept),
                    problem,
                }
            })
        })
        .collect()
}

/// Id and swept settings, for messages.
fn describe(trial: &Trial, swept: &[String]) -> String {
    let settings: Vec<String> = swept
        .iter()
        .zip(&trial.swept)
        .filter(|(_, value)| !value.is_empty())
        .map(|(path, value)| format!("{path}={value}"))
        .collect();
    if settings.is_empty() {
        trial.id.clone()
    } else {
        format!("{} ({})", trial.id, settings.join(", "))
    }
}

/// Prepares one trial whose data are there; `base` is the directory of relative paths.
///
/// # Errors
/// [`Problem`] when network or compression do not fit the data, or start weights not the network.
pub fn prepare_trial(
    trial: &Trial,
    base: &std::path::Path,
    data: Arc<LoadedData>,
) -> Result<PreparedTrial, Problem> {
    let settings = &trial.settings;
    let architecture = Architecture::resolve(
        &settings.model,
        data.features,
        data.image,
        data.classes.len(),
    )?;
    let compression = settings.compression.resolve(
        &architecture.weight_shapes(),
        architecture.has_convolution(),
    )?;
    if let InitSettings::File { weights } = &settings.model.init {
        crate::network::read_start_weights::<f32>(&base.join(weights), &architecture)?;
    }
    let cost = estimate(settings, &architecture, &compression, data.samples);
    Ok(PreparedTrial {
        trial: trial.clone(),
        data,
        architecture,
        compression,
        cost,
    })
}

/// Memory and operations of a trial, from the shapes alone.
fn estimate(
    settings: &TrialSettings,
    architecture: &Architecture,
    compression: &[Option<LayerCompression>],
    (train, test): (usize, usize),
) -> Cost {
    let n = train as f64;
    let solver: &SolverSettings = &settings.solver;
    let mut numbers = 0.0;
    let mut operations = 0.0;
    let (mut widest, mut largest_system) = (0.0_f64, 0.0_f64);
    let (mut constrained, mut kept) = (0.0_f64, 0.0);
    let mut inputs = architecture.inputs;
    for (index, layer) in architecture.layers.iter().enumerate() {
        let (units, d) = (layer.units as f64, inputs as f64);
        let (rows, columns) = (layer.weight.0 as f64, layer.weight.1 as f64);
        let positions = match &layer.kind {
            LayerKind::Dense => 1.0,
            LayerKind::Convolution(conv) => conv.positions() as f64,
        };
        let product = 2.0 * rows * columns * positions * n;
        let copies = if compression[index].is_some() {
            5.0
        } else {
            3.0
        };
        numbers += 3.0 * units * n + copies * rows * columns;
        widest = widest.max(units * n);
        // The W-update (E V' and, behind the first layer, V V'), the V-update (R, S R, W' S R), the
        // evaluation of the deployed network.
        operations += product * (1.0 + test as f64 / n.max(1.0) / solver.eval_every as f64);
        if index > 0 {
            let system = d.min(n);
            operations += d * n * system + system.powi(3) / 3.0 + 2.0 * rows * d * d;
            operations += 2.0 * product + 2.0 * rows.min(d).powi(2) * n;
            largest_system = largest_system.max(system * system);
        } else {
            operations += product;
        }
        if compression[index].is_some() && solver.coupling == Coupling::Constrained {
            // In double precision: Gram matrix, system, factor, and half a dozen of the weight's shape.
            // The weight of the first layer keeps its system.
            let system = 8.0 * (3.0 * columns * columns + 6.0 * rows * columns);
            constrained = constrained.max(system);
            kept += if index == 0 {
                16.0 * columns * columns
            } else {
                0.0
            };
            operations += 8.0 * rows * columns * columns;
        }
        inputs = layer.units;
    }
    let bytes_per_number = match solver.precision {
        Precision::Single => 4.0,
        Precision::Double => 8.0,
    };
    // A few megabytes for the evaluation tiles and everything small.
    let memory = (numbers + widest + largest_system) * bytes_per_number + constrained + kept + 16e6;
    Cost {
        memory: memory as u64,
        operations: operations * solver.iterations.max(1) as f64,
    }
}
