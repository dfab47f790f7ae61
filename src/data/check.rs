//! The ranges of the settings of the data, and which of them each source takes.

use std::collections::HashSet;
use std::path::Path;

use super::choices::{Categorical, Share, SplitSettings};
use super::error::shown;
use super::settings::{CsvSettings, DataSettings, Features, Source};
use crate::check::{Checked, OutOfRange, at_least_one, require};

const PATH: &str = "path";
const CSV: &str = "csv";
/// Settings of a file whose format is found out.
const OF_FILE: [&str; 3] = ["test_path", "label", "features"];
/// Settings of tables.
const OF_TABLES: [&str; 10] = [
    "ignore",
    "delimiter",
    "quote",
    "header",
    "encoding",
    "decimal",
    "missing",
    "categorical",
    "rare",
    "split",
];
/// Settings of samples that stand in files.
const OF_FILES: [&str; 2] = ["shuffle", "stratify"];

/// A source with what its files need.
pub(super) enum Origin<'a> {
    Digits,
    Idx(&'a Path),
    UciHar(&'a Path),
    Csv(&'a CsvSettings),
    File(&'a Path),
}

impl Source {
    /// Whether this source takes a setting. Most settings go to all.
    fn takes(self, setting: &str) -> bool {
        match setting {
            PATH => matches!(self, Self::Idx | Self::UciHar | Self::File),
            CSV => self == Self::Csv,
            _ if OF_FILE.contains(&setting) => self == Self::File,
            _ if OF_TABLES.contains(&setting) => matches!(self, Self::Csv | Self::File),
            _ if OF_FILES.contains(&setting) => self != Self::Digits,
            _ => true,
        }
    }
}

/// The sources that take a setting which not every source takes: `source csv`, `sources idx and uci-har`.
fn takers(setting: &str) -> String {
    let names: Vec<&str> = (Source::ALL.into_iter())
        .filter(|source| source.takes(setting))
        .map(Source::name)
        .collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => {
            format!("sources {} and {last}", others.join(", "))
        }
        _ => format!("source {}", names.join("")),
    }
}

impl DataSettings {
    /// Whether the source of this name takes a setting; an unknown source takes all.
    pub fn takes(source: &str, setting: &str) -> bool {
        let source = Source::ALL.iter().find(|known| known.name() == source);
        source.is_none_or(|source| source.takes(setting))
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
            (self.rare, "rare"),
        ] {
            count.map_or(Ok(()), |count| at_least_one(count, path))?;
        }
        check_columns(self.features.as_ref(), self.label.as_deref(), "features")?;
        if let Some(Categorical::Names(names)) = &self.categorical {
            let allowed = "auto, refuse or at least one column";
            require(!names.is_empty(), "categorical", "an empty list", allowed)?;
        }
        if self.shuffle == Some(false) {
            let seed = self
                .shuffle_seed
                .map_or(String::new(), |seed| seed.to_string());
            let allowed = "none where shuffle is false; leave out one of them";
            require(seed.is_empty(), "shuffle_seed", &seed, allowed)
                .map_err(|found| found.naming("shuffle"))?;
        }
        self.split
            .as_ref()
            .map_or(Ok(()), |split| self.check_split(split))
    }

    fn check_split(&self, split: &SplitSettings) -> Checked {
        let mut sum = 0.0;
        for (share, path) in [
            (split.test, "split.test"),
            (split.validation, "split.validation"),
        ] {
            let Some(Share(share)) = share else { continue };
            let allowed = "a number between 0 and 1";
            require(share > 0.0 && share < 1.0, path, share, allowed)?;
            sum += share;
        }
        let allowed = "less than 1 together, so that training samples are left";
        require(sum < 1.0, "split", format!("{sum} held out"), allowed)?;
        let both = split.validation.is_some() && self.validation.is_some();
        let count = self.validation.unwrap_or_default();
        let allowed = "none where split.validation is given; leave out one of them";
        require(!both, "validation", count, allowed).map_err(|found| found.naming("split"))
    }

    /// The settings that are given and that not every source takes, with their values in words.
    fn particular(&self) -> Vec<(&'static str, String)> {
        let word = |given: bool, setting: &'static str| (given, setting, format!("a {setting}"));
        let path = |path: &Option<std::path::PathBuf>| {
            (path.as_ref()).map_or(String::new(), |path| path.display().to_string())
        };
        let given = [
            (self.path.is_some(), PATH, path(&self.path)),
            (self.csv.is_some(), CSV, "a csv map".to_owned()),
            (self.test_path.is_some(), "test_path", path(&self.test_path)),
            (
                self.label.is_some(),
                "label",
                self.label.clone().unwrap_or_default(),
            ),
            word(self.features.is_some(), "features"),
            word(self.ignore.is_some(), "ignore"),
            word(self.delimiter.is_some(), "delimiter"),
            word(self.quote.is_some(), "quote"),
            word(self.header.is_some(), "header"),
            word(self.encoding.is_some(), "encoding"),
            word(self.decimal.is_some(), "decimal"),
            word(self.missing.is_some(), "missing"),
            word(self.categorical.is_some(), "categorical"),
            word(self.rare.is_some(), "rare"),
            word(self.split.is_some(), "split"),
            word(self.shuffle.is_some(), "shuffle"),
            word(self.stratify.is_some(), "stratify"),
        ];
        (given.into_iter())
            .filter(|(given, _, _)| *given)
            .map(|(_, setting, value)| (setting, value))
            .collect()
    }

    /// The source with what its files need.
    pub(super) fn origin(&self) -> Result<Origin<'_>, OutOfRange> {
        for (setting, value) in self.particular() {
            let allowed = format!(
                "only for {}; the source is {}",
                takers(setting),
                self.source.name()
            );
            require(self.source.takes(setting), setting, value, allowed)?;
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
            Source::File => Origin::File(path()?),
        })
    }
}

