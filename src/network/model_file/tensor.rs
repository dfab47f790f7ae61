//! Tensors as bytes: writing them, and reading them out of a file that is not trusted.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, Metadata, TensorInfo, View};

use super::error::{ModelFileError, ModelFileProblem, value};
use crate::linalg::Real;

/// Largest header that the format allows, in bytes.
const LARGEST_HEADER: u64 = 100_000_000;

/// Names of tensors that an error message lists at most.
const LISTED_NAMES: usize = 12;

/// A tensor to be written; row-major, little endian.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::network) struct Tensor {
    /// Name within the file.
    pub name: String,
    /// Type of a number.
    pub dtype: Dtype,
    /// Sizes.
    pub shape: Vec<usize>,
    /// The numbers.
    pub bytes: Vec<u8>,
}

impl Tensor {
    /// A tensor of floating-point numbers of the type `T`.
    pub fn numbers<T: Real>(
        name: String,
        shape: &[usize],
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let mut bytes = Vec::with_capacity(shape.iter().product::<usize>() * T::BYTES);
        let single = T::BYTES == f32::BYTES;
        for value in values {
            if single {
                bytes.extend_from_slice(&(value.widen() as f32).to_le_bytes());
            } else {
                bytes.extend_from_slice(&value.widen().to_le_bytes());
            }
        }
        Self {
            name,
            dtype: if single { Dtype::F32 } else { Dtype::F64 },
            shape: shape.to_vec(),
            bytes,
        }
    }

    /// A tensor of whole numbers up to `largest` in the smallest unsigned type.
    pub fn indices(
        name: String,
        shape: &[usize],
        largest: usize,
        values: impl IntoIterator<Item = usize>,
    ) -> Self {
        let dtype = match largest {
            0..=0xff => Dtype::U8,
            0x100..=0xffff => Dtype::U16,
            0x1_0000..=0xffff_ffff => Dtype::U32,
            _ => Dtype::U64,
        };
        let width = dtype.bitsize() / 8;
        let bytes = values
            .into_iter()
            .flat_map(|value| (value as u64).to_le_bytes().into_iter().take(width))
            .collect();
        Self {
            name,
            dtype,
            shape: shape.to_vec(),
            bytes,
        }
    }
}

impl View for &Tensor {
    fn dtype(&self) -> Dtype {
        self.dtype
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        self.bytes.as_slice().into()
    }
    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// The tensors of a safetensors file.
pub(super) struct TensorFile<'a> {
    metadata: Metadata,
    data: &'a [u8],
}

