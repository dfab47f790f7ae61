//! NN-BCD: compressed neural networks trained without gradients.
//!
//! The rooms of this crate and who may use whom are described in `docs/ARCHITECTURE.md`;
//! `tests/walls.rs` holds the code to it.
//!
//! A network of your own arrays, its hidden weights pruned to one fifth:
//!
//! ```
//! use std::sync::Arc;
//! use ndarray::Array2;
//! use nnbcd::bcd::{Problem, Solver, SolverSettings};
//! use nnbcd::compress::CompressionSettings;
//! use nnbcd::network::{Architecture, InitScheme, ModelSettings, draw_weights};
//! use nnbcd::training::{Samples, TrainingData};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Samples are columns; the class of a sample is the feature that is 1.
//! let (inputs, labels) = (Array2::<f64>::eye(3), [0, 1, 2]);
//! let samples = || Samples::<f64>::new(inputs.view(), &labels);
//! let model: ModelSettings = serde_json::from_str(r#"{"hidden": [8, 8]}"#)?;
//! let compression: CompressionSettings = serde_json::from_str(r#"{"method": "prune", "sparsity": 0.8}"#)?;
//! let network = Architecture::resolve(&model, 3, None, 3)?;
//! let compression = compression.resolve(&network.weight_shapes(), false)?;
//! let weights = draw_weights(&network, InitScheme::KaimingNormal, 1.0, 0);
//! let data = Arc::new(TrainingData::new(samples(), samples(), 3));
//! let problem = Problem::new(data, network, compression, SolverSettings::default())?;
//! let mut solver = Solver::new(problem, weights)?;
//! while solver.termination().is_none() {
//!     solver.iterate()?;
//! }
//! println!("{}", solver.accuracy().train.overall);
//! # Ok(())
//! # }
//! ```
//!
//! `examples/` has programs that save models and train on the built-in digits. The feature `program`, which is on
//! unless default features are off, adds grid files, run directories, tables and the dashboard.
//!
//! Source of the method: Li, Chung, Du, Cai, Wang, Zhou, Shen, *On Model Compression for Neural
//! Networks: Framework, Algorithm, and Convergence Guarantee*, arXiv 2303.06815.

pub mod bcd;
pub mod check;
#[cfg(feature = "program")]
pub mod cluster;
pub mod compress;
#[cfg(feature = "program")]
pub mod dashboard;
pub mod data;
pub mod gradient;
#[cfg(feature = "program")]
pub mod grid;
pub mod linalg;
pub mod measure;
pub mod network;
#[cfg(feature = "program")]
pub mod report;
#[cfg(feature = "program")]
pub mod run;
#[cfg(feature = "program")]
pub mod store;
pub mod training;
