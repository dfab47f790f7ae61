//! Seconds per iteration of the published configurations, on random data of their shapes.
//!
//! ```text
//! cargo bench --bench published -- har4 --iterations 5 --threads 2
//! ```
//!
//! An iteration includes the accuracy on the training and on the test part and the objective, as in
//! the published notebooks. The time does not depend on the values of the data.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measures")]

use std::sync::Arc;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use ndarray::Array2;
use nnbcd::bcd::{Coupling, Problem, Solver, SolverSettings};
use nnbcd::compress::LayerCompression;
use nnbcd::linalg::Real;
use nnbcd::network::{
    Architecture, ConvolutionSettings, InitScheme, InitSettings, ModelSettings, draw_weights,
};
use nnbcd::training::{Samples, TrainingData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A published experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Experiment {
    /// UCI-HAR, MLP-4, tensor train of rank 80.
    Har4,
    /// UCI-HAR, MLP-5, tensor train of rank 80.
    Har5,
    /// MNIST, convolution and three dense layers, tensor train of rank 40.
    Cnn,
    /// Solar flare, LeNet-300-100, pruning to 90 % zeros.
    Prune,
}

#[derive(Parser)]
struct Arguments {
    experiment: Experiment,
    #[arg(long, default_value_t = 5)]
    iterations: usize,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Double precision.
    #[arg(long)]
    double: bool,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

struct Shape {
    hidden: Vec<usize>,
    inputs: usize,
    classes: usize,
    samples: (usize, usize),
    conv: Option<ConvolutionSettings>,
    compression: Vec<Option<LayerCompression>>,
    settings: SolverSettings,
}

fn tensor_train(modes: &[usize], rank: usize) -> LayerCompression {
    LayerCompression::TensorTrain {
        modes: modes.to_vec(),
        rank,
    }
}

fn settings(tau: f64, gamma: f64, rho: f64) -> SolverSettings {
    SolverSettings {
        iterations: usize::MAX,
        tau,
        gamma,
        rho,
        alpha: 1.0,
        ..SolverSettings::default()
    }
}

fn shape(experiment: Experiment) -> Shape {
    let first = Some(tensor_train(&[6, 22, 34, 2, 2, 2, 2, 2, 2, 2], 80));
    let square = Some(tensor_train(&[4; 10], 80));
    let narrow = Some(tensor_train(&[4, 4, 4, 4, 4, 4, 4, 4, 4, 2], 80));
    match experiment {
        Experiment::Har4 => Shape {
            hidden: vec![1024, 1024, 1024, 512],
            inputs: 561,
            classes: 6,
            samples: (7352, 2947),
            conv: None,
            compression: vec![first, square.clone(), square, narrow, None],
            settings: settings(5.0, 0.5, 0.5),
        },
        Experiment::Har5 => Shape {
            hidden: vec![1024, 1024, 1024, 512, 512],
            inputs: 561,
            classes: 6,
            samples: (7352, 2947),
            conv: None,
            compression: vec![
                first,
                square.clone(),
                square,
                narrow,
                Some(tensor_train(&[4; 9], 80)),
                None,
            ],
            settings: settings(3.0, 0.5, 0.5),
        },
        Experiment::Cnn => Shape {
            hidden: vec![1024, 1024],
            inputs: 784,
            classes: 10,
            samples: (6000, 999),
            conv: Some(ConvolutionSettings {
                filters: 32,
                kernel: 3,
                stride: 2,
            }),
            compression: vec![
                None,
                Some(tensor_train(&[26, 26, 4, 4, 4, 4, 4, 2, 2, 2], 40)),
                Some(tensor_train(&[4; 10], 40)),
                None,
            ],
            settings: settings(0.1, 5.0, 5.0),
        },
        Experiment::Prune => {
            let prune = Some(LayerCompression::Prune {
                sparsity: 0.9,
                global: false,
            });
            Shape {
                hidden: vec![300, 100],
                inputs: 40,
                classes: 2,
                samples: (8114, 44_689),
                conv: None,
                compression: vec![prune.clone(), prune, None],
                settings: SolverSettings {
                    coupling: Coupling::Hard,
                    ..settings(200.0, 100.0, 1.0)
                },
            }
        }
    }
}

fn samples<T: Real>(features: usize, count: usize, classes: usize, seed: u64) -> Samples<T> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let inputs = Array2::from_shape_simple_fn((features, count), || {
        f64::from(generator.next_u32()) / f64::from(u32::MAX)
    });
    let labels: Vec<usize> = (0..count).map(|sample| sample % classes).collect();
    Samples::new(inputs.view(), &labels)
}

fn measure<T: Real>(arguments: &Arguments) -> f64 {
    let shape = shape(arguments.experiment);
    let data = TrainingData::<T>::new(
        samples(shape.inputs, shape.samples.0, shape.classes, 1),
        samples(shape.inputs, shape.samples.1, shape.classes, 2),
        shape.classes,
    );
    let model = ModelSettings {
        hidden: shape.hidden,
        conv: shape.conv,
        bias: false,
        init: InitSettings::default(),
    };
    let image = model.conv.is_some().then_some([28, 28, 1]);
    let architecture = Architecture::resolve(&model, shape.inputs, image, shape.classes)
        .expect("the published networks fit their data");
    let weights = draw_weights(&architecture, InitScheme::KaimingNormal, 0.2, 1);
    let problem = Problem::new(
        Arc::new(data),
        architecture,
        shape.compression,
        shape.settings,
    )
    .expect("shapes that fit together");
    let mut solver = Solver::new(problem, weights).expect("finite random data");
    let mut seconds = Vec::new();
    for iteration in 1..=arguments.iterations {
        let start = Instant::now();
        let measurement = solver.iterate().expect("finite random data");
        let accuracy = solver.accuracy();
        seconds.push(start.elapsed().as_secs_f64());
        println!(
            "iteration {iteration} {:.4} s objective {:.6e} train {:.4} test {:.4}",
            seconds[iteration - 1],
            measurement.objective,
            accuracy.train.overall,
            accuracy.test.overall
        );
    }
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn main() {
    let arguments = Arguments::parse();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.threads)
        .build()
        .expect("a few threads can be started");
    let seconds = pool.install(|| {
        if arguments.double {
            measure::<f64>(&arguments)
        } else {
            measure::<f32>(&arguments)
        }
    });
    println!(
        "{:?} seconds_per_iteration {seconds:.5}",
        arguments.experiment
    );
}
