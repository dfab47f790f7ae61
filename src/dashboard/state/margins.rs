//! A metric against swept settings: the values of one setting down, those of another across.

use std::collections::{HashMap, HashSet};

use super::list::numbers_by_size;
use super::trials::{Group, Trials};
use crate::measure::{Quantity, Summary};

/// Most values along one side: more could be neither seen nor held.
const MOST_VALUES: usize = 200;

/// Choices of the margins view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Margins {
    /// Position of the setting whose values go down.
    pub rows: usize,
    /// One more than the position of the setting whose values go across; 0: none.
    pub columns: usize,
    /// The other settings are those of the selected trial, instead of averaged over.
    pub fixed: bool,
}

/// Summaries over all trials that have the two values.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct HeatMap {
    /// Values of the first setting.
    pub rows: Vec<String>,
    /// Values of the second setting; a single empty one if there is no second setting.
    pub columns: Vec<String>,
    /// `cells[row][column]`
    pub cells: Vec<Vec<Option<Summary>>>,
}

/// The metric against one or two swept settings. With `fixed`, only settings count that agree with
/// that one in all other settings.
pub(crate) fn margin(
    trials: &Trials,
    metric: Quantity,
    row: usize,
    column: Option<usize>,
    fixed: Option<&Group>,
) -> HeatMap {
    let counts = |group: &&Group| {
        fixed.is_none_or(|fixed| {
            (group.swept.iter().zip(&fixed.swept).enumerate())
                .all(|(at, (cell, same))| at == row || Some(at) == column || cell == same)
        })
    };
    let groups: Vec<&Group> = trials.groups.iter().filter(counts).collect();
    let cell = |group: &Group, at: Option<usize>| {
        at.and_then(|at| group.swept.get(at))
            .cloned()
            .unwrap_or_default()
    };
    let rows = values(groups.iter().map(|group| cell(group, Some(row))), true);
    let columns = values(
        groups.iter().map(|group| cell(group, column)),
        column.is_some(),
    );
    let mut found = vec![vec![Vec::new(); columns.len()]; rows.len()];
    let (row_of, column_of) = (positions(&rows), positions(&columns));
    for group in groups {
        let down = row_of.get(cell(group, Some(row)).as_str());
        let across = column_of.get(cell(group, column).as_str());
        if let (Some(&down), Some(&across)) = (down, across) {
            found[down][across].extend(trials.values(group, metric));
        }
    }
    let cells = (found.into_iter())
        .map(|row| (row.into_iter()).map(|cell| Summary::of(&cell)).collect())
        .collect();
    HeatMap {
        rows,
        columns,
        cells,
    }
}

/// The different values, numbers by size. Settings that do not use the parameter have an empty
/// cell and are left out if `used`. At most [`MOST_VALUES`].
fn values(cells: impl Iterator<Item = String>, used: bool) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut values: Vec<String> = cells
        .filter(|cell| !(used && cell.is_empty()) && seen.insert(cell.clone()))
        .collect();
    if values.iter().all(|value| value.parse::<f64>().is_ok()) {
        values.sort_by(|a, b| numbers_by_size(a, b));
    }
    values.truncate(MOST_VALUES);
    values
}

fn positions(values: &[String]) -> HashMap<&str, usize> {
    (values.iter().enumerate())
        .map(|(at, value)| (value.as_str(), at))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{TrialRow, TrialTable};

    fn trials() -> Trials {
        let mut trials = Trials::default();
        let cases = [
            ("0.5", "10", 0.8),
            ("0.5", "2", 0.6),
            ("5", "10", 0.4),
            ("", "10", 0.1),
        ];
        trials.replace(TrialTable {
            swept: vec!["gamma".to_owned(), "rho".to_owned()],
            rows: (cases.iter().enumerate())
                .map(|(index, (gamma, rho, accuracy))| TrialRow {
                    trial: index.to_string(),
                    swept: vec![(*gamma).to_owned(), (*rho).to_owned()],
                    test_accuracy: Some(*accuracy),
                    ..TrialRow::default()
                })
                .collect(),
        });
        trials
    }

    fn means(map: &HeatMap) -> Vec<Vec<Option<f64>>> {
        (map.cells.iter())
            .map(|row| row.iter().map(|cell| cell.map(|cell| cell.mean)).collect())
            .collect()
    }

    #[test]
    fn the_other_settings_are_averaged_over_or_fixed() {
        let trials = trials();
        let all = margin(&trials, Quantity::TestAccuracy, 0, None, None);
        assert_eq!(all.rows, ["0.5", "5"]);
        assert_eq!(means(&all), [[Some(0.7)], [Some(0.4)]]);
        let fixed = margin(
            &trials,
            Quantity::TestAccuracy,
            0,
            None,
            Some(&trials.groups[0]),
        );
        assert_eq!(means(&fixed), [[Some(0.8)], [Some(0.4)]]);
    }

    #[test]
    fn two_settings_span_a_map_with_numbers_in_order() {
        let map = margin(&trials(), Quantity::TestAccuracy, 0, Some(1), None);
        assert_eq!(map.columns, ["2", "10"]);
        assert_eq!(means(&map), [[Some(0.6), Some(0.8)], [None, Some(0.4)]]);
    }
}
