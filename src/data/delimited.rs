//! Tables in text files: CSV and its relatives, ARFF.

use std::collections::{HashMap, HashSet};

use csv::ByteRecord;

use super::arff;
use super::choices::Delimiter;
use super::columns::{RawColumn, Wish, matches, usual_label};
use super::dialect::{Dialect, LOOKED_AT, Reading};
use super::error::{DataError, shown};
use super::raw::{RawData, RawPart};
use super::rows::{Cells, Rows};
use super::settings::Features;
use super::stored::StoredFile;
use super::text::{read_as_text, with_tabs};

/// Reads the training file and the test file, if there is one. The training file decides which features
/// there are and in which order; the test file must have them too, in any order.
pub(super) fn read(
    train_file: StoredFile,
    test_file: Option<StoredFile>,
    wish: &Wish<'_>,
    reading: Reading,
) -> Result<RawData, DataError> {
    let sources = [Some(&train_file), test_file.as_ref()];
    let sources = sources
        .into_iter()
        .flatten()
        .map(StoredFile::source)
        .collect();
    let table = Table::open(train_file, reading, wish.label)?;
    let label = table.label(wish)?;
    let features = table.choose(wish, &label.name)?;
    let (mut columns, train, mut findings) = table.read(wish, &label.name, &features)?;
    let test = match test_file {
        None => None,
        Some(file) => {
            // Rows alone cannot say whether the first one is a header.
            let reading = Reading {
                header: reading.header.or(Some(table.dialect.header)),
                ..reading
            };
            let other = Table::open(file, reading, wish.label)?;
            Some(other.read_like(wish, &label.name, &mut columns, &mut findings.dropped)?)
        }
    };
    let mut notes = vec![table.describe(&label, &columns)];
    if findings.dropped > 0 {
        let count = findings.dropped;
        notes.push(format!(
            "{count} rows with missing values are left out (missing: drop)"
        ));
    }
    Ok(RawData {
        warnings: findings.warnings(),
        columns: Some(columns),
        label: Some(label.name),
        notes,
        train,
        test,
        image: None,
        files: sources,
    })
}

/// The label column, and why it is.
struct Label {
    name: String,
    why: &'static str,
}

/// A file whose columns are known.
pub(super) struct Table {
    pub(super) file: StoredFile,
    pub(super) dialect: Dialect,
    /// Names of all columns.
    pub(super) names: Vec<String>,
    /// Where each name stands; none: at more than one place.
    positions: HashMap<String, Option<usize>>,
    /// Columns that the file itself calls categories.
    nominal: HashSet<String>,
}

impl Table {
    pub(super) fn open(
        file: StoredFile,
        reading: Reading,
        label: Option<&str>,
    ) -> Result<Self, DataError> {
        let mut file = read_as_text(file, reading.encoding)?;
        let start = file.start(LOOKED_AT);
        if arff::is_arff(&start) {
            let (head, rows) = arff::take_head(file)?;
            let nominal = head.nominal.into_iter().collect();
            return Ok(Self::new(rows, arff::dialect(&start), head.names, nominal));
        }
        let dialect = Dialect::detect(&start, reading, label);
        if dialect.delimiter == Delimiter::Space {
            let text = with_tabs(&file.content_bytes()?);
            file = file.holding(text);
        }
        let mut first = ByteRecord::new();
        Rows::of(&file, dialect, false).next(&mut first)?;
        let names = if dialect.header {
            let name = |(position, cell): (usize, &[u8])| match cell.trim_ascii() {
                // As pandas calls them, so that settings can name them.
                [] => format!("Unnamed: {position}"),
                name => String::from_utf8_lossy(name).into_owned(),
            };
            first.iter().enumerate().map(name).collect()
        } else {
            (1..=first.len()).map(|number| number.to_string()).collect()
        };
        Ok(Self::new(file, dialect, names, HashSet::new()))
    }

    fn new(
        file: StoredFile,
        dialect: Dialect,
        names: Vec<String>,
        nominal: HashSet<String>,
    ) -> Self {
        let mut positions = HashMap::new();
        for (position, name) in names.iter().enumerate() {
            positions
                .entry(name.clone())
                .and_modify(|first| *first = None)
                .or_insert(Some(position));
        }
        Self {
            file,
            dialect,
            names,
            positions,
            nominal,
        }
    }

    fn label(&self, wish: &Wish<'_>) -> Result<Label, DataError> {
        if let Some(name) = wish.label {
            let name = name.to_owned();
            return Ok(Label {
                name,
                why: "as set",
            });
        }
        let (position, why) = usual_label(&self.names);
        match self.names.get(position) {
            Some(name) if self.names.len() > 1 => Ok(Label {
                name: name.clone(),
                why,
            }),
            _ => Err(self.file.content(
                Some(1),
                "number of columns",
                self.names.len().to_string(),
                "at least 2: one feature and the label",
                "name another file, or set `delimiter`",
            )),
        }
    }

