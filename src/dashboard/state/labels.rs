//! What settings are called: what tells them apart, as long as the room for it.

use std::collections::HashSet;

use crate::dashboard::text::{cut, cut_middle, visible, width};
use crate::measure::{short_names, telling};

/// A swept setting that is not the same everywhere.
#[derive(Clone, Debug, Default)]
struct Column {
    /// Position among the swept settings.
    at: usize,
    name: String,
    /// The different values, as they are shown.
    values: Vec<String>,
}

/// The names of some settings. All of them are shortened in the same way, so that they can be
/// compared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels {
    columns: Vec<Column>,
    /// Columns of the screen that the longest label takes with the names of its values.
    pub named: usize,
    /// The same without the names.
    pub bare: usize,
}

/// Makes a value shorter.
type Shorten = fn(&str, usize) -> String;

/// How much of a label is shown.
pub(crate) enum Form {
    /// `name=value`.
    Named,
    /// The values, in the order of [`Labels::names`].
    Bare,
    /// The values, each in at most so many columns.
    Cut(Vec<(usize, Shorten)>),
}

impl Labels {
    /// The labels of settings, without what is the same in all of them; `said`: the positions of what may be said at all.
    pub(crate) fn of<'a>(swept: &[String], said: &[usize], settings: &[&'a [String]]) -> Self {
        let names = short_names(swept);
        let telling = telling(swept.len(), settings).into_iter();
        let columns = telling.filter(|at| said.contains(at)).map(|at| {
            let mut seen = HashSet::new();
            let cells = settings.iter().filter_map(|cells| cells.get(at));
            let values: Vec<&'a String> = cells.filter(|cell| seen.insert(*cell)).collect();
            Column {
                at,
                name: visible(&names[at]),
                values: values.into_iter().map(|value| shown(value)).collect(),
            }
        });
        let mut labels = Self {
            columns: columns.collect(),
            ..Self::default()
        };
        let widest = |form: &Form| {
            let widths = settings
                .iter()
                .map(|cells| width(&labels.label(cells, form)));
            widths.max().unwrap_or(0)
        };
        (labels.named, labels.bare) = (widest(&Form::Named), widest(&Form::Bare));
        labels
    }

    /// The names of the values, in their order.
    pub(crate) fn names(&self) -> String {
        let names: Vec<&str> = (self.columns.iter())
            .map(|column| column.name.as_str())
            .collect();
        names.join(" ")
    }

    /// The longest form of which every label fits into so many columns. Names go before values,
    /// and values are cut so that different ones stay different as long as there is room for that.
    pub(crate) fn form(&self, columns: usize) -> Form {
        if self.named <= columns {
            return Form::Named;
        }
        if self.bare <= columns {
            return Form::Bare;
        }
        let widest = |column: &Column| column.values.iter().map(|value| width(value)).max();
        let mut cuts: Vec<(usize, Shorten)> = (self.columns.iter())
            .map(|column| (widest(column).unwrap_or(0), cut as Shorten))
            .collect();
        let taken = |cuts: &[(usize, Shorten)]| cuts.iter().map(|(width, _)| width + 1).sum();
        let mut taken: usize = taken(&cuts);
        while taken > columns + 1 {
            let mut widest_first: Vec<usize> = (0..cuts.len()).collect();
            widest_first.sort_by_key(|&at| std::cmp::Reverse(cuts[at].0));
            let shorter = widest_first.iter().find_map(|&at| {
                let columns = cuts[at].0.checked_sub(1).filter(|&columns| columns > 0)?;
                Some((at, columns, distinct(&self.columns[at].values, columns)?))
            });
            let last_resort = || {
                let at = *widest_first.first()?;
                Some((at, cuts[at].0.checked_sub(1)?, cuts[at].1))
            };
            let Some((at, columns, shorten)) = shorter.or_else(last_resort) else {
                break;
            };
            cuts[at] = (columns, shorten);
            taken -= 1;
        }
        Form::Cut(cuts)
    }

    /// The label of a setting.
    pub(crate) fn label(&self, cells: &[String], form: &Form) -> String {
        let cells = (self.columns.iter().enumerate()).map(|(position, column)| {
            let cell = cells.get(column.at).map_or("", String::as_str);
            (position, column, cell)
        });
        let said: Vec<String> = match form {
            Form::Named => cells
                .filter(|(.., cell)| !cell.is_empty())
                .map(|(_, column, cell)| match column.name.as_str() {
                    // "none" alone would say nothing.
                    "method" if cell != "none" => visible(cell),
                    name => format!("{name}={}", visible(cell)),
                })
                .collect(),
            Form::Bare => cells.map(|(.., cell)| shown(cell)).collect(),
            Form::Cut(cuts) => cells
                .map(|(position, _, cell)| {
                    let (columns, shorten) = cuts[position];
                    shorten(&shown(cell), columns)
                })
                .collect(),
        };
        if said.is_empty() {
            "single setting".to_owned()
        } else {
            said.join(" ")
        }
    }

    /// The label of a setting that stands alone, in at most so many columns, whatever the others need.
    pub(crate) fn fitting(&self, cells: &[String], columns: usize) -> String {
        let whole = self.label(cells, &Form::Named);
        // Nothing stands below it: values that are not used need no place.
        let used = self
            .columns
            .iter()
            .filter_map(|column| cells.get(column.at));
        let used = used
            .filter(|cell| !cell.is_empty())
            .map(|cell| visible(cell));
        let bare = used.collect::<Vec<_>>().join(" ");
        ([whole, bare].into_iter())
            .find(|label| width(label) <= columns)
            .unwrap_or_else(|| cut(&self.label(cells, &self.form(columns)), columns))
    }
}

