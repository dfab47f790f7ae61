//! The deployed network: compressed weights where a layer is compressed, and its accuracy.

use std::ops::Range;

use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis, CowArray, s};

use super::architecture::{Architecture, Layer, LayerKind};
use super::linear::gather_patch;
use super::weights::LayerWeights;
use crate::compress::{Projected, Stored};
use crate::linalg::{Accumulate, Factor, Real, Threads, entries, product_on, sum_of_squares};

/// Samples that go through all layers at once: their activations stay in a core's cache.
const TILE: usize = 256;

/// How a weight is applied.
enum Operator<'a, T> {
    Matrix(Factor<'a, T>),
    /// Left and right factor; cheaper than their product.
    Factors(Array2<T>, Array2<T>),
}

/// A network as it would be shipped, ready to be applied.
pub struct Deployed<'a, T> {
    architecture: &'a Architecture,
    operators: Vec<Operator<'a, T>>,
    biases: Vec<Option<&'a Array1<T>>>,
}

/// How often the deployed network names the right class.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Accuracy {
    /// Right answers / samples.
    pub overall: f64,
    /// Mean over the classes that occur of right answers / samples of the class.
    pub balanced: f64,
}

/// The same on each part of the data.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Accuracies {
    /// On the samples that were trained on.
    pub train: Accuracy,
    /// On those that were held out of them, if any were.
    pub validation: Option<Accuracy>,
    /// On the test part.
    pub test: Accuracy,
}

impl<'a, T: Real> Deployed<'a, T> {
    /// The network with `compressed[i]` in the place of the weight of layer `i` where there is one.
    pub fn new(
        architecture: &'a Architecture,
        weights: &'a [LayerWeights<T>],
        compressed: &'a [Option<Projected<T>>],
    ) -> Self {
        let operators = weights
            .iter()
            .zip(compressed)
            .map(|(weights, compressed)| match compressed {
                Some(projected) => Operator::compressed(projected),
                None => Operator::dense(weights.weight.view()),
            })
            .collect();
        Self {
            architecture,
            operators,
            biases: weights.iter().map(|layer| layer.bias.as_ref()).collect(),
        }
    }

    /// Accuracy on samples (columns of `inputs`, features x n) with the given class labels.
    pub fn accuracy(&self, inputs: ArrayView2<'_, T>, labels: &[usize]) -> Accuracy {
        let classes = self.architecture.layers.last().map_or(0, |last| last.units);
        let predictions = self.predict(inputs);
        let (mut right, mut seen) = (vec![0_u64; classes], vec![0_u64; classes]);
        for (label, prediction) in labels.iter().zip(predictions) {
            seen[*label] += 1;
            right[*label] += u64::from(prediction == *label);
        }
        let total: u64 = seen.iter().sum();
        let present = seen.iter().filter(|count| **count > 0).count();
        let recall: f64 = right
            .iter()
            .zip(&seen)
            .filter(|(_, seen)| **seen > 0)
            .map(|(right, seen)| *right as f64 / *seen as f64)
            .sum();
        Accuracy {
            overall: right.iter().sum::<u64>() as f64 / total.max(1) as f64,
            balanced: recall / present.max(1) as f64,
        }
    }

    /// The outputs, samples x classes, for samples that are columns of `inputs`.
    pub fn outputs(&self, inputs: ArrayView2<'_, T>) -> Array2<T> {
        let classes = self.architecture.layers.last().map_or(0, |last| last.units);
        let mut outputs = Array2::zeros((inputs.ncols(), classes));
        outputs
            .axis_chunks_iter_mut(Axis(0), TILE)
            .into_par_iter()
            .zip(inputs.axis_chunks_iter(Axis(1), TILE))
            .for_each(|(mut outputs, inputs)| {
                outputs.assign(&self.forward_tile(inputs, |_, _| {}).t());
            });
        outputs
    }

    /// The class with the largest output for every sample; on a tie the lower class.
    pub fn predict(&self, inputs: ArrayView2<'_, T>) -> Vec<usize> {
        let samples = inputs.ncols();
        (0..samples.div_ceil(TILE))
            .into_par_iter()
            .flat_map_iter(|tile| {
                let range = tile * TILE..((tile + 1) * TILE).min(samples);
                let outputs = self.forward_tile(inputs.slice(s![.., range]), |_, _| {});
                let classes: Vec<usize> = outputs.axis_iter(Axis(1)).map(largest).collect();
                classes
            })
            .collect()
    }

