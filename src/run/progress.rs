//! The state of all trials of a run, and its traces in the run directory: journal, `trials.csv`,
//! results, heartbeat.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

use super::notice;
use super::prepare::PreparedTrial;
use super::runner::{Summary, Sweep};
use crate::store::{
    Journal, RunDirectory, RunnerState, RunnerStatus, StoreError, TrialDirectory, TrialEventKind,
    TrialResult, TrialRow, TrialStatus, TrialTable, checkpoint, host_name, publish, unix_seconds,
};

/// Time between heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// `trials.csv` is written again after every trial, but for a huge plan or a slow disk not more often
/// than takes this share of the time …
const TABLE_TIME_SHARE: u32 = 20;
/// … unless it would lag behind by more than this.
const TABLE_LAG: Duration = Duration::from_secs(5);

/// State of all trials of a run.
pub struct Progress<'a> {
    sweep: &'a Sweep,
    table: TrialTable,
    index: HashMap<&'a str, usize>,
    journal: Journal,
    started_at: f64,
    start: Instant,
    last_heartbeat: Option<(Instant, RunnerState)>,
    table_written: Instant,
    table_cost: Duration,
    table_is_stale: bool,
    system: System,
}

impl<'a> Progress<'a> {
    /// Takes stock: which trials have a result from an earlier run, and writes the first
    /// `trials.csv`.
    pub(super) fn start(sweep: &'a Sweep) -> Result<Self, StoreError> {
        let mut progress = Self {
            index: sweep
                .trials
                .iter()
                .enumerate()
                .map(|(index, prepared)| (prepared.trial.id.as_str(), index))
                .collect(),
            journal: Journal::create(&sweep.run)?,
            table: take_stock(&sweep.run, &sweep.swept, &sweep.trials, sweep.retry_failed)?,
            sweep,
            started_at: unix_seconds(),
            start: Instant::now(),
            last_heartbeat: None,
            table_written: Instant::now(),
            table_cost: Duration::ZERO,
            table_is_stale: true,
            system: System::new(),
        };
        progress.write_table(TrialTable::write)?;
        Ok(progress)
    }

    /// All trials with what is known of them.
    pub fn table(&self) -> &TrialTable {
        &self.table
    }

    /// State of the trial with this index in the plan.
    pub fn status(&self, index: usize) -> TrialStatus {
        self.table.rows[index].status
    }

