//! `result.json`: appears when a trial has ended.
//!
//! JSON has no NaN and no infinity, and a trial may end because of just these. So the record of the last
//! iteration is written as the row of `iterations.csv` that it is: finite numbers as numbers,
//! others as the text `NaN`, `inf` or `-inf`, unknown values as `null`.

use std::fs;
use std::io;

use csv::{ReaderBuilder, StringRecord, WriterBuilder};
use serde_json::{Map, Value};

use super::error::StoreError;
use super::layout::TrialDirectory;
use super::measured::IterationRecord;
use super::publish::{publish, publish_first};
use super::read::{ROWS, SMALL, read};
use super::records::TrialResult;
use super::rows::text_of;
use crate::measure::visible;

const REMEDY: &str =
    "delete this file and run the same command again: the trial resumes from its checkpoint";

impl TrialDirectory {
    /// The result; `None` if the trial has none yet.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged or is the result of another trial.
    pub fn read_result(&self) -> Result<Option<TrialResult>, StoreError> {
        let Some(bytes) = read(&self.result_json(), SMALL)? else {
            return Ok(None);
        };
        let damaged = |what: String| StoreError::damaged(&self.result_json(), what, REMEDY);
        let result =
            parse(&bytes).map_err(|error| damaged(format!("not a valid result: {error}")))?;
        if self.is_of(&result.trial) {
            return Ok(Some(result));
        }
        Err(damaged(format!(
            "is the result of trial {}",
            visible(&result.trial)
        )))
    }

    /// [`TrialDirectory::read_result`] of a trial at rest, held against its rows: both end with the same one. Rows that are
    /// not there say nothing.
    ///
    /// # Errors
    /// As [`TrialDirectory::read_result`]; and if the rows cannot be read, or end with another one.
    pub fn read_checked_result(&self) -> Result<Option<TrialResult>, StoreError> {
        let Some(result) = self.read_result()? else {
            return Ok(None);
        };
        if let (Some(said), Some(row)) = (&result.last, self.last_iteration()?)
            && text_of(said) != text_of(&row)
        {
            let what = format!(
                "its last iteration ({}) is not the last row of iterations.csv ({}), or has other numbers",
                said.iteration, row.iteration
            );
            return Err(StoreError::damaged(&self.result_json(), what, REMEDY));
        }
        Ok(Some(result))
    }

    /// The bytes of the model; `None` if the trial has none.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read_model(&self) -> Result<Option<Vec<u8>>, StoreError> {
        read(&self.model(), ROWS)
    }

    /// Publishes the result unless there is one: of several workers on one trial the first wins.
    ///
    /// Returns whether this call was the first.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn publish_result(&self, result: &TrialResult) -> Result<bool, StoreError> {
        publish_first(&self.result_json(), &self.format(result)?)
    }

    /// Publishes the result in place of a former one: of a trial that failed or was stopped and has run again.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn replace_result(&self, result: &TrialResult) -> Result<(), StoreError> {
        publish(&self.result_json(), &self.format(result)?)
    }

    /// Removes the result: the trial is to run again.
    ///
    /// # Errors
    /// If the file cannot be removed.
    pub fn remove_result(&self) -> Result<(), StoreError> {
        let path = self.result_json();
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io(&path, "remove", &error))
            }
            _ => Ok(()),
        }
    }

    fn format(&self, result: &TrialResult) -> Result<Vec<u8>, StoreError> {
        format(result).map_err(|error| {
            let what = format!("cannot write the result: {error}");
            StoreError::new(&self.result_json(), what, "this is a bug; please report it")
        })
    }
}

fn format(result: &TrialResult) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let last = result.last.as_ref().map(row_as_json).transpose()?;
    let mut value = serde_json::to_value(TrialResult {
        last: None,
        ..result.clone()
    })?;
    value["last"] = last.map_or(Value::Null, Value::Object);
    let mut bytes = serde_json::to_vec_pretty(&value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

pub(super) fn parse(bytes: &[u8]) -> Result<TrialResult, Box<dyn std::error::Error>> {
    let mut value: Value = serde_json::from_slice(bytes)?;
    let last = match value.get_mut("last").map(Value::take) {
        None | Some(Value::Null) => None,
        Some(Value::Object(cells)) => Some(row_from_json(&cells)?),
        Some(other) => return Err(format!("last: not an object but {other}").into()),
    };
    let mut result: TrialResult = serde_json::from_value(value)?;
    result.last = last;
    Ok(result)
}

fn row_as_json(row: &IterationRecord) -> Result<Map<String, Value>, csv::Error> {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    writer.serialize(row)?;
    let text = writer
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?;
    let mut reader = ReaderBuilder::new().from_reader(text.as_slice());
    let header = reader.headers()?.clone();
    let mut record = StringRecord::new();
    reader.read_record(&mut record)?;
    let cells = header.iter().zip(&record);
    Ok(cells
        .map(|(name, cell)| (name.to_owned(), value_of(cell)))
        .collect())
}

fn row_from_json(cells: &Map<String, Value>) -> Result<IterationRecord, csv::Error> {
    let header: StringRecord = cells.keys().map(String::as_str).collect();
    let record: StringRecord = cells.values().map(cell_of).collect();
    record.deserialize(Some(&header))
}

/// A cell as JSON: `null` if empty, a number if JSON can hold it, otherwise text.
fn value_of(cell: &str) -> Value {
    if cell.is_empty() {
        return Value::Null;
    }
    serde_json::from_str(cell).unwrap_or_else(|_| Value::from(cell))
}

/// The inverse of [`value_of`].
fn cell_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
