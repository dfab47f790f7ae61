//! Which settings count and how they are told apart: failed ones, long ones, many of them.

use crate::fixture::{self, shown, with_rows};
use nnbcd::dashboard::state::{Documents, Look, State};
use nnbcd::dashboard::{Action, Theme, View};
use nnbcd::store::{
    IterationRecord, Liveness, RunUpdate, RunnerState, TrialRow, TrialStatus, TrialTable,
};

const ASCII: Look = Look {
    theme: Theme::Dark,
    ascii: true,
};

/// Two learning rates with three seeds each; all trials of the greater one failed at once, in a
/// state that looks better than any result.
fn diverged() -> State {
    let rows = (0..6_u64).map(|position| {
        let failed = position >= 3;
        TrialRow {
            trial: format!("t{position}"),
            status: if failed {
                TrialStatus::Failed
            } else {
                TrialStatus::Done
            },
            seed: position % 3,
            swept: vec![if failed { "1e30" } else { "0.01" }.to_owned()],
            objective: Some(if failed { 1.0 } else { 40.0 }),
            test_accuracy: Some(if failed { 0.99 } else { 0.91 }),
            compression_ratio: Some(if failed { 20.0 } else { 10.0 }),
            error: if failed { "not finite" } else { "" }.to_owned(),
            ..TrialRow::default()
        }
    });
    let mut state = with_rows(&["solver.learning_rate"], rows.collect());
    state.apply(fixture::runner(RunnerState::Ended));
    state.apply(RunUpdate::Liveness(Liveness::Gone));
    state
}

#[test]
fn failed_trials_are_neither_the_best_nor_on_the_front_nor_in_a_mean() {
    let mut state = diverged();
    let overview = shown(&mut state, View::Overview, 120, 30);
    assert!(
        overview.contains("best test accuracy 0.9100: learning_rate=0.01"),
        "{overview}"
    );
    assert!(
        state
            .summary()
            .contains("accuracy 0.9100: learning_rate=0.01")
    );
    let front = shown(&mut state, View::Compression, 150, 30);
    let listed = front.lines().filter(|line| line.contains("learning_rate="));
    let listed: Vec<&str> = listed.filter(|line| !line.contains("layers of")).collect();
    assert!(listed.iter().any(|line| line.contains("=0.01")), "{front}");
    assert!(!listed.iter().any(|line| line.contains("=1e30")), "{front}");
    let margins = shown(&mut state, View::Margins, 120, 30);
    assert!(!margins.contains("0.99"), "{margins}");
    state.handle(Action::Show(View::Overview));
    state.handle(Action::Move(1));
    let failed = shown(&mut state, View::Overview, 120, 30);
    assert!(failed.contains("mean of 0/3 seeds"), "{failed}");
    assert!(!failed.contains("0.99"), "{failed}");
}

#[test]
fn a_failed_seed_does_not_pull_the_mean_of_the_others() {
    let mut state = diverged();
    for (seed, objective) in [(0, 10.0), (1, 20.0), (2, 900.0)] {
        let records = (0..=4).map(|iteration| IterationRecord {
            objective,
            ..fixture::record(iteration, 1.0)
        });
        state.apply(RunUpdate::Iterations {
            trial: format!("t{seed}"),
            records: records.collect(),
        });
    }
    let text = shown(&mut state, View::Convergence, 100, 30);
    assert!(text.contains("F 310.0"), "{text}");
    state.apply(fixture::event(
        "t2",
        nnbcd::store::TrialEventKind::Ended {
            status: TrialStatus::Failed,
            error: None,
        },
    ));
    let text = shown(&mut state, View::Convergence, 100, 30);
    assert!(text.contains("F 15.00"), "{text}");
}

