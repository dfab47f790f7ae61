//! Which trials `exclude` drops.

use serde_json::Value as Json;

use super::columns::lookup;
use super::document::Exclusion;
use super::error::{Fault, known_words};
use super::tree::{Node, Value};

/// The maps of `exclude`, with what they have met so far.
pub(super) struct Filter<'grid> {
    rules: Vec<Rule<'grid>>,
}

struct Rule<'grid> {
    exclusion: &'grid Exclusion,
    /// Per condition: some trial has the path.
    known: Vec<bool>,
    matched: bool,
}

impl<'grid> Filter<'grid> {
    pub(super) fn new(exclusions: &'grid [Exclusion]) -> Self {
        let rule = |exclusion: &'grid Exclusion| Rule {
            exclusion,
            known: vec![false; exclusion.conditions.len()],
            matched: false,
        };
        Self {
            rules: exclusions.iter().map(rule).collect(),
        }
    }

    /// Whether a trial with these settings is dropped. Every rule is tried, so that each is known to match something or not.
    pub(super) fn drops(&mut self, settings: &Json) -> bool {
        let mut dropped = false;
        for rule in &mut self.rules {
            dropped |= rule.drops(settings);
        }
        dropped
    }

    /// Refuses a path that no trial has.
    pub(super) fn refuse_unknown(&self, example: &Json) -> Result<(), Fault> {
        for rule in &self.rules {
            let conditions = rule.exclusion.conditions.iter().zip(&rule.known);
            if let Some(((path, _), _)) = conditions.into_iter().find(|(_, known)| !**known) {
                return Err(
                    Fault::new(&*path.text, "no trial of this grid has this setting")
                        .at(path.span)
                        .help(siblings(example, &path.text)),
                );
            }
        }
        Ok(())
    }

    /// The rules that dropped nothing.
    pub(super) fn idle(&self) -> impl Iterator<Item = &'grid Exclusion> {
        self.rules
            .iter()
            .filter(|rule| !rule.matched)
            .map(|rule| rule.exclusion)
    }
}

impl Rule<'_> {
    fn drops(&mut self, settings: &Json) -> bool {
        let mut all = true;
        for ((path, expected), known) in self.exclusion.conditions.iter().zip(&mut self.known) {
            let value = lookup(settings, path.keys.iter().map(|key| &**key));
            *known |= value.is_some();
            all &= value.is_some_and(|value| equal(expected, value));
        }
        self.matched |= all;
        all
    }
}

/// The keys beside an unknown one.
fn siblings(example: &Json, path: &str) -> String {
    let keys: Vec<&str> = path.split('.').collect();
    let depth = (0..keys.len())
        .take_while(|&depth| {
            lookup(example, keys[..depth].iter().copied()).is_some_and(Json::is_object)
        })
        .last()
        .unwrap_or_default();
    let map = lookup(example, keys[..depth].iter().copied()).and_then(Json::as_object);
    let known: Vec<&str> = map
        .into_iter()
        .flat_map(|map| map.keys().map(String::as_str))
        .collect();
    known_words("settings there", keys[depth], &known)
}

/// Whether a value of the grid file and a setting are the same: numbers by value, maps by the keys that the file names.
fn equal(expected: &Node, setting: &Json) -> bool {
    match (&expected.value, setting) {
        (Value::Scalar(scalar), Json::Number(number)) => match (scalar.whole(), number.as_u64()) {
            (Some(expected), Some(setting)) => expected == setting,
            _ => scalar.float() == number.as_f64(),
        },
        (Value::Scalar(scalar), Json::Bool(value)) => scalar.boolean() == Some(*value),
        (Value::Scalar(scalar), Json::String(text)) => scalar.text == *text,
        (Value::List(items), Json::Array(values)) => {
            items.len() == values.len()
                && items
                    .iter()
                    .zip(values)
                    .all(|(item, value)| equal(item, value))
        }
        (Value::Map(entries), Json::Object(map)) => (entries.iter()).all(|entry| {
            map.get(&*entry.key)
                .is_some_and(|value| equal(&entry.value, value))
        }),
        _ => false,
    }
}
