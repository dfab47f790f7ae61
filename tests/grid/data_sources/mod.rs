//! The sources of data, through the public door of the room.

mod formats;
mod made;
mod parts;
mod people;
mod refused;

use std::path::{Path, PathBuf};

use ndarray::{array, s};

use nnbcd::data::choices::Standardize;
use nnbcd::data::{
    BalanceSettings, CsvSettings, DataSettings, Dataset, Features, ImageShape, Source, load,
};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/data")
}

fn settings(source: Source) -> DataSettings {
    DataSettings::of(source)
}

fn directory(source: Source, path: &str) -> DataSettings {
    DataSettings {
        path: Some(path.into()),
        ..settings(source)
    }
}

fn csv(features: Features, train: &str, test: &str) -> DataSettings {
    DataSettings {
        csv: Some(CsvSettings {
            label: Some("label".into()),
            features: Some(features),
            train: train.into(),
            test: Some(test.into()),
        }),
        ..settings(Source::Csv)
    }
}

fn pattern(pattern: &str) -> Features {
    Features::Pattern(pattern.into())
}

fn read(settings: &DataSettings) -> Dataset {
    load(settings, &fixtures()).unwrap_or_else(|error| panic!("{settings:?}: {error}"))
}

fn names(data: &Dataset) -> Vec<&str> {
    data.files
        .iter()
        .map(|file| file.path.to_str().expect("ASCII"))
        .collect()
}

#[test]
fn digits_are_one_shuffled_pool() {
    let data = read(&settings(Source::Digits));
    assert_eq!((data.train.samples(), data.test.samples()), (1437, 360));
    assert_eq!((data.features(), data.classes.len()), (64, 10));
    assert_eq!(
        data.classes,
        ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
    );
    let image = ImageShape {
        height: 8,
        width: 8,
        channels: 1,
    };
    assert_eq!(data.image, Some(image));
    let values = data.train.inputs.iter().chain(&data.test.inputs);
    let (least, most) = values.fold((1.0_f64, 0.0_f64), |(a, b), &v| (a.min(v), b.max(v)));
    assert_eq!((least, most), (0.0, 1.0));
    assert!(data.train.inputs.is_standard_layout());

    // No seed means seed 0; the parts never share a sample, whatever their sizes.
    let seeded = DataSettings {
        shuffle_seed: Some(0),
        ..settings(Source::Digits)
    };
    assert_eq!(read(&seeded), data);
    let other = DataSettings {
        shuffle_seed: Some(1),
        ..settings(Source::Digits)
    };
    assert_ne!(read(&other).train, data.train);
    let small = read(&DataSettings {
        train: Some(100),
        test: Some(50),
        ..settings(Source::Digits)
    });
    assert_eq!((small.train.samples(), small.test.samples()), (100, 50));
    assert_eq!(small.train.inputs, data.train.inputs.slice(s![.., ..100]));
    assert_eq!(small.test.inputs, data.train.inputs.slice(s![.., 100..150]));
    assert_eq!(small.test.labels, data.train.labels[100..150]);
}

#[test]
fn every_digit_is_in_one_part_exactly_once() {
    for validation in [None, Some(200)] {
        let data = read(&DataSettings {
            validation,
            ..settings(Source::Digits)
        });
        let parts = [
            Some(&data.train),
            data.validation.as_ref(),
            Some(&data.test),
        ];
        let mut counts = [0; 10];
        let mut sum = 0.0;
        for part in parts.into_iter().flatten() {
            part.labels.iter().for_each(|&label| counts[label] += 1);
            sum += part.inputs.sum();
        }
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(sum, 561_718.0 / 16.0);
    }
}

