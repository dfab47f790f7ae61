//! The program as a user meets it: real processes, real run directories, real kills.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "tells measured times")]

mod apart;
mod checked;
mod commands;
mod faults;
mod hostile;
mod killed;
mod limits;
mod main_job;
mod methods;
mod moved;
mod not_regular;
mod odd_machines;
mod one_fault;
mod other_commands;
mod own_data;
mod place;
mod readme;
mod refused;
mod results;
mod shims;
mod signals;
#[path = "../shared/skipped.rs"]
mod skipped;
mod slurm;
mod workers;
