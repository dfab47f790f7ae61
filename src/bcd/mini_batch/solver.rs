//! Mini-batch NN-BCD, one epoch at a time.

use std::sync::Arc;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::compression::{
    Due, Schedule, choose_zeros, deploy, factor_low_rank, project_tensor_trains,
};
use super::guard::Guard;
use super::layer::TrainedLayer;
use super::network::{Residuals, Workspace};
use super::output::Output;
use super::settings::MiniBatchSettings;
use crate::bcd::error::{Block, Cause, SolverError};
use crate::compress::{LayerCompression, Projected, ProjectionError};
use crate::data::shuffle;
use crate::linalg::{Real, entries, sum_of_squares};
use crate::network::{Accuracies, Architecture, LayerWeights, check_weights, squared_change};
use crate::training::{
    LayerMeasurement, Measurement, ProblemError, Training, TrainingData, check_shapes,
};

/// What is to be solved: data, network, compression, settings.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MiniBatchProblem<T> {
    /// Samples of all parts.
    pub data: Arc<TrainingData<T>>,
    /// The network.
    pub architecture: Architecture,
    /// Compression of every layer; `None`: dense.
    pub compression: Vec<Option<LayerCompression>>,
    /// Settings, with everything that depends on the data written out.
    pub settings: MiniBatchSettings,
    /// Draws the order of the samples in every epoch.
    pub seed: u64,
}

impl<T: Real> MiniBatchProblem<T> {
    /// A problem from its parts.
    ///
    /// # Errors
    /// [`ProblemError`] when a part has other dimensions than the network, there are no samples, or a setting is out of its range.
    pub fn new(
        data: Arc<TrainingData<T>>,
        architecture: Architecture,
        compression: Vec<Option<LayerCompression>>,
        settings: &MiniBatchSettings,
        seed: u64,
    ) -> Result<Self, ProblemError> {
        settings.check(architecture.layers.len())?;
        check_shapes(&data, &architecture, &compression)?;
        Ok(Self {
            settings: settings.resolved(data.train.len()),
            data,
            architecture,
            compression,
            seed,
        })
    }

    /// Drawn weights as those of the blocks, in which targets have unit scale, written as a network for the targets themselves.
    /// Weights from a file are left as they are.
    #[must_use]
    pub fn drawn(&self, mut weights: Vec<LayerWeights<T>>) -> Vec<LayerWeights<T>> {
        if let Some(last) = weights.last_mut() {
            output_of(self).unscale(last);
        }
        weights
    }

    /// Share of its entries that a layer stores; the fewer, the less they need a decay.
    pub(super) fn kept_share(&self, layer: usize) -> f64 {
        let compression = self.compression[layer].as_ref();
        let shape = self.architecture.layers[layer].weight;
        compression.map_or(1.0, |compression| compression.kept_share(shape))
    }

    fn epochs(&self) -> usize {
        self.settings.epochs(self.data.train.len())
    }

    fn batch(&self) -> usize {
        self.settings.batch(self.data.train.len())
    }

    /// Steps of the whole run.
    fn steps(&self) -> usize {
        self.epochs() * self.settings.steps_per_epoch(self.data.train.len())
    }
}

/// Mini-batch NN-BCD on one problem.
#[derive(Debug)]
pub struct MiniBatchSolver<T> {
    pub(super) problem: MiniBatchProblem<T>,
    pub(super) layers: Vec<TrainedLayer<T>>,
    pub(super) guard: Guard<T>,
    pub(super) step: usize,
    pub(super) measured: Measurement,
    output: Output<T>,
    work: Workspace<T>,
    /// The network after the last epoch.
    weights: Vec<LayerWeights<T>>,
    compressed: Vec<Option<Projected<T>>>,
}

impl<T: Real> MiniBatchSolver<T> {
    /// Starts from the given weights.
    ///
    /// # Errors
    /// [`SolverError`] with iteration 0 when the weights are not those of the network, or not finite.
    pub fn new(
        problem: MiniBatchProblem<T>,
        mut weights: Vec<LayerWeights<T>>,
    ) -> Result<Self, SolverError> {
        check_weights(&problem.architecture, &weights)?;
        let output = output_of(&problem);
        let rank = problem.settings.metric_rank;
        let last = weights.len() - 1;
        output.scale(&mut weights[last]);
        let layers = (weights.into_iter().enumerate())
            .map(|(index, weights)| {
                TrainedLayer::new(
                    index,
                    index < last,
                    problem.kept_share(index),
                    weights,
                    rank,
                )
            })
            .collect();
        let mut solver = Self::with_layers(problem, output, layers)?;
        solver.measure_start()?;
        Ok(solver)
    }

