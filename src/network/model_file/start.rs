//! Start weights: a dense network from elsewhere, such as PyTorch.

use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, Array4};

use super::error::{ModelFileError, ModelFileProblem};
use super::forms::{layer_name, read_matrix};
use super::tensor::{TensorFile, read_file, wrong_shape};
use crate::linalg::Real;
use crate::network::{Architecture, Layer, LayerKind, LayerWeights};

/// A file with the weights from which trainings start, in memory: read once for any number of them.
#[derive(Debug)]
pub struct StartFile {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl StartFile {
    /// Reads the file, whatever it holds.
    ///
    /// # Errors
    /// [`ModelFileError`] if it cannot be read.
    pub fn read(path: &Path) -> Result<Self, ModelFileError> {
        Ok(Self {
            path: path.to_owned(),
            bytes: read_file(path)?,
        })
    }

    /// The weights of a network: see [`read_start_weights`].
    ///
    /// # Errors
    /// As of [`read_start_weights`].
    pub fn weights<T: Real>(
        &self,
        architecture: &Architecture,
    ) -> Result<Vec<LayerWeights<T>>, ModelFileError> {
        from_bytes(&self.bytes, architecture).map_err(|error| error.at(&self.path))
    }
}

/// Reads the weights from which a training starts: tensors `layers.0.weight`, `layers.1.weight`, …
/// of `[outputs, inputs]` in 64, 32 or 16 bits, and `layers.0.bias`, … `[outputs]`, which are zero
/// where they are missing.
///
/// The weight of a convolution may have the shape `[filters, kernel · kernel · channels]` of this
/// program, or PyTorch's `[filters, channels, kernel, kernel]`. In the latter case the layer
/// behind it counts as PyTorch's as well: its inputs come from a `Flatten` of filter, row, column
/// and are brought into the order row, column, filter.
///
/// # Errors
/// [`ModelFileError`] with file, tensor, shape found and expected; for a bias in a network
/// without; for layers that the network does not have.
pub fn read_start_weights<T: Real>(
    path: &Path,
    architecture: &Architecture,
) -> Result<Vec<LayerWeights<T>>, ModelFileError> {
    StartFile::read(path)?.weights(architecture)
}

fn from_bytes<T: Real>(
    bytes: &[u8],
    architecture: &Architecture,
) -> Result<Vec<LayerWeights<T>>, ModelFileError> {
    let file = TensorFile::parse(bytes)?;
    refuse_other_layers(&file, architecture)?;
    let mut weights = Vec::with_capacity(architecture.layers.len());
    // Filters, rows and columns of the layer before, where they are PyTorch's.
    let mut flattened = None;
    for (index, layer) in architecture.layers.iter().enumerate() {
        let (weight, planes) = read_weight(&file, index, layer, flattened)?;
        let bias = read_bias(&file, index, layer.weight.0, architecture.bias)?;
        weights.push(LayerWeights { weight, bias });
        flattened = planes;
    }
    Ok(weights)
}

/// The weight of a layer, and the planes that it gives if it is a convolution of PyTorch.
fn read_weight<T: Real>(
    file: &TensorFile<'_>,
    index: usize,
    layer: &Layer,
    flattened: Option<[usize; 3]>,
) -> Result<(Array2<T>, Option<[usize; 3]>), ModelFileError> {
    let name = format!("{}.weight", layer_name(index));
    let (rows, columns) = layer.weight;
    let found = file.shape(&name).ok_or_else(|| {
        let remedy = "name the tensors layers.0.weight, layers.1.weight, … in the order in which \
                      they are applied";
        file.missing(&name, &[rows, columns], remedy)
    })?;
    if let LayerKind::Convolution(convolution) = layer.kind {
        let (kernel, channels) = (convolution.kernel, convolution.image[2]);
        let shape = [rows, channels, kernel, kernel];
        if found == shape {
            let entries = file.numbers(&name, &shape)?;
            let weight = channels_last(entries, rows, [channels, kernel, kernel]);
            let (down, across) = convolution.grid();
            return Ok((weight, Some([rows, down, across])));
        }
        if found != [rows, columns] {
            let expected = format!(
                "{shape:?} (filters, channels, kernel, kernel) or {:?}",
                [rows, columns]
            );
            return Err(wrong_shape(&name, found, &expected));
        }
    }
    if found != [rows, columns] {
        let expected = format!("{:?} (outputs, inputs)", [rows, columns]);
        return Err(wrong_shape(&name, found, &expected));
    }
    let weight = match flattened {
        Some(planes) => channels_last(file.numbers(&name, &[rows, columns])?, rows, planes),
        None => read_matrix(file, &name, (rows, columns))?,
    };
    Ok((weight, None))
}

/// Brings the columns of a matrix from the order plane, row, column into row, column, plane.
fn channels_last<T: Real>(
    entries: Vec<T>,
    rows: usize,
    [planes, down, across]: [usize; 3],
) -> Array2<T> {
    let columns = planes * down * across;
    let weight = Array4::from_shape_vec((rows, planes, down, across), entries)
        .expect("the callers have checked the shape of the tensor");
    let entries = weight.permuted_axes([0, 2, 3, 1]).iter().copied().collect();
    Array2::from_shape_vec((rows, columns), entries).expect("as many entries as before")
}

fn read_bias<T: Real>(
    file: &TensorFile<'_>,
    index: usize,
    outputs: usize,
    wanted: bool,
) -> Result<Option<Array1<T>>, ModelFileError> {
    let name = format!("{}.bias", layer_name(index));
    match (wanted, file.shape(&name).is_some()) {
        (false, false) => Ok(None),
        (false, true) => Err(unexpected(
            name,
            "it has no biases; set model.bias: true, or leave the tensor out".into(),
        )),
        (true, false) => Ok(Some(Array1::zeros(outputs))),
        (true, true) => Ok(Some(Array1::from_vec(file.numbers(&name, &[outputs])?))),
    }
}

/// A network with more layers than this one is another network.
fn refuse_other_layers(
    file: &TensorFile<'_>,
    architecture: &Architecture,
) -> Result<(), ModelFileError> {
    let count = architecture.layers.len();
    for name in file.names() {
        let layer = name
            .strip_prefix("layers.")
            .and_then(|rest| rest.split('.').next()?.parse::<usize>().ok());
        if layer.is_some_and(|layer| layer >= count) {
            let remedy = format!(
                "it has the layers 0 to {}; make model.hidden as long as the file needs",
                count - 1
            );
            return Err(unexpected(name, remedy));
        }
    }
    Ok(())
}

fn unexpected(tensor: String, remedy: String) -> ModelFileError {
    ModelFileProblem::Unexpected { tensor, remedy }.into()
}
