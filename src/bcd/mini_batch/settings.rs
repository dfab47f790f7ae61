//! The settings of mini-batch NN-BCD.

use serde::{Deserialize, Serialize};

use crate::check::{Checked, at_least_one, positive, require, share};
use crate::training::{Precision, WeightDecay};

/// Samples of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    expecting = "auto, all, or a number of samples >= 1"
)]
pub enum BatchSize {
    /// An eighth of the samples, rounded down to a power of two, from 16 to 256.
    #[default]
    Auto,
    /// All samples at once: the paper's algorithm.
    All,
    /// This many.
    #[serde(untagged)]
    Samples(usize),
}

/// What the outputs are fitted to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// `-<t, log softmax(u)>` for the one-hot target of a sample's class, smoothed.
    #[default]
    CrossEntropy,
    /// `|u - y|^2/2` for the one-hot target of a sample's class.
    Squared,
}

/// Settings of mini-batch NN-BCD. Steps, damping and decay are relative to the data: no setting has to follow the number of
/// samples, their scale or that of the targets.
///
/// | name | default | purpose | range |
/// |---|---|---|---|
/// | `batch_size` | auto | samples of a step, `m` | auto, 1 to the number of samples; `all`: the paper's algorithm |
/// | `iterations` | 10 `n`/`m` steps, between 600 and 4000 | epochs: passes over the samples | >= 1 |
/// | `step` | 0.1 | `eta`: the outputs of a layer move by at most this share of their spread per momentum horizon; falls linearly to 0 | > 0 |
/// | `loss` | cross-entropy | what the outputs are fitted to | cross-entropy, squared |
/// | `label_smoothing` | 0.1 | share of a target's one that is spread over all classes (Szegedy et al. 2016); cross-entropy only | >= 0, < 1 |
/// | `step_limit` | 100 | `s`: largest multiple of the ridge minimiser in a step | > 0 |
/// | `momentum` | 0.95 | share of a step that is taken again in the next one | >= 0, < 1 |
/// | `damping` | 10 | `delta`: ridge penalty of a weight, in units of the mean of the diagonal of its Gram matrix | > 0 |
/// | `metric_rank` | 32 | columns that stand for the Gram matrix of a layer with more than twice as many inputs | >= 1 |
/// | `refresh_every` | 4 | steps from one update of the Gram matrices and line searches to the next | >= 1 |
/// | `ratio` | 0.3 | `r = rho/gamma` | > 0 |
/// | `weight_decay` | 10/`n`, at most 1e-3 | `lambda` of `lambda a/2 \|W\|^2` with `a` the mean variance of the layer's inputs, beside the mean cross-entropy, or half the mean squared error of targets scaled to 1; one number, or one per layer; a compressed layer has the share of it that it stores of its entries | >= 0 |
/// | `precision` | single | arithmetic | single, double |
/// | `compress_from` | 0.1 | share of the steps after which compression begins; 0: from the start | >= 0, < 1 |
/// | `compress_until` | 0.7 | share of the steps after which sparsity has its final level and the set of zeros stays | > `compress_from`, <= 1 |
/// | `eval_every` | a tenth of `iterations` | epochs from one evaluation to the next (the last one always) | >= 1 |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MiniBatchSettings {
    /// Samples of a step; read by whoever chooses between the forms of the method.
    #[serde(skip_deserializing)]
    pub batch_size: BatchSize,
    /// Epochs; none: from the number of samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iterations: Option<usize>,
    /// What the outputs are fitted to.
    pub loss: Loss,
    /// Share of a target's one that is spread over all classes; none: the default of the loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_smoothing: Option<f64>,
    /// `eta`
    pub step: f64,
    /// `s`
    pub step_limit: f64,
    /// Share of a step in the next one.
    pub momentum: f64,
    /// `delta`
    pub damping: f64,
    /// Columns that stand for a Gram matrix.
    pub metric_rank: usize,
    /// Steps between updates of the Gram matrices.
    pub refresh_every: usize,
    /// `r = rho/gamma`
    pub ratio: f64,
    /// `lambda`; none: from the number of samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<WeightDecay>,
    /// Arithmetic.
    pub precision: Precision,
    /// Share of the steps before compression.
    pub compress_from: f64,
    /// Share of the steps after which sparsity is final.
    pub compress_until: f64,
    /// Epochs between evaluations; none: a tenth of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eval_every: Option<usize>,
}

impl Default for MiniBatchSettings {
    fn default() -> Self {
        Self {
            batch_size: BatchSize::Auto,
            iterations: None,
            loss: Loss::default(),
            label_smoothing: None,
            step: 0.1,
            step_limit: 100.0,
            momentum: 0.95,
            damping: 10.0,
            metric_rank: 32,
            refresh_every: 4,
            ratio: 0.3,
            weight_decay: None,
            precision: Precision::default(),
            compress_from: 0.1,
            compress_until: 0.7,
            eval_every: None,
        }
    }
}

/// Fewest and most samples of an automatic batch.
const BATCH: [usize; 2] = [16, 256];
/// Passes over the samples of an automatic number of epochs, and the fewest and most steps that they make up.
const PASSES: usize = 10;
const STEPS: [usize; 2] = [600, 4000];
/// Share of a target's one that is spread over all classes. Measured on held-out samples of six tables: worth up to 4 points
/// with many classes, 1.5 on images, never less than a third of a point.
const SMOOTHING: f64 = 0.1;
/// `lambda n`, and the largest `lambda`: the more samples, the less has to be known beforehand.
const DECAY: [f64; 2] = [10.0, 1e-3];
/// Evaluations of a run where `eval_every` is not given.
const EVALUATIONS: usize = 10;

