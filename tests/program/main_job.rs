//! The main job without a terminal: what it leaves, and what a second start does.

use std::fs;

use super::place::{Place, grid};
use super::results::{Results, count, rows, trials};

const TRIALS_HEADER: &str = "trial,status,seed,compression.method,compression.rank,\
    compression.sparsity,iterations,objective,loss,residual_v,residual_u,residual_w,step,\
    descent_violations,train_accuracy,test_accuracy,best_test_accuracy,balanced_accuracy,sparsity,\
    effective_sparsity,params_dense,params_compressed,compression_ratio,bytes_dense,\
    bytes_compressed,seconds,seconds_per_iteration,validation_accuracy,notices,error";

const ITERATIONS_HEADER: &str = "iteration,seconds,objective,loss,residual_v,residual_u,residual_w,\
    step,descent_violations,train_accuracy,test_accuracy,balanced_accuracy,sparsity,\
    compression_ratio,effective_sparsity,tau,gamma,rho,validation_accuracy";

#[test]
fn a_grid_becomes_tables_rows_and_models() {
    let place = Place::new();
    let text = grid("small", 5, 2, "");
    place.write("grids/small.yaml", &text);
    let said = place.ends_with(0, &["grids/small.yaml"]);
    assert!(
        said.contains("small: 6 trials into results/small"),
        "{said}"
    );
    assert!(said.contains("[6/6] done "), "{said}");
    assert!(said.contains("tables: results/small/tables"), "{said}");
    assert!(said.trim_end().ends_with("6 done"), "{said}");

    let table = place.read("results/small/trials.csv");
    assert_eq!(table.lines().next(), Some(TRIALS_HEADER));
    assert_eq!(count(&place, "results/small", "done"), 6);
    for row in trials(&place, "results/small") {
        check_trial(&place, &format!("results/small/trials/{}", row["trial"]));
        assert_eq!(row["iterations"], "5");
        assert_eq!(row["error"], "");
        let accuracy: f64 = row["test_accuracy"].parse().unwrap();
        assert!((0.0..=1.0).contains(&accuracy), "{accuracy}");
        let ratio: f64 = row["compression_ratio"].parse().unwrap();
        assert_eq!(ratio > 1.0, row["compression.method"] != "none", "{row:?}");
    }
    assert_eq!(place.read("results/small/grid.yaml"), text);
    assert!(
        place
            .read("results/small/provenance.json")
            .contains("\"version\"")
    );
    for table in ["summary.md", "summary.tex", "summary.csv"] {
        assert!(
            place
                .read(&format!("results/small/tables/{table}"))
                .contains("tensor-train")
        );
    }
    let files = place.files("results/small");
    let left_over = |path: &&String| path.contains(".tmp") || path.contains("checkpoint");
    assert_eq!(files.iter().find(left_over), None);
}

#[test]
fn inputs_of_another_scale_are_named_before_the_run_and_in_its_results() {
    let place = Place::new();
    let rows: Vec<String> = (0..20)
        .map(|row| format!("{},{}", 1000 + row, row % 2))
        .collect();
    place.write("t.csv", &format!("x,y\n{}\n", rows.join("\n")));
    place.write(
        "g.yaml",
        "data: {source: csv, csv: {label: y, features: [x], train: t.csv, test: t.csv}, standardize: false}\n\
         model: {hidden: [4]}\nsolver: {method: sgd, iterations: 1, learning_rate: 1.0e-9}\n",
    );
    let warning = "the inputs are far from the scale 1 that training expects \
                   (largest root mean square of a feature: 1.010e3): set data.standardize: true";
    let planned = place.run(&["plan", "g.yaml"]);
    let said = String::from_utf8_lossy(&planned.stdout);
    assert!(said.contains(&format!("  warning: {warning}")), "{said}");
    let run = place.run(&["g.yaml"]);
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.contains(warning), "{said}");
    let row = &trials(&place, "results/g")[0];
    assert!(row["notices"].contains("input-scale"), "{row:?}");
    let table = place.read("results/g/tables/summary.md");
    assert!(table.contains("far from the scale 1"), "{table}");
}

