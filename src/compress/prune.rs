//! Magnitude pruning and N:M sparsity.

use std::cmp::Ordering;

use ndarray::{Array2, ArrayView2, Axis};

use crate::linalg::Real;

/// Order in which entries are removed: smallest magnitude first, on a tie the lower index.
fn removal_order<T: Real>(a: (T, usize), b: (T, usize)) -> Ordering {
    // NaN is never removed: it compares as the largest and reaches the check for finite values.
    a.0.abs()
        .partial_cmp(&b.0.abs())
        .unwrap_or_else(|| a.0.is_nan().cmp(&b.0.is_nan()))
        .then(a.1.cmp(&b.1))
}

/// Sets the `round(sparsity · entries)` entries smallest in magnitude over all `weights` to zero:
/// the projection onto the matrices with that many zeros. With one weight this is the paper's
/// layer-wise pruning, with several one threshold holds for all of them.
///
/// Ties: the earlier weight, and in it the lower row-major index, goes first.
pub fn prune_jointly<T: Real>(weights: &[ArrayView2<'_, T>], sparsity: f64) -> Vec<Array2<T>> {
    let mut entries: Vec<(T, usize)> = weights
        .iter()
        .flat_map(|weight| weight.iter().copied())
        .enumerate()
        .map(|(index, value)| (value, index))
        .collect();
    let removed = (sparsity * entries.len() as f64).round() as usize;
    let mut kept = vec![true; entries.len()];
    if removed > 0 {
        let removed = removed.min(entries.len());
        entries.select_nth_unstable_by(removed - 1, |a, b| removal_order(*a, *b));
        for (_, index) in &entries[..removed] {
            kept[*index] = false;
        }
    }
    let mut kept = kept.into_iter();
    weights
        .iter()
        .map(|weight| {
            // Standard layout: a map over a transposed view would go through it in another order.
            let mut pruned = weight.as_standard_layout().into_owned();
            for value in &mut pruned {
                if !kept.next().unwrap_or(false) {
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
    let mut projected = weight.as_standard_layout().into_owned();
    let mut order: Vec<usize> = Vec::with_capacity(m);
    for mut row in projected.rows_mut() {
        for mut group in row.axis_chunks_iter_mut(Axis(0), m) {
            order.clear();
            order.extend(0..group.len());
            order.sort_unstable_by(|a, b| removal_order((group[*a], *a), (group[*b], *b)));
            for index in &order[..group.len().saturating_sub(n)] {
                group[*index] = T::zero();
            }
        }
    }
    projected
}
