//! ONNX files: the network as a graph that keeps the compressed forms.
//!
//! | part | nodes |
//! |---|---|
//! | standardisation | `Sub`, `Div` |
//! | dense layer | `Gemm` with the weight |
//! | low rank | two `Gemm`, right factor first |
//! | tensor train with a bond between rows and columns | the cores to each side multiplied by `MatMul` and `Reshape`, then as low rank |
//! | other tensor trains | all cores multiplied by `MatMul` and `Reshape`, then as dense |
//! | sparse and N:M | `Gemm` with the dense matrix: ONNX has no operator for sparse ones |
//! | convolution | `Reshape` and `Transpose` to channels first, `Conv`, and back |
//!
//! Products of constants are worked out once, when a runtime loads the file. All numbers are in
//! single precision: not every runtime has a convolution in double. Where single precision would round
//! features by more than a thousandth of their scale, such as times of 1.7e9 that differ by seconds, the input and
//! the standardisation are in double, and a `Cast` follows.

mod graph;
mod protobuf;

use std::ops::Range;

use ndarray::Array2;

use self::graph::{Graph, integers};
use super::ExportError;
use crate::compress::{LowRank, Stored, TensorTrain};
use crate::linalg::Real;
use crate::network::{Convolution, LayerKind, Model, Standardization};

/// Protocol buffers are read with lengths of 31 bits.
const LARGEST_FILE: usize = i32::MAX as usize;

/// The network as an ONNX file (opset 17): input `features` `[samples, features]`, before any
/// standardisation, output `outputs` `[samples, classes]`, of which the largest names the class.
/// The metadata hold `classes`, `features` (names of the inputs, where there are any), `transformation` (how they come from
/// the columns of a table), `preprocessing` and `settings`.
///
/// # Errors
/// [`ExportError`] for a network that is larger than an ONNX file can be.
pub fn to_onnx<T: Real>(model: &Model<T>) -> Result<Vec<u8>, ExportError> {
    let mut graph = Graph::default();
    let mut values = graph::INPUT.to_owned();
    if let Some(standardization) = &model.description.standardization {
        let Standardization { mean, scale } = standardization;
        let in_double = standardization.needs_double();
        for (operator, name, numbers, output) in [
            ("Sub", "input.mean", mean, "input.centred"),
            ("Div", "input.scale", scale, "input.standardized"),
        ] {
            let constant = if in_double {
                graph.double_constant(name, numbers)
            } else {
                graph.constant(name, &[numbers.len()], numbers.iter().copied())
            };
            values = graph.node(operator, &[&values, &constant], output, &[]);
        }
        if in_double {
            values = graph.cast_to_single(&values, "input.single");
        }
    }
    for (index, layer) in model.architecture.layers.iter().enumerate() {
        let layer_name = format!("layers.{index}");
        let weights = &model.weights[index];
        let weight = Weight {
            name: &layer_name,
            dense: &weights.weight,
            stored: model.compressed[index]
                .as_ref()
                .map(|projected| &projected.stored),
            bias: weights.bias.as_ref().map(|bias| {
                let numbers = bias.iter().map(|value| value.widen());
                graph.constant(&format!("{layer_name}.bias"), &[bias.len()], numbers)
            }),
        };
        values = match layer.kind {
            LayerKind::Dense => weight.apply(&mut graph, &values),
            LayerKind::Convolution(convolution) => {
                weight.convolve(&mut graph, &values, &convolution)
            }
        };
        if model.architecture.is_hidden(index) {
            values = graph.node("Relu", &[&values], &format!("{layer_name}.relu"), &[]);
        }
    }
    let file = graph.into_file(model, &values);
    if file.len() > LARGEST_FILE {
        return Err(ExportError::TooLarge {
            bytes: file.len(),
            largest: LARGEST_FILE,
        });
    }
    Ok(file)
}

/// A weight on its way into the graph.
struct Weight<'a, T> {
    name: &'a str,
    dense: &'a Array2<T>,
    stored: Option<&'a Stored<T>>,
    bias: Option<String>,
}

