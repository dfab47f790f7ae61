//! Compression inside mini-batch training: sets of zeros that are chosen step by step, layers that become two factors, tensor
//! trains that are projected to.

use ndarray::{Array1, Array2, ArrayView2};

use super::layer::TrainedLayer;
use super::metric::Metric;
use super::settings::MiniBatchSettings;
use super::sparse::Sparse;
use crate::compress::{
    LayerCompression, LowRank, Projected, ProjectionError, Stored, keep_n_of_m, prune_jointly,
};
use crate::linalg::Real;
use crate::network::LayerWeights;

/// Steps from one choice of the zeros to the next.
const CHOOSE_EVERY: usize = 20;
/// Steps from one projection to a tensor train to the next.
const PROJECT_EVERY: usize = 5;
/// Of the mean diagonal of the Gram matrix: what an input that never varied counts.
const LEAST_SPREAD: f64 = 1e-3;

/// How far compression has come after a share of the steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Schedule {
    /// Where compression begins.
    pub from: f64,
    /// Where sparsity is final.
    pub until: f64,
}

impl Schedule {
    pub fn new(settings: &MiniBatchSettings) -> Self {
        Self {
            from: settings.compress_from,
            until: settings.compress_until,
        }
    }

    /// Share of the final sparsity: none, then `1 - (1 - x)^3` (Zhu and Gupta 2017), then all of it.
    pub fn level(self, share: f64) -> f64 {
        let x = ((share - self.from) / (self.until - self.from)).clamp(0.0, 1.0);
        1.0 - (1.0 - x).powi(3)
    }
}

/// Chooses the zeros of all sparse layers anew: in each the entries stay whose loss would change the layer's outputs most,
/// `|w_ij| sqrt(A_jj)`.
pub(super) fn choose_zeros<T: Real>(
    layers: &mut [TrainedLayer<T>],
    compression: &[Option<LayerCompression>],
    level: f64,
) {
    let score = |layer: &TrainedLayer<T>| {
        let weight = &layer.weights.weight;
        weight.mapv(T::abs) * &spread(&layer.metric).insert_axis(ndarray::Axis(0))
    };
    let mut jointly: Vec<(usize, Array2<T>)> = Vec::new();
    let mut joint_sparsity = 0.0;
    for (index, layer) in layers.iter_mut().enumerate() {
        match &compression[layer.of] {
            Some(LayerCompression::Prune { sparsity, global }) => {
                if *global {
                    jointly.push((index, score(layer)));
                    joint_sparsity = *sparsity;
                } else {
                    let kept = prune_jointly(&[score(layer).view()], sparsity * level).remove(0);
                    set_mask(layer, &kept);
                }
            }
            Some(LayerCompression::NM { n, m }) => {
                let kept = keep_n_of_m(score(layer).view(), *n, *m);
                set_mask(layer, &kept);
            }
            Some(LayerCompression::LowRank { .. } | LayerCompression::TensorTrain { .. })
            | None => {}
        }
    }
    let scores: Vec<ArrayView2<'_, T>> = jointly.iter().map(|(_, score)| score.view()).collect();
    let kept = prune_jointly(&scores, joint_sparsity * level);
    for ((index, _), kept) in jointly.iter().zip(&kept) {
        set_mask(&mut layers[*index], kept);
    }
}

fn set_mask<T: Real>(layer: &mut TrainedLayer<T>, kept: &Array2<T>) {
    let mask = kept.mapv(|score| if score.is_zero() { T::zero() } else { T::one() });
    layer.weights.weight *= &mask;
    layer.momentum.weight *= &mask;
    match &mut layer.sparse {
        Some(sparse) => sparse.mask = mask,
        None => layer.sparse = Some(Sparse::new(mask)),
    }
}

/// `sqrt(A_jj)`: how much an input varies.
fn spread<T: Real>(metric: &Metric<T>) -> Array1<T> {
    let least = LEAST_SPREAD * metric.mean_diagonal;
    (metric.diagonal).mapv(|entry| T::from_f64((entry.widen() + least).sqrt()))
}

/// Every layer of low rank becomes two, `W ~ B C`, from the singular value decomposition of `W diag(sqrt(A_jj))`: what is cut
/// off changes the outputs least. Both start with the same share of the singular values. Returns whether there was one.
///
/// # Errors
/// The layer of the network whose weight is not finite.
pub(super) fn factor_low_rank<T: Real>(
    layers: &mut Vec<TrainedLayer<T>>,
    compression: &[Option<LayerCompression>],
    metric_rank: usize,
) -> Result<bool, (usize, ProjectionError)> {
    let mut factored = Vec::with_capacity(2 * layers.len());
    let mut any = false;
    for layer in layers.drain(..) {
        let Some(LayerCompression::LowRank { rank }) = &compression[layer.of] else {
            let TrainedLayer {
                of,
                relu,
                weights,
                decay,
                sparse,
                ..
            } = layer;
            let mut same = TrainedLayer::new(of, relu, decay, weights, metric_rank);
            same.sparse = sparse;
            factored.push(same);
            continue;
        };
        any = true;
        let scale = spread(&layer.metric);
        let scaled = &layer.weights.weight * &scale.view().insert_axis(ndarray::Axis(0));
        let factors = LowRank::project(scaled.view(), *rank).map_err(|error| (layer.of, error))?;
        let LowRank {
            mut left,
            mut right,
        } = factors;
        // The right factor has the singular values: each side gets their square root.
        for (mut column, mut row) in left.columns_mut().into_iter().zip(right.rows_mut()) {
            let root = row.dot(&row).sqrt().sqrt();
            if root > T::zero() {
                column.mapv_inplace(|entry| entry * root);
                row.mapv_inplace(|entry| entry / root);
            }
        }
        right /= &scale.insert_axis(ndarray::Axis(0));
        let between = (layer.weights.bias.as_ref()).map(|_| Array1::zeros(right.nrows()));
        let right = LayerWeights {
            weight: right,
            bias: between,
        };
        let left = LayerWeights {
            weight: left,
            bias: layer.weights.bias,
        };
        for (relu, weights) in [(false, right), (layer.relu, left)] {
            factored.push(TrainedLayer::new(
                layer.of,
                relu,
                layer.decay,
                weights,
                metric_rank,
            ));
        }
    }
    *layers = factored;
    Ok(any)
}

