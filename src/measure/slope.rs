//! How fast a quantity falls: its running minimum, and the power of the iteration that it follows.

/// A line on logarithmic axes: `y = c x^exponent`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerLaw {
    /// Slope of `log y` over `log x`.
    pub exponent: f64,
    /// Where the part that the line was fitted to begins and ends.
    pub ends: [(f64, f64); 2],
}

impl PowerLaw {
    /// Fits `log y` over `log x` by least squares to the later half of the points, which come by rising `x`: from the
    /// middle of the logarithmic axis on, `sqrt(x_1 x_K)`, since a rate is about the long
    /// run. Points without a logarithm are left out. `None` with fewer than three points or when all `x` are the same.
    pub fn fit(points: impl IntoIterator<Item = (f64, f64)>) -> Option<Self> {
        let logs: Vec<(f64, f64)> = (points.into_iter())
            .filter(|&(x, y)| x > 0.0 && y > 0.0)
            .map(|(x, y)| (x.ln(), y.ln()))
            .collect();
        let (first, last) = (logs.first()?.0, logs.last()?.0);
        let begin = f64::midpoint(first, last);
        let fitted: Vec<(f64, f64)> = logs.into_iter().filter(|&(x, _)| x >= begin).collect();
        if fitted.len() < 3 {
            return None;
        }
        let count = fitted.len() as f64;
        let mean_x = fitted.iter().map(|at| at.0).sum::<f64>() / count;
        let mean_y = fitted.iter().map(|at| at.1).sum::<f64>() / count;
        let (mut covariance, mut variance) = (0.0, 0.0);
        for (x, y) in fitted {
            covariance += (x - mean_x) * (y - mean_y);
            variance += (x - mean_x).powi(2);
        }
        let exponent = covariance / variance;
        let at = |x: f64| (x.exp(), (mean_y + exponent * (x - mean_x)).exp());
        exponent.is_finite().then(|| Self {
            exponent,
            ends: [at(begin), at(last)],
        })
    }
}

/// `(x, min of all y so far)` for each of `points`, from the first `y` that is finite on; others are passed over.
pub fn running_minimum(
    points: impl IntoIterator<Item = (f64, f64)>,
) -> impl Iterator<Item = (f64, f64)> {
    let mut minimum = f64::INFINITY;
    (points.into_iter())
        .map(move |(x, y)| {
            minimum = minimum.min(y);
            (x, minimum)
        })
        .filter(|(_, minimum)| minimum.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `y = 3 / x` with another slope before `x = 10`.
    fn bent() -> Vec<(f64, f64)> {
        (1..=100)
            .map(f64::from)
            .map(|x| (x, if x < 10.0 { 0.3 } else { 3.0 / x }))
            .collect()
    }

    #[test]
    fn a_power_law_gives_its_exponent() {
        let law: Vec<(f64, f64)> = (0..50)
            .map(f64::from)
            .map(|x| (x, 5.0 * x.powf(-1.5)))
            .collect();
        let fit = PowerLaw::fit(law.iter().copied()).expect("many points");
        assert!((fit.exponent + 1.5).abs() < 1e-12);
        let [(from, _), (to, end)] = fit.ends;
        assert!((from - 7.0).abs() < 1e-9 && (to - 49.0).abs() < 1e-9);
        assert!((end - 5.0 * 49.0_f64.powf(-1.5)).abs() < 1e-12);
    }

    #[test]
    fn the_later_half_begins_in_the_middle_of_the_logarithmic_axis() {
        let fit = PowerLaw::fit(bent()).expect("many points");
        assert!((fit.exponent + 1.0).abs() < 1e-12);
        assert!((fit.ends[0].0 - 10.0).abs() < 1e-9, "{fit:?}");
    }

    #[test]
    fn too_few_points_have_no_slope() {
        let fit = |points: &[(f64, f64)]| PowerLaw::fit(points.iter().copied());
        assert_eq!(fit(&[]), None);
        assert_eq!(fit(&[(1.0, 1.0), (2.0, 2.0)]), None);
        assert_eq!(fit(&[(1.0, 1.0), (1.0, 2.0), (1.0, 3.0)]), None);
        assert_eq!(
            fit(&[(0.0, 1.0), (1.0, 0.0), (2.0, 1.0), (3.0, -1.0), (4.0, 1.0)]),
            None
        );
    }

    #[test]
    fn a_value_that_grows_or_is_no_number_does_not_raise_the_minimum() {
        let points = [f64::NAN, 4.0, 9.0, f64::NAN, 1.0].into_iter().enumerate();
        let points = points.map(|(x, y)| (x as f64, y));
        let expected = [(1.0, 4.0), (2.0, 4.0), (3.0, 4.0), (4.0, 1.0)];
        assert_eq!(running_minimum(points).collect::<Vec<_>>(), expected);
    }
}
