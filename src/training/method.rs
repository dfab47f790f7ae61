//! What a method offers to whoever runs it, and what it reports of every iteration.

use serde::{Deserialize, Serialize};

use super::checkpoint::Checkpoint;
use crate::compress::Projected;
use crate::linalg::Real;
use crate::network::{Architecture, Deployed, LayerWeights};

/// Why an iteration failed: the error of the method.
pub type IterationError = Box<dyn std::error::Error + Send + Sync>;

/// A method at work on one problem, one iteration at a time.
pub trait Training<T: Real>: Send + Sync {
    /// One more iteration.
    ///
    /// # Errors
    /// When the numbers are no longer finite.
    fn iterate(&mut self) -> Result<(), IterationError>;
    /// Iterations done.
    fn iteration(&self) -> usize;
    /// Why there is nothing more to do, if so.
    fn termination(&self) -> Option<String>;
    /// What there is to report of the present state.
    fn measured(&self) -> Measurement;
    /// How often the method had to go back to an earlier state, where it watches itself.
    fn steps_back(&self) -> usize {
        0
    }
    /// The whole state.
    fn checkpoint(&self) -> Checkpoint<'_>;
    /// The network.
    fn architecture(&self) -> &Architecture;
    /// Weights and biases.
    fn weights(&self) -> &[LayerWeights<T>];
    /// The compressed weights, where a layer is compressed at present.
    fn compressed(&self) -> &[Option<Projected<T>>];
    /// The network as it would be shipped.
    fn deployed(&self) -> Deployed<'_, T> {
        Deployed::new(self.architecture(), self.weights(), self.compressed())
    }
}

/// What a method reports of an iteration; 0 is the state before the first one. None: the method
/// has no such quantity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measurement {
    /// Iterations done.
    pub iteration: usize,
    /// What the method minimises.
    pub objective: f64,
    /// The part of the objective that compares outputs with targets.
    pub loss: f64,
    /// Norm of the change of everything that the method moves.
    pub step: f64,
    /// Iterations so far in which the objective rose, of a method that promises descent.
    pub descent_violations: Option<usize>,
    /// Weight of the activation residual.
    pub gamma: Option<f64>,
    /// Weight of the linear residual.
    pub rho: Option<f64>,
    /// Weight of the compression residual, where it couples anything.
    pub tau: Option<f64>,
    /// The layers' parts.
    pub layers: Vec<LayerMeasurement>,
}

/// Squared norms that one layer contributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerMeasurement {
    /// `|V_i - act_i(U_i)|^2`
    pub activation_residual: Option<f64>,
    /// `|U_i - W_i V_{i-1}|^2`
    pub linear_residual: Option<f64>,
    /// `|W_i - Z_i|^2`: between the weight and what is shipped, 0 where both are the same.
    pub compression_residual: f64,
    /// `|W_i|^2`
    pub weight: f64,
}

impl Measurement {
    /// `sum_i |V_i - act_i(U_i)|^2`
    pub fn activation_residual(&self) -> Option<f64> {
        (self.layers.iter())
            .map(|layer| layer.activation_residual)
            .sum()
    }

    /// `sum_i |U_i - W_i V_{i-1}|^2`
    pub fn linear_residual(&self) -> Option<f64> {
        (self.layers.iter())
            .map(|layer| layer.linear_residual)
            .sum()
    }

    /// `sum_i |W_i - Z_i|^2`
    pub fn compression_residual(&self) -> f64 {
        (self.layers.iter())
            .map(|layer| layer.compression_residual)
            .sum()
    }
}
