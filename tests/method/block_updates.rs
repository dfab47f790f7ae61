//! Every block update is the exact minimiser of the objective and its proximal term, or derived from it by
//! over-relaxation.
//!
//! Each block is smooth and strictly convex but `U` of a hidden layer, so that a gradient of zero is
//! proof; the entries of `U` are compared with other candidates.

use ndarray::Array2;
use nnbcd::bcd::{Coupling, SolverSettings};
use nnbcd::linalg::Real;

use crate::blocks::{Blocks, rows};
use crate::cases::{Case, METHODS, SPARSE, decay_per_layer, every_kind, in_iteration, normal};
use crate::optimality::{activation_gradient, largest_excess, largest_gradient, norm};

fn check<T: Real>(case: &Case, gradient_limit: f64) {
    let mut solver = case.solver::<T>();
    let mut before = Blocks::of(&solver);
    for iteration in 1..=4 {
        solver.iterate().unwrap();
        let settings = &in_iteration(&case.solver, iteration);
        let after = Blocks::of(&solver);
        let gradient = largest_gradient(&before, &after, settings);
        assert!(
            gradient < gradient_limit,
            "gradient {gradient:e} in iteration {iteration} of {case:?}"
        );
        let excess = largest_excess(&before, &after, settings);
        assert!(
            excess < gradient_limit,
            "excess {excess:e} in iteration {iteration} of {case:?}"
        );
        before = after;
    }
}

fn check_both(case: &Case) {
    check::<f64>(case, 1e-14);
    check::<f32>(case, 3e-6);
}

#[test]
fn all_gradients_vanish_for_every_method_bias_and_convolution() {
    for case in every_kind() {
        check_both(&case);
    }
}

/// Where `W` itself has few non-zeros its products are sparse; both forms of the `V` update.
#[test]
fn the_gradient_of_the_activations_vanishes_with_sparse_weights() {
    fn largest<T: Real>(case: &Case) -> f64 {
        let mut solver = case.solver::<T>();
        let mut largest = 0.0_f64;
        for _ in 0..3 {
            let before = Blocks::of(&solver);
            solver.iterate().unwrap();
            let after = Blocks::of(&solver);
            for index in 0..case.hidden.len() {
                let gradient = activation_gradient(&before, &after, index, &case.solver);
                largest = largest.max(gradient);
            }
        }
        largest
    }
    for hidden in [vec![10, 16], vec![10, 17], vec![20, 9]] {
        let mut case = Case {
            hidden,
            samples: 300,
            bias: true,
            compression: SPARSE,
            ..Case::default()
        };
        case.solver.coupling = Coupling::Hard;
        assert!(largest::<f64>(&case) < 1e-14, "{case:?}");
        assert!(largest::<f32>(&case) < 3e-6, "{case:?}");
    }
}

/// More and fewer samples than the inputs of each layer: the primal and the dual weight update.
#[test]
fn all_gradients_vanish_for_wide_and_narrow_data() {
    for bias in [false, true] {
        for samples in [1, 5, 7, 8, 9, 11, 12, 13, 60] {
            let mut case = Case {
                bias,
                samples,
                compression: METHODS[3],
                ..Case::default()
            };
            case.solver.weight_decay = decay_per_layer();
            check_both(&case);
        }
    }
}

/// The next layer much wider, slightly wider, equal and narrower: both forms of the `V` update.
#[test]
fn all_gradients_vanish_for_widening_and_narrowing_networks() {
    for hidden in [
        vec![],
        vec![9],
        vec![2, 20],
        vec![10, 16],
        vec![10, 17],
        vec![20, 4],
        vec![1, 1],
        vec![3, 9, 4, 15],
    ] {
        for bias in [false, true] {
            check_both(&Case {
                hidden: hidden.clone(),
                bias,
                samples: 17,
                compression: METHODS[0],
                ..Case::default()
            });
        }
    }
}

#[test]
fn all_gradients_vanish_at_the_minimisers_that_relaxed_blocks_are_derived_from() {
    for omega in [0.3, 1.5, 1.97] {
        for mut case in every_kind() {
            case.solver.relaxation = omega;
            case.solver.weight_decay = decay_per_layer();
            check_both(&case);
        }
    }
    for (hidden, samples) in [(vec![10, 17], 30), (vec![20, 4], 5)] {
        let mut case = Case {
            hidden,
            samples,
            bias: true,
            ..Case::default()
        };
        case.solver.relaxation = 1.7;
        check_both(&case);
    }
}

