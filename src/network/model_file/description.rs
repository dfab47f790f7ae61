//! The description of a model: what the file says about its tensors.

use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

use super::error::{ModelFileError, description};
use super::tensor::Tensor;
use crate::compress::{Form, Projected};
use crate::linalg::Real;
use crate::network::{Architecture, Convolution, Layer, LayerKind};

/// Version of the format that this program writes and reads.
const FORMAT: u32 = 1;

/// What a user of the model has to know besides the network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelDescription {
    /// Names of the classes, in the order of the outputs.
    pub classes: Vec<String>,
    /// Names of the inputs, in their order; empty: they have none.
    pub features: Vec<String>,
    /// How the inputs come from the columns of a table, as the data room writes it: `{missing, columns}`.
    pub transformation: Option<serde_json::Value>,
    /// In words: what has to be done to the features of a sample, and in which order they come.
    pub preprocessing: String,
    /// The numbers that belong to it, where the data of the training were standardised.
    pub standardization: Option<Standardization>,
    /// Every setting of the training, as text.
    pub settings: String,
}

impl ModelDescription {
    /// `input.mean` and `input.scale`, where there are any; always in double precision.
    pub(in crate::network) fn input_tensors(&self) -> Vec<Tensor> {
        let Some(Standardization { mean, scale }) = &self.standardization else {
            return Vec::new();
        };
        [("input.mean", mean), ("input.scale", scale)]
            .map(|(name, numbers)| {
                Tensor::numbers(name.into(), &[numbers.len()], numbers.iter().copied())
            })
            .into()
    }
}

/// `x := (x - mean) / scale` for every feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Standardization {
    /// One number per feature.
    pub mean: Vec<f64>,
    /// One number per feature, never 0.
    pub scale: Vec<f64>,
}

impl Standardization {
    /// Whether single precision would round some feature by more than a thousandth of its scale, so that samples have to be
    /// standardised in double.
    pub fn needs_double(&self) -> bool {
        const ROUNDING: f64 = 1e-3;
        let mut numbers = self.mean.iter().zip(&self.scale);
        numbers.any(|(mean, scale)| mean.abs() * f64::from(f32::EPSILON) > ROUNDING * scale.abs())
    }

    /// Standardises samples (features x n).
    ///
    /// # Panics
    /// If the number of features differs.
    pub fn apply(&self, inputs: &mut Array2<f64>) {
        assert_eq!(inputs.nrows(), self.mean.len(), "features of the model");
        let numbers = self.mean.iter().zip(&self.scale);
        for (mut row, (mean, scale)) in inputs.axis_iter_mut(Axis(0)).zip(numbers) {
            row.mapv_inplace(|value| (value - mean) / scale);
        }
    }
}

/// The description as it is written: one JSON text.
#[derive(Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// `single` or `double`: the type of the weights, in which predictions come out the same.
    pub precision: Precision,
    inputs: usize,
    bias: bool,
    layers: Vec<LayerEntry>,
    classes: Vec<String>,
    /// Younger than the format: models of earlier versions have no names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    features: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transformation: Option<serde_json::Value>,
    preprocessing: String,
    /// Whether `input.mean` and `input.scale` are there.
    pub standardized: bool,
    settings: String,
}

/// Type of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Precision {
    Single,
    Double,
}

/// The part of every version.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

#[derive(Serialize, Deserialize)]
struct LayerEntry {
    /// Outputs and inputs of the weight.
    shape: (usize, usize),
    #[serde(default, skip_serializing_if = "Option::is_none")]
    convolution: Option<ConvolutionEntry>,
    #[serde(flatten)]
    form: DescribedForm,
}

#[derive(Serialize, Deserialize)]
struct ConvolutionEntry {
    image: [usize; 3],
    kernel: usize,
    stride: usize,
    filters: usize,
}

/// The form in which a weight is stored, as far as the shapes of its tensors do not tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "kebab-case")]
pub(super) enum DescribedForm {
    Dense,
    TensorTrain { modes: Vec<usize> },
    LowRank { rank: usize },
    Sparse,
    NM { n: usize, m: usize },
}

impl DescribedForm {
    fn of<T: Real>(compressed: Option<&Projected<T>>) -> Self {
        match compressed.map(Form::of) {
            None => Self::Dense,
            Some(Form::TensorTrain { modes, .. }) => Self::TensorTrain { modes },
            Some(Form::LowRank { rank }) => Self::LowRank { rank },
            Some(Form::Sparse) => Self::Sparse,
            Some(Form::NM { n, m }) => Self::NM { n, m },
        }
    }

    /// Compares the numbers of the form with the shape of the weight.
    fn check(&self, (rows, columns): (usize, usize)) -> Result<(), String> {
        match self {
            Self::Dense | Self::Sparse => Ok(()),
            Self::TensorTrain { modes } => {
                let entries = modes
                    .iter()
                    .try_fold(1_usize, |p, mode| p.checked_mul(*mode));
                if entries == rows.checked_mul(columns) && !modes.is_empty() {
                    return Ok(());
                }
                Err(format!(
                    "the product of the modes {modes:?} must be {rows} x {columns}"
                ))
            }
            Self::LowRank { rank } if (1..=rows.min(columns)).contains(rank) => Ok(()),
            Self::LowRank { rank } => Err(format!(
                "the rank is {rank}; allowed are 1 to {}",
                rows.min(columns)
            )),
            Self::NM { n, m } if 1 <= *n && n <= m && *m <= columns => Ok(()),
            Self::NM { n, m } => Err(format!(
                "{n} of {m} entries; allowed are 1 <= n <= m <= {columns}"
            )),
        }
    }
}

