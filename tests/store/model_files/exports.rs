//! The structure of exported files, read without the programs that they are for.

use std::io::{Cursor, Read};

use nnbcd::network::{to_numpy, to_onnx};
use safetensors::tensor::Dtype;
use zip::ZipArchive;

use super::cases::{bytes_of, model, models, tensors_of};

#[test]
fn numpy_archives_hold_the_arrays_of_the_model_file() {
    for (name, model) in models::<f32>() {
        let mut file = Cursor::new(Vec::new());
        to_numpy(&model, &mut file).unwrap();
        let mut archive = ZipArchive::new(file).unwrap();
        let tensors = tensors_of(&bytes_of(&model));
        assert_eq!(archive.len(), tensors.len() + 1, "{name}");
        for (tensor, (dtype, shape, data)) in tensors {
            let mut array = Vec::new();
            let mut entry = archive.by_name(&format!("{tensor}.npy")).unwrap();
            entry.read_to_end(&mut array).unwrap();
            assert!(array.starts_with(b"\x93NUMPY\x01\x00"));
            let start = 10 + usize::from(u16::from_le_bytes([array[8], array[9]]));
            assert_eq!(start % 64, 0);
            let kind = match dtype {
                Dtype::F32 => "<f4",
                Dtype::F64 => "<f8",
                Dtype::U8 => "|u1",
                _ => "<u2",
            };
            let sizes: Vec<String> = shape.iter().map(|size| format!("{size},")).collect();
            let header = format!(
                "{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}) }}",
                sizes.concat()
            );
            let text = std::str::from_utf8(&array[10..start]).unwrap();
            assert_eq!(text.trim_end_matches([' ', '\n']), header, "{name}");
            assert_eq!(array[start..], data, "{name}");
        }
    }
}

/// A field of a protocol buffer.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return value;
        }
    }
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let value = varint(&mut bytes);
        let field = if key.is_multiple_of(8) {
            Field::Number(value)
        } else {
            let (content, rest) = bytes.split_at(value as usize);
            bytes = rest;
            Field::Bytes(content)
        };
        fields.push((key >> 3, field));
    }
    fields
}

/// The contents of all fields with this number.
fn all(bytes: &[u8], number: u64) -> Vec<&[u8]> {
    let fields = fields(bytes).into_iter();
    fields
        .filter_map(|field| match field {
            (found, Field::Bytes(content)) if found == number => Some(content),
            _ => None,
        })
        .collect()
}

#[test]
fn onnx_graphs_keep_the_compressed_forms() {
    let file = to_onnx(&model::<f32>("tensor-train")).unwrap();
    let graph = all(&file, 7)[0];
    let operators: Vec<&str> = all(graph, 1)
        .iter()
        .map(|node| std::str::from_utf8(all(node, 4)[0]).unwrap())
        .collect();
    // Modes 3 4 | 2 11 with rank 3, modes 8 5 6 across the boundary, and a single core.
    let factors = "MatMul Reshape Reshape MatMul Reshape Reshape Gemm Gemm Relu";
    let whole = "MatMul Reshape MatMul Reshape Reshape Gemm Relu";
    let single = "Reshape Gemm Identity";
    assert_eq!(operators.join(" "), [factors, whole, single].join(" "));
    // The numbers in single precision: cores and biases, and no dense matrix.
    let numbers: usize = all(graph, 5)
        .iter()
        .filter(|tensor| matches!(fields(tensor).as_slice(), [.., (2, Field::Number(1)), _, _]))
        .map(|tensor| all(tensor, 9)[0].len() / 4)
        .sum();
    let cores = [9 + 36 + 18 + 33, 32 + 80 + 24, 100];
    assert_eq!(numbers, cores.iter().sum::<usize>() + 12 + 20 + 5);
}
