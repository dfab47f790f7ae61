//! Whole models: written, read, measured.

use std::collections::HashMap;
use std::path::Path;

use ndarray::Array1;

use super::description::{DescribedForm, Manifest, ModelDescription, Precision, Standardization};
use super::error::{ModelFileError, ModelFileProblem, description, value};
use super::forms::{self, layer_name, matrix, read_matrix};
use super::tensor::{Tensor, TensorFile, read_file};
use crate::compress::Projected;
use crate::linalg::Real;
use crate::network::{Architecture, Deployed, LayerWeights};

/// Key of the description in the metadata of the file.
const DESCRIPTION: &str = "nnbcd";

/// Entries that the compressed weights of a model may have together once they are dense: small
/// factors can claim any size, and this is what a damaged or hostile file can make the reader hold.
pub const LARGEST_EXPANSION: usize = 1 << 28;

/// A trained network and what a user has to know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Model<T> {
    /// The layers.
    pub architecture: Architecture,
    /// Weight and bias of every layer; the weight of a compressed layer is its compressed weight.
    pub weights: Vec<LayerWeights<T>>,
    /// Compressed weights, for the layers that have one.
    pub compressed: Vec<Option<Projected<T>>>,
    /// Classes and preprocessing.
    pub description: ModelDescription,
}

/// A model in the precision in which it was trained: its predictions are those of the training.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyModel {
    /// `f32`
    Single(Model<f32>),
    /// `f64`
    Double(Model<f64>),
}

/// The bytes of `model.safetensors`. `compressed[i]` takes the place of the weight of layer `i`;
/// the same network always gives the same bytes.
///
/// # Errors
/// A description beyond the 100 MB that the format allows for its header.
pub fn to_bytes<T: Real>(
    architecture: &Architecture,
    weights: &[LayerWeights<T>],
    compressed: &[Option<Projected<T>>],
    description: &ModelDescription,
) -> Result<Vec<u8>, ModelFileError> {
    let mut tensors = tensors(weights, compressed);
    tensors.extend(description.input_tensors());
    // One entry only: the order of several would change from call to call.
    let text = description_text(architecture, compressed, description);
    let metadata = HashMap::from([(DESCRIPTION.to_owned(), text)]);
    let named = tensors.iter().map(|tensor| (&tensor.name, tensor));
    safetensors::serialize(named, Some(metadata))
        .map_err(|error| ModelFileProblem::Unwritable(error).into())
}

/// The description of a network, as JSON.
pub(in crate::network) fn description_text<T: Real>(
    architecture: &Architecture,
    compressed: &[Option<Projected<T>>],
    description: &ModelDescription,
) -> String {
    Manifest::new(architecture, compressed, description).to_text()
}

/// The tensors of a network in the forms in which it is shipped.
pub(in crate::network) fn tensors<T: Real>(
    weights: &[LayerWeights<T>],
    compressed: &[Option<Projected<T>>],
) -> Vec<Tensor> {
    let mut tensors = Vec::new();
    for (index, (weights, compressed)) in weights.iter().zip(compressed).enumerate() {
        let layer = layer_name(index);
        match compressed {
            Some(projected) => tensors.extend(forms::write(&layer, projected)),
            None => tensors.push(matrix(format!("{layer}.weight"), &weights.weight)),
        }
        if let Some(bias) = &weights.bias {
            let name = format!("{layer}.bias");
            tensors.push(Tensor::numbers(name, &[bias.len()], bias.iter().copied()));
        }
    }
    tensors
}

/// Bytes of the tensors of the network in the forms in which it is shipped, biases and indices
/// included; without the header of the file and the numbers of a standardisation.
pub fn bytes_compressed<T: Real>(
    weights: &[LayerWeights<T>],
    compressed: &[Option<Projected<T>>],
) -> u64 {
    let tensors = tensors(weights, compressed);
    tensors.iter().map(|tensor| tensor.bytes.len() as u64).sum()
}

/// Bytes of the tensors of the dense network: weights and biases.
pub fn bytes_dense<T: Real>(architecture: &Architecture) -> u64 {
    (architecture.parameters() * T::BYTES) as u64
}

