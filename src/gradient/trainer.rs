//! Training by gradients, one epoch at a time.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::error::{Cause, TrainingError};
use super::optimizer::Steps;
use super::pass::batch_gradient;
use super::problem::TrainingProblem;
use super::settings::Compress;
use crate::compress::{Projected, Stored};
use crate::data::shuffle;
use crate::linalg::{Real, entries, entries_mut, sum_of_squares};
use crate::network::{Accuracies, LayerWeights, check_weights, squared_change};
use crate::training::{LayerMeasurement, Measurement, Training};

/// A gradient method on one problem.
///
/// The weights are those of the deployed network: where a layer is compressed, its weight is the
/// matrix that the compressed form stands for.
#[derive(Debug)]
pub struct Trainer<T> {
    pub(super) problem: TrainingProblem<T>,
    pub(super) weights: Vec<LayerWeights<T>>,
    pub(super) compressed: Vec<Option<Projected<T>>>,
    pub(super) steps: Steps<T>,
    /// Loss: mean cross-entropy of the deployed network over the training samples. Step: of weights and
    /// biases. Compression residual: `|W - P(W)|^2` of the projection that ended the epoch, 0 if none did;
    /// weight: `|W|^2` before that. There is no split problem and no promise that the objective falls.
    pub(super) measured: Measurement,
}

impl<T: Real> Trainer<T> {
    /// Starts from the given weights, projected where compression takes part from the start.
    ///
    /// # Errors
    /// [`TrainingError`] with epoch 0 when the weights are not those of the network, or not finite.
    pub fn new(
        problem: TrainingProblem<T>,
        weights: Vec<LayerWeights<T>>,
    ) -> Result<Self, TrainingError> {
        check_weights(&problem.architecture, &weights).map_err(|error| TrainingError {
            epoch: 0,
            cause: error.into(),
        })?;
        let mut trainer = Self {
            steps: Steps::new(&problem.settings),
            compressed: vec![None; weights.len()],
            measured: Measurement::default(),
            weights,
            problem,
        };
        let layers = if trainer.problem.settings.compresses_after(0) {
            trainer.project()?
        } else {
            trainer.unprojected()
        };
        trainer.measure(layers, 0.0)?;
        Ok(trainer)
    }

    /// One pass over the training samples.
    ///
    /// # Errors
    /// [`TrainingError`] names the layer that turned non-finite.
    pub fn iterate(&mut self) -> Result<(), TrainingError> {
        self.measured.iteration += 1;
        let epoch = self.measured.iteration;
        let before = self.weights.clone();
        let compress = self.problem.settings.compress;
        let compresses =
            self.problem.is_compressed() && self.problem.settings.compresses_after(epoch);
        let begun = self.compressed.iter().any(Option::is_some);
        if compresses && compress != Compress::Once && !begun {
            self.project()?;
            if compress == Compress::FineTuned {
                self.steps.reset();
            }
        }
        self.pass_over_samples(epoch);
        let layers = if compresses && compress != Compress::FineTuned {
            self.project()?
        } else {
            self.unprojected()
        };
        let step = squared_change(&self.weights, &before).sqrt();
        self.measure(layers, step)
    }

    /// Steps over all batches. Their order depends on the seed and the epoch alone; stream 0 of the
    /// generator has drawn the initial weights.
    fn pass_over_samples(&mut self, epoch: usize) {
        let data = Arc::clone(&self.problem.data);
        let mut random = ChaCha8Rng::seed_from_u64(self.problem.seed);
        random.set_stream(epoch as u64);
        let mut order: Vec<usize> = (0..data.train.len()).collect();
        shuffle(&mut order, &mut random);
        for batch in order.chunks(self.problem.settings.batch_size) {
            let inputs = columns(data.train.inputs.view(), batch);
            let labels: Vec<usize> = batch.iter().map(|s| data.train.labels[*s]).collect();
            let architecture = &self.problem.architecture;
            let gradients = batch_gradient(architecture, &self.weights, inputs.view(), &labels);
            self.step(gradients);
        }
    }

    /// One step of the optimizer, within the compressed forms where the network is being fine-tuned.
    fn step(&mut self, gradients: Vec<LayerWeights<T>>) {
        let settings = &self.problem.settings;
        let fine_tuned = settings.compress == Compress::FineTuned;
        let steps = &mut self.steps;
        steps.begin();
        for (index, mut gradient) in gradients.into_iter().enumerate() {
            let layer = &mut self.weights[index];
            let decay = T::from_f64(settings.weight_decay.of_layer(index));
            gradient.weight.scaled_add(decay, &layer.weight);
            match &mut self.compressed[index] {
                Some(projected) if fine_tuned => {
                    step_within(steps, projected, gradient.weight);
                    layer.weight.assign(&projected.dense);
                }
                _ => steps.apply(entries_mut(&mut layer.weight), entries(&gradient.weight)),
            }
            if let (Some(bias), Some(gradient)) = (&mut layer.bias, &gradient.bias) {
                let contiguous = "vectors are contiguous";
                steps.apply(
                    bias.as_slice_mut().expect(contiguous),
                    gradient.as_slice().expect(contiguous),
                );
            }
        }
    }

