//! Columns of a table as they are read, and the choice among them.

use std::collections::HashMap;

use super::choices::{Categorical, CategoricalWord, Missing};
use super::settings::{DataSettings, Features};
use super::transformation::Transformation;

/// A feature column as it was read.
#[derive(Clone, Debug, Default)]
pub(super) struct RawColumn {
    pub(super) name: String,
    /// The texts of a column of categories, whose values are positions in it; none: its values are numbers.
    pub(super) texts: Option<Dictionary>,
}

/// Distinct texts in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Dictionary {
    pub(super) texts: Vec<String>,
    positions: HashMap<String, usize>,
}

impl Dictionary {
    /// The position of a text, which is added if it is new.
    pub(super) fn position(&mut self, text: &str) -> usize {
        if let Some(known) = self.positions.get(text) {
            return *known;
        }
        self.texts.push(text.to_owned());
        self.positions.insert(text.to_owned(), self.texts.len() - 1);
        self.texts.len() - 1
    }
}

/// Which columns of a table take part, and how.
#[derive(Clone, Debug)]
pub(super) struct Wish<'a> {
    /// Name of the label column; none: it is found out.
    pub(super) label: Option<&'a str>,
    pub(super) features: Option<&'a Features>,
    pub(super) ignore: &'a [String],
    pub(super) missing: Missing,
    pub(super) categorical: Option<&'a Categorical>,
    /// Columns that a model takes as categories.
    known_categories: Vec<&'a str>,
    /// What stands before the names of the settings of label and features.
    pub(super) map: &'static str,
}

impl<'a> Wish<'a> {
    pub(super) fn of(
        settings: &'a DataSettings,
        label: Option<&'a str>,
        features: Option<&'a Features>,
        map: &'static str,
    ) -> Self {
        Self {
            label,
            features,
            ignore: settings.ignore.as_deref().unwrap_or_default(),
            missing: settings.missing.unwrap_or_default(),
            categorical: settings.categorical.as_ref(),
            known_categories: Vec::new(),
            map,
        }
    }

    /// The same as a model takes it, whose treatment of missing values and categories is fitted.
    #[must_use]
    pub(super) fn for_model(mut self, fitted: Option<&'a Transformation>) -> Self {
        if let Some(fitted) = fitted {
            self.label = self.label.or(fitted.label.as_deref());
            self.missing = fitted.missing;
            self.known_categories = fitted.category_columns().collect();
        }
        self
    }

    /// Whether text in a column that is not named makes it one of categories.
    pub(super) fn finds_categories(&self) -> bool {
        self.categorical != Some(&Categorical::Word(CategoricalWord::Refuse))
    }

    /// Columns that hold categories whatever their content is.
    pub(super) fn named_categories(&self) -> impl Iterator<Item = &str> {
        let named: &[String] = match self.categorical {
            Some(Categorical::Names(names)) => names,
            _ => &[],
        };
        (named.iter().map(String::as_str)).chain(self.known_categories.iter().copied())
    }
}

/// Position of the column that is called as label columns mostly are, else of the last.
pub(super) fn usual_label(names: &[String]) -> (usize, &'static str) {
    const USUAL: [&str; 4] = ["label", "class", "target", "y"];
    let found = USUAL.iter().find_map(|usual| {
        let is_usual = |name: &String| name.eq_ignore_ascii_case(usual);
        names.iter().position(is_usual)
    });
    match found {
        Some(position) => (position, "by its name"),
        None => (names.len().saturating_sub(1), "the last"),
    }
}

/// Whether `name` fits `pattern`, in which `*` stands for any text, the empty one included.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|start| name.strip_prefix(start)) else {
        return false;
    };
    let Some(end) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        let Some((_, behind)) = rest.split_once(piece) else {
            return false;
        };
        rest = behind;
    }
    rest.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("x*", "x12", true),
            ("x*", "ax", false),
            ("*x", "ax", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("x", "x", true),
            ("x", "xy", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn labels_are_called_as_usual_or_stand_last() {
        let label = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            usual_label(&names).0
        };
        assert_eq!(label(&["a", "Class", "b"]), 1);
        assert_eq!(label(&["y", "x", "LABEL"]), 2);
        assert_eq!(label(&["a", "b", "quality"]), 2);
    }
}
