//! A directory of its own for every test, and the program started in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_nnbcd-tui");

/// Nothing here takes long; what takes longer than this hangs.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// "Within a few seconds", on a machine that is busy with other tests.
pub const SOON: Duration = Duration::from_secs(10);

/// A grid whose three trials per seed end only when told so. Its iterations take milliseconds: faster
/// ones would fill disks.
pub fn endless_grid(name: &str, seeds: usize) -> String {
    grid(name, 5_000_000, seeds, "").replace("hidden: [16]", "hidden: [128, 64]")
}

/// A grid over methods and seeds on a small network. `settings` are lines that go before the grid.
pub fn grid(name: &str, iterations: usize, seeds: usize, settings: &str) -> String {
    format!(
        "name: {name}
data: {{source: digits, train: 200, test: 100, shuffle_seed: 0}}
model: {{hidden: [16], init: {{scheme: kaiming-normal, scale: 0.2}}}}
solver: {{batch_size: all, iterations: {iterations}}}
{settings}
grid:
  compression:
    - {{method: none}}
    - {{method: tensor-train, rank: 4}}
    - {{method: prune, sparsity: 0.5}}
seeds: {seeds}
"
    )
}

/// A working directory that is removed with the test.
pub struct Place {
    directory: TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// A path inside.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.directory.path().join(inside)
    }

    pub fn write(&self, inside: &str, text: &str) {
        let path = self.path(inside);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, inside: &str) -> String {
        let path = self.path(inside);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        assert_cmd::Command::new(PROGRAM)
            .args(arguments)
            .current_dir(self.directory.path())
            .timeout(PATIENCE)
            .output()
            .unwrap()
    }

    /// Runs the program to its end, which must be this exit code; what it printed.
    #[track_caller]
    pub fn ends_with(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(output.status.code(), Some(code), "{arguments:?}:\n{said}");
        said
    }

    /// Starts the program and leaves it running.
    pub fn start(&self, arguments: &[&str]) -> Running {
        self.start_command(Command::new(PROGRAM).args(arguments))
    }

    /// Starts any command in this place.
    pub fn start_command(&self, command: &mut Command) -> Running {
        let child = command
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Running { child }
    }

    /// All files below a directory, relative to it.
    pub fn files(&self, inside: &str) -> Vec<String> {
        let root = self.path(inside);
        let mut found = Vec::new();
        collect(&root, &root, &mut found);
        found.sort();
        found
    }
}

fn collect(root: &Path, directory: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            let relative = path.strip_prefix(root).unwrap();
            found.push(relative.display().to_string());
        }
    }
}

/// A process that is killed with the test, should it still run.
pub struct Running {
    child: Child,
}

impl Running {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        let process = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(process, signal).unwrap();
    }

    /// The same for a process that may have ended by itself.
    pub fn signal_if_alive(&self, signal: Signal) {
        let process = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        let _ = kill_process(process, signal);
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for the end, at most so long.
    #[track_caller]
    pub fn ends_within(&mut self, patience: Duration) -> ExitStatus {
        wait_until(patience, "the end of the program", || {
            self.child.try_wait().unwrap()
        })
    }

    /// What it wrote to standard error; only after its end.
    pub fn errors(&mut self) -> String {
        let mut text = String::new();
        if let Some(mut errors) = self.child.stderr.take() {
            std::io::Read::read_to_string(&mut errors, &mut text).unwrap();
        }
        text
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A runner whose trials iterate.
pub fn at_work(place: &Place, arguments: &[&str]) -> Running {
    let runner = place.start(arguments);
    wait_until(PATIENCE, "iterations", || {
        let files = place.files("results/g/trials");
        let growing = files.iter().filter(|path| path.ends_with("iterations.csv"));
        let lines = growing.map(|path| {
            fs::read_to_string(place.path(&format!("results/g/trials/{path}")))
                .map_or(0, |text| text.lines().count())
        });
        (lines.filter(|lines| *lines > 20).count() >= 2).then_some(())
    });
    runner
}

/// A worker that has begun a trial of `results/g`.
#[track_caller]
pub fn worker_at_work(place: &Place) -> Running {
    let worker = place.start(&["worker", "results/g", "--threads", "1"]);
    wait_until(PATIENCE, "an attempt", || {
        let files = place.files("results/g/trials");
        let begun = files.iter().any(|path| path.contains("attempts"));
        begun.then_some(())
    });
    worker
}

/// Looks again and again until there is something to see.
#[track_caller]
pub fn wait_until<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(start.elapsed() < patience, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
