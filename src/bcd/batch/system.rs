//! The matrix `A` of a constrained weight update.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use super::ridge::Ridge;
use crate::linalg::{Cholesky, NotPositiveDefinite, Real, gram_of_rows};
use crate::network::Layer;
use crate::training::TrainingData;

/// Samples that are turned into double precision at a time.
pub const TILE: usize = 2048;

/// `A = shift I + rho V V'` (d x d, whatever the number of samples) in double precision, and its
/// Cholesky factor.
///
/// A bias is a row of ones below `V` and a column beside `W` that is in no set. With the border
/// `a = rho V 1` and `c = bias_shift + rho n` of the bordered matrix, and the negative gradients `G`
/// of the weight and `g` of the bias, the best change of the bias is `(g - D a) / c` for any change
/// `D` of the weight. What is left for the weight alone has `A - a a' / c` and `G - g a' / c`.
#[derive(Debug)]
pub struct System {
    ridge: Ridge,
    matrix: Array2<f64>,
    factor: Cholesky<f64>,
    border: Option<Border>,
}

#[derive(Debug)]
struct Border {
    /// `a`
    row: Array1<f64>,
    /// `c`
    corner: f64,
}

impl System {
    /// The system of the first layer, from the Gram matrix that never changes.
    pub fn of_first_layer<T: Real>(
        ridge: Ridge,
        layer: &Layer,
        data: &TrainingData<T>,
        bias: bool,
    ) -> Result<Self, NotPositiveDefinite> {
        let columns = layer.positions() * data.train.len();
        let sums = bias.then(|| data.input_sums(layer).into());
        Self::new(ridge, data.input_gram(layer), sums, columns)
    }

    /// The system of a layer that reads these inputs (d x n).
    pub fn of_inputs<T: Real>(
        ridge: Ridge,
        inputs: ArrayView2<'_, T>,
        bias: bool,
    ) -> Result<Self, NotPositiveDefinite> {
        let sums = bias.then(|| sums_of_rows(inputs).into());
        Self::new(ridge, gram_in_double(inputs), sums, inputs.ncols())
    }

    /// From the lower triangle of the Gram matrix, and the sums of the inputs if there is a bias.
    fn new(
        ridge: Ridge,
        gram: Array2<f64>,
        sums: Option<Array1<f64>>,
        columns: usize,
    ) -> Result<Self, NotPositiveDefinite> {
        let mut matrix = gram * ridge.rho;
        matrix.diag_mut().mapv_inplace(|entry| entry + ridge.shift);
        let border = sums.map(|sums| Border {
            row: sums * ridge.rho,
            corner: ridge.bias_shift + ridge.rho * columns as f64,
        });
        if let Some(Border { row, corner }) = &border {
            for (entry, mut entries) in row.iter().zip(matrix.rows_mut()) {
                entries.scaled_add(-entry / corner, row);
            }
        }
        for row in 0..matrix.nrows() {
            for column in 0..row {
                matrix[(column, row)] = matrix[(row, column)];
            }
        }
        let (factor, shift) = Cholesky::factor_near(&matrix)?;
        matrix.diag_mut().mapv_inplace(|entry| entry + shift);
        Ok(Self {
            ridge,
            matrix,
            factor,
            border,
        })
    }

    /// The regularisation that it was made with.
    pub fn ridge(&self) -> Ridge {
        self.ridge
    }

    /// `A`, both triangles; without the bias.
    pub fn matrix(&self) -> &Array2<f64> {
        &self.matrix
    }

    /// `A = L L'`
    pub fn factor(&self) -> &Cholesky<f64> {
        &self.factor
    }

    /// `G - g a' / c`, in place of `G`; nothing without a bias.
    pub fn eliminate_bias(&self, descent: &mut Array2<f64>, bias_descent: &Array1<f64>) {
        let Some(Border { row, corner }) = &self.border else {
            return;
        };
        for (entry, mut entries) in bias_descent.iter().zip(descent.rows_mut()) {
            entries.scaled_add(-entry / corner, row);
        }
    }

    /// `(g - D a) / c`; zero without a bias.
    pub fn bias_change(&self, change: &Array2<f64>, bias_descent: &Array1<f64>) -> Array1<f64> {
        match &self.border {
            Some(Border { row, corner }) => (bias_descent - &change.dot(row)) / *corner,
            None => Array1::zeros(bias_descent.len()),
        }
    }
}

/// Lower triangle of `V V'`, its products and sums in double precision.
pub fn gram_in_double<T: Real>(inputs: ArrayView2<'_, T>) -> Array2<f64> {
    let features = inputs.nrows();
    let mut sum = Array2::zeros((features, features));
    let mut part = Array2::zeros((features, features));
    for tile in inputs.axis_chunks_iter(Axis(1), TILE) {
        gram_of_rows(1.0, tile.mapv(T::widen).view(), part.view_mut());
        sum += &part;
    }
    sum
}

/// Sums over the samples (columns), in double precision.
pub fn sums_of_rows<T: Real>(inputs: ArrayView2<'_, T>) -> Vec<f64> {
    let sum_of = |row: ArrayView1<'_, T>| row.iter().map(|value| value.widen()).sum();
    inputs.rows().into_iter().map(sum_of).collect()
}
