//! The trials of the run, grouped by setting: trials with equal swept cells differ only in the seed.

use std::collections::HashMap;

use super::labels::{Form, Labels};
use crate::measure::{Notice, Quantity, Summary, follows, short_names};
use crate::store::{
    IterationRecord, TrialEvent, TrialEventKind, TrialRow, TrialStatus, TrialTable,
};

/// State of a trial as the dashboard shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Under way.
    Running,
    /// Paused by the user.
    Paused,
    /// Was under way when its runner vanished.
    Lost,
    /// Not started.
    #[default]
    Queued,
    /// Has a result.
    Done,
    /// Ended with an error.
    Failed,
    /// Stopped by the user; goes on from its checkpoint.
    Stopped,
}

impl Phase {
    /// The state in one word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Lost => "lost",
            Self::Queued => "queued",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }

    /// The state as one character.
    pub(crate) fn sign(self, ascii: bool) -> &'static str {
        match (self, ascii) {
            (Self::Running, false) => "▶",
            (Self::Running, true) => ">",
            (Self::Paused, _) => "=",
            (Self::Lost, _) => "?",
            (Self::Queued, false) => "·",
            (Self::Queued, true) => ".",
            (Self::Done, false) => "✓",
            (Self::Done, true) => "+",
            (Self::Failed, false) => "✗",
            (Self::Failed, true) => "x",
            (Self::Stopped, false) => "■",
            (Self::Stopped, true) => "#",
        }
    }

    /// Whether nothing more is expected from the trial.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Stopped)
    }
}

impl From<TrialStatus> for Phase {
    fn from(status: TrialStatus) -> Self {
        match status {
            TrialStatus::Queued => Self::Queued,
            TrialStatus::Running => Self::Running,
            TrialStatus::Done => Self::Done,
            TrialStatus::Failed => Self::Failed,
            TrialStatus::Stopped => Self::Stopped,
        }
    }
}

/// One trial: its row of `trials.csv`, and what is known beyond it while it runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trial {
    /// Its row of `trials.csv`.
    pub row: TrialRow,
    /// Its state by the journal and the row, whichever is newer.
    pub phase: Phase,
    /// Iterations that it will do.
    pub planned: Option<u64>,
    /// The latest iteration, while the row does not know it.
    pub latest: Option<IterationRecord>,
    /// Iterations per second.
    pub rate: Option<f64>,
    /// Position of its group.
    pub group: usize,
    /// Error text from the journal, until the row has it.
    pub error: String,
    event_at: f64,
}

impl Trial {
    /// The value of a quantity, from the latest iteration while the trial runs.
    pub(crate) fn value(&self, quantity: Quantity) -> Option<f64> {
        match &self.latest {
            Some(latest) if quantity.is_of_iterations() => latest.value(quantity),
            _ => self.row.value(quantity),
        }
    }

    /// Whether its numbers count in means, for the best and on the front: those of a failed trial are
    /// left over from before it failed. The report tables leave it out too.
    pub(crate) fn counts(&self) -> bool {
        self.phase != Phase::Failed
    }

    /// The error text, wherever it was said.
    pub(crate) fn error(&self) -> &str {
        if self.row.error.is_empty() {
            &self.error
        } else {
            &self.row.error
        }
    }

    /// What is wrong with it or its network.
    pub(crate) fn notices(&self) -> impl Iterator<Item = Notice> {
        Notice::of_codes(&self.row.notices)
    }

    /// Share of its iterations that are done, in [0, 1].
    pub(crate) fn progress(&self) -> Option<f64> {
        let planned = self.planned.filter(|&planned| planned > 0)?;
        let done = self.value(Quantity::Iterations).unwrap_or(0.0);
        Some((done / planned as f64).clamp(0.0, 1.0))
    }

    /// Seconds that the rest of its iterations will take.
    pub(crate) fn remaining(&self) -> Option<f64> {
        let left = self.planned? as f64 - self.value(Quantity::Iterations).unwrap_or(0.0);
        self.rate.map(|rate| left.max(0.0) / rate)
    }
}

/// Trials that differ only in the seed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    /// The swept cells that the members share.
    pub swept: Vec<String>,
    /// The cells as a person would say them.
    pub label: String,
    /// Positions of the members.
    pub members: Vec<usize>,
    /// Whether there is something to be said of one of them.
    pub noticed: bool,
}

/// All trials of the run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trials {
    /// Names of the swept columns.
    pub swept: Vec<String>,
    /// The trials, in the order of `trials.csv`.
    pub all: Vec<Trial>,
    /// The settings, in the order of their first trial.
    pub groups: Vec<Group>,
    /// Positions of the swept columns that do not merely change with an earlier one.
    pub leading: Vec<usize>,
    /// What the settings are called.
    pub labels: Labels,
    by_id: HashMap<String, usize>,
    /// Events of trials that no row names yet.
    early: Vec<TrialEvent>,
}

