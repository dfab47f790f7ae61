//! The backward pass against central differences of a forward pass in plain loops.

use ndarray::ArrayView2;
use nnbcd::gradient::batch_gradient;
use nnbcd::network::{Architecture, Deployed, LayerKind, LayerWeights};

use super::trainer;
use crate::cases::Case;
use nnbcd::gradient::{GradientSettings, Optimizer};

/// Mean cross-entropy, one sample and one unit at a time.
fn loss(
    architecture: &Architecture,
    weights: &[LayerWeights<f64>],
    inputs: ArrayView2<'_, f64>,
    labels: &[usize],
) -> f64 {
    let mut total = 0.0;
    for (sample, label) in labels.iter().enumerate() {
        let mut values = inputs.column(sample).to_vec();
        for (index, layer) in architecture.layers.iter().enumerate() {
            let outputs = layer.weight.0;
            let mut next = vec![0.0; layer.units];
            for (unit, sum) in next.iter_mut().enumerate() {
                let (row, before): (usize, Vec<f64>) = match &layer.kind {
                    LayerKind::Dense => (unit, values.clone()),
                    LayerKind::Convolution(conv) => {
                        let patch = conv.patch(unit / conv.filters);
                        (unit % conv.filters, patch.map(|at| values[at]).collect())
                    }
                };
                for (weight, value) in weights[index].weight.row(row).iter().zip(before) {
                    *sum += weight * value;
                }
                if let Some(bias) = &weights[index].bias {
                    *sum += bias[unit % outputs];
                }
                if architecture.is_hidden(index) {
                    *sum = sum.max(0.0);
                }
            }
            values = next;
        }
        let normalizer: f64 = values.iter().map(|value| value.exp()).sum();
        total += normalizer.ln() - values[*label];
    }
    total / labels.len() as f64
}

/// The same weights with one number changed; `place` counts through the weight and then the bias.
fn moved(
    weights: &[LayerWeights<f64>],
    layer: usize,
    place: usize,
    by: f64,
) -> Vec<LayerWeights<f64>> {
    let mut weights = weights.to_vec();
    let LayerWeights { weight, bias } = &mut weights[layer];
    let entries = weight.len();
    match place.checked_sub(entries) {
        None => weight.as_slice_mut().unwrap()[place] += by,
        Some(place) => bias.as_mut().unwrap()[place] += by,
    }
    weights
}

#[test]
fn the_backward_pass_is_the_derivative_of_the_loss() {
    const STEP: f64 = 1e-6;
    for bias in [false, true] {
        let dense = Case {
            bias,
            ..Case::default()
        };
        for case in [dense.clone(), dense.with_convolution()] {
            let mut trainer = trainer::<f64>(&case, &GradientSettings::of(Optimizer::Adam));
            // Biases start at zero; after an epoch they are none of them.
            trainer.iterate().unwrap();
            let (architecture, weights) = (case.architecture(), trainer.weights());
            let train = &trainer.problem().data.train;
            let inputs = train.inputs.view();
            let deployed = Deployed::new(&architecture, weights, trainer.compressed());
            let expected = loss(&architecture, weights, inputs, &train.labels);
            assert!((deployed.cross_entropy(inputs, &train.labels, 0.0) - expected).abs() < 1e-12);
            assert!((trainer.measurement().loss - expected).abs() < 1e-12);

            let gradients = batch_gradient(&architecture, weights, inputs, &train.labels);
            for (layer, gradient) in gradients.iter().enumerate() {
                let all = gradient.weight.iter().chain(gradient.bias.iter().flatten());
                for (place, found) in all.enumerate() {
                    let at = |by| {
                        let weights = moved(weights, layer, place, by);
                        loss(&architecture, &weights, inputs, &train.labels)
                    };
                    let difference = (at(STEP) - at(-STEP)) / (2.0 * STEP);
                    assert!(
                        (found - difference).abs() < 1e-7,
                        "layer {layer}, {place}: {found} {difference} {case:?}"
                    );
                }
            }
        }
    }
}
