//! `iterations.csv` and `layers.csv`: written row by row, read while they grow.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use csv::{ReaderBuilder, StringRecord, WriterBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::append::AppendFile;
use super::error::StoreError;
use super::layout::TrialDirectory;
use super::measured::{IterationRecord, LayerRecord};
use super::publish::publish;
use super::read::{ROWS, open, read};
use super::tail::whole_lines;
use crate::measure::Quantity;

/// A record that belongs to an iteration; its fields are the columns of its file.
pub trait Row: Serialize + DeserializeOwned + Default {
    /// The iteration.
    fn iteration(&self) -> u64;
}

impl Row for IterationRecord {
    fn iteration(&self) -> u64 {
        self.iteration
    }
}

impl Row for LayerRecord {
    fn iteration(&self) -> u64 {
        self.iteration
    }
}

/// Writes `iterations.csv`.
pub type IterationWriter = RowWriter<IterationRecord>;
/// Writes `layers.csv`.
pub type LayerWriter = RowWriter<LayerRecord>;

/// Appends rows to a CSV file that it alone writes.
#[derive(Debug)]
pub struct RowWriter<R> {
    path: PathBuf,
    file: AppendFile,
    rows: PhantomData<fn(&R)>,
}

impl<R: Row> RowWriter<R> {
    /// Begins the file anew: only the header.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        Self::open(path, 0)
    }

    /// Goes on with the file from a checkpoint taken after `iteration`.
    ///
    /// Rows after that iteration are cut, and so is a torn last line: the trial will write them again,
    /// and each iteration appears once. A missing or empty file is begun anew, and one of an earlier version, which
    /// lacks the last columns, gets them.
    ///
    /// # Errors
    /// If the file cannot be read or written, or has other columns.
    pub fn resume_at(path: &Path, iteration: u64) -> Result<Self, StoreError> {
        let mut bytes = read(path, ROWS)?.unwrap_or_default();
        if let Some(widened) = widened::<R>(whole_lines(&bytes)) {
            publish(path, &widened)?;
            bytes = widened;
        }
        let kept = length_up_to::<R>(whole_lines(&bytes), iteration)
            .map_err(|what| StoreError::damaged(path, what, REMEDY))?;
        Self::open(path, kept as u64)
    }

    fn open(path: &Path, kept: u64) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        let mut file = AppendFile::open(path, &mut options)?;
        if file.length() > kept {
            file.cut(kept)?;
        }
        if kept == 0 {
            file.append(&header_line::<R>())?;
        }
        Ok(Self {
            path: path.to_path_buf(),
            file,
            rows: PhantomData,
        })
    }

    /// Appends a row, with one write call.
    ///
    /// # Errors
    /// If it cannot be written; the file is then as it was.
    pub fn append(&mut self, row: &R) -> Result<(), StoreError> {
        self.append_all(std::slice::from_ref(row))
    }

    /// Appends rows, with one write call for all of them.
    ///
    /// # Errors
    /// If they cannot be written; the file is then as it was.
    pub fn append_all(&mut self, rows: &[R]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let lines = lines(rows, false).map_err(|error| {
            StoreError::new(&self.path, format!("cannot write a row: {error}"), REMEDY)
        })?;
        self.file.append(&lines)
    }

    /// Forces all rows to the disk. To be called before a checkpoint is written, or a power failure
    /// could leave a checkpoint that is ahead of its rows.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.file.sync()
    }
}

impl IterationRecord {
    /// The quantities of a row, in the order of its columns.
    pub fn quantities() -> &'static [Quantity] {
        static QUANTITIES: LazyLock<Vec<Quantity>> = LazyLock::new(|| {
            let columns = names(&header_line::<IterationRecord>());
            columns.iter().filter_map(Quantity::named).collect()
        });
        &QUANTITIES
    }
}

const REMEDY: &str = "move the trial's directory away and run the same command again";

impl TrialDirectory {
    /// All rows of `iterations.csv`. Missing file: none; a torn last line is dropped.
    ///
    /// # Errors
    /// If the file cannot be read or a whole line holds no record; names the line.
    pub fn read_iterations(&self) -> Result<Vec<IterationRecord>, StoreError> {
        read_rows(&self.iterations_csv())
    }

    /// The last row of `iterations.csv`, by its end alone. Missing file, or one without rows: none.
    ///
    /// # Errors
    /// If the file cannot be read, or its last whole line holds no record.
    pub fn last_iteration(&self) -> Result<Option<IterationRecord>, StoreError> {
        let path = self.iterations_csv();
        let Some([first, last]) = first_and_last_line(&path)? else {
            return Ok(None);
        };
        rows(&mut Some(names(&first)), &last)
            .next()
            .map(|row| row.map(|(row, _)| row))
            .transpose()
            .map_err(|what| StoreError::damaged(&path, what, REMEDY))
    }

    /// All rows of `layers.csv`. Missing file: none; a torn last line is dropped.
    ///
    /// # Errors
    /// If the file cannot be read or a whole line holds no record; names the line.
    pub fn read_layers(&self) -> Result<Vec<LayerRecord>, StoreError> {
        read_rows(&self.layers_csv())
    }
}