    /// A solver around layers that are already there.
    pub(super) fn with_layers(
        problem: MiniBatchProblem<T>,
        output: Output<T>,
        layers: Vec<TrainedLayer<T>>,
    ) -> Result<Self, SolverError> {
        let mut solver = Self {
            work: Workspace::new(&problem.architecture, &layers, problem.batch()),
            problem,
            output,
            layers,
            guard: Guard::default(),
            step: 0,
            measured: Measurement::default(),
            weights: Vec::new(),
            compressed: Vec::new(),
        };
        solver.deploy()?;
        Ok(solver)
    }

    /// One pass over the training samples in an order that depends on the seed and the epoch alone; stream 0 of the generator has
    /// drawn the initial weights.
    ///
    /// # Errors
    /// [`SolverError`] when steps back to good states no longer help.
    pub fn iterate(&mut self) -> Result<(), SolverError> {
        self.measured.iteration += 1;
        let mut random = ChaCha8Rng::seed_from_u64(self.problem.seed);
        random.set_stream(self.measured.iteration as u64);
        let mut order: Vec<usize> = (0..self.problem.data.train.len()).collect();
        shuffle(&mut order, &mut random);
        // A checkpoint does not have it.
        for layer in &mut self.layers {
            layer.pull = None;
        }
        let mut residuals = Vec::new();
        let mut error = 0.0;
        let batches = order.chunks_exact(self.problem.batch());
        let last = batches.len() - 1;
        for (number, batch) in batches.enumerate() {
            let measure = (number == last).then_some(&mut residuals);
            error += self.step_on(batch, measure)?;
        }
        let before = std::mem::take(&mut self.weights);
        self.deploy()?;
        self.measured.step = squared_change(&self.weights, &before).sqrt();
        self.measure(error / (last + 1) as f64, &residuals);
        Ok(())
    }

    /// One step on a batch; its mean error before the step.
    pub(super) fn step_on(
        &mut self,
        batch: &[usize],
        measure: Option<&mut Vec<Residuals>>,
    ) -> Result<f64, SolverError> {
        let total = self.problem.steps() as f64;
        let share = self.step as f64 / total;
        let scale = self.guard.scale * (1.0 - share) * (1.0 - self.problem.settings.momentum);
        let data = &self.problem.data;
        self.work
            .gather(&self.problem.architecture, data.train_rows(), batch);
        self.work.forward(&self.layers);
        let last = self.layers.len() - 1;
        let labels = batch.iter().map(|sample| data.train.labels[*sample]);
        let (units, displacement) = self.work.outputs(last);
        let error = self.output.displace(units, labels, displacement);
        let settings = &self.problem.settings;
        let mut well = self.guard.admits(self.output.relative(error));
        if well {
            self.guard.remember(self.step, &self.layers);
            let updated = self.work.update(&mut self.layers, scale, settings, measure);
            well = updated.is_ok();
        }
        if !well && !self.guard.step_back(&mut self.layers, settings.metric_rank) {
            return Err(self.fail(Block::Objective, Cause::NonFinite));
        }
        self.compress(share, (self.step as f64 + 1.0) / total)?;
        self.step += 1;
        Ok(error)
    }

    /// What is due after a step.
    fn compress(&mut self, before: f64, after: f64) -> Result<(), SolverError> {
        let compression = &self.problem.compression;
        if compression.iter().all(Option::is_none) {
            return Ok(());
        }
        let schedule = Schedule::new(&self.problem.settings);
        let is_last = self.step + 1 == self.problem.steps();
        let due = Due::at(schedule, self.step, [before, after], is_last);
        if due.zeros {
            let level = if is_last { 1.0 } else { schedule.level(after) };
            choose_zeros(&mut self.layers, compression, level);
        }
        let iteration = self.measured.iteration;
        if due.projection {
            project_tensor_trains(&mut self.layers, compression)
                .map_err(|error| projection_failed(iteration, error))?;
        }
        let ranked = self.layers.len() == compression.len();
        if due.begins && ranked {
            let rank = self.problem.settings.metric_rank;
            let factored = factor_low_rank(&mut self.layers, compression, rank)
                .map_err(|error| projection_failed(iteration, error))?;
            if factored {
                self.guard.begin_anew();
                self.work = Workspace::new(
                    &self.problem.architecture,
                    &self.layers,
                    self.problem.batch(),
                );
            }
        }
        Ok(())
    }

