//! The metric of a weight step: a running average of the centred Gram matrix of a layer's inputs.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::kernels::{column_sums, squared_deviations};
use crate::linalg::{
    Accumulate, Cholesky, Real, entries, gram_of_columns, orthonormal_columns, product,
    sum_of_products, sum_of_squares,
};

/// Weight of the past in the running average, at every update.
const MEMORY: f64 = 0.9;
/// Seed of the columns from which the subspace iteration starts; any would do.
const BASIS_SEED: u64 = 7;
/// Keeps the mean of the diagonal positive where all inputs are constant.
const LEAST_TRACE: f64 = 1e-12;

/// `A`, d x d: `A <- e A + (1 - e)/m Vc' Vc` for the centred inputs `Vc` (m x d) of a batch.
///
/// Up to `d = 2 rank` it is kept as it is, in double precision. Above it is
/// `A ~ Q diag(l) Q' + t (I - Q Q')` with `rank` orthonormal columns `Q`, which follow the largest
/// eigenvectors by one step of subspace iteration per update, and `t` such that the trace is that of `A`.
#[derive(Clone, Debug)]
pub(super) struct Metric<T> {
    /// Diagonal of `A`.
    pub diagonal: Array1<T>,
    /// `tr(A) / d`
    pub mean_diagonal: f64,
    /// Batches taken in.
    pub updates: usize,
    /// How it is kept.
    pub form: MetricForm<T>,
}

#[derive(Clone, Debug)]
pub(super) enum MetricForm<T> {
    Exact {
        gram: Array2<f64>,
        /// `A + damping tr(A)/d I`, factored.
        factor: Option<Cholesky<f64>>,
    },
    LowRank {
        basis: Array2<T>,
        values: Array1<T>,
        /// `t`
        rest: f64,
    },
}

impl<T: Real> Metric<T> {
    /// A metric before its first update; `rank` columns above `2 rank` inputs.
    pub fn new(inputs: usize, rank: usize) -> Self {
        let form = if inputs.div_ceil(2) <= rank {
            MetricForm::Exact {
                gram: Array2::zeros((inputs, inputs)),
                factor: None,
            }
        } else {
            let mut generator = ChaCha8Rng::seed_from_u64(BASIS_SEED);
            let normal = Array2::from_shape_simple_fn((inputs, rank), || {
                let value: f64 = StandardNormal.sample(&mut generator);
                T::from_f64(value)
            });
            MetricForm::LowRank {
                basis: orthonormal_columns(normal.view()),
                values: Array1::zeros(rank),
                rest: 0.0,
            }
        };
        Self {
            diagonal: Array1::zeros(inputs),
            mean_diagonal: 0.0,
            updates: 0,
            form,
        }
    }

    #[cfg(test)]
    /// Starts the subspace iteration from the span of other columns; for comparisons with other implementations.
    pub fn set_basis(&mut self, columns: ArrayView2<'_, T>) {
        if let MetricForm::LowRank { basis, .. } = &mut self.form {
            *basis = orthonormal_columns(columns);
        }
    }

    /// Takes in a batch: `inputs` rows x d, around `mean`. The first batch stands alone.
    pub fn update(&mut self, inputs: ArrayView2<'_, T>, mean: ArrayView1<'_, T>, damping: f64) {
        let memory = if self.updates == 0 { 0.0 } else { MEMORY };
        self.updates += 1;
        let share = (1.0 - memory) / inputs.nrows() as f64;
        let (keep, add) = (T::from_f64(memory), T::from_f64(share));
        let squares = squared_deviations(inputs, mean);
        self.diagonal
            .zip_mut_with(&squares, |old, new| *old = keep * *old + add * *new);
        let trace: f64 = self.diagonal.iter().map(|entry| entry.widen()).sum();
        self.mean_diagonal = trace / mean.len() as f64 + LEAST_TRACE;
        match &mut self.form {
            MetricForm::Exact { gram, .. } => {
                let centred = (&inputs - &mean.insert_axis(Axis(0))).mapv(T::widen);
                let mut update = Array2::zeros(gram.dim());
                gram_of_columns(share, centred.view(), update.view_mut());
                for row in 0..update.nrows() {
                    for column in 0..row {
                        update[(column, row)] = update[(row, column)];
                    }
                }
                gram.zip_mut_with(&update, |old, new| *old = memory * *old + new);
                self.factor(damping);
            }
            MetricForm::LowRank {
                basis,
                values,
                rest,
            } => {
                let rank = values.len();
                let mut image = Array2::zeros((inputs.nrows(), rank));
                product(
                    T::one(),
                    inputs,
                    basis.view(),
                    Accumulate::Replace,
                    image.view_mut(),
                );
                image -= &mean.dot(&*basis).insert_axis(Axis(0));
                let sums = column_sums(image.view());
                let mut moved = &*basis * &values.view().insert_axis(Axis(0));
                moved.mapv_inplace(|entry| keep * entry);
                product(
                    add,
                    inputs.reversed_axes(),
                    image.view(),
                    Accumulate::Add,
                    moved.view_mut(),
                );
                for (mut row, mean) in moved.rows_mut().into_iter().zip(mean) {
                    row.scaled_add(-add * *mean, &sums);
                }
                *basis = orthonormal_columns(moved.view());
                for ((value, direction), image) in
                    values.iter_mut().zip(basis.columns()).zip(moved.columns())
                {
                    *value = direction.dot(&image).abs();
                }
                let seen: f64 = values.iter().map(|value| value.widen()).sum();
                *rest = ((self.mean_diagonal * mean.len() as f64 - seen)
                    / (mean.len() - rank) as f64)
                    .max(0.0);
            }
        }
    }

