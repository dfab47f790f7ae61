//! No text makes the reader of grid files panic.

use std::fmt::Write as _;
use std::path::Path;

use nnbcd::grid::{TrialSettings, plan_from_text};
use proptest::prelude::*;

const WHOLE: &str = include_str!("../fixtures/grids/valid/whole.yaml");
const MIXED: &str = include_str!("../fixtures/grids/valid/mixed.yaml");
const ANCHORS: &str = include_str!("../fixtures/grids/valid/anchors.yaml");

/// Reads a text in both ways; a plan that comes out holds trials that read back.
fn read(text: &str) {
    match plan_from_text(text, Path::new("grid.yaml")) {
        Ok(plan) => {
            assert!(!plan.trials.is_empty());
            for trial in plan.trials.iter().take(3) {
                assert_eq!(trial.swept.len(), plan.swept.len());
                let again = TrialSettings::from_yaml(&trial.settings.to_yaml());
                assert_eq!(
                    again.as_ref(),
                    Ok(&trial.settings),
                    "{}",
                    trial.settings.to_yaml()
                );
            }
        }
        Err(error) => {
            let message = error.to_string();
            assert!(message.starts_with("grid.yaml:"), "{message}");
            let steers = message.chars().any(|c| c.is_control() && c != '\n');
            assert!(!steers, "control characters in {message:?}");
        }
    }
    let _ = TrialSettings::from_yaml(text);
}

fn valid() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(WHOLE), Just(MIXED), Just(ANCHORS)]
}

/// Pieces that are likely to hurt.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("-1".to_owned()),
        Just("1e308".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just(".nan".to_owned()),
        Just("~".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("{grid: {rank: [1, 2]}}".to_owned()),
        Just("{range: [0, 1.0e-300, 1.0e-320]}".to_owned()),
        Just("{linspace: [-1.0e+308, 1.0e+308, 3]}".to_owned()),
        Just("&a *a".to_owned()),
        Just("\u{1b}[2J".to_owned()),
        Just("日本語: 🦀".to_owned()),
        "[-:{}\\[\\],&*#!|>'\"%@` \na-z0-9.]{0,12}",
        any::<String>(),
    ]
}

#[test]
fn deep_nesting_is_refused_and_overflows_no_stack() {
    for open in ["[", "{a: ", "- "] {
        let text = format!("solver: \n  {}", open.repeat(100_000));
        assert!(plan_from_text(&text, Path::new("grid.yaml")).is_err());
    }
    let mut chain = "k0: &a0 [1]\n".to_owned();
    for index in 1..2_000 {
        writeln!(chain, "k{index}: &a{index} [*a{}]", index - 1).expect("a String takes any text");
    }
    let message = plan_from_text(&chain, Path::new("grid.yaml")).expect_err("too deep");
    assert!(message.to_string().contains("too large"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        read(&text);
    }

    #[test]
    fn text_of_yaml_characters_never_panics(text in "[-:{}\\[\\],&*#!|>'\"%<?~ \n\ta-z0-9.]{0,200}") {
        read(&text);
    }

    #[test]
    fn mutated_grids_never_panic(
        text in valid(),
        mutations in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, piece()), 1..4),
    ) {
        let mut characters: Vec<char> = text.chars().collect();
        for (at, removed, inserted) in mutations {
            let from = at.index(characters.len() + 1);
            let until = (from + removed).min(characters.len());
            characters.splice(from..until, inserted.chars());
        }
        read(&characters.into_iter().collect::<String>());
    }

    #[test]
    fn replaced_values_never_panic(text in valid(), line in any::<prop::sample::Index>(), inserted in piece()) {
        let lines: Vec<&str> = text.lines().collect();
        let chosen = line.index(lines.len());
        let changed: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(index, line)| match line.split_once(": ") {
                Some((key, _)) if index == chosen => format!("{key}: {inserted}"),
                _ => (*line).to_owned(),
            })
            .collect();
        read(&changed.join("\n"));
    }
}
