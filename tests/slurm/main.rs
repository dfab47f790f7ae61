//! The sweep as a job array: against stand-ins for Slurm's commands always, and on a real Slurm where `NNBCD_SLURM=1`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "shared with the end-to-end tests")]
#[path = "../end_to_end/place.rs"]
mod place;
#[allow(dead_code, reason = "shared with the end-to-end tests")]
#[path = "../end_to_end/results.rs"]
mod results;

mod cluster;
mod real;
mod stand_ins;
