//! `.npz`: a ZIP archive of arrays, as `numpy.savez` and Keras' data sets have it.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::PathBuf;

use zip::ZipArchive;

use super::dataset::ImageShape;
use super::error::DataError;
use super::npy::Array;
use super::raw::{RawData, RawPart};
use super::sniff::{ARCHIVE, Foreign, WORKBOOK};
use super::stored::StoredFile;

/// Names of arrays of features, in small letters.
const FEATURES: [&str; 6] = ["x", "data", "features", "images", "inputs", "imgs"];
/// Names of arrays of labels.
const LABELS: [&str; 6] = ["y", "label", "labels", "target", "targets", "classes"];
/// Largest array that is unpacked, in bytes.
const LARGEST: u64 = 1 << 36;

/// The kind of a ZIP archive that does not hold arrays; none: it does.
pub(super) fn refused_archive(bytes: &[u8]) -> Option<&'static Foreign> {
    let Ok(archive) = ZipArchive::new(Cursor::new(bytes)) else {
        return Some(&ARCHIVE);
    };
    if archive.file_names().any(|name| name.starts_with("xl/")) {
        return Some(&WORKBOOK);
    }
    let holds_arrays = archive.file_names().any(|name| array_name(name).is_some());
    (!holds_arrays).then_some(&ARCHIVE)
}

/// The name of an array, of the name of its file.
fn array_name(file: &str) -> Option<&str> {
    file.strip_suffix(".npy")
}

/// The arrays of an archive by name.
fn arrays(file: &StoredFile) -> Result<BTreeMap<String, Vec<u8>>, DataError> {
    let bytes = file.content_bytes()?;
    let damaged = |error| file.damaged(std::io::Error::other(error));
    let mut archive = ZipArchive::new(Cursor::new(&*bytes)).map_err(damaged)?;
    let mut arrays = BTreeMap::new();
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(damaged)?;
        let Some(name) = array_name(entry.name()).map(str::to_owned) else {
            continue;
        };
        let mut array = Vec::new();
        (entry.take(LARGEST).read_to_end(&mut array)).map_err(|error| file.damaged(error))?;
        arrays.insert(name, array);
    }
    Ok(arrays)
}

/// Name and bytes of an array.
type Named = (String, Vec<u8>);

/// The arrays of an archive, and which of them are meant.
struct Archive<'a> {
    file: &'a StoredFile,
    arrays: BTreeMap<String, Vec<u8>>,
    /// Names of all of them.
    names: Vec<String>,
}

impl Archive<'_> {
    /// Name of the array that is called by one of the usual names of a part.
    fn find(&self, usual: &[&str], part: &str, setting: &str) -> Result<Option<String>, DataError> {
        let mut found = self
            .names
            .iter()
            .filter(|name| is_called(name, usual, part));
        match (found.next(), found.next()) {
            (Some(first), Some(second)) => Err(self.file.content(
                None,
                format!("array of {setting}"),
                format!("{first} or {second}"),
                "one array of such a name",
                format!("set `{setting}: NAME`"),
            )),
            (found, _) => Ok(found.cloned()),
        }
    }

    /// Features and labels of a part; none: it is not there.
    fn take(&mut self, part: &str) -> Result<Option<[Named; 2]>, DataError> {
        let x = self.find(&FEATURES, part, "features")?;
        let y = self.find(&LABELS, part, "label")?;
        match (x, y) {
            (Some(x), Some(y)) => Ok(Some([self.take_array(&x)?, self.take_array(&y)?])),
            _ => Ok(None),
        }
    }

    fn take_array(&mut self, name: &str) -> Result<Named, DataError> {
        match self.arrays.remove(name) {
            Some(bytes) => Ok((name.to_owned(), bytes)),
            None => Err(self.lacks(&format!("array {name}"))),
        }
    }

    /// Features and labels of the training part. Names that settings give come first.
    fn take_train(
        &mut self,
        features: Option<&str>,
        label: Option<&str>,
    ) -> Result<[Named; 2], DataError> {
        if features.is_none() && label.is_none() {
            for part in ["train", ""] {
                if let Some(found) = self.take(part)? {
                    return Ok(found);
                }
            }
            return Err(self.lacks("arrays of features and labels"));
        }
        let mut named = |wish: Option<&str>, usual: &[&str], setting: &str| {
            let found = match wish {
                Some(name) => Some(name.to_owned()),
                None => self.find(usual, "", setting)?,
            };
            match found {
                Some(name) => self.take_array(&name),
                None => Err(self.lacks(&format!("array of {setting}"))),
            }
        };
        Ok([
            named(features, &FEATURES, "features")?,
            named(label, &LABELS, "label")?,
        ])
    }

    fn lacks(&self, what: &str) -> DataError {
        self.file.content(
            None,
            what,
            "missing",
            format!(
                "x and y, x_train, y_train, x_test and y_test, or the like; the file has {}",
                self.names.join(", ")
            ),
            "set `features: NAME` and `label: NAME`, or write the file with such names",
        )
    }
}

