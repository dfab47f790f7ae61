//! Orders to a running trial, taken between iterations.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Requests of the operating system (signals), shared with a signal handler.
#[derive(Debug, Default)]
pub struct Interrupt {
    requests: AtomicU8,
}

impl Interrupt {
    /// Asks the runner to stop; returns how often that has been asked before.
    pub fn request(&self) -> u8 {
        self.requests.fetch_add(1, Ordering::SeqCst)
    }

    pub(super) fn is_requested(&self) -> bool {
        self.requests.load(Ordering::SeqCst) > 0
    }
}

/// What a trial does after its current iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Go on.
    Run,
    /// Wait until there is another order.
    Rest,
    /// Write a checkpoint and end.
    Stop,
}

#[derive(Debug, Default)]
struct Wishes {
    stop: bool,
    pause: bool,
}

/// Shared between the runner, which gives orders, and one trial, which follows them.
#[derive(Debug)]
pub struct TrialControl {
    wishes: Mutex<Wishes>,
    changed: Condvar,
    threads: AtomicUsize,
}

impl TrialControl {
    /// A trial that may use so many threads.
    pub fn new(threads: usize) -> Self {
        Self {
            wishes: Mutex::default(),
            changed: Condvar::new(),
            threads: AtomicUsize::new(threads),
        }
    }

    /// Ends the trial after its current iteration, paused or not.
    pub fn stop(&self) {
        self.change(|wishes| wishes.stop = true);
    }

    /// Holds the trial after its current iteration, or lets it go on.
    pub fn pause(&self, pause: bool) {
        self.change(|wishes| wishes.pause = pause);
    }

    /// Threads for the next iterations.
    pub fn set_threads(&self, threads: usize) {
        self.threads.store(threads, Ordering::Relaxed);
    }

    /// Threads that the trial may use.
    pub fn threads(&self) -> usize {
        self.threads.load(Ordering::Relaxed)
    }

    fn change(&self, change: impl FnOnce(&mut Wishes)) {
        change(&mut self.wishes.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    /// What to do now.
    pub fn order(&self) -> Order {
        order(&self.wishes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits as long as the order is to rest.
    pub fn rest(&self) {
        let wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        drop(
            self.changed
                .wait_while(wishes, |wishes| order(wishes) == Order::Rest),
        );
    }
}

fn order(wishes: &Wishes) -> Order {
    match wishes {
        Wishes { stop: true, .. } => Order::Stop,
        Wishes { pause: true, .. } => Order::Rest,
        Wishes { .. } => Order::Run,
    }
}
