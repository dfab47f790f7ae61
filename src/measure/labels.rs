//! What settings are called: their names, which of them tell others apart, and the entries of a legend.

use std::collections::{HashMap, HashSet};

use super::{cut_middle, visible, width};

/// The last segment of every dotted path, or the whole path where two would look the same.
pub fn short_names(paths: &[String]) -> Vec<String> {
    let last = |path: &String| path.rsplit('.').next().unwrap_or_default().to_owned();
    let ends: Vec<String> = paths.iter().map(last).collect();
    (paths.iter().zip(&ends))
        .map(
            |(path, end)| match ends.iter().filter(|other| *other == end).count() {
                1 => end.clone(),
                _ => path.clone(),
            },
        )
        .collect()
}

/// Positions of those of `count` settings that tell `rows` of their values apart: they are not the same in all of them.
/// A single row differs from nothing, and keeps all.
pub fn telling<R: AsRef<[String]>>(count: usize, rows: &[R]) -> Vec<usize> {
    let value = |row: usize, at: usize| rows[row].as_ref().get(at);
    let varies = |at: usize| (1..rows.len()).any(|row| value(row, at) != value(0, at));
    (0..count)
        .filter(|&at| rows.len() < 2 || varies(at))
        .collect()
}

/// For each setting of `rows`, which hold the values of the settings at `paths`, the earlier one with which it changes, if there
/// is one: equal values of one are equal values of the other, as in a group of `zip`. Such a setting says nothing that the
/// earlier one does not say. What a compression is made of always counts as said by itself.
pub fn follows<R: AsRef<[String]>>(paths: &[String], rows: &[R]) -> Vec<Option<usize>> {
    let changes: Vec<Vec<usize>> = (0..paths.len()).map(|at| first_rows(at, rows)).collect();
    let leader = |at: usize| {
        let varies = changes[at].iter().any(|first| *first > 0);
        let may_follow = varies && !paths[at].starts_with("compression.");
        (0..at).find(|&earlier| may_follow && changes[earlier] == changes[at])
    };
    (0..paths.len()).map(leader).collect()
}

/// For each row the first one that has the same value of a setting.
fn first_rows<R: AsRef<[String]>>(at: usize, rows: &[R]) -> Vec<usize> {
    let mut first = HashMap::new();
    (rows.iter().enumerate())
        .map(|(row, values)| *first.entry(values.as_ref().get(at)).or_insert(row))
        .collect()
}

/// Longest entry of a legend, in columns.
const LONGEST: usize = 44;
/// Least length of a value. Numbers stay whole in any case: a part of one is another one.
const SHORTEST: usize = 12;

/// An entry of a legend for each of `rows`, which hold the values of the settings called `names`: `tensor-train, rank 8`.
/// What is equal in all of them is left out and, where entries would be too long, what follows from the rest. No two
/// entries are equal.
pub fn legend(names: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let mut settings = telling(names.len(), rows);
    let labels = fitting(names, &settings, rows).or_else(|| {
        leave_out_what_follows(&mut settings, rows);
        fitting(names, &settings, rows)
    });
    unique(labels.unwrap_or_else(|| with_values_of(SHORTEST, names, &settings, rows)))
}

/// The entries with their values as long as fits.
fn fitting(names: &[&str], settings: &[usize], rows: &[Vec<String>]) -> Option<Vec<String>> {
    let lengths = [LONGEST, 24, 16, SHORTEST].into_iter();
    lengths
        .map(|length| with_values_of(length, names, settings, rows))
        .find(|labels| labels.iter().all(|label| width(label) <= LONGEST))
}

fn with_values_of(
    length: usize,
    names: &[&str],
    settings: &[usize],
    rows: &[Vec<String>],
) -> Vec<String> {
    let label = |values: &Vec<String>| {
        let used = settings.iter().filter(|at| !values[**at].is_empty());
        let parts: Vec<String> = used
            .map(|&at| part(names[at], &values[at], length))
            .collect();
        if settings.is_empty() {
            "all trials".to_owned()
        } else if parts.is_empty() {
            let names: Vec<&str> = settings.iter().map(|&at| names[at]).collect();
            visible(&format!("no {}", names.join(" or ")))
        } else {
            parts.join(", ")
        }
    };
    rows.iter().map(label).collect()
}

/// Leaves out settings, the last ones first, without which no two rows become equal.
fn leave_out_what_follows(settings: &mut Vec<usize>, rows: &[Vec<String>]) {
    for place in (0..settings.len()).rev() {
        let left_out = settings.remove(place);
        let distinct: HashSet<Vec<&String>> = (rows.iter())
            .map(|values| settings.iter().map(|at| &values[*at]).collect())
            .collect();
        if distinct.len() < rows.len() {
            settings.insert(place, left_out);
        }
    }
}

/// A setting in an entry. Only words speak for themselves.
fn part(name: &str, value: &str, length: usize) -> String {
    let (name, shown) = (visible(name), visible(value));
    if value.parse::<f64>().is_ok() {
        return format!("{name} {shown}");
    }
    let shown = shortened(&shown, length);
    match value {
        "true" | "false" => format!("{name}={shown}"),
        word if word.starts_with(char::is_alphabetic) => shown,
        _ => format!("{name} {shown}"),
    }
}

/// `text` in at most `length` columns: its middle gives way, since both ends of a list may tell it from others.
fn shortened(text: &str, length: usize) -> String {
    cut_middle(text, length, length - (length - 1) / 2, '…')
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

    use super::{LONGEST, follows, legend, short_names, telling};

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    fn labels_of(swept: &[&str], curves: &[&[&str]]) -> Vec<String> {
        let names = short_names(&owned(swept));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let curves: Vec<Vec<String>> = curves.iter().map(|values| owned(values)).collect();
        legend(&names, &curves)
    }

    #[test]
    fn names_are_as_short_as_they_can_be_told_apart() {
        let paths = owned(&["compression.method", "solver.method", "solver.tau", "seed"]);
        let short = ["compression.method", "solver.method", "tau", "seed"];
        assert_eq!(short_names(&paths), short);
    }

    #[test]
    fn what_is_the_same_in_all_rows_tells_nothing() {
        let rows = [owned(&["a", "1", ""]), owned(&["a", "2", "x"])];
        assert_eq!(telling(3, &rows), [1, 2]);
        assert_eq!(telling(3, &rows[..1]), [0, 1, 2]);
    }

    #[test]
    fn a_setting_that_changes_with_an_earlier_one_follows_it() {
        let paths = owned(&[
            "compression.method",
            "compression.rank",
            "solver.batch_size",
            "solver.iterations",
            "solver.weight_decay",
            "solver.step",
        ]);
        let rows = [
            owned(&["none", "", "auto", "", "0.1", "1"]),
            owned(&["none", "", "all", "100", "0.2", "1"]),
            owned(&["low-rank", "8", "auto", "", "0.1", "1"]),
            owned(&["low-rank", "8", "all", "100", "0.1", "1"]),
        ];
        // The weight decay is another in one row of three, the step the same in all.
        let none = None;
        assert_eq!(
            follows(&paths, &rows),
            [none, none, none, Some(2), none, none]
        );
        // Alone, a method has as many ranks as there are methods, and yet the rank is said.
        assert_eq!(follows(&paths[..2], &rows), [none; 2]);
        assert_eq!(follows(&paths, &rows[..1]), [none; 6]);
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
