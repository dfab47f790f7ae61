//! The finished run that is kept with the tests: `nnbcd-tui watch tests/demo/digits` shows it again.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::fixture;
use nnbcd::dashboard::state::{Look, State};
use nnbcd::dashboard::{Action, View};
use nnbcd::report::{TableQuery, build};
use nnbcd::store::{RunDirectory, RunFollower};

const DEMO: &str = "tests/demo/digits";
/// It is cloned by everybody who wants the program.
const MOST_BYTES: u64 = 300_000;

/// The files below a directory with their lengths and times.
fn files(directory: &Path) -> Vec<(String, u64, SystemTime)> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("the demo can be read") {
            let path = entry.expect("the demo can be read").path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let data = fs::metadata(&path).expect("the demo can be read");
                let modified = data.modified().expect("files have times");
                found.push((path.display().to_string(), data.len(), modified));
            }
        }
    }
    found.sort();
    found
}

/// The state after everything that the views want has been read, as the loop does it.
fn replay() -> State {
    let run = RunDirectory::open(Path::new(DEMO)).expect("the demo is a run");
    let mut follower = RunFollower::new(run.clone());
    let mut state = State::new(&run, Look::default(), false);
    for _ in 0..2 {
        for update in follower.poll() {
            state.apply(update);
        }
        state.settle();
        for trial in state.wanted() {
            follower.follow(&trial);
        }
    }
    state
}

#[test]
fn the_demo_is_small_and_only_read() {
    let before = files(Path::new(DEMO));
    let bytes: u64 = before.iter().map(|(_, bytes, _)| bytes).sum();
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
    let mut state = replay();
    for view in View::ALL {
        state.handle(Action::Show(view));
        fixture::text(&mut state, 120, 40);
    }
    assert_eq!(files(Path::new(DEMO)), before);
}

#[test]
fn the_demo_says_nothing_of_the_machine_that_made_it() {
    for (path, _, _) in files(Path::new(DEMO)) {
        let text = String::from_utf8_lossy(&fs::read(&path).expect("readable")).into_owned();
        for private in ["/home/", "/root", "/work", "/tmp"] {
            assert!(!text.contains(private), "{path} names {private}");
        }
    }
}

#[test]
fn the_views_show_a_finished_run() {
    let mut state = replay();
    insta::assert_snapshot!("demo_overview", fixture::text(&mut state, 80, 24));
    state.handle(Action::Move(2));
    let id = state.wanted().remove(0);
    let run = RunDirectory::new(DEMO);
    let trial = run.trial(&id);
    for update in [
        nnbcd::store::RunUpdate::Iterations {
            trial: id.clone(),
            records: trial.read_iterations().expect("whole rows"),
        },
        nnbcd::store::RunUpdate::Layers {
            trial: id,
            records: trial.read_layers().expect("whole rows"),
        },
    ] {
        state.apply(update);
    }
    state.handle(Action::Show(View::Compression));
    insta::assert_snapshot!("demo_compression", fixture::text(&mut state, 120, 40));
    state.handle(Action::Show(View::Convergence));
    state.handle(Action::Choose(8));
    insta::assert_snapshot!("demo_errors", fixture::text(&mut state, 100, 30));
    state.handle(Action::Choose(-2));
    insta::assert_snapshot!("demo_sparsity", fixture::text(&mut state, 100, 30));
    assert!(state.summary().contains("12 of 12 trials done"));
}

#[test]
fn the_demo_makes_a_table() {
    let run = RunDirectory::new(DEMO);
    let table = run.read_trials().expect("a table of trials");
    let paper = build(&table, &TableQuery::default()).expect("a paper table");
    assert_eq!(paper.rows.len(), 6);
}
