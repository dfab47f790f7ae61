//! The runner of a sweep from inside a program: trials and observers that panic.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use nnbcd::grid::plan_from_text;
use nnbcd::run::{Budget, DataSets, Interrupt, Moment, Summary, Sweep, prepare, run_sweep};
use nnbcd::store::{RunDirectory, RunnerLock, TrialStatus, checkpoint};

/// Three trials of a small network, in a run directory of their own.
fn sweep(directory: &Path, iterations: usize) -> Sweep {
    let grid = format!(
        "data: {{source: digits, train: 100, test: 50}}\nmodel: {{hidden: [8]}}\n\
         solver: {{batch_size: all, iterations: {iterations}}}\nseeds: 3\n"
    );
    sweep_of(directory, &grid)
}

pub fn sweep_of(directory: &Path, grid: &str) -> Sweep {
    let plan = plan_from_text(grid, &directory.join("g.yaml")).unwrap();
    let data = DataSets::load(&plan).unwrap();
    let run = RunDirectory::new(directory.join("g"));
    run.create().unwrap();
    Sweep {
        trials: prepare(&plan, &data).unwrap(),
        lock: RunnerLock::acquire(&run).unwrap(),
        run,
        swept: plan.swept,
        budget: Budget::of_this_machine(Some(2), Some(2)),
        checkpoint_every: Duration::from_secs(60),
        retry_failed: false,
    }
}

#[test]
fn a_trial_that_panics_is_a_row_with_the_reason_and_the_others_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let mut sweep = sweep(directory.path(), 5);
    // No plan leads to this: the weight of the first layer does not fit the inputs of the network.
    sweep.trials[1].architecture.layers[0].weight.1 = 3;
    let summary = run_sweep(&sweep, &Interrupt::default(), &mut |_, _| {}).unwrap();
    let expected = Summary {
        done: 2,
        failed: 1,
        unfinished: 0,
    };
    assert_eq!(summary, expected);
    let table = sweep.run.read_trials().unwrap();
    let statuses: Vec<TrialStatus> = table.rows.iter().map(|row| row.status).collect();
    let (done, failed) = (TrialStatus::Done, TrialStatus::Failed);
    assert_eq!(statuses, [done, failed, done]);
    let error = &table.rows[1].error;
    assert!(error.starts_with("panicked: "), "{error}");
    let result = sweep.run.trial(&table.rows[1].trial).read_result().unwrap();
    assert_eq!(result.unwrap().error.as_ref(), Some(error));
}

#[test]
fn when_the_deciding_thread_panics_the_trials_stop_with_a_checkpoint() {
    let place = tempfile::tempdir().unwrap();
    let sweep = sweep(place.path(), 50_000_000);
    let (directory, trials) = (sweep.run.clone(), sweep.trials.clone());
    let run = || {
        let sweep = sweep;
        run_sweep(&sweep, &Interrupt::default(), &mut |_, moment| {
            assert_eq!(moment, Moment::Start, "nobody expected this");
        })
    };
    let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert!(panic.downcast_ref::<String>().unwrap().contains("nobody"));
    let checkpoints = (trials.iter())
        .filter(|trial| directory.trial(&trial.trial.id).checkpoint(0).exists())
        .count();
    assert!((1..=2).contains(&checkpoints), "{checkpoints} checkpoints");
    RunnerLock::acquire(&directory).unwrap();
}

#[test]
fn tables_are_made_before_the_runner_says_that_it_has_ended() {
    let directory = tempfile::tempdir().unwrap();
    let sweep = sweep(directory.path(), 3);
    let mut said = String::new();
    run_sweep(&sweep, &Interrupt::default(), &mut |_, moment| {
        if moment == Moment::End {
            let table = sweep.run.read_trials().unwrap();
            assert!(table.rows.iter().all(|row| row.status == TrialStatus::Done));
            said = format!("{:?}", sweep.run.seen_runner().unwrap().state);
        }
    })
    .unwrap();
    assert_eq!(said, "Running");
    assert_eq!(
        format!("{:?}", sweep.run.seen_runner().unwrap().state),
        "Ended"
    );
}

/// Every method inside its set: the objective falls, nothing is between W and Z, tau makes no trials.
#[test]
fn constrained_trials_of_every_method_descend_without_tau() {
    let directory = tempfile::tempdir().unwrap();
    let grid = "data: {source: digits, train: 300, test: 100}
model: {hidden: [24, 16], bias: true, init: {scale: 0.5}}
solver: {batch_size: all, iterations: 25, gamma: 5, rho: 5, alpha: 0.1, weight_decay: 1, coupling: constrained, compress_after: 5}
grid:
  compression:
    - {method: tensor-train, rank: 6}
    - {method: low-rank, rank: 6}
    - {method: prune, sparsity: 0.8}
    - {method: prune, sparsity: 0.8, scope: global, layers: all}
    - {method: n-m, n: 2, m: 4}
    - {method: mixed, choices: [{layer: 0, method: prune, sparsity: 0.5}, {layer: 1, method: low-rank, rank: 4}]}
  solver.tau: [1, 10]
";
    let sweep = sweep_of(directory.path(), grid);
    assert_eq!(sweep.trials.len(), 6);
    let summary = run_sweep(&sweep, &Interrupt::default(), &mut |_, _| {}).unwrap();
    assert_eq!((summary.done, summary.failed), (6, 0));
    for row in sweep.run.read_trials().unwrap().rows {
        let trial = sweep.run.trial(&row.trial);
        let result = trial.read_result().unwrap().unwrap();
        let last = result.last.unwrap();
        assert_eq!(last.residual_w, 0.0, "{row:?}");
        assert_eq!(last.descent_violations, Some(0), "{row:?}");
        assert!(last.test_accuracy.unwrap() > 0.5, "{row:?}");
    }
}

#[test]
fn a_checkpoint_that_a_killed_runner_left_beside_a_result_goes_with_the_next_run() {
    let directory = tempfile::tempdir().unwrap();
    let sweep = sweep(directory.path(), 5);
    run_sweep(&sweep, &Interrupt::default(), &mut |_, _| {}).unwrap();
    let trial = sweep.run.trial(&sweep.trials[1].trial.id);
    let result = trial.read_result().unwrap();
    checkpoint::write(&trial, 4, &[b"state"]).unwrap();
    let summary = run_sweep(&sweep, &Interrupt::default(), &mut |_, _| {}).unwrap();
    assert_eq!(summary.done, 3);
    assert_eq!(trial.read_result().unwrap(), result, "it is not run again");
    assert_eq!(checkpoint::newest_iteration(&trial).unwrap(), None);
}
