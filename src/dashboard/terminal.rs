//! The terminal while the dashboard has it, and the promise that it is given back: on return, on
//! errors, on a panic of the drawing thread, on signals, and while the process is stopped.

use std::backtrace::Backtrace;
use std::io::{self, BufWriter, Stdout, Write};
use std::mem::ManuallyDrop;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use ratatui::crossterm::style::force_color_output;
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{execute, queue};
use ratatui::layout::{Position, Rect, Size};
use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGIO, SIGPROF, SIGQUIT, SIGSYS, SIGTERM, SIGTRAP,
    SIGTSTP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU,
};
use signal_hook::flag;

use super::state::State;
use super::view;
use crate::store::{open_log, rfc3339_utc, unix_seconds};

/// Enough for a whole screen: one write per frame.
const FRAME_BYTES: usize = 1 << 16;

/// The terminal in the hands of the dashboard.
pub(super) struct Screen {
    /// Not dropped: ratatui would complain to a standard error that has vanished with the terminal, and panic at that.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
    /// Signals that arrived.
    pub signals: Signals,
    _hook: PanicHook,
}

impl Screen {
    /// Takes the terminal. Panics are written to `log`, which exists only then.
    pub(super) fn enter(log: PathBuf) -> io::Result<Self> {
        // With NO_COLOR set, crossterm would drop bold and reversed text together with the
        // colours. The theme knows what NO_COLOR means.
        force_color_output(true);
        let signals = Signals::listen()?;
        let hook = PanicHook::install(log);
        let writer = BufWriter::with_capacity(FRAME_BYTES, io::stdout());
        take_over().inspect_err(|_| give_back())?;
        let terminal = Terminal::new(CrosstermBackend::new(writer)).inspect_err(|_| give_back())?;
        Ok(Self {
            terminal: ManuallyDrop::new(terminal),
            signals,
            _hook: hook,
        })
    }

    /// The size of the screen.
    pub(super) fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    /// Draws the state; terminals that can show the frame at once do.
    pub(super) fn draw(&mut self, state: &State) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| view::draw(state, frame))?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        Write::flush(self.terminal.backend_mut())
    }

    /// Forgets what the terminal shows: the next frame is drawn whole.
    pub(super) fn repaint(&mut self) -> io::Result<()> {
        // Not `Terminal::clear`: it asks the terminal where the cursor is and waits for the answer.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::from((Position::ORIGIN, size)))
    }

    /// Gives the terminal back and stops this process until the shell continues it.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        // Only this process: the runner is in a session of its own and goes on.
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP)?;
        self.resume()
    }

    /// Takes the terminal again after the process was stopped.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        self.signals.continued.store(false, Ordering::SeqCst);
        self.signals.stop.store(false, Ordering::SeqCst);
        // The shell has set modes of its own meanwhile: they are not raw, whatever crossterm
        // remembers.
        let _ = disable_raw_mode();
        take_over()?;
        self.repaint()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Whether the terminal is in the hands of the dashboard.
static TAKEN: AtomicBool = AtomicBool::new(false);

fn take_over() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableMouseCapture,
        EnableBracketedPaste,
        Hide
    )
}

/// Undoes all of [`take_over`], once: leaving the alternate screen a second time would put the
/// cursor back over what was printed meanwhile. Errors have nobody left to hear them (after a
/// hang-up there is no terminal any more).
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        DisableMouseCapture,
        // What a multiplexer carries over to the other screen after a change of size is at least empty.
        Clear(ClearType::All),
        LeaveAlternateScreen,
        Show
    );
    let _ = disable_raw_mode();
    let _ = io::stdout().flush();
}

type Hook = dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync;

/// A panic of this thread gives the terminal back before its message is printed. A panic of any
/// other thread goes to the log alone: its message would tear the screen.
struct PanicHook {
    previous: Arc<Hook>,
}

impl PanicHook {
    fn install(log: PathBuf) -> Self {
        let previous: Arc<Hook> = Arc::from(panic::take_hook());
        let drawing = thread::current().id();
        let next = Arc::clone(&previous);
        panic::set_hook(Box::new(move |info| {
            if thread::current().id() == drawing {
                give_back();
                next(info);
            }
            write_down(info, &log);
        }));
        Self { previous }
    }
}

/// Adds a panic to the log. A directory that may only be read has none.
fn write_down(info: &panic::PanicHookInfo<'_>, log: &Path) {
    let thread = thread::current();
    let text = format!(
        "{} the dashboard, thread {:?}: {info}\n{}\n",
        rfc3339_utc(unix_seconds()),
        thread.name().unwrap_or_default(),
        Backtrace::force_capture()
    );
    if let Ok(mut file) = open_log(log) {
        let _ = file.write_all(text.as_bytes());
    }
}

impl Drop for PanicHook {
    fn drop(&mut self) {
        // A panicking thread must not change the hook; the process is about to end anyway.
        if !thread::panicking() {
            let previous = Arc::clone(&self.previous);
            panic::set_hook(Box::new(move |info| previous(info)));
        }
    }
}

/// Signals that would end the process and leave the terminal as it is. Those that tell of a fault at the very
/// instruction (SIGSEGV, SIGBUS, SIGILL, SIGFPE) cannot be waited with.
const ENDING: [i32; 14] = [
    SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGXCPU, SIGALRM, SIGVTALRM, SIGPROF,
    SIGIO, SIGABRT, SIGTRAP, SIGSYS,
];

/// Signals that arrived since the dashboard began.
pub(super) struct Signals {
    ended: Arc<AtomicUsize>,
    leave: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    continued: Arc<AtomicBool>,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        let signals = Self {
            ended: Arc::default(),
            leave: Arc::default(),
            stop: Arc::default(),
            continued: Arc::default(),
        };
        let leave = &signals.leave;
        for signal in ENDING.into_iter().chain([SIGTSTP]) {
            // Once the dashboard is left (or about to be), signals do again what they do by
            // default: a second one ends the process, should the first not get through.
            flag::register_conditional_default(signal, Arc::clone(leave))?;
        }
        for signal in ENDING {
            flag::register(signal, Arc::clone(leave))?;
            flag::register_usize(signal, Arc::clone(&signals.ended), signal as usize)?;
        }
        flag::register(SIGTSTP, Arc::clone(&signals.stop))?;
        flag::register(SIGCONT, Arc::clone(&signals.continued))?;
        Ok(signals)
    }

    /// The signal that asked to leave.
    pub(super) fn leaving(&self) -> Option<i32> {
        match self.ended.load(Ordering::SeqCst) {
            0 => None,
            signal => i32::try_from(signal).ok(),
        }
    }

    /// Whether a stop was asked for since the last call.
    pub(super) fn take_stop(&self) -> bool {
        self.stop.swap(false, Ordering::SeqCst)
    }

    /// Whether the process was stopped by somebody else and goes on.
    pub(super) fn take_continued(&self) -> bool {
        self.continued.swap(false, Ordering::SeqCst)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.leave.store(true, Ordering::SeqCst);
    }
}
