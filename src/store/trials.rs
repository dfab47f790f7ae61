//! `trials.csv`: one row per trial, always whole.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Writer, WriterBuilder};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::layout::RunDirectory;
use super::publish::{publish, publish_unsynced};
use super::records::{TrialResult, TrialStatus};
use super::tail::read_file;
use crate::measure::Quantity;

/// The columns before the swept ones.
const BEFORE: [&str; 3] = ["trial", "status", "seed"];
/// The column after the metrics.
const LAST: &str = "error";
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

/// One row of `trials.csv`. Field order is column order. `None`: not known (an empty cell).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrialRow {
    /// The trial's id.
    pub trial: String,
    /// Its state.
    pub status: TrialStatus,
    /// Its seed.
    pub seed: u64,
    /// One cell per column of [`TrialTable::swept`]; empty where the trial does not use the setting.
    #[serde(skip_deserializing)]
    pub swept: Vec<String>,
    /// Passes over all blocks.
    pub iterations: Option<u64>,
    /// F at the end.
    pub objective: Option<f64>,
    /// `1/2 |V_N - Y|^2` at the end.
    pub loss: Option<f64>,
    /// `sqrt(sum |V_i - act(U_i)|^2)` at the end.
    pub residual_v: Option<f64>,
    /// `sqrt(sum |U_i - W_i V_{i-1}|^2)` at the end.
    pub residual_u: Option<f64>,
    /// `sqrt(sum |W_i - Z_i|^2)` over compressed layers at the end.
    pub residual_w: Option<f64>,
    /// Norm of the last change of all blocks.
    pub step: Option<f64>,
    /// Iterations in which the objective rose.
    pub descent_violations: Option<u64>,
    /// Accuracy on the training part at the end, in [0, 1].
    pub train_accuracy: Option<f64>,
    /// Accuracy on the test part at the end, in [0, 1].
    pub test_accuracy: Option<f64>,
    /// Best test accuracy over all evaluated iterations, in [0, 1].
    pub best_test_accuracy: Option<f64>,
    /// Mean recall over the classes of the test part at the end, in [0, 1].
    pub balanced_accuracy: Option<f64>,
    /// Share of zeros among the weights of the deployed network.
    pub sparsity: Option<f64>,
    /// The same after dead units are removed.
    pub effective_sparsity: Option<f64>,
    /// Weights and biases of the dense network.
    pub params_dense: Option<u64>,
    /// Stored numbers of the deployed network.
    pub params_compressed: Option<u64>,
    /// The former over the latter.
    pub compression_ratio: Option<f64>,
    /// Bytes of the dense network's tensors on disk.
    pub bytes_dense: Option<u64>,
    /// Bytes of the deployed network's tensors on disk.
    pub bytes_compressed: Option<u64>,
    /// Seconds of computing.
    pub seconds: Option<f64>,
    /// The same per iteration.
    pub seconds_per_iteration: Option<f64>,
    /// Accuracy on what was held out of the training part, at the end, in [0, 1]; files of earlier versions have no such
    /// column.
    #[serde(default)]
    pub validation_accuracy: Option<f64>,
    /// The error of a failed trial; empty otherwise.
    pub error: String,
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

