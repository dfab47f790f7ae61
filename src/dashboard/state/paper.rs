//! What the table view asks for, and the text that it gets.

use std::collections::HashSet;

use super::labels::{Form, Labels};
use super::{State, View};
use crate::dashboard::layout;
use crate::dashboard::table::TableRequest;
use crate::dashboard::text::{visible, width};
use crate::measure::{Quantity, short_names};
use crate::store::TrialTable;

/// Columns of a metric with its deviation, and between two cells.
const METRIC: usize = 18;
const GAP: usize = 2;

impl State {
    /// What the user chose for the paper table.
    pub(crate) fn table_request(&self) -> TableRequest {
        let swept = |choice: usize| {
            let position = choice.checked_sub(1);
            let path = position.and_then(|at| self.trials.swept.get(at));
            path.into_iter().cloned().collect()
        };
        let position = self.table.metric.checked_sub(1);
        let metric = position.and_then(|at| Quantity::CHOICES.get(at));
        TableRequest {
            rows: swept(self.table.rows),
            columns: swept(self.table.columns),
            metrics: metric.into_iter().copied().collect(),
        }
    }

    /// The rows as a table, if they or the choice of columns changed since the last call, and what of it fits on the
    /// screen: always a metric, and settings that can be told apart.
    pub fn take_stale_table(&mut self) -> Option<(TrialTable, TableRequest)> {
        if self.view != View::Table || !std::mem::take(&mut self.stale.table) {
            return None;
        }
        let rows = self.trials.all.iter().map(|trial| trial.row.clone());
        let mut table = TrialTable {
            swept: self.trials.swept.clone(),
            rows: rows.collect(),
        };
        let mut request = self.table_request();
        let (columns, _) = self.table_room();
        let needed = fit_settings(&mut table, &mut request, &self.trials.leading, columns);
        if request.metrics.is_empty() && request.columns.is_empty() {
            let count = (columns.saturating_sub(needed) / METRIC).max(1);
            let mut usual = table.usual_metrics();
            if count < usual.len() {
                usual.truncate(count);
                request.metrics = usual;
            }
        }
        Some((table, request))
    }

    /// Columns and rows that the table view has for the paper table.
    pub fn table_room(&self) -> (usize, usize) {
        let body = layout::areas(self.size, self.is_over()).body;
        // A heading, a title, the names of the columns, a word on what was left out.
        let rows = usize::from(body.height).saturating_sub(5).max(1);
        (usize::from(body.width).saturating_sub(1), rows)
    }

    /// Takes over the text of the paper table.
    pub fn show_table(&mut self, text: &str) {
        self.table_lines = text.lines().map(visible).collect();
        self.stale.screen = true;
    }
}

/// Leaves out settings that are the same everywhere, and those that are not `leading`; if the others leave no room for a metric, they
/// become one column of labels. Returns the columns of the screen that they take.
fn fit_settings(
    table: &mut TrialTable,
    request: &mut TableRequest,
    leading: &[usize],
    columns: usize,
) -> usize {
    let different = |at: usize| -> HashSet<&String> {
        let cells = table.rows.iter().filter_map(|row| row.swept.get(at));
        cells.collect()
    };
    let asked = |at: &usize| match &request.rows[..] {
        [] => {
            let is_across = request.columns.contains(&table.swept[*at]);
            !is_across && leading.contains(at) && different(*at).len() > 1
        }
        rows => rows.contains(&table.swept[*at]),
    };
    let keys: Vec<usize> = (0..table.swept.len()).filter(asked).collect();
    let names = short_names(&table.swept);
    let widest = |&at: &usize| {
        let values = different(at).into_iter().map(|value| width(value));
        values.chain([width(&names[at])]).max().unwrap_or(0) + GAP
    };
    let whole: usize = keys.iter().map(widest).sum();
    if keys.is_empty() || whole + METRIC <= columns {
        request.rows = keys.iter().map(|&at| table.swept[at].clone()).collect();
        return whole;
    }
    let cells_of = |swept: &[String]| -> Vec<String> {
        let cells = keys.iter().map(|&at| swept.get(at).cloned());
        cells.map(Option::unwrap_or_default).collect()
    };
    let settings: Vec<Vec<String>> = table.rows.iter().map(|row| cells_of(&row.swept)).collect();
    let settings: HashSet<&[String]> = settings.iter().map(Vec::as_slice).collect();
    let settings: Vec<&[String]> = settings.into_iter().collect();
    let all: Vec<usize> = (0..keys.len()).collect();
    let labels = Labels::of(&cells_of(&table.swept), &all, &settings);
    let mut form = labels.form(columns.saturating_sub(METRIC + GAP));
    let said = |form: &Form| -> HashSet<String> {
        let labels = settings.iter().map(|cells| labels.label(cells, form));
        labels.collect()
    };
    // Trials of the same name are averaged over.
    if said(&form).len() < settings.len() {
        form = Form::Bare;
    }
    let name = match form {
        Form::Named => "setting".to_owned(),
        // The table shows the end of a path.
        _ => labels.names().replace('.', "/"),
    };
    let widest = said(&form).iter().map(|label| width(label)).max();
    let said: Vec<String> = (table.rows.iter())
        .map(|row| labels.label(&cells_of(&row.swept), &form))
        .collect();
    for (row, label) in table.rows.iter_mut().zip(said) {
        row.swept.push(label);
    }
    table.swept.push(name.clone());
    request.rows = vec![name];
    widest.unwrap_or(0) + GAP
}
