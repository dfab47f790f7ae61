//! Sparse minimisers: every row is fitted on the old support, a better support is looked for from
//! there, and the old one stays where it allows a smaller minimum.

use ndarray::{Array1, Array2, ArrayView1, Axis};
use rayon::prelude::*;

use super::times;
use crate::compress::prune::{support_of_groups, support_of_largest};
use crate::compress::{Projected, ProjectionError, Quadratic, Stored};
use crate::linalg::{Cholesky, Real, Threads};

/// Pruning to `kept` entries: one of two supports for the whole matrix.
pub(super) fn minimise_pruned<T: Real>(
    quadratic: &Quadratic<'_>,
    kept: usize,
) -> Result<Projected<T>, ProjectionError> {
    let rows = Rows::of(quadratic);
    let old = rows.fit(&quadratic.start.mapv(|value| value != 0.0))?;
    let new = rows.fit(&support_of_largest(rows.saliencies(&old).view(), kept))?;
    let total = |fitted: &[FittedRow]| fitted.iter().map(|row| row.gain).sum::<f64>();
    let chosen = if total(&new) > total(&old) { new } else { old };
    Ok(Projected {
        dense: rows.assembled(&chosen),
        stored: Stored::Sparse,
    })
}

/// `n` of `m`: one of two supports for each row, because each row has a set of its own.
pub(super) fn minimise_groups<T: Real>(
    quadratic: &Quadratic<'_>,
    n: usize,
    m: usize,
) -> Result<Projected<T>, ProjectionError> {
    let rows = Rows::of(quadratic);
    let old = rows.fit(&quadratic.start.mapv(|value| value != 0.0))?;
    let new = rows.fit(&support_of_groups(rows.saliencies(&old).view(), n, m))?;
    let chosen: Vec<FittedRow> = old
        .into_iter()
        .zip(new)
        .map(|(old, new)| if new.gain > old.gain { new } else { old })
        .collect();
    Ok(Projected {
        dense: rows.assembled(&chosen),
        stored: Stored::NM { n, m },
    })
}

/// The quadratic as independent problems for the rows `w` of `W`: `1/2 w A w' - w b'`.
struct Rows<'a> {
    matrix: &'a Array2<f64>,
    /// `B`, one `b` per row.
    linear: Array2<f64>,
}

/// The minimiser over the rows with a given support.
struct FittedRow {
    /// Columns of the support and the values there.
    entries: Vec<(usize, f64)>,
    /// `w b' = -2 q(w)`: the larger, the better.
    gain: f64,
}

impl<'a> Rows<'a> {
    fn of(quadratic: &Quadratic<'a>) -> Self {
        Self {
            matrix: quadratic.matrix,
            linear: quadratic.linear(),
        }
    }

    /// Every row fitted on its support.
    fn fit(&self, support: &Array2<bool>) -> Result<Vec<FittedRow>, ProjectionError> {
        (0..support.nrows())
            .into_par_iter()
            .map(|row| self.fit_row(support.row(row), self.linear.row(row)))
            .collect()
    }

    /// `argmin 1/2 w A w' - w b'` over the rows `w` that vanish outside of the support `S`:
    /// `A_SS w_S = b_S`.
    fn fit_row(
        &self,
        support: ArrayView1<'_, bool>,
        linear: ArrayView1<'_, f64>,
    ) -> Result<FittedRow, ProjectionError> {
        let columns: Vec<usize> = (0..support.len()).filter(|at| support[*at]).collect();
        let mut system = Array2::zeros((columns.len(), columns.len()));
        for (position, column) in columns.iter().enumerate() {
            let row = self.matrix.row(*column);
            for (entry, other) in columns[..=position].iter().enumerate() {
                system[(position, entry)] = row[*other];
            }
        }
        let right: Array1<f64> = columns.iter().map(|column| linear[*column]).collect();
        let mut solution = right.clone().insert_axis(Axis(1));
        if !columns.is_empty() {
            // A principal submatrix of a positive definite matrix is positive definite.
            Cholesky::factor_on(Threads::One, system)?.solve_in_place(&mut solution.view_mut());
        }
        let gain = solution.column(0).dot(&right);
        let entries = columns.into_iter().zip(solution).collect();
        Ok(FittedRow { entries, gain })
    }

    /// For every entry how much it is worth, the others fixed; as the root of twice that.
    ///
    /// An entry of the support costs `w_j^2 A_jj / 2` when it is set to zero (optimal brain damage:
    /// Le Cun, Denker, Solla 1990; the second derivative is exact here). One outside of it gains
    /// `g_j^2 / (2 A_jj)` when it is set to its best value, `g = b - w A`. On the support `g` is
    /// zero, so that both are entries of `(w + g diag(A)^-1) diag(A)^1/2`: iterative hard
    /// thresholding (Blumensath, Davies 2009) in the scale of each coordinate.
    fn saliencies(&self, fitted: &[FittedRow]) -> Array2<f64> {
        let scale = self.matrix.diag().mapv(f64::sqrt);
        let weight: Array2<f64> = self.assembled(fitted);
        let descent = &self.linear - &times(&weight, self.matrix);
        weight * &scale + descent / &scale
    }

    fn assembled<T: Real>(&self, fitted: &[FittedRow]) -> Array2<T> {
        let mut dense = Array2::zeros(self.linear.dim());
        for (mut row, fitted) in dense.rows_mut().into_iter().zip(fitted) {
            for (column, value) in &fitted.entries {
                row[*column] = T::from_f64(*value);
            }
        }
        dense
    }
}