#[test]
fn what_is_held_out_changes_no_other_sample() {
    // Digits: out of the training samples, so that the test samples stay what they are.
    let plain = read(&settings(Source::Digits));
    let data = read(&DataSettings {
        validation: Some(200),
        ..settings(Source::Digits)
    });
    assert_eq!(data.test, plain.test);
    let inputs = &plain.train.inputs;
    assert_eq!(data.train.inputs, inputs.slice(s![.., ..1237]));
    let held_out = data.validation.expect("200 samples");
    assert_eq!(held_out.inputs, inputs.slice(s![.., 1237..]));
    assert_eq!(held_out.labels, plain.train.labels[1237..]);
    // With a number of training samples: out of the end of the pool.
    let few = DataSettings {
        train: Some(300),
        test: Some(150),
        ..settings(Source::Digits)
    };
    let data = read(&DataSettings {
        validation: Some(80),
        ..few.clone()
    });
    let few = read(&few);
    assert_eq!((&data.train, &data.test), (&few.train, &few.test));
    let held_out = data.validation.expect("80 samples");
    assert_eq!(held_out.inputs, plain.test.inputs.slice(s![.., 280..]));

    // Files: the last ones in the order after the shuffle; as many training samples are the same ones.
    for shuffle_seed in [None, Some(2)] {
        let source = DataSettings {
            shuffle_seed,
            ..csv(pattern("x*"), "csv/train.csv", "csv/test.csv")
        };
        let plain = read(&source);
        let held_out = DataSettings {
            validation: Some(2),
            ..source
        };
        for train in [None, Some(3), Some(1)] {
            let data = read(&DataSettings {
                train,
                ..held_out.clone()
            });
            let count = train.unwrap_or(3);
            assert_eq!(data.train.labels, plain.train.labels[..count]);
            assert_eq!(data.test, plain.test);
            let held_out = data.validation.expect("two samples");
            assert_eq!(held_out.inputs, plain.train.inputs.slice(s![.., 3..]));
            assert_eq!(held_out.labels, plain.train.labels[3..]);
        }
    }
}

#[test]
fn held_out_samples_are_not_balanced_and_do_not_count_for_the_balance() {
    let balance = Some(BalanceSettings {
        undersample_seed: 1,
    });
    let plain = DataSettings {
        validation: Some(300),
        ..settings(Source::Digits)
    };
    let natural = read(&plain);
    let data = read(&DataSettings { balance, ..plain });
    assert_eq!(data.validation, natural.validation);
    let count = |class| {
        data.train
            .labels
            .iter()
            .filter(|&&label| label == class)
            .count()
    };
    assert!((1..10).all(|class| count(class) == count(0)));
    assert!(data.train.samples() <= natural.train.samples());
}

#[test]
fn digits_are_balanced_after_the_pool_is_divided() {
    let balance = Some(BalanceSettings {
        undersample_seed: 1,
    });
    let plain = read(&settings(Source::Digits));
    let data = read(&DataSettings {
        balance,
        ..settings(Source::Digits)
    });
    assert_eq!(data.test, plain.test);
    let count = |labels: &[usize], class| labels.iter().filter(|&&label| label == class).count();
    let smallest = (0..10).map(|class| count(&plain.train.labels, class)).min();
    for class in 0..10 {
        assert_eq!(Some(count(&data.train.labels, class)), smallest);
    }
}

#[test]
fn csv_takes_columns_by_name_and_sorts_numbers_by_value() {
    let data = read(&csv(pattern("x*"), "csv/train.csv", "csv/test.csv"));
    assert_eq!(data.classes, ["2", "9", "10"]);
    assert_eq!(data.train.labels, [2, 1, 2, 0, 0]);
    assert_eq!(
        data.train.inputs,
        array![[0.5, 1.5, 2.5, 3.5, 4.5], [-1.0, 2.0, 3.0, 4.0, 5.0]]
    );
    // The test file has its columns in another order, and is compressed.
    assert_eq!(data.test.inputs, array![[10.0, 30.0], [20.0, 40.0]]);
    assert_eq!(data.test.labels, [0, 1]);
    assert_eq!(names(&data), ["csv/train.csv", "csv/test.csv.gz"]);
    assert_eq!(data.image, None);

    let listed = Features::Names(vec!["x2".into(), "x1".into()]);
    let by_list = read(&csv(listed, "csv/train.csv.gz", "csv/test.csv.gz"));
    assert_eq!(
        by_list, data,
        "columns keep the order of the header; .gz may be left out"
    );
}

#[test]
fn csv_sorts_words_by_text() {
    let data = read(&csv(pattern("x*"), "csv/words.csv", "csv/words.csv"));
    assert_eq!(data.classes, ["Apple", "pear", "quince, raw"]);
    assert_eq!(data.train.labels, [1, 0, 2]);
}