    /// Index in the plan of the trial with this id.
    pub(super) fn index(&self, id: &str) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// How many trials ended in which way so far.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for row in &self.table.rows {
            match row.status {
                TrialStatus::Done => summary.done += 1,
                TrialStatus::Failed => summary.failed += 1,
                TrialStatus::Queued | TrialStatus::Running | TrialStatus::Stopped => {
                    summary.unfinished += 1;
                }
            }
        }
        summary
    }

    /// A trial is about to start: its directory and `config.yaml` are made. Without them it must not.
    pub(super) fn starting(&mut self, index: usize) -> Result<(), StoreError> {
        self.sweep.lock.check()?;
        let trial = &self.sweep.trials[index].trial;
        let directory = self.sweep.run.trial(&trial.id);
        directory.create()?;
        publish(&directory.config(), trial.settings.to_yaml().as_bytes())?;
        directory.adopt_attempts()?;
        self.table.rows[index].status = TrialStatus::Running;
        Ok(())
    }

    /// A trial has begun, or goes on after `iteration`.
    pub(super) fn started(&mut self, index: usize, iteration: u64) {
        let iterations = self.sweep.trials[index].trial.settings.solver.iterations() as u64;
        self.note(
            index,
            TrialEventKind::Started {
                from_iteration: iteration,
                iterations,
            },
        );
        self.table_is_stale = true;
    }

    /// A trial has a result, or has failed: the result is published.
    pub(super) fn ended(&mut self, index: usize, result: TrialResult) -> Result<(), StoreError> {
        self.sweep.lock.check()?;
        let directory = self.sweep.run.trial(&result.trial);
        // A trial runs again only when it has no result, or a failed one.
        directory.replace_result(&result)?;
        let swept = std::mem::take(&mut self.table.rows[index].swept);
        self.table.rows[index] = TrialRow::from_result(&result, swept);
        let (status, error) = (result.status, result.error);
        self.note(index, TrialEventKind::Ended { status, error });
        if status == TrialStatus::Done {
            warn_of(checkpoint::remove(&directory));
        }
        self.table_changed();
        Ok(())
    }

    /// A trial was stopped while running; it has a checkpoint and no result.
    pub(super) fn stopped(&mut self, index: usize, so_far: &TrialResult) {
        let swept = std::mem::take(&mut self.table.rows[index].swept);
        self.table.rows[index] = TrialRow::from_result(so_far, swept);
        self.end_without_result(index);
    }

    /// Whether a waiting trial has a result by now, from a worker: it counts and is left alone.
    pub(super) fn has_meanwhile_been_done(&mut self, index: usize) -> Result<bool, StoreError> {
        let directory = (self.sweep.run).trial(&self.sweep.trials[index].trial.id);
        let Some(result) = settled_result(&directory)? else {
            return Ok(false);
        };
        let done = result.status == TrialStatus::Done;
        if done {
            let swept = std::mem::take(&mut self.table.rows[index].swept);
            self.table.rows[index] = TrialRow::from_result(&result, swept);
            self.table_changed();
        }
        Ok(done)
    }

    /// The machine was in the way of a trial, which has no result. An error: it is in the way of `trials.csv`, too.
    pub(super) fn hindered(&mut self, index: usize, error: &str) -> Result<(), StoreError> {
        let row = &mut self.table.rows[index];
        (row.status, row.error) = (TrialStatus::Stopped, error.to_owned());
        let kind = TrialEventKind::Ended {
            status: TrialStatus::Stopped,
            error: Some(error.to_owned()),
        };
        self.note(index, kind);
        self.write_table(TrialTable::write)
    }

    /// A waiting trial was cancelled.
    pub(super) fn cancelled(&mut self, index: usize) {
        self.table.rows[index].status = TrialStatus::Stopped;
        self.end_without_result(index);
    }

    fn end_without_result(&mut self, index: usize) {
        let status = TrialStatus::Stopped;
        self.note(
            index,
            TrialEventKind::Ended {
                status,
                error: None,
            },
        );
        self.table_changed();
    }

    /// Puts a failed or stopped trial back into the queue; whether that worked.
    pub(super) fn queue_again(&mut self, index: usize) -> bool {
        let directory = self.sweep.run.trial(&self.sweep.trials[index].trial.id);
        let removed = (self.sweep.lock.check()).and_then(|()| directory.remove_result());
        if let Err(error) = removed {
            tracing::warn!("{error}");
            return false;
        }
        self.table.rows[index] = queued_row(&self.sweep.trials[index]);
        self.note(index, TrialEventKind::Queued);
        self.table_changed();
        true
    }

    /// Writes an event to the journal.
    pub(super) fn note(&mut self, index: usize, kind: TrialEventKind) {
        warn_of(
            self.journal
                .append(&self.sweep.trials[index].trial.id, kind),
        );
    }

    /// Once a second, and at every change of state: `runner.json`, and a `trials.csv` that waits.
    pub(super) fn heartbeat(&mut self, state: RunnerState, jobs: usize) {
        let due = self
            .last_heartbeat
            .is_none_or(|(at, last)| at.elapsed() >= HEARTBEAT || last != state);
        if due {
            self.last_heartbeat = Some((Instant::now(), state));
            warn_of(
                self.sweep
                    .run
                    .write_runner(&self.runner_status(state, jobs)),
            );
            self.write_table_if_due();
        }
    }

    /// The last `trials.csv` of a run.
    pub(super) fn conclude(&mut self) -> Result<(), StoreError> {
        for row in &mut self.table.rows {
            if row.status == TrialStatus::Running {
                row.status = TrialStatus::Queued;
            }
        }
        self.write_table(TrialTable::write)
    }

    /// The last heartbeat of a run.
    pub(super) fn end(&mut self, jobs: usize) -> Result<(), StoreError> {
        self.sweep.lock.check()?;
        self.sweep
            .run
            .write_runner(&self.runner_status(RunnerState::Ended, jobs))
    }

    fn runner_status(&mut self, state: RunnerState, jobs: usize) -> RunnerStatus {
        let process = sysinfo::get_current_pid().ok();
        let wanted = process.as_slice();
        let what = ProcessRefreshKind::nothing()
            .with_cpu()
            .with_memory()
            .with_disk_usage();
        self.system
            .refresh_processes_specifics(ProcessesToUpdate::Some(wanted), false, what);
        let process = process.and_then(|pid| self.system.process(pid));
        RunnerStatus {
            state,
            host: host_name(),
            pid: std::process::id(),
            started_at: self.started_at,
            // Not the clock of the wall, which somebody may set meanwhile.
            updated_at: self.started_at + self.start.elapsed().as_secs_f64(),
            jobs: jobs as u64,
            threads: self.sweep.budget.threads as u64,
            trials: self.sweep.trials.len() as u64,
            cpu_seconds: process.map_or(0.0, |process| process.accumulated_cpu_time() as f64 / 1e3),
            memory_bytes: process.map_or(0, sysinfo::Process::memory),
            bytes_written: process.map_or(0, |process| process.disk_usage().total_written_bytes),
            message: String::new(),
        }
    }

    fn table_changed(&mut self) {
        self.table_is_stale = true;
        self.write_table_if_due();
    }

    fn write_table_if_due(&mut self) {
        let wait = (self.table_cost * TABLE_TIME_SHARE).min(TABLE_LAG);
        if self.table_is_stale && self.table_written.elapsed() >= wait {
            warn_of(self.write_table(TrialTable::write_unsynced));
        }
    }

    fn write_table(
        &mut self,
        write: fn(&TrialTable, &Path) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.sweep.lock.check()?;
        let start = Instant::now();
        write(&self.table, &self.sweep.run.trials_csv())?;
        self.table_is_stale = false;
        self.table_written = Instant::now();
        self.table_cost = start.elapsed();
        Ok(())
    }
}

