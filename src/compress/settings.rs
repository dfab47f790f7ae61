//! The settings of compression: the `compression` map of a grid file.

use serde::de::value::{self, StrDeserializer};
use serde::de::{self, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::target::{Target, TargetMethod};

/// One value for every compressed layer, or one per compressed layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "one value, or a list with one value per compressed layer"
)]
pub enum PerLayer<T> {
    /// The same value in every compressed layer.
    Uniform(T),
    /// One value per compressed layer, in the order of the layers.
    Each(Vec<T>),
}

/// Which layers are compressed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    expecting = "hidden, all, or a list of layer numbers; 0 is the first layer"
)]
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
#[serde(
    rename_all = "kebab-case",
    expecting = "auto, or one list of whole numbers per compressed layer"
)]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(tag = "method", rename_all = "kebab-case")]
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
    /// Tensor train, low rank or pruning, as much of it as a compression ratio asks for.
    #[serde(untagged)]
    Target(Target),
}

/// One layer's own method, for `method: mixed`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MethodChoice {
    /// The layer; 0 is the first.
    pub layer: usize,
    /// Its method.
    #[serde(flatten)]
    pub method: Method,
}

/// Compression of one layer, in YAML.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "method", rename_all = "kebab-case")]
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

impl CompressionSettings {
    /// The keys that a method takes beside `method`; none for an unknown method.
    pub fn keys(method: &str) -> Option<&'static [&'static str]> {
        let name: StrDeserializer<'_, value::Error> = method.into_deserializer();
        MethodName::deserialize(name).ok().map(MethodName::keys)
    }

    /// Whether some method takes this key.
    pub fn is_key(key: &str) -> bool {
        MethodName::ALL
            .iter()
            .any(|method| method.keys().contains(&key))
    }
}

impl<'de> Deserialize<'de> for CompressionSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let flat = FlatCompression::deserialize(deserializer)?;
        let given = [
            ("layers", flat.layers.is_some()),
            ("rank", flat.rank.is_some()),
            ("modes", flat.modes.is_some()),
            ("sparsity", flat.sparsity.is_some()),
            ("ratio", flat.ratio.is_some()),
            ("scope", flat.scope.is_some()),
            ("n", flat.n.is_some()),
            ("m", flat.m.is_some()),
            ("choices", flat.choices.is_some()),
        ];
        refuse_unused(&given, flat.method.keys())?;
        if let Some(ratio) = flat.ratio {
            return flat.target(ratio).map(Self::Target);
        }
        let layers = flat.layers.unwrap_or_default();
        Ok(match flat.method {
            MethodName::None => Self::None,
            MethodName::TensorTrain => Self::TensorTrain {
                layers,
                rank: required(flat.rank, "rank")?,
                modes: flat.modes.unwrap_or_default(),
            },
            MethodName::LowRank => Self::LowRank {
                layers,
                rank: required(flat.rank, "rank")?,
            },
            MethodName::Prune => Self::Prune {
                layers,
                sparsity: required(flat.sparsity, "sparsity")?,
                scope: flat.scope.unwrap_or_default(),
            },
            MethodName::NM => Self::NM {
                layers,
                n: required(flat.n, "n")?,
                m: required(flat.m, "m")?,
            },
            MethodName::Mixed => Self::Mixed {
                choices: required(flat.choices, "choices")?,
            },
        })
    }
}

impl<'de> Deserialize<'de> for MethodChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let flat = FlatChoice::deserialize(deserializer)?;
        let given = [
            ("rank", flat.rank.is_some()),
            ("modes", flat.modes.is_some()),
            ("sparsity", flat.sparsity.is_some()),
            ("n", flat.n.is_some()),
            ("m", flat.m.is_some()),
        ];
        refuse_unused(&given, flat.method.keys())?;
        let method = match flat.method {
            ChoiceName::TensorTrain => Method::TensorTrain {
                rank: required(flat.rank, "rank")?,
                modes: flat.modes,
            },
            ChoiceName::LowRank => Method::LowRank {
                rank: required(flat.rank, "rank")?,
            },
            ChoiceName::Prune => Method::Prune {
                sparsity: required(flat.sparsity, "sparsity")?,
            },
            ChoiceName::NM => Method::NM {
                n: required(flat.n, "n")?,
                m: required(flat.m, "m")?,
            },
        };
        Ok(Self {
            layer: flat.layer,
            method,
        })
    }
}

/// The flat map of the YAML file. Read as an internally tagged enum, a mistake inside it would lose its place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlatCompression {
    method: MethodName,
    layers: Option<LayerSelection>,
    rank: Option<PerLayer<usize>>,
    modes: Option<Modes>,
    sparsity: Option<PerLayer<f64>>,
    ratio: Option<f64>,
    scope: Option<Scope>,
    n: Option<usize>,
    m: Option<usize>,
    choices: Option<Vec<MethodChoice>>,
}

impl FlatCompression {
    /// The method with a ratio, which stands in the place of its amount.
    fn target<E: de::Error>(self, ratio: f64) -> Result<Target, E> {
        let (method, amount) = match self.method {
            MethodName::TensorTrain => (TargetMethod::TensorTrain, self.rank.is_some()),
            MethodName::LowRank => (TargetMethod::LowRank, self.rank.is_some()),
            MethodName::Prune => (TargetMethod::Prune, self.sparsity.is_some()),
            _ => unreachable!("the keys of other methods do not have it"),
        };
        if amount {
            let amount = if method == TargetMethod::Prune {
                "sparsity"
            } else {
                "rank"
            };
            return Err(E::custom(format!(
                "ratio and {amount} say the same; give one of them"
            )));
        }
        Ok(Target {
            method,
            layers: self.layers.unwrap_or_default(),
            ratio,
            modes: self.modes.unwrap_or_default(),
            scope: self.scope.unwrap_or_default(),
        })
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum MethodName {
    None,
    TensorTrain,
    LowRank,
    Prune,
    NM,
    Mixed,
}

impl MethodName {
    const ALL: [Self; 6] = [
        Self::None,
        Self::TensorTrain,
        Self::LowRank,
        Self::Prune,
        Self::NM,
        Self::Mixed,
    ];

    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::TensorTrain => &["layers", "rank", "ratio", "modes"],
            Self::LowRank => &["layers", "rank", "ratio"],
            Self::Prune => &["layers", "sparsity", "ratio", "scope"],
            Self::NM => &["layers", "n", "m"],
            Self::Mixed => &["choices"],
        }
    }
}

/// The flat map of one layer of `method: mixed`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlatChoice {
    layer: usize,
    method: ChoiceName,
    rank: Option<usize>,
    modes: Option<Vec<usize>>,
    sparsity: Option<f64>,
    n: Option<usize>,
    m: Option<usize>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ChoiceName {
    TensorTrain,
    LowRank,
    Prune,
    NM,
}

impl ChoiceName {
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::TensorTrain => &["rank", "modes"],
            Self::LowRank => &["rank"],
            Self::Prune => &["sparsity"],
            Self::NM => &["n", "m"],
        }
    }
}

/// A key that the method does not take is as wrong as an unknown one.
fn refuse_unused<E: de::Error>(
    given: &[(&'static str, bool)],
    allowed: &'static [&'static str],
) -> Result<(), E> {
    let unused = given
        .iter()
        .find(|(key, given)| *given && !allowed.contains(key));
    unused.map_or(Ok(()), |(key, _)| Err(E::unknown_field(key, allowed)))
}

fn required<T, E: de::Error>(value: Option<T>, key: &'static str) -> Result<T, E> {
    value.ok_or_else(|| E::missing_field(key))
}
