//! One weight in its form: its tensors, and the way back.

use ndarray::Array2;

use super::description::Form;
use super::error::{ModelFileError, description};
use super::sparse::{read_groups, read_rows, write_groups, write_rows};
use super::tensor::{Tensor, TensorFile, wrong_shape};
use crate::compress::{LowRank, Projected, Stored, TensorTrain};
use crate::linalg::Real;

/// Name of the tensors of a layer, up to the part.
pub(super) fn layer_name(index: usize) -> String {
    format!("layers.{index}")
}

/// The tensor of a matrix.
pub(super) fn matrix<T: Real>(name: String, matrix: &Array2<T>) -> Tensor {
    let shape = [matrix.nrows(), matrix.ncols()];
    Tensor::numbers(name, &shape, matrix.iter().copied())
}

/// Reads the tensor of a matrix.
pub(super) fn read_matrix<T: Real>(
    file: &TensorFile<'_>,
    name: &str,
    (rows, columns): (usize, usize),
) -> Result<Array2<T>, ModelFileError> {
    let entries = file.numbers(name, &[rows, columns])?;
    Ok(Array2::from_shape_vec((rows, columns), entries).expect("the tensor has this shape"))
}

/// The tensors of a compressed weight.
pub(super) fn write<T: Real>(layer: &str, projected: &Projected<T>) -> Vec<Tensor> {
    match &projected.stored {
        Stored::LowRank(factors) => vec![
            matrix(format!("{layer}.left"), &factors.left),
            matrix(format!("{layer}.right"), &factors.right),
        ],
        Stored::TensorTrain(train) => {
            let cores = train.cores().iter().zip(train.modes()).enumerate();
            cores
                .map(|(position, (core, mode))| {
                    let shape = [core.nrows() / mode, *mode, core.ncols()];
                    let name = format!("{layer}.core.{position}");
                    Tensor::numbers(name, &shape, core.iter().copied())
                })
                .collect()
        }
        Stored::Sparse => write_rows(layer, &projected.dense),
        Stored::NM { n, m } => write_groups(layer, &projected.dense, *n, *m),
    }
}

/// The compressed weight of `shape` in a form that fits it; none for a dense one.
pub(super) fn read<T: Real>(
    file: &TensorFile<'_>,
    layer: &str,
    shape: (usize, usize),
    form: &Form,
) -> Result<Option<Projected<T>>, ModelFileError> {
    let (dense, stored) = match form {
        Form::Dense => return Ok(None),
        Form::TensorTrain { modes } => {
            let train = read_train(file, layer, shape, modes)?;
            (train.dense(), Stored::TensorTrain(train))
        }
        Form::LowRank { rank } => {
            let factors = LowRank {
                left: read_matrix(file, &format!("{layer}.left"), (shape.0, *rank))?,
                right: read_matrix(file, &format!("{layer}.right"), (*rank, shape.1))?,
            };
            (factors.dense(), Stored::LowRank(factors))
        }
        Form::Sparse => (read_rows(file, layer, shape)?, Stored::Sparse),
        Form::NM { n, m } => (
            read_groups(file, layer, shape, (*n, *m))?,
            Stored::NM { n: *n, m: *m },
        ),
    };
    Ok(Some(Projected { dense, stored }))
}

/// Cores whose ranks are no larger than the sides of the unfoldings: no product of them on the way
/// to the dense matrix is then larger than that matrix.
fn read_train<T: Real>(
    file: &TensorFile<'_>,
    layer: &str,
    shape: (usize, usize),
    modes: &[usize],
) -> Result<TensorTrain<T>, ModelFileError> {
    let (mut rank, mut before, mut after) = (1, 1, shape.0 * shape.1);
    let mut cores = Vec::new();
    for (position, mode) in modes.iter().enumerate() {
        before *= mode;
        after /= mode;
        let largest = before.min(after);
        let name = format!("{layer}.core.{position}");
        let next = match file.shape(&name) {
            Some(&[_, _, next]) => next,
            Some(other) => return Err(wrong_shape(&name, other, "three dimensions")),
            None => 1,
        };
        if !(1..=largest).contains(&next) {
            let expected = format!("[{rank}, {mode}, 1 to {largest}]");
            return Err(wrong_shape(&name, &[rank, *mode, next], &expected));
        }
        let entries = file.numbers(&name, &[rank, *mode, next])?;
        let core = Array2::from_shape_vec((rank * mode, next), entries);
        cores.push(core.expect("the tensor has this shape"));
        rank = next;
    }
    TensorTrain::from_cores(shape, modes.to_vec(), cores)
        .ok_or_else(|| description(layer, "the cores do not fit together"))
}
