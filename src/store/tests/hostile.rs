//! Whatever stands in the files of a run directory, readers give records, errors or nothing.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use super::*;

/// A run with one trial of everything, and its files that viewers read.
fn whole_run() -> (Scratch, Vec<PathBuf>) {
    let scratch = scratch();
    let run = &scratch.run;
    let trial = trial_in(&scratch, "t");
    let row = TrialRow {
        trial: "t".to_owned(),
        swept: vec!["0.5".to_owned()],
        ..TrialRow::default()
    };
    let table = TrialTable {
        swept: vec!["solver.tau".to_owned()],
        rows: vec![row],
    };
    table.write(&run.trials_csv()).unwrap();
    let mut iterations = IterationWriter::create(&trial.iterations_csv()).unwrap();
    iterations.append_all(&records(0..4)).unwrap();
    let mut layers = LayerWriter::create(&trial.layers_csv()).unwrap();
    layers.append(&LayerRecord::default()).unwrap();
    let result = TrialResult {
        trial: "t".to_owned(),
        last: Some(record(3)),
        ..TrialResult::default()
    };
    trial.publish_result(&result).unwrap();
    run.write_runner(&RunnerStatus::default()).unwrap();
    let journal = Journal::create_named(run, "j").unwrap();
    let started = TrialEventKind::Started {
        from_iteration: 0,
        iterations: 9,
    };
    journal.append("t", started).unwrap();
    Provenance::of_this_machine("0", None, 1)
        .write(&run.provenance())
        .unwrap();
    send(run, &crate::store::Command::Jobs { jobs: 3 }).unwrap();
    checkpoint::write(&trial, 3, &[b"state"]).unwrap();
    let command = fs::read_dir(run.control()).unwrap().next().unwrap();
    let files = vec![
        run.trials_csv(),
        trial.iterations_csv(),
        trial.layers_csv(),
        trial.result_json(),
        run.runner_json(),
        run.journal().join("j.jsonl"),
        run.provenance(),
        command.unwrap().path(),
        trial.checkpoint(0),
        trial.checkpoint(1),
    ];
    (scratch, files)
}

/// Everything that reads the run.
fn read_all(run: &RunDirectory) {
    let trial = run.trial("t");
    let _ = run.read_trials();
    let _ = trial.read_iterations();
    let _ = trial.read_layers();
    let _ = trial.read_result();
    let _ = run.read_runner();
    let _ = Provenance::read(&run.provenance());
    let _ = read_journal(run);
    let _ = Watch::default().observe(run, Instant::now());
    let _ = checkpoint::read_newest(&trial);
    let _ = IterationWriter::resume_at(&trial.iterations_csv(), 2);
    let mut follower = RunFollower::new(run.clone());
    follower.follow("t");
    follower.poll();
    let _ = take(run);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(
        file in 0..9_usize,
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let (scratch, files) = whole_run();
        fs::write(&files[file], bytes).unwrap();
        read_all(&scratch.run);
    }

    #[test]
    fn damaged_files_never_panic(
        file in 0..9_usize,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        inserted in (any::<prop::sample::Index>(), any_text()),
        kept in any::<prop::sample::Index>(),
    ) {
        let (scratch, files) = whole_run();
        let mut bytes = fs::read(&files[file]).unwrap();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let (at, text) = inserted;
        let at = at.index(bytes.len());
        bytes.splice(at..at, text.into_bytes());
        fs::write(&files[file], &bytes).unwrap();
        read_all(&scratch.run);
        bytes.truncate(kept.index(bytes.len()));
        fs::write(&files[file], &bytes).unwrap();
        read_all(&scratch.run);
    }
}
