//! Tensor trains: TT-SVD (Oseledets, *Tensor-Train Decomposition*, SIAM J. Sci. Comput. 2011) and
//! the alternating least squares sweep that keeps the descent guarantee.

use std::borrow::Cow;

use ndarray::{Array2, ArrayView2, s};

use crate::linalg::{
    Accumulate, Real, gram_of_columns, gram_of_rows, orthonormal_columns, product, symmetric_eigen,
};

use super::ProjectionError;

/// `W[i_1 … i_d] = G_1[i_1] G_2[i_2] … G_d[i_d]`, where the row-major entries of a matrix are read
/// as a tensor of shape `modes`.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorTrain<T> {
    shape: (usize, usize),
    modes: Vec<usize>,
    /// Core `k` as an `(r_{k-1} n_k) x r_k` matrix.
    cores: Vec<Array2<T>>,
}

impl<T: Real> TensorTrain<T> {
    /// A tensor train from its cores, core `k` as an `(r_{k-1} n_k) x r_k` matrix.
    ///
    /// `None` when the shapes do not fit together.
    pub fn from_cores(
        shape: (usize, usize),
        modes: Vec<usize>,
        cores: Vec<Array2<T>>,
    ) -> Option<Self> {
        if modes.is_empty() || modes.len() != cores.len() {
            return None;
        }
        let (mut rank, mut entries) = (1_usize, 1_usize);
        for (mode, core) in modes.iter().zip(&cores) {
            if rank.checked_mul(*mode) != Some(core.nrows()) || core.ncols() == 0 {
                return None;
            }
            entries = entries.checked_mul(*mode)?;
            rank = core.ncols();
        }
        (rank == 1 && entries == shape.0 * shape.1).then_some(Self {
            shape,
            modes,
            cores,
        })
    }

    /// Shape of the tensor.
    pub fn modes(&self) -> &[usize] {
        &self.modes
    }

    /// Core `k` as an `(r_{k-1} n_k) x r_k` matrix.
    pub fn cores(&self) -> &[Array2<T>] {
        &self.cores
    }

    /// The cores, to be changed in place.
    pub fn cores_mut(&mut self) -> &mut [Array2<T>] {
        &mut self.cores
    }

    /// The ranks `r_1 … r_{d-1}`.
    pub fn ranks(&self) -> Vec<usize> {
        let inner = self.cores.len() - 1;
        self.cores[..inner].iter().map(Array2::ncols).collect()
    }

    /// The ranks that a projection with these modes and this largest rank has.
    pub fn ranks_of(modes: &[usize], rank: usize) -> Vec<usize> {
        let mut after: usize = modes.iter().product();
        let mut before = 1;
        let inner = modes.len().saturating_sub(1);
        modes[..inner]
            .iter()
            .map(|mode| {
                after /= mode;
                before = (before * mode).min(after).min(rank);
                before
            })
            .collect()
    }

    /// Stored numbers: the entries of all cores.
    pub fn parameters(&self) -> usize {
        self.cores.iter().map(Array2::len).sum()
    }

    /// The matrix that the cores stand for.
    pub fn dense(&self) -> Array2<T> {
        let left = contract(&self.cores[..1], 1);
        let whole = self.cores[1..].iter().fold(left, extend_right);
        reshape(whole, self.shape)
    }

    /// Number of cores that hold the row modes, if a bond falls on the boundary between rows and
    /// columns.
    pub(super) fn boundary(&self) -> Option<usize> {
        let mut entries = 1;
        let position = self.modes.iter().position(|mode| {
            entries *= mode;
            entries == self.shape.0
        })? + 1;
        (position < self.cores.len()).then_some(position)
    }

    /// The same train in another precision.
    pub(super) fn converted<S: Real>(&self) -> TensorTrain<S> {
        TensorTrain {
            shape: self.shape,
            modes: self.modes.clone(),
            cores: self
                .cores
                .iter()
                .map(|core| core.mapv(|value| S::from_f64(value.widen())))
                .collect(),
        }
    }

    /// `W = left · right` with the rank of the bond that falls on the boundary between rows and
    /// columns, if there is one there: `left` is rows x r, `right` r x columns.
    ///
    /// A product with `left` and `right` costs `r (rows + columns)` instead of `rows · columns`.
    pub fn split_at_boundary(&self) -> Option<(Array2<T>, Array2<T>)> {
        let position = self.boundary()?;
        let rank = self.cores[position].nrows() / self.modes[position];
        Some((
            contract(&self.cores[..position], 1),
            reshape(
                contract(&self.cores[position..], rank),
                (rank, self.shape.1),
            ),
        ))
    }

