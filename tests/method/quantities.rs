//! Every number that is reported, against its definition.

use ndarray::{Array2, array};
use nnbcd::bcd::{Coupling, Solver, SolverSettings};
use nnbcd::compress::{LayerCompression, Projected};
use nnbcd::network::{
    Architecture, ConvolutionSettings, InitSettings, LayerWeights, ModelSettings,
    effective_sparsity,
};
use nnbcd::run::record;

use crate::blocks::Blocks;
use crate::cases::{Case, METHODS, decay_per_layer, every_kind, in_iteration};

fn assert_close(value: f64, expected: f64, what: &str) {
    assert!(
        (value - expected).abs() <= 1e-10 * expected.abs() + 1e-13,
        "{what}: {value} instead of {expected}"
    );
}

#[test]
fn objective_loss_and_residuals_are_those_of_the_blocks() {
    for mut case in every_kind() {
        case.solver.weight_decay = decay_per_layer();
        case.solver.gamma_final = Some(7.0);
        case.solver.rho_final = Some(0.3);
        case.solver.tau_final = Some(9.0);
        let mut solver = case.solver::<f64>();
        for iteration in 0..=5 {
            if iteration > 0 {
                solver.iterate().unwrap();
            }
            let row = solver.measurement();
            let record = record::iteration(&solver, None, || 0.0);
            let blocks = Blocks::of(&solver);
            let parts = blocks.parts(&case.solver);
            let settings = in_iteration(&case.solver, iteration);
            assert_close(
                settings.tau,
                2.0 * 4.5_f64.powf((iteration.max(1) - 1) as f64 / 11.0),
                "tau",
            );
            let objective = blocks.objective(&settings);
            assert_close(row.objective, objective, "objective");
            assert_close(record.objective, objective, "objective");
            assert_eq!(
                [record.gamma, record.rho],
                [Some(settings.gamma), Some(settings.rho)]
            );
            assert_close(record.loss, 0.5 * parts.data, "loss");
            assert_close(
                record.residual_v.unwrap(),
                parts.activation.sqrt(),
                "residual_v",
            );
            assert_close(
                record.residual_u.unwrap(),
                parts.linear.sqrt(),
                "residual_u",
            );
            assert_close(record.residual_w, parts.compression.sqrt(), "residual_w");
        }
    }
}

#[test]
fn the_step_is_the_distance_of_all_blocks_from_the_iteration_before() {
    for coupling in [Coupling::Penalty, Coupling::Hard, Coupling::Constrained] {
        for compress_after in [0, 2] {
            for mut case in every_kind() {
                case.solver.coupling = coupling;
                case.solver.compress_after = compress_after;
                let mut solver = case.solver::<f64>();
                assert_eq!(solver.measurement().step, 0.0);
                let mut before = Blocks::of(&solver);
                for iteration in 1..=5 {
                    let row = solver.iterate().unwrap();
                    let after = Blocks::of(&solver);
                    let (moved, mut compressed) = after.squared_steps(&before);
                    if coupling == Coupling::Constrained {
                        // `Z` is no block of its own.
                        compressed = 0.0;
                    }
                    let begins = iteration == compress_after + 1;
                    if !begins || case.compression == METHODS[0] {
                        let what = format!("step {iteration} of {case:?}");
                        assert_close(row.step, (moved + compressed).sqrt(), &what);
                    } else {
                        // The compressed weights of the iteration before are not stored.
                        assert!(row.step >= moved.sqrt() * (1.0 - 1e-12), "{case:?}");
                    }
                    before = after;
                }
            }
        }
    }
}

