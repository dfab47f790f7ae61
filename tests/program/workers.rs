//! Workers that share a run directory, without a runner and without any queue.

use std::fs;

use rustix::process::Signal;

use super::place::{PATIENCE, Place, SOON, endless_grid, grid, wait_until, worker_at_work};
use super::results::{Results, count};

const ITERATIONS: usize = 1500;

/// A run directory that waits for workers, and the same grid done by the runner.
fn prepared(iterations: usize) -> (Place, Results) {
    let place = Place::new();
    place.write(
        "g.yaml",
        &grid("g", iterations, 2, "checkpoint_every: 0.05"),
    );
    place.ends_with(0, &["g.yaml", "--results", "one-machine"]);
    place.ends_with(0, &["submit", "g.yaml"]);
    let one_machine = Results::of(&place, "one-machine/g");
    (place, one_machine)
}

/// After `table`, which brings trials.csv up to date: everything as on one machine, and no traces of the workers' ways.
#[track_caller]
fn assert_as_on_one_machine(place: &Place, one_machine: &Results) {
    place.ends_with(0, &["table", "results/g"]);
    let results = Results::of(place, "results/g");
    results.assert_equal(one_machine);
    results.assert_iterations_once(ITERATIONS);
    let files = place.files("results/g");
    let left_over = |path: &&String| {
        ["attempts", "checkpoint", ".tmp"]
            .iter()
            .any(|trace| path.contains(trace))
    };
    assert_eq!(files.iter().find(left_over), None);
}

fn logs(place: &Place) -> String {
    let files = place.files("results/g/trials").into_iter();
    files
        .filter(|path| path.ends_with("log.txt"))
        .map(|path| place.read(&format!("results/g/trials/{path}")))
        .collect()
}

/// Whether a worker has left a checkpoint behind.
fn checkpoint(place: &Place) -> Option<()> {
    let files = place.files("results/g/trials");
    files
        .iter()
        .any(|path| path.contains("/attempts/") && path.ends_with("/checkpoint.0"))
        .then_some(())
}

#[test]
fn shards_together_do_what_one_machine_does() {
    let (place, one_machine) = prepared(ITERATIONS);
    let mut workers: Vec<_> = (1..=3)
        .map(|index| place.start(&["worker", "results/g", "--shard", &format!("{index}/3")]))
        .collect();
    for worker in &mut workers {
        assert_eq!(worker.ends_within(PATIENCE).code(), Some(0));
    }
    assert_eq!(
        count(&place, "results/g", "done"),
        6,
        "the last worker has settled the table"
    );
    assert_as_on_one_machine(&place, &one_machine);
    let said = place.ends_with(0, &["worker", "results/g"]);
    assert_eq!(said.matches("already has a result").count(), 6, "{said}");
}

#[test]
fn workers_on_the_same_trials_are_harmless() {
    let (place, one_machine) = prepared(ITERATIONS);
    let mut workers: Vec<_> = (0..4)
        .map(|_| place.start(&["worker", "results/g", "--threads", "1"]))
        .collect();
    for worker in &mut workers {
        assert_eq!(worker.ends_within(PATIENCE).code(), Some(0));
    }
    assert_as_on_one_machine(&place, &one_machine);
}

#[test]
fn a_terminated_worker_publishes_nothing_and_its_successor_goes_on() {
    let (place, one_machine) = prepared(ITERATIONS);
    for signal in [Signal::TERM, Signal::KILL] {
        let mut worker = place.start(&["worker", "results/g", "--threads", "1"]);
        wait_until(PATIENCE, "a checkpoint", || checkpoint(&place));
        worker.signal(signal);
        let status = worker.ends_within(SOON);
        assert_ne!(status.code(), Some(0), "{signal:?}");
        if signal == Signal::TERM {
            assert_eq!(status.code(), Some(1));
        }
        checkpoint(&place).expect("the checkpoint is kept");
    }
    let said = place.ends_with(0, &["worker", "results/g"]);
    assert!(said.contains("resumes from the checkpoint"), "{said}");
    assert!(logs(&place).contains("resuming from the checkpoint after iteration"));
    assert_as_on_one_machine(&place, &one_machine);
}

