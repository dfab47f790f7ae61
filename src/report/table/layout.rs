//! Which swept settings go down, which across, and which are averaged over.

use super::Header;
use crate::measure::{follows, short_names};
use crate::report::ReportError;
use crate::store::{TrialRow, TrialTable};

/// The name under which the seed can be used like a swept setting.
const SEED: &str = "seed";

/// A setting by which trials are told apart.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) header: Header,
    /// Where its value stands in [`TrialRow::swept`]; `None` for the seed.
    column: Option<usize>,
}

impl Setting {
    /// The setting called `path`, or an error that lists those that exist.
    pub(crate) fn new(table: &TrialTable, path: &str) -> Result<Self, ReportError> {
        let known = settings(table);
        let swept = known.into_iter().find(|swept| swept.header.path == path);
        if let Some(swept) = swept {
            return Ok(swept);
        }
        if path == SEED {
            let header = Header {
                path: SEED.to_owned(),
                short: SEED.to_owned(),
            };
            return Ok(Self {
                header,
                column: None,
            });
        }
        let mut available = table.swept.clone();
        available.push(SEED.to_owned());
        Err(ReportError::UnknownName {
            kind: "swept setting",
            name: path.to_owned(),
            available,
        })
    }

    /// Its value in `trial`; empty if the trial does not use it.
    pub(crate) fn value(&self, trial: &TrialRow) -> String {
        match self.column {
            Some(column) => trial.swept.get(column).cloned().unwrap_or_default(),
            None => trial.seed.to_string(),
        }
    }
}

/// Every swept setting.
pub(crate) fn settings(table: &TrialTable) -> Vec<Setting> {
    let paths = table.swept.iter().zip(short_names(&table.swept));
    (paths.enumerate())
        .map(|(column, (path, short))| Setting {
            header: Header {
                path: path.clone(),
                short,
            },
            column: Some(column),
        })
        .collect()
}

/// The swept settings that do not merely change with an earlier one, and remarks on the others.
pub(crate) fn leading(table: &TrialTable) -> (Vec<Setting>, Vec<String>) {
    let rows: Vec<&[String]> = (table.rows.iter())
        .map(|row| row.swept.as_slice())
        .collect();
    let follows = follows(&table.swept, &rows);
    let remark = |leader: usize| {
        let followers = (table.swept.iter().zip(&follows))
            .filter(|(_, follows)| **follows == Some(leader))
            .map(|(path, _)| path.as_str());
        let followers: Vec<&str> = followers.collect();
        let said = || {
            format!(
                "Changes with {}: {}.",
                table.swept[leader],
                followers.join(", ")
            )
        };
        (!followers.is_empty()).then(said)
    };
    let leading = settings(table).into_iter().zip(&follows);
    let leading = leading.filter(|(_, follows)| follows.is_none());
    (
        leading.map(|(setting, _)| setting).collect(),
        (0..follows.len()).filter_map(remark).collect(),
    )
}

/// Which settings go down, which across, and which are averaged over.
pub(crate) struct Layout {
    pub(super) rows: Vec<Setting>,
    pub(super) columns: Vec<Setting>,
    pub(super) others: Vec<Setting>,
    /// What is said of settings that have no place of their own.
    pub(super) remarks: Vec<String>,
}

impl Layout {
    /// Looks the names up. Without names down the side every setting stands there that does not merely change with another one.
    pub(crate) fn new(
        table: &TrialTable,
        rows: &[String],
        columns: &[String],
    ) -> Result<Self, ReportError> {
        let named: Vec<&String> = rows.iter().chain(columns).collect();
        if let Some((_, twice)) = named
            .iter()
            .enumerate()
            .find(|(index, name)| named[..*index].contains(name))
        {
            return Err(ReportError::NamedTwice {
                name: (*twice).clone(),
            });
        }
        let find = |names: &[String]| {
            let settings = names.iter().map(|name| Setting::new(table, name));
            settings.collect::<Result<Vec<_>, _>>()
        };
        let columns = find(columns)?;
        let mut rows = find(rows)?;
        let mut others = Vec::new();
        let mut remarks = Vec::new();
        if rows.is_empty() {
            (rows, remarks) = leading(table);
            rows.retain(|setting| !contains(&columns, setting));
        } else {
            others = settings(table);
        }
        others.retain(|setting| !contains(&columns, setting) && !contains(&rows, setting));
        Ok(Self {
            rows,
            columns,
            others,
            remarks,
        })
    }
}

fn contains(settings: &[Setting], setting: &Setting) -> bool {
    settings.iter().any(|s| s.header == setting.header)
}
