//! Text for the screen: numbers and times made short, widths made right.

use unicode_width::UnicodeWidthChar;

use crate::measure::{self, NumberStyle, Quantity};
pub use crate::measure::{bytes, duration, visible, width};

/// What stands for a character where there is only ASCII, in one column.
pub fn ascii(character: &str) -> &'static str {
    match character {
        "…" => "~",
        "–" | "—" | "−" => "-",
        "×" => "x",
        _ => "?",
    }
}

/// The text in exactly `columns` columns: cut with a tilde, or filled with spaces on the right.
pub fn fit(text: &str, columns: usize) -> String {
    let mut fitted = cut(text, columns);
    let missing = columns.saturating_sub(width(&fitted));
    fitted.extend(std::iter::repeat_n(' ', missing));
    fitted
}

/// The text in exactly `columns` columns, filled with spaces on the left.
pub fn fit_right(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    let missing = columns.saturating_sub(width(&text));
    let mut fitted = " ".repeat(missing);
    fitted.push_str(&text);
    fitted
}

/// The text in at most `columns` columns; a tilde says that something was cut.
pub fn cut(text: &str, columns: usize) -> String {
    measure::cut(text, columns, '~')
}

/// The text in as many lines as it needs, each at most `columns` columns wide.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for character in text.chars() {
        let next = character.width().unwrap_or(0);
        if used > 0 && used + next > columns {
            lines.push(String::new());
            used = 0;
        }
        used += next;
        if let Some(line) = lines.last_mut() {
            line.push(character);
        }
    }
    lines
}

/// The text in at most `columns` columns; what is cut is not its end, where the values of a setting stand, but
/// something before.
pub fn cut_middle(text: &str, columns: usize) -> String {
    measure::cut_middle(text, columns, (columns / 3).max(1), '~')
}

/// A number in at most eight characters with four significant digits.
pub fn number(value: f64) -> String {
    if let Some(word) = measure::without_digits(value) {
        return word.to_owned();
    }
    let size = value.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if (1.0e-3..1.0e5).contains(&size) {
        let digits = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
        format!("{value:.digits$}")
    } else {
        format!("{value:.1e}")
    }
}

/// [`number`], or a dash where nothing is known.
pub fn number_or_dash(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), number)
}

/// The value of a quantity, in the form that suits it.
pub fn metric(quantity: Quantity, value: Option<f64>) -> String {
    let Some(value) = value else {
        return "-".to_owned();
    };
    if !value.is_finite() {
        return number(value);
    }
    match quantity.style() {
        NumberStyle::Count => format!("{value:.0}"),
        NumberStyle::Bytes => bytes(value),
        NumberStyle::Duration => duration(value),
        NumberStyle::Share => format!("{value:.3}"),
        NumberStyle::Ratio => format!("{value:.2}"),
        NumberStyle::Accuracy => format!("{value:.4}"),
        NumberStyle::Measured => number(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_counts_columns_not_characters() {
        assert_eq!(fit("大大大", 5), "大大~");
        assert_eq!(fit("大大大", 4), "大~ ");
        assert_eq!(fit("ab", 4), "ab  ");
        assert_eq!(fit_right("ab", 4), "  ab");
        assert_eq!(fit("abc", 0), "");
        for columns in 0..12 {
            assert_eq!(width(&fit("a大b大c", columns)), columns);
            assert!(width(&cut_middle("a大b大c大大", columns)) <= columns);
        }
    }

    #[test]
    fn numbers_stay_short() {
        for value in [
            0.0,
            1.0,
            -1.5,
            123.456,
            99_999.9,
            1.0e-4,
            -1.0e300,
            0.001,
            f64::NAN,
        ] {
            assert!(number(value).len() <= 8, "{} is long", number(value));
        }
        assert_eq!(number(0.012_345), "0.01235");
        assert_eq!(number(1234.5), "1234");
        assert_eq!(number(f64::NEG_INFINITY), "-inf");
    }
}
