//! Settings of a trial held against its data: what the solver will be given, and what it will cost.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::cost::{Cost, estimate};
use super::data::{DataSets, LoadedData};
use crate::check::SettingError;
use crate::compress::LayerCompression;
use crate::grid::{Plan, Trial};
use crate::network::{Architecture, InitSettings, ModelFileError, StartFile};
use crate::training::Precision;

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
    #[error("model.{0}")]
    Model(SettingError),
    /// The compression.
    #[error("compression.{0}")]
    Compression(SettingError),
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
    /// The file with its start weights, where it has one.
    pub start: Option<Arc<StartFile>>,
    /// What it will cost.
    pub cost: Cost,
}

/// Files with start weights by path: each is read once, and stays in memory as long as a prepared
/// trial needs it.
#[derive(Debug, Default)]
pub struct StartFiles {
    files: HashMap<PathBuf, Arc<StartFile>>,
}

impl StartFiles {
    fn read(&mut self, path: PathBuf) -> Result<Arc<StartFile>, ModelFileError> {
        if let Some(known) = self.files.get(&path) {
            return Ok(Arc::clone(known));
        }
        let file = Arc::new(StartFile::read(&path)?);
        self.files.insert(path, Arc::clone(&file));
        Ok(file)
    }
}

/// Prepares all trials of a plan.
///
/// # Errors
/// [`PrepareError`] names the first trial whose settings do not fit its data.
pub fn prepare(plan: &Plan, data: &DataSets) -> Result<Vec<PreparedTrial>, PrepareError> {
    let mut starts = StartFiles::default();
    let mut prepare = |trial: &Trial| {
        let data = data.of(&trial.settings);
        prepare_trial(trial, &plan.base, data, &mut starts).map_err(|problem| PrepareError {
            trial: describe(trial, &plan.swept),
            problem,
        })
    };
    plan.trials.iter().map(&mut prepare).collect()
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
    base: &Path,
    data: Arc<LoadedData>,
    starts: &mut StartFiles,
) -> Result<PreparedTrial, Problem> {
    let mut trial = trial.clone();
    trial.settings.solver = trial.settings.solver.resolved(data.samples.train);
    let architecture = Architecture::resolve(
        &trial.settings.model,
        data.features,
        data.image,
        data.classes.len(),
    )
    .map_err(Problem::Model)?;
    let (shapes, convolution) = (architecture.weight_shapes(), architecture.has_convolution());
    let weights: usize = shapes.iter().map(|(rows, columns)| rows * columns).sum();
    let biases = architecture.parameters() - weights;
    let compression = &mut trial.settings.compression;
    *compression =
        (compression.reaching(&shapes, convolution, biases)).map_err(Problem::Compression)?;
    let compression = (compression.resolve(&shapes, convolution)).map_err(Problem::Compression)?;
    let settings = &trial.settings;
    let start = match &settings.model.init {
        InitSettings::Random { .. } => None,
        InitSettings::File { weights } => Some(starts.read(base.join(weights))?),
    };
    if let Some(file) = &start {
        match settings.solver.precision() {
            Precision::Single => file.weights::<f32>(&architecture).map(drop)?,
            Precision::Double => file.weights::<f64>(&architecture).map(drop)?,
        }
    }
    let cost = estimate(settings, &architecture, &compression, data.samples);
    Ok(PreparedTrial {
        trial,
        data,
        architecture,
        compression,
        start,
        cost,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::grid::plan_from_text;
    use crate::network::{InitScheme, ModelDescription, draw_weights, to_bytes};

    /// What the message about a grid says that only the data can refuse.
    fn refusal(data: &str, rest: &str) -> String {
        let text = format!("data: {{source: digits, {data}}}\nmodel: {{hidden: [8]{rest}\n");
        let plan =
            plan_from_text(&text, Path::new("g.yaml")).unwrap_or_else(|error| panic!("{error}"));
        match DataSets::load(&plan) {
            Err(error) => error.to_string(),
            Ok(data) => {
                let error = prepare(&plan, &data).expect_err("does not fit");
                error.problem.to_string()
            }
        }
    }

    #[test]
    fn settings_that_do_not_fit_the_data_are_named_as_in_the_grid_file() {
        for (data, rest, expected) in [
            (
                "train: 1796, validation: 1",
                "}",
                "data.train is 1796; allowed: 1 to 1795 of the 1797 digits when data.validation holds out 1; ",
            ),
            (
                "train: 3, balance: {undersample_seed: 1}",
                "}",
                "data.train is 3; allowed: enough samples that every class occurs, since data.balance is set; \
                 ask for more training samples, or leave out data.balance",
            ),
            (
                "train: 100",
                ", conv: {filters: 2, kernel: 9}}",
                "model.conv.kernel: 9 is larger than the image (8 x 8); allowed are 1 to 8",
            ),
            (
                "train: 100",
                "}\ncompression: {method: low-rank, rank: 9}",
                "compression.rank: 9 is more than layer 0 (8 x 64) can have; allowed are 1 to 8",
            ),
            (
                "train: 100",
                "}\ncompression: {method: prune, sparsity: [0.5], scope: global}",
                "compression.sparsity: a list is not allowed with scope global, ",
            ),
        ] {
            let message = refusal(data, rest);
            assert!(message.starts_with(expected), "{message}");
        }
    }

    #[test]
    fn a_file_with_start_weights_is_read_once_for_all_trials() {
        let directory = tempfile::tempdir().unwrap();
        let grid = "data: {source: digits, train: 50, test: 10}\n\
                    model: {hidden: [4], init: {weights: w.safetensors}}\n\
                    grid:\n  solver.precision: [single, double]\n  solver.gamma: [1, 2]\n";
        let plan = plan_from_text(grid, &directory.path().join("g.yaml")).unwrap();
        let model = &plan.trials[0].settings.model;
        let architecture = Architecture::resolve(model, 64, None, 10).unwrap();
        let weights = draw_weights::<f64>(&architecture, InitScheme::LecunNormal, 1.0, 1);
        let description = ModelDescription {
            classes: vec!["class".into(); 10],
            ..ModelDescription::default()
        };
        let bytes = to_bytes(&architecture, &weights, &[None, None], &description).unwrap();
        std::fs::write(directory.path().join("w.safetensors"), bytes).unwrap();

        let data = DataSets::load(&plan).unwrap();
        let trials = prepare(&plan, &data).unwrap();
        assert_eq!(trials.len(), 4);
        let first = trials[0].start.as_ref().unwrap();
        for trial in &trials {
            assert!(Arc::ptr_eq(first, trial.start.as_ref().unwrap()));
        }
        assert_eq!(first.weights::<f64>(&architecture).unwrap(), weights);
        // Nothing holds the file once the trials are gone.
        let file = Arc::downgrade(first);
        drop(trials);
        assert!(file.upgrade().is_none());
    }
}
