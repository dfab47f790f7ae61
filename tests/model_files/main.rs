//! Model files, start weights, and what other programs make of a model.

mod cases;
mod damaged;
mod exports;
mod hostile;
mod other_programs;
mod round_trip;
mod start;
