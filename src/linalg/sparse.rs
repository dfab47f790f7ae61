//! Products with a matrix of few non-zeros.

use ndarray::{ArrayView2, ArrayViewMut2, Axis};
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use super::{Accumulate, Real, Threads, tile_width};

/// Below this share of non-zeros a sparse product beats the dense one.
const DENSITY_LIMIT: f64 = 0.3;

/// Columns whose sums are held in registers while a sparse row is walked.
const STRIP: usize = 128;

/// The non-zeros of a matrix, row by row.
#[derive(Debug)]
pub struct SparseRows<T> {
    starts: Vec<usize>,
    entries: Vec<(u32, T)>,
}

impl<T: Real> SparseRows<T> {
    /// The matrix, if it has so few non-zeros that a product gets cheaper; m x k.
    pub fn if_sparse(matrix: ArrayView2<'_, T>) -> Option<Self> {
        let limit = DENSITY_LIMIT * matrix.len() as f64;
        let non_zeros = matrix.iter().filter(|value| !value.is_zero()).count();
        ((non_zeros as f64) < limit).then(|| Self::new(matrix))
    }

    fn new(matrix: ArrayView2<'_, T>) -> Self {
        let mut starts = vec![0];
        let mut entries = Vec::new();
        for row in matrix.rows() {
            for (column, value) in row.iter().enumerate() {
                if !value.is_zero() {
                    let column = u32::try_from(column).expect("a row has fewer than 2^32 entries");
                    entries.push((column, *value));
                }
            }
            starts.push(entries.len());
        }
        Self { starts, entries }
    }

    /// `C = alpha A B` or `C += alpha A B`; `B` is k x n, `C` m x n, the rows of both contiguous.
    pub fn multiply(
        &self,
        threads: Threads,
        alpha: T,
        b: ArrayView2<'_, T>,
        accumulate: Accumulate,
        mut c: ArrayViewMut2<'_, T>,
    ) {
        let width = match threads {
            Threads::One => b.ncols().max(1),
            Threads::Pool => tile_width(b.ncols()).max(1),
        };
        let tile = |(b, c): (ArrayView2<'_, T>, ArrayViewMut2<'_, T>)| {
            Arch::new().dispatch(Product {
                matrix: self,
                alpha,
                b,
                accumulate,
                c,
            });
        };
        let tiles = b.axis_chunks_iter(Axis(1), width);
        let targets = c.axis_chunks_iter_mut(Axis(1), width);
        match threads {
            Threads::One => tiles.zip(targets).for_each(tile),
            Threads::Pool => tiles
                .into_par_iter()
                .zip(targets.into_par_iter())
                .for_each(tile),
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
        let Some(inputs) = b
            .rows()
            .into_iter()
            .map(|row| row.to_slice())
            .collect::<Option<Vec<&[T]>>>()
        else {
            unreachable!("the rows of the arrays of a method are contiguous");
        };
        for (row, mut sums) in c.rows_mut().into_iter().enumerate() {
            let entries = &matrix.entries[matrix.starts[row]..matrix.starts[row + 1]];
            let Some(sums) = sums.as_slice_mut() else {
                unreachable!("the rows of the arrays of a method are contiguous");
            };
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
