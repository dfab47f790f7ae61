//! Torn, empty, half-written and damaged files; full disks; directories that may only be read.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command as Process;

use super::*;

#[test]
fn a_full_disk_is_an_error_that_names_the_file() {
    let scratch = scratch();
    let trial = trial_in(&scratch, "t");
    let disk = std::io::Error::from(std::io::ErrorKind::StorageFull);
    let error = StoreError::io(&trial.iterations_csv(), "write", &disk).to_string();
    assert!(error.contains("trials/t/iterations.csv"), "{error}");
    assert!(
        error.contains("free space") && error.contains("run the same command again"),
        "{error}"
    );
    // A device that is always full, in the place of the file: links are not followed, nor are devices written to.
    symlink("/dev/full", trial.iterations_csv()).unwrap();
    for path in [trial.iterations_csv(), "/dev/full".into()] {
        let error = IterationWriter::create(&path).unwrap_err();
        assert!(!error.is_damage(), "{error}");
    }
}

/// A file may grow to 4,096 bytes here, and the write that crosses the limit is cut short.
#[test]
#[ignore = "the other process of the next test"]
fn writes_until_the_disk_takes_no_more() {
    let Some(run) = given_run() else { return };
    let trial = run.trial("t");
    let mut writer = IterationWriter::create(&trial.iterations_csv()).unwrap();
    let error = (0..1000).find_map(|number| writer.append(&record(number)).err());
    let error = error.unwrap().to_string();
    assert!(error.contains("iterations.csv"), "{error}");
    assert!(
        error.contains("free space") && error.contains("ulimit -f"),
        "{error}"
    );
    // The torn row is gone again; a later one is refused whole, too.
    let rows = trial.read_iterations().unwrap().len();
    assert!(writer.append(&record(0)).is_err());
    assert!(fs::read(trial.iterations_csv()).unwrap().ends_with(b"\n"));
    assert_eq!(trial.read_iterations().unwrap().len(), rows);

    publish(&trial.model(), b"small").unwrap();
    let error = publish(&trial.model(), &[0; 5000]).unwrap_err();
    assert!(error.to_string().contains("model.safetensors"));
    assert_eq!(fs::read(trial.model()).unwrap(), b"small");
    checkpoint::write(&trial, 1, &[b"small"]).unwrap();
    checkpoint::write(&trial, 2, &[b"small"]).unwrap();
    checkpoint::write(&trial, 3, &[&[0; 5000]]).unwrap_err();
    assert_eq!(
        checkpoint::read_newest(&trial).unwrap(),
        Some((2, b"small".to_vec()))
    );
}

#[test]
fn a_disk_that_fills_up_leaves_whole_files() {
    let scratch = scratch();
    let trial = trial_in(&scratch, "t");
    let test = other_process(
        "store::tests::faults::writes_until_the_disk_takes_no_more",
        &scratch.run,
    );
    let limited = Process::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -f 4; exec \"$@\"", "limited"])
        .arg(test.get_program())
        .args(test.get_args())
        .env("NNBCD_TEST_RUN", scratch.run.root())
        .output()
        .unwrap();
    assert!(
        limited.status.success(),
        "{}",
        String::from_utf8_lossy(&limited.stdout)
    );
    let rows = trial.read_iterations().unwrap();
    assert!(rows.len() > 5);
    assert_eq!(text_of(&rows), text_of(&records(0..rows.len() as u64)));
    let mut names: Vec<_> = fs::read_dir(trial.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "checkpoint.0",
            "checkpoint.1",
            "iterations.csv",
            "model.safetensors"
        ]
    );
}

#[test]
fn a_half_written_result_is_an_error_that_names_the_file() {
    let scratch = scratch();
    let trial = trial_in(&scratch, "t");
    assert_eq!(trial.read_result().unwrap(), None);
    let result = TrialResult {
        last: Some(record(0)),
        ..TrialResult::default()
    };
    trial.publish_result(&result).unwrap();
    let whole = fs::read(trial.result_json()).unwrap();
    for length in 0..whole.len() - 1 {
        fs::write(trial.result_json(), &whole[..length]).unwrap();
        let error = trial.read_result().unwrap_err().to_string();
        assert!(error.contains("trials/t/result.json"), "{error}");
    }
    for text in ["[]", "null", "{\"last\": 3}", "{\"last\": {}}", "\u{0}"] {
        fs::write(trial.result_json(), text).unwrap();
        assert!(trial.read_result().is_err(), "{text}");
    }
}

