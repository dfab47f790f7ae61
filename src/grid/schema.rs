//! Which keys a map can take where that depends on another key of the map: the method of a compression or of training, the source of
//! data, where initial weights come from.

use std::rc::Rc;

use super::tree::Node;
use crate::compress::CompressionSettings;
use crate::data::DataSettings;
use crate::grid::MethodSettings;
use crate::network::InitSettings;

/// The maps of a trial's settings.
pub(super) const ROOTS: [&str; 4] = ["data", "model", "solver", "compression"];

/// The map whose other keys depend on the setting at this path: the map itself where the path names it whole, its parent
/// where the path names the deciding key.
pub(super) fn decided_map(path: &[Rc<str>]) -> Option<&[Rc<str>]> {
    let keys: Vec<&str> = path.iter().map(|key| &**key).collect();
    match keys.as_slice() {
        ["compression" | "data" | "model" | "solver"] | ["model", "conv" | "init"] => Some(path),
        ["compression" | "solver", "method"]
        | ["solver", "batch_size" | "recipe"]
        | ["data", "source"]
        | ["model", "init", "weights"] => Some(&path[..path.len() - 1]),
        _ => None,
    }
}

/// Whether the settings can take a value at this path. A path that no map could ever take counts as taken, so that it is
/// reported as unknown and not passed over.
pub(super) fn takes(settings: &Node, path: &[Rc<str>]) -> bool {
    let given = |path: &[&str]| {
        let node = path
            .iter()
            .try_fold(settings, |node, key| node.get(key).map(|child| &**child));
        node.filter(|node| !node.is_null())
    };
    let text = |path: &[&str]| Some(given(path)?.as_scalar()?.text.as_str());
    let keys: Vec<&str> = path.iter().map(|key| &**key).collect();
    match keys.as_slice() {
        ["compression", key, ..] if CompressionSettings::is_key(key) => {
            let method = text(&["compression", "method"]).and_then(CompressionSettings::keys);
            method.is_none_or(|keys| keys.contains(key))
        }
        ["solver", key, ..] if MethodSettings::is_key(key) => {
            let of_solver = |key: &str| text(&["solver", key]);
            let is_named = |key: &str| given(&["solver", key]).is_some();
            MethodSettings::takes(of_solver("method"), of_solver, is_named, key)
        }
        ["data", key, ..] => {
            text(&["data", "source"]).is_none_or(|source| DataSettings::takes(source, key))
        }
        ["model", "conv", _, ..] => given(&["model", "conv"]).is_some(),
        ["model", "init", key] => {
            InitSettings::takes(given(&["model", "init", "weights"]).is_some(), key)
        }
        _ => true,
    }
}
