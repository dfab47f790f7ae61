//! The main job: start the runner, show what it writes.

use std::io::{self, IsTerminal, Read};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nnbcd::dashboard::End;
use nnbcd::grid::{Plan, plan_from_file};
use nnbcd::store::{
    Liveness, Provenance, RunDirectory, TrialRow, TrialStatus, liveness, read_text,
};

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
        refuse_what_a_runner_at_work_ignores(arguments, &run, &plan)?;
        let outcome = show(&run, arguments.look, true)?;
        say(outcome.summary);
        let done = |row: &TrialRow| row.status == TrialStatus::Done;
        let unfinished = matches!(outcome.end, End::Ended | End::StopRequested)
            && !run.read_gathered()?.rows.iter().all(done);
        return Ok(ExitCode::from(if unfinished { INCOMPLETE } else { 0 }));
    }
    let mut child = start_runner()?;
    let said = wait_until_prepared(&mut child)?;
    let _ = io::Write::write_all(&mut io::stderr(), said.as_bytes());
    if let Some(status) = ended_at_once(&mut child, !said.is_empty())?
        && !matches!(status.code(), Some(0 | 1))
    {
        // Refused, or broken off before it had begun.
        let refused = status.code() == Some(i32::from(REFUSED));
        return Ok(ExitCode::from(if refused { REFUSED } else { INCOMPLETE }));
    }
    let outcome = show(&run, arguments.look, true)?;
    if matches!(outcome.end, End::Signal(_)) {
        return Ok(ExitCode::from(INCOMPLETE));
    }
    say(&outcome.summary);
    match outcome.end {
        End::Detached | End::Signal(_) => Ok(ExitCode::SUCCESS),
        End::StopRequested | End::Ended => {
            let status = child.wait().context("cannot wait for the runner")?;
            if status.success() {
                Ok(ExitCode::SUCCESS)
            } else {
                Ok(ExitCode::from(INCOMPLETE))
            }
        }
    }
}

/// Options and a grid that the runner at work does not know would have no effect.
fn refuse_what_a_runner_at_work_ignores(
    arguments: &RunArguments,
    run: &RunDirectory,
    plan: &Plan,
) -> Result<()> {
    let again = was_started_with_this_command(run);
    let given = [
        ("--fresh", arguments.fresh),
        ("--retry-failed", arguments.retry_failed && !again),
        ("--jobs", arguments.limits.jobs.is_some() && !again),
        ("--threads", arguments.limits.threads.is_some() && !again),
    ];
    let root = run.root().display();
    if let Some((option, _)) = given.iter().find(|(_, given)| *given) {
        bail!(
            "{option} has no effect: a runner is already working on {root}; follow it with: nnbcd-tui watch {root}, \
             or end it first with: nnbcd-tui stop {root}"
        );
    }
    if read_text(&run.grid()).is_ok_and(|text| text != plan.source) {
        bail!(
            "{}: a runner is already working on {root} with a different version of this grid; follow it with: nnbcd-tui watch {root}, \
             or end it first with: nnbcd-tui stop {root}",
            runner::grid(arguments)?.display()
        );
    }
    Ok(())
}

/// Whether the command that began the run is this one: whoever gives it again wants to see the run.
fn was_started_with_this_command(run: &RunDirectory) -> bool {
    let now = std::env::args_os().skip(1);
    let now: Vec<_> = now
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let provenance = Provenance::read(&run.provenance()).ok().flatten();
    provenance.is_some_and(|provenance| {
        let then = provenance.command_line.iter().skip(1);
        then.filter(|word| *word != "runner").eq(&now)
    })
}

/// The same command line as a process of its own; see [`runner::detached`].
fn start_runner() -> Result<Child> {
    let program = std::env::current_exe().context("cannot find the path of this program")?;
    Command::new(program)
        .arg("runner")
        .args(std::env::args_os().skip(1))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start the runner")
}

/// Waits until the runner has let go of standard error: it is at work, or has ended. What it said
/// there.
fn wait_until_prepared(child: &mut Child) -> Result<String> {
    let mut text = Vec::new();
    if let Some(mut errors) = child.stderr.take() {
        errors.read_to_end(&mut text)?;
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// How a runner ended that has let go of standard error, if it has. An ended process can be a moment behind: one
/// that has `complained` is given that moment, for it may only have warned.
fn ended_at_once(child: &mut Child, complained: bool) -> Result<Option<ExitStatus>> {
    let looks = if complained { 20 } else { 1 };
    for look in 0..looks {
        if look > 0 {
            std::thread::sleep(Duration::from_millis(50));
        }
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
    }
    Ok(None)
}
