//! Commands to a running sweep.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use nnbcd::store::{Command, RunDirectory, TrialEventKind, read_journal, send, unix_seconds};

use super::place::{PATIENCE, Place, SOON, at_work, endless_grid, wait_until};
use super::results::{count, trials};

const RUN: &str = "results/g";

/// Gives a command; the runner takes it up. (What it does shows in `trials.csv` a little later where the disk is slow.)
#[track_caller]
fn command(place: &Place, arguments: &[&str]) {
    place.ends_with(0, arguments);
    wait_until(PATIENCE, "the command to be taken up", || {
        let files = place.files("results/g/control");
        files
            .iter()
            .all(|path| {
                Path::new(path)
                    .extension()
                    .is_none_or(|kind| kind != "json")
            })
            .then_some(())
    });
}

/// When the journal of the run says that this happened to the trial for the last time.
fn noted(run: &RunDirectory, trial: &str, kind: &TrialEventKind) -> Option<f64> {
    let events = read_journal(run).unwrap().into_iter().rev();
    let mut events = events.filter(|event| event.trial == trial && event.kind == *kind);
    events.next().map(|event| event.at)
}

fn runner_says(place: &Place, words: &str) -> Option<()> {
    let text = fs::read_to_string(place.path("results/g/runner.json")).ok()?;
    text.contains(words).then_some(())
}

fn rows_written(place: &Place) -> BTreeMap<String, u64> {
    let files = place.files("results/g/trials").into_iter();
    files
        .filter(|path| path.ends_with("iterations.csv"))
        .map(|path| {
            let file = place.path(&format!("results/g/trials/{path}"));
            (path, fs::metadata(file).map_or(0, |file| file.len()))
        })
        .collect()
}

/// The id of a trial in this state.
fn one(place: &Place, status: &str) -> String {
    let trials = trials(place, RUN);
    let row = trials.iter().find(|row| row["status"] == status).unwrap();
    row["trial"].clone()
}

fn status(place: &Place, id: &str) -> String {
    let trials = trials(place, RUN);
    let row = trials.iter().find(|row| row["trial"] == id).unwrap();
    row["status"].clone()
}

#[test]
fn pause_holds_every_trial_and_resume_lets_them_go_on() {
    let place = Place::new();
    place.write("g.yaml", &endless_grid("g", 1));
    let mut runner = at_work(&place, &["g.yaml", "--jobs", "2"]);
    command(&place, &["pause", RUN]);
    wait_until(PATIENCE, "the pause", || runner_says(&place, "\"paused\""));
    wait_until(PATIENCE, "trials that rest", || {
        let before = rows_written(&place);
        std::thread::sleep(Duration::from_millis(300));
        (rows_written(&place) == before).then_some(())
    });
    let held = rows_written(&place);
    command(&place, &["resume", RUN]);
    wait_until(PATIENCE, "both trials to go on", || {
        let now = rows_written(&place);
        held.iter()
            .all(|(path, rows)| now[path] > *rows)
            .then_some(())
    });

    // A paused run can be stopped.
    command(&place, &["pause", RUN]);
    wait_until(PATIENCE, "the pause", || runner_says(&place, "\"paused\""));
    command(&place, &["stop", RUN]);
    assert_eq!(runner.ends_within(SOON).code(), Some(1));
    assert_eq!(count(&place, RUN, "stopped"), 2);
    let said = place.ends_with(2, &["stop", RUN]);
    assert!(said.contains("no runner is active"), "{said}");
    assert!(said.contains("nnbcd-tui g.yaml --jobs 2"), "{said}");
}

#[test]
fn commands_are_taken_up_within_a_second() {
    // The runner looks five times a second. A machine that is busy with other tests may hold it up now and then, so that the
    // middle of several delays counts; each lies between two stamps of the same clock, whatever this test waits for.
    const COMMANDS: usize = 11;
    let place = Place::new();
    place.write("g.yaml", &endless_grid("g", 1));
    let mut runner = at_work(&place, &["g.yaml", "--jobs", "2"]);
    let run = RunDirectory::new(place.path(RUN));
    let trial = wait_until(PATIENCE, "a running trial", || {
        let all = trials(&place, RUN);
        let row = all.iter().find(|row| row["status"] == "running")?;
        Some(row["trial"].clone())
    });
    let mut delays: Vec<f64> = (0..COMMANDS)
        .map(|number| {
            let trials = vec![trial.clone()];
            let (command, kind) = if number % 2 == 0 {
                (Command::PauseTrials { trials }, TrialEventKind::Paused)
            } else {
                (Command::ResumeTrials { trials }, TrialEventKind::Resumed)
            };
            let sent = unix_seconds();
            send(&run, &command).unwrap();
            let taken = wait_until(PATIENCE, "the command in the journal", || {
                noted(&run, &trial, &kind).filter(|at| *at >= sent)
            });
            taken - sent
        })
        .collect();
    delays.sort_by(f64::total_cmp);
    println!("delays in seconds: {delays:.3?}");
    assert!(delays[COMMANDS / 2] < 1.0, "{delays:.3?}");
    command(&place, &["stop", RUN]);
    assert_eq!(runner.ends_within(SOON).code(), Some(1));
}

