//! The linear part of a layer, dense or convolutional, on a batch of samples (columns).

use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis};

use super::architecture::{Convolution, Layer, LayerKind};
use super::weights::LayerWeights;
use crate::linalg::{Accumulate, Factor, Real, Threads, product, product_on, tile_width};

/// `U = factor · (W V + b 1')`, or `U += …`: `V` is inputs x n, `U` units x n.
pub fn apply_layer<T: Real>(
    layer: &Layer,
    factor: T,
    weights: &LayerWeights<T>,
    inputs: ArrayView2<'_, T>,
    accumulate: Accumulate,
    mut units: ArrayViewMut2<'_, T>,
) {
    let weight = weights.weight.view();
    match &layer.kind {
        LayerKind::Dense => {
            let matrix = Factor::new(weight, tile_width(inputs.ncols()));
            matrix.multiply(Threads::Pool, factor, inputs, accumulate, units.view_mut());
        }
        LayerKind::Convolution(conv) => {
            units
                .axis_chunks_iter_mut(Axis(0), conv.filters)
                .into_par_iter()
                .enumerate()
                .for_each(|(position, block)| {
                    let patch = gather_patch(conv, position, inputs);
                    product_on(
                        Threads::One,
                        factor,
                        weight,
                        patch.view(),
                        accumulate,
                        block,
                    );
                });
        }
    }
    if let Some(bias) = &weights.bias {
        add_bias(factor, bias, units);
    }
}

/// Adds `factor · b_f` to every unit of filter (or output) `f`.
pub fn add_bias<T: Real>(factor: T, bias: &Array1<T>, mut units: ArrayViewMut2<'_, T>) {
    let outputs = bias.len();
    units
        .axis_iter_mut(Axis(0))
        .into_par_iter()
        .enumerate()
        .for_each(|(unit, mut row)| {
            let shift = factor * bias[unit % outputs];
            row.mapv_inplace(|value| value + shift);
        });
}

/// The rows of `inputs` that the kernel covers at `position`: (kernel · kernel · channels) x n.
pub fn gather_patch<T: Real>(
    conv: &Convolution,
    position: usize,
    inputs: ArrayView2<'_, T>,
) -> Array2<T> {
    let samples = inputs.ncols();
    let mut entries = Vec::with_capacity(conv.kernel * conv.kernel * conv.image[2] * samples);
    for feature in conv.patch(position) {
        entries.extend(inputs.row(feature));
    }
    let features = entries.len() / samples.max(1);
    Array2::from_shape_vec((features, samples), entries).expect("whole rows have been gathered")
}

/// `E V'`, the product that a weight update needs (`V` inputs x n, `E` units x n), in the shape of
/// the weight; for a convolution it is summed over all positions. Added to `target`.
pub fn add_correlation<T: Real>(
    layer: &Layer,
    factor: T,
    residual: ArrayView2<'_, T>,
    inputs: ArrayView2<'_, T>,
    target: &mut Array2<T>,
) {
    match &layer.kind {
        LayerKind::Dense => product(
            factor,
            residual,
            inputs.reversed_axes(),
            Accumulate::Add,
            target.view_mut(),
        ),
        LayerKind::Convolution(conv) => {
            // Collected in the order of the positions: the sum is the same for any threads.
            let parts: Vec<Array2<T>> = (0..conv.positions())
                .into_par_iter()
                .map(|position| {
                    let patch = gather_patch(conv, position, inputs);
                    let rows = position * conv.filters..(position + 1) * conv.filters;
                    let mut part = Array2::zeros(target.dim());
                    product_on(
                        Threads::One,
                        factor,
                        residual.slice(ndarray::s![rows, ..]),
                        patch.t(),
                        Accumulate::Replace,
                        part.view_mut(),
                    );
                    part
                })
                .collect();
            for part in parts {
                *target += &part;
            }
        }
    }
}

/// Sum of `E` over the samples, and over the positions of a convolution: what a bias update needs.
pub fn sum_over_samples<T: Real>(layer: &Layer, residual: ArrayView2<'_, T>) -> Array1<f64> {
    let outputs = layer.weight.0;
    let rows: Vec<f64> = residual
        .axis_iter(Axis(0))
        .into_par_iter()
        .map(|row| row.iter().map(|value| value.widen()).sum())
        .collect();
    let mut sums = Array1::zeros(outputs);
    for (unit, sum) in rows.into_iter().enumerate() {
        sums[unit % outputs] += sum;
    }
    sums
}
