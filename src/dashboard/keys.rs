//! One table of keys: it decides what a key does and is what the help and the footer show.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

use super::action::{Action, View};
use super::keymap::Key;
use super::state::{Prompt, State};

/// Where a binding counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In every view.
    Everywhere,
    /// In these views.
    In(&'static [View]),
    /// While text is typed.
    Typing,
    /// While one of several entries is chosen by typing.
    Choosing,
    /// While something is told.
    Told,
    /// While a question waits.
    Question,
    /// While the question is how to leave.
    Leaving,
    /// While the help is shown.
    Help,
}

/// A line of the table.
struct Binding {
    place: Place,
    keys: &'static [Key],
    action: Action,
    /// What it does, in the help.
    help: &'static str,
    /// What it does, in the footer; empty: not there.
    hint: &'static str,
}

const fn bind(
    place: Place,
    keys: &'static [Key],
    action: Action,
    help: &'static str,
    hint: &'static str,
) -> Binding {
    Binding {
        place,
        keys,
        action,
        help,
        hint,
    }
}

use Key::{Char, Code, Ctrl};
use Place::{Everywhere, In};

const LIST: Place = In(&[View::Overview]);
const CURVES: Place = In(&[View::Convergence]);
const PARAMETERS: Place = In(&[View::Margins, View::Table]);
const CHOICES: Place = In(&[
    View::Convergence,
    View::Compression,
    View::Margins,
    View::Table,
]);
const TRIAL: Place = In(&[View::Overview, View::Trial]);
const RUN: Place = In(&[View::Overview, View::Trial, View::Machine]);