impl CsvSettings {
    fn check(&self) -> Checked {
        check_columns(
            self.features.as_ref(),
            self.label.as_deref(),
            "csv.features",
        )
    }
}

/// Whether a list of feature columns names each once, and the label not at all.
fn check_columns(features: Option<&Features>, label: Option<&str>, path: &str) -> Checked {
    const ALLOWED: &str = "at least one column, each once, without the label";
    let Some(Features::Names(names)) = features else {
        return Ok(());
    };
    require(!names.is_empty(), path, "an empty list", ALLOWED)?;
    let mut seen: HashSet<&str> = label.into_iter().collect();
    for (index, name) in names.iter().enumerate() {
        let path = format!("{path}[{index}]");
        require(seen.insert(name), &path, shown(name.as_bytes()), ALLOWED)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_source_takes_is_what_its_check_allows() {
        for source in Source::ALL {
            for setting in [PATH, CSV, "header"] {
                let settings = DataSettings {
                    path: (setting == PATH).then(|| "folder".into()),
                    header: (setting == "header").then_some(true),
                    csv: (setting == CSV).then(|| CsvSettings {
                        label: Some("label".to_owned()),
                        features: Some(Features::Pattern("x*".to_owned())),
                        train: "train.csv".into(),
                        test: Some("test.csv".into()),
                    }),
                    ..DataSettings::of(source)
                };
                let refused = settings.check().err().map(|found| found.path);
                let takes = DataSettings::takes(source.name(), setting);
                assert_eq!(refused.as_deref() != Some(setting), takes, "{source:?}");
            }
            let needs = DataSettings::of(source).check().err();
            let missing = needs.as_ref().map(|found| found.path.as_str());
            let own = [PATH, CSV].into_iter().find(|own| source.takes(own));
            assert_eq!(missing, own);
            assert!(DataSettings::takes(source.name(), "train"));
        }
        assert!(DataSettings::takes("mnist", PATH));
    }

    #[test]
    fn shares_leave_training_samples_and_contradict_no_count() {
        let with = |test: f64, validation: Option<f64>, count: Option<usize>| DataSettings {
            path: Some("mine.csv".into()),
            validation: count,
            split: Some(SplitSettings {
                test: Some(Share(test)),
                validation: validation.map(Share),
                seed: 0,
            }),
            ..DataSettings::of(Source::File)
        };
        let refused = |settings: DataSettings| settings.check().expect_err("refused").path;
        assert!(with(0.2, Some(0.1), None).check().is_ok());
        assert!(with(0.2, None, Some(5)).check().is_ok());
        assert_eq!(refused(with(1.0, None, None)), "split.test");
        assert_eq!(refused(with(f64::NAN, None, None)), "split.test");
        assert_eq!(refused(with(0.5, Some(0.5), None)), "split");
        assert_eq!(refused(with(0.2, Some(0.1), Some(5))), "validation");
    }
}
