//! The commands of Slurm's client, each with a time limit: a controller that is down lets them wait for minutes.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::store::{QueueTask, SubmittedJob, TaskState, rfc3339_utc, unix_seconds};

/// Longest time that a question may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest time that a submission may take: giving up on one leaves open whether it has happened.
const SUBMIT_PATIENCE: Duration = Duration::from_secs(60);
/// What scancel says of a task that ends or has ended.
const OVER: &str = "already completing or completed";

/// A command of Slurm did not do what was asked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{command}: {what}; {remedy}")]
pub struct SlurmError {
    command: &'static str,
    what: String,
    remedy: &'static str,
}

/// Submits a script; returns the job, which the caller has to write down at once.
///
/// # Errors
/// If sbatch is not there, refuses, or does not answer in time.
pub fn submit(script: &Path, options: &[String], tasks: u64) -> Result<SubmittedJob, SlurmError> {
    let mut command = client("sbatch");
    command.arg("--parsable").args(options).arg(script);
    let answer = run("sbatch", &mut command, SUBMIT_PATIENCE)?;
    let (job, cluster) = answer.trim().split_once(';').unwrap_or((answer.trim(), ""));
    let job = job.parse().map_err(|_| SlurmError {
        command: "sbatch",
        what: format!("returned {:?}, which is not a job id", answer.trim()),
        remedy: "check with squeue whether the array was submitted",
    })?;
    Ok(SubmittedJob {
        job,
        cluster: cluster.to_owned(),
        tasks,
        submitted_at: rfc3339_utc(unix_seconds()),
    })
}

/// Stops arrays: tasks that wait never start, and those that run are told to write a checkpoint and end.
///
/// # Errors
/// If scancel is not there, refuses, or does not answer in time.
pub fn stop_jobs(jobs: &[SubmittedJob]) -> Result<(), SlurmError> {
    for (cluster, ids) in by_cluster(jobs) {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        cancel(cluster, &["--state=PENDING"], &ids)?;
        cancel(cluster, &["--state=SUSPENDED"], &ids)?;
        // Without --batch the signal would go to the steps, and there are none.
        cancel(
            cluster,
            &["--state=RUNNING", "--batch", "--signal=TERM"],
            &ids,
        )?;
    }
    Ok(())
}

/// Stops one task: if it waits it never starts, if it runs it is told to write a checkpoint and end.
///
/// # Errors
/// As [`stop_jobs`].
pub fn cancel_task(cluster: &str, task: &QueueTask) -> Result<(), SlurmError> {
    // Should a waiting task start in this moment, it has the time between SIGTERM and SIGKILL for its checkpoint.
    let options: &[&str] = match task.state {
        TaskState::Running => &["--batch", "--signal=TERM"],
        _ => &[],
    };
    cancel(cluster, options, std::slice::from_ref(&task.name))
}

fn cancel(cluster: &str, options: &[&str], ids: &[String]) -> Result<(), SlurmError> {
    let mut command = client("scancel");
    on_cluster(&mut command, cluster);
    command.args(options).args(ids);
    match run("scancel", &mut command, PATIENCE) {
        // Over already: nothing is left to cancel.
        Err(error) if is_unknown_job(&error.what) || error.what.contains(OVER) => Ok(()),
        outcome => outcome.map(|_| ()),
    }
}

/// The lines of squeue about the arrays' tasks, in this format.
pub(super) fn queue_lines(jobs: &[SubmittedJob], format: &str) -> Result<String, SlurmError> {
    let mut lines = String::new();
    for (cluster, ids) in by_cluster(jobs) {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut command = client("squeue");
        on_cluster(&mut command, cluster);
        command
            .args(["--noheader", "--array"])
            .arg(format!("--format={format}"))
            .arg(format!("--jobs={}", ids.join(",")));
        match run("squeue", &mut command, PATIENCE) {
            Ok(answer) => lines.push_str(&answer),
            // Slurm has forgotten the job: it is long over.
            Err(error) if is_unknown_job(&error.what) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(lines)
}

/// `MaxArraySize` of the cluster: one more than the largest index of a task. `None`: it cannot be asked.
pub fn max_array_size() -> Option<usize> {
    let mut command = client("scontrol");
    let answer = run("scontrol", command.args(["show", "config"]), PATIENCE).ok()?;
    answer.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == "MaxArraySize").then(|| value.trim().parse().ok())?
    })
}

fn by_cluster(jobs: &[SubmittedJob]) -> Vec<(&str, Vec<u64>)> {
    let mut clusters: Vec<(&str, Vec<u64>)> = Vec::new();
    for job in jobs {
        match clusters.iter_mut().find(|(name, _)| *name == job.cluster) {
            Some((_, ids)) => ids.push(job.job),
            None => clusters.push((&job.cluster, vec![job.job])),
        }
    }
    clusters
}

fn on_cluster(command: &mut Command, cluster: &str) {
    if !cluster.is_empty() {
        command.arg(format!("--clusters={cluster}"));
    }
}

fn is_unknown_job(what: &str) -> bool {
    what.contains("Invalid job id")
}

/// A command of the client. Within a job, the variables of that job would become wishes for the new one, and
/// formats of the user change what squeue prints.
fn client(program: &'static str) -> Command {
    let mut command = Command::new(program);
    let is_foreign = |name: &OsStr| {
        let name = name.to_string_lossy();
        (name.starts_with("SLURM_") && name != "SLURM_CONF") || name.starts_with("SQUEUE_")
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_foreign(name)) {
        command.env_remove(name);
    }
    command
}

/// What the command prints, if it succeeds in time.
fn run(
    program: &'static str,
    command: &mut Command,
    patience: Duration,
) -> Result<String, SlurmError> {
    let failed = |what: String, remedy| SlurmError {
        command: program,
        what,
        remedy,
    };
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| {
            let remedy = "run this on a login node, where Slurm's commands are on the PATH";
            failed(format!("cannot be started: {error}"), remedy)
        })?;
    let readers =
        reader(child.stdout.take()).and_then(|output| Ok((output, reader(child.stderr.take())?)));
    let (output, errors) = readers.map_err(|error| {
        end(&mut child);
        let what = format!("no thread can be started to read its answer: {error}");
        failed(what, "raise the limit on processes (ulimit -u)")
    })?;
    let start = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if start.elapsed() < patience => thread::sleep(Duration::from_millis(20)),
            _ => {
                end(&mut child);
                let what = format!("no answer within {} s", patience.as_secs());
                return Err(failed(what, "try again when the controller responds"));
            }
        }
    };
    let (output, errors) = (text(output), text(errors));
    if status.success() {
        return Ok(output);
    }
    let said = errors.trim().replace('\n', " / ");
    let what = if said.is_empty() {
        format!("failed ({status})")
    } else {
        said
    };
    Err(failed(
        what,
        "fix what Slurm reports, then repeat the command",
    ))
}

fn end(child: &mut Child) {
    // It may have ended just now; either way it is collected.
    let _ = child.kill();
    let _ = child.wait();
}

fn reader(pipe: Option<impl Read + Send + 'static>) -> io::Result<JoinHandle<String>> {
    thread::Builder::new().spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before a fault is still worth showing.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn text(reader: JoinHandle<String>) -> String {
    reader.join().unwrap_or_default()
}
