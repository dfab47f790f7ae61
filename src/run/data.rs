//! The data sets of a plan, each loaded once and kept in the precisions that its trials need.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::data::{
    DataError, DataSettings, Dataset, Part, SourceFile, Transformation, Warning, load,
};
use crate::linalg::Real;
use crate::network::Standardization;

use crate::grid::{Plan, TrialSettings};
use crate::training::{Precision, Samples, TrainingData};

/// How many samples each part of a data set has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleCounts {
    /// To train on.
    pub train: usize,
    /// Held out of the training part, if any are.
    pub validation: Option<usize>,
    /// To measure accuracy on.
    pub test: usize,
}

impl SampleCounts {
    /// Samples of all parts.
    pub fn total(&self) -> usize {
        self.train + self.validation.unwrap_or(0) + self.test
    }
}

impl fmt::Display for SampleCounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} training", self.train)?;
        if let Some(validation) = self.validation {
            write!(formatter, ", {validation} validation")?;
        }
        write!(formatter, " and {} test samples", self.test)
    }
}

/// One data set, in memory.
#[derive(Debug)]
pub struct LoadedData {
    /// Features of a sample.
    pub features: usize,
    /// Height, width and channels of an image.
    pub image: Option<[usize; 3]>,
    /// Class names.
    pub classes: Vec<String>,
    /// What was done to the columns of a table, with their names.
    pub transformation: Option<Transformation>,
    /// What `data.standardize` did to the features.
    pub standardization: Option<Standardization>,
    /// Files with checksums.
    pub files: Vec<SourceFile>,
    /// What was found out about the files, a sentence each.
    pub notes: Vec<String>,
    /// What is probably wrong with the data.
    pub warnings: Vec<Warning>,
    /// Samples of each part.
    pub samples: SampleCounts,
    /// Largest root mean square of a feature of the training part.
    pub scale: f64,
    single: Option<Arc<TrainingData<f32>>>,
    double: Option<Arc<TrainingData<f64>>>,
}

impl LoadedData {
    /// Loads a data set for trials of the given precisions.
    ///
    /// # Errors
    /// [`DataError`] as of [`load`], with settings named as in a grid file.
    pub fn load(
        settings: &DataSettings,
        base: &Path,
        precisions: &[Precision],
    ) -> Result<Self, DataError> {
        let dataset = load(settings, base).map_err(|error| error.within("data"))?;
        Ok(Self {
            features: dataset.features(),
            image: dataset
                .image
                .map(|image| [image.height, image.width, image.channels]),
            samples: SampleCounts {
                train: dataset.train.samples(),
                validation: dataset.validation.as_ref().map(Part::samples),
                test: dataset.test.samples(),
            },
            scale: dataset.train.scale(),
            standardization: dataset
                .standardization
                .as_ref()
                .map(|fitted| Standardization {
                    mean: fitted.mean.clone(),
                    scale: fitted.deviation.clone(),
                }),
            single: precisions
                .contains(&Precision::Single)
                .then(|| Arc::new(converted(&dataset))),
            double: precisions
                .contains(&Precision::Double)
                .then(|| Arc::new(converted(&dataset))),
            classes: dataset.classes,
            transformation: dataset.transformation,
            files: dataset.files,
            notes: dataset.notes,
            warnings: dataset.warnings,
        })
    }

    /// Names of the inputs of a network, where the features have names.
    pub fn feature_names(&self) -> Vec<String> {
        let names = self
            .transformation
            .as_ref()
            .map(Transformation::input_names);
        names.unwrap_or_default()
    }

    /// What was done to the columns of a table, as a model file has it.
    pub fn transformation_json(&self) -> Option<serde_json::Value> {
        let json = |fitted: &Transformation| {
            serde_json::to_value(fitted).expect("plain structs with text keys have a JSON form")
        };
        self.transformation.as_ref().map(json)
    }

    /// The samples in single precision, if they were asked for at loading.
    pub fn single(&self) -> Option<Arc<TrainingData<f32>>> {
        self.single.clone()
    }

    /// The samples in double precision, if they were asked for at loading.
    pub fn double(&self) -> Option<Arc<TrainingData<f64>>> {
        self.double.clone()
    }
}

fn converted<T: Real>(dataset: &Dataset) -> TrainingData<T> {
    TrainingData::new(
        Samples::new(dataset.train.inputs.view(), &dataset.train.labels),
        Samples::new(dataset.test.inputs.view(), &dataset.test.labels),
        dataset.classes.len(),
    )
    .with_validation(
        (dataset.validation.as_ref()).map(|part| Samples::new(part.inputs.view(), &part.labels)),
    )
}

/// All data sets of a plan.
#[derive(Debug, Default)]
pub struct DataSets {
    sets: HashMap<DataSettings, Arc<LoadedData>>,
}

impl DataSets {
    /// Loads every data set that a trial of the plan uses, in the precisions in which it does.
    ///
    /// # Errors
    /// [`DataError`] of the first data set that cannot be loaded.
    pub fn load(plan: &Plan) -> Result<Self, DataError> {
        let mut precisions: HashMap<&DataSettings, Vec<Precision>> = HashMap::new();
        let mut order = Vec::new();
        for trial in &plan.trials {
            let settings = &trial.settings.data;
            let wanted = precisions.entry(settings).or_insert_with(|| {
                order.push(settings);
                Vec::new()
            });
            if !wanted.contains(&trial.settings.solver.precision()) {
                wanted.push(trial.settings.solver.precision());
            }
        }
        let mut sets = HashMap::new();
        for settings in order {
            let loaded = LoadedData::load(settings, &plan.base, &precisions[settings])?;
            sets.insert(settings.clone(), Arc::new(loaded));
        }
        Ok(Self { sets })
    }

    /// The data of a trial of the plan.
    pub fn of(&self, trial: &TrialSettings) -> Arc<LoadedData> {
        Arc::clone(
            self.sets
                .get(&trial.data)
                .expect("every data set of the plan has been loaded"),
        )
    }

    /// The data sets with their settings.
    pub fn iter(&self) -> impl Iterator<Item = (&DataSettings, &Arc<LoadedData>)> {
        self.sets.iter()
    }
}
