//! Following a run directory while others write it: what a viewer polls.
//!
//! Nothing is read twice, and without change each followed file costs one look at its length and
//! time. Live, detached and ended runs are followed in the same way.
//!
//! **Rows may be replaced.** A trial that goes on from a checkpoint cuts its files back to that
//! checkpoint, and a trial that is run again begins them anew. The follower then delivers the file from
//! its first row again. So a record with an iteration that was already delivered means: this record
//! and what follows replace everything from that iteration on.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use csv::StringRecord;

use super::journal::{journal_files, merge, parse_events};
use super::layout::{RunDirectory, TrialDirectory};
use super::measured::{IterationRecord, LayerRecord};
use super::records::{RunnerStatus, TrialEvent, TrialEventKind, TrialStatus};
use super::rows::{Row, rows};
use super::runner::{Liveness, Watch};
use super::tail::{Stamp, Tail};
use super::trials::TrialTable;
use super::workers::{WorkerSeen, WorkersWatch};

/// A trial that does not run is no longer looked at when it has had nothing new for so long.
const ASLEEP_AFTER: Duration = Duration::from_secs(10);
/// Journals that are looked at in one poll; where thousands of workers write some, they take turns.
const JOURNALS_PER_POLL: usize = 100;
/// How often the workers' heartbeats are looked at: there may be thousands.
const BETWEEN_WORKERS: Duration = Duration::from_secs(5);
/// How often the runner's lock is looked at.
const BETWEEN_OBSERVATIONS: Duration = Duration::from_secs(1);

/// News of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum RunUpdate {
    /// The whole table of trials, as it is now.
    Trials(TrialTable),
    /// Something happened to a trial.
    Event(TrialEvent),
    /// The runner's heartbeat.
    Runner(RunnerStatus),
    /// The workers that share the run, when something about them has changed.
    Workers(Vec<WorkerSeen>),
    /// Whether the runner lives. Delivered at first and when it changes; while silent, with each look.
    Liveness(Liveness),
    /// New rows of a trial's `iterations.csv`. See the module on rows that replace others.
    Iterations {
        /// The trial.
        trial: String,
        /// The rows, at least one.
        records: Vec<IterationRecord>,
    },
    /// New rows of a trial's `layers.csv`. See the module on rows that replace others.
    Layers {
        /// The trial.
        trial: String,
        /// The rows, at least one.
        records: Vec<LayerRecord>,
    },
}

/// Reads what is new in a run directory.
#[derive(Debug)]
pub struct RunFollower {
    run: RunDirectory,
    trials: Option<Stamp>,
    runner: Option<Stamp>,
    journals: BTreeMap<PathBuf, Tail>,
    turn: usize,
    watch: Watch,
    observed: Option<(Liveness, Instant)>,
    /// Whether a trial runs, as the journals say.
    runs: HashMap<String, bool>,
    /// Trials that the table calls running: counts where the journals say nothing.
    called_running: HashSet<String>,
    followed: BTreeMap<String, FollowedTrial>,
    /// The worker in whose attempt a trial's rows are, as the journals say.
    attempts: HashMap<String, String>,
    workers: WorkersWatch,
    known_workers: Vec<WorkerSeen>,
    workers_at: Option<Instant>,
}

#[derive(Debug)]
struct FollowedTrial {
    directory: TrialDirectory,
    iterations: RowTail,
    layers: RowTail,
    last_news: Instant,
}

#[derive(Debug)]
struct RowTail {
    tail: Tail,
    header: Option<StringRecord>,
}

impl RunFollower {
    /// A follower that has delivered nothing yet.
    pub fn new(run: RunDirectory) -> Self {
        Self {
            run,
            trials: None,
            runner: None,
            journals: BTreeMap::new(),
            turn: 0,
            watch: Watch::default(),
            observed: None,
            runs: HashMap::new(),
            called_running: HashSet::new(),
            followed: BTreeMap::new(),
            attempts: HashMap::new(),
            workers: WorkersWatch::default(),
            known_workers: Vec::new(),
            workers_at: None,
        }
    }

    /// The run directory.
    pub fn run(&self) -> &RunDirectory {
        &self.run
    }

