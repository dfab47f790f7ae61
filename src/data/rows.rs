//! The rows of a table in a text file.

use std::io::{self, BufRead, Read};

use csv::{ByteRecord, Position, Reader};

use super::choices::Missing;
use super::columns::{RawColumn, Wish};
use super::delimited::Table;
use super::dialect::{Dialect, is_missing, number};
use super::error::{DataError, shown};
use super::labels::LabelColumn;
use super::raw::{RawPart, Values};
use super::stored::{LONGEST_ROW, StoredFile};
use super::text::NOT_UTF8;
use super::warning::Warning;

/// Fewer rows than this count up by chance.
const COUNTING_ROWS: usize = 10;

/// A file, row by row.
pub(super) struct Rows<'a> {
    file: &'a StoredFile,
    reader: Reader<RowLimit<Box<dyn BufRead + 'a>>>,
    has_header: bool,
}

impl<'a> Rows<'a> {
    /// All rows, or those behind the header.
    pub(super) fn of(file: &'a StoredFile, dialect: Dialect, skip_header: bool) -> Self {
        let mut rows = Self {
            file,
            reader: dialect.reader().from_reader(RowLimit::new(file.reader())),
            has_header: dialect.header,
        };
        if skip_header && dialect.header {
            // What is wrong with it was found when the file was opened.
            let _ = rows.next(&mut ByteRecord::new());
        }
        rows
    }

    /// Reads the next row; false: there is none.
    pub(super) fn next(&mut self, row: &mut ByteRecord) -> Result<bool, DataError> {
        self.reader.get_mut().left = LONGEST_ROW;
        self.reader
            .read_byte_record(row)
            .map_err(|error| self.broken(error))
    }

    /// The error for a row that cannot be taken apart.
    fn broken(&self, error: csv::Error) -> DataError {
        let start = error.position().or(Some(self.reader.position())).cloned();
        let line = Some(line(self.file, start.as_ref()));
        let remedy = "fix the row; a missing closing quote merges rows";
        match error.kind() {
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => {
                let first = if self.has_header {
                    "the header"
                } else {
                    "the first row"
                };
                self.file.content(
                    line,
                    "number of fields",
                    len.to_string(),
                    format!("{expected_len}, as in {first}"),
                    remedy,
                )
            }
            _ if self.reader.get_ref().left == 0 => self.file.content(
                line,
                "length of the row",
                format!("more than {LONGEST_ROW} bytes"),
                format!("up to {LONGEST_ROW} bytes"),
                remedy,
            ),
            _ => self.file.damaged(error.into()),
        }
    }
}

/// What was found while rows were read.
#[derive(Default)]
pub(super) struct Findings {
    /// Rows with missing values that were left out.
    pub(super) dropped: usize,
    /// Names of columns that only count the rows.
    counting: Vec<String>,
}

impl Findings {
    pub(super) fn warnings(&self) -> Vec<Warning> {
        self.counting
            .iter()
            .map(|name| Warning::index_column(name))
            .collect()
    }
}

/// Text in a column that was taken for numbers.
#[derive(Clone, Default)]
struct Doubt {
    texts: usize,
    numbers: usize,
    first: Option<(Option<Position>, Vec<u8>)>,
}

/// The cells of a table that take part.
pub(super) struct Cells<'a> {
    pub(super) table: &'a Table,
    pub(super) wish: &'a Wish<'a>,
    /// Position of the label.
    pub(super) label: usize,
    /// Positions of the features.
    pub(super) positions: Vec<usize>,
}

