//! A compression ratio in the place of ranks or a sparsity.

use serde::Serialize;

use super::LayerCompression;
use super::resolve::automatic_modes;
use super::settings::{CompressionSettings, LayerSelection, Modes, PerLayer, Scope};
use crate::check::{Checked, SettingError, require};

/// A method with the ratio that the network is to reach, see [`CompressionSettings::reaching`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Target {
    /// The method.
    pub method: TargetMethod,
    /// Which layers.
    pub layers: LayerSelection,
    /// Numbers of the dense network over those that are stored, biases included; above 1.
    pub ratio: f64,
    /// Shape of the tensors of a tensor train.
    #[serde(skip_serializing_if = "is_default")]
    pub modes: Modes,
    /// Over which entries the threshold of pruning is taken.
    #[serde(skip_serializing_if = "is_default")]
    pub scope: Scope,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A method of which there can be more or less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetMethod {
    /// Tensor train.
    TensorTrain,
    /// Truncated singular value decomposition.
    LowRank,
    /// Magnitude pruning.
    Prune,
}

impl CompressionSettings {
    /// The same with ranks or a sparsity in the place of a ratio: the largest rank, or the smallest sparsity, one for all
    /// compressed layers, with which the network stores at most `1 / ratio` of its numbers. A layer that such a rank would
    /// not make smaller stays dense.
    ///
    /// `shapes` are those of the weights, `biases` the other numbers of the network; `convolution`: the first weight is one.
    ///
    /// # Errors
    /// [`SettingError`] for a setting out of its range, and for a ratio that no rank reaches.
    pub fn reaching(
        &self,
        shapes: &[(usize, usize)],
        convolution: bool,
        biases: usize,
    ) -> Result<Self, SettingError> {
        let Self::Target(target) = self else {
            return Ok(self.clone());
        };
        let layers: Vec<usize> = (self.choices(shapes.len(), convolution)?.iter())
            .map(|choice| choice.layer)
            .collect();
        let entries = |layer: &usize| shapes[*layer].0 * shapes[*layer].1;
        let compressed: usize = layers.iter().map(entries).sum();
        let dense = biases
            + (0..shapes.len())
                .map(|layer| entries(&layer))
                .sum::<usize>();
        let network = Network {
            shapes,
            layers: &layers,
            rest: dense - compressed,
            dense,
            allowed: (dense as f64 / target.ratio) as usize,
        };
        match target.method {
            TargetMethod::Prune => network.prune(target),
            TargetMethod::TensorTrain | TargetMethod::LowRank => network.largest_rank(target),
        }
    }
}

impl Target {
    pub(super) fn check(&self) -> Checked {
        let holds = self.ratio.is_finite() && self.ratio > 1.0;
        require(holds, "ratio", self.ratio, "a finite number > 1")
    }

    /// The method with some rank, or with no zeros: what its other settings are checked with.
    pub(super) fn mildest(&self) -> CompressionSettings {
        match self.method {
            TargetMethod::Prune => self.with_sparsity(0.0),
            _ => self.with_rank(1, self.layers.clone(), self.modes.clone()),
        }
    }

    fn with_rank(&self, rank: usize, layers: LayerSelection, modes: Modes) -> CompressionSettings {
        let rank = PerLayer::Uniform(rank);
        match self.method {
            TargetMethod::TensorTrain => CompressionSettings::TensorTrain {
                layers,
                rank,
                modes,
            },
            _ => CompressionSettings::LowRank { layers, rank },
        }
    }

    fn with_sparsity(&self, sparsity: f64) -> CompressionSettings {
        CompressionSettings::Prune {
            layers: self.layers.clone(),
            sparsity: PerLayer::Uniform(sparsity),
            scope: self.scope,
        }
    }
}

/// What there is to choose from.
struct Network<'a> {
    shapes: &'a [(usize, usize)],
    /// The layers that are to be compressed.
    layers: &'a [usize],
    /// Numbers in no such layer.
    rest: usize,
    /// Numbers of the dense network.
    dense: usize,
    /// Numbers that may be stored.
    allowed: usize,
}

