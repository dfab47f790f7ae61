//! Settings of the data that are a choice between words, or a share.

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize};

/// What is done to the scale of the features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Standardized", into = "Standardized")]
pub enum Standardize {
    /// Nothing.
    #[default]
    Off,
    /// Mean 0 and variance 1 over the training samples.
    On,
    /// Median 0 and a range between the quartiles as that of variance 1: outliers do not count.
    Robust,
    /// On for tables, off for images.
    Auto,
}

/// As settings write it.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "true, false, robust or auto")]
enum Standardized {
    Switch(bool),
    Word(StandardizeWord),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StandardizeWord {
    Robust,
    Auto,
}

impl From<Standardized> for Standardize {
    fn from(written: Standardized) -> Self {
        match written {
            Standardized::Switch(true) => Self::On,
            Standardized::Switch(false) => Self::Off,
            Standardized::Word(StandardizeWord::Robust) => Self::Robust,
            Standardized::Word(StandardizeWord::Auto) => Self::Auto,
        }
    }
}

impl From<Standardize> for Standardized {
    fn from(choice: Standardize) -> Self {
        match choice {
            Standardize::Off => Self::Switch(false),
            Standardize::On => Self::Switch(true),
            Standardize::Robust => Self::Word(StandardizeWord::Robust),
            Standardize::Auto => Self::Word(StandardizeWord::Auto),
        }
    }
}

/// What is done about missing values: cells that are empty, `NA`, `NaN`, `?`, `null` or the like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// They are refused.
    #[default]
    Refuse,
    /// The mean of the training samples that have the value takes their place; a text has none of the known values then.
    Mean,
    /// Samples with a missing value are left out, in every part.
    Drop,
}

/// Which columns hold categories instead of numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged, expecting = "auto, refuse or a list of column names")]
pub enum Categorical {
    /// What the content says, or none.
    Word(CategoricalWord),
    /// These columns, whatever they hold, and others whose content says so.
    Names(#[serde(deserialize_with = "column_names")] Vec<String>),
}

/// Names of columns, which are numbers where a file has no header.
pub(super) fn column_names<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "the name or the number of a column")]
    enum Name {
        Number(u64),
        Text(String),
    }
    let names = Vec::<Name>::deserialize(deserializer)?.into_iter();
    let text = |name| match name {
        Name::Number(number) => number.to_string(),
        Name::Text(text) => text,
    };
    Ok(names.map(text).collect())
}

/// Which columns hold categories, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CategoricalWord {
    /// Columns that hold text.
    Auto,
    /// None: text in a feature column is refused.
    Refuse,
}

/// How a text file writes characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// Windows-1252, which holds the printable characters of Latin-1 at the same places.
    #[serde(rename = "cp1252", alias = "latin-1")]
    Cp1252,
    /// UTF-16 in either byte order.
    #[serde(rename = "utf-16")]
    Utf16,
}

/// What stands between the cells of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Delimiter {
    /// `,`
    #[serde(rename = ",", alias = "comma")]
    Comma,
    /// `;`
    #[serde(rename = ";", alias = "semicolon")]
    Semicolon,
    /// A tab.
    #[serde(rename = "tab", alias = "\t")]
    Tab,
    /// `|`
    #[serde(rename = "|", alias = "pipe")]
    Pipe,
    /// Any white space.
    #[serde(rename = "space", alias = " ")]
    Space,
}

impl Delimiter {
    /// All, the most usual first.
    pub(super) const ALL: [Self; 5] = [
        Self::Comma,
        Self::Semicolon,
        Self::Tab,
        Self::Pipe,
        Self::Space,
    ];

    /// The byte; white space has become tabs when rows are read.
    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab | Self::Space => b'\t',
            Self::Pipe => b'|',
        }
    }

    /// In words.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
            Self::Pipe => "pipe",
            Self::Space => "white space",
        }
    }
}

/// What stands around cells that hold a delimiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Quote {
    /// `"`
    #[serde(rename = "\"", alias = "double")]
    Double,
    /// `'`; a backslash before a character takes its meaning away.
    #[serde(rename = "'", alias = "single")]
    Single,
}

impl Quote {
    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Double => b'"',
            Self::Single => b'\'',
        }
    }
}

/// What stands before the decimals of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Decimal {
    /// `.`
    #[serde(rename = ".", alias = "point")]
    Point,
    /// `,`
    #[serde(rename = ",", alias = "comma")]
    Comma,
}

/// A share of the samples, compared by its bits.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Share(pub f64);

impl PartialEq for Share {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Share {}

impl Hash for Share {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// How one file is divided into parts: shuffled, every class in the same share, unless the order of the file is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitSettings {
    /// Share of the samples that become the test part; none where the source has a test part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Share>,
    /// Share of the samples that are held out for validation; none: nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<Share>,
    /// Seed of the shuffle.
    #[serde(default)]
    pub seed: u64,
}

/// Share of the test samples of one file where nothing is said.
pub(super) const DEFAULT_TEST_SHARE: Share = Share(0.2);
