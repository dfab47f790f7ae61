//! Everything about one trial.
//!
//! ```text
//! | tensor-train rank=8 seed 1   ✓ done   3f2a9c...                                  |
//! | ! error text                                                                     |
//! | settings (config.yaml)            | what its neighbours differ in                |
//! | data:                             | rank=16: test accuracy 0.9731 (+0.0019)      |
//! |   source: digits                  | log                                          |
//! | ...                               | ...                                          |
//! ```

use std::fmt::Write as _;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::overview::words_of_trouble;
use super::{flow, heading};
use crate::dashboard::state::{State, Trial, short_names};
use crate::dashboard::text::{self, cut, visible};
use crate::store::TrialTable;

/// Lines from which on there are two for the provenance.
const ROOM_FOR_ORIGIN: u16 = 16;
/// Columns from which on lines of the log keep their date.
const WIDE_LOG: usize = 70;
/// Length of the date and its `T`, and of date and time, before the lines of the log: `2026-01-31T23:59:59Z`.
const DATE: usize = 11;
const TIMESTAMP: usize = 19;
/// Neighbours that are listed.
const MOST_NEIGHBOURS: usize = 40;

pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    let Some(trial) = state.selected_trial() else {
        frame.render_widget(
            Span::styled(" no trial is selected", state.look.theme.quiet()),
            area,
        );
        return;
    };
    let rest = top(state, trial, frame, area);
    let [settings, right] = Layout::horizontal([Constraint::Percentage(42), Constraint::Fill(1)])
        .spacing(1)
        .areas(rest);
    let known = state.documents.trial == trial.row.trial;
    let config = if known {
        state.documents.config.as_str()
    } else {
        ""
    };
    let inner = heading("settings", state.look, frame, settings);
    let lines: Vec<Line> = (config.lines())
        .map(|line| {
            Line::from(cut(
                &format!(" {}", visible(line)),
                usize::from(inner.width),
            ))
        })
        .collect();
    frame.render_widget(Paragraph::new(in_columns(lines, inner)), inner);
    let neighbours = neighbours(state, trial);
    let wanted = (neighbours.len() as u16 + 1).min(right.height / 2);
    let [upper, lower] =
        Layout::vertical([Constraint::Length(wanted), Constraint::Fill(1)]).areas(right);
    let inner = heading("neighbours: one setting differs", state.look, frame, upper);
    frame.render_widget(Paragraph::new(neighbours), inner);
    let inner = heading("log", state.look, frame, lower);
    let log = if known { &state.documents.log[..] } else { &[] };
    let skipped = log.len().saturating_sub(usize::from(inner.height));
    let columns = usize::from(inner.width);
    let lines: Vec<Line> = (log[skipped..].iter())
        .map(|line| Line::from(cut(&log_line(line, columns), columns)))
        .collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

/// Which trial it is, what is wrong with it, its numbers. Returns what is left below.
fn top(state: &State, trial: &Trial, frame: &mut Frame, area: Rect) -> Rect {
    let theme = state.look.theme;
    let label = &state.trials.groups[trial.group].label;
    let mut lines = vec![Line::from(vec![
        Span::styled(format!(" {label} seed {}  ", trial.row.seed), theme.title()),
        Span::styled(
            format!(
                "{} {}  ",
                trial.phase.sign(state.look.ascii),
                trial.phase.word()
            ),
            theme.phase(trial.phase),
        ),
        Span::styled(visible(&trial.row.trial), theme.quiet()),
        Span::raw(
            state
                .whereabouts(&trial.row.trial)
                .map_or_else(String::new, |words| format!("  {words}")),
        ),
    ])];
    let pairs: Vec<(&str, String)> = (TrialTable::METRICS.iter())
        .map(|metric| (*metric, text::metric(metric, trial.metric(metric))))
        .filter(|(_, value)| value != "-")
        .collect();
    lines.extend(flow(&pairs, area.width, area.height / 4, state.look));
    if area.height >= ROOM_FOR_ORIGIN {
        lines.extend(origin(state, trial).into_iter().flatten());
    }
    let numbers = (lines.len() as u16).min(area.height);
    frame.render_widget(Paragraph::new(lines), area);
    let mut rest = Rect {
        y: area.y + numbers,
        height: area.height - numbers,
        ..area
    };
    if let Some(words) = words_of_trouble(state, trial) {
        let needed = (text::width(&words) as u16 / area.width.max(1) + 1)
            .min(rest.height / 3)
            .max(1);
        let place = Rect {
            height: needed.min(rest.height),
            ..rest
        };
        let paragraph = Paragraph::new(format!(" ! {words}")).style(theme.bad());
        frame.render_widget(paragraph.wrap(Wrap { trim: false }), place);
        rest = Rect {
            y: rest.y + place.height,
            height: rest.height - place.height,
            ..rest
        };
    }
    rest
}

