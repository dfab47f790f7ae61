//! A compressed weight: the point of the set `S_i` that stands in for a weight matrix.

use ndarray::{Array2, ArrayView2};
use thiserror::Error;

use crate::linalg::{NotPositiveDefinite, Real, sum_of_squares_of_difference};

use super::low_rank::LowRank;
use super::prune::{keep_n_of_m, kept_entries, prune_jointly};
use super::tensor_train::TensorTrain;

/// A weight cannot be brought into its set.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ProjectionError {
    /// NaN or infinity in the weight.
    #[error("the weight to be compressed holds NaN or infinite numbers")]
    NotFinite,
    /// The system of a pruned row.
    #[error(transparent)]
    NotPositiveDefinite(#[from] NotPositiveDefinite),
}

/// Compression of one layer, resolved against its shape.
#[derive(Clone, Debug, PartialEq)]
pub enum LayerCompression {
    /// Tensor train of the row-major entries read as a tensor of shape `modes`.
    TensorTrain {
        /// Shape of the tensor; the product is the number of entries.
        modes: Vec<usize>,
        /// Largest rank.
        rank: usize,
    },
    /// Truncated singular value decomposition.
    LowRank {
        /// Largest rank.
        rank: usize,
    },
    /// Magnitude pruning.
    Prune {
        /// Share of zeros.
        sparsity: f64,
        /// Whether one threshold holds for all layers that say so.
        global: bool,
    },
    /// Of `m` consecutive entries of a row `n` are kept.
    NM {
        /// Kept entries.
        n: usize,
        /// Size of a group.
        m: usize,
    },
}

impl LayerCompression {
    /// Stored numbers over entries, for a weight of `outputs x inputs`; at most 1.
    pub fn kept_share(&self, shape @ (outputs, inputs): (usize, usize)) -> f64 {
        let share = match self {
            Self::Prune { sparsity, .. } => 1.0 - sparsity,
            Self::NM { n, m } => *n as f64 / *m as f64,
            _ => self.stored(shape) as f64 / (outputs * inputs) as f64,
        };
        share.min(1.0)
    }

    /// Numbers that a weight of this shape stores; those of pruning under one threshold for several layers in proportion.
    pub(super) fn stored(&self, (outputs, inputs): (usize, usize)) -> usize {
        match self {
            Self::TensorTrain { modes, rank } => {
                let ranks = TensorTrain::<f64>::ranks_of(modes, *rank);
                let before = std::iter::once(&1).chain(&ranks);
                let after = ranks.iter().chain([&1]);
                let cores = modes.iter().zip(before).zip(after);
                cores
                    .map(|((mode, before), after)| mode * before * after)
                    .sum()
            }
            Self::LowRank { rank } => rank * (outputs + inputs),
            Self::Prune { sparsity, .. } => kept_entries(outputs * inputs, *sparsity),
            Self::NM { n, m } => outputs * (inputs / m * n + (inputs % m).min(*n)),
        }
    }
}

/// How a compressed weight is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum Stored<T> {
    /// Cores.
    TensorTrain(TensorTrain<T>),
    /// Factors.
    LowRank(LowRank<T>),
    /// Non-zero entries of the dense matrix.
    Sparse,
    /// Non-zero entries of groups of `m`.
    NM {
        /// Kept entries.
        n: usize,
        /// Size of a group.
        m: usize,
    },
}

/// `Z_i = P_i(W_i)`: the matrix and the form in which it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Projected<T> {
    /// The matrix.
    pub dense: Array2<T>,
    /// Its form.
    pub stored: Stored<T>,
}

impl<T: Real> Projected<T> {
    /// `P(W)` for one layer. `previous` is the last compressed weight of the same layer: TT-SVD is
    /// only quasi-optimal, and where it is further from `W` than `previous`, an alternating least
    /// squares sweep improves `previous` instead, so that the objective never rises.
    ///
    /// # Errors
    /// [`ProjectionError`] when the weight holds non-finite numbers.
    pub fn project(
        compression: &LayerCompression,
        weight: ArrayView2<'_, T>,
        previous: Option<&Self>,
    ) -> Result<Self, ProjectionError> {
        Ok(match compression {
            LayerCompression::TensorTrain { modes, rank } => {
                let train = TensorTrain::project(weight, modes, *rank)?;
                keep_descent(Self::from_tensor_train(train), weight, previous)
            }
            LayerCompression::LowRank { rank } => {
                let factors = LowRank::project(weight, *rank)?;
                Self {
                    dense: factors.dense(),
                    stored: Stored::LowRank(factors),
                }
            }
            LayerCompression::Prune { sparsity, .. } => Self {
                dense: prune_jointly(&[weight], *sparsity).remove(0),
                stored: Stored::Sparse,
            },
            LayerCompression::NM { n, m } => Self {
                dense: keep_n_of_m(weight, *n, *m),
                stored: Stored::NM { n: *n, m: *m },
            },
        })
    }

