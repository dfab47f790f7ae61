//! Nothing that is not a whole and sound model comes in.

use nnbcd::network::{AnyModel, Model, ModelFileProblem};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};

use super::cases::{Tensors, bytes_of, changed, model};

/// Changes one number of a tensor of bytes.
fn set(tensors: &mut Tensors, name: &str, place: usize, value: u8) {
    tensors.get_mut(name).unwrap().2[place] = value;
}

type Change = fn(&mut Value, &mut Tensors);

/// Model, change, and a part of the message that it must cause.
const REFUSED: &[(&str, Change, &str)] = &[
    (
        "dense",
        |d, _| d["format"] = json!(2),
        "format: 2 is not the format 1 that this program",
    ),
    (
        "dense",
        |d, _| d["layers"] = json!("many"),
        "text: invalid type",
    ),
    (
        "dense",
        |d, _| d["layers"] = json!([]),
        "layers: there must be at least one",
    ),
    (
        "dense",
        |d, _| d["layers"][1]["shape"] = json!([20, 13]),
        "layers[1]: the weight takes 13 inputs; the layer before gives 12",
    ),
    (
        "dense",
        |d, _| d["layers"][0]["shape"] = json!([0, 22]),
        "layers[0]: the shape 0 x 22 has no entries",
    ),
    (
        "dense",
        |d, _| d["inputs"] = json!(21),
        "layers[0]: the weight takes 22 inputs; the layer before gives 21",
    ),
    (
        "dense",
        |d, _| d["classes"] = json!(["a"]),
        "classes: 1 names for 5 outputs",
    ),
    (
        "dense",
        |_, t| {
            t.remove("layers.1.bias");
        },
        "tensor `layers.1.bias` [20] is missing",
    ),
    (
        "dense",
        |_, t| t.get_mut("layers.0.weight").unwrap().1 = vec![22, 12],
        "`layers.0.weight` has the shape [22, 12]; expected is [12, 22]",
    ),
    (
        "dense",
        |_, t| t.get_mut("layers.0.weight").unwrap().0 = Dtype::I32,
        "`layers.0.weight` has the type I32; allowed are F64",
    ),
    (
        "dense",
        |_, t| t.get_mut("layers.0.bias").unwrap().2[..4].fill(0xff),
        "`layers.0.bias`: entry 0 is NaN in 32 bits; every number must be finite",
    ),
    (
        "low-rank",
        |d, _| d["layers"][0]["rank"] = json!(0),
        "layers[0]: the rank is 0; allowed are 1 to 12",
    ),
    (
        "low-rank",
        |d, _| d["layers"][0]["rank"] = json!(13),
        "layers[0]: the rank is 13; allowed are 1 to 12",
    ),
    (
        "low-rank",
        |d, _| d["layers"][0]["rank"] = json!(4),
        "`layers.0.left` has the shape [12, 3]; expected is [12, 4]",
    ),
    (
        "tensor-train",
        |d, _| d["layers"][0]["modes"] = json!([3, 4, 2, 12]),
        "layers[0]: the product of the modes [3, 4, 2, 12] must be 12 x 22",
    ),
    (
        "tensor-train",
        |d, _| d["layers"][0]["modes"] = json!([]),
        "layers[0]: the product of the modes []",
    ),
    (
        "tensor-train",
        |d, _| d["layers"][0]["modes"] = json!([1_u64 << 40, 1_u64 << 40]),
        "must be 12 x 22",
    ),
    (
        "tensor-train",
        |d, _| d["layers"][0]["modes"] = json!([4, 3, 2, 11]),
        "`layers.0.core.0` has the shape [1, 3, 3]; expected is [1, 4, 3]",
    ),
    (
        "tensor-train",
        |_, t| {
            t.remove("layers.0.core.2");
        },
        "tensor `layers.0.core.2` [3, 2, 1] is missing",
    ),
    (
        "tensor-train",
        |_, t| {
            t.insert(
                "layers.0.core.0".into(),
                (Dtype::F32, vec![1, 3, 4], vec![0; 48]),
            );
        },
        "`layers.0.core.0` has the shape [1, 3, 4]; expected is [1, 3, 1 to 3]",
    ),
    (
        "tensor-train",
        |_, t| {
            t.insert(
                "layers.0.core.0".into(),
                (Dtype::F32, vec![1, 3, 0], vec![]),
            );
        },
        "expected is [1, 3, 1 to 3]",
    ),
    (
        "sparse",
        |_, t| set(t, "layers.0.columns", 2, 22),
        "`layers.0.columns`: entry 2 is 22; allowed are 0 to 21",
    ),
    (
        "sparse",
        |_, t| set(t, "layers.0.columns", 0, 21),
        "`layers.0.columns`: the columns of a row must rise",
    ),
    (
        "sparse",
        |_, t| set(t, "layers.0.row_starts", 1, 50),
        "`layers.0.row_starts`: the entries must rise from 0 to the 53 values",
    ),
    (
        "sparse",
        |_, t| set(t, "layers.0.row_starts", 0, 1),
        "the entries must rise from 0",
    ),
    (
        "sparse",
        |_, t| set(t, "layers.0.row_starts", 12, 52),
        "the entries must rise from 0",
    ),
    (
        "sparse",
        |_, t| set(t, "layers.0.row_starts", 12, 54),
        "entry 12 is 54; allowed are 0 to 53",
    ),
    (
        "sparse",
        |_, t| t.get_mut("layers.0.values").unwrap().1 = vec![53, 1],
        "`layers.0.values` has the shape [53, 1]; expected is one dimension",
    ),
    (
        "n-m",
        |d, _| d["layers"][0]["n"] = json!(5),
        "layers[0]: 5 of 4 entries; allowed are 1 <= n <= m <= 22",
    ),
    (
        "n-m",
        |d, _| d["layers"][0]["m"] = json!(23),
        "layers[0]: 2 of 23 entries",
    ),
    (
        "n-m",
        |d, _| d["layers"][0]["n"] = json!(0),
        "layers[0]: 0 of 4 entries",
    ),
    (
        "n-m",
        |_, t| set(t, "layers.0.positions", 0, 0),
        "`layers.0.positions`: row 0 has the position 0",
    ),
    // The last group has two entries only.
    (
        "n-m",
        |_, t| set(t, "layers.0.positions", 2, 0x13),
        "`layers.0.positions`: row 0 has the position 3",
    ),
    (
        "convolution",
        |d, _| d["layers"][0]["convolution"]["stride"] = json!(0),
        "layers[0]: kernel 3 and stride 0",
    ),
    (
        "convolution",
        |d, _| d["layers"][0]["convolution"]["kernel"] = json!(7),
        "allowed are kernels of 1 to 6",
    ),
    (
        "convolution",
        |d, _| d["layers"][0]["convolution"]["filters"] = json!(8),
        "must be the first layer and have the shape (8, 18)",
    ),
    (
        "convolution",
        |d, _| d["layers"][0]["convolution"]["image"] = json!([6, 7, 3]),
        "the image [6, 7, 3] does not have 84 features",
    ),
    (
        "convolution",
        |d, _| d["layers"][0]["convolution"]["image"] = json!([1_u64 << 63, 2, 84]),
        "does not have 84 features",
    ),
    (
        "dense",
        |d, _| {
            d["layers"][1]["convolution"] =
                json!({"image": [3, 4, 1], "kernel": 1, "stride": 1, "filters": 20});
        },
        "layers[1]: a convolution must be the first layer",
    ),
    (
        "standardized",
        |_, t| {
            t.remove("input.mean");
        },
        "tensor `input.mean` [22] is missing",
    ),
    (
        "standardized",
        |_, t| t.get_mut("input.scale").unwrap().2.fill(0),
        "`input.scale`: every divisor must differ from 0",
    ),
];

