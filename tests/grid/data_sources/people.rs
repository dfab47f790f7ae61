//! Data as people have them, in one line of a grid file: what is found out, and what is said.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use nnbcd::data::{Dataset, Part, load, load_as};

use super::made::{self, names, place, plain, put, read, refused, settings};

fn counts(data: &Dataset) -> [usize; 3] {
    let validation = data.validation.as_ref().map_or(0, Part::samples);
    [data.train.samples(), validation, data.test.samples()]
}

#[test]
fn one_file_name_is_enough() {
    let place = place();
    put(&place, "mine.csv", plain());
    let data = read(&place, "mine.csv");
    assert_eq!(counts(&data), [24, 0, 6]);
    assert_eq!(data.classes, ["A", "B", "C"]);
    assert_eq!(names(&data), ["x1", "x2", "x3", "x4"]);
    assert!(data.standardization.is_some());
    assert_eq!(
        data.notes[0],
        "mine.csv: comma between cells, a header; label column \"label\" (by its name), 4 feature columns"
    );
    assert!(data.notes[1].contains("20 % test"), "{:?}", data.notes);
    let explicit = read(
        &place,
        "{path: mine.csv, label: label, features: 'x*', split: {test: 0.2, validation: 0.1, seed: 0}}",
    );
    assert_eq!(counts(&explicit), [21, 3, 6]);
    assert_eq!(explicit.test, {
        let settings = read(
            &place,
            "{path: mine.csv, split: {test: 0.2, validation: 0.1}}",
        );
        settings.test
    });
    let other = read(&place, "{path: mine.csv, split: {test: 0.2, seed: 1}}");
    assert_ne!(other.test.labels, Vec::<usize>::new());
    assert_ne!(other.test, data.test);
}

#[test]
fn every_way_to_write_a_table_gives_the_same_samples() {
    let place = place();
    put(&place, "comma.csv", plain());
    let expected = read(&place, "comma.csv");
    let swap = |mark: &str| plain().replace(',', mark);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(plain().as_bytes()).expect("memory");
    let utf16 = |text: &str| -> Vec<u8> {
        let words = std::iter::once(0xfeff).chain(text.encode_utf16());
        words.flat_map(u16::to_le_bytes).collect()
    };
    let european = plain().replace(',', ";").replace('.', ",");
    for (name, content) in [
        ("semicolon.csv", swap(";").into_bytes()),
        ("tab.tsv", swap("\t").into_bytes()),
        ("pipe.txt", swap("|").into_bytes()),
        ("space.data", swap("   ").into_bytes()),
        ("european.csv", european.into_bytes()),
        ("windows.csv", plain().replace('\n', "\r\n").into_bytes()),
        ("mark.csv", format!("\u{feff}{}", plain()).into_bytes()),
        ("sixteen.csv", utf16(&plain())),
        ("packed.csv.gz", packed.finish().expect("memory")),
    ] {
        put(&place, name, content);
        let data = read(&place, name);
        assert_eq!(
            (data.train, data.test),
            (expected.train.clone(), expected.test.clone()),
            "{name}"
        );
    }
    // `.gz` may be left out.
    assert_eq!(read(&place, "packed.csv").train, expected.train);
}

#[test]
fn wine_and_iris_as_they_are_published() {
    let place = place();
    put(&place, "wine.csv", made::WINE);
    let data = read(&place, "{train: wine.csv, test: wine.csv, missing: refuse}");
    assert_eq!(names(&data), ["fixed acidity", "volatile acidity"]);
    assert_eq!(data.classes, ["5", "6"]);
    assert!(data.notes[0].contains("semicolon"), "{:?}", data.notes);
    assert!(
        data.notes[0].contains("\"quality\" (the last)"),
        "{:?}",
        data.notes
    );
    put(&place, "iris.csv", made::IRIS);
    let data = read(&place, "{train: iris.csv, test: iris.csv}");
    assert_eq!(data.train.samples(), 4);
    assert_eq!(data.classes, ["Iris-setosa", "Iris-versicolor"]);
    assert_eq!(names(&data), ["1", "2", "3", "4"]);
    assert!(data.notes[0].contains("no header"), "{:?}", data.notes);
    // The old spelling, whose label is no column of such a file.
    let old = |label: &str| {
        format!(
            "{{source: csv, csv: {{label: {label}, features: '*', train: iris.csv, test: iris.csv}}}}"
        )
    };
    for label in ["class", "Iris-setosa"] {
        let said = refused(&place, &old(label));
        assert!(said.contains("looks like a row of values"), "{said}");
        assert!(said.contains("data.header: true"), "{said}");
    }
    assert_eq!(read(&place, &old("5")).train, data.train);
    let two = "{train: iris.csv, test: iris.csv, features: [1, 3], categorical: [3]}";
    assert_eq!(names(&read(&place, two))[0], "1");
}

#[test]
fn encodings_that_cannot_be_known_are_named() {
    let place = place();
    let mut text = b"label,x1\n".to_vec();
    for row in 0..10 {
        let class: &[u8] = if row % 2 == 0 {
            b"BENIGN"
        } else {
            b"Web Attack \x96 XSS"
        };
        text.extend([class, b",", row.to_string().as_bytes(), b"\n"].concat());
    }
    put(&place, "cp.csv", text);
    let said = refused(&place, "cp.csv");
    assert!(said.contains("set data.encoding: cp1252"), "{said}");
    let data = read(&place, "{path: cp.csv, encoding: cp1252}");
    assert_eq!(data.classes[1], "Web Attack \u{2013} XSS");
}

