//! From values to places on an axis, and the round values between.

/// How values are spread over an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equally long.
    #[default]
    Linear,
    /// Equal ratios are equally long; only positive values have a place.
    Log,
}

impl Scale {
    /// What is equally spread: the value or its decimal logarithm. `None` if the value has no place on the scale.
    pub fn coordinate(self, value: f64) -> Option<f64> {
        let coordinate = match self {
            Self::Linear => value,
            Self::Log if value > 0.0 => value.log10(),
            Self::Log => return None,
        };
        coordinate.is_finite().then_some(coordinate)
    }
}

/// The part of a scale between two coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// How values are spread.
    pub scale: Scale,
    /// Coordinate of the lower end.
    pub low: f64,
    /// Coordinate of the upper end.
    pub high: f64,
}

impl Axis {
    /// From the least to the greatest of the `values` that have a place; `None` if none has one.
    pub fn spanning(scale: Scale, values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let coordinates = (values.into_iter()).filter_map(|value| scale.coordinate(value));
        let (low, high) = coordinates
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| {
                (low.min(at), high.max(at))
            });
        (low <= high).then_some(Self { scale, low, high })
    }

    /// Its length, in coordinates.
    pub fn length(&self) -> f64 {
        self.high - self.low
    }

    /// Where `value` lies: 0 at the lower end, 1 at the upper one. Values far outside are moved to where drawing them is
    /// safe. `None` if the value has no place.
    pub fn position(&self, value: f64) -> Option<f64> {
        let position = (self.scale.coordinate(value)? - self.low) / self.length();
        position.is_finite().then(|| position.clamp(-10.0, 10.0))
    }

    /// The value at a position.
    pub fn value(&self, position: f64) -> f64 {
        let coordinate = self.low + position * self.length();
        match self.scale {
            Scale::Linear => coordinate,
            Scale::Log => 10.0_f64.powf(coordinate),
        }
    }

    /// Distance of ticks of which about `wanted` fit on the axis, in coordinates: 1, 2 or 5 times a power of ten, or, on
    /// a logarithmic axis, whole powers.
    pub fn step(&self, wanted: usize) -> f64 {
        let least = self.length() / wanted as f64;
        match self.scale {
            Scale::Linear => round_step(least),
            Scale::Log => least.ceil().max(1.0),
        }
    }

    /// The values at multiples of [`Self::step`].
    pub fn ticks(&self, wanted: usize) -> Vec<f64> {
        const MOST: u32 = 32;
        let step = self.step(wanted);
        let first = (self.low / step - TOLERANCE).ceil();
        let coordinates = (0..MOST)
            .map(|k| (first + f64::from(k)) * step)
            .take_while(|at| *at <= self.high + step * TOLERANCE);
        match self.scale {
            Scale::Linear => coordinates.collect(),
            Scale::Log => coordinates.map(|at| 10.0_f64.powi(at as i32)).collect(),
        }
    }

    /// Round values between the powers of ten on a logarithmic axis, as few as show what kind of axis it is.
    pub fn ticks_between_powers(&self) -> Vec<f64> {
        (BETWEEN_POWERS.iter().map(|factors| self.multiples(factors)))
            .find(|values| values.len() >= FEWEST_TICKS)
            .unwrap_or_else(|| self.multiples(FINEST))
    }

    /// `factors` times powers of ten, as far as they lie on the logarithmic axis.
    pub fn multiples(&self, factors: &[f64]) -> Vec<f64> {
        let powers = (self.low.floor() as i32..=self.high.ceil() as i32).map(|k| 10.0_f64.powi(k));
        powers
            .flat_map(|power| factors.iter().map(move |factor| factor * power))
            .filter(|value| (self.low..=self.high).contains(&value.log10()))
            .collect()
    }
}

/// Fewer labels than this do not show what kind of axis it is.
const FEWEST_TICKS: usize = 3;
/// Rounding of coordinates, as a share of a step.
const TOLERANCE: f64 = 1.0e-9;

/// Multiples of a power of ten that are labelled where powers alone are too few, the coarsest first.
const BETWEEN_POWERS: [&[f64]; 2] = [&[1.0, 2.0, 5.0], &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0]];
/// The finest of them.
pub const FINEST: &[f64] = &[1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

/// 1, 2 or 5 times a power of ten, at least as long as asked for.
fn round_step(least: f64) -> f64 {
    let power = 10.0_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| *step >= least * (1.0 - TOLERANCE))
        .unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(scale: Scale, values: &[f64]) -> Axis {
        Axis::spanning(scale, values.iter().copied()).expect("values with a place")
    }

    #[test]
    fn a_logarithmic_axis_is_a_true_one() {
        let axis = axis(Scale::Log, &[1.0e-4, 1.0]);
        assert!((axis.position(1.0e-2).expect("positive") - 0.5).abs() < 1.0e-12);
        assert!((axis.value(0.5) - 1.0e-2).abs() < 1.0e-12);
        assert_eq!(axis.position(0.0), None);
        assert_eq!(axis.position(-1.0), None);
    }

    #[test]
    fn what_is_not_finite_has_no_place() {
        let none = |scale, values: &[f64]| Axis::spanning(scale, values.iter().copied()).is_none();
        assert!(none(Scale::Log, &[0.0, -1.0, f64::NAN]));
        assert!(none(Scale::Linear, &[f64::INFINITY, f64::NAN]));
        let axis = axis(Scale::Linear, &[f64::NAN, 3.0, 4.0]);
        assert_eq!((axis.low, axis.high), (3.0, 4.0));
        assert_eq!(axis.position(f64::NAN), None);
    }

    #[test]
    fn ticks_are_round() {
        let ticks = |scale, low, high| axis(scale, &[low, high]).ticks(5);
        assert_eq!(
            ticks(Scale::Linear, 0.0, 200.0),
            [0.0, 50.0, 100.0, 150.0, 200.0]
        );
        assert_eq!(ticks(Scale::Log, 1.0, 1.0e3), [1.0, 10.0, 100.0, 1000.0]);
        let wide = ticks(Scale::Log, 1.0e-8, 1.0e8);
        assert_eq!(wide, [1.0e-8, 1.0e-4, 1.0, 1.0e4, 1.0e8]);
    }

    #[test]
    fn ticks_between_powers_are_as_few_as_needed() {
        let ticks = |low, high| axis(Scale::Log, &[low, high]).ticks_between_powers();
        assert_eq!(ticks(95.0, 930.0), [100.0, 200.0, 500.0]);
        assert_eq!(ticks(95.0, 320.0), [100.0, 150.0, 200.0, 300.0]);
        assert_eq!(ticks(190.0, 320.0), [200.0, 250.0, 300.0]);
    }

    #[test]
    fn ticks_lie_on_the_axis_for_any_bounds() {
        for (low, high) in [
            (0.0, 1.0e-300),
            (1.0e15, 1.0e15 + 2.0),
            (0.0, 1.0e300),
            (-7.0, 1.0),
        ] {
            for scale in [Scale::Linear, Scale::Log] {
                let axis = axis(scale, &[low, high]);
                if axis.length() > 0.0 {
                    for tick in axis.ticks(7) {
                        let position = axis.position(tick).expect("a tick has a place");
                        assert!((-0.01..=1.01).contains(&position), "{tick} on {axis:?}");
                    }
                }
            }
        }
    }
}