    /// The network as it stands, in the units of the targets themselves.
    pub(super) fn deploy(&mut self) -> Result<(), SolverError> {
        let schedule = Schedule::new(&self.problem.settings);
        let begun = self.step as f64 / self.problem.steps() as f64 > schedule.from;
        let deployed = deploy(&self.layers, &self.problem.compression, begun, |last| {
            self.output.unscale(last);
        })
        .map_err(|error| projection_failed(self.measured.iteration, error))?;
        (self.weights, self.compressed) = (deployed.weights, deployed.compressed);
        Ok(())
    }

    /// Goes on after `step` steps and `epoch` epochs.
    pub(super) fn go_on_from(&mut self, step: usize, epoch: usize) -> Result<(), SolverError> {
        self.step = step;
        self.measured.iteration = epoch;
        self.deploy()
    }

    /// The row before the first epoch: the loss on some of the samples counts for all.
    fn measure_start(&mut self) -> Result<(), SolverError> {
        let samples = self.problem.data.glance();
        let error = self.output.error_on(&self.deployed(), samples);
        self.measure(error, &[]);
        if self.measured.objective.is_finite() {
            return Ok(());
        }
        Err(self.fail(Block::Objective, Cause::NonFinite))
    }

    /// `error`: mean over the batches of an epoch, each before its step; residuals of the last batch count
    /// for all samples.
    fn measure(&mut self, error: f64, residuals: &[Residuals]) {
        let samples = self.problem.data.train.len() as f64;
        let settings = &self.problem.settings;
        let unit = self.output.unit();
        let loss = samples * self.output.loss(error);
        let squares: f64 = (self.layers.iter())
            .map(|layer| layer.decay_of(settings) * sum_of_squares(entries(&layer.weights.weight)))
            .sum();
        let decay = 0.5 * squares * samples * unit;
        let share = samples / self.problem.batch() as f64 * unit;
        let measured = &mut self.measured;
        measured.loss = loss;
        measured.objective = loss + decay;
        measured.layers = (self.weights.iter().zip(&self.compressed))
            .map(|(layer, compressed)| LayerMeasurement {
                activation_residual: None,
                linear_residual: None,
                compression_residual: (compressed.as_ref())
                    .map_or(0.0, |form| form.squared_error(layer.weight.view())),
                weight: sum_of_squares(entries(&layer.weight)),
            })
            .collect();
        for (layer, residual) in self.layers.iter().zip(residuals) {
            let of = &mut measured.layers[layer.of];
            *of.linear_residual.get_or_insert(0.0) += share * residual.linear;
            *of.activation_residual.get_or_insert(0.0) += share * residual.activation;
        }
    }

    fn fail(&self, block: Block, cause: Cause) -> SolverError {
        SolverError {
            iteration: self.measured.iteration,
            block,
            cause,
        }
    }

    /// Accuracy of the deployed network on each part of the data.
    pub fn accuracy(&self) -> Accuracies {
        self.problem.data.accuracies(&self.deployed())
    }

    /// What there is to report of the present state.
    pub fn measurement(&self) -> &Measurement {
        &self.measured
    }

    /// Whether all epochs are done.
    pub fn is_done(&self) -> bool {
        self.measured.iteration >= self.problem.epochs()
    }

    /// The problem.
    pub fn problem(&self) -> &MiniBatchProblem<T> {
        &self.problem
    }

    /// Weights and biases.
    pub fn weights(&self) -> &[LayerWeights<T>] {
        &self.weights
    }

    /// The compressed weights, where a layer is compressed at present.
    pub fn compressed(&self) -> &[Option<Projected<T>>] {
        &self.compressed
    }

    /// How often the safeguard went back to a good state.
    pub fn steps_back(&self) -> usize {
        self.guard.steps_back
    }
}

pub(super) fn output_of<T: Real>(problem: &MiniBatchProblem<T>) -> Output<T> {
    Output::new(&problem.settings, &problem.data, problem.architecture.bias)
}

fn projection_failed(iteration: usize, (layer, error): (usize, ProjectionError)) -> SolverError {
    SolverError {
        iteration,
        block: Block::Compressed(layer),
        cause: error.into(),
    }
}