impl<'a> TensorFile<'a> {
    /// Reads the header and compares it with the length of the file.
    ///
    /// Not by [`safetensors::SafeTensors::deserialize`], which adds the claimed length of the data
    /// to that of the header without a look at overflow.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ModelFileError> {
        let problem = |error| ModelFileError::from(ModelFileProblem::NotSafetensors(error));
        let (length, rest) = bytes
            .split_first_chunk()
            .ok_or_else(|| problem(SafeTensorError::HeaderTooSmall))?;
        let length = u64::from_le_bytes(*length);
        if length > LARGEST_HEADER {
            return Err(problem(SafeTensorError::HeaderTooLarge));
        }
        let (header, data) = rest
            .split_at_checked(length as usize)
            .ok_or_else(|| problem(SafeTensorError::InvalidHeaderLength))?;
        let metadata: Metadata = serde_json::from_slice(header)
            .map_err(|error| problem(SafeTensorError::InvalidHeaderDeserialization(error)))?;
        if metadata.data_len() != data.len() {
            return Err(problem(SafeTensorError::MetadataIncompleteBuffer));
        }
        Ok(Self { metadata, data })
    }

    /// A text of the metadata.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.metadata
            .metadata()
            .as_ref()?
            .get(key)
            .map(String::as_str)
    }

    /// Names of all tensors in the order of their data.
    pub fn names(&self) -> Vec<String> {
        self.metadata.offset_keys()
    }

    /// Shape of a tensor; none: it is not there.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.metadata.info(name).map(|info| info.shape.as_slice())
    }

    /// Finite floating-point numbers of any precision, in row-major order.
    pub fn numbers<T: Real>(&self, name: &str, shape: &[usize]) -> Result<Vec<T>, ModelFileError> {
        let (info, bytes) = self.tensor(name, shape)?;
        let read: fn(&[u8]) -> f64 = match info.dtype {
            Dtype::F64 => |bytes| f64::from_le_bytes(whole(bytes)),
            Dtype::F32 => |bytes| f64::from(f32::from_le_bytes(whole(bytes))),
            Dtype::F16 => |bytes| from_half(u16::from_le_bytes(whole(bytes))),
            // The upper half of a single-precision number.
            Dtype::BF16 => |bytes| {
                let upper = u32::from(u16::from_le_bytes(whole(bytes)));
                f64::from(f32::from_bits(upper << 16))
            },
            _ => return Err(wrong_type(name, info, "F64, F32, F16 and BF16")),
        };
        let mut numbers = Vec::with_capacity(info.shape.iter().product());
        for (index, bytes) in bytes.chunks_exact(info.dtype.bitsize() / 8).enumerate() {
            let number = T::from_f64(read(bytes));
            if !number.is_finite() {
                return Err(value(
                    name,
                    format!(
                        "entry {index} is {number} in {} bits; every number must be finite",
                        8 * T::BYTES
                    ),
                ));
            }
            numbers.push(number);
        }
        Ok(numbers)
    }

    /// Whole numbers up to `largest`, in row-major order.
    pub fn indices(
        &self,
        name: &str,
        shape: &[usize],
        largest: usize,
    ) -> Result<Vec<usize>, ModelFileError> {
        let (info, bytes) = self.tensor(name, shape)?;
        let (Dtype::U8 | Dtype::U16 | Dtype::U32 | Dtype::U64) = info.dtype else {
            return Err(wrong_type(name, info, "U8, U16, U32 and U64"));
        };
        let mut indices = Vec::with_capacity(info.shape.iter().product());
        for (place, bytes) in bytes.chunks_exact(info.dtype.bitsize() / 8).enumerate() {
            let mut wide = [0; 8];
            wide[..bytes.len()].copy_from_slice(bytes);
            let index = u64::from_le_bytes(wide);
            if index > largest as u64 {
                return Err(value(
                    name,
                    format!("entry {place} is {index}; allowed are 0 to {largest}"),
                ));
            }
            indices.push(index as usize);
        }
        Ok(indices)
    }

    /// Type, shape and bytes of a tensor that must be there in this shape.
    fn tensor(
        &self,
        name: &str,
        shape: &[usize],
    ) -> Result<(&TensorInfo, &'a [u8]), ModelFileError> {
        let info = self.metadata.info(name).ok_or_else(|| {
            self.missing(name, shape, "the file is not what its description says")
        })?;
        if info.shape != shape {
            return Err(wrong_shape(name, &info.shape, &format!("{shape:?}")));
        }
        // In range: the offsets follow each other up to the end of the data.
        let bytes = &self.data[info.data_offsets.0..info.data_offsets.1];
        Ok((info, bytes))
    }

    /// The error for a tensor that is not there.
    pub fn missing(&self, name: &str, shape: &[usize], remedy: &'static str) -> ModelFileError {
        let names = self.names();
        let mut present: Vec<String> = names
            .iter()
            .take(LISTED_NAMES)
            .map(|name| format!("`{name}` {:?}", self.shape(name).unwrap_or_default()))
            .collect();
        if names.len() > LISTED_NAMES {
            present.push(format!("and {} more", names.len() - LISTED_NAMES));
        }
        if present.is_empty() {
            present.push("no tensors".into());
        }
        ModelFileProblem::Missing {
            tensor: name.into(),
            expected: shape.to_vec(),
            present: present.join(", "),
            remedy,
        }
        .into()
    }
}

/// The error for a tensor of another shape.
pub(super) fn wrong_shape(name: &str, found: &[usize], expected: &str) -> ModelFileError {
    ModelFileProblem::Shape {
        tensor: name.into(),
        found: found.to_vec(),
        expected: expected.into(),
    }
    .into()
}

fn wrong_type(name: &str, info: &TensorInfo, allowed: &'static str) -> ModelFileError {
    ModelFileProblem::Type {
        tensor: name.into(),
        found: info.dtype.to_string(),
        allowed,
    }
    .into()
}

fn whole<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes
        .try_into()
        .expect("the bytes of a tensor are cut by the size of its numbers")
}

/// The value of an IEEE 754 half-precision number: sign, 5 bits of exponent, 10 of fraction.
fn from_half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    let magnitude = match i32::from(bits >> 10 & 0x1f) {
        0 => fraction * 2.0_f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1.0 + fraction) * 2.0_f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 {
        -magnitude
    } else {
        magnitude
    }
}

/// The bytes of a regular file. Anything else (a pipe, a device) might never end.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, ModelFileError> {
    let read = || {
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let mut bytes = Vec::new();
        File::open(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|error| ModelFileError::from(ModelFileProblem::Unreadable(error)).at(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_values() {
        for (bits, expected) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x3555, 0.333_251_953_125),
            (0x0400, 6.103_515_625e-5),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x83ff, -6.097_555_160_522_461e-5),
            (0x7c00, f64::INFINITY),
        ] {
            assert_eq!(from_half(bits), expected, "{bits:#06x}");
        }
        assert!(from_half(0x7e00).is_nan());
    }

    #[test]
    fn offsets_that_overflow_are_refused() {
        // As long as tensors may be, end to end: with the header the sum leaves 64 bits.
        let length = (1_u64 << 61) - 1;
        let mut header = String::from("{");
        let mut start = 0_u64;
        for index in 0..8 {
            let end = start + length;
            header += &format!(
                "\"t{index}\":{{\"dtype\":\"U8\",\"shape\":[{length}],\"data_offsets\":[{start},{end}]}},"
            );
            start = end;
        }
        header.pop();
        header.push('}');
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.bytes());
        let error = TensorFile::parse(&bytes).err().unwrap().to_string();
        assert!(
            error.starts_with("not a complete safetensors file"),
            "{error}"
        );
    }
}
