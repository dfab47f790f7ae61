//! Figures for the paper: SVG and PNG, one column wide, from the run directory alone.

mod axis;
mod curves;
mod draw;
mod figure;
mod layout;
mod pen;
mod points;
mod write;

use std::{path::PathBuf, str::FromStr};

use super::{
    ReportError,
    table::{Setting, leading, settings},
};
use crate::measure::{self, Quantity};
use crate::store::{RunDirectory, TrialRow, TrialTable};

/// A kind of figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlotKind {
    /// Objective against iteration.
    Convergence,
    /// The three residuals against iteration, one figure each.
    Residuals,
    /// Test accuracy against iteration.
    Accuracy,
    /// Running minimum of `step^2` against iteration, beside `C/k`.
    Steps,
    /// The metric against the compression ratio, with the front of the best trade-offs.
    Pareto,
    /// The metric against each numeric setting, the others averaged.
    Margins,
    /// The metric over two numeric settings that were crossed, the others averaged; one figure
    /// for each pair.
    HeatMap,
}

impl PlotKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Convergence,
        Self::Residuals,
        Self::Accuracy,
        Self::Steps,
        Self::Pareto,
        Self::Margins,
        Self::HeatMap,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Convergence => "convergence",
            Self::Residuals => "residuals",
            Self::Accuracy => "accuracy",
            Self::Steps => "steps",
            Self::Pareto => "pareto",
            Self::Margins => "margins",
            Self::HeatMap => "heat-map",
        }
    }
}

impl FromStr for PlotKind {
    type Err = ReportError;

    fn from_str(name: &str) -> Result<Self, ReportError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| ReportError::UnknownName {
                kind: "plot",
                name: name.to_owned(),
                available: Self::ALL.map(|kind| kind.name().to_owned()).to_vec(),
            })
    }
}

/// What is plotted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlotQuery {
    /// The kinds of figures; empty: all.
    pub kinds: Vec<PlotKind>,
    /// Settings that are told apart by colour; empty: every swept one.
    pub rows: Vec<String>,
    /// The metric of [`PlotKind::Pareto`], [`PlotKind::Margins`] and [`PlotKind::HeatMap`].
    pub metric: Quantity,
    /// Numeric settings for [`PlotKind::Margins`] and, in pairs (the former across, the latter
    /// up), for [`PlotKind::HeatMap`]; empty: every numeric swept one.
    pub parameters: Vec<String>,
}

impl Default for PlotQuery {
    fn default() -> Self {
        Self {
            kinds: Vec::new(),
            rows: Vec::new(),
            metric: Quantity::TestAccuracy,
            parameters: Vec::new(),
        }
    }
}

/// The figures of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plots {
    /// Files written.
    pub written: Vec<PathBuf>,
    /// Why a figure was left out, or what it leaves out.
    pub remarks: Vec<String>,
}

/// Writes the figures that `query` asks for to `plots/`, each as SVG and as PNG. A figure without
/// data is not written; the remarks say so.
///
/// # Errors
/// When the run directory cannot be read or written, holds no trial, or a name in `query` does not
/// exist.
pub fn plot(run: &RunDirectory, query: &PlotQuery) -> Result<Plots, ReportError> {
    let table = run.read_trials()?;
    if table.rows.is_empty() {
        return Err(ReportError::NoTrials);
    }
    let subject = Subject::new(&table, query)?;
    let kinds = if query.kinds.is_empty() {
        &PlotKind::ALL[..]
    } else {
        &query.kinds
    };
    let mut plots = Plots::default();
    let curves = curves::Curves::read(run, &subject, kinds, &mut plots.remarks)?;
    for &kind in kinds {
        let figures = match kind {
            PlotKind::Convergence | PlotKind::Residuals | PlotKind::Accuracy | PlotKind::Steps => {
                curves.figures(kind)
            }
            PlotKind::Pareto => points::pareto(&subject).into_iter().collect(),
            PlotKind::Margins => points::margins(&subject),
            PlotKind::HeatMap => points::heat_maps(&subject),
        };
        if figures.is_empty() {
            let name = kind.name();
            plots
                .remarks
                .push(format!("{name}: no data to plot; nothing written"));
        }
        for figure in figures {
            write::write(&figure, &run.plots(), &mut plots.written)?;
        }
    }
    Ok(plots)
}

/// The trials with the names of a query looked up.
struct Subject<'a> {
    table: &'a TrialTable,
    /// Settings told apart by colour.
    rows: Vec<Setting>,
    /// Settings whose influence is shown.
    parameters: Vec<Setting>,
    metric: Quantity,
}

impl<'a> Subject<'a> {
    fn new(table: &'a TrialTable, query: &PlotQuery) -> Result<Self, ReportError> {
        let find = |names: &[String], usual| -> Result<Vec<Setting>, ReportError> {
            if names.is_empty() {
                return Ok(usual);
            }
            names.iter().map(|name| Setting::new(table, name)).collect()
        };
        Ok(Self {
            table,
            rows: find(&query.rows, leading(table).0)?,
            parameters: find(&query.parameters, settings(table))?,
            metric: query.metric,
        })
    }

    /// Trials grouped by the settings that are told apart, in the order of the plan, with the values of those settings.
    fn groups(&self) -> Vec<(Vec<String>, Vec<&'a TrialRow>)> {
        let mut groups: Vec<(Vec<String>, Vec<&TrialRow>)> = Vec::new();
        let mut index = std::collections::HashMap::new();
        for trial in &self.table.rows {
            let values: Vec<String> = self.rows.iter().map(|s| s.value(trial)).collect();
            let place = *index.entry(values).or_insert_with_key(|values| {
                groups.push((values.clone(), Vec::new()));
                groups.len() - 1
            });
            groups[place].1.push(trial);
        }
        groups
    }
}

/// What the curves with these values of `settings` are called.
fn legend(settings: &[Setting], curves: &[Vec<String>]) -> Vec<String> {
    let names: Vec<&str> = settings
        .iter()
        .map(|setting| setting.header.short.as_str())
        .collect();
    measure::legend(&names, curves)
}
