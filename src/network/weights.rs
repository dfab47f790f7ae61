//! Weights, and how they are drawn.

use ndarray::{Array1, Array2, ArrayView2};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, StandardUniform};
use thiserror::Error;

use super::architecture::Architecture;
use super::settings::InitScheme;
use crate::linalg::{Real, entries, orthonormal_columns, sum_of_squares_of_difference};

/// Weight and bias of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerWeights<T> {
    /// outputs x inputs; a convolution: filters x (kernel · kernel · channels).
    pub weight: Array2<T>,
    /// One number per output (per filter), where the network has biases.
    pub bias: Option<Array1<T>>,
}

impl<T: Real> LayerWeights<T> {
    /// The same numbers in double precision.
    pub fn in_double(&self) -> LayerWeights<f64> {
        LayerWeights {
            weight: self.weight.mapv(T::widen),
            bias: self.bias.as_ref().map(|bias| bias.mapv(T::widen)),
        }
    }
}

/// Weights that are not those of a network; layers are counted from 0.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WeightsError {
    /// Too few layers, or too many.
    #[error("weights of {found} layers, but the network has {expected}")]
    Layers {
        /// Layers of the weights.
        found: usize,
        /// Layers of the network.
        expected: usize,
    },
    /// A weight of another shape, outputs x inputs.
    #[error(
        "layer {layer}: the weight is {} x {}, but the network has {} x {}",
        found.0, found.1, expected.0, expected.1
    )]
    Shape {
        /// The layer.
        layer: usize,
        /// Shape of its weight.
        found: (usize, usize),
        /// Shape in the network.
        expected: (usize, usize),
    },
    /// A bias of another length; none has length 0.
    #[error("layer {layer}: the bias has {found} entries, but the network has {expected}")]
    Bias {
        /// The layer.
        layer: usize,
        /// Entries of its bias.
        found: usize,
        /// Entries in the network.
        expected: usize,
    },
}

/// Whether weights have the shapes of a network's.
///
/// # Errors
/// The first layer that has not.
pub fn check_weights<T: Real>(
    architecture: &Architecture,
    weights: &[LayerWeights<T>],
) -> Result<(), WeightsError> {
    let (found, expected) = (weights.len(), architecture.layers.len());
    if found != expected {
        return Err(WeightsError::Layers { found, expected });
    }
    for (layer, (weights, of)) in weights.iter().zip(&architecture.layers).enumerate() {
        let (found, expected) = (weights.weight.dim(), of.weight);
        if found != expected {
            return Err(WeightsError::Shape {
                layer,
                found,
                expected,
            });
        }
        let found = weights.bias.as_ref().map_or(0, Array1::len);
        let expected = if architecture.bias { expected.0 } else { 0 };
        if found != expected {
            return Err(WeightsError::Bias {
                layer,
                found,
                expected,
            });
        }
    }
    Ok(())
}

/// `|W - W_before|^2` over all layers, with the biases.
pub fn squared_change<T: Real>(weights: &[LayerWeights<T>], before: &[LayerWeights<T>]) -> f64 {
    let change = |(new, old): (&LayerWeights<T>, &LayerWeights<T>)| {
        let bias = match (&new.bias, &old.bias) {
            (Some(new), Some(old)) => (new - old).iter().map(|d| d.widen() * d.widen()).sum(),
            _ => 0.0,
        };
        sum_of_squares_of_difference(entries(&new.weight), entries(&old.weight)) + bias
    };
    weights.iter().zip(before).map(change).sum()
}

/// Draws the initial weights of a network; biases start at zero.
///
/// The numbers depend on the seed and the shapes only. They are drawn in `f64`, so that single and
/// double precision start from the same point.
///
/// | scheme | distribution of an entry of an `out x in` matrix, times `scale` |
/// |---|---|
/// | kaiming-normal, -uniform | variance 2 / in |
/// | xavier-normal, -uniform | variance 2 / (in + out) |
/// | lecun-normal, -uniform | variance 1 / in |
/// | orthogonal | orthonormal rows or columns, whichever are fewer |
/// | normal | standard deviation 1 |
/// | uniform | bound 1 |
///
/// For a convolution `in` is kernel · kernel · channels, and `out` of the Xavier schemes is
/// kernel · kernel · filters.
pub fn draw_weights<T: Real>(
    architecture: &Architecture,
    scheme: InitScheme,
    scale: f64,
    seed: u64,
) -> Vec<LayerWeights<T>> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    architecture
        .layers
        .iter()
        .map(|layer| {
            let fan_out = fan_out(layer);
            let weight = draw_matrix(layer.weight, fan_out, scheme, &mut generator);
            LayerWeights {
                weight: weight.mapv(|value| T::from_f64(scale * value)),
                bias: architecture.bias.then(|| Array1::zeros(layer.weight.0)),
            }
        })
        .collect()
}

fn fan_out(layer: &super::architecture::Layer) -> usize {
    match layer.kind {
        super::LayerKind::Dense => layer.weight.0,
        super::LayerKind::Convolution(conv) => layer.weight.0 * conv.kernel * conv.kernel,
    }
}

fn draw_matrix(
    (rows, columns): (usize, usize),
    fan_out: usize,
    scheme: InitScheme,
    generator: &mut ChaCha8Rng,
) -> Array2<f64> {
    let (fan_in, fan_out) = (columns as f64, fan_out as f64);
    let mut normal = |deviation: f64| {
        Array2::from_shape_simple_fn((rows, columns), || {
            let value: f64 = StandardNormal.sample(generator);
            deviation * value
        })
    };
    match scheme {
        InitScheme::KaimingNormal => return normal((2.0 / fan_in).sqrt()),
        InitScheme::XavierNormal => return normal((2.0 / (fan_in + fan_out)).sqrt()),
        InitScheme::LecunNormal => return normal((1.0 / fan_in).sqrt()),
        InitScheme::Normal => return normal(1.0),
        InitScheme::Orthogonal => return orthogonal(normal(1.0).view()),
        InitScheme::KaimingUniform
        | InitScheme::XavierUniform
        | InitScheme::LecunUniform
        | InitScheme::Uniform => {}
    }
    // A uniform distribution on [-b, b] has variance b^2 / 3.
    let bound = match scheme {
        InitScheme::KaimingUniform => (6.0 / fan_in).sqrt(),
        InitScheme::XavierUniform => (6.0 / (fan_in + fan_out)).sqrt(),
        InitScheme::LecunUniform => (3.0 / fan_in).sqrt(),
        _ => 1.0,
    };
    Array2::from_shape_simple_fn((rows, columns), || {
        let value: f64 = StandardUniform.sample(generator);
        bound * (2.0 * value - 1.0)
    })
}

/// Orthonormal rows or columns, whichever are fewer, distributed uniformly (Haar): the signs of the
/// factor `R` of the normal matrix are taken out.
fn orthogonal(normal: ArrayView2<'_, f64>) -> Array2<f64> {
    let wide = normal.nrows() < normal.ncols();
    let tall = if wide { normal.reversed_axes() } else { normal };
    let mut basis = orthonormal_columns(tall.view());
    for (mut column, original) in basis.columns_mut().into_iter().zip(tall.columns()) {
        if column.dot(&original) < 0.0 {
            column.mapv_inplace(|value| -value);
        }
    }
    if wide {
        basis.reversed_axes().as_standard_layout().into_owned()
    } else {
        basis
    }
}
