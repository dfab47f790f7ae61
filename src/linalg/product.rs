//! Matrix products and Gram matrices.

use std::borrow::Cow;

use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, MatMut, MatRef, Par};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use rayon::prelude::*;

use super::Real;

/// What happens to the old content of the target of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accumulate {
    /// `C = alpha A B`
    Replace,
    /// `C = C + alpha A B`
    Add,
}

impl Accumulate {
    fn backend(self) -> Accum {
        match self {
            Self::Replace => Accum::Replace,
            Self::Add => Accum::Add,
        }
    }
}

/// On how many threads a product runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// All threads of the current rayon pool.
    Pool,
    /// The calling thread only; for work that is already parallel outside.
    One,
}

impl Threads {
    pub(super) fn backend(self) -> Par {
        match self {
            Self::Pool if rayon::current_num_threads() > 1 => Par::rayon(0),
            _ => Par::Seq,
        }
    }
}

/// `C = alpha A B` or `C += alpha A B`; `A` is m x k, `B` k x n, `C` m x n.
pub fn product<T: Real>(
    alpha: T,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    accumulate: Accumulate,
    c: ArrayViewMut2<'_, T>,
) {
    product_on(Threads::Pool, alpha, a, b, accumulate, c);
}

/// [`product`] on the given threads.
pub fn product_on<T: Real>(
    threads: Threads,
    alpha: T,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    accumulate: Accumulate,
    mut c: ArrayViewMut2<'_, T>,
) {
    let (a, b) = (Operand::new(a), Operand::new(b));
    let (a, b) = (a.as_backend(), b.as_backend());
    let c = as_backend_mut(&mut c);
    let accumulate = accumulate.backend();
    match threads {
        Threads::One => matmul(c, accumulate, a, b, alpha, Par::Seq),
        // Where the samples are the inner dimension, tiles of columns would each read all of `A`.
        Threads::Pool if b.ncols() < b.nrows() => multiply_blocks(c, accumulate, a, b, alpha),
        Threads::Pool => for_each_tile(c, |start, tile| {
            let b = b.subcols(start, tile.ncols());
            matmul(tile, accumulate, a, b, alpha, Par::Seq);
        }),
    }
}

/// Columns of a row-major result that the backend's kernel computes at a time in single precision with
/// AVX-512 (its other widths divide it); what is left over runs at a lower rate.
const KERNEL_WIDTH: usize = 96;

/// Columns of a result up to which one thread computes it; of a triangle, rows and columns.
const BLOCK_COLUMNS: usize = 2 * KERNEL_WIDTH;

/// Rows of a result up to which one thread computes it.
const BLOCK_ROWS: usize = 128;

/// The multiple of the kernel's width nearest to the middle; below `columns`, which are more than a block.
fn middle_column(columns: usize) -> usize {
    (columns + KERNEL_WIDTH) / (2 * KERNEL_WIDTH) * KERNEL_WIDTH
}

/// A product in blocks of the result, each on one thread. The threads never wait for each other
/// within a product, so that a core that is taken away by another program costs its share and not
/// the whole rate. The blocks depend on the size only: results are the same for any number of threads.
fn multiply_blocks<T: Real>(
    c: MatMut<'_, T>,
    accumulate: Accum,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    alpha: T,
) {
    let (rows, columns) = (c.nrows(), c.ncols());
    if rows <= BLOCK_ROWS && columns <= BLOCK_COLUMNS {
        matmul(c, accumulate, a, b, alpha, Par::Seq);
    } else if rows * BLOCK_COLUMNS >= columns * BLOCK_ROWS {
        let row = (rows / 2).next_multiple_of(16);
        let (upper, lower) = c.split_at_row_mut(row);
        let (a_upper, a_lower) = a.split_at_row(row);
        rayon::join(
            || multiply_blocks(upper, accumulate, a_upper, b, alpha),
            || multiply_blocks(lower, accumulate, a_lower, b, alpha),
        );
    } else {
        let column = middle_column(columns);
        let (left, right) = c.split_at_col_mut(column);
        let (b_left, b_right) = b.split_at_col(column);
        rayon::join(
            || multiply_blocks(left, accumulate, a, b_left, alpha),
            || multiply_blocks(right, accumulate, a, b_right, alpha),
        );
    }
}

