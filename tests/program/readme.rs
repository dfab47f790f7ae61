//! What the README and docs/grid-file.md show is what the program does.

use std::collections::BTreeSet;
use std::path::Path;

use assert_cmd::Command;
use nnbcd::grid::plan_from_text;

fn readme() -> String {
    std::fs::read_to_string("README.md").expect("the README")
}

/// The first grid file that a document shows.
fn grid_file_in(document: &str) -> String {
    let block = document.split("```yaml\n").nth(1).expect("a grid file");
    block.split("```").next().unwrap_or_default().to_owned()
}

#[test]
fn the_grid_file_of_the_readme_can_be_planned() {
    let plan = plan_from_text(&grid_file_in(&readme()), Path::new("readme.yaml"));
    assert_eq!(plan.expect("a valid grid file").trials.len(), 2 * 3);
}

#[test]
fn the_grid_file_of_the_documents_can_be_planned() {
    let page = std::fs::read_to_string("docs/grid-file.md").expect("the page");
    let plan = plan_from_text(&grid_file_in(&page), Path::new("page.yaml"));
    let plan = plan.expect("a valid grid file");
    assert_eq!(plan.name, "digits-compression");
    // Dense: tau does not count. Two tensor trains and one low rank with three tau each, three prunings
    // with two: 1 + 3 * 3 + 3 * 2 settings, times two of gamma and rho, times three seeds.
    assert_eq!(plan.trials.len(), 16 * 2 * 3);
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
}

#[test]
fn every_command_and_option_is_in_the_readme() {
    let program = || Command::cargo_bin("nnbcd-tui").expect("the program");
    let help = |arguments: &[&str]| {
        let output = program().args(arguments).arg("--help").output();
        String::from_utf8(output.expect("the help").stdout).expect("UTF-8")
    };
    let main = help(&[]);
    let (_, commands) = main.split_once("Commands:\n").expect("a list of commands");
    let commands: Vec<&str> = commands
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert!(commands.len() > 10, "{commands:?}");
    let readme = readme();
    let code = code_of(&readme);
    let words: BTreeSet<&str> = (code.iter().copied())
        .flat_map(|piece| piece.split(|c: char| !(c.is_alphanumeric() || c == '-')))
        .collect();
    let mut missing: BTreeSet<String> = BTreeSet::new();
    for command in &commands {
        let help = help(&[command]);
        let options = help
            .lines()
            .filter_map(|line| line.trim().strip_prefix("--"))
            .filter_map(|line| line.split_whitespace().next())
            .map(|option| format!("--{option}"));
        missing.extend(options.filter(|option| !words.contains(option.as_str())));
        if !code.iter().any(|piece| is_call_of(command, piece)) {
            missing.insert((*command).to_owned());
        }
    }
    assert!(missing.is_empty(), "not in the README: {missing:?}");
}

/// The code of a document: what stands in backticks, and the lines of blocks.
fn code_of(document: &str) -> Vec<&str> {
    let mut code = Vec::new();
    for (index, part) in document.split("```").enumerate() {
        if index % 2 == 1 {
            code.extend(part.lines().skip(1));
        } else {
            code.extend(part.split('`').skip(1).step_by(2));
        }
    }
    code
}

/// Whether a piece of code calls the command: as its first word, or after the program or cargo's `--`.
fn is_call_of(command: &str, piece: &str) -> bool {
    let words: Vec<&str> = piece.split_whitespace().collect();
    words.first() == Some(&command)
        || (words.windows(2))
            .any(|pair| ["nnbcd-tui", "--"].contains(&pair[0]) && pair[1] == command)
}

/// A word of the running text is no call, and neither is one among the arguments of another command.
#[test]
fn calls_are_told_from_words() {
    let text = "Stop it and plan. `watch RUN`\n```sh\nnnbcd-tui stop plot\n```\nA `p` to pause";
    let code = code_of(text);
    let called = |command: &str| code.iter().any(|piece| is_call_of(command, piece));
    assert!(called("watch") && called("stop"));
    assert!(!called("plan") && !called("plot") && !called("pause"));
}
