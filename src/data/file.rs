//! `file`: a file or a directory whose format is found out.

use std::path::{Path, PathBuf};

use super::cifar;
use super::columns::Wish;
use super::delimited;
use super::dialect::Reading;
use super::error::DataError;
use super::idx;
use super::libsvm;
use super::npy::Array;
use super::npz;
use super::raw::RawData;
use super::settings::{DataSettings, Features};
use super::sniff::{self, Kind};
use super::stored::{StoredFile, located};
use super::uci_har;

/// Settings that only text tables take, with whether they are given.
fn of_text_tables(settings: &DataSettings) -> [(&'static str, bool); 9] {
    [
        ("ignore", settings.ignore.is_some()),
        ("delimiter", settings.delimiter.is_some()),
        ("quote", settings.quote.is_some()),
        ("header", settings.header.is_some()),
        ("encoding", settings.encoding.is_some()),
        ("decimal", settings.decimal.is_some()),
        ("missing", settings.missing.is_some()),
        ("categorical", settings.categorical.is_some()),
        ("rare", settings.rare.is_some()),
    ]
}

/// Refuses settings that a format does not take.
fn refuse_given(given: &[(&'static str, bool)], format: &str) -> Result<(), DataError> {
    let Some((setting, _)) = given.iter().find(|(_, given)| *given) else {
        return Ok(());
    };
    Err(DataError::Setting {
        setting: (*setting).into(),
        value: "given".into(),
        allowed: format!("none, as this is {format}"),
        remedy: "leave the setting out".into(),
    })
}

/// Reads whatever is at `path`.
pub(super) fn read(
    settings: &DataSettings,
    wish: &Wish<'_>,
    path: &Path,
    base: &Path,
) -> Result<RawData, DataError> {
    let place = located(base, path);
    if place.is_dir() {
        return read_directory(settings, wish, path, base);
    }
    let open = |path: &Path, setting: &str| {
        let remedy =
            format!("put the file there, or correct `{setting}` (relative to the grid file)");
        StoredFile::open(base, &[path.to_owned()], &remedy)
    };
    let train = open(path, "path")?;
    let test = settings
        .test_path
        .as_deref()
        .map(|path| open(path, "test_path"))
        .transpose()?;
    read_files(settings, wish, train, test, base)
}

fn read_files(
    settings: &DataSettings,
    wish: &Wish<'_>,
    train: StoredFile,
    test: Option<StoredFile>,
    base: &Path,
) -> Result<RawData, DataError> {
    let start = train.start(1 << 16);
    let names_features = ("features", settings.features.is_some());
    match sniff::kind(&start) {
        Kind::Zip => {
            refuse_given(&of_text_tables(settings), "an archive of arrays")?;
            let features = match &settings.features {
                None => None,
                Some(Features::Pattern(name)) => Some(name.as_str()),
                Some(Features::Names(_)) => {
                    return Err(DataError::Setting {
                        setting: "features".into(),
                        value: "a list".into(),
                        allowed: "the name of one array".into(),
                        remedy: "write `features: NAME`".into(),
                    });
                }
            };
            let read = |file| npz::read(file, features, settings.label.as_deref());
            let data = read(&train)?;
            let Some(test) = test else { return Ok(data) };
            let held = ("test_path", data.test.is_some());
            refuse_given(&[held], "an archive, which holds the test part")?;
            with_test(&test, data, read(&test)?)
        }
        Kind::Npy => {
            refuse_given(&of_text_tables(settings), "an array")?;
            refuse_given(&[names_features], "an array")?;
            read_arrays(settings, &train, test.as_ref(), base)
        }
        _ if libsvm::is_libsvm(&start) => {
            refuse_given(&of_text_tables(settings), "LIBSVM's format")?;
            let label = ("label", settings.label.is_some());
            refuse_given(
                &[names_features, label],
                "LIBSVM's format, whose labels stand first",
            )?;
            libsvm::read(&train, test.as_ref())
        }
        _ => delimited::read(train, test, wish, Reading::of(settings)),
    }
}

/// Training data with the samples of other data as test part.
fn with_test(file: &StoredFile, data: RawData, other: RawData) -> Result<RawData, DataError> {
    npz::check_like(file, &data.train, &other.train, data.image, other.image)?;
    let mut files = data.files;
    files.extend(other.files);
    Ok(RawData {
        test: Some(other.train),
        files,
        ..data
    })
}

/// Arrays of features with arrays of labels beside them: `X.npy` and `y.npy`, `x_train.npy` and `y_train.npy`.
fn read_arrays(
    settings: &DataSettings,
    train: &StoredFile,
    test: Option<&StoredFile>,
    base: &Path,
) -> Result<RawData, DataError> {
    let mut files = Vec::new();
    let mut part = |file: &StoredFile, label: Option<&str>| {
        let names = match label {
            Some(label) => vec![PathBuf::from(label)],
            None => label_names(&file.source().path),
        };
        let remedy = "put the array of labels there, or name it by `label`";
        let labels = StoredFile::open(base, &names, remedy)?;
        let (x, y) = (file.content_bytes()?, labels.content_bytes()?);
        let x = Array::parse(file, "x", x)?;
        let y = Array::parse(&labels, "y", y)?;
        let part = npz::join(x, &y, labels.path().to_owned())?;
        files.extend([file.source(), labels.source()]);
        Ok::<_, DataError>(part)
    };
    let (train_part, image) = part(train, settings.label.as_deref())?;
    let test_part = match test {
        None => None,
        Some(file) => {
            let (test_part, test_image) = part(file, None)?;
            npz::check_like(file, &train_part, &test_part, image, test_image)?;
            Some(test_part)
        }
    };
    let data = RawData::nameless(train_part, test_part, image, files);
    Ok(RawData {
        notes: vec!["arrays of NumPy, labels in a file beside".to_owned()],
        ..data
    })
}

/// What the labels of an array of features may be called: `y` for its `x`, `labels` for its `features`.
fn label_names(features: &Path) -> Vec<PathBuf> {
    const PAIRS: [(&str, &str); 6] = [
        ("X", "y"),
        ("x", "y"),
        ("features", "labels"),
        ("images", "labels"),
        ("data", "labels"),
        ("data", "target"),
    ];
    let name = features
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let mut names: Vec<PathBuf> = (PAIRS.iter())
        .filter(|(x, _)| name.contains(x))
        .map(|(x, y)| features.with_file_name(name.replacen(x, y, 1)))
        .collect();
    if names.is_empty() {
        names.push(features.with_file_name("y.npy"));
    }
    names
}

/// Reads a directory of a known layout, or one with a training and a test file.
fn read_directory(
    settings: &DataSettings,
    wish: &Wish<'_>,
    directory: &Path,
    base: &Path,
) -> Result<RawData, DataError> {
    let place = located(base, directory);
    let names = entries(&place);
    let has = |test: &dyn Fn(&str) -> bool| names.iter().any(|name| test(name));
    let [train, test] = ["train", "test"].map(|part| {
        let is_part = |name: &&String| {
            let stem = name.split('.').next().unwrap_or_default();
            stem.eq_ignore_ascii_case(part) && place.join(name).is_file()
        };
        names.iter().find(is_part)
    });
    let known = if has(&|name| name.starts_with(&cifar::batch(1))) {
        "CIFAR-10"
    } else if has(&|name| name.contains("idx3-ubyte")) {
        "IDX files"
    } else if has(&|name| name.eq_ignore_ascii_case("train") && place.join(name).is_dir()) {
        "the layout of UCI-HAR"
    } else {
        ""
    };
    if !known.is_empty() {
        refuse_given(&of_text_tables(settings), known)?;
        let own = [
            ("features", settings.features.is_some()),
            ("label", settings.label.is_some()),
        ];
        refuse_given(&own, known)?;
    }
    let held = ("test_path", settings.test_path.is_some());
    refuse_given(&[held], "a directory, which holds the test part")?;
    let mut data = match (known, train) {
        ("CIFAR-10", _) => cifar::read(directory, base)?,
        ("IDX files", _) => idx::read(directory, base)?,
        ("", Some(train)) => {
            let open = |name: &String| StoredFile::open(base, &[directory.join(name)], "");
            let (train, test) = (open(train)?, test.map(open).transpose()?);
            return read_files(settings, wish, train, test, base);
        }
        ("", None) => return Err(unknown_directory(&place, &names)),
        _ => uci_har::read(directory, base)?,
    };
    data.notes.push(format!("a directory with {known}"));
    Ok(data)
}

/// Names in a directory, sorted.
pub(super) fn entries(directory: &Path) -> Vec<String> {
    let entries = directory
        .read_dir()
        .into_iter()
        .flatten()
        .map_while(Result::ok);
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn unknown_directory(place: &Path, names: &[String]) -> DataError {
    const LISTED: usize = 8;
    let mut shown: Vec<&str> = names.iter().take(LISTED).map(String::as_str).collect();
    if names.len() > LISTED {
        shown.push("…");
    }
    DataError::Content {
        path: place.to_owned(),
        line: None,
        field: "the directory".into(),
        value: if shown.is_empty() {
            "empty".into()
        } else {
            format!("one with {}", shown.join(", ")).into()
        },
        allowed:
            "IDX files, batches of CIFAR-10, the layout of UCI-HAR, or files called train and test"
                .into(),
        remedy: "name a file in it by `path`".into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::settings::Source;
    use super::*;

    proptest! {
        #[test]
        fn any_bytes_behind_any_beginning_give_samples_or_an_error(
            begin in prop::sample::select(vec![
                &b""[..],
                b"@relation r\n@attribute a numeric\n@attribute b {x,y}\n@data\n",
                b"1 1:2 2:3\n-1 2:1\n",
                b"\x93NUMPY\x01\x00\x10\x00",
                b"PK\x03\x04",
                b"\x1f\x8b\x08",
                b"\x28\xb5\x2f\xfd",
                b"\xff\xfe",
            ]),
            bytes in prop::collection::vec(any::<u8>(), 0..80),
            text in "([0-9a-z:;,.'\"? {}\t-]{0,12}\n){0,5}",
        ) {
            let settings = DataSettings::of(Source::File);
            let wish = Wish::of(&settings, None, None, "");
            for end in [bytes, text.into_bytes()] {
                let content = [begin, &end].concat();
                let file = StoredFile::in_memory("f", content);
                if let Ok(data) = read_files(&settings, &wish, file, None, Path::new("nowhere")) {
                    prop_assert!(data.train.labels.len() > 0 && data.train.features > 0);
                }
            }
        }
    }
}
