//! LIBSVM's text: `label index:value index:value …`, indices from 1, zeros left out.

use super::error::{DataError, shown};
use super::labels::LabelColumn;
use super::raw::{RawData, RawPart, Values};
use super::stored::StoredFile;
use super::text::for_each_row;

/// Largest number of entries once zeros are written out: 16 GiB.
const LARGEST: usize = 1 << 31;

/// Whether a text looks like this format: its first row has pairs behind the label.
pub(super) fn is_libsvm(start: &[u8]) -> bool {
    let mut lines = start.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"));
    let mut words = words(first.unwrap_or_default());
    let label = words.next();
    label.is_some_and(|label| !label.contains(&b':'))
        && words.next().is_some_and(|word| pair(word).is_some())
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let line = line.split(|byte| *byte == b'#').next().unwrap_or_default();
    line.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

/// Index, from 1, and value.
fn pair(word: &[u8]) -> Option<(usize, f64)> {
    let (index, value) = std::str::from_utf8(word).ok()?.split_once(':')?;
    let index = index.parse().ok().filter(|index| *index >= 1)?;
    let value = value.parse().ok().filter(|value: &f64| value.is_finite())?;
    Some((index, value))
}

/// Rows without zeros.
struct Sparse {
    entries: Vec<(usize, f64)>,
    /// Where each row ends in the entries.
    ends: Vec<usize>,
    labels: LabelColumn,
    features: usize,
}

/// Reads a training file and a test file, whose features beyond those of the training file must not occur.
pub(super) fn read(train: &StoredFile, test: Option<&StoredFile>) -> Result<RawData, DataError> {
    let sparse = rows(train)?;
    let features = sparse.features;
    let files = [Some(train), test]
        .into_iter()
        .flatten()
        .map(StoredFile::source)
        .collect();
    let dense_test = match test {
        None => None,
        Some(file) => {
            let other = rows(file)?;
            if other.features > features {
                return Err(file.content(
                    None,
                    "largest index",
                    other.features.to_string(),
                    format!("up to {features}, as in the training file"),
                    "use training and test files of the same data set",
                ));
            }
            Some(dense(file, other, features)?)
        }
    };
    let part = dense(train, sparse, features)?;
    let data = RawData::nameless(part, dense_test, None, files);
    let notes = vec![format!("LIBSVM, {features} features")];
    Ok(RawData { notes, ..data })
}

fn rows(file: &StoredFile) -> Result<Sparse, DataError> {
    let mut sparse = Sparse {
        entries: Vec::new(),
        ends: Vec::new(),
        labels: LabelColumn::default(),
        features: 0,
    };
    for_each_row(file, |line, text| {
        let mut words = words(text);
        let Some(label) = words.next() else {
            return Ok(());
        };
        sparse.labels.push(&String::from_utf8_lossy(label));
        for word in words {
            let (index, value) = pair(word).ok_or_else(|| {
                file.content(
                    Some(line),
                    "an entry",
                    shown(word),
                    "index:value with an index from 1 and a finite value",
                    "correct the entry",
                )
            })?;
            sparse.features = sparse.features.max(index);
            sparse.entries.push((index - 1, value));
        }
        sparse.ends.push(sparse.entries.len());
        Ok(())
    })?;
    if sparse.features > 0 {
        return Ok(sparse);
    }
    Err(file.content(
        None,
        "number of features",
        "0",
        "at least 1",
        "name a file that holds samples",
    ))
}

fn dense(file: &StoredFile, sparse: Sparse, features: usize) -> Result<RawPart, DataError> {
    let samples = sparse.ends.len();
    let size = samples
        .checked_mul(features)
        .filter(|size| *size <= LARGEST);
    let Some(size) = size else {
        return Err(file.content(
            None,
            "size of the table",
            format!("{samples} x {features} once zeros are written out"),
            format!("up to {LARGEST} entries"),
            "leave features out",
        ));
    };
    let mut numbers = vec![0.0; size];
    let mut begin = 0;
    for (row, &end) in numbers.chunks_exact_mut(features).zip(&sparse.ends) {
        for &(column, value) in &sparse.entries[begin..end] {
            row[column] = value;
        }
        begin = end;
    }
    Ok(RawPart {
        features,
        values: Values::Numbers(numbers),
        labels: sparse.labels,
        label_file: file.path().to_owned(),
    })
}
