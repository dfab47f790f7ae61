//! The program on a terminal: a pseudo-terminal, and a terminal emulator that reads what it draws.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "tells measured rates")]

mod idle;
mod leaving;
mod looks;
mod multiplexer;
mod panic;
mod pseudo_terminal;
mod read_only;
#[path = "../shared/skipped.rs"]
mod skipped;
