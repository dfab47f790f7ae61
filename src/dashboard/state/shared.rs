//! A run that workers share, perhaps as tasks of a queue. Files come first: the queue only adds what no file says, that
//! a trial waits and for what, and where a task is. A queue that cannot be asked changes no trial.

use std::fmt::Write as _;

use super::State;
use super::prompt::Prompt;
use super::trials::Phase;
use crate::dashboard::action::Action;
use crate::dashboard::text::{duration, visible};
use crate::store::{Liveness, QueueNews, QueueTask, TaskState, WorkerSeen};

/// Trials that a command for the shell names.
const LISTED: usize = 6;

/// What is known of workers and their queue.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    workers: Vec<WorkerSeen>,
    tasks: Vec<QueueTask>,
    /// Value of the clock at the last answer of the queue.
    answered_at: Option<f64>,
    /// Why the queue does not answer; empty if it does.
    problem: String,
}

impl State {
    /// Takes over what the queue says.
    pub fn show_queue(&mut self, news: QueueNews) {
        match news {
            QueueNews::Tasks(tasks) => {
                self.shared.tasks = tasks;
                self.shared.answered_at = Some(self.now);
                self.shared.problem.clear();
            }
            QueueNews::Unreachable(problem) => self.shared.problem = visible(&problem),
        }
        self.stale.list = true;
        self.stale.screen = true;
    }

    pub(super) fn take_workers(&mut self, workers: Vec<WorkerSeen>) {
        self.shared.workers = workers;
    }

    /// Whether workers, not a runner, do the trials.
    pub(crate) fn is_shared(&self) -> bool {
        let shared = &self.shared;
        let known =
            !(shared.workers.is_empty() && shared.tasks.is_empty() && shared.problem.is_empty());
        known && !self.is_taken_over()
    }

    /// Whether a runner goes on with what workers have left.
    fn is_taken_over(&self) -> bool {
        let somebody = matches!(
            self.liveness,
            Some(Liveness::Alive | Liveness::Silent { .. })
        );
        let worker = self.shared.workers.iter().any(|worker| worker.lives);
        somebody && !worker && self.runner.is_some() && !self.has_ended()
    }

    /// Says why workers are not asked from here, and what does instead what the user asks for.
    pub(super) fn refuse(&mut self, action: Action) {
        let root = &self.root;
        let words = match action {
            _ if !self.has_queue() => format!(
                "Workers respond only to signals: end them on their hosts. They write \
                 checkpoints, and restarted workers resume from there.{}",
                self.first_worker()
            ),
            Action::Cancel => format!(
                "Cancel their tasks; checkpoints are kept:\n  nnbcd-tui cancel {root} {}",
                self.selected_ids()
            ),
            Action::Retry => "When they have finished, submit the grid again, with --retry-failed \
                              for failed trials:\n  nnbcd-tui submit --slurm --retry-failed GRID"
                .to_owned(),
            Action::Jobs => "Set the number of parallel tasks when you submit the grid:\n  \
                             nnbcd-tui submit --slurm --max-parallel N GRID"
                .to_owned(),
            _ => format!(
                "They cannot be paused, only stopped. They write checkpoints, and \
                 a new submission of the grid resumes from there:\n  nnbcd-tui stop {root}"
            ),
        };
        let why = "Workers share this run; the dashboard cannot control them.";
        let words = format!("{why}\n\n{words}");
        self.prompt = Some(Prompt::Refusal { words });
    }

    /// Whether the run was submitted to a queue: workers of any other launcher have none.
    fn has_queue(&self) -> bool {
        self.shared.answered_at.is_some() || !self.shared.problem.is_empty()
    }

    /// How to end one of the workers that live.
    fn first_worker(&self) -> String {
        let alive = self.shared.workers.iter().find(|worker| worker.lives);
        alive.map_or(String::new(), |worker| {
            let (pid, host) = (worker.status.pid, visible(&worker.status.host));
            format!("\n  kill {pid}   (on {host})")
        })
    }

    /// Ids of the selected trials, for a command line.
    fn selected_ids(&self) -> String {
        let selected = self.list.selected_trials(&self.trials);
        let ids: Vec<&str> = (selected.iter().take(LISTED))
            .map(|&position| self.trials.all[position].row.trial.as_str())
            .collect();
        let ids = visible(&ids.join(" "));
        match selected.len().saturating_sub(LISTED) {
            0 => ids,
            others => format!("{ids}\nand likewise for {others} more."),
        }
    }

    /// Whether tasks of the run are in the queue, as far as is known.
    pub(crate) fn is_queued(&self) -> bool {
        !self.shared.tasks.is_empty()
    }

    /// Whether the worker that had this trial is lost, and nobody has taken its place.
    pub(super) fn is_abandoned(&self, trial: &str) -> bool {
        let mut workers = (self.shared.workers.iter())
            .filter(|worker| worker.status.trial == trial)
            .peekable();
        workers.peek().is_some() && workers.all(|worker| !worker.lives)
    }

    /// How the whole run stands, in the words and the colour of a phase.
    pub(crate) fn shared_word(&self) -> (&'static str, Phase) {
        let shared = &self.shared;
        if self.is_complete() {
            ("finished", Phase::Done)
        } else if shared.workers.iter().any(|worker| worker.lives) {
            ("running", Phase::Running)
        } else if shared
            .tasks
            .iter()
            .any(|task| task.state != TaskState::Pending)
        {
            ("starting", Phase::Running)
        } else if self.is_queued() {
            ("queued", Phase::Queued)
        } else {
            ("no worker", Phase::Lost)
        }
    }

    /// Workers and tasks, in one line.
    pub(crate) fn shared_words(&self) -> String {
        let shared = &self.shared;
        let alive = shared.workers.iter().filter(|worker| worker.lives).count();
        let lost = (shared.workers.iter())
            .filter(|worker| !worker.lives && !worker.status.ended)
            .count();
        let mut words = format!("workers {alive} alive");
        if lost > 0 {
            let _ = write!(words, ", {lost} LOST");
        }
        if let Some(at) = shared.answered_at {
            let _ = write!(words, "   queue {}", self.tasks_in_words());
            let age = self.now - at;
            if !shared.problem.is_empty() {
                let _ = write!(words, " ({} ago)", duration(age));
            }
        }
        if !shared.problem.is_empty() {
            let _ = write!(words, "   QUEUE NOT REACHABLE: {}", shared.problem);
        }
        words
    }

    fn tasks_in_words(&self) -> String {
        let tasks = &self.shared.tasks;
        if tasks.is_empty() {
            return "empty".to_owned();
        }
        let pending: Vec<&QueueTask> = (tasks.iter())
            .filter(|task| task.state == TaskState::Pending)
            .collect();
        let mut words = format!("{} running", tasks.len() - pending.len());
        if let Some(first) = pending.first() {
            let _ = write!(
                words,
                ", {} pending ({})",
                pending.len(),
                visible(&first.reason)
            );
        }
        words
    }

    /// Where a trial is or what it waits for, if the queue knows.
    pub(crate) fn whereabouts(&self, trial: &str) -> Option<String> {
        let carries = |task: &&QueueTask| task.trials.iter().any(|carried| carried == trial);
        let task = self.shared.tasks.iter().find(carries)?;
        let words = match task.state {
            TaskState::Pending => format!("pending: {}", task.reason),
            TaskState::Running => format!("on {}", task.node),
            TaskState::Suspended => format!("suspended on {}", task.node),
            TaskState::Ending => format!("ending on {}", task.node),
        };
        Some(visible(&format!("task {} {words}", task.name)))
    }
}