#[test]
fn every_part_of_a_model_is_checked() {
    for (name, change, part) in REFUSED {
        let bytes = changed(&bytes_of(&model::<f32>(name)), change);
        let error = Model::<f32>::from_bytes(&bytes).unwrap_err().to_string();
        assert!(error.contains(part), "{name}: {error}\nexpected: {part}");
    }
}

#[test]
fn small_factors_cannot_claim_a_huge_matrix() {
    let bytes = changed(&bytes_of(&model::<f32>("dense")), |description, tensors| {
        let side = 1 << 15;
        description["inputs"] = json!(side);
        description["bias"] = json!(false);
        description["layers"] = json!([
            {"shape": [side, side], "form": "low-rank", "rank": 1},
            {"shape": [5, side], "form": "sparse"},
        ]);
        tensors.insert(
            "layers.0.left".into(),
            (Dtype::F32, vec![side, 1], vec![0; 4 * side]),
        );
        tensors.insert(
            "layers.0.right".into(),
            (Dtype::F32, vec![1, side], vec![0; 4 * side]),
        );
    });
    let error = Model::<f32>::from_bytes(&bytes).unwrap_err().to_string();
    assert!(
        error.contains("stand for 1073905664 entries; allowed are up to"),
        "{error}"
    );
}

#[test]
fn other_files_are_named_for_what_they_are() {
    let problem = |bytes: &[u8]| *Model::<f32>::from_bytes(bytes).unwrap_err().problem;
    assert!(matches!(problem(b""), ModelFileProblem::NotSafetensors(_)));
    assert!(matches!(
        problem(b"PK\x03\x04 torch.save"),
        ModelFileProblem::NotSafetensors(_)
    ));
    let plain = safetensors::serialize(
        [(
            "layers.0.weight",
            TensorView::new(Dtype::F32, vec![0], &[]).unwrap(),
        )],
        None,
    );
    assert!(matches!(
        problem(&plain.unwrap()),
        ModelFileProblem::NoDescription
    ));
    let whole = bytes_of(&model::<f32>("sparse"));
    for length in 0..whole.len() {
        assert!(matches!(
            problem(&whole[..length]),
            ModelFileProblem::NotSafetensors(_)
        ));
    }
}

#[test]
fn reading_a_file_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    let error = AnyModel::read(&path).unwrap_err().to_string();
    assert!(
        error.contains("model.safetensors: cannot be read"),
        "{error}"
    );
    let error = AnyModel::read(directory.path()).unwrap_err().to_string();
    assert!(error.contains("not a regular file"), "{error}");
    let model = model::<f64>("n-m");
    std::fs::write(&path, bytes_of(&model)).unwrap();
    assert_eq!(AnyModel::read(&path).unwrap(), AnyModel::Double(model));
}
