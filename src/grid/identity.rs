//! What makes two trials the same, and the id that names a trial.
//!
//! A trial's id is a `t` and the beginning of the SHA-256 of [`IDENTITY_VERSION`] and the canonical text of its normalized settings:
//! JSON without spaces, keys sorted, floats as their shortest decimal digits with an exponent (`5e-1`), so that neither
//! the order nor the spelling of the grid file matters. Paths count as written. Ids name directories of results that users
//! keep: a new setting must be left out of the text where it has its default, and only a change of the mathematics may
//! change [`IDENTITY_VERSION`].

use std::collections::HashSet;
use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::bcd::{Coupling, MiniBatchSettings, SolverSettings};
use crate::compress::CompressionSettings;
use crate::data::Source;
use crate::gradient::Compress;
use crate::grid::{MethodSettings, Plan, TrialSettings};
use crate::network::InitSettings;

/// Part of every id.
pub const IDENTITY_VERSION: &str = "nnbcd-trial-1";
/// Begins every id: `789140374e53` would be a number to a spreadsheet. Ids of earlier versions are without it.
const ID_BEGINS: &str = "t";
/// Bytes of the hash that an id shows, two hexadecimal digits each.
const ID_BYTES: usize = 6;
/// Seed of the shuffle of `digits` where none is given.
const DIGITS_SHUFFLE_SEED: u64 = 0;

/// The whole hash of a trial's normalized settings.
pub(super) type Fingerprint = [u8; 32];

impl TrialSettings {
    /// A `t`, and the first 12 hexadecimal digits of the hash of the normalized settings.
    pub fn id(&self) -> String {
        short_id(&self.fingerprint())
    }

    /// Settings that the trial does not use are reset to their defaults: without compression `tau`, `tau_final`,
    /// `coupling`, `compress`, `compress_after`, `compress_from` and `compress_until`; with `coupling: constrained` `tau` and `tau_final`; with weights from
    /// a file the seed, unless it draws batches. The shuffle seed of `digits` and the defaults of a gradient method are
    /// written out.
    #[must_use]
    pub fn normalized(mut self) -> Self {
        let dense = self.compression == CompressionSettings::None;
        match &mut self.solver {
            MethodSettings::NnBcd(solver) => {
                let unused = SolverSettings::default();
                if dense {
                    solver.coupling = unused.coupling;
                    solver.compress_after = unused.compress_after;
                }
                if dense || solver.coupling == Coupling::Constrained {
                    solver.tau = unused.tau;
                    solver.tau_final = unused.tau_final;
                }
            }
            MethodSettings::MiniBatch(solver) => {
                if dense {
                    let unused = MiniBatchSettings::default();
                    solver.compress_from = unused.compress_from;
                    solver.compress_until = unused.compress_until;
                }
            }
            MethodSettings::Gradient(solver) => {
                if dense {
                    solver.compress = Compress::default();
                    solver.compress_after = Some(0);
                }
                *solver = solver.clone().resolved();
            }
        }
        let draws_batches = !matches!(self.solver, MethodSettings::NnBcd(_));
        if matches!(self.model.init, InitSettings::File { .. }) && !draws_batches {
            self.seed = 0;
        }
        if self.data.source == Source::Digits {
            self.data.shuffle_seed.get_or_insert(DIGITS_SHUFFLE_SEED);
        }
        self
    }

    /// Whether the trial's result can depend on the setting at this dotted path, given the others.
    pub(super) fn uses(&self, path: &str) -> bool {
        let compresses = self.compression != CompressionSettings::None;
        let is_constrained = matches!(
            &self.solver,
            MethodSettings::NnBcd(solver) if solver.coupling == Coupling::Constrained
        );
        let is_once = matches!(
            &self.solver,
            MethodSettings::Gradient(solver) if solver.compress == Compress::Once
        );
        match path {
            "solver.tau" | "solver.tau_final" => compresses && !is_constrained,
            "solver.compress_after" => compresses && !is_once,
            "solver.coupling"
            | "solver.compress"
            | "solver.compress_from"
            | "solver.compress_until" => compresses,
            _ => true,
        }
    }

    /// The whole hash behind the id.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        let mut text = format!("{IDENTITY_VERSION}\n");
        let mut json = self.clone().normalized().to_json();
        if let (MethodSettings::NnBcd(_), Some(solver)) =
            (&self.solver, json["solver"].as_object_mut())
        {
            // Younger than ids: the defaults leave no trace in them.
            solver.remove("method");
            solver.remove("batch_size");
            for (key, default) in [("refit", Value::from(false)), ("relaxation", 1.0.into())] {
                if solver[key] == default {
                    solver.remove(key);
                }
            }
        }
        write_canonical(&mut text, &json);
        Sha256::digest(text.as_bytes()).into()
    }

    /// The settings as JSON.
    pub(super) fn to_json(&self) -> Value {
        serde_json::to_value(self)
            .expect("settings are maps with text keys, and their paths are UTF-8")
    }
}

/// The part of a hash that names a trial.
pub(super) fn short_id(fingerprint: &Fingerprint) -> String {
    fingerprint[..ID_BYTES]
        .iter()
        .fold(ID_BEGINS.to_owned(), |mut id, byte| {
            let _ = write!(id, "{byte:02x}");
            id
        })
}

impl Plan {
    /// Gives trials that an earlier version has begun the ids that they had then, so that their results count. `begun`:
    /// ids of trials that have a directory.
    pub fn keep_former_ids(&mut self, begun: &HashSet<String>) {
        for trial in &mut self.trials {
            let former = trial.id.strip_prefix(ID_BEGINS);
            if let Some(former) = former.filter(|id| begun.contains(*id))
                && !begun.contains(&trial.id)
            {
                trial.id = former.to_owned();
            }
        }
    }
}

