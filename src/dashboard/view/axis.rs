//! Axes of a chart: as wide as the values, and ticks as far as there is room for them.

use crate::dashboard::text::number;
use crate::measure::{self, Scale};

/// Lines from which on a logarithmic axis shorter than two powers has round ticks in between.
const ROOM_BETWEEN_POWERS: u16 = 9;

/// An axis with finite bounds that differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Axis {
    range: measure::Axis,
    /// All values are the same: the axis only has this tick, in its middle.
    constant: bool,
}

impl Axis {
    /// The axis on which all values have a place; `None` if no value has one.
    pub(crate) fn spanning(scale: Scale, values: Vec<f64>) -> Option<Self> {
        let mut range = measure::Axis::spanning(scale, values)?;
        let constant = range.low == range.high;
        let least = match scale {
            Scale::Linear => (range.low.abs().max(range.high.abs()) * 1.0e-3).max(1.0e-12),
            Scale::Log => 0.1,
        };
        if range.length() < least {
            let middle = f64::midpoint(range.low, range.high);
            (range.low, range.high) = (middle - least / 2.0, middle + least / 2.0);
        }
        // Values near the greatest float: their difference is not one.
        (range.length().is_finite()).then_some(Self { range, constant })
    }

    /// The place of a value: 0 at the low end, 1 at the high end, finite; `None` if it has none.
    pub(crate) fn place(&self, value: f64) -> Option<f64> {
        self.range.position(value)
    }

    /// The value at a place.
    pub(crate) fn value(&self, place: f64) -> f64 {
        self.range.value(place)
    }

    /// Places and labels of ticks for an axis that is so many lines long.
    pub(crate) fn ticks(&self, lines: u16) -> Vec<(f64, String)> {
        if self.constant {
            return vec![(0.5, trimmed(&number(self.value(0.5))))];
        }
        let wanted = usize::from(lines / 3).clamp(2, 8);
        let scale = self.range.scale;
        let mut values = self.range.ticks(wanted);
        if scale == Scale::Log && values.len() < 2 && lines >= ROOM_BETWEEN_POWERS {
            values = self.range.ticks_between_powers();
        }
        let label = |value: f64| match scale {
            Scale::Linear => short(value, self.range.length()),
            Scale::Log => power(value.log10()),
        };
        let ticks =
            (values.into_iter()).filter_map(|value| Some((self.place(value)?, label(value))));
        let ticks: Vec<_> = ticks.collect();
        if ticks.len() >= 2 {
            return ticks;
        }
        // Too short for round numbers: the ends as they are.
        [0.0, 1.0]
            .map(|end| (end, trimmed(&number(self.value(end)))))
            .to_vec()
    }
}

/// As many decimals as tell neighbouring ticks apart.
fn short(value: f64, span: f64) -> String {
    let size = value.abs().max(span);
    if !(1.0e-3..1.0e6).contains(&size) {
        return number(value);
    }
    let decimals = (1.0 - span.log10().floor()).clamp(0.0, 5.0) as usize;
    let value = if value == 0.0 { 0.0 } else { value };
    trimmed(&format!("{value:.decimals$}"))
}

/// A number without zeros at the end of its decimals.
fn trimmed(text: &str) -> String {
    if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

/// A value on a logarithmic axis, from its logarithm.
fn power(exponent: f64) -> String {
    if (exponent - exponent.round()).abs() > 1.0e-9 {
        return trimmed(&number(10.0_f64.powf(exponent)));
    }
    let exponent = exponent.round();
    if (-2.0..=4.0).contains(&exponent) {
        let decimals = (-exponent).max(0.0) as usize;
        format!("{:.decimals$}", 10.0_f64.powf(exponent))
    } else {
        format!("1e{exponent:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithmic_axis_is_logarithmic_below_one() {
        let axis = Axis::spanning(Scale::Log, vec![1.0e-4, 1.0]).expect("two values");
        let place = axis.place(1.0e-2).expect("a positive value");
        assert!((place - 0.5).abs() < 1.0e-12);
        assert_eq!(axis.place(0.0), None);
        assert_eq!(axis.place(-1.0), None);
        assert!((axis.value(0.5) - 1.0e-2).abs() < 1.0e-12);
    }

    #[test]
    fn what_is_not_finite_has_no_place() {
        assert_eq!(
            Axis::spanning(Scale::Linear, vec![f64::NAN, f64::INFINITY]),
            None
        );
        assert_eq!(
            Axis::spanning(Scale::Linear, vec![f64::MAX, f64::MIN]),
            None
        );
        let axis = Axis::spanning(Scale::Linear, vec![f64::NAN, 3.0]).expect("one value");
        assert!(
            axis.place(3.0)
                .is_some_and(|place| (place - 0.5).abs() < 1.0e-9)
        );
        assert_eq!(axis.place(f64::NAN), None);
    }

    #[test]
    fn ticks_are_round_numbers() {
        let labels = |scale, low, high, lines| -> Vec<String> {
            let axis = Axis::spanning(scale, vec![low, high]).expect("two values");
            axis.ticks(lines)
                .into_iter()
                .map(|(_, label)| label)
                .collect()
        };
        assert_eq!(
            labels(Scale::Linear, 0.0, 200.0, 12),
            ["0", "50", "100", "150", "200"]
        );
        assert_eq!(labels(Scale::Linear, 0.91, 0.99, 3), ["0.91", "0.99"]);
        assert_eq!(labels(Scale::Linear, 12.4, 12.4, 9), ["12.4"]);
        assert_eq!(labels(Scale::Log, 1.0e-3, 1.0e3, 9), ["0.01", "1", "100"]);
        assert_eq!(
            labels(Scale::Log, 1.0e-9, 1.0e-5, 12),
            ["1e-9", "1e-8", "1e-7", "1e-6", "1e-5"]
        );
        assert_eq!(
            labels(Scale::Log, 127.7, 3977.0, 12),
            ["200", "500", "1000", "2000"]
        );
        assert_eq!(labels(Scale::Log, 127.7, 3977.0, 5), ["127.7", "3977"]);
    }

    #[test]
    fn ticks_lie_on_the_axis_for_any_bounds() {
        for (low, high) in [
            (0.0, 1.0e-300),
            (-5.0, -5.0),
            (1.0e15, 1.0e15 + 2.0),
            (0.0, 1.0e300),
        ] {
            for scale in [Scale::Linear, Scale::Log] {
                if let Some(axis) = Axis::spanning(scale, vec![low, high]) {
                    for (place, _) in axis.ticks(20) {
                        assert!(
                            (-0.01..=1.01).contains(&place),
                            "{place} for {low} to {high}"
                        );
                    }
                }
            }
        }
    }
}