impl Manifest {
    pub fn new<T: Real>(
        architecture: &Architecture,
        compressed: &[Option<Projected<T>>],
        description: &ModelDescription,
    ) -> Self {
        let layers = architecture.layers.iter().zip(compressed);
        Self {
            format: FORMAT,
            precision: if T::BYTES == f32::BYTES {
                Precision::Single
            } else {
                Precision::Double
            },
            inputs: architecture.inputs,
            bias: architecture.bias,
            layers: layers
                .map(|(layer, compressed)| LayerEntry {
                    shape: layer.weight,
                    convolution: match layer.kind {
                        LayerKind::Dense => None,
                        LayerKind::Convolution(convolution) => Some(ConvolutionEntry {
                            image: convolution.image,
                            kernel: convolution.kernel,
                            stride: convolution.stride,
                            filters: convolution.filters,
                        }),
                    },
                    form: DescribedForm::of(compressed.as_ref()),
                })
                .collect(),
            classes: description.classes.clone(),
            features: description.features.clone(),
            transformation: description.transformation.clone(),
            preprocessing: description.preprocessing.clone(),
            standardized: description.standardization.is_some(),
            settings: description.settings.clone(),
        }
    }

    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("plain structs with text keys have a JSON form")
    }

    pub fn from_text(text: &str) -> Result<Self, ModelFileError> {
        let damaged = |error: serde_json::Error| description("text", error.to_string());
        let Version { format } = serde_json::from_str(text).map_err(damaged)?;
        if format != FORMAT {
            return Err(description(
                "format",
                format!(
                    "{format} is not the format {FORMAT} that this program reads; use a newer one"
                ),
            ));
        }
        serde_json::from_str(text).map_err(damaged)
    }

    /// The forms of all weights.
    pub fn forms(&self) -> impl Iterator<Item = &DescribedForm> {
        self.layers.iter().map(|layer| &layer.form)
    }

    /// The network, if its layers fit together.
    pub fn architecture(&self) -> Result<Architecture, ModelFileError> {
        let mut layers = Vec::with_capacity(self.layers.len());
        let mut width = self.inputs;
        for (index, entry) in self.layers.iter().enumerate() {
            let layer = entry
                .resolve(width, index == 0)
                .and_then(|layer| entry.form.check(entry.shape).map(|()| layer))
                .map_err(|problem| description(format!("layers[{index}]"), problem))?;
            width = layer.units;
            layers.push(layer);
        }
        if layers.is_empty() {
            return Err(description("layers", "there must be at least one"));
        }
        if self.classes.len() != width {
            return Err(description(
                "classes",
                format!("{} names for {width} outputs", self.classes.len()),
            ));
        }
        if !self.features.is_empty() && self.features.len() != self.inputs {
            return Err(description(
                "features",
                format!("{} names for {} inputs", self.features.len(), self.inputs),
            ));
        }
        Ok(Architecture {
            layers,
            bias: self.bias,
            inputs: self.inputs,
        })
    }

    /// What a user has to know.
    pub fn into_description(self, standardization: Option<Standardization>) -> ModelDescription {
        ModelDescription {
            classes: self.classes,
            features: self.features,
            transformation: self.transformation,
            preprocessing: self.preprocessing,
            standardization,
            settings: self.settings,
        }
    }
}

impl LayerEntry {
    /// The layer behind one of `width` units.
    fn resolve(&self, width: usize, first: bool) -> Result<Layer, String> {
        let (outputs, inputs) = self.shape;
        if outputs == 0 || inputs == 0 {
            return Err(format!("the shape {outputs} x {inputs} has no entries"));
        }
        let Some(convolution) = &self.convolution else {
            if inputs != width {
                return Err(format!(
                    "the weight takes {inputs} inputs; the layer before gives {width}"
                ));
            }
            return Ok(Layer {
                units: outputs,
                weight: self.shape,
                kind: LayerKind::Dense,
            });
        };
        let convolution = convolution.resolve(width)?;
        let shape = (
            convolution.filters,
            convolution.kernel * convolution.kernel * convolution.image[2],
        );
        if !first || self.shape != shape {
            return Err(format!(
                "a convolution must be the first layer and have the shape {shape:?}"
            ));
        }
        let units = convolution.positions().checked_mul(convolution.filters);
        Ok(Layer {
            units: units.ok_or("too many units")?,
            weight: shape,
            kind: LayerKind::Convolution(convolution),
        })
    }
}

impl ConvolutionEntry {
    /// The convolution over an image of `width` features.
    fn resolve(&self, width: usize) -> Result<Convolution, String> {
        let [height, columns, channels] = self.image;
        let features = height
            .checked_mul(columns)
            .and_then(|pixels| pixels.checked_mul(channels));
        if features != Some(width) || width == 0 {
            return Err(format!(
                "the image {:?} does not have {width} features",
                self.image
            ));
        }
        if !(1..=height.min(columns)).contains(&self.kernel) || self.stride == 0 {
            return Err(format!(
                "kernel {} and stride {}; allowed are kernels of 1 to {} and strides from 1",
                self.kernel,
                self.stride,
                height.min(columns)
            ));
        }
        Ok(Convolution {
            image: self.image,
            kernel: self.kernel,
            stride: self.stride,
            filters: self.filters,
        })
    }
}
