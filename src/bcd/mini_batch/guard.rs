//! The safeguard: a run whose error grows goes back to where it was good, and on from there in smaller steps.

use ndarray::Array1;

use super::layer::TrainedLayer;
use crate::linalg::Real;
use crate::network::LayerWeights;

/// Weight of a batch in the running error.
const RATE: f64 = 0.05;
/// The running error may grow to this multiple of its best, and to this value in any case: with scaled targets 1 is the error
/// of an answer that is always the mean.
const TOO_FAR: f64 = 3.0;
/// Up to this multiple of the best error a state is worth going back to.
const GOOD: f64 = 1.5;
/// Steps from one snapshot to the next.
const SNAPSHOT_EVERY: usize = 50;
/// After this many steps back nothing more can be expected.
const MOST_STEPS_BACK: usize = 40;

/// What the safeguard remembers.
#[derive(Clone, Debug)]
pub(super) struct Guard<T> {
    /// `h`: factor on all steps, halved by every step back.
    pub scale: f64,
    /// Running mean of the squared error per output, and the best so far.
    pub error: Option<f64>,
    /// The best so far.
    pub best: Option<f64>,
    /// Weights and mean inputs of every layer to go back to.
    pub snapshot: Vec<(LayerWeights<T>, Array1<T>)>,
    /// Steps back so far.
    pub steps_back: usize,
}

impl<T: Real> Default for Guard<T> {
    fn default() -> Self {
        Self {
            scale: 1.0,
            error: None,
            best: None,
            snapshot: Vec::new(),
            steps_back: 0,
        }
    }
}

impl<T: Real> Guard<T> {
    /// Takes in the error of a batch; whether all is well.
    pub fn admits(&mut self, error: f64) -> bool {
        let running = self.error.map_or(error, |old| old + RATE * (error - old));
        self.error = Some(running);
        let limit = self
            .best
            .map_or(f64::INFINITY, |best| TOO_FAR * best.max(1.0));
        error.is_finite() && running <= limit
    }

    /// Keeps a state to go back to, from time to time.
    pub fn remember(&mut self, step: usize, layers: &[TrainedLayer<T>]) {
        let running = self.error.unwrap_or(f64::INFINITY);
        let is_good = self.best.is_none_or(|best| running <= GOOD * best);
        if self.snapshot.is_empty() || step.is_multiple_of(SNAPSHOT_EVERY) && is_good {
            self.snapshot = (layers.iter())
                .map(|layer| (layer.weights.clone(), layer.mean.clone()))
                .collect();
        }
        self.best = Some(self.best.map_or(running, |best| best.min(running)));
    }

    /// Goes back to the last good state; whether that is still worth trying.
    pub fn step_back(&mut self, layers: &mut [TrainedLayer<T>], metric_rank: usize) -> bool {
        self.steps_back += 1;
        self.scale *= 0.5;
        self.error = None;
        for (layer, (weights, mean)) in layers.iter_mut().zip(&self.snapshot) {
            layer.restart(weights.clone(), mean.clone(), metric_rank);
        }
        !self.snapshot.is_empty() && self.steps_back <= MOST_STEPS_BACK
    }

    /// Forgets the errors of a network of other layers.
    pub fn begin_anew(&mut self) {
        let steps_back = self.steps_back;
        *self = Self::default();
        self.steps_back = steps_back;
    }
}
