//! Everything the dashboard knows and shows, as plain data: updates of the run directory and
//! actions of the user go in, effects for the loop come out. Nothing here knows a terminal, and
//! the clock comes from outside.

mod act;
mod answer;
mod choices;
mod files;
mod filter;
mod front;
mod history;
mod labels;
mod layers;
mod list;
mod margins;
mod paper;
mod penalties;
mod progress;
mod prompt;
mod series;
mod shared;
mod trials;

use std::collections::{BTreeSet, HashMap};

use ratatui::layout::Size;

use crate::measure::{Quantity, shell_word};
use crate::store::{
    Liveness, Provenance, RunDirectory, RunUpdate, RunnerStatus, TrialEventKind, TrialTable,
};

use super::action::View;
use super::keymap::KeyMap;
use super::text::visible;

pub use choices::Look;
pub use files::Documents;
pub use trials::Phase;

pub(crate) use choices::{Convergence, Picture, TableChoice};
pub(crate) use front::{Spot, front};
pub(crate) use history::History;
pub(crate) use labels::{Form, Labels};
pub(crate) use layers::{Layer, Layers};
pub(crate) use list::{List, Row, Sort, group_phase, phase_of};
pub(crate) use margins::{HeatMap, Margins, margin};
pub(crate) use penalties::Penalties;
pub(crate) use prompt::Prompt;
pub(crate) use series::{Bucket, Series};
pub(crate) use trials::{Trial, Trials};

/// Trials whose curves are drawn together.
const OVERLAY: usize = 12;
/// Trials whose iterations are kept in memory although nobody looks at them.
const HISTORIES: usize = 256;

/// What no longer agrees with what is known.
#[derive(Debug, Default)]
struct Stale {
    /// The order of the list.
    list: bool,
    /// The screen.
    screen: bool,
    /// The paper table.
    table: bool,
}

/// Everything the dashboard knows and shows.
#[derive(Debug, Default)]
pub struct State {
    pub(crate) name: String,
    /// The run directory, as a word for a shell.
    pub(crate) root: String,
    pub(crate) look: Look,
    pub(crate) can_stop: bool,
    pub(crate) keys: KeyMap,
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
    pub(crate) table: TableChoice,
    pub(crate) table_lines: Vec<String>,
    pub(crate) documents: Documents,
    /// Lines of the trial view above the screen.
    pub(crate) scroll: usize,
    pub(crate) provenance: Option<Provenance>,
    shared: shared::Shared,
    /// The last line of a vanished runner's log.
    pub(crate) last_words: String,
    /// Values of the clock when the runner's status came in.
    runner_at: f64,
    forgotten: BTreeSet<String>,
    stale: Stale,
}

impl State {
    /// The state of a dashboard that has seen nothing yet.
    ///
    /// `can_stop`: leaving may also stop the run.
    pub fn new(run: &RunDirectory, look: Look, can_stop: bool) -> Self {
        Self {
            name: visible(&run.name()),
            root: visible(&shell_word(&run.root().display().to_string())),
            look,
            can_stop,
            stale: Stale {
                screen: true,
                ..Stale::default()
            },
            ..Self::default()
        }
    }

    /// Moves keys.
    pub fn use_keys(&mut self, keys: KeyMap) {
        self.keys = keys;
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
            RunUpdate::Workers(workers) => self.take_workers(workers),
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
        self.stale.list = true;
        self.stale.screen = true;
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
        self.stale.table = true;
    }

    /// When nobody runs a trial any more that is under way, it is lost (such trials go on from their
    /// checkpoints when the run is started again).
    fn mark_lost(&mut self) {
        let gone = matches!(self.liveness, Some(Liveness::Gone));
        for position in 0..self.trials.all.len() {
            let trial = &self.trials.all[position];
            let phase = match trial.phase {
                Phase::Running | Phase::Paused | Phase::Lost => trial.phase,
                _ => continue,
            };
            let lost = gone || self.is_abandoned(&trial.row.trial);
            self.trials.all[position].phase = match (phase, lost) {
                (_, true) => Phase::Lost,
                (Phase::Lost, false) => Phase::Running,
                (phase, false) => phase,
            };
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
            self.stale.screen = true;
        }
        self.now = now;
    }

    /// Sets the size of the screen.
    pub fn resize(&mut self, size: Size) {
        if size != self.size {
            self.size = size;
            self.stale.screen = true;
            self.stale.table = true;
        }
    }

    /// Brings the list up to date and says whether the screen has to be drawn again.
    pub fn settle(&mut self) -> bool {
        self.order();
        std::mem::take(&mut self.stale.screen)
    }

    /// Whether the screen shows the state as it is.
    pub(crate) fn is_settled(&self) -> bool {
        !self.stale.screen
    }

    /// Asks for the screen to be drawn although nothing changed.
    pub(crate) fn redraw(&mut self) {
        self.stale.screen = true;
    }

    /// Whether keys are text.
    pub(crate) fn is_typing(&self) -> bool {
        matches!(
            self.prompt,
            Some(Prompt::Filter { .. } | Prompt::Jobs { .. } | Prompt::Palette { .. })
        )
    }

    fn order(&mut self) {
        if std::mem::take(&mut self.stale.list) {
            self.mark_lost();
            self.list.rebuild(&self.trials);
        }
    }

    /// Says something in the footer until the next key.
    pub fn say(&mut self, notice: &str) {
        self.notice = Some(visible(notice));
        self.stale.screen = true;
    }

    /// The selected trial, or the first one of the selected setting.
    pub(crate) fn selected_trial(&self) -> Option<&Trial> {
        let selected = self.list.selected_trials(&self.trials);
        selected.first().map(|&position| &self.trials.all[position])
    }

    /// The metric that pictures of several trials show.
    pub(crate) fn chosen_metric(&self) -> Quantity {
        Quantity::CHOICES[self.metric % Quantity::CHOICES.len()]
    }
}

/// A position moved around a ring of `count` positions.
fn shifted(position: usize, by: i32, count: usize) -> usize {
    if count == 0 {
        return 0;
    }
    let steps = by.unsigned_abs() as usize % count;
    let steps = if by < 0 { count - steps } else { steps };
    (position + steps) % count
}

/// What the screen says of a liveness: whole seconds only.
fn said(liveness: Option<&Liveness>) -> Option<(u8, u64)> {
    Some(match liveness? {
        Liveness::Alive => (0, 0),
        Liveness::Silent { seconds } => (1, *seconds as u64),
        Liveness::Gone => (2, 0),
    })
}