fn read_rows<R: Row>(path: &Path) -> Result<Vec<R>, StoreError> {
    let bytes = read(path, ROWS)?.unwrap_or_default();
    rows(&mut None, whole_lines(&bytes))
        .map(|row| row.map(|(row, _)| row))
        .collect::<Result<_, _>>()
        .map_err(|what| StoreError::damaged(path, what, REMEDY))
}

/// The first line of a file and the last whole one, if that is another; lines are short.
fn first_and_last_line(path: &Path) -> Result<Option<[Vec<u8>; 2]>, StoreError> {
    const ENOUGH: u64 = 1 << 14;
    let Some(mut file) = open(path)? else {
        return Ok(None);
    };
    let mut look = || {
        let (mut start, mut end) = (Vec::new(), Vec::new());
        (&mut file).take(ENOUGH).read_to_end(&mut start)?;
        let from = file.metadata()?.len().saturating_sub(ENOUGH);
        file.seek(SeekFrom::Start(from))?;
        (&mut file).take(ENOUGH).read_to_end(&mut end)?;
        Ok((start, end))
    };
    let (start, end) = look().map_err(|error: io::Error| StoreError::io(path, "read", &error))?;
    let mut lines = whole_lines(&end).split_inclusive(|&byte| byte == b'\n');
    let is_only_one = start.len() == end.len() && lines.clone().count() < 2;
    let first = start.split_inclusive(|&byte| byte == b'\n').next();
    Ok(match (first, lines.next_back()) {
        (Some(first), Some(last)) if !is_only_one => Some([first.to_vec(), last.to_vec()]),
        _ => None,
    })
}

/// A row as the line that it is in a file.
pub(super) fn text_of<R: Row>(row: &R) -> Vec<u8> {
    lines(std::slice::from_ref(row), false).expect("a record of numbers and text has a CSV form")
}

/// The same rows with all columns, where a file of an earlier version lacks the last ones.
fn widened<R: Row>(text: &[u8]) -> Option<Vec<u8>> {
    let header = header_line::<R>();
    let first = text.split_inclusive(|&byte| byte == b'\n').next()?;
    let added = header.strip_prefix(first.trim_ascii_end())?;
    if !added.starts_with(b",") {
        return None;
    }
    let rows: Vec<R> = rows(&mut None, text)
        .map_while(Result::ok)
        .map(|(row, _)| row)
        .collect();
    Some([header, lines(&rows, false).ok()?].concat())
}

/// Length of the header and of the rows up to and with `iteration`; 0 for an empty file.
///
/// Ends at the first line that holds no row: nothing after it can be trusted.
fn length_up_to<R: Row>(lines: &[u8], iteration: u64) -> Result<usize, String> {
    if lines.is_empty() {
        return Ok(0);
    }
    let header = header_line::<R>();
    let body = lines
        .strip_prefix(header.as_slice())
        .ok_or("unexpected columns: written by another version")?;
    let length = rows::<R>(&mut Some(names(&header)), body)
        .map_while(Result::ok)
        .take_while(|(row, _)| row.iteration() <= iteration)
        .last()
        .map_or(0, |(_, end)| end);
    Ok(header.len() + length)
}

/// The rows in whole lines, each with the place where its line ends, or what is wrong with the line.
///
/// Without a `header` the first line is taken as such and kept there.
pub(super) fn rows<'a, R: Row>(
    header: &'a mut Option<StringRecord>,
    lines: &'a [u8],
) -> impl Iterator<Item = Result<(R, usize), String>> + 'a {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(lines);
    let mut record = StringRecord::new();
    std::iter::from_fn(move || {
        loop {
            match reader.read_record(&mut record) {
                Ok(false) => return None,
                Err(error) => return Some(Err(error.to_string())),
                Ok(true) => {}
            }
            let end = reader.position().byte() as usize;
            match header {
                None => *header = Some(record.clone()),
                Some(header) => return Some(row(&record, header).map(|row| (row, end))),
            }
        }
    })
}

fn row<R: Row>(record: &StringRecord, header: &StringRecord) -> Result<R, String> {
    let line = record.position().map_or(0, csv::Position::line);
    if record.len() != header.len() {
        return Err(format!(
            "line {line}: {} cells instead of {}",
            record.len(),
            header.len()
        ));
    }
    record
        .deserialize(Some(header))
        .map_err(|error| format!("line {line}: {error}"))
}

fn names(header_line: &[u8]) -> StringRecord {
    String::from_utf8_lossy(header_line)
        .trim_end()
        .split(',')
        .collect()
}

/// Text of the fields' names, as the first line of a file.
fn header_line<R: Row>() -> Vec<u8> {
    let mut text =
        lines(&[R::default()], true).expect("a record of numbers and text has a CSV form");
    let end = text.iter().position(|&byte| byte == b'\n');
    text.truncate(end.map_or(0, |end| end + 1));
    text
}

/// The lines of rows; with `header`, the line of names before them.
fn lines<R: Row>(rows: &[R], header: bool) -> Result<Vec<u8>, csv::Error> {
    let mut writer = WriterBuilder::new()
        .has_headers(header)
        .from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}
