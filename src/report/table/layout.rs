//! Which swept settings go down, which across, and which are averaged over.

use super::Header;
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
        let column = table.swept.iter().position(|swept| swept == path);
        if column.is_none() && path != SEED {
            let mut available = table.swept.clone();
            available.push(SEED.to_owned());
            return Err(ReportError::UnknownName {
                kind: "swept setting",
                name: path.to_owned(),
                available,
            });
        }
        let header = Header {
            path: path.to_owned(),
            short: short_name(table, path),
        };
        Ok(Self { header, column })
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
    let paths = table.swept.iter().enumerate();
    paths
        .map(|(column, path)| Setting {
            header: Header {
                path: path.clone(),
                short: short_name(table, path),
            },
            column: Some(column),
        })
        .collect()
}

fn short_name(table: &TrialTable, path: &str) -> String {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let short = last(path);
    let same = table.swept.iter().filter(|other| last(other) == short);
    if same.count() > 1 {
        return path.to_owned();
    }
    short
}

/// Which settings go down, which across, and which are averaged over.
pub(crate) struct Layout {
    pub(super) rows: Vec<Setting>,
    pub(super) columns: Vec<Setting>,
    pub(super) others: Vec<Setting>,
}

impl Layout {
    /// Looks the names up.
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
        let mut others = settings(table);
        if rows.is_empty() {
            others.retain(|setting| !contains(&columns, setting));
            rows = std::mem::take(&mut others);
        }
        others.retain(|setting| !contains(&columns, setting) && !contains(&rows, setting));
        Ok(Self {
            rows,
            columns,
            others,
        })
    }
}

fn contains(settings: &[Setting], setting: &Setting) -> bool {
    settings.iter().any(|s| s.header == setting.header)
}
