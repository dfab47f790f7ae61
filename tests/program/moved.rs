//! Run directories that are moved, removed or replaced while somebody works in them, and those that others have prepared.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::process::Command;

use rustix::process::{Signal, geteuid};

use super::place::{
    PATIENCE, Place, SOON, at_work, endless_grid, grid, wait_until, worker_at_work,
};
use super::results::{Results, trials};
use super::skipped::skipped;

const GONE: &str =
    "the run directory was removed, moved or replaced while this process worked in it";

#[test]
fn a_runner_whose_directory_was_moved_stops_and_the_next_one_is_not_disturbed() {
    let place = Place::new();
    place.write("g.yaml", &endless_grid("g", 1));
    let mut first = at_work(&place, &["g.yaml"]);
    fs::rename(place.path("results/g"), place.path("results/aside")).unwrap();
    // The same trials, that end.
    let mut second = at_work(&place, &["g.yaml"]);
    let status = first.ends_within(SOON);
    let errors = first.errors();
    assert_eq!(status.code(), Some(1), "{errors}");
    assert!(errors.contains(GONE), "{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    second.signal(Signal::TERM);
    assert_eq!(second.ends_within(SOON).code(), Some(1));
    for directory in ["results/g", "results/aside"] {
        for row in trials(&place, directory) {
            let rows = format!("{directory}/trials/{}/iterations.csv", row["trial"]);
            // The third trial waits for a thread.
            let Ok(rows) = fs::read_to_string(place.path(&rows)) else {
                continue;
            };
            let numbers = rows
                .lines()
                .skip(1)
                .map(|line| line.split(',').next().unwrap());
            let expected = (0..).map(|number: u64| number.to_string());
            assert!(
                numbers.eq(expected.take(rows.lines().count() - 1)),
                "{directory}"
            );
        }
    }
    let journals = fs::read_dir(place.path("results/g/journal")).unwrap();
    assert_eq!(
        journals.count(),
        1,
        "the first one wrote into the directory of the second"
    );
}

#[test]
fn a_worker_whose_directory_was_replaced_stops() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", 3000, 1, "checkpoint_every: 0.05"));
    place.ends_with(0, &["submit", "g.yaml"]);
    let mut worker = worker_at_work(&place);
    fs::rename(place.path("results/g"), place.path("results/aside")).unwrap();
    place.ends_with(0, &["g.yaml"]);
    let before = Results::of(&place, "results/g");
    let status = worker.ends_within(PATIENCE);
    let errors = worker.errors();
    assert_eq!(status.code(), Some(1), "{errors}");
    assert!(errors.contains(GONE), "{errors}");
    Results::of(&place, "results/g").assert_equal(&before);
    assert!(!place.path("results/g/workers").exists());
}

#[test]
fn many_fresh_starts_in_the_same_moment_leave_one_runner_per_directory() {
    let place = Place::new();
    place.write("g.yaml", &endless_grid("g", 1));
    let mut first = at_work(&place, &["g.yaml"]);
    first.signal(Signal::TERM);
    first.ends_within(SOON);
    let mut runners: Vec<_> = (0..6)
        .map(|number| {
            let fresh = if number % 2 == 0 {
                "--fresh"
            } else {
                "--no-tui"
            };
            place.start(&["g.yaml", fresh])
        })
        .collect();
    std::thread::sleep(SOON / 3);
    let alive: Vec<u32> = runners
        .iter_mut()
        .filter_map(|runner| (!runner.has_ended()).then(|| runner.id()))
        .collect();
    assert_eq!(alive.len(), 1, "{alive:?}");
    let lock = place.read("results/g/runner.lock");
    assert!(lock.contains(&format!("\"pid\":{}", alive[0])), "{lock}");
    for runner in &mut runners {
        runner.signal_if_alive(Signal::TERM);
        runner.ends_within(SOON);
    }
    let runs = fs::read_dir(place.path("results")).unwrap().flatten();
    for run in runs {
        let mut signed = Vec::new();
        for journal in fs::read_dir(run.path().join("journal")).unwrap().flatten() {
            let text = fs::read_to_string(journal.path()).unwrap();
            signed.extend(text.contains("started").then(|| journal.file_name()));
        }
        assert!(signed.len() <= 2, "{:?}: {signed:?}", run.path());
    }
}

#[test]
fn nobody_else_gives_orders() {
    let place = Place::new();
    place.write("g.yaml", &endless_grid("g", 1));
    let start = "umask 000; exec \"$@\"";
    let mut runner = place.start_command(Command::new("bash").args([
        "-c",
        start,
        "any",
        super::place::PROGRAM,
        "g.yaml",
    ]));
    wait_until(PATIENCE, "the start", || {
        place.path("results/g/runner.json").exists().then_some(())
    });
    let control = place.path("results/g/control");
    let mode = fs::metadata(&control).unwrap().permissions().mode();
    assert_eq!(mode & 0o022, 0, "{mode:o}");
    if geteuid().is_root() {
        // As if another user could write here.
        let command = control.join(".x");
        fs::write(&command, r#"{"command":"stop"}"#).unwrap();
        chown(&command, Some(12345), None).unwrap();
        fs::rename(&command, control.join("01-1-1.json")).unwrap();
        wait_until(PATIENCE, "the order to be set aside", || {
            control
                .join("01-1-1.json.unreadable")
                .exists()
                .then_some(())
        });
        assert!(!runner.has_ended());
    } else {
        skipped("root", "files of another user cannot be made");
    }
    runner.signal(Signal::TERM);
    runner.ends_within(SOON);
    if geteuid().is_root() {
        assert!(
            runner
                .errors()
                .contains("is a command of another user (12345)")
        );
    }
}

#[test]
fn a_directory_that_somebody_has_prepared_where_everybody_writes_is_refused() {
    if !geteuid().is_root() {
        return skipped("root", "directories of another user cannot be made");
    }
    let place = Place::new();
    place.write("g.yaml", &grid("g", 3, 1, ""));
    fs::create_dir_all(place.path("results/g")).unwrap();
    chown(place.path("results/g"), Some(12345), None).unwrap();
    fs::set_permissions(place.path("results"), PermissionsExt::from_mode(0o1777)).unwrap();
    for arguments in [&["g.yaml"][..], &["submit", "g.yaml"]] {
        let said = place.ends_with(2, arguments);
        assert!(said.contains("belongs to another user (12345)"), "{said}");
    }
    assert_eq!(place.files("results"), Vec::<String>::new());
    // A folder that a group shares is another matter.
    fs::set_permissions(place.path("results"), PermissionsExt::from_mode(0o775)).unwrap();
    place.ends_with(0, &["g.yaml"]);
    let owner = || fs::metadata(place.path("results/g")).unwrap().uid();
    assert_eq!(owner(), 12345);
    // From scratch it is the user's own again, wherever that is.
    fs::set_permissions(place.path("results"), PermissionsExt::from_mode(0o1777)).unwrap();
    place.ends_with(0, &["g.yaml", "--fresh"]);
    assert_eq!(owner(), geteuid().as_raw());
}
