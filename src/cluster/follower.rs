//! Asks squeue from time to time, on a thread of its own: a controller may take its time, a screen may not.

use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use super::queue::{Array, tasks};
use crate::store::{QueueNews, RunDirectory};

/// Time between two questions: the controller has thousands of users.
const BETWEEN_QUESTIONS: Duration = Duration::from_secs(30);

/// Follows the queue of a run.
#[derive(Debug)]
pub struct QueueFollower {
    news: Receiver<QueueNews>,
}

impl QueueFollower {
    /// Begins to ask. The thread ends when the follower is gone.
    pub fn start(run: RunDirectory) -> Self {
        let (sender, news) = mpsc::sync_channel(1);
        let ask = move || {
            loop {
                // Looked up every time: somebody may submit while we watch.
                if let Ok(Some(array)) = Array::of(&run) {
                    let answer = match tasks(&array) {
                        Ok(tasks) => QueueNews::Tasks(tasks),
                        Err(error) => QueueNews::Unreachable(error.to_string()),
                    };
                    if sender.send(answer).is_err() {
                        return;
                    }
                }
                thread::sleep(BETWEEN_QUESTIONS);
            }
        };
        // Without a thread there is no news, as where the queue does not answer.
        let _ = thread::Builder::new().spawn(ask);
        Self { news }
    }

    /// The newest answer, if there is one that was not given before. Does not wait.
    pub fn latest(&self) -> Option<QueueNews> {
        self.news.try_iter().last()
    }
}