    /// [`Projected::project`] for all layers at once, where one pruning threshold may hold for several
    /// of them.
    ///
    /// # Errors
    /// The layer whose weight holds non-finite numbers.
    pub fn project_layers(
        compression: &[Option<LayerCompression>],
        weights: &[ArrayView2<'_, T>],
        previous: &[Option<Self>],
    ) -> Result<Vec<Option<Self>>, (usize, ProjectionError)> {
        let threshold = |layer: &Option<LayerCompression>| match layer {
            Some(LayerCompression::Prune {
                sparsity,
                global: true,
            }) => Some(*sparsity),
            _ => None,
        };
        let shared = compression.iter().find_map(threshold);
        let (jointly, views): (Vec<usize>, Vec<_>) = weights
            .iter()
            .enumerate()
            .filter(|(index, _)| threshold(&compression[*index]).is_some())
            .map(|(index, weight)| (index, weight.view()))
            .unzip();
        let mut projected = vec![None; weights.len()];
        for (index, dense) in jointly
            .into_iter()
            .zip(prune_jointly(&views, shared.unwrap_or(0.0)))
        {
            let stored = Stored::Sparse;
            projected[index] = Some(Self { dense, stored });
        }
        for (index, layer) in compression.iter().enumerate() {
            if let (Some(layer), None) = (layer, &projected[index]) {
                let before = previous.get(index).and_then(Option::as_ref);
                let of_layer = Self::project(layer, weights[index].view(), before);
                projected[index] = Some(of_layer.map_err(|error| (index, error))?);
            }
        }
        Ok(projected)
    }

    fn from_tensor_train(train: TensorTrain<T>) -> Self {
        Self {
            dense: train.dense(),
            stored: Stored::TensorTrain(train),
        }
    }

    /// `|W - Z|^2`
    pub fn squared_error(&self, weight: ArrayView2<'_, T>) -> f64 {
        let weight = weight.as_standard_layout();
        sum_of_squares_of_difference(
            self.dense
                .as_slice()
                .expect("projections are in standard layout"),
            weight.as_slice().expect("made so one line above"),
        )
    }

    /// Numbers that the stored form holds.
    pub fn parameters(&self) -> usize {
        match &self.stored {
            Stored::TensorTrain(train) => train.parameters(),
            Stored::LowRank(factors) => factors.parameters(),
            Stored::Sparse | Stored::NM { .. } => self.dense.len() - self.zeros(),
        }
    }

    /// Zeros that the stored form leaves out; 0 for a tensor train and low rank.
    pub fn zeros(&self) -> usize {
        match self.stored {
            Stored::TensorTrain(_) | Stored::LowRank(_) => 0,
            Stored::Sparse | Stored::NM { .. } => {
                self.dense.iter().filter(|value| value.is_zero()).count()
            }
        }
    }

    /// The ranks of a tensor train or of the factors; empty for sparse forms.
    pub fn ranks(&self) -> Vec<usize> {
        match &self.stored {
            Stored::TensorTrain(train) => train.ranks(),
            Stored::LowRank(factors) => vec![factors.left.ncols()],
            Stored::Sparse | Stored::NM { .. } => Vec::new(),
        }
    }
}

/// The descent safeguard of the tensor train.
fn keep_descent<T: Real>(
    fresh: Projected<T>,
    weight: ArrayView2<'_, T>,
    previous: Option<&Projected<T>>,
) -> Projected<T> {
    let Some((previous, Stored::TensorTrain(train))) = previous.map(|old| (old, &old.stored))
    else {
        return fresh;
    };
    let previous_error = previous.squared_error(weight);
    if fresh.squared_error(weight) <= previous_error {
        return fresh;
    }
    let improved = Projected::from_tensor_train(train.improved(weight));
    // In exact arithmetic the sweep never makes it worse; rounding may, by a last bit.
    if improved.squared_error(weight) <= previous_error {
        improved
    } else {
        previous.clone()
    }
}
