//! The YAML text as a tree in which every node knows where it was written.
//!
//! Grids are expanded on these trees: a value keeps its place in the file wherever the expansion puts it. Nodes are
//! shared, so an alias or a value used by many trials costs one reference.

use std::collections::HashMap;
use std::rc::Rc;

use serde_saphyr::granit_parser::{
    ErrorKind, Event, Parser, ScalarStyle, ScanError, StrInput, StructureStyle,
};

use super::error::{Fault, Span};

/// Bound on the values of a file, aliases counted as often as they are used.
const MAX_NODES: usize = 2_000_000;
/// Bound on the nesting of a file.
const MAX_DEPTH: usize = 64;
/// Characters of a value that a message shows.
const SHOWN_CHARACTERS: usize = 60;

#[derive(Debug)]
pub(super) struct Node {
    pub span: Span,
    pub value: Value,
    nodes: usize,
    depth: usize,
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
    fn new(span: Span, value: Value) -> Self {
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

/// The tree of a YAML text with one document.
pub(super) fn parse(text: &str) -> Result<Rc<Node>, Box<Fault>> {
    let mut composer = Composer {
        parser: Parser::new_from_str(text),
        length: text.len(),
        anchors: HashMap::new(),
    };
    let mut root = None;
    loop {
        let (event, span) = composer.next()?;
        match event {
            Event::StreamEnd => break,
            Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
            _ if root.is_some() => {
                return Err(Fault::new("", "a second document starts here")
                    .at(span)
                    .help("a grid file holds one YAML document; remove the `---` line"));
            }
            event => root = Some(composer.node(event, span)?),
        }
    }
    root.ok_or_else(|| {
        Fault::new("", "the file is empty")
            .help("it needs at least `data: {source: digits}` and `model: {hidden: [256, 256]}`")
    })
}

struct Composer<'text> {
    parser: Parser<'text, StrInput<'text>>,
    length: usize,
    anchors: HashMap<usize, Rc<Node>>,
}

impl<'text> Composer<'text> {
    /// The next event that is not a comment, and its bytes.
    fn next(&mut self) -> Result<(Event<'text>, Span), Box<Fault>> {
        loop {
            let Some(event) = self.parser.next_event() else {
                let end = Span {
                    start: self.length,
                    end: self.length,
                };
                return Ok((Event::StreamEnd, end));
            };
            let (event, span) = event.map_err(|error| self.syntax_fault(&error))?;
            let bytes = span.byte_range().unwrap_or_default();
            let span = Span {
                start: bytes.start,
                end: bytes.end.max(bytes.start),
            };
            match event {
                // What is left out reads as `~`; a message should not show what nobody wrote.
                Event::Scalar(_, ScalarStyle::Plain, anchor, tag) if bytes.is_empty() => {
                    let nothing = Event::Scalar("".into(), ScalarStyle::Plain, anchor, tag);
                    return Ok((nothing, span));
                }
                Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(..)
                | Event::DocumentEnd
                | Event::Alias(_)
                | Event::Scalar(..)
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..)
                | Event::MappingEnd => return Ok((event, span)),
                _ => {}
            }
        }
    }

    fn syntax_fault(&self, error: &ScanError) -> Box<Fault> {
        let at = error.marker().byte_offset().unwrap_or(self.length);
        let help = match error.kind() {
            ErrorKind::UnknownAnchor => "name the value before it is used, as in `&name value`",
            _ => "check quotes, brackets and the indentation of this line and the one above",
        };
        Fault::new("", format!("not valid YAML: {}", error.info()))
            .at(Span {
                start: at,
                end: at + 1,
            })
            .help(help)
    }

