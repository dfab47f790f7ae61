//! `reproduce`: one trial again from its `config.yaml`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nnbcd::store::{IterationRecord, Provenance, RunDirectory};
use nnbcd::sweep::control::TrialControl;
use nnbcd::sweep::prepare::prepare_trial;
use nnbcd::sweep::trial_run::{TrialContext, run_trial};
use nnbcd::sweep::{Budget, LoadedData, Trial, TrialSettings};

use super::commands::find_trials;
use super::{INCOMPLETE, say};

/// Differences that are listed before the rest is only counted.
const LISTED: usize = 20;

pub fn reproduce(run: &Path, trial: &str, threads: Option<usize>) -> Result<ExitCode> {
    let run = RunDirectory::open(run)?;
    let id = find_trials(&run.read_trials()?, &[trial.to_owned()])?.remove(0);
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
    let prepared = prepare_trial(&trial, &base, Arc::new(data))?;
    let place = tempfile::tempdir().context("no temporary directory")?;
    let copy = RunDirectory::new(place.path()).trial(&id);
    copy.create()?;
    let threads = Budget::of_this_machine(threads, None).threads;
    let context = TrialContext {
        base: &base,
        directory: copy.clone(),
        checkpoint_every: Duration::MAX,
        control: &TrialControl::new(threads),
        started: &|_| {},
    };
    let outcome = run_trial(&prepared, &context);
    let (before, now) = (directory.read_iterations()?, copy.read_iterations()?);
    if let Err(error) = outcome {
        say(format_args!("the trial failed: {error}"));
    }
    compare(&id, &before, &now)
}

/// Compares all rows; times are left out.
fn compare(id: &str, before: &[IterationRecord], now: &[IterationRecord]) -> Result<ExitCode> {
    if before.is_empty() {
        bail!("trial {id} has no iterations yet; nothing to compare with");
    }
    let mut differences = 0;
    for (old, new) in before.iter().zip(now) {
        for (name, old_value, new_value) in differing(old, new) {
            differences += 1;
            if differences <= LISTED {
                say(format_args!(
                    "iteration {}: {name}: {old_value} was, {new_value} is",
                    old.iteration
                ));
            }
        }
    }
    if differences > LISTED {
        say(format_args!("… and {} more", differences - LISTED));
    }
    if before.len() != now.len() {
        say(format_args!(
            "{} rows were, {} are",
            before.len(),
            now.len()
        ));
        differences += 1;
    }
    if differences > 0 {
        return Ok(ExitCode::from(INCOMPLETE));
    }
    say(format_args!(
        "trial {id}: all {} rows are equal to the last digit (times aside)",
        now.len()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Names and values that differ between two rows.
fn differing(old: &IterationRecord, new: &IterationRecord) -> Vec<(&'static str, String, String)> {
    let numbers = |row: &IterationRecord| {
        [
            ("objective", Some(row.objective)),
            ("loss", Some(row.loss)),
            ("residual_v", row.residual_v),
            ("residual_u", row.residual_u),
            ("residual_w", Some(row.residual_w)),
            ("step", Some(row.step)),
            (
                "descent_violations",
                row.descent_violations.map(|count| count as f64),
            ),
            ("train_accuracy", row.train_accuracy),
            ("test_accuracy", row.test_accuracy),
            ("balanced_accuracy", row.balanced_accuracy),
            ("sparsity", Some(row.sparsity)),
            ("compression_ratio", Some(row.compression_ratio)),
            ("effective_sparsity", row.effective_sparsity),
            ("tau", row.tau),
            ("gamma", row.gamma),
            ("rho", row.rho),
        ]
    };
    let text =
        |value: Option<f64>| value.map_or_else(|| "nothing".into(), |value| value.to_string());
    numbers(old)
        .into_iter()
        .zip(numbers(new))
        // Rows of earlier versions have no gamma and rho.
        .filter(|((name, old), _)| old.is_some() || !["gamma", "rho"].contains(name))
        .filter(|((_, old), (_, new))| old.map(f64::to_bits) != new.map(f64::to_bits))
        .map(|((name, old), (_, new))| (name, text(old), text(new)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_an_earlier_version_did_not_write_are_no_differences() {
        let new = IterationRecord {
            gamma: Some(1.0),
            rho: Some(2.0),
            ..IterationRecord::default()
        };
        assert!(differing(&IterationRecord::default(), &new).is_empty());
        let old = IterationRecord {
            rho: Some(2.5),
            tau: Some(3.0),
            ..new.clone()
        };
        let names: Vec<_> = differing(&old, &new)
            .iter()
            .map(|(name, ..)| *name)
            .collect();
        assert_eq!(names, ["tau", "rho"]);
    }
}
