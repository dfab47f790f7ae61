//! The list of trials: only the rows that are on the screen are made.
//!
//! ```text
//!   state   setting                    seeds  iterations  objective  test accuracy ...
//! >▶        tensor-train rank=8          1/3  ██░ 120/200     12.31  0.9712 ± 0.0031
//!  ✓          seed 1                            200            11.9  0.9723
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::bar;
use crate::dashboard::state::{COLUMNS, Phase, Row, Sort, State, Summary, Trial, group_phase};
use crate::dashboard::text::{self, cut, duration, fit, fit_right, number};

/// Narrowest column of settings before metric columns are given up.
const NARROWEST_SETTING: usize = 18;
const SEEDS: usize = 6;
const ITERATIONS: usize = 13;
/// From this width on, rate and remaining time have columns of their own.
const WIDE: usize = 110;

/// The columns that fit.
struct Columns {
    sign: usize,
    setting: usize,
    pace: bool,
    /// Positions in [`COLUMNS`], with their widths.
    metrics: Vec<(usize, usize)>,
}

fn width_of(metric: &str) -> usize {
    match metric {
        "iterations" => ITERATIONS,
        "test_accuracy" | "train_accuracy" | "best_test_accuracy" => 15,
        "sparsity" | "compression_ratio" | "seconds" => 8,
        _ => 9,
    }
}

fn title_of(metric: &str) -> &str {
    match metric {
        "test_accuracy" => "test accuracy",
        "train_accuracy" => "train acc.",
        "best_test_accuracy" => "best accuracy",
        "compression_ratio" => "ratio",
        "residual_u" => "resid. u",
        "residual_v" => "resid. v",
        "residual_w" => "resid. w",
        "params_compressed" => "params",
        "descent_violations" => "rises",
        other => other,
    }
}

impl Columns {
    fn fitting(width: usize) -> Self {
        let pace = width >= WIDE;
        let sign = if width >= WIDE { 10 } else { 2 };
        let fixed = 1 + sign + 1 + SEEDS + if pace { 18 } else { 0 };
        let mut left = width.saturating_sub(fixed + NARROWEST_SETTING);
        let mut metrics = Vec::new();
        for (position, metric) in COLUMNS.iter().enumerate() {
            let needed = width_of(metric) + 1;
            // On the narrowest screens the bar of iterations gives way to results.
            if width < 60 && *metric == "iterations" {
                continue;
            }
            if needed > left {
                break;
            }
            left -= needed;
            metrics.push((position, width_of(metric)));
        }
        Self {
            sign,
            setting: NARROWEST_SETTING + left.min(30),
            pace,
            metrics,
        }
    }
}

/// Draws the list and the names of its columns.
pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    if area.height == 0 {
        return;
    }
    let columns = Columns::fitting(usize::from(area.width));
    let line = |row: u16| Rect {
        y: area.y + row,
        height: 1,
        ..area
    };
    frame.render_widget(names(state, &columns), line(0));
    let height = usize::from(area.height - 1);
    if state.list.rows.is_empty() && height > 0 {
        let words = if state.trials.all.is_empty() {
            " no trials yet: waiting for trials.csv".to_owned()
        } else {
            format!(
                " no trial passes the filter '{}' (esc clears it)",
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
        frame.render_widget(row_line(state, &columns, row, selected), place);
        if selected {
            frame
                .buffer_mut()
                .set_style(place, state.look.theme.selected());
        }
    }
}

fn names(state: &State, columns: &Columns) -> Line<'static> {
    let arrow = match (state.list.descending, state.look.ascii) {
        (false, true) => "^",
        (true, true) => "v",
        (false, false) => "▲",
        (true, false) => "▼",
    };
    let style = state.look.theme.quiet().add_modifier(Modifier::UNDERLINED);
    let mut words = String::new();
    let mut name = |title: &str, sort: Sort, columns: usize, right: bool| {
        let title = if state.list.sort == sort {
            format!("{title}{arrow}")
        } else {
            title.to_owned()
        };
        words.push_str(&if right {
            fit_right(&title, columns)
        } else {
            fit(&title, columns)
        });
        words.push(' ');
    };
    name("", Sort::Plan, 0, false);
    let state_title = if columns.sign > 2 { "state" } else { "" };
    name(state_title, Sort::State, columns.sign, false);
    let setting_title = match state.list.filter.text.as_str() {
        "" => "setting".to_owned(),
        filter => format!("setting [{}]", text::visible(filter)),
    };
    name(&setting_title, Sort::Setting, columns.setting, false);
    name("seeds", Sort::Plan, SEEDS - 1, true);
    for &(position, width) in &columns.metrics {
        name(
            title_of(COLUMNS[position]),
            Sort::Metric(position),
            width,
            true,
        );
    }
    if columns.pace {
        words.push_str(&fit_right("rate", 9));
        words.push_str(&fit_right("ETA", 9));
    }
    Line::from(Span::styled(words, style))
}