/// All keys, in the order of the help. One line per action: a table, not code.
#[rustfmt::skip]
static BINDINGS: &[Binding] = &[
    bind(Everywhere, &[Char('q')], Action::Leave, "quit; the run continues", "quit"),
    bind(Everywhere, &[Char('?')], Action::Help, "show all keys", "help"),
    bind(Everywhere, &[Char(':')], Action::Palette, "command palette", ""),
    bind(Everywhere, &[Ctrl('c')], Action::Interrupt, "quit, or choose to stop the run", ""),
    bind(Everywhere, &[Ctrl('z')], Action::Suspend, "suspend (fg resumes)", ""),
    bind(Everywhere, &[Ctrl('l')], Action::Repaint, "redraw the screen", ""),
    bind(Everywhere, &[Char('1')], Action::Show(View::Overview), "overview (2 to 7: the other views)", ""),
    bind(Everywhere, &[Char('2')], Action::Show(View::Convergence), "", ""),
    bind(Everywhere, &[Char('3')], Action::Show(View::Compression), "", ""),
    bind(Everywhere, &[Char('4')], Action::Show(View::Margins), "", ""),
    bind(Everywhere, &[Char('5')], Action::Show(View::Table), "", ""),
    bind(Everywhere, &[Char('6')], Action::Show(View::Trial), "", ""),
    bind(Everywhere, &[Char('7')], Action::Show(View::Machine), "", ""),
    bind(Everywhere, &[Code(KeyCode::Tab)], Action::NextView, "next view", ""),
    bind(Everywhere, &[Code(KeyCode::BackTab)], Action::PreviousView, "previous view", ""),
    bind(Everywhere, &[Char('j'), Code(KeyCode::Down)], Action::Move(1), "next row", ""),
    bind(Everywhere, &[Char('k'), Code(KeyCode::Up)], Action::Move(-1), "previous row", ""),
    bind(Everywhere, &[Ctrl('d'), Code(KeyCode::PageDown)], Action::MovePage(1), "one screen down", ""),
    bind(Everywhere, &[Ctrl('u'), Code(KeyCode::PageUp)], Action::MovePage(-1), "one screen up", ""),
    bind(Everywhere, &[Char('g'), Code(KeyCode::Home)], Action::First, "first row", ""),
    bind(Everywhere, &[Char('G'), Code(KeyCode::End)], Action::Last, "last row", ""),
    bind(Everywhere, &[Code(KeyCode::Esc)], Action::Back, "back; in the overview: clear the filter", ""),
    bind(Everywhere, &[Char(' ')], Action::Mark, "mark for comparison", "mark"),
    bind(Everywhere, &[Char('u')], Action::Unmark, "clear all marks", ""),
    bind(Everywhere, &[Char('T')], Action::Theme, "next theme", ""),
    bind(LIST, &[Char('l'), Code(KeyCode::Right), Code(KeyCode::Enter)], Action::Expand, "open the setting (its seeds) or the trial", "open"),
    bind(LIST, &[Char('h'), Code(KeyCode::Left)], Action::Collapse, "close the setting", ""),
    bind(LIST, &[Char('s')], Action::Sort(1), "sort by the next column", "sort"),
    bind(LIST, &[Char('S')], Action::Sort(-1), "sort by the previous column", ""),
    bind(LIST, &[Char('r')], Action::Reverse, "reverse the order", ""),
    bind(LIST, &[Char('/')], Action::Filter, "filter: words, or column>value", "filter"),
    bind(CHOICES, &[Char(']'), Char('m')], Action::Choose(1), "next picture or metric", "picture/metric"),
    bind(CHOICES, &[Char('['), Char('M')], Action::Choose(-1), "previous picture or metric", ""),
    bind(CURVES, &[Char('h'), Code(KeyCode::Left)], Action::Cursor(-1), "move the cursor left", "cursor"),
    bind(CURVES, &[Char('l'), Code(KeyCode::Right)], Action::Cursor(1), "move the cursor right", ""),
    bind(CURVES, &[Char('+')], Action::Zoom(1), "zoom in on the last iterations", "zoom"),
    bind(CURVES, &[Char('-')], Action::Zoom(-1), "zoom out", ""),
    bind(CURVES, &[Char('x')], Action::LogIterations, "logarithmic or linear iterations", "log x"),
    bind(CURVES, &[Char('y')], Action::LogValues, "logarithmic or linear values", "log y"),
    bind(CURVES, &[Char('b')], Action::Band, "mean and band over seeds, or every seed", "band"),
    bind(PARAMETERS, &[Char('a')], Action::ChooseRows(1), "next setting in the rows", "rows"),
    bind(PARAMETERS, &[Char('A')], Action::ChooseRows(-1), "previous setting in the rows", ""),
    bind(PARAMETERS, &[Char('o')], Action::ChooseColumns(1), "next setting in the columns", "columns"),
    bind(PARAMETERS, &[Char('O')], Action::ChooseColumns(-1), "previous setting in the columns", ""),
    bind(In(&[View::Margins]), &[Char('f')], Action::Band, "average the other settings, or fix them", "average/fix"),
    bind(In(&[View::Table]), &[Char('e')], Action::Export, "save the table in the run directory", "save"),
    bind(TRIAL, &[Char('p')], Action::Pause, "pause or resume the selected trials", "pause"),
    bind(TRIAL, &[Char('c')], Action::Cancel, "cancel the selected trials", "cancel"),
    bind(TRIAL, &[Char('R')], Action::Retry, "rerun the selected trials", "rerun"),
    bind(RUN, &[Char('P')], Action::PauseRun, "pause or resume the run", ""),
    bind(RUN, &[Char('X')], Action::StopRun, "stop the run, keeping checkpoints", "stop the run"),
    bind(RUN, &[Char('J')], Action::Jobs, "set the number of trials at once", "jobs"),
    bind(Place::Typing, &[Code(KeyCode::Enter)], Action::Accept, "", "accept"),
    bind(Place::Typing, &[Code(KeyCode::Esc), Ctrl('c')], Action::Back, "", "cancel"),
    bind(Place::Typing, &[Code(KeyCode::Backspace), Ctrl('h')], Action::Erase, "", ""),
    bind(Place::Typing, &[Ctrl('u')], Action::EraseAll, "", ""),
    bind(Place::Choosing, &[Code(KeyCode::Down), Code(KeyCode::Tab)], Action::Move(1), "", "next"),
    bind(Place::Choosing, &[Code(KeyCode::Up), Code(KeyCode::BackTab)], Action::Move(-1), "", ""),
    bind(Place::Told, &[Code(KeyCode::Enter), Code(KeyCode::Esc), Char('q'), Char(' ')], Action::Back, "", "close"),
    bind(Place::Told, &[Ctrl('c')], Action::Leave, "", ""),
    bind(Place::Question, &[Char('y'), Code(KeyCode::Enter)], Action::Accept, "", "yes"),
    bind(Place::Question, &[Char('n'), Code(KeyCode::Esc), Ctrl('c'), Char('q')], Action::Back, "", "no"),
    bind(Place::Leaving, &[Char('d'), Ctrl('c'), Char('q')], Action::Leave, "", "quit, the run continues"),
    bind(Place::Leaving, &[Char('s')], Action::StopRun, "", "stop the run and quit"),
    bind(Place::Leaving, &[Code(KeyCode::Esc)], Action::Back, "", "stay"),
    bind(Place::Help, &[Char('j'), Code(KeyCode::Down)], Action::Move(1), "", "down"),
    bind(Place::Help, &[Char('k'), Code(KeyCode::Up)], Action::Move(-1), "", "up"),
    bind(Place::Help, &[Ctrl('d'), Code(KeyCode::PageDown)], Action::MovePage(1), "", "page down"),
    bind(Place::Help, &[Ctrl('u'), Code(KeyCode::PageUp)], Action::MovePage(-1), "", "page up"),
    bind(Place::Help, &[Char('?'), Code(KeyCode::Esc), Char('q'), Code(KeyCode::Enter)], Action::Back, "", "close"),
    bind(Place::Help, &[Ctrl('c')], Action::Leave, "", ""),
];

