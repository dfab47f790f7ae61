//! How a text file writes a table: found out from its first rows, as far as settings do not say it.

use csv::{ByteRecord, ReaderBuilder};

use super::choices::{Decimal, Delimiter, Encoding, Quote};
use super::settings::DataSettings;
use super::text::with_tabs;

/// Bytes of a file that are looked at.
pub(super) const LOOKED_AT: u64 = 1 << 17;
/// Rows that are looked at.
const ROWS: usize = 200;

/// What the settings say of the text of tables.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    pub(super) delimiter: Option<Delimiter>,
    pub(super) quote: Option<Quote>,
    pub(super) header: Option<bool>,
    pub(super) encoding: Option<Encoding>,
    pub(super) decimal: Option<Decimal>,
}

impl Reading {
    pub(super) fn of(settings: &DataSettings) -> Self {
        Self {
            delimiter: settings.delimiter,
            quote: settings.quote,
            header: settings.header,
            encoding: settings.encoding,
            decimal: settings.decimal,
        }
    }
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: Delimiter,
    pub(super) header: bool,
    pub(super) decimal: Decimal,
    /// The quotes around cells.
    pub(super) quote: Quote,
    /// What comments begin with.
    pub(super) comment: Option<u8>,
}

impl Dialect {
    /// What the first bytes of a file say. `label`: the label column, if settings name it.
    pub(super) fn detect(start: &[u8], reading: Reading, label: Option<&str>) -> Self {
        let start = whole_lines(start);
        let quote = reading.quote.unwrap_or_else(|| quote(start));
        let delimiter = (reading.delimiter).unwrap_or_else(|| delimiter(start, quote));
        let rows = rows(start, delimiter, quote);
        let decimal = reading.decimal.unwrap_or_else(|| decimal(&rows, delimiter));
        let header = (reading.header).unwrap_or_else(|| has_header(&rows, decimal, label));
        Self {
            delimiter,
            header,
            decimal,
            quote,
            comment: None,
        }
    }

    /// In words.
    pub(super) fn describe(self) -> String {
        let header = if self.header { "a header" } else { "no header" };
        let decimal = match self.decimal {
            Decimal::Point => "",
            Decimal::Comma => ", decimal commas",
        };
        let quote = match self.quote {
            Quote::Double => "",
            Quote::Single => ", single quotes",
        };
        format!(
            "{} between cells, {header}{decimal}{quote}",
            self.delimiter.name()
        )
    }

    /// A reader of rows in this dialect; the header is the first of them.
    pub(super) fn reader(self) -> ReaderBuilder {
        let mut builder = ReaderBuilder::new();
        builder
            .has_headers(false)
            .delimiter(self.delimiter.byte())
            .quote(self.quote.byte())
            .comment(self.comment);
        if self.quote == Quote::Single {
            builder.escape(Some(b'\\'));
        }
        builder
    }
}

/// The number that a cell writes, if it writes one; it may be infinite.
pub(super) fn number(cell: &[u8], decimal: Decimal) -> Option<f64> {
    let text = std::str::from_utf8(cell).ok()?;
    match decimal {
        Decimal::Point => text.parse().ok(),
        Decimal::Comma if text.contains('.') => None,
        Decimal::Comma => text.replacen(',', ".", 1).parse().ok(),
    }
}

/// Whether a cell means that its value is missing.
pub(super) fn is_missing(cell: &[u8]) -> bool {
    const WORDS: [&[u8]; 6] = [b"?", b"na", b"n/a", b"#n/a", b"nan", b"null"];
    cell.is_empty() || (cell.len() <= 4 && WORDS.iter().any(|word| cell.eq_ignore_ascii_case(word)))
}

/// The start without a byte order mark and, where it was cut, the line that was.
fn whole_lines(start: &[u8]) -> &[u8] {
    let cut = start.len() as u64 >= LOOKED_AT;
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    match start.iter().rposition(|byte| *byte == b'\n') {
        Some(end) if cut => &start[..=end],
        _ => start,
    }
}

