//! Markdown: a pipe table with aligned columns, notes as a list below it.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::{
    EMPTY, PaperTable,
    grid::{self, Syntax},
    one_line,
};
use crate::report::number::Printed;

struct Markdown;

impl Syntax for Markdown {
    fn text(&self, text: &str) -> String {
        escape(text)
    }

    fn empty(&self) -> &'static str {
        EMPTY
    }

    fn number(&self, printed: &Printed, best: bool) -> String {
        let number = printed.to_string();
        if best {
            format!("**{number}**")
        } else {
            number
        }
    }

    fn mark(&self, mark: &str) -> String {
        format!("<sup>{mark}</sup>")
    }
}

pub(super) fn render(table: &PaperTable) -> String {
    let keys = table.row_headers.len();
    let lines = grid::lines(table, &Markdown);
    let widths = column_widths(&lines);
    let mut text = format!("**{}**\n\n", escape(&table.title));
    for (index, line) in lines.iter().enumerate() {
        for (column, (cell, &width)) in line.iter().zip(&widths).enumerate() {
            let padding = " ".repeat(width - cell.width());
            if column < keys {
                text.extend(["| ", cell, &padding, " "]);
            } else {
                text.extend(["| ", &padding, cell, " "]);
            }
        }
        text.push_str("|\n");
        if index == 0 {
            text.push_str(&rule(&widths, keys));
        }
    }
    for (index, (mark, note)) in table.notes().enumerate() {
        let space = if index == 0 { "\n" } else { "" };
        let mark = mark.map_or_else(String::new, |mark| Markdown.mark(&mark) + " ");
        let _ = writeln!(text, "{space}- {mark}{}", escape(note));
    }
    text
}

fn column_widths(lines: &[Vec<String>]) -> Vec<usize> {
    let mut widths = Vec::new();
    for line in lines {
        widths.resize(line.len(), 3);
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.width().max(*width);
        }
    }
    widths
}

/// The line under the header; its colons align the numbers to the right.
fn rule(widths: &[usize], keys: usize) -> String {
    let mut rule = String::new();
    for (column, &width) in widths.iter().enumerate() {
        if column < keys {
            let _ = write!(rule, "| {} ", "-".repeat(width));
        } else {
            let _ = write!(rule, "| {}: ", "-".repeat(width - 1));
        }
    }
    rule.push_str("|\n");
    rule
}

/// `text` as it is, whatever Markdown would make of it.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '~' | '$' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::escape;

    proptest! {
        #[test]
        fn a_cell_stays_one_cell_on_one_line(text in "[\\PC\\n\\r\\t\\x1b|\\\\<>&]*") {
            let escaped = escape(&text);
            let acted_on = ['\n', '\r', '\u{1b}', '<', '>'];
            prop_assert!(!escaped.contains(acted_on));
            // A pipe ends a cell unless an odd number of backslashes stands before it.
            let mut backslashes = 0;
            for c in escaped.chars() {
                prop_assert!(c != '|' || backslashes % 2 == 1);
                backslashes = if c == '\\' { backslashes + 1 } else { 0 };
            }
            prop_assert!(backslashes % 2 == 0, "the cell's end would be escaped");
        }
    }
}
