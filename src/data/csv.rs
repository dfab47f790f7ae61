//! `csv`: two comma-separated files, each with a header line.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};
use std::path::Path;

use csv::{ByteRecord, Position, Reader};

use super::error::{DataError, shown};
use super::labels::LabelColumn;
use super::raw::{RawData, RawPart, Values};
use super::settings::{CsvSettings, Features};
use super::stored::{LONGEST_ROW, StoredFile};

/// Reads the training and the test file. The header of the training file decides which features
/// there are and in which order; the test file must have them too, in any order.
pub(super) fn read(settings: &CsvSettings, base: &Path) -> Result<RawData, DataError> {
    let train_file = open(&settings.train, "csv.train", base)?;
    let test_file = open(&settings.test, "csv.test", base)?;
    let table = Table::open(&train_file)?;
    let features = table.choose(&settings.features, &settings.label)?;
    let train = table.read(&settings.label, &features)?;
    let test = Table::open(&test_file)?.read(&settings.label, &features)?;
    Ok(RawData {
        train,
        test: Some(test),
        image: None,
        files: vec![train_file.source(), test_file.source()],
    })
}

fn open(name: &Path, setting: &str, base: &Path) -> Result<StoredFile, DataError> {
    let remedy = format!("put the file there, or correct `{setting}` (relative to the grid file)");
    StoredFile::open(base, &[name.to_owned()], &remedy)
}

/// A file whose header has been read.
struct Table<'a> {
    file: &'a StoredFile,
    reader: Reader<RowLimit<Box<dyn BufRead + 'a>>>,
    header: Vec<String>,
    /// Where each name stands in the header; none: at more than one place.
    positions: HashMap<String, Option<usize>>,
}

impl<'a> Table<'a> {
    fn open(file: &'a StoredFile) -> Result<Self, DataError> {
        let mut reader = Reader::from_reader(RowLimit::new(file.reader()));
        let names = match reader.byte_headers() {
            Ok(names) => names.clone(),
            Err(error) => return Err(broken(file, &reader, error)),
        };
        let header: Vec<String> = names
            .iter()
            .map(|name| String::from_utf8_lossy(name.trim_ascii()).into_owned())
            .collect();
        let mut positions = HashMap::new();
        for (position, name) in header.iter().enumerate() {
            positions
                .entry(name.clone())
                .and_modify(|first| *first = None)
                .or_insert(Some(position));
        }
        Ok(Self {
            file,
            reader,
            header,
            positions,
        })
    }

    /// Names of the feature columns, in the order of the header.
    fn choose(&self, features: &Features, label: &str) -> Result<Vec<String>, DataError> {
        match features {
            Features::Names(names) => {
                let mut found = names
                    .iter()
                    .map(|name| self.position(name, "csv.features"))
                    .collect::<Result<Vec<usize>, DataError>>()?;
                found.sort_unstable();
                Ok(found.iter().map(|&at| self.header[at].clone()).collect())
            }
            Features::Pattern(pattern) => {
                let mut names = self.header.clone();
                names.retain(|name| name != label && matches(pattern, name));
                if names.is_empty() {
                    let field = format!("feature column matching {pattern:?}");
                    return Err(self.missing(field, "csv.features"));
                }
                Ok(names)
            }
        }
    }

    /// Position of the column that `setting` asks for.
    fn position(&self, name: &str, setting: &str) -> Result<usize, DataError> {
        match self.positions.get(name) {
            Some(Some(position)) => Ok(*position),
            Some(None) => Err(self.file.content(
                Some(1),
                format!("column {}", shown(name.as_bytes())),
                "in the header more than once",
                "unique names for the columns in use",
                "rename one of the columns",
            )),
            None => {
                let field = format!("column {}", shown(name.as_bytes()));
                Err(self.missing(field, setting))
            }
        }
    }

    fn missing(&self, field: String, setting: &str) -> DataError {
        self.file.content(
            Some(1),
            field,
            "not in the header",
            format!("the columns {}", shown(self.header.join(", ").as_bytes())),
            format!("correct `{setting}`, or the first line of the file"),
        )
    }

