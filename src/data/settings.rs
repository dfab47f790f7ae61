//! The settings of the data: the `data` map of a grid file.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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
