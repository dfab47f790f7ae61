//! `eval` and `export`: trained models.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use nnbcd::data::choices::Standardize;
use nnbcd::data::{
    DataError, DataSettings, Dataset, Part, Source, Transformation, load, load_as, sha256,
};
use nnbcd::grid::{TrialSettings, plan_from_file};
use nnbcd::network::{Accuracy, AnyModel};
use nnbcd::store::{Provenance, RunDirectory, StoreError, TrialDirectory, publish, read_text};

use super::predictions::Predictions;
use super::runner::start_threads;
use super::say;

pub fn eval(model: &Path, data: &Path, predictions: Option<&Path>) -> Result<ExitCode> {
    start_threads()?;
    let model = read_model(model)?;
    if holds_settings(data) {
        let (settings, base) = data_settings(data)?;
        let data = load_for(&model, &raw(settings), &base)?;
        return evaluate(
            &model,
            data,
            &["training", "validation", "test"],
            predictions,
        );
    }
    let settings = DataSettings {
        path: Some(data.to_owned()),
        // Every sample is a test sample: nothing is split off.
        test_path: data.is_file().then(|| data.to_owned()),
        ..DataSettings::of(Source::File)
    };
    let here = Path::new("");
    let data = load_for(&model, &settings, here).or_else(|error| {
        // Data that have a test part of their own.
        let alone = DataSettings {
            test_path: None,
            ..settings
        };
        let refused = error.downcast_ref::<DataError>();
        match refused {
            Some(DataError::Setting { setting, .. }) if setting == "data.test_path" => {
                load_for(&model, &alone, here)
            }
            _ => Err(error),
        }
    })?;
    evaluate(&model, data, &["test"], predictions)
}

/// Whether a file is YAML with the settings of data, not data.
fn holds_settings(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default();
    ending == "yaml"
        || ending == "yml"
        || path.is_file() && start_of(path).lines().any(|line| line.starts_with("data:"))
}

/// The first bytes of a file: data can be larger than memory.
fn start_of(path: &Path) -> String {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(1 << 16).read_to_end(&mut bytes));
    read.map_or_else(
        |_| String::new(),
        |_| String::from_utf8_lossy(&bytes).into_owned(),
    )
}

/// The data before any standardisation: a model brings its own, fitted where it was trained.
fn raw(settings: DataSettings) -> DataSettings {
    DataSettings {
        standardize: Standardize::Off,
        ..settings
    }
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

/// Says the accuracy on the parts of these names.
fn evaluate(
    model: &AnyModel,
    data: Dataset,
    wanted: &[&str],
    predictions: Option<&Path>,
) -> Result<ExitCode> {
    if data.features() != model.inputs() {
        bail!(
            "the data have {} features, but the model expects {}",
            data.features(),
            model.inputs()
        );
    }
    let mut predictions = predictions
        .map(|path| Predictions::new(path, model))
        .transpose()?;
    let parts = [
        ("training", Some(data.train)),
        ("validation", data.validation),
        ("test", Some(data.test)),
    ];
    for (name, part) in parts {
        let Some(part) = part.filter(|_| wanted.contains(&name)) else {
            continue;
        };
        let samples = part.samples();
        if let Some(predictions) = &mut predictions {
            predictions.add(model, name, &part, &data.classes)?;
        }
        let accuracy = accuracy(model, part, &data.classes)?;
        say(format_args!(
            "{name}: accuracy {:.4}, balanced accuracy {:.4} ({samples} samples)",
            accuracy.overall, accuracy.balanced
        ));
    }
    if let Some(predictions) = predictions {
        predictions.publish()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The data with the columns of the model, found by their names where both have names.
fn load_for(model: &AnyModel, settings: &DataSettings, base: &Path) -> Result<Dataset> {
    let within = |error: DataError| error.within("data");
    let Some(fitted) = &model.description().transformation else {
        let data = load(settings, base).map_err(within)?;
        if data.transformation.is_some() {
            say("the model has no names of features: columns are taken in their order");
        }
        return Ok(data);
    };
    let fitted: Transformation = serde_json::from_value(fitted.clone())
        .context("the columns of the model are not in a form that this version knows")?;
    let data = load_as(settings, base, &fitted).map_err(within)?;
    if data.transformation.is_none() {
        say("the data have no names of columns: features are taken in their order");
    }
    Ok(data)
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
        if model.wants_double_inputs() {
            say(
                "  its input is in double precision (float64): some features differ by less than single precision can tell",
            );
        }
    }
    if let Some(path) = numpy {
        publish(path, &model.to_numpy()?)?;
        say(path.display());
    }
    Ok(ExitCode::SUCCESS)
}
