//! The palette: what can be done in a view, found by typing words of what it does.

use std::borrow::Cow;

use super::action::Action;
use super::keys;
use super::state::State;

/// Something to choose.
pub(crate) struct Choice {
    /// The keys that do the same.
    pub keys: String,
    /// What it does.
    pub words: Cow<'static, str>,
    /// What it asks for.
    pub action: Action,
}

/// What can be done in the view at hand and holds every typed word; the order is that of the help.
pub(crate) fn matching(state: &State, typed: &str) -> Vec<Choice> {
    let typed = typed.to_lowercase();
    (keys::entries(state))
        .filter(|entry| entry.action != Action::Palette)
        .map(|entry| Choice {
            keys: entry.keys,
            words: words(entry.action, entry.help),
            action: entry.action,
        })
        .filter(|choice| {
            let words = choice.words.to_lowercase();
            !words.is_empty() && typed.split_whitespace().all(|word| words.contains(word))
        })
        .collect()
}

/// The help says once for all views how they are reached.
fn words(action: Action, help: &'static str) -> Cow<'static, str> {
    match action {
        Action::Show(view) => format!("go to view: {}", view.name()).into(),
        _ => help.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::action::View;

    #[test]
    fn words_in_any_order_find_what_can_be_done_here() {
        let mut state = State::default();
        let found = |state: &State, typed| -> Vec<Action> {
            let choices = matching(state, typed).into_iter();
            choices.map(|choice| choice.action).collect()
        };
        assert_eq!(found(&state, "margins"), [Action::Show(View::Margins)]);
        assert_eq!(found(&state, "Run STOP checkpoints"), [Action::StopRun]);
        assert_eq!(found(&state, "logarithmic iterations"), []);
        state.handle(Action::Show(View::Convergence));
        let found = found(&state, "logarithmic iterations");
        assert_eq!(found, [Action::LogIterations]);
        assert!(matching(&state, "").len() > 20);
    }
}
