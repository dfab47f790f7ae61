//! The settings of the data: the `data` map of a grid file.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::digits;
use super::error::{DataError, shown};

/// Kind of source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// 1,797 handwritten 8 x 8 digits, built into the program.
    Digits,
    /// Four IDX files in the MNIST layout.
    Idx,
    /// Two CSV files.
    Csv,
    /// The directory layout of UCI-HAR.
    UciHar,
}

impl Source {
    /// As the grid file writes it.
    fn name(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Idx => "idx",
            Self::Csv => "csv",
            Self::UciHar => "uci-har",
        }
    }
}

/// Feature columns of a CSV file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a pattern such as \"x*\", or a list of column names"
)]
pub enum Features {
    /// All columns whose name matches a pattern with `*`.
    Pattern(String),
    /// These columns.
    Names(Vec<String>),
}

/// What to read from CSV files.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvSettings {
    /// Name of the label column.
    pub label: String,
    /// Feature columns.
    pub features: Features,
    /// Training file.
    pub train: PathBuf,
    /// Test file.
    pub test: PathBuf,
}

/// Balance of the classes of the training part.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalanceSettings {
    /// Every class is cut to the size of the smallest one, drawn with this seed.
    pub undersample_seed: u64,
}

/// One data set. Equal settings mean equal data: the runner loads it once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSettings {
    /// Kind of source.
    pub source: Source,
    /// Directory of `idx` and `uci-har` files, relative to the grid file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// Columns and files of a `csv` source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv: Option<CsvSettings>,
    /// Number of training samples, after the shuffle; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<usize>,
    /// Number of samples held out of the training part for validation; none: nothing is held out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<usize>,
    /// Number of test samples, after the shuffle; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<usize>,
    /// Seed of the shuffle; none: the order of the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shuffle_seed: Option<u64>,
    /// Mean 0 and variance 1 per feature, fitted on the training part.
    #[serde(default)]
    pub standardize: bool,
    /// Balance of the training classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<BalanceSettings>,
}

