//! The runner: prepares everything, takes the run directory, runs the sweep, writes the tables.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use nnbcd::grid::{Plan, plan_from_file};
use nnbcd::measure::bytes;
use nnbcd::report;
use nnbcd::run::budget::memory_of_this_machine;
use nnbcd::run::notice;
use nnbcd::run::trial_error::NO_THREADS;
use nnbcd::run::{
    Budget, DataSets, Interrupt, Moment, PreparedTrial, Progress, Summary, Sweep, prepare,
    run_sweep,
};
use nnbcd::store::{
    Provenance, RunDirectory, RunnerLock, TrialStatus, open_log, publish, rfc3339_utc,
    sweep_temporaries, take, unix_seconds,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU};
use signal_hook::iterator::Signals;

use super::progress::ProgressLines;
use super::{INCOMPLETE, checksums, say};
use crate::cli::RunArguments;

/// Rows of the table that is printed at the end.
const SHORT_TABLE_ROWS: usize = 40;

/// The grid file of the main job.
pub fn grid(arguments: &RunArguments) -> Result<&Path> {
    arguments
        .grid
        .as_deref()
        .ok_or_else(|| anyhow!("no grid file; give one, such as experiments/grid.yaml"))
}

/// The runner in the foreground: progress lines instead of a dashboard.
pub fn foreground(arguments: &RunArguments) -> Result<ExitCode> {
    log_warnings();
    start_threads()?;
    let prepared = Prepared::new(arguments)?;
    let interrupt = watch_signals()?;
    Ok(end_of(run_with_lines(prepared, &interrupt)))
}

fn run_with_lines(prepared: Prepared, interrupt: &Interrupt) -> Result<Summary> {
    let mut lines = ProgressLines::new();
    let dropped = match prepared.plan.duplicates {
        0 => String::new(),
        duplicates => format!(" ({duplicates} duplicates dropped)"),
    };
    say(format_args!(
        "{}: {} trials into {}{dropped}",
        prepared.plan.name,
        prepared.trials.len(),
        prepared.run.root().display()
    ));
    let run = prepared.run.clone();
    let summary = prepared.run(interrupt, &mut |progress, moment| {
        lines.observe(progress, moment);
    })?;
    print_short_table(&run)?;
    print_summary(summary);
    Ok(summary)
}

/// The runner as a process of its own: it leaves the terminal's session, so that neither a closed
/// terminal nor Ctrl-C reaches it. Until everything is prepared, standard error belongs to the
/// command that started it; then it goes to `runner.log`, which tells that command to go on.
pub fn detached(arguments: &RunArguments) -> Result<ExitCode> {
    // Fails only for a process that already leads a session, which is just as well.
    let _ = rustix::process::setsid();
    log_warnings();
    start_threads()?;
    let prepared = Prepared::new(arguments)?;
    let interrupt = watch_signals()?;
    let log = prepared.run.runner_log();
    let file = open_log(&log)?;
    rustix::stdio::dup2_stderr(&file)?;
    tracing::warn!("runner {} started", std::process::id());
    Ok(end_of(prepared.run(&interrupt, &mut |_, _| {}).inspect(
        |summary| {
            tracing::warn!(
                "runner ended: {} done, {} failed, {} unfinished",
                summary.done,
                summary.failed,
                summary.unfinished
            );
        },
    )))
}

/// The exit code of a run. What goes wrong once trials have been started is no refusal any more.
pub fn end_of(outcome: Result<Summary>) -> ExitCode {
    match outcome {
        Ok(summary) if summary.failed + summary.unfinished == 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(INCOMPLETE),
        Err(error) => {
            super::report(&error);
            ExitCode::from(INCOMPLETE)
        }
    }
}

/// Everything that can be wrong has been checked, and the run directory belongs to this process.
struct Prepared {
    plan: Plan,
    trials: Vec<PreparedTrial>,
    run: RunDirectory,
    budget: Budget,
    retry_failed: bool,
    lock: RunnerLock,
}

