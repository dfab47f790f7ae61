//! The program on a terminal: a pseudo-terminal, and a terminal emulator that reads what it draws.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod idle;
mod leaving;
mod looks;
mod panic;
mod pseudo_terminal;
