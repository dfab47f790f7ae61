//! Accuracy against compression ratio over all settings, and the layers of the selected trial.
//!
//! ```text
//! | test accuracy against compression ratio (log), @ on the front                    |
//! | 0.98 |@        @                                                                 |
//! | 0.96 |   o         @                                                             |
//! | 0.94 |       o            @                                                      |
//! |      1                 10                                                        |
//! | layer  ranks    parameters  sparsity  |W-Z|/|W|   u   v   w                      |
//! ```

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::chart::{Chart, Curve};
use super::{heading, rows};
use crate::dashboard::state::{Form, Spot, State, front};
use crate::dashboard::text::{self, cut, fit, fit_right, number, number_or_dash, visible};
use crate::measure::{Quantity, Scale};

/// Columns of ratio and accuracy on the list of the front, and the spaces around them.
const FRONT_NUMBERS: usize = 25;

pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    let spots = front(&state.trials);
    let [upper, lower] = Layout::vertical([Constraint::Fill(3), Constraint::Fill(2)]).areas(area);
    let list = if area.width >= 120 { area.width / 3 } else { 0 };
    let [picture, beside] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(list)]).areas(upper);
    pareto(state, &spots, frame, picture);
    if list > 0 {
        list_front(state, &spots, frame, beside);
    }
    layers(state, frame, lower);
}

fn pareto(state: &State, spots: &[Spot], frame: &mut Frame, area: Rect) {
    let look = state.look;
    let selected = state.selected_trial().map(|trial| trial.group);
    let curve = |symbol, colour, wanted: &dyn Fn(&Spot) -> bool| Curve {
        points: (spots.iter().filter(|spot| wanted(spot)))
            .map(|spot| (spot.ratio, Some((spot.accuracy.mean, spot.accuracy.mean))))
            .collect(),
        colour,
        symbol,
        ..Curve::default()
    };
    let (on_front, beaten) = if look.ascii {
        ("@", "o")
    } else {
        ("●", "○")
    };
    let chart = Chart {
        title: Line::from(vec![
            Span::styled(" test accuracy over compression ratio", look.theme.title()),
            Span::styled(
                format!(" (log)  {on_front} front  {beaten} dominated  X selected"),
                look.theme.quiet(),
            ),
        ]),
        curves: vec![
            curve(Some("X"), 5, &|spot| Some(spot.group) == selected),
            curve(Some(on_front), 1, &|spot| spot.on_front),
            curve(Some(beaten), 0, &|spot| !spot.on_front),
        ],
        references: vec![Curve {
            faint: true,
            ..curve(None, 1, &|spot| spot.on_front)
        }],
        x_scale: Scale::Log,
        look,
        ..Chart::default()
    };
    frame.render_widget(&chart, area);
}

fn list_front(state: &State, spots: &[Spot], frame: &mut Frame, area: Rect) {
    let labels = &state.trials.labels;
    let form = labels.form(usize::from(area.width).saturating_sub(FRONT_NUMBERS));
    let setting = match form {
        Form::Named => "setting".to_owned(),
        _ => labels.names(),
    };
    let words = format!("Pareto front: ratio, accuracy, {setting}");
    let rest = heading(&words, state.look, frame, area);
    let lines: Vec<Line> = (spots.iter().filter(|spot| spot.on_front))
        .take(usize::from(rest.height))
        .map(|spot| {
            let accuracy = rows::mean(Quantity::TestAccuracy, spot.accuracy, state.look.ascii);
            let label = labels.label(&state.trials.groups[spot.group].swept, &form);
            let words = format!(" {:>8.2} {} {label}", spot.ratio, fit(&accuracy, 14));
            Line::from(cut(&words, usize::from(rest.width)))
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), rest);
}

fn layers(state: &State, frame: &mut Frame, area: Rect) {
    let Some(trial) = state.selected_trial() else {
        return;
    };
    let label = &state.trials.groups[trial.group].label;
    let words = format!("layers of {label} seed {}", trial.row.seed);
    let rest = heading(&words, state.look, frame, area);
    let Some(layers) = state.layers.get(&trial.row.trial) else {
        frame.render_widget(
            Span::styled(" no layers recorded yet", state.look.theme.quiet()),
            rest,
        );
        return;
    };
    let columns = [
        ("layer", 5),
        ("params", 9),
        ("share", 6),
        ("zeros", 6),
        (Quantity::RelativeError.title(), 9),
        ("u", 8),
        ("v", 8),
        ("w", 8),
    ];
    let row = |cells: [String; 8], ranks: &str, style: Style| {
        let mut words = String::new();
        for ((_, width), cell) in columns.iter().zip(&cells) {
            words.push_str(&fit_right(cell, *width));
            words.push(' ');
        }
        let words = cut(&format!(" {words} {ranks}"), usize::from(rest.width));
        Line::from(Span::styled(words, style))
    };
    let names = columns.map(|(name, _)| name.to_owned());
    let mut lines = vec![row(names, "ranks", state.look.theme.quiet())];
    let total = layers.parameters().max(1) as f64;
    for layer in layers.iter() {
        let last = &layer.last;
        let cells = [
            last.layer.to_string(),
            last.parameters.to_string(),
            format!("{:.0}%", last.parameters as f64 / total * 100.0),
            format!("{:.3}", last.sparsity),
            number(last.relative_error),
            number_or_dash(last.residual_u),
            number_or_dash(last.residual_v),
            number(last.residual_w),
        ];
        lines.push(row(cells, &visible(&last.ranks), Style::new()));
    }
    let [whole, effective] = [Quantity::Sparsity, Quantity::EffectiveSparsity]
        .map(|quantity| text::metric(quantity, trial.value(quantity)));
    lines.push(Line::from(format!(
        " sparsity {whole}   effective sparsity {effective}"
    )));
    frame.render_widget(Paragraph::new(lines), rest);
}
