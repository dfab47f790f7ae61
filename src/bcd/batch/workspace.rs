//! What the solver keeps from one iteration to the next besides the blocks.

use ndarray::Array2;

use super::memory::TileMemories;
use super::ridge::FirstLayerSystem;
use super::state::State;
use super::system::System;
use crate::compress::Projected;
use crate::linalg::{Real, entries, sum_of_squares_of_difference};
use crate::network::{LayerWeights, squared_change};

/// Memory to be used again, and systems that seldom change.
#[derive(Debug, Default)]
pub struct Workspace<T> {
    /// For the tiles of the activation update.
    pub tiles: TileMemories<T>,
    /// The system of the first layer.
    pub first_layer: Option<FirstLayerSystem>,
    /// The system of the first layer inside its set.
    pub first_constrained: Option<System>,
    /// The weights when the iteration began.
    pub before: Before<T>,
}

/// `W`, the biases and `Z` when the iteration began.
///
/// The step is taken over a whole iteration, because a weight can move more than once in it: with one
/// pruning threshold over several layers, and where hard coupling begins.
#[derive(Debug, Default)]
pub struct Before<T> {
    weights: Vec<LayerWeights<T>>,
    compressed: Vec<Option<Array2<T>>>,
}

impl<T: Real> Before<T> {
    /// Copies `W` and the biases.
    pub fn keep_weights(&mut self, weights: &[LayerWeights<T>]) {
        if self.weights.is_empty() {
            self.weights = weights.to_vec();
            return;
        }
        for (kept, now) in self.weights.iter_mut().zip(weights) {
            kept.weight.assign(&now.weight);
            if let (Some(kept), Some(now)) = (&mut kept.bias, &now.bias) {
                kept.assign(now);
            }
        }
    }

    /// Copies `Z`.
    pub fn keep_compressed(&mut self, compressed: &[Option<Projected<T>>]) {
        self.compressed.resize(compressed.len(), None);
        for (kept, now) in self.compressed.iter_mut().zip(compressed) {
            match (kept, now) {
                (Some(kept), Some(now)) => kept.assign(&now.dense),
                (kept, now) => *kept = now.as_ref().map(|now| now.dense.clone()),
            }
        }
    }

    /// `|W - W_before|^2` with the biases, and `|Z - Z_before|^2` where a layer was compressed before.
    pub fn squared_change(&self, state: &State<T>) -> f64 {
        let pairs = state.compressed.iter().zip(&self.compressed);
        let change = pairs.map(|pair| match pair {
            (Some(new), Some(old)) => {
                sum_of_squares_of_difference(entries(&new.dense), entries(old))
            }
            _ => 0.0,
        });
        squared_change(&state.weights, &self.weights) + change.sum::<f64>()
    }
}
