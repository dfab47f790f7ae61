//! What stands under a table.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
};

use super::{PaperRow, layout::Setting, one_line};
use crate::measure::Notice;
use crate::store::TrialRow;

/// A setting that varies among trials that are averaged, with its values.
pub(super) struct Averaged {
    pub(super) setting: Setting,
    pub(super) values: Vec<String>,
}

/// Footnotes so far; groups with the same story share one.
#[derive(Default)]
pub(super) struct Footnotes {
    /// In the order of their marks.
    pub(super) texts: Vec<String>,
    known: HashMap<String, usize>,
}

impl Footnotes {
    /// Says which trials failed and why, how many are still to come, and what is wrong with networks that are done.
    pub(super) fn add(
        &mut self,
        done: &[&TrialRow],
        unfinished: usize,
        failed: &[&TrialRow],
        averaged: &[Averaged],
    ) -> Option<usize> {
        let mut parts = Vec::new();
        if unfinished > 0 {
            let done = done.len();
            let all = done + unfinished + failed.len();
            let unit = unit(averaged);
            let plural = if all == 1 { "" } else { "s" };
            parts.push(format!("{done} of {all} {unit}{plural} so far"));
        }
        let mut by_error: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for trial in failed {
            let name = name(trial, averaged);
            let error = trial.error.lines().next().unwrap_or_default().trim();
            by_error.entry(one_line(error)).or_default().push(name);
        }
        for (error, names) in by_error {
            let reason = if error.is_empty() {
                "no reason recorded"
            } else {
                error.as_str()
            };
            parts.push(format!("{} failed: {reason}", names.join("; ")));
        }
        for notice in Notice::ALL {
            let has_it =
                |trial: &&&TrialRow| Notice::of_codes(&trial.notices).any(|of| of == notice);
            let names: Vec<String> = (done.iter().filter(has_it))
                .map(|trial| name(trial, averaged))
                .collect();
            match names.len() {
                0 => {}
                all if all == done.len() => parts.push(notice.sentence().to_owned()),
                _ => parts.push(format!("{}: {}", names.join("; "), notice.sentence())),
            }
        }
        if parts.is_empty() {
            return None;
        }
        let text = parts.join("; ");
        Some(*self.known.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            self.texts.len() - 1
        }))
    }
}

/// What a trial is called among those that it is averaged with.
fn name(trial: &TrialRow, averaged: &[Averaged]) -> String {
    let mut name = format!("seed {}", trial.seed);
    for Averaged { setting, .. } in averaged {
        let value = setting.value(trial);
        let _ = write!(name, ", {} = {}", setting.header.path, one_line(&value));
    }
    name
}

/// What a cell is the mean of.
pub(super) fn unit(averaged: &[Averaged]) -> &'static str {
    if averaged.is_empty() { "seed" } else { "trial" }
}

/// What is to be said about the whole table.
pub(super) fn remarks(
    common_n: Option<usize>,
    rows: &[PaperRow],
    averaged: &[Averaged],
) -> Vec<String> {
    let groups = || rows.iter().flat_map(|row| &row.groups);
    let unit = unit(averaged);
    let mut remarks = Vec::new();
    match common_n {
        Some(1) => remarks.push(format!("One {unit} per cell: no standard deviation.")),
        Some(n) => remarks.push(format!(
            "Mean ± sample standard deviation over n = {n} {unit}s."
        )),
        None if groups().any(|group| group.done > 0) => {
            remarks.push(format!("Mean ± sample standard deviation over n {unit}s."));
        }
        None => remarks.push("No trial is done yet.".to_owned()),
    }
    for Averaged { setting, values } in averaged {
        let shown: Vec<String> = values
            .iter()
            .take(8)
            .map(|value| {
                if value.is_empty() {
                    "unused".to_owned()
                } else {
                    one_line(value)
                }
            })
            .collect();
        let more = if values.len() > shown.len() {
            ", …"
        } else {
            ""
        };
        remarks.push(format!(
            "Averaged over {} ({}{more}) and over seeds.",
            setting.header.path,
            shown.join(", ")
        ));
    }
    remarks
}
