//! Limits of the machine: sizes of files, address space, threads, a /proc that is hidden.

use std::process::{Command, Output};

use super::faults::with_mounts;
use super::place::{PATIENCE, PROGRAM, Place, grid};
use super::results::Results;
use super::shims::{FEW_THREADS, shim};

fn run(place: &Place, script: &str) -> (Option<i32>, String) {
    let mut command = Command::new("bash");
    command.args(["-c", script]).env("P", PROGRAM);
    limited(place, command)
}

fn limited(place: &Place, mut command: Command) -> (Option<i32>, String) {
    command.current_dir(place.path(""));
    let Output {
        status,
        stdout,
        stderr,
    } = assert_cmd::Command::from_std(command)
        .timeout(PATIENCE)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    assert!(!said.contains("panicked"), "{said}");
    (status.code(), said)
}

fn small() -> Place {
    let place = Place::new();
    place.write("g.yaml", &grid("g", 5, 1, ""));
    place
}

#[test]
fn a_file_that_may_not_grow_is_a_full_disk() {
    let place = small();
    place.ends_with(0, &["g.yaml", "--results", "undisturbed"]);
    // Two kilobytes for each file: too few for a model.
    let (code, said) = run(&place, "ulimit -f 2; exec $P g.yaml");
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("File too large") && said.contains("ulimit -f"),
        "{said}"
    );
    place.ends_with(0, &["g.yaml"]);
    Results::of(&place, "results/g").assert_equal(&Results::of(&place, "undisturbed/g"));
}

#[test]
fn files_that_cannot_be_opened_cost_nothing() {
    let place = small();
    place.ends_with(0, &["g.yaml"]);
    let before = Results::of(&place, "results/g");
    for files in 6..=12 {
        let (code, said) = run(&place, &format!("ulimit -n {files}; exec $P g.yaml"));
        assert!(matches!(code, Some(0..=2)), "{files}: {code:?}: {said}");
        assert!(!said.contains("rerunning"), "{files}: {said}");
    }
    place.ends_with(0, &["g.yaml"]);
    Results::of(&place, "results/g").assert_equal(&before);
}

#[test]
fn the_limit_on_the_address_space_counts() {
    let place = Place::new();
    place.write(
        "g.yaml",
        &grid("g", 5, 1, "").replace("[16]", "[16384, 16384]"),
    );
    let (code, said) = run(&place, "ulimit -v 1000000; exec $P g.yaml");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("ulimit -v"), "{said}");
    let (code, said) = run(&place, "ulimit -v 1000000; exec $P plan g.yaml");
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_hidden_proc_is_no_machine_without_memory() {
    let place = small();
    let script = "mount -t tmpfs none /proc && $P plan g.yaml && $P g.yaml";
    if let Some(output) = with_mounts(&place, script) {
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{output:?}");
        assert!(!said.contains(" 0 B of memory"), "{said}");
        assert!(said.contains("3 done"), "{said}");
    }
}

#[test]
fn a_machine_without_threads_says_so() {
    let place = small();
    let Some(library) = shim(&place, FEW_THREADS) else {
        return;
    };
    for threads in 0..8 {
        for arguments in [&["g.yaml"][..], &["g.yaml", "--fresh"]] {
            let mut command = Command::new(PROGRAM);
            command
                .args(arguments)
                .env("LD_PRELOAD", &library)
                .env("THREADS", threads.to_string());
            let (code, said) = limited(&place, command);
            assert!(matches!(code, Some(0..=2)), "{threads}: {code:?}: {said}");
            assert_eq!(
                code != Some(0),
                said.contains("ulimit -u"),
                "{threads}: {said}"
            );
        }
    }
    place.ends_with(0, &["g.yaml"]);
}

#[test]
fn more_threads_than_cores_are_not_started() {
    let place = small();
    let said = place.ends_with(0, &["g.yaml", "--threads", "2000"]);
    assert!(said.contains("2000 threads were asked for"), "{said}");
}

#[test]
fn numbers_that_no_clock_can_count_are_refused() {
    let place = Place::new();
    for seconds in ["1.0e+20", "1.0e+300", ".inf", "1.1e+9"] {
        let text = grid("g", 3, 1, &format!("checkpoint_every: {seconds}"));
        place.write("g.yaml", &text);
        let said = place.ends_with(2, &["g.yaml"]);
        assert!(said.contains("at most 1e9"), "{said}");
    }
    place.write("g.yaml", &grid("g", 3, 1, "checkpoint_every: 1.0e+9"));
    place.ends_with(0, &["g.yaml"]);
}
