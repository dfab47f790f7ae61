//! The columns of the swept settings, and a trial's cells in them.

use std::collections::HashSet;
use std::rc::Rc;

use serde_json::Value as Json;

use super::document::Dimension;
use super::tree::{Node, Value};
use crate::grid::TrialSettings;

/// One column per leaf that some axis sets, in the order in which the grid names them.
pub(super) fn columns(dimensions: &[Dimension]) -> Vec<String> {
    let mut columns = Vec::new();
    let mut seen = HashSet::new();
    for axis in dimensions.iter().flat_map(|dimension| &dimension.axes) {
        for value in &axis.values {
            add_leaves(&axis.path.text, value, &mut |path| {
                if !seen.contains(path) {
                    seen.insert(path.to_owned());
                    columns.push(path.to_owned());
                }
            });
        }
    }
    columns
}

fn add_leaves(path: &str, value: &Rc<Node>, add: &mut dyn FnMut(&str)) {
    match &value.value {
        Value::Map(entries) => {
            for entry in entries {
                add_leaves(&format!("{path}.{}", entry.key), &entry.value, add);
            }
        }
        // Null takes a setting away, whatever it is; the other values of the axis tell its leaves.
        Value::Scalar(scalar) if scalar.is_null() => {}
        Value::Scalar(_) | Value::List(_) => add(path),
    }
}

/// A trial's cells; empty where it does not use the setting.
pub(super) fn cells(columns: &[String], settings: &TrialSettings, json: &Json) -> Vec<String> {
    let cell = |path: &String| match lookup(json, path.split('.')) {
        // Not a setting of its own, but where the others come from.
        None if path == "solver.recipe" => settings.solver.recipe().to_owned(),
        Some(value) if settings.uses(path) => shown(value),
        _ => String::new(),
    };
    columns.iter().map(cell).collect()
}

/// The value at a path of keys.
pub(super) fn lookup<'json, 'key>(
    json: &'json Json,
    mut keys: impl Iterator<Item = &'key str>,
) -> Option<&'json Json> {
    keys.try_fold(json, |value, key| value.get(key))
}

/// Text as it is, numbers as they read back to the same value, a list of these with spaces between, all else as JSON.
fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => shown_float(float),
            _ => number.to_string(),
        },
        Json::Array(items) if items.iter().all(Json::is_number) => {
            items.iter().map(shown).collect::<Vec<_>>().join(" ")
        }
        Json::Null => String::new(),
        Json::Array(_) | Json::Object(_) | Json::Bool(_) => value.to_string(),
    }
}

fn shown_float(value: f64) -> String {
    if value == 0.0 || (1e-4..1e16).contains(&value.abs()) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}
