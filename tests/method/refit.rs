//! `refit`: the last iteration leaves the blocks of the network itself, which fits no worse than before.

use ndarray::Array2;
use nnbcd::bcd::{Coupling, Solver, SolverSettings, StopSettings, Termination};
use nnbcd::compress::Projected;
use nnbcd::linalg::Real;

use crate::blocks::{Blocks, relu, rows, squares};
use crate::cases::{Case, decay_per_layer, every_kind, in_iteration};

const COUPLINGS: [Coupling; 3] = [Coupling::Penalty, Coupling::Hard, Coupling::Constrained];

fn all_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for coupling in COUPLINGS {
        // The last one: compression takes part in the refit only.
        for compress_after in [0, 3, 11] {
            for mut case in every_kind() {
                case.solver.coupling = coupling;
                case.solver.compress_after = compress_after;
                case.solver.weight_decay = decay_per_layer();
                case.solver.refit = true;
                cases.push(case);
            }
        }
    }
    cases
}

/// `f(X)` of the network that is shipped: `Z` where there is one.
fn outputs(blocks: &Blocks) -> Array2<f64> {
    let mut shipped = blocks.clone();
    for (weight, compressed) in shipped.weights.iter_mut().zip(&blocks.compressed) {
        if let Some(compressed) = compressed {
            weight.assign(compressed);
        }
    }
    let last = shipped.layers.len() - 1;
    for layer in 0..=last {
        let products = shipped.joined(layer).dot(&shipped.columns_of(layer));
        let units = rows_back(&shipped, layer, &products);
        shipped.activations[layer] = if layer < last { relu(&units) } else { units };
    }
    shipped.activations.remove(last)
}

/// The inverse of [`rows`]: from one column per position and sample to one per sample.
fn rows_back(blocks: &Blocks, layer: usize, columns: &Array2<f64>) -> Array2<f64> {
    let shape = blocks.pre_activations[layer].dim();
    let mut units = Array2::zeros(shape);
    let numbers = Array2::from_shape_fn(shape, |(row, column)| (row * shape.1 + column) as f64);
    for (value, position) in columns
        .iter()
        .zip(rows(&blocks.layers[layer], &numbers).iter())
    {
        let position = *position as usize;
        units[(position / shape.1, position % shape.1)] = *value;
    }
    units
}

/// `1/2 |f(X) - Y|^2 + sum lambda_i/2 |W_i|^2` of the network that is shipped.
fn objective(blocks: &Blocks, settings: &SolverSettings) -> f64 {
    let weights = blocks.weights.iter().zip(&blocks.compressed);
    let decay: f64 = weights
        .enumerate()
        .map(|(index, (weight, compressed))| {
            let shipped = compressed.as_ref().unwrap_or(weight);
            settings.weight_decay.of_layer(index) * squares(shipped)
        })
        .sum();
    0.5 * (squares(&(outputs(blocks) - &blocks.targets)) + decay)
}

fn parameters<T: Real>(solver: &Solver<T>) -> usize {
    let layers = solver.compressed().iter().flatten();
    layers.map(Projected::parameters).sum()
}

fn run<T: Real>(case: &Case) -> Solver<T> {
    let mut solver = case.solver::<T>();
    while solver.termination().is_none() {
        solver.iterate().unwrap();
    }
    solver
}

#[test]
fn the_last_row_is_that_of_the_network_itself() {
    fn check<T: Real>(case: &Case, tolerance: f64) {
        let solver = run::<T>(case);
        let row = solver.measurement();
        assert_eq!(row.iteration, case.solver.iterations);
        assert_eq!(row.sums.activation_residual(), 0.0, "{case:?}");
        assert_eq!(row.sums.linear_residual(), 0.0, "{case:?}");
        assert_eq!(row.sums.compression_residual(), 0.0, "{case:?}");
        let expected = objective(&Blocks::of(&solver), &case.solver);
        let error = (row.objective - expected).abs() / expected;
        assert!(error <= tolerance, "{error:e} of {case:?}");
    }
    for case in all_cases() {
        check::<f64>(&case, 1e-12);
        check::<f32>(&case, 1e-5);
    }
}

#[test]
fn the_network_gets_better_and_never_worse() {
    let (mut better, mut total) = (0, 0);
    for case in all_cases() {
        let mut solver = case.solver::<f64>();
        for _ in 1..case.solver.iterations {
            solver.iterate().unwrap();
        }
        let compressed = solver.compressed().iter().any(Option::is_some);
        let before = objective(&Blocks::of(&solver), &case.solver);
        let (size, violations) = (parameters(&solver), solver.measurement().descent_violations);
        let row = solver.iterate().unwrap();
        assert_eq!(row.descent_violations, violations, "{case:?}");
        if compressed || case.solver.compress_after < 11 {
            let after = objective(&Blocks::of(&solver), &case.solver);
            assert!(after <= before * (1.0 + 1e-12), "{before} {after} {case:?}");
            (better, total) = (better + usize::from(after < 0.99 * before), total + 1);
            assert_eq!(parameters(&solver), size, "{case:?}");
        }
    }
    assert!(better * 4 > total * 3, "{better} of {total}");
}