impl DataSettings {
    /// What was done to the values of the files, for users of a trained model.
    pub fn preprocessing(&self) -> &'static str {
        match self.source {
            Source::Digits => "8 x 8 pixels row by row, each 0 to 16 divided by 16",
            Source::Idx => "pixels row by row, each 0 to 255 divided by 255",
            Source::Csv => "the feature columns in the order of the file",
            Source::UciHar => "the features in the order of the file",
        }
    }

    /// Short text for plans and provenance: source, numbers of samples, and what
    /// is done to them (`digits 1400/397`, `idx mnist 6000/all, shuffled, standardized`).
    pub fn describe(&self) -> String {
        let file = self.csv.as_ref().map(|tables| tables.train.as_path());
        let name = file.or(self.path.as_deref()).and_then(Path::file_name);
        let name = name.map_or_else(String::new, |name| format!(" {}", name.display()));
        let (train, test) = match self.source {
            Source::Digits => {
                let [train, _, test] = self.digits_parts();
                (Some(train), Some(test))
            }
            _ => (self.train, self.test),
        };
        let count = |count: Option<usize>| count.map_or("all".into(), |count| count.to_string());
        let mut text = format!(
            "{}{name} {}/{}",
            self.source.name(),
            count(train),
            count(test)
        );
        if let Some(validation) = self.validation {
            text.push_str(&format!(", {validation} held out"));
        }
        for (used, word) in [
            (self.shuffle_seed.is_some(), ", shuffled"),
            (self.balance.is_some(), ", balanced"),
            (self.standardize, ", standardized"),
        ] {
            text.push_str(if used { word } else { "" });
        }
        text
    }

    /// Whether the settings fit together, before any file is opened.
    ///
    /// # Errors
    /// [`DataError::Setting`] for a setting that the source needs and does not have, or has and
    /// does not need, or that is out of range whatever the files hold.
    pub fn check(&self) -> Result<(), DataError> {
        let (path, csv) = match self.source {
            Source::Digits => (false, false),
            Source::Idx | Source::UciHar => (true, false),
            Source::Csv => (false, true),
        };
        if path {
            self.directory()?;
        } else if self.path.is_some() {
            return Err(self.unused("data.path"));
        }
        if csv {
            self.tables()?.check()?;
        } else if self.csv.is_some() {
            return Err(self.unused("data.csv"));
        }
        let pool = (self.source == Source::Digits).then_some(digits::SAMPLES);
        // At least one sample is left for each part that comes after.
        let held_out = usize::from(self.validation.is_some());
        self.check_count(
            "data.train",
            self.train,
            pool.map(|pool| pool - 1 - held_out),
        )?;
        let most = match self.train {
            Some(train) => pool.map(|pool| pool - 1 - train),
            None => pool.map(|_| digits::DEFAULT_TRAIN - 1),
        };
        self.check_count("data.validation", self.validation, most)?;
        let most = pool.map(|pool| {
            let [train, validation, _] = self.digits_parts();
            pool - train - validation
        });
        self.check_count("data.test", self.test, most)
    }

    /// What to add to a range of samples that are left by what is held out.
    pub(super) fn after_hold_out(&self) -> String {
        (self.validation).map_or_else(String::new, |count| {
            format!(" when data.validation holds out {count}")
        })
    }

    /// A number of samples must be at least 1 and at most what is known to be there.
    fn check_count(
        &self,
        setting: &'static str,
        count: Option<usize>,
        most: Option<usize>,
    ) -> Result<(), DataError> {
        let Some(count) = count else {
            return Ok(());
        };
        if count >= 1 && most.is_none_or(|most| count <= most) {
            return Ok(());
        }
        let allowed = most.map_or("1 or more".into(), |most| {
            let held_out = match setting {
                "data.validation" => String::new(),
                _ => self.after_hold_out(),
            };
            format!("1 to {most} of the {} digits{held_out}", digits::SAMPLES)
        });
        Err(DataError::Setting {
            setting,
            value: count.to_string(),
            allowed,
            remedy: "correct the number, or leave the setting out".into(),
        })
    }

    /// Numbers of training, validation and test samples of the pool of `digits`.
    pub(super) fn digits_parts(&self) -> [usize; 3] {
        let validation = self.validation.unwrap_or(0);
        let train = (self.train).unwrap_or(digits::DEFAULT_TRAIN.saturating_sub(validation));
        let rest = digits::SAMPLES.saturating_sub(train + validation);
        [train, validation, self.test.unwrap_or(rest)]
    }

    /// The directory of a source that needs one.
    pub(super) fn directory(&self) -> Result<&Path, DataError> {
        self.path.as_deref().ok_or_else(|| DataError::Setting {
            setting: "data.path",
            value: "missing".into(),
            allowed: "the directory of the files, relative to the grid file".into(),
            remedy: "add `path: …` to `data`".into(),
        })
    }

    /// The tables of a `csv` source.
    pub(super) fn tables(&self) -> Result<&CsvSettings, DataError> {
        self.csv.as_ref().ok_or_else(|| DataError::Setting {
            setting: "data.csv",
            value: "missing".into(),
            allowed: "label, features, train and test".into(),
            remedy: "add `csv: {label: label, features: \"x*\", train: …, test: …}` to `data`"
                .into(),
        })
    }

    fn unused(&self, setting: &'static str) -> DataError {
        DataError::Setting {
            setting,
            value: "given".into(),
            allowed: format!("nothing, because {} does not use it", self.source.name()),
            remedy: "remove it, or correct data.source".into(),
        }
    }
}

impl CsvSettings {
    fn check(&self) -> Result<(), DataError> {
        let Features::Names(names) = &self.features else {
            return Ok(());
        };
        let mut seen = HashSet::from([&self.label]);
        let problem = if names.is_empty() {
            "an empty list".into()
        } else if let Some(name) = names.iter().find(|name| !seen.insert(name)) {
            shown(name.as_bytes())
        } else {
            return Ok(());
        };
        Err(DataError::Setting {
            setting: "data.csv.features",
            value: problem,
            allowed: "at least one column, each once, without the label".into(),
            remedy: "correct the list, or give a pattern such as \"x*\"".into(),
        })
    }
}
