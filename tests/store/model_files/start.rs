//! Start weights: a dense network from elsewhere.

use std::path::PathBuf;

use ndarray::{Array1, Array2};
use nnbcd::network::{
    Architecture, ConvolutionSettings, InitSettings, LayerWeights, ModelSettings,
    read_start_weights,
};
use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};

/// 3 inputs, 2 hidden units, 2 classes.
fn architecture(bias: bool) -> Architecture {
    resolve(3, None, None, vec![2], bias)
}

fn resolve(
    features: usize,
    image: Option<[usize; 3]>,
    conv: Option<ConvolutionSettings>,
    hidden: Vec<usize>,
    bias: bool,
) -> Architecture {
    let settings = ModelSettings {
        hidden,
        conv,
        bias,
        init: InitSettings::default(),
    };
    Architecture::resolve(&settings, features, image, 2).unwrap()
}

type Tensor = (&'static str, Dtype, Vec<usize>, Vec<u8>);

fn singles(name: &'static str, shape: &[usize], values: impl IntoIterator<Item = f32>) -> Tensor {
    let bytes: Vec<u8> = values.into_iter().flat_map(f32::to_le_bytes).collect();
    (name, Dtype::F32, shape.to_vec(), bytes)
}

fn halves(name: &'static str, dtype: Dtype, shape: &[usize], values: &[u16]) -> Tensor {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
    (name, dtype, shape.to_vec(), bytes.collect())
}

fn counted(count: usize) -> impl Iterator<Item = f32> {
    (0..count).map(|value| value as f32)
}

/// What is read from a file with these tensors, or the message.
fn read(tensors: &[Tensor], architecture: &Architecture) -> Result<Vec<LayerWeights<f64>>, String> {
    let directory = tempfile::tempdir().unwrap();
    let path: PathBuf = directory.path().join("start.safetensors");
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (
            *name,
            TensorView::new(*dtype, shape.clone(), bytes).unwrap(),
        )
    });
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    read_start_weights(&path, architecture).map_err(|error| {
        let message = error.to_string();
        let place = message
            .find("start.safetensors")
            .expect("the file is named");
        message[place..].to_owned()
    })
}

#[test]
fn every_precision_is_read_and_missing_biases_are_zero() {
    let double: Vec<u8> = [0.1_f64, -0.2]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let tensors = [
        // 1, -2, 0.333251953125, 2^-24, 65504, 0 in half precision.
        halves(
            "layers.0.weight",
            Dtype::F16,
            &[2, 3],
            &[0x3c00, 0xc000, 0x3555, 0x0001, 0x7bff, 0x8000],
        ),
        halves(
            "layers.1.weight",
            Dtype::BF16,
            &[2, 2],
            &[0x3f80, 0xc000, 0x4049, 0],
        ),
        ("layers.1.bias", Dtype::F64, vec![2], double),
        singles("optimizer.step", &[1], [7.0]),
    ];
    let weights = read(&tensors, &architecture(true)).unwrap();
    let first = [
        1.0,
        -2.0,
        0.333_251_953_125,
        2.0_f64.powi(-24),
        65504.0,
        0.0,
    ];
    let first = Array2::from_shape_vec((2, 3), first.to_vec()).unwrap();
    let second = Array2::from_shape_vec((2, 2), vec![1.0, -2.0, 3.140_625, 0.0]).unwrap();
    let expected = [
        (first, Array1::zeros(2)),
        (second, Array1::from_vec(vec![0.1, -0.2])),
    ];
    for (layer, (weight, bias)) in weights.into_iter().zip(expected) {
        let bias = Some(bias);
        assert_eq!(layer, LayerWeights { weight, bias });
    }
}

#[test]
fn convolutions_of_pytorch_are_reordered_with_the_layer_behind_them() {
    // Image of 3 x 2 x 2 channels, kernel 2, 3 filters at 2 x 1 positions.
    let conv = ConvolutionSettings {
        filters: 3,
        kernel: 2,
        stride: 1,
    };
    let architecture = resolve(12, Some([3, 2, 2]), Some(conv), vec![], false);
    let pytorch = [
        singles("layers.0.weight", &[3, 2, 2, 2], counted(24)),
        singles("layers.1.weight", &[2, 6], counted(12)),
    ];
    let weights = read(&pytorch, &architecture).unwrap();
    // Kernel row, kernel column, channel; PyTorch counts channel, row, column.
    assert_eq!(
        weights[0].weight.row(1).to_vec(),
        [8.0, 12.0, 9.0, 13.0, 10.0, 14.0, 11.0, 15.0]
    );
    // Position, filter; PyTorch counts filter, position.
    assert_eq!(
        weights[1].weight.row(1).to_vec(),
        [6.0, 8.0, 10.0, 7.0, 9.0, 11.0]
    );

    let own = [
        singles("layers.0.weight", &[3, 8], counted(24)),
        singles("layers.1.weight", &[2, 6], counted(12)),
    ];
    let weights = read(&own, &architecture).unwrap();
    assert_eq!(weights[0].weight.as_slice().unwrap()[8..10], [8.0, 9.0]);
    assert_eq!(weights[1].weight.as_slice().unwrap()[6..8], [6.0, 7.0]);

    let flat = [singles("layers.0.weight", &[3, 2, 4], counted(24))];
    assert_eq!(
        read(&flat, &architecture).unwrap_err(),
        "start.safetensors: tensor `layers.0.weight` has the shape [3, 2, 4]; expected is \
         [3, 2, 2, 2] (filters, channels, kernel, kernel) or [3, 8]"
    );
}

