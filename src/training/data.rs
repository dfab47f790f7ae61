//! What a method needs of a data set; shared by all trials that use the same data.

use std::sync::OnceLock;

use ndarray::{Array2, ArrayView2, Axis};

use crate::linalg::{Real, gram_of_rows};
use crate::network::{Accuracies, Convolution, Deployed, Layer, LayerKind, gather_patch};

/// Training samples on which the accuracy of an iteration is measured, where there are more.
pub const GLANCE: usize = 10_000;

/// Samples (columns) and labels of one part of the data.
#[derive(Clone, Debug)]
pub struct Samples<T> {
    /// features x n, one feature's samples contiguous.
    pub inputs: Array2<T>,
    /// Class of every sample.
    pub labels: Vec<usize>,
}

impl<T: Real> Samples<T> {
    /// The same samples in the precision of the method.
    pub fn new(inputs: ArrayView2<'_, f64>, labels: &[usize]) -> Self {
        Self {
            inputs: inputs.as_standard_layout().mapv(T::from_f64),
            labels: labels.to_vec(),
        }
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// One-hot targets, classes x n.
    pub fn targets(&self, classes: usize) -> Array2<T> {
        let mut targets = Array2::zeros((classes, self.len()));
        for (sample, label) in self.labels.iter().enumerate() {
            targets[(*label, sample)] = T::one();
        }
        targets
    }

    /// Share of the most frequent class: the accuracy of a network that always answers it.
    pub fn majority_share(&self) -> f64 {
        let mut counts = vec![0_usize; self.labels.iter().max().map_or(0, |last| last + 1)];
        self.labels.iter().for_each(|label| counts[*label] += 1);
        let most = counts.into_iter().max().unwrap_or(0);
        most as f64 / self.len().max(1) as f64
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

/// Samples of all parts with the Gram matrix of the inputs, which never changes and is
/// therefore computed once per data set, in `f64`.
#[derive(Debug)]
pub struct TrainingData<T> {
    /// Training part.
    pub train: Samples<T>,
    /// Held out of the training part, if anything is.
    pub validation: Option<Samples<T>>,
    /// Test part.
    pub test: Samples<T>,
    /// Number of classes.
    pub classes: usize,
    dense_gram: OnceLock<Array2<f64>>,
    train_rows: OnceLock<Array2<T>>,
    glance: OnceLock<Samples<T>>,
}

impl<T: Real> TrainingData<T> {
    /// Training and test samples with labels below `classes`.
    pub fn new(train: Samples<T>, test: Samples<T>, classes: usize) -> Self {
        Self {
            train,
            validation: None,
            test,
            classes,
            dense_gram: OnceLock::new(),
            train_rows: OnceLock::new(),
            glance: OnceLock::new(),
        }
    }

    /// The same with samples that were held out.
    #[must_use]
    pub fn with_validation(self, validation: Option<Samples<T>>) -> Self {
        Self { validation, ..self }
    }

    /// The samples that a network is judged by: the test part, or else what was held out, or else the training part.
    pub fn judging(&self) -> &Samples<T> {
        let parts = [Some(&self.test), self.validation.as_ref()];
        let mut parts = parts.into_iter().flatten();
        parts.find(|part| !part.is_empty()).unwrap_or(&self.train)
    }

    /// Accuracy of a network on each part.
    pub fn accuracies(&self, network: &Deployed<'_, T>) -> Accuracies {
        self.accuracies_with(network, &self.train)
    }

    /// The same while a method is still at work: with many training samples, on some of them ([`Self::glance`]). To go through all
    /// of them in every iteration would take a third of the time that mini-batches need for it.
    pub fn accuracies_under_way(&self, network: &Deployed<'_, T>) -> Accuracies {
        self.accuracies_with(network, self.glance())
    }

    /// At most 10,000 of the training samples, evenly spaced; made when they are first asked for.
    pub fn glance(&self) -> &Samples<T> {
        if self.train.len() <= GLANCE {
            return &self.train;
        }
        self.glance.get_or_init(|| {
            let chosen: Vec<usize> = (0..GLANCE)
                .map(|number| number * self.train.len() / GLANCE)
                .collect();
            Samples {
                inputs: self.train.inputs.select(Axis(1), &chosen),
                labels: chosen
                    .iter()
                    .map(|sample| self.train.labels[*sample])
                    .collect(),
            }
        })
    }

    fn accuracies_with(&self, network: &Deployed<'_, T>, train: &Samples<T>) -> Accuracies {
        let on = |part: &Samples<T>| network.accuracy(part.inputs.view(), &part.labels);
        Accuracies {
            train: on(train),
            validation: self.validation.as_ref().map(on),
            test: on(&self.test),
        }
    }

    /// The inputs of the training samples, one sample after another, n x features: what batches are gathered from. Made when
    /// it is first asked for.
    pub fn train_rows(&self) -> ArrayView2<'_, T> {
        let rows = || self.train.inputs.t().as_standard_layout().into_owned();
        self.train_rows.get_or_init(rows).view()
    }

    /// One-hot targets `Y` of the training samples, classes x n.
    pub fn targets(&self) -> Array2<T> {
        self.train.targets(self.classes)
    }

    /// Lower triangle of `X X'` for a dense first layer, of `B' B` for a convolution.
    pub fn input_gram(&self, layer: &Layer) -> Array2<f64> {
        match &layer.kind {
            LayerKind::Dense => self
                .dense_gram
                .get_or_init(|| {
                    let inputs = self.train.inputs.mapv(T::widen);
                    let mut gram = Array2::zeros((inputs.nrows(), inputs.nrows()));
                    gram_of_rows(1.0, inputs.view(), gram.view_mut());
                    gram
                })
                .clone(),
            LayerKind::Convolution(conv) => self.patch_gram(conv),
        }
    }

    /// `B' B`, kernel · kernel · channels square: small, so that it is computed per trial.
    fn patch_gram(&self, conv: &Convolution) -> Array2<f64> {
        let features = conv.kernel * conv.kernel * conv.image[2];
        let mut sum = Array2::zeros((features, features));
        let mut part = Array2::zeros((features, features));
        for position in 0..conv.positions() {
            let patch = gather_patch(conv, position, self.train.inputs.view()).mapv(T::widen);
            gram_of_rows(1.0, patch.view(), part.view_mut());
            sum += &part;
        }
        sum
    }

    /// Sum of the inputs over the samples (and over the positions of a convolution): the border of
    /// the Gram matrix that a bias adds.
    pub fn input_sums(&self, layer: &Layer) -> Vec<f64> {
        let sums: Vec<f64> = self
            .train
            .inputs
            .rows()
            .into_iter()
            .map(|row| row.iter().map(|value| value.widen()).sum())
            .collect();
        match &layer.kind {
            LayerKind::Dense => sums,
            LayerKind::Convolution(conv) => {
                let mut totals = vec![0.0; conv.kernel * conv.kernel * conv.image[2]];
                for position in 0..conv.positions() {
                    for (total, feature) in totals.iter_mut().zip(conv.patch(position)) {
                        *total += sums[feature];
                    }
                }
                totals
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_takes_every_class_of_sorted_samples_in_its_proportion() {
        let labels: Vec<usize> = (0..4 * GLANCE)
            .map(|sample| usize::from(sample >= GLANCE))
            .collect();
        let inputs = Array2::from_shape_fn((1, labels.len()), |(_, sample)| sample as f64);
        let data = TrainingData::new(
            Samples::<f64>::new(inputs.view(), &labels),
            Samples::new(Array2::zeros((1, 0)).view(), &[]),
            2,
        );
        let glance = data.glance();
        assert_eq!(glance.len(), GLANCE);
        assert_eq!(
            glance.labels.iter().filter(|label| **label == 0).count(),
            GLANCE / 4
        );
        assert_eq!(glance.inputs[(0, 1)], 4.0);
    }
}
