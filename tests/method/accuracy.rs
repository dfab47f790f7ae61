//! The deployed network against a plain forward pass.

use ndarray::{Array1, Array2, array};
use nnbcd::compress::{LayerCompression, Projected};
use nnbcd::linalg::Real;
use nnbcd::network::{Architecture, Deployed, InitScheme, LayerWeights, draw_weights};

use crate::blocks::{columns, joined, relu};
use crate::cases::{CLASSES, Case, normal};

fn forms() -> Vec<Option<LayerCompression>> {
    let train = |rank| {
        Some(LayerCompression::TensorTrain {
            modes: vec![],
            rank,
        })
    };
    let prune = |sparsity| {
        Some(LayerCompression::Prune {
            sparsity,
            global: false,
        })
    };
    vec![
        None,
        train(2),
        train(50),
        Some(LayerCompression::LowRank { rank: 2 }),
        Some(LayerCompression::LowRank { rank: 3 }),
        prune(0.9),
        prune(0.4),
        Some(LayerCompression::NM { n: 1, m: 4 }),
    ]
}

/// Modes with and without a bond between rows and columns.
fn with_modes(form: LayerCompression, (rows, columns): (usize, usize)) -> LayerCompression {
    match form {
        LayerCompression::TensorTrain { rank, .. } => LayerCompression::TensorTrain {
            modes: if rank == 2 {
                vec![rows, columns]
            } else {
                vec![rows * columns]
            },
            rank,
        },
        other => other,
    }
}

/// Outputs by the definition, classes x n.
fn outputs<T: Real>(
    architecture: &Architecture,
    weights: &[LayerWeights<T>],
    compressed: &[Option<Projected<T>>],
    inputs: &Array2<f64>,
) -> Array2<f64> {
    let mut activations = inputs.clone();
    for (index, layer) in architecture.layers.iter().enumerate() {
        let bias = weights[index].bias.as_ref().map(|bias| bias.mapv(T::widen));
        let weight = compressed[index]
            .as_ref()
            .map_or(&weights[index].weight, |projected| &projected.dense)
            .mapv(T::widen);
        let samples = activations.ncols();
        let product =
            joined(&weight, bias.as_ref()).dot(&columns(layer, &activations, bias.is_some()));
        let filters = layer.weight.0;
        activations = Array2::from_shape_fn((layer.units, samples), |(unit, sample)| {
            product[(unit % filters, unit / filters * samples + sample)]
        });
        if architecture.is_hidden(index) {
            activations = relu(&activations);
        }
    }
    activations
}

fn check<T: Real>(case: &Case, form: Option<&LayerCompression>, samples: usize, limit: f64) {
    let architecture = case.architecture();
    let mut weights = draw_weights::<T>(&architecture, InitScheme::KaimingNormal, 1.0, 3);
    for (index, layer) in weights.iter_mut().enumerate() {
        if let Some(bias) = &mut layer.bias {
            *bias = Array1::from_shape_fn(bias.len(), |unit| {
                T::from_f64(0.3 * ((unit + index) as f64).sin())
            });
        }
    }
    let compressed: Vec<_> = weights
        .iter()
        .map(|layer| {
            let form = with_modes(form?.clone(), layer.weight.dim());
            Some(Projected::project(&form, layer.weight.view(), None).unwrap())
        })
        .collect();
    let inputs = normal(architecture.inputs, samples, 4).mapv(T::from_f64);
    let expected = outputs(&architecture, &weights, &compressed, &inputs.mapv(T::widen));
    let deployed = Deployed::new(&architecture, &weights, &compressed);
    let predictions = deployed.predict(inputs.view());
    assert_eq!(predictions.len(), samples);
    let mut clear = 0;
    for (sample, prediction) in predictions.iter().enumerate() {
        let column = expected.column(sample);
        let largest = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let missed = largest - column[*prediction];
        assert!(missed <= limit, "sample {sample}: {form:?} of {case:?}");
        clear += usize::from(
            column
                .iter()
                .filter(|value| **value > largest - limit)
                .count()
                == 1,
        );
    }
    // A sparse network may name several classes alike; a dense one shows that this is no excuse.
    assert!(
        form.is_some() || clear * 10 >= samples * 7,
        "{clear} of {samples}"
    );
}

#[test]
fn predictions_are_those_of_a_plain_forward_pass_in_every_form() {
    for form in forms() {
        for bias in [false, true] {
            let case = Case {
                bias,
                ..Case::default()
            };
            for case in [case.clone(), case.with_convolution()] {
                for samples in [0, 1, 31, 33, 255, 256, 257, 600] {
                    check::<f64>(&case, form.as_ref(), samples, 1e-12);
                    check::<f32>(&case, form.as_ref(), samples, 1e-4);
                }
            }
        }
    }
}

fn one_layer(weight: Array2<f64>) -> (Architecture, Vec<LayerWeights<f64>>) {
    let case = Case {
        features: weight.ncols(),
        hidden: vec![],
        ..Case::default()
    };
    assert_eq!(weight.nrows(), CLASSES);
    (
        case.architecture(),
        vec![LayerWeights { weight, bias: None }],
    )
}

#[test]
fn a_tie_goes_to_the_lower_class() {
    let (architecture, weights) = one_layer(array![[1.0, 0.0], [2.0, 1.0], [2.0, 1.0]]);
    let deployed = Deployed::new(&architecture, &weights, &[None]);
    let inputs = array![[1.0, 0.0, -1.0, 1.0], [0.0, 0.0, 0.0, -1.0]];
    assert_eq!(deployed.predict(inputs.view()), [1, 0, 0, 0]);
}

#[test]
fn balanced_accuracy_is_the_mean_recall_of_the_classes_that_occur() {
    let (architecture, weights) = one_layer(Array2::eye(3));
    let deployed = Deployed::new(&architecture, &weights, &[None]);
    // The network names the row of the one: 0 0 0 1 1 0.
    let inputs = array![
        [1.0, 1.0, 1.0, 0.0, 0.0, 1.0],
        [0.0, 0.0, 0.0, 1.0, 1.0, 0.0],
        [0.0; 6]
    ];
    // Recall 3/4 of class 0 and 1/2 of class 1.
    let accuracy = deployed.accuracy(inputs.view(), &[0, 0, 0, 0, 1, 1]);
    assert_eq!(accuracy.overall, 4.0 / 6.0);
    assert_eq!(accuracy.balanced, 0.625);
    // Recall 1, 0 and 0 where class 2 occurs and is never named.
    let accuracy = deployed.accuracy(inputs.view(), &[0, 0, 0, 2, 2, 1]);
    assert_eq!((accuracy.overall, accuracy.balanced), (0.5, 1.0 / 3.0));
}
