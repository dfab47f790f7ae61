//! `reproduce`: one trial again from its `config.yaml`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nnbcd::grid::{Trial, TrialSettings};
use nnbcd::run::control::TrialControl;
use nnbcd::run::prepare::prepare_trial;
use nnbcd::run::trial_error::TrialError;
use nnbcd::run::trial_run::{Outcome, TrialContext, run_trial};
use nnbcd::run::{Budget, LoadedData, PreparedTrial, StartFiles};
use nnbcd::store::{
    Hold, Provenance, RunDirectory, TrialDirectory, TrialRow, TrialStatus, read_text,
};

use super::checksums::{record_set, refuse_other_data};
use super::commands::find_trials;
use super::kept::Kept;
use super::runner::start_threads;
use super::{INCOMPLETE, say};

/// Differences that are listed before the rest is only counted.
const LISTED: usize = 20;

pub fn reproduce(run: &Path, trial: &str, threads: Option<usize>) -> Result<ExitCode> {
    start_threads()?;
    let run = RunDirectory::open(run)?;
    let trials = run.read_trials()?;
    let id = find_trials(&trials, &[trial.to_owned()])?.remove(0);
    let is_done = |row: &TrialRow| row.trial == id && row.status == TrialStatus::Done;
    let done = trials.rows.iter().any(is_done);
    let directory = run.trial(&id);
    let path = directory.config();
    let text = read_text(&path)?;
    let settings = TrialSettings::from_yaml(&text).with_context(|| path.display().to_string())?;
    let base = Provenance::expect(&run.provenance())?.base_directory;
    let data = LoadedData::load(&settings.data, &base, &[settings.solver.precision()])?;
    let mut now = Provenance::default();
    record_set(&mut now, &settings.data, &data);
    refuse_other_data(&run, &now)?;
    let trial = Trial {
        id: id.clone(),
        settings,
        swept: Vec::new(),
    };
    let prepared = prepare_trial(&trial, &base, Arc::new(data), &mut StartFiles::default())?;
    let kept = Kept::read(&directory, done)?;
    let place = tempfile::tempdir().context("no temporary directory")?;
    let copy = RunDirectory::new(place.path()).trial(&id);
    copy.create()?;
    let Some(last) = kept.iterations.last() else {
        bail!("trial {id} has no iterations yet: nothing to compare");
    };
    let threads = Budget::of_this_machine(threads, None).threads;
    let until = (!done).then_some(last.iteration);
    match rerun(&prepared, &copy, threads, until) {
        Ok(Outcome::Done(result)) => copy.replace_result(&result)?,
        Ok(Outcome::Stopped(_)) => {}
        Err(error) => say(format_args!("the trial failed: {error}")),
    }
    let differences = kept.differences(&Kept::read(&copy, done)?);
    for difference in differences.iter().take(LISTED) {
        say(difference);
    }
    if differences.len() > LISTED {
        say(format_args!("… and {} more", differences.len() - LISTED));
    }
    if !differences.is_empty() {
        return Ok(ExitCode::from(INCOMPLETE));
    }
    let (which, rest) = if done {
        ("all", "; so do layers.csv, result.json and the model")
    } else {
        ("not finished; its", "; so does layers.csv")
    };
    say(format_args!(
        "trial {id}: {which} {} rows match to the last digit (except times){rest}",
        kept.iterations.len()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Runs the trial in `directory`, to its end or until it has the iteration `until`.
fn rerun(
    trial: &PreparedTrial,
    directory: &TrialDirectory,
    threads: usize,
    until: Option<u64>,
) -> Result<Outcome, TrialError> {
    let control = TrialControl::new(threads);
    let hold = Hold::of(directory.root())?;
    let context = TrialContext {
        directory: directory.clone(),
        hold: &hold,
        checkpoint_every: Duration::MAX,
        control: &control,
        started: &|_| {},
    };
    thread::scope(|scope| {
        // Dropped when the trial has ended, in whatever way.
        let (_running, ended) = mpsc::channel();
        if let Some(last) = until {
            let control = &control;
            scope.spawn(move || stop_after(last, directory, control, &ended));
        }
        run_trial(trial, &context)
    })
}

/// Stops a trial when it has the iteration `last`; returns then, or when it has `ended`.
fn stop_after(last: u64, directory: &TrialDirectory, control: &TrialControl, ended: &Receiver<()>) {
    const LOOK_EVERY: Duration = Duration::from_millis(200);
    while ended.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
        let rows = directory.read_iterations().unwrap_or_default();
        if rows.last().is_some_and(|row| row.iteration >= last) {
            return control.stop();
        }
    }
}
