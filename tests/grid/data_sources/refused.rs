//! Files and settings that are refused, and what the messages say.

use std::path::Path;

use nnbcd::data::{BalanceSettings, DataError, DataSettings, Features, Source, load};

use super::{csv, directory, fixtures, pattern, settings};

fn refusal(settings: &DataSettings) -> DataError {
    match load(settings, &fixtures()) {
        Err(error) => error,
        Ok(_) => panic!("accepted: {settings:?}"),
    }
}

#[test]
fn a_missing_file_is_named_with_every_path_that_was_tried() {
    let message = refusal(&directory(Source::Idx, "broken/idx/missing")).to_string();
    let folder = fixtures().join("broken/idx/missing");
    for name in [
        "t10k-labels-idx1-ubyte",
        "t10k-labels-idx1-ubyte.gz",
        "t10k-labels.idx1-ubyte",
        "t10k-labels.idx1-ubyte.gz",
    ] {
        let path = folder.join(name).display().to_string();
        assert!(message.contains(&path), "{path} is not in: {message}");
    }
    assert!(message.contains("no such file; tried "), "{message}");
    assert!(message.ends_with("let `path` name the directory that holds the four IDX files"));
}

#[test]
fn a_broken_training_table_is_refused() {
    let cases = [
        "word.csv:3: column \"x1\" is \"oops\"; allowed: a finite number; correct the value",
        "not-a-number.csv:2: column \"x2\" is \"NaN\"; allowed: a finite number",
        "too-large.csv:3: column \"x2\" is \"1e400\"; allowed: a finite number",
        "empty-cell.csv:2: column \"x2\" is \"\"; allowed: a finite number",
        "escape.csv:3: column \"x1\" is \"\\u{1b}[31mred\"; allowed",
        "short-row.csv:3: number of fields is 2; allowed: 3, as in the header; fix the row",
        "no-rows.csv: number of rows is 0; allowed: at least one row after the header",
        "empty.csv:1: feature column matching \"x*\" is not in the header",
        "twice.csv:1: column \"x1\" is in the header more than once",
        "no-label-text.csv:3: label column \"label\" is \"\"; allowed: a number or text",
        "latin-1.csv:3: label column \"label\" is \"\u{fffd}\"; allowed: a number or text",
        "one-class.csv: number of classes is 1; allowed: 2 to 10000; choose a label",
        "cut-off.csv.gz: cannot be read (",
        "checksum.csv.gz: cannot be read (",
    ];
    for expected in cases {
        let train = format!("broken/csv/{}", upto(expected, ':'));
        let settings = csv(pattern("x*"), &train, "broken/csv/plain.csv");
        check(&settings, expected);
    }
}

#[test]
fn a_test_table_that_does_not_fit_the_training_table_is_refused() {
    let cases = [
        "new-class.csv: label of sample 2 is \"c\"; allowed: a class of the training part (a, b);",
        "missing-column.csv:1: column \"x2\" is not in the header; allowed: the columns \"label, x1\";",
    ];
    for expected in cases {
        let test = format!("broken/csv/{}", upto(expected, ':'));
        let settings = csv(pattern("x*"), "broken/csv/plain.csv", &test);
        check(&settings, expected);
    }
}

#[test]
fn broken_idx_files_are_refused() {
    let cases = [
        "magic/train-images-idx3-ubyte: magic number is 0x504e4721; allowed: 0x00000803 (unsigned bytes",
        "floats/train-images-idx3-ubyte: magic number is 0x00000d03; allowed: 0x00000803",
        "short-header/train-images-idx3-ubyte: length of the header is 6 bytes; allowed: 16 bytes; use the IDX file",
        "cut-off/train-images-idx3-ubyte: length of the data is 7 bytes; allowed: 2 x 2 x 2 bytes, as its header says",
        "longer/train-images-idx3-ubyte: length of the data is more than 8 bytes; allowed: 2 x 2 x 2 bytes, as its header says",
        "zero/train-images-idx3-ubyte: dimension 2 is 0; allowed: at least 1",
        "huge/train-images-idx3-ubyte: length of the data is 8 bytes; allowed: 2147483648 x 64 x 64 bytes",
        "overflow/train-images-idx3-ubyte: length of the data is less than 2^64 bytes; allowed: 4294967295 x 4294967295 x 4294967295",
        "bomb/train-images-idx3-ubyte.gz: length of the data is more than 8 bytes; allowed: 2 x 2 x 2",
        "labels/train-labels-idx1-ubyte: number of labels is 3; allowed: 2, one for each image",
        "shape/t10k-images-idx3-ubyte: size of the images is 2 x 3; allowed: 2 x 2, as in the training",
        "new-class/t10k-labels-idx1-ubyte: label of sample 1 is \"9\"; allowed: a class of the training part (0, 1)",
    ];
    for expected in cases {
        let folder = format!("broken/idx/{}", upto(expected, '/'));
        let settings = directory(Source::Idx, &folder);
        check(&settings, expected);
    }
}

#[test]
fn broken_uci_har_files_are_refused() {
    let cases = [
        "word/train/X_train.txt:2: value 2 is \"four\"; allowed: a finite number",
        "ragged/train/X_train.txt:2: number of values is 1; allowed: 2, as in the first line",
        "infinite/test/X_test.txt:1: value 2 is \"-inf\"; allowed: a finite number",
        "labels/train/y_train.txt: number of labels is 1; allowed: 2, one for each line",
        "label-word/train/y_train.txt:2: label is \"walking\"; allowed: a finite number",
        "features/test/X_test.txt: number of features is 3; allowed: 2, as in the training part",
        "empty/test/X_test.txt: number of lines is 0; allowed: at least one line",
    ];
    for expected in cases {
        let folder = format!("broken/uci-har/{}", upto(expected, '/'));
        let settings = directory(Source::UciHar, &folder);
        check(&settings, expected);
    }
}

