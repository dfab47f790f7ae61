//! The message for a grid file that cannot be used: where, what, what is allowed, what to do.

use std::fmt::{self, Write as _};
use std::path::Path;

use unicode_width::UnicodeWidthChar;

use crate::measure::{steers, visible};

/// Columns of a source line that a message shows; longer lines are cut around the caret.
const SHOWN_COLUMNS: usize = 120;

/// Why a grid file (or a trial's `config.yaml`) cannot be used. `Display` is the whole final message: file, line,
/// column, field, value, what is allowed, the source line with a caret, and a remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridError {
    message: String,
}

impl fmt::Display for GridError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for GridError {}

/// Bytes of the text at which something was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub start: usize,
    pub end: usize,
}

/// A mistake in a grid file, before it is rendered with the file's text.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    span: Option<Span>,
    /// Dotted path of the setting; empty: the file as a whole.
    path: String,
    message: String,
    help: Option<String>,
}

impl Fault {
    pub(super) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            span: None,
            path: path.into(),
            message: message.into(),
            help: None,
        }
    }

    /// "`value` is not allowed (`allowed`)".
    pub(super) fn refused(
        path: impl Into<String>,
        value: impl fmt::Display,
        allowed: impl fmt::Display,
    ) -> Self {
        Self::new(path, format!("{value} is not allowed ({allowed})"))
    }

    pub(super) fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The text that faults refer to.
pub(super) struct Source<'text> {
    pub text: &'text str,
    pub origin: &'text Path,
}

impl Source<'_> {
    /// The final message of a fault.
    pub(super) fn error(&self, fault: &Fault) -> GridError {
        let mut message = visible(&self.origin.display().to_string());
        let place = fault.span.map(|span| self.place(span));
        if let Some(place) = &place {
            let _ = write!(message, ":{}:{}", place.line, place.column);
        }
        message.push_str(": ");
        if !fault.path.is_empty() {
            let _ = write!(message, "{}: ", visible(&fault.path));
        }
        message.push_str(&visible(&fault.message));
        if let Some(place) = &place {
            let number = place.line.to_string();
            let margin = " ".repeat(number.len());
            let _ = write!(
                message,
                "\n  {number} | {}\n  {margin} | {}",
                place.shown, place.caret
            );
        }
        if let Some(help) = &fault.help {
            let _ = write!(message, "\n  help: {}", visible(help));
        }
        GridError { message }
    }

    /// Number of the line (from 1) that holds the byte.
    pub(super) fn line(&self, span: Span) -> usize {
        self.place(span).line
    }

    fn place(&self, span: Span) -> Place {
        let start = boundary(self.text, span.start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let rest = &self.text[line_start..];
        let line = rest.split(['\n', '\r']).next().unwrap_or("");
        let offset = (start - line_start).min(line.len());
        let end = boundary(self.text, span.end);
        let marked_end = end.saturating_sub(line_start).clamp(offset, line.len());
        let before: Vec<char> = line[..offset].chars().collect();
        let marked: Vec<char> = line[offset..marked_end].chars().collect();
        let (shown, caret) = underline(line, before.len(), marked.len().max(1));
        Place {
            line: self.text[..line_start].matches('\n').count() + 1,
            column: before.len() + 1,
            shown,
            caret,
        }
    }
}

struct Place {
    line: usize,
    /// In characters, from 1.
    column: usize,
    shown: String,
    caret: String,
}

