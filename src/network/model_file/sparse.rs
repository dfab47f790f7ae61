//! Sparse weights: rows of non-zeros, and groups of `m` with `n` kept entries.

use std::cmp::Reverse;

use ndarray::{Array2, Axis};

use super::error::{ModelFileError, value};
use super::tensor::{Tensor, TensorFile, wrong_shape};
use crate::linalg::Real;

/// Tensors of a weight by its non-zeros, row by row (CSR).
pub(super) fn write_rows<T: Real>(layer: &str, dense: &Array2<T>) -> Vec<Tensor> {
    let (mut values, mut columns, mut starts) = (Vec::new(), Vec::new(), vec![0]);
    for row in dense.rows() {
        for (column, entry) in row.iter().enumerate().filter(|(_, entry)| !entry.is_zero()) {
            values.push(*entry);
            columns.push(column);
        }
        starts.push(values.len());
    }
    let (count, last_column) = (values.len(), dense.ncols() - 1);
    vec![
        Tensor::numbers(format!("{layer}.values"), &[count], values),
        Tensor::indices(format!("{layer}.columns"), &[count], last_column, columns),
        Tensor::indices(
            format!("{layer}.row_starts"),
            &[dense.nrows() + 1],
            count,
            starts,
        ),
    ]
}

/// The entries of the matrix of [`write_rows`], row by row.
pub(super) fn read_rows<T: Real>(
    file: &TensorFile<'_>,
    layer: &str,
    (rows, columns): (usize, usize),
) -> Result<Vec<T>, ModelFileError> {
    let [values_name, columns_name, starts_name] =
        ["values", "columns", "row_starts"].map(|part| format!("{layer}.{part}"));
    let count = match file.shape(&values_name) {
        Some(&[count]) => count,
        Some(other) => return Err(wrong_shape(&values_name, other, "one dimension")),
        None => 0,
    };
    let values: Vec<T> = file.numbers(&values_name, &[count])?;
    let places = file.indices(&columns_name, &[count], columns - 1)?;
    let starts = file.indices(&starts_name, &[rows + 1], count)?;
    if starts[0] != 0 || starts[rows] != count || !starts.is_sorted() {
        return Err(value(
            &starts_name,
            format!("the entries must rise from 0 to the {count} values"),
        ));
    }
    let mut dense = Array2::zeros((rows, columns));
    for (mut row, bounds) in dense.rows_mut().into_iter().zip(starts.windows(2)) {
        let entries = bounds[0]..bounds[1];
        if !places[entries.clone()].is_sorted_by(|before, after| before < after) {
            return Err(value(&columns_name, "the columns of a row must rise"));
        }
        for entry in entries {
            row[places[entry]] = values[entry];
        }
    }
    Ok(dense.into_raw_vec_and_offset().0)
}

/// Layout of the kept entries of a row of `columns` entries in groups of `m`.
struct Groups {
    n: usize,
    m: usize,
    columns: usize,
}

impl Groups {
    /// Values that a row keeps; the last group may be shorter.
    fn kept(&self) -> usize {
        self.columns / self.m * self.n + self.n.min(self.columns % self.m)
    }

    /// Bits of a position within a group.
    fn bits(&self) -> usize {
        (usize::BITS - (self.m - 1).leading_zeros()) as usize
    }

    /// Bytes of the positions of a row.
    fn row_bytes(&self) -> usize {
        (self.kept() * self.bits()).div_ceil(8)
    }

    /// First column of the group of every kept value of a row.
    fn group_starts(&self) -> impl Iterator<Item = usize> {
        let (n, m) = (self.n, self.m);
        (0..self.kept()).map(move |value| value / n * m)
    }
}

/// Tensors of a weight of which every group of `m` entries of a row holds `n` at most.
pub(super) fn write_groups<T: Real>(
    layer: &str,
    dense: &Array2<T>,
    n: usize,
    m: usize,
) -> Vec<Tensor> {
    let groups = Groups {
        n,
        m,
        columns: dense.ncols(),
    };
    let mut values = Vec::with_capacity(dense.nrows() * groups.kept());
    let mut packed = Vec::with_capacity(dense.nrows() * groups.row_bytes());
    for row in dense.rows() {
        let mut positions = Vec::with_capacity(groups.kept());
        for group in row.axis_chunks_iter(Axis(0), m) {
            // A group with fewer non-zeros is filled up with zeros.
            let mut order: Vec<usize> = (0..group.len()).collect();
            order.sort_by_key(|place| Reverse(!group[*place].is_zero()));
            debug_assert!(order.iter().skip(n).all(|place| group[*place].is_zero()));
            order.truncate(n);
            order.sort_unstable();
            values.extend(order.iter().map(|place| group[*place]));
            positions.extend(order);
        }
        packed.extend(pack(&positions, groups.bits()));
    }
    vec![
        Tensor::numbers(
            format!("{layer}.values"),
            &[dense.nrows(), groups.kept()],
            values,
        ),
        Tensor::indices(
            format!("{layer}.positions"),
            &[dense.nrows(), groups.row_bytes()],
            usize::from(u8::MAX),
            packed,
        ),
    ]
}

/// The entries of the matrix of [`write_groups`], row by row; `n` and `m` are at least 1.
pub(super) fn read_groups<T: Real>(
    file: &TensorFile<'_>,
    layer: &str,
    (rows, columns): (usize, usize),
    (n, m): (usize, usize),
) -> Result<Vec<T>, ModelFileError> {
    let groups = Groups { n, m, columns };
    let values: Vec<T> = file.numbers(&format!("{layer}.values"), &[rows, groups.kept()])?;
    let name = format!("{layer}.positions");
    let bytes = groups.row_bytes();
    let packed = file.indices(&name, &[rows, bytes], usize::from(u8::MAX))?;
    let mut dense = Array2::zeros((rows, columns));
    for (index, mut row) in dense.rows_mut().into_iter().enumerate() {
        let values = &values[index * groups.kept()..(index + 1) * groups.kept()];
        let positions = unpack(&packed[index * bytes..(index + 1) * bytes], groups.bits());
        let mut free = 0;
        for ((value_of_entry, start), position) in
            values.iter().zip(groups.group_starts()).zip(positions)
        {
            let column = start + position;
            if position >= m || column >= columns || column < free {
                return Err(value(
                    &name,
                    format!(
                        "row {index} has the position {position}; the positions of a group rise \
                         and lie within its {m} entries and the row"
                    ),
                ));
            }
            row[column] = *value_of_entry;
            free = column + 1;
        }
    }
    Ok(dense.into_raw_vec_and_offset().0)
}

/// Numbers of so many bits one after the other, most significant bit first, in whole bytes.
fn pack(numbers: &[usize], bits: usize) -> Vec<usize> {
    let mut bytes = vec![0; (numbers.len() * bits).div_ceil(8)];
    for (index, number) in numbers.iter().enumerate() {
        for bit in 0..bits {
            let place = index * bits + bit;
            let set = number >> (bits - 1 - bit) & 1;
            bytes[place / 8] |= set << (7 - place % 8);
        }
    }
    bytes
}

/// The numbers of [`pack`], and what the padding may add to them.
fn unpack(bytes: &[usize], bits: usize) -> impl Iterator<Item = usize> + '_ {
    (0..).map(move |index| {
        (index * bits..(index + 1) * bits).fold(0, |number, place| {
            let byte = bytes.get(place / 8).copied().unwrap_or_default();
            number << 1 | (byte >> (7 - place % 8) & 1)
        })
    })
}
