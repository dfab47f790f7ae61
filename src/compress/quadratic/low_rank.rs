//! Reduced-rank ridge regression (Izenman 1975; Mukherjee and Zhu 2011).

use crate::compress::low_rank::LowRank;
use crate::compress::tensor_train::dominant_left_vectors;
use crate::compress::{Projected, ProjectionError, Quadratic, Stored};
use crate::linalg::Real;

use super::times;

/// `argmin 1/2 |(W - W*) L|^2` over all `W` (m x d) of rank at most `rank`.
///
/// By Eckart-Young `W L` is the truncated singular value decomposition of `W* L`. With its left
/// singular vectors `P` (m x r) that is `W L = P P' W* L`, so that `W = P (P' W*)`: nothing is
/// divided by `L`.
pub(super) fn minimise<T: Real>(
    quadratic: &Quadratic<'_>,
    rank: usize,
) -> Result<Projected<T>, ProjectionError> {
    let minimiser = quadratic.minimiser();
    let rank = rank.min(minimiser.nrows()).min(minimiser.ncols());
    let image = times(&minimiser, &quadratic.factor.lower());
    let left = dominant_left_vectors(&image, rank)?;
    let right = times(&left.t().as_standard_layout().into_owned(), &minimiser);
    let factors = LowRank {
        left: left.mapv(T::from_f64),
        right: right.mapv(T::from_f64),
    };
    Ok(Projected {
        dense: factors.dense(),
        stored: Stored::LowRank(factors),
    })
}
