//! `trials.csv`: one row per trial, always whole.

use std::io::ErrorKind;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Writer, WriterBuilder};

use super::error::StoreError;
use super::layout::RunDirectory;
use super::measured::TrialRow;
use super::publish::{publish, publish_unsynced};
use super::read::{ROWS, read};
use crate::measure::Quantity;

/// The columns before the swept ones.
const BEFORE: [&str; 3] = ["trial", "status", "seed"];
/// The columns after the metrics; files of earlier versions have only the last one.
const LAST: [&str; 2] = ["notices", "error"];
/// Metrics that files of every version have.
const OLDEST: usize = 21;

/// The content of `trials.csv`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrialTable {
    /// Names of the swept columns: dotted paths of settings.
    pub swept: Vec<String>,
    /// One row per trial, in the order of the plan.
    pub rows: Vec<TrialRow>,
}

impl RunDirectory {
    /// Reads `trials.csv`.
    ///
    /// # Errors
    /// As [`TrialTable::read`].
    pub fn read_trials(&self) -> Result<TrialTable, StoreError> {
        TrialTable::read(&self.trials_csv())
    }
}

impl TrialTable {
    /// What a table shows unless it is asked for other quantities; an optional one only where a row has it.
    pub fn usual_metrics(&self) -> Vec<Quantity> {
        let is_known = |quantity| self.rows.iter().any(|row| row.value(quantity).is_some());
        (Quantity::USUAL.iter().copied())
            .filter(|&quantity| !quantity.is_optional() || is_known(quantity))
            .collect()
    }

    /// Reads the file.
    ///
    /// # Errors
    /// If the file cannot be read, has other columns, or a cell holds no value of its kind.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        let missing = || StoreError::io(path, "read", &ErrorKind::NotFound.into());
        let bytes = read(path, ROWS)?.ok_or_else(missing)?;
        Self::parse(&bytes).map_err(|what| {
            StoreError::damaged(
                path,
                what,
                "run the sweep again: it rebuilds this file from the results of the trials",
            )
        })
    }

    /// Publishes the table as the file, replacing what was there; no reader ever sees a part of it.
    ///
    /// # Errors
    /// If the file cannot be written, or a row has not one cell per swept column.
    pub fn write(&self, path: &Path) -> Result<(), StoreError> {
        publish(path, &self.bytes(path)?)
    }

    /// [`TrialTable::write`] for a table that is about to change again: never seen in part, but not
    /// forced to the disk. What a power failure may take, the next start makes again from the results.
    ///
    /// # Errors
    /// As [`TrialTable::write`].
    pub fn write_unsynced(&self, path: &Path) -> Result<(), StoreError> {
        publish_unsynced(path, &self.bytes(path)?)
    }

    fn bytes(&self, path: &Path) -> Result<Vec<u8>, StoreError> {
        self.format()
            .map_err(|what| StoreError::new(path, what, "this is a bug; please report it"))
    }

    fn format(&self) -> Result<Vec<u8>, String> {
        let mut writer: Writer<Vec<u8>> = WriterBuilder::new()
            .has_headers(false)
            .from_writer(Vec::new());
        writer
            .write_record(header(&self.swept, &metrics(), &LAST))
            .map_err(|error| error.to_string())?;
        for row in &self.rows {
            writer
                .serialize(row)
                .map_err(|error| format!("row of trial {}: {error}", row.trial))?;
        }
        writer.into_inner().map_err(|error| error.to_string())
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut reader = ReaderBuilder::new().from_reader(bytes);
        let header = reader.headers().map_err(|error| error.to_string())?.clone();
        let swept_end = swept_end(&header).ok_or(if bytes.is_empty() {
            "the file is empty"
        } else {
            "unexpected columns: not a trials.csv of this version"
        })?;
        let mut table = Self {
            swept: cells(&header, BEFORE.len(), swept_end),
            rows: Vec::new(),
        };
        let fixed_header = without(&header, BEFORE.len(), swept_end);
        for record in reader.records() {
            let record = record.map_err(|error| error.to_string())?;
            let mut row: TrialRow = without(&record, BEFORE.len(), swept_end)
                .deserialize(Some(&fixed_header))
                .map_err(|error| {
                    let line = record.position().map_or(0, csv::Position::line);
                    format!("line {line}: {error}")
                })?;
            row.swept = cells(&record, BEFORE.len(), swept_end);
            table.rows.push(row);
        }
        Ok(table)
    }
}

/// Names of the numeric columns after the swept ones.
fn metrics() -> Vec<&'static str> {
    Quantity::of_trials().map(Quantity::name).collect()
}

fn header<'a>(
    swept: &'a [String],
    metrics: &'a [&str],
    last: &'a [&str],
) -> impl Iterator<Item = &'a str> {
    BEFORE
        .into_iter()
        .chain(swept.iter().map(String::as_str))
        .chain(metrics.iter().copied())
        .chain(last.iter().copied())
}

/// Where the swept columns end. Files of earlier versions lack the last metrics, or the notices.
fn swept_end(columns: &StringRecord) -> Option<usize> {
    let metrics = metrics();
    let versions = [&LAST[..], &LAST[1..]];
    let counts = (OLDEST..=metrics.len()).rev();
    let mut layouts = counts.flat_map(|count| versions.map(|last| (count, last)));
    layouts.find_map(|(count, last)| {
        let end = columns.len().checked_sub(count + last.len())?;
        let swept = cells(columns, BEFORE.len(), end);
        let fits = header(&swept, &metrics[..count], last).eq(columns.iter());
        fits.then_some(end)
    })
}

fn cells(record: &StringRecord, start: usize, end: usize) -> Vec<String> {
    record
        .iter()
        .take(end)
        .skip(start)
        .map(str::to_owned)
        .collect()
}

/// `record` without its cells `start..end`.
fn without(record: &StringRecord, start: usize, end: usize) -> StringRecord {
    record
        .iter()
        .take(start)
        .chain(record.iter().skip(end))
        .collect()
}
