//! From trials to the table: grouping, averaging, the best values, the notes.

use std::collections::{BTreeMap, HashMap};

use super::{
    Block, Header, PaperCell, PaperGroup, PaperRow, PaperTable,
    layout::{Layout, Setting},
    notes::{Averaged, Footnotes, remarks, unit},
};
use crate::measure::{Better, DefinedBy, Quantity, Summary};
use crate::report::{ReportError, metric::Metric};
use crate::store::{TrialRow, TrialStatus, TrialTable};

/// More blocks of columns than this cannot be read, and their cells might not fit into memory.
const MOST_BLOCKS: usize = 200;

/// What a table shows. Settings are called as in `trials.csv`; `seed` counts as one too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableQuery {
    /// Settings down the side; empty: every swept one that is not in `columns`.
    pub rows: Vec<String>,
    /// Settings across the top; empty: one column per metric.
    pub columns: Vec<String>,
    /// What is measured; empty: [`TrialTable::usual_metrics`].
    pub metrics: Vec<Quantity>,
}

/// Builds the table that `query` asks for. Trials that differ in nothing that it names are
/// averaged over; only trials that are done count.
///
/// # Errors
/// When there is no trial, when a name in `query` does not exist (the error lists those that do)
/// or is used twice, or when the settings across would make too many columns.
pub fn build(table: &TrialTable, query: &TableQuery) -> Result<PaperTable, ReportError> {
    let metrics = match &query.metrics[..] {
        [] => table.usual_metrics(),
        chosen => chosen.to_vec(),
    };
    let metrics = metrics.into_iter().map(Metric::from).collect();
    let layout = Layout::new(table, &query.rows, &query.columns)?;
    assemble(table, &layout, metrics, |trial, metric| {
        trial.value(metric.quantity?)
    })
}

