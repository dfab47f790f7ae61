//! The settings of the network: the `model` map of a grid file.

use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// A first convolution layer (image data only).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvolutionSettings {
    /// Number of filters.
    pub filters: usize,
    /// Side of the square kernel.
    pub kernel: usize,
    /// Distance between kernel positions.
    #[serde(default = "one")]
    pub stride: usize,
}

fn one() -> usize {
    1
}

/// Distribution of the initial weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum InitScheme {
    #[default]
    KaimingNormal,
    KaimingUniform,
    XavierNormal,
    XavierUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    /// Standard deviation = `scale`.
    Normal,
    /// Bound = `scale`.
    Uniform,
}

/// Where the initial weights come from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum InitSettings {
    /// Drawn from a distribution with the trial's seed.
    Random {
        /// The distribution.
        scheme: InitScheme,
        /// Factor on the weights (`normal`: standard deviation, `uniform`: bound).
        scale: f64,
    },
    /// Read from a safetensors file: `layers.0.weight`, `layers.0.bias`, …
    File {
        /// Path of the file, relative to the grid file.
        weights: PathBuf,
    },
}

impl InitSettings {
    /// Whether initial weights take a setting, where they come from a file and where they do not.
    pub fn takes(from_file: bool, setting: &str) -> bool {
        !(from_file && matches!(setting, "scheme" | "scale"))
    }
}

fn unit_scale() -> f64 {
    1.0
}

/// The flat map of the YAML file. Read as an untagged enum, a mistake inside it would lose its place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlatInit {
    scheme: Option<InitScheme>,
    scale: Option<f64>,
    weights: Option<PathBuf>,
}

impl<'de> Deserialize<'de> for InitSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let flat = FlatInit::deserialize(deserializer)?;
        let from_file = flat.weights.is_some();
        let given = [
            ("scheme", flat.scheme.is_some()),
            ("scale", flat.scale.is_some()),
        ];
        if (given.iter()).any(|(setting, given)| *given && !Self::takes(from_file, setting)) {
            return Err(D::Error::custom("give either weights, or scheme and scale"));
        }
        match flat.weights {
            Some(weights) => Ok(Self::File { weights }),
            None => Ok(Self::Random {
                scheme: flat.scheme.unwrap_or_default(),
                scale: flat.scale.unwrap_or_else(unit_scale),
            }),
        }
    }
}

impl Default for InitSettings {
    fn default() -> Self {
        Self::Random {
            scheme: InitScheme::default(),
            scale: unit_scale(),
        }
    }
}

/// Shape of the network. Input and output widths come from the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    /// Widths of the hidden dense layers.
    pub hidden: Vec<usize>,
    /// Optional first convolution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conv: Option<ConvolutionSettings>,
    /// Whether layers have a bias.
    #[serde(default)]
    pub bias: bool,
    /// Initial weights.
    #[serde(default)]
    pub init: InitSettings,
}
