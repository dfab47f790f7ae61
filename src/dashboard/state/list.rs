//! The list of trials: order, filter, selection and marks. The selection is a setting or a trial,
//! not a line number, so that it never moves by itself.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};

use super::filter::Filter;
use super::labels::Labels;
use super::shifted;
use super::trials::{Phase, Trial, Trials};
use crate::measure::Quantity;

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The order of the plan.
    #[default]
    Plan,
    /// The state.
    State,
    /// The text of the setting.
    Setting,
    /// A metric.
    Metric(Quantity),
}

impl Sort {
    /// The column so many further on.
    pub(crate) fn shifted(self, by: i32) -> Self {
        let metrics = Quantity::COLUMNS.iter().copied().map(Self::Metric);
        let all: Vec<Self> = ([Self::Plan, Self::State, Self::Setting].into_iter())
            .chain(metrics)
            .collect();
        let position = all.iter().position(|&sort| sort == self).unwrap_or(0);
        all[shifted(position, by, all.len())]
    }
}

/// One line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// A setting with several seeds.
    Group(usize),
    /// A seed of the setting above it.
    Member(usize),
    /// A setting with a single seed.
    Single(usize),
}

/// A setting that passes the filter.
struct Shown {
    group: usize,
    /// Those of its trials that pass.
    members: Vec<usize>,
    /// What it is sorted by, if that is a metric.
    mean: Option<f64>,
}

/// What is selected.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Setting(Vec<String>),
    Trial(String),
}

/// The list of trials.
#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    /// Lines, in order.
    pub rows: Vec<Row>,
    /// The column that decides the order.
    pub sort: Sort,
    /// Greatest first.
    pub descending: bool,
    /// Which trials are shown.
    pub filter: Filter,
    /// Marked trials.
    pub marks: BTreeSet<String>,
    /// What the settings on the list are called, if those are not all of the run.
    labels: Option<Labels>,
    /// The metrics of which there is a value on the list.
    pub known: Vec<Quantity>,
    /// Whether a trial on the list is under way.
    pub moving: bool,
    expanded: HashSet<Vec<String>>,
    selected: Option<Key>,
    /// Position of the selected line in `rows`.
    cursor: usize,
    /// Line of the screen on which the selected row stands.
    anchor: usize,
}

impl List {
    /// Puts the rows in order again. The selected row keeps its place on the screen.
    pub(crate) fn rebuild(&mut self, trials: &Trials) {
        let mut shown: Vec<Shown> = Vec::with_capacity(trials.groups.len());
        for (position, group) in trials.groups.iter().enumerate() {
            let members: Vec<usize> = (group.members.iter().copied())
                .filter(|&member| self.filter.passes(&trials.all[member], &group.label))
                .collect();
            if !members.is_empty() {
                shown.push(Shown {
                    group: position,
                    members,
                    mean: None,
                });
            }
        }
        self.order(&mut shown, trials);
        self.describe(&shown, trials);
        self.rows.clear();
        for Shown { group, members, .. } in shown {
            let all = &trials.groups[group].members;
            if let [single] = all[..] {
                self.rows.push(Row::Single(single));
                continue;
            }
            self.rows.push(Row::Group(group));
            if self.is_expanded(group, trials) {
                self.rows.extend(members.into_iter().map(Row::Member));
            }
        }
        self.find_selected(trials);
    }

    /// What the columns have to show.
    fn describe(&mut self, shown: &[Shown], trials: &Trials) {
        self.labels = (shown.len() < trials.groups.len()).then(|| {
            let settings: Vec<&[String]> = (shown.iter())
                .map(|entry| trials.groups[entry.group].swept.as_slice())
                .collect();
            Labels::of(&trials.swept, &trials.leading, &settings)
        });
        let members = || (shown.iter().flat_map(|entry| &entry.members)).map(|&at| &trials.all[at]);
        self.moving = members().any(|trial| trial.phase == Phase::Running);
        // Of thousands of trials that wait none has a value: they need not be asked for each metric.
        let begun: Vec<&Trial> = members()
            .filter(|trial| trial.phase != Phase::Queued)
            .collect();
        let is_known = |metric: &Quantity| begun.iter().any(|trial| trial.value(*metric).is_some());
        self.known = (Quantity::COLUMNS.iter().copied())
            .filter(is_known)
            .collect();
    }

    /// What the settings on the list are called.
    pub(crate) fn labels<'a>(&'a self, trials: &'a Trials) -> &'a Labels {
        self.labels.as_ref().unwrap_or(&trials.labels)
    }

    fn order(&self, shown: &mut [Shown], trials: &Trials) {
        let direction = |ordering: Ordering| {
            if self.descending {
                ordering.reverse()
            } else {
                ordering
            }
        };
        match self.sort {
            Sort::Plan if self.descending => shown.reverse(),
            Sort::Plan => {}
            Sort::State => {
                shown.sort_by_cached_key(|entry| group_phase(trials, entry.group));
                if self.descending {
                    shown.reverse();
                }
            }
            Sort::Setting => shown.sort_by(|a, b| {
                let cells = |entry: &Shown| trials.groups[entry.group].swept.iter();
                let compared = cells(a).zip(cells(b)).map(|(a, b)| numbers_by_size(a, b));
                direction(compared.fold(Ordering::Equal, Ordering::then))
            }),
            Sort::Metric(metric) => {
                let value = |member: usize| {
                    (trials.all[member].value(metric)).filter(|value| value.is_finite())
                };
                for entry in shown.iter_mut() {
                    let summary = trials.summary(&trials.groups[entry.group], metric);
                    entry.mean =
                        (summary.map(|summary| summary.mean)).filter(|mean| mean.is_finite());
                    (entry.members).sort_by(|&a, &b| unknown_last(value(a), value(b), direction));
                }
                shown.sort_by(|a, b| unknown_last(a.mean, b.mean, direction));
            }
        }
    }

