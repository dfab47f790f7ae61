//! The paper's method: every iteration works on all samples at once and keeps `U` and `V` of each.
//!
//! [`iteration`] is the loop; `output`, `weight`, `compressed` and `hidden` hold one update each, and
//! `constrained` the weight update inside a compressed set.

mod checkpoint;
mod compressed;
mod constrained;
mod correlation;
mod hidden;
mod iteration;
mod memory;
mod output;
mod refit;
mod ridge;
mod solver;
mod state;
mod system;
mod training;
mod weight;
mod workspace;

pub use solver::{Measurement, Solver, Termination};
