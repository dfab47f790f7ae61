//! Passes over whole arrays in cache-sized pieces.
//!
//! The pieces have a fixed size and their partial sums are added in their order, so that a sum is
//! the same for any number of threads. Sums are accumulated in `f64`.

use std::ops::Add;

use rayon::prelude::*;

use super::Real;

/// Numbers in one piece: small enough that a few pieces stay in a core's cache.
pub const CHUNK: usize = 1 << 14;

/// Applies `work` to every piece index of an array of `length` numbers and adds the results in order.
pub fn sums_over_chunks<S>(length: usize, work: impl Fn(std::ops::Range<usize>) -> S + Sync) -> S
where
    S: Add<Output = S> + Default + Send,
{
    let partial: Vec<S> = (0..length.div_ceil(CHUNK))
        .into_par_iter()
        .map(|piece| work(piece * CHUNK..((piece + 1) * CHUNK).min(length)))
        .collect();
    partial.into_iter().fold(S::default(), Add::add)
}

/// Independent accumulators of an inner loop, which lets the compiler use vector registers.
const LANES: usize = 16;

/// Sum of `term(i)` over `0..length`, in a fixed order that vectorises.
#[inline]
fn sum_in_lanes(length: usize, term: impl Fn(usize) -> f64) -> f64 {
    let mut lanes = [0.0_f64; LANES];
    let whole = length - length % LANES;
    for start in (0..whole).step_by(LANES) {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            *sum += term(start + lane);
        }
    }
    let tail: f64 = (whole..length).map(&term).sum();
    lanes.iter().sum::<f64>() + tail
}

/// `sum a_i b_i`
pub fn sum_of_products<T: Real>(a: &[T], b: &[T]) -> f64 {
    assert_eq!(a.len(), b.len(), "both arrays have one length");
    sums_over_chunks(a.len(), |range| {
        let (a, b) = (&a[range.clone()], &b[range]);
        let b = &b[..a.len()];
        sum_in_lanes(a.len(), |i| a[i].widen() * b[i].widen())
    })
}

/// `sum a_i^2`
pub fn sum_of_squares<T: Real>(a: &[T]) -> f64 {
    sum_of_products(a, a)
}

/// `sum (a_i - b_i)^2`
pub fn sum_of_squares_of_difference<T: Real>(a: &[T], b: &[T]) -> f64 {
    assert_eq!(a.len(), b.len(), "both arrays have one length");
    sums_over_chunks(a.len(), |range| {
        let (a, b) = (&a[range.clone()], &b[range]);
        let b = &b[..a.len()];
        sum_in_lanes(a.len(), |i| {
            let difference = a[i].widen() - b[i].widen();
            difference * difference
        })
    })
}
