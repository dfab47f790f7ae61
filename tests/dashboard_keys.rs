//! Keys, updates and sizes in any order; redrawing only what changed; a real run directory.

mod dashboard_fixture;

use std::time::{Duration, Instant};

use dashboard_fixture as fixture;
use nnbcd::dashboard::state::{Look, State};
use nnbcd::dashboard::{Action, Effect, View, keys};
use nnbcd::store::{
    Command, IterationRecord, Liveness, RunDirectory, RunFollower, RunUpdate, RunnerState,
    TrialRow, TrialStatus, TrialTable,
};
use proptest::prelude::*;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

fn press(state: &mut State, key: char) -> Option<Effect> {
    press_code(state, KeyCode::Char(key), KeyModifiers::NONE)
}

fn press_code(state: &mut State, code: KeyCode, modifiers: KeyModifiers) -> Option<Effect> {
    let action = keys::action_for(KeyEvent::new(code, modifiers), state)?;
    state.handle(action)
}

/// Types text and gives it as the answer.
fn answer(state: &mut State, text: &str) -> Option<Effect> {
    for character in text.chars() {
        press(state, character);
    }
    press_code(state, KeyCode::Enter, KeyModifiers::NONE)
}

#[test]
fn nothing_is_drawn_without_a_change() {
    let mut state = fixture::finished(Look::default());
    state.resize((80, 24).into());
    state.tick(10.0);
    assert!(state.settle());
    for second in 0..100 {
        state.tick(10.0 + f64::from(second));
        state.resize((80, 24).into());
        state.apply(RunUpdate::Liveness(Liveness::Gone));
        assert!(
            !state.settle(),
            "drawn again after {second} s of an ended run"
        );
    }
    press(&mut state, 'j');
    assert!(state.settle());
}

#[test]
fn the_clock_redraws_a_running_run_once_a_second() {
    let mut state = fixture::running(Look::default());
    state.tick(0.0);
    state.settle();
    let drawn = (1..=100).filter(|tenth| {
        state.tick(f64::from(*tenth) * 0.1);
        state.settle()
    });
    assert_eq!(drawn.count(), 10);
}

