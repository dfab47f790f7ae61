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

/// Sets the `round(sparsity · entries)` entries smallest in magnitude over all `weights` to zero:
/// the projection onto the matrices with that many zeros. With one weight this is the paper's
/// layer-wise pruning, with several one threshold holds for all of them.
///
/// Ties: the earlier weight, and in it the lower row-major index, goes first.
pub fn prune_jointly<T: Real>(weights: &[ArrayView2<'_, T>], sparsity: f64) -> Vec<Array2<T>> {
    let total = weights.iter().map(ArrayView2::len).sum();
    let mut kept = largest(weights, kept_entries(total, sparsity)).into_iter();
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

/// Entries that pruning to `sparsity` leaves of `total`.
pub fn kept_entries(total: usize, sparsity: f64) -> usize {
    total - ((sparsity * total as f64).round() as usize).min(total)
}

/// Where the `kept` largest magnitudes of a matrix are; ties as in [`prune_jointly`].
pub(super) fn support_of_largest<T: Real>(scores: ArrayView2<'_, T>, kept: usize) -> Array2<bool> {
    Array2::from_shape_vec(scores.dim(), largest(&[scores], kept)).expect("one flag for each entry")
}

/// For every entry of all matrices, row-major, whether it is among the `kept` largest magnitudes.
fn largest<T: Real>(matrices: &[ArrayView2<'_, T>], kept: usize) -> Vec<bool> {
    // Iteration over a view is row-major, whatever its layout.
    let magnitudes: Vec<T> = matrices.iter().flatten().map(|value| value.abs()).collect();
    let removed = magnitudes.len().saturating_sub(kept);
    if removed == 0 {
        return vec![true; magnitudes.len()];
    }
    let mut ordered = magnitudes.clone();
    let (smaller, threshold, _) = ordered.select_nth_unstable_by(removed - 1, by_magnitude);
    // Below the threshold everything goes, at the threshold the first ones do.
    let mut ties = 1 + smaller.iter().filter(|value| *value == threshold).count();
    magnitudes
        .iter()
        .map(|value| {
            let goes_as_tie = value == threshold && ties > 0;
            ties -= usize::from(goes_as_tie);
            !(goes_as_tie || value < threshold)
        })
        .collect()
}

/// In each group of `m` consecutive entries of a row the `n` largest magnitudes are kept: the
/// projection onto N:M sparse matrices. A row whose length is no multiple of `m` ends in a shorter
/// group, of which at most `n` are kept. Ties: the lower index goes first.
pub fn keep_n_of_m<T: Real>(weight: ArrayView2<'_, T>, n: usize, m: usize) -> Array2<T> {
    let mut projected = weight.as_standard_layout().into_owned();
    ndarray::Zip::from(&mut projected)
        .and(&support_of_groups(weight, n, m))
        .for_each(|value, kept| {
            if !kept {
                *value = T::zero();
            }
        });
    projected
}

/// Where the entries are that [`keep_n_of_m`] keeps.
pub(super) fn support_of_groups<T: Real>(
    scores: ArrayView2<'_, T>,
    n: usize,
    m: usize,
) -> Array2<bool> {
    let mut support = Array2::from_elem(scores.dim(), true);
    let mut order: Vec<usize> = Vec::with_capacity(m);
    for (row, mut kept) in scores.rows().into_iter().zip(support.rows_mut()) {
        let groups = row.axis_chunks_iter(Axis(0), m);
        for (group, mut kept) in groups.zip(kept.axis_chunks_iter_mut(Axis(0), m)) {
            order.clear();
            order.extend(0..group.len());
            order.sort_by(|a, b| by_magnitude(&group[*a].abs(), &group[*b].abs()));
            for index in &order[..group.len().saturating_sub(n)] {
                kept[*index] = false;
            }
        }
    }
    support
}