#[test]
fn all_gradients_vanish_with_continuation_and_extreme_penalties() {
    for (gamma, rho, tau, alpha) in [
        (1e-2, 1e2, 1.0, 1e-2),
        (1e2, 1e-2, 1e3, 10.0),
        (5.0, 5.0, 0.1, 0.1),
    ] {
        let mut case = Case {
            compression: METHODS[1],
            bias: true,
            ..Case::default()
        };
        case.solver.gamma = gamma;
        case.solver.rho = rho;
        case.solver.tau = tau;
        case.solver.alpha = alpha;
        case.solver.gamma_final = Some(3.0 * gamma);
        case.solver.rho_final = Some(7.0 * rho);
        case.solver.tau_final = Some(50.0 * tau);
        check_both(&case);
    }
}

/// The primal and the dual weight update against one solution that knows neither.
#[test]
fn weights_solved_by_elimination_agree_just_above_and_below_the_change_of_path() {
    for bias in [false, true] {
        for samples in 10..=14 {
            let mut case = Case {
                samples,
                bias,
                compression: METHODS[2],
                ..Case::default()
            };
            case.solver.weight_decay = decay_per_layer();
            let mut solver = case.solver::<f64>();
            let before = Blocks::of(&solver);
            solver.iterate().unwrap();
            let after = Blocks::of(&solver);
            for index in 0..3 {
                let expected = eliminated(&before, &after, index, &case.solver);
                let deviation = norm(&(after.joined(index) - &expected)) / norm(&expected);
                assert!(
                    deviation < 1e-11,
                    "{deviation:e}: layer {index} of {case:?}"
                );
            }
        }
    }
}

/// The weight and bias from the normal equations of the definition.
fn eliminated(
    before: &Blocks,
    after: &Blocks,
    index: usize,
    settings: &SolverSettings,
) -> Array2<f64> {
    let columns = before.columns_of(index);
    let units = rows(&after.layers[index], &after.pre_activations[index]);
    let old = before.joined(index);
    let compressed = before.compressed[index].as_ref().unwrap();
    let mut right = settings.rho * units.dot(&columns.t()) + settings.alpha * &old;
    let mut system = settings.rho * columns.dot(&columns.t());
    let inputs = compressed.ncols();
    let mut own = right.slice_mut(ndarray::s![.., ..inputs]);
    own += &(settings.tau * compressed);
    let decay = settings.weight_decay.of_layer(index);
    for (entry, value) in system.diag_mut().iter_mut().enumerate() {
        *value += settings.alpha;
        if entry < inputs {
            *value += settings.tau + decay;
        }
    }
    eliminate(system, right.t().to_owned()).reversed_axes()
}

/// Gauss-Jordan elimination with row pivots: `A X = B`.
pub fn eliminate(mut a: Array2<f64>, mut b: Array2<f64>) -> Array2<f64> {
    let size = a.nrows();
    for pivot in 0..size {
        let best = (pivot..size)
            .max_by(|i, j| a[(*i, pivot)].abs().total_cmp(&a[(*j, pivot)].abs()))
            .unwrap();
        for matrix in [&mut a, &mut b] {
            for column in 0..matrix.ncols() {
                matrix.swap((pivot, column), (best, column));
            }
        }
        for row in (0..size).filter(|row| *row != pivot) {
            let factor = a[(row, pivot)] / a[(pivot, pivot)];
            for matrix in [&mut a, &mut b] {
                for column in 0..matrix.ncols() {
                    let above = matrix[(pivot, column)];
                    matrix[(row, column)] -= factor * above;
                }
            }
        }
    }
    for row in 0..size {
        let pivot = a[(row, row)];
        b.row_mut(row).mapv_inplace(|value| value / pivot);
    }
    b
}

/// The checks above would notice a block that is off by little.
#[test]
fn the_gradient_check_notices_a_small_error_in_any_block() {
    let case = Case {
        bias: true,
        compression: METHODS[3],
        ..Case::default()
    };
    let mut solver = case.solver::<f64>();
    let before = Blocks::of(&solver);
    solver.iterate().unwrap();
    let exact = Blocks::of(&solver);
    let gradient = |blocks: &Blocks| largest_gradient(&before, blocks, &case.solver);
    let clean = gradient(&exact);
    for index in 0..3 {
        let mut wrong = exact.clone();
        let shape = wrong.weights[index].dim();
        wrong.weights[index] += &(1e-8 * normal(shape.0, shape.1, 7));
        assert!(gradient(&wrong) > 1e3 * clean, "weight {index}");
        let mut wrong = exact.clone();
        let shape = wrong.activations[index].dim();
        wrong.activations[index] += &(1e-8 * normal(shape.0, shape.1, 8));
        assert!(gradient(&wrong) > 1e3 * clean, "activation {index}");
    }
}
