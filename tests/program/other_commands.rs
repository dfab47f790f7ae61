//! Reproduce, tables, plots, evaluation and export of a run that has ended.

use std::fs;

use super::place::{Place, grid};
use super::results::trials;

const RUN: &str = "results/g";

fn ended_run() -> (Place, String) {
    let place = Place::new();
    place.write("grids/g.yaml", &grid("g", 20, 2, ""));
    place.ends_with(0, &["grids/g.yaml"]);
    let trial = trials(&place, RUN)
        .into_iter()
        .find(|row| row["compression.method"] == "tensor-train")
        .unwrap()["trial"]
        .clone();
    (place, trial)
}

#[test]
fn reproduce_says_equal_or_what_differs() {
    let (place, trial) = ended_run();
    let files = place.files(RUN);
    for threads in ["1", "2"] {
        let said = place.ends_with(0, &["reproduce", RUN, &trial, "--threads", threads]);
        let expected = format!("trial {trial}: all 21 rows match to the last digit");
        assert!(said.starts_with(&expected), "{said}");
    }
    assert_eq!(
        place.files(RUN),
        files,
        "reproduce writes nothing into the run"
    );

    let path = format!("{RUN}/trials/{trial}/iterations.csv");
    let rows = place.read(&path);
    let row = rows.lines().nth(8).unwrap();
    let objective = row.split(',').nth(2).unwrap();
    place.write(&path, &rows.replace(objective, "0.125"));
    let said = place.ends_with(1, &["reproduce", RUN, &trial[..5]]);
    let expected = format!("iteration 7: objective: was 0.125, is {objective}");
    assert!(said.contains(&expected), "{said}");

    let said = place.ends_with(2, &["reproduce", RUN, "../g"]);
    assert!(said.contains("no such trial"), "{said}");
}

#[test]
fn tables_and_plots_are_written_where_they_are_wanted() {
    let (place, _) = ended_run();
    let said = place.ends_with(0, &["table", RUN]);
    assert!(said.contains("| tensor-train"), "{said}");
    let said = place.ends_with(0, &["table", RUN, "--convergence"]);
    assert!(said.contains("| prune"), "{said}");
    let formats = "markdown,latex,csv";
    let metrics = "objective,test_accuracy,compression_ratio";
    place.ends_with(
        0,
        &[
            "table", RUN, "--format", formats, "--metric", metrics, "--out", "paper",
        ],
    );
    assert_eq!(place.files("paper"), ["table.csv", "table.md", "table.tex"]);
    assert!(place.read("paper/table.tex").contains("\\toprule"));

    place.ends_with(0, &["plot", RUN]);
    let plots = place.files(&format!("{RUN}/plots"));
    for kind in ["convergence", "pareto"] {
        for format in ["svg", "png"] {
            let found = plots
                .iter()
                .any(|plot| plot.contains(kind) && plot.ends_with(format));
            assert!(found, "{kind} {format}: {plots:?}");
        }
    }
    for (wrong, word) in [
        (
            &["table", RUN, "--rows", "solver.colour"][..],
            "solver.colour",
        ),
        (&["table", RUN, "--columns", "nothing"], "nothing"),
        (&["table", RUN, "--metric", "beauty"], "beauty"),
        (&["plot", RUN, "--kind", "pie"], "pie"),
        (
            &["plot", RUN, "--kind", "pareto", "--metric", "beauty"],
            "beauty",
        ),
        (&["plot", RUN, "--rows", "solver.colour"], "solver.colour"),
        (
            &["plot", RUN, "--kind", "margins", "--parameters", "none"],
            "none",
        ),
    ] {
        let said = place.ends_with(2, wrong);
        assert!(said.contains(word), "{wrong:?}: {said}");
    }
}

#[test]
fn eval_finds_the_accuracy_of_the_run() {
    let (place, _) = ended_run();
    for row in trials(&place, RUN) {
        let model = format!("{RUN}/trials/{}/model.safetensors", row["trial"]);
        let accuracy: f64 = row["test_accuracy"].parse().unwrap();
        for data in [
            "grids/g.yaml",
            &format!("{RUN}/trials/{}/config.yaml", row["trial"]),
        ] {
            let said = place.ends_with(0, &["eval", &model, data]);
            let expected = format!("test: accuracy {accuracy:.4}, ");
            assert!(said.contains(&expected), "{expected} is not in: {said}");
        }
    }
    place.write("other.csv", "label,x\n0,1\n1,2\n");
    place.write(
        "other.yaml",
        "data: {source: csv, csv: {label: label, features: x, train: other.csv, test: other.csv}}\n\
         model: {hidden: [4]}\n",
    );
    let trial = &trials(&place, RUN)[0]["trial"];
    let model = format!("{RUN}/trials/{trial}/model.safetensors");
    let said = place.ends_with(2, &["eval", &model, "other.yaml"]);
    assert!(
        said.contains("1 features, but the model expects 64"),
        "{said}"
    );
}

#[test]
fn export_writes_whole_files_or_none() {
    let (place, trial) = ended_run();
    let model = format!("{RUN}/trials/{trial}/model.safetensors");
    place.ends_with(
        0,
        &["export", &model, "--onnx", "m.onnx", "--numpy", "m.npz"],
    );
    assert!(fs::metadata(place.path("m.onnx")).unwrap().len() > 1000);
    assert!(fs::read(place.path("m.npz")).unwrap().starts_with(b"PK"));
    let said = place.ends_with(2, &["export", &model, "--onnx", "nowhere/m.onnx"]);
    assert!(said.contains("nowhere/m.onnx"), "{said}");

    let whole = fs::read(place.path(&model)).unwrap();
    fs::write(place.path("cut.safetensors"), &whole[..whole.len() / 2]).unwrap();
    let said = place.ends_with(2, &["export", "cut.safetensors", "--onnx", "cut.onnx"]);
    assert!(said.contains("cut.safetensors"), "{said}");
    assert!(!place.path("cut.onnx").exists());
}
