//! What tables say of networks that are of no use, and of settings that have no column.

use nnbcd::report::{PaperTable, build};
use nnbcd::store::TrialTable;

use super::report_tables::{accuracy_by, names, trial, two_settings};

#[test]
fn what_is_wrong_with_a_network_stands_under_the_table() {
    let mut trials = two_settings();
    trials.rows[0].notices = "dead-units from-a-later-version".to_owned();
    for row in &mut trials.rows[2..] {
        row.notices = "majority".to_owned();
    }
    let table = build(&trials, &accuracy_by(&[])).expect("names exist");
    assert_eq!(
        table.footnotes,
        [
            "seed 1: dead units: half of a hidden layer or more is zero for every training sample",
            "no better than always answering the most frequent class",
        ]
    );
    let groups: Vec<Option<usize>> = (table.rows.iter())
        .map(|row| row.groups[0].footnote)
        .collect();
    assert_eq!(groups, [Some(0), Some(1)]);
}

#[test]
fn a_setting_that_changes_with_another_one_has_no_column_unless_asked_for() {
    let trials = TrialTable {
        swept: names(&["solver.batch_size", "solver.iterations", "solver.step"]),
        rows: vec![
            trial(1, &["auto", "", "1"], 0.5),
            trial(1, &["all", "100", "1"], 0.6),
            trial(1, &["auto", "", "2"], 0.7),
        ],
    };
    let headers = |table: &PaperTable| -> Vec<String> {
        (table.row_headers.iter())
            .map(|header| header.short.clone())
            .collect()
    };
    let table = build(&trials, &accuracy_by(&[])).expect("names exist");
    assert_eq!(headers(&table), ["batch_size", "step"]);
    assert_eq!(table.rows.len(), 3);
    assert_eq!(
        table.remarks.last().map(String::as_str),
        Some("Changes with solver.batch_size: solver.iterations.")
    );
    let asked = accuracy_by(&["solver.iterations", "solver.step"]);
    let table = build(&trials, &asked).expect("names exist");
    assert_eq!(headers(&table), ["iterations", "step"]);
    assert_eq!(table.remarks.len(), 1);
}
