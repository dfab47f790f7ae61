//! A run goes on where it was broken off, and in one of its calls of the operating system the machine fails: for every
//! such call, and several errors. Nothing is begun anew, and the same command ends with the numbers of an undisturbed run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::Signal;

use super::place::{PATIENCE, PROGRAM, Place};
use super::results::Results;
use super::shims::{ONE_FAULT, shim};

const ERRORS: [Errno; 4] = [Errno::IO, Errno::STALE, Errno::MFILE, Errno::ACCESS];
const ITERATIONS: usize = 60;
/// Calls are numbered differently from run to run, as heartbeats come when they come: after so many numbers that met
/// none, there are no more.
const ENOUGH: usize = 3;

/// Two trials. Checkpoints after every iteration make the second one slow enough to be broken off, and few iterations are
/// left then.
const GRID: &str = "name: g\ndata: {source: digits, train: 60, test: 30}\nmodel: {hidden: [6]}\n\
                    solver: {batch_size: all, iterations: 60}\ncheckpoint_every: 0.0001\nseeds: 2\n";

/// A run with a trial that is done and one that is broken off shortly before its end.
fn broken_off() -> Place {
    let place = Place::new();
    place.write("g.yaml", GRID);
    place.ends_with(0, &["g.yaml", "--results", "undisturbed"]);
    for _ in 0..50 {
        let mut runner = place.start(&["g.yaml", "--jobs", "1"]);
        let rows = |id: &str| {
            let rows = place.path(&format!("results/g/trials/{id}/iterations.csv"));
            fs::read_to_string(rows).map_or(0, |text| text.lines().count())
        };
        let far = || {
            let trials = fs::read_dir(place.path("results/g/trials"));
            let ids = trials.into_iter().flatten().flatten();
            let counts = ids.map(|id| rows(&id.file_name().to_string_lossy()));
            counts.filter(|count| *count > ITERATIONS - 3).count() == 2
        };
        while !(far() || runner.has_ended()) {
            std::thread::sleep(Duration::from_micros(200));
        }
        runner.signal_if_alive(Signal::KILL);
        runner.ends_within(PATIENCE);
        let files = place.files("results/g/trials");
        let count = |name: &str| files.iter().filter(|path| path.contains(name)).count();
        if count("/result.json") == 1 && count("/checkpoint.") == 2 {
            return place;
        }
        fs::remove_dir_all(place.path("results")).unwrap();
    }
    panic!("the second trial was never broken off");
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// What the program did where a call failed.
#[derive(Debug)]
struct Met {
    call: String,
    code: Option<i32>,
}

/// How a run goes on, and what brings it to rest then.
struct Way {
    arguments: &'static [&'static str],
    then: &'static [&'static str],
}

const RUNNER: Way = Way {
    arguments: &["../g.yaml", "--jobs", "1", "--threads", "1"],
    then: &["table", "results/g"],
};
const WORKER: Way = Way {
    arguments: &["worker", "results/g", "--threads", "1"],
    then: &["../g.yaml"],
};

/// Goes on with the run, where the call with this number fails; then without any fault. `None`: there was no such call.
fn go_on(place: &Place, library: &Path, way: &Way, number: usize, error: Errno) -> Option<Met> {
    let name = format!("at-{number}-{}", error.raw_os_error());
    let at = |inside: &str| place.path(&format!("{name}/{inside}"));
    copy(&place.path("results"), &at("results"));
    let go = |arguments: &[&str], fault: bool| {
        let mut command = assert_cmd::Command::new(PROGRAM);
        command
            .args(arguments)
            .current_dir(at(""))
            .timeout(PATIENCE);
        if fault {
            command
                .env("LD_PRELOAD", library)
                .env("FAULT_UNDER", "results/g")
                .env("FAULT_AT", number.to_string())
                .env("FAULT_ERROR", error.raw_os_error().to_string())
                .env("FAULT_LOG", at("fault"));
        }
        let output = command.output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), said)
    };
    let (code, said) = go(way.arguments, true);
    let call = fs::read_to_string(at("fault")).ok()?;
    let what = format!("{number}, {error:?}: {call}{said}");
    assert!(matches!(code, Some(0..=2)), "{code:?} at {what}");
    assert!(!said.contains("panicked"), "{what}");
    for arguments in [way.arguments, way.then] {
        let (again, said_again) = go(arguments, false);
        assert_eq!(again, Some(0), "{what}\nthen: {said_again}");
    }
    let results = Results::of(place, &format!("{name}/results/g"));
    results.assert_equal(&Results::of(place, "undisturbed/g"));
    results.assert_iterations_once(ITERATIONS);
    for id in results.ids() {
        let log = place.read(&format!("{name}/results/g/trials/{id}/log.txt"));
        let begun = log.matches("started; ").count();
        assert_eq!(begun, 1, "{what}\nbegun anew: {log}");
    }
    fs::remove_dir_all(at("")).unwrap();
    Some(Met { call, code })
}

/// Lets every `step`-th call fail. With `NNBCD_FAULTS=all`, every call meets every error; else errors take turns.
fn fail_everywhere(place: &Place, way: &Way, step: usize) {
    let Some(library) = shim(place, ONE_FAULT) else {
        return;
    };
    let all = std::env::var_os("NNBCD_FAULTS").is_some_and(|faults| faults == "all");
    let step = if all { 1 } else { step };
    let start = Instant::now();
    let next = AtomicUsize::new(1);
    let missed = AtomicUsize::new(0);
    let met: Mutex<Vec<Met>> = Mutex::default();
    let work = || {
        while missed.load(Ordering::SeqCst) < ENOUGH {
            let number = next.fetch_add(step, Ordering::SeqCst);
            let turn = number / step % ERRORS.len();
            let errors = if all {
                &ERRORS[..]
            } else {
                &ERRORS[turn..=turn]
            };
            for error in errors {
                match go_on(place, &library, way, number, *error) {
                    Some(one) => (met.lock().unwrap_or_else(PoisonError::into_inner)).push(one),
                    None => _ = missed.fetch_add(1, Ordering::SeqCst),
                }
            }
        }
    };
    std::thread::scope(|scope| {
        // Most of the time is waiting for a disk.
        for _ in 0..3 * std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let met = met.into_inner().unwrap();
    let mut codes: BTreeMap<(&str, Option<i32>), usize> = BTreeMap::new();
    for one in &met {
        let call = one.call.split(' ').next().unwrap_or_default();
        *codes.entry((call, one.code)).or_default() += 1;
    }
    println!("{} faults in {:?}: {codes:?}", met.len(), start.elapsed());
    assert!(
        met.len() * step > 100,
        "only {} calls: is the shim used?",
        met.len()
    );
}

#[test]
fn a_machine_that_fails_once_anywhere_costs_no_result() {
    fail_everywhere(&broken_off(), &RUNNER, 1);
}

#[test]
fn nor_does_it_cost_a_worker_one() {
    let place = broken_off();
    place.ends_with(0, &["submit", "g.yaml"]);
    fail_everywhere(&place, &WORKER, 4);
}
