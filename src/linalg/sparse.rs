//! Products with a matrix of few non-zeros.

use ndarray::{ArrayView2, ArrayViewMut2, Axis, CowArray};
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use super::{Accumulate, Real, Threads, product_on, tile_width};

/// Below this share of non-zeros a sparse product beats the dense one, if a thread has [`STRIP`] columns at least.
const DENSITY_LIMIT: f64 = 0.3;

/// Columns whose sums are held (in registers, with AVX-512) while a sparse row is walked.
const STRIP: usize = 128;

/// The left factor of products, in the form that they are cheaper with.
#[derive(Debug)]
pub enum Factor<'a, T> {
    /// As it is.
    Dense(ArrayView2<'a, T>),
    /// Its non-zeros.
    Sparse(SparseRows<T>),
}

impl<'a, T: Real> Factor<'a, T> {
    /// For products with right factors of which a thread gets so many `columns` at a time.
    pub fn new(matrix: ArrayView2<'a, T>, columns: usize) -> Self {
        if columns < STRIP {
            return Self::Dense(matrix);
        }
        let non_zeros = matrix.iter().filter(|value| !value.is_zero()).count();
        if (non_zeros as f64) < DENSITY_LIMIT * matrix.len() as f64 {
            Self::Sparse(SparseRows::new(matrix, non_zeros))
        } else {
            Self::Dense(matrix)
        }
    }

    /// The matrix and its transpose.
    pub fn with_transpose(matrix: ArrayView2<'a, T>, columns: usize) -> [Self; 2] {
        let factor = Self::new(matrix, columns);
        let transpose = match &factor {
            Self::Dense(_) => Self::Dense(matrix.reversed_axes()),
            Self::Sparse(rows) => Self::Sparse(rows.transpose()),
        };
        [factor, transpose]
    }

    /// `C = alpha A B` or `C += alpha A B`; `A` is m x k, `B` k x n, `C` m x n.
    pub fn multiply(
        &self,
        threads: Threads,
        alpha: T,
        b: ArrayView2<'_, T>,
        accumulate: Accumulate,
        c: ArrayViewMut2<'_, T>,
    ) {
        match self {
            Self::Dense(a) => product_on(threads, alpha, *a, b, accumulate, c),
            Self::Sparse(rows) => rows.multiply(threads, alpha, b, accumulate, c),
        }
    }
}

/// The non-zeros of a matrix, row by row.
#[derive(Debug)]
pub struct SparseRows<T> {
    columns: usize,
    starts: Vec<usize>,
    entries: Vec<(u32, T)>,
}

fn narrow(index: usize) -> u32 {
    u32::try_from(index).expect("a weight has fewer than 2^32 rows and columns")
}

impl<T: Real> SparseRows<T> {
    fn new(matrix: ArrayView2<'_, T>, non_zeros: usize) -> Self {
        let mut starts = vec![0];
        let mut entries = Vec::with_capacity(non_zeros);
        for row in matrix.rows() {
            for (column, value) in row.iter().enumerate() {
                if !value.is_zero() {
                    entries.push((narrow(column), *value));
                }
            }
            starts.push(entries.len());
        }
        Self {
            columns: matrix.ncols(),
            starts,
            entries,
        }
    }

    fn rows(&self) -> impl Iterator<Item = &[(u32, T)]> {
        self.starts
            .windows(2)
            .map(|bounds| &self.entries[bounds[0]..bounds[1]])
    }

    fn transpose(&self) -> Self {
        let mut starts = vec![0; self.columns + 1];
        for (column, _) in &self.entries {
            starts[*column as usize + 1] += 1;
        }
        for column in 0..self.columns {
            starts[column + 1] += starts[column];
        }
        let mut next = starts.clone();
        let mut entries = vec![(0, T::zero()); self.entries.len()];
        for (row, non_zeros) in self.rows().enumerate() {
            for (column, value) in non_zeros {
                let place = &mut next[*column as usize];
                entries[*place] = (narrow(row), *value);
                *place += 1;
            }
        }
        Self {
            columns: self.starts.len() - 1,
            starts,
            entries,
        }
    }

    fn multiply(
        &self,
        threads: Threads,
        alpha: T,
        b: ArrayView2<'_, T>,
        accumulate: Accumulate,
        mut c: ArrayViewMut2<'_, T>,
    ) {
        let expected = (self.starts.len() - 1, self.columns, b.ncols());
        assert_eq!(
            (c.nrows(), b.nrows(), c.ncols()),
            expected,
            "the shapes fit"
        );
        let b = if b.ncols() > 1 && b.strides()[1] != 1 {
            CowArray::from(b.as_standard_layout().into_owned())
        } else {
            CowArray::from(b)
        };
        let tile = |b: ArrayView2<'_, T>, c: ArrayViewMut2<'_, T>| {
            Arch::new().dispatch(Product {
                matrix: self,
                alpha,
                b,
                accumulate,
                c,
            });
        };
        match threads {
            Threads::One => tile(b.view(), c),
            Threads::Pool => {
                let width = tile_width(b.ncols()).max(1);
                c.axis_chunks_iter_mut(Axis(1), width)
                    .into_par_iter()
                    .zip(b.axis_chunks_iter(Axis(1), width))
                    .for_each(|(c, b)| tile(b, c));
            }
        }
    }
}

/// A type of its own and not a closure, because only a function that is always inlined is compiled
/// for the vector instructions that the dispatch has found.
struct Product<'a, T> {
    matrix: &'a SparseRows<T>,
    alpha: T,
    b: ArrayView2<'a, T>,
    accumulate: Accumulate,
    c: ArrayViewMut2<'a, T>,
}

impl<T: Real> NullaryFnOnce for Product<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            matrix,
            alpha,
            b,
            accumulate,
            mut c,
        } = self;
        let inputs: Vec<&[T]> = b
            .rows()
            .into_iter()
            .map(|row| {
                row.to_slice()
                    .expect("the rows of the right factor are contiguous")
            })
            .collect();
        for (entries, mut sums) in matrix.rows().zip(c.rows_mut()) {
            let sums = sums
                .as_slice_mut()
                .expect("the target of a product has contiguous rows: the solver owns it");
            if accumulate == Accumulate::Replace {
                sums.fill(T::zero());
            }
            let (strips, rest) = sums.as_chunks_mut::<STRIP>();
            let end = strips.len() * STRIP;
            for (strip, sums) in strips.iter_mut().enumerate() {
                let start = strip * STRIP;
                let mut held = *sums;
                for (column, value) in entries {
                    let value = alpha * *value;
                    let from = &inputs[*column as usize][start..start + STRIP];
                    for (sum, input) in held.iter_mut().zip(from) {
                        *sum += value * *input;
                    }
                }
                *sums = held;
            }
            for (column, value) in entries {
                let value = alpha * *value;
                for (sum, input) in rest.iter_mut().zip(&inputs[*column as usize][end..]) {
                    *sum += value * *input;
                }
            }
        }
    }
}