impl Trials {
    /// Takes over the rows of `trials.csv`, keeping what is known beyond them.
    pub(crate) fn replace(&mut self, table: TrialTable) {
        let mut known: HashMap<String, Trial> = self
            .all
            .drain(..)
            .map(|trial| (trial.row.trial.clone(), trial))
            .collect();
        self.swept = table.swept;
        for row in table.rows {
            let mut trial = known.remove(&row.trial).unwrap_or_default();
            let phase = Phase::from(row.status);
            if phase.is_over() && row != trial.row {
                trial.phase = phase;
                // The row of an ended trial knows more than its last iteration does.
                trial.latest = None;
            } else if trial.event_at == 0.0 {
                // No journal says anything of it.
                trial.phase = phase;
            }
            if trial.phase.is_over() && trial.planned.is_none() {
                trial.planned = row.iterations;
            }
            trial.row = row;
            self.all.push(trial);
        }
        self.by_id = (self.all.iter().enumerate())
            .map(|(position, trial)| (trial.row.trial.clone(), position))
            .collect();
        self.regroup();
        for event in std::mem::take(&mut self.early) {
            self.note(event);
        }
    }

    fn regroup(&mut self) {
        let mut positions: HashMap<Vec<String>, usize> = HashMap::new();
        self.groups.clear();
        for (member, trial) in self.all.iter_mut().enumerate() {
            let groups = &mut self.groups;
            let position = *positions.entry(trial.row.swept.clone()).or_insert_with(|| {
                groups.push(Group {
                    swept: trial.row.swept.clone(),
                    ..Group::default()
                });
                groups.len() - 1
            });
            let group = &mut self.groups[position];
            group.members.push(member);
            group.noticed |= trial.notices().next().is_some();
            trial.group = position;
        }
        let settings: Vec<&[String]> = (self.groups.iter())
            .map(|group| group.swept.as_slice())
            .collect();
        let follows = follows(&self.swept, &settings);
        self.leading = (0..follows.len())
            .filter(|&at| follows[at].is_none())
            .collect();
        self.labels = Labels::of(&self.swept, &self.leading, &settings);
        for group in &mut self.groups {
            group.label = self.labels.label(&group.swept, &Form::Named);
        }
    }

    /// Takes note of what the journal says of a trial.
    pub(crate) fn note(&mut self, event: TrialEvent) {
        let Some(trial) = (self.by_id.get(&event.trial)).and_then(|&at| self.all.get_mut(at))
        else {
            self.early.push(event);
            return;
        };
        // Each runner has a journal of its own: their lines may arrive out of order.
        if event.at < trial.event_at {
            return;
        }
        trial.event_at = event.at;
        match event.kind {
            TrialEventKind::Queued => {
                trial.phase = Phase::Queued;
                trial.latest = None;
            }
            TrialEventKind::Started { iterations, .. } => {
                trial.phase = Phase::Running;
                trial.planned = Some(iterations);
                trial.error.clear();
            }
            TrialEventKind::Paused => trial.phase = Phase::Paused,
            TrialEventKind::Resumed => trial.phase = Phase::Running,
            TrialEventKind::Ended { status, error } => {
                trial.phase = status.into();
                trial.error = error.unwrap_or_default();
            }
        }
    }

    /// The trial with this id.
    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// How many trials are in a state.
    pub(crate) fn count(&self, phase: Phase) -> usize {
        self.all.iter().filter(|trial| trial.phase == phase).count()
    }

    /// The values of a metric that count, of the members of a group that have it.
    pub(crate) fn values(&self, group: &Group, metric: Quantity) -> impl Iterator<Item = f64> {
        let members = group.members.iter().map(|&member| &self.all[member]);
        members
            .filter(|trial| trial.counts())
            .filter_map(move |trial| trial.value(metric))
    }

    /// Mean and spread of [`Self::values`]. A value that is not finite shows in the mean, as in the tables.
    pub(crate) fn summary(&self, group: &Group, metric: Quantity) -> Option<Summary> {
        Summary::of(&self.values(group, metric).collect::<Vec<_>>())
    }

    /// The swept column that a user means: its whole path, or its end if that is unique.
    pub(crate) fn swept_column(&self, name: &str) -> Option<usize> {
        if let Some(exact) = self.swept.iter().position(|path| path == name) {
            return Some(exact);
        }
        let short = short_names(&self.swept);
        short.iter().position(|path| path == name)
    }
}

#[cfg(test)]
mod tests;