    /// Mean over the samples of `-<t, log softmax(outputs)>`, where the target `t` is the label's one-hot vector with a share
    /// `smoothing` of its one spread over all classes.
    pub fn cross_entropy(
        &self,
        inputs: ArrayView2<'_, T>,
        labels: &[usize],
        smoothing: f64,
    ) -> f64 {
        let sum = self.sum_over_tiles(inputs, |range, outputs| {
            let losses = outputs.axis_iter(Axis(1)).zip(&labels[range]);
            let loss = |(outputs, label): (ArrayView1<'_, T>, &usize)| {
                let mean =
                    outputs.iter().map(|output| output.widen()).sum::<f64>() / outputs.len() as f64;
                let aim = (1.0 - smoothing) * outputs[*label].widen() + smoothing * mean;
                log_sum_exp(outputs) - aim
            };
            losses.map(loss).sum()
        });
        sum / labels.len().max(1) as f64
    }

    /// `|f(X) - Y|^2` over samples (columns of `inputs`, features x n) with targets classes x n.
    pub fn squared_error(&self, inputs: ArrayView2<'_, T>, targets: ArrayView2<'_, T>) -> f64 {
        self.sum_over_tiles(inputs, |range, outputs| {
            let differences = outputs - targets.slice(s![.., range]);
            sum_of_squares(entries(&differences))
        })
    }

    /// The sum of what `part` makes of the samples of a tile and their outputs, classes x samples.
    fn sum_over_tiles(
        &self,
        inputs: ArrayView2<'_, T>,
        part: impl Fn(Range<usize>, Array2<T>) -> f64 + Sync,
    ) -> f64 {
        let samples = inputs.ncols();
        // Collected in the order of the tiles: the sum is the same for any threads.
        let parts: Vec<f64> = (0..samples.div_ceil(TILE))
            .into_par_iter()
            .map(|tile| {
                let range = tile * TILE..((tile + 1) * TILE).min(samples);
                let outputs = self.forward_tile(inputs.slice(s![.., range.clone()]), |_, _| {});
                part(range, outputs)
            })
            .collect();
        parts.into_iter().sum()
    }

    /// For every hidden layer, which of its outputs (units, or filters) are above zero for one of the samples.
    pub(super) fn active_outputs(&self, inputs: ArrayView2<'_, T>) -> Vec<Vec<bool>> {
        let samples = inputs.ncols();
        let hidden = &self.architecture.layers[..self.architecture.layers.len() - 1];
        let none: Vec<Vec<bool>> = (hidden.iter())
            .map(|layer| vec![false; layer.weight.0])
            .collect();
        let of_tile = |tile: usize| {
            let range = tile * TILE..((tile + 1) * TILE).min(samples);
            let mut active = none.clone();
            self.forward_tile(inputs.slice(s![.., range]), |layer, units| {
                let outputs = active[layer].len();
                for (unit, row) in units.rows().into_iter().enumerate() {
                    active[layer][unit % outputs] |= row.iter().any(|value| *value > T::zero());
                }
            });
            active
        };
        let either = |mut all: Vec<Vec<bool>>, others: Vec<Vec<bool>>| {
            let pairs = all.iter_mut().flatten().zip(others.iter().flatten());
            pairs.for_each(|(active, other)| *active |= *other);
            all
        };
        (0..samples.div_ceil(TILE))
            .into_par_iter()
            .map(of_tile)
            .reduce(|| none.clone(), either)
    }

    /// Outputs of the last layer for a few samples, classes x n, on the calling thread; `hidden` is shown the number and the
    /// activations of every hidden layer.
    fn forward_tile(
        &self,
        inputs: ArrayView2<'_, T>,
        mut hidden: impl FnMut(usize, &Array2<T>),
    ) -> Array2<T> {
        let mut activations = CowArray::from(inputs);
        for (index, layer) in self.architecture.layers.iter().enumerate() {
            let mut units = Array2::zeros((layer.units, activations.ncols()));
            self.operators[index].apply(layer, activations.view(), &mut units);
            let bias = self.biases[index];
            let is_hidden = self.architecture.is_hidden(index);
            for (unit, mut row) in units.axis_iter_mut(Axis(0)).enumerate() {
                let shift = bias.map_or(T::zero(), |bias| bias[unit % bias.len()]);
                if is_hidden {
                    row.mapv_inplace(|value| (value + shift).max(T::zero()));
                } else {
                    row.mapv_inplace(|value| value + shift);
                }
            }
            if is_hidden {
                hidden(index, &units);
            }
            activations = units.into();
        }
        activations.into_owned()
    }
}

/// `log sum exp(outputs)`, without overflow.
pub fn log_sum_exp<T: Real>(outputs: ArrayView1<'_, T>) -> f64 {
    let largest = outputs[largest(outputs)].widen();
    let shifted: f64 = outputs
        .iter()
        .map(|output| (output.widen() - largest).exp())
        .sum();
    largest + shifted.ln()
}

