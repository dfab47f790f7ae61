//! `nnbcd-tui`: trains compressed neural networks without gradients, on all cores, on a live
//! dashboard.

mod app;
mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    match app::dispatch(arguments) {
        Ok(code) => code,
        Err(error) => app::report(&error),
    }
}
