//! The follower against a run that is written, cut, replaced and ended under it.

use std::fs;
use std::time::{Duration, Instant};

use super::*;

fn rows_of(updates: &[RunUpdate], wanted: &str) -> Vec<u64> {
    updates
        .iter()
        .filter_map(|update| match update {
            RunUpdate::Iterations { trial, records } if trial == wanted => Some(records),
            _ => None,
        })
        .flatten()
        .map(|record| record.iteration)
        .collect()
}

fn write_rows(trial: &TrialDirectory, iterations: std::ops::Range<u64>) {
    let path = trial.iterations_csv();
    let mut writer = match iterations.start.checked_sub(1) {
        Some(last) => IterationWriter::resume_at(&path, last).unwrap(),
        None => IterationWriter::create(&path).unwrap(),
    };
    for iteration in iterations {
        writer.append(&record(iteration)).unwrap();
    }
}

const STARTED: TrialEventKind = TrialEventKind::Started {
    from_iteration: 0,
    iterations: 9,
};

const ENDED: TrialEventKind = TrialEventKind::Ended {
    status: TrialStatus::Done,
    error: None,
};

#[test]
fn every_row_comes_once_and_nothing_comes_without_change() {
    let scratch = scratch();
    let trial = trial_in(&scratch, "t");
    let mut follower = RunFollower::new(scratch.run.clone());
    assert_eq!(follower.poll(), [RunUpdate::Liveness(Liveness::Gone)]);
    assert_eq!(follower.poll(), []);
    follower.follow("t");
    write_rows(&trial, 0..3);
    assert_eq!(rows_of(&follower.poll(), "t"), [0, 1, 2]);
    assert_eq!(follower.poll(), []);
    follower.follow("t");
    assert_eq!(follower.poll(), []);
    write_rows(&trial, 3..5);
    assert_eq!(rows_of(&follower.poll(), "t"), [3, 4]);
}

#[test]
fn a_torn_line_waits_for_its_end() {
    let scratch = scratch();
    let trial = trial_in(&scratch, "t");
    write_rows(&trial, 0..2);
    let whole = fs::read(trial.iterations_csv()).unwrap();
    let mut follower = RunFollower::new(scratch.run.clone());
    follower.follow("t");
    let mut delivered = Vec::new();
    for length in 0..=whole.len() {
        fs::write(trial.iterations_csv(), &whole[..length]).unwrap();
        delivered.extend(rows_of(&follower.poll(), "t"));
    }
    // Each write above cuts the file first, but no reader looks at that moment.
    assert_eq!(delivered, [0, 1]);
}

#[test]
fn a_trial_that_goes_on_from_a_checkpoint_is_delivered_again() {
    let scratch = scratch();
    let trial = trial_in(&scratch, "t");
    let mut follower = RunFollower::new(scratch.run.clone());
    follower.follow("t");
    write_rows(&trial, 0..5);
    assert_eq!(rows_of(&follower.poll(), "t"), [0, 1, 2, 3, 4]);
    // Cut to row 2, seen while short.
    write_rows(&trial, 3..3);
    assert_eq!(rows_of(&follower.poll(), "t"), [0, 1, 2]);
    write_rows(&trial, 3..6);
    assert_eq!(rows_of(&follower.poll(), "t"), [3, 4, 5]);
    // Begun anew with another header length in between: never seen short.
    let text = fs::read_to_string(trial.iterations_csv()).unwrap();
    fs::remove_file(trial.iterations_csv()).unwrap();
    assert_eq!(follower.poll(), []);
    fs::write(trial.iterations_csv(), text.replace(",0,", ",7,")).unwrap();
    assert_eq!(rows_of(&follower.poll(), "t"), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_damaged_row_is_passed_over() {
    let scratch = scratch();
    let trial = trial_in(&scratch, "t");
    write_rows(&trial, 0..3);
    let mut lines: Vec<String> = fs::read_to_string(trial.iterations_csv())
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    lines[2] = "1,x".to_owned();
    fs::write(trial.iterations_csv(), lines.join("\n") + "\n").unwrap();
    let mut follower = RunFollower::new(scratch.run.clone());
    follower.follow("t");
    assert_eq!(rows_of(&follower.poll(), "t"), [0, 2]);
}

#[test]
fn running_trials_are_followed_by_themselves() {
    let scratch = scratch();
    let by_event = trial_in(&scratch, "event");
    let by_table = trial_in(&scratch, "table");
    let neither = trial_in(&scratch, "neither");
    for trial in [&by_event, &by_table, &neither] {
        write_rows(trial, 0..2);
    }
    let mut layers = LayerWriter::create(&by_event.layers_csv()).unwrap();
    layers.append(&LayerRecord::default()).unwrap();
    let journal = Journal::create(&scratch.run).unwrap();
    journal.append("event", STARTED).unwrap();
    journal.append("neither", STARTED).unwrap();
    journal.append("neither", ENDED).unwrap();
    let table = TrialTable {
        swept: Vec::new(),
        rows: vec![TrialRow {
            trial: "table".to_owned(),
            status: TrialStatus::Running,
            ..TrialRow::default()
        }],
    };
    table.write(&scratch.run.trials_csv()).unwrap();

    let mut follower = RunFollower::new(scratch.run.clone());
    let updates = follower.poll();
    assert_eq!(updates[0], RunUpdate::Trials(table));
    let events = updates
        .iter()
        .filter(|update| matches!(update, RunUpdate::Event(_)));
    assert_eq!(events.count(), 3);
    assert_eq!(rows_of(&updates, "event"), [0, 1]);
    assert_eq!(rows_of(&updates, "table"), [0, 1]);
    assert!(rows_of(&updates, "neither").is_empty());
    let layers = RunUpdate::Layers {
        trial: "event".to_owned(),
        records: vec![LayerRecord::default()],
    };
    assert!(updates.contains(&layers));
    assert_eq!(follower.poll(), []);
}

#[test]
fn an_ended_trial_falls_asleep_and_wakes_when_it_starts_again() {
    let scratch = scratch();
    let trial = trial_in(&scratch, "t");
    let journal = Journal::create(&scratch.run).unwrap();
    let mut follower = RunFollower::new(scratch.run.clone());
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    journal.append("t", STARTED).unwrap();
    follower.poll_at(at(0));
    // As long as it runs it stays awake, however long nothing comes.
    write_rows(&trial, 0..1);
    assert_eq!(rows_of(&follower.poll_at(at(1000)), "t"), [0]);
    journal.append("t", ENDED).unwrap();
    write_rows(&trial, 1..2);
    assert_eq!(rows_of(&follower.poll_at(at(1009)), "t"), [1]);
    write_rows(&trial, 2..3);
    assert!(rows_of(&follower.poll_at(at(1020)), "t").is_empty());
    journal.append("t", STARTED).unwrap();
    assert_eq!(rows_of(&follower.poll_at(at(1021)), "t"), [2]);
}

#[test]
fn ids_that_lead_outside_deliver_nothing() {
    let scratch = scratch();
    let trial = trial_in(&scratch, "t");
    write_rows(&trial, 0..2);
    let mut follower = RunFollower::new(scratch.run.clone());
    follower.follow("../trials/t");
    follower.follow("");
    assert_eq!(follower.poll(), [RunUpdate::Liveness(Liveness::Gone)]);
}
