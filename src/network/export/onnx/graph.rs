//! The ONNX file format as far as it is used: field numbers of `onnx.proto3`.

use super::protobuf::Message;
use crate::linalg::Real;
use crate::network::Model;

/// Name of the input.
pub(super) const INPUT: &str = "features";

const OUTPUT: &str = "outputs";

/// Version of the file format that belongs to the operator set.
const IR_VERSION: u64 = 8;

const OPERATOR_SET: u64 = 17;

/// Types of numbers in `TensorProto`.
const FLOAT: u64 = 1;
const INT64: u64 = 7;
const DOUBLE: u64 = 11;

/// Types in `AttributeProto`.
const ATTRIBUTE_INT: u64 = 2;
const ATTRIBUTE_INTS: u64 = 7;

/// Nodes in the order in which they are computed, and their constants.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Message>,
    constants: Vec<Message>,
    /// The input of the network is in double precision.
    takes_double: bool,
}

impl Graph {
    /// Adds a constant in single precision; returns its name.
    pub fn constant(
        &mut self,
        name: &str,
        shape: &[usize],
        numbers: impl Iterator<Item = f64>,
    ) -> String {
        let bytes: Vec<u8> = numbers
            .flat_map(|number| (number as f32).to_le_bytes())
            .collect();
        self.tensor(name, FLOAT, shape, &bytes)
    }

    /// Adds a list in double precision, and takes the input of the network in double.
    pub fn double_constant(&mut self, name: &str, numbers: &[f64]) -> String {
        self.takes_double = true;
        let bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        self.tensor(name, DOUBLE, &[numbers.len()], &bytes)
    }

    /// The same numbers in single precision.
    pub fn cast_to_single(&mut self, values: &str, output: &str) -> String {
        self.node("Cast", &[values], output, &[integer("to", FLOAT)])
    }

    fn tensor(&mut self, name: &str, kind: u64, shape: &[usize], bytes: &[u8]) -> String {
        let tensor = shape
            .iter()
            .fold(Message::default(), |tensor, size| {
                tensor.integer(1, *size as u64)
            })
            .integer(2, kind)
            .text(8, name)
            .bytes(9, bytes);
        self.constants.push(tensor);
        name.to_owned()
    }

    /// Adds an operation with one output, whose name it returns.
    pub fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[Message],
    ) -> String {
        let node = inputs
            .iter()
            .fold(Message::default(), |node, input| node.text(1, input))
            .text(2, output)
            .text(3, output)
            .text(4, operator)
            .messages(5, attributes);
        self.nodes.push(node);
        output.to_owned()
    }

    /// `values · weight' + bias`
    pub fn linear(
        &mut self,
        values: &str,
        weight: &str,
        bias: Option<&str>,
        output: &str,
    ) -> String {
        let mut inputs = vec![values, weight];
        inputs.extend(bias);
        self.node("Gemm", &inputs, output, &[integer("transB", 1)])
    }

    /// The same numbers in another shape; a size of 0 stays as it is.
    pub fn reshape(&mut self, values: &str, shape: &[usize], output: &str) -> String {
        let sizes: Vec<u8> = shape
            .iter()
            .flat_map(|size| (*size as u64).to_le_bytes())
            .collect();
        let name = format!("{output}.shape");
        let shape = self.tensor(&name, INT64, &[shape.len()], &sizes);
        self.node("Reshape", &[values, &shape], output, &[])
    }

    /// The file with `result` as the output of the network.
    pub fn into_file<T: Real>(mut self, model: &Model<T>, result: &str) -> Vec<u8> {
        self.node("Identity", &[result], OUTPUT, &[]);
        let inputs = model.architecture.inputs;
        let layers = &model.architecture.layers;
        let classes = layers.last().map_or(inputs, |layer| layer.units);
        let graph = Message::default()
            .messages(1, &self.nodes)
            .text(2, "nnbcd")
            .messages(5, &self.constants)
            .message(
                11,
                &samples_of(
                    INPUT,
                    inputs,
                    if self.takes_double { DOUBLE } else { FLOAT },
                ),
            )
            .message(12, &samples_of(OUTPUT, classes, FLOAT));
        let description = &model.description;
        let list = |names: &[String]| serde_json::Value::from(names.to_vec()).to_string();
        let mut properties = vec![property("classes", &list(&description.classes))];
        if !description.features.is_empty() {
            properties.push(property("features", &list(&description.features)));
        }
        if let Some(transformation) = &description.transformation {
            properties.push(property("transformation", &transformation.to_string()));
        }
        let operators = Message::default().text(1, "").integer(2, OPERATOR_SET);
        Message::default()
            .integer(1, IR_VERSION)
            .text(2, "nnbcd-tui")
            .text(3, env!("CARGO_PKG_VERSION"))
            .message(7, &graph)
            .message(8, &operators)
            .messages(14, &properties)
            .message(
                14,
                &property("preprocessing", &model.description.preprocessing),
            )
            .message(14, &property("settings", &model.description.settings))
            .into_bytes()
    }
}

/// `ValueInfoProto` of a matrix of numbers of a type with any number of rows.
fn samples_of(name: &str, columns: usize, number: u64) -> Message {
    let rows = Message::default().text(2, "samples");
    let columns = Message::default().integer(1, columns as u64);
    let shape = Message::default().messages(1, &[rows, columns]);
    let tensor = Message::default().integer(1, number).message(2, &shape);
    let kind = Message::default().message(1, &tensor);
    Message::default().text(1, name).message(2, &kind)
}

/// `StringStringEntryProto`
fn property(key: &str, value: &str) -> Message {
    Message::default().text(1, key).text(2, value)
}

/// An attribute with one number.
fn integer(name: &str, value: u64) -> Message {
    Message::default()
        .text(1, name)
        .integer(3, value)
        .integer(20, ATTRIBUTE_INT)
}

/// An attribute with several numbers.
pub(super) fn integers(name: &str, values: &[usize]) -> Message {
    values
        .iter()
        .fold(Message::default().text(1, name), |attribute, value| {
            attribute.integer(8, *value as u64)
        })
        .integer(20, ATTRIBUTE_INTS)
}
