//! Signals to the runner, and a second runner on the same run directory.

use std::fs;

use rustix::process::Signal;

use super::place::{PATIENCE, Place, SOON, at_work, endless_grid, grid, wait_until};
use super::results::{Results, count, trials};

#[test]
fn terminated_or_interrupted_trials_stop_with_a_checkpoint_and_go_on_later() {
    for signal in [Signal::TERM, Signal::INT] {
        let place = Place::new();
        place.write("g.yaml", &endless_grid("g", 1));
        let mut runner = at_work(&place, &["g.yaml", "--jobs", "2"]);
        runner.signal(signal);
        let status = runner.ends_within(SOON);
        assert_eq!(status.code(), Some(1), "{}", runner.errors());
        assert_eq!(count(&place, "results/g", "stopped"), 2);
        assert_eq!(count(&place, "results/g", "queued"), 1);
        let mut stopped_at = Vec::new();
        for row in trials(&place, "results/g") {
            if row["status"] == "stopped" {
                let trial = format!("results/g/trials/{}", row["trial"]);
                assert!(place.path(&format!("{trial}/checkpoint.0")).exists());
                assert!(!place.path(&format!("{trial}/result.json")).exists());
                stopped_at.push((trial, row["iterations"].clone()));
            }
        }
        let mut runner = place.start(&["g.yaml", "--jobs", "2"]);
        for (trial, iteration) in stopped_at {
            let said = format!("resuming from the checkpoint after iteration {iteration}\n");
            wait_until(PATIENCE, &said, || {
                place
                    .read(&format!("{trial}/log.txt"))
                    .contains(&said)
                    .then_some(())
            });
        }
        runner.signal(Signal::TERM);
        assert_eq!(runner.ends_within(SOON).code(), Some(1));
    }
}

#[test]
fn a_stopped_sweep_ends_with_the_numbers_of_an_undisturbed_one() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", 2500, 1, ""));
    place.ends_with(0, &["g.yaml", "--results", "undisturbed"]);
    let mut runner = at_work(&place, &["g.yaml", "--jobs", "2"]);
    runner.signal(Signal::TERM);
    assert_eq!(runner.ends_within(SOON).code(), Some(1));
    place.ends_with(0, &["g.yaml"]);
    let results = Results::of(&place, "results/g");
    results.assert_equal(&Results::of(&place, "undisturbed/g"));
    results.assert_iterations_once(2500);
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let place = Place::new();
    // One iteration of this takes seconds.
    place.write(
        "g.yaml",
        "name: g\ndata: {source: digits}\nmodel: {hidden: [1600, 1600, 1600]}\n\
         solver: {batch_size: all, iterations: 1000, precision: double}\n",
    );
    let mut runner = place.start(&["g.yaml"]);
    wait_until(PATIENCE, "the start", || {
        (count(&place, "results/g", "running") == 1).then_some(())
    });
    runner.signal(Signal::INT);
    wait_until(PATIENCE, "the first interrupt to be seen", || {
        let state = fs::read_to_string(place.path("results/g/runner.json")).ok()?;
        state.contains("\"stopping\"").then_some(())
    });
    assert!(
        !runner.has_ended(),
        "it ended in the middle of an iteration"
    );
    runner.signal(Signal::INT);
    assert_eq!(runner.ends_within(SOON).code(), Some(130));
}

#[test]
fn a_hang_up_stops_nothing() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", 3000, 1, ""));
    let mut runner = at_work(&place, &["g.yaml"]);
    for _ in 0..3 {
        runner.signal(Signal::HUP);
    }
    let status = runner.ends_within(PATIENCE);
    assert_eq!(status.code(), Some(0), "{}", runner.errors());
    assert_eq!(count(&place, "results/g", "done"), 3);
}

#[test]
fn a_second_runner_is_refused_and_told_who_holds_the_run() {
    let place = Place::new();
    place.write("g.yaml", &endless_grid("g", 1));
    let mut runner = at_work(&place, &["g.yaml"]);
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    for arguments in [
        &["g.yaml"][..],
        &["g.yaml", "--fresh"],
        &["g.yaml", "--retry-failed"],
    ] {
        let said = place.ends_with(2, arguments);
        for words in [
            &runner.id().to_string(),
            host.trim(),
            "since ",
            "watch results/g",
        ] {
            assert!(said.contains(words), "{words} is not in: {said}");
        }
    }
    assert!(!runner.has_ended());
    runner.signal(Signal::TERM);
    assert_eq!(runner.ends_within(SOON).code(), Some(1));
}
