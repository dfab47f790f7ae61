//! A NumPy archive (`.npz`): the arrays of `model.safetensors` under the same names.

use std::io::{Seek, Write};

use safetensors::tensor::Dtype;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::ExportError;
use crate::linalg::Real;
use crate::network::Model;
use crate::network::model_file::{Tensor, description_text, tensors};

/// Length of the part of an array file before its header: magic, version, length of the header.
const PREAMBLE: usize = 10;

/// Arrays begin at multiples of this many bytes.
const ALIGNMENT: usize = 64;

/// Writes an archive for `numpy.load`: the stored forms of all weights (not their dense matrices),
/// the biases, `input.mean` and `input.scale` of standardised data, and `nnbcd`: the description
/// as the bytes of a JSON text.
///
/// # Errors
/// [`ExportError`] if `writer` cannot be written.
pub fn to_numpy<T: Real>(model: &Model<T>, writer: impl Write + Seek) -> Result<(), ExportError> {
    let mut arrays = tensors(&model.weights, &model.compressed);
    arrays.extend(model.description.input_tensors());
    let text = description_text(&model.architecture, &model.compressed, &model.description);
    arrays.push(Tensor {
        name: "nnbcd".into(),
        dtype: Dtype::U8,
        shape: vec![text.len()],
        bytes: text.into_bytes(),
    });
    let mut archive = ZipWriter::new(writer);
    // Stored as they are: the digits of weights do not compress.
    let options = SimpleFileOptions::DEFAULT.compression_method(CompressionMethod::Stored);
    for array in arrays {
        let large = options.large_file(array.bytes.len() as u64 > u64::from(u32::MAX / 2));
        archive.start_file(format!("{}.npy", array.name), large)?;
        let written = archive
            .write_all(&header(&array))
            .and_then(|()| archive.write_all(&array.bytes));
        written.map_err(ZipError::Io)?;
    }
    archive.finish()?;
    Ok(())
}

/// Everything before the numbers of an array: format 1.0 of NumPy's `lib/format.py`.
fn header(array: &Tensor) -> Vec<u8> {
    let kind = match array.dtype {
        Dtype::F32 | Dtype::F64 => 'f',
        _ => 'u',
    };
    // One byte has no order.
    let width = array.dtype.bitsize() / 8;
    let order = if width == 1 { '|' } else { '<' };
    // A tuple of one needs its comma.
    let mut sizes = String::new();
    for size in &array.shape {
        sizes += &size.to_string();
        sizes.push(',');
    }
    let mut text =
        format!("{{'descr': '{order}{kind}{width}', 'fortran_order': False, 'shape': ({sizes}) }}");
    let length = (PREAMBLE + text.len() + 1).next_multiple_of(ALIGNMENT) - PREAMBLE;
    while text.len() + 1 < length {
        text.push(' ');
    }
    text.push('\n');
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    let length = u16::try_from(length).expect("a tensor has at most three dimensions");
    header.extend_from_slice(&length.to_le_bytes());
    header.extend_from_slice(text.as_bytes());
    header
}
