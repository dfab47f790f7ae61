//! Commands to a running sweep, through its control files.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use nnbcd::measure::shell_word;
use nnbcd::store::{Command, Liveness, Provenance, RunDirectory, TrialTable, first_look, send};

use super::{queue, say};
use crate::cli::TrialPaths;

pub fn stop(run: &Path) -> Result<ExitCode> {
    if let Some(array) = queue::array_of(run)? {
        return queue::stop(&array);
    }
    give(
        run,
        &Command::Stop,
        "asked to stop after the current iterations",
    )
}

pub fn pause(run: &Path) -> Result<ExitCode> {
    give(run, &Command::Pause, "asked to pause")
}

pub fn resume(run: &Path) -> Result<ExitCode> {
    give(run, &Command::Resume, "asked to resume")
}

pub fn jobs(run: &Path, jobs: usize) -> Result<ExitCode> {
    let command = Command::Jobs { jobs: jobs as u64 };
    give(
        run,
        &command,
        &format!("asked to run {jobs} trials at once"),
    )
}

pub fn cancel(arguments: &TrialPaths) -> Result<ExitCode> {
    let run = RunDirectory::open(&arguments.run)?;
    let trials = find_trials(&run.read_trials()?, &arguments.trials)?;
    if let Some(array) = queue::array_of(&arguments.run)? {
        return queue::cancel(&array, &trials);
    }
    let said = format!("asked to cancel {}", trials.join(", "));
    give(&arguments.run, &Command::Cancel { trials }, &said)
}

pub fn retry(arguments: &TrialPaths) -> Result<ExitCode> {
    let run = RunDirectory::open(&arguments.run)?;
    let trials = find_trials(&run.read_trials()?, &arguments.trials)?;
    let said = format!("asked to rerun {}", trials.join(", "));
    give(&arguments.run, &Command::Retry { trials }, &said)
}

/// Sends a command to the runner, which must be alive.
fn give(run: &Path, command: &Command, said: &str) -> Result<ExitCode> {
    let run = RunDirectory::open(run)?;
    if matches!(first_look(&run), Liveness::Gone) {
        queue::refuse_orders_to_workers(&run)?;
        bail!(
            "{}: no runner is active; resume with the command that started the run{}",
            run.root().display(),
            beginning(&run)
        );
    }
    send(&run, command)?;
    say(format_args!("{}: {said}", run.root().display()));
    Ok(ExitCode::SUCCESS)
}

/// The command that began the run, as it would go on, and where it was given.
fn beginning(run: &RunDirectory) -> String {
    let Ok(Some(provenance)) = Provenance::read(&run.provenance()) else {
        return String::new();
    };
    let words = (provenance.command_line.iter().skip(1))
        .filter(|word| !["runner", "--fresh"].contains(&word.as_str()))
        .map(|word| shell_word(word));
    let command = ["nnbcd-tui".into()].into_iter().chain(words);
    format!(
        ": {} (in {})",
        command.collect::<Vec<_>>().join(" "),
        provenance.working_directory.display()
    )
}

/// Full ids of the trials whose ids begin as given.
pub fn find_trials(table: &TrialTable, beginnings: &[String]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for beginning in beginnings {
        let mut matching = table
            .rows
            .iter()
            .filter(|row| !beginning.is_empty() && row.trial.starts_with(beginning.as_str()));
        match (matching.next(), matching.next()) {
            (Some(row), None) => found.push(row.trial.clone()),
            (Some(_), Some(_)) => {
                bail!("trial {beginning}: ambiguous prefix; give more characters")
            }
            (None, _) => {
                bail!("trial {beginning}: no such trial; ids are in the first column of trials.csv")
            }
        }
    }
    Ok(found)
}
