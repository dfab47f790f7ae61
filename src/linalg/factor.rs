//! Cholesky factorisation and the solves of the ridge systems. No inverse is ever formed.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::triangular_solve::{
    solve_lower_triangular_in_place, solve_upper_triangular_in_place,
};
use faer::reborrow::ReborrowMut;
use faer::{MatMut, Par};
use ndarray::{Array2, ArrayViewMut2};
use thiserror::Error;

use super::Real;
use super::product::{Operand, Threads, as_backend_mut, for_each_tile};

/// The matrix of a ridge system is not positive definite: it holds non-finite numbers, or the
/// regularisation is lost in the rounding of the Gram matrix.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("a ridge system of size {size} is not positive definite in this precision")]
pub struct NotPositiveDefinite {
    /// Rows of the matrix.
    pub size: usize,
}

/// Smaller factorisations gain nothing from a second thread, and lose much where it has to wait for
/// a core that another program holds.
const ONE_THREAD_BELOW: usize = 1500;

/// `A = L L'` for a symmetric positive definite `A` (d x d).
#[derive(Clone, Debug)]
pub struct Cholesky<T> {
    lower: Array2<T>,
}

impl<T: Real> Cholesky<T> {
    /// Factors `A`, of which only the lower triangle is read.
    ///
    /// # Errors
    /// [`NotPositiveDefinite`] when a pivot is not a positive finite number.
    pub fn factor(a: Array2<T>) -> Result<Self, NotPositiveDefinite> {
        Self::factor_on(Threads::Pool, a)
    }

    /// [`Self::factor`] on the given threads.
    ///
    /// # Errors
    /// As [`Self::factor`].
    pub fn factor_on(threads: Threads, mut a: Array2<T>) -> Result<Self, NotPositiveDefinite> {
        let size = a.nrows();
        let threads = if size < ONE_THREAD_BELOW {
            Par::Seq
        } else {
            threads.backend()
        };
        let mut buffer = MemBuffer::new(llt::factor::cholesky_in_place_scratch::<T>(
            size,
            threads,
            Default::default(),
        ));
        llt::factor::cholesky_in_place(
            as_backend_mut(&mut a.view_mut()),
            Default::default(),
            threads,
            MemStack::new(&mut buffer),
            Default::default(),
        )
        .map_err(|_| NotPositiveDefinite { size })?;
        // The backend lets NaN through: a comparison with NaN is never "not positive".
        if a.diag().iter().any(|pivot| !pivot.is_finite()) {
            return Err(NotPositiveDefinite { size });
        }
        Ok(Self { lower: a })
    }

    /// The factor of `A`, or where rounding has cost `A` its definiteness that of `A + s I` with `s = d eps tr(A)`, and `s`.
    ///
    /// In a ridge system `s` is a larger proximal weight: its step is shorter, and descends as well.
    ///
    /// # Errors
    /// [`NotPositiveDefinite`] when `A` holds numbers that are not finite.
    pub fn factor_near(a: &Array2<T>) -> Result<(Self, T), NotPositiveDefinite> {
        if let Ok(factor) = Self::factor(a.clone()) {
            return Ok((factor, T::zero()));
        }
        let trace: f64 = a.diag().iter().map(|entry| entry.widen()).sum();
        let shift = T::from_f64(trace * a.nrows() as f64) * T::epsilon();
        let mut shifted = a.clone();
        shifted.diag_mut().mapv_inplace(|entry| entry + shift);
        Ok((Self::factor(shifted)?, shift))
    }

    /// The same factor in another precision.
    pub fn in_precision<S: Real>(&self) -> Cholesky<S> {
        Cholesky {
            lower: self.lower.mapv(|entry| S::from_f64(entry.widen())),
        }
    }

    /// `L`, with zeros above the diagonal.
    pub fn lower(&self) -> Array2<T> {
        let mut lower = self.lower.clone();
        for (row, mut entries) in lower.rows_mut().into_iter().enumerate() {
            entries
                .iter_mut()
                .skip(row + 1)
                .for_each(|entry| *entry = T::zero());
        }
        lower
    }

    /// Solves `L X = B` in place; `B` is d x n.
    pub fn solve_lower_in_place(&self, b: &mut ArrayViewMut2<'_, T>) {
        let lower = Operand::new(self.lower.view());
        for_each_tile(as_backend_mut(b), |_, tile| {
            solve_lower_triangular_in_place(lower.as_backend(), tile, Par::Seq);
        });
    }

    /// Solves `A X = B` in place; `B` is d x n.
    pub fn solve_in_place(&self, b: &mut ArrayViewMut2<'_, T>) {
        self.solve_on(Threads::Pool, b);
    }

    /// [`Self::solve_in_place`] on the given threads.
    pub fn solve_on(&self, threads: Threads, b: &mut ArrayViewMut2<'_, T>) {
        let lower = Operand::new(self.lower.view());
        let lower = lower.as_backend();
        let solve = |mut tile: MatMut<'_, T>| {
            solve_lower_triangular_in_place(lower, tile.rb_mut(), Par::Seq);
            solve_upper_triangular_in_place(lower.transpose(), tile, Par::Seq);
        };
        match threads {
            Threads::Pool => for_each_tile(as_backend_mut(b), |_, tile| solve(tile)),
            Threads::One => solve(as_backend_mut(b)),
        }
    }

    /// Solves `X A = B` in place; `B` is m x d.
    pub fn solve_right_in_place(&self, b: &mut ArrayViewMut2<'_, T>) {
        // X A = B is A X' = B', because A is symmetric.
        self.solve_in_place(&mut b.view_mut().reversed_axes());
    }
}
