//! The trials of a grid file: combinations and seeds, without those excluded and those that are equal.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::columns::{cells, columns};
use super::document::{Document, refused_name};
use super::error::{Fault, Source};
use super::exclude::Filter;
use super::expand::Expansion;
use super::settings_of_grid;
use super::yaml::parse;
use crate::grid::identity::{Fingerprint, short_id};
use crate::grid::{Plan, Trial, TrialSettings};

/// The plan of a grid file.
pub(super) fn plan(source: &Source) -> Result<Plan, Fault> {
    let document = Document::read(&parse(source.text)?)?;
    let mut expansion = Expansion::new(&document.settings, &document.dimensions);
    let mut planner = Planner::new(source, &document)?;
    let mut example = Json::Null;
    while let Some(tree) = expansion.advance()? {
        example = planner.add(settings_of_grid(&tree)?)?;
    }
    expansion.refuse_unused()?;
    planner.finish(source, &example)
}

struct Planner<'grid> {
    plan: Plan,
    document: &'grid Document,
    filter: Filter<'grid>,
    known: HashMap<String, Fingerprint>,
}

impl<'grid> Planner<'grid> {
    fn new(source: &Source, document: &'grid Document) -> Result<Self, Fault> {
        let plan = Plan {
            name: match &document.name {
                Some(name) => name.clone(),
                None => default_name(source.origin)?,
            },
            source: source.text.to_owned(),
            base: base_directory(source.origin),
            checkpoint_every: document.checkpoint_every,
            swept: columns(&document.dimensions),
            trials: Vec::new(),
            duplicates: 0,
            excluded: 0,
            warnings: Vec::new(),
        };
        Ok(Self {
            plan,
            document,
            filter: Filter::new(&document.exclusions),
            known: HashMap::new(),
        })
    }

    /// Adds the trials of one combination, one per seed; gives its settings as JSON.
    fn add(&mut self, given: TrialSettings) -> Result<Json, Fault> {
        let mut json = given.to_json();
        let normalized = given.normalized();
        let swept = cells(&self.plan.swept, &normalized, &normalized.to_json());
        for &seed in &self.document.seeds {
            // Exclusions see the settings as given: a setting that the method does not use can still tell trials apart.
            json["seed"] = seed.into();
            if self.filter.drops(&json) {
                self.plan.excluded += 1;
                continue;
            }
            let settings = TrialSettings {
                seed,
                ..normalized.clone()
            };
            match self.register(&settings)? {
                None => self.plan.duplicates += 1,
                Some(id) => self.plan.trials.push(Trial {
                    id,
                    settings,
                    swept: swept.clone(),
                }),
            }
        }
        Ok(json)
    }

    /// The id of a trial that is not yet in the plan.
    fn register(&mut self, settings: &TrialSettings) -> Result<Option<String>, Fault> {
        let fingerprint = settings.fingerprint();
        let id = short_id(&fingerprint);
        match self.known.get(&id) {
            Some(other) if *other == fingerprint => Ok(None),
            Some(_) => Err(
                Fault::new("", format!("two different trials have the same id {id} (hash collision)"))
                    .help("change any setting of one of them a little: ids have 48 bits, and these two met by chance"),
            ),
            None => {
                self.known.insert(id.clone(), fingerprint);
                Ok(Some(id))
            }
        }
    }

    fn finish(mut self, source: &Source, example: &Json) -> Result<Plan, Fault> {
        self.filter.refuse_unknown(example)?;
        if self.plan.trials.is_empty() {
            let first = self
                .document
                .exclusions
                .first()
                .map(|exclusion| exclusion.span);
            return Err(Fault::new("exclude", "drops every trial")
                .at(first.unwrap_or_default())
                .help("remove an entry of exclude, or name more settings in it"));
        }
        self.plan.warnings = (self.filter.idle())
            .map(|exclusion| {
                let line = source.line(exclusion.span);
                format!("the entry of exclude in line {line} matches no trial")
            })
            .collect();
        Ok(self.plan)
    }
}

fn default_name(origin: &Path) -> Result<String, Fault> {
    let stem = origin
        .file_stem()
        .map(|stem| stem.to_string_lossy())
        .unwrap_or_default();
    match refused_name(&stem) {
        None => Ok(stem.into_owned()),
        Some(reason) => {
            let message = format!("the file name cannot be used as a directory name: {reason}");
            Err(Fault::new("name", message).help("add a line `name: …` to the grid file"))
        }
    }
}

fn base_directory(origin: &Path) -> PathBuf {
    match origin.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
