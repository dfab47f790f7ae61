//! `eval` and `export`: trained models.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use nnbcd::data::{DataSettings, Part, load, sha256};
use nnbcd::grid::{TrialSettings, plan_from_file};
use nnbcd::network::{Accuracy, AnyModel};
use nnbcd::store::{Provenance, RunDirectory, StoreError, TrialDirectory, publish, read_text};

use super::runner::start_threads;
use super::say;

pub fn eval(model: &Path, data: &Path) -> Result<ExitCode> {
    start_threads()?;
    let model = read_model(model)?;
    let (settings, base) = data_settings(data)?;
    evaluate(&model, settings, &base)
}

/// Reads a model; that of a trial must be the one of its result.
fn read_model(path: &Path) -> Result<AnyModel> {
    let place = std::path::absolute(path).unwrap_or_default();
    let trial = place.parent().and_then(TrialDirectory::around);
    let Some(trial) = trial.filter(|trial| trial.model() == place) else {
        return Ok(AnyModel::read(path)?);
    };
    let expected = trial.read_result()?.and_then(|result| result.model_sha256);
    let Some(expected) = expected else {
        return Ok(AnyModel::read(path)?);
    };
    let bytes = trial.read_model()?.unwrap_or_default();
    let found = sha256(&bytes);
    if found != expected {
        bail!(
            "{}: is not the model that this trial ended with: its SHA-256 is {found}, and result.json has {expected}; \
             restore the file, or run the trial again",
            path.display()
        );
    }
    AnyModel::from_bytes(&bytes).with_context(|| path.display().to_string())
}

/// The data of a grid file (all its trials must use the same) or of a trial's `config.yaml`.
fn data_settings(path: &Path) -> Result<(DataSettings, PathBuf)> {
    let file = std::fs::canonicalize(path)
        .with_context(|| format!("{}: cannot be read", path.display()))?;
    let text = read_text(&file)?;
    let base = base_of_run(path)?;
    if let Ok(trial) = TrialSettings::from_yaml(&text) {
        let beside = || path.parent().unwrap_or(Path::new("")).to_path_buf();
        return Ok((trial.data, base.unwrap_or_else(beside)));
    }
    let plan = plan_from_file(path)?;
    let first = plan.trials[0].settings.data.clone();
    if plan.trials.iter().any(|trial| trial.settings.data != first) {
        bail!(
            "{}: its trials use several data sets; give a file that uses one",
            path.display()
        );
    }
    Ok((first, base.unwrap_or(plan.base)))
}

/// Where relative paths start in the files of a run directory: in its `grid.yaml`, and in the `config.yaml` of its
/// trials.
fn base_of_run(path: &Path) -> Result<Option<PathBuf>, StoreError> {
    let Ok(path) = std::path::absolute(path) else {
        return Ok(None);
    };
    let runs = [path.ancestors().nth(1), path.ancestors().nth(3)];
    runs.into_iter()
        .flatten()
        .find_map(|directory| {
            // A run may be named by a link to it.
            let run = RunDirectory::new(std::fs::canonicalize(directory).ok()?);
            match Provenance::read(&run.provenance()) {
                Ok(None) => None,
                Ok(Some(provenance)) => Some(Ok(provenance.base_directory)),
                Err(error) => Some(Err(error)),
            }
        })
        .transpose()
}

fn evaluate(model: &AnyModel, mut settings: DataSettings, base: &Path) -> Result<ExitCode> {
    // The model brings its own standardisation, fitted where it was trained.
    settings.standardize = false;
    let data = load(&settings, base)?;
    if data.features() != model.inputs() {
        bail!(
            "the data have {} features, but the model expects {}",
            data.features(),
            model.inputs()
        );
    }
    let parts = [
        ("training", Some(data.train)),
        ("validation", data.validation),
        ("test", Some(data.test)),
    ];
    for (name, part) in parts {
        let Some(part) = part else { continue };
        let samples = part.samples();
        let accuracy = accuracy(model, part, &data.classes)?;
        say(format_args!(
            "{name}: accuracy {:.4}, balanced accuracy {:.4} ({samples} samples)",
            accuracy.overall, accuracy.balanced
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn accuracy(model: &AnyModel, part: Part, classes: &[String]) -> Result<Accuracy> {
    let known = &model.description().classes;
    let labels: Result<Vec<usize>> = part
        .labels
        .iter()
        .map(|label| {
            let name = &classes[*label];
            known
                .iter()
                .position(|class| class == name)
                .with_context(|| format!("class {name:?} of the data is unknown to the model"))
        })
        .collect();
    Ok(model.accuracy(part.inputs, &labels?))
}

pub fn export(model: &Path, onnx: Option<&Path>, numpy: Option<&Path>) -> Result<ExitCode> {
    let model = read_model(model)?;
    if let Some(path) = onnx {
        publish(path, &model.to_onnx()?)?;
        say(path.display());
    }
    if let Some(path) = numpy {
        publish(path, &model.to_numpy()?)?;
        say(path.display());
    }
    Ok(ExitCode::SUCCESS)
}
