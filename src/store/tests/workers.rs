//! Workers that share a run: attempts, results, rows, heartbeats.

use std::fs;
use std::time::{Duration, Instant};

use super::*;

fn result(id: &str, seconds: f64) -> TrialResult {
    TrialResult {
        trial: id.to_owned(),
        status: TrialStatus::Done,
        seconds,
        ..TrialResult::default()
    }
}

/// An attempt that has got so far.
fn attempt(trial: &TrialDirectory, worker: &str, upto: u64) -> TrialDirectory {
    let own = trial.begin_attempt(worker).unwrap();
    let mut rows = IterationWriter::resume_at(&own.iterations_csv(), upto).unwrap();
    let known = own.read_iterations().unwrap().len() as u64;
    for iteration in known..=upto {
        rows.append(&record(iteration)).unwrap();
    }
    checkpoint::write(&own, upto, &[worker.as_bytes()]).unwrap();
    own
}

#[test]
fn the_first_result_wins_with_all_its_files() {
    let scratch = scratch();
    let trial = trial_in(&scratch, "t");
    let (one, other) = (attempt(&trial, "one", 5), attempt(&trial, "other", 5));
    fs::write(one.model(), "of one").unwrap();
    fs::write(other.model(), "of other").unwrap();
    assert!(trial.publish_attempt(&one, &result("t", 1.0)).unwrap());
    // The other one finds its directory gone, or, where it was faster, the result taken.
    assert!(trial.publish_attempt(&other, &result("t", 2.0)).is_err());
    let late = attempt(&trial, "late", 5);
    assert!(!trial.publish_attempt(&late, &result("t", 3.0)).unwrap());
    assert_eq!(trial.read_result().unwrap().unwrap().seconds, 1.0);
    assert_eq!(fs::read(trial.model()).unwrap(), b"of one");
    assert_eq!(trial.read_iterations().unwrap().len(), 6);
    assert!(!trial.attempts().exists());
}

#[test]
fn what_a_winner_left_undone_is_done_by_the_next() {
    let scratch = scratch();
    let trial = trial_in(&scratch, "t");
    let (winner, other) = (attempt(&trial, "b", 5), attempt(&trial, "a", 3));
    fs::write(winner.model(), "the model").unwrap();
    other.replace_result(&result("t", 2.0)).unwrap();
    winner.replace_result(&result("t", 1.0)).unwrap();
    trial.settle().unwrap();
    assert!(
        trial.attempts().exists(),
        "nothing happens without a result"
    );
    // Killed here: the result is public, the files are not.
    assert!(trial.publish_result(&result("t", 1.0)).unwrap());
    trial.settle().unwrap();
    assert_eq!(fs::read(trial.model()).unwrap(), b"the model");
    assert_eq!(trial.read_iterations().unwrap().len(), 6);
    assert!(!trial.attempts().exists());
    trial.settle().unwrap();
}

#[test]
fn a_checkpoint_beside_a_result_goes_where_nothing_goes_on_from_it() {
    let scratch = scratch();
    for (status, kept) in [(TrialStatus::Done, None), (TrialStatus::Failed, Some(4))] {
        let trial = trial_in(&scratch, &format!("{status:?}"));
        checkpoint::write(&trial, 4, &[b"state"]).unwrap();
        trial.settle().unwrap();
        assert_eq!(checkpoint::newest_iteration(&trial).unwrap(), Some(4));
        let ended = TrialResult {
            status,
            ..TrialResult::default()
        };
        trial.publish_result(&ended).unwrap();
        trial.settle().unwrap();
        assert_eq!(checkpoint::newest_iteration(&trial).unwrap(), kept);
    }
}

