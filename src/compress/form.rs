//! The form in which a compressed weight is stored: checkpoints and model files hold the same arrays.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::low_rank::LowRank;
use super::projected::{LayerCompression, Projected, Stored};
use super::tensor_train::TensorTrain;
use crate::linalg::Real;

/// What has to be known of a compressed weight besides its numbers and its shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Cores of a tensor train.
    TensorTrain {
        /// Shape of the tensor.
        modes: Vec<usize>,
        /// Ranks between the cores, one fewer than modes.
        ranks: Vec<usize>,
    },
    /// Two factors.
    LowRank {
        /// Columns of the left factor.
        rank: usize,
    },
    /// The matrix, of which only non-zeros count.
    Sparse,
    /// The matrix, of which every group of `m` entries of a row holds `n` non-zeros at most.
    NM {
        /// Kept entries.
        n: usize,
        /// Size of a group.
        m: usize,
    },
}

/// One array of a compressed weight, row-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// `left`, `right`, `core.0`, …; `weight` is the matrix itself.
    pub name: String,
    /// `[outputs, r]`, `[r, inputs]`, `[r_{k-1}, n_k, r_k]`; `[outputs, inputs]`.
    pub shape: Vec<usize>,
}

impl Form {
    /// The form of a compressed weight.
    pub fn of<T: Real>(projected: &Projected<T>) -> Self {
        match &projected.stored {
            Stored::TensorTrain(train) => Self::TensorTrain {
                modes: train.modes().to_vec(),
                ranks: train.ranks(),
            },
            Stored::LowRank(factors) => Self::LowRank {
                rank: factors.left.ncols(),
            },
            Stored::Sparse => Self::Sparse,
            Stored::NM { n, m } => Self::NM { n: *n, m: *m },
        }
    }

    /// Whether a weight under this compression is stored like this.
    pub fn fits(&self, compression: &LayerCompression) -> bool {
        match (self, compression) {
            (
                Self::TensorTrain { modes, ranks },
                LayerCompression::TensorTrain {
                    modes: expected,
                    rank,
                },
            ) => modes == expected && *ranks == TensorTrain::<f64>::ranks_of(modes, *rank),
            (Self::LowRank { rank }, LayerCompression::LowRank { rank: largest }) => {
                (1..=*largest).contains(rank)
            }
            (Self::Sparse, LayerCompression::Prune { .. }) => true,
            (Self::NM { n, m }, LayerCompression::NM { n: kept, m: group }) => {
                (n, m) == (kept, group)
            }
            _ => false,
        }
    }

    /// The arrays of a weight of `outputs x inputs` in this form, in their order.
    pub fn parts(&self, (outputs, inputs): (usize, usize)) -> Vec<Part> {
        let part = |name: &str, shape: &[usize]| Part {
            name: name.into(),
            shape: shape.to_vec(),
        };
        match self {
            Self::TensorTrain { modes, ranks } => {
                let mut before = 1;
                let cores = modes.iter().zip(ranks.iter().chain([&1])).enumerate();
                cores
                    .map(|(position, (mode, after))| {
                        let shape = [before, *mode, *after];
                        before = *after;
                        part(&format!("core.{position}"), &shape)
                    })
                    .collect()
            }
            Self::LowRank { rank } => vec![
                part("left", &[outputs, *rank]),
                part("right", &[*rank, inputs]),
            ],
            Self::Sparse | Self::NM { .. } => vec![part("weight", &[outputs, inputs])],
        }
    }
}

impl Part {
    /// Numbers in the array, if that many can be counted.
    pub fn count(&self) -> Option<usize> {
        (self.shape.iter()).try_fold(1_usize, |product, size| product.checked_mul(*size))
    }

    /// The array as a matrix: the last index counts columns.
    fn matrix<T>(&self, numbers: Vec<T>) -> Option<Array2<T>> {
        let (columns, rows) = self.shape.split_last()?;
        Array2::from_shape_vec((rows.iter().product(), *columns), numbers).ok()
    }
}

impl<T: Real> Projected<T> {
    /// The arrays that [`Form::parts`] lists; cores are matrices of `r_{k-1} n_k` rows.
    pub fn arrays(&self) -> Vec<&Array2<T>> {
        match &self.stored {
            Stored::TensorTrain(train) => train.cores().iter().collect(),
            Stored::LowRank(factors) => vec![&factors.left, &factors.right],
            Stored::Sparse | Stored::NM { .. } => vec![&self.dense],
        }
    }

    /// A weight of `shape` from the numbers of the arrays that [`Form::parts`] lists. None if they do
    /// not make up a weight of this shape.
    pub fn from_numbers(
        form: &Form,
        shape: (usize, usize),
        numbers: impl IntoIterator<Item = Vec<T>>,
    ) -> Option<Self> {
        let parts = form.parts(shape);
        let mut arrays = parts
            .iter()
            .zip(numbers)
            .map_while(|(part, numbers)| part.matrix(numbers));
        let (dense, stored) = match form {
            Form::TensorTrain { modes, .. } => {
                let train = TensorTrain::from_cores(shape, modes.clone(), arrays.collect())?;
                (train.dense(), Stored::TensorTrain(train))
            }
            Form::LowRank { .. } => {
                let factors = LowRank {
                    left: arrays.next()?,
                    right: arrays.next()?,
                };
                (factors.dense(), Stored::LowRank(factors))
            }
            Form::Sparse => (arrays.next()?, Stored::Sparse),
            Form::NM { n, m } => (arrays.next()?, Stored::NM { n: *n, m: *m }),
        };
        Some(Self { dense, stored })
    }
}
