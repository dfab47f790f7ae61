//! What is to be trained.

use std::sync::Arc;

use super::settings::GradientSettings;
use crate::compress::LayerCompression;
use crate::linalg::Real;
use crate::network::Architecture;
use crate::training::{ProblemError, TrainingData, check_shapes};

/// What is to be trained: data, network, compression, settings.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrainingProblem<T> {
    /// Samples of all parts.
    pub data: Arc<TrainingData<T>>,
    /// The network.
    pub architecture: Architecture,
    /// Compression of every layer; `None`: dense.
    pub compression: Vec<Option<LayerCompression>>,
    /// Settings of the method.
    pub settings: GradientSettings,
    /// Draws the order of the samples in every epoch.
    pub seed: u64,
}

impl<T: Real> TrainingProblem<T> {
    /// A problem from its parts.
    ///
    /// # Errors
    /// [`ProblemError`] when a setting is out of its range, a part has other dimensions than the network, or there are no
    /// samples.
    pub fn new(
        data: Arc<TrainingData<T>>,
        architecture: Architecture,
        compression: Vec<Option<LayerCompression>>,
        settings: GradientSettings,
        seed: u64,
    ) -> Result<Self, ProblemError> {
        settings.check(architecture.layers.len())?;
        check_shapes(&data, &architecture, &compression)?;
        Ok(Self {
            data,
            architecture,
            compression,
            settings,
            seed,
        })
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.compression.iter().any(Option::is_some)
    }
}
