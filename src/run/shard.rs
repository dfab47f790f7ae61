//! A worker's share of a sweep: trial after trial, each with all threads, beside any number of other workers.
//!
//! Nothing is shared between workers but the results in the run directory. Two workers on one trial waste time and do no
//! other harm: the first result wins, see the store's `attempts`.

use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::control::{Interrupt, TrialControl};
use super::prepare::PreparedTrial;
use super::progress::warn_of;
use super::record::failure;
use super::runner::Summary;
use super::trial_error::TrialError;
use super::trial_run::{Outcome, TrialContext, run_guarded};
use crate::store::{
    Hold, Journal, RunDirectory, StoreError, TrialDirectory, TrialEventKind, TrialStatus,
    WORKER_HEARTBEAT, WorkerStatus, publish, share,
};

/// How often a worker looks whether it was told to end.
const TICK: Duration = Duration::from_millis(100);

/// The share `index` of `count`: of the trials in their order, every `count`-th.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which one, from 1.
    pub index: usize,
    /// Of how many.
    pub count: usize,
}

impl Share {
    /// The items of this share.
    pub fn of<T>(self, items: Vec<T>) -> Vec<T> {
        share(items, self.index, self.count)
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(index, count)| {
            Some((index.parse::<usize>().ok()?, count.parse::<usize>().ok()?))
        });
        match numbers {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Self { index, count }),
            _ => Err("must be i/N with i from 1 to N, for example 3/8".into()),
        }
    }
}

/// What a worker is to do.
pub struct Shard {
    /// Where everything is written.
    pub run: RunDirectory,
    /// The trials, in the order in which they are run.
    pub trials: Vec<PreparedTrial>,
    /// Threads of a trial.
    pub threads: usize,
    /// Time between checkpoints of a trial.
    pub checkpoint_every: Duration,
    /// Whether trials that failed before are run again.
    pub retry_failed: bool,
    /// The task of a job array that this process is; empty outside of one.
    pub task: String,
}

/// What has happened to a trial of a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShardEvent {
    /// It has a result already.
    Skipped,
    /// It has begun, or goes on after this iteration.
    Started(u64),
    /// It has a result.
    Done,
    /// Another worker was faster.
    Overtaken,
    /// It has failed; that is its result.
    Failed(String),
    /// It was stopped and has a checkpoint, but no result.
    Stopped,
    /// Something here hindered it; it has no result.
    Hindered(String),
}

/// Runs the trials of the shard that have no result. After an interrupt the current trial writes a checkpoint and the
/// rest is left.
///
/// # Errors
/// [`StoreError`] if the run directory cannot be written at the start.
pub fn run_shard(
    shard: &Shard,
    interrupt: &Interrupt,
    observe: &(dyn Fn(&str, ShardEvent) + Sync),
) -> Result<Summary, StoreError> {
    shard.run.create_for_workers()?;
    let hold = Hold::of(shard.run.root())?;
    let status = WorkerStatus::of_this_process(shard.task.clone());
    let journal = Journal::create_named(&shard.run, &status.name)?;
    shard.run.write_worker(&status)?;
    let mut worker = Worker {
        shard,
        interrupt,
        observe,
        hold,
        status,
        journal,
        summary: Summary::default(),
    };
    for trial in &shard.trials {
        worker.work_on(trial);
    }
    worker.status.ended = true;
    worker.status.trial.clear();
    worker.hold.check()?;
    shard.run.write_worker(&worker.status)?;
    // Whoever looks later finds the table true, if nobody else is going to change it.
    if shard.run.is_last_worker(&worker.status.name)? {
        warn_of(shard.run.gather_results().map(drop));
    }
    Ok(worker.summary)
}

struct Worker<'a> {
    shard: &'a Shard,
    interrupt: &'a Interrupt,
    observe: &'a (dyn Fn(&str, ShardEvent) + Sync),
    /// The run directory as it was at the start.
    hold: Hold,
    status: WorkerStatus,
    journal: Journal,
    summary: Summary,
}