    /// TT-SVD, left to right, of the row-major entries of `weight`; every rank is at most `rank`
    /// and at most the exact rank of its unfolding. Quasi-optimal: the error is at most
    /// `sqrt(d - 1)` times the smallest possible one.
    ///
    /// Each truncated step needs the dominant left singular vectors only. They are eigenvectors
    /// of the Gram matrix of the smaller side of the unfolding; steps that truncate nothing are
    /// exact and need no decomposition at all.
    ///
    /// # Errors
    /// [`ProjectionError`] when the weight holds non-finite numbers.
    pub fn project(
        weight: ArrayView2<'_, T>,
        modes: &[usize],
        rank: usize,
    ) -> Result<Self, ProjectionError> {
        let mut cores = Vec::with_capacity(modes.len());
        let mut rest = reshape(weight.to_owned(), (1, weight.len()));
        for mode in &modes[..modes.len() - 1] {
            let rows = rest.nrows() * mode;
            let unfolding = rest.len() / rows;
            rest = reshape(rest, (rows, unfolding));
            let (core, remainder) = split_unfolding(rest, rank)?;
            cores.push(core);
            rest = remainder;
        }
        let last = rest.len();
        cores.push(reshape(rest, (last, 1)));
        Ok(Self {
            shape: weight.dim(),
            modes: modes.to_vec(),
            cores,
        })
    }

    /// One alternating least squares sweep over the cores towards `weight`: each core in turn is
    /// the minimiser of `|W - TT|` with the others fixed, so that the error never grows.
    #[must_use]
    pub fn improved(&self, weight: ArrayView2<'_, T>) -> Self {
        let interfaces = self.right_interfaces();
        let mut cores = Vec::with_capacity(self.cores.len());
        let mut rest = reshape(weight.to_owned(), (1, weight.len()));
        for (mode, interface) in self.modes.iter().zip(&interfaces) {
            let rows = rest.nrows() * mode;
            let unfolding = rest.len() / rows;
            rest = reshape(rest, (rows, unfolding));
            let mut fitted = Array2::zeros((rows, interface.ncols()));
            product(
                T::one(),
                rest.view(),
                interface.view(),
                Accumulate::Replace,
                fitted.view_mut(),
            );
            let core = orthonormal_columns(fitted.view());
            rest = transposed_product(&core, &rest);
            cores.push(core);
        }
        let last = rest.len();
        cores.push(reshape(rest, (last, 1)));
        Self {
            shape: self.shape,
            modes: self.modes.clone(),
            cores,
        }
    }

    /// Gradients of all cores from the gradient of a function of the matrix that they stand for.
    ///
    /// Left to right: with the cores before `k` multiplied into the gradient, the gradient of core
    /// `k` is an `(r_{k-1} n_k) x (n_{k+1} … n_d)` matrix times the transposed product of the cores
    /// after it.
    pub fn pull_back(&self, gradient: ArrayView2<'_, T>) -> Vec<Array2<T>> {
        let mut rest = reshape(gradient.to_owned(), (1, gradient.len()));
        let mut gradients = Vec::with_capacity(self.cores.len());
        for (core, after) in self.cores.iter().zip(self.right_products()) {
            let columns = rest.len() / core.nrows();
            rest = reshape(rest, (core.nrows(), columns));
            let mut of_core = Array2::zeros(core.dim());
            product(
                T::one(),
                rest.view(),
                after.t(),
                Accumulate::Replace,
                of_core.view_mut(),
            );
            gradients.push(of_core);
            rest = transposed_product(core, &rest);
        }
        gradients
    }

    /// For every core `k` the product of the cores to its right, `r_k x (n_{k+1} … n_d)`.
    fn right_products(&self) -> Vec<Array2<T>> {
        let mut products = vec![Array2::eye(1)];
        for (core, mode) in self.cores.iter().zip(&self.modes).skip(1).rev() {
            let right = &products[products.len() - 1];
            let mut wider = Array2::zeros((core.nrows(), right.ncols()));
            product(
                T::one(),
                core.view(),
                right.view(),
                Accumulate::Replace,
                wider.view_mut(),
            );
            let rank = core.nrows() / mode;
            let columns = wider.len() / rank;
            products.push(reshape(wider, (rank, columns)));
        }
        products.reverse();
        products
    }

