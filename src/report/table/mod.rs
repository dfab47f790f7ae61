//! Paper tables: one model, built once; each format supplies only its syntax.

mod build;
mod csv;
mod grid;
mod latex;
mod layout;
mod markdown;
mod notes;
mod plain;

use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

pub(super) use build::assemble;
pub use build::{TableQuery, build};
pub(super) use layout::{Layout, Setting, leading, settings};
pub use plain::short_text;

use super::{ReportError, metric::Metric};
use crate::measure::{Summary, visible};
use crate::store::{self, StoreError};

/// A table as a paper shows it, independent of any output format.
#[derive(Clone, Debug, PartialEq)]
pub struct PaperTable {
    /// Its caption.
    pub title: String,
    /// The setting that each key column of a row holds.
    pub row_headers: Vec<Header>,
    /// What the column with the number of trials is called: `n`, unless a setting is (that of n:m compression).
    pub count_heading: String,
    /// The blocks of columns: one per combination of the settings across, or a single one.
    pub blocks: Vec<Block>,
    /// The columns inside every block.
    pub metrics: Vec<Metric>,
    /// The rows, in the order in which the settings first occur among the trials.
    pub rows: Vec<PaperRow>,
    /// Trials behind every cell, if that is the same for all of them.
    pub common_n: Option<usize>,
    /// What is said under the table about all of it.
    pub remarks: Vec<String>,
    /// What is said about single cells; the first one has mark `a`.
    pub footnotes: Vec<String>,
}

/// A swept setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its whole dotted path.
    pub path: String,
    /// Its last part, where that cannot be mistaken for another one.
    pub short: String,
}

/// A block of columns: the metrics under one combination of the settings across.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The settings across with their values; empty in a table that is not pivoted.
    pub settings: Vec<(Header, String)>,
}

impl Block {
    /// Heading of the setting number `level`.
    fn heading(&self, level: usize) -> String {
        let (header, value) = &self.settings[level];
        let value = if value.is_empty() { EMPTY } else { value };
        format!("{} = {value}", header.short)
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct PaperRow {
    /// Values of the settings down; an empty one is not used by this row.
    pub keys: Vec<String>,
    /// One group of trials for each of [`PaperTable::blocks`].
    pub groups: Vec<PaperGroup>,
}

/// The trials that are averaged: one row in one block.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PaperGroup {
    /// Trials that are done.
    pub done: usize,
    /// Trials that failed.
    pub failed: usize,
    /// Trials that are queued, running or stopped.
    pub unfinished: usize,
    /// Index into [`PaperTable::footnotes`].
    pub footnote: Option<usize>,
    /// One cell for each of [`PaperTable::metrics`].
    pub cells: Vec<PaperCell>,
}

/// One metric of one group of trials.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PaperCell {
    /// `None`: no trial of the group has a value.
    pub summary: Option<Summary>,
    /// No other cell of this metric has a better mean.
    pub best: bool,
}

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// A table in the Markdown that code hosts render.
    Markdown,
    /// A table environment that needs the package booktabs and no other.
    Latex,
    /// Means, deviations and counts in columns of their own, in full precision.
    Csv,
}

impl TableFormat {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Markdown, Self::Latex, Self::Csv];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Latex => "latex",
            Self::Csv => "csv",
        }
    }

    /// The ending of its files, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Latex => "tex",
            Self::Csv => "csv",
        }
    }
}

impl FromStr for TableFormat {
    type Err = ReportError;

    fn from_str(name: &str) -> Result<Self, ReportError> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == name || format.extension() == name)
            .ok_or_else(|| ReportError::UnknownName {
                kind: "table format",
                name: name.to_owned(),
                available: Self::ALL.map(|format| format.name().to_owned()).to_vec(),
            })
    }
}

impl PaperTable {
    /// The table as text of `format`, ending in a newline.
    pub fn render(&self, format: TableFormat) -> String {
        match format {
            TableFormat::Markdown => markdown::render(self),
            TableFormat::Latex => latex::render(self),
            TableFormat::Csv => csv::render(self),
        }
    }

