//! `coupling: constrained`: the weight stays in its set, its update is a minimiser there, and the
//! objective falls in every iteration.

use ndarray::{Array2, s};
use nnbcd::bcd::{Coupling, SolverSettings};
use nnbcd::compress::{LayerCompression, LowRank, Projected, Quadratic, Stored, TensorTrain};
use nnbcd::linalg::{Cholesky, Real, symmetric_eigen};
use proptest::prelude::*;

use crate::block_updates::eliminate;
use crate::blocks::{Blocks, rows, squares};
use crate::cases::{Case, METHODS, decay_per_layer, in_iteration, normal};

/// Beside all methods: a bond that misses the boundary between rows and columns, a single core, and
/// one column core.
const TRAINS: [&str; 3] = [
    r#"{"method": "tensor-train", "rank": 3, "layers": [0], "modes": [[3, 8, 4]]}"#,
    r#"{"method": "tensor-train", "rank": 3, "layers": [0], "modes": [[96]]}"#,
    r#"{"method": "tensor-train", "rank": 3, "layers": [0], "modes": [[2, 4, 12]]}"#,
];

fn constrained(compression: &'static str, bias: bool) -> Case {
    let mut case = Case {
        bias,
        compression,
        ..Case::default()
    };
    case.solver.coupling = Coupling::Constrained;
    case.solver.weight_decay = decay_per_layer();
    case
}

fn all_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for bias in [false, true] {
        for compression in METHODS {
            let case = constrained(compression, bias);
            cases.extend([case.clone(), case.with_convolution()]);
        }
        cases.extend(TRAINS.map(|train| constrained(train, bias)));
        // Fewer samples than inputs.
        cases.extend(METHODS.map(|method| Case {
            samples: 5,
            ..constrained(method, bias)
        }));
    }
    cases
}

#[test]
fn the_objective_falls_in_every_iteration() {
    fn check<T: Real>(case: &Case) {
        let mut solver = case.solver::<T>();
        while solver.termination().is_none() {
            let row = solver.iterate().unwrap();
            assert_eq!(row.descent_violations, 0, "{} of {case:?}", row.iteration);
            assert_eq!(row.sums.compression_residual(), 0.0, "{case:?}");
        }
    }
    for mut case in all_cases() {
        for compress_after in [0, 4] {
            case.solver.compress_after = compress_after;
            case.solver.iterations = 80;
            case.solver.relaxation = if compress_after == 0 { 1.9 } else { 1.0 };
            check::<f64>(&case);
            check::<f32>(&case);
        }
    }
}

/// `F_{k-1} - F_k >= c |step|^2` with the objective of the definition: half of `alpha` for `W`, because
/// the update lowers the objective with the proximal term from a point of the set.
#[test]
fn the_objective_falls_by_a_multiple_of_the_squared_step() {
    let relaxed = all_cases().into_iter().map(|mut case| {
        case.solver.relaxation = 1.8;
        case
    });
    for case in all_cases().into_iter().chain(relaxed) {
        let SolverSettings {
            gamma,
            alpha,
            relaxation,
            ..
        } = case.solver;
        let rate = (alpha / 2.0).min(gamma * (1.0 / relaxation - 0.5));
        let mut solver = case.solver::<f64>();
        let mut before = Blocks::of(&solver);
        for _ in 0..case.solver.iterations {
            let row = solver.iterate().unwrap();
            let after = Blocks::of(&solver);
            let fall = before.objective(&case.solver) - after.objective(&case.solver);
            let (moved, _) = after.squared_steps(&before);
            assert!(fall >= rate * moved, "fall {fall} step {moved} of {case:?}");
            assert!((row.step.powi(2) - moved).abs() <= 1e-9 * moved, "{case:?}");
            before = after;
        }
    }
}

#[test]
fn the_weight_is_the_compressed_weight_and_keeps_its_size() {
    for case in all_cases() {
        let mut solver = case.solver::<f64>();
        let parameters = |solver: &nnbcd::bcd::Solver<f64>| -> usize {
            let layers = solver.compressed().iter().flatten();
            layers.map(Projected::parameters).sum()
        };
        let at_start = parameters(&solver);
        for _ in 0..8 {
            solver.iterate().unwrap();
            let blocks = Blocks::of(&solver);
            for (weight, compressed) in blocks.weights.iter().zip(&blocks.compressed) {
                assert!(compressed.as_ref().is_none_or(|z| z == weight), "{case:?}");
            }
            assert_eq!(parameters(&solver), at_start, "{case:?}");
        }
    }
}