    fn node(&mut self, event: Event<'text>, span: Span) -> Result<Rc<Node>, Box<Fault>> {
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag)
            | Event::SequenceStart(_, anchor, tag)
            | Event::MappingStart(_, anchor, tag) => (*anchor, tag.is_some()),
            _ => (0, false),
        };
        if tag {
            return Err(Fault::new("", "YAML tags have no meaning here")
                .at(span)
                .help("remove the `!…` in front of the value"));
        }
        let node = match event {
            Event::Scalar(text, style, ..) => {
                Node::scalar(span, text.into_owned(), style == ScalarStyle::Plain)
            }
            Event::SequenceStart(style, ..) => self.list(style, span)?,
            Event::MappingStart(style, ..) => self.mapping(style, span)?,
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) => Rc::clone(node),
                None => {
                    return Err(
                        Fault::new("", "this alias stands inside the value that it names")
                            .at(span)
                            .help("name a value that is complete before the alias"),
                    );
                }
            },
            _ => return Err(Fault::new("", "a value is expected here").at(span)),
        };
        if node.nodes > MAX_NODES || node.depth > MAX_DEPTH {
            return Err(Fault::new(
                "",
                format!("too large: more than {MAX_NODES} values or {MAX_DEPTH} levels, aliases expanded"),
            )
            .at(span)
            .help("use fewer aliases, or linspace, logspace and range in the place of long lists"));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        Ok(node)
    }

    fn list(&mut self, style: StructureStyle, start: Span) -> Result<Rc<Node>, Box<Fault>> {
        let mut items: Vec<Rc<Node>> = Vec::new();
        let end = loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                break span;
            }
            items.push(self.node(event, span)?);
        };
        let first = items.first().map(|item| item.span);
        Ok(Rc::new(Node::new(
            collection_span(style, start, end, first),
            Value::List(items),
        )))
    }

    fn mapping(&mut self, style: StructureStyle, start: Span) -> Result<Rc<Node>, Box<Fault>> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merged: Vec<Rc<Node>> = Vec::new();
        let mut first: HashMap<Rc<str>, Span> = HashMap::new();
        let end = loop {
            let (event, key_span) = self.next()?;
            let (key, plain): (Rc<str>, bool) = match event {
                Event::MappingEnd => break key_span,
                Event::Scalar(text, style, ..) => (text.into(), style == ScalarStyle::Plain),
                _ => {
                    return Err(Fault::new("", "a key is plain text")
                        .at(key_span)
                        .help("a key cannot be a list, a map or an alias"));
                }
            };
            let (event, span) = self.next()?;
            // An empty value has no bytes of its own: its key is the place to look at.
            let span = if span.end > span.start {
                span
            } else {
                key_span
            };
            let value = self.node(event, span)?;
            if plain && &*key == "<<" {
                merged.extend(merge_sources(&value)?);
                continue;
            }
            if first.insert(Rc::clone(&key), key_span).is_some() {
                return Err(Fault::new(&*key, "this key is given twice in the same map")
                    .at(key_span)
                    .help("keep one of the two"));
            }
            entries.push(Entry {
                key,
                key_span,
                value,
            });
        };
        for entry in merged.iter().filter_map(|map| map.as_map()).flatten() {
            if first
                .insert(Rc::clone(&entry.key), entry.key_span)
                .is_none()
            {
                entries.push(entry.clone());
            }
        }
        let first = entries.first().map(|entry| entry.key_span);
        Ok(Node::map(
            collection_span(style, start, end, first),
            entries,
        ))
    }
}

/// The maps that a merge key `<<` names: one map or a list of maps, the first one wins.
fn merge_sources(value: &Rc<Node>) -> Result<Vec<Rc<Node>>, Box<Fault>> {
    let sources = value
        .as_list()
        .map_or_else(|| vec![Rc::clone(value)], <[_]>::to_vec);
    match sources.iter().find(|source| source.as_map().is_none()) {
        None => Ok(sources),
        Some(source) => Err(
            Fault::refused("<<", source.shown(), "a map, or a list of maps")
                .at(source.span)
                .help("as in `<<: *name`, where the alias names a map"),
        ),
    }
}

/// Brackets and what they hold; without brackets only the first child, which is what a reader looks for.
fn collection_span(style: StructureStyle, start: Span, end: Span, first: Option<Span>) -> Span {
    match (style, first) {
        (StructureStyle::Block, Some(first)) => first,
        _ => Span {
            start: start.start,
            end: end.end.max(start.end),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Rc<Node> {
        parse(text).unwrap_or_else(|fault| panic!("{fault:?}"))
    }

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

    #[test]
    fn every_node_knows_its_bytes() {
        let text = "# comment\na:\n  b: [1, {c: 22}]  # more\n";
        let root = tree(text);
        let written = |path| {
            let span = root.locate(path);
            &text[span.start..span.end]
        };
        assert_eq!(written("a.b[1].c"), "22");
        assert_eq!(written("a.b[1]"), "{c: 22}");
        assert_eq!(written("a.b"), "[1, {c: 22}]");
        assert_eq!(written("a"), "b", "a block map is found at its first key");
        assert_eq!(written("a.b[7]"), "[1, {c: 22}]", "the nearest that exists");
    }

    #[test]
    fn aliases_share_and_merge_keys_add_what_lacks() {
        let root = tree("a: &x {p: 1, q: 2}\nb: *x\nc: {<<: *x, q: 3}\nd: {<<: [{p: 9}, *x]}\n");
        let shown = |path| root.find(path).map(Node::shown);
        assert!(Rc::ptr_eq(
            root.get("a").expect("a"),
            root.get("b").expect("b")
        ));
        assert_eq!(shown("c").as_deref(), Some("{q: 3, p: 1}"));
        assert_eq!(shown("d").as_deref(), Some("{p: 9, q: 2}"));
    }

    #[test]
    fn what_is_left_out_is_null_and_shown_in_words() {
        let root = tree("a:\nb: ~\nc: \"\"\n");
        let node = |key| root.get(key).expect("the key is there");
        assert!(node("a").is_null() && node("b").is_null() && !node("c").is_null());
        assert_eq!(node("a").shown(), "an empty value");
        assert_eq!(node("b").shown(), "~");
        assert_eq!(node("c").shown(), "\"\"");
    }
}
