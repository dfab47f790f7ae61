//! The runner: many trials at once, orders from outside, results published one by one.
//!
//! One thread (the caller's) decides: it starts trials while jobs and memory allow, shares out the
//! threads, takes commands, writes the heartbeat and `trials.csv`. Each trial runs on a thread of
//! its own with a rayon pool of the size it was given; the total never exceeds the budget.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::Scope;
use std::time::Duration;

use super::budget::{Budget, share_threads};
use super::control::{Interrupt, TrialControl};
use super::prepare::PreparedTrial;
use super::progress::{Progress, warn_of};
use super::record::failure;
use super::trial_error::TrialError;
use super::trial_run::{Outcome, TrialContext, run_guarded};
use crate::store::{
    Command, RunDirectory, RunnerLock, RunnerState, StoreError, TrialEventKind, TrialResult,
    TrialStatus, take,
};

/// How often commands are looked for and the scheduler looks around.
const TICK: Duration = Duration::from_millis(200);

/// What a sweep is to do.
pub struct Sweep {
    /// Where everything is written.
    pub run: RunDirectory,
    /// The right to do so.
    pub lock: RunnerLock,
    /// Names of the swept columns.
    pub swept: Vec<String>,
    /// All trials of the plan, in its order.
    pub trials: Vec<PreparedTrial>,
    /// Threads, memory, trials at once.
    pub budget: Budget,
    /// Time between checkpoints of a trial.
    pub checkpoint_every: Duration,
    /// Whether trials that failed before are run again.
    pub retry_failed: bool,
}

/// What the observer of a sweep is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing has been started yet.
    Start,
    /// The trial with this index in the plan has changed.
    Change(usize),
    /// `trials.csv` is final. What the observer writes now is there for everybody who waits until
    /// the runner says that the run has ended.
    End,
}

/// How many trials ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// With a result.
    pub done: usize,
    /// With an error.
    pub failed: usize,
    /// Stopped, or never started because the run was stopped.
    pub unfinished: usize,
}

/// A trial that is running.
struct Running {
    control: Arc<TrialControl>,
    memory: u64,
}

/// News of a trial's thread.
enum News {
    Started(usize, u64),
    Ended(usize, Result<Outcome, TrialError>),
}

struct Runner<'a> {
    sweep: &'a Sweep,
    interrupt: &'a Interrupt,
    progress: Progress<'a>,
    /// Indices of trials that wait, the next one last.
    queue: Vec<usize>,
    running: HashMap<usize, Running>,
    jobs: usize,
    paused: bool,
    stopping: bool,
}

