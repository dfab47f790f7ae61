//! The settings of the data: the `data` map of a grid file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::choices::{
    Categorical, Decimal, Delimiter, Encoding, Missing, Quote, Share, SplitSettings, Standardize,
    column_names,
};
use super::digits;
use super::error::DataError;

/// Kind of source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// 1,797 handwritten 8 x 8 digits, built into the program.
    Digits,
    /// Four IDX files in the MNIST layout.
    Idx,
    /// CSV files.
    Csv,
    /// The directory layout of UCI-HAR.
    UciHar,
    /// A file or a directory whose format is found out.
    File,
}

impl Source {
    pub(super) const ALL: [Self; 5] =
        [Self::Digits, Self::Idx, Self::Csv, Self::UciHar, Self::File];

    /// As settings write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Idx => "idx",
            Self::Csv => "csv",
            Self::UciHar => "uci-har",
            Self::File => "file",
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
    Names(#[serde(deserialize_with = "column_names")] Vec<String>),
}

/// What to read from CSV files.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvSettings {
    /// Name of the label column; none: the one called label, class, target or y, else the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Feature columns; none: all but the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Features>,
    /// Training file.
    pub train: PathBuf,
    /// Test file; none: test samples are split off the training file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<PathBuf>,
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
    /// Directory of `idx` and `uci-har` files, or the (training) file of `file`, relative to the grid file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// Test file of `file`; none: test samples come from `path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_path: Option<PathBuf>,
    /// Label column or array of `file`; none: the one called label, class, target or y, else the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Feature columns of `file`; none: all but the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Features>,
    /// Columns that are no features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore: Option<Vec<String>>,
    /// What stands between cells; none: found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<Delimiter>,
    /// What stands around cells; none: found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
    /// Whether the first row has the names of the columns; none: found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// How characters are written; none: UTF-8, or what a byte order mark says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// What stands before decimals; none: found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal: Option<Decimal>,
    /// What is done about missing values; none: they are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    /// Which columns hold categories; none: those with text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categorical: Option<Categorical>,
    /// Categories with fewer training samples are gathered into one; none: 2, or a thousandth of the samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rare: Option<usize>,
    /// How one file is divided into parts; none: a fifth is test samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<SplitSettings>,
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
    /// False: the order of the files, for counts and splits as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shuffle: Option<bool>,
    /// True: every class has the same share of what `train`, `validation` and `test` take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stratify: Option<bool>,
    /// Scale of the features, fitted on the training part.
    #[serde(default)]
    pub standardize: Standardize,
    /// Balance of the training classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<BalanceSettings>,
}

impl DataSettings {
    /// What a grid file that counts or splits samples means, unless it gives an order: shuffled, every class in the same share.
    /// Written out, as results of earlier versions mean the order of the files.
    pub fn with_default_order(&mut self) {
        let has_test_files = match self.source {
            Source::Digits | Source::File => false,
            Source::Idx | Source::UciHar => true,
            Source::Csv => self.csv.as_ref().is_some_and(|csv| csv.test.is_some()),
        };
        let counts = [self.train, self.validation, self.test];
        let takes_some = counts.iter().any(Option::is_some) || self.split.is_some();
        let has_order = self.shuffle_seed.is_some() || self.stratify.is_some();
        match self.shuffle {
            // The default of settings that name no order.
            Some(false) if has_test_files && !has_order => self.shuffle = None,
            None if self.source != Source::Digits && takes_some && !has_order => {
                self.shuffle_seed = Some(0);
                self.stratify = Some(true);
            }
            Some(true) if self.source != Source::Digits => {
                self.shuffle = None;
                self.shuffle_seed.get_or_insert(0);
                self.stratify.get_or_insert(true);
            }
            _ => {}
        }
    }

    /// All samples of a source as they are, in the order of its files.
    pub fn of(source: Source) -> Self {
        Self {
            source,
            path: None,
            test_path: None,
            label: None,
            features: None,
            ignore: None,
            delimiter: None,
            quote: None,
            header: None,
            encoding: None,
            decimal: None,
            missing: None,
            categorical: None,
            rare: None,
            split: None,
            csv: None,
            train: None,
            validation: None,
            test: None,
            shuffle_seed: None,
            shuffle: None,
            stratify: None,
            standardize: Standardize::Off,
            balance: None,
        }
    }

    /// What was done to the values of the files, for users of a trained model.
    pub fn preprocessing(&self) -> &'static str {
        match self.source {
            Source::Digits => "8 x 8 pixels row by row, each 0 to 16 divided by 16",
            Source::Idx => "pixels row by row, each 0 to 255 divided by 255",
            Source::Csv => "the feature columns in the order of the file",
            Source::UciHar => "the features in the order of the file",
            Source::File => {
                "the feature columns in the order of the file; pixels of images row by row, bytes divided by 255"
            }
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
        if let Some(split) = &self.split {
            let share = |share: Option<Share>| share.map_or(0.0, |share| share.0);
            let (test, validation) = (share(split.test), share(split.validation));
            text.push_str(&format!(", split {test}/{validation}"));
        }
        if let Some(validation) = self.validation {
            text.push_str(&format!(", {validation} held out"));
        }
        for (used, word) in [
            (self.shuffle_seed.is_some(), ", shuffled"),
            (self.balance.is_some(), ", balanced"),
            (self.standardize == Standardize::On, ", standardized"),
            (
                self.standardize == Standardize::Robust,
                ", standardized robustly",
            ),
        ] {
            text.push_str(if used { word } else { "" });
        }
        text
    }

    /// Whether the pool of `digits` holds as many samples as are asked for. Said apart from the ranges, as for the files of
    /// other sources: a grid may cross numbers and exclude what does not go together.
    ///
    /// # Errors
    /// [`DataError::Setting`] for the first number that is too large.
    pub(super) fn check_pool(&self) -> Result<(), DataError> {
        const POOL: usize = digits::SAMPLES;
        // At least one sample is left for each part that comes after.
        let held_out = usize::from(self.validation.is_some());
        self.check_count("train", self.train, POOL - 1 - held_out)?;
        let most = match self.train {
            Some(train) => POOL - 1 - train,
            None => digits::DEFAULT_TRAIN - 1,
        };
        self.check_count("validation", self.validation, most)?;
        let [train, validation, _] = self.digits_parts();
        self.check_count("test", self.test, POOL - train - validation)
    }

    /// What to add to a range of samples that are left by what is held out.
    pub(super) fn after_hold_out(&self) -> String {
        (self.validation).map_or_else(String::new, |count| {
            format!(" when `validation` holds out {count}")
        })
    }

    fn check_count(
        &self,
        setting: &'static str,
        count: Option<usize>,
        most: usize,
    ) -> Result<(), DataError> {
        let Some(count) = count.filter(|count| *count > most) else {
            return Ok(());
        };
        let held_out = match setting {
            "validation" => String::new(),
            _ => self.after_hold_out(),
        };
        Err(DataError::Setting {
            setting: setting.into(),
            value: count.to_string(),
            allowed: format!("1 to {most} of the {} digits{held_out}", digits::SAMPLES),
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
}
