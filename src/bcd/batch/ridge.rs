//! The ridge systems of the weight updates.

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut1, s};

use super::memory::take_matrix;
use crate::linalg::{
    Accumulate, Cholesky, NotPositiveDefinite, Real, gram_of_columns, gram_of_rows, product,
};
use crate::network::Layer;
use crate::training::TrainingData;

/// The regularisation of one weight update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ridge {
    /// `alpha + tau_i + lambda_i`, on every entry of the weight.
    pub shift: f64,
    /// `alpha`, on the bias.
    pub bias_shift: f64,
    /// Weight of the data.
    pub rho: f64,
}

/// Right-hand side of the normal equations, and then their solution, the change of the weights.
#[derive(Clone, Debug)]
pub struct Change<T> {
    /// Shape of the weight.
    pub weight: Array2<T>,
    /// One number per output.
    pub bias: Option<Array1<T>>,
}

impl<T: Real> Change<T> {
    /// Whether all numbers are finite.
    pub fn is_finite(&self) -> bool {
        self.weight
            .iter()
            .chain(self.bias.iter().flatten())
            .all(|value| value.is_finite())
    }
}

/// Solves `D [ shift I + rho V V' ] = G` for the change `D` of the weights; `V` is inputs x n.
///
/// With a bias, a row of ones is appended to `V`; its diagonal entry is regularised by
/// `bias_shift` instead of `shift`.
pub fn solve_primal<T: Real>(
    ridge: Ridge,
    inputs: ArrayView2<'_, T>,
    change: &mut Change<T>,
    memory: &mut Vec<T>,
) -> Result<(), NotPositiveDefinite> {
    let features = inputs.nrows();
    let size = features + usize::from(change.bias.is_some());
    let mut system = take_matrix(memory, size, size);
    let rho = T::from_f64(ridge.rho);
    if change.bias.is_some() {
        // The Gram matrix needs contiguous memory, so it is formed on its own and moved row by row
        // to the wider rows, last row first.
        let entries = system
            .as_slice_mut()
            .expect("the matrix has just been made");
        let gram = ndarray::ArrayViewMut2::from_shape(
            (features, features),
            &mut entries[..features * features],
        )
        .expect("the slice has this size");
        gram_of_rows(rho, inputs, gram);
        for row in (1..features).rev() {
            entries.copy_within(row * features..=row * features + row, row * size);
        }
        for (feature, row) in inputs.rows().into_iter().enumerate() {
            let sum: f64 = row.iter().map(|value| value.widen()).sum();
            system[(features, feature)] = T::from_f64(ridge.rho * sum);
        }
        system[(features, features)] = T::from_f64(ridge.rho * inputs.ncols() as f64);
    } else {
        gram_of_rows(rho, inputs, system.view_mut());
    }
    shift_diagonal(system.diag_mut(), ridge, features);
    let factor = Cholesky::factor(system)?;
    solve_bordered(&factor, change);
    *memory = factor.into_storage().into_raw_vec_and_offset().0;
    Ok(())
}

/// Adds the regularisation to the diagonal of a (bordered) Gram matrix.
fn shift_diagonal<T: Real>(mut diagonal: ArrayViewMut1<'_, T>, ridge: Ridge, features: usize) {
    for (index, entry) in diagonal.iter_mut().enumerate() {
        let shift = if index < features {
            ridge.shift
        } else {
            ridge.bias_shift
        };
        *entry += T::from_f64(shift);
    }
}

/// Solves for the weight and the bias together.
fn solve_bordered<T: Real>(factor: &Cholesky<T>, change: &mut Change<T>) {
    let Some(bias) = &mut change.bias else {
        factor.solve_right_in_place(&mut change.weight.view_mut());
        return;
    };
    let (outputs, features) = change.weight.dim();
    let mut joined = Array2::zeros((outputs, features + 1));
    joined.slice_mut(s![.., ..features]).assign(&change.weight);
    joined.column_mut(features).assign(bias);
    factor.solve_right_in_place(&mut joined.view_mut());
    change.weight.assign(&joined.slice(s![.., ..features]));
    bias.assign(&joined.column(features));
}

