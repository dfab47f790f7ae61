//! No bad network goes unnoticed: what a run says of trials that end well and are of no use.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use nnbcd::run::{Interrupt, Moment, run_sweep};
use nnbcd::store::{TrialRow, TrialStatus};

use super::sweep_runner::sweep_of;

/// Runs a grid of one trial; its row, which `result.json` agrees with, and its log.
fn row_and_log(directory: &Path, grid: &str) -> (TrialRow, String) {
    let sweep = sweep_of(directory, grid);
    let mut before = Vec::new();
    run_sweep(&sweep, &Interrupt::default(), &mut |progress, moment| {
        if moment == Moment::Start {
            before.clone_from(&progress.table().rows);
        }
    })
    .unwrap();
    let table = sweep.run.read_trials().unwrap();
    let [row] = &table.rows[..] else {
        panic!("one trial")
    };
    assert_eq!(row.status, TrialStatus::Done, "{}", row.error);
    let trial = sweep.run.trial(&row.trial);
    let result = trial.read_result().unwrap().unwrap();
    assert_eq!(result.notices, row.notices);
    let of_data = |code: &&str| ["input-scale", "same-files"].contains(code);
    let early: Vec<&str> = row.notices.split(' ').filter(of_data).collect();
    let known = &before[0].notices;
    assert_eq!(*known, early.join(" "), "what is known before the start");
    (row.clone(), fs::read_to_string(trial.log()).unwrap())
}

/// A table of zeros, of which nothing can be learnt, with three samples of one class to one of the other.
fn write_zeros(directory: &Path, scale: &str) {
    let line = |number: usize| {
        let class = if number.is_multiple_of(4) { "b" } else { "a" };
        format!("{scale},-{scale},{class}\n")
    };
    let text: String = (0..24).map(line).collect();
    for name in ["train.csv", "test.csv"] {
        fs::write(directory.join(name), format!("x0,x1,y\n{text}")).unwrap();
    }
}

fn zeros(rest: &str) -> String {
    format!(
        "data: {{source: csv, csv: {{label: y, features: 'x*', train: train.csv, test: test.csv}}, standardize: false}}\n\
         model: {{hidden: [8], bias: false}}\n{rest}"
    )
}

#[test]
fn inputs_of_another_scale_units_that_never_speak_and_a_constant_answer() {
    let directory = tempfile::tempdir().unwrap();
    write_zeros(directory.path(), "0");
    let grid = zeros("solver: {method: sgd, iterations: 2}\n");
    let (row, log) = row_and_log(directory.path(), &grid);
    assert_eq!(row.notices, "majority dead-units input-scale same-files");
    for words in [
        "warning: the inputs are far from the scale 1 that training expects (largest root mean square of a feature: 0.000e0): set",
        "most frequent class (accuracy 0.7500, share of that class 0.7500): check",
        "every training sample (layer 0: 8 of 8): set",
    ] {
        assert!(log.contains(words), "{words}:\n{log}");
    }
    let [early, late] = ["far from the scale", "done:"].map(|words| log.find(words));
    assert!(early < late && early.is_some(), "{log}");
}

#[test]
fn a_good_network_on_good_inputs_has_no_notice() {
    let directory = tempfile::tempdir().unwrap();
    let grid = "data: {source: digits, train: 400, test: 200}\nmodel: {hidden: [32]}\n\
                compression: {method: prune, sparsity: 0.5}\nsolver: {iterations: 20}\n";
    let (row, log) = row_and_log(directory.path(), grid);
    assert_eq!(row.notices, "", "{log}");
    assert!(!log.contains("warning"), "{log}");
    assert!(row.test_accuracy.unwrap() > 0.8);
}

#[test]
fn a_network_that_compression_has_ruined_is_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    for solver in [
        // The dense iterations before.
        "batch_size: all, iterations: 10, compress_after: 9",
        // W beside what is deployed.
        "batch_size: all, iterations: 10, tau: 1.0e-9",
        "iterations: 10, compress_from: 0.9, compress_until: 1",
        "method: adam, compress: once, iterations: 10",
    ] {
        let grid = format!(
            "data: {{source: digits, train: 400, test: 200}}\nmodel: {{hidden: [32]}}\n\
             compression: {{method: prune, sparsity: 0.97}}\nsolver: {{{solver}}}\n"
        );
        let (row, log) = row_and_log(directory.path(), &grid);
        assert!(row.notices.contains("compression-loss"), "{solver}:\n{log}");
        assert!(
            log.contains("far less accurate than the one before"),
            "{log}"
        );
        fs::remove_dir_all(directory.path().join("g")).unwrap();
    }
}

#[test]
fn the_safeguard_leaves_a_word_at_each_use_and_a_notice() {
    let directory = tempfile::tempdir().unwrap();
    let grid = "data: {source: digits, train: 200, test: 100}\nmodel: {hidden: [16]}\n\
                solver: {step: 4, step_limit: 1.0e6, momentum: 0.5, iterations: 30}\n";
    let (row, log) = row_and_log(directory.path(), grid);
    assert!(row.notices.contains("steps-back"), "{log}");
    let words = "went back to an earlier state with steps of half the size (";
    assert!(log.contains(words), "{log}");
}

#[test]
fn a_rank_that_makes_nothing_smaller_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let grid = "data: {source: digits, train: 200, test: 100}\nmodel: {hidden: [32, 8]}\n\
                compression: {method: low-rank, rank: 16}\nsolver: {iterations: 10}\n";
    let (row, log) = row_and_log(directory.path(), grid);
    assert!(row.notices.contains("no-gain"), "{log}");
    // 16 (32 + 64) of 2048 is a gain.
    assert!(log.contains("(layer 1: 320 instead of 256): take"), "{log}");
}
