//! The whole state of a solver as a checkpoint: a run goes on from there to the last digit as if it had
//! never stopped.

use serde::{Deserialize, Serialize};

use super::solver::Solver;
use super::state::State;
use crate::bcd::objective::{LayerSums, Sums};
use crate::bcd::problem::Problem;
use crate::compress::Form;
use crate::linalg::Real;
use crate::network::LayerWeights;
use crate::training::{Arrays, Checkpoint, CheckpointError, read_header, require_form};

#[derive(Serialize, Deserialize)]
struct Header {
    bytes_per_number: usize,
    iteration: usize,
    descent_violations: usize,
    step: f64,
    #[serde(default)]
    refitted_at_rest: bool,
    loss: f64,
    sums: Vec<[f64; 4]>,
    compressed: Vec<Option<Form>>,
}

impl<T: Real> Solver<T> {
    /// The state after the last iteration.
    pub fn checkpoint(&self) -> Checkpoint<'_> {
        let state = &self.state;
        let header = Header {
            bytes_per_number: T::BYTES,
            iteration: self.iteration,
            descent_violations: self.descent_violations,
            step: self.step,
            refitted_at_rest: self.refitted_at_rest,
            loss: self.sums.loss,
            sums: self
                .sums
                .layers
                .iter()
                .map(|sums| sums.to_array())
                .collect(),
            compressed: state
                .compressed
                .iter()
                .map(|z| z.as_ref().map(Form::of))
                .collect(),
        };
        let mut checkpoint = Checkpoint::new(&header);
        for (index, weights) in state.weights.iter().enumerate() {
            checkpoint.push_matrix(&weights.weight);
            checkpoint.push_bias(weights.bias.as_ref());
            if let Some(projected) = &state.compressed[index] {
                checkpoint.push_compressed(projected);
            }
            checkpoint.push_matrix(&state.pre_activations[index]);
            checkpoint.push_matrix(&state.activations[index]);
            checkpoint.push_matrix(&state.linear_residuals[index]);
        }
        checkpoint
    }

    /// A solver that goes on from a checkpoint of the same problem.
    ///
    /// # Errors
    /// [`CheckpointError`] when the bytes are not a checkpoint of a problem of this shape.
    pub fn resume(problem: Problem<T>, bytes: &[u8]) -> Result<Self, CheckpointError> {
        let (header, mut arrays) = read_header::<Header>(bytes)?;
        Arrays::require::<T>(header.bytes_per_number)?;
        let layers = &problem.architecture.layers;
        if header.sums.len() != layers.len() || header.compressed.len() != layers.len() {
            return Err(CheckpointError("another number of layers".into()));
        }
        let samples = problem.data.train.len();
        let mut state = State {
            weights: Vec::new(),
            compressed: Vec::new(),
            pre_activations: Vec::new(),
            activations: Vec::new(),
            linear_residuals: Vec::new(),
        };
        let begun = problem.settings.compresses_after(header.iteration);
        for (index, (layer, form)) in layers.iter().zip(&header.compressed).enumerate() {
            let compression = problem.compression[index].as_ref().filter(|_| begun);
            require_form(form.as_ref(), compression, index)?;
            let weight = arrays.matrix(layer.weight)?;
            let bias = arrays.bias(&problem.architecture, index)?;
            state.weights.push(LayerWeights { weight, bias });
            let projected = arrays.compressed(form.as_ref(), layer.weight)?;
            state.compressed.push(projected);
            let shape = (layer.units, samples);
            state.pre_activations.push(arrays.matrix(shape)?);
            state.activations.push(arrays.matrix(shape)?);
            state.linear_residuals.push(arrays.matrix(shape)?);
        }
        arrays.require_end()?;
        let mut solver = Self::from_state(problem, state);
        solver.iteration = header.iteration;
        solver.descent_violations = header.descent_violations;
        solver.step = header.step;
        solver.refitted_at_rest = header.refitted_at_rest;
        solver.penalties = solver.problem.settings.penalties_at(header.iteration);
        solver.sums = Sums {
            loss: header.loss,
            layers: header.sums.into_iter().map(LayerSums::from_array).collect(),
        };
        Ok(solver)
    }
}

impl LayerSums {
    fn to_array(self) -> [f64; 4] {
        [
            self.activation_residual,
            self.linear_residual,
            self.compression_residual,
            self.weight,
        ]
    }

    fn from_array(
        [
            activation_residual,
            linear_residual,
            compression_residual,
            weight,
        ]: [f64; 4],
    ) -> Self {
        Self {
            activation_residual,
            linear_residual,
            compression_residual,
            weight,
        }
    }
}
