//! Legend entries: what tells the curves of a figure apart, and no two alike.

use std::collections::HashSet;

use crate::report::table::{Setting, one_line};

/// Longest entry, in characters.
const LONGEST: usize = 44;
/// Least length of a value. Numbers stay whole in any case: a part of one is another one.
const SHORTEST: usize = 12;

/// A setting with the place of its value among those of a curve.
type Telling<'a> = (&'a Setting, usize);

/// One entry for each of `curves`, which holds its values of `settings`: `tensor-train, rank 8`. What is equal in all of
/// them is left out and, where entries would be too long, what follows from the rest.
pub(super) fn labels(settings: &[Setting], curves: &[Vec<String>]) -> Vec<String> {
    let varies = |column: usize| {
        let mut values = curves.iter().map(|values| &values[column]);
        values.any(|value| *value != curves[0][column])
    };
    let mut telling: Vec<Telling> = (settings.iter().zip(0..))
        .filter(|(_, column)| curves.len() == 1 || varies(*column))
        .collect();
    let labels = fitting(&telling, curves).or_else(|| {
        leave_out_what_follows(&mut telling, curves);
        fitting(&telling, curves)
    });
    unique(labels.unwrap_or_else(|| with_values_of(SHORTEST, &telling, curves)))
}

/// The entries with their values as long as fits.
fn fitting(telling: &[Telling], curves: &[Vec<String>]) -> Option<Vec<String>> {
    let fits = |labels: &Vec<String>| labels.iter().all(|label| label.chars().count() <= LONGEST);
    let lengths = [LONGEST, 24, 16, SHORTEST].into_iter();
    lengths
        .map(|length| with_values_of(length, telling, curves))
        .find(fits)
}

fn with_values_of(length: usize, telling: &[Telling], curves: &[Vec<String>]) -> Vec<String> {
    let of = |values: &Vec<String>| label(telling, values, length);
    curves.iter().map(of).collect()
}

/// Leaves out settings, the last ones first, without which no two curves become equal.
fn leave_out_what_follows(telling: &mut Vec<Telling>, curves: &[Vec<String>]) {
    for place in (0..telling.len()).rev() {
        let left_out = telling.remove(place);
        let distinct: HashSet<Vec<&String>> = (curves.iter())
            .map(|values| telling.iter().map(|(_, c)| &values[*c]).collect())
            .collect();
        if distinct.len() < curves.len() {
            telling.insert(place, left_out);
        }
    }
}

fn label(telling: &[Telling], values: &[String], length: usize) -> String {
    let used = telling
        .iter()
        .filter(|(_, column)| !values[*column].is_empty());
    let parts: Vec<String> = used
        .map(|(setting, column)| part(&setting.header.short, &values[*column], length))
        .collect();
    match telling {
        [] => "all trials".to_owned(),
        _ if parts.is_empty() => {
            let names: Vec<&str> = telling
                .iter()
                .map(|(s, _)| s.header.short.as_str())
                .collect();
            one_line(&format!("no {}", names.join(" or ")))
        }
        _ => parts.join(", "),
    }
}

/// A setting in an entry. Only words speak for themselves.
fn part(name: &str, value: &str, length: usize) -> String {
    let shown = one_line(value);
    if value.parse::<f64>().is_ok() {
        return format!("{} {shown}", one_line(name));
    }
    let shown = shortened(&shown, length);
    match value {
        "true" | "false" => format!("{}={shown}", one_line(name)),
        word if word.starts_with(char::is_alphabetic) => shown,
        _ => format!("{} {shown}", one_line(name)),
    }
}

/// `text` in at most `length` characters: its middle gives way, since both ends of a list may tell it from others.
fn shortened(text: &str, length: usize) -> String {
    let count = text.chars().count();
    if count <= length {
        return text.to_owned();
    }
    let tail = (length - 1) / 2;
    let head = text.chars().take(length - 1 - tail);
    head.chain(['…'])
        .chain(text.chars().skip(count - tail))
        .collect()
}

