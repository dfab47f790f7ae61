//! The mini-batch solver against an implementation in numpy, and against itself: threads, checkpoints, compression.

mod compression;
mod oracle;

use std::sync::Arc;

use ndarray::{Array1, Array2};

use super::solver::{MiniBatchProblem, MiniBatchSolver};
use super::{BatchSize, Loss, MiniBatchSettings};
use crate::compress::LayerCompression;
use crate::network::{Architecture, InitScheme, LayerWeights, ModelSettings, draw_weights};
use crate::training::{Samples, TrainingData, WeightDecay};

/// Numbers in [-1, 1) that any language computes alike: Knuth's linear congruential generator, row by row.
fn numbers(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
    let mut state = seed;
    Array2::from_shape_simple_fn((rows, columns), || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1 << 30) - 1.0
    })
}

const SIZES: [usize; 4] = [70, 12, 9, 4];
const SAMPLES: usize = 160;
const BATCH: usize = 40;
const EPOCHS: usize = 13;

fn model(hidden: &[usize], bias: bool) -> ModelSettings {
    ModelSettings {
        hidden: hidden.to_vec(),
        conv: None,
        bias,
        init: crate::network::InitSettings::default(),
    }
}

fn data() -> Arc<TrainingData<f64>> {
    let mut inputs = numbers(SIZES[0], SAMPLES, 3);
    for (feature, mut row) in inputs.rows_mut().into_iter().enumerate() {
        row *= (1.0 + 0.1 * feature as f64).powf(-0.3);
    }
    let labels: Vec<usize> = (0..SAMPLES).map(|sample| (sample * 7 % 11) % 4).collect();
    let samples = Samples::new(inputs.view(), &labels);
    Arc::new(TrainingData::new(samples.clone(), samples, 4))
}

fn settings() -> MiniBatchSettings {
    MiniBatchSettings {
        batch_size: BatchSize::Samples(BATCH),
        iterations: Some(EPOCHS),
        ..MiniBatchSettings::default()
    }
}

/// A solver with these compressions of its layers, from drawn weights.
fn solver(
    architecture: Architecture,
    compression: Vec<Option<LayerCompression>>,
    settings: &MiniBatchSettings,
) -> MiniBatchSolver<f64> {
    let weights = draw_weights(&architecture, InitScheme::KaimingNormal, 0.5, 1);
    let problem = MiniBatchProblem::new(data(), architecture, compression, settings, 1)
        .unwrap_or_else(|error| panic!("{error}"));
    MiniBatchSolver::new(problem, weights).unwrap_or_else(|error| panic!("{error}"))
}

fn dense_network(bias: bool) -> Architecture {
    Architecture::resolve(&model(&SIZES[1..3], bias), SIZES[0], None, 4)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The method on the hidden layers, 12 x 70 and 9 x 12.
fn compressed_in_hidden(method: LayerCompression) -> Vec<Option<LayerCompression>> {
    let second = match &method {
        LayerCompression::TensorTrain { rank, .. } => LayerCompression::TensorTrain {
            modes: vec![3, 3, 3, 4],
            rank: *rank,
        },
        other => other.clone(),
    };
    vec![Some(method), Some(second), None]
}

/// 52 steps in double precision from the same weights over the same batches, of which the first layer has a metric of low rank
/// and the others exact ones. `tests/golden/mini-batch.json` was written by a numpy implementation.
#[test]
fn fifty_steps_are_those_of_an_independent_implementation() {
    let text = include_str!("../../../tests/golden/mini-batch.json");
    let expected: serde_json::Value =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}"));
    let cross_entropy = settings();
    let squared = MiniBatchSettings {
        loss: Loss::Squared,
        step_limit: 16.0,
        refresh_every: 1,
        weight_decay: Some(WeightDecay::Uniform(0.0)),
        ..settings()
    };
    for (name, settings) in [("cross-entropy", cross_entropy), ("squared", squared)] {
        let solver = after_fifty_steps(&settings);
        compare(solver.weights(), &expected[name], name);
        assert_eq!(solver.steps_back(), 0);
    }
}

