//! Model files, start weights, and what other programs make of a model.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cases;
mod damaged;
mod exports;
mod hostile;
mod other_programs;
mod round_trip;
mod start;
