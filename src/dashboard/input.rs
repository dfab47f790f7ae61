//! Keys, clicks and sizes, read by a thread of their own: when the terminal is gone, crossterm 0.29
//! goes on reading it for ever, and whoever waits for its answer waits as long. The loop must not.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use ratatui::crossterm::event::{self, Event};

/// How soon the thread notices that nobody listens any more.
const PATIENCE: Duration = Duration::from_millis(100);

/// What the user does.
pub(super) struct Input {
    events: Receiver<io::Result<Event>>,
    over: Arc<AtomicBool>,
}

impl Input {
    /// Begins to listen. The terminal must be in raw mode.
    pub(super) fn listen() -> io::Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let (sender, events) = mpsc::channel();
        let until = Arc::clone(&over);
        thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || {
                while !until.load(Ordering::Relaxed) {
                    let event = match event::poll(PATIENCE) {
                        Ok(false) => continue,
                        Ok(true) => event::read(),
                        Err(error) => Err(error),
                    };
                    let failed = event.is_err();
                    if sender.send(event).is_err() || failed {
                        return;
                    }
                }
            })?;
        Ok(Self { events, over })
    }

    /// The next event; `None` if there is none for so long.
    pub(super) fn wait(&self, patience: Duration) -> io::Result<Option<Event>> {
        match self.events.recv_timeout(patience) {
            Ok(event) => event.map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(io::Error::other(
                "the thread that reads the keyboard has ended",
            )),
        }
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
