//! What the rooms that store and show results have in common: the quantities that a run measures.

mod quantity;

pub use quantity::{Better, DefinedBy, NumberStyle, Place, Quantity};