fn check_trial(place: &Place, trial: &str) {
    let iterations = place.read(&format!("{trial}/iterations.csv"));
    assert_eq!(iterations.lines().next(), Some(ITERATIONS_HEADER));
    let iterations = rows(&iterations);
    let numbers: Vec<&str> = iterations.iter().map(|row| &*row["iteration"]).collect();
    assert_eq!(numbers, ["0", "1", "2", "3", "4", "5"]);
    for pair in iterations.windows(2) {
        let [before, after] = [0, 1].map(|at| pair[at]["objective"].parse::<f64>().unwrap());
        assert!(
            after < before,
            "the objective rose from {before} to {after}"
        );
    }
    let result: serde_json::Value =
        serde_json::from_str(&place.read(&format!("{trial}/result.json"))).unwrap();
    assert_eq!(result["status"], "done");
    assert_eq!(result["last"]["iteration"], 5);
    assert!(
        place
            .read(&format!("{trial}/config.yaml"))
            .contains("source: digits")
    );
    let model = fs::read(place.path(&format!("{trial}/model.safetensors"))).unwrap();
    assert!(safetensors::SafeTensors::deserialize(&model).is_ok());
}

#[test]
fn the_same_command_again_runs_nothing_and_an_edited_grid_only_what_is_new() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", 3, 1, ""));
    place.ends_with(0, &["g.yaml"]);
    let before = trials(&place, "results/g");
    let said = place.ends_with(0, &["g.yaml"]);
    assert!(
        said.contains("3 of 3 trials already have a result"),
        "{said}"
    );
    assert!(!said.contains("[3/3]"), "{said}");
    assert_eq!(
        trials(&place, "results/g"),
        before,
        "times are equal as well: nothing ran"
    );

    place.write("g.yaml", &grid("g", 3, 2, ""));
    let said = place.ends_with(0, &["g.yaml"]);
    assert!(
        said.contains("3 of 6 trials already have a result"),
        "{said}"
    );
    let after = trials(&place, "results/g");
    assert_eq!(after.len(), 6);
    let kept: Vec<_> = after.into_iter().filter(|row| row["seed"] == "0").collect();
    assert_eq!(kept, before);
    assert_eq!(place.read("results/g/grid.yaml"), grid("g", 3, 2, ""));
}

#[test]
fn fresh_moves_the_old_run_aside_again_and_again() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", 3, 1, ""));
    place.ends_with(0, &["g.yaml"]);
    let before = Results::of(&place, "results/g");
    // In the same second, too.
    for earlier in 1..=3 {
        let said = place.ends_with(0, &["g.yaml", "--fresh"]);
        assert!(
            said.contains("the previous run was moved to results/g."),
            "{said}"
        );
        assert!(said.contains("[3/3] done"), "{said}");
        Results::of(&place, "results/g").assert_equal(&before);
        let kept: Vec<_> = fs::read_dir(place.path("results"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "g")
            .collect();
        assert_eq!(kept.len(), earlier, "{kept:?}");
        for name in kept {
            Results::of(&place, &format!("results/{name}")).assert_equal(&before);
        }
    }
}

#[test]
fn failed_trials_run_again_only_when_asked_for() {
    let place = Place::new();
    place.write(
        "g.yaml",
        "name: g\ndata: {source: digits, train: 100, test: 50}\nmodel: {hidden: [8]}\n\
         solver: {batch_size: all, iterations: 3, precision: double}\ngrid: {model.init.scale: [0.2, 1.0e+200]}\n",
    );
    place.ends_with(1, &["g.yaml"]);
    let [done, failed] = ["done", "failed"].map(|status| log_of(&place, status));
    let said = place.ends_with(1, &["g.yaml"]);
    assert!(
        said.contains("2 of 2 trials already have a result"),
        "{said}"
    );
    assert_eq!(log_of(&place, "failed"), failed, "it ran again");
    place.ends_with(1, &["g.yaml", "--retry-failed"]);
    assert_eq!(log_of(&place, "done"), done, "it ran again");
    let again = log_of(&place, "failed");
    assert_eq!(again.matches("started").count(), 2, "{again}");
}

fn log_of(place: &Place, status: &str) -> String {
    let trials = trials(place, "results/g");
    let row = trials.iter().find(|row| row["status"] == status).unwrap();
    place.read(&format!("results/g/trials/{}/log.txt", row["trial"]))
}

#[test]
fn jobs_and_threads_change_no_number() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", 20, 2, ""));
    let ways = [("1", "1"), ("2", "2"), ("1", "2"), ("2", "1"), ("5", "8")];
    let [first, others @ ..] = ways.map(|(jobs, threads)| {
        let results = format!("results-{jobs}-{threads}");
        place.ends_with(
            0,
            &[
                "g.yaml",
                "--results",
                &results,
                "--jobs",
                jobs,
                "--threads",
                threads,
            ],
        );
        Results::of(&place, &format!("{results}/g"))
    });
    assert_eq!(first.ids().len(), 6);
    for other in others {
        first.assert_equal(&other);
    }
}