    /// For every bond `k` an orthonormal basis of the row space of the cores to its right:
    /// `(n_{k+1} … n_d) x r_k`.
    pub(super) fn right_interfaces(&self) -> Vec<Array2<T>> {
        let mut products = self.right_products();
        products.pop();
        products
            .iter()
            .map(|right| orthonormal_columns(right.t()))
            .collect()
    }
}

/// `C ~ core · remainder` with at most `rank` columns in the core; orthonormal columns wherever a
/// later step still truncates.
fn split_unfolding<T: Real>(
    unfolding: Array2<T>,
    rank: usize,
) -> Result<(Array2<T>, Array2<T>), ProjectionError> {
    let (rows, columns) = unfolding.dim();
    if rows <= columns && rows <= rank {
        return Ok((Array2::eye(rows), unfolding));
    }
    if columns <= rank {
        // From here on every unfolding has at most `columns` columns: nothing truncates any more.
        return Ok((unfolding, Array2::eye(columns)));
    }
    let basis = dominant_left_vectors(&unfolding, rank)?;
    let remainder = transposed_product(&basis, &unfolding);
    Ok((basis, remainder))
}

/// Orthonormal basis (rows x rank) of the dominant left singular vectors of `A`, from the
/// eigenvectors of the smaller of `A A'` and `A' A`.
pub(super) fn dominant_left_vectors<T: Real>(
    a: &Array2<T>,
    rank: usize,
) -> Result<Array2<T>, ProjectionError> {
    let a = &of_moderate_size(a);
    let (rows, columns) = a.dim();
    let mut gram = Array2::zeros((rows.min(columns), rows.min(columns)));
    if rows <= columns {
        gram_of_rows(T::one(), a.view(), gram.view_mut());
    } else {
        gram_of_columns(T::one(), a.view(), gram.view_mut());
    }
    let (_, vectors) = symmetric_eigen(gram.view()).ok_or(ProjectionError::NotFinite)?;
    let vectors = vectors
        .slice(s![.., ..rank])
        .as_standard_layout()
        .into_owned();
    if rows <= columns {
        return Ok(vectors);
    }
    let mut image = Array2::zeros((rows, rank));
    product(
        T::one(),
        a.view(),
        vectors.view(),
        Accumulate::Replace,
        image.view_mut(),
    );
    Ok(orthonormal_columns(image.view()))
}

/// A matrix with the same singular vectors whose squares neither overflow nor vanish in `T`.
fn of_moderate_size<T: Real>(a: &Array2<T>) -> Cow<'_, Array2<T>> {
    let largest = a
        .iter()
        .fold(T::zero(), |largest, entry| largest.max(entry.abs()));
    let limit = T::from_f64(1e6);
    if largest.is_zero() || !largest.is_finite() || (largest < limit && largest.recip() < limit) {
        return Cow::Borrowed(a);
    }
    Cow::Owned(a.mapv(|entry| entry / largest))
}

/// `A' B`
pub(super) fn transposed_product<T: Real>(a: &Array2<T>, b: &Array2<T>) -> Array2<T> {
    let mut c = Array2::zeros((a.ncols(), b.ncols()));
    product(T::one(), a.t(), b.view(), Accumulate::Replace, c.view_mut());
    c
}

/// Product of neighbouring cores, the first of them with `rank` rows per mode: a matrix of
/// `(rank n_1 … n_m) x r_m`.
pub(super) fn contract<T: Real>(cores: &[Array2<T>], rank: usize) -> Array2<T> {
    let first = cores[0].clone();
    debug_assert_eq!(first.nrows() % rank, 0);
    cores[1..].iter().fold(first, extend_right)
}

/// `(m x r) · (r n x r')` read as `r x (n r')`, as a matrix of `(m n) x r'`.
pub(super) fn extend_right<T: Real>(left: Array2<T>, core: &Array2<T>) -> Array2<T> {
    let (rows, rank) = left.dim();
    let mode = core.nrows() / rank;
    let core_rows = core
        .view()
        .into_shape_with_order((rank, mode * core.ncols()))
        .expect("a core is in standard layout");
    let mut whole = Array2::zeros((rows, mode * core.ncols()));
    product(
        T::one(),
        left.view(),
        core_rows,
        Accumulate::Replace,
        whole.view_mut(),
    );
    reshape(whole, (rows * mode, core.ncols()))
}

/// The same row-major entries in another shape.
pub(super) fn reshape<T: Real>(a: Array2<T>, shape: (usize, usize)) -> Array2<T> {
    let a = if a.is_standard_layout() {
        a
    } else {
        a.as_standard_layout().into_owned()
    };
    a.into_shape_with_order(shape)
        .expect("the callers keep the number of entries")
}
