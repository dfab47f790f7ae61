//! Passes over the rows of a batch (samples are rows). Over slices: their loops are inlined and vectorised in every build.

use ndarray::{Array1, ArrayView1, ArrayView2};

use crate::linalg::Real;

/// The rows of a matrix in standard layout.
pub(super) fn rows<T>(matrix: ArrayView2<'_, T>) -> impl Iterator<Item = &'_ [T]> {
    let columns = matrix.ncols().max(1);
    let entries = matrix
        .to_slice()
        .expect("the arrays of a batch are in standard layout");
    entries.chunks_exact(columns)
}

/// Sum over the rows.
pub(super) fn column_sums<T: Real>(matrix: ArrayView2<'_, T>) -> Array1<T> {
    let mut sums = vec![T::zero(); matrix.ncols()];
    for row in rows(matrix) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += *value;
        }
    }
    Array1::from_vec(sums)
}

/// Means over the rows.
pub(super) fn column_means<T: Real>(matrix: ArrayView2<'_, T>) -> Array1<T> {
    let share = T::from_f64(1.0 / matrix.nrows() as f64);
    column_sums(matrix) * share
}

/// `sum_i (matrix_ij - mean_j)^2` for every column.
pub(super) fn squared_deviations<T: Real>(
    matrix: ArrayView2<'_, T>,
    mean: ArrayView1<'_, T>,
) -> Array1<T> {
    let mean = mean.to_vec();
    let mut sums = vec![T::zero(); mean.len()];
    for row in rows(matrix) {
        for ((sum, value), mean) in sums.iter_mut().zip(row).zip(&mean) {
            let deviation = *value - *mean;
            *sum += deviation * deviation;
        }
    }
    Array1::from_vec(sums)
}
