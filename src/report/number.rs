//! Numbers as a paper prints them: the digits follow the deviation.

use std::fmt;

use crate::measure::{NumberStyle, Summary, without_digits};

/// A mean and its deviation in digits, without any syntax of an output format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The mean; a word (`NaN`, `inf`, `-inf`) if it is not finite.
    pub mean: String,
    /// The deviation, with as many decimals as the mean.
    pub std: Option<String>,
    /// Both are to be multiplied by ten to this power.
    pub exponent: Option<i32>,
}

/// `0.9712 ± 0.0031`, `(1.23 ± 0.04)e7`
impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            mean,
            std,
            exponent,
        } = self;
        match (std, exponent) {
            (Some(std), None) => write!(f, "{mean} ± {std}"),
            (Some(std), Some(exponent)) => write!(f, "({mean} ± {std})e{exponent}"),
            (None, Some(exponent)) => write!(f, "{mean}e{exponent}"),
            (None, None) => write!(f, "{mean}"),
        }
    }
}

/// Digits of a value without a deviation to go by.
const SIGNIFICANT: i32 = 4;
/// More decimals than this are noise in print.
const MOST_DECIMALS: i32 = 6;
/// Below this the power of ten itself loses its digits; to a reader the value is zero.
const SMALLEST: f64 = 1e-300;

/// Prints `summary` in `style`.
pub fn print(summary: &Summary, style: NumberStyle) -> Printed {
    let Summary { mean, std, .. } = *summary;
    if let Some(word) = without_digits(mean) {
        return Printed {
            mean: word.to_owned(),
            std: None,
            exponent: None,
        };
    }
    let whole = mean.fract() == 0.0 && std.is_none_or(|std| std == 0.0) && mean.abs() < 1e15;
    match style {
        NumberStyle::Accuracy | NumberStyle::Share => with_decimals(mean, std, 4, None),
        NumberStyle::Count | NumberStyle::Bytes if whole => with_decimals(mean, std, 0, None),
        _ => measured(mean, std),
    }
}

/// Prints one value that has no deviation.
pub fn print_value(value: f64, style: NumberStyle) -> Printed {
    let summary = Summary {
        n: 1,
        mean: value,
        std: None,
    };
    print(&summary, style)
}

/// Two significant digits of the deviation, the mean to the same place.
fn measured(mean: f64, std: Option<f64>) -> Printed {
    let largest = mean.abs().max(std.unwrap_or(0.0));
    if largest < SMALLEST {
        return with_decimals(0.0, std.map(|_| 0.0), 0, None);
    }
    let magnitude = decade(largest);
    let exponent = (!(-3..5).contains(&magnitude)).then_some(magnitude);
    let factor = 10_f64.powi(exponent.unwrap_or(0));
    let (mean, std) = (mean / factor, std.map(|std| std / factor));
    let decimals = match std {
        Some(std) if std > 0.0 => 1 - decade(std),
        _ if mean == 0.0 => 0,
        _ => SIGNIFICANT - 1 - decade(mean.abs()),
    };
    with_decimals(mean, std, decimals.clamp(0, MOST_DECIMALS), exponent)
}

/// The power of ten just below `value`, which is positive.
fn decade(value: f64) -> i32 {
    value.log10().floor() as i32
}

fn with_decimals(mean: f64, std: Option<f64>, decimals: i32, exponent: Option<i32>) -> Printed {
    let decimals = usize::try_from(decimals).unwrap_or(0);
    Printed {
        mean: fixed(mean, decimals),
        std: std.map(|std| fixed(std, decimals)),
        exponent,
    }
}

fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| c == '0' || c == '.') => digits.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(mean: f64, std: Option<f64>, style: NumberStyle) -> String {
        let summary = Summary { n: 3, mean, std };
        print(&summary, style).to_string()
    }

    #[test]
    fn digits_follow_the_deviation() {
        use NumberStyle::{Count, Measured, Share};
        let cases = [
            (0.97123, Some(0.00314), Share, "0.9712 ± 0.0031"),
            (0.97123, None, Share, "0.9712"),
            (12.034_56, Some(0.0213), Measured, "12.035 ± 0.021"),
            (12.034_56, Some(0.0), Measured, "12.03 ± 0.00"),
            (1234.5, Some(250.0), Measured, "1234 ± 250"),
            (1_234_567.0, Some(25_000.0), Measured, "(1.235 ± 0.025)e6"),
            (0.000_012_3, None, Measured, "1.230e-5"),
            (0.0, None, Measured, "0"),
            (0.0, Some(0.0), Measured, "0 ± 0"),
            (1_234_567.0, None, Count, "1234567"),
            (102.5, Some(3.54), Count, "102.5 ± 3.5"),
            (-0.000_01, None, Share, "0.0000"),
            (-1.25, Some(0.5), Measured, "-1.25 ± 0.50"),
        ];
        for (mean, std, style, expected) in cases {
            assert_eq!(show(mean, std, style), expected);
        }
    }

    #[test]
    fn what_is_not_finite_is_a_word() {
        assert_eq!(show(f64::NAN, None, NumberStyle::Share), "NaN");
        assert_eq!(show(f64::INFINITY, None, NumberStyle::Measured), "inf");
        assert_eq!(show(f64::NEG_INFINITY, None, NumberStyle::Count), "-inf");
    }

    #[test]
    fn the_extremes_of_the_number_format_print() {
        assert_eq!(show(f64::MAX, None, NumberStyle::Measured), "1.798e308");
        assert_eq!(show(5e-324, None, NumberStyle::Measured), "0");
    }
}
