//! Valid grid files against results that were counted by hand.

use std::path::Path;

use nnbcd::grid::{Plan, TrialSettings, plan_from_file, plan_from_text};

fn plan(text: &str) -> Plan {
    plan_from_text(text, Path::new("experiments/example.yaml"))
        .unwrap_or_else(|error| panic!("{error}"))
}

/// A grid on the built-in data with one small hidden layer.
fn small(rest: &str) -> Plan {
    plan(&format!(
        "data: {{source: digits}}\nmodel: {{hidden: [8]}}\n{rest}"
    ))
}

fn fixture(name: &str) -> Plan {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/grids/valid");
    plan_from_file(&folder.join(name)).unwrap_or_else(|error| panic!("{error}"))
}

fn cells(plan: &Plan) -> Vec<String> {
    plan.trials
        .iter()
        .map(|trial| trial.swept.join(","))
        .collect()
}

#[test]
fn counts_of_the_valid_grids() {
    // name, trials, duplicates, excluded
    let expected = [
        // 7 compressions x 3 tau x 2 pairs x 3 seeds = 126; without compression tau 10 is excluded (2 x 3) and of the
        // other two tau one is a duplicate (2 x 3).
        ("whole.yaml", 114, 6, 6),
        ("smallest.yaml", 1, 0, 0),
        ("no-axis-three-seeds.yaml", 3, 0, 0),
        // none: 1; tensor-train: 3 ranks x 2 tau; low-rank: the same. Of 18 combinations 13 are left.
        ("method-axis.yaml", 13, 5, 0),
        // (1 + 4) models x 1 solver (two spellings) x 2 seeds.
        ("whole-maps.yaml", 10, 10, 0),
        // The seed draws the batches.
        ("weights-file.yaml", 3, 0, 0),
        ("mixed.yaml", 4, 0, 0),
        ("anchors.yaml", 9, 0, 0),
        // 3 x 2 x 2 seeds = 12; the first rule drops 2, the second 2, the third none.
        ("two-zips.yaml", 8, 0, 4),
    ];
    for (name, trials, duplicates, excluded) in expected {
        let plan = fixture(name);
        let found = (plan.trials.len(), plan.duplicates, plan.excluded);
        assert_eq!(found, (trials, duplicates, excluded), "{name}");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/grids/valid");
    let files = std::fs::read_dir(folder)
        .expect("the folder of valid grids exists")
        .count();
    assert_eq!(files, expected.len(), "every valid grid is counted here");
}

#[test]
fn the_whole_grid_is_read_as_it_is_written() {
    let plan = fixture("whole.yaml");
    assert_eq!(plan.name, "digits-compression");
    assert_eq!(plan.checkpoint_every, 30.0);
    assert_eq!(
        plan.swept,
        [
            "compression.method",
            "compression.rank",
            "compression.sparsity",
            "solver.tau",
            "solver.gamma",
            "solver.rho"
        ]
    );
    let first = &plan.trials[0];
    assert_eq!(first.settings.seed, 1);
    assert_eq!(first.swept, ["none", "", "", "", "0.5", "0.5"]);
    let last = plan.trials.last().expect("trials");
    assert_eq!(last.swept, ["prune", "", "0.95", "100", "1", "1"]);
    assert_eq!(last.settings.seed, 3);
    assert_eq!(last.settings.data.train, Some(1400));
}

#[test]
fn names_and_base_directory_come_from_the_file() {
    let example = small("");
    assert_eq!(example.name, "example");
    assert_eq!(example.base, Path::new("experiments"));
    assert_eq!(example.checkpoint_every, 60.0);
    let text = "data: {source: digits}\nmodel: {hidden: []}\nname: größer, 2\n";
    let here = plan_from_text(text, Path::new("grid.yaml")).expect("valid");
    assert_eq!(here.name, "größer, 2");
    assert_eq!(here.base, Path::new("."));
    assert_eq!(here.source, text);
}

#[test]
fn the_first_axis_moves_slowest_and_the_seed_fastest() {
    let plan = small("grid: {solver.rho: [3, 1], solver.gamma: [2, 4]}\nseeds: [7, 5]\n");
    assert_eq!(plan.swept, ["solver.rho", "solver.gamma"]);
    assert_eq!(
        cells(&plan),
        ["3,2", "3,2", "3,4", "3,4", "1,2", "1,2", "1,4", "1,4"]
    );
    let seeds: Vec<u64> = plan
        .trials
        .iter()
        .map(|trial| trial.settings.seed)
        .collect();
    assert_eq!(seeds, [7, 5, 7, 5, 7, 5, 7, 5]);
}

#[test]
fn zipped_axes_move_together() {
    let plan = small(
        "zip:\n  - {solver.gamma: {range: [1, 3, 1]}, solver.rho: {logspace: [1, 100, 3]}}\n",
    );
    assert_eq!(cells(&plan), ["1,1", "2,10", "3,100"]);
}

#[test]
fn a_map_in_an_axis_may_carry_a_grid_of_grids() {
    let plan = small(
        "grid:\n  compression:\n    - method: prune\n      grid:\n        sparsity: [0.5, 0.9]\n        scope: [layer, global]\n    - {method: n-m, n: 2, grid: {m: [4, 8]}}\n",
    );
    assert_eq!(
        plan.swept.join(" "),
        "compression.method compression.sparsity compression.scope compression.n compression.m"
    );
    let expected = [
        "prune,0.5,layer,,",
        "prune,0.5,global,,",
        "prune,0.9,layer,,",
        "prune,0.9,global,,",
        "n-m,,,2,4",
        "n-m,,,2,8",
    ];
    assert_eq!(cells(&plan), expected);
}

#[test]
fn a_dotted_axis_reaches_only_the_maps_that_take_it() {
    let plan = small(
        "grid:\n  compression.rank: [2, 4]\n  compression:\n    - {method: none}\n    - {method: low-rank}\n    - {method: prune, sparsity: 0.5}\n",
    );
    assert_eq!(
        plan.swept.join(" "),
        "compression.rank compression.method compression.sparsity"
    );
    assert_eq!(
        cells(&plan),
        [",none,", "2,low-rank,", ",prune,0.5", "4,low-rank,"]
    );
    assert_eq!(plan.duplicates, 2);
}

#[test]
fn a_swept_source_takes_only_the_keys_that_are_its_own() {
    let plan = plan(
        "model: {hidden: [8]}\ndata: {path: mnist}\ngrid:\n  data.source: [digits, idx]\n  data.path: [a, b]\n",
    );
    assert_eq!(cells(&plan), ["digits,", "idx,a", "idx,b"]);
    assert_eq!(plan.duplicates, 1);
    assert_eq!(plan.trials[0].settings.data.path, None);
}

#[test]
fn swept_weights_take_the_place_of_a_scheme_and_make_seeds_equal() {
    let plan = small(
        "solver: {batch_size: all}\ngrid:\n  model.init.weights: [~, start.safetensors]\n  model.init.scheme: [normal, uniform]\nseeds: [1, 2]\n",
    );
    let expected = [
        ",normal",
        ",normal",
        ",uniform",
        ",uniform",
        "start.safetensors,",
    ];
    assert_eq!(cells(&plan), expected);
    assert_eq!(plan.duplicates, 3);
}

/// Numbers, words, switches, lists, maps and keys of which others depend: no field can be told to be null, and each may be left
/// out.
#[test]
fn null_in_an_axis_is_the_same_as_not_naming_the_setting() {
    let usual = |base: &str| small(base).trials[0].id.clone();
    for (base, path, other) in [
        ("solver: {batch_size: all}", "solver.weight_decay", "0.5"),
        ("solver: {batch_size: all}", "solver.eval_every", "5"),
        ("solver: {batch_size: all}", "solver.gamma", "5"),
        ("solver: {batch_size: all}", "solver.refit", "true"),
        (
            "solver: {batch_size: all}\ncompression: {method: prune, sparsity: 0.5}",
            "solver.coupling",
            "hard",
        ),
        ("solver: {batch_size: all}", "solver.gamma_final", "5"),
        ("", "solver.weight_decay", "[0.1, 0.2]"),
        ("", "solver.step", "0.2"),
        ("", "solver.precision", "double"),
        ("", "solver.batch_size", "64"),
        ("", "solver.recipe", "paper"),
        ("", "solver.method", "adam"),
        ("", "solver", "{batch_size: all}"),
        ("", "model.bias", "false"),
        ("", "model.init.scale", "0.25"),
        ("", "model.conv", "{filters: 2, kernel: 3}"),
        ("", "compression", "{method: prune, sparsity: 0.5}"),
        ("", "data.standardize", "true"),
        ("", "data.train", "100"),
        (
            "compression: {method: prune, sparsity: 0.5}",
            "compression.scope",
            "global",
        ),
    ] {
        let grid = format!("{base}\ngrid:\n  {path}: [~, {other}]\n");
        let plan = small(&grid);
        assert_eq!(plan.trials.len(), 2, "{path}");
        assert_eq!(plan.trials[0].id, usual(base), "{path}");
        assert_ne!(plan.trials[1].id, usual(base), "{path}");
    }
    // What stands outside the grid is not what holds then.
    let plan = small("solver: {batch_size: all, gamma: 5}\ngrid:\n  solver.gamma: [~, 7]\n");
    assert_eq!(plan.trials[0].id, usual("solver: {batch_size: all}"));
    assert_eq!(cells(&plan), ["1", "7"]);
    let nested = small(
        "grid:\n  compression: [{method: prune, grid: {sparsity: [0.5], scope: [~, global]}}]\n",
    );
    assert_eq!(
        nested.trials[0].id,
        usual("compression: {method: prune, sparsity: 0.5}")
    );
}

#[test]
fn a_whole_map_in_an_axis_replaces_the_one_outside_the_grid() {
    let plan = small(
        "solver: {iterations: 7, gamma: 3}\ngrid:\n  solver: [{rho: 2}, {gamma: 4}]\n  solver.alpha: [5]\n",
    );
    assert_eq!(plan.swept, ["solver.rho", "solver.gamma", "solver.alpha"]);
    assert_eq!(cells(&plan), ["2,1,5", "1,4,5"]);
    assert_eq!(plan.trials[0].settings.solver.iterations(), 100);
}

#[test]
fn settings_that_a_method_does_not_use_make_no_second_trial() {
    let none = small(
        "grid:\n  solver.tau: [1, 2]\n  solver.tau_final: [3, 4]\n  solver.coupling: [penalty, hard]\n  solver.compress_after: [0, 5]\n",
    );
    assert_eq!((none.trials.len(), none.duplicates), (1, 15));
    assert_eq!(cells(&none), [",,,"]);
    let pruned = small(
        "compression: {method: prune, sparsity: 0.5}\ngrid:\n  solver.tau: [1, 2]\n  solver.coupling: [penalty, hard]\n",
    );
    assert_eq!((pruned.trials.len(), pruned.duplicates), (4, 0));
    let constrained = small(
        "compression: {method: prune, sparsity: 0.5}\ngrid:\n  solver.coupling: [hard, constrained]\n  solver.tau: [1, 2]\n  solver.tau_final: [3, 4]\n",
    );
    assert_eq!(
        (constrained.trials.len(), constrained.duplicates),
        (4 + 1, 3)
    );
    assert_eq!(cells(&constrained)[4], "constrained,,");
}

#[test]
fn with_weights_from_a_file_the_first_seed_stands_for_all() {
    let plan = fixture("weights-file.yaml");
    assert_eq!(plan.trials[0].settings.seed, 4);
    assert_eq!(plan.trials[0].id, plan.trials[0].settings.id());
}

#[test]
fn an_exclusion_that_matches_nothing_is_a_warning() {
    let plan = fixture("two-zips.yaml");
    assert_eq!(
        plan.warnings,
        ["the entry of exclude in line 9 matches no trial"]
    );
}

#[test]
fn lists_in_cells_are_written_with_spaces() {
    let plan = small("grid:\n  model.hidden: [[16, 8], []]\n  solver.gamma: [1.0e-9]\n");
    assert_eq!(cells(&plan), ["16 8,1e-9", ",1e-9"]);
    let modes = small(
        "grid:\n  compression:\n    - {method: tensor-train, rank: 2, modes: [[4, 4, 32]]}\n",
    );
    assert_eq!(cells(&modes), ["tensor-train,2,[[4,4,32]]"]);
}

#[test]
fn numbers_count_by_value_and_order_of_keys_does_not_count() {
    let one = small("solver: {gamma: 0.5, rho: 100, iterations: 200}\n");
    let other = plan(
        "solver: {iterations: 2e2, rho: 1.0e+2, gamma: 5.0e-1}\nmodel: {hidden: [8.0]}\ndata: {shuffle_seed: 0, source: digits}\nseeds: 1\n",
    );
    assert_eq!(one.trials[0].id, other.trials[0].id);
}

#[test]
fn every_trial_of_a_plan_has_its_own_id_and_reads_back() {
    for name in [
        "whole.yaml",
        "mixed.yaml",
        "no-axis-three-seeds.yaml",
        "whole-maps.yaml",
    ] {
        let plan = fixture(name);
        let mut ids: Vec<&str> = plan.trials.iter().map(|trial| trial.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), plan.trials.len(), "{name}");
        for trial in &plan.trials {
            assert_eq!(trial.id, trial.settings.id(), "{name}");
            let yaml = trial.settings.to_yaml();
            let read =
                TrialSettings::from_yaml(&yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
            assert_eq!(read, trial.settings, "{yaml}");
        }
    }
}

#[test]
fn a_config_with_a_mistake_names_its_place() {
    let yaml = small("solver: {batch_size: all}\n").trials[0]
        .settings
        .to_yaml()
        .replace("gamma: 1", "gamma: -1");
    let message = TrialSettings::from_yaml(&yaml)
        .expect_err("gamma is negative")
        .to_string();
    assert!(message.starts_with("config.yaml:"), "{message}");
    assert!(
        message.contains("solver.gamma: -1.0 is not allowed (a number > 0)"),
        "{message}"
    );
}

#[test]
fn ten_thousand_trials_are_planned_quickly() {
    let start = std::time::Instant::now();
    let plan = small(
        "compression: {method: prune, sparsity: 0.5}\ngrid:\n  solver.tau: {linspace: [1, 2, 50]}\n  solver.rho: {linspace: [1, 2, 20]}\nseeds: 10\n",
    );
    assert_eq!(plan.trials.len(), 10_000);
    // Far above what it takes, far below what a quadratic loop would take.
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