#[test]
fn a_half_written_status_is_none() {
    let scratch = scratch();
    assert_eq!(scratch.run.read_runner().unwrap(), None);
    let status = RunnerStatus {
        host: "here".to_owned(),
        pid: 7,
        ..RunnerStatus::default()
    };
    scratch.run.write_runner(&status).unwrap();
    assert_eq!(scratch.run.read_runner().unwrap(), Some(status));
    let whole = fs::read(scratch.run.runner_json()).unwrap();
    for length in 0..whole.len() {
        fs::write(scratch.run.runner_json(), &whole[..length]).unwrap();
        assert_eq!(scratch.run.read_runner().unwrap(), None);
    }
}

#[test]
fn damaged_tables_are_errors_that_name_file_and_line() {
    let scratch = scratch();
    let path = scratch.run.trials_csv();
    let error = || scratch.run.read_trials().unwrap_err().to_string();
    assert!(error().contains("trials.csv: cannot read"));
    fs::write(&path, "").unwrap();
    assert!(error().contains("trials.csv: the file is empty"));
    fs::write(&path, "trial,status\n").unwrap();
    assert!(error().contains("columns"));

    let table = TrialTable {
        swept: Vec::new(),
        rows: vec![TrialRow::default(); 2],
    };
    table.write(&path).unwrap();
    let whole = fs::read_to_string(&path).unwrap();
    let (header, rows) = whole.split_once('\n').unwrap();
    for (damaged, hint) in [
        (rows.replacen("queued", "asleep", 1), "line 2"),
        (rows.replacen("queued,0", "queued,-1", 1), "line 2"),
        (format!("{rows}half,a ro"), "line: 4"),
    ] {
        fs::write(&path, format!("{header}\n{damaged}")).unwrap();
        assert!(error().contains(hint), "{}", error());
    }
    fs::write(&path, b"\xff\xfe,\n").unwrap();
    assert!(error().contains("trials.csv"));
}

#[test]
fn damaged_rows_are_errors_that_name_file_and_line() {
    let scratch = scratch();
    let trial = trial_in(&scratch, "t");
    let path = trial.iterations_csv();
    assert_eq!(trial.read_iterations().unwrap(), []);
    fs::write(&path, "").unwrap();
    assert_eq!(trial.read_iterations().unwrap(), []);

    let mut writer = IterationWriter::create(&path).unwrap();
    for row in records(0..3) {
        writer.append(&row).unwrap();
    }
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [whole.as_slice(), b"\0\0\0\n"].concat()).unwrap();
    let error = trial.read_iterations().unwrap_err().to_string();
    assert!(error.contains("iterations.csv: line 5"), "{error}");
    // What a power failure left behind the rows is cut when the trial goes on.
    IterationWriter::resume_at(&path, 9).unwrap();
    assert!(fs::read(&path).unwrap() == whole);

    fs::write(&path, "other,columns\n1,2\n").unwrap();
    assert!(IterationWriter::resume_at(&path, 9).is_err());
    assert_eq!(fs::read(&path).unwrap(), b"other,columns\n1,2\n");
}

