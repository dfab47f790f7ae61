use super::*;

fn row(id: &str, status: TrialStatus, rank: &str) -> TrialRow {
    TrialRow {
        trial: id.to_owned(),
        status,
        swept: vec!["tensor-train".to_owned(), rank.to_owned()],
        ..TrialRow::default()
    }
}

fn table(rows: Vec<TrialRow>) -> TrialTable {
    TrialTable {
        swept: vec![
            "compression.method".to_owned(),
            "compression.rank".to_owned(),
        ],
        rows,
    }
}

fn event(at: f64, kind: TrialEventKind) -> TrialEvent {
    TrialEvent {
        at,
        trial: "a".to_owned(),
        kind,
    }
}

const STARTED: TrialEventKind = TrialEventKind::Started {
    from_iteration: 0,
    iterations: 10,
};

#[test]
fn settings_are_grouped_and_named() {
    let mut trials = Trials::default();
    trials.replace(table(vec![
        row("a", TrialStatus::Queued, "8"),
        row("b", TrialStatus::Queued, "16"),
        row("c", TrialStatus::Queued, "8"),
    ]));
    assert_eq!(trials.groups.len(), 2);
    assert_eq!(trials.groups[0].members, [0, 2]);
    assert_eq!(trials.groups[1].label, "rank=16", "both are tensor trains");
    assert_eq!(trials.swept_column("rank"), Some(1));
    assert_eq!(trials.swept_column("compression.rank"), Some(1));
}

#[test]
fn an_older_table_does_not_undo_the_journal() {
    let mut trials = Trials::default();
    let queued = table(vec![row("a", TrialStatus::Queued, "8")]);
    trials.replace(queued.clone());
    trials.note(event(1.0, STARTED));
    trials.replace(queued);
    assert_eq!(trials.all[0].phase, Phase::Running);
    trials.replace(table(vec![row("a", TrialStatus::Done, "8")]));
    assert_eq!(trials.all[0].phase, Phase::Done);
    trials.note(event(2.0, TrialEventKind::Queued));
    assert_eq!(trials.all[0].phase, Phase::Queued);
}

#[test]
fn events_may_come_early_and_out_of_order() {
    let mut trials = Trials::default();
    trials.note(event(5.0, TrialEventKind::Paused));
    trials.replace(table(vec![row("a", TrialStatus::Queued, "8")]));
    assert_eq!(trials.all[0].phase, Phase::Paused);
    trials.note(event(4.0, STARTED));
    assert_eq!(trials.all[0].phase, Phase::Paused);
}

#[test]
fn a_value_that_is_no_number_shows_in_the_mean_and_is_never_the_best() {
    let mut trials = Trials::default();
    let accuracies = [("8", 0.5), ("8", f64::NAN), ("16", 0.4)];
    let row = |(id, (rank, accuracy)): (usize, &(&str, f64))| TrialRow {
        test_accuracy: Some(*accuracy),
        compression_ratio: Some(2.0),
        ..row(&id.to_string(), TrialStatus::Done, rank)
    };
    trials.replace(table(accuracies.iter().enumerate().map(row).collect()));
    let mean = |group: usize| {
        let summary = trials.summary(&trials.groups[group], Quantity::TestAccuracy);
        summary.expect("there are values").mean
    };
    assert!(mean(0).is_nan());
    assert_eq!(mean(1), 0.4);
    let front: Vec<bool> = (crate::dashboard::state::front(&trials).iter())
        .map(|spot| spot.on_front && spot.group == 1)
        .collect();
    assert_eq!(front, [true, false]);
}
