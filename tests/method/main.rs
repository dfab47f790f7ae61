//! The mathematics of the methods, held against their definitions from outside.
//!
//! Everything here goes through the public interface of the library, and every expected number is
//! computed by plain loops of this test.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accuracy;
mod block_updates;
mod blocks;
mod cases;
mod checkpoints;
mod constrained;
mod descent;
mod earlier_version;
mod golden_cases;
mod gradient;
mod hunt;
mod initialisation;
mod optimality;
mod projections;
mod prox;
mod quantities;
mod refit;
mod refused;
mod threads;
