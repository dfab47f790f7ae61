//! Settings of compression held against the shapes of a network.

use thiserror::Error;

use super::LayerCompression;
use super::settings::{CompressionSettings, LayerSelection, Method, Modes, PerLayer, Scope};

/// A setting of `compression` that does not fit the network.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("compression.{field}: {problem}")]
pub struct CompressionError {
    /// The key within `compression`.
    pub field: &'static str,
    /// What is wrong, what is allowed, and what to do.
    pub problem: String,
}

fn error(field: &'static str, problem: String) -> CompressionError {
    CompressionError { field, problem }
}

impl CompressionSettings {
    /// The compression of every layer (`None`: the layer stays dense) of a network whose weights
    /// have the given shapes; `convolution`: the first of them is a convolution.
    ///
    /// # Errors
    /// [`CompressionError`] for a layer, rank, mode list or group size that does not fit the shapes.
    pub fn resolve(
        &self,
        shapes: &[(usize, usize)],
        convolution: bool,
    ) -> Result<Vec<Option<LayerCompression>>, CompressionError> {
        let mut resolved = vec![None; shapes.len()];
        for (layer, method) in self.methods(shapes, convolution)? {
            resolved[layer] = Some(method);
        }
        Ok(resolved)
    }

    fn methods(
        &self,
        shapes: &[(usize, usize)],
        convolution: bool,
    ) -> Result<Vec<(usize, LayerCompression)>, CompressionError> {
        let select = |layers: &LayerSelection| selected(layers, shapes.len(), convolution);
        match self {
            Self::None => Ok(Vec::new()),
            Self::TensorTrain {
                layers,
                rank,
                modes,
            } => {
                let layers = select(layers)?;
                let modes = modes_of(modes, &layers, shapes)?;
                let ranks = rank.spread("rank", layers.len())?;
                Ok(layers
                    .into_iter()
                    .zip(modes)
                    .zip(ranks)
                    .map(|((layer, modes), rank)| {
                        (layer, LayerCompression::TensorTrain { modes, rank })
                    })
                    .collect())
            }
            Self::LowRank { layers, rank } => {
                let layers = select(layers)?;
                let ranks = rank.spread("rank", layers.len())?;
                layers
                    .into_iter()
                    .zip(ranks)
                    .map(|(layer, rank)| Ok((layer, low_rank(layer, rank, shapes[layer])?)))
                    .collect()
            }
            Self::Prune {
                layers,
                sparsity,
                scope,
            } => {
                let layers = select(layers)?;
                let global = *scope == Scope::Global;
                if global && matches!(sparsity, PerLayer::Each(_)) {
                    return Err(error(
                        "sparsity",
                        "a list is not allowed with scope: global, where one threshold holds for all \
                         layers; give one number, or use scope: layer"
                            .into(),
                    ));
                }
                let sparsities = sparsity.spread("sparsity", layers.len())?;
                Ok(layers
                    .into_iter()
                    .zip(sparsities)
                    .map(|(layer, sparsity)| (layer, LayerCompression::Prune { sparsity, global }))
                    .collect())
            }
            Self::NM { layers, n, m } => select(layers)?
                .into_iter()
                .map(|layer| Ok((layer, n_of_m(layer, *n, *m, shapes[layer])?)))
                .collect(),
            Self::Mixed { choices } => choices
                .iter()
                .map(|choice| {
                    let shape = *shapes
                        .get(choice.layer)
                        .ok_or_else(|| no_such_layer("choices", choice.layer, shapes.len()))?;
                    Ok((
                        choice.layer,
                        one_layer(choice.layer, &choice.method, shape)?,
                    ))
                })
                .collect(),
        }
    }
}

impl<T: Clone> PerLayer<T> {
    /// One value for each of `count` compressed layers.
    fn spread(&self, field: &'static str, count: usize) -> Result<Vec<T>, CompressionError> {
        match self {
            Self::Uniform(value) => Ok(vec![value.clone(); count]),
            Self::Each(values) if values.len() == count => Ok(values.clone()),
            Self::Each(values) => Err(error(
                field,
                format!(
                    "the list has {} values for {count} compressed layers; give one value per \
                     compressed layer, or a single one for all",
                    values.len()
                ),
            )),
        }
    }
}

fn no_such_layer(field: &'static str, layer: usize, count: usize) -> CompressionError {
    error(
        field,
        format!(
            "layer {layer} does not exist: the network has layers 0 to {}",
            count - 1
        ),
    )
}

