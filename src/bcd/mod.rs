//! The method: NN-BCD itself. Paper letters (`W`, `U`, `V`, `Z`) are used in this room only.
//!
//! | symbol | name in code | shape |
//! |---|---|---|
//! | X = V_0 | inputs | d_0 x n, samples are columns |
//! | Y | targets | d_N x n, one-hot |
//! | W_i | weight | d_i x d_{i-1} |
//! | Z_i | compressed weight | d_i x d_{i-1} |
//! | U_i | pre-activation | d_i x n |
//! | V_i | activation | d_i x n |
//! | E_i | linear residual U_i - W_i V_{i-1} | d_i x n |

mod checkpoint;
mod constrained;
mod error;
mod objective;
mod prox;
mod refit;
mod ridge;
pub mod settings;
mod solver;
mod state;
mod units;
mod updates;

pub(crate) use checkpoint::{Arrays, Form, as_bytes, read_header};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use error::{Block, Cause, SolverError};
pub use objective::{LayerSums, Penalties, Sums};
pub use prox::prox_relu;
pub use settings::{Coupling, SolverSettings, StopSettings};
pub use solver::{Measurement, Problem, Solver, Termination};
