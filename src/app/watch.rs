//! The dashboard on a run directory.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nnbcd::cluster::QueueFollower;
use nnbcd::dashboard::{
    self, Options, Outcome, Preferences, TableMaker, TableRequest, Theme, locale_is_utf8,
};
use nnbcd::measure::shell_word;
use nnbcd::report::{self, TableFormat, TableQuery};
use nnbcd::store::{RunDirectory, TrialTable};

use super::{queue, runner, say};
use crate::cli::Look;

/// `watch`: without a terminal a short table instead.
pub fn watch(run: &Path, look: Look) -> Result<ExitCode> {
    let run = RunDirectory::open(run)?;
    if !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        runner::print_short_table(&run)?;
        queue::print(&run);
        return Ok(ExitCode::SUCCESS);
    }
    let outcome = show(&run, look, false)?;
    if !matches!(outcome.end, dashboard::End::Signal(_)) {
        say(outcome.summary);
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows the dashboard until it is left.
pub fn show(run: &RunDirectory, look: Look, can_stop: bool) -> Result<Outcome> {
    let preferences = match Preferences::path() {
        Some(path) if path.exists() => Preferences::read(&path)?,
        _ => Preferences::default(),
    };
    let colourless = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let theme = match preferences.theme {
        Some(theme) if !colourless => theme,
        _ => Theme::from_environment(),
    };
    if std::env::var("TERM").is_ok_and(|term| term == "dumb") {
        bail!(
            "this terminal (TERM=dumb) cannot show the dashboard; run with --no-tui, or look at a run with nnbcd-tui table {}",
            shell_word(&run.root().display().to_string())
        );
    }
    let follower = QueueFollower::start(run.clone());
    let options = Options {
        ascii: look.ascii || preferences.ascii.unwrap_or(!locale_is_utf8()),
        theme,
        can_stop,
        keys: preferences.keys,
        tables: Some(Box::new(ReportTables)),
        queue: Some(Box::new(move || follower.latest())),
    };
    gather_while_shown(run.clone());
    Ok(dashboard::run(run.clone(), options)?)
}

/// Keeps `trials.csv` up to date with what workers publish, as long as the process lives. A huge run takes a while to
/// look through; a small share of the time is spent on that.
fn gather_while_shown(run: RunDirectory) {
    const BETWEEN: Duration = Duration::from_secs(3);
    const TIME_SHARE: u32 = 20;
    let gather = move || {
        loop {
            let start = Instant::now();
            // Without the right to write here the journals still tell what has ended.
            let _ = run.gather_results();
            std::thread::sleep(BETWEEN.max(start.elapsed() * TIME_SHARE));
        }
    };
    // Where there are no more threads, the next viewer does it.
    let _ = std::thread::Builder::new().spawn(gather);
}

/// The tables of the report room, for the dashboard.
struct ReportTables;

impl TableMaker for ReportTables {
    fn text(
        &self,
        table: &TrialTable,
        request: &TableRequest,
        width: usize,
        rows: usize,
    ) -> Result<String, String> {
        report::build(table, &query(request))
            .map(|table| report::short_text(&table, width, rows))
            .map_err(|error| error.to_string())
    }

    fn export(&self, run: &RunDirectory, request: &TableRequest) -> Result<Vec<PathBuf>, String> {
        let write = || {
            let mut table = report::build(&run.read_trials()?, &query(request))?;
            table.title = run.name();
            table.write(&run.tables(), "dashboard", &TableFormat::ALL)
        };
        write().map_err(|error: report::ReportError| error.to_string())
    }
}

fn query(request: &TableRequest) -> TableQuery {
    TableQuery {
        rows: request.rows.clone(),
        columns: request.columns.clone(),
        metrics: request.metrics.clone(),
    }
}
