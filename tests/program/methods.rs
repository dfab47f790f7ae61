//! Gradient methods beside nn-bcd in one run: the same files, the same commands.

use std::collections::BTreeSet;

use rustix::process::Signal;

use super::place::{PATIENCE, Place, SOON, at_work};
use super::results::{Results, count, rows, trials};

const RUN: &str = "results/g";

/// Every method, way to compress and compression on a small network with bias.
fn grid(settings: &str) -> String {
    format!(
        "name: g
data: {{source: digits, train: 300, test: 150}}
model: {{hidden: [24], bias: true}}
solver: {{iterations: 12, gamma: 2, momentum: 0.8, learning_rate: 0.01}}
{settings}
zip:
  - solver.method: [nn-bcd, adam, sgd]
    solver.batch_size: [all, 16, 16]
grid:
  solver.compress: [once, projected, fine-tuned]
  compression:
    - {{method: none}}
    - {{method: low-rank, rank: 4}}
    - {{method: prune, sparsity: 0.8}}
    - {{method: tensor-train, rank: 6}}
    - {{method: n-m, n: 2, m: 4}}
"
    )
}

#[test]
fn all_methods_come_into_one_table() {
    let place = Place::new();
    place.write("g.yaml", &grid(""));
    let said = place.ends_with(0, &["plan", "g.yaml"]);
    // nn-bcd: 5 compressions; adam and sgd: none, and 4 compressions in 3 ways.
    assert!(said.contains("g: 31 trials\n"), "{said}");
    place.ends_with(0, &["g.yaml"]);
    assert_eq!(count(&place, RUN, "done"), 31);
    let mut methods = BTreeSet::new();
    for row in trials(&place, RUN) {
        methods.insert(row["solver.method"].clone());
        let gradient = row["solver.method"] != "nn-bcd";
        for column in ["residual_u", "residual_v", "descent_violations"] {
            assert_eq!(row[column].is_empty(), gradient, "{column}: {row:?}");
        }
        let number = |column: &str| row[column].parse::<f64>().unwrap();
        for column in [
            "objective",
            "loss",
            "residual_w",
            "step",
            "effective_sparsity",
        ] {
            assert!(number(column).is_finite(), "{column}: {row:?}");
        }
        let dense = row["compression.method"] == "none";
        assert_eq!(number("compression_ratio") > 1.0, !dense, "{row:?}");
        let path = format!("{RUN}/trials/{}", row["trial"]);
        assert_eq!(
            rows(&place.read(&format!("{path}/iterations.csv"))).len(),
            13
        );
        if row["solver.method"] == "adam" && row["solver.compress"] != "once" {
            assert!(number("test_accuracy") > 0.75, "{row:?}");
        }
        let model = format!("{path}/model.safetensors");
        let said = place.ends_with(0, &["eval", &model, &format!("{path}/config.yaml")]);
        let expected = format!("test: accuracy {:.4}, ", number("test_accuracy"));
        assert!(said.contains(&expected), "{expected} is not in: {said}");
    }
    assert_eq!(
        methods.into_iter().collect::<Vec<_>>(),
        ["adam", "nn-bcd", "sgd"]
    );
    let said = place.ends_with(0, &["table", RUN, "--rows", "solver.method"]);
    assert!(
        said.contains("| nn-bcd") && said.contains("| sgd"),
        "{said}"
    );
    place.ends_with(0, &["table", RUN, "--convergence"]);
    place.ends_with(0, &["plot", RUN]);
    let said = place.ends_with(0, &["watch", RUN]);
    assert!(said.contains("sgd"), "{said}");
}

#[test]
fn what_is_held_out_is_measured_and_trains_nothing() {
    let place = Place::new();
    // Under another name of the run, or the second grid would go on with the first.
    let plain = grid("").replace("name: g", "name: plain");
    place.write("plain.yaml", &plain);
    place.write(
        "g.yaml",
        &grid("").replace("test: 150", "test: 150, validation: 80"),
    );
    let said = place.ends_with(0, &["plan", "g.yaml"]);
    assert!(
        said.contains("300 training, 80 validation and 150 test"),
        "{said}"
    );
    for file in ["plain.yaml", "g.yaml"] {
        place.ends_with(0, &[file]);
    }
    let (run, plain) = (trials(&place, RUN), trials(&place, "results/plain"));
    assert_eq!((run.len(), plain.len()), (31, 31));
    for (with, without) in run.iter().zip(plain) {
        for column in ["objective", "train_accuracy", "test_accuracy"] {
            assert_eq!(with[column], without[column]);
        }
        assert_eq!(without["validation_accuracy"], "");
        let accuracy: f64 = with["validation_accuracy"].parse().unwrap();
        let path = format!("{RUN}/trials/{}", with["trial"]);
        let model = format!("{path}/model.safetensors");
        let said = place.ends_with(0, &["eval", &model, &format!("{path}/config.yaml")]);
        let expected = format!("validation: accuracy {accuracy:.4}, ");
        assert!(
            said.contains(&expected) && said.contains("(80 samples)"),
            "{said}"
        );
        let last = rows(&place.read(&format!("{path}/iterations.csv"))).pop();
        assert_eq!(
            last.unwrap()["validation_accuracy"],
            with["validation_accuracy"]
        );
    }
    for (run, named) in [(RUN, true), ("results/plain", false)] {
        let said = place.ends_with(0, &["table", run]);
        assert_eq!(said.contains("Validation accuracy"), named, "{said}");
    }
    let said = place.ends_with(0, &["reproduce", RUN, &run[0]["trial"]]);
    assert!(said.contains("all 13 rows match"), "{said}");
}

