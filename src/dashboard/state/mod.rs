//! Everything the dashboard knows and shows, as plain data: updates of the run directory and
//! actions of the user go in, effects for the loop come out. Nothing here knows a terminal, and
//! the clock comes from outside.

mod act;
mod filter;
mod front;
mod history;
mod layers;
mod list;
mod margins;
mod penalties;
mod prompt;
mod trials;

use std::collections::{BTreeSet, HashMap};

use ratatui::layout::Size;

use crate::store::{
    Liveness, RunDirectory, RunUpdate, RunnerState, RunnerStatus, TrialEventKind, TrialTable,
};

use super::action::View;
use super::text::visible;
use super::theme::Theme;

pub use history::Quantity;
pub use trials::Phase;

pub(crate) use front::{Spot, front};
pub(crate) use history::{Bucket, History, Series};
pub(crate) use layers::Layers;
pub(crate) use list::{COLUMNS, List, Row, Sort, group_phase};
pub(crate) use margins::{HeatMap, Margins, margin};
pub(crate) use penalties::Penalties;
pub(crate) use prompt::Prompt;
pub(crate) use trials::{Summary, Trial, Trials, short_names};

/// Trials whose curves are drawn together.
const OVERLAY: usize = 12;
/// Trials whose iterations are kept in memory although nobody looks at them.
const HISTORIES: usize = 256;

/// How things look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Colours.
    pub theme: Theme,
    /// Only ASCII characters.
    pub ascii: bool,
}

/// A picture of the convergence view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Picture {
    /// F and its terms.
    #[default]
    Objective,
    /// The gradient-free residuals.
    Residuals,
    /// The residual of every layer.
    Layers,
    /// The step.
    Step,
    /// The least squared step so far, which the theory bounds by O(1/k).
    Promise,
    /// Accuracy on both parts.
    Accuracy,
    /// Sparsity.
    Sparsity,
    /// Compression ratio.
    CompressionRatio,
}

impl Picture {
    pub(crate) const ALL: [Self; 8] = [
        Self::Objective,
        Self::Residuals,
        Self::Layers,
        Self::Step,
        Self::Promise,
        Self::Accuracy,
        Self::Sparsity,
        Self::CompressionRatio,
    ];

    /// Whether values spread over orders of magnitude.
    pub(crate) fn is_logarithmic(self) -> bool {
        !matches!(
            self,
            Self::Accuracy | Self::Sparsity | Self::CompressionRatio
        )
    }
}

/// Choices of the convergence view.
#[derive(Clone, Debug, Default)]
pub(crate) struct Convergence {
    /// What is drawn.
    pub picture: Picture,
    /// Logarithmic iterations.
    pub log_iterations: bool,
    /// The other scale of values than the picture's own.
    pub other_scale: bool,
    /// Every seed instead of mean and band.
    pub each_seed: bool,
    /// Columns of the reading cursor from the right end of the picture; `None`: no cursor.
    pub cursor: Option<u16>,
    /// How many times the last part of the iterations is enlarged, as a power of two.
    pub zoom: u32,
}

/// What the trial view reads from files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Documents {
    /// The trial.
    pub trial: String,
    /// Text of `config.yaml`.
    pub config: String,
    /// The last lines of `log.txt`.
    pub log: Vec<String>,
}

/// Everything the dashboard knows and shows.
#[derive(Debug, Default)]
pub struct State {
    pub(crate) name: String,
    pub(crate) root: String,
    pub(crate) look: Look,
    pub(crate) can_stop: bool,
    pub(crate) size: Size,
    pub(crate) now: f64,
    pub(crate) trials: Trials,
    pub(crate) list: List,
    pub(crate) histories: HashMap<String, History>,
    pub(crate) layers: HashMap<String, Layers>,
    pub(crate) runner: Option<RunnerStatus>,
    pub(crate) liveness: Option<Liveness>,
    pub(crate) view: View,
    pub(crate) prompt: Option<Prompt>,
    pub(crate) notice: Option<String>,
    pub(crate) convergence: Convergence,
    pub(crate) metric: usize,
    pub(crate) margins: Margins,
    pub(crate) table_rows: usize,
    pub(crate) table_columns: usize,
    pub(crate) table_lines: Vec<String>,
    pub(crate) documents: Documents,
    /// Values of the clock when the runner's status came in.
    runner_at: f64,
    forgotten: BTreeSet<String>,
    unordered: bool,
    changed: bool,
    table_stale: bool,
}

