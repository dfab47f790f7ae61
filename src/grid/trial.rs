//! A trial: one setting with one seed; a plan: all trials of a grid file.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::check::OutOfRange;
use crate::compress::CompressionSettings;
use crate::data::choices::Standardize;
use crate::data::{DataSettings, Source};
use crate::network::{InitScheme, InitSettings, ModelSettings};

use super::MethodSettings;

/// Every setting of one trial, resolved. `config.yaml` of a trial holds exactly this.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrialSettings {
    /// The data set.
    pub data: DataSettings,
    /// The network.
    pub model: ModelSettings,
    /// The method and its settings.
    #[serde(default)]
    pub solver: MethodSettings,
    /// The compression.
    #[serde(default)]
    pub compression: CompressionSettings,
    /// Seed of the initial weights, and of the order of a gradient method's batches.
    pub seed: u64,
}

/// Factor on the initial weights for mini-batches: they start from a network that answers little.
const START_SCALE: f64 = 0.5;

impl TrialSettings {
    /// What a grid file does not name of data and network, as suits a method that works on batches: inputs of tables are
    /// standardised, layers have a bias, and initial weights of mini-batch training are half as large. `named`: whether the file names
    /// the setting at a dotted path.
    pub(super) fn complete(&mut self, named: impl Fn(&str) -> bool) {
        if matches!(self.solver, MethodSettings::NnBcd(_)) {
            return;
        }
        if !named("data.standardize") {
            self.data.standardize = match self.data.source {
                Source::Csv | Source::UciHar => Standardize::On,
                // Tables or images: known when they have been read.
                Source::File => Standardize::Auto,
                Source::Digits | Source::Idx => self.data.standardize,
            };
        }
        if !named("model.bias") {
            self.model.bias = true;
        }
        let draws = ["model.init", "model.init.scheme", "model.init.scale"];
        if matches!(self.solver, MethodSettings::MiniBatch(_)) && !draws.into_iter().any(named) {
            let scheme = InitScheme::default();
            let scale = START_SCALE;
            self.model.init = InitSettings::Random { scheme, scale };
        }
    }

    /// Whether every setting is in its range, as far as they need the settings alone. What depends on the data is checked
    /// when they are known.
    ///
    /// # Errors
    /// The first setting that is not, by its dotted path.
    pub fn check(&self) -> Result<(), OutOfRange> {
        let within = |map: &'static str| move |found: OutOfRange| found.within(map);
        self.data.check().map_err(within("data"))?;
        self.model.check().map_err(within("model"))?;
        let layers = self.model.layers();
        self.solver.check(layers).map_err(within("solver"))?;
        self.compression
            .check(layers, self.model.conv.is_some())
            .map_err(within("compression"))
    }
}

/// One trial of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Hash of the content of the settings.
    pub id: String,
    /// The settings, normalized: what the trial does not use has its default.
    pub settings: TrialSettings,
    /// One cell per column of [`Plan::swept`]; empty where the trial does not use the setting.
    pub swept: Vec<String>,
}

/// All trials of a grid file, in the order in which the grid names them.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Name of the run directory.
    pub name: String,
    /// The grid file's text.
    pub source: String,
    /// Directory that relative paths in the settings refer to.
    pub base: PathBuf,
    /// Seconds between checkpoints of a running trial.
    pub checkpoint_every: f64,
    /// Columns of the swept settings: dotted paths.
    pub swept: Vec<String>,
    /// The trials, without duplicates.
    pub trials: Vec<Trial>,
    /// Number of trials dropped because an equal one is in the plan.
    pub duplicates: usize,
    /// Number of trials dropped by `exclude`.
    pub excluded: usize,
    /// What looks like a mistake but does not forbid to run, one sentence each.
    pub warnings: Vec<String>,
}
