//! Alternating least squares over the cores of a tensor train, in the norm of the data.
//!
//! The row modes of a train come first and then the column modes. Where a bond of rank `r` falls on
//! the boundary between them (as with `modes: auto`), `W = P Q` with `P` m x r and `Q` r x d:
//!
//! * rows: with `Q A Q' = C C'` and `Q^ = C^-1 Q` the quadratic in `P^ = P C` is
//!   `1/2 |P^ - B Q^'|^2`, an ordinary projection onto the trains of the row modes and a last mode `r`;
//! * columns: with orthonormal columns in `P` it is `1/2 tr(Q A Q') - tr(Q (P' B)')`, of r rows instead
//!   of m, over the trains of the column modes.
//!
//! `A` couples all column modes, so that the normal equations of a column core have no structure and
//! as many unknowns as the core; they are solved by conjugate gradients, whose every step lowers the
//! quadratic. Without such a bond the whole train is treated like the columns, with m rows.

use ndarray::Array2;

use super::{inner, times};
use crate::compress::tensor_train::{
    TensorTrain, contract, extend_right, reshape, transposed_product,
};
use crate::compress::{Projected, ProjectionError, Quadratic, Stored};
use crate::linalg::{Accumulate, Cholesky, Real, orthonormal_columns, product};

/// Steps of conjugate gradients for one core. The next iteration of the solver goes on from there.
const MOST_STEPS: usize = 12;

/// Squared gradient, relative to the first one, at which a core counts as minimised.
const SQUARED_TOLERANCE: f64 = 1e-20;

/// One sweep from `train`, which holds `W_0`; `rank` is its largest rank.
pub(super) fn minimise<T: Real>(
    quadratic: &Quadratic<'_>,
    train: &TensorTrain<T>,
    rank: usize,
) -> Result<Projected<T>, ProjectionError> {
    let linear = quadratic.linear();
    let train = train.converted::<f64>();
    let cores = match train.boundary() {
        Some(cut) => improve_both(quadratic, &linear, &train, cut, rank)?,
        None => improve_cores(quadratic, &linear, &train),
    };
    let train = with_cores(quadratic.start.dim(), train.modes().to_vec(), cores).converted();
    Ok(Projected {
        dense: train.dense(),
        stored: Stored::TensorTrain(train),
    })
}

fn with_cores(
    shape: (usize, usize),
    modes: Vec<usize>,
    cores: Vec<Array2<f64>>,
) -> TensorTrain<f64> {
    TensorTrain::from_cores(shape, modes, cores).expect("a sweep keeps modes and ranks")
}

/// `W = P Q`: first the `cut` cores of `P`, then those of `Q`.
fn improve_both(
    quadratic: &Quadratic<'_>,
    linear: &Array2<f64>,
    train: &TensorTrain<f64>,
    cut: usize,
    rank: usize,
) -> Result<Vec<Array2<f64>>, ProjectionError> {
    let (outputs, inputs) = quadratic.start.dim();
    let (row_modes, column_modes) = train.modes().split_at(cut);
    let (row_cores, column_cores) = train.cores().split_at(cut);
    let bond = row_cores[cut - 1].ncols();
    let right = reshape(contract(column_cores, bond), (bond, inputs));
    // `P^`, its target and `Q^`. Where `Q` has dependent rows, no `Q^` exists and `P` stays.
    let gram = times(&times(&right, quadratic.matrix), &transposed(&right));
    let (last, mut head, target) = match Cholesky::factor(gram) {
        Ok(factor) => {
            let mut whitened = right;
            factor.solve_lower_in_place(&mut whitened.view_mut());
            let target = times(linear, &transposed(&whitened));
            let mut head = head_of(&column_cores[0], bond);
            factor.solve_lower_in_place(&mut head.view_mut());
            (factor.lower(), head, target)
        }
        Err(_) => (
            Array2::eye(bond),
            head_of(&column_cores[0], bond),
            contract(row_cores, 1),
        ),
    };
    let modes = [row_modes, &[bond]].concat();
    let cores = [row_cores, &[reshape(last, (bond * bond, 1))]].concat();
    let mut row_cores = projected(&target, with_cores((outputs, bond), modes, cores), rank)?;
    let middle = row_cores.pop().expect("the last core was appended above");
    head = times(&reshape(middle, (bond, bond)), &head);

    let mut modes = column_modes.to_vec();
    modes[0] *= bond;
    let mut cores = column_cores.to_vec();
    cores[0] = reshape(head, cores[0].dim());
    let columns = with_cores((bond, inputs), modes, cores);
    let linear = transposed_product(&contract(&row_cores, 1), linear);
    row_cores.extend(improve_cores(quadratic, &linear, &columns));
    Ok(row_cores)
}

/// The first core of `Q` as `bond` rows.
fn head_of(core: &Array2<f64>, bond: usize) -> Array2<f64> {
    reshape(core.clone(), (bond, core.len() / bond))
}

