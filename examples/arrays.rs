//! Trains on arrays of your own, saves the model and reads it back.
//!
//! `cargo run --release --no-default-features --example arrays`
#![allow(clippy::print_stdout, reason = "an example tells what it does")]

use std::error::Error;
use std::sync::Arc;

use ndarray::Array2;
use nnbcd::bcd::{Problem, Solver, SolverSettings};
use nnbcd::compress::{CompressionSettings, LayerSelection, PerLayer};
use nnbcd::network::{
    AnyModel, Architecture, InitScheme, ModelDescription, ModelSettings, draw_weights, to_bytes,
};
use nnbcd::training::{Samples, TrainingData};

const FEATURES: usize = 20;
const CLASSES: usize = 4;

/// Inputs `[features, samples]`, a sample per column, and a class per sample.
fn samples(count: usize, phase: f64) -> (Array2<f64>, Vec<usize>) {
    let labels: Vec<usize> = (0..count).map(|sample| sample % CLASSES).collect();
    let inputs = Array2::from_shape_fn((FEATURES, count), |(feature, sample)| {
        let noise = (phase + 12.9898 * feature as f64 + 78.233 * sample as f64).sin();
        f64::from(u8::from(feature % CLASSES == labels[sample])) + 0.5 * noise
    });
    (inputs, labels)
}

fn main() -> Result<(), Box<dyn Error>> {
    let (inputs, labels) = samples(800, 0.0);
    let (test_inputs, test_labels) = samples(200, 1.0);
    let data = TrainingData::<f64>::new(
        Samples::new(inputs.view(), &labels),
        Samples::new(test_inputs.view(), &test_labels),
        CLASSES,
    );

    let model = ModelSettings {
        hidden: vec![32, 32],
        conv: None,
        bias: true,
        init: Default::default(),
    };
    let architecture = Architecture::resolve(&model, FEATURES, None, CLASSES)?;
    let compression = CompressionSettings::Prune {
        layers: LayerSelection::All,
        sparsity: PerLayer::Uniform(0.8),
        scope: Default::default(),
    };
    let compression = compression.resolve(&architecture.weight_shapes(), false)?;
    let settings = SolverSettings {
        iterations: 30,
        ..SolverSettings::default()
    };
    let weights = draw_weights(&architecture, InitScheme::KaimingNormal, 1.0, 7);
    let problem = Problem::new(Arc::new(data), architecture.clone(), compression, settings)?;
    let mut solver = Solver::new(problem, weights)?;
    while solver.termination().is_none() {
        solver.iterate()?;
    }
    println!("trained: {:.3}", solver.accuracy().test.overall);

    let description = ModelDescription {
        classes: ["north", "east", "south", "west"].map(str::to_owned).into(),
        ..ModelDescription::default()
    };
    let bytes = to_bytes(
        &architecture,
        solver.weights(),
        solver.compressed(),
        &description,
    )?;
    let path = std::env::temp_dir().join("arrays.safetensors");
    std::fs::write(&path, bytes)?;
    let read = AnyModel::read(&path)?;
    let accuracy = read.accuracy(test_inputs, &test_labels).overall;
    println!("{}: {accuracy:.3}", path.display());
    Ok(())
}