impl TrialRow {
    /// The row of a trial that has ended.
    pub fn from_result(result: &TrialResult, swept: Vec<String>) -> Self {
        let last = result.last.as_ref();
        let known = |count: u64| (count > 0).then_some(count);
        let iterations = last.map(|row| row.iteration);
        Self {
            trial: result.trial.clone(),
            status: result.status,
            seed: result.seed,
            swept,
            iterations,
            objective: last.map(|row| row.objective),
            loss: last.map(|row| row.loss),
            residual_v: last.and_then(|row| row.residual_v),
            residual_u: last.and_then(|row| row.residual_u),
            residual_w: last.map(|row| row.residual_w),
            step: last.map(|row| row.step),
            descent_violations: last.and_then(|row| row.descent_violations),
            train_accuracy: last.and_then(|row| row.train_accuracy),
            test_accuracy: last.and_then(|row| row.test_accuracy),
            best_test_accuracy: result.best_test_accuracy,
            balanced_accuracy: last.and_then(|row| row.balanced_accuracy),
            sparsity: last.map(|row| row.sparsity),
            effective_sparsity: result.effective_sparsity,
            params_dense: known(result.params_dense),
            params_compressed: known(result.params_compressed),
            compression_ratio: last.map(|row| row.compression_ratio),
            bytes_dense: known(result.bytes_dense),
            bytes_compressed: known(result.bytes_compressed),
            seconds: Some(result.seconds),
            seconds_per_iteration: iterations
                .and_then(known)
                .map(|count| result.seconds / count as f64),
            validation_accuracy: last.and_then(|row| row.validation_accuracy),
            error: result.error.clone().unwrap_or_default(),
        }
    }

    /// The value of a quantity; `None`: not known, or no column of `trials.csv`.
    pub fn value(&self, quantity: Quantity) -> Option<f64> {
        let count = |value: Option<u64>| value.map(|count| count as f64);
        match quantity {
            Quantity::Iterations => count(self.iterations),
            Quantity::Objective => self.objective,
            Quantity::Loss => self.loss,
            Quantity::ResidualV => self.residual_v,
            Quantity::ResidualU => self.residual_u,
            Quantity::ResidualW => self.residual_w,
            Quantity::Step => self.step,
            Quantity::DescentViolations => count(self.descent_violations),
            Quantity::TrainAccuracy => self.train_accuracy,
            Quantity::TestAccuracy => self.test_accuracy,
            Quantity::BestTestAccuracy => self.best_test_accuracy,
            Quantity::BalancedAccuracy => self.balanced_accuracy,
            Quantity::Sparsity => self.sparsity,
            Quantity::EffectiveSparsity => self.effective_sparsity,
            Quantity::ParamsDense => count(self.params_dense),
            Quantity::ParamsCompressed => count(self.params_compressed),
            Quantity::CompressionRatio => self.compression_ratio,
            Quantity::BytesDense => count(self.bytes_dense),
            Quantity::BytesCompressed => count(self.bytes_compressed),
            Quantity::Seconds => self.seconds,
            Quantity::SecondsPerIteration => self.seconds_per_iteration,
            Quantity::ValidationAccuracy => self.validation_accuracy,
            Quantity::Tau | Quantity::Gamma | Quantity::Rho | Quantity::RelativeError => None,
        }
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
        let bytes = read_file(path).map_err(|error| StoreError::io(path, "read", &error))?;
        Self::parse(&bytes).map_err(|what| {
            StoreError::new(
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
            .map_err(|what| StoreError::new(path, what, "this is a fault of the program"))
    }

    fn format(&self) -> Result<Vec<u8>, String> {
        let mut writer: Writer<Vec<u8>> = WriterBuilder::new()
            .has_headers(false)
            .from_writer(Vec::new());
        writer
            .write_record(header(&self.swept, &metrics()))
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
            "the columns are not those of a trials.csv of this version"
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

fn header<'a>(swept: &'a [String], metrics: &'a [&str]) -> impl Iterator<Item = &'a str> {
    BEFORE
        .into_iter()
        .chain(swept.iter().map(String::as_str))
        .chain(metrics.iter().copied())
        .chain([LAST])
}

/// Where the swept columns end. Files of earlier versions lack the last metrics.
fn swept_end(columns: &StringRecord) -> Option<usize> {
    let metrics = metrics();
    (OLDEST..=metrics.len()).rev().find_map(|count| {
        let end = columns.len().checked_sub(count + 1)?;
        let swept = cells(columns, BEFORE.len(), end);
        let fits = header(&swept, &metrics[..count]).eq(columns.iter());
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
