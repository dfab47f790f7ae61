//! Networks in every form, and what they compute.

use std::collections::{BTreeMap, HashMap};

use ndarray::{Array1, Array2};
use nnbcd::compress::{LayerCompression, Projected};
use nnbcd::linalg::{Accumulate, Real};
use nnbcd::network::{
    Architecture, ConvolutionSettings, InitScheme, InitSettings, LayerWeights, Model,
    ModelDescription, ModelSettings, Standardization, apply_layer, draw_weights,
};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::Value;

/// One compression per layer, in the order of the layers.
type Compressions = Vec<Option<LayerCompression>>;

fn low_rank(rank: usize) -> LayerCompression {
    LayerCompression::LowRank { rank }
}

fn train(modes: &[usize], rank: usize) -> LayerCompression {
    let modes = modes.to_vec();
    LayerCompression::TensorTrain { modes, rank }
}

fn prune(sparsity: f64) -> LayerCompression {
    let global = false;
    LayerCompression::Prune { sparsity, global }
}

fn n_m(n: usize, m: usize) -> LayerCompression {
    LayerCompression::NM { n, m }
}

/// Every form, every width of indices, with and without bias, convolution, standardisation.
pub fn models<T: Real>() -> Vec<(&'static str, Model<T>)> {
    let mlp = |bias, compressions| build(None, 22, &[12, 20], bias, compressions);
    let convolution = |bias, compressions| {
        let settings = ConvolutionSettings {
            filters: 4,
            kernel: 3,
            stride: 2,
        };
        // 2 x 3 positions of 4 filters.
        let image = Some((settings, [6, 7, 2]));
        build(image, 84, &[10], bias, compressions)
    };
    let mut standardized = mlp(true, vec![None, Some(low_rank(3)), None]);
    standardized.description.standardization = Some(Standardization {
        mean: (0..22).map(|feature| 0.1 * f64::from(feature)).collect(),
        scale: (0..22)
            .map(|feature| 1.0 + f64::from(feature % 3))
            .collect(),
    });
    vec![
        ("dense", mlp(true, vec![None, None, None])),
        (
            "low-rank",
            mlp(false, vec![Some(low_rank(3)), Some(low_rank(5)), None]),
        ),
        (
            "tensor-train",
            mlp(
                true,
                vec![
                    Some(train(&[3, 4, 2, 11], 3)),
                    Some(train(&[8, 5, 6], 4)),
                    Some(train(&[100], 1)),
                ],
            ),
        ),
        (
            "sparse",
            mlp(
                true,
                vec![Some(prune(0.8)), Some(prune(0.5)), Some(prune(0.9))],
            ),
        ),
        (
            "wide-sparse",
            build(None, 300, &[10], false, vec![Some(prune(0.8)), None]),
        ),
        (
            "n-m",
            mlp(
                true,
                vec![Some(n_m(2, 4)), Some(n_m(1, 5)), Some(n_m(1, 1))],
            ),
        ),
        (
            "n-m-long",
            mlp(
                false,
                vec![Some(n_m(3, 7)), Some(n_m(5, 12)), Some(n_m(2, 3))],
            ),
        ),
        (
            "convolution",
            convolution(true, vec![None, Some(prune(0.7)), None]),
        ),
        (
            "compressed-convolution",
            convolution(
                false,
                vec![Some(low_rank(2)), Some(train(&[2, 5, 4, 6], 4)), None],
            ),
        ),
        (
            "train-convolution",
            convolution(true, vec![Some(train(&[2, 2, 2, 9], 3)), None, None]),
        ),
        ("standardized", standardized),
    ]
}

