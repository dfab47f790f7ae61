//! Mean 0 and variance 1 per feature.

use super::dataset::{Part, Standardization};
use super::error::DataError;

/// Share of the largest value of a feature up to which a deviation is rounding. Sums of millions of values round by less.
const ROUNDING: f64 = 1e-13;

/// x := (x - mean) / deviation for every feature of all parts, where
/// mean = 1/n sum x and deviation = sqrt(1/n sum (x - mean)^2) over the n samples of `train`.
/// A feature that is constant in `train`, or varies by no more than rounding, gets the deviation 1: divided by their rounding,
/// other values would become huge.
///
/// # Errors
/// A feature whose values are so large that these sums, or the result, leave the range of `f64`.
pub(super) fn standardize(
    train: &mut Part,
    others: &mut [&mut Part],
) -> Result<Standardization, DataError> {
    let mut fitted = Standardization::default();
    for (feature, row) in train.inputs.rows_mut().into_iter().enumerate() {
        let samples = row.len() as f64;
        let constant = row.iter().all(|value| *value == row[0]);
        let (mean, deviation) = if constant {
            (row[0], 1.0)
        } else {
            let mean = row.sum() / samples;
            let squares = row.fold(0.0, |sum, value| sum + (value - mean).powi(2));
            let deviation = (squares / samples).sqrt();
            let largest = row.fold(0.0, |largest: f64, value| largest.max(value.abs()));
            let is_rounding = deviation <= ROUNDING * largest;
            (mean, if is_rounding { 1.0 } else { deviation })
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
        standardize(&mut train, &mut [&mut test, &mut validation]).expect("small numbers");
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
        let fitted = standardize(&mut train, &mut [&mut test]).expect("small numbers");
        assert_eq!(fitted.deviation[0], 1.0);
        assert!((test.inputs[(0, 0)] - 0.01).abs() < 1e-12);
        assert!(fitted.deviation[1] > 6.0 && test.inputs[(1, 0)].abs() < 1e-6);
    }

    #[test]
    fn values_whose_squares_leave_the_range_are_refused() {
        for huge in [1e200, f64::MAX] {
            let mut train = part(array![[0.0, 1.0], [huge, -huge]]);
            let mut test = part(array![[0.0], [1.0]]);
            let error = standardize(&mut train, &mut [&mut test]).expect_err("overflow");
            assert!(
                error
                    .to_string()
                    .contains("feature 2 has values beyond that")
            );
        }
    }
}
