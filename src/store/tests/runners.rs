//! At most one runner, and whether it lives.

use std::thread;
use std::time::{Duration, Instant};

use super::super::lock::holder_by_heartbeat;
use super::*;

fn status(host: &str, pid: u32, updated_at: f64) -> RunnerStatus {
    RunnerStatus {
        state: RunnerState::Running,
        host: host.to_owned(),
        pid,
        started_at: 1_709_251_199.0,
        updated_at,
        ..RunnerStatus::default()
    }
}

#[test]
fn a_second_holder_is_told_who_is_first() {
    let scratch = scratch();
    assert_eq!(liveness(&scratch.run), Liveness::Gone);
    let first = RunnerLock::acquire(&scratch.run).unwrap();
    assert_eq!(liveness(&scratch.run), Liveness::Alive);
    let error = RunnerLock::acquire(&scratch.run).unwrap_err().to_string();
    let since = rfc3339_utc(holder(&scratch.run).unwrap().since);
    for part in [
        &format!("process {}", std::process::id()),
        &format!("host {}", host_name()),
        &format!("since {since}"),
        "watch",
        "stop",
    ] {
        assert!(error.contains(part), "{error}");
    }
    drop(first);
    assert_eq!(liveness(&scratch.run), Liveness::Gone);
    RunnerLock::acquire(&scratch.run).unwrap();
}

#[test]
#[ignore = "the other process of the next test"]
fn holds_the_lock_until_killed() {
    let Some(run) = given_run() else { return };
    let _lock = RunnerLock::acquire(&run).unwrap();
    thread::sleep(Duration::from_secs(60));
}

#[test]
fn the_lock_of_a_killed_process_is_free() {
    let scratch = scratch();
    let test = "store::tests::runners::holds_the_lock_until_killed";
    let mut child = other_process(test, &scratch.run).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while holder(&scratch.run).is_none() {
        assert!(Instant::now() < deadline, "the other process takes no lock");
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(liveness(&scratch.run), Liveness::Alive);
    let error = RunnerLock::acquire(&scratch.run).unwrap_err().to_string();
    assert!(
        error.contains(&format!("process {}", child.id())),
        "{error}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(liveness(&scratch.run), Liveness::Gone);
    RunnerLock::acquire(&scratch.run).unwrap();
}

#[test]
fn a_run_that_has_just_ended_is_not_in_the_way_of_the_next_one() {
    let scratch = scratch();
    let first = RunnerLock::acquire(&scratch.run).unwrap();
    let ended = RunnerStatus {
        state: RunnerState::Ended,
        ..status(&host_name(), 1, 1.0)
    };
    scratch.run.write_runner(&ended).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(300));
            drop(first);
        });
        RunnerLock::acquire(&scratch.run).unwrap();
    });
}

#[test]
fn a_runner_is_not_turned_away_by_viewers() {
    let scratch = scratch();
    drop(RunnerLock::acquire(&scratch.run).unwrap());
    let until = Instant::now() + Duration::from_millis(500);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while Instant::now() < until {
                    liveness(&scratch.run);
                    thread::sleep(Duration::from_millis(1));
                }
            });
        }
        while Instant::now() < until {
            RunnerLock::acquire(&scratch.run).unwrap();
        }
    });
}

#[test]
fn without_locks_the_process_id_tells_on_this_host() {
    let scratch = scratch();
    let patience = Duration::ZERO;
    assert_eq!(holder_by_heartbeat(&scratch.run, patience).unwrap(), None);
    let mut child = Command::new("sleep").arg("60").spawn().unwrap();
    let alive = status(&host_name(), child.id(), 1.0);
    scratch.run.write_runner(&alive).unwrap();
    let holder = holder_by_heartbeat(&scratch.run, patience)
        .unwrap()
        .unwrap();
    assert_eq!((holder.pid, holder.since), (child.id(), alive.started_at));
    // There is no lock file, as on a file system without locks: viewers go by the same.
    assert_eq!(liveness(&scratch.run), Liveness::Alive);
    let ended = RunnerStatus {
        state: RunnerState::Ended,
        ..alive.clone()
    };
    scratch.run.write_runner(&ended).unwrap();
    assert_eq!(holder_by_heartbeat(&scratch.run, patience).unwrap(), None);
    assert_eq!(liveness(&scratch.run), Liveness::Gone);
    scratch.run.write_runner(&alive).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(holder_by_heartbeat(&scratch.run, patience).unwrap(), None);
    assert_eq!(liveness(&scratch.run), Liveness::Gone);
}