    /// Finds the selected row again; if it is gone, the one in its place is selected.
    fn find_selected(&mut self, trials: &Trials) {
        let found = self.selected.as_ref().and_then(|key| {
            let exact = (self.rows.iter()).position(|&row| key_of(row, trials) == *key);
            exact.or_else(|| {
                // A seed whose setting was closed: the setting stands for it.
                let Key::Trial(id) = key else { return None };
                let group = trials.all[trials.find(id)?].group;
                (self.rows.iter()).position(|&row| row == Row::Group(group))
            })
        });
        self.select(found.unwrap_or(self.cursor), trials);
    }

    fn select(&mut self, position: usize, trials: &Trials) {
        self.cursor = position.min(self.rows.len().saturating_sub(1));
        if let Some(&row) = self.rows.get(self.cursor) {
            self.selected = Some(key_of(row, trials));
        }
    }

    /// The selected row.
    pub(crate) fn selected_row(&self) -> Option<Row> {
        self.rows.get(self.cursor).copied()
    }

    /// Position of the selected row.
    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Position of the row on the first line of a list that is `height` lines high.
    pub(crate) fn offset(&self, height: usize) -> usize {
        let anchor = self.anchor.min(height.saturating_sub(1));
        let last_offset = self.rows.len().saturating_sub(height);
        self.cursor.saturating_sub(anchor).min(last_offset)
    }

    /// Moves the selection by so many rows.
    pub(crate) fn step(&mut self, rows: isize, height: usize, trials: &Trials) {
        let before = self.cursor;
        let line = before - self.offset(height);
        self.select(before.saturating_add_signed(rows), trials);
        let line = (line + self.cursor).saturating_sub(before);
        self.anchor = line.min(height.saturating_sub(1));
    }

    /// Selects the row on a line of the screen.
    pub(crate) fn pick(&mut self, line: usize, height: usize, trials: &Trials) {
        let position = self.offset(height) + line;
        if position < self.rows.len() {
            self.select(position, trials);
            self.anchor = line;
        }
    }

    /// Shows (or hides) the seeds of the selected setting.
    pub(crate) fn expand(&mut self, open: bool, trials: &Trials) {
        let group = match self.selected_row() {
            Some(Row::Group(group)) => group,
            Some(Row::Member(member)) => trials.all[member].group,
            Some(Row::Single(_)) | None => return,
        };
        let key = &trials.groups[group].swept;
        if open {
            self.expanded.insert(key.clone());
        } else {
            self.expanded.remove(key);
        }
        self.rebuild(trials);
    }

    /// Whether the seeds of a setting are shown.
    pub(crate) fn is_expanded(&self, group: usize, trials: &Trials) -> bool {
        self.expanded.contains(&trials.groups[group].swept)
    }

    /// Positions of the selected trials.
    pub(crate) fn selected_trials(&self, trials: &Trials) -> Vec<usize> {
        match self.selected_row() {
            Some(Row::Group(group)) => trials.groups[group].members.clone(),
            Some(Row::Member(member) | Row::Single(member)) => vec![member],
            None => Vec::new(),
        }
    }

    /// Marks the selected trials, or takes the marks away if all have one.
    pub(crate) fn mark(&mut self, trials: &Trials) {
        let ids: Vec<&String> = (self.selected_trials(trials).into_iter())
            .map(|member| &trials.all[member].row.trial)
            .collect();
        if ids.iter().all(|id| self.marks.contains(*id)) {
            for id in ids {
                self.marks.remove(id);
            }
        } else {
            self.marks.extend(ids.into_iter().cloned());
        }
    }
}

fn key_of(row: Row, trials: &Trials) -> Key {
    match row {
        Row::Group(group) => Key::Setting(trials.groups[group].swept.clone()),
        Row::Member(member) | Row::Single(member) => {
            Key::Trial(trials.all[member].row.trial.clone())
        }
    }
}

/// The state that a setting shows: the one of its seeds that needs attention first.
pub(crate) fn group_phase(trials: &Trials, group: usize) -> Phase {
    phase_of(trials, &trials.groups[group].members)
}

/// The same of any trials.
pub(crate) fn phase_of(trials: &Trials, members: &[usize]) -> Phase {
    let phases = || members.iter().map(|&member| trials.all[member].phase);
    for phase in [
        Phase::Running,
        Phase::Paused,
        Phase::Lost,
        Phase::Failed,
        Phase::Queued,
        Phase::Stopped,
    ] {
        if phases().any(|other| other == phase) {
            return phase;
        }
    }
    Phase::Done
}

/// Numbers by their size, other texts by their letters.
pub(super) fn numbers_by_size(a: &str, b: &str) -> Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b),
        _ => a.cmp(b),
    }
}

fn unknown_last(
    a: Option<f64>,
    b: Option<f64>,
    direction: impl Fn(Ordering) -> Ordering,
) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => direction(a.total_cmp(&b)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests;