impl Prepared {
    fn new(arguments: &RunArguments) -> Result<Self> {
        let grid = grid(arguments)?;
        let mut plan = plan_from_file(grid)?;
        let run = RunDirectory::under(&arguments.place.results, &plan.name)?;
        if !arguments.fresh {
            plan.keep_former_ids(&run.begun_trials()?);
        }
        let (data, trials) = load_and_prepare(grid, &plan)?;
        refuse_too_large(&run, &trials, arguments.retry_failed)?;
        let budget = Budget::of_this_machine(arguments.limits.threads, arguments.limits.jobs);
        if arguments.fresh {
            super::queue::refuse_beside_workers(&run)?;
            move_aside(&run)?;
        }
        run.create()?;
        let lock = RunnerLock::acquire(&run)?;
        // What was sent to an earlier runner that had just ended is not meant for this one.
        drop(take(&run));
        super::queue::refuse_beside_workers(&run)?;
        for warning in &plan.warnings {
            tracing::warn!("{}: {warning}", grid.display());
        }
        let mut provenance = provenance(&plan, &data, &budget);
        checksums::refuse_other_results(&run, &mut provenance)?;
        sweep_temporaries(run.root())?;
        publish(&run.grid(), plan.source.as_bytes())?;
        provenance.write(&run.provenance())?;
        Ok(Self {
            plan,
            trials,
            run,
            budget,
            retry_failed: arguments.retry_failed,
            lock,
        })
    }

    fn run(
        self,
        interrupt: &Interrupt,
        observe: &mut dyn FnMut(&Progress<'_>, Moment),
    ) -> Result<Summary> {
        let sweep = Sweep {
            run: self.run,
            lock: self.lock,
            swept: self.plan.swept,
            trials: self.trials,
            budget: self.budget,
            checkpoint_every: Duration::from_secs_f64(self.plan.checkpoint_every),
            retry_failed: self.retry_failed,
        };
        let mut tables = Ok(());
        let summary = run_sweep(&sweep, interrupt, &mut |progress, moment| {
            if moment == Moment::End {
                tables = report::write_tables(&sweep.run).map(drop);
            }
            observe(progress, moment);
        })?;
        tables?;
        Ok(summary)
    }
}

/// Reads the data of a plan and prepares its trials; an error names the grid file.
pub fn load_and_prepare(grid: &Path, plan: &Plan) -> Result<(DataSets, Vec<PreparedTrial>)> {
    let data = DataSets::load(plan).map_err(|error| anyhow!("{}: {error}", grid.display()))?;
    let trials = prepare(plan, &data).map_err(|error| anyhow!("{}: {error}", grid.display()))?;
    for (settings, loaded) in data.iter() {
        for finding in notice::of_data(loaded) {
            tracing::warn!("{}: {finding}", settings.describe());
        }
    }
    Ok((data, trials))
}

/// Moves an earlier run directory out of the way, unless a runner works on it.
fn move_aside(run: &RunDirectory) -> Result<()> {
    if !run.root().exists() {
        return Ok(());
    }
    // Held until it has moved: nobody else may begin to work there.
    let _lock = RunnerLock::acquire(run)?;
    let aside = name_aside(run.root());
    std::fs::rename(run.root(), &aside)
        .with_context(|| format!("cannot move {} aside", run.root().display()))?;
    say(format_args!(
        "the previous run was moved to {}",
        aside.display()
    ));
    Ok(())
}

/// A free name beside the run directory: with the time, and a number if that is taken.
fn name_aside(root: &Path) -> PathBuf {
    let stamp = rfc3339_utc(unix_seconds()).replace(':', "-");
    let mut aside = PathBuf::from(format!("{}.{stamp}", root.display()));
    let mut number = 1;
    while aside.exists() {
        number += 1;
        aside = PathBuf::from(format!("{}.{stamp}.{number}", root.display()));
    }
    aside
}

pub fn provenance(plan: &Plan, data: &DataSets, budget: &Budget) -> Provenance {
    let commit = commit_of(&plan.base);
    let threads = budget.threads as u64;
    let mut provenance =
        Provenance::of_this_machine(env!("CARGO_PKG_VERSION"), commit.as_deref(), threads);
    provenance.base_directory = std::path::absolute(&plan.base).unwrap_or(plan.base.clone());
    checksums::record(&mut provenance, plan, data);
    provenance
}

/// The commit of the repository that holds the grid file, if there is one.
fn commit_of(directory: &Path) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(if directory.as_os_str().is_empty() {
            Path::new(".")
        } else {
            directory
        })
        .args(["rev-parse", "HEAD"])
        .output()
        .ok()?;
    let commit = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| commit.trim().to_owned())
}