#[test]
fn ctrl_c_asks_only_when_there_is_something_to_stop() {
    let mut state = fixture::running(Look::default());
    let ctrl_c = |state: &mut State| press_code(state, KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(ctrl_c(&mut state), None);
    assert_eq!(press(&mut state, 's'), Some(Effect::StopAndLeave));
    assert_eq!(ctrl_c(&mut state), None);
    assert_eq!(press(&mut state, 'd'), Some(Effect::Leave));
    let mut ended = fixture::finished(Look::default());
    assert_eq!(ctrl_c(&mut ended), Some(Effect::Leave));
    assert_eq!(press(&mut state, 'q'), Some(Effect::Leave));
}

#[test]
fn commands_go_out_after_a_question() {
    let mut state = fixture::running(Look::default());
    state.resize((80, 24).into());
    let trials = vec![fixture::id(1, 0), fixture::id(1, 1)];
    assert_eq!(press(&mut state, 'p'), None);
    assert_eq!(press(&mut state, 'n'), None);
    press(&mut state, 'p');
    let pause = Effect::Send(Command::PauseTrials { trials });
    assert_eq!(press(&mut state, 'y'), Some(pause));
    press(&mut state, 'J');
    assert_eq!(
        answer(&mut state, "3"),
        Some(Effect::Send(Command::Jobs { jobs: 3 }))
    );
    press(&mut state, 'J');
    assert_eq!(answer(&mut state, "0"), None);
    press(&mut state, 'X');
    assert_eq!(press(&mut state, 'y'), Some(Effect::Send(Command::Stop)));
    let mut ended = fixture::finished(Look::default());
    press(&mut ended, 'X');
    assert_eq!(press(&mut ended, 'y'), None, "nobody is there to obey");
}

#[test]
fn enter_opens_a_setting_and_then_a_trial() {
    let mut state = fixture::finished(Look::default());
    let enter = |state: &mut State| press_code(state, KeyCode::Enter, KeyModifiers::NONE);
    state.resize((80, 24).into());
    enter(&mut state);
    let text = fixture::text(&mut state, 80, 24);
    assert!(text.contains("seed 0") && text.contains("seed 2"), "{text}");
    press(&mut state, 'j');
    enter(&mut state);
    assert_eq!(state.documents_of(), Some(fixture::id(1, 0).as_str()));
    press_code(&mut state, KeyCode::Esc, KeyModifiers::NONE);
    press(&mut state, 'h');
    let text = fixture::text(&mut state, 80, 24);
    assert!(!text.contains("seed 2"), "{text}");
}

#[test]
fn ten_thousand_trials_scroll_sort_and_filter_without_a_hitch() {
    let mut state = fixture::many(Look::default());
    fixture::screen(&mut state, 120, 40);
    let began = Instant::now();
    for step in 0..200 {
        match step % 50 {
            10 => drop(press(&mut state, 's')),
            20 => drop(press(&mut state, 'r')),
            _ => drop(press_code(
                &mut state,
                KeyCode::PageDown,
                KeyModifiers::NONE,
            )),
        }
        fixture::screen(&mut state, 120, 40);
    }
    press(&mut state, '/');
    answer(&mut state, "objective>50 tau=17");
    let text = fixture::text(&mut state, 120, 40);
    assert!(text.contains("tau=17"), "{text}");
    // A frame every tenth of a second is allowed; an unoptimised build on a busy machine included.
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn the_selection_stays_while_rows_move() {
    let mut state = fixture::running(Look::default());
    state.resize((80, 24).into());
    press(&mut state, 's');
    let before = state.wanted();
    state.apply(RunUpdate::Trials(fixture::table(
        |setting, _| match setting {
            0 => TrialStatus::Failed,
            _ => TrialStatus::Done,
        },
    )));
    state.settle();
    assert_eq!(state.wanted(), before);
}

#[test]
fn data_that_are_not_numbers_leave_gaps() {
    let broken = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN,
        0.0,
        -1.0,
        1.0e-320,
    ];
    for every in [&broken[..1], &broken[..3], &broken[3..5], &broken[..]] {
        let mut state = fixture::running(Look::default());
        let records = (0..60).map(|iteration| {
            let value = every[iteration as usize % every.len()];
            IterationRecord {
                objective: value,
                loss: value,
                residual_u: Some(value),
                residual_v: Some(value),
                residual_w: value,
                step: value,
                seconds: value,
                train_accuracy: Some(value),
                test_accuracy: Some(value),
                sparsity: value,
                compression_ratio: value,
                ..fixture::record(iteration, 1.0)
            }
        });
        state.apply(RunUpdate::Iterations {
            trial: fixture::id(1, 0),
            records: records.collect(),
        });
        for view in View::ALL {
            state.handle(Action::Show(view));
            for _ in 0..8 {
                state.handle(Action::Choose(1));
                state.handle(Action::LogIterations);
                fixture::screen(&mut state, 100, 30);
            }
        }
    }
}

/// A gradient method has no split problem: its rows leave these cells empty.
#[test]
fn rows_without_residuals_are_shown_in_every_view() {
    let mut state = fixture::running(Look::default());
    let records = (0..60).map(|iteration| IterationRecord {
        residual_u: None,
        residual_v: None,
        descent_violations: None,
        ..fixture::record(iteration, 1.0)
    });
    state.apply(RunUpdate::Iterations {
        trial: fixture::id(1, 0),
        records: records.collect(),
    });
    for view in View::ALL {
        state.handle(Action::Show(view));
        for _ in 0..8 {
            state.handle(Action::Choose(1));
            let screen = fixture::screen(&mut state, 100, 30).backend().to_string();
            assert!(!screen.contains("NaN"), "{screen}");
        }
    }
}

#[test]
fn a_run_directory_made_by_the_writers_is_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let run = RunDirectory::new(folder.path().join("digits"));
    run.create().expect("the folder is writable");
    let table = fixture::table(|setting, _| match setting {
        0 => TrialStatus::Done,
        _ => TrialStatus::Queued,
    });
    table
        .write(&run.trials_csv())
        .expect("the folder is writable");
    let trial = run.trial(&fixture::id(0, 0));
    trial.create().expect("the folder is writable");
    let mut rows = nnbcd::store::IterationWriter::create(&trial.iterations_csv())
        .expect("the folder is writable");
    for iteration in 0..=50 {
        rows.append(&fixture::record(iteration, 41.0))
            .expect("the folder is writable");
    }
    let mut follower = RunFollower::new(run.clone());
    let mut state = State::new(&run, Look::default(), false);
    for update in follower.poll() {
        state.apply(update);
    }
    state.settle();
    for wanted in state.wanted() {
        follower.follow(&wanted);
    }
    for update in follower.poll() {
        state.apply(update);
    }
    let text = fixture::text(&mut state, 80, 24);
    assert!(
        text.contains("digits") && text.contains("tensor-train rank=8"),
        "{text}"
    );
    state.handle(Action::Show(View::Convergence));
    let text = fixture::text(&mut state, 80, 24);
    assert!(text.contains("iteration 50"), "{text}");
    assert!(
        state.summary().contains("3 of 15 trials done"),
        "{}",
        state.summary()
    );
}

