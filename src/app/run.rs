//! The main job: start the runner, show what it writes.

use std::io::{self, IsTerminal, Read};
use std::process::{Child, Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use nnbcd::dashboard::End;
use nnbcd::store::{Liveness, RunDirectory, liveness};
use nnbcd::sweep::plan_from_file;

use super::watch::show;
use super::{INCOMPLETE, REFUSED, runner, say};
use crate::cli::RunArguments;

/// Runs a grid: with the dashboard on a terminal, else in the foreground with progress lines.
pub fn run(arguments: &RunArguments) -> Result<ExitCode> {
    let terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
    if arguments.no_tui || !terminal {
        return runner::foreground(arguments);
    }
    let plan = plan_from_file(runner::grid(arguments)?)?;
    let run = RunDirectory::under(&arguments.place.results, &plan.name)?;
    if !matches!(liveness(&run), Liveness::Gone) {
        let outcome = show(&run, arguments.look, true)?;
        say(outcome.summary);
        return Ok(ExitCode::SUCCESS);
    }
    let mut child = start_runner()?;
    let complaint = wait_until_prepared(&mut child)?;
    if let Some(status) = child.try_wait()?
        && status.code() == Some(i32::from(REFUSED))
    {
        let _ = io::Write::write_all(&mut io::stderr(), complaint.as_bytes());
        return Ok(ExitCode::from(REFUSED));
    }
    let outcome = show(&run, arguments.look, true)?;
    if matches!(outcome.end, End::Signal(_)) {
        return Ok(ExitCode::from(INCOMPLETE));
    }
    say(&outcome.summary);
    match outcome.end {
        End::Detached | End::Signal(_) => Ok(ExitCode::SUCCESS),
        End::StopRequested | End::Ended => {
            let status = child.wait().context("the runner cannot be waited for")?;
            if status.success() {
                Ok(ExitCode::SUCCESS)
            } else {
                Ok(ExitCode::from(INCOMPLETE))
            }
        }
    }
}

/// The same command line as a process of its own; see [`runner::detached`].
fn start_runner() -> Result<Child> {
    let program = std::env::current_exe().context("the program does not find itself")?;
    Command::new(program)
        .arg("runner")
        .args(std::env::args_os().skip(1))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("the runner cannot be started")
}

/// Waits until the runner has let go of standard error: it is at work, or has ended. What it said
/// there.
fn wait_until_prepared(child: &mut Child) -> Result<String> {
    let mut text = String::new();
    if let Some(mut errors) = child.stderr.take() {
        errors.read_to_string(&mut text)?;
    }
    // An ended process can be a moment behind its closed standard error.
    if !text.is_empty() {
        child.wait()?;
    }
    Ok(text)
}
