//! Networks: layers, initialisation, forward pass, accuracy, model files.

mod any_model;
mod architecture;
mod check;
mod dead_units;
mod deployed;
mod export;
mod linear;
mod model_file;
pub mod settings;
mod weights;

pub use architecture::{Architecture, Convolution, Layer, LayerKind};
pub use dead_units::{DeadUnits, dead_units};
pub use deployed::{Accuracies, Accuracy, Deployed, effective_sparsity, log_sum_exp};
pub use export::{ExportError, to_numpy, to_onnx};
pub use linear::{add_bias, add_correlation, apply_layer, gather_patch, sum_over_samples};
pub use model_file::{
    AnyModel, LARGEST_EXPANSION, Model, ModelDescription, ModelFileError, ModelFileProblem,
    Standardization, StartFile, bytes_compressed, bytes_dense, read_start_weights, to_bytes,
};
pub use settings::{ConvolutionSettings, InitScheme, InitSettings, ModelSettings};
pub use weights::{LayerWeights, WeightsError, check_weights, draw_weights, squared_change};