fn transposed(a: &Array2<f64>) -> Array2<f64> {
    a.t().as_standard_layout().into_owned()
}

/// Cores of a train at least as near to `target` as `start`; all but the last have orthonormal
/// columns. A sweep begins at `start` or at the TT-SVD of the target, whichever is nearer.
fn projected(
    target: &Array2<f64>,
    start: TensorTrain<f64>,
    rank: usize,
) -> Result<Vec<Array2<f64>>, ProjectionError> {
    let distance = |train: &TensorTrain<f64>| {
        let difference = train.dense() - target;
        inner(&difference, &difference)
    };
    let fresh = TensorTrain::project(target.view(), start.modes(), rank)?;
    let nearer = if distance(&fresh) <= distance(&start) {
        fresh
    } else {
        start
    };
    Ok(nearer.improved(target.view()).cores().to_vec())
}

/// One sweep over all cores of a train that stands for `Q` (p x d): each in turn lowers
/// `1/2 tr(Q A Q') - tr(Q B')` with the others fixed.
///
/// With an orthonormal basis of what lies to the left of the core and of what lies to its right, the
/// core is the projection of `Q` onto both, and so is its gradient `B - Q A`.
fn improve_cores(
    quadratic: &Quadratic<'_>,
    linear: &Array2<f64>,
    train: &TensorTrain<f64>,
) -> Vec<Array2<f64>> {
    if train.cores().len() == 1 {
        // A single core is any matrix: the minimiser `Q = B A^-1`.
        let mut whole = linear.clone();
        quadratic.factor.solve_right_in_place(&mut whole.view_mut());
        let entries = whole.len();
        return vec![reshape(whole, (entries, 1))];
    }
    let mut right = train.right_interfaces();
    right.push(Array2::eye(1));
    let mut point = train.dense();
    let mut left = Array2::eye(1);
    let mut cores = Vec::with_capacity(right.len());
    for (position, (mode, right)) in train.modes().iter().zip(&right).enumerate() {
        let core = OneCore {
            left: &left,
            mode: *mode,
            right,
        };
        let fitted = core.minimise(&mut point, quadratic.matrix, linear);
        if position + 1 == train.cores().len() {
            cores.push(fitted);
            break;
        }
        let basis = orthonormal_columns(fitted.view());
        left = extend_right(left, &basis);
        cores.push(basis);
    }
    cores
}

/// A core between orthonormal bases: `Q = (left x I) core right'`.
struct OneCore<'a> {
    /// `(n_1 … n_{k-1}) x r_{k-1}`
    left: &'a Array2<f64>,
    /// `n_k`
    mode: usize,
    /// `(n_{k+1} … n_d) x r_k`
    right: &'a Array2<f64>,
}

impl OneCore<'_> {
    /// The `Q` of a core.
    fn expand(&self, core: &Array2<f64>, shape: (usize, usize)) -> Array2<f64> {
        let rows = extend_right(self.left.clone(), core);
        let mut whole = Array2::zeros((rows.nrows(), self.right.nrows()));
        product(
            1.0,
            rows.view(),
            self.right.t(),
            Accumulate::Replace,
            whole.view_mut(),
        );
        reshape(whole, shape)
    }

    /// The transpose of [`Self::expand`]: the core of the projection of `Q`.
    fn restrict(&self, whole: &Array2<f64>) -> Array2<f64> {
        let ((before, rank), after) = (self.left.dim(), self.right.ncols());
        let rows = reshape(whole.clone(), (before * self.mode, self.right.nrows()));
        let rows = reshape(times(&rows, self.right), (before, self.mode * after));
        reshape(
            transposed_product(self.left, &rows),
            (rank * self.mode, after),
        )
    }

    /// Conjugate gradients from the core of `point`, which moves along.
    fn minimise(
        &self,
        point: &mut Array2<f64>,
        matrix: &Array2<f64>,
        linear: &Array2<f64>,
    ) -> Array2<f64> {
        let mut core = self.restrict(point);
        let mut descent = self.restrict(&(linear - &times(point, matrix)));
        let mut direction = descent.clone();
        let mut squared = inner(&descent, &descent);
        let enough = SQUARED_TOLERANCE * squared;
        for _ in 0..MOST_STEPS {
            let whole = self.expand(&direction, point.dim());
            let image = times(&whole, matrix);
            let curvature = inner(&whole, &image);
            if squared <= enough || curvature <= 0.0 {
                break;
            }
            let length = squared / curvature;
            core.scaled_add(length, &direction);
            point.scaled_add(length, &whole);
            descent.scaled_add(-length, &self.restrict(&image));
            let previous = std::mem::replace(&mut squared, inner(&descent, &descent));
            direction = direction * (squared / previous) + &descent;
        }
        core
    }
}
