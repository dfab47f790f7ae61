//! `plan`: what would run.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use nnbcd::dashboard::locale_is_utf8;
use nnbcd::grid::{Plan, plan_from_file};
use nnbcd::measure::{bytes, duration, width};
use nnbcd::run::budget::memory_of_this_machine;
use nnbcd::run::cost::product_rate;
use nnbcd::run::notice;
use nnbcd::run::{Budget, DataSets, PreparedTrial, prepare};

use super::say;
use crate::cli::Limits;

pub fn plan(grid: &Path, limits: &Limits) -> Result<ExitCode> {
    let plan = plan_from_file(grid)?;
    let data = DataSets::load(&plan)?;
    let trials = prepare(&plan, &data)?;
    let budget = Budget::of_this_machine(limits.threads, limits.jobs);
    say(format_args!("{}: {} trials", plan.name, trials.len()));
    if plan.duplicates > 0 {
        say(format_args!("  {} duplicates dropped", plan.duplicates));
    }
    if plan.excluded > 0 {
        say(format_args!("  {} excluded", plan.excluded));
    }
    for warning in &plan.warnings {
        say(format_args!("  warning: {warning}"));
    }
    for (settings, loaded) in data.iter() {
        say(format_args!(
            "  data: {} ({} features, {} classes, {})",
            settings.describe(),
            loaded.features,
            loaded.classes.len(),
            loaded.samples
        ));
        for note in &loaded.notes {
            say(format_args!("    {note}"));
        }
        for finding in notice::of_data(loaded) {
            say(format_args!("  warning: {finding}"));
        }
    }
    say_network(&trials);
    say_budget(&budget, &trials);
    say_trials(&plan, &trials);
    let needed: Vec<u64> = trials.iter().map(|trial| trial.cost.memory).collect();
    if let Some(warning) = memory_warning(&needed, memory_of_this_machine()) {
        let _ = writeln!(io::stderr(), "{warning}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The hidden layers, where all trials have the same.
fn say_network(trials: &[PreparedTrial]) {
    let hidden = |trial: &PreparedTrial| trial.trial.settings.model.hidden.clone();
    let Some(first) = trials.first().map(hidden) else {
        return;
    };
    if trials.iter().all(|trial| hidden(trial) == first) {
        say(format_args!("  network: hidden layers {first:?}"));
    }
}

fn say_budget(budget: &Budget, trials: &[PreparedTrial]) {
    let largest = trials
        .iter()
        .map(|trial| trial.cost.memory)
        .max()
        .unwrap_or(0);
    let operations: f64 = trials.iter().map(|trial| trial.cost.operations).sum();
    say(format_args!(
        "  {} threads, up to {} trials at once, {} of memory available; the largest trial needs about {}",
        budget.threads,
        budget.jobs.min(trials.len()),
        bytes(budget.memory as f64),
        bytes(largest as f64)
    ));
    let rate = product_rate() * budget.threads as f64;
    say(format_args!(
        "  about {} ({:.1} TFLOP at {:.0} GFLOP/s per thread, measured on matrix products; small networks take longer)",
        duration(operations / rate),
        operations / 1e12,
        product_rate() / 1e9
    ));
}

fn say_trials(plan: &Plan, trials: &[PreparedTrial]) {
    const SHOWN: usize = 40;
    let unused = if locale_is_utf8() { "–" } else { "-" };
    let header = ["trial", "seed", "memory"].map(str::to_owned);
    let mut lines = vec![[&header[..], &plan.swept].concat()];
    for PreparedTrial { trial, cost, .. } in trials.iter().take(SHOWN) {
        let mut line = vec![
            trial.id.clone(),
            trial.settings.seed.to_string(),
            bytes(cost.memory as f64),
        ];
        line.extend(trial.swept.iter().map(|value| match value.as_str() {
            "" => unused.to_owned(),
            value => value.to_owned(),
        }));
        lines.push(line);
    }
    for line in aligned(&lines) {
        say(line);
    }
    if trials.len() > SHOWN {
        say(format_args!("… and {} more", trials.len() - SHOWN));
    }
}

/// Lines of cells with each column as wide as its widest cell.
fn aligned(lines: &[Vec<String>]) -> Vec<String> {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| lines.iter().map(|line| width(&line[column])).max();
    let widths: Vec<usize> = (0..columns).filter_map(widest).collect();
    let align = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths);
        let padded = cells.map(|(cell, columns)| cell.clone() + &" ".repeat(columns - width(cell)));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(align).collect()
}

/// What is to be said if a run on a machine with so much `memory` would refuse some of the trials.
fn memory_warning(trials: &[u64], memory: u64) -> Option<String> {
    let too_large = trials.iter().filter(|needed| **needed > memory).count();
    (too_large > 0).then(|| {
        format!(
            "warning: {too_large} of {} trials need more memory than this machine has ({}), and a run on it would refuse \
             to start: make model.hidden or data.train smaller, or take a larger machine",
            trials.len(),
            bytes(memory as f64)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_their_headers() {
        let lines = [
            ["trial", "rank", "method"],
            ["a", "–", "none"],
            ["b", "16", "tensor-train"],
        ];
        let lines = lines.map(|line| line.map(str::to_owned).to_vec());
        assert_eq!(
            aligned(&lines),
            [
                "trial  rank  method",
                "a      –     none",
                "b      16    tensor-train"
            ]
        );
    }

    #[test]
    fn trials_that_this_machine_cannot_hold_are_counted() {
        let gigabytes = [1, 8, 9].map(|count| count * 1_000_000_000);
        assert_eq!(memory_warning(&gigabytes, 9_000_000_000), None);
        let warning = memory_warning(&gigabytes, 7_900_000_000).expect("two are too large");
        assert!(warning.contains("2 of 3 trials"), "{warning}");
        assert!(warning.contains("(7.4 GiB)"), "{warning}");
    }
}
