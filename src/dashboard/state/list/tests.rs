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
    list.sort = Sort::Metric(Quantity::Objective);
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
    list.sort = Sort::Metric(Quantity::Objective);
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
    for _ in 0..3 + Quantity::COLUMNS.len() {
        sort = sort.shifted(1);
    }
    assert_eq!(sort, Sort::Plan);
    let last = Quantity::COLUMNS.last().copied();
    assert_eq!(Some(Sort::Plan.shifted(-1)), last.map(Sort::Metric));
}
