//! The list of trials: only the rows that are on the screen are made.
//!
//! ```text
//!   state   setting                    seeds  iterations  objective  test accuracy ...
//! >▶        tensor-train rank=8          1/3  ██░ 120/200     12.31  0.9712 ± 0.0031
//!  ✓          seed 1                            200            11.9  0.9723
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::bar;
use crate::dashboard::columns::{Columns, PACE, SEEDS};
use crate::dashboard::state::{Form, Labels, Phase, Row, Sort, State, Trial, group_phase};
use crate::dashboard::text::{self, cut, duration, fit, fit_right, number};
use crate::dashboard::theme::SELECTED;
use crate::measure::{NumberStyle, Quantity, Summary};

/// Draws the list and the names of its columns.
pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    if area.height == 0 {
        return;
    }
    let columns = Columns::fitting(usize::from(area.width), &state.list, &state.trials);
    // A sign stands before the label.
    let form = labels(state).form(columns.setting.saturating_sub(1));
    let line = |row: u16| Rect {
        y: area.y + row,
        height: 1,
        ..area
    };
    frame.render_widget(names(state, &columns, &form), line(0));
    let height = usize::from(area.height - 1);
    if state.list.rows.is_empty() && height > 0 {
        let words = if state.trials.all.is_empty() {
            " no trials yet: waiting for trials.csv".to_owned()
        } else {
            format!(
                " no trial matches the filter '{}' (esc clears it)",
                text::visible(&state.list.filter.text)
            )
        };
        frame.render_widget(Span::styled(words, state.look.theme.quiet()), line(1));
        return;
    }
    let offset = state.list.offset(height);
    for (position, &row) in state.list.rows.iter().enumerate().skip(offset).take(height) {
        let place = line(1 + (position - offset) as u16);
        let selected = position == state.list.cursor();
        frame.render_widget(row_line(state, &columns, &form, row, selected), place);
        if selected {
            frame.buffer_mut().set_style(place, SELECTED);
        }
    }
}

fn names(state: &State, columns: &Columns, form: &Form) -> Line<'static> {
    let arrow = match (state.list.descending, state.look.ascii) {
        (false, true) => "^",
        (true, true) => "v",
        (false, false) => "▲",
        (true, false) => "▼",
    };
    let style = state.look.theme.quiet().add_modifier(Modifier::UNDERLINED);
    let named = |title: &str, sort: Sort| {
        let arrow = if state.list.sort == sort { arrow } else { "" };
        format!("{arrow}{title}")
    };
    let state_title = if columns.wide { "state" } else { "" };
    let mut setting_title = match state.list.filter.text.as_str() {
        "" => "setting".to_owned(),
        filter => format!("setting [{}]", text::visible(filter)),
    };
    if !matches!(form, Form::Named) {
        setting_title = format!("{setting_title}: {}", labels(state).names());
    }
    let mut words = format!(
        " {} {}{}",
        fit(&named(state_title, Sort::State), columns.sign),
        fit(&named(&setting_title, Sort::Setting), columns.setting),
        fit_right("seeds", SEEDS),
    );
    for &metric in &columns.metrics {
        let title = named(metric.title(), Sort::Metric(metric));
        // The space before the column has room for the arrow.
        words.push_str(&fit_right(&title, metric.width(columns.wide) + 1));
    }
    words.push(' ');
    if columns.pace {
        words.push_str(&fit_right("rate", PACE));
        words.push_str(&fit_right("ETA", PACE));
    }
    Line::from(Span::styled(words, style))
}

/// What the settings on the list are called.
fn labels(state: &State) -> &Labels {
    state.list.labels(&state.trials)
}

/// What stands left of the metrics.
struct Words {
    phase: Phase,
    setting: String,
    seeds: String,
    marked: bool,
    /// Whether there is something to be said of one of the trials.
    noticed: bool,
}

fn words_of(state: &State, form: &Form, row: Row) -> Words {
    let trials = &state.trials;
    let label = |group: usize| labels(state).label(&trials.groups[group].swept, form);
    match row {
        Row::Group(group) => {
            let members = &trials.groups[group].members;
            let done = (members.iter()).filter(|&&member| trials.all[member].phase == Phase::Done);
            let open = match (state.list.is_expanded(group, trials), state.look.ascii) {
                (true, true) => "-",
                (false, true) => "+",
                (true, false) => "▾",
                (false, false) => "▸",
            };
            Words {
                phase: group_phase(trials, group),
                setting: format!("{open}{}", label(group)),
                seeds: format!("{}/{}", done.count(), members.len()),
                marked: members.iter().any(|&member| is_marked(state, member)),
                noticed: trials.groups[group].noticed,
            }
        }
        Row::Member(member) | Row::Single(member) => {
            let trial = &trials.all[member];
            let seed = trial.row.seed;
            let alone = matches!(row, Row::Single(_));
            let (setting, seeds) = if alone {
                (format!(" {}", label(trial.group)), format!("s{seed}"))
            } else {
                let error = text::visible(trial.error());
                (format!("   seed {seed} {error}"), String::new())
            };
            Words {
                phase: trial.phase,
                setting,
                seeds,
                marked: is_marked(state, member),
                noticed: trial.notices().next().is_some(),
            }
        }
    }
}

