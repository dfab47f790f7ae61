//! The YAML text as a tree in which every node knows where it was written.
//!
//! Grids are expanded on these trees: a value keeps its place in the file wherever the expansion puts it. Nodes are
//! shared, so an alias or a value used by many trials costs one reference.

use std::rc::Rc;

use super::error::Span;

/// Characters of a value that a message shows.
const SHOWN_CHARACTERS: usize = 60;

#[derive(Debug)]
pub(super) struct Node {
    pub span: Span,
    pub value: Value,
    /// Number of values in it, aliases counted as often as they are used.
    pub nodes: usize,
    /// Levels of nesting.
    pub depth: usize,
}

#[derive(Debug)]
pub(super) enum Value {
    Scalar(Scalar),
    List(Vec<Rc<Node>>),
    Map(Vec<Entry>),
}

#[derive(Debug)]
pub(super) struct Scalar {
    pub text: String,
    /// Not quoted: may be a number, a truth value or null.
    pub plain: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: Rc<str>,
    pub key_span: Span,
    pub value: Rc<Node>,
}

impl Scalar {
    pub(super) fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self.text.as_str() {
            "true" | "True" | "TRUE" if self.plain => Some(true),
            "false" | "False" | "FALSE" if self.plain => Some(false),
            _ => None,
        }
    }

    pub(super) fn float(&self) -> Option<f64> {
        if !self.plain {
            return None;
        }
        match self.text.as_str() {
            ".inf" | ".Inf" | ".INF" | "+.inf" => Some(f64::INFINITY),
            "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
            ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
            // Rust would also read "inf" and "infinity", which are text in YAML.
            text if text
                .bytes()
                .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) =>
            {
                text.parse().ok()
            }
            _ => None,
        }
    }

    /// A whole number >= 0, also when written as `1e3` or `200.0`.
    pub(super) fn whole(&self) -> Option<u64> {
        /// Up to here every whole number is a float.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if self.plain && self.text.bytes().all(|b| b.is_ascii_digit()) {
            return self.text.parse().ok();
        }
        let value = self.float()?;
        ((0.0..=EXACT).contains(&value) && value.fract() == 0.0).then_some(value as u64)
    }
}

impl Node {
    pub(super) fn new(span: Span, value: Value) -> Self {
        let measure = |children: &mut dyn Iterator<Item = &Rc<Node>>| {
            children.fold((1_usize, 1), |(nodes, depth), child| {
                (
                    nodes.saturating_add(child.nodes),
                    depth.max(child.depth + 1),
                )
            })
        };
        let (nodes, depth) = match &value {
            Value::Scalar(_) => (1, 1),
            Value::List(items) => measure(&mut items.iter()),
            Value::Map(entries) => measure(&mut entries.iter().map(|entry| &entry.value)),
        };
        Self {
            span,
            value,
            nodes,
            depth,
        }
    }

    pub(super) fn number(span: Span, value: f64) -> Rc<Self> {
        Self::scalar(span, value.to_string(), true)
    }

    pub(super) fn scalar(span: Span, text: String, plain: bool) -> Rc<Self> {
        Rc::new(Self::new(span, Value::Scalar(Scalar { text, plain })))
    }

    pub(super) fn map(span: Span, entries: Vec<Entry>) -> Rc<Self> {
        Rc::new(Self::new(span, Value::Map(entries)))
    }

    pub(super) fn as_scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    pub(super) fn as_list(&self) -> Option<&[Rc<Node>]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn as_map(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(Scalar::is_null)
    }

    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_map()?.iter().find(|entry| &*entry.key == key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Rc<Node>> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The node at a path of keys.
    pub(super) fn at(&self, path: &[Rc<str>]) -> Option<&Node> {
        path.iter()
            .try_fold(self, |node, key| node.get(key).map(|child| &**child))
    }

    /// The setting with this path (as in `solver.weight_decay[1]`).
    pub(super) fn find(&self, path: &str) -> Option<&Node> {
        let (node, missing) = self.nearest(path);
        (missing == 0).then_some(node)
    }

    /// Where the setting with this path was written; if it was not, where the map is that would hold it.
    pub(super) fn locate(&self, path: &str) -> Span {
        self.nearest(path).0.span
    }

    /// The deepest node on a path, and how many steps are missing below it.
    fn nearest(&self, path: &str) -> (&Node, usize) {
        let mut steps = path.split(['.', '[', ']']).filter(|step| !step.is_empty());
        let mut node = self;
        while let Some(step) = steps.next() {
            let child = match &node.value {
                Value::Map(_) => node.get(step),
                Value::List(items) => step.parse().ok().and_then(|at: usize| items.get(at)),
                Value::Scalar(_) => None,
            };
            match child {
                Some(child) => node = child,
                None => return (node, 1 + steps.count()),
            }
        }
        (node, 0)
    }

    /// The value as a message shows it.
    pub(super) fn shown(&self) -> String {
        let mut text = String::new();
        self.show(&mut text);
        if text.chars().count() > SHOWN_CHARACTERS {
            text = text.chars().take(SHOWN_CHARACTERS).collect();
            text.push('…');
        }
        text
    }

    fn show(&self, text: &mut String) {
        // The rest would be cut off anyway.
        if text.len() > 4 * SHOWN_CHARACTERS {
            return;
        }
        match &self.value {
            Value::Scalar(scalar) if !scalar.plain => {
                text.push('"');
                text.push_str(&scalar.text);
                text.push('"');
            }
            Value::Scalar(scalar) if scalar.text.is_empty() => text.push_str("an empty value"),
            Value::Scalar(scalar) => text.push_str(&scalar.text),
            Value::List(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    text.push_str(if index > 0 { ", " } else { "" });
                    item.show(text);
                }
                text.push(']');
            }
            Value::Map(entries) => {
                text.push('{');
                for (index, entry) in entries.iter().enumerate() {
                    text.push_str(if index > 0 { ", " } else { "" });
                    text.push_str(&entry.key);
                    text.push_str(": ");
                    entry.value.show(text);
                }
                text.push('}');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(text: &str) -> Scalar {
        Scalar {
            text: text.to_owned(),
            plain: true,
        }
    }

    #[test]
    fn numbers_are_read_as_yaml_writes_them() {
        for (text, float, whole) in [
            ("200", Some(200.0), Some(200)),
            ("1e3", Some(1000.0), Some(1000)),
            ("1.0e-6", Some(1e-6), None),
            ("-0", Some(0.0), Some(0)),
            (".5", Some(0.5), None),
            ("200.5", Some(200.5), None),
            ("-1", Some(-1.0), None),
            (
                "18446744073709551615",
                Some(18_446_744_073_709_551_615.0),
                Some(u64::MAX),
            ),
            (
                "18446744073709551616",
                Some(18_446_744_073_709_551_616.0),
                None,
            ),
            ("infinity", None, None),
            ("1_000", None, None),
            ("e", None, None),
            ("", None, None),
        ] {
            assert_eq!(scalar(text).float(), float, "{text}");
            assert_eq!(scalar(text).whole(), whole, "{text}");
        }
        let quoted = Scalar {
            text: "1".to_owned(),
            plain: false,
        };
        assert_eq!(quoted.float(), None);
    }
}
