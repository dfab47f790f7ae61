//! The blocks of the split problem.

use ndarray::{Array2, ArrayViewMut2, Zip};

use super::error::Block;
use super::units::TileMemories;
use crate::compress::Projected;
use crate::linalg::{Accumulate, Real, entries, sum_of_squares, sum_of_squares_of_difference};
use crate::network::{Architecture, LayerWeights, apply_layer, squared_change};
use crate::training::TrainingData;

/// All blocks, and the residuals that come with them. Layer `i` of the paper is index `i - 1`.
#[derive(Clone, Debug)]
pub struct State<T> {
    /// `W_i` and biases.
    pub weights: Vec<LayerWeights<T>>,
    /// `Z_i`, for the layers that are compressed at present.
    pub compressed: Vec<Option<Projected<T>>>,
    /// `U_i`, units x n.
    pub pre_activations: Vec<Array2<T>>,
    /// `V_i`, units x n.
    pub activations: Vec<Array2<T>>,
    /// `U_i - W_i V_{i-1}`, units x n.
    pub linear_residuals: Vec<Array2<T>>,
}

impl<T: Real> State<T> {
    /// `U_i = W_i V_{i-1}`, `V_i = act_i(U_i)`: a forward pass; nothing is compressed yet.
    pub fn forward(
        architecture: &Architecture,
        data: &TrainingData<T>,
        weights: Vec<LayerWeights<T>>,
    ) -> Self {
        let mut state = Self {
            compressed: vec![None; weights.len()],
            weights,
            pre_activations: Vec::new(),
            activations: Vec::new(),
            linear_residuals: Vec::new(),
        };
        for index in 0..architecture.layers.len() {
            let (units, activations) = state.images(index, architecture, data);
            state.linear_residuals.push(Array2::zeros(units.dim()));
            state.pre_activations.push(units);
            state.activations.push(activations);
        }
        state
    }

    /// `W_i V_{i-1}` and `act_i(W_i V_{i-1})`, units x n.
    pub fn images(
        &self,
        index: usize,
        architecture: &Architecture,
        data: &TrainingData<T>,
    ) -> (Array2<T>, Array2<T>) {
        let layer = &architecture.layers[index];
        let mut units = Array2::zeros((layer.units, data.train.len()));
        apply_layer(
            layer,
            T::one(),
            &self.weights[index],
            self.inputs_of(index, data).view(),
            Accumulate::Replace,
            units.view_mut(),
        );
        let activations = if architecture.is_hidden(index) {
            units.mapv(|value| value.max(T::zero()))
        } else {
            units.clone()
        };
        (units, activations)
    }

    /// `V_{i-1}`: the inputs of layer `index`.
    pub fn inputs_of<'a>(&'a self, index: usize, data: &'a TrainingData<T>) -> &'a Array2<T> {
        match index {
            0 => &data.train.inputs,
            _ => &self.activations[index - 1],
        }
    }

    /// `E_i = U_i - W_i V_{i-1}` from its definition.
    pub fn refresh_linear_residual(
        &mut self,
        index: usize,
        architecture: &Architecture,
        data: &TrainingData<T>,
    ) {
        let mut residual = std::mem::take(&mut self.linear_residuals[index]);
        Zip::from(&mut residual)
            .and(&self.pre_activations[index])
            .par_for_each(|e, u| *e = *u);
        apply_layer(
            &architecture.layers[index],
            -T::one(),
            &self.weights[index],
            self.inputs_of(index, data).view(),
            Accumulate::Add,
            residual.view_mut(),
        );
        self.linear_residuals[index] = residual;
    }

    /// Where the trouble began: the first block, from the input on, whose norm is not finite.
    pub fn first_block_without_a_finite_norm(&self) -> Block {
        let is_bad = |array: &Array2<T>| !sum_of_squares(entries(array)).is_finite();
        for (index, weights) in self.weights.iter().enumerate() {
            if is_bad(&weights.weight) {
                return Block::Weight(index);
            }
            if is_bad(&self.pre_activations[index]) {
                return Block::PreActivation(index);
            }
            if is_bad(&self.activations[index]) {
                return Block::Activation(index);
            }
        }
        Block::Objective
    }

    /// `|W - W_before|^2` with the biases, and `|Z - Z_before|^2` where a layer was compressed before.
    ///
    /// Taken over a whole iteration, because a weight can move more than once in it: with one
    /// pruning threshold over several layers, and where hard coupling begins.
    pub fn squared_change_of_weights(
        &self,
        weights: &[LayerWeights<T>],
        compressed: &[Option<Projected<T>>],
    ) -> f64 {
        let projected = self.compressed.iter().zip(compressed);
        let change = projected.map(|pair| match pair {
            (Some(new), Some(old)) => {
                sum_of_squares_of_difference(entries(&new.dense), entries(&old.dense))
            }
            _ => 0.0,
        });
        squared_change(&self.weights, weights) + change.sum::<f64>()
    }
}

/// Memory that every iteration uses again: nothing large is allocated inside the loop.
#[derive(Debug, Default)]
pub struct Workspace<T> {
    /// For the tiles of the activation update.
    pub tiles: TileMemories<T>,
    /// The matrix of a ridge system.
    pub system: Vec<T>,
}

impl<T: Real> Workspace<T> {
    /// The start of `memory` as a matrix; its content is whatever was left there.
    pub fn matrix(memory: &mut Vec<T>, rows: usize, columns: usize) -> ArrayViewMut2<'_, T> {
        if memory.len() < rows * columns {
            memory.resize(rows * columns, T::zero());
        }
        ArrayViewMut2::from_shape((rows, columns), &mut memory[..rows * columns])
            .expect("the slice has just been cut to this size")
    }

    /// The memory itself as a matrix, to be handed back as a vector.
    pub fn take_matrix(memory: &mut Vec<T>, rows: usize, columns: usize) -> Array2<T> {
        let mut entries = std::mem::take(memory);
        entries.resize(rows * columns, T::zero());
        Array2::from_shape_vec((rows, columns), entries)
            .expect("the vector has just been cut to this size")
    }
}
