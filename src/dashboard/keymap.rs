//! Keys by name, and the keys that a user has moved elsewhere.

use std::collections::BTreeMap;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Keys with names, beside characters.
const NAMED: [KeyCode; 14] = [
    KeyCode::Enter,
    KeyCode::Esc,
    KeyCode::Tab,
    KeyCode::BackTab,
    KeyCode::Backspace,
    KeyCode::Delete,
    KeyCode::Up,
    KeyCode::Down,
    KeyCode::Left,
    KeyCode::Right,
    KeyCode::PageUp,
    KeyCode::PageDown,
    KeyCode::Home,
    KeyCode::End,
];

/// A key as a person writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// A character.
    Char(char),
    /// A character with Ctrl.
    Ctrl(char),
    /// Another key.
    Code(KeyCode),
}

impl Key {
    pub(crate) fn of(event: KeyEvent) -> Self {
        match event.code {
            KeyCode::Char(character) if event.modifiers.contains(KeyModifiers::CONTROL) => {
                Self::Ctrl(character.to_ascii_lowercase())
            }
            KeyCode::Char(character) => Self::Char(character),
            code => Self::Code(code),
        }
    }

    /// The name: `x`, `space`, `^X`, `page down`, `f5`.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Char(' ') => "space".to_owned(),
            Self::Char(character) => character.to_string(),
            Self::Ctrl(character) => format!("^{}", character.to_ascii_uppercase()),
            Self::Code(KeyCode::BackTab) => "shift-tab".to_owned(),
            Self::Code(code) => code.to_string().to_lowercase(),
        }
    }

    /// The key with this name.
    fn named(name: &str) -> Option<Self> {
        let mut characters = name.chars();
        match (characters.next(), characters.next(), characters.next()) {
            (Some(character), None, _) if !character.is_control() => {
                return Some(Self::Char(character));
            }
            (Some('^'), Some(character), None) if character.is_ascii_alphabetic() => {
                return Some(Self::Ctrl(character.to_ascii_lowercase()));
            }
            _ => {}
        }
        (NAMED.into_iter().chain((1..=12).map(KeyCode::F)))
            .map(Self::Code)
            .chain([Self::Char(' ')])
            .find(|key| key.name() == name)
    }
}

/// Keys that a user has moved: what one key did by default is done by another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyMap {
    /// Default key and the key in its place.
    moved: Vec<(Key, Key)>,
}

impl KeyMap {
    /// Reads pairs of a default key and the key in its place. `bound` says what a key does by
    /// default.
    ///
    /// # Errors
    /// When a name is not a key, when the default key is not bound, or when the other one is taken.
    pub(crate) fn read(
        pairs: &BTreeMap<String, String>,
        bound: impl Fn(Key) -> Option<&'static str>,
    ) -> Result<Self, String> {
        let key = |name: &str| {
            Key::named(name).ok_or_else(|| {
                format!("keys: {name:?} is not a key; write for example x, space, ^X, enter, page down or f5")
            })
        };
        let mut moved = Vec::with_capacity(pairs.len());
        for (default, other) in pairs {
            let (default, other) = (key(default)?, key(other)?);
            if bound(default).is_none() {
                return Err(format!(
                    "keys: {} is not bound by default; press ? in the dashboard for the list of keys",
                    default.name()
                ));
            }
            moved.push((default, other));
        }
        for &(default, other) in &moved {
            let freed = moved.iter().any(|(default, _)| *default == other);
            let twice = moved.iter().filter(|(_, key)| *key == other).count() > 1;
            let taken = bound(other).filter(|_| !freed);
            if let Some(help) = taken.or(twice.then_some("something else")) {
                return Err(format!(
                    "keys: {} cannot replace {}: it is already used for: {help}",
                    other.name(),
                    default.name()
                ));
            }
        }
        Ok(Self { moved })
    }

    /// The default key that a pressed key stands for.
    pub(crate) fn default_of(&self, pressed: Key) -> Option<Key> {
        let stands_for = self.moved.iter().find(|(_, other)| *other == pressed);
        match stands_for {
            Some((default, _)) => Some(*default),
            None if self.moved.iter().any(|(default, _)| *default == pressed) => None,
            None => Some(pressed),
        }
    }

    /// The key to press for what a default key does.
    pub(crate) fn in_place_of(&self, default: Key) -> Key {
        let moved = self.moved.iter().find(|(key, _)| *key == default);
        moved.map_or(default, |(_, other)| *other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<KeyMap, String> {
        let pairs = (pairs.iter())
            .map(|(default, other)| ((*default).to_owned(), (*other).to_owned()))
            .collect();
        KeyMap::read(&pairs, |key| match key {
            Key::Char('s') => Some("sort"),
            Key::Char('q') => Some("quit"),
            Key::Code(KeyCode::PageDown) => Some("down"),
            _ => None,
        })
    }

    #[test]
    fn a_moved_key_leaves_its_place() {
        let map = read(&[("s", "q"), ("q", "^X"), ("page down", "f5")]).expect("the keys exist");
        assert_eq!(map.default_of(Key::Char('q')), Some(Key::Char('s')));
        assert_eq!(map.default_of(Key::Ctrl('x')), Some(Key::Char('q')));
        assert_eq!(map.default_of(Key::Char('s')), None);
        assert_eq!(map.default_of(Key::Char('j')), Some(Key::Char('j')));
        assert_eq!(map.in_place_of(Key::Char('q')).name(), "^X");
        assert_eq!(map.in_place_of(Key::Code(KeyCode::PageDown)).name(), "f5");
    }

    #[test]
    fn what_cannot_be_is_said() {
        for (pairs, word) in [
            (&[("s", "strg-x")][..], "is not a key"),
            (&[("j", "x")], "is not bound"),
            (&[("s", "q")], "quit"),
            (&[("s", "x"), ("q", "x")], "something else"),
        ] {
            let error = read(pairs).expect_err("the keys are wrong");
            assert!(error.contains(word), "{error}");
        }
    }
}