fn build<T: Real>(
    conv: Option<(ConvolutionSettings, [usize; 3])>,
    features: usize,
    hidden: &[usize],
    bias: bool,
    compressions: Compressions,
) -> Model<T> {
    let settings = ModelSettings {
        hidden: hidden.to_vec(),
        conv: conv.as_ref().map(|(conv, _)| conv.clone()),
        bias,
        init: InitSettings::default(),
    };
    let image = conv.map(|(_, image)| image);
    let architecture = Architecture::resolve(&settings, features, image, 5).unwrap();
    let mut weights: Vec<LayerWeights<T>> =
        draw_weights(&architecture, InitScheme::KaimingNormal, 1.0, 7);
    assert_eq!(weights.len(), compressions.len());
    let mut compressed = Vec::new();
    for (layer, compression) in weights.iter_mut().zip(compressions) {
        layer.bias = layer
            .bias
            .as_ref()
            .map(|bias| Array1::from_shape_fn(bias.len(), |unit| T::from_f64((unit as f64).sin())));
        let projected = compression.map(|compression| {
            Projected::project(&compression, layer.weight.view(), None).unwrap()
        });
        if let Some(projected) = &projected {
            layer.weight.clone_from(&projected.dense);
        }
        compressed.push(projected);
    }
    Model {
        architecture,
        weights,
        compressed,
        description: ModelDescription {
            features: Vec::new(),
            transformation: None,
            classes: ["zero", "one", "two", "three", "\"four\""]
                .map(String::from)
                .to_vec(),
            preprocessing: "pixels / 255".into(),
            standardization: None,
            settings: "model:\n  hidden: [12, 20]\n".into(),
        },
    }
}

/// Samples (features x n) that are the same in single and in double precision.
pub fn samples<T: Real>(features: usize, count: usize) -> Array2<T> {
    Array2::from_shape_fn((features, count), |(feature, sample)| {
        T::from_f64(
            f64::from(((feature * 31 + sample * (17 + feature * feature)) % 64) as u8) / 32.0 - 1.0,
        )
    })
}

/// What the network computes from samples before any standardisation, classes x n, in double
/// precision and from dense matrices.
pub fn outputs<T: Real>(model: &Model<T>, samples: &Array2<T>) -> Array2<f64> {
    let mut values = samples.mapv(Real::widen);
    if let Some(standardization) = &model.description.standardization {
        standardization.apply(&mut values);
    }
    for (index, layer) in model.architecture.layers.iter().enumerate() {
        let weights = LayerWeights {
            weight: model.weights[index].weight.mapv(Real::widen),
            bias: model.weights[index]
                .bias
                .as_ref()
                .map(|bias| bias.mapv(Real::widen)),
        };
        let mut units = Array2::zeros((layer.units, values.ncols()));
        apply_layer(
            layer,
            1.0,
            &weights,
            values.view(),
            Accumulate::Replace,
            units.view_mut(),
        );
        if model.architecture.is_hidden(index) {
            units.mapv_inplace(|value: f64| value.max(0.0));
        }
        values = units;
    }
    values
}

/// The bytes of the model's file.
pub fn bytes_of<T: Real>(model: &Model<T>) -> Vec<u8> {
    nnbcd::network::to_bytes(
        &model.architecture,
        &model.weights,
        &model.compressed,
        &model.description,
    )
    .unwrap()
}

/// Tensors of a file by name: type, shape, bytes.
pub type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

/// The tensors of a file.
pub fn tensors_of(bytes: &[u8]) -> Tensors {
    let file = SafeTensors::deserialize(bytes).unwrap();
    file.iter()
        .map(|(name, view)| {
            let content = (view.dtype(), view.shape().to_vec(), view.data().to_vec());
            (name.to_owned(), content)
        })
        .collect()
}

/// The model of this name.
pub fn model<T: Real>(name: &str) -> Model<T> {
    let mut all = models::<T>().into_iter();
    all.find(|(other, _)| *other == name).unwrap().1
}

/// The file with its description and its tensors changed.
pub fn changed(bytes: &[u8], change: impl Fn(&mut Value, &mut Tensors)) -> Vec<u8> {
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    let text = &header.metadata().as_ref().unwrap()["nnbcd"];
    let (mut description, mut tensors) = (serde_json::from_str(text).unwrap(), tensors_of(bytes));
    change(&mut description, &mut tensors);
    let views = tensors.iter().map(|(name, (dtype, shape, data))| {
        let view = TensorView::new(*dtype, shape.clone(), data).unwrap();
        (name, view)
    });
    let metadata = HashMap::from([("nnbcd".to_owned(), description.to_string())]);
    safetensors::serialize(views, Some(metadata)).unwrap()
}