impl Network<'_> {
    fn entries(&self, layer: usize) -> usize {
        self.shapes[layer].0 * self.shapes[layer].1
    }

    fn prune(&self, target: &Target) -> Result<CompressionSettings, SettingError> {
        let total: usize = self.layers.iter().map(|layer| self.entries(*layer)).sum();
        let kept = |sparsity: f64| match target.scope {
            Scope::Global => super::kept_entries(total, sparsity),
            Scope::Layer => (self.layers.iter())
                .map(|layer| super::kept_entries(self.entries(*layer), sparsity))
                .sum(),
        };
        // One zero more than in proportion for every layer at most: each rounds by itself.
        let wanted = total.saturating_sub(self.allowed.saturating_sub(self.rest));
        (wanted..total)
            .take(self.layers.len() + 1)
            .map(|zeros| zeros as f64 / total as f64)
            .find(|sparsity| self.rest + kept(*sparsity) <= self.allowed)
            .map(|sparsity| target.with_sparsity(sparsity))
            .ok_or_else(|| self.out_of_reach(target, self.rest + self.layers.len()))
    }

    fn largest_rank(&self, target: &Target) -> Result<CompressionSettings, SettingError> {
        let most = (self.layers.iter())
            .map(|layer| self.entries(*layer).isqrt())
            .max()
            .unwrap_or(1);
        // More numbers with every rank: the last rank that is small enough.
        let (mut fits, mut too_large) = (0, most + 1);
        while too_large - fits > 1 {
            let rank = usize::midpoint(fits, too_large);
            if self.stored(target, rank) <= self.allowed {
                fits = rank;
            } else {
                too_large = rank;
            }
        }
        if fits == 0 {
            return Err(self.out_of_reach(target, self.stored(target, 1)));
        }
        let smaller: Vec<usize> = (0..self.layers.len())
            .filter(|position| self.stored_in(target, *position, fits).is_some())
            .collect();
        if smaller.len() == self.layers.len() {
            return Ok(target.with_rank(fits, target.layers.clone(), target.modes.clone()));
        }
        let layers = smaller.iter().map(|position| self.layers[*position]);
        let layers = LayerSelection::Listed(layers.collect());
        let modes = match &target.modes {
            Modes::Auto => Modes::Auto,
            Modes::Listed(lists) => {
                Modes::Listed(smaller.iter().map(|at| lists[*at].clone()).collect())
            }
        };
        Ok(target.with_rank(fits, layers, modes))
    }

    /// Numbers that the whole network stores with a rank.
    fn stored(&self, target: &Target, rank: usize) -> usize {
        let of_layer = |position: usize| {
            let dense = self.entries(self.layers[position]);
            self.stored_in(target, position, rank).unwrap_or(dense)
        };
        self.rest + (0..self.layers.len()).map(of_layer).sum::<usize>()
    }

    /// Numbers of one compressed layer; none where the layer would not be smaller than it is.
    fn stored_in(&self, target: &Target, position: usize, rank: usize) -> Option<usize> {
        let shape = self.shapes[self.layers[position]];
        let compression = match target.method {
            TargetMethod::TensorTrain => LayerCompression::TensorTrain {
                modes: match &target.modes {
                    Modes::Auto => automatic_modes(shape),
                    Modes::Listed(lists) => lists[position].clone(),
                },
                rank,
            },
            _ => LayerCompression::LowRank { rank },
        };
        let stored = compression.stored(shape);
        (stored < shape.0 * shape.1).then_some(stored)
    }

    fn out_of_reach(&self, target: &Target, least: usize) -> SettingError {
        let most = self.dense as f64 / least as f64;
        SettingError::does_not_fit(
            "ratio",
            format!(
                "{} is more than these layers reach, which is {most:.1}: {} of the network's {} numbers are in no compressed \
                 layer; take a smaller ratio, or compress more layers (layers: all)",
                target.ratio, self.rest, self.dense
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::super::Projected;
    use super::*;

    const SHAPES: [(usize, usize); 3] = [(40, 64), (30, 40), (10, 30)];
    const BIASES: usize = 80;

    fn settings(text: &str) -> CompressionSettings {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// Dense numbers over those that the projections of some weights store.
    fn ratio(settings: &CompressionSettings) -> f64 {
        let weights = SHAPES.map(|shape| {
            Array2::from_shape_fn(shape, |(i, j)| ((i * 37 + j * 101) % 97) as f64 - 48.5)
        });
        let views = weights.each_ref().map(|weight| weight.view());
        let compression = settings.resolve(&SHAPES, false).unwrap();
        let projected = Projected::project_layers(&compression, &views, &[]).unwrap();
        let stored: usize = (projected.iter().zip(&weights))
            .map(|(form, weight)| form.as_ref().map_or(weight.len(), Projected::parameters))
            .sum();
        let dense: usize = weights.iter().map(Array2::len).sum();
        (dense + BIASES) as f64 / (stored + BIASES) as f64
    }

    #[test]
    fn a_ratio_is_reached_and_not_by_more_than_it_takes() {
        for method in ["tensor-train", "low-rank", "prune"] {
            for (layers, wanted) in [
                ("hidden", 1.2),
                ("hidden", 3.0),
                ("all", 2.0),
                ("all", 5.5),
                ("[0, 2]", 2.0),
            ] {
                let layers_text = layers
                    .replace("hidden", "\"hidden\"")
                    .replace("all", "\"all\"");
                let text = format!(
                    r#"{{"method": "{method}", "layers": {layers_text}, "ratio": {wanted}}}"#
                );
                let found = settings(&text).reaching(&SHAPES, false, BIASES).unwrap();
                let reached = ratio(&found);
                assert!(reached >= wanted, "{text}: {reached}, {found:?}");
                let milder = match found.clone() {
                    CompressionSettings::LowRank { layers, rank } => CompressionSettings::LowRank {
                        layers,
                        rank: one_more(&rank),
                    },
                    CompressionSettings::TensorTrain {
                        layers,
                        rank,
                        modes,
                    } => CompressionSettings::TensorTrain {
                        layers,
                        rank: one_more(&rank),
                        modes,
                    },
                    _ => {
                        assert!(reached < wanted * 1.01, "{text}: {reached}");
                        continue;
                    }
                };
                let reached = ratio(&milder);
                assert!(reached < wanted, "{text}: {milder:?} reaches {reached}");
            }
        }
    }

    fn one_more(rank: &PerLayer<usize>) -> PerLayer<usize> {
        match rank {
            PerLayer::Uniform(rank) => PerLayer::Uniform(rank + 1),
            PerLayer::Each(_) => panic!("one rank for all layers"),
        }
    }

    #[test]
    fn a_layer_that_the_rank_would_not_make_smaller_stays_dense() {
        let target = settings(r#"{"method": "low-rank", "layers": "all", "ratio": 1.3}"#);
        let CompressionSettings::LowRank { layers, .. } =
            target.reaching(&SHAPES, false, BIASES).unwrap()
        else {
            panic!("low rank");
        };
        assert_eq!(layers, LayerSelection::Listed(vec![0, 1]));
    }

    #[test]
    fn what_no_rank_reaches_is_refused_with_what_is_possible() {
        for method in ["tensor-train", "low-rank", "prune"] {
            let target = settings(&format!(r#"{{"method": "{method}", "ratio": 50}}"#));
            let error = target
                .reaching(&SHAPES, false, BIASES)
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with("ratio: 50 is more than these layers reach"),
                "{error}"
            );
        }
        for ratio in ["1.0", "0.5", "-3"] {
            let target = settings(&format!(r#"{{"method": "prune", "ratio": {ratio}}}"#));
            let error = target.check(3, false).unwrap_err().to_string();
            assert!(error.contains("a finite number > 1"), "{error}");
        }
        let both = r#"{"method": "low-rank", "ratio": 2, "rank": 3}"#;
        let error = serde_json::from_str::<CompressionSettings>(both).unwrap_err();
        assert!(error.to_string().contains("give one of them"), "{error}");
    }

    #[test]
    fn a_ratio_is_written_as_it_is_read() {
        let text = r#"{"method":"prune","layers":"all","ratio":4.0,"scope":"global"}"#;
        assert_eq!(serde_json::to_string(&settings(text)).unwrap(), text);
    }
}
