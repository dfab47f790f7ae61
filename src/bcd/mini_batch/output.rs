//! The block of the output: where the outputs of a batch are to move, and what that leaves.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::settings::{Loss, MiniBatchSettings};
use crate::linalg::{Real, entries, sum_of_squares};
use crate::network::{Deployed, LayerWeights, log_sum_exp};
use crate::training::{Samples, TrainingData};

/// Keeps the scale positive where all targets are equal.
const LEAST_SCALE: f64 = 1e-12;

/// The targets of a loss, in the units in which the blocks work.
#[derive(Clone, Debug)]
pub(super) struct Output<T> {
    /// Target of every class, classes x classes: the row of a sample's class.
    of_class: Array2<T>,
    form: Form<T>,
}

#[derive(Clone, Debug)]
enum Form<T> {
    /// `(Y - rowmean(Y)) / s`, with `s` the root mean square of all entries of `Y - rowmean(Y)`: with many classes nearly all
    /// targets are zero, and what is not would be lost beside the decay. The last layer takes it back in the end.
    Squared {
        /// Mean of every output's targets.
        mean: Array1<T>,
        /// `s`
        scale: f64,
    },
    /// `Y` with a share of every one spread over all classes.
    CrossEntropy { smoothing: f64 },
}

impl<T: Real> Output<T> {
    /// The targets of some settings for some data. Only a last layer with a bias can take back a mean: without one the
    /// targets of a squared loss are not centred.
    pub fn new(settings: &MiniBatchSettings, data: &TrainingData<T>, bias: bool) -> Self {
        match settings.loss {
            Loss::CrossEntropy => Self::cross_entropy(data.classes, settings.smoothing()),
            Loss::Squared => Self::squared(&data.train.labels, data.classes, bias),
        }
    }

    fn cross_entropy(classes: usize, smoothing: f64) -> Self {
        let spread = smoothing / classes as f64;
        let of_class = one_hot(classes).mapv(|one| T::from_f64((1.0 - smoothing) * one + spread));
        Self {
            of_class,
            form: Form::CrossEntropy { smoothing },
        }
    }

    fn squared(labels: &[usize], classes: usize, bias: bool) -> Self {
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
        let mut of_class = one_hot(classes);
        for mut row in of_class.rows_mut() {
            row.zip_mut_with(&ArrayView1::from(&means), |target, mean| *target -= mean);
        }
        let mean = means.into_iter().map(T::from_f64).collect();
        Self {
            of_class: of_class.mapv(|target| T::from_f64(target / scale)),
            form: Form::Squared { mean, scale },
        }
    }

    /// `D_N` of a batch into `displacement`, rows are samples; the mean of the error, see [`Self::loss`].
    ///
    /// * squared: `D_N = T - U_N`, the minimiser of `|T - U|^2/2`; the error is the mean square of its entries.
    /// * cross-entropy: `D_N = T - softmax(U_N)`, the minimiser of the quadratic upper bound of the loss with curvature 1
    ///   (Boehning 1992); the error is the mean loss, `log sum exp(u) - <t, u>`.
    pub fn displace(
        &self,
        units: ArrayView2<'_, T>,
        labels: impl Iterator<Item = usize>,
        displacement: &mut Array2<T>,
    ) -> f64 {
        let mut losses = 0.0;
        let rows = displacement.rows_mut().into_iter().zip(units.rows());
        for ((mut row, units), label) in rows.zip(labels) {
            let target = self.of_class.row(label);
            match self.form {
                Form::Squared { .. } => {
                    row.assign(&target);
                    row -= &units;
                }
                Form::CrossEntropy { .. } => {
                    let total = log_sum_exp(units);
                    row.zip_mut_with(&units, |d, unit| *d = T::from_f64(total - unit.widen()));
                    losses += row.dot(&target).widen();
                    row.zip_mut_with(&target, |d, target| *d = *target - (-*d).exp());
                }
            }
        }
        match self.form {
            Form::Squared { .. } => {
                sum_of_squares(entries(displacement)) / displacement.len() as f64
            }
            Form::CrossEntropy { .. } => losses / units.nrows() as f64,
        }
    }

    /// The error as a square in which 1 is that of a network which has learnt nothing: it always answers the mean, or finds all
    /// classes equally likely.
    pub fn relative(&self, error: f64) -> f64 {
        match self.form {
            Form::Squared { .. } => error,
            Form::CrossEntropy { .. } => {
                let of_chance = (self.of_class.nrows().max(2) as f64).ln();
                (error / of_chance).powi(2)
            }
        }
    }

    /// Loss of one sample from the mean error: half the squared distance from the one-hot target, or the cross-entropy.
    pub fn loss(&self, error: f64) -> f64 {
        match self.form {
            Form::Squared { .. } => 0.5 * error * self.of_class.nrows() as f64 * self.unit(),
            Form::CrossEntropy { .. } => error,
        }
    }

    /// Squares in the units of the network's outputs over squares in those of the blocks.
    pub fn unit(&self) -> f64 {
        match self.form {
            Form::Squared { scale, .. } => scale * scale,
            Form::CrossEntropy { .. } => 1.0,
        }
    }

    /// The error of a network on some samples.
    pub fn error_on(&self, network: &Deployed<'_, T>, samples: &Samples<T>) -> f64 {
        let inputs = samples.inputs.view();
        match self.form {
            Form::Squared { .. } => {
                let targets = samples.targets(self.of_class.nrows());
                let squared = network.squared_error(inputs, targets.view());
                squared / targets.len() as f64 / self.unit()
            }
            Form::CrossEntropy { smoothing } => {
                network.cross_entropy(inputs, &samples.labels, smoothing)
            }
        }
    }

    /// Turns the last layer of a network for `Y` into that of one for the targets of the blocks.
    pub fn scale(&self, last: &mut LayerWeights<T>) {
        let Form::Squared { mean, scale } = &self.form else {
            return;
        };
        let shrink = T::from_f64(1.0 / scale);
        last.weight.mapv_inplace(|weight| weight * shrink);
        if let Some(bias) = &mut last.bias {
            bias.zip_mut_with(mean, |bias, mean| *bias = (*bias - *mean) * shrink);
        }
    }

    /// The inverse of [`Self::scale`].
    pub fn unscale(&self, last: &mut LayerWeights<T>) {
        let Form::Squared { mean, scale } = &self.form else {
            return;
        };
        let scale = T::from_f64(*scale);
        last.weight.mapv_inplace(|weight| weight * scale);
        if let Some(bias) = &mut last.bias {
            bias.zip_mut_with(mean, |bias, mean| *bias = *bias * scale + *mean);
        }
    }
}

/// 1 where the class is the output, 0 elsewhere.
fn one_hot(classes: usize) -> Array2<f64> {
    Array2::from_diag_elem(classes, 1.0)
}
