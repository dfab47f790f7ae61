//! File systems without locks, and clocks that jump.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use super::place::{PATIENCE, PROGRAM, Place, Running, SOON, endless_grid, grid, wait_until};
use super::results::{Results, trials};
use super::shims::{JUMPING_CLOCK, NO_LOCKS, shim};

/// Starts the program on the odd machine.
fn start(place: &Place, library: &Path, arguments: &[&str]) -> Running {
    let mut command = Command::new(PROGRAM);
    place.start_command(command.args(arguments).env("LD_PRELOAD", library))
}

fn wait_for_heartbeat(place: &Place, runner: &Running) {
    let process = format!("\"pid\": {},", runner.id());
    wait_until(PATIENCE, "a heartbeat", || {
        let status = fs::read_to_string(place.path("results/g/runner.json")).ok()?;
        status.contains(&process).then_some(())
    });
}

#[test]
fn without_locks_a_second_runner_is_refused_and_a_dead_one_is_no_hindrance() {
    let place = Place::new();
    let Some(library) = shim(&place, NO_LOCKS) else {
        return;
    };
    place.write("g.yaml", &endless_grid("g", 1));
    let mut runner = start(&place, &library, &["g.yaml"]);
    wait_for_heartbeat(&place, &runner);
    let mut second = start(&place, &library, &["g.yaml"]);
    assert_eq!(second.ends_within(PATIENCE).code(), Some(2));
    let said = second.errors();
    for words in [
        &format!("process {} on host", runner.id()),
        "remove runner.json",
    ] {
        assert!(said.contains(words), "{words} is not in: {said}");
    }
    // Commands find the runner without a lock.
    let mut stop = start(&place, &library, &["stop", "results/g"]);
    assert_eq!(stop.ends_within(PATIENCE).code(), Some(0));
    assert_eq!(runner.ends_within(SOON).code(), Some(1));
    let said = runner.errors();
    assert!(said.contains("has no locks"), "{said}");

    let mut killed = start(&place, &library, &["g.yaml"]);
    wait_for_heartbeat(&place, &killed);
    killed.signal(Signal::KILL);
    killed.ends_within(PATIENCE);
    let mut next = start(&place, &library, &["g.yaml"]);
    wait_for_heartbeat(&place, &next);
    next.signal(Signal::TERM);
    assert_eq!(next.ends_within(SOON).code(), Some(1), "{}", next.errors());
}

#[test]
fn a_clock_that_jumps_changes_no_number_and_holds_up_no_command() {
    let place = Place::new();
    let Some(library) = shim(&place, JUMPING_CLOCK) else {
        return;
    };
    place.write("g.yaml", &grid("g", 1500, 1, "checkpoint_every: 0.1"));
    place.ends_with(0, &["g.yaml", "--results", "undisturbed"]);

    let mut runner = start(&place, &library, &["g.yaml"]);
    wait_until(PATIENCE, "a checkpoint", || {
        let files = place.files("results/g/trials");
        let found = files.iter().any(|path| path.contains("checkpoint"));
        (found || runner.has_ended()).then_some(())
    });
    for command in ["pause", "resume", "stop"] {
        // The run may have ended on its own, however soon that is.
        start(&place, &library, &[command, "results/g"]).ends_within(PATIENCE);
    }
    let status = runner.ends_within(SOON);
    assert!(matches!(status.code(), Some(0 | 1)), "{}", runner.errors());
    let mut runner = start(&place, &library, &["g.yaml"]);
    assert_eq!(
        runner.ends_within(PATIENCE).code(),
        Some(0),
        "{}",
        runner.errors()
    );
    let results = Results::of(&place, "results/g");
    results.assert_equal(&Results::of(&place, "undisturbed/g"));
    results.assert_iterations_once(1500);
    let seconds = fs::read_to_string(place.path("results/g/runner.json")).unwrap();
    let status: serde_json::Value = serde_json::from_str(&seconds).unwrap();
    let took = status["updated_at"].as_f64().unwrap() - status["started_at"].as_f64().unwrap();
    let limit = Duration::from_secs(3600).as_secs_f64();
    assert!((0.0..limit).contains(&took), "the run took {took} s");
    for row in trials(&place, "results/g") {
        let seconds: f64 = row["seconds"].parse().unwrap();
        assert!((0.0..limit).contains(&seconds), "a trial took {seconds} s");
    }
}
