//! Means and spreads.

/// Mean and sample standard deviation of some values, such as those of the seeds of a setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Number of values.
    pub n: usize,
    /// `sum x / n`; not finite as soon as one value is not.
    pub mean: f64,
    /// `sqrt(sum (x - mean)^2 / (n - 1))`; `None` for a single value and where it is not finite.
    pub std: Option<f64>,
}

impl Summary {
    /// Summarises `values`; `None` if there are none.
    ///
    /// Two passes: the second one works on deviations from the mean, and takes out of the sum of
    /// squares what the rounding of the mean put into it, so that nothing cancels.
    pub fn of(values: &[f64]) -> Option<Self> {
        let n = values.len();
        if n == 0 {
            return None;
        }
        let count = n as f64;
        let rough = values.iter().map(|value| value / count).sum::<f64>();
        if !rough.is_finite() {
            return Some(Self {
                n,
                mean: values.iter().sum::<f64>() / count,
                std: None,
            });
        }
        let shift = values.iter().map(|value| value - rough).sum::<f64>();
        let squares = values.iter().map(|x| (x - rough).powi(2)).sum::<f64>();
        let std = (n > 1)
            .then(|| ((squares - shift * shift / count).max(0.0) / (count - 1.0)).sqrt())
            .filter(|std| std.is_finite());
        Some(Self {
            n,
            mean: rough + shift / count,
            std,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Summary;

    #[test]
    fn mean_and_sample_deviation_match_hand_values() {
        // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, sum of squared deviations 32, so std = sqrt(32 / 7).
        let summary = Summary::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).expect("eight values");
        assert_eq!(summary.n, 8);
        assert_eq!(summary.mean, 5.0);
        assert!((summary.std.expect("n > 1") - (32.0_f64 / 7.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn a_large_offset_does_not_cancel() {
        // The textbook formula (sum x^2 - n mean^2) gives 0 or a negative variance here.
        let summary = Summary::of(&[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0]).expect("four");
        assert_eq!(summary.mean, 1e9 + 10.0);
        assert!((summary.std.expect("n > 1") - 30.0_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn one_value_has_no_deviation_and_none_has_no_summary() {
        let single = Summary::of(&[0.25]).expect("one value");
        assert_eq!((single.n, single.mean, single.std), (1, 0.25, None));
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    fn values_that_are_not_finite_stay_visible_in_the_mean() {
        let infinite = Summary::of(&[1.0, f64::INFINITY]).expect("two values");
        assert_eq!((infinite.mean, infinite.std), (f64::INFINITY, None));
        let undefined = Summary::of(&[1.0, f64::NAN, 2.0]).expect("three values");
        assert!(undefined.mean.is_nan() && undefined.std.is_none());
    }

    #[test]
    fn values_near_the_largest_number_do_not_overflow_the_mean() {
        let summary = Summary::of(&[f64::MAX, f64::MAX]).expect("two values");
        assert_eq!((summary.mean, summary.std), (f64::MAX, Some(0.0)));
    }
}
