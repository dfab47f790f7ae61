//! `submit`: the trials without a result, as a Slurm job array or for any other launcher of workers.

use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use nnbcd::cluster::{self, Array, Script, max_array_size, refused_option};
use nnbcd::grid::{Plan, plan_from_file};
use nnbcd::run::{Budget, DataSets, PreparedTrial, take_stock};
use nnbcd::store::{
    PlanDirectory, Provenance, RunDirectory, RunnerLock, RunnerState, Submission, TrialStatus,
    TrialTable, publish,
};

use super::queue::refuse_queued;
use super::runner::{load_and_prepare, log_warnings, provenance, start_threads};
use super::{checksums, say};
use crate::cli::SubmitArguments;

/// Slurm's own default, where it cannot be asked.
const USUAL_ARRAY_SIZE: usize = 1001;
/// Memory of a process besides its trial and data.
const BASE_BYTES: f64 = 256e6;
/// Estimates are no promises: a task that needs more is killed.
const MEMORY_MARGIN: f64 = 1.25;

pub fn submit(arguments: &SubmitArguments) -> Result<ExitCode> {
    log_warnings();
    start_threads()?;
    for option in &arguments.options {
        if let Some(remedy) = refused_option(option) {
            bail!("sbatch option {option} is not allowed here; {remedy}");
        }
    }
    let mut prepared = Prepared::new(arguments)?;
    if !arguments.dry_run {
        prepared.refuse_running(arguments.force)?;
    }
    let missing = prepared.missing();
    if missing.is_empty() {
        say(format_args!(
            "{}: all {} trials already have a result; nothing submitted",
            prepared.run.root().display(),
            prepared.trials.len()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    if !arguments.slurm {
        return prepared.only_prepare(missing.len());
    }
    let tasks = number_of_tasks(missing.len(), arguments.trials_per_task)?;
    if arguments.dry_run {
        let number = prepared
            .run
            .submissions()?
            .last()
            .map_or(1, |last| last.number + 1);
        let plan = PlanDirectory::new(prepared.run.submission(number));
        say(prepared.script(arguments, &plan, tasks)?.text().trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    prepared.submit(arguments, &missing, tasks)
}

/// A plan that can run, and what it has come to so far.
struct Prepared {
    plan: Plan,
    trials: Vec<PreparedTrial>,
    table: TrialTable,
    run: RunDirectory,
    provenance: Provenance,
    megabytes: u64,
}

impl Prepared {
    fn new(arguments: &SubmitArguments) -> Result<Self> {
        let mut plan = plan_from_file(&arguments.grid)?;
        let results = std::path::absolute(&arguments.place.results)
            .context("--results: the current directory is gone")?;
        let run = RunDirectory::under(&results, &plan.name)?;
        plan.keep_former_ids(&run.begun_trials()?);
        let (data, trials) = load_and_prepare(&arguments.grid, &plan)?;
        let table = take_stock(&run, &plan.swept, &trials, arguments.retry_failed)?;
        let budget = Budget::of_this_machine(None, Some(1));
        Ok(Self {
            provenance: provenance(&plan, &data, &budget),
            megabytes: megabytes(&trials, &data),
            plan,
            trials,
            table,
            run,
        })
    }

    /// Ids of the trials that have no result.
    fn missing(&self) -> Vec<String> {
        (self.table.rows.iter())
            .filter(|row| row.status == TrialStatus::Queued)
            .map(|row| row.trial.clone())
            .collect()
    }

    fn refuse_running(&self, force: bool) -> Result<()> {
        let Some(array) = Array::of(&self.run)?.filter(|_| !force) else {
            return Ok(());
        };
        let tasks = cluster::tasks(&array).context(
            "cannot tell whether the earlier array is still running; try again later, or use --force",
        )?;
        refuse_queued(&self.run, &tasks).context("nothing was submitted; --force submits anyway")
    }

    /// Makes the run directory ready for workers, with the plan in it.
    fn freeze(&mut self) -> Result<RunnerLock> {
        self.run.create()?;
        let lock = RunnerLock::acquire(&self.run)?;
        checksums::refuse_other_results(&self.run, &mut self.provenance)?;
        // A runner that died on another host would seem to be at work for ever.
        if let Some(mut status) = self.run.read_runner()? {
            status.state = RunnerState::Ended;
            self.run.write_runner(&status)?;
        }
        self.run.create_for_workers()?;
        self.freeze_in(&PlanDirectory::new(self.run.root()))?;
        self.table.write(&self.run.trials_csv())?;
        Ok(lock)
    }

    fn freeze_in(&self, plan: &PlanDirectory) -> Result<()> {
        publish(&plan.grid(), self.plan.source.as_bytes())?;
        self.provenance.write(&plan.provenance())?;
        Ok(())
    }

    fn only_prepare(&mut self, missing: usize) -> Result<ExitCode> {
        drop(self.freeze()?);
        let root = self.run.root().display();
        say(format_args!(
            "{root} is ready for workers: {missing} of {} trials have no result\n\
             \x20 any number of workers, such as: nnbcd-tui worker {root} --shard 1/{missing}\n\
             \x20 see it:                         nnbcd-tui watch {root}",
            self.trials.len()
        ));
        Ok(ExitCode::SUCCESS)
    }

    fn script(
        &self,
        arguments: &SubmitArguments,
        plan: &PlanDirectory,
        tasks: usize,
    ) -> Result<Script> {
        Ok(Script {
            name: format!("nnbcd-{}", self.plan.name),
            program: std::env::current_exe().context("cannot find the path of this program")?,
            run: self.run.root().to_path_buf(),
            plan: plan.root().to_path_buf(),
            tasks,
            max_parallel: arguments.max_parallel,
            megabytes: self.megabytes,
            retry_failed: arguments.retry_failed,
            options: arguments.options.clone(),
        })
    }

    fn submit(
        &mut self,
        arguments: &SubmitArguments,
        missing: &[String],
        tasks: usize,
    ) -> Result<ExitCode> {
        let _lock = self.freeze()?;
        let Submission { directory, .. } = self.run.new_submission()?;
        self.freeze_in(&directory)?;
        directory.write_trials(missing)?;
        let script = self.script(arguments, &directory, tasks)?;
        publish(&directory.script(), script.text().as_bytes())?;
        let job = cluster::submit(&directory.script(), &arguments.options, tasks as u64)?;
        directory.write_job(&job).with_context(|| {
            format!(
                "job {} was submitted, but its id could not be saved",
                job.job
            )
        })?;
        let root = self.run.root().display();
        say(format_args!(
            "job {}: {} trials in {tasks} tasks, {} MB each unless given otherwise\n\
             \x20 watch:          nnbcd-tui watch {root}\n\
             \x20 stop them:      nnbcd-tui stop {root}\n\
             \x20 missing trials: repeat the command\n\
             \x20 logs:           {}",
            job.job,
            missing.len(),
            self.megabytes,
            directory.root().display()
        ));
        Ok(ExitCode::SUCCESS)
    }
}

/// Tasks for so many trials, within what the cluster allows in one array.
fn number_of_tasks(trials: usize, per_task: Option<usize>) -> Result<usize> {
    // Indices begin at 1 and have to stay below the size.
    let most = max_array_size()
        .unwrap_or(USUAL_ARRAY_SIZE)
        .saturating_sub(1);
    if most == 0 {
        bail!(
            "this cluster has no job arrays (MaxArraySize is at most 1); use workers without --slurm"
        );
    }
    let least = trials.div_ceil(most);
    match per_task {
        Some(given) if given < least => Err(anyhow!(
            "--trials-per-task {given}: {trials} trials need {} tasks, but this cluster allows {most} per array; use at least {least}",
            trials.div_ceil(given)
        )),
        given => Ok(trials.div_ceil(given.unwrap_or(least))),
    }
}

/// Memory of a task: the largest trial and its data, which are read in double precision and then converted.
fn megabytes(trials: &[PreparedTrial], data: &DataSets) -> u64 {
    const BYTES_PER_NUMBER: f64 = 16.0;
    let largest = trials.iter().map(|trial| trial.cost.memory).max();
    let of_data = data.iter().map(|(_, loaded)| {
        let features = loaded.features as f64;
        (features * loaded.samples.total() as f64 + features * features) * BYTES_PER_NUMBER
    });
    let bytes = BASE_BYTES + largest.unwrap_or(0) as f64 + of_data.sum::<f64>();
    (bytes * MEMORY_MARGIN / 1e6).ceil() as u64
}