impl MiniBatchSettings {
    /// The same with everything that depends on the number of training samples written out.
    #[must_use]
    pub fn resolved(&self, samples: usize) -> Self {
        let batch = self.batch(samples);
        let iterations = self.epochs(samples);
        Self {
            batch_size: BatchSize::Samples(batch),
            iterations: Some(iterations),
            label_smoothing: match self.loss {
                Loss::CrossEntropy => Some(self.smoothing()),
                Loss::Squared => self.label_smoothing,
            },
            weight_decay: Some(self.decay(samples)),
            eval_every: Some(self.evaluates_every(samples)),
            ..self.clone()
        }
    }

    /// Whether every setting is in its range, for a network of so many layers.
    ///
    /// # Errors
    /// The first setting that is not.
    pub fn check(&self, layers: usize) -> Checked {
        if let BatchSize::Samples(samples) = self.batch_size {
            at_least_one(samples, "batch_size")?;
        }
        for (value, path) in [
            (self.iterations, "iterations"),
            (self.eval_every, "eval_every"),
        ] {
            value.map_or(Ok(()), |value| at_least_one(value, path))?;
        }
        positive(self.step, "step")?;
        positive(self.step_limit, "step_limit")?;
        share(self.momentum, "momentum")?;
        positive(self.damping, "damping")?;
        at_least_one(self.metric_rank, "metric_rank")?;
        at_least_one(self.refresh_every, "refresh_every")?;
        positive(self.ratio, "ratio")?;
        (self.weight_decay.as_ref()).map_or(Ok(()), |decay| decay.check(layers))?;
        if let Some(smoothing) = self.label_smoothing {
            share(smoothing, "label_smoothing")?;
            let allowed = "0, or nothing, beside loss squared";
            let holds = self.loss == Loss::CrossEntropy || smoothing == 0.0;
            require(holds, "label_smoothing", smoothing, allowed)
                .map_err(|found| found.naming("loss"))?;
        }
        share(self.compress_from, "compress_from")?;
        let (from, until) = (self.compress_from, self.compress_until);
        let allowed = format!("more than compress_from, which is {from}, up to 1");
        let holds = from < until && until <= 1.0;
        require(holds, "compress_until", until, allowed)
            .map_err(|found| found.naming("compress_from"))
    }

    /// Whether the network after so many epochs is compressed as the trial says, of settings that are resolved.
    pub fn compresses_after(&self, iteration: usize) -> bool {
        let epochs = self.iterations.unwrap_or(iteration.max(1)) as f64;
        iteration as f64 >= self.compress_until * epochs
    }

    /// Share of a target's one that is spread over all classes, where the loss has one.
    pub fn smoothing(&self) -> f64 {
        self.label_smoothing.unwrap_or(SMOOTHING)
    }

    /// `lambda`, for a training part of `samples`.
    pub fn decay(&self, samples: usize) -> WeightDecay {
        let [of_one, most] = DECAY;
        let automatic = || WeightDecay::Uniform((of_one / samples.max(1) as f64).min(most));
        self.weight_decay.clone().unwrap_or_else(automatic)
    }

    /// Samples of a step, for a training part of `samples`.
    pub fn batch(&self, samples: usize) -> usize {
        let [fewest, most] = BATCH;
        let wanted = match self.batch_size {
            BatchSize::Samples(wanted) => wanted,
            BatchSize::All => samples,
            BatchSize::Auto => {
                1 << (samples / 8)
                    .max(1)
                    .ilog2()
                    .clamp(fewest.ilog2(), most.ilog2())
            }
        };
        wanted.clamp(1, samples.max(1))
    }

    /// Steps of an epoch: what is left of the shuffled samples after whole batches waits for the next epoch.
    pub fn steps_per_epoch(&self, samples: usize) -> usize {
        samples / self.batch(samples)
    }

    /// Epochs.
    pub fn epochs(&self, samples: usize) -> usize {
        self.iterations.unwrap_or_else(|| {
            let [fewest, most] = STEPS;
            let batch = self.batch(samples);
            let steps = (PASSES * samples / batch).clamp(fewest, most);
            let per_epoch = self.steps_per_epoch(samples);
            ((steps + per_epoch / 2) / per_epoch).max(1)
        })
    }

    /// Accuracy is measured every this many epochs.
    pub fn evaluates_every(&self, samples: usize) -> usize {
        (self.eval_every).unwrap_or_else(|| self.epochs(samples).div_ceil(EVALUATIONS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_and_epochs_follow_the_number_of_samples() {
        let settings = MiniBatchSettings::default();
        // (samples, batch, steps of an epoch, epochs)
        let cases = [
            (1, 1, 1, 600),
            (20, 16, 1, 600),
            (143, 16, 8, 75),
            (1437, 128, 11, 55),
            (6_000, 256, 23, 26),
            (60_000, 256, 234, 10),
            (5_000_000, 256, 19_531, 1),
        ];
        for (samples, batch, steps, epochs) in cases {
            assert_eq!(settings.batch(samples), batch, "{samples} samples");
            assert_eq!(
                settings.steps_per_epoch(samples),
                steps,
                "{samples} samples"
            );
            assert_eq!(settings.epochs(samples), epochs, "{samples} samples");
        }
        let resolved = settings.resolved(60_000);
        assert_eq!(resolved.batch_size, BatchSize::Samples(256));
        assert_eq!(
            (resolved.iterations, resolved.eval_every),
            (Some(10), Some(1))
        );
    }
}
