//! Grid files, data and run directories that somebody wrote who means no good.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Output;

use nnbcd::measure::Quantity;

use super::place::Place;

/// What a program says on both channels, after a look at what it would make a terminal do.
#[track_caller]
fn harmless(output: &Output) -> String {
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let steers = |letter: char| {
        (letter.is_control() && !matches!(letter, '\n' | '\t'))
            || ('\u{202a}'..='\u{202e}').contains(&letter)
    };
    assert_eq!(said.find(steers), None, "{said:?}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// Clears the screen, sets a title, turns the direction of what follows.
const ORDERS: &str = "\u{1b}[2J\u{9b}2J\u{1b}]0;title\u{7}\u{202e}";

#[test]
fn a_run_directory_of_somebody_else_cannot_steer_the_terminal() {
    let place = Place::new();
    let columns: Vec<&str> = Quantity::of_trials().map(Quantity::name).collect();
    let (columns, empty) = (columns.join(","), ",".repeat(columns.len() - 1));
    let table = format!(
        "trial,status,seed,solver.{ORDERS},{columns},error\n\
         a{ORDERS},failed,1,value{ORDERS},{empty},\"error{ORDERS}\"\n"
    );
    place.write("evil/trials.csv", &table);
    place.write("evil/provenance.json", "{\"version\": \"\\u001b[2J\"}");
    place.write("evil/runner.json", "{\"host\": \"\\u001b[2J\"}");
    place.write(
        "evil/journal/x.jsonl",
        &format!("{{\"trial\": \"{ORDERS}\"}}\n"),
    );
    for arguments in [
        &["watch", "evil"][..],
        &["table", "evil"],
        &["table", "evil", "--format", "latex"],
        &["table", "evil", "--format", "csv"],
        &["plot", "evil"],
        &["cancel", "evil", "a"],
        &["retry", "evil", "a"],
        &["stop", "evil"],
        &["reproduce", "evil", "a"],
        &["worker", "evil"],
    ] {
        harmless(&place.run(arguments));
    }
    let said = harmless(&place.run(&["watch", "evil"]));
    assert!(said.contains("value"), "{said}");
}

#[test]
fn classes_with_terminal_sequences_are_names_like_others() {
    let place = Place::new();
    let rows: String = (0..20)
        .map(|row| format!("{row},{},class{}{ORDERS}\n", row * row % 7, row % 2))
        .collect();
    place.write("data.csv", &format!("x1,x2,label{ORDERS}\n{rows}"));
    let grid = format!(
        "name: g\ndata: {{source: csv, csv: {{label: {:?}, features: \"x*\", train: data.csv, test: data.csv}}}}\n\
         model: {{hidden: [4]}}\nsolver: {{batch_size: all, iterations: 2}}\n",
        format!("label{}", ORDERS.escape_default()).replace("\\\\", "\\")
    );
    // YAML and Rust escape such characters in different ways; YAML knows \x and \u with four digits.
    let grid = grid
        .replace("\\\\u{1b}", "\\x1b")
        .replace("\\\\u{9b}", "\\x9b");
    let grid = grid
        .replace("\\\\u{7}", "\\x07")
        .replace("\\\\u{202e}", "\\u202e");
    place.write("g.yaml", &grid);
    let output = place.run(&["g.yaml"]);
    let said = harmless(&output);
    assert_eq!(output.status.code(), Some(0), "{grid}\n{said}");
    let trial = place.files("results/g/trials");
    let model = trial
        .iter()
        .find(|path| path.ends_with("model.safetensors"))
        .unwrap();
    let model = format!("results/g/trials/{model}");
    harmless(&place.run(&["eval", &model, "g.yaml"]));
    harmless(&place.run(&["plan", "g.yaml"]));
}

#[test]
fn no_name_leads_out_of_the_results() {
    let place = Place::new();
    place.write("outside/precious", "");
    fs::create_dir(place.path("results")).unwrap();
    symlink(place.path("outside"), place.path("results/absolute")).unwrap();
    symlink("../outside", place.path("results/relative")).unwrap();
    let absolute = place.path("outside").display().to_string();
    let long = "n".repeat(201);
    let names = [
        "..",
        ".",
        "",
        "../outside",
        "a/../../outside",
        "./x",
        &absolute,
        "a\\0b",
        "a\\nb",
        "\\e[2J",
        &long,
        "absolute",
        "relative",
    ];
    for name in names {
        let text = format!(
            "name: \"{name}\"\ndata: {{source: digits}}\nmodel: {{hidden: [4]}}\nsolver: {{batch_size: all, iterations: 1}}\n"
        );
        place.write("g.yaml", &text);
        for more in [
            &["g.yaml"][..],
            &["g.yaml", "--fresh"],
            &["submit", "g.yaml"],
        ] {
            let output = place.run(more);
            let said = harmless(&output);
            assert_eq!(output.status.code(), Some(2), "{name:?} {more:?}: {said}");
        }
    }
    assert_eq!(place.files("outside"), ["precious"]);
    let left: Vec<_> = fs::read_dir(place.path("results")).unwrap().collect();
    assert_eq!(left.len(), 2, "only the links: {left:?}");
    // The whole directory may be a link to where there is room.
    symlink("outside", place.path("room")).unwrap();
    place.write(
        "g.yaml",
        "name: g\ndata: {source: digits}\nmodel: {hidden: [4]}\nsolver: {batch_size: all, iterations: 1}\n",
    );
    place.ends_with(0, &["g.yaml", "--results", "room"]);
    assert!(place.path("outside/g/trials.csv").exists());
}

#[test]
fn a_trial_that_fits_no_memory_is_refused_before_anything_starts() {
    let place = Place::new();
    let text = "name: g\ndata: {source: digits}\nmodel: {hidden: [16777216, 16777216]}\n\
                compression: {method: prune, sparsity: 0.5}\n";
    place.write("g.yaml", text);
    let said = harmless(&place.run(&["g.yaml"]));
    assert!(said.contains("of memory, this machine has"), "{said}");
    assert!(!place.path("results").exists());
    let output = place.run(&["plan", "g.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", harmless(&output));
}