fn after_fifty_steps(settings: &MiniBatchSettings) -> MiniBatchSolver<f64> {
    let weights = (0..3)
        .map(|layer| {
            let (outputs, inputs) = (SIZES[layer + 1], SIZES[layer]);
            LayerWeights {
                weight: numbers(outputs, inputs, 10 * (layer as u64 + 1))
                    * (1.0 / inputs as f64).sqrt(),
                bias: Some(Array1::zeros(outputs)),
            }
        })
        .collect();
    let problem = MiniBatchProblem::new(data(), dense_network(true), vec![None; 3], settings, 0)
        .unwrap_or_else(|error| panic!("{error}"));
    let mut solver =
        MiniBatchSolver::new(problem, weights).unwrap_or_else(|error| panic!("{error}"));
    solver.layers[0]
        .metric
        .set_basis(numbers(70, 32, 20).view());
    for epoch in 0..EPOCHS {
        for batch in 0..SAMPLES / BATCH {
            let places = batch * BATCH..(batch + 1) * BATCH;
            let chosen: Vec<usize> = places
                .map(|place| (place * 7 + 3 * epoch) % SAMPLES)
                .collect();
            solver
                .step_on(&chosen, None)
                .unwrap_or_else(|error| panic!("{error}"));
        }
    }
    solver.deploy().unwrap_or_else(|error| panic!("{error}"));
    solver
}

fn compare(weights: &[LayerWeights<f64>], expected: &serde_json::Value, name: &str) {
    let number = |value: &serde_json::Value| value.as_f64().unwrap_or(f64::NAN);
    for (index, layer) in weights.iter().enumerate() {
        for ((row, column), weight) in layer.weight.indexed_iter() {
            let other = number(&expected["weights"][index][row][column]);
            assert!(
                (weight - other).abs() < 1e-8,
                "{name}: W_{index}[{row}, {column}]: {weight}, {other}"
            );
        }
        for (row, bias) in layer.bias.iter().flatten().enumerate() {
            let other = number(&expected["biases"][index][row]);
            assert!(
                (bias - other).abs() < 1e-8,
                "{name}: b_{index}[{row}]: {bias}, {other}"
            );
        }
    }
}

/// Every compression, with and without a bias: a run that goes on from a checkpoint after each epoch ends in the same weights, to
/// the last bit.
#[test]
fn a_resumed_run_ends_in_the_same_weights() {
    for method in methods() {
        for bias in [true, false] {
            let compression = compressed_in_hidden(method.clone());
            let mut whole = solver(dense_network(bias), compression.clone(), &settings());
            let mut resumed = solver(dense_network(bias), compression, &settings());
            for _ in 0..EPOCHS {
                whole.iterate().unwrap_or_else(|error| panic!("{error}"));
                resumed.iterate().unwrap_or_else(|error| panic!("{error}"));
                let bytes = resumed.checkpoint().pieces().concat();
                resumed = MiniBatchSolver::resume(resumed.problem.clone(), &bytes)
                    .unwrap_or_else(|error| panic!("{method:?}: {error}"));
                assert_eq!(resumed.weights(), whole.weights(), "{method:?}");
                assert_eq!(resumed.compressed(), whole.compressed(), "{method:?}");
                assert_eq!(resumed.measurement(), whole.measurement(), "{method:?}");
            }
            assert!(whole.is_done());
        }
    }
}

fn methods() -> Vec<LayerCompression> {
    let prune = |global| LayerCompression::Prune {
        sparsity: 0.9,
        global,
    };
    vec![
        prune(false),
        prune(true),
        LayerCompression::NM { n: 2, m: 4 },
        LayerCompression::LowRank { rank: 3 },
        LayerCompression::TensorTrain {
            modes: vec![3, 4, 7, 10],
            rank: 3,
        },
    ]
}

#[test]
fn a_checkpoint_of_another_problem_is_refused() {
    let compression = compressed_in_hidden(LayerCompression::LowRank { rank: 3 });
    let mut factored = solver(dense_network(true), compression, &settings());
    for _ in 0..EPOCHS {
        factored.iterate().unwrap_or_else(|error| panic!("{error}"));
    }
    let bytes = factored.checkpoint().pieces().concat();
    let dense = solver(dense_network(true), vec![None; 3], &settings());
    assert!(MiniBatchSolver::resume(dense.problem.clone(), &bytes).is_err());
    for cut in [0, 7, bytes.len() / 2, bytes.len() - 1] {
        assert!(MiniBatchSolver::resume(factored.problem.clone(), &bytes[..cut]).is_err());
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(MiniBatchSolver::resume(factored.problem.clone(), &longer).is_err());
}

#[test]
fn numbers_do_not_depend_on_the_threads() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap_or_else(|error| panic!("{error}")).install(|| {
            let method = LayerCompression::Prune {
                sparsity: 0.5,
                global: false,
            };
            let hidden = Architecture::resolve(&model(&[300, 40], true), SIZES[0], None, 4)
                .unwrap_or_else(|error| panic!("{error}"));
            let mut solver = solver(hidden, compressed_in_hidden(method), &settings());
            for _ in 0..EPOCHS {
                solver.iterate().unwrap_or_else(|error| panic!("{error}"));
            }
            solver.weights().to_vec()
        })
    };
    assert_eq!(on(1), on(3));
}