    /// Names of the feature columns, in the order of the file.
    fn choose(&self, wish: &Wish<'_>, label: &str) -> Result<Vec<String>, DataError> {
        let setting = format!("{}features", wish.map);
        for name in wish.ignore {
            self.position(name, "ignore")?;
        }
        let is_free = |name: &String| name != label && !wish.ignore.contains(name);
        match wish.features {
            Some(Features::Names(names)) => {
                let mut found = names
                    .iter()
                    .map(|name| self.position(name, &setting))
                    .collect::<Result<Vec<usize>, DataError>>()?;
                found.sort_unstable();
                let names = found.iter().map(|&at| self.names[at].clone());
                Ok(names.filter(is_free).collect())
            }
            pattern => {
                let pattern = match pattern {
                    Some(Features::Pattern(pattern)) => pattern,
                    _ => "*",
                };
                let mut names = self.names.clone();
                names.retain(|name| is_free(name) && matches(pattern, name));
                if names.is_empty() {
                    let field = format!("feature column matching {pattern:?}");
                    return Err(self.missing(field, &setting));
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
        if self.dialect.header || arff::is_of_arff(self.dialect) {
            return self.file.content(
                Some(1),
                field,
                "not in the header",
                format!("the columns {}", shown(self.names.join(", ").as_bytes())),
                format!("correct `{setting}`, or the first line of the file"),
            );
        }
        self.file.content(
            Some(1),
            field,
            "not in the file, whose first line looks like a row of values",
            format!("the numbers of the columns, 1 to {}", self.names.len()),
            format!(
                "correct `{setting}`, or set `header: true` if the first line names the columns"
            ),
        )
    }

    /// Reads all rows of a training file.
    fn read(
        &self,
        wish: &Wish<'_>,
        label: &str,
        features: &[String],
    ) -> Result<(Vec<RawColumn>, RawPart, super::rows::Findings), DataError> {
        for name in wish.named_categories() {
            self.position(name, "categorical")?;
        }
        let named: HashSet<&str> = wish.named_categories().collect();
        let column = |name: &String| RawColumn {
            name: name.clone(),
            texts: (named.contains(name.as_str()) || self.nominal.contains(name))
                .then(Default::default),
        };
        let mut columns: Vec<RawColumn> = features.iter().map(column).collect();
        let mut cells = self.cells(wish, label, &columns)?;
        let (part, findings) = cells.read_finding_categories(&mut columns)?;
        Ok((columns, part, findings))
    }

    /// Reads all rows of a test file, whose columns are those of the training file.
    fn read_like(
        &self,
        wish: &Wish<'_>,
        label: &str,
        columns: &mut [RawColumn],
        dropped: &mut usize,
    ) -> Result<RawPart, DataError> {
        let (part, findings) = self.cells(wish, label, columns)?.read(columns)?;
        *dropped += findings.dropped;
        Ok(part)
    }

    fn cells<'a>(
        &'a self,
        wish: &'a Wish<'a>,
        label: &str,
        columns: &[RawColumn],
    ) -> Result<Cells<'a>, DataError> {
        let label = self.position(label, &format!("{}label", wish.map))?;
        let setting = format!("{}features", wish.map);
        let positions = columns
            .iter()
            .map(|column| self.position(&column.name, &setting))
            .collect::<Result<Vec<usize>, DataError>>()?;
        Ok(Cells {
            table: self,
            wish,
            label,
            positions,
        })
    }

    /// What was found out, in words.
    fn describe(&self, label: &Label, columns: &[RawColumn]) -> String {
        let texts = columns.iter().filter(|column| column.texts.is_some());
        let texts = match texts.count() {
            0 => String::new(),
            count => format!(", {count} of them text"),
        };
        let dialect = if arff::is_of_arff(self.dialect) {
            "ARFF".to_owned()
        } else {
            self.dialect.describe()
        };
        let name = self.file.path().file_name().unwrap_or_default();
        format!(
            "{}: {dialect}; label column {} ({}), {} feature columns{texts}",
            name.display(),
            shown(label.name.as_bytes()),
            label.why,
            columns.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::raw::Values;
    use super::super::settings::{DataSettings, Source};
    use super::super::stored::LONGEST_ROW;
    use super::*;

    fn parse(bytes: Vec<u8>, features: &Features) -> Result<RawData, DataError> {
        let settings = DataSettings::of(Source::Csv);
        let wish = Wish::of(&settings, Some("label"), Some(features), "csv.");
        let file = StoredFile::in_memory("table.csv", bytes);
        read(file, None, &wish, Reading::default())
    }

    /// The message about a file that cannot be read.
    fn refusal(bytes: Vec<u8>) -> String {
        match parse(bytes, &Features::Pattern("x".into())) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("the file was accepted"),
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

    #[test]
    fn a_mark_of_the_byte_order_is_no_part_of_a_name() {
        let text = "\u{feff}label,x\na,1\nb,2\n".as_bytes().to_vec();
        let data = parse(text, &Features::Pattern("*".into())).expect("a table");
        let columns = data.columns.expect("names");
        assert_eq!(columns.len(), 1);
        assert_eq!(columns[0].name, "x");
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_table_or_an_error(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            text in "(label,x,y\n)?([ab019.eN\",\n-]{0,40})",
        ) {
            for content in [bytes, text.into_bytes()] {
                if let Ok(data) = parse(content, &Features::Pattern("*".into())) {
                    let part = &data.train;
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