/// Shortens what is too long all the same, and numbers entries that have become equal.
fn unique(labels: Vec<String>) -> Vec<String> {
    let mut taken = HashSet::new();
    let numbered = labels.iter().map(|label| {
        let mut candidate = shortened(label, LONGEST);
        let mut number = 1;
        while !taken.insert(candidate.clone()) {
            number += 1;
            let suffix = format!(" ({number})");
            candidate = shortened(label, LONGEST - suffix.len()) + &suffix;
        }
        candidate
    });
    numbered.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LONGEST, labels};
    use crate::report::table::settings;
    use crate::store::TrialTable;

    fn labels_of(swept: &[&str], curves: &[&[&str]]) -> Vec<String> {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let table = TrialTable {
            swept: owned(swept),
            rows: Vec::new(),
        };
        let curves: Vec<Vec<String>> = curves.iter().map(|values| owned(values)).collect();
        labels(&settings(&table), &curves)
    }

    const MODES: &str = "[[6,22,34,2,2,2,2,2,2,2],[4,4,4,4,4,4,4,4,4,4],[4,4,4,4,4,4,4,4,4,2]]";

    #[test]
    fn what_is_equal_in_all_curves_is_left_out() {
        let swept = [
            "compression.method",
            "compression.modes",
            "compression.rank",
        ];
        let curves: [&[&str]; 2] = [
            &["tensor-train", MODES, "80"],
            &["tensor-train", MODES, "46"],
        ];
        assert_eq!(labels_of(&swept, &curves), ["rank 80", "rank 46"]);
        // Nothing to tell apart: all of it, with the list shortened and not the rank behind it.
        assert_eq!(
            labels_of(&swept, &curves[..1]),
            ["tensor-train, modes [[6,22…4,2]], rank 80"]
        );
        assert_eq!(labels_of(&[], &[&[]]), ["all trials"]);
    }

    #[test]
    fn numbers_switches_and_lists_carry_their_names() {
        let swept = [
            "compression.method",
            "model.bias",
            "model.hidden",
            "compression.rank",
        ];
        assert_eq!(
            labels_of(
                &swept,
                &[
                    &["none", "true", "[8]", ""],
                    &["low-rank", "false", "[8,8]", "4"]
                ]
            ),
            [
                "none, bias=true, hidden [8]",
                "low-rank, bias=false, hidden [8,8], rank 4"
            ]
        );
    }

    #[test]
    fn what_follows_from_the_rest_is_left_out_where_there_is_no_room() {
        let swept = [
            "compression.method",
            "solver.method",
            "solver.iterations",
            "solver.weight_decay",
        ];
        let curves: [&[&str]; 3] = [
            &["none", "nn-bcd", "600", "100 1 1"],
            &["none", "adam", "60", ""],
            &["tensor-train", "adam", "60", ""],
        ];
        assert_eq!(
            labels_of(&swept, &curves),
            ["none, nn-bcd", "none, adam", "tensor-train, adam"]
        );
    }

    #[test]
    fn a_curve_that_uses_none_of_the_settings_says_so() {
        let labels = labels_of(&["solver.refit_every"], &[&[""], &["25"]]);
        assert_eq!(labels, ["no refit_every", "refit_every 25"]);
    }

    proptest! {
        #[test]
        fn no_two_curves_are_called_alike(
            curves in prop::collection::hash_set(
                prop::collection::vec("(0\\.333333333333333|a{40,60}|\\[a{40,60}\\]|[ab] \\(2\\)|\u{1b}?)[ab]?", 3),
                1..14,
            ),
        ) {
            let curves: Vec<Vec<&str>> = curves
                .iter()
                .map(|values| values.iter().map(String::as_str).collect())
                .collect();
            let curves: Vec<&[&str]> = curves.iter().map(Vec::as_slice).collect();
            let labels = labels_of(&["x.first", "y.second", "z.first"], &curves);
            for (index, label) in labels.iter().enumerate() {
                prop_assert!(!labels[..index].contains(label), "{labels:?}");
                prop_assert!((1..=LONGEST).contains(&label.chars().count()), "{label}");
            }
        }
    }
}