/// Single quotes where cells begin and end with them and double ones do not occur.
fn quote(start: &[u8]) -> Quote {
    let is_mark = |byte: Option<&u8>| {
        byte.is_none_or(|byte| matches!(byte, b',' | b';' | b'\t' | b'|' | b' ' | b'\r' | b'\n'))
    };
    let quotes = start.iter().enumerate().filter(|(_, byte)| **byte == b'\'');
    let (mut begins, mut ends) = (0, 0);
    for (at, _) in quotes {
        let before = at.checked_sub(1).and_then(|before| start.get(before));
        match (is_mark(before), is_mark(start.get(at + 1))) {
            (true, false) => begins += 1,
            (false, true) => ends += 1,
            _ => {}
        }
    }
    if begins > 0 && begins == ends && !start.contains(&b'"') {
        Quote::Single
    } else {
        Quote::Double
    }
}

fn rows(start: &[u8], delimiter: Delimiter, quote: Quote) -> Vec<ByteRecord> {
    let spaced;
    let text = if delimiter == Delimiter::Space {
        spaced = with_tabs(start);
        &spaced[..]
    } else {
        start
    };
    let mut builder = ReaderBuilder::new();
    builder
        .has_headers(false)
        .flexible(true)
        .quote(quote.byte())
        .delimiter(delimiter.byte());
    let rows = builder.from_reader(text).into_byte_records();
    rows.map_while(Result::ok).take(ROWS).collect()
}