/// What the update of layer `index` minimises, from the definition: for the new `U`, the old `V`.
fn block_objective(
    [before, after]: [&Blocks; 2],
    index: usize,
    settings: &SolverSettings,
    joined: &Array2<f64>,
) -> f64 {
    let units = rows(&after.layers[index], &after.pre_activations[index]);
    let residual = units - joined.dot(&before.columns_of(index));
    let weight = joined
        .slice(s![.., ..after.weights[index].ncols()])
        .to_owned();
    0.5 * (settings.rho * squares(&residual)
        + settings.alpha * squares(&(joined - &before.joined(index)))
        + settings.weight_decay.of_layer(index) * squares(&weight))
}

/// Its gradient, relative to the terms that cancel in it.
fn block_gradient(
    [before, after]: [&Blocks; 2],
    index: usize,
    settings: &SolverSettings,
) -> Array2<f64> {
    let (joined, columns) = (after.joined(index), before.columns_of(index));
    let units = rows(&after.layers[index], &after.pre_activations[index]);
    let data = settings.rho * (&units - &joined.dot(&columns)).dot(&columns.t());
    let mut gradient = settings.alpha * (&joined - &before.joined(index)) - data;
    let inputs = after.weights[index].ncols();
    let mut own = gradient.slice_mut(s![.., ..inputs]);
    own += &(settings.weight_decay.of_layer(index) * &after.weights[index]);
    let scale = settings.rho * (squares(&columns) * squares(&units)).sqrt() + 1e-9;
    gradient / scale
}

/// Sparse rows and the bias satisfy the normal equations on their support.
#[test]
fn the_gradient_vanishes_on_the_support_and_for_the_bias() {
    for mut case in all_cases() {
        case.solver.rho_final = Some(300.0);
        let mut solver = case.solver::<f64>();
        let mut before = Blocks::of(&solver);
        for iteration in 1..=4 {
            solver.iterate().unwrap();
            let settings = in_iteration(&case.solver, iteration);
            let after = Blocks::of(&solver);
            for (index, compressed) in solver.compressed().iter().enumerate() {
                let Some(compressed) = compressed else {
                    continue;
                };
                let gradient = block_gradient([&before, &after], index, &settings);
                let sparse = matches!(compressed.stored, Stored::Sparse | Stored::NM { .. });
                let inputs = compressed.dense.ncols();
                for ((row, column), entry) in gradient.indexed_iter() {
                    let free = column == inputs || compressed.dense[(row, column)] != 0.0 && sparse;
                    assert!(!free || entry.abs() < 1e-13, "{entry:e}: {case:?}");
                }
            }
            before = after;
        }
    }
}

/// Neighbours in the set: other values on the support, other factors, another core.
fn neighbour(stored: &Stored<f64>, dense: &Array2<f64>, size: f64, seed: u64) -> Array2<f64> {
    let noise = |a: &Array2<f64>, seed| a + &(size * normal(a.nrows(), a.ncols(), seed));
    match stored {
        Stored::Sparse | Stored::NM { .. } => {
            let mut moved = noise(dense, seed);
            moved.zip_mut_with(dense, |moved, kept| *moved *= f64::from(*kept != 0.0));
            moved
        }
        Stored::LowRank(LowRank { left, right }) => noise(left, seed).dot(&noise(right, seed + 1)),
        Stored::TensorTrain(train) => {
            let mut cores = train.cores().to_vec();
            let last = cores.pop().unwrap();
            cores.push(noise(&last, seed));
            let modes = train.modes().to_vec();
            TensorTrain::from_cores(dense.dim(), modes, cores)
                .unwrap()
                .dense()
        }
    }
}

