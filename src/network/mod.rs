//! Networks: layers, initialisation, forward pass, accuracy, model files.

pub mod settings;

pub use settings::{ConvolutionSettings, InitScheme, InitSettings, ModelSettings};
