//! Progress lines: one per ended trial, for terminals without a dashboard, pipes and logs.

use std::time::Instant;

use nnbcd::measure::{duration, visible};
use nnbcd::run::{Moment, Progress};
use nnbcd::store::{TrialRow, TrialStatus};

use super::say;

/// Prints a line for every trial that ends.
pub struct ProgressLines {
    start: Instant,
    done_before: usize,
}

impl ProgressLines {
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            done_before: 0,
        }
    }

    /// Takes in what happens to the sweep.
    pub fn observe(&mut self, progress: &Progress<'_>, moment: Moment) {
        let table = progress.table();
        let summary = progress.summary();
        let ended = summary.done + summary.failed;
        let row = match moment {
            Moment::Start => {
                self.done_before = ended;
                if ended > 0 {
                    say(format_args!(
                        "{ended} of {} trials already have a result",
                        table.rows.len()
                    ));
                }
                return;
            }
            Moment::Change(index) => &table.rows[index],
            Moment::End => return,
        };
        if matches!(row.status, TrialStatus::Queued | TrialStatus::Running) {
            return;
        }
        let settings = settings(&table.swept, row);
        say(format_args!(
            "[{ended}/{}] {} {} {settings}{}{}",
            table.rows.len(),
            word(row.status),
            row.trial,
            outcome(row),
            self.remaining(ended, table.rows.len()),
        ));
    }

    fn remaining(&self, ended: usize, total: usize) -> String {
        let here = ended.saturating_sub(self.done_before);
        if here == 0 || ended >= total {
            return String::new();
        }
        let seconds = self.start.elapsed().as_secs_f64() / here as f64 * (total - ended) as f64;
        format!(", about {} left", duration(seconds))
    }
}

fn word(status: TrialStatus) -> &'static str {
    match status {
        TrialStatus::Done => "done",
        TrialStatus::Failed => "FAILED",
        TrialStatus::Stopped => "stopped",
        TrialStatus::Queued => "queued",
        TrialStatus::Running => "running",
    }
}

fn settings(swept: &[String], row: &TrialRow) -> String {
    let used = swept
        .iter()
        .zip(&row.swept)
        .filter(|(_, value)| !value.is_empty());
    let mut text: Vec<String> = used
        .map(|(path, value)| format!("{path}={value}"))
        .collect();
    text.push(format!("seed={}", row.seed));
    visible(&text.join(" "))
}

fn outcome(row: &TrialRow) -> String {
    // A trial that the machine was in the way of has an error, too, and is stopped.
    if !row.error.is_empty() {
        return format!(": {}", visible(&row.error));
    }
    let known = [
        (row.validation_accuracy).map(|accuracy| format!("validation accuracy {accuracy:.4}")),
        (row.test_accuracy).map(|accuracy| format!("test accuracy {accuracy:.4}")),
        (row.compression_ratio).map(|ratio| format!("{ratio:.2} times smaller")),
        (row.objective).map(|objective| format!("objective {objective:.4e}")),
        (row.seconds).map(|seconds| format!("{seconds:.1} s")),
    ];
    let known: Vec<String> = known.into_iter().flatten().collect();
    match known.len() {
        0 => String::new(),
        _ => format!(": {}", known.join(", ")),
    }
}
