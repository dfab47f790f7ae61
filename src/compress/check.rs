//! The ranges of the settings of compression, and what they say about each layer. The number of layers is all that this
//! needs to know of the network; what depends on their shapes is in `resolve`.

use super::settings::{CompressionSettings, LayerSelection, Method, MethodChoice, Modes, PerLayer};
use crate::check::{Checked, OutOfRange, at_least_one, length, require, share};

impl CompressionSettings {
    /// Whether every setting is in its range for a network of so many layers; `convolution`: the first of them is one.
    ///
    /// # Errors
    /// The first setting that is not.
    pub fn check(&self, layers: usize, convolution: bool) -> Checked {
        self.choices(layers, convolution).map(drop)
    }

    /// The method of each compressed layer, in the order of the layers; of `mixed` in the order of its list.
    pub(super) fn choices(
        &self,
        layers: usize,
        convolution: bool,
    ) -> Result<Vec<MethodChoice>, OutOfRange> {
        let select = |selection: &LayerSelection| selected(selection, layers, convolution);
        match self {
            Self::None => Ok(Vec::new()),
            Self::TensorTrain {
                layers,
                rank,
                modes,
            } => {
                let layers = select(layers)?;
                let ranks =
                    rank.spread(layers.len(), "rank", |rank, path| at_least_one(*rank, path))?;
                let modes = modes.spread(layers.len())?;
                let methods = (ranks.into_iter().zip(modes))
                    .map(|(rank, modes)| Method::TensorTrain { rank, modes });
                Ok(each(layers, methods))
            }
            Self::LowRank { layers, rank } => {
                let layers = select(layers)?;
                let ranks =
                    rank.spread(layers.len(), "rank", |rank, path| at_least_one(*rank, path))?;
                let methods = ranks.into_iter().map(|rank| Method::LowRank { rank });
                Ok(each(layers, methods))
            }
            Self::Prune {
                layers, sparsity, ..
            } => {
                let layers = select(layers)?;
                let sparsities = sparsity.spread(layers.len(), "sparsity", |sparsity, path| {
                    share(*sparsity, path)
                })?;
                let methods = (sparsities.into_iter()).map(|sparsity| Method::Prune { sparsity });
                Ok(each(layers, methods))
            }
            Self::NM { layers, n, m } => {
                let layers = select(layers)?;
                let method = Method::NM { n: *n, m: *m };
                method.check("")?;
                Ok(each(layers, std::iter::repeat(method)))
            }
            Self::Mixed { choices } => {
                mixed(choices, layers)?;
                Ok(choices.clone())
            }
            Self::Target(target) => {
                target.check()?;
                target.mildest().choices(layers, convolution)
            }
        }
    }
}

fn each(layers: Vec<usize>, methods: impl IntoIterator<Item = Method>) -> Vec<MethodChoice> {
    (layers.into_iter().zip(methods))
        .map(|(layer, method)| MethodChoice { layer, method })
        .collect()
}

/// The compressed layers in their order, at least one.
fn selected(
    selection: &LayerSelection,
    layers: usize,
    convolution: bool,
) -> Result<Vec<usize>, OutOfRange> {
    const PATH: &str = "layers";
    let (selected, value): (Vec<usize>, _) = match selection {
        LayerSelection::Hidden => (
            (usize::from(convolution)..layers.saturating_sub(1)).collect(),
            "hidden",
        ),
        LayerSelection::All => ((0..layers).collect(), "all"),
        LayerSelection::Listed(listed) => {
            for (index, &layer) in listed.iter().enumerate() {
                let path = format!("{PATH}[{index}]");
                existing(layer, layers, &path)?;
                // As many as layers at most: a longer list holds a repetition before its end.
                let is_new = !listed[..index].contains(&layer);
                require(is_new, &path, layer, "each layer at most once")?;
            }
            let mut sorted = listed.clone();
            sorted.sort_unstable();
            (sorted, "an empty list")
        }
    };
    let allowed = "at least one layer to compress; `all` includes the last one";
    require(!selected.is_empty(), PATH, value, allowed)?;
    Ok(selected)
}

fn existing(layer: usize, layers: usize, path: &str) -> Checked {
    let allowed = format!("layers 0 to {} exist", layers.saturating_sub(1));
    require(layer < layers, path, layer, allowed)
}

