//! From gradients to steps: Adam, and stochastic gradient descent with momentum.

use super::settings::{GradientSettings, Optimizer};
use crate::linalg::Real;

/// Decay of Adam's mean of the gradients.
const BETA_1: f64 = 0.9;
/// Decay of Adam's mean of the squared gradients.
const BETA_2: f64 = 0.999;
/// What keeps Adam's quotient finite.
const EPSILON: f64 = 1e-8;

/// An optimizer with what it remembers of every trained tensor.
///
/// Tensors are named by the order in which [`Steps::apply`] meets them after [`Steps::begin`]; what
/// is remembered of one starts at zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps<T> {
    optimizer: Optimizer,
    learning_rate: f64,
    momentum: T,
    /// Steps begun so far.
    pub(super) count: u64,
    next: usize,
    /// Adam: mean of the gradients; `sgd`: velocity.
    pub(super) first: Vec<Vec<T>>,
    /// Adam: mean of the squared gradients; `sgd`: nothing.
    pub(super) second: Vec<Vec<T>>,
}

impl<T: Real> Steps<T> {
    /// An optimizer that remembers nothing yet.
    pub fn new(settings: &GradientSettings) -> Self {
        Self {
            optimizer: settings.optimizer,
            learning_rate: settings.learning_rate(),
            momentum: T::from_f64(settings.momentum()),
            count: 0,
            next: 0,
            first: Vec::new(),
            second: Vec::new(),
        }
    }

    /// Forgets everything: the tensors that follow are others.
    pub fn reset(&mut self) {
        self.count = 0;
        self.first.clear();
        self.second.clear();
    }

    /// Begins a step over all tensors.
    pub fn begin(&mut self) {
        self.count += 1;
        self.next = 0;
    }

    /// Moves the next tensor along its gradient.
    pub fn apply(&mut self, values: &mut [T], gradient: &[T]) {
        let slot = self.next;
        self.next += 1;
        if self.first.len() == slot {
            self.first.push(vec![T::zero(); values.len()]);
            if self.optimizer == Optimizer::Adam {
                self.second.push(vec![T::zero(); values.len()]);
            }
        }
        match self.optimizer {
            Optimizer::Adam => self.adam(slot, values, gradient),
            Optimizer::Sgd => self.descend(slot, values, gradient),
        }
    }

    /// `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`,
    /// `w = w - rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)`
    fn adam(&mut self, slot: usize, values: &mut [T], gradient: &[T]) {
        let corrected = |beta: f64| 1.0 - beta.powf(self.count as f64);
        let rate = T::from_f64(self.learning_rate / corrected(BETA_1));
        let scale = T::from_f64(corrected(BETA_2).sqrt().recip());
        let epsilon = T::from_f64(EPSILON);
        let (beta_1, rest_1) = (T::from_f64(BETA_1), T::from_f64(1.0 - BETA_1));
        let (beta_2, rest_2) = (T::from_f64(BETA_2), T::from_f64(1.0 - BETA_2));
        let means = self.first[slot].iter_mut().zip(&mut self.second[slot]);
        for ((value, gradient), (mean, square)) in values.iter_mut().zip(gradient).zip(means) {
            *mean = beta_1 * *mean + rest_1 * *gradient;
            *square = beta_2 * *square + rest_2 * *gradient * *gradient;
            *value -= rate * *mean / (square.sqrt() * scale + epsilon);
        }
    }

    /// `v = momentum v + g`, `w = w - rate v`
    fn descend(&mut self, slot: usize, values: &mut [T], gradient: &[T]) {
        let (momentum, rate) = (self.momentum, T::from_f64(self.learning_rate));
        let velocities = &mut self.first[slot];
        for ((value, gradient), velocity) in values.iter_mut().zip(gradient).zip(velocities) {
            *velocity = momentum * *velocity + *gradient;
            *value -= rate * *velocity;
        }
    }
}
