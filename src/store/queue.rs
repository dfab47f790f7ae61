//! What a queueing system says of the tasks of a run, as plain records.

/// State of a task that the queue knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Waits; the reason says for what.
    Pending,
    /// Runs.
    Running,
    /// Suspended by the queueing system.
    Suspended,
    /// About to end, or to be requeued.
    Ending,
}

/// A task of a job array, as long as the queue knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueTask {
    /// The task's name: the array's job id, `_`, its index.
    pub name: String,
    /// Its state.
    pub state: TaskState,
    /// Why it pends.
    pub reason: String,
    /// Where it runs.
    pub node: String,
    /// The trials that it carries.
    pub trials: Vec<String>,
}

/// News of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueNews {
    /// All tasks of the run that the queue knows.
    Tasks(Vec<QueueTask>),
    /// It cannot be asked, for this reason. That says nothing about the trials.
    Unreachable(String),
}
