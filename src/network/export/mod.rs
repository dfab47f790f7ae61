//! Models for other programs: NumPy and ONNX.

mod numpy;
mod onnx;

use thiserror::Error;
use zip::result::ZipError;

pub use numpy::to_numpy;
pub use onnx::to_onnx;

/// A model that cannot be written in another format.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The archive cannot be written.
    #[error("the NumPy archive cannot be written ({0}); name a file on a disk with free space")]
    Write(#[from] ZipError),
    /// Protocol buffers end at 2 GiB.
    #[error(
        "the network takes {bytes} bytes as ONNX, whose files end at {largest}; \
         use the NumPy archive or model.safetensors"
    )]
    TooLarge {
        /// Size of the file.
        bytes: usize,
        /// Largest size.
        largest: usize,
    },
}
