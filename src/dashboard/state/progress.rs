//! How the run stands: whether it goes on, for how long, and what has come of it so far.

use std::fmt::Write as _;

use super::State;
use super::trials::{Group, Phase};
use crate::measure::{Quantity, Summary};
use crate::store::{Liveness, RunnerState};

impl State {
    /// Whether somebody works on the run.
    pub fn is_live(&self) -> bool {
        let alive = !matches!(self.liveness, None | Some(Liveness::Gone));
        (alive && !self.has_ended()) || (self.is_queued() && !self.is_complete())
    }

    /// Whether the runner said that it is over.
    pub(crate) fn has_ended(&self) -> bool {
        self.runner
            .as_ref()
            .is_some_and(|runner| runner.state == RunnerState::Ended)
    }

    /// Whether there is nothing to wait for: the runner said so, or nobody runs what was begun.
    pub(crate) fn is_over(&self) -> bool {
        let gone = matches!(self.liveness, Some(Liveness::Gone));
        self.has_ended() || (gone && !self.is_queued())
    }

    /// Whether every trial has a result.
    pub fn is_complete(&self) -> bool {
        !self.trials.all.is_empty()
            && self
                .trials
                .all
                .iter()
                .all(|trial| trial.phase == Phase::Done)
    }

    /// Seconds since the runner began; they stand still when it has ended.
    pub(crate) fn elapsed(&self) -> Option<f64> {
        let runner = self.runner.as_ref()?;
        let since = if self.is_live() {
            self.now - self.runner_at
        } else {
            0.0
        };
        Some((runner.updated_at - runner.started_at + since).max(0.0))
    }

    /// Seconds until the last trial is done, from what a trial took on average.
    pub(crate) fn remaining(&self) -> Option<f64> {
        if self.trials.all.is_empty() {
            return None;
        }
        let jobs = self.runner.as_ref()?.jobs.max(1) as f64;
        let took: Vec<f64> = (self.trials.all.iter())
            .filter(|trial| trial.phase == Phase::Done)
            .filter_map(|trial| trial.row.seconds)
            .collect();
        let each = Summary::of(&took).map(|took| took.mean);
        let mut work = 0.0;
        for trial in &self.trials.all {
            work += match trial.phase {
                Phase::Queued => each?,
                Phase::Running | Phase::Paused => trial.remaining().or(each)?,
                _ => 0.0,
            };
        }
        Some(work / jobs)
    }

    /// What to print on the normal screen after leaving.
    pub fn summary(&self) -> String {
        let count = |phase| self.trials.count(phase);
        let mut words = format!(
            "{}: {} of {} trials done",
            self.name,
            count(Phase::Done),
            self.trials.all.len()
        );
        for phase in [
            Phase::Failed,
            Phase::Stopped,
            Phase::Lost,
            Phase::Running,
            Phase::Queued,
        ] {
            if count(phase) > 0 {
                let _ = write!(words, ", {} {}", count(phase), phase.word());
            }
        }
        if let Some((group, accuracy)) = self.best() {
            let _ = write!(words, "\n{accuracy}: {}", group.label);
        }
        let root = &self.root;
        let commands = if self.is_live() {
            [("still running; watch:", "watch"), ("stop it:", "stop")]
        } else {
            [("tables:", "table"), ("plots: ", "plot")]
        };
        for (what, command) in commands {
            let _ = write!(words, "\n{what} nnbcd-tui {command} {root}");
        }
        words
    }

    /// The setting with the best mean accuracy, and that accuracy in words: the accuracy on what was held out, if any of
    /// the settings has one, or else on the test part.
    pub(crate) fn best(&self) -> Option<(&Group, String)> {
        let mean = |group, metric| {
            let mean = self.trials.summary(group, metric)?.mean;
            mean.is_finite().then_some(mean)
        };
        let best_by = |metric| {
            let groups = self.trials.groups.iter();
            groups
                .filter_map(|group| Some((group, mean(group, metric)?)))
                .max_by(|(_, a), (_, b)| a.total_cmp(b))
        };
        if let Some((group, accuracy)) = best_by(Quantity::ValidationAccuracy) {
            let mut words = format!("best validation accuracy {accuracy:.4}");
            if let Some(test) = mean(group, Quantity::TestAccuracy) {
                let _ = write!(words, " (test {test:.4})");
            }
            return Some((group, words));
        }
        let (group, accuracy) = best_by(Quantity::TestAccuracy)?;
        Some((group, format!("best test accuracy {accuracy:.4}")))
    }
}