    /// Reads all rows: the columns named by `features`, in this order, and the labels.
    fn read(mut self, label: &str, features: &[String]) -> Result<RawPart, DataError> {
        let label_position = self.position(label, "csv.label")?;
        let positions = features
            .iter()
            .map(|name| self.position(name, "csv.features"))
            .collect::<Result<Vec<usize>, DataError>>()?;
        let mut numbers = Vec::new();
        let mut labels = LabelColumn::default();
        let mut row = ByteRecord::new();
        while self.next(&mut row)? {
            for (&position, name) in positions.iter().zip(features) {
                let place = || {
                    let column = format!("column {}", shown(name.as_bytes()));
                    (line(self.file, row.position()), column)
                };
                let text = row[position].trim_ascii();
                numbers.push(self.file.number(text, place)?);
            }
            labels.push(self.label(&row, label_position)?);
        }
        if labels.len() == 0 {
            return Err(self.file.content(
                None,
                "number of rows",
                "0",
                "at least one row after the header",
                "name a file that holds samples",
            ));
        }
        Ok(RawPart {
            features: features.len(),
            values: Values::Numbers(numbers),
            labels,
            label_file: self.file.path().to_owned(),
        })
    }

    fn label<'r>(&self, row: &'r ByteRecord, position: usize) -> Result<&'r str, DataError> {
        let text = row[position].trim_ascii();
        std::str::from_utf8(text)
            .ok()
            .filter(|text| !text.is_empty())
            .ok_or_else(|| {
                self.file.content(
                    Some(line(self.file, row.position())),
                    format!("label column {}", shown(self.header[position].as_bytes())),
                    shown(text),
                    "a number or text in UTF-8",
                    "give the class of the sample, or delete the row",
                )
            })
    }

    /// Reads the next row; false: there is none.
    fn next(&mut self, row: &mut ByteRecord) -> Result<bool, DataError> {
        self.reader.get_mut().left = LONGEST_ROW;
        self.reader
            .read_byte_record(row)
            .map_err(|error| broken(self.file, &self.reader, error))
    }
}

/// The error for a row that cannot be taken apart.
fn broken<R: Read>(
    file: &StoredFile,
    reader: &Reader<RowLimit<R>>,
    error: csv::Error,
) -> DataError {
    let start = error.position().or(Some(reader.position())).cloned();
    let line = Some(line(file, start.as_ref()));
    let remedy = "fix the row; a missing closing quote merges rows";
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => file.content(
            line,
            "number of fields",
            len.to_string(),
            format!("{expected_len}, as in the header"),
            remedy,
        ),
        _ if reader.get_ref().left == 0 => file.content(
            line,
            "length of the row",
            format!("more than {LONGEST_ROW} bytes"),
            format!("up to {LONGEST_ROW} bytes"),
            remedy,
        ),
        _ => file.damaged(error.into()),
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

/// Whether `name` fits `pattern`, in which `*` stands for any text, the empty one included.
fn matches(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|start| name.strip_prefix(start)) else {
        return false;
    };
    let Some(end) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        let Some((_, behind)) = rest.split_once(piece) else {
            return false;
        };
        rest = behind;
    }
    rest.ends_with(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(bytes: Vec<u8>, features: &Features) -> Result<RawPart, DataError> {
        let file = StoredFile::in_memory("table.csv", bytes);
        let table = Table::open(&file)?;
        let names = table.choose(features, "label")?;
        table.read("label", &names)
    }

    /// The message about a file that cannot be read.
    fn refusal(bytes: Vec<u8>) -> String {
        match parse(bytes, &Features::Pattern("x".into())) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("the file was accepted"),
        }
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("x*", "x12", true),
            ("x*", "ax", false),
            ("*x", "ax", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("x", "x", true),
            ("x", "xy", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn lines_are_counted_through_quotes_and_blank_lines() {
        let text = "label,note,x\na,\"two\nlines\",1\n\nb,,oops\n";
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let message = refusal(text.into());
            assert!(
                message.starts_with("table.csv:5: column \"x\" is \"oops\";"),
                "{message}"
            );
        }
    }

    #[test]
    fn a_row_without_end_is_refused_before_it_fills_the_memory() {
        let mut text = b"label,x\n".to_vec();
        text.push(b'"');
        text.resize(
            usize::try_from(LONGEST_ROW).expect("16 MiB") + 100_000,
            b'\n',
        );
        let message = refusal(text);
        assert!(
            message.contains("length of the row is more than 16777216 bytes"),
            "{message}"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_table_or_an_error(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            text in "(label,x,y\n)?([ab019.eN\",\n-]{0,40})",
        ) {
            for content in [bytes, text.into_bytes()] {
                if let Ok(part) = parse(content, &Features::Pattern("*".into())) {
                    let Values::Numbers(numbers) = &part.values else {
                        panic!("text holds numbers");
                    };
                    prop_assert_eq!(numbers.len(), part.features * part.labels.len());
                    prop_assert!(numbers.iter().all(|number| number.is_finite()));
                }
            }
        }
    }
}