impl Place {
    fn counts(self, state: &State) -> bool {
        match (&state.prompt, self) {
            (None, Everywhere) => true,
            (None, In(views)) => views.contains(&state.view),
            (Some(Prompt::Help { .. }), place) => place == Self::Help,
            (Some(Prompt::Filter { .. } | Prompt::Jobs { .. }), place) => place == Self::Typing,
            (Some(Prompt::Palette { .. }), place) => {
                matches!(place, Self::Typing | Self::Choosing)
            }
            (Some(Prompt::Refusal { .. }), place) => place == Self::Told,
            (Some(Prompt::Confirm { .. }), place) => place == Self::Question,
            (Some(Prompt::Leave), place) => place == Self::Leaving,
            (None, _) => false,
        }
    }
}

/// What a key asks for, in the view and the prompt at hand.
pub fn action_for(event: KeyEvent, state: &State) -> Option<Action> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let pressed = Key::of(event);
    // Moved keys count in the views; answers are given with the usual keys.
    let key = if state.prompt.is_none() {
        state.keys.default_of(pressed)?
    } else {
        pressed
    };
    let bound = (BINDINGS.iter())
        .find(|binding| binding.place.counts(state) && binding.keys.contains(&key));
    match (bound, key) {
        (Some(binding), _) => Some(binding.action),
        (None, Char(character)) if state.is_typing() => Some(Action::Type(character)),
        _ => None,
    }
}

/// What a key does by default in some view.
pub(crate) fn default_help(key: Key) -> Option<&'static str> {
    (BINDINGS.iter())
        .find(|binding| matches!(binding.place, Everywhere | In(_)) && binding.keys.contains(&key))
        .map(|binding| binding.help)
}

/// Something that can be done in a view.
pub(crate) struct Entry {
    /// The keys that do it.
    pub keys: String,
    /// What it does; empty for what goes without saying.
    pub help: &'static str,
    /// What it asks for.
    pub action: Action,
}

/// All that can be done in the view at hand: what only this view has comes first.
pub(crate) fn entries(state: &State) -> impl Iterator<Item = Entry> {
    let own =
        |binding: &&Binding| matches!(binding.place, In(views) if views.contains(&state.view));
    let shared = |binding: &&Binding| binding.place == Everywhere;
    (BINDINGS.iter().filter(own))
        .chain(BINDINGS.iter().filter(shared))
        .map(|binding| {
            let names: Vec<String> = (binding.keys.iter())
                .map(|key| state.keys.in_place_of(*key).name())
                .collect();
            Entry {
                keys: names.join(" "),
                help: binding.help,
                action: binding.action,
            }
        })
}

/// The lines of the help: keys and what they do.
pub(crate) fn help(state: &State) -> Vec<(String, &'static str)> {
    entries(state)
        .filter(|entry| !entry.help.is_empty())
        .map(|entry| (entry.keys, entry.help))
        .collect()
}

/// The hints for the footer: a key and what it does.
pub(crate) fn hints(state: &State) -> Vec<(String, &'static str)> {
    (BINDINGS.iter())
        .filter(|binding| !binding.hint.is_empty() && binding.place.counts(state))
        .map(|binding| {
            let key = binding.keys[0];
            let key = if state.prompt.is_none() {
                state.keys.in_place_of(key)
            } else {
                key
            };
            (key.name(), binding.hint)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use ratatui::crossterm::event::KeyModifiers;

    use super::*;

    fn overlap(a: Place, b: Place) -> bool {
        match (a, b) {
            (In(a), In(b)) => a.iter().any(|view| b.contains(view)),
            (Everywhere, In(_))
            | (In(_), Everywhere)
            | (Place::Typing, Place::Choosing)
            | (Place::Choosing, Place::Typing) => true,
            (a, b) => a == b,
        }
    }

    #[test]
    fn no_key_means_two_things() {
        for (position, a) in BINDINGS.iter().enumerate() {
            for b in &BINDINGS[position + 1..] {
                let shared = a.keys.iter().find(|key| b.keys.contains(key));
                assert!(
                    shared.is_none() || !overlap(a.place, b.place),
                    "{} means {:?} and {:?}",
                    shared.map_or(String::new(), |key| key.name()),
                    a.action,
                    b.action
                );
            }
        }
    }

    #[test]
    fn letters_are_text_while_a_filter_is_typed() {
        let mut state = State::default();
        let press =
            |state: &State, code| action_for(KeyEvent::new(code, KeyModifiers::NONE), state);
        assert_eq!(press(&state, KeyCode::Char('q')), Some(Action::Leave));
        state.handle(Action::Filter);
        assert_eq!(press(&state, KeyCode::Char('q')), Some(Action::Type('q')));
        assert_eq!(press(&state, KeyCode::Esc), Some(Action::Back));
    }
}