impl Worker<'_> {
    /// Runs one trial, if there is something left to do, and counts how it ended.
    fn work_on(&mut self, trial: &PreparedTrial) {
        let event = if self.interrupt.is_requested() {
            ShardEvent::Stopped
        } else {
            self.attempt(trial)
                .unwrap_or_else(|error| self.hindered(trial, &error))
        };
        match &event {
            ShardEvent::Failed(_) => self.summary.failed += 1,
            ShardEvent::Stopped | ShardEvent::Hindered(_) => self.summary.unfinished += 1,
            _ => self.summary.done += 1,
        }
        (self.observe)(&trial.trial.id, event);
    }

    /// What stands in the way of a trial whose result has come from elsewhere does not matter: a faster worker has
    /// cleaned up after it.
    fn hindered(&mut self, trial: &PreparedTrial, error: &TrialError) -> ShardEvent {
        let directory = self.shard.run.trial(&trial.trial.id);
        match directory.read_result() {
            Ok(Some(result)) if result.status == TrialStatus::Done => ShardEvent::Overtaken,
            _ => {
                self.note(trial, ended(TrialStatus::Stopped, None));
                ShardEvent::Hindered(error.to_string())
            }
        }
    }

    fn attempt(&mut self, trial: &PreparedTrial) -> Result<ShardEvent, TrialError> {
        let directory = self.shard.run.trial(&trial.trial.id);
        self.hold.check()?;
        directory.settle()?;
        let known = match directory.read_result() {
            // Gone, or it would count as the first result.
            Err(error) if error.is_damage() => {
                tracing::warn!("{error}: rerunning this trial");
                directory.remove_result()?;
                None
            }
            known => known?,
        };
        match known {
            Some(result) if result.status == TrialStatus::Failed => {
                if !self.shard.retry_failed {
                    return Ok(ShardEvent::Failed(result.error.unwrap_or_default()));
                }
                directory.remove_result()?;
            }
            Some(_) => return Ok(ShardEvent::Skipped),
            None => {}
        }
        directory.create()?;
        publish(
            &directory.config(),
            trial.trial.settings.to_yaml().as_bytes(),
        )?;
        let own = directory.begin_attempt(&self.status.name)?;
        self.status.trial.clone_from(&trial.trial.id);
        self.shard.run.write_worker(&self.status)?;
        let outcome = self.run(trial, &directory, own.clone())?;
        let (result, event) = match outcome {
            Ok(Outcome::Done(result)) => (*result, ShardEvent::Done),
            Ok(Outcome::Stopped(_)) if directory.result_json().exists() => {
                return Ok(ShardEvent::Overtaken);
            }
            Ok(Outcome::Stopped(_)) => {
                self.note(trial, ended(TrialStatus::Stopped, None));
                return Ok(ShardEvent::Stopped);
            }
            Err(error) => (
                failure(trial, &own, error.clone())?,
                ShardEvent::Failed(error),
            ),
        };
        self.hold.check()?;
        if !directory.publish_attempt(&own, &result)? {
            return Ok(ShardEvent::Overtaken);
        }
        self.note(trial, ended(result.status, result.error));
        Ok(event)
    }

    /// Runs the trial. The inner error is the trial's own, which any worker would meet; the outer one is of this machine.
    fn run(
        &mut self,
        trial: &PreparedTrial,
        directory: &TrialDirectory,
        own: TrialDirectory,
    ) -> Result<Result<Outcome, String>, TrialError> {
        let control = TrialControl::new(self.shard.threads);
        let started = |iteration| self.started(trial, iteration);
        let context = TrialContext {
            directory: own,
            hold: &self.hold,
            checkpoint_every: self.shard.checkpoint_every,
            control: &control,
            started: &started,
        };
        let over = AtomicBool::new(false);
        let (outcome, beats) = std::thread::scope(|scope| {
            let guard = std::thread::Builder::new()
                .spawn_scoped(scope, || self.guard(directory, &control, &over));
            let guard = match guard {
                Ok(guard) => guard,
                Err(error) => return (Err(TrialError::Thread(error)), 0),
            };
            let outcome = run_guarded(trial, &context);
            over.store(true, Ordering::SeqCst);
            (outcome, guard.join().unwrap_or_default())
        });
        self.status.beat += beats;
        match outcome {
            Err(error) if error.is_of_the_machine() => Err(error),
            Err(error) => Ok(Err(error.to_string())),
            Ok(outcome) => Ok(Ok(outcome)),
        }
    }

    fn started(&self, trial: &PreparedTrial, iteration: u64) {
        let kind = TrialEventKind::Started {
            from_iteration: iteration,
            iterations: trial.trial.settings.solver.iterations() as u64,
        };
        warn_of(self.journal.append(&trial.trial.id, kind));
        (self.observe)(&trial.trial.id, ShardEvent::Started(iteration));
    }

    /// Beside a running trial: hands on an interrupt, keeps the heartbeat, and ends the trial when another worker has
    /// been faster. Returns the number of heartbeats.
    fn guard(&self, directory: &TrialDirectory, control: &TrialControl, over: &AtomicBool) -> u64 {
        let mut beats = 0;
        let mut last = Instant::now();
        while !over.load(Ordering::SeqCst) {
            if self.interrupt.is_requested() {
                control.stop();
            }
            if last.elapsed() >= WORKER_HEARTBEAT {
                last = Instant::now();
                if matches!(self.hold.is_in_place(), Ok(false)) {
                    control.stop();
                    continue;
                }
                beats += 1;
                let mut status = self.status.clone();
                status.beat += beats;
                warn_of(self.shard.run.write_worker(&status));
                if directory.result_json().exists() {
                    control.stop();
                }
            }
            std::thread::sleep(TICK);
        }
        beats
    }

    fn note(&self, trial: &PreparedTrial, kind: TrialEventKind) {
        warn_of(self.journal.append(&trial.trial.id, kind));
    }
}

fn ended(status: TrialStatus, error: Option<String>) -> TrialEventKind {
    TrialEventKind::Ended { status, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_parts_of_the_whole() {
        let items: Vec<usize> = (0..11).collect();
        let mut all: Vec<usize> = (1..=4)
            .flat_map(|index| Share { index, count: 4 }.of(items.clone()))
            .collect();
        assert_eq!(&all[..3], &[0, 4, 8]);
        all.sort_unstable();
        assert_eq!(all, items);
        assert!(Share { index: 3, count: 3 }.of(vec![1, 2]).is_empty());
    }

    #[test]
    fn a_share_is_written_as_one_of_many() {
        assert_eq!("3/8".parse(), Ok(Share { index: 3, count: 8 }));
        for wrong in ["0/8", "9/8", "8", "a/b", "1/0", "/", ""] {
            assert!(wrong.parse::<Share>().is_err(), "{wrong}");
        }
    }
}
