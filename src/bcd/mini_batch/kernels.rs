//! Passes over the rows of a batch (samples are rows).

use ndarray::{Array1, ArrayView1, ArrayView2};

use crate::linalg::Real;

/// Sum over the rows.
pub(super) fn column_sums<T: Real>(matrix: ArrayView2<'_, T>) -> Array1<T> {
    let mut sums = Array1::zeros(matrix.ncols());
    for row in matrix.rows() {
        sums += &row;
    }
    sums
}

/// `sums_j += sum_i (matrix_ij - mean_j)^2`
pub(super) fn add_squared_deviations<T: Real>(
    matrix: ArrayView2<'_, T>,
    mean: ArrayView1<'_, T>,
    sums: &mut Array1<T>,
) {
    for row in matrix.rows() {
        ndarray::Zip::from(&mut *sums)
            .and(&row)
            .and(&mean)
            .for_each(|sum, value, mean| {
                let deviation = *value - *mean;
                *sum += deviation * deviation;
            });
    }
}

/// Means over the rows.
pub(super) fn column_means<T: Real>(matrix: ArrayView2<'_, T>) -> Array1<T> {
    let share = T::from_f64(1.0 / matrix.nrows() as f64);
    column_sums(matrix) * share
}
