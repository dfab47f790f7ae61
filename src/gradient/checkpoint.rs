//! The whole state of a trainer as a checkpoint: a run goes on from there to the last digit as if it
//! had never stopped. The order of the samples needs no state: it depends on the seed and the epoch.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::optimizer::Steps;
use super::problem::TrainingProblem;
use super::settings::{Compress, Optimizer};
use super::trainer::Trainer;
use crate::compress::{Form, Stored};
use crate::linalg::Real;
use crate::network::LayerWeights;
use crate::training::{
    Arrays, Checkpoint, CheckpointError, LayerMeasurement, Measurement, read_header, require_form,
};

#[derive(Serialize, Deserialize)]
struct Header {
    bytes_per_number: usize,
    method: Optimizer,
    epoch: usize,
    loss: f64,
    objective: f64,
    step: f64,
    /// Projection error and norm of every layer, squared.
    layers: Vec<[f64; 2]>,
    compressed: Vec<Option<Form>>,
    /// Steps of the optimizer so far.
    steps: u64,
}

impl<T: Real> Trainer<T> {
    /// The state after the last epoch.
    pub fn checkpoint(&self) -> Checkpoint<'_> {
        let measured = &self.measured;
        let header = Header {
            bytes_per_number: T::BYTES,
            method: self.problem.settings.optimizer,
            epoch: measured.iteration,
            loss: measured.loss,
            objective: measured.objective,
            step: measured.step,
            layers: measured
                .layers
                .iter()
                .map(|layer| [layer.compression_residual, layer.weight])
                .collect(),
            compressed: self
                .compressed
                .iter()
                .map(|layer| layer.as_ref().map(Form::of))
                .collect(),
            steps: self.steps.count,
        };
        let mut checkpoint = Checkpoint::new(&header);
        for (weights, compressed) in self.weights.iter().zip(&self.compressed) {
            match compressed {
                Some(projected) => checkpoint.push_compressed(projected),
                None => checkpoint.push_matrix(&weights.weight),
            }
            checkpoint.push_bias(weights.bias.as_ref());
        }
        for tensor in self.steps.first.iter().chain(&self.steps.second) {
            checkpoint.push_numbers(tensor);
        }
        checkpoint
    }

    /// A trainer that goes on from a checkpoint of the same problem.
    ///
    /// # Errors
    /// [`CheckpointError`] when the bytes are not a checkpoint of a problem of this shape.
    pub fn resume(problem: TrainingProblem<T>, bytes: &[u8]) -> Result<Self, CheckpointError> {
        let (header, mut arrays) = read_header::<Header>(bytes)?;
        Arrays::require::<T>(header.bytes_per_number)?;
        if header.method != problem.settings.optimizer {
            return Err(CheckpointError("it is one of another method".into()));
        }
        let layers = problem.architecture.layers.len();
        if header.layers.len() != layers || header.compressed.len() != layers {
            return Err(CheckpointError("another number of layers".into()));
        }
        let mut trainer = Self {
            steps: Steps::new(&problem.settings),
            weights: Vec::with_capacity(layers),
            compressed: Vec::with_capacity(layers),
            measured: Measurement {
                iteration: header.epoch,
                loss: header.loss,
                objective: header.objective,
                step: header.step,
                layers: header.layers.iter().map(measured).collect(),
                ..Measurement::default()
            },
            problem,
        };
        for (index, form) in header.compressed.iter().enumerate() {
            trainer.read_layer(index, form.as_ref(), &mut arrays)?;
        }
        trainer.read_steps(header.steps, &mut arrays)?;
        arrays.require_end()?;
        Ok(trainer)
    }

    fn read_layer(
        &mut self,
        index: usize,
        form: Option<&Form>,
        arrays: &mut Arrays<'_>,
    ) -> Result<(), CheckpointError> {
        let problem = &self.problem;
        let begun = problem.settings.compresses_after(self.measured.iteration);
        let compression = problem.compression[index].as_ref().filter(|_| begun);
        require_form(form, compression, index)?;
        let shape = problem.architecture.layers[index].weight;
        let compressed = arrays.compressed(form, shape)?;
        let weight = match &compressed {
            Some(projected) => projected.dense.clone(),
            None => arrays.matrix(shape)?,
        };
        let bias = arrays.bias(&problem.architecture, index)?;
        self.weights.push(LayerWeights { weight, bias });
        self.compressed.push(compressed);
        Ok(())
    }

    /// What the optimizer remembers, if it has done a step since its tensors are these.
    fn read_steps(&mut self, count: u64, arrays: &mut Arrays<'_>) -> Result<(), CheckpointError> {
        self.steps.count = count;
        if count == 0 {
            return Ok(());
        }
        let lengths = self.trained_lengths();
        for length in &lengths {
            self.steps.first.push(arrays.numbers(*length)?);
        }
        if self.problem.settings.optimizer == Optimizer::Adam {
            for length in &lengths {
                self.steps.second.push(arrays.numbers(*length)?);
            }
        }
        Ok(())
    }

    /// Entries of the trained tensors, in the order in which a step meets them.
    fn trained_lengths(&self) -> Vec<usize> {
        let fine_tuned = self.problem.settings.compress == Compress::FineTuned;
        let mut lengths = Vec::new();
        for (weights, compressed) in self.weights.iter().zip(&self.compressed) {
            match compressed.as_ref().map(|projected| &projected.stored) {
                Some(Stored::LowRank(factors)) if fine_tuned => {
                    lengths.extend([factors.left.len(), factors.right.len()]);
                }
                Some(Stored::TensorTrain(train)) if fine_tuned => {
                    lengths.extend(train.cores().iter().map(Array2::len));
                }
                _ => lengths.push(weights.weight.len()),
            }
            lengths.extend(weights.bias.as_ref().map(ndarray::Array1::len));
        }
        lengths
    }
}

fn measured([compression_residual, weight]: &[f64; 2]) -> LayerMeasurement {
    LayerMeasurement {
        compression_residual: *compression_residual,
        weight: *weight,
        ..LayerMeasurement::default()
    }
}
