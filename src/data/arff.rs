//! ARFF, the format of Weka: a head with names and types of the columns, then rows.

use super::choices::{Decimal, Delimiter, Quote};
use super::dialect::Dialect;
use super::error::{DataError, shown};
use super::stored::StoredFile;

/// The head of a file.
pub(super) struct Head {
    /// Names of the columns.
    pub(super) names: Vec<String>,
    /// Names of those that hold categories.
    pub(super) nominal: Vec<String>,
}

/// What comments begin with; no other text has them.
const COMMENT: u8 = b'%';

/// How its rows are written. Either quotes are allowed, and files have one kind of them.
pub(super) fn dialect(start: &[u8]) -> Dialect {
    let has_single = start.contains(&b'\'');
    Dialect {
        delimiter: Delimiter::Comma,
        header: false,
        decimal: Decimal::Point,
        quote: if has_single {
            Quote::Single
        } else {
            Quote::Double
        },
        comment: Some(COMMENT),
    }
}

/// Whether rows are those of such a file.
pub(super) fn is_of_arff(dialect: Dialect) -> bool {
    dialect.comment == Some(COMMENT)
}

/// Whether a text begins like ARFF: with `@relation`, behind comments.
pub(super) fn is_arff(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let mut lines = start.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"%"));
    first.is_some_and(|line| keyword(line, b"@relation").is_some())
}

/// Takes the head off: what is left has its rows on the lines on which they were.
pub(super) fn take_head(file: StoredFile) -> Result<(Head, StoredFile), DataError> {
    let content = file.content_bytes()?;
    let mut head = Head {
        names: Vec::new(),
        nominal: Vec::new(),
    };
    let mut rows = Vec::new();
    let mut position = 0;
    for (line, text) in (1..).zip(content.split_inclusive(|byte| *byte == b'\n')) {
        position += text.len();
        rows.push(b'\n');
        let text = text.trim_ascii();
        if keyword(text, b"@data").is_some() {
            if content[position..].trim_ascii_start().starts_with(b"{") {
                return Err(file.content(
                    Some(line),
                    "the rows",
                    "sparse",
                    "rows with a value for every column",
                    "write the file without sparse rows, as with weka.filters.unsupervised.instance.SparseToNonSparse",
                ));
            }
            rows.extend(&content[position..]);
            return Ok((head, file.holding(rows)));
        }
        if let Some(rest) = keyword(text, b"@attribute") {
            let (name, kind) = attribute(rest).ok_or_else(|| {
                file.content(
                    Some(line),
                    "the attribute",
                    shown(rest),
                    "a name and a type",
                    "correct the line",
                )
            })?;
            let kind = kind.to_ascii_lowercase();
            if kind.starts_with(b"{") || kind.starts_with(b"string") || kind.starts_with(b"date") {
                head.nominal.push(name.clone());
            }
            head.names.push(name);
        }
    }
    Err(file.content(
        None,
        "the line @data",
        "missing",
        "a line @data before the rows",
        "download the file again",
    ))
}

/// What follows a keyword, whatever its case.
fn keyword<'a>(line: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let (begin, rest) = line.split_at_checked(word.len())?;
    let ends = rest.first().is_none_or(u8::is_ascii_whitespace);
    (begin.eq_ignore_ascii_case(word) && ends).then(|| rest.trim_ascii())
}

/// Name, which may be quoted, and type.
fn attribute(text: &[u8]) -> Option<(String, &[u8])> {
    let (name, rest) = if let [quote @ (b'\'' | b'"'), rest @ ..] = text {
        let end = rest.iter().position(|byte| byte == quote)?;
        (&rest[..end], &rest[end + 1..])
    } else {
        let end = (text.iter()).position(|byte| byte.is_ascii_whitespace() || *byte == b'{')?;
        text.split_at(end)
    };
    let name = String::from_utf8_lossy(name).into_owned();
    let rest = rest.trim_ascii();
    (!rest.is_empty()).then_some((name, rest))
}
