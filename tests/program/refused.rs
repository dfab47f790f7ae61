//! Wrong input: exit code 2, one message on standard error, nothing started.

use std::fs;
use std::path::{Path, PathBuf};

use super::place::Place;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The program refuses; what it says on standard error.
#[track_caller]
fn refusal(place: &Place, arguments: &[&str]) -> String {
    let output = place.run(arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed something");
    assert!(errors.starts_with("error: "), "{arguments:?}: {errors}");
    assert_eq!(errors.matches("error: ").count(), 1, "{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    let steers = errors.chars().any(|c| c.is_control() && c != '\n');
    assert!(!steers, "control characters in {errors:?}");
    errors
}

/// The main job refuses a grid, and leaves nothing behind.
#[track_caller]
fn refused_grid(place: &Place, text: &str) -> String {
    place.write("grid.yaml", text);
    let errors = refusal(place, &["grid.yaml"]);
    assert!(!place.path("results").exists(), "{text}");
    errors
}

#[test]
fn every_invalid_grid_is_refused_with_its_message() {
    let folder = fixtures().join("grids/invalid");
    let place = Place::new();
    let mut seen = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        place.write(name, &fs::read_to_string(&path).unwrap());
        let errors = refusal(&place, &[name]);
        let expected = fs::read_to_string(path.with_extension("txt")).unwrap();
        let expected = expected.trim_end();
        assert_eq!(errors.trim_end(), format!("error: {expected}"));
        seen += 1;
    }
    assert!(seen >= 40, "only {seen} invalid grids");
    assert!(!place.path("results").exists());
}

#[test]
fn broken_data_files_are_refused() {
    let broken = fixtures().join("data/broken");
    let place = Place::new();
    let mut seen = 0;
    for (source, data) in [("idx", "train-images-idx3-ubyte"), ("uci-har", "train")] {
        for entry in fs::read_dir(broken.join(source)).unwrap() {
            let path = entry.unwrap().path();
            let errors = refused_grid(
                &place,
                &format!(
                    "data: {{source: {source}, path: {:?}}}\nmodel: {{hidden: [4]}}\n",
                    path.display().to_string()
                ),
            );
            let named = errors.contains(&path.display().to_string());
            assert!(named, "{data}: {errors}");
            seen += 1;
        }
    }
    for entry in fs::read_dir(broken.join("csv")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let (train, test) = match name {
            "plain.csv" => continue,
            "new-class.csv" | "missing-column.csv" => ("plain.csv", name),
            _ => (name, "plain.csv"),
        };
        let csv = broken.join("csv");
        let errors = refused_grid(
            &place,
            &format!(
                "data: {{source: csv, csv: {{label: label, features: \"x*\", train: {:?}, test: {:?}}}}}\n\
                 model: {{hidden: [4]}}\n",
                csv.join(train).display().to_string(),
                csv.join(test).display().to_string()
            ),
        );
        assert!(errors.contains(name), "{errors}");
        seen += 1;
    }
    assert!(seen >= 30, "only {seen} broken data sets");
}

#[test]
fn settings_that_do_not_fit_the_data_are_refused() {
    let csv = fixtures().join("data/csv");
    let csv = format!(
        "{{source: csv, csv: {{label: label, features: \"x*\", train: {:?}, test: {:?}}}}}",
        csv.join("train.csv").display().to_string(),
        csv.join("test.csv").display().to_string()
    );
    let tensor_train = "compression: {method: tensor-train, rank: 2, modes: [[4, 4, 8, 7]]}";
    let cases: &[(&str, &str, &str, &str)] = &[
        // data, model, more, words of the message
        (
            &csv,
            "{hidden: [4], conv: {filters: 2, kernel: 2}}",
            "",
            "image",
        ),
        (
            "{source: digits}",
            "{hidden: [4], conv: {filters: 2, kernel: 9}}",
            "",
            "kernel",
        ),
        (
            "{source: digits}",
            "{hidden: [16]}",
            tensor_train,
            "the 1024 entries",
        ),
        (
            "{source: digits}",
            "{hidden: [16]}",
            "compression: {method: low-rank, rank: 17}",
            "rank: 17 is more",
        ),
        (
            "{source: digits}",
            "{hidden: [16]}",
            "compression: {method: n-m, n: 2, m: 65}",
            "groups of 65",
        ),
        (
            "{source: digits, train: 1798}",
            "{hidden: [16]}",
            "",
            "1797",
        ),
        (
            "{source: digits, train: 1700, test: 98}",
            "{hidden: [16]}",
            "",
            "97",
        ),
        (
            "{source: digits}",
            "{hidden: [16], init: {weights: none.safetensors}}",
            "",
            "none.safetensors",
        ),
        (
            "{source: idx, path: nowhere}",
            "{hidden: [16]}",
            "",
            "nowhere",
        ),
        (
            "{source: uci-har, path: nowhere}",
            "{hidden: [16]}",
            "",
            "nowhere",
        ),
    ];
    let place = Place::new();
    for (data, model, more, words) in cases {
        let text = format!("data: {data}\nmodel: {model}\n{more}\n");
        let errors = refused_grid(&place, &text);
        assert!(errors.contains(words), "{text}{errors}");
    }
}

#[test]
fn wrong_commands_are_refused() {
    let place = Place::new();
    place.write(
        "good.yaml",
        "data: {source: digits}\nmodel: {hidden: [4]}\n",
    );
    place.write("folder.yaml/file", "");
    place.write("junk.safetensors", "no model");
    place.write("empty/file", "");
    place.write("half/trials.csv", "trial,status");
    let cases: &[(&[&str], &str)] = &[
        (&["missing.yaml"], "missing.yaml"),
        (&["folder.yaml"], "folder.yaml"),
        (&["good.yaml", "--jobs", "0"], "at least 1"),
        (&["good.yaml", "--threads", "many"], "at least 1"),
        (&["good.yaml", "--colour"], "--colour"),
        (&["--fresh"], "no grid file"),
        (&["good.yaml", "another.yaml"], "another.yaml"),
        (&["plan"], "GRID"),
        (&["plan", "missing.yaml"], "missing.yaml"),
        (&["watch", "missing"], "there is no such directory"),
        (&["watch", "empty"], "not a run directory: no trials.csv"),
        (&["watch", "half"], "columns"),
        (&["stop", "missing"], "there is no such directory"),
        (&["pause", "empty"], "not a run directory: no trials.csv"),
        (&["resume", "empty"], "not a run directory: no trials.csv"),
        (&["cancel", "empty"], "TRIALS"),
        (&["retry", "missing", "a"], "there is no such directory"),
        (&["jobs", "half", "0"], "at least 1"),
        (&["jobs", "half", "2"], "no runner is active"),
        (&["table", "missing"], "there is no such directory"),
        (&["table", "half"], "columns"),
        (&["table", "half", "--format", "html"], "html"),
        (&["plot", "empty"], "not a run directory: no trials.csv"),
        (&["reproduce", "half", "a"], "columns"),
        (
            &["eval", "missing.safetensors", "good.yaml"],
            "missing.safetensors",
        ),
        (
            &["eval", "junk.safetensors", "good.yaml"],
            "junk.safetensors",
        ),
        (
            &["export", "junk.safetensors", "--onnx", "x.onnx"],
            "junk.safetensors",
        ),
        (&["export", "junk.safetensors"], "--onnx"),
    ];
    for (arguments, words) in cases {
        let errors = refusal(&place, arguments);
        assert!(errors.contains(words), "{arguments:?}: {errors}");
    }
    assert!(!place.path("results").exists());
    assert!(!place.path("x.onnx").exists());
}

#[test]
fn a_word_that_is_no_command_is_read_as_a_grid_file() {
    let errors = refusal(&Place::new(), &["wach"]);
    assert!(errors.contains("wach"), "{errors}");
}

#[test]
fn a_terminal_obeys_nothing_that_stands_in_a_message() {
    let place = Place::new();
    let name = "wrong\u{1b}[31m\u{9b}2J\u{7}.yaml";
    place.write(name, "data: {source: digits}\nmodel: {hiden: [4]}\n");
    for arguments in [
        &[name][..],
        &["plan", "missing\u{1b}[2J.yaml"],
        &["watch", "\u{1b}c"],
    ] {
        let errors = refusal(&place, arguments);
        let control = |letter: char| letter.is_control() && letter != '\n';
        assert_eq!(errors.find(control), None, "{errors:?}");
    }
}
