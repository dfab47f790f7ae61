//! One long day on a real Slurm: workers are killed, a node is lost, a task is requeued, the controller goes away, and in
//! the end there are the same twelve results as from one machine.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::cluster::{Cluster, SLURM_PATIENCE};
use super::place::{Place, grid, wait_until};
use super::results::{Results, count};

const RUN: &str = "results/g";
/// Enough for some seconds of work per trial.
const ITERATIONS: usize = 25_000;

struct Day {
    cluster: Cluster,
    place: Place,
}

impl Day {
    fn begin(iterations: usize) -> Option<Self> {
        let cluster = Cluster::start()?;
        let place = Place::new();
        let text = grid("g", iterations, 4, "checkpoint_every: 0.3");
        place.write("g.yaml", &text);
        Some(Self { cluster, place })
    }

    #[track_caller]
    fn ends_with(&self, code: i32, arguments: &[&str]) -> String {
        self.cluster
            .ends_with(&self.place.path(""), code, arguments)
    }

    /// Process ids of the workers that a status names as at work on some trial.
    fn workers(&self) -> Vec<(u32, String)> {
        let files = self.place.files(&format!("{RUN}/workers")).into_iter();
        files
            .filter(|file| !file.starts_with('.'))
            .filter_map(|file| {
                let text = fs::read(self.place.path(&format!("{RUN}/workers/{file}"))).ok()?;
                let status: serde_json::Value = serde_json::from_slice(&text).ok()?;
                let alive = status["ended"] == false && status["trial"] != "";
                let process = u32::try_from(status["pid"].as_u64()?).ok()?;
                let exists = PathBuf::from(format!("/proc/{process}")).exists();
                (alive && exists).then(|| (process, status["task"].as_str().unwrap().to_owned()))
            })
            .collect()
    }

    /// Waits until so many workers iterate.
    #[track_caller]
    fn at_work(&self, count: usize) -> Vec<(u32, String)> {
        wait_until(SLURM_PATIENCE, "workers", || {
            thread::sleep(Duration::from_millis(100));
            let workers = self.workers();
            (workers.len() >= count).then_some(workers)
        })
    }

    fn checkpoints(&self) -> usize {
        let files = self.place.files(&format!("{RUN}/trials"));
        files
            .iter()
            .filter(|path| path.ends_with("checkpoint.0"))
            .count()
    }

    fn results(&self) -> usize {
        let files = self.place.files(&format!("{RUN}/trials"));
        files
            .iter()
            .filter(|path| path.ends_with("/result.json") && !path.contains("attempts"))
            .count()
    }
}

fn kill(process: &str, signal: Signal) {
    let process = Pid::from_raw(process.parse().unwrap()).unwrap();
    kill_process(process, signal).unwrap();
}