/// The weights of layers that are tensor trains become their projections.
///
/// # Errors
/// The layer of the network whose weight is not finite.
pub(super) fn project_tensor_trains<T: Real>(
    layers: &mut [TrainedLayer<T>],
    compression: &[Option<LayerCompression>],
) -> Result<(), (usize, ProjectionError)> {
    for layer in layers {
        let of = layer.of;
        if let Some(method @ LayerCompression::TensorTrain { .. }) = &compression[of] {
            let weight = &mut layer.weights.weight;
            let projected =
                Projected::project(method, weight.view(), None).map_err(|error| (of, error))?;
            weight.assign(&projected.dense);
        }
    }
    Ok(())
}

/// What is due after step `step` of a run, at a share of all steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// Compression begins.
    pub begins: bool,
    /// The zeros are chosen.
    pub zeros: bool,
    /// Tensor trains are projected to.
    pub projection: bool,
}

impl Due {
    /// `shares`: of the steps before this one, and with it.
    pub fn at(schedule: Schedule, step: usize, shares: [f64; 2], is_last: bool) -> Self {
        let [before, after] = shares;
        let begins = before <= schedule.from && schedule.from < after;
        let settles = before < schedule.until && schedule.until <= after;
        let under_way = after > schedule.from;
        let changes = under_way && before < schedule.until && step.is_multiple_of(CHOOSE_EVERY);
        Self {
            begins,
            zeros: begins || settles || changes || is_last && before < schedule.until,
            projection: under_way && (step.is_multiple_of(PROJECT_EVERY) || is_last),
        }
    }
}

/// The weights of the network, with factors multiplied out, and the forms in which its compressed layers are deployed.
#[derive(Debug)]
pub(super) struct DeployedLayers<T> {
    pub weights: Vec<LayerWeights<T>>,
    pub compressed: Vec<Option<Projected<T>>>,
}

/// The network that the trained layers stand for; `begun`: whether compression has; `unscale` takes the scale of the targets into
/// the last layer.
///
/// # Errors
/// The layer whose weight is not finite.
pub(super) fn deploy<T: Real>(
    layers: &[TrainedLayer<T>],
    compression: &[Option<LayerCompression>],
    begun: bool,
    unscale: impl Fn(&mut LayerWeights<T>),
) -> Result<DeployedLayers<T>, (usize, ProjectionError)> {
    let mut deployed = DeployedLayers {
        weights: Vec::with_capacity(compression.len()),
        compressed: Vec::with_capacity(compression.len()),
    };
    let mut rest = layers.iter().peekable();
    while let Some(layer) = rest.next() {
        let of = layer.of;
        let left = rest.next_if(|next| next.of == of);
        let mut outer = left.unwrap_or(layer).weights.clone();
        if let (Some(left), Some(between), Some(bias)) =
            (left, &layer.weights.bias, &mut outer.bias)
        {
            // B (C x + c) + b = B C x + (B c + b)
            *bias += &left.weights.weight.dot(between);
        }
        if of + 1 == compression.len() {
            unscale(&mut outer);
        }
        let form = if left.is_some() {
            let right = layer.weights.weight.clone();
            let left = std::mem::take(&mut outer.weight);
            let factors = LowRank { left, right };
            outer.weight = factors.dense();
            Some(Stored::LowRank(factors))
        } else {
            stored_form(compression[of].as_ref().filter(|_| begun), &outer.weight)
                .map_err(|error| (of, error))?
        };
        deployed.compressed.push(form.map(|stored| Projected {
            dense: match &stored {
                Stored::TensorTrain(train) => train.dense(),
                _ => outer.weight.clone(),
            },
            stored,
        }));
        deployed.weights.push(outer);
    }
    Ok(deployed)
}

/// The form of a weight that is trained as one matrix.
fn stored_form<T: Real>(
    compression: Option<&LayerCompression>,
    weight: &Array2<T>,
) -> Result<Option<Stored<T>>, ProjectionError> {
    Ok(match compression {
        Some(LayerCompression::Prune { .. }) => Some(Stored::Sparse),
        Some(LayerCompression::NM { n, m }) => Some(Stored::NM { n: *n, m: *m }),
        Some(method @ LayerCompression::TensorTrain { .. }) => {
            Some(Projected::project(method, weight.view(), None)?.stored)
        }
        // Of low rank it is only as factors.
        Some(LayerCompression::LowRank { .. }) | None => None,
    })
}
