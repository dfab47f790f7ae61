//! What is to be solved.

use std::sync::Arc;

use ndarray::Array2;

use super::settings::SolverSettings;
use crate::compress::LayerCompression;
use crate::linalg::Real;
use crate::network::{Architecture, LayerKind};
use crate::training::{ProblemError, TrainingData, check_shapes};

/// What is to be solved: data, network, compression, settings.
#[derive(Debug)]
#[non_exhaustive]
pub struct Problem<T> {
    /// Samples of all parts.
    pub data: Arc<TrainingData<T>>,
    /// One-hot targets `Y`, classes x n.
    pub targets: Array2<T>,
    /// The network.
    pub architecture: Architecture,
    /// Compression of every layer; `None`: dense.
    pub compression: Vec<Option<LayerCompression>>,
    /// Settings of the solver.
    pub settings: SolverSettings,
}

impl<T: Real> Problem<T> {
    /// A problem from its parts.
    ///
    /// # Errors
    /// [`ProblemError`] when a setting is out of its range, a part has other dimensions than the network, or there are no
    /// samples.
    pub fn new(
        data: Arc<TrainingData<T>>,
        architecture: Architecture,
        compression: Vec<Option<LayerCompression>>,
        settings: SolverSettings,
    ) -> Result<Self, ProblemError> {
        settings.check(architecture.layers.len())?;
        check_shapes(&data, &architecture, &compression)?;
        Ok(Self {
            targets: data.targets(),
            data,
            architecture,
            compression,
            settings,
        })
    }

    /// Whether the weight update of a layer goes through the n x n dual system: fewer samples than
    /// inputs.
    pub(super) fn solves_dual(&self, index: usize) -> bool {
        let layer = &self.architecture.layers[index];
        layer.kind == LayerKind::Dense && self.data.train.len() < layer.weight.1
    }

    /// The layers under one pruning threshold.
    pub(super) fn globally_pruned_layers(&self) -> Vec<usize> {
        let global = |layer: &Option<LayerCompression>| {
            matches!(layer, Some(LayerCompression::Prune { global: true, .. }))
        };
        (0..self.compression.len())
            .filter(|index| global(&self.compression[*index]))
            .collect()
    }
}
