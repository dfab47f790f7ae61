//! The byte form of a checkpoint: what the methods write of their state and read back.
//!
//! Layout: 8 bytes with the length of a JSON header, the header, and then the arrays that it
//! describes, one after another, as numbers of the method's precision, little endian.

use ndarray::{Array1, Array2};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::compress::{Form, LayerCompression, Projected};
use crate::linalg::{Real, entries};
use crate::network::Architecture;

#[cfg(target_endian = "big")]
compile_error!("checkpoints are written as the memory lies: little endian");

/// A checkpoint cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the checkpoint does not fit this trial: {0}")]
pub struct CheckpointError(pub(crate) String);

/// A checkpoint that still points into the method: nothing large is copied.
#[derive(Debug)]
pub struct Checkpoint<'a> {
    header: Vec<u8>,
    arrays: Vec<&'a [u8]>,
}

impl<'a> Checkpoint<'a> {
    /// A checkpoint of a header; the arrays that it describes are to follow.
    pub(crate) fn new(header: &impl Serialize) -> Self {
        let json = serde_json::to_vec(header).expect("a header of numbers and names is JSON");
        let mut header = (json.len() as u64).to_le_bytes().to_vec();
        header.extend_from_slice(&json);
        Self {
            header,
            arrays: Vec::new(),
        }
    }

    pub(crate) fn push_numbers<T: Real>(&mut self, numbers: &'a [T]) {
        self.arrays.push(bytemuck::cast_slice(numbers));
    }

    pub(crate) fn push_matrix<T: Real>(&mut self, matrix: &'a Array2<T>) {
        self.push_numbers(entries(matrix));
    }

    /// The bias of a layer, where the network has biases.
    pub(crate) fn push_bias<T: Real>(&mut self, bias: Option<&'a Array1<T>>) {
        if let Some(bias) = bias {
            self.push_numbers(bias.as_slice().expect("a bias is contiguous"));
        }
    }

    /// The arrays of a compressed weight.
    pub(crate) fn push_compressed<T: Real>(&mut self, projected: &'a Projected<T>) {
        for array in projected.arrays() {
            self.push_matrix(array);
        }
    }

    /// The bytes in pieces, to be written one after another.
    pub fn pieces(&self) -> Vec<&[u8]> {
        let mut pieces = vec![self.header.as_slice()];
        pieces.extend_from_slice(&self.arrays);
        pieces
    }
}

/// The header of a checkpoint and the arrays after it.
pub(crate) fn read_header<H: DeserializeOwned>(
    bytes: &[u8],
) -> Result<(H, Arrays<'_>), CheckpointError> {
    let cut = || CheckpointError("it is cut".into());
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(cut)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| cut())?;
    let (json, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
    let header = serde_json::from_slice(json)
        .map_err(|error| CheckpointError(format!("its header cannot be read: {error}")))?;
    Ok((header, Arrays { rest }))
}

/// The arrays that have not been taken yet, in the order in which [`Checkpoint`] got them.
pub(crate) struct Arrays<'a> {
    rest: &'a [u8],
}

impl Arrays<'_> {
    /// An error where numbers of another precision follow.
    pub(crate) fn require<T: Real>(bytes_per_number: usize) -> Result<(), CheckpointError> {
        if bytes_per_number == T::BYTES {
            return Ok(());
        }
        Err(CheckpointError(
            "it was written in another precision".into(),
        ))
    }

    /// An error where something follows the last array.
    pub(crate) fn require_end(&self) -> Result<(), CheckpointError> {
        match self.rest.len() {
            0 => Ok(()),
            more => Err(CheckpointError(format!("{more} bytes too many"))),
        }
    }

    pub(crate) fn numbers<T: Real>(&mut self, count: usize) -> Result<Vec<T>, CheckpointError> {
        let bytes = count
            .checked_mul(T::BYTES)
            .and_then(|length| self.rest.split_at_checked(length));
        let Some((taken, rest)) = bytes else {
            return Err(CheckpointError("it is cut".into()));
        };
        self.rest = rest;
        let mut numbers = vec![T::zero(); count];
        bytemuck::cast_slice_mut(&mut numbers).copy_from_slice(taken);
        Ok(numbers)
    }

    pub(crate) fn matrix<T: Real>(
        &mut self,
        shape: (usize, usize),
    ) -> Result<Array2<T>, CheckpointError> {
        let numbers = self.numbers(shape.0.saturating_mul(shape.1))?;
        Ok(Array2::from_shape_vec(shape, numbers).expect("as many numbers as the shape has"))
    }

    /// The bias of a layer, where the network has biases.
    pub(crate) fn bias<T: Real>(
        &mut self,
        architecture: &Architecture,
        layer: usize,
    ) -> Result<Option<Array1<T>>, CheckpointError> {
        let outputs = architecture.layers[layer].weight.0;
        let numbers = architecture.bias.then(|| self.numbers(outputs));
        Ok(numbers.transpose()?.map(Array1::from_vec))
    }

    /// The compressed weight of a layer, where one is stored.
    pub(crate) fn compressed<T: Real>(
        &mut self,
        form: Option<&Form>,
        shape: (usize, usize),
    ) -> Result<Option<Projected<T>>, CheckpointError> {
        let Some(form) = form else {
            return Ok(None);
        };
        let parts = form.parts(shape);
        let counts = parts.iter().map(|part| part.count().unwrap_or(usize::MAX));
        let numbers: Vec<Vec<T>> = counts
            .map(|count| self.numbers(count))
            .collect::<Result<_, _>>()?;
        Projected::from_numbers(form, shape, numbers)
            .map(Some)
            .ok_or_else(|| CheckpointError("a compressed weight has another shape".into()))
    }
}

/// An error where a layer is stored in another form than its compression at that time has.
pub(crate) fn require_form(
    form: Option<&Form>,
    compression: Option<&LayerCompression>,
    layer: usize,
) -> Result<(), CheckpointError> {
    let fits = match (form, compression) {
        (Some(form), Some(compression)) => form.fits(compression),
        (form, compression) => form.is_none() && compression.is_none(),
    };
    fits.then_some(())
        .ok_or_else(|| CheckpointError(format!("layer {layer} is compressed in another way")))
}