#[test]
fn an_attempt_begins_at_the_furthest_checkpoint_and_leaves_others_alone() {
    let scratch = scratch();
    let trial = trial_in(&scratch, "t");
    attempt(&trial, "near", 3);
    let far = attempt(&trial, "far", 7);
    // Still being written: a torn line behind the checkpoint.
    let mut rows = fs::read(far.iterations_csv()).unwrap();
    rows.extend_from_slice(b"8,0.");
    fs::write(far.iterations_csv(), &rows).unwrap();
    let own = trial.begin_attempt("own").unwrap();
    assert_eq!(
        checkpoint::read_newest(&own).unwrap(),
        Some((7, b"far".to_vec()))
    );
    assert_eq!(own.read_iterations().unwrap().len(), 8);
    assert_eq!(fs::read(far.iterations_csv()).unwrap(), rows);
    // A runner takes it into the trial's own directory.
    trial.adopt_attempts().unwrap();
    assert_eq!(checkpoint::newest_iteration(&trial).unwrap(), Some(7));
    assert!(!trial.attempts().exists());
}

#[test]
fn the_table_follows_from_results_and_is_left_alone_elsewhere() {
    let scratch = scratch();
    let rows = ["a", "b"].map(|id| TrialRow {
        trial: id.to_owned(),
        ..TrialRow::default()
    });
    let table = TrialTable {
        rows: rows.to_vec(),
        ..TrialTable::default()
    };
    table.write(&scratch.run.trials_csv()).unwrap();
    let trial = trial_in(&scratch, "b");
    trial.replace_result(&result("b", 1.0)).unwrap();
    assert!(!scratch.run.gather_results().unwrap(), "no worker was here");
    scratch.run.create_for_workers().unwrap();
    assert!(scratch.run.gather_results().unwrap());
    let states = |table: TrialTable| table.rows.iter().map(|row| row.status).collect::<Vec<_>>();
    let expected = [TrialStatus::Queued, TrialStatus::Done];
    assert_eq!(states(scratch.run.read_trials().unwrap()), expected);
    assert!(!scratch.run.gather_results().unwrap(), "nothing is new");
    let lock = RunnerLock::acquire(&scratch.run).unwrap();
    trial.replace_result(&result("b", 2.0)).unwrap();
    assert!(!scratch.run.gather_results().unwrap(), "the runner's table");
    drop(lock);
}

#[test]
fn rows_are_followed_in_the_attempt_and_then_in_the_trial() {
    let scratch = scratch();
    scratch.run.create_for_workers().unwrap();
    let trial = trial_in(&scratch, "t");
    let status = WorkerStatus::of_this_process("7_1".into());
    scratch.run.write_worker(&status).unwrap();
    let journal = Journal::create_named(&scratch.run, &status.name).unwrap();
    let own = attempt(&trial, &status.name, 2);
    let kind = TrialEventKind::Started {
        from_iteration: 0,
        iterations: 9,
    };
    journal.append("t", kind).unwrap();
    let mut follower = RunFollower::new(scratch.run.clone());
    let rows = |updates: &[RunUpdate]| -> usize {
        let rows = updates.iter().filter_map(|update| match update {
            RunUpdate::Iterations { records, .. } => Some(records.len()),
            _ => None,
        });
        rows.sum()
    };
    let updates = follower.poll();
    assert_eq!(rows(&updates), 3);
    assert!(updates.contains(&RunUpdate::Liveness(Liveness::Alive)));
    trial.publish_attempt(&own, &result("t", 1.0)).unwrap();
    let kind = TrialEventKind::Ended {
        status: TrialStatus::Done,
        error: None,
    };
    journal.append("t", kind).unwrap();
    assert_eq!(rows(&follower.poll()), 3, "again, from the first row");
    assert_eq!(rows(&follower.poll()), 0);
}

#[test]
fn a_worker_lives_as_long_as_its_heartbeat_changes() {
    let scratch = scratch();
    scratch.run.create_for_workers().unwrap();
    let mut status = WorkerStatus {
        name: "x".into(),
        host: "elsewhere".into(),
        ..WorkerStatus::default()
    };
    let mut watch = WorkersWatch::default();
    let start = Instant::now();
    let mut lives = |status: &WorkerStatus, seconds: u64| {
        scratch.run.write_worker(status).unwrap();
        watch.observe(&scratch.run, start + Duration::from_secs(seconds))[0].lives
    };
    assert!(lives(&status, 0));
    assert!(lives(&status, 119));
    assert!(!lives(&status, 120));
    status.beat = 1;
    assert!(lives(&status, 130));
    status.ended = true;
    assert!(!lives(&status, 131));
}