#[test]
fn files_that_do_not_fit_the_network_are_refused_by_name_and_shape() {
    let first = || singles("layers.0.weight", &[2, 3], counted(6));
    let second = || singles("layers.1.weight", &[2, 2], counted(4));
    let bias = || singles("layers.0.bias", &[2], counted(2));
    let cases: [(Vec<Tensor>, bool, &str); 8] = [
        (
            vec![
                singles("0.weight", &[2, 3], counted(6)),
                singles("fc2.weight", &[2, 2], counted(4)),
            ],
            false,
            "tensor `layers.0.weight` [2, 3] is missing; name the tensors layers.0.weight, layers.1.weight, … \
             in the order in which they are applied. The file has: `0.weight` [2, 3], `fc2.weight` [2, 2]",
        ),
        (
            vec![singles("layers.0.weight", &[3, 2], counted(6)), second()],
            false,
            "tensor `layers.0.weight` has the shape [3, 2]; expected is [2, 3] (outputs, inputs)",
        ),
        (
            vec![first()],
            false,
            "tensor `layers.1.weight` [2, 2] is missing",
        ),
        (
            vec![first(), second(), bias()],
            false,
            "tensor `layers.0.bias` has no place in the network: it has no biases; set model.bias: true, or leave the tensor out",
        ),
        (
            vec![
                first(),
                second(),
                singles("layers.0.bias", &[3], counted(3)),
            ],
            true,
            "tensor `layers.0.bias` has the shape [3]; expected is [2]",
        ),
        (
            vec![
                first(),
                second(),
                singles("layers.2.weight", &[2, 2], counted(4)),
            ],
            false,
            "tensor `layers.2.weight` has no place in the network: it has the layers 0 to 1",
        ),
        (
            vec![
                first(),
                singles("layers.1.weight", &[2, 2], [0.0, f32::INFINITY, 0.0, 0.0]),
            ],
            false,
            "tensor `layers.1.weight`: entry 1 is inf",
        ),
        (
            vec![
                first(),
                ("layers.1.weight", Dtype::I64, vec![2, 2], vec![0; 32]),
            ],
            false,
            "tensor `layers.1.weight` has the type I64; allowed are F64, F32, F16 and BF16",
        ),
    ];
    for (tensors, bias, part) in cases {
        let message = read(&tensors, &architecture(bias)).unwrap_err();
        let expected = format!("start.safetensors: {part}");
        assert!(
            message.starts_with(&expected),
            "{message}\nexpected: {expected}"
        );
    }
}

#[test]
fn numbers_beyond_single_precision_are_refused_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("start.safetensors");
    let bytes: Vec<u8> = [1e300_f64; 6]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let view = TensorView::new(Dtype::F64, vec![2, 3], &bytes).unwrap();
    let file = safetensors::serialize([("layers.0.weight", view)], None).unwrap();
    std::fs::write(&path, file).unwrap();
    let error = read_start_weights::<f32>(&path, &architecture(false)).unwrap_err();
    assert!(
        error.to_string().contains("entry 0 is inf in 32 bits"),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn damaged_files_are_weights_of_the_right_shape_or_an_error(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        digits in prop::collection::vec((any::<prop::sample::Index>(), b'0'..=b'9'), 0..3),
        kept in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let tensors = [
            ("layers.0.weight", [2, 3]),
            ("layers.1.weight", [2, 2]),
        ];
        let values = [0_u8; 4 * 6];
        let views = tensors.iter().map(|(name, shape)| {
            let bytes = &values[..4 * shape[0] * shape[1]];
            (*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap())
        });
        let mut bytes = safetensors::serialize(views, None).unwrap();
        let places: Vec<usize> = (8..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
        for (at, digit) in &digits {
            bytes[*at.get(&places)] = *digit;
        }
        for (at, byte) in &damage {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if let Some(length) = kept {
            bytes.truncate(length.index(bytes.len()));
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("start.safetensors");
        std::fs::write(&path, bytes).unwrap();
        if let Ok(weights) = read_start_weights::<f32>(&path, &architecture(false)) {
            let shapes: Vec<_> = weights.iter().map(|layer| layer.weight.dim()).collect();
            prop_assert_eq!(shapes, vec![(2, 3), (2, 2)]);
        }
    }
}
