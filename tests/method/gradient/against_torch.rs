//! The same steps as PyTorch, to rounding: `fixtures/gradient/with_torch.py` has computed them.

use std::sync::Arc;

use ndarray::{Array1, Array2};
use nnbcd::gradient::{GradientSettings, Optimizer, Trainer, TrainingProblem};
use nnbcd::network::{Architecture, InitSettings, LayerWeights, ModelSettings};
use nnbcd::training::{Samples, TrainingData, WeightDecay};
use serde::Deserialize;

#[derive(Deserialize)]
struct TorchCase {
    name: String,
    weight_decay: f64,
    inputs: Vec<Vec<f64>>,
    labels: Vec<usize>,
    start: Tensors,
    losses: Vec<f64>,
    end: Tensors,
}

#[derive(Deserialize)]
struct Tensors {
    weights: Vec<Vec<Vec<f64>>>,
    biases: Vec<Vec<f64>>,
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(row, column)| {
        rows[row][column]
    })
}

impl Tensors {
    fn layers(&self) -> Vec<LayerWeights<f64>> {
        (self.weights.iter().enumerate())
            .map(|(index, weight)| LayerWeights {
                weight: matrix(weight),
                bias: self.biases.get(index).cloned().map(Array1::from_vec),
            })
            .collect()
    }
}

fn trainer(case: &TorchCase) -> Trainer<f64> {
    let (optimizer, learning_rate) = match case.name.as_str() {
        "adam" => (Optimizer::Adam, 0.01),
        _ => (Optimizer::Sgd, 0.05),
    };
    let inputs = matrix(&case.inputs);
    let samples = || Samples::new(inputs.view(), &case.labels);
    let model = ModelSettings {
        hidden: vec![case.start.weights[0].len()],
        conv: None,
        bias: !case.start.biases.is_empty(),
        init: InitSettings::default(),
    };
    let problem = TrainingProblem::new(
        Arc::new(TrainingData::new(samples(), samples(), 3)),
        Architecture::resolve(&model, inputs.nrows(), None, 3).unwrap(),
        vec![None, None],
        GradientSettings {
            iterations: case.losses.len() - 1,
            learning_rate: Some(learning_rate),
            batch_size: case.labels.len(),
            weight_decay: WeightDecay::Uniform(case.weight_decay),
            ..GradientSettings::of(optimizer)
        },
        1,
    );
    Trainer::new(problem.unwrap(), case.start.layers()).unwrap()
}

fn assert_close(found: f64, expected: f64, what: &str) {
    let difference = (found - expected).abs();
    assert!(difference < 1e-9, "{what}: {found}, PyTorch: {expected}");
}

#[test]
fn losses_and_weights_are_those_of_torch() {
    let text = include_str!("../../fixtures/gradient/torch.json");
    let cases: Vec<TorchCase> = serde_json::from_str(text).unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let mut trainer = trainer(&case);
        for (epoch, loss) in case.losses.iter().enumerate() {
            if epoch > 0 {
                trainer.iterate().unwrap();
            }
            assert_close(trainer.measurement().loss, *loss, &case.name);
        }
        assert!(trainer.is_done());
        for (found, expected) in trainer.weights().iter().zip(case.end.layers()) {
            for (found, expected) in found.weight.iter().zip(&expected.weight) {
                assert_close(*found, *expected, &case.name);
            }
            assert_eq!(found.bias.is_some(), expected.bias.is_some());
            if let (Some(found), Some(expected)) = (&found.bias, &expected.bias) {
                for (found, expected) in found.iter().zip(expected) {
                    assert_close(*found, *expected, &case.name);
                }
            }
        }
    }
}