#[test]
fn iterations_of_ended_trials_are_let_go_and_read_again_when_looked_at() {
    let mut state = fixture::state(Look::default());
    let rows = |status| {
        let row = |position: u64| TrialRow {
            trial: position.to_string(),
            status,
            swept: vec![position.to_string()],
            ..TrialRow::default()
        };
        RunUpdate::Trials(TrialTable {
            swept: vec!["rank".to_owned()],
            rows: (0..400).map(row).collect(),
        })
    };
    state.apply(rows(TrialStatus::Running));
    for trial in 0..400 {
        state.apply(fixture::iterations(&trial.to_string(), 3, 1.0));
    }
    assert!(state.take_forgotten().is_empty(), "running trials are kept");
    state.apply(rows(TrialStatus::Done));
    assert!(
        state.take_forgotten().is_empty(),
        "the selected trial is kept"
    );
    press(&mut state, 'j');
    assert_eq!(state.take_forgotten(), ["1"]);
    assert!(state.take_forgotten().is_empty(), "once is enough");
}

#[derive(Clone, Debug)]
enum Input {
    Key(KeyCode, KeyModifiers),
    Size(u16, u16),
    Update(u8),
}

fn input() -> impl Strategy<Value = Input> {
    let codes = prop_oneof![
        6 => prop::char::range(' ', '~').prop_map(KeyCode::Char),
        1 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Backspace,
            KeyCode::Up, KeyCode::Down, KeyCode::Left, KeyCode::Right, KeyCode::PageUp,
            KeyCode::PageDown, KeyCode::Home, KeyCode::End,
        ]),
        1 => any::<char>().prop_map(KeyCode::Char),
    ];
    let modifiers = prop_oneof![9 => Just(KeyModifiers::NONE), 1 => Just(KeyModifiers::CONTROL)];
    prop_oneof![
        8 => (codes, modifiers).prop_map(|(code, modifiers)| Input::Key(code, modifiers)),
        1 => (1_u16..160, 1_u16..60).prop_map(|(width, height)| Input::Size(width, height)),
        1 => any::<u8>().prop_map(Input::Update),
    ]
}

fn update(number: u8) -> RunUpdate {
    let trial = fixture::id(usize::from(number / 3 % 5), u64::from(number % 3));
    match number % 7 {
        0 => RunUpdate::Trials(fixture::table(|_, _| TrialStatus::Done)),
        1 => RunUpdate::Trials(TrialTable::default()),
        2 => fixture::started(&trial),
        3 => fixture::iterations(&trial, u64::from(number), f64::from(number)),
        4 => fixture::layers(&trial, 5),
        5 => RunUpdate::Liveness(Liveness::Silent { seconds: 31.5 }),
        _ => fixture::runner(RunnerState::Ended),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_inputs_panics(inputs in prop::collection::vec(input(), 1..80)) {
        let mut state = fixture::running(Look::default());
        let (mut width, mut height) = (80, 24);
        for input in inputs {
            match input {
                Input::Key(code, modifiers) => drop(press_code(&mut state, code, modifiers)),
                Input::Size(columns, lines) => (width, height) = (columns, lines),
                Input::Update(number) => state.apply(update(number)),
            }
            fixture::screen(&mut state, width, height);
        }
    }
}
