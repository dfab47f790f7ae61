//! trials.csv, iterations.csv, layers.csv, result.json: what is written reads back the same.

use std::fs;

use super::*;

fn any_row(swept: usize) -> impl Strategy<Value = TrialRow> {
    let status = proptest::sample::select(vec![
        TrialStatus::Queued,
        TrialStatus::Running,
        TrialStatus::Done,
        TrialStatus::Failed,
        TrialStatus::Stopped,
    ]);
    (
        (any_text(), status, any::<u64>(), any_text()),
        proptest::collection::vec(any_text(), swept),
        proptest::collection::vec(proptest::option::of(any::<u64>()), 6),
        proptest::collection::vec(proptest::option::of(any_number()), 16),
    )
        .prop_map(
            |((trial, status, seed, error), swept, counts, numbers)| TrialRow {
                trial,
                status,
                seed,
                swept,
                iterations: counts[0],
                objective: numbers[0],
                loss: numbers[1],
                residual_v: numbers[2],
                residual_u: numbers[3],
                residual_w: numbers[4],
                step: numbers[5],
                descent_violations: counts[1],
                train_accuracy: numbers[6],
                test_accuracy: numbers[7],
                best_test_accuracy: numbers[8],
                balanced_accuracy: numbers[9],
                sparsity: numbers[10],
                effective_sparsity: numbers[11],
                params_dense: counts[2],
                params_compressed: counts[3],
                compression_ratio: numbers[12],
                bytes_dense: counts[4],
                bytes_compressed: counts[5],
                seconds: numbers[13],
                seconds_per_iteration: numbers[14],
                validation_accuracy: numbers[15],
                error,
            },
        )
}

