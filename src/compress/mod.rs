//! Compression: the sets `S_i` and the projections onto them.

mod check;
mod form;
mod low_rank;
mod projected;
mod prune;
mod quadratic;
mod resolve;
pub mod settings;
mod target;
mod tensor_train;

pub use form::{Form, Part};
pub use low_rank::LowRank;
pub use projected::{LayerCompression, Projected, ProjectionError, Stored};
pub use prune::{keep_n_of_m, kept_entries, prune_jointly};
pub use quadratic::Quadratic;
pub use resolve::automatic_modes;
pub use settings::{
    CompressionSettings, LayerSelection, Method, MethodChoice, Modes, PerLayer, Scope,
};
pub use target::{Target, TargetMethod};
pub use tensor_train::TensorTrain;

#[cfg(test)]
mod tests;
