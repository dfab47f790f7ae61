//! Accuracy on samples that were held out: shown, and chosen by, where there is any.

use crate::fixture::{self, shown, with_rows};
use nnbcd::dashboard::state::Look;
use nnbcd::dashboard::{Action, View};
use nnbcd::measure::Quantity;
use nnbcd::store::{IterationRecord, Liveness, RunUpdate, RunnerState, TrialRow, TrialStatus};

#[test]
fn held_out_accuracy_is_shown_where_there_is_any() {
    for accuracy in [None, Some(0.9375)] {
        let mut state = fixture::running(Look::default());
        let record = IterationRecord {
            validation_accuracy: accuracy,
            ..fixture::record(121, 96.0)
        };
        state.apply(RunUpdate::Iterations {
            trial: fixture::id(1, 0),
            records: vec![record],
        });
        state.handle(Action::Expand);
        state.handle(Action::Move(1));
        let screen = shown(&mut state, View::Overview, 200, 50);
        for words in ["validation accuracy 0.9375", "valid."] {
            assert_eq!(screen.contains(words), accuracy.is_some(), "{screen}");
        }
        shown(&mut state, View::Convergence, 120, 40);
        // On to the picture of accuracies.
        for _ in 0..5 {
            state.handle(Action::Choose(1));
        }
        let screen = shown(&mut state, View::Convergence, 120, 40);
        assert!(screen.contains("train 0."), "{screen}");
        assert_eq!(screen.contains("valid"), accuracy.is_some(), "{screen}");
    }
}

#[test]
fn the_table_begins_with_held_out_accuracy_where_there_is_any() {
    for (width, accuracy) in [(80, None), (80, Some(0.9)), (200, Some(0.9))] {
        let row = TrialRow {
            status: TrialStatus::Done,
            swept: vec!["0.01".to_owned()],
            validation_accuracy: accuracy,
            ..TrialRow::default()
        };
        let mut state = with_rows(&["solver.learning_rate"], vec![row]);
        shown(&mut state, View::Table, width, 24);
        let (_, request) = state.take_stale_table().expect("the table is new");
        let first = request.metrics.first().copied();
        let expected = match accuracy {
            // Room for all: the usual ones of the table itself, which begin with it too.
            Some(_) if width == 200 => None,
            Some(_) => Some(Quantity::ValidationAccuracy),
            None => Some(Quantity::TestAccuracy),
        };
        assert_eq!(first, expected, "{request:?}");
    }
}

#[test]
fn the_best_setting_is_the_best_on_what_was_held_out() {
    let row = |setting: &str, validation, test| TrialRow {
        trial: setting.to_owned(),
        status: TrialStatus::Done,
        swept: vec![setting.to_owned()],
        validation_accuracy: validation,
        test_accuracy: Some(test),
        ..TrialRow::default()
    };
    for (held_out, best) in [
        (
            [Some(0.9), Some(0.8)],
            "best validation accuracy 0.9000 (test 0.7000): ",
        ),
        ([None, None], "best test accuracy 0.7500: "),
    ] {
        let rows = vec![
            row("0.01", held_out[0], 0.7),
            row("0.02", held_out[1], 0.75),
        ];
        let mut state = with_rows(&["solver.learning_rate"], rows);
        state.apply(fixture::runner(RunnerState::Ended));
        state.apply(RunUpdate::Liveness(Liveness::Gone));
        for text in [shown(&mut state, View::Overview, 120, 24), state.summary()] {
            assert!(text.contains(best), "{text}");
        }
    }
}
