//! YAML text to the tree.

use std::collections::HashMap;
use std::rc::Rc;

use serde_saphyr::granit_parser::{
    ErrorKind, Event, Parser, ScalarStyle, ScanError, StrInput, StructureStyle,
};

use super::error::{Fault, Span, grouped};
use super::tree::{Entry, Node, Value};

/// Bound on the values of a file, aliases counted as often as they are used.
const MAX_NODES: usize = 2_000_000;
/// Bound on the nesting of a file.
const MAX_DEPTH: usize = 64;

/// The tree of a YAML text with one document.
pub(super) fn parse(text: &str) -> Result<Rc<Node>, Fault> {
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
    fn next(&mut self) -> Result<(Event<'text>, Span), Fault> {
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

    fn syntax_fault(&self, error: &ScanError) -> Fault {
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

    fn node(&mut self, event: Event<'text>, span: Span) -> Result<Rc<Node>, Fault> {
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag)
            | Event::SequenceStart(_, anchor, tag)
            | Event::MappingStart(_, anchor, tag) => (*anchor, tag.is_some()),
            _ => (0, false),
        };
        if tag {
            return Err(Fault::new("", "YAML tags are not supported")
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
                        Fault::new("", "this alias refers to the value that contains it")
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
                format!(
                    "too large: more than {} values or {MAX_DEPTH} levels, aliases expanded",
                    grouped(MAX_NODES as u64)
                ),
            )
            .at(span)
            .help("use fewer aliases, or linspace, logspace and range instead of long lists"));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        Ok(node)
    }

    fn list(&mut self, style: StructureStyle, start: Span) -> Result<Rc<Node>, Fault> {
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

    fn mapping(&mut self, style: StructureStyle, start: Span) -> Result<Rc<Node>, Fault> {
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
fn merge_sources(value: &Rc<Node>) -> Result<Vec<Rc<Node>>, Fault> {
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
