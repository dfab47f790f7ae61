//! Files damaged at random are refused or are models.

use nnbcd::network::{Model, ModelFileError};
use proptest::prelude::*;
use safetensors::tensor::Dtype;
use serde_json::{Value, json};

use super::cases::{bytes_of, changed, models, samples};

/// Whatever reads as a model can be used as one.
fn read_and_use(bytes: &[u8]) -> Result<(), ModelFileError> {
    let model = Model::<f32>::from_bytes(bytes)?;
    let units = model.architecture.layers.iter().map(|layer| layer.units);
    if model.architecture.inputs + units.sum::<usize>() < 1_000_000 {
        let inputs = samples(model.architecture.inputs, 3);
        assert_eq!(model.deployed().predict(inputs.view()).len(), 3);
        bytes_of(&model);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damaged_files_never_panic(
        model in 0..11_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        // Most of a header's bytes are structure: digits are where it says something else.
        digits in prop::collection::vec((any::<prop::sample::Index>(), b'0'..=b'9'), 0..4),
        kept in prop::option::weighted(0.1, any::<prop::sample::Index>()),
    ) {
        let mut bytes = bytes_of(&models::<f32>().swap_remove(model).1);
        let places: Vec<usize> = (8..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
        for (at, digit) in &digits {
            bytes[*at.get(&places)] = *digit;
        }
        if digits.is_empty() {
            for (at, byte) in &damage {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
        }
        if let Some(length) = kept {
            bytes.truncate(length.index(bytes.len()));
        }
        let _ = read_and_use(&bytes);
    }

    #[test]
    fn changed_descriptions_and_indices_never_panic(
        model in 0..11_usize,
        numbers in prop::collection::vec((any::<prop::sample::Index>(), 0..1000_usize), 1..3),
        indices in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let bytes = bytes_of(&models::<f32>().swap_remove(model).1);
        let bytes = changed(&bytes, |description, tensors| {
            for (place, number) in &numbers {
                let mut all = Vec::new();
                collect_numbers(description, &mut all);
                let count = all.len();
                *all[place.index(count)] = json!(number);
            }
            let mut data: Vec<&mut u8> = tensors
                .values_mut()
                .filter(|(dtype, _, _)| !matches!(dtype, Dtype::F32 | Dtype::F64))
                .flat_map(|(_, _, data)| data)
                .collect();
            if !data.is_empty() {
                for (place, byte) in &indices {
                    let count = data.len();
                    *data[place.index(count)] = *byte;
                }
            }
        });
        let _ = read_and_use(&bytes);
    }
}

fn collect_numbers<'a>(value: &'a mut Value, numbers: &mut Vec<&'a mut Value>) {
    match value {
        Value::Number(_) => numbers.push(value),
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| collect_numbers(value, numbers)),
        Value::Object(map) => map
            .values_mut()
            .for_each(|value| collect_numbers(value, numbers)),
        _ => {}
    }
}
