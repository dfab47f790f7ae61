//! Faults of numbers, disks and directories.

use std::fs;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::place::{PATIENCE, PROGRAM, Place, SOON, at_work, endless_grid, grid, wait_until};
use super::results::{Results, count, trials};
use super::skipped::skipped;

/// Runs a shell script that may mount what it likes: it sees mounts of its own, which end with it.
/// `$P` is the program. `None`: this user or machine may not mount anything.
pub fn with_mounts(place: &Place, script: &str) -> Option<Output> {
    let mut options = vec!["--mount"];
    if !rustix::process::geteuid().is_root() {
        options.extend(["--user", "--map-root-user"]);
    }
    let unshare = |script: &str| {
        fs::create_dir_all(place.path("results")).unwrap();
        Command::new("unshare")
            .args(&options)
            .args(["sh", "-c", script])
            .env("P", PROGRAM)
            .current_dir(place.path(""))
            .output()
    };
    let allowed =
        unshare("mount -t tmpfs none results").is_ok_and(|output| output.status.success());
    if !allowed {
        skipped("mounts", "nothing can be mounted here");
        return None;
    }
    Some(unshare(script).unwrap())
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn a_trial_that_turns_non_finite_is_a_row_and_the_others_go_on() {
    let place = Place::new();
    place.write(
        "g.yaml",
        "name: g\ndata: {source: digits, train: 200, test: 100}\nmodel: {hidden: [16]}\n\
         solver: {batch_size: all, iterations: 20}\n\
         grid:\n  solver.precision: [double, single]\n  model.init.scale: [0.2, 1.0e+200]\n",
    );
    let said = place.ends_with(1, &["g.yaml"]);
    assert!(
        said.contains("2 done, 2 failed (rerun with --retry-failed)"),
        "{said}"
    );
    for row in trials(&place, "results/g") {
        if row["model.init.scale"] == "0.2" {
            assert_eq!((&*row["status"], &*row["iterations"]), ("done", "20"));
        } else {
            assert_eq!(row["status"], "failed");
            let named =
                row["error"].starts_with("iteration ") && row["error"].contains(" of layer ");
            assert!(named, "{}", row["error"]);
            let result = place.read(&format!("results/g/trials/{}/result.json", row["trial"]));
            assert!(result.contains("\"failed\""), "{result}");
        }
    }
    let summary = place.read("results/g/tables/summary.md");
    assert!(summary.contains("failed"), "{summary}");
}

#[test]
fn a_run_directory_that_vanishes_ends_the_run_without_a_panic() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", 3000, 1, "checkpoint_every: 0.1"));
    let mut runner = at_work(&place, &["g.yaml"]);
    wait_until(PATIENCE, "the directory to be gone", || {
        fs::remove_dir_all(place.path("results")).ok()
    });
    let status = runner.ends_within(PATIENCE);
    let errors = runner.errors();
    assert_eq!(status.code(), Some(1), "{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    // The same command starts anew.
    place.ends_with(0, &["g.yaml", "--retry-failed"]);
    Results::of(&place, "results/g").assert_iterations_once(3000);
}

#[test]
fn a_run_directory_that_vanishes_does_not_hold_up_a_stop() {
    let place = Place::new();
    place.write("g.yaml", &endless_grid("g", 1));
    let mut runner = at_work(&place, &["g.yaml"]);
    fs::rename(place.path("results"), place.path("elsewhere")).unwrap();
    runner.signal(Signal::TERM);
    let status = runner.ends_within(SOON);
    let errors = runner.errors();
    assert_eq!(status.code(), Some(1), "{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
}

#[test]
fn a_file_in_the_place_of_a_directory_is_refused() {
    for file in ["results", "results/g", "results/g/trials"] {
        let place = Place::new();
        place.write("g.yaml", &grid("g", 3, 1, ""));
        place.write(file, "");
        let said = place.ends_with(2, &["g.yaml"]);
        assert!(said.contains("results/g"), "{said}");
    }
}

#[test]
fn a_half_written_result_is_run_again() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", 10, 1, ""));
    place.ends_with(0, &["g.yaml"]);
    let before = Results::of(&place, "results/g");
    for (id, damage) in before.ids().iter().zip(["", "{\"trial\":", "\0\0\0"]) {
        place.write(&format!("results/g/trials/{id}/result.json"), damage);
    }
    place.write("results/g/trials.csv", "trial,sta");
    place.write("results/g/runner.json", "{");
    let said = place.ends_with(0, &["g.yaml"]);
    assert!(said.contains("rerunning this trial"), "{said}");
    Results::of(&place, "results/g").assert_equal(&before);
}

#[test]
fn read_only_results_are_refused_by_the_runner_and_shown_by_watch_and_table() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", 3, 1, ""));
    place.ends_with(0, &["g.yaml"]);
    let script = "mount --bind results results && mount -o remount,bind,ro results || exit 9
        $P watch results/g && $P table results/g --format latex || exit 8
        for refused in 'g.yaml' 'stop results/g' 'plot results/g' 'table results/g --out results/g'; do
            $P $refused; test $? -eq 2 || exit 7
        done";
    if let Some(output) = with_mounts(&place, script) {
        let said = succeeded(&output);
        assert!(said.contains("tensor-train"), "{said}");
        assert!(said.contains("\\toprule"), "{said}");
        assert!(said.contains("Read-only file system"), "{said}");
    }
}

