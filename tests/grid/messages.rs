//! Every invalid grid file under `fixtures/grids/invalid` has its whole message beside it.
//!
//! After a deliberate change of wording run `UPDATE_MESSAGES=1 cargo test --test grid messages` and read the difference.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use nnbcd::grid::{plan_from_file, plan_from_text};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/grids/invalid")
}

fn stems(extension: &str) -> BTreeSet<String> {
    std::fs::read_dir(folder())
        .expect("the folder of invalid grids exists")
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect()
}

#[test]
fn every_invalid_grid_has_its_message() {
    let update = std::env::var_os("UPDATE_MESSAGES").is_some();
    let grids = stems("yaml");
    assert!(grids.len() >= 45, "only {} invalid grids", grids.len());
    let mut wrong = Vec::new();
    for stem in &grids {
        let name = format!("{stem}.yaml");
        let text = std::fs::read_to_string(folder().join(&name)).expect("a readable grid");
        let Err(error) = plan_from_text(&text, Path::new(&name)) else {
            wrong.push(format!("{name} was accepted"));
            continue;
        };
        let message = format!("{error}\n");
        assert!(
            message.starts_with(&format!("{name}:")),
            "{name} is not named: {message}"
        );
        assert!(
            message.contains("\n  help: "),
            "{name} gets no remedy: {message}"
        );
        let expected_path = folder().join(format!("{stem}.txt"));
        if update {
            std::fs::write(&expected_path, &message).expect("a writable folder");
        }
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if message != expected {
            wrong.push(format!(
                "{name}\n--- expected\n{expected}--- found\n{message}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        stems("txt"),
        grids,
        "each message belongs to a grid and the reverse"
    );
}

#[test]
fn a_missing_file_is_named_with_a_remedy() {
    let error = plan_from_file(Path::new("no/such/grid.yaml")).expect_err("there is no such file");
    assert_eq!(
        error.to_string(),
        "no/such/grid.yaml: cannot be read: No such file or directory (os error 2)\n  \
         help: check the path and its permissions; relative paths start at the current directory"
    );
}

#[test]
fn a_directory_is_no_grid_file() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let message = plan_from_file(directory.path())
        .expect_err("a directory")
        .to_string();
    assert!(message.contains("this is a directory"), "{message}");
}

#[test]
fn text_that_is_not_utf8_and_huge_files_are_refused() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("grid.yaml");
    std::fs::write(&path, b"name: \xff\xfe").expect("a writable directory");
    let message = plan_from_file(&path).expect_err("not UTF-8").to_string();
    assert!(
        message.contains("not UTF-8 text: byte 6 begins no character"),
        "{message}"
    );
    std::fs::write(&path, vec![b'#'; (16 << 20) + 1]).expect("a writable directory");
    let message = plan_from_file(&path).expect_err("too large").to_string();
    assert!(message.contains("larger than 16 MB"), "{message}");
}