#[test]
fn a_day_on_a_cluster() {
    let Some(day) = Day::begin(ITERATIONS) else {
        return;
    };
    day.ends_with(0, &["g.yaml", "--results", "one-machine"]);
    let one_machine = Results::of(&day.place, "one-machine/g");
    day.ends_with(0, &["submit", "g.yaml", "--slurm", "--max-parallel", "4"]);
    let workers = day.at_work(3);

    // Tasks that wait say for what; a second submission is refused.
    let said = day.ends_with(0, &["watch", RUN]);
    assert!(said.contains("pending (JobArrayTaskLimit)"), "{said}");
    assert!(said.contains("running on n"), "{said}");
    day.ends_with(2, &["submit", "g.yaml", "--slurm"]);

    // A worker is killed: Slurm does not start its task again.
    let killed = workers[0].1.clone();
    kill(&workers[0].0.to_string(), Signal::KILL);
    wait_until(SLURM_PATIENCE, "the end of the killed task", || {
        let running = day.cluster.running();
        (!running.iter().any(|(task, _)| *task == killed)).then_some(())
    });

    // A task is requeued, and appends to its log.
    let requeued = workers[1].1.clone();
    day.cluster.slurm("scontrol", &["requeue", &requeued]);

    // A node is lost with all that runs there.
    let (node, lost) = wait_until(SLURM_PATIENCE, "a task at work on some node", || {
        let mut running = day.cluster.running().into_iter();
        let other = |task: &str| task != requeued && task != killed;
        let (_, node) = running.rfind(|(task, _)| other(task))?;
        let processes = day.cluster.processes_of(&node);
        // The daemon, a task and its guard.
        (processes.len() > 2).then_some((node, processes))
    });
    for process in lost {
        // One that has just ended by itself is lost as well.
        let process = Pid::from_raw(process.parse().unwrap()).unwrap();
        let _ = kill_process(process, Signal::KILL);
    }
    // Down for the controller at once; on a real cluster this takes its time limit.
    day.cluster.slurm(
        "scontrol",
        &[
            "update",
            &format!("nodename={node}"),
            "state=down",
            "reason=lost",
        ],
    );

    // The controller is away for a while: the tasks go on, and nobody calls them failed.
    kill(&day.cluster.daemon("slurmctld"), Signal::TERM);
    let said = day.ends_with(0, &["watch", RUN]);
    assert!(said.contains("not reachable"), "{said}");
    assert_eq!(count(&day.place, RUN, "failed"), 0);
    day.ends_with(2, &["submit", "g.yaml", "--slurm"]);
    day.cluster.start_controller();
    day.cluster.start_node(&node);
    // Refused where the node has come back by itself: then there is nothing to resume.
    let resume = ["update", &format!("nodename={node}"), "state=resume"];
    day.cluster.command("scontrol", &resume).output().unwrap();
    day.cluster.wait_until_empty();

    // What is missing is sent again, and nothing else.
    let done = day.results();
    assert!((1..12).contains(&done), "{done} results");
    day.ends_with(0, &["submit", "g.yaml", "--slurm"]);
    let sent = day.place.read(&format!("{RUN}/slurm/2/trials.txt"));
    assert_eq!(sent.lines().count(), 12 - done);
    day.cluster.wait_until_empty();
    assert_eq!(
        count(&day.place, RUN, "done"),
        12,
        "the last task has settled the table"
    );
    day.ends_with(0, &["watch", RUN]);
    let results = Results::of(&day.place, RUN);
    results.assert_equal(&one_machine);
    results.assert_iterations_once(ITERATIONS);
    let ids: BTreeSet<&str> = results.ids().into_iter().collect();
    assert_eq!((ids.len(), day.results()), (12, 12));
    assert_eq!(day.checkpoints(), 0);
    let log = day.place.read(&format!("{RUN}/slurm/1/{requeued}.log"));
    assert_eq!(
        log.matches("worker ").count(),
        2,
        "both starts are in the log: {log}"
    );
    let said = day.ends_with(0, &["submit", "g.yaml", "--slurm"]);
    assert!(
        said.contains("all 12 trials already have a result"),
        "{said}"
    );
    drop(day);
    stopped_and_impossible();
}

/// `stop` ends everything, keeping checkpoints; a request that no node can fulfil waits, and says so. A part of the
/// day, as only one cluster at a time has the ports.
fn stopped_and_impossible() {
    let Some(day) = Day::begin(5_000_000) else {
        return;
    };
    day.ends_with(
        0,
        &["submit", "g.yaml", "--slurm", "--trials-per-task", "2"],
    );
    day.at_work(3);
    wait_until(SLURM_PATIENCE, "checkpoints", || {
        (day.checkpoints() >= 3).then_some(())
    });
    day.ends_with(0, &["stop", RUN]);
    day.cluster.wait_until_empty();
    assert_eq!(day.results(), 0);
    assert!(day.checkpoints() >= 3);

    // Two nodes are too few from now on for a task that wants the third.
    day.cluster.slurm(
        "scontrol",
        &["update", "nodename=n3", "state=down", "reason=test"],
    );
    day.ends_with(0, &["submit", "g.yaml", "--slurm", "--", "--nodelist=n3"]);
    let said = wait_until(SLURM_PATIENCE, "a reason", || {
        let said = day.ends_with(0, &["watch", RUN]);
        said.contains("pending (ReqNodeNotAvail").then_some(said)
    });
    assert!(said.contains("n3"), "{said}");
    let trial = day.place.read(&format!("{RUN}/slurm/2/trials.txt"));
    let trial = trial.lines().next().unwrap();
    day.ends_with(0, &["cancel", RUN, trial]);
    wait_until(SLURM_PATIENCE, "the end of one task", || {
        let said = day.ends_with(0, &["watch", RUN]);
        (!said.contains(trial)).then_some(())
    });
    day.ends_with(0, &["stop", RUN]);
    day.cluster.wait_until_empty();
}