impl<T: Real> Weight<'_, T> {
    /// `V W' + b` for values `[samples, inputs]`.
    fn apply(&self, graph: &mut Graph, values: &str) -> String {
        let name = format!("{}.linear", self.name);
        let bias = self.bias.as_deref();
        if let Some((left, right)) = self.factors(graph) {
            let inner = graph.linear(values, &right, None, &format!("{}.inner", self.name));
            graph.linear(&inner, &left, bias, &name)
        } else {
            let weight = self.whole(graph);
            graph.linear(values, &weight, bias, &name)
        }
    }

    /// The convolution of images whose features are ordered row, column, channel.
    fn convolve(&self, graph: &mut Graph, values: &str, convolution: &Convolution) -> String {
        let name = self.name;
        let [height, width, channels] = convolution.image;
        let (kernel, filters) = (convolution.kernel, convolution.filters);
        let to_planes = integers("perm", &[0, 3, 1, 2]);
        let image = graph.reshape(
            values,
            &[0, height, width, channels],
            &format!("{name}.image"),
        );
        let planes = graph.node(
            "Transpose",
            &[&image],
            &format!("{name}.planes"),
            std::slice::from_ref(&to_planes),
        );
        let weight = self.whole(graph);
        let kernels = graph.reshape(
            &weight,
            &[filters, kernel, kernel, channels],
            &format!("{name}.kernels"),
        );
        let kernels = graph.node(
            "Transpose",
            &[&kernels],
            &format!("{name}.kernel_planes"),
            &[to_planes],
        );
        let mut inputs = vec![planes.as_str(), kernels.as_str()];
        inputs.extend(self.bias.as_deref());
        let strides = integers("strides", &[convolution.stride; 2]);
        let maps = graph.node("Conv", &inputs, &format!("{name}.convolution"), &[strides]);
        let maps = graph.node(
            "Transpose",
            &[&maps],
            &format!("{name}.maps"),
            &[integers("perm", &[0, 2, 3, 1])],
        );
        let units = convolution.positions() * filters;
        graph.reshape(&maps, &[0, units], &format!("{name}.units"))
    }

    /// Left and right factor, where the form has them and they are cheaper than the matrix.
    fn factors(&self, graph: &mut Graph) -> Option<(String, String)> {
        match self.stored? {
            Stored::LowRank(factors) => Some(self.low_rank(graph, factors)),
            Stored::TensorTrain(train) => {
                let (rows, columns) = self.dense.dim();
                let bond = bond_at(train.modes(), rows)?;
                let rank = train.ranks()[bond - 1];
                if rank * (rows + columns) >= rows * columns {
                    return None;
                }
                let left = self.contract(graph, train, 0..bond, &[rows, rank]);
                let end = train.modes().len();
                let right = self.contract(graph, train, bond..end, &[rank, columns]);
                Some((left, right))
            }
            Stored::Sparse | Stored::NM { .. } => None,
        }
    }

    /// The whole matrix.
    fn whole(&self, graph: &mut Graph) -> String {
        let name = self.name;
        match self.stored {
            Some(Stored::TensorTrain(train)) => {
                let (rows, columns) = self.dense.dim();
                self.contract(graph, train, 0..train.modes().len(), &[rows, columns])
            }
            Some(Stored::LowRank(factors)) => {
                let (left, right) = self.low_rank(graph, factors);
                graph.node("MatMul", &[&left, &right], &format!("{name}.product"), &[])
            }
            _ => matrix(graph, &format!("{name}.weight"), self.dense),
        }
    }

    fn low_rank(&self, graph: &mut Graph, factors: &LowRank<T>) -> (String, String) {
        (
            matrix(graph, &format!("{}.left", self.name), &factors.left),
            matrix(graph, &format!("{}.right", self.name), &factors.right),
        )
    }

    /// The product of neighbouring cores as a matrix of `shape`: core by core
    /// `(m x r) · (r x n r')`, read as `m n x r'`.
    fn contract(
        &self,
        graph: &mut Graph,
        train: &TensorTrain<T>,
        cores: Range<usize>,
        shape: &[usize],
    ) -> String {
        let name = |position: usize| format!("{}.core.{position}", self.name);
        let numbers = |position: usize| train.cores()[position].iter().map(|value| value.widen());
        let (first, first_core) = (cores.start, &train.cores()[cores.start]);
        let mut rows = first_core.nrows();
        let sizes = [rows, first_core.ncols()];
        let mut whole = graph.constant(&name(first), &sizes, numbers(first));
        for position in cores.skip(1) {
            let (core, mode) = (&train.cores()[position], train.modes()[position]);
            let name = name(position);
            let sizes = [core.nrows() / mode, mode * core.ncols()];
            let factor = graph.constant(&name, &sizes, numbers(position));
            let product = format!("{name}.product");
            let product = graph.node("MatMul", &[&whole, &factor], &product, &[]);
            rows *= mode;
            let contracted = format!("{name}.contracted");
            whole = graph.reshape(&product, &[rows, core.ncols()], &contracted);
        }
        graph.reshape(&whole, shape, &format!("{}.cores.from.{first}", self.name))
    }
}

/// Number of cores whose modes multiply to `rows`, if there are such and others behind them.
fn bond_at(modes: &[usize], rows: usize) -> Option<usize> {
    let mut entries = 1;
    let position = modes.iter().position(|mode| {
        entries *= mode;
        entries == rows
    })?;
    (position + 1 < modes.len()).then_some(position + 1)
}

fn matrix<T: Real>(graph: &mut Graph, name: &str, matrix: &Array2<T>) -> String {
    let numbers = matrix.iter().map(|value| value.widen());
    graph.constant(name, &[matrix.nrows(), matrix.ncols()], numbers)
}