    /// Delivers the rows of this trial from now on, from the first row; rows already delivered are not repeated.
    ///
    /// Running trials are followed without this call. A trial that is not running is looked at for some
    /// seconds after its last news, and again when it starts or this is called again.
    pub fn follow(&mut self, trial: &str) {
        self.follow_since(trial, Instant::now());
    }

    /// What is new since the last call.
    ///
    /// Files that cannot be read (yet) are passed over and tried again.
    pub fn poll(&mut self) -> Vec<RunUpdate> {
        self.poll_at(Instant::now())
    }

    pub(super) fn poll_at(&mut self, now: Instant) -> Vec<RunUpdate> {
        let mut updates = Vec::new();
        updates.extend(self.new_trials());
        updates.extend(self.new_events().into_iter().map(RunUpdate::Event));
        updates.extend(self.new_status());
        updates.extend(self.new_workers(now));
        updates.extend(self.new_liveness(now));
        self.add_rows(now, &mut updates);
        updates
    }

    fn follow_since(&mut self, trial: &str, now: Instant) {
        let directory = self.run.trial(trial);
        self.followed
            .entry(trial.to_owned())
            .or_insert_with(|| FollowedTrial::new(directory, now))
            .last_news = now;
    }

    fn new_trials(&mut self) -> Option<RunUpdate> {
        let path = self.run.trials_csv();
        changed(&mut self.trials, Stamp::of(&path)?)?;
        let table = TrialTable::read(&path)
            .inspect_err(|error| tracing::warn!("{error}"))
            .ok()?;
        self.called_running = table
            .rows
            .iter()
            .filter(|row| row.status == TrialStatus::Running)
            .map(|row| row.trial.clone())
            .collect();
        Some(RunUpdate::Trials(table))
    }

    fn new_events(&mut self) -> Vec<TrialEvent> {
        for path in journal_files(&self.run.journal()).unwrap_or_default() {
            self.journals
                .entry(path.clone())
                .or_insert_with(|| Tail::new(path));
        }
        let mut news = Vec::new();
        let shares = self.journals.len().div_ceil(JOURNALS_PER_POLL).max(1);
        self.turn = (self.turn + 1) % shares;
        let of_this_turn = self.journals.values_mut().skip(self.turn).step_by(shares);
        for tail in of_this_turn {
            if let Some(lines) = tail.poll() {
                let events = parse_events(tail.path(), &lines.bytes);
                place_rows(&mut self.attempts, tail.path(), &events);
                news.push(events);
            }
        }
        let events = merge(news);
        for event in &events {
            let runs = match event.kind {
                TrialEventKind::Started { .. } | TrialEventKind::Resumed => true,
                TrialEventKind::Queued | TrialEventKind::Ended { .. } => false,
                TrialEventKind::Paused => continue,
            };
            self.runs.insert(event.trial.clone(), runs);
        }
        events
    }

    fn new_status(&mut self) -> Option<RunUpdate> {
        changed(&mut self.runner, Stamp::of(&self.run.runner_json())?)?;
        self.run.seen_runner().map(RunUpdate::Runner)
    }

    fn new_liveness(&mut self, now: Instant) -> Option<RunUpdate> {
        let before = match self.observed {
            Some((_, at)) if now.saturating_duration_since(at) < BETWEEN_OBSERVATIONS => {
                return None;
            }
            observed => observed.map(|(liveness, _)| liveness),
        };
        let mut liveness = self.watch.observe(&self.run, now);
        // Where workers share the run, the last one that lives speaks for all.
        if liveness == Liveness::Gone && self.known_workers.iter().any(|worker| worker.lives) {
            liveness = Liveness::Alive;
        }
        self.observed = Some((liveness, now));
        (before != Some(liveness)).then_some(RunUpdate::Liveness(liveness))
    }

    fn new_workers(&mut self, now: Instant) -> Option<RunUpdate> {
        if (self.workers_at).is_some_and(|at| now.saturating_duration_since(at) < BETWEEN_WORKERS) {
            return None;
        }
        self.workers_at = Some(now);
        let workers = self.workers.observe(&self.run, now);
        (workers != self.known_workers).then(|| {
            self.known_workers.clone_from(&workers);
            RunUpdate::Workers(workers)
        })
    }