/// The same solution from the n x n dual system, for fewer samples than inputs (n < d).
///
/// With `C = diag(shift, …, bias_shift)`, `V~` the inputs with the row of ones and
/// `M = I + rho V~' C^-1 V~`:  `D = H C^-1 + rho (E - H C^-1 V~) M^-1 V~' C^-1`, where the
/// right-hand side is `H + rho E V~'`. `H` comes in as `change` (its bias part is zero), `E`
/// (outputs x n) is the linear residual.
pub fn solve_dual<T: Real>(
    ridge: Ridge,
    inputs: ArrayView2<'_, T>,
    residual: ArrayView2<'_, T>,
    change: &mut Change<T>,
    memory: &mut Vec<T>,
) -> Result<(), NotPositiveDefinite> {
    let samples = inputs.ncols();
    let scale = T::from_f64(1.0 / ridge.shift);
    let mut system = take_matrix(memory, samples, samples);
    gram_of_columns(
        T::from_f64(ridge.rho / ridge.shift),
        inputs,
        system.view_mut(),
    );
    if change.bias.is_some() {
        let ones = T::from_f64(ridge.rho / ridge.bias_shift);
        system.mapv_inplace(|entry| entry + ones);
    }
    system.diag_mut().mapv_inplace(|entry| entry + T::one());
    let factor = Cholesky::factor(system)?;
    change.weight.mapv_inplace(|entry| entry * scale);
    let mut rest = residual.to_owned();
    product(
        -T::one(),
        change.weight.view(),
        inputs,
        Accumulate::Add,
        rest.view_mut(),
    );
    factor.solve_right_in_place(&mut rest.view_mut());
    product(
        T::from_f64(ridge.rho / ridge.shift),
        rest.view(),
        inputs.reversed_axes(),
        Accumulate::Add,
        change.weight.view_mut(),
    );
    if let Some(bias) = &mut change.bias {
        let factor = ridge.rho / ridge.bias_shift;
        for (entry, row) in bias.iter_mut().zip(rest.rows()) {
            let sum: f64 = row.iter().map(|value| value.widen()).sum();
            *entry = T::from_f64(factor * sum);
        }
    }
    *memory = factor.into_storage().into_raw_vec_and_offset().0;
    Ok(())
}

/// The factored system of the first layer. Its inputs never change, so that it is factored again
/// only when the regularisation changes (tau continuation). In `f64` for both precisions: these
/// systems are badly conditioned (raw features), and the work is small.
#[derive(Debug)]
pub struct FirstLayerSystem {
    gram: Array2<f64>,
    factored: Option<(Ridge, Cholesky<f64>)>,
}

impl FirstLayerSystem {
    /// The system for the inputs of `data`.
    pub fn new<T: Real>(layer: &Layer, data: &TrainingData<T>, bias: bool) -> Self {
        let gram = data.input_gram(layer);
        if !bias {
            return Self {
                gram,
                factored: None,
            };
        }
        let features = gram.nrows();
        let mut bordered = Array2::zeros((features + 1, features + 1));
        bordered.slice_mut(s![..features, ..features]).assign(&gram);
        for (feature, sum) in data.input_sums(layer).into_iter().enumerate() {
            bordered[(features, feature)] = sum;
        }
        bordered[(features, features)] = (layer.positions() * data.train.len()) as f64;
        Self {
            gram: bordered,
            factored: None,
        }
    }

    /// Solves `D [ shift I + rho X X' ] = G` in place.
    pub fn solve<T: Real>(
        &mut self,
        ridge: Ridge,
        change: &mut Change<T>,
    ) -> Result<(), NotPositiveDefinite> {
        let factor = match &mut self.factored {
            Some((known, factor)) if *known == ridge => factor,
            slot => {
                let mut system = &self.gram * ridge.rho;
                shift_diagonal(system.diag_mut(), ridge, change.weight.ncols());
                &mut slot.insert((ridge, Cholesky::factor(system)?)).1
            }
        };
        let mut wide = Change {
            weight: change.weight.mapv(T::widen),
            bias: change.bias.as_ref().map(|bias| bias.mapv(T::widen)),
        };
        solve_bordered(factor, &mut wide);
        change.weight = wide.weight.mapv(T::from_f64);
        change.bias = wide.bias.map(|bias| bias.mapv(T::from_f64));
        Ok(())
    }
}
