//! Labels as written, and the classes that they stand for.

use std::collections::HashMap;

use super::error::{DataError, shown};
use super::raw::RawPart;
use crate::measure::visible;

/// More classes than this mean that the label column holds measurements, and one-hot targets would
/// not fit in memory.
const MOST_CLASSES: usize = 10_000;

/// A column of labels; every distinct text is kept once.
#[derive(Default)]
pub(super) struct LabelColumn {
    texts: Vec<String>,
    /// One per sample: position in `texts`.
    codes: Vec<usize>,
    positions: HashMap<String, usize>,
}

impl LabelColumn {
    /// Appends the label of the next sample.
    pub(super) fn push(&mut self, text: &str) {
        let code = self.positions.get(text).copied().unwrap_or_else(|| {
            self.positions.insert(text.to_owned(), self.texts.len());
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        });
        self.codes.push(code);
    }

    /// Number of samples.
    pub(super) fn len(&self) -> usize {
        self.codes.len()
    }
}

/// The classes of a training part, in order: by value if every label is a number, else by text.
///
/// Labels that write the same number (`1`, `1.0`) are one class.
pub(super) struct Classes {
    names: Vec<String>,
    positions: HashMap<String, usize>,
    numeric: bool,
}

impl Classes {
    /// The classes that occur in `train`.
    pub(super) fn of(train: &RawPart) -> Result<Self, DataError> {
        let texts = &train.labels.texts;
        let numeric = texts.iter().all(|text| finite(text).is_some());
        let mut names: Vec<String> = texts.iter().map(|text| name(text, numeric)).collect();
        if numeric {
            let value = |name: &String| finite(name).unwrap_or_default();
            names.sort_by(|a, b| value(a).total_cmp(&value(b)));
        } else {
            names.sort();
        }
        names.dedup();
        if !(2..=MOST_CLASSES).contains(&names.len()) {
            return Err(DataError::Content {
                path: train.label_file.clone(),
                line: None,
                field: "number of classes".into(),
                value: names.len().to_string().into(),
                allowed: format!("2 to {MOST_CLASSES}").into(),
                remedy: "choose a label column that separates classes, or another file".into(),
            });
        }
        let positions = names.iter().cloned().zip(0..).collect();
        Ok(Self {
            names,
            positions,
            numeric,
        })
    }

    /// The class of every sample of `part`; a label that training lacks is an error.
    pub(super) fn assign(&self, part: &RawPart) -> Result<Vec<usize>, DataError> {
        let labels = &part.labels;
        let classes: Vec<Option<usize>> = labels
            .texts
            .iter()
            .map(|text| self.positions.get(&name(text, self.numeric)).copied())
            .collect();
        labels
            .codes
            .iter()
            .enumerate()
            .map(|(sample, &code)| {
                classes[code].ok_or_else(|| self.unknown(part, sample, &labels.texts[code]))
            })
            .collect()
    }

    /// Number of classes.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Names in order.
    pub(super) fn into_names(self) -> Vec<String> {
        self.names
    }

    fn unknown(&self, part: &RawPart, sample: usize, text: &str) -> DataError {
        const LISTED: usize = 12;
        let mut known: Vec<String> = self.names.iter().take(LISTED).cloned().collect();
        if self.names.len() > LISTED {
            known.push("…".into());
        }
        DataError::Content {
            path: part.label_file.clone(),
            line: None,
            field: format!("label of sample {}", sample + 1).into(),
            value: shown(text.as_bytes()).into(),
            allowed: format!(
                "a class of the training part ({})",
                visible(&known.join(", "))
            )
            .into(),
            remedy: "add training samples of this class, or remove these samples".into(),
        }
    }
}

fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// Name of the class that a label stands for.
fn name(text: &str, numeric: bool) -> String {
    match finite(text) {
        // Adding zero turns -0 into 0.
        Some(value) if numeric => (value + 0.0).to_string(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::raw::Values;
    use super::*;

    fn part(labels: &[&str]) -> RawPart {
        let mut column = LabelColumn::default();
        for label in labels {
            column.push(label);
        }
        RawPart {
            features: 1,
            values: Values::Numbers(vec![0.0; labels.len()]),
            labels: column,
            label_file: "labels".into(),
        }
    }

    fn classes(labels: &[&str]) -> (Vec<String>, Vec<usize>) {
        let part = part(labels);
        let classes = Classes::of(&part).expect("more than one class");
        let assigned = classes.assign(&part).expect("its own classes");
        (classes.into_names(), assigned)
    }

    #[test]
    fn numbers_are_sorted_by_value_and_joined_whatever_their_spelling() {
        let (names, labels) = classes(&["10", "-0", "2.50", "0", "1e1", "-3", "2.5"]);
        assert_eq!(names, ["-3", "0", "2.5", "10"]);
        assert_eq!(labels, [3, 1, 2, 1, 3, 0, 2]);
    }

    #[test]
    fn one_word_makes_all_labels_text() {
        let (names, labels) = classes(&["10", "9", "nan", "9.0"]);
        assert_eq!(names, ["10", "9", "9.0", "nan"]);
        assert_eq!(labels, [0, 1, 3, 2]);
    }

    #[test]
    fn measurements_are_not_taken_for_classes() {
        let labels: Vec<String> = (0..=MOST_CLASSES).map(|label| label.to_string()).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let message = Classes::of(&part(&labels))
            .map(|_| ())
            .expect_err("too many");
        assert!(
            message.to_string().starts_with(
                "labels: number of classes is 10001; allowed: 2 to 10000; choose a label"
            ),
            "{message}"
        );
        assert!(Classes::of(&part(&labels[1..])).is_ok());
    }
}
