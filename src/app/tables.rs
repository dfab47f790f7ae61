//! `table` and `plot`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use nnbcd::report::{self, ConvergenceQuery, PlotKind, PlotQuery, TableFormat, TableQuery};
use nnbcd::store::RunDirectory;

use super::say;
use crate::cli::{Format, PlotArguments, TableArguments};

pub fn table(arguments: &TableArguments) -> Result<ExitCode> {
    let run = RunDirectory::open(&arguments.run.run)?;
    let mut table = if arguments.convergence {
        let query = ConvergenceQuery {
            rows: arguments.rows.clone(),
            columns: arguments.columns.clone(),
            metrics: arguments.metric.clone(),
            ..ConvergenceQuery::default()
        };
        report::convergence_table(&run, &query)?
    } else {
        let trials = run.read_gathered()?;
        let metrics = arguments.metric.iter().map(|name| report::quantity(name));
        let query = TableQuery {
            rows: arguments.rows.clone(),
            columns: arguments.columns.clone(),
            metrics: metrics.collect::<Result<_, _>>()?,
        };
        report::build(&trials, &query)?
    };
    table.entitle(&run.name());
    let formats: Vec<TableFormat> = arguments
        .format
        .iter()
        .map(|format| (*format).into())
        .collect();
    if arguments.out == "-" {
        for format in formats {
            say(table.render(format).trim_end());
        }
    } else {
        let stem = if arguments.convergence {
            "convergence"
        } else {
            "table"
        };
        for path in table.write(Path::new(&arguments.out), stem, &formats)? {
            say(path.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl From<Format> for TableFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Markdown => Self::Markdown,
            Format::Latex => Self::Latex,
            Format::Csv => Self::Csv,
        }
    }
}

pub fn plot(arguments: &PlotArguments) -> Result<ExitCode> {
    let run = RunDirectory::open(&arguments.run.run)?;
    // Figures read trials.csv themselves; where it may not be written they show what it says.
    let _ = run.gather_results();
    let kinds: Result<Vec<PlotKind>> = arguments
        .kind
        .iter()
        .map(|name| {
            name.parse()
                .map_err(|error| anyhow!("--kind {name}: {error}"))
        })
        .collect();
    let mut query = PlotQuery {
        kinds: kinds?,
        rows: arguments.rows.clone(),
        parameters: arguments.parameters.clone(),
        ..PlotQuery::default()
    };
    if let Some(metric) = &arguments.metric {
        query.metric = report::quantity(metric)?;
    }
    let plots = report::plot(&run, &query)?;
    for path in plots.written {
        say(path.display());
    }
    for remark in plots.remarks {
        say(format_args!("note: {remark}"));
    }
    Ok(ExitCode::SUCCESS)
}
