//! One weight in its form: its tensors, and the way back.

use ndarray::Array2;

use super::description::DescribedForm;
use super::error::{ModelFileError, description};
use super::sparse::{read_groups, read_rows, write_groups, write_rows};
use super::tensor::{Tensor, TensorFile, wrong_shape};
use crate::compress::{Form, Part, Projected};
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

/// The tensors of a compressed weight: the arrays of its form, a sparse one without its zeros.
pub(super) fn write<T: Real>(layer: &str, projected: &Projected<T>) -> Vec<Tensor> {
    match Form::of(projected) {
        Form::Sparse => write_rows(layer, &projected.dense),
        Form::NM { n, m } => write_groups(layer, &projected.dense, n, m),
        form => {
            let parts = form.parts(projected.dense.dim());
            let arrays = parts.into_iter().zip(projected.arrays());
            arrays
                .map(|(Part { name, shape }, array)| {
                    Tensor::numbers(format!("{layer}.{name}"), &shape, array.iter().copied())
                })
                .collect()
        }
    }
}

/// The compressed weight of `shape` in a form that fits it; none for a dense one.
pub(super) fn read<T: Real>(
    file: &TensorFile<'_>,
    layer: &str,
    shape: (usize, usize),
    described: &DescribedForm,
) -> Result<Option<Projected<T>>, ModelFileError> {
    let form = match described {
        DescribedForm::Dense => return Ok(None),
        DescribedForm::TensorTrain { modes } => Form::TensorTrain {
            modes: modes.clone(),
            ranks: ranks_of_cores(file, layer, shape, modes)?,
        },
        DescribedForm::LowRank { rank } => Form::LowRank { rank: *rank },
        DescribedForm::Sparse => Form::Sparse,
        DescribedForm::NM { n, m } => Form::NM { n: *n, m: *m },
    };
    let numbers = match form {
        Form::Sparse => vec![read_rows(file, layer, shape)?],
        Form::NM { n, m } => vec![read_groups(file, layer, shape, (n, m))?],
        _ => (form.parts(shape).iter())
            .map(|part| file.numbers(&format!("{layer}.{}", part.name), &part.shape))
            .collect::<Result<_, _>>()?,
    };
    Projected::from_numbers(&form, shape, numbers)
        .map(Some)
        .ok_or_else(|| description(layer, "the cores do not fit together"))
}

/// The ranks between the cores, which are no larger than the sides of the unfoldings: no product of
/// the cores on the way to the dense matrix is then larger than that matrix.
fn ranks_of_cores(
    file: &TensorFile<'_>,
    layer: &str,
    shape: (usize, usize),
    modes: &[usize],
) -> Result<Vec<usize>, ModelFileError> {
    let (mut rank, mut before, mut after) = (1, 1, shape.0 * shape.1);
    let mut ranks = Vec::new();
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
        ranks.push(next);
        rank = next;
    }
    // The last core ends in a single number.
    ranks.pop();
    Ok(ranks)
}