/// The loss of row 0 is that of the network on all samples, from plain loops.
#[test]
fn the_loss_of_the_start_is_that_of_plain_loops() {
    for loss in [Loss::Squared, Loss::CrossEntropy] {
        let settings = MiniBatchSettings { loss, ..settings() };
        let solver = solver(dense_network(true), vec![None; 3], &settings);
        let data = data();
        let mut total = 0.0;
        for sample in 0..SAMPLES {
            let outputs = outputs(solver.weights(), data.train.inputs.column(sample).to_vec());
            let partition: f64 = outputs.iter().map(|output| output.exp()).sum();
            for (class, output) in outputs.iter().enumerate() {
                let hit = f64::from(u8::from(class == data.train.labels[sample]));
                total += match loss {
                    Loss::Squared => 0.5 * (output - hit).powi(2),
                    Loss::CrossEntropy => (0.9 * hit + 0.1 / 4.0) * (partition.ln() - output),
                };
            }
        }
        let measured = solver.measurement().loss;
        assert!(
            (measured - total).abs() < 1e-9 * total,
            "{measured} {total}"
        );
    }
}

fn outputs(weights: &[LayerWeights<f64>], mut values: Vec<f64>) -> Vec<f64> {
    for (index, layer) in weights.iter().enumerate() {
        let bias = layer.bias.iter().flatten().copied().collect::<Vec<f64>>();
        values = (layer.weight.rows().into_iter().zip(bias))
            .map(|(row, bias)| {
                let sum: f64 = row.iter().zip(&values).map(|(w, v)| w * v).sum();
                let last = index + 1 == weights.len();
                if last {
                    sum + bias
                } else {
                    (sum + bias).max(0.0)
                }
            })
            .collect();
    }
    values
}

#[test]
fn a_metric_of_any_rank_that_is_never_refreshed_is_one_of_the_first_batch() {
    let settings = MiniBatchSettings {
        metric_rank: usize::MAX,
        refresh_every: usize::MAX,
        ..settings()
    };
    let mut solver = solver(dense_network(true), vec![None; 3], &settings);
    let before = solver.measurement().loss;
    for _ in 0..3 {
        solver.iterate().unwrap_or_else(|error| panic!("{error}"));
    }
    assert!(solver.measurement().loss < before);
}

#[test]
fn settings_out_of_range_cannot_be_run() {
    let changes: [fn(&mut MiniBatchSettings); 11] = [
        |s| s.batch_size = BatchSize::Samples(0),
        |s| s.iterations = Some(0),
        |s| s.step = 0.0,
        |s| s.momentum = 1.0,
        |s| s.damping = f64::NAN,
        |s| s.metric_rank = 0,
        |s| s.refresh_every = 0,
        |s| s.weight_decay = Some(WeightDecay::Uniform(-1.0)),
        |s| s.label_smoothing = Some(1.0),
        |s| (s.loss, s.label_smoothing) = (Loss::Squared, Some(0.1)),
        |s| s.compress_until = s.compress_from,
    ];
    for change in changes {
        let mut settings = settings();
        change(&mut settings);
        let refused =
            MiniBatchProblem::new(data(), dense_network(true), vec![None; 3], &settings, 0);
        assert!(refused.is_err(), "{settings:?}");
    }
}

#[test]
fn weights_of_another_network_cannot_be_run() {
    let (narrow, wide) = (dense_network(true), dense_network(false));
    let other = Architecture::resolve(&model(&[5], true), SIZES[0], None, 4)
        .unwrap_or_else(|error| panic!("{error}"));
    let cases = [
        (
            wide,
            "layer 0: the bias has 0 entries, but the network has 12",
        ),
        (other, "weights of 2 layers, but the network has 3"),
    ];
    for (of, message) in cases {
        let weights = draw_weights(&of, InitScheme::KaimingNormal, 0.5, 1);
        let problem = MiniBatchProblem::new(data(), narrow.clone(), vec![None; 3], &settings(), 0)
            .unwrap_or_else(|error| panic!("{error}"));
        let error = MiniBatchSolver::new(problem, weights)
            .map(|_| ())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("iteration 0: the start weights: {message}")
        );
    }
}