/// F is the sum of what stands beside it, and each is a mean over the same seeds.
#[test]
fn the_terms_of_the_objective_add_up_with_the_decay_of_weights() {
    let record = |iteration, scale: f64, decay: f64| IterationRecord {
        loss: 4.0 * scale,
        residual_v: Some(2.0 * scale),
        residual_u: Some(4.0 * scale),
        residual_w: 2.0 * scale,
        // gamma/2, rho/2 and tau/2 are 1/4, 1/2 and 1.
        gamma: Some(0.5),
        rho: Some(1.0),
        tau: Some(2.0),
        objective: 4.0 * scale + scale * scale * (1.0 + 8.0 + 4.0) + decay,
        ..fixture::record(iteration, 1.0)
    };
    let reading = |decay: f64| {
        let mut state = fixture::finished(Look::default());
        for (seed, scale) in [(0, 1.0), (1, 2.0), (2, 3.0)] {
            state.apply(RunUpdate::Iterations {
                trial: fixture::id(1, seed),
                records: (0..=3).map(|at| record(at, scale, decay * scale)).collect(),
            });
        }
        let text = shown(&mut state, View::Convergence, 120, 30);
        let line = text.lines().find(|line| line.contains("iteration 3:"));
        line.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    // Mean of scale: 2; of its square: 14/3.
    let line = reading(3.0);
    let terms = "F 74.67  data 8.000  act 4.667  lin 37.33  comp 18.67  decay 6.000";
    assert!(line.contains(terms), "{line}");
    let line = reading(0.0);
    assert!(
        line.contains("comp 18.67") && !line.contains("decay"),
        "{line}"
    );
}

const LONG: [&str; 5] = [
    "compression.method",
    "compression.rank",
    "solver.weight_decay",
    "solver.learning_rate_final",
    "model.hidden_layers",
];

/// Five settings of which each takes several values, all trials done.
fn long(look: Look) -> State {
    let mut rows = Vec::new();
    for method in ["tensor-train", "tensor-ring"] {
        for rank in ["8", "16"] {
            for decay in ["0.0001", "0.0002"] {
                for hidden in ["[256, 128, 64]", "[256, 128, 32]"] {
                    rows.push(TrialRow {
                        trial: format!("t{:03}", rows.len()),
                        status: TrialStatus::Done,
                        // The learning rate is swept over a single value.
                        swept: [method, rank, decay, "0.001", hidden]
                            .map(str::to_owned)
                            .to_vec(),
                        iterations: Some(100),
                        objective: Some(10.0),
                        test_accuracy: Some(0.9),
                        sparsity: Some(0.0),
                        compression_ratio: Some(2.0),
                        ..TrialRow::default()
                    });
                }
            }
        }
    }
    let mut state = fixture::state(look);
    state.apply(RunUpdate::Trials(TrialTable {
        swept: LONG.map(str::to_owned).to_vec(),
        rows,
    }));
    state.apply(fixture::runner(RunnerState::Ended));
    state.apply(RunUpdate::Liveness(Liveness::Gone));
    state
}

/// The part of every line of the list before the seed.
fn settings_on(text: &str) -> Vec<&str> {
    (text.lines())
        .filter_map(|line| line.split_once(" s0 "))
        // A quote, the mark and the sign of the state stand before.
        .map(|(setting, _)| {
            setting
                .trim_start_matches(|sign| "\">* ✓+".contains(sign))
                .trim()
        })
        .collect()
}

#[test]
fn settings_on_the_list_can_be_told_apart() {
    for (width, height) in [(80, 48), (100, 48), (200, 50)] {
        let text = shown(&mut long(Look::default()), View::Overview, width, height);
        let settings = settings_on(&text);
        let mut different = settings.clone();
        different.sort_unstable();
        different.dedup();
        assert!(settings.len() > 10, "{text}");
        assert_eq!(different.len(), settings.len(), "{text}");
        assert!(!text.contains("0.001 "), "the same in all rows:\n{text}");
        assert!(text.contains("accuracy"), "{text}");
    }
    let wide = shown(&mut long(Look::default()), View::Overview, 200, 50);
    assert!(
        wide.contains("tensor-train rank=8 weight_decay=0.0001 hidden_layers=[256, 128, 64] "),
        "{wide}"
    );
    let narrow = shown(&mut long(Look::default()), View::Overview, 80, 24);
    assert!(narrow.contains("setting: method rank"), "{narrow}");
}

#[test]
fn a_filter_leaves_out_of_the_labels_what_it_makes_the_same() {
    let mut state = long(Look::default());
    let filter = |state: &mut State, text: &str| {
        state.handle(Action::Filter);
        text.chars()
            .for_each(|character| drop(state.handle(Action::Type(character))));
        state.handle(Action::Accept);
    };
    filter(&mut state, "rank=8 method=tensor-train");
    let text = shown(&mut state, View::Overview, 200, 50);
    let row = "done      weight_decay=0.0001 hidden_layers=[256, 128, 64]";
    assert_eq!(settings_on(&text)[0], row, "{text}");
}

#[test]
fn columns_without_a_value_take_no_room() {
    let text = shown(&mut long(Look::default()), View::Overview, 200, 50);
    for absent in ["rate", "ETA", "balanced", "resid.u", "train "] {
        let names = text.lines().find(|line| line.contains("seeds"));
        let names = names.unwrap_or_else(|| panic!("{text}"));
        assert!(!names.contains(absent), "{absent}: {names}");
    }
    let running = shown(
        &mut fixture::running(Look::default()),
        View::Overview,
        200,
        50,
    );
    assert!(running.contains("ETA"), "{running}");
}

#[test]
fn the_table_asks_for_settings_that_leave_room_for_a_metric() {
    for (width, keys) in [(60, 1), (80, 4), (200, 4)] {
        let mut state = long(Look::default());
        shown(&mut state, View::Table, width, 24);
        let (table, request) = state.take_stale_table().expect("the table is new");
        assert_eq!(request.rows.len(), keys, "{request:?}");
        assert!(!request.rows.contains(&LONG[3].to_owned()), "{request:?}");
        let at: Vec<usize> = (request.rows.iter())
            .filter_map(|key| table.swept.iter().position(|path| path == key))
            .collect();
        let mut settings: Vec<Vec<&String>> = (table.rows.iter())
            .map(|row| at.iter().map(|&at| &row.swept[at]).collect())
            .collect();
        let widest = settings.iter().flatten().map(|cell| cell.len()).max();
        assert!(widest.is_some_and(|widest| widest + 20 < usize::from(width)));
        settings.sort_unstable();
        settings.dedup();
        assert_eq!(settings.len(), 16, "{settings:?}");
    }
}

#[test]
fn all_of_a_trial_can_be_seen_on_a_small_screen() {
    let mut state = long(Look::default());
    let config: Vec<String> = (0..30).map(|line| format!("key{line}: 1")).collect();
    state.show_documents(Documents {
        trial: "t000".to_owned(),
        config: config.join("\n")
            + "\nlong: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nseed: 7",
        log: vec!["x".repeat(200)],
    });
    let first = shown(&mut state, View::Trial, 80, 24);
    for words in ["compression_ratio 2.00", "key5: 1", "more lines below"] {
        assert!(first.contains(words), "{words}:\n{first}");
    }
    assert!(!first.contains("seed: 7"), "{first}");
    for _ in 0..9 {
        state.handle(Action::MovePage(1));
    }
    let last = fixture::text(&mut state, 80, 24);
    assert!(last.contains("seed: 7") && last.contains("aaa~ "), "{last}");
    state.handle(Action::MovePage(-1));
    assert_ne!(
        fixture::text(&mut state, 80, 24),
        last,
        "it did not scroll on after the end"
    );
    assert!(first.contains("xxx~"), "{first}");
    state.handle(Action::Move(1));
    let other = fixture::text(&mut state, 80, 24);
    assert!(
        other.contains("hidden_layers=[256, 128, 32]") || other.contains("128, 32]"),
        "{other}"
    );
}

#[test]
fn only_ascii_reaches_a_screen_that_has_nothing_else() {
    let mut state = long(ASCII);
    let mut table = fixture::table(|_, _| TrialStatus::Done);
    table.rows[0].swept[0] = "größe-大".to_owned();
    state.apply(RunUpdate::Trials(table));
    state.show_table("method  accuracy\nnone    0.971 ± 0.003\n… 3 more rows – in the table");
    for view in View::ALL {
        let text = shown(&mut state, view, 150, 30);
        assert!(text.is_ascii(), "{view:?}:\n{text}");
        if view == View::Table {
            assert!(
                text.contains("0.971 +-0.003 ") && text.contains("~ 3 more rows - in"),
                "{text}"
            );
        }
    }
    let front = shown(
        &mut fixture::finished(Look::default()),
        View::Compression,
        150,
        30,
    );
    assert!(front.contains('±') && !front.contains("+-"), "{front}");
}

/// A rank says something else under every method: each has a column, without being asked for.
#[test]
fn the_margins_of_a_rank_have_a_column_for_every_method_of_compression() {
    let cases = [("low-rank", "8", 0.91), ("tensor-train", "8", 0.72)];
    let rows = cases.map(|(method, rank, accuracy)| TrialRow {
        trial: method.to_owned(),
        status: TrialStatus::Done,
        swept: vec![rank.to_owned(), method.to_owned()],
        test_accuracy: Some(accuracy),
        ..TrialRow::default()
    });
    let swept = ["compression.rank", "compression.method"];
    let mut state = with_rows(&swept, rows.to_vec());
    let margins = shown(&mut state, View::Margins, 120, 30);
    for words in ["compression.rank (rows)", "low-rank", "0.9100", "0.7200"] {
        assert!(margins.contains(words), "{words}:\n{margins}");
    }
}