fn any_table() -> impl Strategy<Value = TrialTable> {
    proptest::collection::vec(any_text(), 0..4).prop_flat_map(|swept| {
        proptest::collection::vec(any_row(swept.len()), 0..6).prop_map(move |rows| TrialTable {
            swept: swept.clone(),
            rows,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_table_reads_back_cell_for_cell(table in any_table()) {
        let scratch = scratch();
        table.write(&scratch.run.trials_csv()).unwrap();
        let read = scratch.run.read_trials().unwrap();
        prop_assert_eq!(text_of(&read), text_of(&table));
    }

    #[test]
    fn any_rows_of_iterations_read_back(rows in proptest::collection::vec(any_iteration(), 0..6)) {
        let scratch = scratch();
        let trial = trial_in(&scratch, "t");
        let mut writer = IterationWriter::create(&trial.iterations_csv()).unwrap();
        for row in &rows {
            writer.append(row).unwrap();
        }
        prop_assert_eq!(text_of(&trial.read_iterations().unwrap()), text_of(&rows));
    }

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
            trial: text.clone(),
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
        trial.replace_result(&TrialResult::default()).unwrap();
        prop_assert_eq!(trial.read_result().unwrap().unwrap(), TrialResult::default());
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
fn the_columns_are_a_contract() {
    let scratch = scratch();
    let table = TrialTable {
        swept: vec!["solver.tau".to_owned()],
        rows: vec![TrialRow {
            swept: vec!["1.0".to_owned()],
            ..TrialRow::default()
        }],
    };
    table.write(&scratch.run.trials_csv()).unwrap();
    let text = fs::read_to_string(scratch.run.trials_csv()).unwrap();
    let expected = "trial,status,seed,solver.tau,iterations,objective,loss,residual_v,residual_u,\
        residual_w,step,descent_violations,train_accuracy,test_accuracy,best_test_accuracy,\
        balanced_accuracy,sparsity,effective_sparsity,params_dense,params_compressed,\
        compression_ratio,bytes_dense,bytes_compressed,seconds,seconds_per_iteration,\
        validation_accuracy,error\n\
        ,queued,0,1.0,,,,,,,,,,,,,,,,,,,,,,,\n";
    assert_eq!(text, expected);

    let trial = trial_in(&scratch, "t");
    IterationWriter::create(&trial.iterations_csv()).unwrap();
    assert_eq!(
        fs::read_to_string(trial.iterations_csv()).unwrap(),
        "iteration,seconds,objective,loss,residual_v,residual_u,residual_w,step,\
        descent_violations,train_accuracy,test_accuracy,balanced_accuracy,sparsity,\
        compression_ratio,effective_sparsity,tau,gamma,rho,validation_accuracy\n"
    );
}

#[test]
fn a_table_without_the_last_metric_is_read() {
    // Swept settings may have any name, that of the missing column as well.
    for swept in [
        vec![],
        vec!["solver.tau".to_owned(), "validation_accuracy".to_owned()],
    ] {
        let scratch = scratch();
        let row = TrialRow {
            swept: vec!["0.5".to_owned(); swept.len()],
            test_accuracy: Some(0.25),
            error: "no memory".to_owned(),
            ..TrialRow::default()
        };
        let table = TrialTable {
            swept,
            rows: vec![row],
        };
        let path = scratch.run.trials_csv();
        table.write(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let older = text
            .replace(
                "seconds_per_iteration,validation_accuracy,error",
                "seconds_per_iteration,error",
            )
            .replace(",,no memory", ",no memory");
        assert_eq!(text.len() - older.len(), ",validation_accuracy,".len());
        fs::write(&path, older).unwrap();
        assert_eq!(scratch.run.read_trials().unwrap(), table);
    }
}

#[test]
fn rows_from_before_the_last_columns_are_read() {
    let scratch = scratch();
    let trial = trial_in(&scratch, "t");
    let old = "iteration,seconds,objective,loss,residual_v,residual_u,residual_w,step,\
        descent_violations,train_accuracy,test_accuracy,balanced_accuracy,sparsity,\
        compression_ratio\n\
        0,0.5,4.0,3.0,0.0,0.0,0.0,0.0,0,,0.5,,0.25,2.0\n";
    fs::write(trial.iterations_csv(), old).unwrap();
    let [row] = &trial.read_iterations().unwrap()[..] else {
        panic!("one row");
    };
    assert_eq!((row.sparsity, row.compression_ratio), (0.25, 2.0));
    assert_eq!((row.effective_sparsity, row.tau), (None, None));
    assert_eq!(
        (row.gamma, row.rho, row.validation_accuracy),
        (None, None, None)
    );
    // A trial goes on with them, and the columns that they lack are added.
    let before = row.clone();
    let mut writer = IterationWriter::resume_at(&trial.iterations_csv(), 0).unwrap();
    let next = IterationRecord {
        iteration: 1,
        validation_accuracy: Some(0.5),
        ..IterationRecord::default()
    };
    writer.append(&next).unwrap();
    assert_eq!(trial.read_iterations().unwrap(), [before, next]);
    // It does not go on below other columns: it begins anew.
    for other in [
        old.replace("seconds", "minutes"),
        old.replace("ratio\n", "rat\n"),
    ] {
        fs::write(trial.iterations_csv(), &other).unwrap();
        let error = IterationWriter::resume_at(&trial.iterations_csv(), 0).unwrap_err();
        assert!(error.to_string().contains("columns"), "{error}");
        assert_eq!(fs::read_to_string(trial.iterations_csv()).unwrap(), other);
    }
}

#[test]
fn every_metric_is_the_column_of_its_name() {
    let scratch = scratch();
    let path = scratch.run.trials_csv();
    let quantities: Vec<Quantity> = Quantity::of_trials().collect();
    let header = (["trial", "status", "seed"].into_iter())
        .chain(quantities.iter().map(|quantity| quantity.name()))
        .chain(["error"]);
    let values = (0..quantities.len()).map(|place| (place + 1).to_string());
    let row = ["t", "done", "1"]
        .map(str::to_owned)
        .into_iter()
        .chain(values)
        .chain([String::new()]);
    let text = format!(
        "{}\n{}\n",
        header.collect::<Vec<_>>().join(","),
        row.collect::<Vec<_>>().join(",")
    );
    fs::write(&path, text).unwrap();
    let table = TrialTable::read(&path).unwrap();
    for (place, quantity) in quantities.into_iter().enumerate() {
        let value = table.rows[0].value(quantity);
        assert_eq!(value, Some(place as f64 + 1.0), "{quantity:?}");
    }
    assert_eq!(table.rows[0].value(Quantity::Tau), None);
}

#[test]
fn every_quantity_of_an_iteration_is_the_column_of_its_name() {
    let scratch = scratch();
    let path = trial_in(&scratch, "t").iterations_csv();
    let quantities = IterationRecord::quantities();
    let expected = Quantity::ALL.iter().filter(|each| each.is_of_iterations());
    // The number of the row has a name of its own.
    assert_eq!(quantities.len() + 1, expected.count());
    let names: Vec<&str> = quantities.iter().map(|each| each.name()).collect();
    let values: Vec<String> = (2..quantities.len() + 2).map(|at| at.to_string()).collect();
    let text = format!("iteration,{}\n1,{}\n", names.join(","), values.join(","));
    fs::write(&path, text).unwrap();
    let row = &scratch.run.trial("t").read_iterations().unwrap()[0];
    assert_eq!(row.value(Quantity::Iterations), Some(1.0));
    for (quantity, place) in quantities.iter().zip(2..) {
        assert_eq!(row.value(*quantity), Some(f64::from(place)), "{quantity:?}");
    }
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