/// A value where its name is not said: one that is not used keeps its place.
fn shown(value: &str) -> String {
    match value {
        "" => "-".to_owned(),
        value => visible(value),
    }
}

/// How to make values so short that no two of them look the same, if there is a way.
fn distinct(values: &[String], columns: usize) -> Option<Shorten> {
    let ways: [Shorten; 2] = [cut, cut_middle];
    ways.into_iter().find(|shorten| {
        let mut seen = HashSet::new();
        (values.iter()).all(|value| seen.insert(shorten(value, columns)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(settings: &[[&str; 4]]) -> (Labels, Vec<Vec<String>>) {
        let swept = [
            "model.hidden",
            "compression.method",
            "solver.weight_decay",
            "tau",
        ];
        let settings: Vec<Vec<String>> = (settings.iter())
            .map(|cells| cells.map(str::to_owned).to_vec())
            .collect();
        let cells: Vec<&[String]> = settings.iter().map(Vec::as_slice).collect();
        let labels = Labels::of(&swept.map(str::to_owned), &[0, 1, 2, 3], &cells);
        (labels, settings)
    }

    const SETTINGS: [[&str; 4]; 4] = [
        ["[64]", "tensor-train", "0.0001", "1"],
        ["[64]", "tensor-ring", "0.0001", "100"],
        ["[64]", "tensor-train", "0.0002", "1"],
        ["[64]", "none", "", "1"],
    ];

    #[test]
    fn what_is_the_same_everywhere_is_not_said() {
        let (labels, settings) = labels(&SETTINGS);
        let said = |cells: &[String]| labels.label(cells, &Form::Named);
        assert_eq!(said(&settings[0]), "tensor-train weight_decay=0.0001 tau=1");
        assert_eq!(said(&settings[3]), "method=none tau=1");
        assert_eq!(labels.names(), "method weight_decay tau");
        let (alone, settings) = self::labels(&SETTINGS[..1]);
        let said = alone.label(&settings[0], &Form::Named);
        assert_eq!(said, "hidden=[64] tensor-train weight_decay=0.0001 tau=1");
    }

    #[test]
    fn names_go_before_values_and_different_settings_stay_different() {
        let (labels, settings) = labels(&SETTINGS);
        let at = |columns| {
            let form = labels.form(columns);
            let said = settings.iter().map(|cells| labels.label(cells, &form));
            said.collect::<Vec<_>>()
        };
        assert_eq!(at(40)[0], "tensor-train weight_decay=0.0001 tau=1");
        assert_eq!(at(30)[0], "tensor-train 0.0001 1");
        assert_eq!(at(30)[3], "none - 1");
        for columns in 15..60 {
            let said = at(columns);
            let different: HashSet<&String> = said.iter().collect();
            assert_eq!(different.len(), said.len(), "{columns}: {said:?}");
            assert!(said.iter().all(|label| width(label) <= columns), "{said:?}");
        }
        assert_eq!(labels.fitting(&settings[3], 10), "none 1");
        for columns in 0..15 {
            assert!(width(&labels.fitting(&settings[0], columns)) <= columns);
        }
    }
}
