//! Tests of the room as a whole: what one part writes another reads, and what faults do to it.

mod columns;
mod csv_files;
mod faults;
mod following;
mod hostile;
mod publication;
mod runners;
mod workers;

use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;
use columns::any_iteration;

/// A run directory that exists for one test.
struct Scratch {
    _directory: tempfile::TempDir,
    run: RunDirectory,
}

fn scratch() -> Scratch {
    let directory = tempfile::tempdir().unwrap();
    let run = RunDirectory::new(directory.path());
    run.create().unwrap();
    Scratch {
        _directory: directory,
        run,
    }
}

fn trial_in(scratch: &Scratch, id: &str) -> TrialDirectory {
    let trial = scratch.run.trial(id);
    trial.create().unwrap();
    trial
}

fn record(iteration: u64) -> IterationRecord {
    IterationRecord {
        iteration,
        objective: 1.0 / (iteration as f64 + 3.0),
        step: if iteration == 0 { f64::NAN } else { 1e-300 },
        descent_violations: Some(0),
        test_accuracy: iteration.is_multiple_of(2).then_some(0.1 + 0.2),
        ..IterationRecord::default()
    }
}

fn records(iterations: std::ops::Range<u64>) -> Vec<IterationRecord> {
    iterations.map(record).collect()
}

/// Equal values have equal texts, and unlike `==` this holds for NaN.
fn text_of(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}")
}

/// Any text, with those that are hard on CSV often.
fn any_text() -> impl Strategy<Value = String> {
    const HARD: &[&str] = &[
        "",
        " ",
        ",",
        "\"",
        "a,b",
        "\"quoted\"",
        "two\nlines",
        "\r\n",
        "\r",
        "#",
        "NaN",
        "\u{feff}x",
    ];
    prop_oneof![
        proptest::sample::select(HARD).prop_map(str::to_owned),
        proptest::collection::vec(any::<char>(), 0..12).prop_map(String::from_iter),
    ]
}

fn any_number() -> impl Strategy<Value = f64> {
    use proptest::num::f64::{ANY, INFINITE, NORMAL, QUIET_NAN, SUBNORMAL, ZERO};
    prop_oneof![ANY, NORMAL, SUBNORMAL, ZERO, INFINITE, QUIET_NAN]
}

/// A process that runs one ignored test of this binary, with the run directory in its environment.
fn other_process(test: &str, run: &RunDirectory) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([test, "--exact", "--ignored", "--test-threads=1"])
        .env("NNBCD_TEST_RUN", run.root())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// The run directory that [`other_process`] was given; `None` if this is not such a process.
fn given_run() -> Option<RunDirectory> {
    std::env::var_os("NNBCD_TEST_RUN").map(RunDirectory::new)
}

/// Id of a process that is over.
fn dead_pid() -> u32 {
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    child.id()
}