    /// Factors `A + damping tr(A)/d I` where that is kept.
    pub fn factor(&mut self, damping: f64) {
        if let MetricForm::Exact { gram, factor } = &mut self.form {
            let mut shifted = gram.clone();
            let shift = damping * self.mean_diagonal;
            shifted.diag_mut().mapv_inplace(|entry| entry + shift);
            // Positive by the shift; what is not finite shows in the error of the next batch.
            *factor = Cholesky::factor(shifted).ok();
        }
    }

    /// `G <- G (A + damping tr(A)/d I)^-1` in place, and `tr(G A G')` of the result.
    pub fn solve(&self, gradient: &mut Array2<T>, damping: f64) -> f64 {
        let shift = damping * self.mean_diagonal;
        match &self.form {
            MetricForm::Exact { gram, factor } => {
                let Some(factor) = factor else {
                    return f64::NAN;
                };
                let mut wide = gradient.mapv(T::widen);
                factor.solve_right_in_place(&mut wide.view_mut());
                gradient.zip_mut_with(&wide, |entry, value| *entry = T::from_f64(*value));
                length_in(gram, &wide)
            }
            MetricForm::LowRank {
                basis,
                values,
                rest,
            } => {
                let total = shift + rest;
                let scale = T::from_f64(1.0 / total);
                let mut along = times(scale, gradient, basis);
                // The result has `along_j total / (l_j + shift)` in the direction of column j.
                let stretch = |value: &T| total / (value.widen() + shift);
                let weights = |value: &T| stretch(value).powi(2) * (value.widen() - rest);
                let inside = weighted_squares(&along, values.iter().map(weights));
                let removed = values.mapv(|value| T::from_f64(1.0 - stretch(&value)));
                along *= &removed.insert_axis(Axis(0));
                gradient.mapv_inplace(|entry| entry * scale);
                product(
                    -T::one(),
                    along.view(),
                    basis.view().reversed_axes(),
                    Accumulate::Add,
                    gradient.view_mut(),
                );
                (inside + rest * sum_of_squares(entries(gradient))).max(0.0)
            }
        }
    }

    /// `tr(G A G')` for G, o x d.
    pub fn squared_length(&self, weight: &Array2<T>) -> f64 {
        match &self.form {
            MetricForm::Exact { gram, .. } => length_in(gram, &weight.mapv(T::widen)),
            MetricForm::LowRank {
                basis,
                values,
                rest,
            } => {
                let along = times(T::one(), weight, basis);
                let inside = weighted_squares(&along, values.iter().map(|l| l.widen() - rest));
                (inside + rest * sum_of_squares(entries(weight))).max(0.0)
            }
        }
    }
}

/// `tr(G A G')` for a small symmetric A.
fn length_in(gram: &Array2<f64>, weight: &Array2<f64>) -> f64 {
    let image = times(1.0, weight, gram);
    sum_of_products(entries(weight), entries(&image)).max(0.0)
}

/// `scale A B`
fn times<T: Real>(scale: T, a: &Array2<T>, b: &Array2<T>) -> Array2<T> {
    let mut result = Array2::zeros((a.nrows(), b.ncols()));
    product(
        scale,
        a.view(),
        b.view(),
        Accumulate::Replace,
        result.view_mut(),
    );
    result
}

/// `sum_ij w_j a_ij^2`
fn weighted_squares<T: Real>(matrix: &Array2<T>, weights: impl Iterator<Item = f64>) -> f64 {
    let weights: Vec<f64> = weights.collect();
    let of_row = |row: ArrayView1<'_, T>| -> f64 {
        let squares = row.iter().map(|entry| entry.widen().powi(2));
        squares
            .zip(&weights)
            .map(|(square, weight)| square * weight)
            .sum()
    };
    matrix.rows().into_iter().map(of_row).sum()
}
