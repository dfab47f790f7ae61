//! Symmetric eigenproblems and orthonormal bases. Small: they run on the calling thread, which
//! was measured to be faster than sharing them.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::householder;
use faer::linalg::qr::no_pivoting::factor::{
    qr_in_place, qr_in_place_scratch, recommended_block_size,
};
use faer::{Conj, Par};
use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::Real;
use super::product::{Operand, as_backend_mut};

/// Eigenvalues in descending order with their eigenvectors as columns: `A = Q diag(values) Q'`.
///
/// Only the lower triangle of `A` (d x d) is read. `None` when the iteration does not converge,
/// which happens for non-finite entries only.
pub fn symmetric_eigen<T: Real>(a: ArrayView2<'_, T>) -> Option<(Array1<T>, Array2<T>)> {
    let size = a.nrows();
    let mut buffer = MemBuffer::new(self_adjoint_evd_scratch::<T>(
        size,
        ComputeEigenvectors::Yes,
        Par::Seq,
        Default::default(),
    ));
    let mut values = Array2::zeros((size, 1));
    let mut vectors = Array2::zeros((size, size));
    {
        let a = Operand::new(a);
        let mut values = values.view_mut();
        let mut vectors = vectors.view_mut().reversed_axes();
        self_adjoint_evd(
            a.as_backend(),
            as_backend_mut(&mut values).col_mut(0).as_diagonal_mut(),
            Some(as_backend_mut(&mut vectors)),
            Par::Seq,
            MemStack::new(&mut buffer),
            Default::default(),
        )
        .ok()?;
    }
    // The backend's order is ascending; `vectors` holds one eigenvector per row.
    values.invert_axis(Axis(0));
    vectors.invert_axis(Axis(0));
    let vectors = vectors.reversed_axes().as_standard_layout().into_owned();
    let values: Array1<T> = values.column(0).iter().copied().collect();
    values
        .iter()
        .all(|value| value.is_finite())
        .then_some((values, vectors))
}

/// An orthonormal basis of the columns of `A` (m x n, m >= n): the `Q` of `A = Q R`, m x n.
pub fn orthonormal_columns<T: Real>(a: ArrayView2<'_, T>) -> Array2<T> {
    let (rows, columns) = a.dim();
    let block = recommended_block_size::<T>(rows, columns);
    let mut reflectors = a.reversed_axes().as_standard_layout().into_owned();
    let mut coefficients = Array2::<T>::zeros((columns, block));
    let mut reflectors_view = reflectors.view_mut().reversed_axes();
    let mut coefficients_view = coefficients.view_mut().reversed_axes();
    let mut buffer = MemBuffer::new(qr_in_place_scratch::<T>(
        rows,
        columns,
        block,
        Par::Seq,
        Default::default(),
    ));
    qr_in_place(
        as_backend_mut(&mut reflectors_view),
        as_backend_mut(&mut coefficients_view),
        Par::Seq,
        MemStack::new(&mut buffer),
        Default::default(),
    );
    // The first columns of the identity only: a square one would be rows x rows.
    let mut basis = Array2::<T>::zeros((rows, columns));
    basis.diag_mut().fill(T::one());
    let mut buffer = MemBuffer::new(
        householder::apply_block_householder_sequence_on_the_left_in_place_scratch::<T>(
            rows, block, columns,
        ),
    );
    let reflectors = Operand::new(reflectors.view().reversed_axes());
    let coefficients = Operand::new(coefficients.view().reversed_axes());
    householder::apply_block_householder_sequence_on_the_left_in_place_with_conj(
        reflectors.as_backend(),
        coefficients.as_backend(),
        Conj::No,
        as_backend_mut(&mut basis.view_mut()),
        Par::Seq,
        MemStack::new(&mut buffer),
    );
    basis
}