fn queued_row(prepared: &PreparedTrial) -> TrialRow {
    TrialRow {
        trial: prepared.trial.id.clone(),
        status: TrialStatus::Queued,
        seed: prepared.trial.settings.seed,
        swept: prepared.trial.swept.clone(),
        params_dense: Some(prepared.architecture.parameters() as u64),
        notices: notice::codes(&prepared.data, 0, &[]),
        ..TrialRow::default()
    }
}

/// The table of a run before it starts (again): trials that have a result, those that wait, and those whose result
/// cannot be read now, which count as stopped: they must not be run again over it.
///
/// One directory is listed, so that a huge plan that has just begun costs little.
///
/// # Errors
/// If that directory cannot be listed.
pub fn take_stock(
    run: &RunDirectory,
    swept: &[String],
    trials: &[PreparedTrial],
    retry_failed: bool,
) -> Result<TrialTable, StoreError> {
    let begun = run.begun_trials()?;
    let row = |prepared: &PreparedTrial| {
        if !begun.contains(&prepared.trial.id) {
            return queued_row(prepared);
        }
        match settled_result(&run.trial(&prepared.trial.id)) {
            Ok(Some(result)) if result.status == TrialStatus::Done || !retry_failed => {
                TrialRow::from_result(&result, prepared.trial.swept.clone())
            }
            Ok(_) => queued_row(prepared),
            Err(error) => {
                tracing::warn!("trial {}: {error}", prepared.trial.id);
                TrialRow {
                    status: TrialStatus::Stopped,
                    error: error.to_string(),
                    ..queued_row(prepared)
                }
            }
        }
    };
    Ok(TrialTable {
        swept: swept.to_vec(),
        rows: trials.iter().map(row).collect(),
    })
}

/// The result of an earlier run, after what that left behind has been cleaned up; `None`: there is none, or a damaged
/// one, which does not count.
fn settled_result(directory: &TrialDirectory) -> Result<Option<TrialResult>, StoreError> {
    directory.settle()?;
    match directory.read_checked_result() {
        Err(error) if error.is_damage() => {
            tracing::warn!("{error}: rerunning this trial");
            Ok(None)
        }
        result => result,
    }
}

/// What cannot be written now is written again with the next change; the trials go on.
pub(super) fn warn_of(written: Result<(), StoreError>) {
    if let Err(error) = written {
        tracing::warn!("{error}");
    }
}