/// Each message begins with the full path; `expected` begins with the file's own name.
fn check(settings: &DataSettings, expected: &str) {
    let message = refusal(settings).to_string();
    let base = fixtures().join("broken").display().to_string();
    assert!(message.starts_with(&base), "{message}");
    assert!(
        message.contains(&format!("/{expected}")),
        "expected: {expected}\nmessage:  {message}"
    );
}

fn upto(text: &str, end: char) -> &str {
    text.split(end).next().unwrap_or_default()
}

#[test]
fn settings_that_do_not_fit_are_refused_before_files_are_opened() {
    let digits = settings(Source::Digits);
    let table = |features| csv(features, "csv/train.csv", "csv/test.csv");
    let list = |names: &[&str]| Features::Names(names.iter().map(|&name| name.into()).collect());
    let cases = [
        (
            settings(Source::Idx),
            "path: is missing: required by sources idx, uci-har and file",
        ),
        (settings(Source::UciHar), "path: is missing"),
        (
            settings(Source::Csv),
            "csv: is missing: required by source csv",
        ),
        (
            directory(Source::Digits, "idx"),
            "path: idx is not allowed (only for sources idx, uci-har and file; the source is digits)",
        ),
        (
            DataSettings {
                csv: table(pattern("x*")).csv,
                ..directory(Source::Idx, "idx")
            },
            "csv: a csv map is not allowed (only for source csv; the source is idx)",
        ),
        (
            DataSettings {
                train: Some(0),
                ..digits.clone()
            },
            "train: 0 is not allowed (a whole number >= 1)",
        ),
        (
            DataSettings {
                train: Some(1797),
                ..digits.clone()
            },
            "train is 1797",
        ),
        (
            DataSettings {
                test: Some(361),
                ..digits.clone()
            },
            "test is 361; allowed: 1 to 360",
        ),
        (
            DataSettings {
                test: Some(0),
                ..table(pattern("x*"))
            },
            "test: 0 is not allowed (a whole number >= 1)",
        ),
        (
            table(list(&[])),
            "csv.features: an empty list is not allowed (at least one column,",
        ),
        (
            table(list(&["x1", "x1"])),
            "csv.features[1]: \"x1\" is not allowed",
        ),
        (
            table(list(&["label"])),
            "csv.features[0]: \"label\" is not allowed",
        ),
    ];
    check_refusals(&cases);
}

#[test]
fn held_out_samples_that_are_not_there_are_refused_before_files_are_opened() {
    let digits = settings(Source::Digits);
    check_refusals(&[
        (
            DataSettings {
                validation: Some(0),
                ..csv(pattern("x*"), "train.csv", "test.csv")
            },
            "validation: 0 is not allowed (a whole number >= 1)",
        ),
        (
            DataSettings {
                validation: Some(1437),
                ..digits.clone()
            },
            "validation is 1437; allowed: 1 to 1436",
        ),
        (
            DataSettings {
                train: Some(1400),
                validation: Some(397),
                ..digits.clone()
            },
            "validation is 397; allowed: 1 to 396",
        ),
        (
            DataSettings {
                train: Some(1796),
                validation: Some(1),
                ..digits.clone()
            },
            "train is 1796; allowed: 1 to 1795",
        ),
        (
            DataSettings {
                train: Some(1400),
                validation: Some(100),
                test: Some(298),
                ..digits.clone()
            },
            "test is 298; allowed: 1 to 297 of the 1797 digits when `validation` holds out 100;",
        ),
    ]);
}

/// Each of the settings is refused with a message that begins like this.
fn check_refusals(cases: &[(DataSettings, &str)]) {
    for (settings, expected) in cases {
        let message = refusal(settings).to_string();
        assert!(
            message.starts_with(*expected),
            "expected: {expected}\nmessage: {message}"
        );
    }
}

#[test]
fn numbers_of_samples_beyond_what_the_files_hold_are_refused() {
    let source = csv(pattern("x*"), "csv/train.csv", "csv/test.csv");
    let message = refusal(&DataSettings {
        train: Some(6),
        ..source.clone()
    })
    .to_string();
    assert!(message.starts_with("train is 6; allowed: 1 to 5, the number"));
    let message = refusal(&DataSettings {
        test: Some(3),
        ..source.clone()
    })
    .to_string();
    assert!(message.starts_with("test is 3; allowed: 1 to 2, the number"));
    let message = refusal(&DataSettings {
        validation: Some(5),
        test: None,
        ..source.clone()
    })
    .to_string();
    assert!(message.starts_with("validation is 5; allowed: 1 to 4, as it is taken from the 5"));
    let message = refusal(&DataSettings {
        validation: Some(2),
        train: Some(4),
        ..source
    })
    .to_string();
    assert!(message.starts_with("train is 4; allowed: 1 to 3, the number of samples available when `validation` holds out 2;"));
    let balance = Some(BalanceSettings {
        undersample_seed: 0,
    });
    let few = DataSettings {
        balance,
        train: Some(3),
        ..settings(Source::Digits)
    };
    let message = refusal(&few).to_string();
    assert!(message.starts_with("train is 3; allowed: enough samples"));
}

#[cfg(unix)]
#[test]
fn what_might_never_end_is_not_read() {
    let message = load(&csv(pattern("x*"), "zero", "null"), Path::new("/dev"))
        .expect_err("a device")
        .to_string();
    assert_eq!(
        message,
        "/dev/zero: cannot be read (not a regular file); give a regular file that you may read"
    );
}
