//! Mini-batch NN-BCD: the closed forms of the paper on batches of samples, without a promise of descent.
//!
//! Every step starts from a forward pass, `U_i = W_i V_{i-1} + b_i` and `V_i = relu(U_i)`, so that no block lags behind another. From
//! the output to the input each block is then minimised once: `layer` has the weights, `network` what is between them.
//! Nothing is kept of a sample, and memory does not grow with their number.
//!
//! With the active branch of the ReLU's proximal operator the displacement of a unit is a damped back-propagated signal.
//! Relatives: online alternating minimisation (Choromanska et al., ICML 2019), gradient descent on neurons (Benzing, ICML 2022), layer-wise
//! normalised steps (You et al. 2017), over-relaxation (Young 1954).

mod checkpoint;
mod compression;
mod guard;
mod kernels;
mod layer;
mod metric;
mod network;
mod output;
mod settings;
mod solver;
mod sparse;
#[cfg(test)]
mod tests;
mod training;

pub use settings::{BatchSize, Loss, MiniBatchSettings};
pub use solver::{MiniBatchProblem, MiniBatchSolver};
