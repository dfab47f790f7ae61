//! Passes over whole arrays in cache-sized pieces.
//!
//! The pieces have a fixed size and their partial sums are added in their order, so that a sum is
//! the same for any number of threads. Sums are accumulated in `f64`.

use std::ops::Add;

use ndarray::Array2;
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use super::Real;

/// The entries of an array in standard layout, which the arrays of the methods keep.
pub fn entries<T>(array: &Array2<T>) -> &[T] {
    array
        .as_slice()
        .expect("the arrays of a method are in standard layout")
}

/// [`entries`], to be changed.
pub fn entries_mut<T>(array: &mut Array2<T>) -> &mut [T] {
    array
        .as_slice_mut()
        .expect("the arrays of a method are in standard layout")
}

/// Numbers in one piece: small enough that a few pieces stay in a core's cache.
pub(super) const CHUNK: usize = 1 << 14;

/// Independent accumulators of an inner loop, which fill the vector registers.
const LANES: usize = 16;

/// `sum term(a_i, b_i)` over one piece. A type of its own, because only a function that is always
/// inlined is compiled for the vector instructions that the dispatch has found.
struct PieceSum<'a, T, F> {
    a: &'a [T],
    b: &'a [T],
    term: F,
}

impl<T: Real, F: Fn(f64, f64) -> f64> NullaryFnOnce for PieceSum<'_, T, F> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let (a, a_rest) = self.a.as_chunks::<LANES>();
        let (b, b_rest) = self.b.as_chunks::<LANES>();
        let mut lanes = [0.0_f64; LANES];
        for (a, b) in a.iter().zip(b) {
            for (sum, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
                *sum += (self.term)(a.widen(), b.widen());
            }
        }
        let rest = a_rest.iter().zip(b_rest);
        let tail: f64 = rest.map(|(a, b)| (self.term)(a.widen(), b.widen())).sum();
        lanes.iter().sum::<f64>() + tail
    }
}

fn sum_over_pairs<T: Real>(
    a: &[T],
    b: &[T],
    term: impl Fn(f64, f64) -> f64 + Copy + Send + Sync,
) -> f64 {
    assert_eq!(a.len(), b.len(), "both arrays have one length");
    let partial: Vec<f64> = a
        .par_chunks(CHUNK)
        .zip(b.par_chunks(CHUNK))
        .map(|(a, b)| Arch::new().dispatch(PieceSum { a, b, term }))
        .collect();
    partial.into_iter().fold(0.0, Add::add)
}

/// `sum a_i b_i`
pub fn sum_of_products<T: Real>(a: &[T], b: &[T]) -> f64 {
    sum_over_pairs(a, b, |a, b| a * b)
}

/// `sum a_i^2`
pub fn sum_of_squares<T: Real>(a: &[T]) -> f64 {
    sum_of_products(a, a)
}

/// `sum (a_i - b_i)^2`
pub fn sum_of_squares_of_difference<T: Real>(a: &[T], b: &[T]) -> f64 {
    sum_over_pairs(a, b, |a, b| (a - b) * (a - b))
}
