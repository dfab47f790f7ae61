//! The settings of compression: the `compression` map of a grid file.

use serde::{Deserialize, Serialize};

/// One value for every compressed layer, or one per compressed layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PerLayer<T> {
    /// The same value in every compressed layer.
    Uniform(T),
    /// One value per compressed layer, in the order of the layers.
    Each(Vec<T>),
}

/// Which layers are compressed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LayerSelection {
    /// All but the last layer and a convolution.
    #[default]
    Hidden,
    /// All layers.
    All,
    /// These layers; 0 is the first. Written as a plain list in YAML.
    #[serde(untagged)]
    Listed(Vec<usize>),
}

/// How a weight matrix is reshaped for the tensor train.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Modes {
    /// Factor rows and columns into small modes.
    #[default]
    Auto,
    /// One list per compressed layer; the product of a list is the number of entries of the matrix.
    #[serde(untagged)]
    Listed(Vec<Vec<usize>>),
}

/// Over which entries the pruning threshold is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// One threshold per layer (the paper's).
    #[default]
    Layer,
    /// One threshold for all compressed layers.
    Global,
}

/// Compression of the whole network. In YAML one flat map with `method` as its tag.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CompressionSettings {
    /// The dense network.
    #[default]
    None,
    /// Tensor train of every compressed weight matrix.
    TensorTrain {
        /// Which layers.
        #[serde(default)]
        layers: LayerSelection,
        /// Largest TT rank.
        rank: PerLayer<usize>,
        /// Shape of the tensor.
        #[serde(default)]
        modes: Modes,
    },
    /// Truncated singular value decomposition.
    LowRank {
        /// Which layers.
        #[serde(default)]
        layers: LayerSelection,
        /// Rank of the matrix.
        rank: PerLayer<usize>,
    },
    /// Magnitude pruning.
    Prune {
        /// Which layers.
        #[serde(default)]
        layers: LayerSelection,
        /// Share of the entries that become zero, in [0, 1).
        sparsity: PerLayer<f64>,
        /// Over which entries the threshold is taken.
        #[serde(default)]
        scope: Scope,
    },
    /// Of every `m` consecutive entries of a row the `n` largest are kept.
    NM {
        /// Which layers.
        #[serde(default)]
        layers: LayerSelection,
        /// Kept entries of a group.
        n: usize,
        /// Size of a group.
        m: usize,
    },
    /// A method of its own for each layer.
    Mixed {
        /// The compressed layers; a layer that is not named stays dense.
        choices: Vec<MethodChoice>,
    },
}

/// One layer's own method, for `method: mixed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MethodChoice {
    /// The layer; 0 is the first.
    pub layer: usize,
    /// Its method.
    #[serde(flatten)]
    pub method: Method,
}

/// Compression of one layer, in YAML.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Method {
    /// Tensor train.
    TensorTrain {
        /// Largest TT rank.
        rank: usize,
        /// Shape of the tensor; none: automatic.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        modes: Option<Vec<usize>>,
    },
    /// Truncated singular value decomposition.
    LowRank {
        /// Rank of the matrix.
        rank: usize,
    },
    /// Magnitude pruning with a threshold of its own.
    Prune {
        /// Share of zeros.
        sparsity: f64,
    },
    /// N:M sparsity.
    NM {
        /// Kept entries of a group.
        n: usize,
        /// Size of a group.
        m: usize,
    },
}