impl State {
    /// The state of a dashboard that has seen nothing yet.
    ///
    /// `can_stop`: leaving may also stop the run.
    pub fn new(run: &RunDirectory, look: Look, can_stop: bool) -> Self {
        Self {
            name: visible(&run.name()),
            root: visible(&run.root().display().to_string()),
            look,
            can_stop,
            changed: true,
            ..Self::default()
        }
    }

    /// Takes over what changed in the run directory.
    pub fn apply(&mut self, update: RunUpdate) {
        match update {
            RunUpdate::Trials(table) => self.take_table(table),
            RunUpdate::Event(event) => {
                let ended = matches!(event.kind, TrialEventKind::Ended { .. });
                self.trials.note(event);
                if ended {
                    self.forget_histories();
                }
            }
            RunUpdate::Runner(status) => {
                self.runner_at = self.now;
                self.runner = Some(status);
            }
            RunUpdate::Liveness(liveness) => {
                if said(self.liveness.as_ref()) == said(Some(&liveness)) {
                    return;
                }
                self.liveness = Some(liveness);
            }
            RunUpdate::Iterations { trial, records } => {
                let history = self.histories.entry(trial.clone()).or_default();
                history.extend(&records);
                if let Some(position) = self.trials.find(&trial) {
                    let known = &mut self.trials.all[position];
                    known.rate = history.rate();
                    if !known.phase.is_over() {
                        known.latest = history.last().cloned();
                    }
                }
            }
            RunUpdate::Layers { trial, records } => {
                self.layers.entry(trial).or_default().extend(records);
            }
        }
        self.unordered = true;
        self.changed = true;
    }

    fn take_table(&mut self, table: TrialTable) {
        self.trials.replace(table);
        for trial in &mut self.trials.all {
            // Iterations may have come in before the row that names their trial.
            if let Some(history) = self.histories.get(&trial.row.trial) {
                trial.rate = history.rate();
                if !trial.phase.is_over() {
                    trial.latest = history.last().cloned();
                }
            }
        }
        if let Ok(filter) = filter::Filter::parse(&self.list.filter.text, &self.trials) {
            self.list.filter = filter;
        }
        self.list.rebuild(&self.trials);
        self.forget_histories();
        self.table_stale = true;
    }

    /// When nobody runs the trials any more, those under way are lost (they go on from their
    /// checkpoints when the run is started again).
    fn mark_lost(&mut self) {
        let gone = matches!(self.liveness, Some(Liveness::Gone));
        for trial in &mut self.trials.all {
            match trial.phase {
                Phase::Running | Phase::Paused if gone => trial.phase = Phase::Lost,
                Phase::Lost if !gone => trial.phase = Phase::Running,
                _ => {}
            }
        }
    }

    /// Lets go of the iterations of ended trials that nobody looks at, once there are many.
    fn forget_histories(&mut self) {
        if self.histories.len() <= HISTORIES {
            return;
        }
        let wanted: BTreeSet<String> = self.wanted().into_iter().collect();
        let trials = &self.trials;
        let forgotten: Vec<String> = self
            .histories
            .keys()
            .filter(|id| !wanted.contains(*id))
            .filter(|id| {
                trials
                    .find(id)
                    .is_some_and(|at| trials.all[at].phase.is_over())
            })
            .cloned()
            .collect();
        for id in forgotten {
            self.histories.remove(&id);
            self.layers.remove(&id);
            self.forgotten.insert(id);
        }
    }