/// Stored numbers of the weights 12-8-6-3, and of 4 x 5 x 2 images through 3 filters of 2 x 2 at 4
/// positions, 7 units and 3 classes; counted by hand for each of [`METHODS`].
#[test]
fn parameters_sparsity_and_compression_ratio_match_counts_by_hand() {
    let dense = [8 * 12 + 6 * 8 + 3 * 6, 3 * 8 + 7 * 12 + 3 * 7];
    let biases = [17, 13];
    let stored = [
        dense,
        // Modes 2 4 3 4 and 2 3 2 4, the last layer dense; behind the convolution 7 3 4.
        [
            (4 + 16 + 12 + 8) + (4 + 12 + 8 + 8) + 18,
            24 + (14 + 12 + 8) + 21,
        ],
        [2 * (20 + 14 + 9), 2 * (11 + 19 + 10)],
        // 67 of 96 and 34 of 48 are removed; behind the convolution 59 of 84.
        [(96 - 67) + (48 - 34) + 18, 24 + (84 - 59) + 21],
        // 97 of 162 and 77 of 129 over all layers.
        [162 - 97, 129 - 77],
        // Groups of 3 in rows of 12, 8 and 6 entries; of 8, 12 and 7.
        [8 * 4 + 6 * 3 + 3 * 2, 3 * 3 + 7 * 4 + 3 * 3],
        // Layer 1 with rank 3: modes 2 3 2 4 and 7 3 4.
        [
            3 * 20 + (4 + 18 + 18 + 12) + 3 * 4,
            3 * 11 + (21 + 27 + 12) + 3 * 4,
        ],
    ];
    let zeros = [
        [0_usize, 0],
        [0, 0],
        [0, 0],
        [67 + 34, 59],
        [97, 77],
        [162 - 56, 129 - 46],
        [18 - 12, 21 - 12],
    ];
    for (index, case) in every_kind().into_iter().enumerate() {
        let (method, network) = (index / 4, index % 2);
        assert_eq!(case.compression, METHODS[method]);
        let bias = if case.bias { biases[network] } else { 0 };
        let mut solver = case.solver::<f64>();
        solver.iterate().unwrap();
        let size = record::size(&solver);
        assert_eq!(size.params_dense, dense[network] + bias, "{case:?}");
        assert_eq!(
            size.params_compressed,
            stored[method][network] + bias,
            "{case:?}"
        );
        let row = record::iteration(&solver, Some(solver.accuracy()), || 0.0);
        assert_eq!(
            row.compression_ratio,
            (dense[network] + bias) as f64 / (stored[method][network] + bias) as f64
        );
        assert_eq!(
            row.sparsity,
            zeros[method][network] as f64 / dense[network] as f64
        );
        let layers = record::layers(&solver);
        let total: u64 = layers.iter().map(|layer| layer.parameters).sum();
        assert_eq!(total as usize, size.params_compressed);
    }
}

fn network(features: usize, hidden: &[usize], conv: bool) -> Architecture {
    let settings = ModelSettings {
        hidden: hidden.to_vec(),
        conv: conv.then_some(ConvolutionSettings {
            filters: 2,
            kernel: 1,
            stride: 1,
        }),
        bias: false,
        init: InitSettings::default(),
    };
    Architecture::resolve(&settings, features, Some([1, features, 1]), 2).unwrap()
}

fn dense(weights: &[Array2<f64>]) -> Vec<LayerWeights<f64>> {
    weights
        .iter()
        .map(|weight| LayerWeights {
            weight: weight.clone(),
            bias: None,
        })
        .collect()
}

#[test]
fn dead_units_are_removed_to_a_fixed_point() {
    // Unit 1 of the first hidden layer has no inputs; unit 0 of the second one reads it alone, and
    // unit 0 of the third one reads that alone: three rounds forwards.
    let forwards = [
        array![[1.0, 1.0], [0.0, 0.0]],
        array![[0.0, 1.0], [1.0, 0.0]],
        array![[1.0, 0.0], [0.0, 1.0]],
        array![[1.0, 1.0], [1.0, 1.0]],
    ];
    let chain = network(2, &[2, 2, 2], false);
    let none = vec![None; 4];
    // Of 16 entries 2 + 2 + 2 are zero; with the chain goes one of layer 1, one of 2 and two of 3.
    assert_eq!(
        effective_sparsity(&chain, &dense(&forwards), &none),
        10.0 / 16.0
    );
    let backwards: Vec<Array2<f64>> = forwards
        .iter()
        .rev()
        .map(|weight| weight.t().to_owned())
        .collect();
    assert_eq!(
        effective_sparsity(&chain, &dense(&backwards), &none),
        10.0 / 16.0
    );
}