/// Index of the largest entry, the first one on a tie.
fn largest<T: Real>(outputs: ArrayView1<'_, T>) -> usize {
    let mut best = 0;
    for (index, value) in outputs.iter().enumerate() {
        if *value > outputs[best] {
            best = index;
        }
    }
    best
}

impl<'a, T: Real> Operator<'a, T> {
    fn dense(weight: ArrayView2<'a, T>) -> Self {
        Self::Matrix(Factor::Dense(weight))
    }

    fn compressed(projected: &'a Projected<T>) -> Self {
        let dense = &projected.dense;
        match &projected.stored {
            Stored::TensorTrain(train) => match train.split_at_boundary() {
                Some((left, right)) if left.len() + right.len() < dense.len() => {
                    Self::Factors(left, right)
                }
                _ => Self::dense(dense.view()),
            },
            Stored::LowRank(factors) if factors.parameters() < dense.len() => {
                Self::Factors(factors.left.clone(), factors.right.clone())
            }
            Stored::LowRank(_) => Self::dense(dense.view()),
            Stored::Sparse | Stored::NM { .. } => Self::Matrix(Factor::new(dense.view(), TILE)),
        }
    }

    fn apply(&self, layer: &Layer, inputs: ArrayView2<'_, T>, units: &mut Array2<T>) {
        match &layer.kind {
            LayerKind::Dense => self.multiply(inputs, units.view_mut()),
            LayerKind::Convolution(conv) => {
                for (position, block) in units
                    .axis_chunks_iter_mut(Axis(0), conv.filters)
                    .enumerate()
                {
                    let patch = gather_patch(conv, position, inputs);
                    self.multiply(patch.view(), block);
                }
            }
        }
    }

    fn multiply(&self, inputs: ArrayView2<'_, T>, units: ArrayViewMut2<'_, T>) {
        let one = T::one();
        let replace = Accumulate::Replace;
        match self {
            Self::Matrix(factor) => factor.multiply(Threads::One, one, inputs, replace, units),
            Self::Factors(left, right) => {
                let mut inner = Array2::zeros((right.nrows(), inputs.ncols()));
                product_on(
                    Threads::One,
                    one,
                    right.view(),
                    inputs,
                    replace,
                    inner.view_mut(),
                );
                product_on(Threads::One, one, left.view(), inner.view(), replace, units);
            }
        }
    }
}

/// Zeros / entries over all weight matrices after dead units are removed, to a fixed point: a unit
/// whose incoming weights are all zero loses its outgoing ones, and the reverse.
///
/// With a bias a unit without incoming weights still feeds a constant forward, which the next bias
/// could absorb; it counts as dead as well. Behind a convolution a filter owns the outgoing weights
/// of all its positions.
pub fn effective_sparsity<T: Real>(
    architecture: &Architecture,
    weights: &[LayerWeights<T>],
    compressed: &[Option<Projected<T>>],
) -> f64 {
    let mut alive: Vec<Array2<bool>> = weights
        .iter()
        .zip(compressed)
        .map(|(weights, compressed)| {
            let counts_zeros = compressed.as_ref().is_none_or(|projected| {
                matches!(projected.stored, Stored::Sparse | Stored::NM { .. })
            });
            let weight = compressed
                .as_ref()
                .map_or(&weights.weight, |projected| &projected.dense);
            weight.mapv(|value| !(counts_zeros && value.is_zero()))
        })
        .collect();
    while remove_dead_units(architecture, &mut alive) {}
    let (zeros, entries) = alive.iter().fold((0, 0), |(zeros, entries), layer| {
        let dead = layer.iter().filter(|alive| !**alive).count();
        (zeros + dead, entries + layer.len())
    });
    zeros as f64 / entries as f64
}

/// One pass; whether it changed anything.
fn remove_dead_units(architecture: &Architecture, alive: &mut [Array2<bool>]) -> bool {
    let mut changed = false;
    for index in 0..alive.len() - 1 {
        let (before, after) = alive.split_at_mut(index + 1);
        let (incoming, outgoing) = (&mut before[index], &mut after[0]);
        let outputs = architecture.layers[index].weight.0;
        for unit in 0..outputs {
            let fed = incoming.row(unit).iter().any(|alive| *alive);
            let read = (unit..outgoing.ncols())
                .step_by(outputs)
                .any(|column| outgoing.column(column).iter().any(|alive| *alive));
            if fed && !read {
                incoming.row_mut(unit).fill(false);
                changed = true;
            }
            if read && !fed {
                for column in (unit..outgoing.ncols()).step_by(outputs) {
                    outgoing.column_mut(column).fill(false);
                }
                changed = true;
            }
        }
    }
    changed
}
