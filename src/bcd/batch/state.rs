//! The blocks of the split problem.

use ndarray::{Array2, Zip};

use crate::bcd::error::Block;
use crate::compress::Projected;
use crate::linalg::{Accumulate, Real, entries, sum_of_squares};
use crate::network::{Architecture, LayerWeights, apply_layer};
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
}