#[test]
fn what_is_something_else_is_called_by_its_name() {
    let place = place();
    for (name, content, expected) in [
        ("a.csv.gz", &b"<!DOCTYPE html><html>"[..], "an HTML page"),
        ("b.csv", b"PAR1\x15\x04\x15", "a Parquet file"),
        ("c.csv", b"\xfd7zXZ\0\0\x04", "xz data"),
        ("d.csv", b"PK\x03\x04broken", "a ZIP archive"),
        ("e.csv", b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        ("f.csv", b"a\0b\0c\0", "UTF-16 without a mark"),
    ] {
        put(&place, name, content);
        let said = refused(&place, name);
        assert!(said.contains(expected), "{name}: {said}");
    }
    put(&place, "x.npy", made::npy("<f4", &[2, 1], &[0; 8]));
    let said = refused(&place, "{source: csv, csv: {train: x.npy}}");
    assert!(said.contains("a NumPy array"), "{said}");
    let said = refused(&place, "nothing.csv");
    assert!(said.contains("nothing.csv.gz"), "{said}");
}

#[test]
fn text_becomes_categories_and_gaps_are_filled_from_training_samples() {
    let place = place();
    let mut rows = vec!["colour,size,ripe".to_owned()];
    for row in 0..40 {
        let colour = ["red", "green", "blue", "red"][row % 4];
        let colour = if row == 7 { "violet" } else { colour };
        let size = if row % 10 == 3 {
            "NA".to_owned()
        } else {
            (row % 5).to_string()
        };
        rows.push(format!(
            "{colour},{size},{}",
            if row % 2 == 0 { "yes" } else { "no" }
        ));
    }
    put(&place, "fruit.csv", rows.join("\n"));
    let said = refused(&place, "fruit.csv");
    assert!(
        said.contains("fruit.csv:5: column \"size\" is \"NA\""),
        "{said}"
    );
    assert!(said.contains("data.missing: mean"), "{said}");
    let data = read(
        &place,
        "{path: fruit.csv, missing: mean, standardize: false, split: {test: 0.25}}",
    );
    let named = names(&data);
    assert_eq!(named[..3], ["colour=blue", "colour=green", "colour=red"]);
    // One-hot: at most one of them.
    for sample in data.train.inputs.columns() {
        let hot: f64 = sample.iter().take(named.len() - 1).sum();
        assert!(hot <= 1.0);
    }
    let fitted = data.transformation.clone().expect("a table");
    let fill = fitted.columns[1].fill.expect("a mean");
    assert!((1.0..3.0).contains(&fill), "{fill}");
    let dropped = read(&place, "{path: fruit.csv, missing: drop}");
    assert_eq!(counts(&dropped).iter().sum::<usize>(), 36);
    assert!(dropped.notes[1].contains("4 rows"), "{:?}", dropped.notes);
    let said = refused(
        &place,
        "{path: fruit.csv, missing: mean, categorical: refuse}",
    );
    assert!(said.contains("column \"colour\" is \"red\""), "{said}");
    // Numbers may stand for categories, too.
    let sizes = read(
        &place,
        "{path: fruit.csv, missing: mean, categorical: [size]}",
    );
    assert!(
        names(&sizes).contains(&"size=3".to_owned()),
        "{:?}",
        names(&sizes)
    );
    // Values that training has not seen make every input of the column 0.
    put(
        &place,
        "new.csv",
        "size,colour,ripe\n1,pink,yes\n2,red,no\n",
    );
    let wanted = "{train: fruit.csv, test: new.csv, missing: mean, standardize: false}";
    let wanted = settings(&place, wanted).expect("a grid");
    let two = load(&wanted, place.path()).expect("two tables");
    let width = two.features();
    assert_eq!(
        two.test.inputs.column(0).to_vec()[..width - 1],
        vec![0.0; width - 1]
    );
    assert_eq!(two.test.inputs.column(1)[width - 1], 2.0);
    // What was fitted is applied to another file by name.
    let again = load_as(
        &wanted,
        place.path(),
        two.transformation.as_ref().expect("fitted"),
    );
    assert_eq!(again.expect("the same columns").train, two.train);
}

#[test]
fn a_typing_error_in_a_column_of_numbers_makes_no_categories() {
    let place = place();
    let mut text = "x,y\n".to_owned();
    for row in 0..20 {
        text += &format!(
            "{},{}\n",
            if row == 6 {
                "1O".to_owned()
            } else {
                row.to_string()
            },
            row % 2
        );
    }
    put(&place, "t.csv", text);
    let said = refused(&place, "t.csv");
    assert!(
        said.contains("t.csv:8: column \"x\" is \"1O\"; allowed: a finite number"),
        "{said}"
    );
    assert!(said.contains("data.categorical"), "{said}");
}

#[test]
fn a_home_directory_is_followed() {
    let said = refused(&place(), "{source: idx, path: ~/no-such-mnist}");
    let home = std::env::var("HOME").expect("a home");
    assert!(
        said.contains(&Path::new(&home).join("no-such-mnist").display().to_string()),
        "{said}"
    );
}
