//! A metric against one swept setting, or against two as a map.
//!
//! ```text
//! | test_accuracy by solver.gamma, averaged over the other settings                  |
//! |  0.5  0.9612 ± 0.0040  n 6  ################----                                 |
//! |  5    0.9712 ± 0.0031  n 6  ###################-                                 |
//!
//! | test_accuracy by solver.gamma (down) and solver.rho (across)                     |
//! |            0.5      5     50                                                     |
//! |  0.5    ░░0.9612 ██0.9700          the greater, the more it is filled            |
//! ```

use std::fmt::Write as _;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{bar, heading, rows};
use crate::dashboard::state::{HeatMap, State, margin};
use crate::dashboard::text::{self, cut, fit, fit_right, visible, width};
use crate::measure::short_names;

/// Widest cell of a map.
const CELL: usize = 10;

pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    let swept = &state.trials.swept;
    let look = state.look;
    let row = state.margins.rows.min(swept.len().saturating_sub(1));
    let Some(row_path) = swept.get(row) else {
        let words = " no swept setting: nothing to compare";
        frame.render_widget(Span::styled(words, look.theme.quiet()), area);
        return;
    };
    let chosen =
        (state.margins.columns.checked_sub(1)).filter(|at| *at < swept.len() && *at != row);
    // A rank or a ratio says something else under every method of compression.
    let method = || {
        let of_compression = row_path.starts_with("compression.");
        let method = swept.iter().position(|path| path == "compression.method");
        method.filter(|at| of_compression && *at != row && !state.margins.fixed)
    };
    let column = chosen.or_else(method);
    let fixed = (state.selected_trial())
        .filter(|_| state.margins.fixed)
        .map(|trial| &state.trials.groups[trial.group]);
    let metric = state.chosen_metric();
    let map = margin(&state.trials, metric, row, column, fixed);
    let mut words = format!("{} by {}", metric.name(), visible(row_path));
    if let Some(path) = column.and_then(|at| swept.get(at)) {
        let _ = write!(words, " (rows) and {} (columns)", visible(path));
    }
    words.push_str(match fixed {
        Some(_) => ", other settings fixed to the selection",
        None => ", averaged over the other settings",
    });
    let rest = heading(&words, look, frame, area);
    let range = range(&map);
    let lines = if column.is_some() {
        map_lines(state, &map, range, usize::from(rest.width))
    } else {
        bar_lines(state, &map, range, usize::from(rest.width))
    };
    let names = short_names(swept).join(", ");
    let mut lines: Vec<Line> = lines
        .into_iter()
        .take(usize::from(rest.height.max(2) - 2))
        .collect();
    lines.push(Line::default());
    let footnote = cut(
        &format!(" swept: {}", visible(&names)),
        usize::from(rest.width),
    );
    lines.push(Line::from(Span::styled(footnote, look.theme.quiet())));
    frame.render_widget(Paragraph::new(lines), rest);
}

/// Least and greatest mean of those that are finite.
fn range(map: &HeatMap) -> (f64, f64) {
    (map.cells.iter().flatten().flatten())
        .map(|cell| cell.mean)
        .filter(|mean| mean.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), mean| {
            (low.min(mean), high.max(mean))
        })
}

/// Where a value lies between least and greatest; in the middle if they are the same.
fn share((low, high): (f64, f64), value: f64) -> f64 {
    if high > low {
        (value - low) / (high - low)
    } else {
        0.5
    }
}

fn first_column(map: &HeatMap) -> usize {
    (map.rows.iter())
        .map(|value| width(&visible(value)))
        .max()
        .unwrap_or(0)
        .clamp(6, 24)
}

fn bar_lines(
    state: &State,
    map: &HeatMap,
    range: (f64, f64),
    columns: usize,
) -> Vec<Line<'static>> {
    let metric = state.chosen_metric();
    let first = first_column(map);
    let room = columns.saturating_sub(first + 28).min(60);
    (map.rows.iter().zip(&map.cells))
        .map(|(value, cells)| {
            let summary = cells.first().copied().flatten();
            let mean = summary.map_or_else(
                || "-".to_owned(),
                |summary| rows::mean(metric, summary, state.look.ascii),
            );
            let count = summary.map_or(0, |summary| summary.n);
            let words = format!(
                " {}  {} n{count:<4}",
                fit_right(&visible(value), first),
                fit_right(&mean, 16)
            );
            // A tenth of the bar stays for the least value: it is small, not absent.
            let filled = summary.map_or(0.0, |summary| 0.1 + 0.9 * share(range, summary.mean));
            Line::from(vec![
                Span::raw(words),
                Span::styled(bar(filled, room, state.look), state.look.theme.good()),
            ])
        })
        .collect()
}

fn map_lines(
    state: &State,
    map: &HeatMap,
    range: (f64, f64),
    columns: usize,
) -> Vec<Line<'static>> {
    let look = state.look;
    let first = first_column(map);
    let shown = (columns.saturating_sub(first + 2) / (CELL + 1)).min(map.columns.len());
    let mut names = fit("", first + 2);
    for value in map.columns.iter().take(shown) {
        names.push_str(&fit_right(&visible(value), CELL));
        names.push(' ');
    }
    let mut lines = vec![Line::from(Span::styled(names, look.theme.quiet()))];
    for (value, cells) in map.rows.iter().zip(&map.cells) {
        let mut line = Line::from(format!(" {} ", fit_right(&visible(value), first)));
        for cell in cells.iter().take(shown) {
            let Some(summary) = cell else {
                line.push_span(fit_right("-", CELL + 1));
                continue;
            };
            let share = share(range, summary.mean);
            let value = text::metric(state.chosen_metric(), Some(summary.mean));
            let shade = match ((share * 4.0) as usize, look.ascii) {
                (0, _) => " ",
                (1, true) => ".",
                (2, true) => "o",
                (_, true) => "#",
                (1, false) => "░",
                (2, false) => "▒",
                (3, false) => "▓",
                (_, false) => "█",
            };
            let style = if share == 1.0 {
                look.theme.good().add_modifier(Modifier::BOLD)
            } else {
                Style::new()
            };
            line.push_span(Span::styled(
                format!("{}{} ", shade.repeat(2), fit_right(&value, CELL - 2)),
                style,
            ));
        }
        lines.push(line);
    }
    if shown < map.columns.len() {
        let hidden = map.columns.len() - shown;
        lines.push(Line::from(Span::styled(
            format!(" {hidden} more columns: enlarge the window"),
            look.theme.warning(),
        )));
    }
    lines
}
