//! The solver: NN-BCD, one iteration at a time.

use ndarray::Array2;

use super::iteration::Iteration;
use super::state::State;
use super::workspace::Workspace;
use crate::bcd::error::{Block, Cause, SolverError};
use crate::bcd::objective::{LayerSums, Penalties, Sums};
use crate::bcd::problem::Problem;
use crate::bcd::settings::Coupling;
use crate::compress::Projected;
use crate::linalg::{Real, entries, sum_of_squares};
use crate::network::{Accuracies, LayerWeights, check_weights};
use crate::training::Training;

/// Everything that one iteration reports; row 0 is the state before the first one.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// Iterations done.
    pub iteration: usize,
    /// `F` at the end of the iteration, with the penalties of this iteration.
    pub objective: f64,
    /// Parts of the objective, layer by layer.
    pub sums: Sums,
    /// Norm of the change of all blocks.
    pub step: f64,
    /// Iterations so far in which the objective rose.
    pub descent_violations: usize,
}

/// Why the solver has nothing more to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Termination {
    /// All iterations are done.
    Iterations,
    /// The step fell below the limit of the settings.
    StepBelow(f64),
}

impl std::fmt::Display for Termination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Iterations => write!(f, "all iterations done"),
            Self::StepBelow(limit) => write!(f, "step below {limit:e}"),
        }
    }
}

/// NN-BCD on one problem.
#[derive(Debug)]
pub struct Solver<T> {
    pub(super) problem: Problem<T>,
    pub(super) state: State<T>,
    pub(super) sums: Sums,
    pub(super) iteration: usize,
    pub(super) descent_violations: usize,
    pub(super) step: f64,
    /// Whether the last iteration was a refit because the step before it was below the limit.
    pub(super) refitted_at_rest: bool,
    pub(super) penalties: Penalties,
    workspace: Workspace<T>,
}

impl<T: Real> Solver<T> {
    /// Starts from the given weights: compressed weights are their projections, pre-activations
    /// and activations come from a forward pass.
    ///
    /// # Errors
    /// [`SolverError`] with iteration 0 when the weights are not those of the network, or not finite.
    pub fn new(problem: Problem<T>, weights: Vec<LayerWeights<T>>) -> Result<Self, SolverError> {
        check_weights(&problem.architecture, &weights)?;
        let state = State::forward(&problem.architecture, &problem.data, weights);
        let mut solver = Self::from_state(problem, state);
        if solver.problem.settings.compresses_after(0) {
            solver.begin_compression()?;
        }
        solver.require_finite_objective()?;
        Ok(solver)
    }

    /// A solver around blocks that are already there; the sums are computed from them.
    pub(super) fn from_state(problem: Problem<T>, state: State<T>) -> Self {
        let mut solver = Self {
            sums: Sums::default(),
            iteration: 0,
            descent_violations: 0,
            step: 0.0,
            refitted_at_rest: false,
            penalties: problem.settings.penalties_at(0),
            workspace: Workspace::default(),
            problem,
            state,
        };
        solver.sums = solver.measure_sums();
        solver
    }

    /// One pass over all blocks, in the order of the paper: output layer first, then layer by layer
    /// towards the input. A refit is a sweep of its own instead.
    ///
    /// # Errors
    /// [`SolverError`] names the block that turned non-finite or whose system broke down.
    pub fn iterate(&mut self) -> Result<Measurement, SolverError> {
        let number = self.iteration + 1;
        self.workspace.before.keep_weights(&self.state.weights);
        if number == self.problem.settings.compress_after + 1 && !self.is_compressing() {
            self.begin_compression()?;
        }
        // Under `coupling: constrained` there are no blocks `Z` that could move.
        if self.problem.settings.coupling != Coupling::Constrained {
            self.workspace
                .before
                .keep_compressed(&self.state.compressed);
        }
        self.penalties = self.problem.settings.penalties_at(number);
        let objective_before = self.objective();
        self.refitted_at_rest = self.problem.settings.refit && self.has_settled();
        let refits = self.refitted_at_rest || self.problem.settings.refits_in(number);
        let squared_step = if refits {
            self.refit(number)?
        } else {
            self.pass(number).update_blocks()?
        };
        let squared_step = squared_step + self.workspace.before.squared_change(&self.state);
        self.step = squared_step.sqrt();
        self.iteration = number;
        let objective = self.require_finite_objective()?;
        if !refits && self.has_risen(objective_before, objective) {
            self.descent_violations += 1;
        }
        Ok(self.measurement())
    }

