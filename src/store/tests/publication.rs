//! Files that appear whole or not at all; names that stay inside.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use super::super::publish::rename_unless_taken;
use super::*;

fn names_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_reader_never_sees_a_part() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x");
    let content = |letter: u8| vec![letter; 100_000];
    publish(&path, &content(b'a')).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            for letter in (b'a'..=b'z').cycle().take(60) {
                publish(&path, &content(letter)).unwrap();
            }
        });
        for _ in 0..200 {
            let seen = fs::read(&path).unwrap();
            assert!(seen == content(seen[0]));
        }
    });
    assert_eq!(names_in(directory.path()), ["x"]);
}

#[test]
fn the_first_of_many_wins() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..10 {
        let path = directory.path().join(format!("{round}"));
        let winners: Vec<u8> = thread::scope(|scope| {
            let path = &path;
            let threads: Vec<_> = (0..8_u8)
                .map(|number| scope.spawn(move || publish_first(path, &[number]).unwrap()))
                .collect();
            let outcomes = threads.into_iter().map(|thread| thread.join().unwrap());
            (0..8)
                .zip(outcomes)
                .filter(|&(_, won)| won)
                .map(|(number, _)| number)
                .collect()
        });
        assert_eq!(fs::read(&path).unwrap(), winners);
        assert_eq!(winners.len(), 1);
    }
    assert_eq!(names_in(directory.path()).len(), 10);
}

#[test]
fn the_first_wins_without_hard_links_too() {
    let directory = tempfile::tempdir().unwrap();
    let [one, two, target] = ["1", "2", "x"].map(|name| directory.path().join(name));
    fs::write(&one, "first").unwrap();
    fs::write(&two, "second").unwrap();
    assert!(rename_unless_taken(&one, &target).unwrap());
    assert!(!rename_unless_taken(&two, &target).unwrap());
    assert_eq!(fs::read(&target).unwrap(), b"first");
}

#[test]
fn a_failed_publication_names_the_file_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing/x.json");
    for error in [
        publish(&missing, b"x").unwrap_err(),
        publish_first(&missing, b"x").unwrap_err(),
    ] {
        assert!(error.to_string().contains("missing/x.json"), "{error}");
    }
    let occupied = directory.path().join("occupied");
    fs::create_dir(&occupied).unwrap();
    assert!(publish(&occupied, b"x").is_err());
    assert_eq!(names_in(directory.path()), ["occupied"]);
}

#[test]
fn only_what_dead_writers_left_is_swept() {
    let scratch = scratch();
    let trial = trial_in(&scratch, "t");
    let (host, dead, own) = (host_name(), dead_pid(), std::process::id());
    let place = |name: String| -> PathBuf {
        let path = trial.root().join(name);
        fs::write(&path, "x").unwrap();
        path
    };
    let left_here = place(format!(".result.json.{host}.{dead}.0.tmp"));
    let left_elsewhere = place(format!(".result.json.elsewhere.{own}.0.tmp"));
    let an_hour_ago = SystemTime::now() - Duration::from_secs(3700);
    File::options()
        .write(true)
        .open(&left_elsewhere)
        .unwrap()
        .set_modified(an_hour_ago)
        .unwrap();
    let kept = [
        place(format!(".result.json.{host}.{own}.0.tmp")),
        place(format!(".result.json.elsewhere.{dead}.1.tmp")),
        place("notes.tmp".to_owned()),
        place(format!(".note.{dead}.tmp")),
    ];
    assert_eq!(sweep_temporaries(scratch.run.root()).unwrap(), 2);
    assert!(!left_here.exists() && !left_elsewhere.exists());
    assert!(kept.iter().all(|path| path.exists()));
    assert_eq!(
        sweep_temporaries(&scratch.run.root().join("missing")).unwrap(),
        0
    );
}

