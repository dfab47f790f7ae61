//! Small random problems of every kind.

use std::sync::Arc;

use ndarray::Array2;
use nnbcd::bcd::{Penalties, Problem, Solver, SolverSettings};
use nnbcd::compress::CompressionSettings;
use nnbcd::linalg::Real;
use nnbcd::network::{
    Architecture, ConvolutionSettings, InitScheme, InitSettings, ModelSettings, draw_weights,
};
use nnbcd::training::{Samples, TrainingData, WeightDecay};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Every method, in the words of a grid file.
pub const METHODS: [&str; 7] = [
    r#"{"method": "none"}"#,
    r#"{"method": "tensor-train", "rank": 2}"#,
    r#"{"method": "low-rank", "rank": 2, "layers": "all"}"#,
    r#"{"method": "prune", "sparsity": 0.7}"#,
    r#"{"method": "prune", "sparsity": 0.6, "scope": "global", "layers": "all"}"#,
    r#"{"method": "n-m", "n": 1, "m": 3, "layers": "all"}"#,
    r#"{"method": "mixed", "choices": [
        {"layer": 0, "method": "low-rank", "rank": 3},
        {"layer": 1, "method": "tensor-train", "rank": 3},
        {"layer": 2, "method": "n-m", "n": 2, "m": 4}]}"#,
];

/// So few non-zeros that products are sparse.
pub const SPARSE: &str = r#"{"method": "prune", "sparsity": 0.9, "layers": "all"}"#;

/// A problem in a few words; the rest is drawn from the seed.
#[derive(Clone, Debug)]
pub struct Case {
    pub features: usize,
    /// Of every feature; empty: 1.
    pub scales: Vec<f64>,
    pub convolution: bool,
    pub hidden: Vec<usize>,
    pub samples: usize,
    pub bias: bool,
    pub compression: &'static str,
    pub solver: SolverSettings,
    pub seed: u64,
}

pub const CLASSES: usize = 3;

/// Height, width and channels of the images of a case with a convolution.
const IMAGE: [usize; 3] = [4, 5, 2];

impl Default for Case {
    fn default() -> Self {
        Self {
            features: 12,
            scales: Vec::new(),
            convolution: false,
            hidden: vec![8, 6],
            samples: 30,
            bias: false,
            compression: METHODS[0],
            solver: SolverSettings {
                iterations: 12,
                gamma: 0.8,
                rho: 1.3,
                tau: 2.0,
                alpha: 0.7,
                ..SolverSettings::default()
            },
            seed: 1,
        }
    }
}

impl Case {
    /// Images of 4 x 5 pixels and 2 channels; 3 filters of 2 x 2 with stride 2 come first.
    pub fn with_convolution(mut self) -> Self {
        self.convolution = true;
        self.features = IMAGE.iter().product();
        self.hidden = vec![7];
        self
    }

    pub fn architecture(&self) -> Architecture {
        let settings = ModelSettings {
            hidden: self.hidden.clone(),
            conv: self.convolution.then_some(ConvolutionSettings {
                filters: 3,
                kernel: 2,
                stride: 2,
            }),
            bias: self.bias,
            init: InitSettings::default(),
        };
        let image = self.convolution.then_some(IMAGE);
        Architecture::resolve(&settings, self.features, image, CLASSES).unwrap()
    }

    pub fn problem<T: Real>(&self) -> Problem<T> {
        let architecture = self.architecture();
        let compression: CompressionSettings = serde_json::from_str(self.compression).unwrap();
        let compression = compression
            .resolve(&architecture.weight_shapes(), self.convolution)
            .unwrap();
        let data = TrainingData::new(
            samples(self, self.samples, 2 * self.seed),
            samples(self, 20, 2 * self.seed + 1),
            CLASSES,
        );
        Problem::new(
            Arc::new(data),
            architecture,
            compression,
            self.solver.clone(),
        )
        .unwrap()
    }

    pub fn solver<T: Real>(&self) -> Solver<T> {
        let weights = draw_weights(
            &self.architecture(),
            InitScheme::KaimingNormal,
            0.8,
            self.seed,
        );
        Solver::new(self.problem(), weights).unwrap()
    }
}

/// Samples scattered around a pattern of their class.
fn samples<T: Real>(case: &Case, count: usize, seed: u64) -> Samples<T> {
    let features = case.features;
    let noise = normal(features, count, seed + 100);
    let inputs = Array2::from_shape_fn((features, count), |(feature, sample)| {
        let pattern = if feature % CLASSES == sample % CLASSES {
            1.0
        } else {
            0.0
        };
        let scale = case.scales.get(feature).copied().unwrap_or(1.0);
        scale * (pattern + 0.6 * noise[(feature, sample)])
    });
    let labels: Vec<usize> = (0..count).map(|sample| sample % CLASSES).collect();
    Samples::new(inputs.view(), &labels)
}

/// Standard normal numbers.
pub fn normal(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_simple_fn((rows, columns), || StandardNormal.sample(&mut generator))
}

/// Weight decay that differs from layer to layer.
pub fn decay_per_layer() -> WeightDecay {
    WeightDecay::PerLayer(vec![0.9, 0.0, 0.4])
}

/// All methods with and without bias and convolution.
pub fn every_kind() -> Vec<Case> {
    let mut cases = Vec::new();
    for compression in METHODS {
        for bias in [false, true] {
            let case = Case {
                bias,
                compression,
                ..Case::default()
            };
            cases.extend([case.clone(), case.with_convolution()]);
        }
    }
    cases
}

/// The settings with the penalties of one iteration, to be put into the equations.
pub fn in_iteration(settings: &SolverSettings, iteration: usize) -> SolverSettings {
    let Penalties { gamma, rho, tau } = settings.penalties_at(iteration);
    SolverSettings {
        gamma,
        rho,
        tau,
        ..settings.clone()
    }
}
