//! Forward and backward pass of a batch.

use ndarray::{Array2, ArrayView2, Axis};

use crate::linalg::{Accumulate, Real, product};
use crate::network::{
    Architecture, LayerWeights, add_correlation, apply_layer, log_sum_exp, sum_over_samples,
};

/// Gradient of the mean cross-entropy of some samples (columns of `inputs`, features x n) by the
/// weights and biases of every layer.
///
/// With `V_i` the activations and `E_i` the gradient by the pre-activations of layer `i`:
/// `E_N = (softmax(U_N) - Y) / n`, the gradient of the weight is `E_i V_{i-1}'`, that of the bias the
/// sum of `E_i` over the samples, and `E_{i-1} = W_i' E_i` where `V_{i-1} > 0`.
pub fn batch_gradient<T: Real>(
    architecture: &Architecture,
    weights: &[LayerWeights<T>],
    inputs: ArrayView2<'_, T>,
    labels: &[usize],
) -> Vec<LayerWeights<T>> {
    let mut activations = forward(architecture, weights, inputs);
    let mut error = activations.pop().expect("a network has a layer");
    replace_by_output_gradient(&mut error, labels);
    let mut gradients = Vec::with_capacity(weights.len());
    for (index, layer) in architecture.layers.iter().enumerate().rev() {
        let before = match index {
            0 => inputs,
            _ => activations[index - 1].view(),
        };
        let mut weight = Array2::zeros(layer.weight);
        add_correlation(layer, T::one(), error.view(), before, &mut weight);
        let bias = weights[index]
            .bias
            .as_ref()
            .map(|_| sum_over_samples(layer, error.view()).mapv(T::from_f64));
        gradients.push(LayerWeights { weight, bias });
        if index > 0 {
            error = pull_back(&weights[index].weight, error.view(), before);
        }
    }
    gradients.reverse();
    gradients
}

/// Activations of every hidden layer, and the outputs of the last one.
fn forward<T: Real>(
    architecture: &Architecture,
    weights: &[LayerWeights<T>],
    inputs: ArrayView2<'_, T>,
) -> Vec<Array2<T>> {
    let mut activations: Vec<Array2<T>> = Vec::with_capacity(weights.len());
    for (index, layer) in architecture.layers.iter().enumerate() {
        let before = activations.last().map_or(inputs, |last| last.view());
        let mut units = Array2::zeros((layer.units, inputs.ncols()));
        apply_layer(
            layer,
            T::one(),
            &weights[index],
            before,
            Accumulate::Replace,
            units.view_mut(),
        );
        if architecture.is_hidden(index) {
            units.mapv_inplace(|value| value.max(T::zero()));
        }
        activations.push(units);
    }
    activations
}

/// `(softmax(U) - Y) / n` in the place of `U`.
fn replace_by_output_gradient<T: Real>(outputs: &mut Array2<T>, labels: &[usize]) {
    let share = 1.0 / labels.len() as f64;
    for (mut column, label) in outputs.axis_iter_mut(Axis(1)).zip(labels) {
        let normalizer = log_sum_exp(column.view());
        for (class, value) in column.iter_mut().enumerate() {
            let target = if class == *label { 1.0 } else { 0.0 };
            let probability = (value.widen() - normalizer).exp();
            *value = T::from_f64(share * (probability - target));
        }
    }
}

/// `W' E` where the activation before the layer is above 0, and 0 elsewhere. Only the first layer can
/// be a convolution, and nothing is before it.
fn pull_back<T: Real>(
    weight: &Array2<T>,
    error: ArrayView2<'_, T>,
    before: ArrayView2<'_, T>,
) -> Array2<T> {
    let mut pulled = Array2::zeros(before.dim());
    product(
        T::one(),
        weight.t(),
        error,
        Accumulate::Replace,
        pulled.view_mut(),
    );
    pulled.zip_mut_with(&before, |gradient, activation| {
        if *activation <= T::zero() {
            *gradient = T::zero();
        }
    });
    pulled
}
