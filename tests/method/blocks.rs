//! The blocks of a solver in double precision, and the objective from its definition.

use ndarray::{Array1, Array2};
use nnbcd::bcd::{Solver, SolverSettings};
use nnbcd::compress::LayerCompression;
use nnbcd::linalg::Real;
use nnbcd::network::{Layer, LayerKind};

/// All blocks after some iteration, layer by layer.
#[derive(Clone, Debug)]
pub struct Blocks {
    pub inputs: Array2<f64>,
    pub targets: Array2<f64>,
    pub layers: Vec<Layer>,
    pub weights: Vec<Array2<f64>>,
    pub biases: Vec<Option<Array1<f64>>>,
    pub compressed: Vec<Option<Array2<f64>>>,
    pub pre_activations: Vec<Array2<f64>>,
    pub activations: Vec<Array2<f64>>,
    /// The sparsity, where one pruning threshold holds for all layers.
    pub one_threshold: Option<f64>,
}

/// The five parts of the objective, without the factors 1/2 and the penalties.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    pub data: f64,
    pub activation: f64,
    pub linear: f64,
    pub compression: f64,
    pub decay: f64,
}

pub fn squares(array: &Array2<f64>) -> f64 {
    array.iter().map(|value| value * value).sum()
}

pub fn relu(array: &Array2<f64>) -> Array2<f64> {
    array.mapv(|value| value.max(0.0))
}

impl Blocks {
    pub fn of<T: Real>(solver: &Solver<T>) -> Self {
        let problem = solver.problem();
        let layers = problem.architecture.layers.clone();
        let wide = |array: &Array2<T>| array.mapv(T::widen);
        let weights = solver.weights().iter();
        Self {
            inputs: wide(&problem.data.train.inputs),
            targets: wide(&problem.targets),
            weights: weights.clone().map(|layer| wide(&layer.weight)).collect(),
            biases: weights
                .map(|layer| layer.bias.as_ref().map(|bias| bias.mapv(T::widen)))
                .collect(),
            compressed: (solver.compressed().iter())
                .map(|layer| layer.as_ref().map(|z| wide(&z.dense)))
                .collect(),
            pre_activations: solver.pre_activations().iter().map(wide).collect(),
            activations: solver.activations().iter().map(wide).collect(),
            layers,
            one_threshold: match problem.compression[0] {
                Some(LayerCompression::Prune {
                    sparsity,
                    global: true,
                }) => Some(sparsity),
                _ => None,
            },
        }
    }

    /// Whether the layer is followed by an activation function.
    pub fn is_hidden(&self, index: usize) -> bool {
        index + 1 < self.layers.len()
    }

    /// What layer `index` reads.
    pub fn inputs_of(&self, index: usize) -> &Array2<f64> {
        if index == 0 {
            &self.inputs
        } else {
            &self.activations[index - 1]
        }
    }

    /// The inputs of a layer as the columns that its weight is multiplied with: for a convolution one
    /// column per position and sample. With a bias a last row of ones.
    pub fn columns_of(&self, index: usize) -> Array2<f64> {
        columns(
            &self.layers[index],
            self.inputs_of(index),
            self.biases[index].is_some(),
        )
    }

    /// Weight and bias side by side.
    pub fn joined(&self, index: usize) -> Array2<f64> {
        joined(&self.weights[index], self.biases[index].as_ref())
    }

    /// Every part of the objective from its definition.
    pub fn parts(&self, settings: &SolverSettings) -> Parts {
        let last = self.layers.len() - 1;
        let mut parts = Parts {
            data: squares(&(&self.activations[last] - &self.targets)),
            ..Parts::default()
        };
        for index in 0..=last {
            let units = &self.pre_activations[index];
            let image = if self.is_hidden(index) {
                relu(units)
            } else {
                units.clone()
            };
            parts.activation += squares(&(&self.activations[index] - &image));
            let products = self.joined(index).dot(&self.columns_of(index));
            parts.linear += squares(&(rows(&self.layers[index], units) - products));
            if let Some(compressed) = &self.compressed[index] {
                parts.compression += squares(&(&self.weights[index] - compressed));
            }
            parts.decay += settings.weight_decay.of_layer(index) * squares(&self.weights[index]);
        }
        parts
    }

    pub fn objective(&self, settings: &SolverSettings) -> f64 {
        let parts = self.parts(settings);
        0.5 * (parts.data
            + settings.gamma * parts.activation
            + settings.rho * parts.linear
            + settings.tau * parts.compression
            + parts.decay)
    }

    /// `|block - block_before|^2` over `W`, biases, `U`, `V`, and over `Z` where both have one.
    pub fn squared_steps(&self, before: &Self) -> (f64, f64) {
        let mut moved = 0.0;
        let mut compressed = 0.0;
        for index in 0..self.layers.len() {
            moved += squares(&(self.joined(index) - before.joined(index)))
                + squares(&(&self.pre_activations[index] - &before.pre_activations[index]))
                + squares(&(&self.activations[index] - &before.activations[index]));
            if let (Some(new), Some(old)) = (&self.compressed[index], &before.compressed[index]) {
                compressed += squares(&(new - old));
            }
        }
        (moved, compressed)
    }
}

pub fn joined(weight: &Array2<f64>, bias: Option<&Array1<f64>>) -> Array2<f64> {
    let mut joined = weight.clone();
    if let Some(bias) = bias {
        joined.push_column(bias.view()).unwrap();
    }
    joined
}

/// See [`Blocks::columns_of`]: the definition of a convolution, entry by entry.
pub fn columns(layer: &Layer, inputs: &Array2<f64>, bias: bool) -> Array2<f64> {
    let samples = inputs.ncols();
    let mut columns = match layer.kind {
        LayerKind::Dense => inputs.clone(),
        LayerKind::Convolution(conv) => {
            let [height, width, channels] = conv.image;
            let down = (height - conv.kernel) / conv.stride + 1;
            let across = (width - conv.kernel) / conv.stride + 1;
            let mut columns = Array2::zeros((layer.weight.1, down * across * samples));
            for ((feature, column), entry) in columns.indexed_iter_mut() {
                let (position, sample) = (column / samples, column % samples);
                let (patch, channel) = (feature / channels, feature % channels);
                let row = position / across * conv.stride + patch / conv.kernel;
                let pixel = position % across * conv.stride + patch % conv.kernel;
                *entry = inputs[((row * width + pixel) * channels + channel, sample)];
            }
            columns
        }
    };
    if bias {
        let ones = Array1::ones(columns.ncols());
        columns.push_row(ones.view()).unwrap();
    }
    columns
}

/// Units in the shape of weight times columns: unit `p F + f` is row `f` at position `p`.
pub fn rows(layer: &Layer, units: &Array2<f64>) -> Array2<f64> {
    let (filters, samples) = (layer.weight.0, units.ncols());
    Array2::from_shape_fn((filters, units.len() / filters), |(filter, column)| {
        units[(column / samples * filters + filter, column % samples)]
    })
}

/// The entries of all weights in one list, of which the smallest magnitudes become zero.
pub fn with_one_threshold(weights: &[Array2<f64>], sparsity: f64) -> Vec<Array2<f64>> {
    let mut magnitudes: Vec<f64> = weights.iter().flatten().map(|w| w.abs()).collect();
    magnitudes.sort_by(f64::total_cmp);
    let removed = (sparsity * magnitudes.len() as f64).round() as usize;
    let threshold = magnitudes[removed];
    let prune = |weight: &Array2<f64>| weight.mapv(|w| if w.abs() < threshold { 0.0 } else { w });
    weights.iter().map(prune).collect()
}
