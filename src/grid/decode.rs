//! A serde deserializer over the tree, whose errors know the place and the dotted path of the value.

use std::fmt::Display;
use std::rc::Rc;

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::about::{about, several};
use super::error::{Fault, Span, known_words};
use super::tree::{Entry, Node, Scalar, Value};
use crate::grid::MethodSettings;

/// Reads a value of any settings type from the tree.
pub(super) fn decode<'de, T: Deserialize<'de>>(node: &'de Node) -> Result<T, Fault> {
    T::deserialize(Decoder(node)).map_err(|mistake| mistake.placed(node).fault())
}

/// An error on its way from the value to the root, gathering the path.
#[derive(Debug)]
struct Mistake(Box<Details>);

#[derive(Debug)]
struct Details {
    kind: Kind,
    span: Option<Span>,
    /// Keys (`.key`) and indices (`[1]`), innermost first.
    steps: Vec<String>,
    /// `prune` where a map with `method: prune` has a key that this method does not take.
    owner: Option<String>,
}

#[derive(Debug)]
enum Kind {
    Refused {
        value: Option<String>,
        allowed: String,
    },
    UnknownKey {
        key: String,
        known: &'static [&'static str],
    },
    UnknownWord {
        word: String,
        known: &'static [&'static str],
    },
    Missing(&'static str),
}

impl Mistake {
    fn new(kind: Kind) -> Self {
        Self(Box::new(Details {
            kind,
            span: None,
            steps: Vec::new(),
            owner: None,
        }))
    }

    fn refused(node: &Node, allowed: impl Into<String>) -> Self {
        Self::new(Kind::Refused {
            value: None,
            allowed: allowed.into(),
        })
        .placed(node)
    }

    /// The mistake was made in this node, unless a deeper one is known already.
    fn placed(mut self, node: &Node) -> Self {
        let details = &mut *self.0;
        if details.span.is_some() {
            return self;
        }
        details.span = Some(node.span);
        match &mut details.kind {
            Kind::Refused { value, .. } => *value = Some(node.shown()),
            Kind::UnknownKey { key, .. } => {
                details.span = node.entry(key).map(|entry| entry.key_span);
            }
            Kind::UnknownWord { .. } | Kind::Missing(_) => {}
        }
        details.owner = (node.get("method"))
            .and_then(|method| method.as_scalar())
            .map(|method| method.text.clone());
        self
    }

    fn within(mut self, node: &Node, step: String) -> Self {
        self = self.placed(node);
        self.0.steps.push(step);
        self
    }

    fn fault(self) -> Fault {
        let mut details = *self.0;
        let mut path: String = details.steps.into_iter().rev().collect();
        if let Kind::UnknownKey { key, .. } = &details.kind {
            path = format!("{path}.{key}");
        }
        if let Kind::Missing(key) = &details.kind {
            path = format!("{path}.{key}");
        }
        let path = path.trim_start_matches('.');
        let of_solver = path.starts_with("solver.");
        if let Kind::UnknownKey { key, known } = &mut details.kind
            && of_solver
        {
            if let Some([problem, remedy]) = MethodSettings::belongs_elsewhere(key, known) {
                let fault = Fault::new(path, problem).help(remedy);
                return details.span.map_or(fault.clone(), |span| fault.at(span));
            }
            if MethodSettings::is_of_descent(known) {
                *known = MethodSettings::keys_of_descent();
            }
        }
        let fault = match details.kind {
            Kind::Refused { value, allowed } => {
                let value = value.unwrap_or_default();
                let several = several(path, &value, &allowed);
                let fault = Fault::refused(path, value, allowed).help_about(path);
                several.map_or(fault.clone(), |help| fault.help(help))
            }
            Kind::UnknownKey { key, known } => match details.owner.or_else(|| {
                // The one method that need not be named.
                let of_others = of_solver && MethodSettings::is_key(&key);
                of_others.then(|| "nn-bcd".to_owned())
            }) {
                Some(method) if !known.contains(&"method") => {
                    Fault::new(path, format!("method {method} does not take this key")).help(
                        if known.is_empty() {
                            "remove it, or choose another method".to_owned()
                        } else {
                            known_words("it takes", &key, known)
                        },
                    )
                }
                _ => Fault::new(path, "unknown key").help(known_words("known keys", &key, known)),
            },
            Kind::UnknownWord { word, known } => {
                Fault::refused(path, word_shown(&word), known.join(", "))
                    .help(known_words("allowed", &word, known))
            }
            Kind::Missing(_) => match details.owner {
                Some(method) => Fault::new(path, format!("is missing; method {method} needs it")),
                None => Fault::new(path, "is missing"),
            }
            .help_about(path),
        };
        match details.span {
            Some(span) => fault.at(span),
            None => fault,
        }
    }
}

fn word_shown(word: &str) -> &str {
    if word.is_empty() {
        "an empty value"
    } else {
        word
    }
}

impl Fault {
    /// Help from what the setting is for, where that is known.
    pub(super) fn help_about(self, path: &str) -> Self {
        match about(path) {
            Some(text) => self.help(text),
            None => self,
        }
    }
}

