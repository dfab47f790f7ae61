//! Compression: the sets `S_i` and the projections onto them.

pub mod settings;

pub use settings::{
    CompressionSettings, LayerSelection, Method, MethodChoice, Modes, PerLayer, Scope,
};