    /// Trials whose iterations are on the screen: the selected ones, then the marked ones.
    pub fn wanted(&self) -> Vec<String> {
        let selected = self.list.selected_trials(&self.trials);
        let mut wanted: Vec<String> = (selected.into_iter().take(OVERLAY))
            .map(|position| self.trials.all[position].row.trial.clone())
            .collect();
        for mark in self.list.marks.iter().take(OVERLAY) {
            if !wanted.contains(mark) {
                wanted.push(mark.clone());
            }
        }
        wanted
    }

    /// Wanted trials whose iterations were let go: they have to be read again.
    pub fn take_forgotten(&mut self) -> Vec<String> {
        let wanted = self.wanted();
        let (again, forgotten) = std::mem::take(&mut self.forgotten)
            .into_iter()
            .partition(|id| wanted.contains(id));
        self.forgotten = forgotten;
        let again: BTreeSet<String> = again;
        again.into_iter().collect()
    }

    /// Sets the clock: `now` in seconds from any fixed point. The screen changes with it only while
    /// the run goes on.
    pub fn tick(&mut self, now: f64) {
        if self.is_live() && now.floor() != self.now.floor() {
            self.changed = true;
        }
        self.now = now;
    }

    /// Sets the size of the screen.
    pub fn resize(&mut self, size: Size) {
        if size != self.size {
            self.size = size;
            self.changed = true;
        }
    }

    /// Brings the list up to date and says whether the screen has to be drawn again.
    pub fn settle(&mut self) -> bool {
        self.order();
        std::mem::take(&mut self.changed)
    }

    /// Whether the screen shows the state as it is.
    pub(crate) fn is_settled(&self) -> bool {
        !self.changed
    }

    /// Asks for the screen to be drawn although nothing changed.
    pub(crate) fn redraw(&mut self) {
        self.changed = true;
    }

    /// Whether keys are text.
    pub(crate) fn is_typing(&self) -> bool {
        matches!(
            self.prompt,
            Some(Prompt::Filter { .. } | Prompt::Jobs { .. })
        )
    }

    fn order(&mut self) {
        if std::mem::take(&mut self.unordered) {
            self.mark_lost();
            self.list.rebuild(&self.trials);
        }
    }

    /// Says something in the footer until the next key.
    pub fn say(&mut self, notice: &str) {
        self.notice = Some(visible(notice));
        self.changed = true;
    }

    /// The trial whose files the screen shows, if it shows any.
    pub fn documents_of(&self) -> Option<&str> {
        let needed = matches!(self.view, View::Trial | View::Convergence);
        self.selected_trial()
            .filter(|_| needed)
            .map(|trial| trial.row.trial.as_str())
    }

    /// Takes over what was read from a trial's files.
    pub fn show_documents(&mut self, documents: Documents) {
        if self.documents != documents {
            self.documents = documents;
            self.changed = true;
        }
    }

    /// The selected trial, or the first one of the selected setting.
    pub(crate) fn selected_trial(&self) -> Option<&Trial> {
        let selected = self.list.selected_trials(&self.trials);
        selected.first().map(|&position| &self.trials.all[position])
    }

    /// Whether somebody works on the run.
    pub fn is_live(&self) -> bool {
        !matches!(self.liveness, None | Some(Liveness::Gone)) && !self.has_ended()
    }

    /// Whether the runner said that it is over.
    pub(crate) fn has_ended(&self) -> bool {
        self.runner
            .as_ref()
            .is_some_and(|runner| runner.state == RunnerState::Ended)
    }

    /// Whether there is nothing to wait for: the runner said so, or nobody runs what was begun.
    pub(crate) fn is_over(&self) -> bool {
        self.has_ended() || matches!(self.liveness, Some(Liveness::Gone))
    }

    /// Whether every trial has a result.
    pub fn is_complete(&self) -> bool {
        !self.trials.all.is_empty()
            && self
                .trials
                .all
                .iter()
                .all(|trial| trial.phase == Phase::Done)
    }

