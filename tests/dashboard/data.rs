//! Rows and files of every kind, shown: gaps, methods without residuals, a real run directory.

use crate::fixture;
use nnbcd::dashboard::state::{Look, State};
use nnbcd::dashboard::{Action, View};
use nnbcd::store::{
    IterationRecord, RunDirectory, RunFollower, RunUpdate, TrialRow, TrialStatus, TrialTable,
};

/// Every picture of every view, with both kinds of axes.
fn look_everywhere(state: &mut State, check: impl Fn(&str)) {
    for view in View::ALL {
        state.handle(Action::Show(view));
        for _ in 0..8 {
            state.handle(Action::Choose(1));
            state.handle(Action::LogIterations);
            check(&fixture::screen(state, 100, 30).backend().to_string());
        }
    }
}

#[test]
fn data_that_are_not_numbers_leave_gaps() {
    let broken = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN,
        0.0,
        -1.0,
        1.0e-320,
    ];
    for every in [&broken[..1], &broken[..3], &broken[3..5], &broken[..]] {
        let mut state = fixture::running(Look::default());
        let records = (0..60).map(|iteration| {
            let value = every[iteration as usize % every.len()];
            IterationRecord {
                objective: value,
                loss: value,
                residual_u: Some(value),
                residual_v: Some(value),
                residual_w: value,
                step: value,
                seconds: value,
                train_accuracy: Some(value),
                test_accuracy: Some(value),
                sparsity: value,
                compression_ratio: value,
                ..fixture::record(iteration, 1.0)
            }
        });
        state.apply(RunUpdate::Iterations {
            trial: fixture::id(1, 0),
            records: records.collect(),
        });
        look_everywhere(&mut state, |_| {});
    }
}

/// A gradient method has no split problem: its rows leave these cells empty.
#[test]
fn rows_without_residuals_are_shown_in_every_view() {
    let mut state = fixture::running(Look::default());
    let records = (0..60).map(|iteration| IterationRecord {
        residual_u: None,
        residual_v: None,
        descent_violations: None,
        ..fixture::record(iteration, 1.0)
    });
    state.apply(RunUpdate::Iterations {
        trial: fixture::id(1, 0),
        records: records.collect(),
    });
    look_everywhere(&mut state, |screen| {
        assert!(!screen.contains("NaN"), "{screen}");
    });
}

#[test]
fn a_run_directory_made_by_the_writers_is_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let run = RunDirectory::new(folder.path().join("digits"));
    run.create().expect("the folder is writable");
    let table = fixture::table(|setting, _| match setting {
        0 => TrialStatus::Done,
        _ => TrialStatus::Queued,
    });
    table
        .write(&run.trials_csv())
        .expect("the folder is writable");
    let trial = run.trial(&fixture::id(0, 0));
    trial.create().expect("the folder is writable");
    let mut rows = nnbcd::store::IterationWriter::create(&trial.iterations_csv())
        .expect("the folder is writable");
    for iteration in 0..=50 {
        rows.append(&fixture::record(iteration, 41.0))
            .expect("the folder is writable");
    }
    let mut follower = RunFollower::new(run.clone());
    let mut state = State::new(&run, Look::default(), false);
    for update in follower.poll() {
        state.apply(update);
    }
    state.settle();
    for wanted in state.wanted() {
        follower.follow(&wanted);
    }
    for update in follower.poll() {
        state.apply(update);
    }
    let text = fixture::text(&mut state, 80, 24);
    assert!(
        text.contains("digits") && text.contains("tensor-train rank=8"),
        "{text}"
    );
    state.handle(Action::Show(View::Convergence));
    let text = fixture::text(&mut state, 80, 24);
    assert!(text.contains("at 50:"), "{text}");
    assert!(
        state.summary().contains("3 of 15 trials done"),
        "{}",
        state.summary()
    );
}

#[test]
fn iterations_of_ended_trials_are_let_go_and_read_again_when_looked_at() {
    let mut state = fixture::state(Look::default());
    let rows = |status| {
        let row = |position: u64| TrialRow {
            trial: position.to_string(),
            status,
            swept: vec![position.to_string()],
            ..TrialRow::default()
        };
        RunUpdate::Trials(TrialTable {
            swept: vec!["rank".to_owned()],
            rows: (0..400).map(row).collect(),
        })
    };
    state.apply(rows(TrialStatus::Running));
    for trial in 0..400 {
        state.apply(fixture::iterations(&trial.to_string(), 3, 1.0));
    }
    assert!(state.take_forgotten().is_empty(), "running trials are kept");
    state.apply(rows(TrialStatus::Done));
    assert!(
        state.take_forgotten().is_empty(),
        "the selected trial is kept"
    );
    state.handle(Action::Move(1));
    assert_eq!(state.take_forgotten(), ["1"]);
    assert!(state.take_forgotten().is_empty(), "once is enough");
}

/// The objective of a refit is that of the network: far above the split problem's, and no divergence.
#[test]
fn the_row_of_a_refit_is_no_divergence() {
    let shown = |residual: f64| {
        let mut state = fixture::failed(Look::default());
        let mut records: Vec<IterationRecord> = (0..20).map(|k| fixture::record(k, 1.0)).collect();
        records.push(IterationRecord {
            objective: 1e6,
            residual_u: Some(residual),
            residual_v: Some(residual),
            residual_w: residual,
            ..fixture::record(20, 1.0)
        });
        for record in &mut records[10..] {
            record.descent_violations = Some(1);
        }
        state.apply(RunUpdate::Iterations {
            trial: fixture::id(0, 1),
            records,
        });
        state.handle(Action::Move(-3));
        fixture::text(&mut state, 100, 30)
    };
    assert!(shown(0.5).contains("diverged"), "{}", shown(0.5));
    assert!(!shown(0.0).contains("diverged"), "{}", shown(0.0));
}
