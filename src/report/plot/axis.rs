//! Axes of a figure: around the values, with margins, labelled ticks and small ones between.

use crate::measure::{self, FINEST, Scale};
use crate::report::table::one_line;

/// An axis with its label and ticks.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) label: String,
    range: measure::Axis,
    /// Values with their labels.
    pub(super) ticks: Vec<(f64, String)>,
    /// Values of the small ticks without labels.
    pub(super) minor: Vec<f64>,
}

/// Labelled ticks that an axis should have, about.
const TICKS: usize = 5;

impl Axis {
    /// An axis that holds all `values` that have a place on it; `None` if there are none.
    pub(super) fn around(
        label: &str,
        scale: Scale,
        values: impl Iterator<Item = f64>,
    ) -> Option<Self> {
        let mut range = measure::Axis::spanning(scale, values)?;
        // No marker touches the frame.
        let margin = if range.length() > 0.0 {
            0.04 * range.length()
        } else if scale == Scale::Log || range.low == 0.0 {
            0.5
        } else {
            0.1 * range.low.abs()
        };
        (range.low, range.high) = (range.low - margin, range.high + margin);
        let (ticks, minor) = match scale {
            Scale::Linear => (linear_ticks(&range), Vec::new()),
            Scale::Log => log_ticks(&range),
        };
        Some(Self {
            label: one_line(label),
            range,
            ticks,
            minor,
        })
    }

    /// An axis of categories: the one with index `i` lies from `i - 0.5` to `i + 0.5`.
    pub(super) fn of_categories(label: &str, names: &[String]) -> Self {
        Self {
            label: one_line(label),
            range: measure::Axis {
                scale: Scale::Linear,
                low: -0.5,
                high: names.len() as f64 - 0.5,
            },
            ticks: names
                .iter()
                .cloned()
                .enumerate()
                .map(|(i, name)| (i as f64, name))
                .collect(),
            minor: Vec::new(),
        }
    }

    /// Where `value` lies: 0 at the lower end, 1 at the upper one. `None` if it has no place.
    pub(super) fn position(&self, value: f64) -> Option<f64> {
        Some(self.range.position(value)?.clamp(0.0, 1.0))
    }
}

/// With as many decimals as tell neighbours apart.
fn linear_ticks(range: &measure::Axis) -> Vec<(f64, String)> {
    let decimals = -(range.step(TICKS).log10().floor() as i32);
    let decimals = usize::try_from(decimals).unwrap_or(0);
    (range.ticks(TICKS).into_iter())
        .map(|value| (value, linear_label(value, decimals)))
        .collect()
}

fn linear_label(value: f64, decimals: usize) -> String {
    if value.abs() >= 1e5 || decimals > 5 {
        format!("{value:e}")
    } else if value == 0.0 {
        "0".to_owned()
    } else {
        format!("{value:.decimals$}").replace('-', "−")
    }
}

/// Small ticks between powers of ten.
const DIGITS: &[f64] = &[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

/// Powers of ten; where fewer than two of them fit, also multiples of them.
fn log_ticks(range: &measure::Axis) -> (Vec<(f64, String)>, Vec<f64>) {
    let powers = range.ticks(TICKS);
    let (labelled, minor) = if powers.len() < 2 {
        let between = range.ticks_between_powers();
        (between, range.multiples(FINEST))
    } else if range.step(TICKS) > 1.0 {
        (powers, range.multiples(&[1.0]))
    } else {
        (powers, range.multiples(DIGITS))
    };
    let labelled = (labelled.into_iter()).map(|value| (value, log_label(value)));
    (labelled.collect(), minor)
}

/// `0.01` to `1000` as they are, others as `10⁻⁵` or `2·10⁷`.
fn log_label(value: f64) -> String {
    let exponent = (value.log10() + 1e-9).floor() as i32;
    if (-2..=3).contains(&exponent) {
        // Sheds the last digits' rounding, as in 3 * 0.1.
        return format!("{}", (value * 1e6).round() / 1e6);
    }
    let power: String = format!("{exponent}").chars().map(superscript).collect();
    let factor = (value / 10_f64.powi(exponent) * 10.0).round() / 10.0;
    if factor == 1.0 {
        format!("10{power}")
    } else {
        format!("{factor}·10{power}")
    }
}

fn superscript(digit: char) -> char {
    match digit {
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        '-' => '⁻',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::Axis;
    use crate::measure::Scale;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    fn axis(scale: Scale, values: &[f64]) -> Axis {
        Axis::around("x", scale, values.iter().copied()).expect("values with a place")
    }

    #[test]
    fn linear_ticks_are_round() {
        assert_eq!(
            labels(&axis(Scale::Linear, &[0.0, 200.0])),
            ["0", "50", "100", "150", "200"]
        );
        assert_eq!(
            labels(&axis(Scale::Linear, &[0.91, 0.985])),
            ["0.92", "0.94", "0.96", "0.98"]
        );
    }

    #[test]
    fn log_ticks_are_powers_of_ten_as_far_as_possible() {
        assert_eq!(
            labels(&axis(Scale::Log, &[1e-5, 1e3])),
            ["10⁻⁴", "0.01", "1", "100"]
        );
        assert_eq!(
            labels(&axis(Scale::Log, &[100.0, 900.0])),
            ["100", "200", "500"]
        );
        assert_eq!(
            labels(&axis(Scale::Log, &[1e6, 1e8])),
            ["10⁶", "10⁷", "10⁸"]
        );
    }

    #[test]
    fn a_single_value_has_an_axis_around_it() {
        for (scale, value) in [
            (Scale::Linear, 0.0),
            (Scale::Linear, -3.0),
            (Scale::Log, 7.0),
        ] {
            let position = axis(scale, &[value])
                .position(value)
                .expect("it has a place");
            assert!(
                (position - 0.5).abs() < 1e-12,
                "{scale:?} {value}: {position}"
            );
        }
    }
}