#[test]
fn a_trial_on_batches_can_be_reproduced_and_exported() {
    let place = Place::new();
    place.write("g.yaml", &grid("").replace("[all, 16, 16]", "[16, 16, 16]"));
    place.ends_with(0, &["g.yaml", "--jobs", "2"]);
    for row in trials(&place, RUN).iter().step_by(4) {
        let said = place.ends_with(0, &["reproduce", RUN, &row["trial"], "--threads", "2"]);
        assert!(
            said.contains("all 13 rows match to the last digit"),
            "{said}"
        );
        let model = format!("{RUN}/trials/{}/model.safetensors", row["trial"]);
        place.ends_with(0, &["export", &model, "--onnx", "m.onnx"]);
    }
}

#[test]
fn a_stopped_trial_on_batches_ends_with_the_numbers_of_an_undisturbed_one() {
    let settings = "checkpoint_every: 0.05";
    let long = grid(settings)
        .replace("iterations: 12", "iterations: 80")
        .replace("[all, 16, 16]", "[16, 16, 16]")
        .replace("[once, projected, fine-tuned]", "[projected, fine-tuned]");
    let undisturbed = Place::new();
    undisturbed.write("g.yaml", &long);
    undisturbed.ends_with(0, &["g.yaml", "--jobs", "1"]);
    let place = Place::new();
    place.write("g.yaml", &long);
    for signal in [Signal::TERM, Signal::KILL] {
        let mut runner = at_work(&place, &["g.yaml", "--jobs", "2"]);
        runner.signal(signal);
        runner.ends_within(if signal == Signal::TERM {
            SOON
        } else {
            PATIENCE
        });
    }
    place.ends_with(0, &["g.yaml", "--jobs", "2"]);
    let log = |id: &str| place.read(&format!("{RUN}/trials/{id}/log.txt"));
    let resumed = trials(&place, RUN)
        .iter()
        .any(|row| log(&row["trial"]).contains("resuming from the checkpoint"));
    assert!(resumed, "no trial went on from a checkpoint");
    assert!(Results::of(&place, RUN) == Results::of(&undisturbed, RUN));
}

#[test]
fn a_gradient_trial_that_diverges_is_a_row_with_its_error() {
    let place = Place::new();
    let text = grid("")
        .replace("[nn-bcd, adam, sgd]", "[sgd]")
        .replace("[all, 16, 16]", "[16]")
        .replace("learning_rate: 0.01", "learning_rate: 1.0e+30");
    place.write("g.yaml", &text);
    place.ends_with(1, &["g.yaml"]);
    for row in trials(&place, RUN) {
        assert_eq!(row["status"], "failed");
        let error = &row["error"];
        assert!(
            error.starts_with("iteration 1: the weight of layer "),
            "{error}"
        );
        assert!(error.contains("try a smaller learning_rate"), "{error}");
        let trial = format!("{RUN}/trials/{}", row["trial"]);
        let log = place.read(&format!("{trial}/log.txt"));
        let kept = "the network after iteration 0 is kept as the model";
        assert!(log.contains(kept), "{log}");
        place.ends_with(
            0,
            &["eval", &format!("{trial}/model.safetensors"), "g.yaml"],
        );
    }
}

/// A grid with nothing but data, network and compression.
#[test]
fn the_smallest_grid_makes_good_networks() {
    let place = Place::new();
    let text = "data: {source: digits, train: 900, validation: 200, test: 400, shuffle_seed: 1}
model: {hidden: [64]}
grid:
  compression:
    - {method: none}
    - {method: prune, sparsity: 0.8}
    - {method: low-rank, rank: 8}
";
    place.write("g.yaml", text);
    place.ends_with(0, &["g.yaml"]);
    for row in trials(&place, RUN) {
        let accuracy: f64 = row["test_accuracy"].parse().unwrap();
        assert!(accuracy > 0.94, "{row:?}");
        assert_eq!(
            row["descent_violations"], "",
            "mini-batches promise no descent"
        );
        let path = format!("{RUN}/trials/{}", row["trial"]);
        let config = place.read(&format!("{path}/config.yaml"));
        for resolved in ["batch_size: 64\n", "iterations: 43\n", "bias: true\n"] {
            assert!(config.contains(resolved), "{resolved} is not in {config}");
        }
        let rows = rows(&place.read(&format!("{path}/iterations.csv")));
        assert_eq!(rows.len(), 44);
        for column in ["residual_u", "residual_v", "step"] {
            let last: f64 = rows[43][column].parse().unwrap();
            assert!(last > 0.0, "{column}: {last}");
        }
    }
}
