//! `worker`: a share of the trials, beside any number of other workers.

use std::collections::HashSet;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nnbcd::cluster;
use nnbcd::grid::{Plan, plan_from_text};
use nnbcd::measure::visible;
use nnbcd::run::{Budget, DataSets, Shard, ShardEvent, prepare, run_shard};
use nnbcd::store::{
    Liveness, PlanDirectory, Provenance, RunDirectory, RunnerState, RunnerStatus, liveness,
    read_text,
};

use super::runner::{end_of, log_warnings, start_threads, watch_signals};
use super::{checksums, say};
use crate::cli::WorkerArguments;

pub fn worker(arguments: &WorkerArguments) -> Result<ExitCode> {
    log_warnings();
    // From here on SIGTERM is obeyed: it may come while the data are being read.
    let interrupt = watch_signals()?;
    start_threads()?;
    let run = RunDirectory::open(&arguments.run.run)?;
    if has_runner(&run) {
        bail!(
            "{0}: a runner works on this run and takes care of all trials; follow it with: nnbcd-tui watch {0}, or end it \
             with: nnbcd-tui stop {0}",
            run.root().display()
        );
    }
    let directory = match &arguments.plan {
        Some(path) => PlanDirectory::new(path),
        None => PlanDirectory::new(run.root()),
    };
    let provenance = Provenance::expect(&directory.provenance())?;
    let mut plan = frozen_plan(&run, &directory, &provenance)?;
    plan.trials = arguments.shard.of(plan.trials);
    let data = DataSets::load(&plan)?;
    checksums::refuse_other_plan(&provenance, &plan, &data)?;
    let trials = prepare(&plan, &data)?;
    let budget = Budget::of_this_machine(arguments.threads, Some(1));
    let shard = Shard {
        run,
        trials,
        threads: budget.threads,
        checkpoint_every: Duration::from_secs_f64(plan.checkpoint_every),
        retry_failed: arguments.retry_failed,
        task: cluster::task_of_this_process().unwrap_or_default(),
    };
    say(format_args!(
        "worker {} on {}, {} threads: {} trials",
        std::process::id(),
        nnbcd::store::host_name(),
        shard.threads,
        shard.trials.len()
    ));
    let summary = run_shard(&shard, &interrupt, &|trial, event| {
        say(format_args!("{trial} {}", words(&event)));
    });
    Ok(end_of(summary.map_err(Into::into)))
}

/// Whether a runner takes care of the run. Who submits or prepares it holds its lock for a moment, and a task may
/// start meanwhile.
fn has_runner(run: &RunDirectory) -> bool {
    const PATIENCE: Duration = Duration::from_secs(30);
    let start = Instant::now();
    loop {
        if matches!(liveness(run), Liveness::Gone) {
            return false;
        }
        let has_begun = |status: RunnerStatus| status.state != RunnerState::Ended;
        if run.seen_runner().is_some_and(has_begun) || start.elapsed() > PATIENCE {
            return true;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The trials that the plan in this directory means, in its order.
fn frozen_plan(
    run: &RunDirectory,
    directory: &PlanDirectory,
    provenance: &Provenance,
) -> Result<Plan> {
    let path = directory.grid();
    let text = read_text(&path)?;
    // Relative paths start where the grid file was given.
    let mut plan = plan_from_text(&text, &path)?;
    plan.base.clone_from(&provenance.base_directory);
    plan.keep_former_ids(&run.begun_trials()?);
    if let Some(wanted) = directory.read_trials()? {
        let mut wanted: HashSet<String> = wanted.into_iter().collect();
        plan.trials.retain(|trial| wanted.remove(&trial.id));
        if let Some(unknown) = wanted.iter().next() {
            bail!(
                "{}: does not contain trial {unknown} of trials.txt; submit the grid again with this version of the program",
                path.display()
            );
        }
    }
    Ok(plan)
}

fn words(event: &ShardEvent) -> String {
    match event {
        ShardEvent::Skipped => "already has a result".into(),
        ShardEvent::Started(0) => "started".into(),
        ShardEvent::Started(iteration) => {
            format!("resumes from the checkpoint after iteration {iteration}")
        }
        ShardEvent::Done => "done".into(),
        ShardEvent::Overtaken => "another worker has published its result".into(),
        ShardEvent::Failed(error) => format!("FAILED: {}", visible(error)),
        ShardEvent::Stopped => "stopped without a result; checkpoint kept".into(),
        ShardEvent::Hindered(error) => {
            format!("NO RESULT (machine fault): {}", visible(error))
        }
    }
}