#[test]
fn cancel_and_retry_take_single_trials_out_and_back() {
    let place = Place::new();
    place.write("g.yaml", &endless_grid("g", 1));
    let mut runner = at_work(&place, &["g.yaml", "--jobs", "2"]);
    wait_until(PATIENCE, "two running trials", || {
        (count(&place, RUN, "running") == 2).then_some(())
    });
    let waiting = one(&place, "queued");
    let running = one(&place, "running");
    command(&place, &["cancel", RUN, &waiting, &running[..6]]);
    for id in [&waiting, &running] {
        wait_until(PATIENCE, "a cancelled trial", || {
            (status(&place, id) == "stopped").then_some(())
        });
    }
    assert!(!runner.has_ended());
    command(&place, &["retry", RUN, &running]);
    wait_until(PATIENCE, "the trial to run again", || {
        let log = place.read(&format!("{RUN}/trials/{running}/log.txt"));
        log.contains("resuming from the checkpoint").then_some(())
    });
    for wrong in ["", "zzz"] {
        let said = place.ends_with(2, &["cancel", RUN, wrong]);
        assert!(said.contains("no such trial"), "{said}");
    }
    command(&place, &["stop", RUN]);
    assert_eq!(runner.ends_within(SOON).code(), Some(1));
}

#[test]
fn cancelling_all_ends_the_run() {
    let place = Place::new();
    place.write("g.yaml", &endless_grid("g", 1));
    let mut runner = at_work(&place, &["g.yaml", "--jobs", "2"]);
    let all: Vec<String> = trials(&place, RUN)
        .into_iter()
        .map(|row| row["trial"].clone())
        .collect();
    let mut arguments = vec!["cancel", RUN];
    arguments.extend(all.iter().map(String::as_str));
    command(&place, &arguments);
    assert_eq!(runner.ends_within(SOON).code(), Some(1));
    assert_eq!(count(&place, RUN, "stopped"), 3);
}

#[test]
fn the_number_of_jobs_can_grow_and_shrink() {
    let place = Place::new();
    place.write("g.yaml", &endless_grid("g", 2));
    let mut runner = at_work(&place, &["g.yaml", "--jobs", "2"]);
    command(&place, &["jobs", RUN, "4"]);
    wait_until(PATIENCE, "four running trials", || {
        (count(&place, RUN, "running") == 4).then_some(())
    });
    wait_until(PATIENCE, "the new number", || {
        runner_says(&place, "\"jobs\": 4")
    });
    command(&place, &["jobs", RUN, "1"]);
    wait_until(PATIENCE, "the new number", || {
        runner_says(&place, "\"jobs\": 1")
    });
    // The trials beyond the new number end first; none takes their place.
    for _ in 0..2 {
        let id = one(&place, "running");
        command(&place, &["cancel", RUN, &id]);
        wait_until(PATIENCE, "a cancelled trial", || {
            (status(&place, &id) == "stopped").then_some(())
        });
    }
    assert_eq!(count(&place, RUN, "running"), 2);
    assert_eq!(count(&place, RUN, "queued"), 2);
    command(&place, &["stop", RUN]);
    assert_eq!(runner.ends_within(SOON).code(), Some(1));
}

#[test]
fn a_file_that_is_no_command_disturbs_nobody() {
    let place = Place::new();
    place.write("g.yaml", &endless_grid("g", 1));
    let mut runner = at_work(&place, &["g.yaml"]);
    place.write("results/g/control/00000000000000000001-1-1.json", "{\"comm");
    place.write("results/g/control/.half.tmp", "{");
    wait_until(PATIENCE, "the file to be set aside", || {
        let files = place.files("results/g/control");
        files
            .iter()
            .any(|path| path.ends_with(".unreadable"))
            .then_some(())
    });
    command(&place, &["stop", RUN]);
    assert_eq!(runner.ends_within(SOON).code(), Some(1));
}