impl<T: Real> Model<T> {
    /// Reads a model. Numbers that are stored in another precision are rounded to `T`.
    ///
    /// # Errors
    /// [`ModelFileError`] for bytes that are not a whole and sound model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFileError> {
        let file = TensorFile::parse(bytes)?;
        let manifest = manifest(&file)?;
        Self::read_tensors(&file, manifest)
    }

    fn read_tensors(file: &TensorFile<'_>, manifest: Manifest) -> Result<Self, ModelFileError> {
        let architecture = manifest.architecture()?;
        check_expansion(&architecture, &manifest)?;
        let (mut weights, mut compressed) = (Vec::new(), Vec::new());
        for (index, (layer, form)) in architecture.layers.iter().zip(manifest.forms()).enumerate() {
            let name = layer_name(index);
            let projected = forms::read(file, &name, layer.weight, form)?;
            let weight = match &projected {
                Some(projected) => projected.dense.clone(),
                None => read_matrix(file, &format!("{name}.weight"), layer.weight)?,
            };
            let bias = if architecture.bias {
                let entries = file.numbers(&format!("{name}.bias"), &[layer.weight.0])?;
                Some(Array1::from_vec(entries))
            } else {
                None
            };
            weights.push(LayerWeights { weight, bias });
            compressed.push(projected);
        }
        let standardization = read_standardization(file, &manifest, architecture.inputs)?;
        Ok(Self {
            architecture,
            weights,
            compressed,
            description: manifest.into_description(standardization),
        })
    }

    /// The network, ready to be applied to standardised samples.
    pub fn deployed(&self) -> Deployed<'_, T> {
        Deployed::new(&self.architecture, &self.weights, &self.compressed)
    }
}

impl AnyModel {
    /// Reads a model in the precision in which it is stored.
    ///
    /// # Errors
    /// [`ModelFileError`] for bytes that are not a whole and sound model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFileError> {
        let file = TensorFile::parse(bytes)?;
        let manifest = manifest(&file)?;
        Ok(match manifest.precision {
            Precision::Single => Self::Single(Model::read_tensors(&file, manifest)?),
            Precision::Double => Self::Double(Model::read_tensors(&file, manifest)?),
        })
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// [`ModelFileError`] with the path for a file that is not a whole and sound model.
    pub fn read(path: &Path) -> Result<Self, ModelFileError> {
        Self::from_bytes(&read_file(path)?).map_err(|error| error.at(path))
    }
}

fn manifest(file: &TensorFile<'_>) -> Result<Manifest, ModelFileError> {
    let text = file
        .text(DESCRIPTION)
        .ok_or(ModelFileProblem::NoDescription)?;
    Manifest::from_text(text)
}

/// Small factors can stand for a matrix of any size.
fn check_expansion(architecture: &Architecture, manifest: &Manifest) -> Result<(), ModelFileError> {
    let mut expanded = 0_usize;
    for (layer, form) in architecture.layers.iter().zip(manifest.forms()) {
        if *form != DescribedForm::Dense {
            let (rows, columns) = layer.weight;
            expanded = expanded.saturating_add(rows.saturating_mul(columns));
        }
    }
    if expanded > LARGEST_EXPANSION {
        return Err(description(
            "layers",
            format!(
                "the compressed weights stand for {expanded} entries; allowed are up to \
                 {LARGEST_EXPANSION}"
            ),
        ));
    }
    Ok(())
}

fn read_standardization(
    file: &TensorFile<'_>,
    manifest: &Manifest,
    inputs: usize,
) -> Result<Option<Standardization>, ModelFileError> {
    if !manifest.standardized {
        return Ok(None);
    }
    let mean = file.numbers("input.mean", &[inputs])?;
    let scale: Vec<f64> = file.numbers("input.scale", &[inputs])?;
    if scale.contains(&0.0) {
        return Err(value("input.scale", "every divisor must differ from 0"));
    }
    Ok(Some(Standardization { mean, scale }))
}
