//! Grid files that train with several methods.

use std::path::Path;

use nnbcd::grid::{Plan, TrialSettings, plan_from_file, plan_from_text};

fn plan(text: &str) -> Plan {
    plan_from_text(text, Path::new("example.yaml")).unwrap_or_else(|error| panic!("{error}"))
}

/// A grid on the built-in data with one small hidden layer.
fn small(rest: &str) -> Plan {
    plan(&format!(
        "data: {{source: digits}}\nmodel: {{hidden: [8]}}\n{rest}"
    ))
}

fn cells(plan: &Plan) -> Vec<String> {
    (plan.trials.iter())
        .map(|trial| trial.swept.join(","))
        .collect()
}

/// Each method keeps of the map outside the grid what it takes; keys of the others do not disturb it.
#[test]
fn a_swept_method_takes_only_the_keys_that_are_its_own() {
    let plan = small(
        "compression: {method: low-rank, rank: 2}\nsolver: {gamma: 5, iterations: 30, momentum: 0.5}\n\
         zip:\n  - solver.method: [nn-bcd, adam, sgd]\n    solver.batch_size: [all, 8, 8]\n\
         grid:\n  solver.tau: [1, 10]\n  solver.momentum: [0.1, 0.2]\n",
    );
    let expected = [
        "1,,nn-bcd,all",
        ",,adam,8",
        ",0.1,sgd,8",
        ",0.2,sgd,8",
        "10,,nn-bcd,all",
    ];
    assert_eq!(cells(&plan), expected);
    assert_eq!((plan.trials.len(), plan.duplicates), (5, 7));
    let yaml: Vec<String> = plan.trials.iter().map(|t| t.settings.to_yaml()).collect();
    assert!(
        yaml[0].contains("method: nn-bcd\n") && yaml[0].contains("gamma: 5"),
        "{}",
        yaml[0]
    );
    for part in [
        "method: adam\n",
        "batch_size: 8",
        "learning_rate: 0.001",
        "compress_after: 15",
    ] {
        assert!(yaml[1].contains(part), "{part}: {}", yaml[1]);
    }
    assert!(
        !yaml[1].contains("gamma") && !yaml[1].contains("momentum"),
        "{}",
        yaml[1]
    );
    for (trial, yaml) in plan.trials.iter().zip(yaml) {
        assert_eq!(
            TrialSettings::from_yaml(&yaml).expect("a config"),
            trial.settings
        );
    }
}

#[test]
fn settings_that_a_gradient_method_does_not_use_make_no_second_trial() {
    let ids = |solver: &str, compression: &str| -> Vec<String> {
        let plan = small(&format!("solver: {solver}\ncompression: {compression}\n"));
        plan.trials.into_iter().map(|trial| trial.id).collect()
    };
    let (none, prune) = ("{method: none}", "{method: prune, sparsity: 0.5}");
    let same = [
        (
            "{method: adam}",
            "{method: adam, learning_rate: 0.001, batch_size: 64}",
            prune,
        ),
        (
            "{method: adam}",
            "{compress_after: 50, compress: fine-tuned, method: adam}",
            prune,
        ),
        (
            "{method: sgd}",
            "{method: sgd, momentum: 0.9, learning_rate: 0.01}",
            none,
        ),
        (
            "{method: adam}",
            "{method: adam, compress: once, compress_after: 3}",
            none,
        ),
        (
            "{method: adam, compress: once}",
            "{method: adam, compress: once, compress_after: 3}",
            prune,
        ),
        ("{gamma: 2}", "{gamma: 2, method: nn-bcd}", prune),
    ];
    for (one, other, compression) in same {
        assert_eq!(
            ids(one, compression),
            ids(other, compression),
            "{one} {other}"
        );
    }
    let different = [
        ("{method: adam}", "{method: sgd}", none),
        (
            "{method: adam}",
            "{method: adam, compress: projected}",
            prune,
        ),
        ("{method: adam}", "{method: adam, batch_size: 32}", none),
        ("{method: sgd}", "{method: sgd, momentum: 0}", none),
    ];
    for (one, other, compression) in different {
        assert_ne!(
            ids(one, compression),
            ids(other, compression),
            "{one} {other}"
        );
    }
    // The seed draws batches, wherever the weights come from.
    let plan = plan(
        "data: {source: digits}\nmodel: {hidden: [8], init: {weights: w.safetensors}}\nsolver: {method: adam}\nseeds: 2\n",
    );
    assert_eq!(plan.trials.len(), 2);
}

#[test]
fn the_experiments_can_be_planned_without_a_warning() {
    for (name, trials) in [("grid.yaml", 33), ("methods.yaml", 93)] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments");
        let plan = plan_from_file(&folder.join(name)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(plan.trials.len(), trials, "{name}");
        assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
    }
}

#[test]
fn the_studies_of_the_paper_can_be_planned() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments");
    let studies = std::fs::read_dir(folder.join("paper")).unwrap();
    let mut files: Vec<_> = studies.map(|entry| entry.unwrap().path()).collect();
    files.push(folder.join("couplings.yaml"));
    assert!(files.len() > 5);
    for file in files {
        let plan = plan_from_file(&file).unwrap_or_else(|error| panic!("{error}"));
        assert!(
            !plan.trials.is_empty() && plan.warnings.is_empty(),
            "{}",
            file.display()
        );
    }
}

/// The second grid starts from the model that the first one leaves, whose directory is named by its id.
#[test]
fn a_study_that_starts_from_another_finds_its_model() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/paper");
    let start = plan_from_file(&folder.join("mnist-lenet-6000-start.yaml")).unwrap();
    let (name, id) = (&start.name, &start.trials[0].id);
    let model = format!("../../results/{name}/trials/{id}/model.safetensors");
    let text = std::fs::read_to_string(folder.join("mnist-lenet-60000.yaml")).unwrap();
    assert!(text.contains(&model), "{model}");
}

/// A key of one form decides what the others are for: what belongs to another method or form is left out of the trial.
#[test]
fn a_key_of_the_algorithm_on_all_samples_decides_for_it() {
    let plan = small(
        "solver: {gamma: 5, momentum: 0.5, iterations: 3}\ngrid:\n  solver.method: [nn-bcd, sgd]\n",
    );
    let yaml = plan.trials[0].settings.to_yaml();
    assert!(
        yaml.contains("batch_size: all") && yaml.contains("gamma: 5"),
        "{yaml}"
    );
    assert!(!yaml.contains("momentum"), "{yaml}");
    let plan = small(
        "grid:\n  solver.recipe: [auto, paper]\n  solver.tau: [1, 10]\ncompression: {method: low-rank, rank: 2}\n",
    );
    assert_eq!(cells(&plan), ["auto,", "paper,1", "paper,10"]);
    for (solver, problem) in [
        (
            "{batch_size: 8, gamma: 1}",
            "solver.gamma: only the algorithm on all samples takes this key",
        ),
        (
            "{gamma: 1, step: 0.1}",
            "solver.step: only mini-batches take this key",
        ),
        (
            "{recipe: paper, batch_size: 8}",
            "recipe paper works on all samples at once",
        ),
    ] {
        let text = format!("data: {{source: digits}}\nmodel: {{hidden: [8]}}\nsolver: {solver}\n");
        let error = plan_from_text(&text, Path::new("g.yaml")).expect_err("refused");
        assert!(error.to_string().contains(problem), "{error}");
    }
}
