//! What a compression leaves, and what a step back does to it.

use super::{EPOCHS, compressed_in_hidden, dense_network, methods, model, settings, solver};
use crate::bcd::mini_batch::{Loss, MiniBatchSettings};
use crate::compress::{LayerCompression, Projected, Stored, kept_entries};
use crate::network::{Architecture, ConvolutionSettings, ModelSettings};

/// What is shipped in the end is in its set, exactly, however few steps there are.
#[test]
fn the_compressed_weights_end_in_their_sets() {
    for epochs in [1, 2, EPOCHS] {
        for method in methods() {
            let settings = MiniBatchSettings {
                iterations: Some(epochs),
                ..settings()
            };
            let compression = compressed_in_hidden(method.clone());
            let mut solver = solver(dense_network(true), compression, &settings);
            for _ in 0..epochs {
                solver.iterate().unwrap_or_else(|error| panic!("{error}"));
            }
            let sizes: Vec<usize> = (solver.compressed().iter().flatten())
                .map(|form| form.dense.len())
                .collect();
            assert_eq!(
                sizes,
                [840, 108],
                "{method:?} is shipped after {epochs} epochs"
            );
            let zeros: usize = solver
                .compressed()
                .iter()
                .flatten()
                .map(Projected::zeros)
                .sum();
            for (form, size) in solver.compressed().iter().flatten().zip(&sizes) {
                match (&form.stored, &method) {
                    (Stored::Sparse, LayerCompression::Prune { global: false, .. }) => {
                        assert_eq!(form.zeros(), size - kept_entries(*size, 0.9));
                    }
                    (Stored::Sparse, LayerCompression::Prune { global: true, .. }) => {
                        assert_eq!(zeros, 948 - kept_entries(948, 0.9));
                    }
                    (Stored::NM { .. }, LayerCompression::NM { .. }) => {
                        for row in form.dense.rows() {
                            let row = row.to_vec();
                            let most = row
                                .chunks(4)
                                .map(|group| group.iter().filter(|w| **w != 0.0).count())
                                .max();
                            assert!(most <= Some(2));
                        }
                    }
                    (Stored::LowRank(factors), LayerCompression::LowRank { rank }) => {
                        assert_eq!(factors.left.ncols(), *rank);
                        assert_eq!(factors.dense(), form.dense);
                    }
                    (Stored::TensorTrain(train), LayerCompression::TensorTrain { .. }) => {
                        assert_eq!(train.dense(), form.dense);
                    }
                    (stored, method) => panic!("{method:?} is stored as {stored:?}"),
                }
            }
        }
    }
}

#[test]
fn a_convolution_learns_too() {
    let convolutional = ModelSettings {
        conv: Some(ConvolutionSettings {
            filters: 3,
            kernel: 3,
            stride: 2,
        }),
        ..model(&[20], true)
    };
    let architecture = Architecture::resolve(&convolutional, 70, Some([10, 7, 1]), 4)
        .unwrap_or_else(|error| panic!("{error}"));
    let options = MiniBatchSettings {
        loss: Loss::Squared,
        iterations: Some(60),
        ..settings()
    };
    let prune = LayerCompression::Prune {
        sparsity: 0.5,
        global: false,
    };
    let compression = vec![
        Some(LayerCompression::LowRank { rank: 2 }),
        Some(prune),
        None,
    ];
    let mut solver = solver(architecture, compression, &options);
    let before = solver.measurement().loss;
    for _ in 0..60 {
        solver.iterate().unwrap_or_else(|error| panic!("{error}"));
    }
    let after = solver.measurement().loss;
    assert!(after < 0.5 * before, "from {before} to {after}");
}

/// A step that is far too large: the safeguard goes back until the steps are small enough, and the network still learns.
#[test]
fn the_safeguard_brings_a_diverging_run_back() {
    let wild = MiniBatchSettings {
        loss: Loss::Squared,
        step: 4.0,
        step_limit: 1e6,
        momentum: 0.5,
        iterations: Some(60),
        ..settings()
    };
    let mut solver = solver(dense_network(true), vec![None; 3], &wild);
    let before = solver.measurement().loss;
    for _ in 0..60 {
        solver.iterate().unwrap_or_else(|error| panic!("{error}"));
    }
    assert!(solver.steps_back() > 0);
    assert!(solver.measurement().loss < before);
}

/// A snapshot may be older than the zeros: what it brings back keeps to them.
#[test]
fn a_step_back_keeps_the_zeros() {
    let prune = LayerCompression::Prune {
        sparsity: 0.9,
        global: false,
    };
    let mut solver = solver(
        dense_network(true),
        compressed_in_hidden(prune),
        &settings(),
    );
    for _ in 0..EPOCHS {
        solver.iterate().unwrap_or_else(|error| panic!("{error}"));
    }
    solver.guard.snapshot.clear();
    let mut dense = solver.layers.clone();
    dense[0].weights.weight.fill(1.0);
    solver.guard.remember(0, &dense);
    assert!(solver.guard.step_back(&mut solver.layers, 32));
    let zeros = solver.layers[0]
        .weights
        .weight
        .iter()
        .filter(|w| **w == 0.0);
    assert_eq!(zeros.count(), 840 - kept_entries(840, 0.9));
}