    /// The weights become their projections.
    fn project(&mut self) -> Result<Vec<LayerMeasurement>, TrainingError> {
        let views: Vec<_> = self.weights.iter().map(|w| w.weight.view()).collect();
        let compression = &self.problem.compression;
        let projected = Projected::project_layers(compression, &views, &self.compressed).map_err(
            |(layer, error)| TrainingError {
                epoch: self.measured.iteration,
                cause: Cause::Projection(layer, error),
            },
        )?;
        let mut layers = self.unprojected();
        for (index, projected) in projected.iter().enumerate() {
            if let Some(projected) = projected {
                let weight = &mut self.weights[index].weight;
                layers[index].compression_residual = projected.squared_error(weight.view());
                weight.assign(&projected.dense);
            }
        }
        self.compressed = projected;
        Ok(layers)
    }

    /// The layers' parts where no projection has just been done.
    fn unprojected(&self) -> Vec<LayerMeasurement> {
        let measured = |layer: &LayerWeights<T>| LayerMeasurement {
            weight: sum_of_squares(entries(&layer.weight)),
            ..LayerMeasurement::default()
        };
        self.weights.iter().map(measured).collect()
    }

    fn measure(&mut self, layers: Vec<LayerMeasurement>, step: f64) -> Result<(), TrainingError> {
        let train = &self.problem.data.train;
        let loss = self
            .deployed()
            .cross_entropy(train.inputs.view(), &train.labels, 0.0);
        let decay: f64 = self
            .weights
            .iter()
            .enumerate()
            .map(|(index, layer)| {
                let lambda = self.problem.settings.weight_decay.of_layer(index);
                0.5 * lambda * sum_of_squares(entries(&layer.weight))
            })
            .sum();
        let epoch = self.measured.iteration;
        self.measured = Measurement {
            iteration: epoch,
            loss,
            objective: loss + decay,
            step,
            layers,
            ..Measurement::default()
        };
        if self.measured.objective.is_finite() && step.is_finite() {
            return Ok(());
        }
        let is_bad = |layer: &LayerWeights<T>| !sum_of_squares(entries(&layer.weight)).is_finite();
        let cause = match self.weights.iter().position(is_bad) {
            Some(layer) => Cause::Weight(layer),
            None => Cause::Objective,
        };
        Err(TrainingError { epoch, cause })
    }

    /// What there is to report of the present state.
    pub fn measurement(&self) -> &Measurement {
        &self.measured
    }

    /// Whether all epochs are done.
    pub fn is_done(&self) -> bool {
        self.measured.iteration >= self.problem.settings.iterations
    }

    /// Accuracy of the deployed network on each part of the data.
    pub fn accuracy(&self) -> Accuracies {
        self.problem.data.accuracies(&self.deployed())
    }

    /// The problem.
    pub fn problem(&self) -> &TrainingProblem<T> {
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
}

/// One step of a compressed weight within its form, from the gradient by its matrix: factors and
/// cores are moved themselves, and of a sparse weight only what is not zero.
fn step_within<T: Real>(
    steps: &mut Steps<T>,
    projected: &mut Projected<T>,
    mut gradient: Array2<T>,
) {
    match &mut projected.stored {
        Stored::LowRank(factors) => {
            let [left, right] = factors.pull_back(gradient.view());
            steps.apply(entries_mut(&mut factors.left), entries(&left));
            steps.apply(entries_mut(&mut factors.right), entries(&right));
            projected.dense = factors.dense();
        }
        Stored::TensorTrain(train) => {
            let gradients = train.pull_back(gradient.view());
            for (core, gradient) in train.cores_mut().iter_mut().zip(&gradients) {
                steps.apply(entries_mut(core), entries(gradient));
            }
            projected.dense = train.dense();
        }
        Stored::Sparse | Stored::NM { .. } => {
            gradient.zip_mut_with(&projected.dense, |gradient, weight| {
                if weight.is_zero() {
                    *gradient = T::zero();
                }
            });
            steps.apply(entries_mut(&mut projected.dense), entries(&gradient));
        }
    }
}

/// Some columns of a matrix, in the given order.
fn columns<T: Real>(matrix: ArrayView2<'_, T>, chosen: &[usize]) -> Array2<T> {
    let mut entries = Vec::with_capacity(matrix.nrows() * chosen.len());
    for row in matrix.rows() {
        entries.extend(chosen.iter().map(|column| row[*column]));
    }
    Array2::from_shape_vec((matrix.nrows(), chosen.len()), entries)
        .expect("as many entries as rows times columns")
}
