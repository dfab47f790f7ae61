//! `reproduce`: one trial again from its `config.yaml`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nnbcd::grid::{Trial, TrialSettings};
use nnbcd::measure::Quantity;
use nnbcd::run::control::TrialControl;
use nnbcd::run::prepare::prepare_trial;
use nnbcd::run::trial_run::{TrialContext, TrialError, run_trial};
use nnbcd::run::{Budget, LoadedData, PreparedTrial, StartFiles};
use nnbcd::store::{
    IterationRecord, Provenance, RunDirectory, TrialDirectory, TrialRow, TrialStatus,
};

use super::commands::find_trials;
use super::{INCOMPLETE, say};

/// Differences that are listed before the rest is only counted.
const LISTED: usize = 20;

pub fn reproduce(run: &Path, trial: &str, threads: Option<usize>) -> Result<ExitCode> {
    let run = RunDirectory::open(run)?;
    let trials = run.read_trials()?;
    let id = find_trials(&trials, &[trial.to_owned()])?.remove(0);
    let is_done = |row: &TrialRow| row.trial == id && row.status == TrialStatus::Done;
    let done = trials.rows.iter().any(is_done);
    let directory = run.trial(&id);
    let path = directory.config();
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("{}: cannot be read", path.display()))?;
    let settings = TrialSettings::from_yaml(&text).with_context(|| path.display().to_string())?;
    let base = Provenance::read(&run.provenance())?.base_directory;
    let data = LoadedData::load(&settings.data, &base, &[settings.solver.precision()])?;
    let trial = Trial {
        id: id.clone(),
        settings,
        swept: Vec::new(),
    };
    let prepared = prepare_trial(&trial, &base, Arc::new(data), &mut StartFiles::default())?;
    let place = tempfile::tempdir().context("no temporary directory")?;
    let copy = RunDirectory::new(place.path()).trial(&id);
    copy.create()?;
    let before = directory.read_iterations()?;
    let Some(last) = before.last() else {
        bail!("trial {id} has no iterations yet: nothing to compare");
    };
    let threads = Budget::of_this_machine(threads, None).threads;
    let until = (!done).then_some(last.iteration);
    if let Err(error) = rerun(&prepared, &copy, threads, until) {
        say(format_args!("the trial failed: {error}"));
    }
    if !compare(&before, &copy.read_iterations()?, done) {
        return Ok(ExitCode::from(INCOMPLETE));
    }
    let which = if done { "all" } else { "not finished; its" };
    say(format_args!(
        "trial {id}: {which} {} rows match to the last digit (except times)",
        before.len()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Runs the trial in `directory`, to its end or until it has the iteration `until`.
fn rerun(
    trial: &PreparedTrial,
    directory: &TrialDirectory,
    threads: usize,
    until: Option<u64>,
) -> Result<(), TrialError> {
    let control = TrialControl::new(threads);
    let context = TrialContext {
        directory: directory.clone(),
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
        run_trial(trial, &context).map(drop)
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

/// Whether all rows that were there `before` are there and equal; times are left out. Only of a trial that is `done` are
/// further rows a difference.
fn compare(before: &[IterationRecord], now: &[IterationRecord], done: bool) -> bool {
    let mut differences = 0;
    for (old, new) in before.iter().zip(now) {
        for (quantity, old_value, new_value) in differing(old, new) {
            differences += 1;
            if differences <= LISTED {
                say(format_args!(
                    "iteration {}: {}: was {old_value}, is {new_value}",
                    old.iteration,
                    quantity.name()
                ));
            }
        }
    }
    if differences > LISTED {
        say(format_args!("… and {} more", differences - LISTED));
    }
    let complete = if done {
        before.len() == now.len()
    } else {
        before.len() <= now.len()
    };
    if !complete {
        say(format_args!(
            "there were {} rows, now there are {}",
            before.len(),
            now.len()
        ));
    }
    complete && differences == 0
}

/// Quantities of two rows that differ, with their values; times are left out.
fn differing(old: &IterationRecord, new: &IterationRecord) -> Vec<(Quantity, String, String)> {
    let text =
        |value: Option<f64>| value.map_or_else(|| "nothing".into(), |value| value.to_string());
    (IterationRecord::quantities().iter().copied())
        .filter(|quantity| *quantity != Quantity::Seconds)
        .map(|quantity| (quantity, old.value(quantity), new.value(quantity)))
        // Rows of earlier versions lack columns.
        .filter(|(_, old, _)| old.is_some())
        .filter(|(_, old, new)| old.map(f64::to_bits) != new.map(f64::to_bits))
        .map(|(quantity, old, new)| (quantity, text(old), text(new)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_that_was_stopped_is_judged_by_the_rows_that_it_has() {
        let rows: Vec<IterationRecord> = (0..5_u32)
            .map(|iteration| IterationRecord {
                iteration: iteration.into(),
                objective: f64::from(9 - iteration),
                seconds: f64::from(iteration),
                ..IterationRecord::default()
            })
            .collect();
        assert!(compare(&rows[..3], &rows, false));
        assert!(!compare(&rows[..3], &rows, true));
        assert!(!compare(&rows, &rows[..3], false), "rows are missing now");
        let mut other = rows.clone();
        other[2].objective = 0.5;
        assert!(!compare(&rows[..3], &other, false));
        assert!(compare(&rows[..2], &other, false));
    }

    #[test]
    fn columns_that_an_earlier_version_did_not_write_are_no_differences() {
        let new = IterationRecord {
            gamma: Some(1.0),
            rho: Some(2.0),
            effective_sparsity: Some(0.5),
            ..IterationRecord::default()
        };
        assert!(differing(&IterationRecord::default(), &new).is_empty());
        let old = IterationRecord {
            rho: Some(2.5),
            tau: Some(3.0),
            ..new.clone()
        };
        let differing = differing(&old, &new);
        let quantities: Vec<Quantity> = differing.iter().map(|(which, ..)| *which).collect();
        assert_eq!(quantities, [Quantity::Tau, Quantity::Rho]);
    }
}