impl Display for Mistake {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?}", self.0.kind)
    }
}

impl std::error::Error for Mistake {}

impl de::Error for Mistake {
    /// Serde's own texts come here; those of untagged enums are written as "what is allowed" in the settings.
    fn custom<T: Display>(message: T) -> Self {
        Self::new(Kind::Refused {
            value: None,
            allowed: message.to_string(),
        })
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownKey {
            key: field.to_owned(),
            known: expected,
        })
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownWord {
            word: variant.to_owned(),
            known: expected,
        })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Kind::Missing(field))
    }
}

struct Decoder<'de>(&'de Node);

impl<'de> Decoder<'de> {
    fn scalar(&self, allowed: &str) -> Result<&'de Scalar, Mistake> {
        self.0
            .as_scalar()
            .ok_or_else(|| Mistake::refused(self.0, allowed))
    }

    fn whole(&self) -> Result<u64, Mistake> {
        const ALLOWED: &str = "a whole number >= 0";
        self.scalar(ALLOWED)?
            .whole()
            .ok_or_else(|| Mistake::refused(self.0, ALLOWED))
    }
}

impl<'de> Deserializer<'de> for Decoder<'de> {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match &self.0.value {
            Value::List(items) => visitor.visit_seq(Items {
                items: items.iter().enumerate(),
            }),
            Value::Map(_) => visitor.visit_map(Entries::of(self.0, &[])),
            Value::Scalar(scalar) if scalar.is_null() => visitor.visit_unit(),
            Value::Scalar(scalar) => {
                if let Some(value) = scalar.boolean() {
                    visitor.visit_bool(value)
                } else if let Some(value) = scalar.whole() {
                    visitor.visit_u64(value)
                } else if let Some(value) = scalar.float() {
                    visitor.visit_f64(value)
                } else {
                    visitor.visit_borrowed_str(&scalar.text)
                }
            }
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        const ALLOWED: &str = "true or false";
        match self.scalar(ALLOWED)?.boolean() {
            Some(value) => visitor.visit_bool(value),
            None => Err(Mistake::refused(self.0, ALLOWED)),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_u64(self.whole()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        const ALLOWED: &str = "a number";
        match self.scalar(ALLOWED)?.float() {
            Some(value) => visitor.visit_f64(value),
            None => Err(Mistake::refused(self.0, ALLOWED)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        const ALLOWED: &str = "text";
        let scalar = self.scalar(ALLOWED)?;
        if scalar.is_null() || scalar.text.is_empty() {
            return Err(Mistake::refused(self.0, ALLOWED));
        }
        visitor.visit_borrowed_str(&scalar.text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        if self.0.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        if self.0.as_list().is_none() {
            return Err(Mistake::refused(self.0, "a list, as in [1, 2]"));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        if self.0.as_map().is_none() {
            let allowed = format!("a map with some of the keys {}", fields.join(", "));
            return Err(Mistake::refused(self.0, allowed));
        }
        // A type whose first fields decide what the others are finds them first.
        if name == MethodSettings::STRUCT {
            return visitor.visit_map(Entries::of(self.0, &MethodSettings::leading_keys()));
        }
        visitor.visit_map(Entries::of(self.0, &fields[..fields.len().min(1)]))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let scalar = self.scalar(&variants.join(", "))?;
        let word: StrDeserializer<'de, Mistake> = scalar.text.as_str().into_deserializer();
        visitor.visit_enum(word)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 char bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct map identifier ignored_any
    }
}

struct Items<'de> {
    items: std::iter::Enumerate<std::slice::Iter<'de, Rc<Node>>>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Mistake;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Mistake> {
        let Some((index, item)) = self.items.next() else {
            return Ok(None);
        };
        seed.deserialize(Decoder(item))
            .map(Some)
            .map_err(|mistake| mistake.within(item, format!("[{index}]")))
    }
}

struct Entries<'de> {
    entries: std::vec::IntoIter<&'de Entry>,
    value: Option<&'de Entry>,
}

impl<'de> Entries<'de> {
    /// The entries of a map in their order, but those of the keys `first` before the others, in the order of that list.
    fn of(map: &'de Node, first: &[&str]) -> Self {
        let mut entries: Vec<&Entry> = map.as_map().unwrap_or_default().iter().collect();
        entries.sort_by_key(|entry| {
            let place = first.iter().position(|key| *key == &*entry.key);
            place.unwrap_or(first.len())
        });
        Self {
            entries: entries.into_iter(),
            value: None,
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mistake> {
        self.value = self.entries.next();
        let Some(entry) = self.value else {
            return Ok(None);
        };
        let key: StrDeserializer<'de, Mistake> = (*entry.key).into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mistake> {
        let Some(entry) = self.value.take() else {
            return Err(de::Error::custom("a value follows its key"));
        };
        seed.deserialize(Decoder(&entry.value))
            .map_err(|mistake| mistake.within(&entry.value, format!(".{}", entry.key)))
    }
}