#[test]
fn a_filter_is_dead_when_no_position_of_it_is_read() {
    // Three positions of two filters; columns 1, 3 and 5 of the next layer belong to filter 1.
    let conv = network(3, &[], true);
    let none = vec![None; 2];
    let filters = array![[1.0], [1.0]];
    let read_once = array![
        [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 2.0, 0.0, 0.0]
    ];
    let weights = dense(&[filters.clone(), read_once.clone()]);
    assert_eq!(effective_sparsity(&conv, &weights, &none), 9.0 / 14.0);
    let mut never_read = read_once;
    never_read[(1, 3)] = 0.0;
    let weights = dense(&[filters, never_read]);
    assert_eq!(effective_sparsity(&conv, &weights, &none), 11.0 / 14.0);
    let dead_filter = dense(&[array![[1.0], [0.0]], Array2::ones((2, 6))]);
    assert_eq!(effective_sparsity(&conv, &dead_filter, &none), 7.0 / 14.0);
}

#[test]
fn zeros_of_factored_weights_do_not_count_but_those_of_sparse_ones_do() {
    let single = network(3, &[], false);
    let weight = array![[1.0, 0.0, 2.0], [3.0, 0.0, 0.0]];
    for (compression, zeros) in [
        (LayerCompression::LowRank { rank: 2 }, 0.0),
        (
            LayerCompression::TensorTrain {
                modes: vec![2, 3],
                rank: 2,
            },
            0.0,
        ),
        (
            LayerCompression::TensorTrain {
                modes: vec![6],
                rank: 2,
            },
            0.0,
        ),
        (LayerCompression::NM { n: 3, m: 3 }, 3.0),
        (
            LayerCompression::Prune {
                sparsity: 0.6,
                global: false,
            },
            4.0,
        ),
    ] {
        let projected = Projected::project(&compression, weight.view(), None).unwrap();
        let compressed = [Some(projected)];
        let sparsity =
            effective_sparsity(&single, &dense(std::slice::from_ref(&weight)), &compressed);
        assert_eq!(sparsity, zeros / 6.0, "{compression:?}");
    }
}

#[test]
fn a_case_without_hidden_layers_is_measured_alike() {
    let case = Case {
        hidden: vec![],
        bias: true,
        compression: r#"{"method": "prune", "sparsity": 0.5, "layers": "all"}"#,
        ..Case::default()
    };
    let mut solver = case.solver::<f64>();
    for _ in 0..5 {
        let row = solver.iterate().unwrap();
        let objective = Blocks::of(&solver).objective(&case.solver);
        assert_close(row.objective, objective, "objective");
        assert_eq!(row.descent_violations, 0);
    }
}

#[test]
fn a_start_that_is_not_finite_is_refused_before_the_first_row() {
    for case in every_kind() {
        for layer in 0..case.architecture().layers.len() {
            let mut weights = case.solver::<f64>().weights().to_vec();
            weights[layer].weight[(0, 1)] = f64::NAN;
            let error = Solver::new(case.problem(), weights)
                .map(|_| ())
                .unwrap_err();
            assert_eq!(error.iteration, 0, "{case:?}");
        }
    }
}

#[test]
fn penalties_go_geometrically_from_the_first_to_the_last_iteration_after_the_dense_start() {
    let settings = SolverSettings {
        iterations: 7,
        compress_after: 2,
        gamma: 1.0,
        gamma_final: Some(81.0),
        rho: 2.0,
        rho_final: Some(32.0),
        tau: 5.0,
        ..SolverSettings::default()
    };
    let expected = [
        (0, 1.0, 2.0),
        (3, 1.0, 2.0),
        (4, 3.0, 4.0),
        (5, 9.0, 8.0),
        (7, 81.0, 32.0),
    ];
    for (iteration, gamma, rho) in expected {
        let penalties = settings.penalties_at(iteration);
        assert_close(penalties.gamma, gamma, "gamma");
        assert_close(penalties.rho, rho, "rho");
        assert_eq!(penalties.tau, 5.0);
    }
}
