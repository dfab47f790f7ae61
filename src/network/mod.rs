//! Networks: layers, initialisation, forward pass, accuracy, model files.

mod architecture;
mod deployed;
mod linear;
pub mod settings;
mod weights;

pub use architecture::{Architecture, Convolution, Layer, LayerKind, ModelError};
pub use deployed::{Accuracy, Deployed, effective_sparsity};
pub use linear::{add_bias, add_correlation, apply_layer, gather_patch, sum_over_samples};
pub use settings::{ConvolutionSettings, InitScheme, InitSettings, ModelSettings};
pub use weights::{LayerWeights, draw_weights};