/// The delimiter that makes the most regular table with the cleanest cells; a comma where none makes one.
fn delimiter(start: &[u8], quote: Quote) -> Delimiter {
    let mut best = (Delimiter::Comma, 0.0);
    for delimiter in Delimiter::ALL {
        let rows = rows(start, delimiter, quote);
        let width = rows.first().map_or(0, ByteRecord::len);
        if width < 2 {
            continue;
        }
        let regular = rows.iter().filter(|row| row.len() == width).count();
        let cells = || rows.iter().flat_map(ByteRecord::iter);
        let clean = cells().filter(|cell| is_clean(cell, delimiter)).count();
        let score = regular as f64 / rows.len() as f64 * clean as f64 / cells().count() as f64;
        // White space stands inside cells as well.
        let score = if delimiter == Delimiter::Space {
            0.9 * score
        } else {
            score
        };
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    best.0
}

/// Whether nothing in a cell looks as if it stood between cells.
fn is_clean(cell: &[u8], delimiter: Delimiter) -> bool {
    let is_other = |byte: &u8| match byte {
        b',' => delimiter != Delimiter::Comma,
        b';' | b'|' => true,
        b'\t' => delimiter != Delimiter::Space,
        _ => false,
    };
    let cell = cell.trim_ascii();
    let writes_number = [Decimal::Point, Decimal::Comma].map(|decimal| number(cell, decimal));
    writes_number.iter().any(Option::is_some) || !cell.iter().any(is_other)
}

/// Commas where some numbers have one and none has a point.
fn decimal(rows: &[ByteRecord], delimiter: Delimiter) -> Decimal {
    if delimiter == Delimiter::Comma {
        return Decimal::Point;
    }
    let cells = || {
        rows.iter()
            .flat_map(ByteRecord::iter)
            .map(<[u8]>::trim_ascii)
    };
    let has = |mark: u8, decimal: Decimal| {
        cells().any(|cell| cell.contains(&mark) && number(cell, decimal).is_some())
    };
    if has(b',', Decimal::Comma) && !has(b'.', Decimal::Point) {
        Decimal::Comma
    } else {
        Decimal::Point
    }
}

/// Whether the first row names the columns: words above numbers say so, numbers above numbers and words that come again
/// below say it does not. In doubt it does.
fn has_header(rows: &[ByteRecord], decimal: Decimal, label: Option<&str>) -> bool {
    let Some((first, below)) = rows.split_first().filter(|(_, below)| !below.is_empty()) else {
        return true;
    };
    let first: Vec<&[u8]> = first.iter().map(<[u8]>::trim_ascii).collect();
    let column = |at: usize| {
        below
            .iter()
            .filter_map(move |row| row.get(at))
            .map(<[u8]>::trim_ascii)
    };
    let comes_again = |at: usize| column(at).any(|cell| cell == first[at]);
    if let Some(label) = label {
        let named = first.iter().position(|cell| *cell == label.as_bytes());
        if named.is_some_and(|at| !comes_again(at)) {
            return true;
        }
    }
    let is_number = |cell: &[u8]| number(cell, decimal).is_some() && !is_missing(cell);
    let whole = |cell: &&[u8]| std::str::from_utf8(cell).ok()?.parse::<u64>().ok();
    let numbers: Vec<u64> = first.iter().filter_map(whole).collect();
    // 0, 1, 2, … are names that a program has made up.
    let numbered = numbers.len() > 2
        && numbers[0] <= 1
        && numbers.len() + 1 >= first.len()
        && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1);
    if numbered {
        return true;
    }
    let vote = |at: usize| {
        let mut cells = column(at).filter(|cell| !is_missing(cell)).peekable();
        let numeric = cells.peek().is_some() && cells.all(is_number);
        match (numeric, is_number(first[at])) {
            (true, false) => 1,
            (true, true) => -1,
            (false, _) if comes_again(at) => -1,
            (false, _) => 0,
        }
    };
    (0..first.len()).map(vote).sum::<i32>() >= 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(text: &str) -> Dialect {
        Dialect::detect(text.as_bytes(), Reading::default(), None)
    }

    #[test]
    fn delimiters_and_decimals_are_found_out() {
        use Decimal::{Comma as DecimalComma, Point};
        use Delimiter::{Comma, Pipe, Semicolon, Space, Tab};
        for (text, delimiter, decimal) in [
            ("a,b\n1,2\n3,4\n", Comma, Point),
            (
                "\"fixed acidity\";\"quality\"\n7;6\n6.3;5\n",
                Semicolon,
                Point,
            ),
            ("1,5;2,3;a\n2,5;1,0;b\n", Semicolon, DecimalComma),
            ("a\tb c\n1\t2 3\n", Tab, Point),
            ("a|b\n1.5|x, y\n", Pipe, Point),
            ("a  b\n1.5 2\n 3  4\n", Space, Point),
            ("first name,last name\nJo Li,x y\n", Comma, Point),
            ("one\n1\n", Comma, Point),
            ("", Comma, Point),
        ] {
            let found = detect(text);
            assert_eq!(
                (found.delimiter, found.decimal),
                (delimiter, decimal),
                "{text}"
            );
        }
    }

    #[test]
    fn single_quotes_are_told_from_apostrophes() {
        for (text, quote) in [
            ("'a','b, c'\n'1','2'\n", Quote::Single),
            ("a,b\nit's,o'clock\n", Quote::Double),
            ("a,b\n'tis,x\n", Quote::Double),
            ("\"a\",'b'\n", Quote::Double),
        ] {
            assert_eq!(detect(text).quote, quote, "{text}");
        }
        assert_eq!(detect("'a','b, c'\n'1','2'\n").delimiter, Delimiter::Comma);
    }

    #[test]
    fn a_header_is_told_from_a_row() {
        for (text, header) in [
            ("label,x1\na,1\nb,2\n", true),
            (
                "5.1,3.5,Iris-setosa\n4.9,3.0,Iris-setosa\n7.0,3.2,Iris-versicolor\n",
                false,
            ),
            (",a\n0,1\n1,2\n", true),
            ("0,1,2,label\n0.5,1.5,2.5,a\n1.5,2,3,b\n", true),
            ("1,2,3\n4,5,6\n", true),
            ("7,2,3\n4,5,6\n", false),
            ("red,yes\nblue,yes\nred,no\n", false),
            ("colour,ripe\nblue,yes\nred,no\n", true),
            ("a,b\n", true),
        ] {
            assert_eq!(detect(text).header, header, "{text}");
        }
        let named = Dialect::detect(b"0.5,1.5,c\n1,2,a\n3,4,b\n", Reading::default(), Some("c"));
        assert!(named.header);
    }
}
