//! Commands to a running sweep.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use super::place::{ENDLESS, PATIENCE, Place, SOON, at_work, grid, wait_until};
use super::results::{count, trials};

const RUN: &str = "results/g";
/// "About a second", on a machine that is busy with other tests.
const PROMPT: Duration = Duration::from_secs(4);

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
    place.write("g.yaml", &grid("g", ENDLESS, 1, ""));
    let mut runner = at_work(&place, &["g.yaml", "--jobs", "2"]);
    let start = Instant::now();
    place.ends_with(0, &["pause", RUN]);
    wait_until(PROMPT, "the pause", || runner_says(&place, "\"paused\""));
    wait_until(PROMPT, "trials that rest", || {
        let before = rows_written(&place);
        std::thread::sleep(Duration::from_millis(300));
        (rows_written(&place) == before).then_some(())
    });
    println!("paused after {:?}", start.elapsed());
    let held = rows_written(&place);
    place.ends_with(0, &["resume", RUN]);
    wait_until(PROMPT, "both trials to go on", || {
        let now = rows_written(&place);
        held.iter()
            .all(|(path, rows)| now[path] > *rows)
            .then_some(())
    });

    // A paused run can be stopped.
    place.ends_with(0, &["pause", RUN]);
    wait_until(PROMPT, "the pause", || runner_says(&place, "\"paused\""));
    place.ends_with(0, &["stop", RUN]);
    assert_eq!(runner.ends_within(SOON).code(), Some(1));
    assert_eq!(count(&place, RUN, "stopped"), 2);
    let said = place.ends_with(2, &["stop", RUN]);
    assert!(said.contains("no runner works on this run"), "{said}");
    assert!(said.contains("nnbcd-tui results/g/grid.yaml"), "{said}");
}

#[test]
fn cancel_and_retry_take_single_trials_out_and_back() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", ENDLESS, 1, ""));
    let mut runner = at_work(&place, &["g.yaml", "--jobs", "2"]);
    wait_until(PROMPT, "two running trials", || {
        (count(&place, RUN, "running") == 2).then_some(())
    });
    let waiting = one(&place, "queued");
    let running = one(&place, "running");
    place.ends_with(0, &["cancel", RUN, &waiting, &running[..6]]);
    for id in [&waiting, &running] {
        wait_until(PROMPT, "a cancelled trial", || {
            (status(&place, id) == "stopped").then_some(())
        });
    }
    assert!(!runner.has_ended());
    place.ends_with(0, &["retry", RUN, &running]);
    wait_until(PROMPT, "the trial to run again", || {
        let log = place.read(&format!("{RUN}/trials/{running}/log.txt"));
        log.contains("goes on from the checkpoint").then_some(())
    });
    for wrong in ["", "zzz"] {
        let said = place.ends_with(2, &["cancel", RUN, wrong]);
        assert!(said.contains("no such trial"), "{said}");
    }
    place.ends_with(0, &["stop", RUN]);
    assert_eq!(runner.ends_within(SOON).code(), Some(1));
}

#[test]
fn cancelling_all_ends_the_run() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", ENDLESS, 1, ""));
    let mut runner = at_work(&place, &["g.yaml", "--jobs", "2"]);
    let all: Vec<String> = trials(&place, RUN)
        .into_iter()
        .map(|row| row["trial"].clone())
        .collect();
    let mut arguments = vec!["cancel", RUN];
    arguments.extend(all.iter().map(String::as_str));
    place.ends_with(0, &arguments);
    assert_eq!(runner.ends_within(SOON).code(), Some(1));
    assert_eq!(count(&place, RUN, "stopped"), 3);
}

#[test]
fn the_number_of_jobs_can_grow_and_shrink() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", ENDLESS, 2, ""));
    let mut runner = at_work(&place, &["g.yaml", "--jobs", "2"]);
    place.ends_with(0, &["jobs", RUN, "4"]);
    wait_until(PROMPT, "four running trials", || {
        (count(&place, RUN, "running") == 4).then_some(())
    });
    wait_until(PATIENCE, "the new number", || {
        runner_says(&place, "\"jobs\": 4")
    });
    place.ends_with(0, &["jobs", RUN, "1"]);
    wait_until(PROMPT, "the new number", || {
        runner_says(&place, "\"jobs\": 1")
    });
    // The trials beyond the new number end first; none takes their place.
    for _ in 0..2 {
        let id = one(&place, "running");
        place.ends_with(0, &["cancel", RUN, &id]);
        wait_until(PROMPT, "a cancelled trial", || {
            (status(&place, &id) == "stopped").then_some(())
        });
    }
    assert_eq!(count(&place, RUN, "running"), 2);
    assert_eq!(count(&place, RUN, "queued"), 2);
    place.ends_with(0, &["stop", RUN]);
    assert_eq!(runner.ends_within(SOON).code(), Some(1));
}

#[test]
fn a_file_that_is_no_command_disturbs_nobody() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", ENDLESS, 1, ""));
    let mut runner = at_work(&place, &["g.yaml"]);
    place.write("results/g/control/00000000000000000001-1-1.json", "{\"comm");
    place.write("results/g/control/.half.tmp", "{");
    wait_until(PROMPT, "the file to be set aside", || {
        let files = place.files("results/g/control");
        files
            .iter()
            .any(|path| path.ends_with(".unreadable"))
            .then_some(())
    });
    place.ends_with(0, &["stop", RUN]);
    assert_eq!(runner.ends_within(SOON).code(), Some(1));
}
