//! Low-rank projection: the truncated singular value decomposition (Eckart-Young: optimal).

use ndarray::{Array2, ArrayView2};

use crate::linalg::{Accumulate, Real, product};

use super::ProjectionError;
use super::tensor_train::dominant_left_vectors;

/// `W ~ left · right`; `left` is rows x r, `right` r x columns.
#[derive(Clone, Debug, PartialEq)]
pub struct LowRank<T> {
    /// Rows x r, orthonormal columns when it comes from a projection.
    pub left: Array2<T>,
    /// r x columns.
    pub right: Array2<T>,
}

impl<T: Real> LowRank<T> {
    /// `argmin |W - L R|` over all matrices of rank at most `rank`.
    ///
    /// # Errors
    /// [`ProjectionError`] when the weight holds non-finite numbers.
    pub fn project(weight: ArrayView2<'_, T>, rank: usize) -> Result<Self, ProjectionError> {
        let weight = weight.as_standard_layout().into_owned();
        let left = dominant_left_vectors(&weight, rank.min(weight.nrows()).min(weight.ncols()))?;
        let mut right = Array2::zeros((left.ncols(), weight.ncols()));
        product(
            T::one(),
            left.t(),
            weight.view(),
            Accumulate::Replace,
            right.view_mut(),
        );
        Ok(Self { left, right })
    }

    /// The matrix that the factors stand for.
    pub fn dense(&self) -> Array2<T> {
        let mut dense = Array2::zeros((self.left.nrows(), self.right.ncols()));
        product(
            T::one(),
            self.left.view(),
            self.right.view(),
            Accumulate::Replace,
            dense.view_mut(),
        );
        dense
    }

    /// Gradients of the left and the right factor, `G R'` and `L' G`, from the gradient `G` of a
    /// function of the matrix `L R`.
    pub fn pull_back(&self, gradient: ArrayView2<'_, T>) -> [Array2<T>; 2] {
        let mut left = Array2::zeros(self.left.dim());
        let mut right = Array2::zeros(self.right.dim());
        let (one, replace) = (T::one(), Accumulate::Replace);
        product(one, gradient, self.right.t(), replace, left.view_mut());
        product(one, self.left.t(), gradient, replace, right.view_mut());
        [left, right]
    }

    /// Stored numbers: `r (rows + columns)`.
    pub fn parameters(&self) -> usize {
        self.left.len() + self.right.len()
    }
}
