//! Mean 0 and variance 1 per feature, or median 0 and the range between the quartiles that belongs to variance 1.

use ndarray::ArrayView1;

use super::choices::Standardize;
use super::dataset::{Part, Standardization};
use super::error::DataError;

/// Share of the largest value of a feature up to which a deviation is rounding. Sums of millions of values round by less.
const ROUNDING: f64 = 1e-13;

/// Range between the quartiles of a normal distribution with variance 1.
const NORMAL_RANGE: f64 = 1.349;

/// x := (x - mean) / deviation for every feature of all parts, where
/// mean = 1/n sum x and deviation = sqrt(1/n sum (x - mean)^2) over the n samples of `train`; robustly, they are the median and
/// the range between the quartiles, in units of what a normal distribution has.
/// A feature that is constant in `train`, or varies by no more than rounding, gets the deviation 1: divided by their rounding,
/// other values would become huge.
///
/// # Errors
/// A feature whose values are so large that these sums, or the result, leave the range of `f64`.
pub(super) fn standardize(
    choice: Standardize,
    train: &mut Part,
    others: &mut [&mut Part],
) -> Result<Standardization, DataError> {
    let mut fitted = Standardization::default();
    for (feature, row) in train.inputs.rows_mut().into_iter().enumerate() {
        let (mean, deviation) = match choice {
            Standardize::Robust => robust(row.view()),
            _ => mean_and_deviation(row.view()),
        };
        fitted.mean.push(mean);
        fitted.deviation.push(deviation);
        let other_rows = others.iter_mut().map(|part| part.inputs.row_mut(feature));
        let mut finite = deviation.is_finite();
        for mut row in std::iter::once(row).chain(other_rows) {
            row.mapv_inplace(|value| (value - mean) / deviation);
            finite &= row.iter().all(|value| value.is_finite());
        }
        if !finite {
            return Err(DataError::Setting {
                setting: "standardize".into(),
                value: "true".into(),
                allowed: format!(
                    "features whose squares can be summed; feature {} has values beyond that",
                    feature + 1
                ),
                remedy: "scale or leave out this feature".into(),
            });
        }
    }
    Ok(fitted)
}

fn mean_and_deviation(row: ArrayView1<'_, f64>) -> (f64, f64) {
    let samples = row.len() as f64;
    if row.iter().all(|value| *value == row[0]) {
        return (row[0], 1.0);
    }
    let mean = row.sum() / samples;
    let squares = row.fold(0.0, |sum, value| sum + (value - mean).powi(2));
    let deviation = (squares / samples).sqrt();
    let largest = row.fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let is_rounding = deviation <= ROUNDING * largest;
    (mean, if is_rounding { 1.0 } else { deviation })
}

/// Median and range between the quartiles. Where more than half of the values are equal that range is 0, and the deviation
/// takes its place.
fn robust(row: ArrayView1<'_, f64>) -> (f64, f64) {
    let mut values = row.to_vec();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * (values.len() - 1) as f64;
        let (below, part) = (place as usize, place.fract());
        let above = (below + 1).min(values.len() - 1);
        values[below] + part * (values[above] - values[below])
    };
    let median = at(0.5);
    let range = (at(0.75) - at(0.25)) / NORMAL_RANGE;
    let (_, deviation) = mean_and_deviation(row);
    let largest = values[0].abs().max(values[values.len() - 1].abs());
    let is_rounding = range <= ROUNDING * largest;
    (median, if is_rounding { deviation } else { range })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    fn part(inputs: Array2<f64>) -> Part {
        let labels = vec![0; inputs.ncols()];
        Part { inputs, labels }
    }

    #[test]
    fn training_statistics_with_one_over_n_scale_all_parts() {
        // The decimal 0.1 is not a binary number: its sums round, and a constant must stay one.
        let mut train = part(array![[1.0, 3.0, 5.0, 7.0], [0.1; 4]]);
        let mut test = part(array![[4.0, 9.0], [0.1, 1.1]]);
        let mut validation = part(array![[9.0], [1.1]]);
        standardize(
            Standardize::On,
            &mut train,
            &mut [&mut test, &mut validation],
        )
        .expect("small numbers");
        let deviation = 5.0_f64.sqrt();
        let expected = [-3.0, -1.0, 1.0, 3.0].map(|value| value / deviation);
        assert_eq!(train.inputs.row(0).to_vec(), expected);
        assert_eq!(train.inputs.row(1).to_vec(), [0.0; 4]);
        assert_eq!(test.inputs.row(0).to_vec(), [0.0, 5.0 / deviation]);
        assert_eq!(test.inputs.row(1).to_vec(), [0.0, 1.0]);
        assert_eq!(validation.inputs.column(0), test.inputs.column(1));
    }

    #[test]
    fn a_feature_that_varies_by_rounding_alone_is_constant() {
        let mut train = part(array![
            [0.3, 0.1 + 0.2, 0.3],
            [1.7e9 - 8.0, 1.7e9, 1.7e9 + 8.0]
        ]);
        let mut test = part(array![[0.31], [1.7e9]]);
        let fitted =
            standardize(Standardize::On, &mut train, &mut [&mut test]).expect("small numbers");
        assert_eq!(fitted.deviation[0], 1.0);
        assert!((test.inputs[(0, 0)] - 0.01).abs() < 1e-12);
        assert!(fitted.deviation[1] > 6.0 && test.inputs[(1, 0)].abs() < 1e-6);
    }

    #[test]
    fn outliers_do_not_count_for_the_robust_scale() {
        let mut train = part(array![[1.0, 2.0, 3.0, 4.0, 1e6], [0.0, 0.0, 0.0, 0.0, 5.0]]);
        let fitted = standardize(Standardize::Robust, &mut train, &mut []).expect("numbers");
        assert_eq!(fitted.mean, [3.0, 0.0]);
        assert_eq!(fitted.deviation, [2.0 / NORMAL_RANGE, 2.0]);
    }

    #[test]
    fn values_whose_squares_leave_the_range_are_refused() {
        for huge in [1e200, f64::MAX] {
            let mut train = part(array![[0.0, 1.0], [huge, -huge]]);
            let mut test = part(array![[0.0], [1.0]]);
            let error =
                standardize(Standardize::On, &mut train, &mut [&mut test]).expect_err("overflow");
            assert!(
                error
                    .to_string()
                    .contains("feature 2 has values beyond that")
            );
        }
    }
}
