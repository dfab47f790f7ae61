//! All trials, and the curves of the selected one.
//!
//! ```text
//! |   setting                 seeds  iterations objective  test accuracy sparsity ...|
//! |>▶ + tensor-train rank=8     1/3  ██░ 120/200    12.31  0.9712±0.0031    0.000 ...|
//! |...                                                                               |
//! | tensor-train rank=8, 3 seeds  ▶ running  120/200  12.3/s  ETA 0:07               |
//! | objective 12.31  residuals u 0.12 v 0.34 w 1.2  step 0.01  test accuracy 0.9712  |
//! | objective       residuals u v w    accuracy            compression ratio         |
//! | 100 |'.         1 |'.              1 | .--t            10 |                      |
//! |  10 |  '--F    0.1 |  '--u       0.9 |/                 5 |------                |
//! ```

use std::fmt::Write as _;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::chart::{Chart, Curve};
use super::curves::{Subject, each, series, subjects};
use super::{bar, flow, rows};
use crate::dashboard::layout;
use crate::dashboard::state::{Phase, State, Trial, phase_of};
use crate::dashboard::text::{self, cut, duration, number, number_or_dash, visible};
use crate::measure::{Notice, Quantity, Scale};

/// The quantities of the mission: what stands in the line of numbers, and the same in few letters for narrow screens.
const NUMBERS: [(Quantity, &str, &str); 10] = [
    (Quantity::Objective, "objective", "F"),
    (Quantity::TestAccuracy, "test accuracy", "acc"),
    (Quantity::Sparsity, "sparsity", "zeros"),
    (Quantity::CompressionRatio, "ratio", "ratio"),
    (Quantity::ResidualU, "residuals: u", "u"),
    (Quantity::ResidualV, "v", "v"),
    (Quantity::ResidualW, "w", "w"),
    (Quantity::TrainAccuracy, "train accuracy", "train"),
    (Quantity::ValidationAccuracy, "validation accuracy", "valid"),
    (Quantity::Step, "step", "step"),
];

pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    let (list, details) = layout::overview(area, state.list.rows.len());
    rows::draw(state, frame, list);
    let Some(subject) = subjects(state).into_iter().next() else {
        return;
    };
    let columns = details.width;
    let mut lines = Vec::new();
    if details.height > 2 {
        lines.push(title(state, &subject, columns));
        lines.extend(trouble(state, columns));
    }
    let numbers_lines = if details.height > 2 { 3 } else { 2 };
    lines.extend(flow(
        &numbers(state, columns),
        columns,
        numbers_lines,
        state.look,
    ));
    let used = (lines.len() as u16).min(details.height);
    frame.render_widget(Paragraph::new(lines), details);
    let below = Rect {
        y: details.y + used,
        height: details.height - used,
        ..details
    };
    if below.height >= 4 {
        charts(state, &subject, frame, below);
    }
}

fn title<'a>(state: &State, subject: &Subject, columns: u16) -> Line<'a> {
    let theme = state.look.theme;
    let selected = state.list.selected_trials(&state.trials);
    let trials = || selected.iter().map(|&position| &state.trials.all[position]);
    let phase = phase_of(&state.trials, &selected);
    let leading = trials()
        .find(|trial| trial.phase == phase)
        .unwrap_or(subject.first);
    let mut words = format!(
        "{} {}",
        leading.phase.sign(state.look.ascii),
        leading.phase.word()
    );
    if let (Phase::Running, Some(share)) = (leading.phase, leading.progress()) {
        let _ = write!(
            words,
            " {} {:.0}%",
            bar(share, 8, state.look),
            share * 100.0
        );
        if let (Some(rate), Some(remaining)) = (leading.rate, leading.remaining()) {
            let _ = write!(words, " {}/s ETA {}", number(rate), duration(remaining));
        }
    }
    let known = trials()
        .filter(|trial| trial.counts() && trial.value(Quantity::Objective).is_some())
        .count();
    let seeds = match selected.len() {
        0 | 1 => String::new(),
        several => format!(", mean of {known}/{several} seeds"),
    };
    let room = usize::from(columns).saturating_sub(text::width(&words) + seeds.len() + 4);
    let label = subject.label(state, room.max(8));
    Line::from(vec![
        Span::styled(format!(" {label}{seeds}  "), theme.title()),
        Span::styled(words, theme.phase(leading.phase)),
    ])
}

