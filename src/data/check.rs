//! The ranges of the settings of the data, and which of them each source takes.

use std::collections::HashSet;
use std::path::Path;

use super::error::shown;
use super::settings::{CsvSettings, DataSettings, Features, Source};
use crate::check::{Checked, OutOfRange, at_least_one, require};

const PATH: &str = "path";
const CSV: &str = "csv";

/// A source with what its files need.
pub(super) enum Origin<'a> {
    Digits,
    Idx(&'a Path),
    UciHar(&'a Path),
    Csv(&'a CsvSettings),
}

impl Source {
    /// The setting that this source needs and that not every source takes.
    fn own_setting(self) -> Option<&'static str> {
        match self {
            Self::Digits => None,
            Self::Idx | Self::UciHar => Some(PATH),
            Self::Csv => Some(CSV),
        }
    }
}

/// The sources that take a setting which not every source takes: `source csv`, `sources idx and uci-har`.
fn takers(setting: &str) -> String {
    let names: Vec<&str> = (Source::ALL.into_iter())
        .filter(|source| source.own_setting() == Some(setting))
        .map(Source::name)
        .collect();
    let plural = if names.len() == 1 { "" } else { "s" };
    format!("source{plural} {}", names.join(" and "))
}

impl DataSettings {
    /// Whether the source of this name takes a setting; an unknown source takes all.
    pub fn takes(source: &str, setting: &str) -> bool {
        let own = |source: &Source| source.own_setting() == Some(setting);
        let source = Source::ALL.iter().find(|known| known.name() == source);
        source.is_none_or(own) || !Source::ALL.iter().any(own)
    }

    /// Whether every setting is in its range, before any file is opened.
    ///
    /// # Errors
    /// The first setting that is not, or that the source does not take, or needs and does not have.
    pub fn check(&self) -> Checked {
        if let Origin::Csv(tables) = self.origin()? {
            tables.check()?;
        }
        for (count, path) in [
            (self.train, "train"),
            (self.validation, "validation"),
            (self.test, "test"),
        ] {
            count.map_or(Ok(()), |count| at_least_one(count, path))?;
        }
        Ok(())
    }

    /// The source with what its files need.
    pub(super) fn origin(&self) -> Result<Origin<'_>, OutOfRange> {
        let refuse_unused = |setting: &'static str, value: String| {
            let takes = self.source.own_setting() == Some(setting);
            let allowed = format!(
                "only for {}; the source is {}",
                takers(setting),
                self.source.name()
            );
            require(takes, setting, value, allowed)
        };
        if let Some(path) = &self.path {
            refuse_unused(PATH, path.display().to_string())?;
        }
        if self.csv.is_some() {
            refuse_unused(CSV, "a csv map".to_owned())?;
        }
        let missing = |setting: &'static str| {
            OutOfRange::missing(setting, format!("required by {}", takers(setting)))
        };
        let path = || self.path.as_deref().ok_or_else(|| missing(PATH));
        Ok(match self.source {
            Source::Digits => Origin::Digits,
            Source::Idx => Origin::Idx(path()?),
            Source::UciHar => Origin::UciHar(path()?),
            Source::Csv => Origin::Csv(self.csv.as_ref().ok_or_else(|| missing(CSV))?),
        })
    }
}

impl CsvSettings {
    fn check(&self) -> Checked {
        const PATH: &str = "csv.features";
        const ALLOWED: &str = "at least one column, each once, without the label";
        let Features::Names(names) = &self.features else {
            return Ok(());
        };
        require(!names.is_empty(), PATH, "an empty list", ALLOWED)?;
        let mut seen = HashSet::from([&self.label]);
        for (index, name) in names.iter().enumerate() {
            let path = format!("{PATH}[{index}]");
            require(seen.insert(name), &path, shown(name.as_bytes()), ALLOWED)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_source_takes_is_what_its_check_allows() {
        for source in Source::ALL {
            for setting in [PATH, CSV] {
                let settings = DataSettings {
                    path: (setting == PATH).then(|| "folder".into()),
                    csv: (setting == CSV).then(|| CsvSettings {
                        label: "label".to_owned(),
                        features: Features::Pattern("x*".to_owned()),
                        train: "train.csv".into(),
                        test: "test.csv".into(),
                    }),
                    ..DataSettings::of(source)
                };
                let refused = settings.check().err().map(|found| found.path);
                let takes = DataSettings::takes(source.name(), setting);
                assert_eq!(refused.as_deref() != Some(setting), takes, "{source:?}");
            }
            let needs = DataSettings::of(source).check().err();
            let missing = needs.as_ref().map(|found| found.path.as_str());
            assert_eq!(missing, source.own_setting());
            assert!(DataSettings::takes(source.name(), "train"));
        }
        assert!(DataSettings::takes("mnist", PATH));
    }
}