/// The lower triangle of `C = scale A A'` in blocks, each on one thread.
fn gram_blocks<T: Real>(c: MatMut<'_, T>, a: MatRef<'_, T>, scale: T) {
    let size = c.nrows();
    if size <= BLOCK_COLUMNS {
        triangular::matmul(
            c,
            BlockStructure::TriangularLower,
            Accum::Replace,
            a,
            BlockStructure::Rectangular,
            a.transpose(),
            BlockStructure::Rectangular,
            scale,
            Par::Seq,
        );
        return;
    }
    let row = middle_column(size);
    let (upper, _, corner, lower) = c.split_at_mut(row, row);
    let (a_upper, a_lower) = a.split_at_row(row);
    rayon::join(
        || multiply_blocks(corner, Accum::Replace, a_lower, a_upper.transpose(), scale),
        || {
            rayon::join(
                || gram_blocks(upper, a_upper, scale),
                || gram_blocks(lower, a_lower, scale),
            )
        },
    );
}

/// Columns of a matrix that one thread works on at a time, about 256: what it works on stays in its
/// cache. The width depends on the number of columns only, so that results are the same for any number
/// of threads; the number of tiles is even, for the sake of the common numbers of threads.
pub fn tile_width(columns: usize) -> usize {
    let tiles = 2 * (columns / 512).max(1);
    columns.div_ceil(tiles).next_multiple_of(16)
}

/// Works on tiles of columns in parallel, each of them on one thread: a thread on its own runs at a
/// higher rate than threads that meet at a barrier for every panel. `work` gets the index of the
/// first column.
pub(super) fn for_each_tile<T: Real>(
    matrix: MatMut<'_, T>,
    work: impl Fn(usize, MatMut<'_, T>) + Sync,
) {
    let columns = matrix.ncols();
    let width = tile_width(columns);
    let mut parts = Vec::new();
    let mut rest = matrix;
    let mut start = 0;
    while rest.ncols() > 0 {
        let (part, right) = rest.split_at_col_mut(width.min(columns - start));
        parts.push((start, part));
        start += width;
        rest = right;
    }
    parts
        .into_par_iter()
        .for_each(|(start, part)| work(start, part));
}

/// Lower triangle (diagonal included) of `C = scale A A'`; `A` is d x n, `C` d x d.
///
/// The strict upper triangle of `C` keeps its old content.
pub fn gram_of_rows<T: Real>(scale: T, a: ArrayView2<'_, T>, mut c: ArrayViewMut2<'_, T>) {
    gram_blocks(as_backend_mut(&mut c), Operand::new(a).as_backend(), scale);
}

/// Lower triangle (diagonal included) of `C = scale A' A`; `A` is n x d, `C` d x d.
pub fn gram_of_columns<T: Real>(scale: T, a: ArrayView2<'_, T>, c: ArrayViewMut2<'_, T>) {
    gram_of_rows(scale, a.reversed_axes(), c);
}

/// An input of the backend: a view where the layout allows it, else a copy in standard layout.
pub(super) struct Operand<'a, T: Clone> {
    data: Cow<'a, [T]>,
    shape: (usize, usize),
    row_major: bool,
}

impl<'a, T: Real> Operand<'a, T> {
    pub(super) fn new(view: ArrayView2<'a, T>) -> Self {
        let shape = view.dim();
        let (data, row_major) = if let Some(slice) = view.to_slice() {
            (Cow::Borrowed(slice), true)
        } else if let Some(slice) = view.reversed_axes().to_slice() {
            (Cow::Borrowed(slice), false)
        } else {
            let mut copy = Array2::zeros(shape);
            copy.assign(&view);
            (Cow::Owned(copy.into_raw_vec_and_offset().0), true)
        };
        Self {
            data,
            shape,
            row_major,
        }
    }

    pub(super) fn as_backend(&self) -> MatRef<'_, T> {
        let (rows, columns) = self.shape;
        if self.row_major {
            MatRef::from_row_major_slice(&self.data, rows, columns)
        } else {
            MatRef::from_column_major_slice(&self.data, rows, columns)
        }
    }
}

/// A mutable view as the backend's; the view must be standard or transposed standard layout.
pub(super) fn as_backend_mut<'a, T: Real>(view: &'a mut ArrayViewMut2<'_, T>) -> MatMut<'a, T> {
    let (rows, columns) = view.dim();
    if view.is_standard_layout() {
        let slice = view
            .as_slice_mut()
            .expect("the layout has just been checked");
        return MatMut::from_row_major_slice_mut(slice, rows, columns);
    }
    let slice = view
        .as_slice_memory_order_mut()
        .expect("the target of a product is contiguous: the solver owns it");
    MatMut::from_column_major_slice_mut(slice, rows, columns)
}
