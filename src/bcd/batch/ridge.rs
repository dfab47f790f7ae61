//! The ridge systems of the weight updates, in double precision whatever that of the data: the systems are small and can be
//! badly conditioned. In single precision rounding makes a step too long in directions in which the inputs hardly vary, and
//! over-relaxation then raises the objective; or the regularisation is lost, and nothing can be solved at all.

use ndarray::{Array1, Array2, ArrayView2, s};

use super::system::{gram_in_double, sums_of_rows};
use crate::linalg::{Accumulate, Cholesky, NotPositiveDefinite, Real, gram_of_columns, product};
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
pub struct Change {
    /// Shape of the weight.
    pub weight: Array2<f64>,
    /// One number per output.
    pub bias: Option<Array1<f64>>,
}

impl Change {
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
/// `bias_shift` instead of `shift`. The system is in double precision, as that of the first layer.
pub fn solve_primal<T: Real>(
    ridge: Ridge,
    inputs: ArrayView2<'_, T>,
    change: &mut Change,
) -> Result<(), NotPositiveDefinite> {
    let sums = change.bias.is_some().then(|| sums_of_rows(inputs));
    let gram = bordered(gram_in_double(inputs), sums, inputs.ncols());
    let factor = factor(&gram, ridge, inputs.nrows())?;
    solve_bordered(&factor, change);
    Ok(())
}

/// The lower triangle of the Gram matrix of inputs with a row of ones below them, if their sums are given.
fn bordered(gram: Array2<f64>, sums: Option<Vec<f64>>, columns: usize) -> Array2<f64> {
    let Some(sums) = sums else {
        return gram;
    };
    let features = gram.nrows();
    let mut bordered = Array2::zeros((features + 1, features + 1));
    bordered.slice_mut(s![..features, ..features]).assign(&gram);
    bordered
        .slice_mut(s![features, ..features])
        .assign(&Array1::from_vec(sums));
    bordered[(features, features)] = columns as f64;
    bordered
}

/// The factor of `shift I + rho` times a (bordered) Gram matrix.
fn factor(
    gram: &Array2<f64>,
    ridge: Ridge,
    features: usize,
) -> Result<Cholesky<f64>, NotPositiveDefinite> {
    let mut system = gram * ridge.rho;
    for (index, entry) in system.diag_mut().iter_mut().enumerate() {
        *entry += if index < features {
            ridge.shift
        } else {
            ridge.bias_shift
        };
    }
    Ok(Cholesky::factor_near(&system)?.0)
}

/// Solves for the weight and the bias together.
fn solve_bordered(factor: &Cholesky<f64>, change: &mut Change) {
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
    change: &mut Change,
) -> Result<(), NotPositiveDefinite> {
    let inputs = inputs.mapv(T::widen);
    let samples = inputs.ncols();
    let mut system = Array2::zeros((samples, samples));
    gram_of_columns(ridge.rho / ridge.shift, inputs.view(), system.view_mut());
    if change.bias.is_some() {
        system += ridge.rho / ridge.bias_shift;
    }
    system.diag_mut().mapv_inplace(|entry| entry + 1.0);
    let (factor, _) = Cholesky::factor_near(&system)?;
    change.weight /= ridge.shift;
    let mut rest = residual.mapv(T::widen);
    let add = Accumulate::Add;
    product(
        -1.0,
        change.weight.view(),
        inputs.view(),
        add,
        rest.view_mut(),
    );
    factor.solve_right_in_place(&mut rest.view_mut());
    let scale = ridge.rho / ridge.shift;
    let weight = change.weight.view_mut();
    product(scale, rest.view(), inputs.t(), add, weight);
    if let Some(bias) = &mut change.bias {
        let factor = ridge.rho / ridge.bias_shift;
        for (entry, row) in bias.iter_mut().zip(rest.rows()) {
            *entry = factor * row.sum();
        }
    }
    Ok(())
}

/// The factored system of the first layer. Its inputs never change, so that it is factored again
/// only when the regularisation changes (tau continuation).
#[derive(Debug)]
pub struct FirstLayerSystem {
    gram: Array2<f64>,
    factored: Option<(Ridge, Cholesky<f64>)>,
}

impl FirstLayerSystem {
    /// The system for the inputs of `data`.
    pub fn new<T: Real>(layer: &Layer, data: &TrainingData<T>, bias: bool) -> Self {
        let sums = bias.then(|| data.input_sums(layer));
        let columns = layer.positions() * data.train.len();
        Self {
            gram: bordered(data.input_gram(layer), sums, columns),
            factored: None,
        }
    }

    /// Solves `D [ shift I + rho X X' ] = G` in place.
    pub fn solve(&mut self, ridge: Ridge, change: &mut Change) -> Result<(), NotPositiveDefinite> {
        let factor = match &mut self.factored {
            Some((known, factor)) if *known == ridge => factor,
            slot => {
                let factored = factor(&self.gram, ridge, change.weight.ncols())?;
                &mut slot.insert((ridge, factored)).1
            }
        };
        solve_bordered(factor, change);
        Ok(())
    }
}