    /// The blocks, ready to be updated.
    pub(super) fn pass(&mut self, number: usize) -> Iteration<'_, T> {
        Iteration {
            problem: &self.problem,
            number,
            penalties: self.penalties,
            state: &mut self.state,
            workspace: &mut self.workspace,
            inside_sets: self.problem.settings.coupling == Coupling::Constrained,
            relaxation: self.problem.settings.relaxation,
            sums: &mut self.sums,
            squared_step: 0.0,
        }
    }

    /// Whether the last step was below the limit of the settings.
    fn has_settled(&self) -> bool {
        let settings = &self.problem.settings;
        settings.stop.as_ref().is_some_and(|stop| {
            self.iteration > settings.compress_after && self.step < stop.step_below
        })
    }

    /// `Z_i = P_i(W_i)` for every layer that is to be compressed; except with `coupling: penalty` also
    /// `W_i = Z_i`. Before the first iteration the pre-activations and activations then start from the
    /// forward pass of that.
    fn begin_compression(&mut self) -> Result<(), SolverError> {
        let weights: Vec<_> = self
            .state
            .weights
            .iter()
            .map(|layer| layer.weight.view())
            .collect();
        self.state.compressed = Projected::project_layers(&self.problem.compression, &weights, &[])
            .map_err(|(index, error)| SolverError {
                iteration: self.iteration,
                block: Block::Compressed(index),
                cause: error.into(),
            })?;
        if self.problem.settings.coupling != Coupling::Penalty && self.is_compressing() {
            for (weights, compressed) in self.state.weights.iter_mut().zip(&self.state.compressed) {
                if let Some(projected) = compressed {
                    weights.weight.assign(&projected.dense);
                }
            }
            if self.iteration == 0 {
                let compressed = std::mem::take(&mut self.state.compressed);
                let weights = std::mem::take(&mut self.state.weights);
                self.state =
                    State::forward(&self.problem.architecture, &self.problem.data, weights);
                self.state.compressed = compressed;
            } else {
                for index in 0..self.state.weights.len() {
                    self.state.refresh_linear_residual(
                        index,
                        &self.problem.architecture,
                        &self.problem.data,
                    );
                }
            }
        }
        self.sums = self.measure_sums();
        Ok(())
    }

    fn is_compressing(&self) -> bool {
        self.state.compressed.iter().any(Option::is_some)
    }

    /// All parts of the objective from the blocks themselves.
    pub fn measure_sums(&self) -> Sums {
        let last = self.problem.architecture.layers.len() - 1;
        let squared = |array: &Array2<T>| sum_of_squares(entries(array));
        let layers = (0..=last)
            .map(|index| {
                let (u, v) = (
                    &self.state.pre_activations[index],
                    &self.state.activations[index],
                );
                let activation = if index < last {
                    u.mapv(|u| u.max(T::zero()))
                } else {
                    u.clone()
                };
                let weight = &self.state.weights[index].weight;
                LayerSums {
                    activation_residual: squared(&(v - &activation)),
                    linear_residual: squared(&self.state.linear_residuals[index]),
                    compression_residual: self.state.compressed[index]
                        .as_ref()
                        .map_or(0.0, |projected| projected.squared_error(weight.view())),
                    weight: squared(weight),
                }
            })
            .collect();
        Sums {
            loss: 0.5 * squared(&(&self.state.activations[last] - &self.problem.targets)),
            layers,
        }
    }

    /// Whether the objective has risen by more than rounding can explain: by a relative tolerance, and by what the rounding of
    /// the blocks does to their residuals. A residual `r` that is known to within `e` only is known as `r^2 + 2 r e + e^2`;
    /// where features are large, that is more than what is left of the objective.
    fn has_risen(&self, before: f64, after: f64) -> bool {
        let allowed = before * (1.0 + T::DESCENT_TOLERANCE);
        // The sums are over all samples: only where there is something to explain.
        after > allowed && after.sqrt() > allowed.sqrt() + self.squared_rounding().sqrt()
    }

    /// The objective of residuals that are nothing but rounding: `e = eps |W_i| |V_{i-1}|` for those of `U_i`, `eps |V_i|` and
    /// `eps |W_i|` for the others.
    fn squared_rounding(&self) -> f64 {
        let Self { problem, state, .. } = self;
        let Penalties { gamma, rho, tau } = self.penalties;
        let squared = |array: &Array2<T>| sum_of_squares(entries(array));
        let of_layer = |index: usize| {
            let positions = problem.architecture.layers[index].positions() as f64;
            let weight = squared(&state.weights[index].weight);
            let inputs = positions * squared(state.inputs_of(index, &problem.data));
            let outputs = squared(&state.activations[index]);
            rho * weight * inputs + (gamma + 1.0) * outputs + tau * weight
        };
        let sum: f64 = (0..state.weights.len()).map(of_layer).sum();
        0.5 * sum * T::epsilon().widen().powi(2)
    }

    fn require_finite_objective(&self) -> Result<f64, SolverError> {
        let objective = self.objective();
        if objective.is_finite() {
            return Ok(objective);
        }
        Err(SolverError {
            iteration: self.iteration,
            block: self.state.first_block_without_a_finite_norm(),
            cause: Cause::NonFinite,
        })
    }

    fn objective(&self) -> f64 {
        self.sums.objective(&self.problem.settings, self.penalties)
    }

    /// What there is to report of the present state.
    pub fn measurement(&self) -> Measurement {
        Measurement {
            iteration: self.iteration,
            objective: self.objective(),
            sums: self.sums.clone(),
            step: self.step,
            descent_violations: self.descent_violations,
        }
    }

    /// The weights of the residuals in the present iteration; row 0 is measured with those of the first one.
    pub fn penalties(&self) -> Penalties {
        self.penalties
    }

    /// `tau` of the present iteration, where it couples anything.
    pub fn coupling_weight(&self) -> Option<f64> {
        let couples =
            self.is_compressing() && self.problem.settings.coupling != Coupling::Constrained;
        couples.then_some(self.penalties.tau)
    }

    /// Whether there is nothing more to do, and why.
    pub fn termination(&self) -> Option<Termination> {
        let settings = &self.problem.settings;
        if self.iteration >= settings.iterations {
            return Some(Termination::Iterations);
        }
        let limit = settings.stop.as_ref()?.step_below;
        let ends = if settings.refit {
            self.refitted_at_rest
        } else {
            self.has_settled()
        };
        ends.then_some(Termination::StepBelow(limit))
    }

    /// Accuracy of the deployed network on each part of the data.
    pub fn accuracy(&self) -> Accuracies {
        self.problem.data.accuracies(&self.deployed())
    }

    /// The problem.
    pub fn problem(&self) -> &Problem<T> {
        &self.problem
    }

    /// The weights `W_i` and biases.
    pub fn weights(&self) -> &[LayerWeights<T>] {
        &self.state.weights
    }

    /// The compressed weights `Z_i`, where a layer is compressed at present.
    pub fn compressed(&self) -> &[Option<Projected<T>>] {
        &self.state.compressed
    }
    /// The pre-activations `U_i`, units x n.
    pub fn pre_activations(&self) -> &[Array2<T>] {
        &self.state.pre_activations
    }

    /// The activations `V_i`, units x n.
    pub fn activations(&self) -> &[Array2<T>] {
        &self.state.activations
    }
}
