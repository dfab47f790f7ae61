//! `uci-har`: the directory layout of *Human Activity Recognition Using Smartphones*.
//!
//! `train/X_train.txt` holds one sample per line (numbers separated by white space),
//! `train/y_train.txt` its label; the same for `test`. Its successor HAPT has `Train` and `Test`.

use std::path::Path;

use super::dataset::SourceFile;
use super::error::DataError;
use super::labels::LabelColumn;
use super::raw::{RawData, RawPart, Values};
use super::stored::StoredFile;
use super::text::for_each_row;

/// Reads both parts below `directory`.
pub(super) fn read(directory: &Path, base: &Path) -> Result<RawData, DataError> {
    let mut files = Vec::with_capacity(4);
    let train = read_part("train", directory, base, &mut files)?;
    let test = read_part("test", directory, base, &mut files)?;
    if test.features != train.features {
        return Err(DataError::Content {
            path: base.join(&files[2].path),
            line: None,
            field: "number of features".into(),
            value: test.features.to_string().into(),
            allowed: format!("{}, as in the training part", train.features).into(),
            remedy: "use training and test files of the same data set".into(),
        });
    }
    Ok(RawData::nameless(train, Some(test), None, files))
}

fn read_part(
    part: &str,
    directory: &Path,
    base: &Path,
    files: &mut Vec<SourceFile>,
) -> Result<RawPart, DataError> {
    let open = |letter: &str| {
        let file = format!("{letter}_{part}.txt");
        let capital = part[..1].to_ascii_uppercase() + &part[1..];
        let names = [part, &capital].map(|folder| directory.join(folder).join(&file));
        let remedy = "put the file there, or let `path` name the directory above train and test";
        StoredFile::open(base, &names, remedy)
    };
    let value_file = open("X")?;
    let label_file = open("y")?;
    files.extend([value_file.source(), label_file.source()]);
    let (samples, values) = read_values(&value_file)?;
    let labels = read_labels(&label_file)?;
    if labels.len() != samples {
        return Err(label_file.content(
            None,
            "number of labels",
            labels.len().to_string(),
            format!("{samples}, one for each line of the values"),
            "take values and labels of one data set",
        ));
    }
    Ok(RawPart {
        features: values.len() / samples,
        values: Values::Numbers(values),
        labels,
        label_file: label_file.path().to_owned(),
    })
}

/// Number of samples and their values, samples x features.
fn read_values(file: &StoredFile) -> Result<(usize, Vec<f64>), DataError> {
    let mut values = Vec::new();
    let mut samples = 0;
    let mut features = 0;
    for_each_row(file, |line, row| {
        let before = values.len();
        for (column, text) in words(row).enumerate() {
            values.push(file.number(text, || (line, format!("value {}", column + 1)))?);
        }
        let count = values.len() - before;
        if samples == 0 {
            features = count;
        }
        if count != features {
            return Err(file.content(
                Some(line),
                "number of values",
                count.to_string(),
                format!("{features}, as in the first line"),
                "fix the line, or download the file again",
            ));
        }
        samples += 1;
        Ok(())
    })?;
    Ok((samples, values))
}

fn read_labels(file: &StoredFile) -> Result<LabelColumn, DataError> {
    let mut labels = LabelColumn::default();
    for_each_row(file, |line, row| {
        file.number(row, || (line, "label".into()))?;
        labels.push(&String::from_utf8_lossy(row));
        Ok(())
    })?;
    Ok(labels)
}

fn words(row: &[u8]) -> impl Iterator<Item = &[u8]> {
    row.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::stored::LONGEST_ROW;
    use super::*;

    fn values(bytes: Vec<u8>) -> Result<(usize, Vec<f64>), DataError> {
        read_values(&StoredFile::in_memory("X_train.txt", bytes))
    }

    #[test]
    fn numbers_may_be_written_in_any_way_and_spaced_as_one_likes() {
        let text = "  1 -2.5e-003\t+3\r\n\n   4.0  5 .5  \n";
        let (samples, values) = values(text.into()).expect("all are numbers");
        assert_eq!(samples, 2);
        assert_eq!(values, [1.0, -0.0025, 3.0, 4.0, 5.0, 0.5]);
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let endless = vec![b' '; usize::try_from(LONGEST_ROW).expect("16 MiB") + 1];
        let message = values(endless).expect_err("too long").to_string();
        assert!(
            message.contains(":1: length of the line is 16777216 bytes"),
            "{message}"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_rectangle_of_numbers_or_an_error(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            text in "([0-9.eN -]{0,12}\n){0,4}",
        ) {
            for content in [bytes, text.into_bytes()] {
                let labels = read_labels(&StoredFile::in_memory("y_train.txt", content.clone()));
                if let Ok(labels) = labels {
                    prop_assert!(labels.len() > 0);
                }
                if let Ok((samples, values)) = values(content) {
                    prop_assert!(samples > 0 && values.len() % samples == 0);
                    prop_assert!(values.iter().all(|value| value.is_finite()));
                }
            }
        }
    }
}
