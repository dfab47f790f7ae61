//! The settings of the gradient methods: the `solver` map of a grid file with `method: adam` or `sgd`.

use crate::training::{Precision, WeightDecay};
use serde::{Deserialize, Serialize};

use crate::check::{Checked, at_least_one, compress_after, positive, require, share};

/// Which rule turns gradients into steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimizer {
    /// Kingma and Ba, *Adam: A Method for Stochastic Optimization*, ICLR 2015, with its defaults
    /// `beta_1` 0.9, `beta_2` 0.999, `epsilon` 1e-8.
    #[default]
    Adam,
    /// Stochastic gradient descent with (heavy-ball) momentum.
    Sgd,
}

impl Optimizer {
    /// Whether the method takes a setting of this name.
    pub fn takes(self, setting: &str) -> bool {
        // Adam's moments are its own.
        self == Self::Sgd || setting != MOMENTUM
    }
}

const MOMENTUM: &str = "momentum";

/// When and how the weights become compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compress {
    /// The network is trained dense and projected once, after the last epoch.
    Once,
    /// Projected training: the weights are projected onto the compression's set after every epoch.
    Projected,
    /// The network is trained dense, projected, and trained on within its compressed form: pruned
    /// weights stay zero; factors and cores are what is trained.
    #[default]
    FineTuned,
}

/// Settings of one run of a gradient method. An iteration is an epoch: one pass over the training
/// samples in batches, whose order is drawn from the seed. The loss is the mean cross-entropy.
///
/// | name | default | purpose | range |
/// |---|---|---|---|
/// | `iterations` | 100 | epochs | >= 0 |
/// | `learning_rate` | adam 0.001, sgd 0.01 | size of a step | > 0 |
/// | `batch_size` | 64 | samples of a step; the last batch of an epoch may be smaller | >= 1 |
/// | `momentum` | 0.9 | `sgd` only: share of the last step that is kept | in [0, 1) |
/// | `weight_decay` | 0 | `lambda` of `lambda_i/2 \|W_i\|^2` in the objective; not on biases | >= 0 |
/// | `precision` | single | arithmetic | single, double |
/// | `compress` | fine-tuned | see [`Compress`] | once, projected, fine-tuned |
/// | `compress_after` | half of the epochs | dense epochs before compression takes part | < iterations |
/// | `eval_every` | 1 | accuracy every so many epochs (the last one always) | >= 1 |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GradientSettings {
    /// The method; read from the key `method` by whoever chooses between methods.
    #[serde(rename = "method", skip_deserializing)]
    pub optimizer: Optimizer,
    /// Epochs.
    pub iterations: usize,
    /// Size of a step; none: the default of the method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Samples of a step.
    pub batch_size: usize,
    /// Share of the last step that is kept; none: the default of the method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// `lambda`, part of the objective (coupled, as in the classical L2 penalty).
    pub weight_decay: WeightDecay,
    /// Arithmetic.
    pub precision: Precision,
    /// When and how the weights become compressed.
    pub compress: Compress,
    /// Dense epochs before compression takes part; none: half of the epochs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compress_after: Option<usize>,
    /// Accuracy is measured every so many epochs.
    pub eval_every: usize,
}

impl Default for GradientSettings {
    fn default() -> Self {
        Self {
            optimizer: Optimizer::Adam,
            iterations: 100,
            learning_rate: None,
            batch_size: 64,
            momentum: None,
            weight_decay: WeightDecay::Uniform(0.0),
            precision: Precision::Single,
            compress: Compress::FineTuned,
            compress_after: None,
            eval_every: 1,
        }
    }
}

impl GradientSettings {
    /// The defaults of `optimizer`.
    pub fn of(optimizer: Optimizer) -> Self {
        Self {
            optimizer,
            ..Self::default()
        }
    }