/// Errors and doubts about the selected trials, one line.
fn trouble(state: &State, columns: u16) -> Option<Line<'static>> {
    let selected = state.list.selected_trials(&state.trials);
    let several = selected.len() > 1;
    let first = |said: &dyn Fn(&Trial) -> Option<String>| {
        selected.iter().find_map(|&position| {
            let trial = &state.trials.all[position];
            let words = said(trial)?;
            Some(if several {
                format!("seed {}: {words}", trial.row.seed)
            } else {
                words
            })
        })
    };
    let theme = state.look.theme;
    let error = first(&|trial| words_of_trouble(state, trial)).map(|words| (words, theme.bad()));
    let notice = || first(&|trial| trial.notices().next().map(words_of_notice));
    let (words, style) = error.or_else(|| Some((notice()?, theme.warning())))?;
    let line = cut(&format!(" ! {words}"), usize::from(columns));
    Some(Line::from(Span::styled(line, style)))
}

/// What is wrong, and what helps.
pub(super) fn words_of_notice(notice: Notice) -> String {
    format!("{}: {}", notice.sentence(), notice.remedy())
}

/// The error of a trial, or what is wrong with its progress.
pub(super) fn words_of_trouble(state: &State, trial: &Trial) -> Option<String> {
    if !trial.error().is_empty() {
        return Some(visible(trial.error()));
    }
    let history = state.histories.get(&trial.row.trial)?;
    history.trouble()
}

fn numbers(state: &State, columns: u16) -> Vec<(&'static str, String)> {
    let narrow = columns < 60;
    let selected = state.list.selected_trials(&state.trials);
    let value = |metric: Quantity| {
        if let [single] = selected[..] {
            return text::metric(metric, state.trials.all[single].value(metric));
        }
        let group = selected.first().map(|&first| state.trials.all[first].group);
        let group = group.map(|group| &state.trials.groups[group]);
        match group.and_then(|group| state.trials.summary(group, metric)) {
            Some(summary) if narrow => text::metric(metric, Some(summary.mean)),
            Some(summary) => rows::mean(metric, summary, state.look.ascii),
            None => number_or_dash(None),
        }
    };
    let is_known =
        |metric| (selected.iter()).any(|&at| state.trials.all[at].value(metric).is_some());
    (NUMBERS.into_iter())
        .filter(|(metric, ..)| !metric.is_optional() || is_known(*metric))
        .map(|(metric, long, short)| (if narrow { short } else { long }, value(metric)))
        .collect()
}

/// A small chart: its title, its curves and their scale.
type Panel = (&'static str, &'static [(Quantity, &'static str)], Scale);

/// The charts, the most useful first.
const PANELS: [Panel; 6] = [
    ("objective", &[(Quantity::Objective, "F")], Scale::Log),
    (
        "residuals",
        &[
            (Quantity::ResidualU, "u"),
            (Quantity::ResidualV, "v"),
            (Quantity::ResidualW, "w"),
        ],
        Scale::Log,
    ),
    (
        "accuracy",
        &[
            (Quantity::TestAccuracy, "test"),
            (Quantity::TrainAccuracy, "train"),
            (Quantity::ValidationAccuracy, "valid"),
        ],
        Scale::Linear,
    ),
    ("ratio", &[(Quantity::CompressionRatio, "")], Scale::Linear),
    (
        "sparsity",
        &[
            (Quantity::Sparsity, ""),
            (Quantity::EffectiveSparsity, "eff"),
        ],
        Scale::Linear,
    ),
    ("step", &[(Quantity::Step, "")], Scale::Log),
];

fn charts(state: &State, subject: &Subject, frame: &mut Frame, area: Rect) {
    let count = usize::from(area.width / 20).clamp(1, PANELS.len());
    let places = Layout::horizontal(vec![Constraint::Fill(1); count])
        .spacing(1)
        .split(area);
    for (&(name, quantities, y_scale), &place) in PANELS.iter().zip(places.iter()) {
        let mut title = Line::from(Span::styled(format!(" {name}"), state.look.theme.title()));
        if y_scale == Scale::Log && place.width >= 18 {
            title.push_span(Span::styled(" (log)", state.look.theme.quiet()));
        }
        let curves: Vec<Curve> = (quantities.iter().enumerate())
            .flat_map(|(colour, (quantity, key))| {
                each(&series(&subject.histories, *quantity), key, colour)
            })
            .collect();
        let rises = subject.histories.iter().flat_map(|history| &history.rises);
        let marks = if name == "objective" {
            rises.map(|&rise| rise as f64).collect()
        } else {
            Vec::new()
        };
        let chart = Chart {
            title,
            curves,
            y_scale,
            marks,
            look: state.look,
            ..Chart::default()
        };
        frame.render_widget(&chart, place);
    }
}
