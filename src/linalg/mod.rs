//! Dense linear algebra: the only room that names the matrix backend.
//!
//! Arrays come in and go out as `ndarray` views in standard (row-major) or transposed standard
//! layout; the backend (faer) works on them in place, and copies an operand only where it is a part of a larger array.
//!
//! **Threads.** A function uses the threads of the rayon pool in which it is called
//! (`pool.install(|| …)`); in a pool of one thread it runs sequentially. Nothing here splits a sum
//! between threads, so that results are the same for any number of them.

mod eigen;
mod factor;
mod passes;
mod product;
mod real;
mod sparse;

pub use eigen::{orthonormal_columns, symmetric_eigen};
pub use factor::{Cholesky, NotPositiveDefinite};
pub use passes::{
    entries, entries_mut, sum_of_products, sum_of_squares, sum_of_squares_of_difference,
};
pub use product::{
    Accumulate, Threads, gram_of_columns, gram_of_rows, product, product_on, tile_width,
};
pub use real::Real;
pub use sparse::Factor;

#[cfg(test)]
mod tests;
