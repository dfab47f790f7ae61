//! A pseudo-terminal with the program on it, seen through the eyes of a terminal emulator.

use std::fs;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::LocalModes;
use tempfile::TempDir;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_nnbcd-tui");

/// A finished run that is kept with the tests.
pub const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/digits");

/// Nothing here takes long; what takes longer than this hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// More iterations than any test waits for.
pub const ENDLESS: usize = 5_000_000;

/// A working directory with a grid; no runner survives it.
pub struct Place {
    directory: TempDir,
}

impl Place {
    /// With `g.yaml`: two methods, so many iterations of some milliseconds.
    pub fn new(iterations: usize) -> Self {
        let place = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        let grid = format!(
            "name: g\ndata: {{source: digits, train: 200, test: 100, shuffle_seed: 0}}\n\
             model: {{hidden: [128, 64], init: {{scheme: kaiming-normal, scale: 0.2}}}}\n\
             solver: {{batch_size: all, iterations: {iterations}, tau: 50}}\n\
             grid:\n  compression:\n    - {{method: tensor-train, rank: 4}}\n    \
             - {{method: prune, sparsity: 0.5}}\n"
        );
        fs::write(place.path("g.yaml"), grid).unwrap();
        place
    }

    pub fn path(&self, inside: &str) -> PathBuf {
        self.directory.path().join(inside)
    }

    pub fn read(&self, inside: &str) -> String {
        fs::read_to_string(self.path(inside)).unwrap_or_default()
    }

    /// Waits until a file of the run holds these words.
    #[track_caller]
    pub fn wait_for(&self, file: &str, words: &str) {
        wait_until(
            || self.read(file).contains(words),
            || format!("{words:?} in {file}: {}", self.read(file)),
        );
    }

    /// The names of the files in the run directory.
    pub fn run_files(&self) -> Vec<String> {
        fs::read_dir(self.path("results/g"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    /// The main job without a terminal, to its end.
    pub fn run(&self, arguments: &[&str]) -> std::process::Output {
        assert_cmd::Command::new(PROGRAM)
            .args(arguments)
            .current_dir(self.directory.path())
            .timeout(PATIENCE)
            .output()
            .unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A runner that goes on after its viewer must not go on after the test.
        let status: serde_json::Value =
            serde_json::from_str(&self.read("results/g/runner.json")).unwrap_or_default();
        let process = status["pid"]
            .as_i64()
            .and_then(|pid| i32::try_from(pid).ok());
        if status["state"] != "ended"
            && let Some(process) = process.and_then(Pid::from_raw)
        {
            let _ = kill_process(process, Signal::KILL);
        }
    }
}

/// What the program has written, and the screen that it makes.
struct Seen {
    emulator: vt100::Parser,
    bytes: Vec<u8>,
    hung_up: bool,
}

/// A process that ends with the test.
pub struct Process(Box<dyn Child + Send + Sync>);

impl Process {
    pub fn try_wait(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }
}

/// The program on a terminal of its own.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    child: Process,
    seen: Arc<Mutex<Seen>>,
}

impl Terminal {
    pub fn start(
        place: &Place,
        size: (u16, u16),
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        Self::start_program(PROGRAM.as_ref(), place, size, arguments, environment)
    }

    /// Another program than the one under test.
    pub fn start_program(
        program: &Path,
        place: &Place,
        (columns, rows): (u16, u16),
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.cwd(place.path(""));
        for removed in ["NO_COLOR", "LC_ALL", "LC_CTYPE"] {
            command.env_remove(removed);
        }
        command.env("LANG", "C.UTF-8");
        command.env("TERM", "xterm-256color");
        command.env("XDG_CONFIG_HOME", place.path("config"));
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let seen = Arc::new(Mutex::new(Seen {
            emulator: vt100::Parser::new(not_zero(rows), not_zero(columns), 0),
            bytes: Vec::new(),
            hung_up: false,
        }));
        watch(pair.master.try_clone_reader().unwrap(), Arc::clone(&seen));
        Self {
            keyboard: pair.master.take_writer().unwrap(),
            master: pair.master,
            child: Process(child),
            seen,
        }
    }

    /// The text on the screen.
    pub fn text(&self) -> String {
        self.look(vt100::Screen::contents)
    }

    pub fn look<T>(&self, see: impl FnOnce(&vt100::Screen) -> T) -> T {
        see(self.seen.lock().unwrap().emulator.screen())
    }

    /// Everything that was written to the terminal.
    pub fn bytes(&self) -> Vec<u8> {
        self.seen.lock().unwrap().bytes.clone()
    }

    #[track_caller]
    pub fn wait_for(&self, words: &str) {
        self.wait_until(&format!("{words:?}"), |screen| {
            screen.contents().contains(words)
        });
    }

    #[track_caller]
    pub fn wait_until(&self, what: &str, see: impl Fn(&vt100::Screen) -> bool) {
        wait_until(
            || self.look(&see),
            || format!("{what} on the screen:\n{}", self.text()),
        );
    }

    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        let mut seen = self.seen.lock().unwrap();
        seen.emulator.set_size(not_zero(rows), not_zero(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    pub fn process(&self) -> Pid {
        let process = self.child.0.process_id().unwrap();
        Pid::from_raw(process.try_into().unwrap()).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.process(), signal).unwrap();
    }

    /// The window is closed, the connection lost: only the process is left.
    pub fn hang_up(self) -> Process {
        // The emulator closes its side when it next hears from the program, which draws all the time.
        self.seen.lock().unwrap().hung_up = true;
        self.child
    }

    #[track_caller]
    pub fn ends(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait() {
                return status;
            }
            let text = self.text();
            assert!(start.elapsed() < PATIENCE, "it does not end:\n{text}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The terminal is as a shell wants it back.
    #[track_caller]
    pub fn assert_given_back(&self) {
        self.wait_until("the normal screen", |screen| !screen.alternate_screen());
        self.wait_until("the cursor", |screen| !screen.hide_cursor());
        self.look(|screen| {
            assert!(!screen.bracketed_paste());
            assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        });
        let modes = self.master.get_termios().unwrap().local_flags;
        let cooked = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        assert_eq!(modes.bits() & cooked.bits(), cooked.bits(), "{modes:?}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Feeds the emulator with all that the program writes.
fn watch(mut output: Box<dyn Read + Send>, seen: Arc<Mutex<Seen>>) {
    thread::spawn(move || {
        let mut buffer = [0; 1 << 14];
        while let Ok(length @ 1..) = output.read(&mut buffer) {
            let mut seen = seen.lock().unwrap();
            if seen.hung_up {
                return;
            }
            seen.emulator.process(&buffer[..length]);
            seen.bytes.extend_from_slice(&buffer[..length]);
        }
    });
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        ..PtySize::default()
    }
}

fn not_zero(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

#[track_caller]
pub fn wait_until(mut look: impl FnMut() -> bool, what: impl Fn() -> String) {
    let start = Instant::now();
    while !look() {
        let waiting = start.elapsed() < PATIENCE;
        assert!(waiting, "waited in vain for {}", what());
        thread::sleep(Duration::from_millis(20));
    }
}
