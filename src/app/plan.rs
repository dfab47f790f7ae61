//! `plan`: what would run.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use ndarray::Array2;
use nnbcd::linalg::{Accumulate, product};
use nnbcd::sweep::{Budget, DataSets, Plan, PreparedTrial, plan_from_file, prepare};

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
        say(format_args!("  {} dropped by exclude", plan.excluded));
    }
    for warning in &plan.warnings {
        say(format_args!("  warning: {warning}"));
    }
    for (settings, loaded) in data.iter() {
        say(format_args!(
            "  data: {} ({} features, {} classes, {} training and {} test samples)",
            settings.describe(),
            loaded.features,
            loaded.classes.len(),
            loaded.samples.0,
            loaded.samples.1
        ));
    }
    say_budget(&budget, &trials);
    say_trials(&plan, &trials);
    Ok(ExitCode::SUCCESS)
}

fn say_budget(budget: &Budget, trials: &[PreparedTrial]) {
    let largest = trials
        .iter()
        .map(|trial| trial.cost.memory)
        .max()
        .unwrap_or(0);
    let operations: f64 = trials.iter().map(|trial| trial.cost.operations).sum();
    say(format_args!(
        "  {} threads, up to {} trials at once, {} of memory for them; the largest trial needs about {}",
        budget.threads,
        budget.jobs.min(trials.len()),
        bytes(budget.memory),
        bytes(largest)
    ));
    let rate = product_rate() * budget.threads as f64;
    say(format_args!(
        "  about {} ({:.1} TFLOP; a matrix product does {:.0} GFLOP/s per thread here; small networks take longer than this says)",
        duration(operations / rate),
        operations / 1e12,
        product_rate() / 1e9
    ));
}

fn say_trials(plan: &Plan, trials: &[PreparedTrial]) {
    const SHOWN: usize = 40;
    let header: Vec<&str> = ["trial", "seed"]
        .into_iter()
        .chain(plan.swept.iter().map(String::as_str))
        .collect();
    say(header.join("  "));
    for prepared in trials.iter().take(SHOWN) {
        let trial = &prepared.trial;
        say(format_args!(
            "{}  {}  {}",
            trial.id,
            trial.settings.seed,
            trial.swept.join("  ")
        ));
    }
    if trials.len() > SHOWN {
        say(format_args!("… and {} more", trials.len() - SHOWN));
    }
}

/// Floating-point operations per second of one thread in a single-precision matrix product.
fn product_rate() -> f64 {
    const SIZE: usize = 512;
    let a = Array2::<f32>::ones((SIZE, SIZE));
    let mut c = Array2::<f32>::zeros((SIZE, SIZE));
    let start = Instant::now();
    let mut done = 0;
    while done < 4 || start.elapsed().as_millis() < 50 {
        product(1.0, a.view(), a.view(), Accumulate::Replace, c.view_mut());
        done += 1;
    }
    let threads = rayon::current_num_threads() as f64;
    2.0 * (SIZE as f64).powi(3) * f64::from(done) / start.elapsed().as_secs_f64() / threads
}

pub fn bytes(count: u64) -> String {
    let count = count as f64;
    match count {
        _ if count >= 1e9 => format!("{:.1} GB", count / 1e9),
        _ => format!("{:.0} MB", count / 1e6),
    }
}

/// Seconds in words.
pub fn duration(seconds: f64) -> String {
    match seconds {
        _ if seconds < 60.0 => format!("{seconds:.0} s"),
        _ if seconds < 3600.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}
