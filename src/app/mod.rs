//! The commands: each wires rooms together. The only place that prints.

mod checksums;
mod commands;
mod init;
mod kept;
mod model;
mod plan;
mod predictions;
mod progress;
mod queue;
mod reproduce;
mod run;
mod runner;
mod submit;
mod tables;
mod watch;
mod worker;

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use nnbcd::measure::visible_lines;
use signal_hook::consts::SIGXFSZ;

use crate::cli::{Arguments, Command};

/// Some trial failed or was stopped.
pub const INCOMPLETE: u8 = 1;
/// The command, the grid or the data are wrong; nothing was started.
pub const REFUSED: u8 = 2;

/// Carries out a command.
pub fn dispatch(arguments: Arguments) -> Result<ExitCode> {
    // A file that may not grow (ulimit -f) is an error of the write then, like a full disk, and not the end.
    signal_hook::flag::register(SIGXFSZ, Arc::default())?;
    let Some(command) = arguments.command else {
        return run::run(&arguments.run);
    };
    match command {
        Command::Plan { grid, limits } => plan::plan(&grid, &limits),
        Command::Init { data, out, force } => init::init(data.as_deref(), out, force),
        Command::Watch { run, look } => watch::watch(&run.run, look),
        Command::Stop(run) => commands::stop(&run.run),
        Command::Pause(run) => commands::pause(&run.run),
        Command::Resume(run) => commands::resume(&run.run),
        Command::Cancel(trials) => commands::cancel(&trials),
        Command::Retry(trials) => commands::retry(&trials),
        Command::Jobs { run, jobs } => commands::jobs(&run, jobs),
        Command::Table(arguments) => tables::table(&arguments),
        Command::Plot(arguments) => tables::plot(&arguments),
        Command::Reproduce {
            run,
            trial,
            threads,
        } => reproduce::reproduce(&run, &trial, threads),
        Command::Eval {
            model,
            data,
            predictions,
        } => model::eval(&model, &data, predictions.as_deref()),
        Command::Export { model, onnx, numpy } => {
            model::export(&model, onnx.as_deref(), numpy.as_deref())
        }
        Command::Submit(arguments) => submit::submit(&arguments),
        Command::Worker(arguments) => worker::worker(&arguments),
        Command::Runner(arguments) => runner::detached(&arguments),
    }
}

/// Prints an error with its causes; the exit code of a refused command.
pub fn report(error: &anyhow::Error) -> ExitCode {
    let mut text = format!("error: {error}");
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Many errors have their cause in their own words.
        if !text.contains(&cause) {
            text.push_str(&format!("\n  because: {cause}"));
        }
    }
    let _ = writeln!(io::stderr(), "{}", visible_lines(&text));
    ExitCode::from(REFUSED)
}

/// Prints a line to standard output. A closed pipe is no reason to fail.
fn say(text: impl Display) {
    let _ = writeln!(io::stdout(), "{}", visible_lines(&text.to_string()));
}
