//! trials.csv, iterations.csv, layers.csv, result.json: what is written reads back the same.

use std::fs;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_result_reads_back(
        last in proptest::option::of(any_iteration()),
        text in any_text(),
        error in proptest::option::of(any_text()),
        count in any::<u64>(),
    ) {
        let scratch = scratch();
        let trial = trial_in(&scratch, "t");
        let result = TrialResult {
            trial: "t".to_owned(),
            status: TrialStatus::Failed,
            seed: count,
            last,
            best_test_accuracy: Some(0.1 + 0.2),
            params_dense: count,
            termination: text,
            error,
            ..TrialResult::default()
        };
        prop_assert!(trial.publish_result(&result).unwrap());
        prop_assert_eq!(text_of(&trial.read_result().unwrap().unwrap()), text_of(&result));
        prop_assert!(!trial.publish_result(&TrialResult::default()).unwrap());
        prop_assert_eq!(text_of(&trial.read_result().unwrap().unwrap()), text_of(&result));
        let other = TrialResult {
            trial: "t".to_owned(),
            ..TrialResult::default()
        };
        trial.replace_result(&other).unwrap();
        prop_assert_eq!(trial.read_result().unwrap().unwrap(), other);
        trial.replace_result(&TrialResult::default()).unwrap();
        prop_assert!(trial.read_result().unwrap_err().is_damage());
    }
}

#[test]
fn ten_thousand_rows_read_back() {
    let scratch = scratch();
    let rows = (0..10_000_u32)
        .map(|number| TrialRow {
            trial: format!("{number:08x}"),
            seed: u64::from(number),
            swept: vec![format!("[{number}, \"x\"]"), String::new()],
            objective: Some(f64::from(number).sqrt() / 3.0),
            error: "line one\nline two".to_owned(),
            ..TrialRow::default()
        })
        .collect();
    let table = TrialTable {
        swept: vec!["model.hidden".to_owned(), "solver.tau".to_owned()],
        rows,
    };
    table.write(&scratch.run.trials_csv()).unwrap();
    assert_eq!(scratch.run.read_trials().unwrap(), table);
}

#[test]
fn a_row_with_too_few_swept_cells_is_refused() {
    let scratch = scratch();
    let table = TrialTable {
        swept: vec!["solver.tau".to_owned()],
        rows: vec![TrialRow::default()],
    };
    assert!(table.write(&scratch.run.trials_csv()).is_err());
    assert!(!scratch.run.trials_csv().exists());
}

#[test]
fn a_result_becomes_a_row() {
    let result = TrialResult {
        trial: "t".to_owned(),
        status: TrialStatus::Done,
        last: Some(record(4)),
        params_dense: 100,
        seconds: 2.0,
        ..TrialResult::default()
    };
    let row = TrialRow::from_result(&result, vec!["x".to_owned()]);
    assert_eq!(row.iterations, Some(4));
    assert_eq!(row.seconds_per_iteration, Some(0.5));
    assert_eq!(row.test_accuracy, Some(0.1 + 0.2));
    assert_eq!((row.params_dense, row.params_compressed), (Some(100), None));

    let early = TrialRow::from_result(
        &TrialResult {
            last: None,
            ..result
        },
        Vec::new(),
    );
    assert_eq!(
        (early.iterations, early.seconds_per_iteration),
        (None, None)
    );
}

#[test]
fn a_trial_that_goes_on_leaves_the_file_of_an_undisturbed_one() {
    let scratch = scratch();
    let undisturbed = trial_in(&scratch, "undisturbed").iterations_csv();
    let mut writer = IterationWriter::create(&undisturbed).unwrap();
    for row in records(0..6) {
        writer.append(&row).unwrap();
    }
    let whole = fs::read(&undisturbed).unwrap();

    // Killed after any number of bytes; the checkpoint is of iteration 3, or of 2 if the rows end there.
    let path = trial_in(&scratch, "killed").iterations_csv();
    for length in 0..=whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let rows = scratch.run.trial("killed").read_iterations().unwrap();
        assert_eq!(text_of(&rows), text_of(&records(0..rows.len() as u64)));
        let Some(checkpoint) = (rows.len() as u64).checked_sub(1).map(|last| last.min(3)) else {
            continue;
        };
        let mut writer = IterationWriter::resume_at(&path, checkpoint).unwrap();
        for row in records(checkpoint + 1..6) {
            writer.append(&row).unwrap();
        }
        assert!(
            fs::read(&path).unwrap() == whole,
            "cut after {length} bytes"
        );
    }
}

#[test]
fn layers_go_on_after_the_checkpoint_too() {
    let scratch = scratch();
    let trial = trial_in(&scratch, "t");
    let row = |iteration, layer| LayerRecord {
        iteration,
        layer,
        ranks: "4 8".to_owned(),
        ..LayerRecord::default()
    };
    let mut writer = LayerWriter::create(&trial.layers_csv()).unwrap();
    for (iteration, layer) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)] {
        writer.append(&row(iteration, layer)).unwrap();
    }
    let mut writer = LayerWriter::resume_at(&trial.layers_csv(), 1).unwrap();
    writer.append(&row(2, 0)).unwrap();
    writer.sync().unwrap();
    let read = trial.read_layers().unwrap();
    assert_eq!(
        read,
        [row(0, 0), row(0, 1), row(1, 0), row(1, 1), row(2, 0)]
    );
}
