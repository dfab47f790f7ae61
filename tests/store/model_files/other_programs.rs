//! What other programs make of a model: the code of `docs/load-model.md` in PyTorch, NumPy and the
//! ONNX runtime gives the outputs of the network.
//!
//! The environment variable `NNBCD_PYTHON` names an interpreter that has the packages numpy,
//! safetensors and onnxruntime; without it the tests are skipped. Without torch, which is large, only
//! what needs PyTorch is skipped.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use ndarray::Array2;
use nnbcd::linalg::Real;
use nnbcd::network::{
    Architecture, ConvolutionSettings, InitSettings, Model, ModelDescription, ModelSettings,
    read_start_weights, to_numpy, to_onnx,
};

use super::cases::{bytes_of, models, outputs, samples};
use crate::skipped::skipped;

const SAMPLES: usize = 9;

/// The blocks of Python code under the headings of the document.
fn documented() -> Vec<String> {
    let text = fs::read_to_string("docs/load-model.md").unwrap();
    let blocks = text.split("```python\n").skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

/// The interpreter; none: that has been told.
fn python() -> Option<String> {
    let python = std::env::var("NNBCD_PYTHON").ok();
    if python.is_none() {
        skipped("python", "NNBCD_PYTHON names no interpreter");
    }
    python
}

/// Whether the interpreter has PyTorch; if not, that has been told.
fn has_torch(python: &str) -> bool {
    let torch = Command::new(python).args(["-c", "import torch"]).output();
    let found = torch.unwrap().status.success();
    if !found {
        skipped("torch", &format!("{python} has no torch"));
    }
    found
}

/// Runs `code` in a directory.
fn run(python: &str, directory: &Path, code: &str) {
    let output = Command::new(python)
        .args(["-W", "ignore", "-c", code])
        .current_dir(directory)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

/// The outputs [samples, classes] that a program has left in a file.
fn read_outputs(path: &Path) -> Array2<f64> {
    let numbers: Vec<f64> = fs::read(path)
        .unwrap()
        .chunks_exact(8)
        .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()))
        .collect();
    Array2::from_shape_vec((SAMPLES, numbers.len() / SAMPLES), numbers).unwrap()
}

fn largest_difference(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    assert_eq!(a.dim(), b.dim());
    (a - b).fold(0.0, |largest, difference| difference.abs().max(largest))
}

/// Leaves the model in all formats and its samples in the directory; returns its outputs.
fn write<T: Real>(directory: &Path, model: &Model<T>) -> Array2<f64> {
    let inputs = samples::<T>(model.architecture.inputs, SAMPLES);
    fs::write(directory.join("model.safetensors"), bytes_of(model)).unwrap();
    fs::write(directory.join("model.onnx"), to_onnx(model).unwrap()).unwrap();
    to_numpy(model, File::create(directory.join("model.npz")).unwrap()).unwrap();
    write_samples(directory, &inputs);
    outputs(model, &inputs).reversed_axes()
}

fn write_samples<T: Real>(directory: &Path, inputs: &Array2<T>) {
    let numbers: Vec<u8> = inputs
        .t()
        .iter()
        .flat_map(|value| value.widen().to_le_bytes())
        .collect();
    fs::write(directory.join("samples.bin"), numbers).unwrap();
}

/// Runs the block in the file `program.txt` in the directory of every model that the arguments name.
const DRIVER: &str = r"
import os, numpy
for program, names in PROGRAMS.items():
    with open(program + '.txt') as file: code = file.read()
    for name in names:
        os.chdir(name)
        x = numpy.fromfile('samples.bin', '<f8').astype(KIND).reshape(SAMPLES, -1)
        if program == 'pytorch':
            import torch
            x = torch.from_numpy(x)
        space = {'x': x}
        try:
            exec(compile(code, program, 'exec'), space)
        except Exception as error:
            raise RuntimeError(f'{program} with {name}') from error
        numpy.asarray(space['x'], dtype='<f8').tofile(program + '.bin')
        os.chdir('..')
