//! Short forms: `data` as a file name alone or with files instead of numbers of samples, and no `model` at all.

use std::rc::Rc;

use super::tree::{Entry, Node, Value};

/// Widths of the hidden layers where a grid file says nothing of its network.
const HIDDEN: [usize; 2] = [64, 64];

/// The settings with the short forms written out.
pub(super) fn in_full(settings: &Rc<Node>) -> Rc<Node> {
    let Some(data) = settings.get("data") else {
        return Rc::clone(settings);
    };
    let mut entries: Vec<Entry> = (settings.as_map().unwrap_or_default().iter())
        .map(|entry| match &*entry.key {
            "data" => Entry {
                value: data_in_full(data),
                ..entry.clone()
            },
            _ => entry.clone(),
        })
        .collect();
    if settings.entry("model").is_none() {
        let width = |width: &usize| Node::scalar(settings.span, width.to_string(), true);
        let hidden = Value::List(HIDDEN.iter().map(width).collect());
        let hidden = entry(
            "hidden",
            settings,
            Rc::new(Node::new(settings.span, hidden)),
        );
        let model = Node::map(settings.span, vec![hidden]);
        entries.push(entry("model", settings, model));
    }
    Node::map(settings.span, entries)
}

fn entry(key: &str, at: &Node, value: Rc<Node>) -> Entry {
    Entry {
        key: key.into(),
        key_span: at.span,
        value,
    }
}

/// `digits` is `{source: digits}`, `mine.csv` is `{source: file, path: mine.csv}`, and so is `{path: mine.csv}`; `{train: a.csv, test: b.csv}` is
/// `{source: file, path: a.csv, test_path: b.csv}`.
fn data_in_full(data: &Rc<Node>) -> Rc<Node> {
    let word = |at: &Node, text: &str| Node::scalar(at.span, text.to_owned(), true);
    if data
        .as_scalar()
        .is_some_and(|scalar| scalar.text == "digits")
    {
        return Node::map(data.span, vec![entry("source", data, Rc::clone(data))]);
    }
    if is_file_name(data) {
        let source = entry("source", data, word(data, "file"));
        let path = entry("path", data, Rc::clone(data));
        return Node::map(data.span, vec![source, path]);
    }
    let Some(entries) = data.as_map() else {
        return Rc::clone(data);
    };
    let has = |key: &str| data.get(key).is_some_and(|node| !node.is_null());
    let means_files = !has("source") && !has("csv");
    let mut full = Vec::with_capacity(entries.len() + 1);
    let mut names_file = has("path");
    for given in entries {
        let key = match &*given.key {
            "train" if means_files && !has("path") && is_file_name(&given.value) => "path",
            "test" if means_files && !has("test_path") && is_file_name(&given.value) => "test_path",
            other => other,
        };
        names_file |= key == "path";
        full.push(Entry {
            key: key.into(),
            ..given.clone()
        });
    }
    if names_file && means_files {
        full.insert(0, entry("source", data, word(data, "file")));
    } else if !has("source") && has("csv") {
        full.insert(0, entry("source", data, word(data, "csv")));
    }
    Node::map(data.span, full)
}

/// Whether a value is text that can only be the name of a file: no number, and nothing empty.
fn is_file_name(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| {
        !scalar.is_null()
            && !scalar.text.trim().is_empty()
            && scalar.boolean().is_none()
            && scalar.float().is_none()
    })
}

#[cfg(test)]
mod tests {
    use crate::data::Source;
    use crate::grid::{Trial, plan_from_text};

    #[test]
    fn a_grid_without_a_network_has_a_usual_one() {
        let hidden = |grid: &str| {
            let plan = plan_from_text(grid, "g.yaml".as_ref());
            let plan = plan.unwrap_or_else(|error| panic!("{error}"));
            let hidden = |trial: &Trial| trial.settings.model.hidden.clone();
            plan.trials.iter().map(hidden).collect::<Vec<_>>()
        };
        assert_eq!(hidden("data: mine.csv\n"), [[64, 64]]);
        let swept = "data: mine.csv\ngrid: {model.hidden: [[8, 8], [9, 9]]}\n";
        assert_eq!(hidden(swept), [[8, 8], [9, 9]]);
        let maps = "data: mine.csv\ngrid: {model: [{hidden: [7, 7]}]}\n";
        assert_eq!(hidden(maps), [[7, 7]]);
        assert!(
            plan_from_text("data: mine.csv\nmodel: {bias: true}\n", "g.yaml".as_ref()).is_err()
        );
    }

    #[test]
    fn a_file_name_says_it_all() {
        let data = |text: &str| {
            let grid = format!("data: {text}\nmodel: {{hidden: [4]}}\n");
            let plan = plan_from_text(&grid, "g.yaml".as_ref());
            let plan = plan.unwrap_or_else(|error| panic!("{error}"));
            plan.trials[0].settings.data.clone()
        };
        let short = data("mine.csv");
        assert_eq!(short.source, Source::File);
        assert_eq!(short.path.as_deref(), Some("mine.csv".as_ref()));
        assert_eq!(data("{path: mine.csv}"), short);
        assert_eq!(data("{source: file, path: mine.csv}"), short);
        let two = data("{train: a.csv, test: b.csv, validation: 5}");
        assert_eq!(two.path.as_deref(), Some("a.csv".as_ref()));
        assert_eq!(two.test_path.as_deref(), Some("b.csv".as_ref()));
        assert_eq!((two.train, two.validation), (None, Some(5)));
        assert_eq!(data("{csv: {train: a.csv}}").source, Source::Csv);
        assert_eq!(data("digits"), data("{source: digits}"));
    }
}
