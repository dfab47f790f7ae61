//! A real Slurm for one test: started and ended by the scripts beside this file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::place::PROGRAM;
use crate::skipped::skipped;

/// Slurm looks at things every few seconds, and a lost node takes it longer.
pub const SLURM_PATIENCE: Duration = Duration::from_secs(180);

/// Three nodes of two cores each, all of them this machine.
pub struct Cluster {
    directory: TempDir,
}

impl Cluster {
    /// `None` where there can be none: it was not asked for, or the machine does not allow it.
    pub fn start() -> Option<Self> {
        if std::env::var_os("NNBCD_SLURM").is_none_or(|wanted| wanted != "1") {
            skipped("slurm", "NNBCD_SLURM=1 is not set");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let all = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(directory.path(), all).unwrap();
        let cluster = Self { directory };
        let status = cluster.script("start.sh");
        if status == Some(77) {
            skipped("slurm", "none can be started here");
            return None;
        }
        assert_eq!(status, Some(0), "Slurm did not start");
        Some(cluster)
    }

    fn script(&self, name: &str) -> Option<i32> {
        Command::new(Path::new("tests/program/slurm").join(name))
            .arg(self.root())
            .stdout(Stdio::null())
            .status()
            .unwrap()
            .code()
    }

    fn root(&self) -> PathBuf {
        self.directory.path().join("slurm")
    }

    /// A command that talks to this cluster.
    pub fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("SLURM_CONF", self.root().join("slurm.conf"));
        command
    }

    /// What one of Slurm's commands says.
    #[track_caller]
    pub fn slurm(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.command(program, arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{program} {arguments:?}: {said}{errors}"
        );
        said
    }

    /// Runs the program under test in a directory to its end, which must be this exit code.
    #[track_caller]
    pub fn ends_with(&self, directory: &Path, code: i32, arguments: &[&str]) -> String {
        let mut command = self.command(PROGRAM, arguments);
        let output = command.current_dir(directory).output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}:\n{said}");
        said
    }

    /// Task and node of everything that runs, such as `12_3 n2`.
    pub fn running(&self) -> Vec<(String, String)> {
        let lines = self.slurm(
            "squeue",
            &[
                "--noheader",
                "--array",
                "--states=RUNNING",
                "--format=%F_%K %N",
            ],
        );
        lines
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(task, node)| (task.to_owned(), node.to_owned()))
            .collect()
    }

    /// Waits until no task is left.
    #[track_caller]
    pub fn wait_until_empty(&self) {
        let start = Instant::now();
        while !self.slurm("squeue", &["--noheader"]).is_empty() {
            assert!(
                start.elapsed() < SLURM_PATIENCE,
                "waited in vain for an empty queue\n{}",
                self.picture()
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// What Slurm itself says of its tasks, its nodes and the last minutes: for whoever has to explain a failure.
    fn picture(&self) -> String {
        let tasks = self.slurm("squeue", &["--array", "--format=%i %T %S %N %r"]);
        let nodes = self.slurm("sinfo", &["--Node", "--format=%N %T %E"]);
        let log = fs::read_to_string(self.root().join("log/slurmctld.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(60)..].join("\n");
        format!("{tasks}\n{nodes}\n{last}")
    }

    /// Process id of a daemon.
    pub fn daemon(&self, name: &str) -> String {
        let file = self.root().join(format!("run/{name}.pid"));
        fs::read_to_string(file).unwrap().trim().to_owned()
    }

    /// Everything that a node runs: its daemon, and the processes of its tasks with those of Slurm that guard them. One
    /// that stayed behind would hold its task for ever after the node's return ("Duplicate jobid").
    pub fn processes_of(&self, node: &str) -> Vec<String> {
        let jobs = self.slurm(
            "squeue",
            &["--noheader", "--nodelist", node, "--format=[%A."],
        );
        let configuration = format!("SLURM_CONF={}", self.root().join("slurm.conf").display());
        let name = format!("SLURMD_NODENAME={node}");
        let is_of_node = |directory: &Path| {
            let text = |file: &str| {
                let bytes = fs::read(directory.join(file)).unwrap_or_default();
                String::from_utf8_lossy(&bytes).into_owned()
            };
            let environment = text("environ");
            let has = |variable: &str| environment.split('\0').any(|known| known == variable);
            let command = text("cmdline");
            let guards =
                command.starts_with("slurmstepd") && jobs.lines().any(|job| command.contains(job));
            has(&configuration) && (has(&name) || guards)
        };
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let own = processes.filter(|entry| is_of_node(&entry.path()));
        let own = own.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut all = vec![self.daemon(&format!("slurmd.{node}"))];
        all.extend(own);
        all
    }

    /// Starts the controller again, as it was.
    pub fn start_controller(&self) {
        let status = self.command("/usr/sbin/slurmctld", &[]).status().unwrap();
        assert!(status.success());
    }

    /// Starts a node again.
    pub fn start_node(&self, node: &str) {
        let status = self
            .command("/usr/sbin/slurmd", &["-N", node])
            .status()
            .unwrap();
        assert!(status.success());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.script("stop.sh");
    }
}