    /// Whether every setting is in its range, for a network of so many layers.
    ///
    /// # Errors
    /// The first setting that is not.
    pub fn check(&self, layers: usize) -> Checked {
        positive(self.learning_rate(), "learning_rate")?;
        at_least_one(self.batch_size, "batch_size")?;
        let momentum = self.momentum();
        require(
            self.optimizer.takes(MOMENTUM) || self.momentum.is_none(),
            MOMENTUM,
            momentum,
            "only method sgd takes a momentum; adam has moments of its own",
        )?;
        share(momentum, MOMENTUM)?;
        self.weight_decay.check(layers)?;
        if self.compress != Compress::Once {
            compress_after(self.dense_epochs(), self.iterations)?;
        }
        at_least_one(self.eval_every, "eval_every")
    }

    /// Size of a step.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate.unwrap_or(match self.optimizer {
            Optimizer::Adam => 0.001,
            Optimizer::Sgd => 0.01,
        })
    }

    /// Share of the last step that is kept.
    pub fn momentum(&self) -> f64 {
        self.momentum.unwrap_or(0.9)
    }

    /// Dense epochs before compression takes part: all of them where the network is projected once.
    pub fn dense_epochs(&self) -> usize {
        match self.compress {
            Compress::Once => self.iterations,
            Compress::Projected | Compress::FineTuned => {
                self.compress_after.unwrap_or(self.iterations / 2)
            }
        }
    }

    /// Whether the network is compressed in the row of this epoch.
    pub fn compresses_after(&self, epoch: usize) -> bool {
        match self.compress {
            Compress::Once => epoch >= self.iterations,
            Compress::Projected | Compress::FineTuned => {
                self.dense_epochs() == 0 || epoch > self.dense_epochs()
            }
        }
    }

    /// The same settings with every default written out.
    #[must_use]
    pub fn resolved(mut self) -> Self {
        self.learning_rate = Some(self.learning_rate());
        self.momentum = match self.optimizer {
            Optimizer::Adam => None,
            Optimizer::Sgd => Some(self.momentum()),
        };
        self.compress_after = match self.compress {
            Compress::Once => None,
            Compress::Projected | Compress::FineTuned => Some(self.dense_epochs()),
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut GradientSettings);

    #[test]
    fn a_setting_out_of_its_range_is_refused() {
        let refused: [(Change, &str); 10] = [
            (
                |s| s.learning_rate = Some(0.0),
                "learning_rate: 0 is not allowed (a number > 0)",
            ),
            (|s| s.learning_rate = Some(f64::NAN), "learning_rate: NaN"),
            (|s| s.batch_size = 0, "batch_size: 0 is not allowed"),
            (
                |s| s.momentum = Some(1.0),
                "momentum: 1 is not allowed (a number in [0, 1))",
            ),
            (|s| s.momentum = Some(-0.1), "momentum: -0.1 is"),
            (
                |s| s.optimizer = Optimizer::Adam,
                "momentum: 0.5 is not allowed (only method sgd takes a momentum;",
            ),
            (
                |s| s.weight_decay = WeightDecay::Uniform(-1.0),
                "weight_decay: -1 is",
            ),
            (
                |s| s.weight_decay = WeightDecay::PerLayer(vec![0.0]),
                "weight_decay: a list of 1 is",
            ),
            (
                |s| s.compress_after = Some(100),
                "compress_after: 100 is not allowed (less than iterations, which is 100)",
            ),
            (|s| s.eval_every = 0, "eval_every: 0 is not allowed"),
        ];
        for (change, expected) in refused {
            let mut settings = GradientSettings {
                momentum: Some(0.5),
                ..GradientSettings::of(Optimizer::Sgd)
            };
            assert_eq!(settings.check(3), Ok(()));
            change(&mut settings);
            let found = settings.check(3).expect_err(expected).to_string();
            assert!(found.starts_with(expected), "{found}");
        }
    }

    #[test]
    fn what_a_method_resolves_to_is_in_range() {
        for optimizer in [Optimizer::Adam, Optimizer::Sgd] {
            for iterations in [0, 1, 20] {
                let settings = GradientSettings {
                    iterations,
                    ..GradientSettings::of(optimizer)
                };
                assert_eq!(settings.check(3), Ok(()));
                assert_eq!(settings.resolved().check(3), Ok(()));
            }
        }
        let once = GradientSettings {
            compress: Compress::Once,
            compress_after: Some(1000),
            ..GradientSettings::default()
        };
        assert_eq!(once.check(3), Ok(()));
    }
}
