//! Targets in the units in which the blocks work.

use ndarray::{Array1, Array2};

use crate::linalg::Real;
use crate::network::LayerWeights;

/// Keeps the scale positive where all targets are equal.
const LEAST_SCALE: f64 = 1e-12;

/// `(Y - rowmean(Y)) / s`, with `s` the root mean square of all entries of `Y - rowmean(Y)`: with many classes nearly all
/// targets are zero, and what is not would be lost beside the decay. The last layer takes it back in the end.
#[derive(Clone, Debug)]
pub(super) struct Targets<T> {
    /// Scaled target of every class, classes x classes: the row of a sample's class.
    pub of_class: Array2<T>,
    /// Mean of every output's targets.
    mean: Array1<T>,
    /// `s`
    pub scale: f64,
}

impl<T: Real> Targets<T> {
    /// One-hot targets of labels below `classes`. Only a last layer with a bias can take back a mean: without one the targets
    /// are not centred.
    pub fn one_hot(labels: &[usize], classes: usize, bias: bool) -> Self {
        let mut counts = vec![0_usize; classes];
        for label in labels {
            counts[*label] += 1;
        }
        let samples = labels.len() as f64;
        let shares: Vec<f64> = counts.iter().map(|count| *count as f64 / samples).collect();
        let means: Vec<f64> = shares.iter().map(|p| if bias { *p } else { 0.0 }).collect();
        // An output is 1 for a share p of the samples and 0 for the rest.
        let squares = shares
            .iter()
            .zip(&means)
            .map(|(p, mean)| p * (1.0 - 2.0 * mean) + mean * mean);
        let scale = (squares.sum::<f64>() / classes as f64).sqrt() + LEAST_SCALE;
        let of_class = Array2::from_shape_fn((classes, classes), |(class, output)| {
            let target = f64::from(u8::from(class == output));
            T::from_f64((target - means[output]) / scale)
        });
        Self {
            of_class,
            mean: means.into_iter().map(T::from_f64).collect(),
            scale,
        }
    }

    /// Turns the last layer of a network for `Y` into that of one for the scaled targets.
    pub fn scale(&self, last: &mut LayerWeights<T>) {
        let shrink = T::from_f64(1.0 / self.scale);
        last.weight.mapv_inplace(|weight| weight * shrink);
        if let Some(bias) = &mut last.bias {
            bias.zip_mut_with(&self.mean, |bias, mean| *bias = (*bias - *mean) * shrink);
        }
    }

    /// The inverse of [`Self::scale`].
    pub fn unscale(&self, last: &mut LayerWeights<T>) {
        let scale = T::from_f64(self.scale);
        last.weight.mapv_inplace(|weight| weight * scale);
        if let Some(bias) = &mut last.bias {
            bias.zip_mut_with(&self.mean, |bias, mean| *bias = *bias * scale + *mean);
        }
    }
}
