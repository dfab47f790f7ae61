//! Keys, updates and sizes in any order; redrawing only what changed.

use std::time::{Duration, Instant};

use crate::fixture;
use nnbcd::dashboard::state::{Look, State};
use nnbcd::dashboard::{Action, Effect, keys};
use nnbcd::store::{Command, Liveness, RunUpdate, RunnerState, TrialStatus, TrialTable};
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
fn a_click_on_the_name_of_a_column_sorts_by_it() {
    let mut state = fixture::finished(Look::default());
    for width in [80, 200] {
        let text = fixture::text(&mut state, width, 24);
        let names = text
            .lines()
            .find(|line| line.contains("seeds"))
            .expect("names");
        // The backend's text has a quote before each line.
        let place = |name: &str| {
            // Not the end of "iterations".
            let found = names
                .find(&format!(" {name}"))
                .expect("the name of the column");
            names[..found].chars().count() as u16
        };
        for name in ["objective", "accuracy", "setting", "ratio"] {
            let place = place(name);
            state.handle(Action::SortAt(place));
            let text = fixture::text(&mut state, width, 24);
            assert!(text.contains(&format!("▲{name}")), "{text}");
            state.handle(Action::SortAt(place));
            let text = fixture::text(&mut state, width, 24);
            assert!(text.contains(&format!("▼{name}")), "{text}");
            state.handle(Action::Reverse);
        }
        state.handle(Action::SortAt(place("seeds")));
    }
}

#[test]
fn the_palette_does_what_its_words_say() {
    let mut state = fixture::running(Look::default());
    state.resize((80, 24).into());
    press(&mut state, ':');
    assert_eq!(answer(&mut state, "cancel"), None);
    assert!(matches!(
        press(&mut state, 'y'),
        Some(Effect::Send(Command::Cancel { .. }))
    ));
    press(&mut state, ':');
    for character in "view".chars() {
        press(&mut state, character);
    }
    press_code(&mut state, KeyCode::Down, KeyModifiers::NONE);
    insta::assert_snapshot!("palette", fixture::text(&mut state, 80, 24));
    press_code(&mut state, KeyCode::Enter, KeyModifiers::NONE);
    press(&mut state, ':');
    assert_eq!(
        answer(&mut state, "quit run continues"),
        Some(Effect::Leave)
    );
    press(&mut state, ':');
    answer(&mut state, "no such thing");
    let text = fixture::text(&mut state, 80, 24);
    assert!(
        text.contains("no command matches 'no such thing'"),
        "{text}"
    );
}

#[test]
fn ctrl_u_clears_what_is_typed_and_a_filter_knows_the_names_on_the_screen() {
    let mut state = fixture::finished(Look::default());
    press(&mut state, '/');
    for character in "accuracy>2".chars() {
        press(&mut state, character);
    }
    press_code(&mut state, KeyCode::Char('u'), KeyModifiers::CONTROL);
    answer(&mut state, "accuracy>0.97 resid.u<1 params>80000");
    let text = fixture::text(&mut state, 120, 40);
    assert!(text.contains("method=none"), "{text}");
    assert!(
        !text.contains("unknown column") && !text.contains("rank=16"),
        "{text}"
    );
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
