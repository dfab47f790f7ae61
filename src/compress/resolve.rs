//! Settings of compression held against the shapes of a network.

use super::LayerCompression;
use super::settings::{CompressionSettings, Method, PerLayer, Scope};
use crate::check::SettingError;

impl CompressionSettings {
    /// The compression of every layer (`None`: the layer stays dense) of a network whose weights
    /// have the given shapes; `convolution`: the first of them is a convolution. A ratio is one of the weights alone, see
    /// [`Self::reaching`].
    ///
    /// # Errors
    /// [`SettingError`] for a setting out of its range, and for a rank, mode list or group size that does not fit the
    /// shapes.
    pub fn resolve(
        &self,
        shapes: &[(usize, usize)],
        convolution: bool,
    ) -> Result<Vec<Option<LayerCompression>>, SettingError> {
        if let Self::Target(_) = self {
            return self
                .reaching(shapes, convolution, 0)?
                .resolve(shapes, convolution);
        }
        let choices = self.choices(shapes.len(), convolution)?;
        let global = self.has_one_threshold()?;
        let most = |layer: usize| shapes[layer].0.min(shapes[layer].1);
        let widest = choices.iter().map(|choice| most(choice.layer)).max();
        let mut resolved = vec![None; shapes.len()];
        for choice in choices {
            let layer = choice.layer;
            let method = match (self, choice.method) {
                // One rank for all of them need not be one of the narrowest.
                (
                    Self::LowRank {
                        rank: PerLayer::Uniform(_),
                        ..
                    },
                    Method::LowRank { rank },
                ) if Some(rank) <= widest => Method::LowRank {
                    rank: rank.min(most(layer)),
                },
                (_, method) => method,
            };
            resolved[layer] = Some(fit(layer, method, shapes[layer], global)?);
        }
        Ok(resolved)
    }

    /// Whether one threshold holds for all pruned layers. That it needs one sparsity is said only here: a grid may cross
    /// scopes with lists and exclude what does not go together.
    fn has_one_threshold(&self) -> Result<bool, SettingError> {
        match self {
            Self::Prune {
                scope: Scope::Global,
                sparsity: PerLayer::Each(_),
                ..
            } => Err(SettingError::does_not_fit(
                "sparsity",
                "a list is not allowed with scope global, where one threshold holds for all layers; \
                 give one number, or use scope layer",
            )),
            Self::Prune { scope, .. } => Ok(*scope == Scope::Global),
            _ => Ok(false),
        }
    }
}

/// The compression of one layer by `method`; `global`: its threshold is that of all layers.
fn fit(
    layer: usize,
    method: Method,
    shape @ (rows, columns): (usize, usize),
    global: bool,
) -> Result<LayerCompression, SettingError> {
    match method {
        Method::TensorTrain { rank, modes } => {
            let modes = match modes {
                Some(modes) => fitting_modes(layer, modes, shape)?,
                None => automatic_modes(shape),
            };
            Ok(LayerCompression::TensorTrain { modes, rank })
        }
        Method::LowRank { rank } => {
            let most = rows.min(columns);
            require(rank <= most, "rank", || {
                format!(
                    "{rank} is more than layer {layer} ({rows} x {columns}) can have; allowed are 1 to {most}"
                )
            })?;
            Ok(LayerCompression::LowRank { rank })
        }
        Method::Prune { sparsity } => Ok(LayerCompression::Prune { sparsity, global }),
        Method::NM { n, m } => {
            require(m <= columns, "m", || {
                format!(
                    "groups of {m} do not fit into the rows of layer {layer} ({rows} x {columns}); \
                     allowed are 1 to {columns}"
                )
            })?;
            Ok(LayerCompression::NM { n, m })
        }
    }
}

fn fitting_modes(
    layer: usize,
    modes: Vec<usize>,
    shape @ (rows, columns): (usize, usize),
) -> Result<Vec<usize>, SettingError> {
    let entries = modes
        .iter()
        .try_fold(1_usize, |all, mode| all.checked_mul(*mode));
    require(entries == Some(rows * columns), "modes", || {
        format!(
            "the product of {modes:?} must be the {} entries of layer {layer} ({rows} x {columns}); \
             automatic modes would be {:?}",
            rows * columns,
            automatic_modes(shape)
        )
    })?;
    Ok(modes)
}

fn require(
    holds: bool,
    field: &'static str,
    problem: impl Fn() -> String,
) -> Result<(), SettingError> {
    if holds {
        return Ok(());
    }
    Err(SettingError::does_not_fit(field, problem()))
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
