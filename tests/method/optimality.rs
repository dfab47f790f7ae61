//! How far the updated blocks are from the minimisers of the objective and its proximal term.
//!
//! With over-relaxation a block is `x = x* + (omega - 1) (x* - x_old)`: its minimiser `x*` is worked out from
//! both and put in the place of the block, the others staying as they were when it was updated.

use ndarray::Array2;
use nnbcd::bcd::SolverSettings;

use crate::blocks::{Blocks, relu, rows, squares, with_one_threshold};

pub fn norm(array: &Array2<f64>) -> f64 {
    squares(array).sqrt()
}

/// Largest gradient of all blocks, each relative to the rounding of the terms that cancel in it.
pub fn largest_gradient(before: &Blocks, after: &Blocks, settings: &SolverSettings) -> f64 {
    let last = after.layers.len() - 1;
    let mut largest = output_gradient(before, after, settings);
    for index in 0..=last {
        largest = largest.max(weight_gradient(before, after, index, settings));
        if index < last {
            largest = largest.max(activation_gradient(before, after, index, settings));
        }
    }
    largest
}

/// `x*` of a relaxed block.
fn minimiser(new: &Array2<f64>, old: &Array2<f64>, settings: &SolverSettings) -> Array2<f64> {
    let omega = settings.relaxation;
    (new + &((omega - 1.0) * old)) / omega
}

/// `V_N` for the old `U_N`, `U_N` for the new `V_N` and the old weight.
fn output_gradient(before: &Blocks, after: &Blocks, settings: &SolverSettings) -> f64 {
    let last = after.layers.len() - 1;
    let (v_new, v_old) = (&after.activations[last], &before.activations[last]);
    let (u_new, u_old) = (&after.pre_activations[last], &before.pre_activations[last]);
    let v = &minimiser(v_new, v_old, settings);
    let u = &minimiser(u_new, u_old, settings);
    let gradient = v - &after.targets + settings.gamma * (v - u_old) + settings.alpha * (v - v_old);
    let product = before.joined(last).dot(&before.columns_of(last));
    let linear = settings.rho * (rows(&after.layers[last], u) - &product);
    let pull = settings.gamma * (rows(&after.layers[last], u) - rows(&after.layers[last], v_new));
    let scale = (1.0 + settings.gamma + settings.alpha) * norm(v)
        + settings.rho * (norm(u) + norm(&product));
    norm(&gradient).max(norm(&(linear + pull))) / scale
}

/// `V_i` for the new layer above and the old `U_i`.
pub fn activation_gradient(
    before: &Blocks,
    after: &Blocks,
    index: usize,
    settings: &SolverSettings,
) -> f64 {
    let next = index + 1;
    let v = &minimiser(
        &after.activations[index],
        &before.activations[index],
        settings,
    );
    let weight = &after.weights[next];
    let mut residual = &after.pre_activations[next] - &weight.dot(v);
    if let Some(bias) = &after.biases[next] {
        residual -= &bias.view().insert_axis(ndarray::Axis(1));
    }
    let pull = settings.gamma * (v - &relu(&before.pre_activations[index]));
    let gradient = pull - settings.rho * weight.t().dot(&residual);
    let scale = settings.gamma * norm(v)
        + settings.rho
            * norm(weight)
            * (norm(weight) * norm(v) + norm(&after.pre_activations[next]));
    norm(&gradient) / scale
}

/// `W_i` and its bias for the new `U_i`, the old inputs and the old compressed weight.
fn weight_gradient(
    before: &Blocks,
    after: &Blocks,
    index: usize,
    settings: &SolverSettings,
) -> f64 {
    let columns = before.columns_of(index);
    let units = rows(&after.layers[index], &after.pre_activations[index]);
    let old = before.joined(index);
    let joined = minimiser(&after.joined(index), &old, settings);
    let residual = &units - &joined.dot(&columns);
    let mut gradient =
        settings.alpha * (&joined - &old) - settings.rho * residual.dot(&columns.t());
    let weight = &joined.slice(ndarray::s![.., ..after.weights[index].ncols()]);
    let decay = settings.weight_decay.of_layer(index);
    let mut own = gradient.slice_mut(ndarray::s![.., ..weight.ncols()]);
    own += &(decay * weight);
    if let Some(compressed) = compressed_in_use(before, after, index) {
        own += &(settings.tau * (weight - compressed));
    }
    let scale = settings.rho * norm(&columns) * (norm(&units) + norm(&columns) * norm(&joined))
        + (settings.alpha + decay + settings.tau) * norm(&joined);
    norm(&gradient) / scale
}

/// `Z_i` when `W_i` is updated: the old one, but under one threshold for all layers already moved by
/// the layers above.
fn compressed_in_use(before: &Blocks, after: &Blocks, index: usize) -> Option<Array2<f64>> {
    let old = before.compressed[index].clone()?;
    let Some(sparsity) = before.one_threshold else {
        return Some(old);
    };
    if index + 1 == before.layers.len() {
        return Some(old);
    }
    let weights: Vec<Array2<f64>> = (0..before.layers.len())
        .map(|layer| {
            if layer > index {
                &after.weights[layer]
            } else {
                &before.weights[layer]
            }
            .clone()
        })
        .collect();
    Some(with_one_threshold(&weights, sparsity).remove(index))
}

/// Entries nearer to the kink than this may count for either side: a minimiser is worked out with rounding.
const NEAR_KINK: f64 = 1e-5;

/// How far the cost of an entry of a hidden `U` is above that of the best candidate nearby,
/// relative to the terms of the cost; the entry itself if relaxing it would lead over the kink, else
/// the minimiser that it is derived from.
pub fn largest_excess(before: &Blocks, after: &Blocks, settings: &SolverSettings) -> f64 {
    let mut largest = 0.0_f64;
    for index in 0..after.layers.len() - 1 {
        let layer = &after.layers[index];
        let image = before.joined(index).dot(&before.columns_of(index));
        let [v, u, old] = [
            &after.activations[index],
            &after.pre_activations[index],
            &before.pre_activations[index],
        ]
        .map(|units| rows(layer, units));
        for (entry, u) in u.indexed_iter() {
            let cost = |u: f64| {
                settings.gamma * (v[entry] - u.max(0.0)).powi(2)
                    + settings.rho * (u - image[entry]).powi(2)
                    + settings.alpha * (u - old[entry]).powi(2)
            };
            let scale = cost(0.0) + 1e-3;
            let excess = |u: f64| {
                let steps = [-1.0, -0.1, -1e-3, 1e-3, 0.1, 1.0].into_iter();
                let others = steps.flat_map(|step| [cost(u + step), cost(step)]);
                others.fold(0.0, |most: f64, other| most.max((cost(u) - other) / scale))
            };
            let (omega, old) = (settings.relaxation, old[entry]);
            let derived_from = (u + (omega - 1.0) * old) / omega;
            let derived = [derived_from, old, *u];
            let would_be = [*u, old, u + (omega - 1.0) * (u - old)];
            let (mut one_side, mut crosses) = (f64::INFINITY, f64::INFINITY);
            if derived.iter().all(|u| *u > -NEAR_KINK) || derived.iter().all(|u| *u < NEAR_KINK) {
                one_side = excess(derived_from);
            }
            if would_be.iter().any(|u| *u < NEAR_KINK) && would_be.iter().any(|u| *u > -NEAR_KINK) {
                crosses = excess(*u);
            }
            largest = largest.max(one_side.min(crosses));
        }
    }
    largest
}
