//! The lines about the run.
//!
//! ```text
//! | digits-compression  ▶ running  ████████░░░░░░░ 12/36 done, 1 failed          |
//! | elapsed 0:42  ETA 1:10  threads 2  jobs 2  runner alive                      |
//! | best 0.9712: tensor-train rank=8   nnbcd-tui table results/...   (when over) |
//! ```

use std::fmt::Write as _;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::bar;
use crate::dashboard::state::{Phase, State};
use crate::dashboard::text::{cut, duration, visible, width};
use crate::store::{Liveness, RunnerState};

pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    let columns = usize::from(area.width);
    let second = if state.is_shared() {
        shared(state, columns)
    } else {
        times(state, columns)
    };
    let mut lines = vec![progress(state, columns), second];
    if state.is_over() {
        lines.push(next(state, columns));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// The state of the run in a word.
fn word(state: &State) -> (&'static str, Phase) {
    if state.is_shared() {
        return state.shared_word();
    }
    let Some(runner) = &state.runner else {
        return match state.trials.all.len() {
            0 => ("waiting for the run", Phase::Queued),
            _ if state.is_complete() => ("finished", Phase::Done),
            _ => ("no runner", Phase::Lost),
        };
    };
    match (&state.liveness, runner.state) {
        (_, RunnerState::Ended) if state.is_complete() => ("finished", Phase::Done),
        (_, RunnerState::Ended) if state.trials.count(Phase::Failed) > 0 => {
            ("finished, some failed", Phase::Failed)
        }
        (_, RunnerState::Ended) => ("stopped", Phase::Stopped),
        (Some(Liveness::Gone), _) if state.is_complete() => ("finished", Phase::Done),
        (Some(Liveness::Gone), _) => ("interrupted", Phase::Lost),
        (_, RunnerState::Starting) => ("starting", Phase::Queued),
        (_, RunnerState::Running) => ("running", Phase::Running),
        (_, RunnerState::Paused) => ("paused", Phase::Paused),
        (_, RunnerState::Stopping) => ("stopping", Phase::Stopped),
    }
}

fn progress(state: &State, columns: usize) -> Line<'static> {
    let theme = state.look.theme;
    let (word, phase) = word(state);
    let all = state.trials.all.len();
    let over = (state.trials.all.iter())
        .filter(|trial| trial.phase.is_over())
        .count();
    let done = state.trials.count(Phase::Done);
    let mut counts = format!(" {done}/{all} done");
    for phase in [
        Phase::Failed,
        Phase::Lost,
        Phase::Stopped,
        Phase::Paused,
        Phase::Running,
    ] {
        let count = state.trials.count(phase);
        if count > 0 {
            let _ = write!(counts, ", {count} {}", phase.word());
        }
    }
    let state_words = format!("  {} {word}  ", phase.sign(state.look.ascii));
    let rest = columns.saturating_sub(width(&state_words) + counts.len() + 1);
    let name = cut(&state.name, rest.saturating_sub(10).max(8));
    let bar_columns = rest.saturating_sub(width(&name)).min(40);
    let share = if all == 0 {
        0.0
    } else {
        over as f64 / all as f64
    };
    let counts_style = if state.trials.count(Phase::Failed) > 0 {
        theme.warning()
    } else {
        Style::new()
    };
    Line::from(vec![
        Span::styled(format!(" {name}"), theme.title()),
        Span::styled(state_words, theme.phase(phase)),
        Span::styled(bar(share, bar_columns, state.look), theme.good()),
        Span::styled(counts, counts_style),
    ])
}

/// Workers and their queue, in place of the runner.
fn shared(state: &State, columns: usize) -> Line<'static> {
    let words = state.shared_words();
    let theme = state.look.theme;
    let style = if words.contains("LOST") || words.contains("NOT REACHABLE") {
        theme.warning()
    } else {
        theme.good()
    };
    Line::from(Span::styled(cut(&format!(" {words}"), columns), style))
}

