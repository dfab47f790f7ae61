//! Magnitude pruning and N:M sparsity.

use std::cmp::Ordering;

use ndarray::{Array2, ArrayView2, Axis};

use crate::linalg::Real;

/// Order in which magnitudes are removed. NaN is the largest: it stays and reaches the check for
/// finite values.
fn by_magnitude<T: Real>(a: &T, b: &T) -> Ordering {
    a.partial_cmp(b)
        .unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// A copy whose entries are in row-major order, whatever the order of the view.
fn standard_layout<T: Real>(weight: &ArrayView2<'_, T>) -> Array2<T> {
    weight.as_standard_layout().into_owned()
}

/// Sets the `round(sparsity · entries)` entries smallest in magnitude over all `weights` to zero:
/// the projection onto the matrices with that many zeros. With one weight this is the paper's
/// layer-wise pruning, with several one threshold holds for all of them.
///
/// Ties: the earlier weight, and in it the lower row-major index, goes first.
pub fn prune_jointly<T: Real>(weights: &[ArrayView2<'_, T>], sparsity: f64) -> Vec<Array2<T>> {
    let mut magnitudes: Vec<T> = weights.iter().flatten().map(|value| value.abs()).collect();
    let removed = (sparsity * magnitudes.len() as f64).round() as usize;
    if removed == 0 {
        return weights.iter().map(standard_layout).collect();
    }
    let last = removed.min(magnitudes.len()) - 1;
    let (smaller, threshold, _) = magnitudes.select_nth_unstable_by(last, by_magnitude);
    let threshold = *threshold;
    // Below the threshold everything goes, at the threshold the first ones do.
    let mut ties = 1 + smaller.iter().filter(|value| **value == threshold).count();
    weights
        .iter()
        .map(|weight| {
            let mut pruned = standard_layout(weight);
            for value in &mut pruned {
                let is_tie = value.abs() == threshold && ties > 0;
                ties -= usize::from(is_tie);
                if is_tie || value.abs() < threshold {
                    *value = T::zero();
                }
            }
            pruned
        })
        .collect()
}

/// In each group of `m` consecutive entries of a row the `n` largest magnitudes are kept: the
/// projection onto N:M sparse matrices. A row whose length is no multiple of `m` ends in a shorter
/// group, of which at most `n` are kept. Ties: the lower index goes first.
pub fn keep_n_of_m<T: Real>(weight: ArrayView2<'_, T>, n: usize, m: usize) -> Array2<T> {
    let mut projected = standard_layout(&weight);
    let mut order: Vec<usize> = Vec::with_capacity(m);
    for mut row in projected.rows_mut() {
        for mut group in row.axis_chunks_iter_mut(Axis(0), m) {
            order.clear();
            order.extend(0..group.len());
            order.sort_by(|a, b| by_magnitude(&group[*a].abs(), &group[*b].abs()));
            for index in &order[..group.len().saturating_sub(n)] {
                group[*index] = T::zero();
            }
        }
    }
    projected
}