fn write_canonical(text: &mut String, value: &Value) {
    match value {
        Value::Number(number) => match number.as_f64() {
            // Adding 0 turns -0 into 0.
            Some(float) if number.is_f64() => {
                let _ = write!(text, "{:e}", float + 0.0);
            }
            _ => {
                let _ = write!(text, "{number}");
            }
        },
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                write_canonical(text, item);
            }
            text.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| key.as_str());
            text.push('{');
            for (index, (key, item)) in entries.into_iter().enumerate() {
                let _ = write!(text, "{}{key:?}:", if index > 0 { "," } else { "" });
                write_canonical(text, item);
            }
            text.push('}');
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {
            let _ = write!(text, "{value}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(yaml: &str) -> TrialSettings {
        TrialSettings::from_yaml(yaml).unwrap_or_else(|error| panic!("{error}"))
    }

    fn dense() -> TrialSettings {
        settings(
            "{data: {source: digits}, model: {hidden: [256, 256]}, seed: 1, solver: {batch_size: all}}",
        )
    }

    /// Ids name results that users keep. If this test fails, results of earlier versions are no longer found.
    #[test]
    fn ids_never_change() {
        assert_eq!(dense().id(), "t2feaebf9f360");
        let tensor_train = settings(
            "{data: {source: idx, path: mnist, train: 6000}, model: {hidden: [300, 100]}, seed: 3,
            solver: {gamma: 0.5, tau: 1e-3, weight_decay: [100, 1, 1], tau_final: 10},
            compression: {method: tensor-train, rank: [16, 8], modes: [[28, 28, 15, 20], [30, 10, 10, 10]]}}",
        );
        assert_eq!(tensor_train.id(), "t7d9ecfce92af");
    }

    #[test]
    fn trials_that_an_earlier_version_has_begun_keep_their_ids() {
        let mut plan = crate::grid::plan_from_text(
            "data: {source: digits}\nmodel: {hidden: [4]}\nseeds: 3\n",
            std::path::Path::new("g.yaml"),
        )
        .unwrap_or_else(|error| panic!("{error}"));
        let ids = |plan: &Plan| -> Vec<String> {
            plan.trials.iter().map(|trial| trial.id.clone()).collect()
        };
        let new = ids(&plan);
        // One begun by an earlier version, one by both, one by this one.
        let begun = [&new[0][1..], &new[1][1..], &new[1], &new[2]];
        plan.keep_former_ids(&begun.into_iter().map(str::to_owned).collect());
        assert_eq!(ids(&plan), [&new[0][1..], &new[1], &new[2]]);
    }

    #[test]
    fn the_canonical_text_is_sorted_and_counts_numbers_by_value() {
        let mut text = String::new();
        let value = serde_json::json!({"b": [0.5, -0.0, 10, 1e-7], "a": {"d": null, "c": "x\"y"}});
        write_canonical(&mut text, &value);
        assert_eq!(
            text,
            r#"{"a":{"c":"x\"y","d":null},"b":[5e-1,0e0,10,1e-7]}"#
        );
    }

    #[test]
    fn only_unused_settings_are_reset() {
        let mut changed = dense();
        let MethodSettings::NnBcd(solver) = &mut changed.solver else {
            panic!("all samples at once");
        };
        solver.tau = 50.0;
        solver.compress_after = 3;
        assert_eq!(changed.id(), dense().id());
        assert!(!changed.uses("solver.tau"));
        changed.compression = settings(
            "{data: {source: digits}, model: {hidden: [256, 256]}, seed: 1, compression: {method: low-rank, rank: 2}}",
        )
        .compression;
        let normalized = changed.clone().normalized();
        assert_eq!(normalized.solver, changed.solver);
        assert!(changed.uses("solver.tau"));
    }

    #[test]
    fn only_a_relaxation_that_changes_something_is_in_the_id() {
        let with = |relaxation: &str| {
            let solver = format!("solver: {{batch_size: all, relaxation: {relaxation}}}");
            settings(&format!(
                "{{data: {{source: digits}}, model: {{hidden: [256, 256]}}, seed: 1, {solver}}}"
            ))
        };
        assert_eq!(with("1").id(), dense().id());
        assert_eq!(with("1.0").id(), dense().id());
        assert_ne!(with("1.9").id(), dense().id());
        assert_ne!(with("1.9").id(), with("1.8").id());
    }

    #[test]
    fn a_constrained_weight_has_no_tau() {
        let with = |solver: &str| {
            settings(&format!(
                "{{data: {{source: digits}}, model: {{hidden: [256, 256]}}, seed: 1, solver: {{{solver}}},
                compression: {{method: low-rank, rank: 2}}}}"
            ))
        };
        let constrained = with("coupling: constrained");
        let other_tau = with("coupling: constrained, tau: 50, tau_final: 100");
        assert_eq!(other_tau.id(), constrained.id());
        let hard = with("coupling: hard");
        assert_ne!(hard.id(), constrained.id());
        for path in ["solver.tau", "solver.tau_final"] {
            assert!(hard.uses(path) && !constrained.uses(path));
        }
        assert!(constrained.uses("solver.coupling") && constrained.uses("solver.compress_after"));
    }

    #[test]
    fn the_seed_counts_unless_the_weights_come_from_a_file() {
        let other_seed = TrialSettings { seed: 2, ..dense() };
        assert_ne!(other_seed.id(), dense().id());
        let mut from_file = dense();
        from_file.model.init = InitSettings::File {
            weights: "start.safetensors".into(),
        };
        let other_seed = TrialSettings {
            seed: 2,
            ..from_file.clone()
        };
        assert_eq!(other_seed.id(), from_file.id());
    }
}