impl<T: Clone> PerLayer<T> {
    /// One value for each of `count` compressed layers.
    fn spread(
        &self,
        count: usize,
        path: &str,
        in_range: impl Fn(&T, &str) -> Checked,
    ) -> Result<Vec<T>, OutOfRange> {
        match self {
            Self::Uniform(value) => {
                in_range(value, path)?;
                Ok(vec![value.clone(); count])
            }
            Self::Each(values) => {
                spread(values, count, path, in_range)?;
                Ok(values.clone())
            }
        }
    }
}

impl Modes {
    /// The modes of each of `count` compressed layers; none: automatic.
    fn spread(&self, count: usize) -> Result<Vec<Option<Vec<usize>>>, OutOfRange> {
        match self {
            Self::Auto => Ok(vec![None; count]),
            Self::Listed(lists) => {
                spread(lists, count, "modes", |modes, path| mode_list(modes, path))?;
                Ok(lists.iter().cloned().map(Some).collect())
            }
        }
    }
}

/// A list with one value in its range for each of `count` compressed layers.
fn spread<T>(
    values: &[T],
    count: usize,
    path: &str,
    in_range: impl Fn(&T, &str) -> Checked,
) -> Checked {
    for (index, value) in values.iter().enumerate() {
        in_range(value, &format!("{path}[{index}]"))?;
    }
    let allowed = format!("one for each compressed layer, {count} in all");
    length(values.len(), count, path, allowed)
}

fn mode_list(modes: &[usize], path: &str) -> Checked {
    require(
        !modes.is_empty(),
        path,
        "an empty list",
        "at least one mode",
    )?;
    for (index, &mode) in modes.iter().enumerate() {
        at_least_one(mode, &format!("{path}[{index}]"))?;
    }
    Ok(())
}

fn mixed(choices: &[MethodChoice], layers: usize) -> Checked {
    const PATH: &str = "choices";
    require(
        !choices.is_empty(),
        PATH,
        "an empty list",
        "at least one layer",
    )?;
    for (index, choice) in choices.iter().enumerate() {
        let path = format!("{PATH}[{index}].");
        let layer_path = format!("{path}layer");
        existing(choice.layer, layers, &layer_path)?;
        let repeated = choices[..index]
            .iter()
            .any(|other| other.layer == choice.layer);
        require(
            !repeated,
            &layer_path,
            choice.layer,
            "each layer at most once",
        )?;
        choice.method.check(&path)?;
    }
    Ok(())
}

