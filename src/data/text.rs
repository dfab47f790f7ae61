//! Text files: their characters, in UTF-8 whatever the file has.

use std::io::{BufRead, Read};

use super::choices::Encoding;
use super::error::DataError;
use super::sniff::{self, Kind};
use super::stored::{LONGEST_ROW, StoredFile};

/// The characters of Windows-1252 from 0x80 to 0x9f; five are not assigned.
const CP1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The file as text in UTF-8: UTF-16 that begins with its mark, and what `encoding` says, is decoded.
pub(super) fn read_as_text(
    file: StoredFile,
    encoding: Option<Encoding>,
) -> Result<StoredFile, DataError> {
    let start = file.start(4096);
    if matches!(sniff::kind(&start), Kind::Npy | Kind::Zip) {
        return Err(file.foreign(&sniff::ARRAY));
    }
    let has_mark = start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff");
    match encoding {
        Some(Encoding::Cp1252) => {
            let text: String = file
                .content_bytes()?
                .iter()
                .map(|byte| cp1252(*byte))
                .collect();
            Ok(file.holding(text.into_bytes()))
        }
        Some(Encoding::Utf16) => utf16(file),
        None if has_mark => utf16(file),
        _ if start.contains(&0) => Err(file.content(
            None,
            "the file",
            "binary, or UTF-16 without a mark",
            "text",
            "set `encoding: utf-16` if it is text, or write it as UTF-8",
        )),
        _ => Ok(file),
    }
}

fn cp1252(byte: u8) -> char {
    match byte {
        0x80..=0x9f => CP1252[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

fn utf16(file: StoredFile) -> Result<StoredFile, DataError> {
    let bytes = file.content_bytes()?;
    let (big_endian, content) = match &*bytes {
        [0xfe, 0xff, rest @ ..] => (true, rest),
        [0xff, 0xfe, rest @ ..] => (false, rest),
        // Windows writes this one.
        all => (false, all),
    };
    let (words, rest) = content.as_chunks::<2>();
    let words = words.iter().map(|word| {
        if big_endian {
            u16::from_be_bytes(*word)
        } else {
            u16::from_le_bytes(*word)
        }
    });
    let text: Option<String> = char::decode_utf16(words).map(Result::ok).collect();
    match text.filter(|_| rest.is_empty()) {
        Some(text) => Ok(file.holding(text.into_bytes())),
        None => Err(file.content(
            None,
            "the text",
            "not UTF-16 to its end",
            "UTF-8, UTF-16 or Windows-1252",
            "set another `encoding`, or write the file as UTF-8",
        )),
    }
}

/// What to do about text that is not UTF-8.
pub(super) const NOT_UTF8: &str =
    "set `encoding: cp1252` if it was written on Windows, or save the file as UTF-8";

/// Calls `visit` with the number and the text of every line that is not blank, ends trimmed.
/// At least one there must be.
pub(super) fn for_each_row(
    file: &StoredFile,
    mut visit: impl FnMut(u64, &[u8]) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let mut reader = file.reader();
    let mut row = Vec::new();
    let mut visited = false;
    for line in 1.. {
        row.clear();
        let length = reader
            .by_ref()
            .take(LONGEST_ROW)
            .read_until(b'\n', &mut row)
            .map_err(|error| file.damaged(error))? as u64;
        if length == 0 {
            break;
        }
        if length == LONGEST_ROW {
            return Err(file.content(
                Some(line),
                "length of the line",
                format!("{LONGEST_ROW} bytes or more"),
                format!("fewer than {LONGEST_ROW} bytes"),
                "name a text file with one sample per line",
            ));
        }
        let text = row.trim_ascii();
        if !text.is_empty() {
            visited = true;
            visit(line, text)?;
        }
    }
    if visited {
        return Ok(());
    }
    Err(file.content(
        None,
        "number of lines",
        "0",
        "at least one line with values",
        "name a file that holds samples",
    ))
}

/// The text with a tab for any white space between words outside quotes; lines stay lines.
pub(super) fn with_tabs(content: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        let (mut quoted, mut gap) = (false, false);
        for &byte in line.trim_ascii() {
            quoted ^= byte == b'"';
            if !quoted && matches!(byte, b' ' | b'\t') {
                gap = true;
                continue;
            }
            if std::mem::take(&mut gap) {
                text.push(b'\t');
            }
            text.push(byte);
        }
        text.push(b'\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], encoding: Option<Encoding>) -> Result<String, DataError> {
        let file = StoredFile::in_memory("t.csv", bytes.to_vec());
        let file = read_as_text(file, encoding)?;
        Ok(String::from_utf8(file.content_bytes()?.into_owned()).expect("UTF-8"))
    }

    #[test]
    fn utf_16_is_known_by_its_mark_and_windows_by_a_word() {
        assert_eq!(read(b"\xff\xfea\0\xe9\0", None).expect("mark"), "aé");
        assert_eq!(read(b"\xfe\xff\0a\0\xe9", None).expect("mark"), "aé");
        assert_eq!(read(b"a\0b\0", Some(Encoding::Utf16)).expect("said"), "ab");
        assert_eq!(
            read(b"a\x96\xe9", Some(Encoding::Cp1252)).expect("said"),
            "a–é"
        );
        let message = read(b"a\0b\0", None).expect_err("no mark").to_string();
        assert!(message.contains("encoding: utf-16"), "{message}");
        assert!(read(b"\xff\xfea", None).is_err());
    }

    #[test]
    fn white_space_becomes_one_tab() {
        let text = with_tabs(b"  a  b\t c \n\"x  y\" 1 2\n");
        assert_eq!(text, b"a\tb\tc\n\"x  y\"\t1\t2\n");
    }
}