fn times(state: &State, columns: usize) -> Line<'static> {
    let theme = state.look.theme;
    let mut line = Line::default();
    let say = |line: &mut Line<'static>, word: &str, value: String| {
        line.push_span(Span::styled(format!(" {word} "), theme.quiet()));
        line.push_span(Span::raw(format!("{value} ")));
    };
    let known = |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), duration);
    if state.runner.is_some() {
        say(&mut line, "elapsed", known(state.elapsed()));
        if state.is_live() {
            say(&mut line, "ETA", known(state.remaining()));
        }
    }
    let (words, style) = liveness(state);
    line.push_span(Span::styled(format!(" {words} "), style));
    if state.is_over() && (state.has_ended() || state.is_complete()) {
        let room = columns.saturating_sub(line.width());
        line.push_span(Span::raw(result(state, room)));
    } else if let Some(runner) = &state.runner {
        say(&mut line, "threads", runner.threads.to_string());
        say(&mut line, "jobs", runner.jobs.to_string());
        line.push_span(Span::raw(format!(" {}", visible(&runner.message))));
    }
    line
}

/// What has come of a run that is over.
fn result(state: &State, columns: usize) -> String {
    let message = state.runner.as_ref().map(|runner| visible(&runner.message));
    let mut words = match message.filter(|message| !message.is_empty()) {
        Some(message) => format!(" {message}"),
        None => String::new(),
    };
    if let Some((group, accuracy)) = state.best() {
        let _ = write!(words, "  {accuracy}: ");
        let room = columns.saturating_sub(width(&words));
        words += &state.trials.labels.fitting(&group.swept, room);
    }
    cut(&words, columns)
}

/// Whether the runner lives, said plainly.
fn liveness(state: &State) -> (String, Style) {
    let theme = state.look.theme;
    match &state.liveness {
        _ if state.has_ended() => ("runner finished".to_owned(), theme.quiet()),
        Some(Liveness::Alive) => ("runner alive".to_owned(), theme.good()),
        Some(Liveness::Silent { seconds }) => {
            let words = format!("NO SIGN OF THE RUNNER for {}", duration(*seconds));
            (words, theme.warning())
        }
        // Nothing is missing: there is nothing to be alarmed about.
        Some(Liveness::Gone) if state.is_complete() => ("no runner".to_owned(), theme.quiet()),
        Some(Liveness::Gone) => ("RUNNER GONE".to_owned(), theme.bad()),
        None => ("no runner yet".to_owned(), theme.quiet()),
    }
}

/// What to do when nothing more will happen by itself.
fn next(state: &State, columns: usize) -> Line<'static> {
    let theme = state.look.theme;
    if !state.has_ended() && !state.is_complete() {
        let words = if state.is_shared() {
            " Submit the grid again: it sends only missing trials."
        } else {
            " Repeat the command: it runs only missing trials."
        };
        let last = match state.last_words.as_str() {
            "" => String::new(),
            last => format!("  runner.log: {last}"),
        };
        let room = columns.saturating_sub(words.len());
        return Line::from(vec![
            Span::styled(words, theme.warning()),
            Span::raw(cut(&last, room)),
        ]);
    }
    let failed = state.trials.count(Phase::Failed) > 0;
    Line::from(vec![
        Span::styled(commands(&state.root, columns), theme.title()),
        Span::raw(if failed {
            "   rerun failed trials: --retry-failed"
        } else {
            ""
        }),
    ])
}

/// The commands for tables and plots: as many as fit whole.
fn commands(root: &str, columns: usize) -> String {
    let table = format!(" nnbcd-tui table {root}");
    let both = format!("{table}   nnbcd-tui plot {root}");
    let one = format!("{table}   (or plot)");
    let fitting = [both, one]
        .into_iter()
        .find(|words| width(words) <= columns);
    fitting.unwrap_or(table)
}