#[test]
fn without_locks_a_changing_heartbeat_tells_on_another_host() {
    let scratch = scratch();
    let patience = Duration::from_millis(400);
    scratch
        .run
        .write_runner(&status("elsewhere", 1, 1.0))
        .unwrap();
    assert_eq!(holder_by_heartbeat(&scratch.run, patience).unwrap(), None);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(patience / 4);
            scratch
                .run
                .write_runner(&status("elsewhere", 1, 2.0))
                .unwrap();
        });
        let holder = holder_by_heartbeat(&scratch.run, patience)
            .unwrap()
            .unwrap();
        assert_eq!((holder.host.as_str(), holder.pid), ("elsewhere", 1));
    });
}

/// A free lock proves nothing there: some network file systems keep locks to one host.
#[test]
fn a_runner_on_another_host_lives_as_long_as_its_heartbeat_changes() {
    let scratch = scratch();
    let run = &scratch.run;
    drop(RunnerLock::acquire(run).unwrap());
    run.write_runner(&status("elsewhere", 1, 1.0)).unwrap();
    let still_beats = std::sync::atomic::AtomicBool::new(true);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut beat = 1.0;
            while still_beats.load(std::sync::atomic::Ordering::SeqCst) {
                beat += 1.0;
                run.write_runner(&status("elsewhere", 1, beat)).unwrap();
                thread::sleep(Duration::from_millis(100));
            }
        });
        assert_eq!(liveness(run), Liveness::Alive);
        let refused = RunnerLock::acquire(run).unwrap_err().to_string();
        still_beats.store(false, std::sync::atomic::Ordering::SeqCst);
        assert!(refused.contains("process 1 on host elsewhere"), "{refused}");
    });
    assert_eq!(liveness(run), Liveness::Gone);
    RunnerLock::acquire(run).unwrap();
}

#[test]
fn silence_is_measured_by_the_viewers_own_clock() {
    let scratch = scratch();
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut watch = Watch::default();
    // The other host's clock is years ahead, then jumps back: neither matters.
    scratch
        .run
        .write_runner(&status("elsewhere", 1, 9e9))
        .unwrap();
    assert_eq!(watch.observe(&scratch.run, at(0)), Liveness::Alive);
    assert_eq!(watch.observe(&scratch.run, at(29)), Liveness::Alive);
    let silent = Liveness::Silent { seconds: 31.0 };
    assert_eq!(watch.observe(&scratch.run, at(31)), silent);
    scratch
        .run
        .write_runner(&status("elsewhere", 1, 5.0))
        .unwrap();
    assert_eq!(watch.observe(&scratch.run, at(32)), Liveness::Alive);

    // A runner here that holds its lock but does not move is silent; without the lock it is gone.
    let lock = RunnerLock::acquire(&scratch.run).unwrap();
    scratch
        .run
        .write_runner(&status(&host_name(), 1, 6.0))
        .unwrap();
    assert_eq!(watch.observe(&scratch.run, at(40)), Liveness::Alive);
    let silent = Liveness::Silent { seconds: 60.0 };
    assert_eq!(watch.observe(&scratch.run, at(100)), silent);
    drop(lock);
    assert_eq!(watch.observe(&scratch.run, at(101)), Liveness::Gone);
}
