//! Trains a network with tensor-train weights on the built-in digits, without gradients, and saves it.
//!
//! `cargo run --release --no-default-features --example digits`
#![allow(clippy::print_stdout, reason = "an example tells what it does")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use nnbcd::bcd::{Problem, Solver, SolverSettings};
use nnbcd::compress::CompressionSettings;
use nnbcd::data::{DataSettings, load};
use nnbcd::network::{
    Architecture, InitScheme, ModelDescription, ModelSettings, bytes_compressed, bytes_dense,
    draw_weights, to_bytes,
};
use nnbcd::training::{Samples, TrainingData};

fn main() -> Result<(), Box<dyn Error>> {
    // Settings may be built field by field or, as here, from the words of a grid file.
    let data: DataSettings = serde_json::from_str(r#"{"source": "digits"}"#)?;
    let model: ModelSettings = serde_json::from_str(r#"{"hidden": [128, 128]}"#)?;
    let compression: CompressionSettings =
        serde_json::from_str(r#"{"method": "tensor-train", "rank": 16}"#)?;
    // Dense iterations first, penalties that grow, and at the end a refit to the network as it is shipped.
    let solver = SolverSettings {
        iterations: 60,
        gamma: 5.0,
        gamma_final: Some(20.0),
        rho: 5.0,
        rho_final: Some(20.0),
        tau: 5.0,
        tau_final: Some(3000.0),
        alpha: 0.1,
        relaxation: 1.9,
        compress_after: 20,
        refit: true,
        refit_every: Some(20),
        ..SolverSettings::default()
    };

    let digits = load(&data, Path::new("."))?;
    let architecture =
        Architecture::resolve(&model, digits.features(), None, digits.classes.len())?;
    let compression = compression.resolve(&architecture.weight_shapes(), false)?;
    let data = TrainingData::<f32>::new(
        Samples::new(digits.train.inputs.view(), &digits.train.labels),
        Samples::new(digits.test.inputs.view(), &digits.test.labels),
        digits.classes.len(),
    );
    let weights = draw_weights(&architecture, InitScheme::KaimingNormal, 0.5, 0);
    let problem = Problem::new(Arc::new(data), architecture.clone(), compression, solver)?;
    let mut solver = Solver::new(problem, weights)?;

    while solver.termination().is_none() {
        let measurement = solver.iterate()?;
        if measurement.iteration % 10 == 0 {
            println!(
                "iteration {}: objective {:.4}, test accuracy {:.4}",
                measurement.iteration,
                measurement.objective,
                solver.accuracy().test.overall
            );
        }
    }

    let description = ModelDescription {
        classes: digits.classes,
        ..ModelDescription::default()
    };
    let bytes = to_bytes(
        &architecture,
        solver.weights(),
        solver.compressed(),
        &description,
    )?;
    let path = std::env::temp_dir().join("digits.safetensors");
    std::fs::write(&path, bytes)?;
    println!(
        "{}: {} bytes of parameters, {} when dense",
        path.display(),
        bytes_compressed(solver.weights(), solver.compressed()),
        bytes_dense::<f32>(&architecture)
    );
    Ok(())
}