#[test]
fn names_that_could_lead_outside_are_refused() {
    let long = "x".repeat(201);
    for name in [
        "",
        ".",
        "..",
        "a/b",
        "/",
        "../x",
        "a\nb",
        "a\0b",
        long.as_str(),
    ] {
        let error = valid_run_name(name).unwrap_err().to_string();
        assert!(error.contains("200 printable"), "{error}");
        assert!(!error.contains('\n') && !error.contains('\0'));
        assert!(RunDirectory::under(Path::new("results"), name).is_err());
        let trial = RunDirectory::new("results/run").trial(name);
        assert_eq!(trial.root().parent(), Some(Path::new("results/run/trials")));
        assert_ne!(trial.root().file_name(), None);
    }
    for name in ["digits", "Über 9000, \"x\"", "...", &long[..200]] {
        valid_run_name(name).unwrap();
    }
}

#[test]
fn a_link_that_leads_outside_is_refused() {
    use std::os::unix::fs::symlink;
    let directory = tempfile::tempdir().unwrap();
    let [results, outside] = ["results", "outside"].map(|name| directory.path().join(name));
    for path in [&results, &outside] {
        fs::create_dir(path).unwrap();
    }
    symlink(&outside, results.join("absolute")).unwrap();
    symlink("../outside", results.join("relative")).unwrap();
    symlink("missing", results.join("broken")).unwrap();
    for name in ["absolute", "relative", "broken"] {
        let error = RunDirectory::under(&results, name).unwrap_err().to_string();
        assert!(
            error.contains("outside the results directory") && error.contains("--results"),
            "{error}"
        );
    }
    fs::create_dir(results.join("first")).unwrap();
    symlink("first", results.join("second")).unwrap();
    RunDirectory::under(&results, "second").unwrap();
    // Results may lie elsewhere as a whole.
    symlink(&results, directory.path().join("link")).unwrap();
    RunDirectory::under(&directory.path().join("link"), "first").unwrap();
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn a_directory_that_is_no_run_is_refused_with_a_hint() {
    let scratch = scratch();
    let results = scratch.run.root().parent().unwrap().to_path_buf();
    let open = |path: &Path| RunDirectory::open(path).map_err(|error| error.to_string());
    assert!(
        open(scratch.run.root())
            .unwrap_err()
            .contains("no trials.csv")
    );
    assert!(
        open(&results.join("missing"))
            .unwrap_err()
            .contains("no such directory")
    );

    let inner = RunDirectory::under(scratch.run.root(), "inner").unwrap();
    inner.create().unwrap();
    TrialTable::default().write(&inner.trials_csv()).unwrap();
    let error = open(scratch.run.root()).unwrap_err();
    assert!(
        error.contains(&inner.root().display().to_string()),
        "{error}"
    );
    assert_eq!(open(inner.root()).unwrap().name(), "inner");
}

#[test]
fn times_are_written_as_rfc_3339() {
    for (seconds, text) in [
        (0.0, "1970-01-01T00:00:00Z"),
        (-1.0, "1969-12-31T23:59:59Z"),
        (951_782_400.9, "2000-02-29T00:00:00Z"),
        (1_709_251_199.0, "2024-02-29T23:59:59Z"),
        (1_735_689_599.0, "2024-12-31T23:59:59Z"),
        (4_107_542_400.0, "2100-03-01T00:00:00Z"),
    ] {
        assert_eq!(rfc3339_utc(seconds), text);
    }
    // A damaged number in a file is no reason to panic.
    for seconds in [f64::NAN, f64::INFINITY, f64::MIN] {
        rfc3339_utc(seconds);
    }
}

#[test]
fn provenance_knows_this_machine_and_reads_back() {
    let scratch = scratch();
    let mut provenance = Provenance::of_this_machine("1.2.3", Some("abc"), 7);
    assert!(provenance.cores > 0 && provenance.memory_bytes > 0);
    assert!(!provenance.host.is_empty() && !provenance.command_line.is_empty());
    assert!(provenance.started_at.starts_with("20") && provenance.started_at.ends_with('Z'));
    let files = [("train.csv".to_owned(), "00ff".to_owned())];
    provenance.data.insert("csv".to_owned(), files.into());
    let path = scratch.run.provenance();
    provenance.write(&path).unwrap();
    assert_eq!(Provenance::expect(&path).unwrap(), provenance);
    fs::write(&path, "{\"version\": \"1").unwrap();
    let error = Provenance::read(&path).unwrap_err().to_string();
    assert!(error.contains("provenance.json"), "{error}");
}
