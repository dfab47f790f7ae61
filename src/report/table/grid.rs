//! From the model to lines of cells, with the syntax of a format filled in.

use std::fmt::Write as _;

use super::{PaperCell, PaperGroup, PaperTable, mark};
use crate::report::{
    metric::Metric,
    number::{self, Printed},
};

/// What a format has to say about single cells.
pub(super) trait Syntax {
    /// `text` such that a reader of the format sees exactly it, on one line.
    fn text(&self, text: &str) -> String;
    /// What stands where there is no value.
    fn empty(&self) -> &'static str;
    /// A mean with its deviation, emphasised if it is the best one.
    fn number(&self, printed: &Printed, best: bool) -> String;
    /// The mark of a footnote, to be put behind a cell.
    fn mark(&self, mark: &str) -> String;
}

/// All lines of the table, the first one being its header. The first
/// `table.row_headers.len()` cells of each are its keys, the others are numbers.
pub(super) fn lines(table: &PaperTable, syntax: &impl Syntax) -> Vec<Vec<String>> {
    let shorts = table.row_headers.iter().map(|header| header.short.as_str());
    let mut header: Vec<String> = shorts.map(|short| syntax.text(short)).collect();
    if !table.is_pivot() {
        header.push(table.count_heading.clone());
    }
    header.extend(table.headings().iter().map(|text| syntax.text(text)));
    let mut lines = vec![header];
    for row in &table.rows {
        let keys = row.keys.iter().map(|key| match key.as_str() {
            "" => syntax.empty().to_owned(),
            key => syntax.text(key),
        });
        let mut line: Vec<String> = keys.collect();
        for group in &row.groups {
            push_group(table, group, syntax, &mut line);
        }
        lines.push(line);
    }
    lines
}

/// The cells of a group. Its footnote's mark stands at the count or, in a pivot, at the last cell.
fn push_group(
    table: &PaperTable,
    group: &PaperGroup,
    syntax: &impl Syntax,
    line: &mut Vec<String>,
) {
    let note = group
        .footnote
        .map_or_else(String::new, |index| syntax.mark(&mark(index)));
    let pivot = table.is_pivot();
    if !pivot {
        line.push(format!("{}{note}", group.done));
    }
    for (metric, cell) in table.metrics.iter().zip(&group.cells) {
        line.push(value(table, group, metric, cell, syntax));
    }
    if pivot && let Some(last) = line.last_mut() {
        last.push_str(&note);
    }
}

fn value(
    table: &PaperTable,
    group: &PaperGroup,
    metric: &Metric,
    cell: &PaperCell,
    syntax: &impl Syntax,
) -> String {
    let Some(summary) = &cell.summary else {
        return syntax.empty().to_owned();
    };
    let mut text = syntax.number(&number::print(summary, metric.style), cell.best);
    if let Some(n) = table.odd_count(group, cell) {
        let _ = write!(text, " (n = {n})");
    }
    text
}