#[test]
fn a_full_disk_stops_the_run_and_spares_what_was_published() {
    let place = Place::new();
    place.write("small.yaml", &grid("g", 5, 1, ""));
    let more =
        grid("g", 5, 1, "").replace("seeds: 1\n", "  solver.iterations: [5, 2000]\nseeds: 1\n");
    place.write("more.yaml", &more);
    let script = "mount -t tmpfs -o size=16m none results || exit 9
        $P small.yaml || exit 8
        cp -r results/g before
        head -c 20m /dev/zero > results/ballast 2> /dev/null
        truncate -s -200k results/ballast
        $P more.yaml > during.txt 2>&1; test $? -eq 1 || { cat during.txt; exit 7; }
        cp -r results/g during
        rm results/ballast
        $P more.yaml || exit 6
        cp -r results/g after";
    let Some(output) = with_mounts(&place, script) else {
        return;
    };
    succeeded(&output);
    let said = place.read("during.txt");
    assert!(!said.contains("FAILED"), "{said}");
    assert!(said.contains("No space left on device"), "{said}");
    assert!(said.contains("run the same command again"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    let before = Results::of(&place, "before");
    assert_eq!(before.ids().len(), 3);
    for id in before.ids() {
        for file in ["result.json", "iterations.csv", "config.yaml"] {
            let file = format!("trials/{id}/{file}");
            let whole = place.read(&format!("before/{file}"));
            assert_eq!(place.read(&format!("during/{file}")), whole);
        }
    }
    assert!(!trials(&place, "during").is_empty(), "trials.csv is whole");
    let torn = |path: &&String| path.contains(".tmp");
    assert_eq!(place.files("during").iter().find(torn), None);
    assert_eq!(count(&place, "after", "done"), 6);
}

#[test]
fn ten_thousand_trials_start_soon() {
    // Measured: a quarter of a second each, so that a busy machine passes as well.
    const LIMIT: Duration = Duration::from_secs(3);
    let place = Place::new();
    let text = endless_grid("g", 10_000).replace(
        "\ngrid:\n  compression:\n    - {method: none}\n    - {method: tensor-train, rank: 4}\n    \
         - {method: prune, sparsity: 0.5}\n",
        "\n",
    );
    place.write("g.yaml", &text);
    let start = Instant::now();
    let said = place.ends_with(0, &["plan", "g.yaml"]);
    let planned = start.elapsed();
    assert!(said.starts_with("g: 10000 trials"), "{said}");
    assert!(planned < LIMIT, "plan took {planned:?}");
    let start = Instant::now();
    let mut runner = place.start(&["g.yaml"]);
    // One fsync of a slow disk may take a second; the start needs some.
    wait_until(LIMIT * 5, "the first iteration", || {
        let trials = fs::read_dir(place.path("results/g/trials")).ok()?.flatten();
        let mut rows = trials.map(|trial| trial.path().join("iterations.csv"));
        rows.any(|path| path.exists()).then_some(())
    });
    let begun = start.elapsed();
    println!("10,000 trials: planned in {planned:?}, the first iterates after {begun:?}");
    assert_eq!(trials(&place, "results/g").len(), 10_000);
    runner.signal(Signal::TERM);
    assert_eq!(runner.ends_within(SOON).code(), Some(1));
}