#[test]
fn journals_are_merged_and_torn_lines_dropped() {
    let scratch = scratch();
    assert_eq!(read_journal(&scratch.run).unwrap(), []);
    let journal = Journal::create(&scratch.run).unwrap();
    let ended = TrialEventKind::Ended {
        status: TrialStatus::Failed,
        error: Some("two\nlines".to_owned()),
    };
    journal.append("a", TrialEventKind::Queued).unwrap();
    journal.append("a", ended.clone()).unwrap();
    // Another worker, whose clock is set back between its two events; it is killed within a line.
    let other = "{\"at\":5.0,\"trial\":\"b\",\"event\":\"queued\"}\n\
        not an event\n\
        {\"at\":2.0,\"trial\":\"b\",\"event\":\"paused\"}\n\
        {\"at\":6.0,\"trial\":\"b\",\"ev";
    fs::write(scratch.run.journal().join("other-1-1.jsonl"), other).unwrap();
    fs::write(scratch.run.journal().join("empty-1-1.jsonl"), "").unwrap();
    let kinds: Vec<(String, TrialEventKind)> = read_journal(&scratch.run)
        .unwrap()
        .into_iter()
        .map(|event| (event.trial, event.kind))
        .collect();
    let expected = [
        ("b", TrialEventKind::Queued),
        ("b", TrialEventKind::Paused),
        ("a", TrialEventKind::Queued),
        ("a", ended),
    ];
    assert_eq!(
        kinds,
        expected.map(|(trial, kind)| (trial.to_owned(), kind))
    );
}

#[test]
fn a_clock_set_back_does_not_put_new_events_before_old_ones() {
    let scratch = scratch();
    let future = "{\"at\":9e9,\"trial\":\"t\",\"event\":\"queued\"}\n\
        {\"at\":9.1e9,\"trial\":\"t\",\"event\":\"ended\",\"status\":\"failed\",\"error\":null}\n";
    // Sorts behind every other journal by its name, too.
    fs::write(scratch.run.journal().join("~-1-1.jsonl"), future).unwrap();
    let journal = Journal::create(&scratch.run).unwrap();
    let started = TrialEventKind::Started {
        from_iteration: 0,
        iterations: 3,
    };
    journal.append("t", started.clone()).unwrap();
    journal.append("t", TrialEventKind::Paused).unwrap();
    let events = read_journal(&scratch.run).unwrap();
    assert_eq!(events[2].kind, started);
    assert_eq!(events[3].kind, TrialEventKind::Paused);
    let times: Vec<f64> = events.iter().map(|event| event.at).collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
}

/// Name, inode, length and time of everything below a directory.
fn inventory(directory: &Path) -> Vec<(std::path::PathBuf, u64, u64, i64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() {
            found.extend(inventory(&entry.path()));
        }
        found.push((
            entry.path(),
            metadata.ino(),
            metadata.len(),
            metadata.mtime_nsec(),
        ));
    }
    found.sort();
    found
}

fn set_mode(directory: &Path, mode: u32) {
    fs::set_permissions(directory, Permissions::from_mode(mode)).unwrap();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            set_mode(&path, mode);
        } else {
            fs::set_permissions(&path, Permissions::from_mode(mode & 0o666)).unwrap();
        }
    }
}

#[test]
fn readers_write_nothing_and_need_no_right_to() {
    let scratch = scratch();
    let run = &scratch.run;
    let trial = trial_in(&scratch, "t");
    let mut writer = IterationWriter::create(&trial.iterations_csv()).unwrap();
    writer.append(&record(0)).unwrap();
    Journal::create(run)
        .unwrap()
        .append("t", TrialEventKind::Paused)
        .unwrap();
    TrialTable::default().write(&run.trials_csv()).unwrap();
    checkpoint::write(&trial, 1, &[b"x"]).unwrap();
    drop(RunnerLock::acquire(run).unwrap());
    set_mode(run.root(), 0o555);
    let before = inventory(run.root());

    let opened = RunDirectory::open(run.root()).unwrap();
    let mut follower = RunFollower::new(opened);
    follower.follow("t");
    let updates = follower.poll();
    assert!(
        updates
            .iter()
            .any(|update| matches!(update, RunUpdate::Iterations { .. }))
    );
    assert_eq!(read_journal(run).unwrap().len(), 1);
    assert_eq!(trial.read_iterations().unwrap().len(), 1);
    assert_eq!(trial.read_result().unwrap(), None);
    assert!(checkpoint::read_newest(&trial).unwrap().is_some());
    assert_eq!(liveness(run), Liveness::Gone);

    assert_eq!(inventory(run.root()), before);
    set_mode(run.root(), 0o755);
}
