//! The runner and its machine.
//!
//! ```text
//! | runner 4242 on node7, running                                                    |
//! | threads 16   jobs 8   running now 8   CPU 14.3 of 16 threads on average          |
//! | memory 1.2 GiB   per running trial 150 MiB   written 30 MiB                      |
//! | now running                                                                      |
//! | ██░ 120/200 12.3/s ETA 0:07  tensor-train rank=8 seed 1                          |
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{bar, flow, heading};
use crate::dashboard::state::{Phase, State, Trial};
use crate::dashboard::text::{bytes, cut, duration, number, visible};

pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    let look = state.look;
    let Some(runner) = &state.runner else {
        let words = " no runner has written its status yet";
        frame.render_widget(Span::styled(words, look.theme.quiet()), area);
        return;
    };
    let words = format!("runner {} on {}", runner.pid, visible(&runner.host));
    let rest = heading(&words, look, frame, area);
    let running: Vec<&Trial> = (state.trials.all.iter())
        .filter(|trial| trial.phase == Phase::Running)
        .collect();
    let seconds = runner.updated_at - runner.started_at;
    let mut pairs = vec![
        ("threads", runner.threads.to_string()),
        ("jobs", runner.jobs.to_string()),
        ("running now", running.len().to_string()),
        ("CPU time", duration(runner.cpu_seconds)),
    ];
    if seconds > 0.0 {
        let used = number(runner.cpu_seconds / seconds);
        pairs.push((
            "threads used on average",
            format!("{used} of {}", runner.threads),
        ));
    }
    pairs.push(("memory", bytes(runner.memory_bytes as f64)));
    if !running.is_empty() {
        let each = runner.memory_bytes as f64 / running.len() as f64;
        pairs.push(("memory per running trial", bytes(each)));
    }
    pairs.push(("written", bytes(runner.bytes_written as f64)));
    let mut lines = flow(&pairs, rest.width, rest.height / 2, look);
    lines.push(Line::default());
    lines.push(Line::from(Span::styled(" now running", look.theme.title())));
    for trial in running
        .iter()
        .take(usize::from(rest.height).saturating_sub(lines.len()))
    {
        let label = &state.trials.groups[trial.group].label;
        let words = format!(
            " {} {:>4} {:>9} ETA {:>8}  {label} seed {}",
            bar(trial.progress().unwrap_or(0.0), 10, look),
            trial
                .progress()
                .map_or_else(|| "-".to_owned(), |share| format!("{:.0}%", share * 100.0)),
            trial
                .rate
                .map_or_else(|| "-".to_owned(), |rate| format!("{}/s", number(rate))),
            trial.remaining().map_or_else(|| "-".to_owned(), duration),
            trial.row.seed
        );
        lines.push(Line::from(cut(&words, usize::from(rest.width))));
    }
    frame.render_widget(Paragraph::new(lines), rest);
}