    fn add_rows(&mut self, now: Instant, updates: &mut Vec<RunUpdate>) {
        let running: HashSet<String> = self
            .runs
            .iter()
            .filter(|&(_, &runs)| runs)
            .map(|(trial, _)| trial)
            .chain(
                self.called_running
                    .iter()
                    .filter(|&trial| !self.runs.contains_key(trial)),
            )
            .cloned()
            .collect();
        for trial in &running {
            if !self.followed.contains_key(trial) {
                self.follow_since(trial, now);
            }
        }
        for (trial, followed) in &mut self.followed {
            followed.move_to(place_of(&self.run, &self.attempts, trial), now);
            let quiet = now.saturating_duration_since(followed.last_news);
            if quiet >= ASLEEP_AFTER && !running.contains(trial) {
                continue;
            }
            let before = updates.len();
            let iterations = followed.iterations.poll();
            let layers = followed.layers.poll();
            updates.extend(iterations.map(|records| RunUpdate::Iterations {
                trial: trial.clone(),
                records,
            }));
            updates.extend(layers.map(|records| RunUpdate::Layers {
                trial: trial.clone(),
                records,
            }));
            if updates.len() > before {
                followed.last_news = now;
            }
        }
    }
}

impl FollowedTrial {
    fn new(directory: TrialDirectory, now: Instant) -> Self {
        Self {
            iterations: RowTail::new(directory.iterations_csv()),
            layers: RowTail::new(directory.layers_csv()),
            directory,
            last_news: now,
        }
    }

    /// Follows the rows to another directory, where they are read from the first one again.
    fn move_to(&mut self, directory: TrialDirectory, now: Instant) {
        if directory != self.directory {
            *self = Self::new(directory, now);
        }
    }
}

/// Where the rows of a trial are: with the worker that runs it, else in the trial's own directory.
fn place_of(run: &RunDirectory, attempts: &HashMap<String, String>, trial: &str) -> TrialDirectory {
    let directory = run.trial(trial);
    match attempts.get(trial) {
        Some(worker) => directory.attempt(worker),
        None => directory,
    }
}

/// Notes whose attempt a trial is, from the events of one journal. A worker's journal has its name.
fn place_rows(attempts: &mut HashMap<String, String>, journal: &Path, events: &[TrialEvent]) {
    let Some(name) = journal.file_stem().and_then(|stem| stem.to_str()) else {
        return;
    };
    let Some(run) = journal
        .parent()
        .and_then(Path::parent)
        .map(RunDirectory::new)
    else {
        return;
    };
    let is_worker = run.workers().join(format!("{name}.json")).exists();
    for event in events {
        match event.kind {
            TrialEventKind::Started { .. } if is_worker => {
                attempts.insert(event.trial.clone(), name.to_owned());
            }
            // A stopped trial keeps its rows in the attempt until somebody goes on with them.
            TrialEventKind::Ended {
                status: TrialStatus::Stopped,
                ..
            } => {}
            TrialEventKind::Started { .. } | TrialEventKind::Ended { .. } => {
                attempts.remove(&event.trial);
            }
            _ => {}
        }
    }
}

impl RowTail {
    fn new(path: PathBuf) -> Self {
        Self {
            tail: Tail::new(path),
            header: None,
        }
    }

    /// New rows, at least one. Lines that hold none are passed over.
    fn poll<R: Row>(&mut self) -> Option<Vec<R>> {
        let lines = self.tail.poll()?;
        if lines.restarted {
            self.header = None;
        }
        let records: Vec<R> = rows(&mut self.header, &lines.bytes)
            .filter_map(|row| {
                row.inspect_err(|what| {
                    tracing::warn!("{}: {what}", self.tail.path().display());
                })
                .ok()
            })
            .map(|(record, _)| record)
            .collect();
        (!records.is_empty()).then_some(records)
    }
}

/// Keeps the stamp; `None` if it is the one that was kept before.
fn changed(kept: &mut Option<Stamp>, stamp: Stamp) -> Option<()> {
    (kept.replace(stamp) != Some(stamp)).then_some(())
}
