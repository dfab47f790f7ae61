//! Settings that every method has.

use serde::{Deserialize, Serialize};

/// Precision of the arithmetic inside a method. Reported sums are accumulated in `f64` either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// `f32`
    #[default]
    Single,
    /// `f64`
    Double,
}

/// `lambda`: one value for all layers, or one per layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a number >= 0, or a list with one per layer")]
pub enum WeightDecay {
    /// The same value in every layer.
    Uniform(f64),
    /// One value per layer, first layer first.
    PerLayer(Vec<f64>),
}

impl WeightDecay {
    /// `lambda_i` of the layer with this index.
    pub fn of_layer(&self, index: usize) -> f64 {
        match self {
            Self::Uniform(value) => *value,
            Self::PerLayer(values) => values.get(index).copied().unwrap_or(0.0),
        }
    }
}
