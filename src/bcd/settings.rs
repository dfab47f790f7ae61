//! The settings of the solver: the `solver` map of a grid file.

use serde::{Deserialize, Serialize};

use crate::training::{Precision, WeightDecay};

mod check;

/// How the weights `W_i` are tied to the compressed weights `Z_i`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coupling {
    /// The paper's: `W` and `Z` are separate blocks, `tau/2 |W - Z|^2` couples them. Every step descends.
    #[default]
    Penalty,
    /// After each weight update `W_i = Z_i`, as in the published pruning notebooks. No descent guarantee.
    Hard,
    /// `W` itself is in the set, and its update a minimiser there; no `Z`, no `tau`. Every step descends.
    Constrained,
}

/// Optional early stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopSettings {
    /// Stop when the step (norm of the change of all blocks) falls below this value.
    pub step_below: f64,
}

/// Settings of one run of the solver.
///
/// | name | default | purpose | range |
/// |---|---|---|---|
/// | `iterations` | 100 | passes over all blocks | >= 0 |
/// | `gamma` | 1 | weight of `|V_i - act(U_i)|^2` | > 0 |
/// | `rho` | 1 | weight of `|U_i - W_i V_{i-1}|^2` | > 0 |
/// | `tau` | 1 | weight of `|W_i - Z_i|^2` | > 0 |
/// | `alpha` | 1 | proximal weight | > 0 |
/// | `relaxation` | 1 | `omega`, see below | > 0, < 2 |
/// | `weight_decay` | 0 | `lambda` of `lambda_i/2 |W_i|^2` | >= 0 |
/// | `precision` | single | arithmetic | single, double |
/// | `coupling` | penalty | see [`Coupling`] | penalty, hard, constrained |
/// | `gamma_final`, `rho_final`, `tau_final` | none | geometric continuation of `gamma`, `rho`, `tau` over the iterations after `compress_after` | > 0 |
/// | `compress_after` | 0 | dense warm-up: compression takes part after so many iterations; 0 without compression | < iterations |
/// | `refit` | false | the last iteration fits the weights to the network as it is shipped | true, false |
/// | `refit_every` | none | and so does an iteration after `compress_after` every so often | >= 2, with `refit` |
/// | `eval_every` | 1 | accuracy every so many iterations (the last one always) | >= 1 |
/// | `stop` | none | see [`StopSettings`] | `step_below` > 0 |
///
/// Over-relaxation (Young 1954): each block goes `omega` times as far as its minimiser,
/// `x = x* + (omega - 1) (x* - x_old)`. Around the minimiser of a quadratic `q`
/// `q(x) - q(x*) = (omega - 1)^2 (q(x_old) - q(x*))`, so that with `0 < omega < 2` each step still descends,
/// and by a multiple of its squared length. It applies to every block that is a quadratic: `W`, `V`, `U_N` and
/// those entries of a hidden `U` that stay on their side of the kink; not to projections, to minimisers inside a
/// set and to refits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SolverSettings {
    /// Passes over all blocks.
    pub iterations: usize,
    /// Weight of the activation residual.
    pub gamma: f64,
    /// Weight of the linear residual.
    pub rho: f64,
    /// Weight of the compression residual.
    pub tau: f64,
    /// Proximal weight.
    pub alpha: f64,
    /// `omega`: how far each block goes, in steps to its minimiser.
    pub relaxation: f64,
    /// `lambda`.
    pub weight_decay: WeightDecay,
    /// Arithmetic.
    pub precision: Precision,
    /// How `W` and `Z` are tied.
    pub coupling: Coupling,
    /// `gamma` of the last iteration, reached geometrically.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gamma_final: Option<f64>,
    /// `rho` of the last iteration, reached geometrically.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rho_final: Option<f64>,
    /// `tau` of the last iteration, reached geometrically.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tau_final: Option<f64>,
    /// Number of dense iterations before compression takes part.
    pub compress_after: usize,
    /// Whether the last iteration fits the weights to the network as it is shipped, layer by layer from the input on.
    pub refit: bool,
    /// With `refit`: how often iterations after `compress_after` do the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refit_every: Option<usize>,
    /// Accuracy is measured every so many iterations.
    pub eval_every: usize,
    /// Early stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopSettings>,
}

impl Default for SolverSettings {
    fn default() -> Self {
        Self {
            iterations: 100,
            gamma: 1.0,
            rho: 1.0,
            tau: 1.0,
            alpha: 1.0,
            relaxation: 1.0,
            weight_decay: WeightDecay::Uniform(0.0),
            precision: Precision::Single,
            coupling: Coupling::Penalty,
            gamma_final: None,
            rho_final: None,
            tau_final: None,
            compress_after: 0,
            refit: false,
            refit_every: None,
            eval_every: 1,
            stop: None,
        }
    }
}