fn selected(
    layers: &LayerSelection,
    count: usize,
    convolution: bool,
) -> Result<Vec<usize>, CompressionError> {
    match layers {
        LayerSelection::Hidden => Ok((usize::from(convolution)..count - 1).collect()),
        LayerSelection::All => Ok((0..count).collect()),
        LayerSelection::Listed(listed) => {
            if let Some(layer) = listed.iter().find(|layer| **layer >= count) {
                return Err(no_such_layer("layers", *layer, count));
            }
            let mut listed = listed.clone();
            listed.sort_unstable();
            listed.dedup();
            Ok(listed)
        }
    }
}

fn modes_of(
    modes: &Modes,
    layers: &[usize],
    shapes: &[(usize, usize)],
) -> Result<Vec<Vec<usize>>, CompressionError> {
    let listed = match modes {
        Modes::Auto => {
            return Ok(layers
                .iter()
                .map(|layer| automatic_modes(shapes[*layer]))
                .collect());
        }
        Modes::Listed(listed) => listed,
    };
    if listed.len() != layers.len() {
        return Err(error(
            "modes",
            format!(
                "{} lists for {} compressed layers; give one list per compressed layer, or auto",
                listed.len(),
                layers.len()
            ),
        ));
    }
    for (layer, modes) in layers.iter().zip(listed) {
        check_modes(*layer, modes, shapes[*layer])?;
    }
    Ok(listed.clone())
}

fn check_modes(
    layer: usize,
    modes: &[usize],
    (rows, columns): (usize, usize),
) -> Result<(), CompressionError> {
    let entries = modes
        .iter()
        .try_fold(1_usize, |all, mode| all.checked_mul(*mode));
    if !modes.is_empty() && entries == Some(rows * columns) {
        return Ok(());
    }
    Err(error(
        "modes",
        format!(
            "the product of {modes:?} must be the {} entries of layer {layer} ({rows} x {columns}); \
             automatic modes would be {:?}",
            rows * columns,
            automatic_modes((rows, columns))
        ),
    ))
}

fn low_rank(
    layer: usize,
    rank: usize,
    shape: (usize, usize),
) -> Result<LayerCompression, CompressionError> {
    if rank > shape.0.min(shape.1) {
        return Err(error(
            "rank",
            format!(
                "{rank} is more than layer {layer} ({} x {}) can have; allowed are 1 to {}",
                shape.0,
                shape.1,
                shape.0.min(shape.1)
            ),
        ));
    }
    Ok(LayerCompression::LowRank { rank })
}

fn n_of_m(
    layer: usize,
    n: usize,
    m: usize,
    (rows, columns): (usize, usize),
) -> Result<LayerCompression, CompressionError> {
    if m > columns {
        return Err(error(
            "m",
            format!(
                "groups of {m} do not fit into the rows of layer {layer} ({rows} x {columns}); \
                 allowed are 1 to {columns}"
            ),
        ));
    }
    Ok(LayerCompression::NM { n, m })
}

fn one_layer(
    layer: usize,
    method: &Method,
    shape: (usize, usize),
) -> Result<LayerCompression, CompressionError> {
    match method {
        Method::TensorTrain { rank, modes } => {
            if let Some(modes) = modes {
                check_modes(layer, modes, shape)?;
            }
            Ok(LayerCompression::TensorTrain {
                modes: modes.clone().unwrap_or_else(|| automatic_modes(shape)),
                rank: *rank,
            })
        }
        Method::LowRank { rank } => low_rank(layer, *rank, shape),
        Method::Prune { sparsity } => Ok(LayerCompression::Prune {
            sparsity: *sparsity,
            global: false,
        }),
        Method::NM { n, m } => n_of_m(layer, *n, *m, shape),
    }
}

/// Modes of a matrix: the prime factors of its rows, then those of its columns, pairs of twos
/// joined to fours. A bond falls on the boundary between rows and columns, so that the deployed
/// layer can be applied as a product of two thin matrices.
pub fn automatic_modes((rows, columns): (usize, usize)) -> Vec<usize> {
    let mut modes = small_factors(rows);
    modes.extend(small_factors(columns));
    if modes.is_empty() {
        modes.push(1);
    }
    modes
}

fn small_factors(mut number: usize) -> Vec<usize> {
    let mut factors = Vec::new();
    while number.is_multiple_of(4) {
        factors.push(4);
        number /= 4;
    }
    let mut divisor = 2;
    while divisor * divisor <= number {
        while number.is_multiple_of(divisor) {
            factors.push(divisor);
            number /= divisor;
        }
        divisor += 1;
    }
    if number > 1 {
        factors.push(number);
    }
    factors.sort_unstable();
    factors
}
