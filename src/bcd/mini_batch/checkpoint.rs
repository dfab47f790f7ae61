//! The whole state of a mini-batch run as bytes: it goes on from there to the last digit as if it had never stopped.

use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::guard::Guard;
use super::layer::TrainedLayer;
use super::metric::{Metric, MetricForm};
use super::solver::{MiniBatchProblem, MiniBatchSolver, output_of};
use super::sparse::Sparse;
use crate::linalg::Real;
use crate::network::LayerWeights;
use crate::training::{Arrays, Checkpoint, CheckpointError, LayerMeasurement, read_header};

#[derive(Serialize, Deserialize)]
struct Header {
    bytes_per_number: usize,
    iteration: usize,
    step: usize,
    guard: GuardHeader,
    layers: Vec<LayerHeader>,
    measured: Measured,
}

#[derive(Serialize, Deserialize)]
struct GuardHeader {
    scale: f64,
    error: Option<f64>,
    best: Option<f64>,
    steps_back: usize,
    has_snapshot: bool,
}

#[derive(Serialize, Deserialize)]
struct LayerHeader {
    of: usize,
    relu: bool,
    shape: (usize, usize),
    seen: usize,
    search: Option<[f64; 2]>,
    /// Batches in the mean squares of a sparse layer.
    sparse: Option<usize>,
    updates: usize,
    mean_diagonal: f64,
    rest: f64,
}

#[derive(Serialize, Deserialize)]
struct Measured {
    objective: f64,
    loss: f64,
    step: f64,
    layers: Vec<LayerMeasurement>,
}

impl<T: Real> MiniBatchSolver<T> {
    /// The state after the last epoch.
    pub fn checkpoint(&self) -> Checkpoint<'_> {
        let guard = &self.guard;
        let header = Header {
            bytes_per_number: T::BYTES,
            iteration: self.measured.iteration,
            step: self.step,
            guard: GuardHeader {
                scale: guard.scale,
                error: guard.error,
                best: guard.best,
                steps_back: guard.steps_back,
                has_snapshot: !guard.snapshot.is_empty(),
            },
            layers: self.layers.iter().map(LayerHeader::of).collect(),
            measured: Measured {
                objective: self.measured.objective,
                loss: self.measured.loss,
                step: self.measured.step,
                layers: self.measured.layers.clone(),
            },
        };
        let mut checkpoint = Checkpoint::new(&header);
        for layer in &self.layers {
            push_weights(&mut checkpoint, &layer.weights);
            push_weights(&mut checkpoint, &layer.momentum);
            push_vector(&mut checkpoint, &layer.mean);
            push_vector(&mut checkpoint, &layer.metric.diagonal);
            match &layer.metric.form {
                MetricForm::Exact { gram, .. } => checkpoint.push_matrix(gram),
                MetricForm::LowRank { basis, values, .. } => {
                    checkpoint.push_matrix(basis);
                    push_vector(&mut checkpoint, values);
                }
            }
            if let Some(sparse) = &layer.sparse {
                checkpoint.push_matrix(&sparse.mask);
                checkpoint.push_matrix(&sparse.squares);
            }
        }
        for (weights, mean) in &guard.snapshot {
            push_weights(&mut checkpoint, weights);
            push_vector(&mut checkpoint, mean);
        }
        checkpoint
    }

    /// A solver that goes on from a checkpoint of the same problem.
    ///
    /// # Errors
    /// [`CheckpointError`] when the bytes are not a checkpoint of a problem of this shape.
    pub fn resume(problem: MiniBatchProblem<T>, bytes: &[u8]) -> Result<Self, CheckpointError> {
        let (header, mut arrays) = read_header::<Header>(bytes)?;
        Arrays::require::<T>(header.bytes_per_number)?;
        let mut layers = Vec::with_capacity(header.layers.len());
        for layer in &header.layers {
            layers.push(layer.read(&problem, &mut arrays)?);
        }
        let covered = layers.iter().map(|layer| layer.of);
        if !covered.eq(expected_layers(&problem, layers.len())) {
            return Err(CheckpointError("another number of layers".into()));
        }
        let mut snapshot = Vec::new();
        if header.guard.has_snapshot {
            for layer in &layers {
                let weights = read_weights(&mut arrays, &layer.weights)?;
                snapshot.push((weights, vector(&mut arrays, layer.mean.len())?));
            }
        }
        arrays.require_end()?;
        let output = output_of(&problem);
        let mut solver = Self::with_layers(problem, output, layers)
            .map_err(|error| CheckpointError(error.to_string()))?;
        let GuardHeader {
            scale,
            error,
            best,
            steps_back,
            ..
        } = header.guard;
        solver.guard = Guard {
            scale,
            error,
            best,
            snapshot,
            steps_back,
        };
        solver
            .go_on_from(header.step, header.iteration)
            .map_err(|error| CheckpointError(error.to_string()))?;
        let Measured {
            objective,
            loss,
            step,
            layers,
        } = header.measured;
        let measured = &mut solver.measured;
        (measured.objective, measured.loss, measured.step) = (objective, loss, step);
        measured.layers = layers;
        Ok(solver)
    }
}

