//! Parts of tables and their mistakes, scales, and the columns of models.

use nnbcd::data::{Dataset, Part, load_as};
use nnbcd::measure::Notice;

use super::made::{HEADER, number_rows, place, plain, put, read, refused, settings, table};

fn notices(data: &Dataset) -> Vec<Notice> {
    data.warnings.iter().map(|warning| warning.notice).collect()
}

#[test]
fn sorted_files_give_every_part_its_share_unless_the_order_is_asked_for() {
    let place = place();
    let mut rows = number_rows(60, 1, 0.3);
    rows.sort();
    put(&place, "train.csv", table(&HEADER, &rows));
    put(&place, "test.csv", table(&HEADER, &number_rows(30, 2, 0.3)));
    let old = |rest: &str| {
        format!(
            "{{source: csv, csv: {{label: label, features: 'x*', train: train.csv, test: test.csv}}{rest}}}"
        )
    };
    let by_class = |part: &Part| {
        [0, 1, 2].map(|class| part.labels.iter().filter(|label| **label == class).count())
    };
    let data = read(&place, &old(", train: 21"));
    assert_eq!(by_class(&data.train), [7, 7, 7]);
    let data = read(&place, &old(", validation: 21"));
    assert_eq!(
        by_class(data.validation.as_ref().expect("held out")),
        [7, 7, 7]
    );
    assert!(notices(&data).is_empty(), "{:?}", data.warnings);
    let ordered = read(&place, &old(", train: 20, shuffle: false"));
    assert_eq!(by_class(&ordered.train), [20, 0, 0]);
    assert_eq!(notices(&ordered), [Notice::LackingClass]);
    let held_out = read(&place, &old(", validation: 20, shuffle: false"));
    // The training part and the validation part.
    assert_eq!(notices(&held_out), [Notice::LackingClass; 2]);
    let said = refused(&place, &old(", split: {test: 0.2}"));
    assert!(said.contains("data.split.test"), "{said}");
    let said = refused(&place, &old(", shuffle: false, shuffle_seed: 1"));
    assert!(said.contains("data.shuffle is false"), "{said}");
}

#[test]
fn what_looks_like_a_mistake_is_said() {
    let place = place();
    put(&place, "plain.csv", plain());
    let same = read(&place, "{train: plain.csv, test: plain.csv}");
    assert_eq!(notices(&same), [Notice::SameFiles]);
    let rows = number_rows(30, 1, 0.3);
    let numbered = |first: &str| {
        let rows = rows
            .iter()
            .enumerate()
            .map(|(at, row)| format!("{at},{}", row.join(",")));
        format!(
            "{first},{}\n{}\n",
            HEADER.join(","),
            rows.collect::<Vec<_>>().join("\n")
        )
    };
    for name in ["", "Unnamed: 0", "id"] {
        put(&place, "index.csv", numbered(name));
        let data = read(&place, "index.csv");
        assert_eq!(notices(&data), [Notice::IndexColumn], "{name}");
        let name = if name.is_empty() { "Unnamed: 0" } else { name };
        let data = read(&place, &format!("{{path: index.csv, ignore: ['{name}']}}"));
        assert_eq!((notices(&data), data.features()), (vec![], 4));
    }
    put(&place, "other.csv", format!("{}{}", plain(), "A,9,9,9,9\n"));
    let data = read(&place, "{train: plain.csv, test: other.csv}");
    assert_eq!(notices(&data), [Notice::RepeatedSamples]);
    assert_eq!(data.warnings[0].numbers, "30 of 31 test samples");
}

#[test]
fn a_feature_that_varies_by_rounding_alone_stays_small() {
    let place = place();
    let near = |value: &dyn Fn(usize) -> &'static str, count, seed| {
        let rows: Vec<Vec<String>> = (number_rows(count, seed, 0.3).into_iter().enumerate())
            .map(|(at, mut row)| {
                row.push(value(at).to_owned());
                row
            })
            .collect();
        table(&["label", "x1", "x2", "x3", "x4", "x5"], &rows)
    };
    put(
        &place,
        "a.csv",
        near(&|at| ["0.3", "0.30000000000000004"][at % 2], 60, 1),
    );
    put(&place, "b.csv", near(&|_| "0.31", 30, 2));
    let data = read(&place, "{train: a.csv, test: b.csv, standardize: true}");
    assert!(
        data.test
            .inputs
            .row(4)
            .iter()
            .all(|value| value.abs() < 0.1)
    );
}

#[test]
fn columns_of_a_model_are_found_by_name_and_missed_by_name() {
    let place = place();
    let rows = number_rows(30, 2, 0.3);
    put(&place, "plain.csv", table(&HEADER, &rows));
    let turned: Vec<Vec<String>> = (rows.iter())
        .map(|row| {
            row[..1]
                .iter()
                .chain(row[1..].iter().rev())
                .cloned()
                .collect()
        })
        .collect();
    put(
        &place,
        "turned.csv",
        table(&["label", "x4", "x3", "x2", "x1"], &turned),
    );
    put(&place, "less.csv", plain().replace("x3", "x9"));
    let data = read(&place, "{path: plain.csv, standardize: false}");
    let fitted = data.transformation.as_ref().expect("a table");
    let load_for = |name: &str| {
        let data = format!("{{path: {name}, standardize: false}}");
        let settings = settings(&place, &data).expect("a grid");
        load_as(&settings, place.path(), fitted)
    };
    let other = load_for("turned.csv").expect("the same columns");
    assert_eq!(
        (other.train, other.test),
        (data.train.clone(), data.test.clone())
    );
    let said = load_for("less.csv").expect_err("x3 is missing").to_string();
    assert!(said.contains("\"x3\" is missing"), "{said}");
}