";

fn check<T: Real>(python: &str, tolerance: f64) {
    let directory = tempfile::tempdir().unwrap();
    let mut expected = BTreeMap::new();
    for (name, model) in models::<T>() {
        let own = directory.path().join(name);
        fs::create_dir(&own).unwrap();
        expected.insert(name, write(&own, &model));
    }
    let all: Vec<&str> = expected.keys().copied().collect();
    let ten_lines = vec!["dense", "low-rank", "tensor-train", "sparse", "wide-sparse"];
    let mut programs = BTreeMap::from([("numpy", all.clone()), ("onnx", all)]);
    if has_torch(python) {
        programs.insert("pytorch", ten_lines);
    }
    for (program, code) in ["pytorch", "numpy", "onnx"].iter().zip(documented()) {
        fs::write(directory.path().join(program).with_extension("txt"), code).unwrap();
    }
    let kind = if T::BYTES == 4 { "f4" } else { "f8" };
    let settings = format!("PROGRAMS, KIND, SAMPLES = {programs:?}, '{kind}', {SAMPLES}");
    run(python, directory.path(), &format!("{settings}\n{DRIVER}"));
    for (program, names) in &programs {
        let tolerance = if *program == "onnx" { 2e-5 } else { tolerance };
        for name in names {
            let path = directory.path().join(name).join(program);
            let found = read_outputs(&path.with_extension("bin"));
            let difference = largest_difference(&found, &expected[name]);
            assert!(difference < tolerance, "{program}, {name}: {difference}");
        }
    }
}

#[test]
fn ten_lines_are_ten_lines() {
    assert_eq!(documented()[0].lines().count(), 10);
}

#[test]
fn other_programs_compute_the_same_in_single_precision() {
    if let Some(python) = python() {
        check::<f32>(&python, 2e-5);
    }
}

#[test]
fn other_programs_compute_the_same_in_double_precision() {
    if let Some(python) = python() {
        check::<f64>(&python, 1e-12);
    }
}

/// A network with a convolution, made and saved in PyTorch, is the same network here.
#[test]
fn start_weights_from_pytorch_are_the_same_network() {
    let Some(python) = python().filter(|python| has_torch(python)) else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let features = 6 * 7 * 2;
    write_samples(directory.path(), &samples::<f64>(features, SAMPLES));
    let network = "
import numpy, torch
from torch.nn import Conv2d, Flatten, Linear, ReLU, Sequential
torch.manual_seed(1)
x = numpy.fromfile('samples.bin', '<f8').reshape(-1, 6, 7, 2)
x = torch.from_numpy(x).permute(0, 3, 1, 2)
network = Sequential(Conv2d(2, 4, 3, 2), ReLU(), Flatten(), Linear(24, 10), ReLU(), Linear(10, 5))
network = network.double()
with torch.no_grad(): network(x).numpy().tofile('outputs.bin')
";
    let code = format!("{network}\n{}", documented()[3]);
    run(&python, directory.path(), &code);
    let expected = read_outputs(&directory.path().join("outputs.bin"));
    let settings = ModelSettings {
        hidden: vec![10],
        conv: Some(ConvolutionSettings {
            filters: 4,
            kernel: 3,
            stride: 2,
        }),
        bias: true,
        init: InitSettings::default(),
    };
    let architecture = Architecture::resolve(&settings, features, Some([6, 7, 2]), 5).unwrap();
    let path = directory.path().join("start.safetensors");
    let weights = read_start_weights::<f64>(&path, &architecture).unwrap();
    let compressed = vec![None; 3];
    let model = Model {
        architecture,
        weights,
        compressed,
        description: ModelDescription::default(),
    };
    let inputs = samples::<f64>(features, SAMPLES);
    let found = outputs(&model, &inputs).reversed_axes();
    assert!(largest_difference(&found, &expected) < 1e-12);
}
