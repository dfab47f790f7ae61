//! Text from outside made harmless, words for a shell, and texts cut to a width.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Text from outside (names, labels, errors, logs) on one line, with every character that a terminal, a browser or a
/// typesetter could act on instead of showing it as its escape, such as `\n` or `\u{1b}`: control characters, and others
/// that steer the direction or the width of text.
pub fn visible(text: &str) -> String {
    escaped(text, "")
}

/// As [`visible`] for a text of several lines: line feeds and tabs stay what they are.
pub fn visible_lines(text: &str) -> String {
    escaped(text, "\n\t")
}

fn escaped(text: &str, kept: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if steers(character) && !kept.contains(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Whether a character would be obeyed, or would move what stands beside it, instead of being seen.
pub fn steers(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{2069}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
        )
}

/// A text as a shell takes it for one word.
pub fn shell_word(word: &str) -> String {
    if is_plain_word(word) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Whether a shell, or another reader of words, takes a text as it is.
pub fn is_plain_word(word: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-=:,%+@".contains(letter);
    !word.is_empty() && word.chars().all(plain)
}

/// Columns that a text takes on the screen.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text in at most `columns` columns; `sign`, which is one column wide, says that something was cut.
pub fn cut(text: &str, columns: usize, sign: char) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut used = 0;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used >= columns {
            break;
        }
        shown.push(character);
    }
    if columns > 0 {
        shown.push(sign);
    }
    shown
}

/// The text in at most `columns` columns. What is cut is not its end but what follows the first `head` columns, the
/// last of which is the `sign`.
pub fn cut_middle(text: &str, columns: usize, head: usize, sign: char) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut shown = cut(text, head.min(columns), sign);
    let mut room = columns.saturating_sub(width(&shown));
    let fits = |&(_, character): &(usize, char)| {
        let left = room.checked_sub(character.width().unwrap_or(0));
        room = left.unwrap_or(0);
        left.is_some()
    };
    let tail = text.char_indices().rev().take_while(fits).last();
    shown.push_str(&text[tail.map_or(text.len(), |(at, _)| at)..]);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_would_be_obeyed_survives() {
        assert_eq!(
            visible("a\u{1b}[31mb\r\n\t\u{7f}"),
            "a\\u{1b}[31mb\\r\\n\\t\\u{7f}"
        );
        assert_eq!(
            visible("x\u{202e}y\u{9b}\u{200b}"),
            "x\\u{202e}y\\u{9b}\\u{200b}"
        );
        assert_eq!(visible("größe 大 'a' \\"), "größe 大 'a' \\");
        assert_eq!(visible_lines("a\n\tb\r\u{7}"), "a\n\tb\\r\\u{7}");
    }

    #[test]
    fn what_is_harmless_stays_as_it_is() {
        let once = visible("\u{0}\u{1b}[2J\u{2066}\u{feff}|\n");
        assert_eq!(visible(&once), once);
        assert!(!once.chars().any(steers));
    }

    #[test]
    fn a_path_stays_one_word() {
        assert_eq!(shell_word("results/digits-1.0"), "results/digits-1.0");
        assert_eq!(shell_word("my run"), "'my run'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word("größe"), "'größe'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn cutting_counts_columns_not_characters() {
        assert_eq!(cut("大大大", 5, '~'), "大大~");
        assert_eq!(cut("大大大", 4, '…'), "大…");
        assert_eq!(cut("abc", 3, '~'), "abc");
        assert_eq!(cut("abc", 0, '~'), "");
        assert_eq!(
            cut_middle("tensor-train rank=16 tau=10", 20, 6, '~'),
            "tenso~rank=16 tau=10"
        );
        assert_eq!(cut_middle("大大大大", 6, 3, '~'), "大~大");
        assert_eq!(cut_middle("abcd", 4, 1, '~'), "abcd");
    }
}
