//! Whole screens of the dashboard.

use crate::fixture;
use nnbcd::dashboard::state::{Documents, Look, State};
use nnbcd::dashboard::{Action, Preferences, Theme, View, keys};
use nnbcd::store::{IterationRecord, Liveness, Provenance, RunUpdate, RunnerState, TrialStatus};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::{Color, Modifier};

const PLAIN: Look = Look {
    theme: Theme::Dark,
    ascii: false,
};
const ASCII: Look = Look {
    theme: Theme::Monochrome,
    ascii: true,
};

type Case = (&'static str, fn(Look) -> State);

const CASES: [Case; 5] = [
    ("empty", fixture::empty),
    ("running", fixture::running),
    ("failed", fixture::failed),
    ("finished", fixture::finished),
    ("many", fixture::many),
];

#[test]
fn the_overview_at_every_size() {
    for (name, make) in CASES {
        for (width, height) in [(80, 24), (120, 40), (200, 60), (40, 10), (2, 1)] {
            let text = fixture::text(&mut make(PLAIN), width, height);
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), text);
        }
    }
}

#[test]
fn ascii_needs_nothing_else() {
    for (name, make) in CASES {
        for view in View::ALL {
            let mut state = make(ASCII);
            state.handle(Action::Show(view));
            let text = fixture::text(&mut state, 80, 24);
            assert!(text.is_ascii(), "{name} {view:?} is not ASCII:\n{text}");
        }
    }
    insta::assert_snapshot!(
        "running_ascii",
        fixture::text(&mut fixture::running(ASCII), 80, 24)
    );
}

#[test]
fn monochrome_has_no_colours_and_still_shows_the_selection() {
    for (name, make) in CASES {
        let mut state = make(ASCII);
        let terminal = fixture::screen(&mut state, 120, 40);
        let cells = terminal.backend().buffer().content();
        assert!(
            cells
                .iter()
                .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset),
            "{name} is coloured"
        );
        let reversed = cells
            .iter()
            .any(|cell| cell.modifier.contains(Modifier::REVERSED));
        assert!(reversed, "{name} hides the selection");
    }
}

#[test]
fn the_five_quantities_are_seen_at_once_on_a_small_screen() {
    let text = fixture::text(&mut fixture::running(PLAIN), 80, 24);
    for word in ["objective", "residuals", "sparsity", "ratio", "accuracy"] {
        assert!(text.contains(word), "{word} is missing:\n{text}");
    }
    let narrow = fixture::text(&mut fixture::running(PLAIN), 40, 10);
    for word in ["F ", "u ", "zeros", "ratio", "acc"] {
        assert!(narrow.contains(word), "{word} is missing:\n{narrow}");
    }
}

#[test]
fn foreign_text_is_shown_not_obeyed() {
    let mut state = fixture::failed(PLAIN);
    for view in View::ALL {
        state.handle(Action::Show(view));
        let text = fixture::text(&mut state, 120, 40);
        assert!(!text.contains('\u{1b}'), "{view:?} lets an escape through");
    }
    state.handle(Action::Show(View::Trial));
    assert!(fixture::text(&mut state, 120, 40).contains("not finite\\u{1b}[31m\\u{7}"));
}

#[test]
fn the_other_views() {
    let mut state = fixture::finished(PLAIN);
    let trial = fixture::id(1, 0);
    for seed in 0..3 {
        state.apply(fixture::layers(&fixture::id(2, seed), 20));
    }
    let provenance = Provenance {
        version: "0.1.0".to_owned(),
        git_commit: Some("4f2c1d0".to_owned()),
        host: "node7".to_owned(),
        cpu_model: "Some CPU".to_owned(),
        cores: 8,
        ..Provenance::default()
    };
    for view in View::ALL {
        state.handle(Action::Show(view));
        if state.lacks_provenance() {
            state.show_provenance(provenance.clone());
        }
        if state.documents_of().is_some() {
            state.show_documents(Documents {
                trial: trial.clone(),
                config: "data:\n  source: digits\nsolver:\n  iterations: 200\n  gamma: 0.5\n  rho: 0.5\n  tau: 5.0\n  alpha: 1.0\ncompression:\n  method: tensor-train\n  rank: 8\nseed: 0\n".to_owned(),
                log: vec!["started".to_owned(), "ended: all iterations done".to_owned()],
            });
        }
        if let Some((table, request)) = state.take_stale_table() {
            let (width, rows) = state.table_room();
            assert!(width > 0 && rows > 0);
            state.show_table(&format!("{} rows\n{request:?}", table.rows.len()));
        }
        for (width, height) in [(80, 24), (120, 40), (40, 10)] {
            let name = format!("{view:?}_{width}x{height}").to_lowercase();
            insta::assert_snapshot!(name, fixture::text(&mut state, width, height));
        }
    }
}

