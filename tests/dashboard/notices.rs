//! What the dashboard says of trials that end well and are of no use.

use crate::fixture::{self, shown, with_rows};
use nnbcd::dashboard::state::Look;
use nnbcd::dashboard::{Action, View};
use nnbcd::store::{RunUpdate, TrialRow, TrialStatus};

fn row(id: &str, seed: u64, swept: [&str; 3], notices: &str) -> TrialRow {
    TrialRow {
        trial: id.to_owned(),
        status: TrialStatus::Done,
        seed,
        swept: swept.map(str::to_owned).to_vec(),
        test_accuracy: Some(0.9),
        notices: notices.to_owned(),
        ..TrialRow::default()
    }
}

#[test]
fn a_bad_network_has_a_mark_beside_its_state_and_sentences_in_its_view() {
    let rows = vec![
        row("t0", 0, ["none", "1", ""], ""),
        row("t1", 0, ["none", "2", ""], "majority steps-back"),
    ];
    let mut state = with_rows(&["compression.method", "solver.step", "x"], rows);
    let wide = shown(&mut state, View::Overview, 150, 30);
    assert!(wide.contains("✓ done !"), "{wide}");
    assert_eq!(wide.matches("done !").count(), 1, "{wide}");
    let narrow = shown(&mut state, View::Overview, 80, 24);
    assert_eq!(narrow.matches("✓!").count(), 1, "{narrow}");
    assert!(!narrow.contains("most frequent class"), "{narrow}");
    state.handle(Action::Move(1));
    let selected = shown(&mut state, View::Overview, 150, 30);
    assert!(
        selected.contains("! no better than always answering the most frequent class: check"),
        "{selected}"
    );
    let trial = shown(&mut state, View::Trial, 150, 40);
    for words in [
        "! no better than always answering the most frequent class: check labels",
        "! training went astray",
        "take a smaller solver.step",
    ] {
        assert!(trial.contains(words), "{words}:\n{trial}");
    }
    let ascii = Look {
        ascii: true,
        ..Look::default()
    };
    let mut state = fixture::state(ascii);
    state.apply(RunUpdate::Trials(nnbcd::store::TrialTable {
        swept: vec![],
        rows: vec![TrialRow {
            swept: vec![],
            ..row("t1", 0, [""; 3], "dead-units")
        }],
    }));
    let text = shown(&mut state, View::Overview, 80, 24);
    assert!(text.contains("+! "), "{text}");
}

#[test]
fn a_setting_has_the_mark_of_its_seeds() {
    let of = |seed, notices| row(&format!("t{seed}"), seed, ["none", "", ""], notices);
    let rows = vec![of(0, ""), of(1, "dead-units"), of(2, "")];
    let mut state = with_rows(&["compression.method", "a", "b"], rows);
    let text = shown(&mut state, View::Overview, 150, 30);
    assert_eq!(text.matches("done !").count(), 1, "{text}");
    assert!(text.contains("! seed 1: dead units"), "{text}");
}

#[test]
fn settings_that_change_together_are_said_once() {
    let rows = vec![
        row("t0", 0, ["auto", "", "1"], ""),
        row("t1", 0, ["all", "100", "1"], ""),
        row("t2", 0, ["auto", "", "2"], ""),
        row("t3", 0, ["all", "100", "2"], ""),
    ];
    let swept = ["solver.batch_size", "solver.iterations", "solver.step"];
    let mut state = with_rows(&swept, rows);
    let text = shown(&mut state, View::Overview, 150, 30);
    assert!(text.contains("batch_size=all step=1 "), "{text}");
    // The filter changes what is said, not what changes together.
    state.handle(Action::Filter);
    for character in "t3".chars() {
        state.handle(Action::Type(character));
    }
    state.handle(Action::Accept);
    let text = shown(&mut state, View::Overview, 150, 30);
    assert!(text.contains("batch_size=all step=2 "), "{text}");
    let text = shown(&mut state, View::Trial, 150, 40);
    assert!(text.contains("batch_size=auto: test accuracy"), "{text}");
}
