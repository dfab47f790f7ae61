//! Mean 0 and variance 1 per feature.

use super::dataset::Part;
use super::error::DataError;

/// x := (x - mean) / deviation for every feature of both parts, where
/// mean = 1/n sum x and deviation = sqrt(1/n sum (x - mean)^2) over the n samples of `train`.
/// A feature that is constant in `train` gets the deviation 1.
///
/// # Errors
/// A feature whose values are so large that these sums, or the result, leave the range of `f64`.
pub(super) fn standardize(train: &mut Part, test: &mut Part) -> Result<(), DataError> {
    let rows = train.inputs.rows_mut().into_iter();
    for (feature, (mut row, mut test_row)) in rows.zip(test.inputs.rows_mut()).enumerate() {
        let samples = row.len() as f64;
        let constant = row.iter().all(|value| *value == row[0]);
        let (mean, deviation) = if constant {
            (row[0], 1.0)
        } else {
            let mean = row.sum() / samples;
            let squares = row.fold(0.0, |sum, value| sum + (value - mean).powi(2));
            (mean, (squares / samples).sqrt())
        };
        for part in [&mut row, &mut test_row] {
            part.mapv_inplace(|value| (value - mean) / deviation);
        }
        let finite = |value: &f64| value.is_finite();
        if !(deviation.is_finite() && row.iter().chain(&test_row).all(finite)) {
            return Err(DataError::Setting {
                setting: "data.standardize",
                value: "true".into(),
                allowed: format!(
                    "features whose squares can be summed; feature {} has values beyond that",
                    feature + 1
                ),
                remedy: "scale or leave out this feature".into(),
            });
        }
    }
    Ok(())
}
