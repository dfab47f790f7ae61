//! The runner and its machine.
//!
//! ```text
//! | runner 4242 on node7, running                                                    |
//! | threads 16   jobs 8   running now 8   CPU 14.3 of 16 threads on average          |
//! | memory 1.2 GiB   per running trial 150 MiB   written 30 MiB                      |
//! | running now                                                                      |
//! | ██░ 120/200 12.3/s ETA 0:07  tensor-train rank=8 seed 1                          |
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{bar, flow};
use crate::dashboard::state::{Phase, State, Trial};
use crate::dashboard::text::{bytes, cut, duration, number, visible};
use crate::store::{Provenance, RunnerStatus};

pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    let look = state.look;
    let mut lines = Vec::new();
    match &state.runner {
        None => lines.push(Line::from(" no status from a runner yet")),
        Some(runner) => {
            let words = format!(" runner {} on {}", runner.pid, visible(&runner.host));
            lines.push(Line::from(Span::styled(words, look.theme.title())));
            lines.extend(flow(&figures(state, runner), area.width, 4, look));
        }
    }
    if let Some(provenance) = &state.provenance {
        lines.push(Line::default());
        lines.push(Line::from(Span::styled(" provenance", look.theme.title())));
        lines.extend(flow(&origin(provenance), area.width, area.height / 3, look));
    }
    lines.push(Line::default());
    lines.push(Line::from(Span::styled(" running now", look.theme.title())));
    let room = usize::from(area.height).saturating_sub(lines.len());
    for trial in running(state).take(room) {
        lines.push(Line::from(cut(
            &pace(state, trial),
            usize::from(area.width),
        )));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn running(state: &State) -> impl Iterator<Item = &Trial> {
    (state.trials.all.iter()).filter(|trial| trial.phase == Phase::Running)
}

/// What the runner uses of the machine.
fn figures(state: &State, runner: &RunnerStatus) -> Vec<(&'static str, String)> {
    let count = running(state).count();
    let mut pairs = vec![
        ("threads", runner.threads.to_string()),
        ("jobs", runner.jobs.to_string()),
        ("running now", count.to_string()),
        ("CPU time", duration(runner.cpu_seconds)),
    ];
    let seconds = runner.updated_at - runner.started_at;
    if seconds > 0.0 {
        let used = runner.cpu_seconds / seconds;
        let words = format!("{used:.1} of {}", runner.threads);
        pairs.push(("average threads in use", words));
    }
    pairs.push(("memory", known_bytes(runner.memory_bytes)));
    if count > 0 {
        let each = runner.memory_bytes as f64 / count as f64;
        pairs.push(("memory per running trial", bytes(each)));
    }
    pairs.push(("written", bytes(runner.bytes_written as f64)));
    pairs
}

fn origin(provenance: &Provenance) -> Vec<(&'static str, String)> {
    let commit = provenance.git_commit.as_deref().unwrap_or("unknown");
    let mut pairs = vec![
        ("version", visible(&provenance.version)),
        ("commit", visible(commit)),
        ("host", visible(&provenance.host)),
        ("CPU", visible(&provenance.cpu_model)),
        ("cores", provenance.cores.to_string()),
        ("memory of the host", known_bytes(provenance.memory_bytes)),
        ("system", visible(&provenance.system)),
        ("started", visible(&provenance.started_at)),
    ];
    pairs.retain(|(_, value)| !value.is_empty());
    for (file, checksum) in provenance.data.values().flatten() {
        // Twelve digits tell files apart; the whole sum stands in provenance.json.
        let digits: String = checksum.chars().take(12).collect();
        pairs.push(("data", visible(&format!("{file} {digits}"))));
    }
    pairs
}

fn pace(state: &State, trial: &Trial) -> String {
    let known = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let label = &state.trials.groups[trial.group].label;
    format!(
        " {} {:>4} {:>9} ETA {:>8}  {label} seed {}",
        bar(trial.progress().unwrap_or(0.0), 10, state.look),
        known(
            trial
                .progress()
                .map(|share| format!("{:.0}%", share * 100.0))
        ),
        known(trial.rate.map(|rate| format!("{}/s", number(rate)))),
        known(trial.remaining().map(duration)),
        trial.row.seed
    )
}

/// A machine that hides /proc says 0.
fn known_bytes(count: u64) -> String {
    match count {
        0 => "unknown".to_owned(),
        count => bytes(count as f64),
    }
}