/// Where the numbers come from, and how to get them again.
fn origin(state: &State, trial: &Trial) -> Option<[Line<'static>; 2]> {
    let provenance = state.provenance.as_ref()?;
    let commit = provenance.git_commit.as_deref().unwrap_or("unknown commit");
    // A hash is told apart by its beginning.
    let commit: String = commit.chars().take(14).collect();
    let lines = [
        format!(
            " from version {} ({commit}) on {}, started {}",
            provenance.version, provenance.host, provenance.started_at
        ),
        format!(
            " again: nnbcd-tui reproduce {} {}",
            state.root, trial.row.trial
        ),
    ];
    let style = state.look.theme.quiet();
    Some(lines.map(|words| Line::from(Span::styled(visible(&words), style))))
}

/// A line of the log; where it is narrow, without the date.
fn log_line(line: &str, columns: usize) -> String {
    let time = line.get(DATE..TIMESTAMP).filter(|_| {
        let marks = |at: usize| line.as_bytes().get(at).copied();
        (marks(DATE - 1), marks(TIMESTAMP)) == (Some(b'T'), Some(b'Z'))
    });
    match time {
        Some(time) if columns < WIDE_LOG => {
            let rest = line.get(TIMESTAMP + 1..).unwrap_or_default();
            format!(" {time}{}", visible(rest))
        }
        _ => format!(" {}", visible(line)),
    }
}

/// Lines side by side in two columns if they do not fit below each other.
fn in_columns(lines: Vec<Line<'static>>, area: Rect) -> Vec<Line<'static>> {
    let height = usize::from(area.height);
    if lines.len() <= height || height == 0 {
        return lines;
    }
    let half = usize::from(area.width / 2);
    let mut joined: Vec<Line> = Vec::with_capacity(height);
    for (row, line) in lines.iter().take(height).enumerate() {
        let left = text::fit(&line.to_string(), half);
        let right = lines
            .get(row + height)
            .map(ToString::to_string)
            .unwrap_or_default();
        joined.push(Line::from(left + &right));
    }
    joined
}

/// Settings that differ from this one in a single swept cell, with the difference in accuracy.
fn neighbours(state: &State, trial: &Trial) -> Vec<Line<'static>> {
    let names = short_names(&state.trials.swept);
    let own = &state.trials.groups[trial.group];
    let accuracy = |group| {
        state
            .trials
            .summary(group, "test_accuracy")
            .map(|summary| summary.mean)
    };
    let own_accuracy = accuracy(own);
    let mut lines = Vec::new();
    for group in &state.trials.groups {
        if lines.len() == MOST_NEIGHBOURS {
            break;
        }
        let mut differing = (group.swept.iter().zip(&own.swept).enumerate())
            .filter(|(_, (other, own))| other != own);
        let (Some((at, (other, _))), None) = (differing.next(), differing.next()) else {
            continue;
        };
        let name = names.get(at).map_or("", String::as_str);
        let shown = if other.is_empty() { "unused" } else { other };
        let mut words = format!(" {}={}", visible(name), visible(shown));
        if let Some(other) = accuracy(group) {
            let _ = write!(words, ": test accuracy {other:.4}");
            if let Some(own) = own_accuracy {
                let _ = write!(words, " ({:+.4})", other - own);
            }
        }
        lines.push(Line::from(Span::styled(words, Style::new())));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_log_leaves_out_the_date_and_nothing_else() {
        let line = "2026-01-31T23:59:59Z done: \u{1b}[2J";
        assert_eq!(log_line(line, 40), " 23:59:59 done: ^[[2J");
        assert_eq!(log_line(line, 100), " 2026-01-31T23:59:59Z done: ^[[2J");
        for line in [
            "",
            "started",
            "2026-01-31T23:59:59",
            "größer und größer als alle",
        ] {
            assert_eq!(log_line(line, 40), format!(" {line}"));
        }
    }
}