/// Marks no best value of what the settings compared define in different ways: each method of training has its own
/// objective and steps, and under other penalties `F` is another function, whose lower value says nothing, as `V_N`
/// is free to meet the targets where gamma is small.
fn comparable(table: &TrialTable, mut metrics: Vec<Metric>) -> Vec<Metric> {
    let varies = |column: usize| {
        let mut values = table.rows.iter().map(|row| row.swept.get(column));
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    let swept = table.swept.iter().enumerate();
    let varying: Vec<&String> = swept
        .filter_map(|(column, path)| varies(column).then_some(path))
        .collect();
    let differs = |quantity: Quantity| {
        varying.iter().any(|path| match path.as_str() {
            "solver.method" => quantity.is_defined_by(DefinedBy::Method),
            path if path.starts_with("data.") => quantity.is_defined_by(DefinedBy::Samples),
            path => quantity.is_defined_by(DefinedBy::Penalties) && defines_objective(path),
        })
    };
    for metric in &mut metrics {
        if metric.quantity.is_some_and(differs) {
            metric.better = None;
        }
    }
    metrics
}

/// Whether the objective of the last row has other terms, or other factors before them, where `path` has another
/// value; a refit replaces it by the squared loss of the network, which the loss of the blocks is not either. Steps
/// (`alpha`, `relaxation`), refits before the last iteration and the sets of the compression only decide how low the
/// same function gets.
fn defines_objective(path: &str) -> bool {
    const DEFINING: [&str; 9] = [
        "gamma",
        "gamma_final",
        "rho",
        "rho_final",
        "tau",
        "tau_final",
        "weight_decay",
        "coupling",
        "refit",
    ];
    (path.strip_prefix("solver.")).is_some_and(|name| DEFINING.contains(&name))
}

/// Builds a table of `metrics`, whose values `measure` knows; only trials that are done are asked.
pub(crate) fn assemble(
    table: &TrialTable,
    layout: &Layout,
    metrics: Vec<Metric>,
    measure: impl Fn(&TrialRow, &Metric) -> Option<f64>,
) -> Result<PaperTable, ReportError> {
    if table.rows.is_empty() {
        return Err(ReportError::NoTrials);
    }
    let metrics = comparable(table, metrics);
    let (row_keys, row_of) = distinct(table, &layout.rows);
    let (block_keys, block_of) = across(table, &layout.columns)?;
    let mut groups: BTreeMap<(usize, usize), Vec<&TrialRow>> = BTreeMap::new();
    for ((trial, &row), &block) in table.rows.iter().zip(&row_of).zip(&block_of) {
        groups.entry((row, block)).or_default().push(trial);
    }
    let averaged = averaged_over(layout, &groups);
    let mut footnotes = Footnotes::default();
    let mut rows = Vec::with_capacity(row_keys.len());
    for (row, keys) in row_keys.into_iter().enumerate() {
        let row_groups = (0..block_keys.len()).map(|block| {
            let trials = groups.get(&(row, block)).map_or(&[][..], Vec::as_slice);
            group(trials, &metrics, &measure, &averaged, &mut footnotes)
        });
        let groups = row_groups.collect();
        rows.push(PaperRow { keys, groups });
    }
    mark_best(&mut rows, &metrics);
    let common_n = common_count(&rows);
    let blocks = block_keys.into_iter().map(|values| Block {
        settings: headers(&layout.columns, &metrics)
            .into_iter()
            .zip(values)
            .collect(),
    });
    let row_headers = headers(&layout.rows, &metrics);
    let unit = unit(&averaged);
    let mut remarks = remarks(common_n, &rows, &averaged);
    remarks.extend(layout.remarks.iter().cloned());
    Ok(PaperTable {
        title: title(&metrics),
        count_heading: if row_headers.iter().any(|header| header.short == "n") {
            format!("{unit}s")
        } else {
            "n".to_owned()
        },
        row_headers,
        blocks: blocks.collect(),
        remarks,
        metrics,
        rows,
        common_n,
        footnotes: footnotes.texts,
    })
}

/// How the settings are called beside `metrics`: not like one of them.
fn headers(settings: &[Setting], metrics: &[Metric]) -> Vec<Header> {
    let called = settings.iter().map(|setting| {
        let mut header = setting.header.clone();
        let mut headings = metrics.iter().map(|metric| &metric.heading);
        if headings.any(|heading| heading.eq_ignore_ascii_case(&header.short)) {
            header.short.clone_from(&header.path);
        }
        header
    });
    called.collect()
}

/// The distinct values of `settings` in the order of their first trial, and which of them each
/// trial has.
fn distinct(table: &TrialTable, settings: &[Setting]) -> (Vec<Vec<String>>, Vec<usize>) {
    let mut found: HashMap<Vec<String>, usize> = HashMap::new();
    let mut keys = Vec::new();
    let indices = table.rows.iter().map(|trial| {
        let key: Vec<String> = settings.iter().map(|s| s.value(trial)).collect();
        *found.entry(key).or_insert_with_key(|key| {
            keys.push(key.clone());
            keys.len() - 1
        })
    });
    let indices = indices.collect();
    (keys, indices)
}

/// As [`distinct`] for the settings across, with equal values of an outer one side by side.
fn across(
    table: &TrialTable,
    settings: &[Setting],
) -> Result<(Vec<Vec<String>>, Vec<usize>), ReportError> {
    let (mut keys, mut index_of) = distinct(table, settings);
    if keys.len() > MOST_BLOCKS {
        return Err(ReportError::TooWide {
            settings: settings.iter().map(|s| s.header.path.clone()).collect(),
            blocks: keys.len(),
            most: MOST_BLOCKS,
        });
    }
    bring_together(&mut keys, &mut index_of);
    Ok((keys, index_of))
}

/// Reorders `keys`, and the index into them that each trial has, so that equal values of an outer setting stand side by
/// side and can share a heading.
fn bring_together(keys: &mut Vec<Vec<String>>, index_of: &mut [usize]) {
    let first = |level: usize, value: &String| keys.iter().position(|key| key[level] == *value);
    let places = |key: &Vec<String>| -> Vec<Option<usize>> {
        (key.iter().enumerate())
            .map(|(level, value)| first(level, value))
            .collect()
    };
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_cached_key(|index| places(&keys[*index]));
    let mut new_place = vec![0; keys.len()];
    for (place, index) in order.iter().enumerate() {
        new_place[*index] = place;
    }
    for index in index_of {
        *index = new_place[*index];
    }
    *keys = order.into_iter().map(|index| keys[index].clone()).collect();
}

/// Those settings outside the table that really vary within a group, with their values.
fn averaged_over(
    layout: &Layout,
    groups: &BTreeMap<(usize, usize), Vec<&TrialRow>>,
) -> Vec<Averaged> {
    let mut averaged = Vec::new();
    for setting in &layout.others {
        let mut varies = false;
        let mut values: Vec<String> = Vec::new();
        for group in groups.values() {
            let first = group.first().map(|trial| setting.value(trial));
            for trial in group {
                let value = setting.value(trial);
                varies |= first.as_ref() != Some(&value);
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        if varies {
            averaged.push(Averaged {
                setting: setting.clone(),
                values,
            });
        }
    }
    averaged
}

fn group(
    trials: &[&TrialRow],
    metrics: &[Metric],
    measure: &impl Fn(&TrialRow, &Metric) -> Option<f64>,
    averaged: &[Averaged],
    footnotes: &mut Footnotes,
) -> PaperGroup {
    let (done, rest): (Vec<&TrialRow>, Vec<&TrialRow>) = trials
        .iter()
        .partition(|trial| trial.status == TrialStatus::Done);
    let failed: Vec<&TrialRow> = rest
        .iter()
        .copied()
        .filter(|trial| trial.status == TrialStatus::Failed)
        .collect();
    let cells = metrics.iter().map(|metric| {
        let values = done.iter().filter_map(|trial| measure(trial, metric));
        PaperCell {
            summary: Summary::of(&values.collect::<Vec<f64>>()),
            best: false,
        }
    });
    PaperGroup {
        cells: cells.collect(),
        done: done.len(),
        failed: failed.len(),
        unfinished: rest.len() - failed.len(),
        footnote: footnotes.add(&done, rest.len() - failed.len(), &failed, averaged),
    }
}

/// Marks the best mean of each metric. Where all cells are equal, none is better than another.
fn mark_best(rows: &mut [PaperRow], metrics: &[Metric]) {
    for (index, metric) in metrics.iter().enumerate() {
        let Some(better) = metric.better else {
            continue;
        };
        let means = || {
            let groups = rows.iter().flat_map(|row| &row.groups);
            groups
                .filter_map(|group| Some(group.cells[index].summary?.mean))
                .filter(|mean| !mean.is_nan())
        };
        let (lowest, highest) = means().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), mean| {
            (a.min(mean), b.max(mean))
        });
        if lowest >= highest {
            continue;
        }
        let best = match better {
            Better::Higher => highest,
            Better::Lower => lowest,
        };
        for group in rows.iter_mut().flat_map(|row| &mut row.groups) {
            let cell = &mut group.cells[index];
            cell.best = cell.summary.is_some_and(|summary| summary.mean == best);
        }
    }
}

/// The number of trials behind every cell that has any, if it is always the same.
fn common_count(rows: &[PaperRow]) -> Option<usize> {
    let groups = rows.iter().flat_map(|row| &row.groups);
    let mut counts = groups.map(|group| group.done).filter(|done| *done > 0);
    let first = counts.next()?;
    counts.all(|count| count == first).then_some(first)
}

fn title(metrics: &[Metric]) -> String {
    match metrics {
        [single] => single.heading.clone(),
        _ => "Results".to_owned(),
    }
}
