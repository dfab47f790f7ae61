//! Plain text for the end of a run: what fits on the terminal, and a word on what does not.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::{
    EMPTY, PaperTable,
    grid::{self, Syntax},
    one_line,
};
use crate::measure::cut;
use crate::report::number::Printed;

struct Plain;

impl Syntax for Plain {
    fn text(&self, text: &str) -> String {
        one_line(text)
    }

    fn empty(&self) -> &'static str {
        EMPTY
    }

    /// Every number keeps a place for the star, so that digits stand under digits.
    fn number(&self, printed: &Printed, best: bool) -> String {
        format!("{printed}{}", if best { "*" } else { " " })
    }

    fn mark(&self, mark: &str) -> String {
        format!("[{mark}]")
    }
}

/// Columns between two cells.
const GAP: usize = 2;
/// The least that is left of a column of settings when the terminal is narrow.
const NARROWEST_KEY: usize = 8;

/// The table as plain text, no wider than `width` columns (`usize::MAX`: as wide as it is) and with at most `rows`
/// rows.
///
/// Settings are shortened first, then whole columns are left out from the right; what was left
/// out is said below. The best values carry a star.
pub fn short_text(table: &PaperTable, width: usize, rows: usize) -> String {
    let keys = table.row_headers.len();
    let mut lines = grid::lines(table, &Plain);
    lines.truncate(rows.saturating_add(1));
    let widths = fit(&lines, keys, width);
    let mut text = cut(&one_line(&table.title), width, '…') + "\n";
    for line in &lines {
        let mut out = String::new();
        for (column, (cell, &space)) in line.iter().zip(&widths).enumerate() {
            let cell = cut(cell, space, '…');
            let padding = " ".repeat(space - cell.width());
            let gap = " ".repeat(if column == 0 { 0 } else { GAP });
            if column < keys {
                out.extend([gap, cell, padding]);
            } else {
                out.extend([gap, padding, cell]);
            }
        }
        let _ = writeln!(text, "{}", out.trim_end());
    }
    let best = table.rows.iter().flat_map(|row| &row.groups);
    if best.flat_map(|group| &group.cells).any(|cell| cell.best) {
        text.push_str(&cut("* best", width, '…'));
        text.push('\n');
    }
    for (mark, note) in table.notes() {
        let mark = mark.map_or_else(String::new, |mark| Plain.mark(&mark) + " ");
        let _ = writeln!(text, "{}", cut(&(mark + &one_line(note)), width, '…'));
    }
    let hidden_rows = table.rows.len() + 1 - lines.len();
    let hidden_columns = lines[0].len() - widths.len();
    for (hidden, what) in [(hidden_rows, "row"), (hidden_columns, "column")] {
        if hidden > 0 {
            let plural = if hidden == 1 { "" } else { "s" };
            let more = format!("… {hidden} more {what}{plural} in the written tables");
            let _ = writeln!(text, "{}", cut(&more, width, '…'));
        }
    }
    text
}

/// Widths of the columns that are shown.
fn fit(lines: &[Vec<String>], keys: usize, width: usize) -> Vec<usize> {
    let mut natural = vec![0; lines[0].len()];
    for line in lines {
        for (width, cell) in natural.iter_mut().zip(line) {
            *width = cell.width().max(*width);
        }
    }
    let total = |widths: &[usize]| widths.iter().map(|width| width + GAP).sum::<usize>();
    let mut widths = natural.clone();
    for key in widths.iter_mut().take(keys) {
        *key = (*key).min(NARROWEST_KEY);
    }
    let room = width.saturating_add(GAP);
    while total(&widths) > room && widths.len() > 1 {
        widths.pop();
    }
    widths[0] = widths[0].min(width);
    // What is left over goes to the settings, a place at a time to the narrowest of those cut.
    for _ in total(&widths)..room {
        let cut = widths.iter_mut().zip(&natural).take(keys);
        let Some((key, _)) = cut.filter(|(key, natural)| **key < **natural).min() else {
            break;
        };
        *key += 1;
    }
    widths
}