/// The nearest place at or before a byte where a character begins.
fn boundary(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// The line as a terminal may show it, and carets under `count` of its characters from character `first`.
fn underline(line: &str, first: usize, count: usize) -> (String, String) {
    let characters: Vec<char> = line
        .trim_end()
        .chars()
        .map(|c| if steers(c) { ' ' } else { c })
        .collect();
    let from = if characters.len() > SHOWN_COLUMNS {
        first.saturating_sub(SHOWN_COLUMNS / 2)
    } else {
        0
    };
    let until = characters.len().min(from + SHOWN_COLUMNS);
    let width = |range: std::ops::Range<usize>| -> usize {
        characters
            .get(range.start.min(until)..range.end.min(until))
            .unwrap_or_default()
            .iter()
            .map(|c| c.width().unwrap_or(0))
            .sum()
    };
    let (head, tail) = (
        if from > 0 { "…" } else { "" },
        if until < characters.len() { "…" } else { "" },
    );
    let visible: String = characters[from.min(until)..until].iter().collect();
    let indent = width(from..first) + usize::from(from > 0);
    let carets = width(first..first + count).max(1);
    (
        format!("{head}{visible}{tail}"),
        format!("{}{}", " ".repeat(indent), "^".repeat(carets)),
    )
}

/// The candidate that a typing mistake most likely stands for.
pub(super) fn closest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(2);
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Help for an unknown word: the closest known one if there is one, and all of them.
pub(super) fn known_words(kind: &str, word: &str, known: &[&str]) -> String {
    let list = known.join(", ");
    match closest(word, known.iter().copied()) {
        Some(candidate) => format!("did you mean `{candidate}`? {kind}: {list}"),
        None => format!("{kind}: {list}"),
    }
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other.
fn edit_distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (
        left.to_lowercase().chars().take(64).collect(),
        right.to_lowercase().chars().collect(),
    );
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for i in 1..=left.len() {
        let mut row = vec![i; right.len() + 1];
        for j in 1..=right.len() {
            let substituted = last[j - 1] + usize::from(left[i - 1] != right[j - 1]);
            row[j] = substituted.min(last[j] + 1).min(row[j - 1] + 1);
            let swapped =
                i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
            if swapped {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}

/// Digits in groups of three.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str, start: usize, end: usize) -> String {
        let source = Source {
            text,
            origin: Path::new("grid.yaml"),
        };
        let fault = Fault::refused("a", "x", "y").at(Span { start, end });
        source.error(&fault).to_string()
    }

    #[test]
    fn the_caret_stands_under_the_value_whatever_the_width_of_its_line() {
        let expected = "grid.yaml:2:5: a: x is not allowed (y)\n  2 | 日本: x\n    |       ^";
        assert_eq!(rendered("# one\n日本: x\nb: 2", 14, 15), expected);
        assert_eq!(
            rendered("a: xyz\r\nb: 2\r\n", 3, 6),
            "grid.yaml:1:4: a: x is not allowed (y)\n  1 | a: xyz\n    |    ^^^"
        );
    }

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        let text = format!("a: [{}7{}]", "1, ".repeat(100), ", 1".repeat(100));
        let message = rendered(&text, 304, 305);
        let lines: Vec<&str> = message.lines().collect();
        let caret = lines[2].chars().position(|c| c == '^').expect("a caret");
        assert_eq!(lines[1].chars().nth(caret), Some('7'));
        assert!(lines[1].chars().count() <= SHOWN_COLUMNS + 10, "{message}");
    }

    #[test]
    fn places_outside_the_text_are_shown_at_its_end() {
        assert!(rendered("", 0, 1).starts_with("grid.yaml:1:1: "));
        assert!(rendered("a: 1\n", 50, 60).starts_with("grid.yaml:2:1: "));
    }

    #[test]
    fn control_characters_of_a_value_do_not_reach_the_terminal() {
        let fault = Fault::new("a\u{1b}[2J", "\u{7}");
        let source = Source {
            text: "",
            origin: Path::new("\u{1b}.yaml"),
        };
        assert_eq!(
            source.error(&fault).to_string(),
            r"\u{1b}.yaml: a\u{1b}[2J: \u{7}"
        );
    }

    #[test]
    fn the_closest_word_is_a_likely_typing_mistake() {
        let known = ["none", "tensor-train", "low-rank"];
        assert_eq!(closest("no", known), Some("none"));
        assert_eq!(closest("tensor_trian", known), Some("tensor-train"));
        assert_eq!(closest("LOW-RANK", known), Some("low-rank"));
        assert_eq!(closest("quantize", known), None);
        assert_eq!(edit_distance("tua", "tau"), 1);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }

    #[test]
    fn digits_are_grouped() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(12_345_678), "12,345,678");
    }
}
