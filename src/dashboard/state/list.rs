//! The list of trials: order, filter, selection and marks. The selection is a setting or a trial,
//! not a line number, so that it never moves by itself.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};

use super::filter::Filter;
use super::trials::{Phase, Trials};

/// Metric columns of the list, the most useful first; narrow screens show the first ones.
pub(crate) const COLUMNS: [&str; 15] = [
    "iterations",
    "objective",
    "test_accuracy",
    "sparsity",
    "compression_ratio",
    "residual_u",
    "residual_v",
    "residual_w",
    "train_accuracy",
    "step",
    "best_test_accuracy",
    "loss",
    "seconds",
    "params_compressed",
    "descent_violations",
];

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
    /// A position in [`COLUMNS`].
    Metric(usize),
}

impl Sort {
    /// The name of the column.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::State => "state",
            Self::Setting => "setting",
            Self::Metric(column) => COLUMNS[column],
        }
    }

    /// The column so many further on.
    pub(crate) fn shifted(self, by: i32) -> Self {
        let position = match self {
            Self::Plan => 0,
            Self::State => 1,
            Self::Setting => 2,
            Self::Metric(column) => 3 + column,
        };
        let count = 3 + COLUMNS.len();
        match (position as i64 + i64::from(by)).rem_euclid(count as i64) {
            0 => Self::Plan,
            1 => Self::State,
            2 => Self::Setting,
            column => Self::Metric(column as usize - 3),
        }
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
        let mut shown: Vec<(usize, Vec<usize>)> = Vec::with_capacity(trials.groups.len());
        for (position, group) in trials.groups.iter().enumerate() {
            let members: Vec<usize> = (group.members.iter().copied())
                .filter(|&member| self.filter.passes(&trials.all[member], &group.label))
                .collect();
            if !members.is_empty() {
                shown.push((position, members));
            }
        }
        self.order(&mut shown, trials);
        self.rows.clear();
        for (position, members) in shown {
            if let [single] = members[..]
                && trials.groups[position].members.len() == 1
            {
                self.rows.push(Row::Single(single));
                continue;
            }
            self.rows.push(Row::Group(position));
            if self.expanded.contains(&trials.groups[position].swept) {
                self.rows.extend(members.into_iter().map(Row::Member));
            }
        }
        self.find_selected(trials);
    }

    fn order(&self, shown: &mut [(usize, Vec<usize>)], trials: &Trials) {
        let direction = |ordering: Ordering| {
            if self.descending {
                ordering.reverse()
            } else {
                ordering
            }
        };
        match self.sort {
            Sort::Plan => {
                if self.descending {
                    shown.reverse();
                }
            }
            Sort::State => shown.sort_by_cached_key(|(position, _)| {
                let phase = group_phase(trials, *position) as i32;
                if self.descending { -phase } else { phase }
            }),
            Sort::Setting => shown.sort_by(|(a, _), (b, _)| {
                direction(trials.groups[*a].label.cmp(&trials.groups[*b].label))
            }),
            Sort::Metric(column) => {
                let metric = COLUMNS[column];
                let mut keyed: Vec<(Option<f64>, (usize, Vec<usize>))> = shown
                    .iter_mut()
                    .map(|entry| {
                        let group = &trials.groups[entry.0];
                        let key = trials.summary(group, metric).map(|summary| summary.mean);
                        (key, std::mem::take(entry))
                    })
                    .collect();
                keyed.sort_by(|(a, _), (b, _)| unknown_last(*a, *b, direction));
                for (slot, (_, entry)) in shown.iter_mut().zip(keyed) {
                    *slot = entry;
                }
                for (_, members) in shown.iter_mut() {
                    members.sort_by(|&a, &b| {
                        let value = |member: usize| {
                            (trials.all[member].metric(metric)).filter(|value| value.is_finite())
                        };
                        unknown_last(value(a), value(b), direction)
                    });
                }
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
    pub(crate) fn step(&mut self, rows: i64, height: usize, trials: &Trials) {
        let line = self.cursor - self.offset(height);
        let before = self.cursor as i64;
        self.select((before + rows).max(0) as usize, trials);
        let moved = self.cursor as i64 - before;
        self.anchor = (line as i64 + moved).clamp(0, height.saturating_sub(1) as i64) as usize;
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
    let phases = || (trials.groups[group].members.iter()).map(|&member| trials.all[member].phase);
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
mod tests {
    use super::*;
    use crate::store::{TrialRow, TrialTable};

    fn trials(objectives: &[Option<f64>]) -> Trials {
        let mut trials = Trials::default();
        trials.replace(TrialTable {
            swept: vec!["rank".to_owned()],
            rows: (objectives.iter().enumerate())
                .map(|(index, &objective)| TrialRow {
                    trial: format!("t{index}"),
                    swept: vec![(index / 2).to_string()],
                    objective,
                    ..TrialRow::default()
                })
                .collect(),
        });
        trials
    }

    fn list(trials: &Trials) -> List {
        let mut list = List::default();
        list.rebuild(trials);
        list
    }

    #[test]
    fn unknown_values_come_last_in_both_directions() {
        let trials = trials(&[
            Some(2.0),
            Some(2.0),
            None,
            Some(f64::NAN),
            Some(1.0),
            Some(1.0),
        ]);
        let mut list = list(&trials);
        list.sort = Sort::Metric(1);
        list.rebuild(&trials);
        assert_eq!(list.rows, [Row::Group(2), Row::Group(0), Row::Group(1)]);
        list.descending = true;
        list.rebuild(&trials);
        assert_eq!(list.rows, [Row::Group(0), Row::Group(2), Row::Group(1)]);
    }

    #[test]
    fn the_selection_stays_with_its_setting_and_its_line() {
        let before = trials(&(0..200).map(|k| Some(f64::from(k))).collect::<Vec<_>>());
        let mut list = list(&before);
        list.sort = Sort::Metric(1);
        list.rebuild(&before);
        list.step(30, 10, &before);
        let line = list.cursor() - list.offset(10);
        let after = trials(&(0..200).map(|k| Some(f64::from(-k))).collect::<Vec<_>>());
        list.rebuild(&after);
        assert_eq!(list.selected_row(), Some(Row::Group(30)));
        assert_eq!(list.cursor(), 69);
        assert_eq!(list.cursor() - list.offset(10), line);
    }

    #[test]
    fn closing_a_setting_selects_it() {
        let trials = trials(&[None; 4]);
        let mut list = list(&trials);
        list.expand(true, &trials);
        list.step(2, 10, &trials);
        assert_eq!(list.selected_row(), Some(Row::Member(1)));
        list.expand(false, &trials);
        assert_eq!(list.selected_row(), Some(Row::Group(0)));
        assert_eq!(list.rows.len(), 2);
    }

    #[test]
    fn marks_go_on_and_off() {
        let trials = trials(&[None; 4]);
        let mut list = list(&trials);
        list.mark(&trials);
        assert_eq!(list.marks.len(), 2);
        list.mark(&trials);
        assert!(list.marks.is_empty());
    }

    #[test]
    fn sorting_goes_round_all_columns() {
        let mut sort = Sort::Plan;
        for _ in 0..3 + COLUMNS.len() {
            sort = sort.shifted(1);
        }
        assert_eq!(sort, Sort::Plan);
        assert_eq!(Sort::Plan.shifted(-1), Sort::Metric(COLUMNS.len() - 1));
    }
}