/// The layers of the network that `count` trained ones stand for, in order: all of them, or two for each of low rank.
fn expected_layers<T: Real>(
    problem: &MiniBatchProblem<T>,
    count: usize,
) -> impl Iterator<Item = usize> {
    let layers = problem.compression.len();
    let factored = count > layers;
    let twice = move |compression: &Option<crate::compress::LayerCompression>| {
        let low_rank = matches!(
            compression,
            Some(crate::compress::LayerCompression::LowRank { .. })
        );
        1 + usize::from(factored && low_rank)
    };
    let counts: Vec<usize> = problem.compression.iter().map(twice).collect();
    (0..layers).flat_map(move |layer| std::iter::repeat_n(layer, counts[layer]))
}

impl LayerHeader {
    fn of<T: Real>(layer: &TrainedLayer<T>) -> Self {
        let metric = &layer.metric;
        Self {
            of: layer.of,
            relu: layer.relu,
            shape: layer.weights.weight.dim(),
            seen: layer.seen,
            search: layer.search,
            sparse: layer.sparse.as_ref().map(|sparse| sparse.seen),
            updates: metric.updates,
            mean_diagonal: metric.mean_diagonal,
            rest: match metric.form {
                MetricForm::Exact { .. } => 0.0,
                MetricForm::LowRank { rest, .. } => rest,
            },
        }
    }

    fn read<T: Real>(
        &self,
        problem: &MiniBatchProblem<T>,
        arrays: &mut Arrays<'_>,
    ) -> Result<TrainedLayer<T>, CheckpointError> {
        let settings = &problem.settings;
        let like = LayerWeights {
            weight: arrays.matrix(self.shape)?,
            bias: None,
        };
        let bias = problem
            .architecture
            .bias
            .then(|| vector(arrays, self.shape.0));
        let weights = LayerWeights {
            bias: bias.transpose()?,
            ..like
        };
        let momentum = read_weights(arrays, &weights)?;
        let decay = problem.kept_share(self.of);
        let mut layer = TrainedLayer::new(self.of, self.relu, decay, weights, settings.metric_rank);
        layer.momentum = momentum;
        (layer.seen, layer.search) = (self.seen, self.search);
        let inputs = self.shape.1;
        layer.mean = vector(arrays, inputs)?;
        let metric: &mut Metric<T> = &mut layer.metric;
        metric.diagonal = vector(arrays, inputs)?;
        metric.updates = self.updates;
        metric.mean_diagonal = self.mean_diagonal;
        match &mut metric.form {
            MetricForm::Exact { gram, .. } => *gram = arrays.matrix((inputs, inputs))?,
            MetricForm::LowRank {
                basis,
                values,
                rest,
            } => {
                *basis = arrays.matrix(basis.dim())?;
                *values = vector(arrays, values.len())?;
                *rest = self.rest;
            }
        }
        metric.factor(settings.damping);
        if let Some(seen) = self.sparse {
            layer.sparse = Some(Sparse {
                mask: arrays.matrix(self.shape)?,
                squares: arrays.matrix(self.shape)?,
                seen,
            });
        }
        Ok(layer)
    }
}

fn push_weights<'a, T: Real>(checkpoint: &mut Checkpoint<'a>, weights: &'a LayerWeights<T>) {
    checkpoint.push_matrix(&weights.weight);
    checkpoint.push_bias(weights.bias.as_ref());
}

fn push_vector<'a, T: Real>(checkpoint: &mut Checkpoint<'a>, vector: &'a Array1<T>) {
    checkpoint.push_bias(Some(vector));
}

fn vector<T: Real>(arrays: &mut Arrays<'_>, length: usize) -> Result<Array1<T>, CheckpointError> {
    arrays.numbers(length).map(Array1::from_vec)
}

/// Weights of the shape of others.
fn read_weights<T: Real>(
    arrays: &mut Arrays<'_>,
    like: &LayerWeights<T>,
) -> Result<LayerWeights<T>, CheckpointError> {
    let weight = arrays.matrix(like.weight.dim())?;
    let bias = (like.bias.as_ref()).map(|bias| vector(arrays, bias.len()));
    let bias = bias.transpose()?;
    Ok(LayerWeights { weight, bias })
}
