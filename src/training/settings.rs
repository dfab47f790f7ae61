//! Settings that every method has.

use serde::{Deserialize, Serialize};

use crate::check::{Checked, length, require};

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

    /// Whether every value is in its range, and there is one for each of so many layers if there are several.
    ///
    /// # Errors
    /// The first value that is not.
    pub fn check(&self, layers: usize) -> Checked {
        const PATH: &str = "weight_decay";
        let in_range = |value: f64, path: &str| {
            let holds = value.is_finite() && value >= 0.0;
            require(holds, path, value, "a number >= 0")
        };
        match self {
            Self::Uniform(value) => in_range(*value, PATH),
            Self::PerLayer(values) => {
                for (index, &value) in values.iter().enumerate() {
                    in_range(value, &format!("{PATH}[{index}]"))?;
                }
                let allowed = format!("one number, or one for each of the {layers} layers");
                length(values.len(), layers, PATH, allowed)
            }
        }
    }
}
