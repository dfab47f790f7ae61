//! What must not get mixed: results of other data, a runner and workers, orders for an earlier runner, and what a
//! machine is to blame for with what a trial is.

use std::fs;

use super::place::{Place, at_work, endless_grid, grid};
use super::results::{count, trials};

/// A grid of two trials on a table beside it.
const TABLE_GRID: &str = "name: g
data: {source: csv, csv: {label: class, features: \"x*\", train: tables/train.csv, test: tables/test.csv}}
model: {hidden: [4]}
solver: {batch_size: all, iterations: 3}
seeds: 2
";

fn table(rows: usize) -> String {
    let row = |index: usize| format!("{},{},{}\n", index % 7, index % 3, index % 2);
    format!("x1,x2,class\n{}", (0..rows).map(row).collect::<String>())
}

fn place_with_tables() -> Place {
    let place = Place::new();
    place.write("grids/g.yaml", TABLE_GRID);
    place.write("grids/tables/train.csv", &table(30));
    place.write("grids/tables/test.csv", &table(10));
    place
}

#[test]
fn a_run_does_not_go_on_with_other_data_under_the_same_name() {
    let place = place_with_tables();
    place.ends_with(0, &["grids/g.yaml"]);
    let before = place.read("results/g/trials.csv");
    let provenance = place.read("results/g/provenance.json");
    place.write("grids/tables/train.csv", &table(29));
    place.write("grids/g.yaml", &TABLE_GRID.replace("seeds: 2", "seeds: 3"));
    for refused in [
        &["grids/g.yaml"][..],
        &["grids/g.yaml", "--retry-failed"],
        &["submit", "grids/g.yaml"],
    ] {
        let said = place.ends_with(2, refused);
        for part in ["train.csv", "SHA-256", "another name", "--fresh"] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    assert_eq!(place.read("results/g/trials.csv"), before);
    assert_eq!(place.read("results/g/provenance.json"), provenance);
    place.ends_with(0, &["grids/g.yaml", "--fresh"]);
    assert_eq!(count(&place, "results/g", "done"), 3);
}

#[test]
fn nor_when_another_network_was_trained_in_between() {
    let place = place_with_tables();
    let grid = |hidden: &str| {
        let axis = format!("grid: {{model.hidden: {hidden}}}\n");
        place.write("grids/g.yaml", &(TABLE_GRID.to_owned() + &axis));
    };
    grid("[[4]]");
    place.ends_with(0, &["grids/g.yaml"]);
    place.write("grids/tables/train.csv", &table(29));
    grid("[[5]]");
    let said = place.ends_with(2, &["grids/g.yaml"]);
    assert!(said.contains("train.csv: its SHA-256 is"), "{said}");
}

/// Who submits holds the lock of the run, and the first task may start before it is let go.
#[test]
fn a_worker_waits_for_a_submission_to_end() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", 5, 1, ""));
    place.ends_with(0, &["submit", "g.yaml"]);
    let run = nnbcd::store::RunDirectory::new(place.path("results/g"));
    let lock = nnbcd::store::RunnerLock::acquire(&run).unwrap();
    let mut worker = place.start(&["worker", "results/g"]);
    std::thread::sleep(std::time::Duration::from_millis(600));
    assert!(!worker.has_ended());
    drop(lock);
    assert!(worker.ends_within(super::place::PATIENCE).success());
}

#[test]
fn nor_from_other_initial_weights() {
    let place = Place::new();
    let settings = "data: {source: digits, train: 100, test: 50}\nsolver: {batch_size: all, iterations: 2}\nmodel: {hidden: [4]";
    place.write("start.yaml", &format!("{settings}}}\nseeds: 2\n"));
    place.write(
        "g.yaml",
        &format!("{settings}, init: {{weights: start.safetensors}}}}\n"),
    );
    place.ends_with(0, &["start.yaml"]);
    let start_from = |trial: usize| {
        let id = &trials(&place, "results/start")[trial]["trial"];
        let model = place.path(&format!("results/start/trials/{id}/model.safetensors"));
        fs::copy(model, place.path("start.safetensors")).unwrap();
    };
    start_from(0);
    place.ends_with(0, &["g.yaml"]);
    place.ends_with(0, &["g.yaml"]);
    start_from(1);
    let said = place.ends_with(2, &["g.yaml"]);
    assert!(said.contains("start.safetensors: its SHA-256 is"), "{said}");
}

#[test]
fn a_model_is_evaluated_on_the_data_that_its_run_names() {
    let place = place_with_tables();
    place.ends_with(0, &["grids/g.yaml"]);
    let trial = &trials(&place, "results/g")[0]["trial"];
    let model = format!("results/g/trials/{trial}/model.safetensors");
    let of_the_grid = place.ends_with(0, &["eval", &model, "grids/g.yaml"]);
    let settings = format!("results/g/trials/{trial}/config.yaml");
    for data in ["results/g/grid.yaml", &settings] {
        assert_eq!(place.ends_with(0, &["eval", &model, data]), of_the_grid);
    }
}

#[test]
fn a_worker_keeps_away_from_a_run_with_a_runner() {
    let place = Place::new();
    place.write("g.yaml", &endless_grid("g", 1));
    let runner = at_work(&place, &["g.yaml"]);
    let said = place.ends_with(2, &["worker", "results/g"]);
    assert!(said.contains("a runner works on this run"), "{said}");
    assert!(!place.path("results/g/workers").exists());
    drop(runner);
}

#[test]
fn orders_for_an_earlier_runner_are_not_obeyed() {
    let place = Place::new();
    place.write("g.yaml", &grid("g", 5, 1, ""));
    place.ends_with(0, &["g.yaml"]);
    place.write("g.yaml", &grid("g", 6, 1, ""));
    // As if it had come when the runner had looked for the last time.
    place.write(
        "results/g/control/00000000000000000001-0000000001-000000.json",
        r#"{"command":"stop"}"#,
    );
    place.ends_with(0, &["g.yaml"]);
    assert_eq!(count(&place, "results/g", "done"), 3);
    let left = place.files("results/g/control");
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_message_names_the_command_that_goes_on() {
    let place = Place::new();
    place.write("my grids/g.yaml", &grid("g", 2, 1, ""));
    place.ends_with(0, &["my grids/g.yaml", "--results", "elsewhere", "--fresh"]);
    let said = place.ends_with(2, &["pause", "elsewhere/g"]);
    let command = "nnbcd-tui 'my grids/g.yaml' --results elsewhere (in ";
    assert!(said.contains(command), "{said}");
}

/// A directory that cannot be written leaves its trial without a result, and the others go on.
#[test]
fn what_the_machine_is_to_blame_for_fails_no_trial() {
    for (blocked, done) in [(1, 5), (2, 4)] {
        let place = Place::new();
        place.write("g.yaml", &grid("g", 2, 2, ""));
        place.ends_with(0, &["g.yaml"]);
        let ids: Vec<String> = (trials(&place, "results/g").iter())
            .map(|row| row["trial"].clone())
            .collect();
        fs::remove_dir_all(place.path("results/g/trials")).unwrap();
        // Equals run in the order of the plan. A directory where the log should be lets nobody write one.
        let first = &ids[..blocked];
        for id in first {
            fs::create_dir_all(place.path(&format!("results/g/trials/{id}/log.txt"))).unwrap();
        }
        let said = place.ends_with(1, &["g.yaml", "--jobs", "1"]);
        assert_eq!(count(&place, "results/g", "failed"), 0, "{said}");
        assert_eq!(count(&place, "results/g", "stopped"), blocked, "{said}");
        assert_eq!(count(&place, "results/g", "done"), done, "{said}");
        for id in first {
            fs::remove_dir(place.path(&format!("results/g/trials/{id}/log.txt"))).unwrap();
        }
        place.ends_with(0, &["g.yaml"]);
        assert_eq!(count(&place, "results/g", "done"), 6);
    }
}

/// Numbers that leave all bounds are the trial's own failure, on a worker as under a runner.
#[test]
fn a_diverging_gradient_method_is_a_result_on_workers_too() {
    let place = Place::new();
    place.write(
        "g.yaml",
        "name: g\ndata: {source: digits, train: 200, test: 100}\nmodel: {hidden: [16]}\n\
         solver: {method: sgd, iterations: 5}\ngrid: {solver.learning_rate: [0.01, 1.0e+30]}\n",
    );
    place.ends_with(0, &["submit", "g.yaml"]);
    place.ends_with(1, &["worker", "results/g"]);
    place.ends_with(0, &["table", "results/g"]);
    let states = ["done", "failed"].map(|state| count(&place, "results/g", state));
    assert_eq!(states, [1, 1]);
}