fn row_line(
    state: &State,
    columns: &Columns,
    form: &Form,
    row: Row,
    selected: bool,
) -> Line<'static> {
    let words = words_of(state, form, row);
    let sign = words.phase.sign(state.look.ascii);
    let state_words = if columns.wide {
        format!("{sign} {}", words.phase.word())
    } else {
        sign.to_owned()
    };
    let mark = match (words.marked, selected) {
        (true, _) => "*",
        (false, true) => ">",
        (false, false) => " ",
    };
    // Behind the word there is always room for a space and a sign, behind a sign alone for one.
    let notice = match (words.noticed, columns.wide) {
        (true, true) => " !",
        (true, false) => "!",
        (false, _) => "",
    };
    let room = columns.sign + 1 - text::width(&state_words);
    let mut line = Line::from(vec![
        Span::styled(mark, state.look.theme.warning()),
        Span::styled(state_words, state.look.theme.phase(words.phase)),
        Span::styled(fit(notice, room), state.look.theme.warning()),
        Span::raw(fit(&words.setting, columns.setting)),
        Span::raw(fit_right(&words.seeds, SEEDS)),
        Span::raw(" "),
    ]);
    for &metric in &columns.metrics {
        let cell = cell(state, row, metric, columns.wide);
        let columns = metric.width(columns.wide);
        line.push_span(Span::raw(format!("{} ", fit_right(&cell, columns))));
    }
    if columns.pace {
        let (rate, remaining) = pace(state, row);
        line.push_span(Span::raw(fit_right(&rate, PACE)));
        line.push_span(Span::raw(fit_right(&remaining, PACE)));
    }
    line
}

fn is_marked(state: &State, member: usize) -> bool {
    state
        .list
        .marks
        .contains(&state.trials.all[member].row.trial)
}

fn cell(state: &State, row: Row, metric: Quantity, wide: bool) -> String {
    let trials = &state.trials;
    let (members, summary) = match row {
        Row::Group(group) => {
            let group = &trials.groups[group];
            (&group.members[..], trials.summary(group, metric))
        }
        Row::Member(ref member) | Row::Single(ref member) => (std::slice::from_ref(member), None),
    };
    if metric == Quantity::Iterations
        && let Some(trial) = running(state, members)
    {
        return iterations(state, trial);
    }
    match (row, summary) {
        (Row::Group(_), Some(summary)) if wide => mean(metric, summary, state.look.ascii),
        (Row::Group(_), summary) => text::metric(metric, summary.map(|summary| summary.mean)),
        (Row::Member(member) | Row::Single(member), _) => {
            text::metric(metric, trials.all[member].value(metric))
        }
    }
}

/// The first of the trials that is under way.
fn running<'a>(state: &'a State, members: &[usize]) -> Option<&'a Trial> {
    (members.iter())
        .map(|&member| &state.trials.all[member])
        .find(|trial| trial.phase == Phase::Running)
}

/// A small bar, and iterations out of those planned.
fn iterations(state: &State, trial: &Trial) -> String {
    let done = text::metric(Quantity::Iterations, trial.value(Quantity::Iterations));
    match (trial.progress(), trial.planned) {
        (Some(share), Some(planned)) => {
            let words = format!("{done}/{planned}");
            let columns = Quantity::Iterations.width(false);
            let room = columns.saturating_sub(words.len() + 1).min(5);
            format!("{} {words}", bar(share, room, state.look))
        }
        _ => done,
    }
}

/// A mean; accuracies with their standard deviation.
pub(super) fn mean(metric: Quantity, summary: Summary, ascii: bool) -> String {
    let mean = text::metric(metric, Some(summary.mean));
    match summary.std {
        Some(deviation) if metric.style() == NumberStyle::Accuracy => {
            let sign = if ascii { "+-" } else { "±" };
            format!("{mean}{sign}{deviation:.4}")
        }
        _ => mean,
    }
}

fn pace(state: &State, row: Row) -> (String, String) {
    let trial = match row {
        Row::Group(group) => running(state, &state.trials.groups[group].members),
        Row::Member(member) | Row::Single(member) => running(state, &[member]),
    };
    let rate = trial.and_then(|trial| trial.rate);
    let rate = rate.map_or_else(String::new, |rate| format!("{}/s", number(rate)));
    let remaining = trial
        .and_then(Trial::remaining)
        .map_or_else(String::new, duration);
    (cut(&rate, PACE - 1), remaining)
}
