//! The trajectories of an independent double-precision implementation, iteration by iteration.
//!
//! `tests/golden/*.json` come from a plain implementation with exact solves; see
//! `tests/golden/README.md`.

use std::path::Path;
use std::sync::Arc;

use ndarray::{Array1, Array2};
use nnbcd::bcd::{Problem, Solver, SolverSettings};
use nnbcd::compress::LayerCompression;
use nnbcd::linalg::Real;
use nnbcd::network::{
    Architecture, ConvolutionSettings, Deployed, InitSettings, LayerWeights, ModelSettings,
};
use nnbcd::training::{Samples, TrainingData};
use serde_json::Value;

const CASES: [&str; 10] = [
    "conv-tensor-train",
    "mlp-2-4",
    "mlp-bias-all-layers",
    "mlp-low-rank",
    "mlp-none",
    "mlp-prune",
    "mlp-prune-hard",
    "mlp-tau-continuation",
    "mlp-tensor-train",
    "mlp-weight-decay",
];

fn case(name: &str) -> Value {
    let path = Path::new("tests/golden").join(name).with_extension("json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect()
}

fn counts(value: &Value) -> Vec<usize> {
    numbers(value).into_iter().map(|v| v as usize).collect()
}

fn matrix(value: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    let shape = (rows.len(), rows[0].len());
    Array2::from_shape_vec(shape, rows.into_iter().flatten().collect()).unwrap()
}

fn architecture(case: &Value) -> Architecture {
    let model = &case["model"];
    let dims = counts(&model["dims"]);
    let conv = model.get("conv").map(|conv| ConvolutionSettings {
        filters: counts(&Value::Array(vec![conv["filters"].clone()]))[0],
        kernel: conv["kernel"].as_u64().unwrap() as usize,
        stride: conv["stride"].as_u64().unwrap() as usize,
    });
    let hidden_from = if conv.is_some() { 2 } else { 1 };
    let settings = ModelSettings {
        hidden: dims[hidden_from..dims.len() - 1].to_vec(),
        conv,
        bias: model["bias"].as_bool().unwrap(),
        init: InitSettings::default(),
    };
    let image = model.get("image").map(|image| {
        let image = counts(image);
        [image[0], image[1], image[2]]
    });
    Architecture::resolve(&settings, dims[0], image, *dims.last().unwrap()).unwrap()
}

fn compression(case: &Value) -> Vec<Option<LayerCompression>> {
    let count = |value: &Value| value.as_u64().unwrap() as usize;
    case["compression"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| {
            Some(match layer.get("method")?.as_str().unwrap() {
                "tensor-train" => LayerCompression::TensorTrain {
                    modes: counts(&layer["modes"]),
                    rank: count(&layer["rank"]),
                },
                "low-rank" => LayerCompression::LowRank {
                    rank: count(&layer["rank"]),
                },
                "prune" => LayerCompression::Prune {
                    sparsity: layer["sparsity"].as_f64().unwrap(),
                    global: false,
                },
                "n-m" => LayerCompression::NM {
                    n: count(&layer["n"]),
                    m: count(&layer["m"]),
                },
                other => panic!("unknown method {other}"),
            })
        })
        .collect()
}

fn weights<T: Real>(case: &Value) -> Vec<LayerWeights<T>> {
    let biases = case.get("biases");
    case["weights"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(index, weight)| LayerWeights {
            weight: matrix(weight).mapv(T::from_f64),
            bias: biases.map(|biases| Array1::from(numbers(&biases[index])).mapv(T::from_f64)),
        })
        .collect()
}

fn samples<T: Real>(inputs: &Value, labels: &Value) -> Samples<T> {
    Samples::new(matrix(inputs).t(), &counts(labels))
}

fn solver<T: Real>(case: &Value) -> Solver<T> {
    let architecture = architecture(case);
    let settings: SolverSettings = serde_json::from_value(case["solver"].clone()).unwrap();
    let classes = architecture.layers.last().unwrap().units;
    let data = TrainingData::new(
        samples(&case["x_train"], &case["y_train"]),
        samples(&case["x_test"], &case["y_test"]),
        classes,
    );
    let problem = Problem::new(Arc::new(data), architecture, compression(case), settings).unwrap();
    Solver::new(problem, weights(case)).unwrap()
}

/// Largest relative deviation from the expected trajectory over all rows and quantities.
fn largest_deviation<T: Real>(case: &Value) -> f64 {
    let mut solver = solver::<T>(case);
    let mut largest = 0.0_f64;
    for (index, row) in case["expected"]["rows"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        let now = if index == 0 {
            solver.measurement()
        } else {
            solver.iterate().unwrap()
        };
        assert_eq!(now.iteration, index);
        for (name, value) in [
            ("objective", now.objective),
            ("loss", now.sums.loss),
            ("residual_v", now.sums.activation_residual().sqrt()),
            ("residual_u", now.sums.linear_residual().sqrt()),
            ("residual_w", now.sums.compression_residual().sqrt()),
            ("step", now.step),
        ] {
            let expected = row[name].as_f64().unwrap();
            let deviation = (value - expected).abs() / expected.abs().max(1e-12);
            if expected.abs() > 1e-12 || value.abs() > 1e-12 {
                largest = largest.max(deviation);
            }
        }
    }
    largest
}

#[test]
fn every_iteration_matches_in_double_precision() {
    for name in CASES {
        let deviation = largest_deviation::<f64>(&case(name));
        assert!(deviation < 1e-8, "{name}: {deviation:e}");
    }
}

#[test]
fn every_iteration_matches_in_single_precision() {
    for name in CASES {
        let deviation = largest_deviation::<f32>(&case(name));
        assert!(deviation < 1e-3, "{name}: {deviation:e}");
    }
}

#[test]
fn the_final_network_matches() {
    for name in CASES {
        let case = case(name);
        let mut solver = solver::<f64>(&case);
        while solver.termination().is_none() {
            solver.iterate().unwrap();
        }
        let expected = &case["expected"];
        let close = |a: &Array2<f64>, b: &Array2<f64>| {
            a.iter()
                .zip(b)
                .all(|(a, b)| (a - b).abs() < 1e-7 * (1.0 + b.abs()))
        };
        for (index, weights) in solver.weights().iter().enumerate() {
            assert!(
                close(&weights.weight, &matrix(&expected["weights"][index])),
                "{name} W {index}"
            );
        }
        let mut parameters = 0;
        for (index, compressed) in solver.compressed().iter().enumerate() {
            let weights = &solver.weights()[index];
            let bias = weights.bias.as_ref().map_or(0, Array1::len);
            parameters += bias
                + compressed
                    .as_ref()
                    .map_or(weights.weight.len(), nnbcd::compress::Projected::parameters);
            if let Some(projected) = compressed {
                assert!(
                    close(&projected.dense, &matrix(&expected["compressed"][index])),
                    "{name} Z {index}"
                );
            }
        }
        let problem = solver.problem();
        assert_eq!(
            problem.architecture.parameters() as u64,
            expected["params_dense"].as_u64().unwrap()
        );
        assert_eq!(
            parameters as u64,
            expected["params_compressed"].as_u64().unwrap(),
            "{name}"
        );
        let deployed = Deployed::new(&problem.architecture, solver.weights(), solver.compressed());
        assert_eq!(
            deployed.predict(problem.data.train.inputs.view()),
            counts(&expected["train_predictions"]),
            "{name}"
        );
        assert_eq!(
            deployed.predict(problem.data.test.inputs.view()),
            counts(&expected["test_predictions"]),
            "{name}"
        );
    }
}
