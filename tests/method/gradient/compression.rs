//! Every way to compress ends inside the set, and only where it should.

use ndarray::Array2;
use nnbcd::compress::{LayerCompression, Projected, Stored};
use nnbcd::gradient::{Compress, GradientSettings, Optimizer, Trainer};

use super::trainer;
use crate::cases::{Case, METHODS, every_kind};

const EPOCHS: usize = 6;
const DENSE: usize = 3;

fn settings(compress: Compress) -> GradientSettings {
    GradientSettings {
        iterations: EPOCHS,
        learning_rate: Some(0.02),
        batch_size: 8,
        compress,
        compress_after: Some(DENSE),
        ..GradientSettings::of(Optimizer::Adam)
    }
}

/// Whether a matrix is where its compression wants it.
fn is_inside(compression: &LayerCompression, projected: &Projected<f64>) -> bool {
    let again = Projected::project(compression, projected.dense.view(), None).unwrap();
    let norm = projected.dense.mapv(|w| w * w).sum();
    again.squared_error(projected.dense.view()) <= 1e-20 * norm.max(1e-30)
}

fn zeros(matrix: &Array2<f64>) -> Vec<bool> {
    matrix.iter().map(|value| *value == 0.0).collect()
}

fn assert_inside(trainer: &Trainer<f64>, case: &Case) {
    let compression = &trainer.problem().compression;
    // One threshold over several layers: the zeros of all of them together.
    let global = |layer: &Option<LayerCompression>| {
        matches!(layer, Some(LayerCompression::Prune { global: true, .. }))
    };
    if compression.iter().any(global) {
        let dense = trainer.compressed().iter().flatten().map(|z| &z.dense);
        let (zeros, entries) = dense.fold((0, 0), |(zeros, entries), weight| {
            let here = weight.iter().filter(|value| **value == 0.0).count();
            (zeros + here, entries + weight.len())
        });
        assert_eq!(zeros, (0.6 * entries as f64).round() as usize, "{case:?}");
    }
    for (index, layer) in compression.iter().enumerate() {
        let compressed = &trainer.compressed()[index];
        assert_eq!(compressed.is_some(), layer.is_some(), "{case:?}");
        if let (Some(layer), Some(projected)) = (layer, compressed) {
            assert!(
                global(&Some(layer.clone())) || is_inside(layer, projected),
                "{case:?}"
            );
            assert_eq!(projected.dense, trainer.weights()[index].weight);
            match &projected.stored {
                Stored::TensorTrain(train) => assert_eq!(train.dense(), projected.dense),
                Stored::LowRank(factors) => assert_eq!(factors.dense(), projected.dense),
                Stored::Sparse | Stored::NM { .. } => {}
            }
        }
    }
}

#[test]
fn every_way_ends_inside_the_set_after_a_dense_beginning() {
    for case in every_kind() {
        for compress in [Compress::Once, Compress::Projected, Compress::FineTuned] {
            let mut trainer = trainer::<f64>(&case, &settings(compress));
            let mut losses = vec![trainer.measurement().loss];
            while !trainer.is_done() {
                trainer.iterate().unwrap();
                let epoch = trainer.measurement().iteration;
                losses.push(trainer.measurement().loss);
                let first = if compress == Compress::Once {
                    EPOCHS
                } else {
                    DENSE + 1
                };
                if epoch >= first {
                    assert_inside(&trainer, &case);
                } else {
                    assert!(trainer.compressed().iter().all(Option::is_none));
                }
            }
            if compress == Compress::FineTuned {
                let errors = trainer.measurement().layers.iter();
                assert!(
                    errors
                        .map(|layer| layer.compression_residual)
                        .all(|error| error == 0.0)
                );
                assert!(losses[EPOCHS] < losses[0], "{case:?}: {losses:?}");
            }
        }
    }
}

#[test]
fn compression_from_the_start_begins_with_row_zero() {
    for compress in [Compress::Projected, Compress::FineTuned] {
        for case in every_kind() {
            let from_start = GradientSettings {
                compress_after: Some(0),
                ..settings(compress)
            };
            assert_inside(&trainer::<f64>(&case, &from_start), &case);
        }
    }
}

#[test]
fn fine_tuning_keeps_the_support_and_moves_what_is_on_it() {
    for method in [METHODS[3], METHODS[5]] {
        let case = Case {
            compression: method,
            ..Case::default()
        };
        let mut trainer = trainer::<f64>(&case, &settings(Compress::FineTuned));
        while trainer.measurement().iteration <= DENSE {
            trainer.iterate().unwrap();
        }
        let before = trainer.weights()[0].weight.clone();
        trainer.iterate().unwrap();
        let after = &trainer.weights()[0].weight;
        assert_eq!(zeros(&before), zeros(after));
        let kept = before.iter().filter(|old| **old != 0.0).count();
        let moved = before.iter().zip(after).filter(|(old, new)| old != new);
        // Weights of units that no sample activates stay where they are.
        assert!(2 * moved.count() > kept);
    }
}

#[test]
fn the_projection_once_says_how_far_it_moved_the_weights() {
    let case = Case {
        compression: METHODS[3],
        ..Case::default()
    };
    let mut trainer = trainer::<f64>(&case, &settings(Compress::Once));
    while !trainer.is_done() {
        trainer.iterate().unwrap();
    }
    let layer = trainer.measurement().layers[0];
    let kept = trainer.weights()[0].weight.mapv(|w| w * w).sum();
    // What pruning removes is orthogonal to what it keeps.
    assert!((layer.weight - layer.compression_residual - kept).abs() < 1e-12 * layer.weight);
    assert!(layer.compression_residual > 0.0);
}