    /// Seconds since the runner began; they stand still when it has ended.
    pub(crate) fn elapsed(&self) -> Option<f64> {
        let runner = self.runner.as_ref()?;
        let since = if self.is_live() {
            self.now - self.runner_at
        } else {
            0.0
        };
        Some((runner.updated_at - runner.started_at + since).max(0.0))
    }

    /// Seconds until the last trial is done, from what a trial took on average.
    pub(crate) fn remaining(&self) -> Option<f64> {
        let jobs = self.runner.as_ref()?.jobs.max(1) as f64;
        let took = Summary::of(
            (self.trials.all.iter())
                .filter(|trial| trial.phase == Phase::Done)
                .filter_map(|trial| trial.row.seconds),
        );
        let each = took.map(|took| took.mean);
        let mut work = 0.0;
        for trial in &self.trials.all {
            work += match trial.phase {
                Phase::Queued => each?,
                Phase::Running | Phase::Paused => trial.remaining().or(each)?,
                _ => 0.0,
            };
        }
        Some(work / jobs)
    }

    /// The rows as a table, if they or the choice of columns changed since the last call.
    pub fn take_stale_table(&mut self) -> Option<(TrialTable, super::TableRequest)> {
        if self.view != View::Table || !std::mem::take(&mut self.table_stale) {
            return None;
        }
        let rows = self.trials.all.iter().map(|trial| trial.row.clone());
        let table = TrialTable {
            swept: self.trials.swept.clone(),
            rows: rows.collect(),
        };
        Some((table, self.table_request()))
    }

    /// Takes over the lines of the paper table.
    pub fn show_table(&mut self, lines: Vec<String>) {
        self.table_lines = lines.iter().map(|line| visible(line)).collect();
        self.changed = true;
    }

    /// The metric that pictures of several trials show.
    pub(crate) fn metric_name(&self) -> &'static str {
        METRICS[self.metric % METRICS.len()]
    }

    /// What to print on the normal screen after leaving.
    pub fn summary(&self) -> String {
        let count = |phase| self.trials.count(phase);
        let mut words = format!(
            "{}: {} of {} trials done",
            self.name,
            count(Phase::Done),
            self.trials.all.len()
        );
        for phase in [
            Phase::Failed,
            Phase::Stopped,
            Phase::Lost,
            Phase::Running,
            Phase::Queued,
        ] {
            if count(phase) > 0 {
                words.push_str(&format!(", {} {}", count(phase), phase.word()));
            }
        }
        if let Some((label, accuracy)) = self.best() {
            words.push_str(&format!("\nbest test accuracy {accuracy:.4}: {label}"));
        }
        let root = &self.root;
        words.push_str(&if self.is_live() {
            format!("\nstill running; see it again: nnbcd-tui watch {root}\nstop it: nnbcd-tui stop {root}")
        } else {
            format!("\ntables: nnbcd-tui table {root}\nplots:  nnbcd-tui plot {root}")
        });
        words
    }

    /// The setting with the best mean test accuracy.
    pub(crate) fn best(&self) -> Option<(&str, f64)> {
        let means = self.trials.groups.iter().filter_map(|group| {
            let summary = self.trials.summary(group, "test_accuracy")?;
            Some((group.label.as_str(), summary.mean))
        });
        means.max_by(|(_, a), (_, b)| a.total_cmp(b))
    }
}

/// Metrics to choose from in pictures of several trials.
const METRICS: [&str; 8] = [
    "test_accuracy",
    "best_test_accuracy",
    "train_accuracy",
    "objective",
    "compression_ratio",
    "sparsity",
    "residual_w",
    "seconds_per_iteration",
];

/// What the screen says of a liveness: whole seconds only.
fn said(liveness: Option<&Liveness>) -> Option<(u8, u64)> {
    Some(match liveness? {
        Liveness::Alive => (0, 0),
        Liveness::Silent { seconds } => (1, *seconds as u64),
        Liveness::Gone => (2, 0),
    })
}