#[test]
fn the_main_job_goes_on_where_workers_were_stopped_and_stays_away_while_they_work() {
    let (place, one_machine) = prepared(ITERATIONS);
    let mut worker = place.start(&["worker", "results/g", "--threads", "1"]);
    wait_until(PATIENCE, "a checkpoint", || checkpoint(&place));
    let said = place.ends_with(2, &["g.yaml"]);
    assert!(said.contains("is active; wait for it"), "{said}");
    worker.signal(Signal::KILL);
    worker.ends_within(SOON);
    place.ends_with(0, &["g.yaml"]);
    assert!(logs(&place).contains("resuming from the checkpoint after iteration"));
    assert_as_on_one_machine(&place, &one_machine);
}

#[test]
fn a_trial_that_fails_is_a_result_and_runs_again_when_told() {
    let place = Place::new();
    let text = grid("g", 5, 1, "").replace("scale: 0.2", "scale: 1.0e+30");
    place.write("g.yaml", &text);
    place.ends_with(0, &["submit", "g.yaml"]);
    place.ends_with(1, &["worker", "results/g"]);
    place.ends_with(0, &["watch", "results/g"]);
    assert_eq!(count(&place, "results/g", "failed"), 3);
    let said = place.ends_with(0, &["submit", "g.yaml"]);
    assert!(
        said.contains("all 3 trials already have a result"),
        "{said}"
    );
    let said = place.ends_with(1, &["worker", "results/g"]);
    assert!(!said.contains("started"), "{said}");
    let said = place.ends_with(0, &["submit", "g.yaml", "--retry-failed"]);
    assert!(said.contains("3 of 3 trials have no result"), "{said}");
    let said = place.ends_with(1, &["worker", "results/g", "--retry-failed"]);
    assert_eq!(said.matches("FAILED").count(), 3, "{said}");
}

#[test]
fn the_table_is_true_when_the_last_worker_has_ended_and_not_written_before() {
    let place = Place::new();
    place.write("g.yaml", &endless_grid("g", 1));
    place.ends_with(0, &["submit", "g.yaml"]);
    let mut other = worker_at_work(&place);
    let before = place.read("results/g/trials.csv");
    // A trial that another version of the grid has, and that ends.
    place.write("short.yaml", &grid("short", 5, 1, ""));
    place.ends_with(0, &["submit", "short.yaml", "--results", "results"]);
    place.ends_with(0, &["worker", "results/short"]);
    assert_eq!(count(&place, "results/short", "done"), 3);
    assert_eq!(place.read("results/g/trials.csv"), before);
    other.signal(Signal::TERM);
    other.ends_within(SOON);
}

#[test]
fn what_a_worker_cannot_use_is_refused() {
    let place = Place::new();
    place.write("g.yaml", &endless_grid("g", 1));
    for (arguments, word) in [
        (vec!["worker", "results/g"], "no such directory"),
        (vec!["worker", "results/g", "--shard", "3/2"], "from 1 to N"),
        (vec!["submit", "g.yaml", "--dry-run"], "--slurm"),
        (
            vec!["submit", "g.yaml", "--slurm", "--", "--array=1-2"],
            "--trials-per-task",
        ),
    ] {
        let said = place.ends_with(2, &arguments);
        assert!(said.contains(word), "{said}");
    }
    assert!(!place.path("results").exists());
    place.ends_with(0, &["submit", "g.yaml"]);
    // The plan is frozen: a trial that it does not know is not invented.
    fs::write(place.path("results/g/trials.txt"), "0123456789ab\n").unwrap();
    let said = place.ends_with(2, &["worker", "results/g"]);
    assert!(said.contains("0123456789ab"), "{said}");
}
