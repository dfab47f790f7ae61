//! The objective never rises, by as much as the theory promises; and a rise is counted.

use nnbcd::bcd::{Coupling, SolverSettings};
use nnbcd::linalg::Real;

use crate::blocks::Blocks;
use crate::cases::{Case, METHODS, decay_per_layer};

fn assert_descent<T: Real>(case: &Case) {
    let mut solver = case.solver::<T>();
    while solver.termination().is_none() {
        let row = solver.iterate().unwrap();
        assert_eq!(
            row.descent_violations, 0,
            "iteration {} of {case:?}",
            row.iteration
        );
    }
}

#[test]
fn the_objective_falls_in_every_iteration_of_every_combination() {
    for compression in METHODS {
        for variant in 0..32_u64 {
            let on = |bit: u32| variant >> bit & 1 == 1;
            let mut case = Case {
                compression,
                bias: on(0),
                seed: 10 + variant,
                ..Case::default()
            };
            if on(1) {
                case = case.with_convolution();
            }
            case.solver.tau_final = on(2).then_some(200.0);
            case.solver.gamma_final = on(0).then_some(20.0);
            case.solver.rho_final = on(2).then_some(0.1);
            if on(3) {
                case.solver.weight_decay = decay_per_layer();
            }
            case.solver.compress_after = if on(4) { 4 } else { 0 };
            case.solver.relaxation = if variant.count_ones() % 2 == 0 {
                1.9
            } else {
                1.0
            };
            assert_descent::<f64>(&case);
            assert_descent::<f32>(&case);
        }
    }
}

/// `F_{k-1} - F_k >= c |step|^2` over `W`, `U` and `V` with `c` from each block: a quadratic with a
/// curvature of at least `m` and a proximal weight `a` falls by `(m / omega + a / omega - m / 2) |step|^2`,
/// with `m = 0`, `a = alpha` (W), `m = rho`, `a = alpha` (U of a hidden layer where it is relaxed), `m = gamma`,
/// `a = 0` (V of a hidden layer), `m = gamma + rho`, `a = 0` (U of the output), `m = 1 + gamma`, `a = alpha`
/// (V of the output); an entry of U that is not relaxed falls by `alpha / 2`.
#[test]
fn the_objective_falls_by_a_multiple_of_the_squared_step() {
    for compression in METHODS {
        for (bias, omega) in [(false, 1.0), (true, 1.0), (false, 1.8), (true, 0.5)] {
            let mut case = Case {
                bias,
                compression,
                ..Case::default()
            };
            case.solver.relaxation = omega;
            let SolverSettings { gamma, alpha, .. } = case.solver;
            let rate = (alpha / 2.0).min(gamma * (1.0 / omega - 0.5));
            let mut solver = case.solver::<f64>();
            let mut before = Blocks::of(&solver);
            for _ in 0..case.solver.iterations {
                solver.iterate().unwrap();
                let after = Blocks::of(&solver);
                let fall = before.objective(&case.solver) - after.objective(&case.solver);
                let (moved, _) = after.squared_steps(&before);
                assert!(moved > 0.0);
                assert!(fall >= rate * moved, "fall {fall} step {moved} of {case:?}");
                before = after;
            }
        }
    }
}

/// With `coupling: hard` there is no guarantee: the counter must agree with the objectives.
#[test]
fn rises_of_the_objective_are_counted() {
    fn counted<T: Real>(compression: &'static str) -> usize {
        let mut case = Case {
            compression,
            ..Case::default()
        };
        case.solver.coupling = Coupling::Hard;
        case.solver.tau = 0.01;
        case.solver.alpha = 0.01;
        case.solver.iterations = 40;
        let mut solver = case.solver::<T>();
        let mut last = solver.measurement().objective;
        let mut expected = 0;
        while solver.termination().is_none() {
            let row = solver.iterate().unwrap();
            expected += usize::from(row.objective > last * (1.0 + T::DESCENT_TOLERANCE));
            assert_eq!(row.descent_violations, expected, "{compression}");
            last = row.objective;
        }
        expected
    }
    let total: usize = METHODS[1..]
        .iter()
        .map(|method| counted::<f64>(method) + counted::<f32>(method))
        .sum();
    assert!(total > 4, "the objective hardly ever rose: {total}");
}

/// The sums that the updates carry along stay those of the blocks.
#[test]
fn the_reported_objective_does_not_drift_away_from_the_blocks() {
    fn drift<T: Real>(case: &Case) -> f64 {
        let mut solver = case.solver::<T>();
        while solver.termination().is_none() {
            solver.iterate().unwrap();
        }
        let reported = solver.measurement().objective;
        let objective = Blocks::of(&solver).objective(&case.solver);
        (reported - objective).abs() / objective
    }
    for compression in METHODS {
        for (convolution, relaxation) in [(false, 1.0), (false, 1.7), (true, 1.7)] {
            let mut case = Case {
                compression,
                bias: true,
                ..Case::default()
            };
            if convolution {
                case = case.with_convolution();
            }
            case.solver.iterations = 300;
            case.solver.relaxation = relaxation;
            case.solver.weight_decay = decay_per_layer();
            let (double, single) = (drift::<f64>(&case), drift::<f32>(&case));
            assert!(double < 1e-11, "{double:e}: {case:?}");
            assert!(single < 1e-5, "{single:e}: {case:?}");
        }
    }
}

/// What over-relaxation is for: fewer iterations.
#[test]
fn relaxed_blocks_are_further_after_the_same_number_of_iterations() {
    let objective = |omega: f64, convolution: bool| {
        let mut case = Case {
            compression: METHODS[1],
            samples: 90,
            ..Case::default()
        };
        if convolution {
            case = case.with_convolution();
        }
        case.solver.relaxation = omega;
        case.solver.iterations = 40;
        let mut solver = case.solver::<f64>();
        while solver.termination().is_none() {
            solver.iterate().unwrap();
        }
        solver.measurement().objective
    };
    for convolution in [false, true] {
        let [under, plain, over] = [0.5, 1.0, 1.7].map(|omega| objective(omega, convolution));
        assert!(
            over < plain && plain < under,
            "{over} {plain} {under}, convolution: {convolution}"
        );
    }
}

/// A strong coupling brings `W` next to the set of `Z`: what is left of it is near the rounding of
/// single precision, where a projection that is not exact would raise the objective.
#[test]
fn single_precision_descends_with_a_strong_coupling_too() {
    for compression in METHODS {
        for tau in [1e2, 1e4] {
            let mut case = Case {
                compression,
                samples: 60,
                ..Case::default()
            };
            case.solver.tau = tau;
            case.solver.iterations = 60;
            assert_descent::<f32>(&case);
        }
    }
}