/// Near and far, no point with the same support, rank or other cores is better, whatever its bias.
#[test]
fn no_neighbour_in_the_set_is_better() {
    for mut case in all_cases() {
        case.solver.rho_final = Some(300.0);
        case.solver.relaxation = 1.8;
        let mut solver = case.solver::<f64>();
        let mut before = Blocks::of(&solver);
        for iteration in 1..=3 {
            solver.iterate().unwrap();
            let settings = in_iteration(&case.solver, iteration);
            let after = Blocks::of(&solver);
            let pair = [&before, &after];
            for (index, compressed) in solver.compressed().iter().enumerate() {
                let Some(Projected { dense, stored }) = compressed else {
                    continue;
                };
                let value = |joined: &Array2<f64>| block_objective(pair, index, &settings, joined);
                let reached = value(&after.joined(index));
                let limit = reached * (1.0 - 1e-9);
                assert!(reached <= value(&before.joined(index)), "{case:?}");
                for (size, seed) in [(1e-4, 1), (1e-2, 3), (0.1, 5), (1.0, 7)] {
                    let moved = neighbour(stored, dense, size, seed + 10 * iteration as u64);
                    let mut joined = after.joined(index);
                    joined.slice_mut(s![.., ..dense.ncols()]).assign(&moved);
                    assert!(value(&joined) >= limit, "layer {index} of {case:?}");
                    if case.bias {
                        let noise = size * normal(dense.nrows(), 1, seed);
                        let mut last = joined.column_mut(dense.ncols());
                        last += &noise.column(0);
                        assert!(value(&joined) >= limit, "layer {index} of {case:?}");
                    }
                }
            }
            before = after;
        }
    }
}

/// A quadratic with the given singular spread, at a point of a set.
struct Drawn {
    matrix: Array2<f64>,
    factor: Cholesky<f64>,
    descent: Array2<f64>,
    previous: Projected<f64>,
}

impl Drawn {
    fn new(compression: &LayerCompression, (outputs, inputs): (usize, usize), seed: u64) -> Self {
        let root = normal(inputs, inputs + 3, seed);
        let matrix = root.dot(&root.t()) + 0.1 * Array2::<f64>::eye(inputs);
        let weight = normal(outputs, inputs, seed + 1);
        Self {
            factor: Cholesky::factor(matrix.clone()).unwrap(),
            matrix,
            descent: 3.0 * normal(outputs, inputs, seed + 2),
            previous: Projected::project(compression, weight.view(), None).unwrap(),
        }
    }

    /// The minimiser of a single row over a support.
    fn best_on(&self, support: &[usize]) -> Array2<f64> {
        let linear = self.previous.dense.dot(&self.matrix) + &self.descent;
        let size = support.len();
        let entry = |(i, j): (usize, usize)| self.matrix[(support[i], support[j])];
        let system = Array2::from_shape_fn((size, size), entry);
        let right = Array2::from_shape_fn((size, 1), |(i, _)| linear[(0, support[i])]);
        let mut weight = Array2::zeros(linear.dim());
        for (value, column) in eliminate(system, right).iter().zip(support) {
            weight[(0, *column)] = *value;
        }
        weight
    }

