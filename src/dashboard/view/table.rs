//! The table for the paper, as the `table` command writes it.
//!
//! ```text
//! | paper table: test_accuracy, rows: all settings, columns: none                    |
//! | method         rank  test accuracy                                               |
//! | tensor-train   8     0.971 ± 0.003                                               |
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::heading;
use crate::dashboard::state::State;
use crate::dashboard::text::{cut, visible};

pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    let request = state.table_request();
    let metrics: Vec<&str> = request.metrics.iter().map(|metric| metric.name()).collect();
    let or_usual = |names: String, usual: &str| match names.as_str() {
        "" => usual.to_owned(),
        _ => names,
    };
    let words = format!(
        "paper table: {}; rows: {}; columns: {}",
        or_usual(metrics.join(", "), "default metrics"),
        or_usual(request.rows.join(", "), "all other settings"),
        or_usual(request.columns.join(", "), "metrics")
    );
    let rest = heading(&visible(&words), state.look, frame, area);
    if state.table_lines.is_empty() {
        let words = format!(
            " no table yet; write it with nnbcd-tui table {}",
            state.root
        );
        frame.render_widget(Span::styled(words, state.look.theme.quiet()), rest);
        return;
    }
    let lines: Vec<Line> = (state.table_lines.iter())
        .map(|line| {
            // Of the same width, so that columns stay below each other.
            let line = if state.look.ascii {
                line.replace("± ", "+-")
            } else {
                line.clone()
            };
            Line::from(cut(&format!(" {line}"), usize::from(rest.width)))
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), rest);
}
