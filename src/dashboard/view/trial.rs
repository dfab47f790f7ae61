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
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::flow;
use super::overview::{words_of_notice, words_of_trouble};
use crate::dashboard::keymap::Key;
use crate::dashboard::layout;
use crate::dashboard::state::{State, Trial};
use crate::dashboard::text::{self, cut, fit, visible, width, wrapped};
use crate::measure::{Quantity, short_names};

/// Columns from which on settings and log stand side by side.
const SIDE_BY_SIDE: u16 = 60;
/// Lines of the log that are shown where there is no room beside the settings.
const LEAST_LOG: usize = 5;
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
    let mut lines = page(state, trial, area);
    let height = usize::from(area.height);
    let (shown, last) = pages(lines.len(), height);
    let first = state.scroll.min(last);
    let below = last - first;
    let mut lines: Vec<Line> = lines.drain(..).skip(first).take(shown).collect();
    if last > 0 {
        let key = |key| state.keys.in_place_of(Key::Ctrl(key)).name();
        let words = format!(
            " {below} more lines below, {first} above: {} {}",
            key('d'),
            key('u')
        );
        lines.push(Line::from(Span::styled(words, state.look.theme.title())));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// Lines of the trial that are shown at once, and the greatest number of them above the screen.
fn pages(lines: usize, height: usize) -> (usize, usize) {
    if lines <= height {
        return (height, 0);
    }
    // One line says that there are more.
    let shown = height.saturating_sub(1);
    (shown, lines - shown)
}

/// The same for the trial on the screen: for scrolling.
pub(super) fn pages_of(state: &State) -> (usize, usize) {
    let area = layout::areas(state.size, state.is_over()).body;
    let lines = (state.selected_trial()).map_or(0, |trial| page(state, trial, area).len());
    pages(lines, usize::from(area.height))
}

/// All that there is to say, however many lines that takes.
fn page(state: &State, trial: &Trial, area: Rect) -> Vec<Line<'static>> {
    let mut lines = top(state, trial, usize::from(area.width));
    let columns = usize::from(area.width);
    let side_by_side = area.width >= SIDE_BY_SIDE;
    let (left_columns, right_columns) = if side_by_side {
        (columns * 42 / 100, columns - columns * 42 / 100 - 1)
    } else {
        (columns, columns)
    };
    let known = state.documents.trial == trial.row.trial;
    let (config, log) = if known {
        (state.documents.config.as_str(), &state.documents.log[..])
    } else {
        ("", &[][..])
    };
    let title = |words: &str| (format!(" {words}"), state.look.theme.title());
    let plain = |words: String| (words, Style::new());
    let mut left = vec![title("settings")];
    left.extend((config.lines()).map(|line| plain(format!(" {}", visible(line)))));
    let mut right = vec![title("neighbours: one setting differs")];
    right.extend(neighbours(state, trial).into_iter().map(plain));
    right.push(title("log"));
    let beside = (left.len()).max(usize::from(area.height).saturating_sub(lines.len()));
    let room = beside.saturating_sub(right.len()).max(LEAST_LOG);
    let skipped = log.len().saturating_sub(room);
    right.extend((log[skipped..].iter()).map(|line| plain(log_line(line, right_columns))));
    if !side_by_side {
        left.append(&mut right);
    }
    let part = |pane: &[(String, Style)], row: usize, columns: usize| {
        let (words, style) = pane.get(row).cloned().unwrap_or_default();
        Span::styled(fit(&words, columns), style)
    };
    lines.extend((0..left.len().max(right.len())).map(|row| {
        let mut line = Line::from(part(&left, row, left_columns));
        if side_by_side {
            line.push_span(Span::raw(" "));
            line.push_span(part(&right, row, right_columns));
        }
        line
    }));
    lines
}

/// Which trial it is, what is wrong with it, its numbers, where they come from.
fn top(state: &State, trial: &Trial, columns: usize) -> Vec<Line<'static>> {
    let theme = state.look.theme;
    let phase = format!(
        "  {} {}  ",
        trial.phase.sign(state.look.ascii),
        trial.phase.word()
    );
    let place = (state.whereabouts(&trial.row.trial))
        .map_or_else(String::new, |words| format!("  {words}"));
    let about = cut(&(visible(&trial.row.trial) + &place), columns / 2);
    let seed = format!(" seed {}", trial.row.seed);
    let room = columns.saturating_sub(width(&phase) + width(&about) + width(&seed) + 1);
    let cells = &state.trials.groups[trial.group].swept;
    let label = state.trials.labels.fitting(cells, room.max(8));
    let mut lines = vec![Line::from(vec![
        Span::styled(format!(" {label}{seed}"), theme.title()),
        Span::styled(phase, theme.phase(trial.phase)),
        Span::styled(about, theme.quiet()),
    ])];
    let pairs: Vec<(&str, String)> = Quantity::of_trials()
        .map(|quantity| {
            (
                quantity.name(),
                text::metric(quantity, trial.value(quantity)),
            )
        })
        .filter(|(_, value)| value != "-")
        .collect();
    lines.extend(flow(&pairs, columns as u16, u16::MAX, state.look));
    let said = |words: &str, style: Style| {
        let lines = wrapped(words, columns).into_iter();
        lines.map(move |line| Line::from(Span::styled(line, style)))
    };
    for words in origin(state, trial).into_iter().flatten() {
        lines.extend(said(&words, theme.quiet()));
    }
    if let Some(words) = words_of_trouble(state, trial) {
        lines.extend(said(&format!(" ! {words}"), theme.bad()));
    }
    for words in trial.notices().map(words_of_notice) {
        lines.extend(said(&format!(" ! {words}"), theme.warning()));
    }
    lines
}

/// Where the numbers come from, and how to get them again.
fn origin(state: &State, trial: &Trial) -> Option<[String; 2]> {
    let provenance = state.provenance.as_ref()?;
    let commit = provenance.git_commit.as_deref().unwrap_or("unknown commit");
    // A hash is told apart by its beginning.
    let commit: String = commit.chars().take(14).collect();
    let lines = [
        format!(
            " version {} ({commit}) on {}, started {}",
            provenance.version, provenance.host, provenance.started_at
        ),
        format!(
            " reproduce: nnbcd-tui reproduce {} {}",
            state.root, trial.row.trial
        ),
    ];
    Some(lines.map(|words| visible(&words)))
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

/// Settings that differ from this one in a single swept cell, with the difference in accuracy.
fn neighbours(state: &State, trial: &Trial) -> Vec<String> {
    let names = short_names(&state.trials.swept);
    let own = &state.trials.groups[trial.group];
    let accuracy = |group| {
        state
            .trials
            .summary(group, Quantity::TestAccuracy)
            .map(|summary| summary.mean)
    };
    let own_accuracy = accuracy(own);
    let mut lines = Vec::new();
    for group in &state.trials.groups {
        if lines.len() == MOST_NEIGHBOURS {
            break;
        }
        // What changes with another setting makes no second difference.
        let mut differing = (group.swept.iter().zip(&own.swept).enumerate())
            .filter(|(at, (other, own))| other != own && state.trials.leading.contains(at));
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
        lines.push(words);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_log_leaves_out_the_date_and_nothing_else() {
        let line = "2026-01-31T23:59:59Z done: \u{1b}[2J";
        assert_eq!(log_line(line, 40), " 23:59:59 done: \\u{1b}[2J");
        assert_eq!(
            log_line(line, 100),
            " 2026-01-31T23:59:59Z done: \\u{1b}[2J"
        );
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