/// Reads the arrays of features and labels; those of a test part where their names say `test`.
pub(super) fn read(
    file: &StoredFile,
    features: Option<&str>,
    label: Option<&str>,
) -> Result<RawData, DataError> {
    let arrays = arrays(file)?;
    let mut archive = Archive {
        file,
        names: arrays.keys().cloned().collect(),
        arrays,
    };
    let [x, y] = archive.take_train(features, label)?;
    let mut notes = vec![format!("features from array {}, labels from {}", x.0, y.0)];
    let (train, image) = part(file, [x, y])?;
    let test = match archive.take("test")? {
        None => None,
        Some([x, y]) => {
            notes.push(format!("test part from arrays {} and {}", x.0, y.0));
            let (test, test_image) = part(file, [x, y])?;
            check_like(file, &train, &test, image, test_image)?;
            Some(test)
        }
    };
    let data = RawData::nameless(train, test, image, vec![file.source()]);
    Ok(RawData { notes, ..data })
}

/// Whether an array is called `x`, `X_train`, `test_images` or the like: one of the words with the part before or behind it.
fn is_called(name: &str, words: &[&str], part: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let word = match part {
        "" => name.as_str(),
        part => {
            let without = name.strip_prefix(part).or_else(|| name.strip_suffix(part));
            match without {
                Some(rest) => rest.trim_matches(['_', '-', '.']),
                None => return false,
            }
        }
    };
    words.contains(&word)
}

/// A part from an array of features and one of labels.
pub(super) fn part(
    file: &StoredFile,
    [x, y]: [Named; 2],
) -> Result<(RawPart, Option<ImageShape>), DataError> {
    let labels = Array::parse(file, &y.0, y.1.into())?;
    let array = Array::parse(file, &x.0, x.1.into())?;
    join(array, &labels, file.path().to_owned())
}

/// A part from features and labels of one length.
pub(super) fn join(
    array: Array<'_>,
    labels: &Array<'_>,
    label_file: PathBuf,
) -> Result<(RawPart, Option<ImageShape>), DataError> {
    let samples = array.samples();
    let labels = labels.labels()?;
    if labels.len() != samples {
        return Err(DataError::Content {
            path: label_file,
            line: None,
            field: "number of labels".into(),
            value: labels.len().to_string().into(),
            allowed: format!("{samples}, one for each sample").into(),
            remedy: "use arrays of the same data set".into(),
        });
    }
    let image = match array.shape[..] {
        [_, height, width] => Some((height, width, 1)),
        [_, height, width, channels] => Some((height, width, channels)),
        _ => None,
    };
    let image = image.map(|(height, width, channels)| ImageShape {
        height,
        width,
        channels,
    });
    let part = RawPart {
        features: array.shape.iter().skip(1).product(),
        values: array.into_values()?,
        labels,
        label_file,
    };
    Ok((part, image))
}

/// Whether training and test part have samples of one form.
pub(super) fn check_like(
    file: &StoredFile,
    train: &RawPart,
    test: &RawPart,
    image: Option<ImageShape>,
    test_image: Option<ImageShape>,
) -> Result<(), DataError> {
    if train.features == test.features && image == test_image {
        return Ok(());
    }
    Err(file.content(
        None,
        "number of features of the test part",
        test.features.to_string(),
        format!("{}, as in the training part", train.features),
        "use training and test data of the same form",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_known_by_their_usual_names() {
        for (name, words, part, expected) in [
            ("x_train", &FEATURES, "train", true),
            ("X_train", &FEATURES, "train", true),
            ("train_images", &FEATURES, "train", true),
            ("trainx", &FEATURES, "train", true),
            ("x_test", &FEATURES, "train", false),
            ("x", &FEATURES, "train", false),
            ("x", &FEATURES, "", true),
            ("y_test", &LABELS, "test", true),
            ("targets", &LABELS, "", true),
            ("extra", &FEATURES, "", false),
        ] {
            assert_eq!(is_called(name, words, part), expected, "{name}");
        }
    }
}
