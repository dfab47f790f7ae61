//! NN-BCD: compressed neural networks trained without gradients.
//!
//! The rooms of this crate and who may use whom are described in `docs/ARCHITECTURE.md`;
//! `tests/walls.rs` holds the code to it.
//!
//! Source of the method: Li, Chung, Du, Cai, Wang, Zhou, Shen, *On Model Compression for Neural
//! Networks: Framework, Algorithm, and Convergence Guarantee*, arXiv 2303.06815.

pub mod bcd;
pub mod cluster;
pub mod compress;
pub mod dashboard;
pub mod data;
pub mod gradient;
pub mod grid;
pub mod linalg;
pub mod measure;
pub mod network;
pub mod report;
pub mod run;
pub mod store;