    /// Writes the table to `directory/stem.<extension>` for each of `formats` and returns the paths.
    ///
    /// # Errors
    /// When the directory or a file in it cannot be written.
    pub fn write(
        &self,
        directory: &Path,
        stem: &str,
        formats: &[TableFormat],
    ) -> Result<Vec<PathBuf>, ReportError> {
        fs::create_dir_all(directory)
            .map_err(|error| StoreError::io(directory, "create", &error))?;
        let mut paths = Vec::with_capacity(formats.len());
        for &format in formats {
            let path = directory.join(format!("{stem}.{}", format.extension()));
            store::publish(&path, self.render(format).as_bytes())?;
            paths.push(path);
        }
        Ok(paths)
    }

    /// Calls the table like its run, and like its metric where no column does.
    pub fn entitle(&mut self, run: &str) {
        run.clone_into(&mut self.title);
        if let [single] = &self.metrics[..]
            && self.is_pivot()
        {
            self.title = format!("{run}: {}", single.heading);
        }
    }

    /// Whether the table has settings across as well as down.
    fn is_pivot(&self) -> bool {
        self.blocks.iter().any(|block| !block.settings.is_empty())
    }

    /// Headings of all columns after the key columns and, without pivot, the count of trials.
    fn headings(&self) -> Vec<String> {
        let mut headings = Vec::with_capacity(self.blocks.len() * self.metrics.len());
        for block in &self.blocks {
            let mut parts: Vec<String> = (0..block.settings.len())
                .map(|level| block.heading(level))
                .collect();
            let setting = parts.join(", ");
            for metric in &self.metrics {
                parts.clear();
                if !setting.is_empty() {
                    parts.push(setting.clone());
                }
                if setting.is_empty() || self.metrics.len() > 1 {
                    parts.push(metric.heading.clone());
                }
                headings.push(parts.join(": "));
            }
        }
        headings
    }

    /// Number of trials to be shown inside a cell: only where it differs from what is said once
    /// for the row or the whole table.
    fn odd_count(&self, group: &PaperGroup, cell: &PaperCell) -> Option<usize> {
        let said = if self.is_pivot() {
            self.common_n
        } else {
            Some(group.done)
        };
        let n = cell.summary.as_ref()?.n;
        (said != Some(n)).then_some(n)
    }

    /// What stands under the table: remarks, then footnotes with their marks.
    fn notes(&self) -> impl Iterator<Item = (Option<String>, &str)> {
        let remarks = self.remarks.iter().map(|text| (None, text.as_str()));
        let footnotes = self.footnotes.iter().enumerate();
        remarks.chain(footnotes.map(|(index, text)| (Some(mark(index)), text.as_str())))
    }
}

/// What stands in a cell without a value.
const EMPTY: &str = "–";

/// The mark of a footnote: a, b, …, z, aa, ab, …
fn mark(index: usize) -> String {
    let letter = char::from(b'a' + (index % 26) as u8);
    match index / 26 {
        0 => letter.to_string(),
        rest => format!("{}{letter}", mark(rest - 1)),
    }
}

/// `text` as [`visible`] on one line, with blanks for line breaks and tabs: a cell flows.
pub(super) fn one_line(text: &str) -> String {
    visible(&text.replace(['\n', '\r', '\t'], " "))
}

#[cfg(test)]
mod tests {
    use super::{mark, one_line};

    #[test]
    fn marks_count_on_after_z() {
        let marks = [0, 1, 25, 26, 27, 51, 52, 701, 702].map(mark);
        assert_eq!(marks, ["a", "b", "z", "aa", "ab", "az", "ba", "zz", "aaa"]);
    }

    #[test]
    fn escape_sequences_are_shown_not_sent() {
        assert_eq!(
            one_line("a\u{1b}[31m\nb\u{202e}"),
            "a\\u{1b}[31m b\\u{202e}"
        );
    }
}