/// Refuses trials that no memory of this machine can hold: such a trial would not fail by itself, it would take the runner
/// and all other trials with it.
fn refuse_too_large(
    run: &RunDirectory,
    trials: &[PreparedTrial],
    retry_failed: bool,
) -> Result<()> {
    let memory = memory_of_this_machine();
    let has_result = |trial: &PreparedTrial| {
        let result = run.trial(&trial.trial.id).read_result();
        matches!(result, Ok(Some(result)) if !retry_failed || result.status == TrialStatus::Done)
    };
    let mut too_large = trials.iter().filter(|trial| trial.cost.memory > memory);
    if let Some(trial) = too_large.find(|trial| !has_result(trial)) {
        bail!(
            "trial {} needs about {} of memory, this machine has {} (limits of the process, such as ulimit -v, counted): make model.hidden or data.train smaller, or take \
             a larger machine (plan lists what every trial needs)",
            trial.trial.id,
            bytes(trial.cost.memory as f64),
            bytes(memory as f64)
        );
    }
    Ok(())
}

/// SIGTERM and SIGINT ask the trials to stop after their current iteration, and so do the signals with which queues
/// and login nodes warn of a limit (SIGXCPU, SIGUSR1, SIGUSR2); a second SIGINT ends the process at once. A closed
/// terminal (SIGHUP) is no reason to stop.
pub fn watch_signals() -> Result<Arc<Interrupt>> {
    let interrupt = Arc::new(Interrupt::default());
    let shared = Arc::clone(&interrupt);
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGXCPU, SIGUSR1, SIGUSR2])?;
    let listen = move || {
        for signal in signals.forever() {
            if signal == SIGHUP {
                continue;
            }
            if shared.request() > 0 && signal == SIGINT {
                std::process::exit(128 + SIGINT);
            }
        }
    };
    std::thread::Builder::new()
        .spawn(listen)
        .context(NO_THREADS)?;
    Ok(interrupt)
}

/// Starts the threads of the linear algebra outside of trials. Where there are none, that must be said: it would end in a
/// panic later.
pub fn start_threads() -> Result<()> {
    let started = rayon::ThreadPoolBuilder::new().build_global();
    started.context(NO_THREADS)
}

pub fn log_warnings() {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_target(false)
        .with_max_level(tracing::Level::WARN)
        .init();
}

/// The result as a short table.
pub fn print_short_table(run: &RunDirectory) -> Result<()> {
    let table = report::build(&run.read_gathered()?, &report::TableQuery::default())?;
    let width = if io::stdout().is_terminal() {
        crossterm::terminal::size().map_or(100, |(columns, _)| usize::from(columns))
    } else {
        usize::MAX
    };
    say(report::short_text(&table, width, SHORT_TABLE_ROWS));
    if run.tables().exists() {
        say(format_args!("tables: {}", run.tables().display()));
    }
    Ok(())
}

fn print_summary(summary: Summary) {
    let mut text = format!("{} done", summary.done);
    if summary.failed > 0 {
        text.push_str(&format!(
            ", {} failed (rerun with --retry-failed)",
            summary.failed
        ));
    }
    if summary.unfinished > 0 {
        text.push_str(&format!(
            ", {} unfinished (repeat the command to resume)",
            summary.unfinished
        ));
    }
    say(text);
}
