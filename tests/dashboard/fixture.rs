//! States for the tests of the dashboard, built from updates as a run directory would give them.

use nnbcd::dashboard::state::{Look, State};
use nnbcd::dashboard::view;
use nnbcd::dashboard::{Action, View};
use nnbcd::store::{
    IterationRecord, LayerRecord, Liveness, RunDirectory, RunUpdate, RunnerState, RunnerStatus,
    TrialEvent, TrialEventKind, TrialRow, TrialStatus, TrialTable,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// (method, rank, sparsity, final objective, accuracy, ratio)
const SETTINGS: [(&str, &str, &str, f64, f64, f64); 5] = [
    ("none", "", "", 41.0, 0.9712, 1.0),
    ("tensor-train", "8", "", 96.0, 0.9521, 12.4),
    ("tensor-train", "16", "", 71.0, 0.9634, 5.1),
    ("prune", "", "0.9", 63.0, 0.9605, 7.9),
    ("prune", "", "0.95", 88.0, 0.9433, 11.2),
];
const SEEDS: u64 = 3;
pub const ITERATIONS: u64 = 200;

pub fn state(look: Look) -> State {
    State::new(&RunDirectory::new("results/digits"), look, true)
}

pub fn id(setting: usize, seed: u64) -> String {
    format!("{setting:02}a7c3f{seed}")
}

/// The rows of a table; `status` says how far each (setting, seed) is.
pub fn table(status: impl Fn(usize, u64) -> TrialStatus) -> TrialTable {
    let mut rows = Vec::new();
    for (setting, (method, rank, sparsity, objective, accuracy, ratio)) in
        SETTINGS.into_iter().enumerate()
    {
        for seed in 0..SEEDS {
            let status = status(setting, seed);
            let mut row = TrialRow {
                trial: id(setting, seed),
                status,
                seed,
                swept: [method, rank, sparsity].map(str::to_owned).to_vec(),
                ..TrialRow::default()
            };
            let spread = (seed as f64 - 1.0) * 0.0021;
            if status == TrialStatus::Done {
                row = TrialRow {
                    iterations: Some(ITERATIONS),
                    objective: Some(objective * (1.0 + spread)),
                    loss: Some(objective / 3.0),
                    residual_u: Some(0.41),
                    residual_v: Some(0.32),
                    residual_w: Some(0.0215),
                    step: Some(0.0123),
                    descent_violations: Some(0),
                    train_accuracy: Some(accuracy + 0.02),
                    test_accuracy: Some(accuracy + spread),
                    best_test_accuracy: Some(accuracy + spread + 0.001),
                    sparsity: Some(sparsity.parse().unwrap_or(0.0)),
                    effective_sparsity: Some(sparsity.parse().unwrap_or(0.0)),
                    params_dense: Some(85_504),
                    params_compressed: Some((85_504.0 / ratio) as u64),
                    compression_ratio: Some(ratio),
                    seconds: Some(12.0 + seed as f64),
                    seconds_per_iteration: Some(0.06),
                    ..row
                };
            }
            rows.push(row);
        }
    }
    TrialTable {
        swept: [
            "compression.method",
            "compression.rank",
            "compression.sparsity",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows,
    }
}

pub fn record(iteration: u64, final_objective: f64) -> IterationRecord {
    let k = iteration as f64;
    IterationRecord {
        iteration,
        seconds: k * 0.06,
        objective: final_objective * (1.0 + 40.0 / (k + 1.0)),
        loss: final_objective / 3.0 * (1.0 + 20.0 / (k + 1.0)),
        residual_v: Some(3.2 / (k + 1.0).sqrt()),
        residual_u: Some(4.1 / (k + 1.0).sqrt()),
        residual_w: 9.0 / (k + 1.0),
        step: 12.0 / (k + 1.0),
        descent_violations: Some(0),
        train_accuracy: Some(0.98 - 0.6 / (k + 1.0)),
        test_accuracy: Some(0.95 - 0.6 / (k + 1.0)),
        balanced_accuracy: Some(0.94),
        sparsity: 0.0,
        compression_ratio: 12.4,
        effective_sparsity: Some(0.02 * (k / 200.0)),
        tau: Some(5.0 * (k / 100.0).exp()),
        gamma: Some(0.5),
        rho: Some(0.5 * (k / 200.0).exp()),
        validation_accuracy: None,
    }
}

pub fn iterations(trial: &str, upto: u64, final_objective: f64) -> RunUpdate {
    RunUpdate::Iterations {
        trial: trial.to_owned(),
        records: (0..=upto).map(|k| record(k, final_objective)).collect(),
    }
}

pub fn layers(trial: &str, upto: u64) -> RunUpdate {
    let layer = |iteration: u64, layer: u64| LayerRecord {
        iteration,
        layer,
        residual_v: Some(2.0 / (iteration + 1) as f64),
        residual_u: Some(3.0 / (iteration + layer + 1) as f64),
        residual_w: 0.5,
        relative_error: 0.031 * (layer + 1) as f64,
        sparsity: 0.0,
        parameters: 4_096 >> layer,
        ranks: "8 8 8 8".to_owned(),
    };
    RunUpdate::Layers {
        trial: trial.to_owned(),
        records: (0..=upto)
            .flat_map(|k| (0..3).map(move |l| layer(k, l)))
            .collect(),
    }
}

pub fn event(trial: &str, kind: TrialEventKind) -> RunUpdate {
    RunUpdate::Event(TrialEvent {
        at: 1_000.0,
        trial: trial.to_owned(),
        kind,
    })
}

pub fn started(trial: &str) -> RunUpdate {
    let kind = TrialEventKind::Started {
        from_iteration: 0,
        iterations: ITERATIONS,
    };
    event(trial, kind)
}

pub fn runner(state: RunnerState) -> RunUpdate {
    RunUpdate::Runner(RunnerStatus {
        state,
        host: "node7".to_owned(),
        pid: 4242,
        started_at: 1_000.0,
        updated_at: 1_042.0,
        jobs: 2,
        threads: 4,
        trials: 15,
        cpu_seconds: 151.2,
        memory_bytes: 314_572_800,
        bytes_written: 7_340_032,
        message: String::new(),
    })
}

/// Nothing is there yet.
pub fn empty(look: Look) -> State {
    let mut state = state(look);
    state.apply(RunUpdate::Liveness(Liveness::Alive));
    state.apply(runner(RunnerState::Starting));
    state
}

/// The first setting is done, the second under way.
pub fn running(look: Look) -> State {
    let mut state = state(look);
    state.apply(RunUpdate::Trials(table(|setting, _| match setting {
        0 => TrialStatus::Done,
        _ => TrialStatus::Queued,
    })));
    for seed in 0..2 {
        state.apply(started(&id(1, seed)));
        state.apply(iterations(&id(1, seed), 120 - 7 * seed, 96.0 + seed as f64));
        state.apply(layers(&id(1, seed), 20));
    }
    state.apply(runner(RunnerState::Running));
    state.apply(RunUpdate::Liveness(Liveness::Alive));
    state.handle(Action::Move(1));
    state
}

/// One trial failed with NaN and a hostile message; the runner has ended.
pub fn failed(look: Look) -> State {
    let mut state = state(look);
    let mut table = table(|setting, _| match setting {
        3 => TrialStatus::Failed,
        _ => TrialStatus::Done,
    });
    for row in &mut table.rows {
        if row.status == TrialStatus::Failed {
            row.error
                .push_str("iteration 17: U of layer 1 is not finite\u{1b}[31m\u{7}");
            row.objective = Some(f64::NAN);
        }
    }
    state.apply(RunUpdate::Trials(table));
    let mut records: Vec<IterationRecord> = (0..17).map(|k| record(k, 63.0)).collect();
    records[9].descent_violations = Some(1);
    records[9].objective = 900.0;
    for (k, record) in records.iter_mut().enumerate().skip(9) {
        record.descent_violations = Some(1 + u64::from(k > 12));
    }
    records.push(IterationRecord {
        objective: f64::NAN,
        residual_u: Some(f64::INFINITY),
        ..record(17, 63.0)
    });
    state.apply(RunUpdate::Iterations {
        trial: id(3, 0),
        records,
    });
    state.apply(runner(RunnerState::Ended));
    state.apply(RunUpdate::Liveness(Liveness::Gone));
    state.handle(Action::Move(3));
    state
}

/// All is done.
pub fn finished(look: Look) -> State {
    let mut state = state(look);
    state.apply(RunUpdate::Trials(table(|_, _| TrialStatus::Done)));
    for seed in 0..3 {
        state.apply(iterations(
            &id(1, seed),
            ITERATIONS,
            96.0 + 20.0 * seed as f64,
        ));
        state.apply(layers(&id(1, seed), 20));
    }
    state.apply(runner(RunnerState::Ended));
    state.apply(RunUpdate::Liveness(Liveness::Gone));
    state.handle(Action::Move(1));
    state
}

/// Ten thousand trials of as many settings divided by four seeds.
pub fn many(look: Look) -> State {
    let mut state = state(look);
    let rows = (0..10_000_u64).map(|position| TrialRow {
        trial: format!("t{position:05}"),
        status: TrialStatus::Done,
        seed: position % 4,
        swept: vec![(position / 4).to_string()],
        objective: Some((position as f64 * 0.7).sin().abs() * 100.0),
        test_accuracy: Some(0.9 + (position as f64).cos() * 0.05),
        ..TrialRow::default()
    });
    state.apply(RunUpdate::Trials(TrialTable {
        swept: vec!["solver.tau".to_owned()],
        rows: rows.collect(),
    }));
    state.apply(runner(RunnerState::Running));
    state.apply(RunUpdate::Liveness(Liveness::Alive));
    state
}

/// The screen as the state shows it.
pub fn screen(state: &mut State, width: u16, height: u16) -> Terminal<TestBackend> {
    let mut terminal =
        Terminal::new(TestBackend::new(width, height)).expect("the test backend always works");
    state.resize((width, height).into());
    state.settle();
    terminal
        .draw(|frame| view::draw(state, frame))
        .expect("the test backend always works");
    terminal
}

/// The same as text.
pub fn text(state: &mut State, width: u16, height: u16) -> String {
    screen(state, width, height).backend().to_string()
}

/// The screen of a view at a size.
pub fn shown(state: &mut State, view: View, width: u16, height: u16) -> String {
    state.resize((width, height).into());
    state.handle(Action::Show(view));
    text(state, width, height)
}

/// A run of settings with these rows.
pub fn with_rows(swept: &[&str], rows: Vec<TrialRow>) -> State {
    let mut state = state(Look::default());
    state.apply(RunUpdate::Trials(TrialTable {
        swept: swept.iter().map(|&path| path.to_owned()).collect(),
        rows,
    }));
    state
}