impl Cells<'_> {
    /// Reads the rows, and once more if columns turn out to hold categories.
    pub(super) fn read_finding_categories(
        &mut self,
        columns: &mut [RawColumn],
    ) -> Result<(RawPart, Findings), DataError> {
        if !self.wish.finds_categories() {
            return self.read(columns);
        }
        let mut doubts = vec![Doubt::default(); columns.len()];
        let read = self.pass(columns, Some(&mut doubts))?;
        let mut found = false;
        for (column, doubt) in doubts.into_iter().enumerate() {
            let Some((position, text)) = doubt.first else {
                continue;
            };
            if doubt.texts <= doubt.numbers {
                return Err(self.not_a_number(position.as_ref(), column, &text));
            }
            columns[column].texts = Some(Default::default());
            found = true;
        }
        if found { self.read(columns) } else { Ok(read) }
    }

    /// Reads the rows.
    pub(super) fn read(&self, columns: &mut [RawColumn]) -> Result<(RawPart, Findings), DataError> {
        self.pass(columns, None)
    }

    fn pass(
        &self,
        columns: &mut [RawColumn],
        mut doubts: Option<&mut Vec<Doubt>>,
    ) -> Result<(RawPart, Findings), DataError> {
        let file = &self.table.file;
        let mut rows = Rows::of(file, self.table.dialect, true);
        let mut numbers = Vec::new();
        let mut labels = LabelColumn::default();
        let mut findings = Findings::default();
        let mut counts = vec![true; columns.len()];
        let mut row = ByteRecord::new();
        while rows.next(&mut row)? {
            self.check_width(&row)?;
            let before = numbers.len();
            let mut complete = !self.drops(row[self.label].trim_ascii());
            for (column, &position) in self.positions.iter().enumerate() {
                let cell = row[position].trim_ascii();
                let value = if is_missing(cell) {
                    complete &= self.wish.missing != Missing::Drop;
                    self.missing(&row, column, cell)?
                } else {
                    let doubt = doubts.as_deref_mut().map(|doubts| &mut doubts[column]);
                    self.value(&row, column, cell, &mut columns[column], doubt)?
                };
                numbers.push(value);
            }
            if !complete {
                numbers.truncate(before);
                findings.dropped += 1;
                continue;
            }
            let samples = labels.len();
            for (column, counts) in counts.iter_mut().enumerate() {
                *counts &= numbers[before + column] == numbers[column] + samples as f64;
            }
            labels.push(self.label(&row)?);
        }
        if labels.len() == 0 {
            return Err(self.no_rows(findings.dropped));
        }
        let is_counting = |column: usize| {
            let name = &columns[column].name;
            let nameless = name.starts_with("Unnamed:");
            let is_number = columns[column].texts.is_none();
            nameless || (counts[column] && is_number && labels.len() >= COUNTING_ROWS)
        };
        let counting = (0..columns.len()).filter(|column| is_counting(*column));
        findings.counting = counting
            .map(|column| columns[column].name.clone())
            .collect();
        let part = RawPart {
            features: columns.len(),
            values: Values::Numbers(numbers),
            labels,
            label_file: file.path().to_owned(),
        };
        Ok((part, findings))
    }

    /// The number that stands for a cell.
    fn value(
        &self,
        row: &ByteRecord,
        column: usize,
        cell: &[u8],
        raw: &mut RawColumn,
        doubt: Option<&mut Doubt>,
    ) -> Result<f64, DataError> {
        if let Some(texts) = &mut raw.texts {
            let text = std::str::from_utf8(cell).map_err(|_| {
                let field = self.field(column);
                let line = Some(line(&self.table.file, row.position()));
                self.table
                    .file
                    .content(line, field, shown(cell), "text in UTF-8", NOT_UTF8)
            })?;
            return Ok(texts.position(text) as f64);
        }
        match (number(cell, self.table.dialect.decimal), doubt) {
            (Some(value), doubt) if value.is_finite() => {
                if let Some(doubt) = doubt {
                    doubt.numbers += 1;
                }
                Ok(value)
            }
            (None, Some(doubt)) => {
                doubt.texts += 1;
                (doubt.first).get_or_insert_with(|| (row.position().cloned(), cell.to_vec()));
                Ok(f64::NAN)
            }
            _ => Err(self.not_a_number(row.position(), column, cell)),
        }
    }

    /// A head that stands apart from the rows may promise other columns.
    fn check_width(&self, row: &ByteRecord) -> Result<(), DataError> {
        let columns = self.table.names.len();
        if row.len() == columns {
            return Ok(());
        }
        Err(self.table.file.content(
            Some(line(&self.table.file, row.position())),
            "number of fields",
            row.len().to_string(),
            format!("{columns}, as in the head of the file"),
            "fix the row, or the head",
        ))
    }

    fn drops(&self, label: &[u8]) -> bool {
        self.wish.missing == Missing::Drop && is_missing(label)
    }

    fn field(&self, column: usize) -> String {
        let name = &self.table.names[self.positions[column]];
        format!("column {}", shown(name.as_bytes()))
    }

    fn not_a_number(&self, at: Option<&Position>, column: usize, cell: &[u8]) -> DataError {
        self.table.file.content(
            Some(line(&self.table.file, at)),
            self.field(column),
            shown(cell),
            "a finite number",
            "correct the value, leave out its row or column (`ignore`), or name the column in `categorical`",
        )
    }

    fn missing(&self, row: &ByteRecord, column: usize, cell: &[u8]) -> Result<f64, DataError> {
        if self.wish.missing != Missing::Refuse {
            return Ok(f64::NAN);
        }
        Err(self.table.file.content(
            Some(line(&self.table.file, row.position())),
            self.field(column),
            shown(cell),
            "a finite number",
            "set `missing: mean` to put the mean there or `missing: drop` to leave such rows out, or correct the value",
        ))
    }

    fn label<'r>(&self, row: &'r ByteRecord) -> Result<&'r str, DataError> {
        let text = row[self.label].trim_ascii();
        let as_text = std::str::from_utf8(text);
        as_text.ok().filter(|text| !text.is_empty()).ok_or_else(|| {
            let name = &self.table.names[self.label];
            let remedy = match as_text {
                Ok(_) => "give the class of the sample, or delete the row",
                Err(_) => NOT_UTF8,
            };
            self.table.file.content(
                Some(line(&self.table.file, row.position())),
                format!("label column {}", shown(name.as_bytes())),
                shown(text),
                "a number or text in UTF-8",
                remedy,
            )
        })
    }

    fn no_rows(&self, dropped: usize) -> DataError {
        if dropped > 0 {
            return self.table.file.content(
                None,
                "number of rows without missing values",
                "0",
                "at least one",
                "set `missing: mean`, or leave out the columns that lack values (`ignore`)",
            );
        }
        self.table.file.content(
            None,
            "number of rows",
            "0",
            "at least one row after the header",
            "name a file that holds samples",
        )
    }
}

/// Line on which a row begins. The `csv` crate puts the start of a row before blank lines and
/// before the second half of a line end, so the line is counted anew, for errors only.
fn line(file: &StoredFile, start: Option<&Position>) -> u64 {
    let start = start.map_or(0, Position::byte);
    let is_before = |(at, byte): &(u64, u8)| *at < start || matches!(byte, b'\r' | b'\n');
    let bytes = (0..).zip(file.reader().bytes().map_while(Result::ok));
    let ends = bytes
        .take_while(is_before)
        .filter(|(_, byte)| *byte == b'\n');
    1 + ends.count() as u64
}

/// Passes on at most `left` bytes; the table grants as many again for each row.
struct RowLimit<R> {
    inner: R,
    left: u64,
}

impl<R> RowLimit<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            left: LONGEST_ROW,
        }
    }
}

impl<R: Read> Read for RowLimit<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("the row is too long"));
        }
        let count = self.inner.by_ref().take(self.left).read(buffer)?;
        self.left -= count as u64;
        Ok(count)
    }
}
