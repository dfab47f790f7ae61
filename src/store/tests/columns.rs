//! Which columns trials.csv and iterations.csv have: all that a new quantity changes here.

use std::fs;

use super::*;
use crate::measure::Quantity;

fn any_row(swept: usize) -> impl Strategy<Value = TrialRow> {
    let status = proptest::sample::select(vec![
        TrialStatus::Queued,
        TrialStatus::Running,
        TrialStatus::Done,
        TrialStatus::Failed,
        TrialStatus::Stopped,
    ]);
    (
        (any_text(), status, any::<u64>(), any_text(), any_text()),
        proptest::collection::vec(any_text(), swept),
        proptest::collection::vec(proptest::option::of(any::<u64>()), 6),
        proptest::collection::vec(proptest::option::of(any_number()), 16),
    )
        .prop_map(
            |((trial, status, seed, notices, error), swept, counts, numbers)| TrialRow {
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
                notices,
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

pub(super) fn any_iteration() -> impl Strategy<Value = IterationRecord> {
    (
        any::<(u64, u64)>(),
        proptest::collection::vec(any_number(), 17),
        any::<[bool; 7]>(),
    )
        .prop_map(|(counts, numbers, measured)| IterationRecord {
            iteration: counts.0,
            seconds: numbers[0],
            objective: numbers[1],
            loss: numbers[2],
            residual_v: measured[3].then_some(numbers[3]),
            residual_u: measured[3].then_some(numbers[4]),
            residual_w: numbers[5],
            step: numbers[6],
            descent_violations: measured[3].then_some(counts.1),
            train_accuracy: measured[0].then_some(numbers[7]),
            test_accuracy: measured[1].then_some(numbers[8]),
            balanced_accuracy: measured[2].then_some(numbers[9]),
            sparsity: numbers[10],
            compression_ratio: numbers[11],
            effective_sparsity: measured[5].then_some(numbers[12]),
            tau: measured[4].then_some(numbers[13]),
            gamma: measured[3].then_some(numbers[14]),
            rho: measured[3].then_some(numbers[15]),
            validation_accuracy: measured[6].then_some(numbers[16]),
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
        validation_accuracy,notices,error\n\
        ,queued,0,1.0,,,,,,,,,,,,,,,,,,,,,,,,\n";
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
fn a_table_without_the_last_metrics_is_read() {
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
        // The first version had 21 metrics.
        for missing in 0..=Quantity::of_trials().count() - 21 {
            for notices in [0, 1] {
                // The notices stand behind the metrics, the error last.
                let without = |line: &str| {
                    let mut cells: Vec<&str> = line.split(',').collect();
                    let end = cells.len() - 1;
                    cells.drain(end - notices..end);
                    let end = cells.len() - 2 + notices;
                    cells.drain(end - missing..end);
                    cells.join(",") + "\n"
                };
                let older: String = text.lines().map(without).collect();
                assert!(missing + notices == 0 || older.len() < text.len());
                fs::write(&path, older).unwrap();
                assert_eq!(scratch.run.read_trials().unwrap(), table);
            }
        }
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