    fn quadratic(&self) -> Quadratic<'_> {
        Quadratic {
            matrix: &self.matrix,
            factor: &self.factor,
            start: self.previous.dense.clone(),
            descent: self.descent.clone(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Eckart-Young: what a matrix of rank r misses of `q(W*)` is half of the sum of the other
    /// eigenvalues of `W* A W*'`, and nothing of that rank misses less.
    #[test]
    fn low_rank_is_the_minimum_over_the_rank(
        outputs in 1_usize..9, inputs in 1_usize..9, rank in 1_usize..6, seed in 0_u64..1000,
    ) {
        let form = LayerCompression::LowRank { rank };
        let drawn = Drawn::new(&form, (outputs, inputs), seed);
        let quadratic = drawn.quadratic();
        let found = Projected::minimise(&form, &quadratic, 0, &drawn.previous).unwrap();
        let linear = drawn.previous.dense.dot(&drawn.matrix) + &drawn.descent;
        let minimiser = eliminate(drawn.matrix.clone(), linear.t().to_owned()).reversed_axes();
        let (values, _) = symmetric_eigen(minimiser.dot(&drawn.matrix).dot(&minimiser.t()).view()).unwrap();
        let missed: f64 = values.iter().skip(rank).map(|value| value.max(0.0)).sum();
        let expected = quadratic.rise(&minimiser) + 0.5 * missed;
        let scale = values.iter().sum::<f64>();
        prop_assert!((quadratic.rise(&found.dense) - expected).abs() < 1e-10 * scale);
    }

    /// The better of two supports, each with its best values: the old one, and the entries that are
    /// worth most by the definition, what the quadratic rises by without them or falls by with them.
    #[test]
    fn pruning_takes_the_better_of_two_supports(
        inputs in 2_usize..8, kept in 1_usize..6, seed in 0_u64..1000,
    ) {
        let kept = kept.min(inputs);
        let form = LayerCompression::Prune {
            sparsity: 1.0 - kept as f64 / inputs as f64,
            global: false,
        };
        let drawn = Drawn::new(&form, (1, inputs), seed);
        let quadratic = drawn.quadratic();
        let old: Vec<usize> = (0..inputs).filter(|j| drawn.previous.dense[(0, *j)] != 0.0).collect();
        let fitted = drawn.best_on(&old);
        let value = |column: usize, entry: f64| {
            let mut moved = fitted.clone();
            moved[(0, column)] = entry;
            quadratic.rise(&moved)
        };
        let here = quadratic.rise(&fitted);
        let worth = |column: usize| {
            if old.contains(&column) {
                return value(column, 0.0) - here;
            }
            let (up, down) = (value(column, 1.0) - here, value(column, -1.0) - here);
            (up - down).powi(2) / (8.0 * (up + down))
        };
        let mut order: Vec<usize> = (0..inputs).collect();
        order.sort_by(|i, j| worth(*j).total_cmp(&worth(*i)));
        let proposed = drawn.best_on(&order[..kept]);
        let expected = here.min(quadratic.rise(&proposed));
        let found = Projected::minimise(&form, &quadratic, kept, &drawn.previous).unwrap();
        let rise = quadratic.rise(&found.dense);
        prop_assert!((rise - expected).abs() < 1e-9 * (1.0 + rise.abs()), "{rise} {expected}");
        prop_assert_eq!(found.parameters(), kept);
    }

    /// Sweeps over the cores come to a point where no core can be improved; every sweep descends.
    #[test]
    fn sweeps_over_a_tensor_train_descend(
        modes in prop::sample::select(vec![
            vec![2, 3, 2, 4], vec![6, 8], vec![6, 2, 4], vec![3, 2, 8], vec![4, 3, 4], vec![48], vec![2, 3, 2, 2, 2],
        ]),
        rank in 1_usize..5, seed in 0_u64..1000,
    ) {
        let form = LayerCompression::TensorTrain { modes, rank };
        let mut drawn = Drawn::new(&form, (6, 8), seed);
        let mut last = f64::INFINITY;
        for _ in 0..150 {
            let quadratic = drawn.quadratic();
            let found = Projected::minimise(&form, &quadratic, 0, &drawn.previous).unwrap();
            let rise = quadratic.rise(&found.dense);
            prop_assert!(rise <= 0.0);
            let change = &found.dense - &drawn.previous.dense;
            drawn.descent = &drawn.descent - &change.dot(&drawn.matrix);
            drawn.previous = found;
            last = -rise;
        }
        let size = drawn.quadratic().rise(&Array2::zeros((6, 8))).abs();
        prop_assert!(last < 1e-2 * size, "still falling by {last} of {size}");
    }
}

#[test]
fn what_is_not_finite_is_refused() {
    for form in [
        LayerCompression::LowRank { rank: 2 },
        LayerCompression::NM { n: 1, m: 3 },
        LayerCompression::Prune {
            sparsity: 0.5,
            global: false,
        },
        LayerCompression::TensorTrain {
            modes: vec![4, 6],
            rank: 2,
        },
    ] {
        let mut drawn = Drawn::new(&form, (4, 6), 1);
        drawn.descent[(1, 2)] = f64::NAN;
        let found = Projected::minimise(&form, &drawn.quadratic(), 12, &drawn.previous);
        assert!(found.is_err(), "{form:?}");
    }
}
