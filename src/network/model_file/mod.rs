//! Model files: a trained network as a product that needs no training code.
//!
//! A model is one safetensors file. Its metadata hold one entry, `nnbcd`: a JSON text that says
//! what the network computes and in which form every weight is stored. The tensors of layer `i`
//! (0 is the first), with weight `W` of `[outputs, inputs]`:
//!
//! | form | tensors |
//! |---|---|
//! | `dense` | `layers.i.weight` `[outputs, inputs]` |
//! | `low-rank` | `layers.i.left` `[outputs, r]`, `layers.i.right` `[r, inputs]`; `W = left · right` |
//! | `tensor-train` | `layers.i.core.k` `[r_{k-1}, n_k, r_k]`; their product, read row by row, is `W` |
//! | `sparse` | `layers.i.values` and `layers.i.columns` `[non-zeros]`, row by row; row `j` is entries `row_starts[j]` to `row_starts[j + 1]` of them, `layers.i.row_starts` `[outputs + 1]` |
//! | `n-m` | `layers.i.values` `[outputs, kept]` and `layers.i.positions`: place of each value in its group of `m`, in `ceil(log2 m)` bits, most significant bit first, every row padded to whole bytes |
//!
//! All forms may have `layers.i.bias` `[outputs]`. A convolution has filters as outputs and
//! kernel row, kernel column, channel (the last one fastest) as inputs. Indices are stored in the
//! smallest unsigned type that fits. Data that were standardised leave `input.mean` and
//! `input.scale` behind: the network wants `(x - mean) / scale`, computed in double. The description
//! has the names of the inputs (`features`) and, for tables, how they come from its columns (`transformation`).
//!
//! Reading trusts nothing: shapes, indices and offsets are checked, and a header can claim no more
//! memory than the file fills, except for the dense matrix of a compressed weight, which has
//! [`LARGEST_EXPANSION`] as its limit.

mod description;
mod error;
mod forms;
mod model;
mod sparse;
mod start;
mod tensor;

pub use description::{ModelDescription, Standardization};
pub use error::{ModelFileError, ModelFileProblem};
pub use model::{AnyModel, LARGEST_EXPANSION, Model, bytes_compressed, bytes_dense, to_bytes};
pub use start::{StartFile, read_start_weights};

pub(in crate::network) use model::{description_text, tensors};
pub(in crate::network) use tensor::Tensor;
