//! What looks like a mistake in data that can be used all the same.

use std::collections::HashSet;

use ndarray::ArrayView2;

use super::dataset::{Part, SourceFile};
use super::error::shown;
use crate::measure::Notice;

/// Share of the test samples that may equal training samples unnoticed.
const REPEATED_SHARE: f64 = 0.01;
/// Classes that are named in a warning.
const NAMED: usize = 5;
/// With fewer samples per class than this labels are probably measurements …
const SAMPLES_PER_CLASS: usize = 3;
/// … where there are more classes than this.
const MANY_CLASSES: usize = 20;

/// Something that is probably wrong with the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What.
    pub notice: Notice,
    /// By which names or numbers it was found.
    pub numbers: String,
    /// The column that is better left out, where it is about one.
    pub column: Option<String>,
}

impl Warning {
    /// A feature column that only counts the rows.
    pub(super) fn index_column(name: &str) -> Self {
        Self {
            notice: Notice::IndexColumn,
            numbers: format!("column {}", shown(name.as_bytes())),
            column: Some(name.to_owned()),
        }
    }
}

/// Training and test files with equal content.
pub(super) fn same_files(files: &[SourceFile]) -> Option<Warning> {
    let mut sums = HashSet::new();
    let repeated = files.iter().find(|file| !sums.insert(&file.sha256))?;
    Some(Warning {
        notice: Notice::SameFiles,
        numbers: repeated.path.display().to_string(),
        column: None,
    })
}

/// A part without samples of some class.
pub(super) fn lacking_classes(name: &str, part: &Part, classes: &[String]) -> Option<Warning> {
    let mut lacks: HashSet<usize> = (0..classes.len()).collect();
    for label in &part.labels {
        lacks.remove(label);
    }
    if lacks.is_empty() {
        return None;
    }
    let mut lacking: Vec<usize> = lacks.into_iter().collect();
    lacking.sort_unstable();
    let mut names: Vec<String> = (lacking.iter().take(NAMED))
        .map(|class| shown(classes[*class].as_bytes()))
        .collect();
    if lacking.len() > NAMED {
        names.push(format!("{} more", lacking.len() - NAMED));
    }
    Some(Warning {
        notice: Notice::LackingClass,
        numbers: format!("the {name} part has no {}", names.join(", ")),
        column: None,
    })
}

/// So many classes that the labels are probably measurements.
pub(super) fn many_classes(train: &Part, classes: usize) -> Option<Warning> {
    let samples = train.samples();
    (classes > MANY_CLASSES && samples < SAMPLES_PER_CLASS * classes).then(|| Warning {
        notice: Notice::ManyClasses,
        numbers: format!("{classes} classes, {samples} training samples"),
        column: None,
    })
}

/// Test samples that training has seen.
pub(super) fn repeated_samples(train: &Part, test: &Part) -> Option<Warning> {
    let known: HashSet<u64> = hashes(train.inputs.view()).into_iter().collect();
    let hashes = hashes(test.inputs.view());
    let repeated = hashes.iter().filter(|hash| known.contains(hash)).count();
    (repeated as f64 > REPEATED_SHARE * test.samples() as f64).then(|| Warning {
        notice: Notice::RepeatedSamples,
        numbers: format!("{repeated} of {} test samples", test.samples()),
        column: None,
    })
}

/// A number per sample that is equal for equal samples, and for others only by chance.
fn hashes(inputs: ArrayView2<'_, f64>) -> Vec<u64> {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hashes = vec![0_u64; inputs.ncols()];
    for row in inputs.rows() {
        for (hash, value) in hashes.iter_mut().zip(row) {
            // Adding zero turns -0 into 0.
            let mixed = (*hash ^ (value + 0.0).to_bits()).wrapping_mul(MULTIPLIER);
            *hash = mixed ^ (mixed >> 29);
        }
    }
    hashes
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    fn part(inputs: Array2<f64>, labels: &[usize]) -> Part {
        let labels = labels.to_vec();
        Part { inputs, labels }
    }

    #[test]
    fn samples_that_come_again_are_counted() {
        let train = part(array![[1.0, 2.0, 0.0], [3.0, 4.0, 0.0]], &[0, 1, 0]);
        let test = part(array![[2.0, 1.0, -0.0], [4.0, 4.0, 0.0]], &[1, 0, 0]);
        let found = repeated_samples(&train, &test).expect("two");
        assert_eq!(found.numbers, "2 of 3 test samples");
        let other = part(array![[2.0], [3.0]], &[1]);
        assert_eq!(repeated_samples(&train, &other), None);
    }

    #[test]
    fn classes_that_a_part_lacks_are_named() {
        let names: Vec<String> = (0..9).map(|class| format!("c{class}")).collect();
        let found = lacking_classes("test", &part(array![[0.0, 0.0]], &[1, 1]), &names);
        let said = found.expect("eight").numbers;
        assert_eq!(
            said,
            "the test part has no \"c0\", \"c2\", \"c3\", \"c4\", \"c5\", 3 more"
        );
        let all: Vec<usize> = (0..9).collect();
        assert_eq!(
            lacking_classes("test", &part(Array2::zeros((1, 9)), &all), &names),
            None
        );
    }
}
