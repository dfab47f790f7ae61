//! Minimisers of a quadratic over the sets: the projections in the norm that the data give.
//!
//! A layer's part of the objective is, as a function of its weight alone,
//!
//! `q(W) = 1/2 tr(W A W') - tr(W B') + const = 1/2 |(W - W*) L|^2 + const`,
//!
//! with a symmetric positive definite `A = L L'` (d x d) and `B = W* A` (m x d). The plain
//! projection is the case `A = I`. Here `q` is minimised over a set where that has a closed form
//! (low rank), and lowered from a given point of the set otherwise; it never rises.

mod low_rank;
mod sparse;
mod tensor_train;

use ndarray::Array2;

use super::projected::{LayerCompression, Projected, ProjectionError, Stored};
use crate::linalg::{Accumulate, Cholesky, Real, product, sum_of_products};

/// `q(W) = 1/2 tr(W A W') - tr(W B')`, given by its gradient at a point of the set. In double
/// precision whatever the weights have: differences of nearly equal values decide.
#[derive(Debug)]
pub struct Quadratic<'a> {
    /// `A`, d x d, both triangles.
    pub matrix: &'a Array2<f64>,
    /// `A = L L'`
    pub factor: &'a Cholesky<f64>,
    /// `W_0`, m x d: the point of the set at which the block stands.
    pub start: Array2<f64>,
    /// `G = B - W_0 A`, m x d: the negative gradient at `W_0`.
    pub descent: Array2<f64>,
}

impl Quadratic<'_> {
    /// `q(W) - q(W_0) = 1/2 tr(D A D') - tr(D G')` with `D = W - W_0`.
    pub fn rise(&self, weight: &Array2<f64>) -> f64 {
        let change = weight - &self.start;
        let image = times(&change, self.matrix);
        inner(&change, &image) / 2.0 - inner(&change, &self.descent)
    }

    /// `W* = W_0 + G A^-1`, the minimiser over all matrices.
    pub fn minimiser(&self) -> Array2<f64> {
        let mut step = self.descent.clone();
        self.factor.solve_right_in_place(&mut step.view_mut());
        step + &self.start
    }

    /// `B = W_0 A + G`
    fn linear(&self) -> Array2<f64> {
        times(&self.start, self.matrix) + &self.descent
    }
}

impl<T: Real> Projected<T> {
    /// A point of the set with `q(W) <= q(W_0)`, where `previous` holds `W_0`:
    ///
    /// | method | what it is |
    /// |---|---|
    /// | `low-rank` | the minimiser over all matrices of that rank |
    /// | `prune` | the minimiser on the old support or on that of the `kept` entries that are worth most seen from there, whichever is better |
    /// | `n-m` | the same row by row, with the entries of every group that are worth most |
    /// | `tensor-train` | one sweep of alternating least squares over the cores |
    ///
    /// Rounding the result to the precision of the weights can undo a decrease that is smaller than
    /// that: then `previous` stays.
    ///
    /// # Errors
    /// [`ProjectionError`] when the quadratic holds non-finite numbers.
    pub fn minimise(
        compression: &LayerCompression,
        quadratic: &Quadratic<'_>,
        kept: usize,
        previous: &Self,
    ) -> Result<Self, ProjectionError> {
        let candidate = match (compression, &previous.stored) {
            (LayerCompression::LowRank { rank }, _) => low_rank::minimise(quadratic, *rank)?,
            (LayerCompression::Prune { .. }, _) => sparse::minimise_pruned(quadratic, kept)?,
            (LayerCompression::NM { n, m }, _) => sparse::minimise_groups(quadratic, *n, *m)?,
            (LayerCompression::TensorTrain { rank, .. }, Stored::TensorTrain(train)) => {
                tensor_train::minimise(quadratic, train, *rank)?
            }
            (LayerCompression::TensorTrain { .. }, _) => return Ok(previous.clone()),
        };
        let rise = quadratic.rise(&candidate.dense.mapv(T::widen));
        if rise.is_nan() {
            return Err(ProjectionError::NotFinite);
        }
        Ok(if rise <= 0.0 {
            candidate
        } else {
            previous.clone()
        })
    }
}

/// `A B`
fn times(a: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    let mut c = Array2::zeros((a.nrows(), b.ncols()));
    product(1.0, a.view(), b.view(), Accumulate::Replace, c.view_mut());
    c
}

/// `tr(A B')`
fn inner(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    const LAYOUT: &str = "the matrices of this module are made in standard layout";
    sum_of_products(a.as_slice().expect(LAYOUT), b.as_slice().expect(LAYOUT))
}
