//! A run goes on from a checkpoint as if it had never stopped, and does not depend on the threads.

use nnbcd::gradient::{Compress, GradientSettings, Optimizer, Trainer};
use nnbcd::linalg::Real;
use nnbcd::training::{Precision, WeightDecay};

use super::{problem, trainer};
use crate::cases::{Case, METHODS, every_kind};

const EPOCHS: usize = 4;

fn bytes<T: Real>(trainer: &Trainer<T>) -> Vec<u8> {
    trainer.checkpoint().pieces().concat()
}

fn every_setting() -> Vec<GradientSettings> {
    let mut settings = Vec::new();
    for optimizer in [Optimizer::Adam, Optimizer::Sgd] {
        for compress in [Compress::Once, Compress::Projected, Compress::FineTuned] {
            for compress_after in [0, 2] {
                settings.push(GradientSettings {
                    iterations: EPOCHS,
                    learning_rate: Some(0.02),
                    batch_size: 7,
                    weight_decay: WeightDecay::Uniform(0.01),
                    precision: Precision::Double,
                    compress,
                    compress_after: Some(compress_after),
                    ..GradientSettings::of(optimizer)
                });
            }
        }
    }
    settings
}

fn assert_resumes<T: Real>(case: &Case, settings: &GradientSettings) {
    let mut trainer = trainer::<T>(case, settings);
    loop {
        let before = bytes(&trainer);
        let mut resumed = Trainer::resume(problem::<T>(case, settings), &before).unwrap();
        assert!(bytes(&resumed) == before, "{case:?} {settings:?}");
        assert_eq!(resumed.measurement(), trainer.measurement());
        assert_eq!(resumed.accuracy(), trainer.accuracy());
        assert_eq!(resumed.weights(), trainer.weights());
        assert_eq!(resumed.compressed(), trainer.compressed());
        if trainer.is_done() {
            break;
        }
        trainer.iterate().unwrap();
        resumed.iterate().unwrap();
        assert!(bytes(&resumed) == bytes(&trainer), "{case:?} {settings:?}");
    }
}

#[test]
fn every_epoch_of_every_method_can_be_resumed() {
    for settings in every_setting() {
        for case in every_kind() {
            assert_resumes::<f64>(&case, &settings);
            assert_resumes::<f32>(&case, &settings);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let case = Case {
        compression: METHODS[1],
        ..Case::default()
    };
    let settings = GradientSettings {
        iterations: EPOCHS,
        compress_after: Some(0),
        ..GradientSettings::of(Optimizer::Adam)
    };
    let mut before = trainer::<f64>(&case, &settings);
    before.iterate().unwrap();
    let checkpoint = bytes(&before);
    let refused = |case: &Case, settings: &GradientSettings, checkpoint: &[u8], part: &str| {
        let resumed = Trainer::<f64>::resume(problem(case, settings), checkpoint);
        let error = resumed.map(|_| "it was accepted").unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    };
    let cut = &checkpoint[..checkpoint.len() - 8];
    refused(&case, &settings, cut, "it is cut");
    let longer = [&checkpoint[..], &[0; 8]].concat();
    refused(&case, &settings, &longer, "8 bytes too many");
    let sgd = GradientSettings {
        optimizer: Optimizer::Sgd,
        ..settings.clone()
    };
    refused(&case, &sgd, &checkpoint, "another method");
    let dense = Case::default();
    refused(&dense, &settings, &checkpoint, "compressed in another way");
    let single = bytes(&trainer::<f32>(&case, &settings));
    refused(&case, &settings, &single, "another precision");
    let split = case.solver::<f64>().checkpoint().pieces().concat();
    refused(&case, &settings, &split, "its header cannot be read");
}

fn final_state<T: Real>(case: &Case, settings: &GradientSettings, threads: usize) -> Vec<u8> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().unwrap().install(|| {
        let mut trainer = trainer::<T>(case, settings);
        while !trainer.is_done() {
            trainer.iterate().unwrap();
        }
        bytes(&trainer)
    })
}

/// Large enough for products that the backend shares between threads.
#[test]
fn the_numbers_do_not_depend_on_the_threads() {
    for (index, compression) in METHODS.into_iter().enumerate() {
        let dense = Case {
            features: 300,
            hidden: vec![256, 128],
            samples: 700,
            bias: index % 2 == 0,
            compression,
            ..Case::default()
        };
        let convolution = Case {
            samples: 700,
            ..dense.clone().with_convolution()
        };
        for case in [dense, convolution] {
            let settings = GradientSettings {
                iterations: 2,
                batch_size: 300,
                compress_after: Some(index % 2),
                ..GradientSettings::of(Optimizer::Adam)
            };
            let alone = final_state::<f32>(&case, &settings, 1);
            for threads in [2, 3] {
                let found = final_state::<f32>(&case, &settings, threads);
                assert!(alone == found, "{threads} threads: {case:?}");
            }
        }
    }
}

#[test]
fn batches_depend_on_the_seed_and_cover_the_samples() {
    let settings = GradientSettings {
        iterations: EPOCHS,
        batch_size: 7,
        ..GradientSettings::of(Optimizer::Sgd)
    };
    let losses = |seed: u64| {
        let case = Case::default();
        let weights = trainer::<f64>(&case, &settings).weights().to_vec();
        let mut problem = problem::<f64>(&case, &settings);
        problem.seed = seed;
        let mut trainer = Trainer::new(problem, weights).unwrap();
        trainer.iterate().unwrap();
        trainer.measurement().loss
    };
    assert_eq!(losses(1), losses(1));
    assert_ne!(losses(1), losses(2));
    // A batch that is larger than the training part is all of it, in any order.
    let whole = GradientSettings {
        batch_size: 1000,
        ..settings.clone()
    };
    let case = Case::default();
    let mut trainer = trainer::<f64>(&case, &whole);
    trainer.iterate().unwrap();
    assert!(trainer.measurement().step > 0.0);
}

/// Written by version 0.1.0 after two epochs: one of each optimizer.
#[test]
fn checkpoints_of_the_first_version_are_read_to_the_last_bit() {
    for (method, optimizer, checkpoint) in [
        (
            3,
            Optimizer::Sgd,
            &include_bytes!("../../fixtures/0.1.0/gradient-3.checkpoint")[..],
        ),
        (
            6,
            Optimizer::Adam,
            &include_bytes!("../../fixtures/0.1.0/gradient-6.checkpoint")[..],
        ),
    ] {
        let case = Case {
            compression: METHODS[method],
            samples: 4,
            bias: method % 2 == 0,
            ..Case::default()
        };
        let settings = GradientSettings {
            iterations: EPOCHS,
            batch_size: 3,
            compress: Compress::FineTuned,
            compress_after: Some(1),
            ..GradientSettings::of(optimizer)
        };
        let mut trainer = Trainer::<f32>::resume(problem(&case, &settings), checkpoint).unwrap();
        assert!(bytes(&trainer) == checkpoint, "{case:?}");
        trainer.iterate().unwrap();
    }
}
