//! From values to places on an axis, and the ticks between.

use crate::dashboard::text::number;

/// How values are spread over an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Equal differences are equally long.
    #[default]
    Linear,
    /// Equal ratios are equally long.
    Logarithmic,
}

/// Lines from which on a logarithmic axis shorter than two powers has round ticks in between.
const ROOM_BETWEEN_POWERS: u16 = 9;

/// An axis with finite bounds that differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
    /// All values are the same: the axis only has this tick, in its middle.
    constant: bool,
}

impl Axis {
    /// The axis on which all values have a place; `None` if no value has one.
    pub(crate) fn spanning(scale: Scale, values: Vec<f64>) -> Option<Self> {
        let mut bounds: Option<(f64, f64)> = None;
        for value in values
            .into_iter()
            .filter_map(|value| transformed(scale, value))
        {
            let (low, high) = bounds.get_or_insert((value, value));
            *low = low.min(value);
            *high = high.max(value);
        }
        let (mut low, mut high) = bounds?;
        let least = match scale {
            Scale::Linear => (low.abs().max(high.abs()) * 1.0e-3).max(1.0e-12),
            Scale::Logarithmic => 0.1,
        };
        let constant = low == high;
        if high - low < least {
            let middle = f64::midpoint(low, high);
            low = middle - least / 2.0;
            high = middle + least / 2.0;
        }
        // Values near the greatest float: their difference is not one.
        (high - low).is_finite().then_some(Self {
            scale,
            low,
            high,
            constant,
        })
    }

    /// The place of a value: 0 at the low end, 1 at the high end, finite; `None` if it has none.
    pub(crate) fn place(&self, value: f64) -> Option<f64> {
        let value = transformed(self.scale, value)?;
        let place = (value - self.low) / (self.high - self.low);
        // Far outside is as good as just outside, and is safe to draw.
        place.is_finite().then(|| place.clamp(-10.0, 10.0))
    }

    /// The value at a place.
    pub(crate) fn value(&self, place: f64) -> f64 {
        let value = self.low + place * (self.high - self.low);
        match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => 10.0_f64.powf(value),
        }
    }

    /// Places and labels of ticks for an axis that is so many lines long.
    pub(crate) fn ticks(&self, lines: u16) -> Vec<(f64, String)> {
        if self.constant {
            return vec![(0.5, trimmed(&number(self.value(0.5))))];
        }
        let wanted = usize::from(lines / 3).clamp(2, 8);
        let span = self.high - self.low;
        let place = |value: f64| (value - self.low) / span;
        let inside: Vec<f64> = match self.scale {
            Scale::Linear => steps(self.low, self.high, nice_step(span / wanted as f64)),
            Scale::Logarithmic => {
                let every = (span / wanted as f64).ceil().max(1.0);
                let powers = steps(self.low, self.high, every);
                if powers.len() < 2 && lines >= ROOM_BETWEEN_POWERS {
                    between_powers(self.low, self.high)
                } else {
                    powers
                }
            }
        };
        let label = |value: f64| match self.scale {
            Scale::Linear => short(value, span),
            Scale::Logarithmic => power(value),
        };
        if inside.len() >= 2 {
            return inside
                .iter()
                .map(|&value| (place(value), label(value)))
                .collect();
        }
        // Too short for round numbers: the ends as they are.
        [0.0, 1.0]
            .map(|end| (end, trimmed(&number(self.value(end)))))
            .to_vec()
    }
}

/// Logarithms of 1, 2 and 5 times powers of ten between two bounds.
fn between_powers(low: f64, high: f64) -> Vec<f64> {
    let steps = [1.0_f64, 2.0, 5.0].map(f64::log10);
    let first = low.floor();
    (0..=(high - first) as u32)
        .flat_map(|power| steps.map(|step| first + f64::from(power) + step))
        .filter(|value| (low..=high).contains(value))
        .collect()
}

fn transformed(scale: Scale, value: f64) -> Option<f64> {
    match scale {
        Scale::Linear => value.is_finite().then_some(value),
        Scale::Logarithmic => (value.is_finite() && value > 0.0).then(|| value.log10()),
    }
}

/// 1, 2 or 5 times a power of ten, at least as long as asked for.
fn nice_step(least: f64) -> f64 {
    let power = 10.0_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| *step >= least * (1.0 - 1.0e-9))
        .unwrap_or(least)
}

/// Multiples of a step between two bounds.
fn steps(low: f64, high: f64, step: f64) -> Vec<f64> {
    let first = (low / step - 1.0e-9).ceil();
    (0..32)
        .map(|k| (first + f64::from(k)) * step)
        .take_while(|value| *value <= high + step * 1.0e-9)
        .collect()
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
        let axis = Axis::spanning(Scale::Logarithmic, vec![1.0e-4, 1.0]).expect("two values");
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
        assert_eq!(
            labels(Scale::Logarithmic, 1.0e-3, 1.0e3, 9),
            ["0.01", "1", "100"]
        );
        assert_eq!(
            labels(Scale::Logarithmic, 1.0e-9, 1.0e-5, 12),
            ["1e-9", "1e-8", "1e-7", "1e-6", "1e-5"]
        );
        assert_eq!(
            labels(Scale::Logarithmic, 127.7, 3977.0, 12),
            ["200", "500", "1000", "2000"]
        );
        assert_eq!(
            labels(Scale::Logarithmic, 127.7, 3977.0, 5),
            ["127.7", "3977"]
        );
    }

    #[test]
    fn ticks_lie_on_the_axis_for_any_bounds() {
        for (low, high) in [
            (0.0, 1.0e-300),
            (-5.0, -5.0),
            (1.0e15, 1.0e15 + 2.0),
            (0.0, 1.0e300),
        ] {
            for scale in [Scale::Linear, Scale::Logarithmic] {
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