/// Runs every trial of the sweep that has no result yet.
///
/// `observe` is told of the start, of every change of a trial and of the end.
///
/// # Errors
/// [`StoreError`] when the run directory cannot be written at the start. Later such errors leave the trial
/// that they hit without a result, and the run stops if its own files cannot be written.
pub fn run_sweep(
    sweep: &Sweep,
    interrupt: &Interrupt,
    observe: &mut dyn FnMut(&Progress<'_>, Moment),
) -> Result<Summary, StoreError> {
    let progress = Progress::start(sweep)?;
    let mut queue: Vec<usize> = (0..sweep.trials.len())
        .filter(|index| progress.status(*index) == TrialStatus::Queued)
        .collect();
    // Longest first, so that no long trial is left over at the end; equals in the order of the plan.
    queue.sort_by(|a, b| {
        let operations = |index: &usize| sweep.trials[*index].cost.operations;
        operations(a).total_cmp(&operations(b)).then(b.cmp(a))
    });
    let runner = Runner {
        sweep,
        interrupt,
        progress,
        queue,
        running: HashMap::new(),
        jobs: sweep.budget.jobs,
        paused: false,
        stopping: false,
    };
    runner.run(observe)
}

impl<'a> Runner<'a> {
    fn run(
        mut self,
        observe: &mut dyn FnMut(&Progress<'_>, Moment),
    ) -> Result<Summary, StoreError> {
        let (sender, news) = mpsc::channel();
        observe(&self.progress, Moment::Start);
        std::thread::scope(|scope| {
            let mut decide = || {
                loop {
                    if self.is_in_its_place() {
                        self.take_commands();
                        self.start_trials(scope, &sender);
                        self.progress.heartbeat(self.state(), self.jobs);
                    }
                    if self.running.is_empty() && (self.queue.is_empty() || self.stopping) {
                        break;
                    }
                    if let Some(index) = self.take_news(&news) {
                        observe(&self.progress, Moment::Change(index));
                    }
                }
            };
            if let Err(panic) = catch_unwind(AssertUnwindSafe(&mut decide)) {
                // Nobody decides any more: the trials must not go on for ever.
                self.stop();
                resume_unwind(panic);
            }
        });
        self.progress.conclude()?;
        observe(&self.progress, Moment::End);
        self.progress.end(self.jobs)?;
        Ok(self.progress.summary())
    }

    /// Whether the run directory is still the one that this runner has locked; if not, another runner may be at work in
    /// its place, and this one stops. What the machine does not say now it says at the next look.
    fn is_in_its_place(&mut self) -> bool {
        let is = self.sweep.lock.hold().is_in_place();
        if matches!(is, Ok(false)) && !self.stopping {
            warn_of(self.sweep.lock.check());
            self.stop();
        }
        matches!(is, Ok(true))
    }

    fn state(&self) -> RunnerState {
        if self.stopping {
            RunnerState::Stopping
        } else if self.paused {
            RunnerState::Paused
        } else {
            RunnerState::Running
        }
    }

    fn take_news(&mut self, news: &Receiver<News>) -> Option<usize> {
        match news.recv_timeout(TICK) {
            Ok(News::Started(index, iteration)) => {
                self.progress.started(index, iteration);
                Some(index)
            }
            Ok(News::Ended(index, outcome)) => {
                self.running.remove(&index);
                match outcome {
                    Ok(Outcome::Done(result)) => self.end(index, *result),
                    Ok(Outcome::Stopped(result)) => self.progress.stopped(index, &result),
                    Err(error) if error.is_of_the_machine() => {
                        self.hinder(index, &error.to_string());
                    }
                    Err(error) => self.fail(index, error.to_string()),
                }
                self.share_threads();
                Some(index)
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }

    fn end(&mut self, index: usize, result: TrialResult) {
        if let Err(error) = self.progress.ended(index, result) {
            self.hinder(index, &error.to_string());
        }
    }

    fn fail(&mut self, index: usize, error: String) {
        let directory = self.sweep.run.trial(&self.sweep.trials[index].trial.id);
        match failure(&self.sweep.trials[index], &directory, error) {
            Ok(result) => self.end(index, result),
            Err(error) => self.hinder(index, &error.to_string()),
        }
    }

    /// The machine was in the way of a trial. If that is not its directory alone, because the run's own files
    /// cannot be written either, no other trial would fare better.
    fn hinder(&mut self, index: usize, error: &str) {
        if let Err(of_the_run) = self.progress.hindered(index, error)
            && !self.stopping
        {
            tracing::warn!("stopping the run: {of_the_run}");
            self.stop();
        }
    }

    fn start_trials<'scope, 'env>(
        &mut self,
        scope: &'scope Scope<'scope, 'env>,
        sender: &Sender<News>,
    ) where
        'a: 'scope,
    {
        let mut started = false;
        while !self.stopping && !self.paused && self.running.len() < self.jobs {
            let Some(index) = self.next_that_fits() else {
                break;
            };
            let done = self.progress.has_meanwhile_been_done(index);
            if matches!(done, Ok(true)) {
                continue;
            }
            let trial = &self.sweep.trials[index];
            let control = Arc::new(TrialControl::new(1));
            self.running.insert(
                index,
                Running {
                    control: Arc::clone(&control),
                    memory: trial.cost.memory,
                },
            );
            self.share_threads();
            let (sweep, sender) = (self.sweep, sender.clone());
            if let Err(error) = done.and_then(|_| self.progress.starting(index)) {
                // The receiver lives as long as the scope: a send cannot fail.
                let _ = sender.send(News::Ended(index, Err(error.into())));
                continue;
            }
            let news = sender.clone();
            let work = move || {
                let trial = &sweep.trials[index];
                let started = |iteration| {
                    let _ = sender.send(News::Started(index, iteration));
                };
                let context = TrialContext {
                    directory: sweep.run.trial(&trial.trial.id),
                    hold: sweep.lock.hold(),
                    checkpoint_every: sweep.checkpoint_every,
                    control: &control,
                    started: &started,
                };
                let outcome = run_guarded(trial, &context);
                // The receiver lives as long as the scope: a send cannot fail.
                let _ = sender.send(News::Ended(index, outcome));
            };
            if let Err(error) = std::thread::Builder::new().spawn_scoped(scope, work) {
                let _ = news.send(News::Ended(index, Err(TrialError::Thread(error))));
            }
            started = true;
        }
        if started {
            self.share_threads();
        }
    }

    /// The next waiting trial whose memory fits beside the running ones. One trial may always run,
    /// however large it is.
    fn next_that_fits(&mut self) -> Option<usize> {
        let used: u64 = self.running.values().map(|running| running.memory).sum();
        let fits = |index: &usize| {
            self.running.is_empty()
                || used + self.sweep.trials[*index].cost.memory <= self.sweep.budget.memory
        };
        let position = self.queue.iter().rposition(fits)?;
        Some(self.queue.remove(position))
    }

    fn share_threads(&self) {
        let mut running: Vec<_> = self.running.iter().collect();
        running.sort_by_key(|(index, _)| **index);
        let shares = share_threads(self.sweep.budget.threads, running.len());
        for ((_, running), share) in running.into_iter().zip(shares) {
            running.control.set_threads(share);
        }
    }

    fn take_commands(&mut self) {
        if self.interrupt.is_requested() {
            self.stop();
        }
        for command in take(&self.sweep.run) {
            match command {
                Command::Stop => self.stop(),
                Command::Pause => self.pause(true),
                Command::Resume => self.pause(false),
                Command::Jobs { jobs } => self.jobs = usize::try_from(jobs).unwrap_or(1).max(1),
                Command::PauseTrials { trials } => self.pause_trials(&trials, true),
                Command::ResumeTrials { trials } => self.pause_trials(&trials, false),
                Command::Cancel { trials } => self.cancel(&trials),
                Command::Retry { trials } => self.retry(&trials),
            }
        }
    }

    fn stop(&mut self) {
        self.stopping = true;
        for running in self.running.values() {
            running.control.stop();
        }
    }

    fn pause(&mut self, pause: bool) {
        self.paused = pause;
        let running: Vec<usize> = self.running.keys().copied().collect();
        for index in running {
            self.pause_trial(index, pause);
        }
    }

    fn pause_trials(&mut self, trials: &[String], pause: bool) {
        for index in self.indices(trials) {
            self.pause_trial(index, pause);
        }
    }

    fn pause_trial(&mut self, index: usize, pause: bool) {
        if let Some(running) = self.running.get(&index) {
            running.control.pause(pause);
            let kind = if pause {
                TrialEventKind::Paused
            } else {
                TrialEventKind::Resumed
            };
            self.progress.note(index, kind);
        }
    }

    fn cancel(&mut self, trials: &[String]) {
        for index in self.indices(trials) {
            if let Some(running) = self.running.get(&index) {
                running.control.stop();
            } else if let Some(position) = self.queue.iter().position(|queued| *queued == index) {
                self.queue.remove(position);
                self.progress.cancelled(index);
            }
        }
    }

    fn retry(&mut self, trials: &[String]) {
        for index in self.indices(trials) {
            let again = matches!(
                self.progress.status(index),
                TrialStatus::Failed | TrialStatus::Stopped
            );
            if again && !self.running.contains_key(&index) && self.progress.queue_again(index) {
                self.queue.push(index);
            }
        }
    }

    fn indices(&self, trials: &[String]) -> Vec<usize> {
        trials
            .iter()
            .filter_map(|id| self.progress.index(id))
            .collect()
    }
}