#[test]
fn choices_of_the_views() {
    let mut state = fixture::finished(PLAIN);
    state.handle(Action::Mark);
    state.handle(Action::Move(1));
    state.apply(fixture::iterations(&fixture::id(2, 0), 200, 71.0));
    state.resize((100, 30).into());
    state.handle(Action::Show(View::Convergence));
    state.handle(Action::LogIterations);
    state.handle(Action::Cursor(-20));
    insta::assert_snapshot!(
        "convergence_marked_loglog",
        fixture::text(&mut state, 100, 30)
    );
    state.handle(Action::Choose(4));
    state.handle(Action::LogIterations);
    insta::assert_snapshot!("convergence_promise", fixture::text(&mut state, 100, 30));
    state.handle(Action::Show(View::Margins));
    state.handle(Action::ChooseColumns(2));
    insta::assert_snapshot!("margins_map", fixture::text(&mut state, 80, 24));
    state.handle(Action::Help);
    insta::assert_snapshot!("help", fixture::text(&mut state, 80, 24));
    state.handle(Action::MovePage(3));
    insta::assert_snapshot!("help_terms", fixture::text(&mut state, 80, 24));
}

#[test]
fn questions_lie_over_the_view() {
    let mut state = fixture::running(PLAIN);
    state.handle(Action::Interrupt);
    insta::assert_snapshot!("question_leave", fixture::text(&mut state, 80, 24));
    state.handle(Action::Back);
    state.handle(Action::Filter);
    for character in "acuracy>1".chars() {
        state.handle(Action::Type(character));
    }
    state.handle(Action::Accept);
    insta::assert_snapshot!("filter_error", fixture::text(&mut state, 80, 24));
}

#[test]
fn moved_keys_are_shown_where_they_are() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("dashboard.yaml");
    std::fs::write(&path, "keys: {s: z}\n").expect("the folder is writable");
    let preferences = Preferences::read(&path).expect("the file is well formed");
    let mut state = fixture::running(PLAIN);
    state.use_keys(preferences.keys);
    let text = fixture::text(&mut state, 80, 24);
    assert!(
        text.contains("z sort") && !text.contains("s sort"),
        "{text}"
    );
    let press = |key| KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE);
    assert_eq!(keys::action_for(press('z'), &state), Some(Action::Sort(1)));
    assert_eq!(keys::action_for(press('s'), &state), None);
    state.handle(Action::Filter);
    assert_eq!(
        keys::action_for(press('s'), &state),
        Some(Action::Type('s'))
    );
}

#[test]
fn wide_characters_do_not_push_columns_aside() {
    let mut state = fixture::state(PLAIN);
    let mut table = fixture::table(|_, _| TrialStatus::Done);
    for row in table.rows.iter_mut().filter(|row| row.swept[0] == "prune") {
        row.swept[0] = "剪枝\u{301}".to_owned();
    }
    state.apply(RunUpdate::Trials(table));
    let terminal = fixture::screen(&mut state, 80, 24);
    let buffer = terminal.backend().buffer();
    let column_of_seeds =
        |row: u16| (0..80).find(|&column| buffer[(column, row)].symbol() == "/" && column > 10);
    let text = terminal.backend().to_string();
    let wide = (0..24).find(|&row| (0..80).any(|column| buffer[(column, row)].symbol() == "剪"));
    let wide = wide.unwrap_or_else(|| panic!("the wide name is not shown:\n{text}"));
    assert!(column_of_seeds(wide).is_some(), "{text}");
    assert_eq!(column_of_seeds(wide), column_of_seeds(4), "{text}");
}