/// A layer that is not compressed takes the ridge solution for its targets and what it really reads, or
/// stays: the gradient vanishes there. A refit is not relaxed.
#[test]
fn dense_layers_are_fitted_to_what_they_really_read() {
    let (mut hidden, mut output) = (0, 0);
    for mut case in all_cases() {
        case.solver.rho_final = Some(7.0);
        case.solver.relaxation = 1.8;
        let mut solver = case.solver::<f64>();
        for _ in 1..case.solver.iterations {
            solver.iterate().unwrap();
        }
        let settings = in_iteration(&case.solver, case.solver.iterations);
        let before = Blocks::of(&solver);
        solver.iterate().unwrap();
        let after = Blocks::of(&solver);
        for index in 0..after.layers.len() {
            if after.compressed[index].is_some() || after.weights[index] == before.weights[index] {
                continue;
            }
            let targets = if after.is_hidden(index) {
                hidden += 1;
                &before.pre_activations[index]
            } else {
                output += 1;
                &after.targets
            };
            let targets = rows(&after.layers[index], targets);
            assert_ridge_solution(&settings, index, [&before, &after], &targets);
        }
    }
    assert!(hidden > 20 && output > 30, "{hidden} {output}");
}

fn assert_ridge_solution(
    settings: &SolverSettings,
    index: usize,
    [before, after]: [&Blocks; 2],
    targets: &Array2<f64>,
) {
    let columns = after.columns_of(index);
    let joined = after.joined(index);
    let mut gradient = settings.rho * (joined.dot(&columns) - targets).dot(&columns.t());
    gradient += &(settings.alpha * (&joined - &before.joined(index)));
    let weights = &after.weights[index];
    gradient
        .slice_mut(ndarray::s![.., ..weights.ncols()])
        .scaled_add(settings.weight_decay.of_layer(index), weights);
    let scale = squares(&targets.dot(&columns.t()));
    assert!(squares(&gradient) <= 1e-20 * scale, "{index}: {settings:?}");
}

#[test]
fn a_run_that_settles_is_refitted_and_then_ends() {
    for mut case in every_kind() {
        case.solver.refit = true;
        case.solver.iterations = 500;
        case.solver.stop = Some(StopSettings { step_below: 0.5 });
        let mut solver = case.solver::<f64>();
        let mut settled = None;
        while solver.termination().is_none() {
            let row = solver.iterate().unwrap();
            if settled.is_none() && row.step < 0.5 {
                settled = Some(row.iteration);
            }
        }
        let ended = solver.measurement();
        assert_eq!(Some(ended.iteration), settled.map(|k| k + 1), "{case:?}");
        assert_eq!(ended.sums.linear_residual(), 0.0);
        assert_eq!(solver.termination(), Some(Termination::StepBelow(0.5)));
        // From its checkpoint too.
        let bytes = solver.checkpoint().pieces().concat();
        let resumed = Solver::<f64>::resume(case.problem(), &bytes).unwrap();
        assert_eq!(resumed.termination(), solver.termination());
    }
}

#[test]
fn with_refit_every_others_before_the_last_are_refits_too() {
    for mut case in all_cases() {
        let dense = case.solver.compress_after;
        case.solver.refit_every = Some(3);
        case.solver.rho_final = Some(4.0);
        let mut solver = case.solver::<f64>();
        let mut refits = 0;
        while solver.termination().is_none() {
            let row = solver.iterate().unwrap();
            let number = row.iteration;
            let residuals = row.sums.activation_residual() + row.sums.linear_residual();
            let expected = number > dense && (number - dense) % 3 == 0 || number == 12;
            assert_eq!(residuals == 0.0, expected, "{number} of {case:?}");
            refits += usize::from(expected);
            if case.solver.coupling != Coupling::Hard {
                assert_eq!(row.descent_violations, 0, "{case:?}");
            }
        }
        assert_eq!(refits, case.solver.refits(), "{case:?}");
    }
}

#[test]
fn only_a_run_that_has_settled_ends_with_a_refit_on_the_schedule() {
    for mut case in every_kind() {
        case.solver.refit = true;
        case.solver.refit_every = Some(4);
        case.solver.iterations = 11;
        case.solver.stop = Some(StopSettings { step_below: 1e-9 });
        let solver = run::<f64>(&case);
        assert_eq!(solver.measurement().iteration, 11);
        assert_eq!(solver.termination(), Some(Termination::Iterations));
        // Settled from the first iteration on: a refit of its own, or one that is due anyway.
        for every in [2, 3] {
            case.solver.refit_every = Some(every);
            case.solver.stop = Some(StopSettings { step_below: 1e9 });
            let solver = run::<f64>(&case);
            assert_eq!(solver.measurement().iteration, 2);
            assert_eq!(solver.termination(), Some(Termination::StepBelow(1e9)));
        }
    }
}
