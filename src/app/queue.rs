//! Runs that workers share: stopping them through Slurm, and what the queue says.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use nnbcd::cluster::{Array, cancel_task, stop_jobs, tasks};
use nnbcd::store::{
    Liveness, QueueTask, RunDirectory, TaskState, WorkerStatus, WorkersWatch, first_look, host_name,
};

use super::say;

/// The job arrays of a run, unless a runner works on it, which takes commands itself.
pub fn array_of(run: &Path) -> Result<Option<Array>> {
    let run = RunDirectory::open(run)?;
    if !matches!(first_look(&run), Liveness::Gone) {
        return Ok(None);
    }
    Ok(Array::of(&run)?)
}

/// `stop`: no task starts any more, and those that run write checkpoints.
pub fn stop(array: &Array) -> Result<ExitCode> {
    let jobs = array.jobs();
    stop_jobs(&jobs)?;
    let ids: Vec<String> = jobs.iter().map(|job| job.job.to_string()).collect();
    say(format_args!(
        "job {}: pending tasks cancelled, running tasks asked to write a checkpoint and end; submit again to resume",
        ids.join(", ")
    ));
    Ok(ExitCode::SUCCESS)
}

/// `cancel`: ends the tasks that carry these trials and no others that still have to run.
pub fn cancel(array: &Array, trials: &[String]) -> Result<ExitCode> {
    let queued = tasks(array).context("nothing was cancelled")?;
    let concerned: Vec<&QueueTask> = (queued.iter())
        .filter(|task| task.trials.iter().any(|trial| trials.contains(trial)))
        .collect();
    if concerned.is_empty() {
        bail!("no queued task contains these trials; they have finished or were never submitted");
    }
    for task in &concerned {
        let others: Vec<&str> = (task.trials.iter())
            .filter(|trial| !trials.contains(trial))
            .map(String::as_str)
            .collect();
        if !others.is_empty() {
            bail!(
                "task {} also contains the trials {}; name them too, or stop the run",
                task.name,
                others.join(", ")
            );
        }
    }
    for task in &concerned {
        cancel_task(array.cluster_of(task), task)?;
        say(format_args!("task {}: cancelled", task.name));
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses what must not happen beside workers: tasks in the queue, or workers on this host.
pub fn refuse_beside_workers(run: &RunDirectory) -> Result<()> {
    if let Some(array) = Array::of(run)? {
        match tasks(&array) {
            Ok(tasks) => refuse_queued(run, &tasks)?,
            // Results of workers are safe beside a runner; at worst a trial is run twice.
            Err(error) => tracing::warn!("cannot tell whether tasks are still running: {error}"),
        }
    }
    let workers = WorkersWatch::default().observe(run, Instant::now());
    let here = (workers.iter()).find(|worker| worker.lives && worker.status.host == host_name());
    if let Some(worker) = here {
        bail!(
            "{}: worker {} (process {}) is active; wait for it, or end it with: kill {}",
            run.root().display(),
            worker.status.name,
            worker.status.pid,
            worker.status.pid
        );
    }
    Ok(())
}

/// Refuses an order that nobody would take: workers listen to signals alone.
pub fn refuse_orders_to_workers(run: &RunDirectory) -> Result<()> {
    let workers = WorkersWatch::default().observe(run, Instant::now());
    let alive: Vec<&WorkerStatus> = (workers.iter())
        .filter(|worker| worker.lives)
        .map(|worker| &worker.status)
        .collect();
    let Some(first) = alive.first() else {
        return Ok(());
    };
    bail!(
        "{}: {} workers share this run and cannot be controlled from here; stop Slurm tasks with: nnbcd-tui stop {0}; \
         end other workers on their hosts, for example: kill {} (on {}); they write checkpoints",
        run.root().display(),
        alive.len(),
        first.pid,
        first.host
    )
}

/// Refuses to go on while tasks of the run are in the queue.
pub fn refuse_queued(run: &RunDirectory, tasks: &[QueueTask]) -> Result<()> {
    if let Some(task) = tasks.first() {
        bail!(
            "{}: {} tasks of an earlier submission are in the queue (the first is {}); wait for them, or end them with: nnbcd-tui stop {}",
            run.root().display(),
            tasks.len(),
            task.name,
            run.root().display()
        );
    }
    Ok(())
}

/// Says what the queue knows of the run, if it has been submitted.
pub fn print(run: &RunDirectory) {
    let Ok(Some(array)) = Array::of(run) else {
        return;
    };
    match tasks(&array) {
        Err(error) => say(format_args!(
            "queue not reachable ({error}); the table above is based on the files"
        )),
        Ok(tasks) if tasks.is_empty() => say("queue: no tasks of this run"),
        Ok(tasks) => {
            for task in tasks {
                say(format_args!("task {}: {}", task.name, place(&task)));
            }
        }
    }
}

fn place(task: &QueueTask) -> String {
    let what = match task.state {
        TaskState::Pending => format!("pending ({})", task.reason),
        TaskState::Running => format!("running on {}", task.node),
        TaskState::Suspended => format!("suspended on {}", task.node),
        TaskState::Ending => format!("ending on {}", task.node),
    };
    format!("{what}, trials {}", task.trials.join(" "))
}