fn row_line(state: &State, columns: &Columns, row: Row, selected: bool) -> Line<'static> {
    let trials = &state.trials;
    let (phase, setting, seeds, marked) = match row {
        Row::Group(group) => {
            let members = &trials.groups[group].members;
            let done = (members.iter())
                .filter(|&&member| trials.all[member].phase == Phase::Done)
                .count();
            let open = if state.list.is_expanded(group, trials) {
                "-"
            } else {
                "+"
            };
            let marked = members.iter().any(|&member| is_marked(state, member));
            let setting = format!("{open} {}", trials.groups[group].label);
            (
                group_phase(trials, group),
                setting,
                format!("{done}/{}", members.len()),
                marked,
            )
        }
        Row::Member(member) => {
            let trial = &trials.all[member];
            let words = format!(
                "    seed {} {}",
                trial.row.seed,
                text::visible(trial.error())
            );
            (trial.phase, words, String::new(), is_marked(state, member))
        }
        Row::Single(member) => {
            let trial = &trials.all[member];
            let setting = format!("  {}", trials.groups[trial.group].label);
            (
                trial.phase,
                setting,
                format!("s{}", trial.row.seed),
                is_marked(state, member),
            )
        }
    };
    let sign = phase.sign(state.look.ascii);
    let state_words = if columns.sign > 2 {
        format!("{sign} {}", phase.word())
    } else {
        sign.to_owned()
    };
    let mark = match (marked, selected) {
        (true, _) => "*",
        (false, true) => ">",
        (false, false) => " ",
    };
    let mut line = Line::from(vec![
        Span::styled(mark, state.look.theme.warning()),
        Span::styled(
            fit(&state_words, columns.sign + 1),
            state.look.theme.phase(phase),
        ),
        Span::raw(fit(&setting, columns.setting)),
        Span::raw(fit_right(&seeds, SEEDS)),
        Span::raw(" "),
    ]);
    for &(position, width) in &columns.metrics {
        let cell = cell(state, row, COLUMNS[position]);
        line.push_span(Span::styled(fit_right(&cell, width), Style::new()));
        line.push_span(Span::raw(" "));
    }
    if columns.pace {
        let (rate, remaining) = pace(state, row);
        line.push_span(Span::raw(fit_right(&rate, 9)));
        line.push_span(Span::raw(fit_right(&remaining, 9)));
    }
    line
}

fn is_marked(state: &State, member: usize) -> bool {
    state
        .list
        .marks
        .contains(&state.trials.all[member].row.trial)
}

fn cell(state: &State, row: Row, metric: &str) -> String {
    match row {
        Row::Group(group) => {
            let group = &state.trials.groups[group];
            if metric == "iterations" {
                let running = (group.members.iter())
                    .map(|&member| &state.trials.all[member])
                    .find(|trial| trial.phase == Phase::Running);
                return running.map_or_else(
                    || {
                        mean(
                            metric,
                            state.trials.summary(group, metric),
                            state.look.ascii,
                        )
                    },
                    |trial| iterations(state, trial),
                );
            }
            mean(
                metric,
                state.trials.summary(group, metric),
                state.look.ascii,
            )
        }
        Row::Member(member) | Row::Single(member) => {
            let trial = &state.trials.all[member];
            if metric == "iterations" && trial.phase == Phase::Running {
                return iterations(state, trial);
            }
            text::metric(metric, trial.metric(metric))
        }
    }
}

/// A small bar, and iterations out of those planned.
fn iterations(state: &State, trial: &Trial) -> String {
    let done = text::metric("iterations", trial.metric("iterations"));
    match (trial.progress(), trial.planned) {
        (Some(share), Some(planned)) => {
            let words = format!("{done}/{planned}");
            let room = ITERATIONS.saturating_sub(words.len() + 1).min(5);
            format!("{} {words}", bar(share, room, state.look))
        }
        _ => done,
    }
}

/// A mean; accuracies with their standard deviation.
pub(super) fn mean(metric: &str, summary: Option<Summary>, ascii: bool) -> String {
    let Some(summary) = summary else {
        return "-".to_owned();
    };
    let mean = text::metric(metric, Some(summary.mean));
    match summary.deviation {
        Some(deviation) if metric.ends_with("accuracy") => {
            let sign = if ascii { "+-" } else { "±" };
            format!("{mean}{sign}{deviation:.4}")
        }
        _ => mean,
    }
}

fn pace(state: &State, row: Row) -> (String, String) {
    let members = match row {
        Row::Group(group) => state.trials.groups[group].members.clone(),
        Row::Member(member) | Row::Single(member) => vec![member],
    };
    let running = (members.iter())
        .map(|&member| &state.trials.all[member])
        .find(|trial| trial.phase == Phase::Running);
    let Some(trial) = running else {
        return (String::new(), String::new());
    };
    let rate = trial
        .rate
        .map_or_else(String::new, |rate| format!("{}/s", number(rate)));
    let remaining = trial.remaining().map_or_else(String::new, duration);
    (cut(&rate, 8), remaining)
}