#[test]
fn a_vanished_runner_is_said_plainly_with_its_last_words() {
    let mut state = fixture::running(PLAIN);
    state.apply(RunUpdate::Liveness(Liveness::Silent { seconds: 42.0 }));
    assert!(fixture::text(&mut state, 80, 24).contains("NO SIGN OF THE RUNNER for 0:42"));
    assert!(!state.lacks_last_words());
    state.apply(RunUpdate::Liveness(Liveness::Gone));
    assert!(state.lacks_last_words());
    state.show_last_words("memory allocation of 9 bytes failed");
    let text = fixture::text(&mut state, 120, 40);
    for words in [
        "interrupted",
        "RUNNER GONE",
        "2 lost",
        "Repeat the command",
        "of 9 bytes failed",
    ] {
        assert!(text.contains(words), "{words} is missing:\n{text}");
    }
    // The runner came back.
    state.apply(RunUpdate::Liveness(Liveness::Alive));
    assert!(fixture::text(&mut state, 80, 24).contains("2 running"));
}

#[test]
fn a_complete_run_without_a_runner_is_no_alarm() {
    for runner in [None, Some(RunnerState::Running)] {
        let mut state = fixture::state(PLAIN);
        state.apply(RunUpdate::Trials(fixture::table(|_, _| TrialStatus::Done)));
        if let Some(runner) = runner {
            state.apply(fixture::runner(runner));
        }
        state.apply(RunUpdate::Liveness(Liveness::Gone));
        let text = fixture::text(&mut state, 80, 24);
        assert!(
            text.contains("finished") && !text.contains("GONE"),
            "{text}"
        );
        assert!(!text.contains("interrupted"), "{text}");
    }
}

#[test]
fn the_title_of_a_setting_says_the_state_of_its_row() {
    let mut state = fixture::state(PLAIN);
    let mut table = fixture::table(|_, seed| match seed {
        0 => TrialStatus::Done,
        _ => TrialStatus::Stopped,
    });
    for row in &mut table.rows {
        row.objective = Some(1.0);
    }
    state.apply(RunUpdate::Trials(table));
    let text = fixture::text(&mut state, 80, 24);
    let title = text.lines().find(|line| line.contains("mean of 3/3 seeds"));
    let title = title.unwrap_or_else(|| panic!("{text}"));
    assert!(
        title.contains("stopped") && !title.contains("done"),
        "{title}"
    );
}

#[test]
fn the_size_that_is_needed_comes_first_on_a_small_screen() {
    let text = fixture::text(&mut fixture::running(PLAIN), 20, 5);
    assert!(text.contains("40x10 needed"), "{text}");
}

#[test]
fn names_at_the_ends_of_curves_do_not_cover_each_other() {
    let mut state = fixture::finished(PLAIN);
    let records = |seed: u64| {
        (0..=50).map(move |iteration| IterationRecord {
            train_accuracy: Some(0.9 + 0.001 * seed as f64),
            test_accuracy: Some(0.9),
            ..fixture::record(iteration, 1.0)
        })
    };
    for seed in 0..3 {
        state.apply(RunUpdate::Iterations {
            trial: fixture::id(1, seed),
            records: records(seed).collect(),
        });
    }
    let text = fixture::text(&mut state, 120, 40);
    let ends = text
        .lines()
        .filter(|line| line.contains("test") || line.contains("train"));
    let words = ends.flat_map(|line| line.split(|c: char| !c.is_ascii_alphabetic()));
    let words: Vec<&str> = words
        .filter(|word| word.contains("test") || word.contains("rain"))
        .collect();
    assert!(
        words.iter().filter(|word| **word == "test").count() >= 2,
        "{text}"
    );
    assert!(
        !words
            .iter()
            .any(|word| word.starts_with("tt") || *word == "ttest"),
        "{text}"
    );
}
