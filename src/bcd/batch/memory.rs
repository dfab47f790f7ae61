//! Memory that every iteration uses again: nothing large is allocated inside the loop.

use std::sync::{Mutex, PoisonError};

use ndarray::ArrayViewMut2;

use crate::linalg::Real;

/// The start of `memory` as a matrix; its content is whatever was left there.
pub fn matrix<T: Real>(memory: &mut Vec<T>, rows: usize, columns: usize) -> ArrayViewMut2<'_, T> {
    if memory.len() < rows * columns {
        memory.resize(rows * columns, T::zero());
    }
    ArrayViewMut2::from_shape((rows, columns), &mut memory[..rows * columns])
        .expect("the slice has just been cut to this size")
}

/// Contiguous memory for the products of one tile, to be used again.
#[derive(Debug, Default)]
pub struct TileMemory<T> {
    /// `V_i`
    pub activations: Vec<T>,
    /// A change of it.
    pub correction: Vec<T>,
    /// `U_{i+1} - W_{i+1} V_i`
    pub residual: Vec<T>,
}

/// As many memories as threads have ever worked at once.
pub type TileMemories<T> = Mutex<Vec<TileMemory<T>>>;

/// Lends a memory to one tile.
pub fn with_memory<T: Real, R>(
    memories: &TileMemories<T>,
    work: impl FnOnce(&mut TileMemory<T>) -> R,
) -> R {
    // Their content means nothing, so that a panic elsewhere does not spoil them.
    let lock = || memories.lock().unwrap_or_else(PoisonError::into_inner);
    let mut memory = lock().pop().unwrap_or_default();
    let result = work(&mut memory);
    lock().push(memory);
    result
}
