//! What goes into a model file comes out.

use nnbcd::linalg::Real;
use nnbcd::network::{AnyModel, Model, bytes_compressed, bytes_dense};
use safetensors::tensor::Dtype;

use super::cases::{bytes_of, model, models, outputs, samples, tensors_of};

fn check_round_trip<T: Real>() {
    for (name, model) in models::<T>() {
        let bytes = bytes_of(&model);
        let read = Model::<T>::from_bytes(&bytes).unwrap();
        assert_eq!(read, model, "{name}");
        assert_eq!(bytes_of(&read), bytes, "{name}");
        let inputs = samples::<T>(model.architecture.inputs, 300);
        let expected = outputs(&model, &inputs);
        let inputs = match &model.description.standardization {
            Some(standardization) => {
                let mut inputs = inputs.mapv(Real::widen);
                standardization.apply(&mut inputs);
                inputs.mapv(T::from_f64)
            }
            None => inputs,
        };
        let predictions = model.deployed().predict(inputs.view());
        assert_eq!(read.deployed().predict(inputs.view()), predictions);
        assert!(predictions.iter().any(|class| *class != predictions[0]));
        for (class, outputs) in predictions.iter().zip(expected.columns()) {
            let largest = outputs.fold(f64::MIN, |largest, value| value.max(largest));
            assert!(outputs[*class] > largest - 1e-5, "{name}");
        }
    }
}

#[test]
fn a_model_comes_back_bit_for_bit() {
    check_round_trip::<f32>();
    check_round_trip::<f64>();
}

#[test]
fn the_weight_behind_a_compressed_one_leaves_no_trace() {
    for (name, model) in models::<f32>() {
        let mut training = model.clone();
        for (weights, compressed) in training.weights.iter_mut().zip(&model.compressed) {
            if compressed.is_some() {
                weights.weight.fill(f32::NAN);
            }
        }
        assert_eq!(bytes_of(&training), bytes_of(&model), "{name}");
    }
}

#[test]
fn a_model_is_read_in_its_own_precision_or_in_another() {
    let (single, double) = (model::<f32>("sparse"), model::<f64>("sparse"));
    let bytes = bytes_of(&single);
    assert_eq!(
        AnyModel::from_bytes(&bytes).unwrap(),
        AnyModel::Single(single.clone())
    );
    let wide = Model::<f64>::from_bytes(&bytes).unwrap();
    assert_eq!(
        wide.weights[0].weight,
        single.weights[0].weight.mapv(Real::widen)
    );
    let bytes = bytes_of(&double);
    assert_eq!(
        AnyModel::from_bytes(&bytes).unwrap(),
        AnyModel::Double(double)
    );
}

#[test]
fn reported_bytes_are_those_of_the_tensors_in_the_file() {
    for (name, model) in models::<f32>() {
        let in_file: usize = tensors_of(&bytes_of(&model))
            .iter()
            .filter(|(name, _)| name.starts_with("layers."))
            .map(|(_, (_, _, data))| data.len())
            .sum();
        let reported = bytes_compressed(&model.weights, &model.compressed);
        assert_eq!(reported, in_file as u64, "{name}");
    }
    let dense = model::<f64>("dense");
    let parameters = 12 * 23 + 20 * 13 + 5 * 21;
    assert_eq!(bytes_dense::<f64>(&dense.architecture), 8 * parameters);
    assert_eq!(
        bytes_compressed(&dense.weights, &dense.compressed),
        8 * parameters
    );
}

#[test]
fn tensors_have_the_documented_names_types_and_shapes() {
    let expected = [
        ("tensor-train", "layers.0.core.1", Dtype::F32, vec![3, 4, 3]),
        ("low-rank", "layers.1.left", Dtype::F32, vec![20, 5]),
        ("low-rank", "layers.1.right", Dtype::F32, vec![5, 12]),
        ("sparse", "layers.0.values", Dtype::F32, vec![53]),
        ("sparse", "layers.0.columns", Dtype::U8, vec![53]),
        ("wide-sparse", "layers.0.columns", Dtype::U16, vec![600]),
        ("wide-sparse", "layers.0.row_starts", Dtype::U16, vec![11]),
        // 22 entries: five groups of four and one of two; 12 positions of two bits.
        ("n-m", "layers.0.values", Dtype::F32, vec![12, 12]),
        ("n-m", "layers.0.positions", Dtype::U8, vec![12, 3]),
        ("n-m", "layers.2.positions", Dtype::U8, vec![5, 0]),
        ("convolution", "layers.0.weight", Dtype::F32, vec![4, 18]),
        ("convolution", "layers.0.bias", Dtype::F32, vec![4]),
        ("standardized", "input.scale", Dtype::F64, vec![22]),
    ];
    for (name, tensor, dtype, shape) in expected {
        let tensors = tensors_of(&bytes_of(&model::<f32>(name)));
        let (found_type, found_shape, _) = &tensors[tensor];
        assert_eq!(
            (found_type, found_shape),
            (&dtype, &shape),
            "{name} {tensor}"
        );
    }
}

/// Models of [`models`] that version 0.1.0 has written.
#[test]
fn models_of_the_first_version_are_read_and_written_to_the_last_bit() {
    for (name, bytes) in [
        (
            "low-rank",
            &include_bytes!("../../fixtures/0.1.0/low-rank.safetensors")[..],
        ),
        (
            "tensor-train",
            &include_bytes!("../../fixtures/0.1.0/tensor-train.safetensors")[..],
        ),
        (
            "sparse",
            &include_bytes!("../../fixtures/0.1.0/sparse.safetensors")[..],
        ),
        (
            "n-m",
            &include_bytes!("../../fixtures/0.1.0/n-m.safetensors")[..],
        ),
    ] {
        let read = Model::<f32>::from_bytes(bytes).unwrap();
        assert!(bytes_of(&read) == bytes, "{name}");
    }
}
