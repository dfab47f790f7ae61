//! Axes: from values to places, and where the ticks are.

use crate::report::table::visible;

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    /// Decimal logarithm; only positive values have a place.
    Log,
}

/// An axis with its label and ticks.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) label: String,
    scale: Scale,
    /// Ends, after the scale is applied.
    low: f64,
    high: f64,
    /// Values with their labels.
    pub(super) ticks: Vec<(f64, String)>,
    /// Values of the small ticks without labels.
    pub(super) minor: Vec<f64>,
}

/// Labelled ticks that an axis should have, about.
const TICKS: f64 = 5.0;

impl Axis {
    /// An axis that holds all `values` that have a place on it; `None` if there are none.
    pub(super) fn around(
        label: &str,
        scale: Scale,
        values: impl Iterator<Item = f64>,
    ) -> Option<Self> {
        let places = values.filter_map(|value| place(scale, value));
        let (low, high) = places.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), place| {
            (low.min(place), high.max(place))
        });
        if low > high {
            return None;
        }
        let margin = if high > low {
            0.04 * (high - low)
        } else if scale == Scale::Log || low == 0.0 {
            0.5
        } else {
            0.1 * low.abs()
        };
        let (low, high) = (low - margin, high + margin);
        let (ticks, minor) = match scale {
            Scale::Linear => (linear_ticks(low, high), Vec::new()),
            Scale::Log => log_ticks(low, high),
        };
        Some(Self {
            label: visible(label),
            scale,
            low,
            high,
            ticks,
            minor,
        })
    }

    /// An axis of categories: the one with index `i` lies from `i - 0.5` to `i + 0.5`.
    pub(super) fn of_categories(label: &str, names: &[String]) -> Self {
        Self {
            label: visible(label),
            scale: Scale::Linear,
            low: -0.5,
            high: names.len() as f64 - 0.5,
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
        let place = place(self.scale, value)?;
        Some(((place - self.low) / (self.high - self.low)).clamp(0.0, 1.0))
    }
}

fn place(scale: Scale, value: f64) -> Option<f64> {
    let place = match scale {
        Scale::Linear => value,
        Scale::Log if value > 0.0 => value.log10(),
        Scale::Log => return None,
    };
    place.is_finite().then_some(place)
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn linear_ticks(low: f64, high: f64) -> Vec<(f64, String)> {
    let rough = (high - low) / TICKS;
    let decade = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * decade)
        .into_iter()
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    let decimals = usize::try_from(-(step.log10().floor() as i32)).unwrap_or(0);
    let first = (low / step).ceil();
    (0..=2 * TICKS as u32)
        .map(|index| (first + f64::from(index)) * step)
        .take_while(|value| *value <= high)
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

/// Fewer labels than this do not show what kind of axis it is.
const FEWEST_TICKS: usize = 3;
/// Multiples of a power of ten that are labelled where powers alone are too few: as few as needed.
const COARSE: &[f64] = &[1.0, 2.0, 5.0];
const MEDIUM: &[f64] = &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0];
const FINE: &[f64] = &[1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

/// Powers of ten; where fewer than two of them fit, also multiples of them.
fn log_ticks(low: f64, high: f64) -> (Vec<(f64, String)>, Vec<f64>) {
    let decades = low.floor() as i32..=high.ceil() as i32;
    let inside = |value: &f64| (low..=high).contains(&value.log10());
    let every = ((high - low) / TICKS).ceil().max(1.0) as i32;
    let multiples = |factors: &[f64]| -> Vec<f64> {
        let powers = decades.clone().map(|exponent| 10_f64.powi(exponent));
        powers
            .flat_map(|power| factors.iter().map(move |factor| factor * power))
            .filter(inside)
            .collect()
    };
    let powers = multiples(&[1.0]);
    if powers.len() < 2 {
        let values = [COARSE, MEDIUM]
            .map(&multiples)
            .into_iter()
            .find(|values| values.len() >= FEWEST_TICKS)
            .unwrap_or_else(|| multiples(FINE));
        let minor = multiples(FINE);
        let ticks = (values.iter())
            .map(|&value| (value, log_label(value)))
            .collect();
        return (ticks, minor);
    }
    let labelled = powers
        .into_iter()
        .filter(|power| (power.log10().round() as i32).rem_euclid(every) == 0)
        .map(|power| (power, log_label(power)))
        .collect();
    let minor = if every > 1 {
        multiples(&[1.0])
    } else {
        multiples(&[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
    };
    (labelled, minor)
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
    use super::{Axis, Scale};

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
    fn a_log_axis_is_a_true_one() {
        let axis = axis(Scale::Log, &[1.0, 10_000.0]);
        let positions = [1.0, 100.0, 10_000.0].map(|v| axis.position(v).expect("positive"));
        assert!((positions[1] - 0.5).abs() < 1e-12, "{positions:?}");
        assert!(positions[0] < 0.05 && positions[2] > 0.95, "{positions:?}");
        assert_eq!(axis.position(0.0), None);
        assert_eq!(axis.position(-1.0), None);
    }

    #[test]
    fn values_without_a_place_make_no_axis() {
        assert!(Axis::around("x", Scale::Log, [0.0, -1.0, f64::NAN].into_iter()).is_none());
        assert!(Axis::around("x", Scale::Linear, [f64::INFINITY].into_iter()).is_none());
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