#[test]
fn idx_is_found_under_its_names_and_scaled() {
    let data = read(&directory(Source::Idx, "idx"));
    let image = ImageShape {
        height: 2,
        width: 3,
        channels: 1,
    };
    assert_eq!(data.image, Some(image));
    assert_eq!(data.classes, ["3", "7"]);
    assert_eq!(data.train.labels, [1, 0, 1]);
    assert_eq!(data.train.inputs.dim(), (6, 3));
    assert_eq!(data.train.inputs[[0, 1]], 84.0 / 255.0);
    assert_eq!(data.train.inputs[[5, 2]], 238.0 / 255.0);
    assert_eq!(data.test.inputs.column(0).to_vec(), [1.0; 6]);
    assert_eq!(data.test.inputs.column(1).to_vec(), [0.2; 6]);
    assert_eq!(
        names(&data),
        [
            "idx/train-images-idx3-ubyte.gz",
            "idx/train-labels-idx1-ubyte",
            "idx/t10k-images.idx3-ubyte",
            "idx/t10k-labels.idx1-ubyte.gz",
        ]
    );
}

#[test]
fn checksums_are_those_of_the_files_as_stored() {
    let data = read(&directory(Source::Idx, "idx"));
    let sums: Vec<&str> = data.files.iter().map(|file| file.sha256.as_str()).collect();
    assert_eq!(
        sums,
        [
            "ab1ae0fbb30aeaeea485d611e763e512f40f6e5e3f0cfcd6651f1cec5b997dff",
            "ae6db25f1613f09cd42d07c059b385ec7b0e5e2c0bef1d301d30859ca756e508",
            "cc0a7cf420d8d1d8f6c4bc47dcc118298e979face3af48b6195a5f63e1290c62",
            "491b834c0a6db76c2e4bd38e2b53fdf9d6b6bd45d3a066c87320dc3676d5a5cb"
        ]
    );
}

#[test]
fn uci_har_is_read_from_both_directories() {
    let data = read(&directory(Source::UciHar, "uci-har"));
    assert_eq!(data.classes, ["1", "5"]);
    assert_eq!(data.train.labels, [1, 0, 1]);
    assert_eq!(
        data.train.inputs,
        array![[1.0, 2.0, -3.0], [-0.25, 0.25, 4.0], [0.0, 0.0, 0.0]]
    );
    assert_eq!(data.test.inputs, array![[0.5], [0.5], [1.0]]);
    assert_eq!(data.test.labels, [0]);
}

#[test]
fn choices_are_made_in_the_documented_order() {
    let source = csv(pattern("x*"), "csv/train.csv", "csv/test.csv");
    let plain = read(&source);
    let shuffled = read(&DataSettings {
        shuffle_seed: Some(2),
        ..source.clone()
    });
    assert_ne!(shuffled.train.inputs, plain.train.inputs);
    let cut = DataSettings {
        shuffle_seed: Some(2),
        train: Some(3),
        test: Some(1),
        ..source
    };
    let cut = read(&DataSettings {
        standardize: Standardize::On,
        validation: Some(1),
        ..cut
    });
    assert_eq!((cut.train.samples(), cut.test.samples()), (3, 1));
    assert_eq!(cut.train.labels, shuffled.train.labels[..3]);
    // Standardised over the three samples that are left, not over all five.
    let first = shuffled.train.inputs.slice(s![0, ..3]).to_vec();
    let mean = first.iter().sum::<f64>() / 3.0;
    let deviation = (first.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 3.0).sqrt();
    let test = (shuffled.test.inputs[[0, 0]] - mean) / deviation;
    assert!((cut.train.inputs[[0, 0]] - (first[0] - mean) / deviation).abs() < 1e-12);
    assert!((cut.test.inputs[[0, 0]] - test).abs() < 1e-12);
    let held_out = (shuffled.train.inputs[[0, 4]] - mean) / deviation;
    let validation = cut.validation.expect("one sample");
    assert!((validation.inputs[[0, 0]] - held_out).abs() < 1e-12);
}

#[test]
fn descriptions_are_short() {
    let digits = settings(Source::Digits);
    assert_eq!(digits.describe(), "digits 1437/360");
    let some = DataSettings {
        train: Some(1400),
        ..digits
    };
    assert_eq!(some.describe(), "digits 1400/397");
    let mnist = directory(Source::Idx, "../data/mnist");
    let mnist = DataSettings {
        train: Some(6000),
        shuffle_seed: Some(0),
        ..mnist
    };
    assert_eq!(mnist.describe(), "idx mnist 6000/all, shuffled");
    let table = csv(pattern("*"), "flare/train.csv", "flare/test.csv");
    let balance = Some(BalanceSettings {
        undersample_seed: 1,
    });
    let table = DataSettings {
        balance,
        standardize: Standardize::On,
        ..table
    };
    assert_eq!(
        table.describe(),
        "csv train.csv all/all, balanced, standardized"
    );
}
