//! The method: NN-BCD itself. Paper letters (`W`, `U`, `V`, `Z`) are used in this room only.
//!
//! | symbol | name in code | shape |
//! |---|---|---|
//! | `X = V_0` | inputs | `d_0 x n`, samples are columns |
//! | `Y` | targets | `d_N x n`, one-hot |
//! | `W_i` | weight | `d_i x d_{i-1}` |
//! | `Z_i` | compressed weight | `d_i x d_{i-1}` |
//! | `U_i` | pre-activation | `d_i x n` |
//! | `V_i` | activation | `d_i x n` |
//! | `E_i` | linear residual `U_i - W_i V_{i-1}` | `d_i x n` |
//!
//! The objective, with Frobenius norms and the compressed layers `C`:
//!
//! `F = 1/2 |V_N - Y|^2 + gamma/2 sum_i |V_i - act_i(U_i)|^2 + rho/2 sum_i |U_i - W_i V_{i-1}|^2 +
//! tau/2 sum_{i in C} |W_i - Z_i|^2 + sum_i lambda_i/2 |W_i|^2`
//!
//! One iteration does (1) to (4) for the last layer, then (5), (6), (3) and (4) for `i = N-1, …, 1`:
//!
//! | | update | file in `batch` |
//! |---|---|---|
//! | (1) | `V_N = (Y + gamma U_N + alpha V_N_old) / (1 + gamma + alpha)` | `output` |
//! | (2) | `U_N = (gamma V_N + rho W_N V_{N-1}) / (gamma + rho)` | `output` |
//! | (3) | `W_i = argmin rho/2 \|U_i - W V_{i-1}\|^2 + alpha/2 \|W - W_i_old\|^2 + tau_i/2 \|W - Z_i\|^2 + lambda_i/2 \|W\|^2` | `weight`, `constrained` |
//! | (4) | `Z_i = P_i(W_i)` | `compressed` |
//! | (5) | `V_i = argmin gamma/2 \|V - act_i(U_i)\|^2 + rho/2 \|U_{i+1} - W_{i+1} V\|^2` | `hidden` |
//! | (6) | `U_i = argmin gamma/2 \|V_i - act_i(U)\|^2 + rho/2 \|U - W_i V_{i-1}\|^2 + alpha/2 \|U - U_i_old\|^2` | `hidden` |
//!
//! What does not depend on how many samples an iteration works on stands here, the paper's algorithm in
//! `batch`.

mod batch;
mod error;
pub mod mini_batch;
mod objective;
mod problem;
mod prox;
pub mod settings;

pub use batch::{Measurement, Solver, Termination};
pub use error::{Block, Cause, SolverError};
pub use mini_batch::{BatchSize, Loss, MiniBatchProblem, MiniBatchSettings, MiniBatchSolver};
pub use objective::{LayerSums, Penalties, Sums};
pub use problem::Problem;
pub use prox::prox_relu;
pub use settings::{Coupling, SolverSettings, StopSettings};