impl Method {
    /// Whether the settings are in their ranges; `path`: what stands before their names.
    fn check(&self, path: &str) -> Checked {
        match self {
            Self::TensorTrain { rank, modes } => {
                at_least_one(*rank, &format!("{path}rank"))?;
                match modes {
                    Some(modes) => mode_list(modes, &format!("{path}modes")),
                    None => Ok(()),
                }
            }
            Self::LowRank { rank } => at_least_one(*rank, &format!("{path}rank")),
            Self::Prune { sparsity } => share(*sparsity, &format!("{path}sparsity")),
            Self::NM { n, m } => {
                at_least_one(*m, &format!("{path}m"))?;
                let allowed = format!("a whole number from 1 to m, which is {m}");
                require((1..=*m).contains(n), &format!("{path}n"), n, allowed)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::Scope;
    use super::*;

    const SHAPES: [(usize, usize); 3] = [(8, 6), (10, 8), (3, 10)];

    fn hidden<T>(values: PerLayer<T>) -> (LayerSelection, PerLayer<T>) {
        (LayerSelection::Hidden, values)
    }

    fn low_rank((layers, rank): (LayerSelection, PerLayer<usize>)) -> CompressionSettings {
        CompressionSettings::LowRank { layers, rank }
    }

    fn prune((layers, sparsity): (LayerSelection, PerLayer<f64>)) -> CompressionSettings {
        CompressionSettings::Prune {
            layers,
            sparsity,
            scope: Scope::Layer,
        }
    }

    fn n_m(n: usize, m: usize) -> CompressionSettings {
        CompressionSettings::NM {
            layers: LayerSelection::All,
            n,
            m,
        }
    }

    fn modes(lists: &[&[usize]]) -> CompressionSettings {
        CompressionSettings::TensorTrain {
            layers: LayerSelection::Hidden,
            rank: PerLayer::Uniform(2),
            modes: Modes::Listed(lists.iter().map(|list| list.to_vec()).collect()),
        }
    }

    fn listed(layers: &[usize]) -> CompressionSettings {
        low_rank((
            LayerSelection::Listed(layers.to_vec()),
            PerLayer::Uniform(2),
        ))
    }

    fn mixed(choices: &[(usize, Method)]) -> CompressionSettings {
        let choices = choices.iter().cloned();
        CompressionSettings::Mixed {
            choices: choices
                .map(|(layer, method)| MethodChoice { layer, method })
                .collect(),
        }
    }

    #[test]
    fn no_layer_is_compressed_with_settings_out_of_range() {
        let rank = |rank| Method::LowRank { rank };
        let refused = [
            (low_rank(hidden(PerLayer::Uniform(0))), "rank: 0 is"),
            (
                low_rank(hidden(PerLayer::Each(vec![1, 0]))),
                "rank[1]: 0 is",
            ),
            (
                low_rank(hidden(PerLayer::Each(vec![1; 3]))),
                "rank: a list of 3 is not allowed (one for each compressed layer, 2 in all)",
            ),
            (
                prune(hidden(PerLayer::Uniform(1.5))),
                "sparsity: 1.5 is not allowed (a number in [0, 1))",
            ),
            (prune(hidden(PerLayer::Uniform(f64::NAN))), "sparsity: NaN"),
            (
                prune(hidden(PerLayer::Each(vec![0.0, -0.1]))),
                "sparsity[1]: -0.1 is",
            ),
            (
                n_m(0, 4),
                "n: 0 is not allowed (a whole number from 1 to m, which is 4)",
            ),
            (n_m(5, 4), "n: 5 is"),
            (n_m(0, 0), "m: 0 is"),
            (modes(&[&[8, 6]]), "modes: a list of 1 is"),
            (modes(&[&[8, 6], &[]]), "modes[1]: an empty list is"),
            (modes(&[&[8, 0], &[80]]), "modes[0][1]: 0 is"),
            (listed(&[]), "layers: an empty list is"),
            (
                listed(&[0, 3]),
                "layers[1]: 3 is not allowed (layers 0 to 2 exist)",
            ),
            (
                listed(&[1, 1]),
                "layers[1]: 1 is not allowed (each layer at most once)",
            ),
            (mixed(&[]), "choices: an empty list is"),
            (mixed(&[(3, rank(1))]), "choices[0].layer: 3 is"),
            (
                mixed(&[(0, rank(1)), (0, rank(1))]),
                "choices[1].layer: 0 is not allowed (each layer at most once)",
            ),
            (mixed(&[(0, rank(0))]), "choices[0].rank: 0 is"),
            (
                mixed(&[(1, Method::Prune { sparsity: 1.0 })]),
                "choices[0].sparsity: 1 is",
            ),
            (
                mixed(&[(1, Method::NM { n: 3, m: 2 })]),
                "choices[0].n: 3 is",
            ),
        ];
        for (settings, expected) in refused {
            let found = settings.check(SHAPES.len(), false).expect_err(expected);
            assert!(found.to_string().starts_with(expected), "{found}");
            assert_eq!(settings.resolve(&SHAPES, false), Err(found.into()));
        }
    }

    #[test]
    fn a_network_without_a_hidden_layer_has_none_to_compress() {
        let settings = low_rank(hidden(PerLayer::Uniform(1)));
        for (layers, convolution) in [(1, false), (1, true), (2, true), (0, false)] {
            let found = settings.check(layers, convolution).expect_err("no layer");
            assert_eq!(
                (found.path.as_str(), found.value.as_deref()),
                ("layers", Some("hidden"))
            );
        }
        assert_eq!(settings.check(2, false), Ok(()));
    }

    /// Values of a list belong to the layers in their order, however they are named.
    #[test]
    fn lists_follow_the_order_of_the_layers() {
        let layers = LayerSelection::Listed(vec![2, 0]);
        let choices = low_rank((layers, PerLayer::Each(vec![5, 3])))
            .choices(3, false)
            .expect("in range");
        let expected = [(0, 5), (2, 3)].map(|(layer, rank)| MethodChoice {
            layer,
            method: Method::LowRank { rank },
        });
        assert_eq!(choices, expected);
    }
}
