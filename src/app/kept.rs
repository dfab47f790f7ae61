//! What a trial has left, compared with what it leaves when it is run again.

use nnbcd::data::sha256;
use nnbcd::measure::Quantity;
use nnbcd::network::{AnyModel, ModelDescription};
use nnbcd::store::{IterationRecord, LayerRecord, StoreError, TrialDirectory, TrialResult};
use serde_json::Value;

/// Fields of `result.json` that hold times, are compared otherwise.
const NOT_COMPARED: [&str; 3] = ["seconds", "last", "model_sha256"];

/// What a trial has left.
pub struct Kept {
    /// `iterations.csv`
    pub iterations: Vec<IterationRecord>,
    layers: Vec<LayerRecord>,
    /// `None`: the trial has not ended.
    ended: Option<Ended>,
}

/// What a trial has left at its end.
#[derive(Default)]
struct Ended {
    result: Option<TrialResult>,
    model: Option<Vec<u8>>,
}

impl Kept {
    /// Reads all of it; result and model of a trial that is `done`.
    pub fn read(directory: &TrialDirectory, done: bool) -> Result<Self, StoreError> {
        let ended = || {
            Ok::<_, StoreError>(Ended {
                result: directory.read_result()?,
                model: directory.read_model()?,
            })
        };
        Ok(Self {
            iterations: directory.read_iterations()?,
            layers: directory.read_layers()?,
            ended: done.then(ended).transpose()?,
        })
    }

    /// What is there and is not the same `now`, in words; times are left out. Only of a trial that has ended are further
    /// rows a difference.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for (old, new) in self.iterations.iter().zip(&now.iterations) {
            found.extend(differing(old, new).into_iter().map(
                |(quantity, old_value, new_value)| {
                    let (iteration, name) = (old.iteration, quantity.name());
                    format!("iteration {iteration}: {name}: was {old_value}, is {new_value}")
                },
            ));
        }
        for (old, new) in self.layers.iter().zip(&now.layers) {
            // As text: numbers that are not finite equal themselves there.
            let (was, is) = (format!("{old:?}"), format!("{new:?}"));
            if was != is {
                let (iteration, layer) = (old.iteration, old.layer);
                found.push(format!(
                    "layers.csv, iteration {iteration}, layer {layer}: was {was}, is {is}"
                ));
            }
        }
        let done = self.ended.is_some();
        let rows = |old: usize, new: usize| if done { old == new } else { old <= new };
        let (old, new) = (self.iterations.len(), now.iterations.len());
        if !rows(old, new) {
            found.push(format!("there were {old} rows, now there are {new}"));
        }
        let (old, new) = (self.layers.len(), now.layers.len());
        if !rows(old, new) {
            found.push(format!(
                "layers.csv: there were {old} rows, now there are {new}"
            ));
        }
        if let (Some(old), Some(new)) = (&self.ended, &now.ended) {
            found.extend(of_results(old, self.iterations.last()));
            found.extend(between_results(old.result.as_ref(), new.result.as_ref()));
            found.extend(between_models(old.model.as_deref(), new.model.as_deref()));
        }
        found
    }
}

/// What does not fit together in what was left.
fn of_results(kept: &Ended, last_row: Option<&IterationRecord>) -> Vec<String> {
    let mut found = Vec::new();
    let Some(result) = &kept.result else {
        return found;
    };
    if let (Some(last), Some(row)) = (&result.last, last_row) {
        found.extend(
            differing(row, last)
                .into_iter()
                .map(|(quantity, row, last)| {
                    format!(
                        "result.json, {}: {last}, but {row} in the last row of iterations.csv",
                        quantity.name()
                    )
                }),
        );
    }
    if let (Some(sum), Some(model)) = (&result.model_sha256, &kept.model)
        && *sum != sha256(model)
    {
        found.push("model.safetensors: its SHA-256 is not that of result.json".to_owned());
    }
    found
}

/// Fields of `result.json` that differ. Results of earlier versions lack some.
fn between_results(old: Option<&TrialResult>, new: Option<&TrialResult>) -> Vec<String> {
    let (Some(old), Some(new)) = (old, new) else {
        return vec!["result.json: there is no such result".to_owned()];
    };
    let fields = |result: &TrialResult| {
        let value = serde_json::to_value(TrialResult {
            last: None,
            ..result.clone()
        });
        value.unwrap_or_default()
    };
    let (old, new) = (fields(old), fields(new));
    let Value::Object(fields) = old else {
        return Vec::new();
    };
    let is_known = |value: &Value| !value.is_null() && value.as_str() != Some("");
    (fields.iter())
        .filter(|(name, value)| !NOT_COMPARED.contains(&name.as_str()) && is_known(value))
        .filter(|(name, value)| new[name.as_str()] != **value)
        .map(|(name, value)| {
            format!(
                "result.json, {name}: was {value}, is {}",
                new[name.as_str()]
            )
        })
        .collect()
}

fn between_models(old: Option<&[u8]>, new: Option<&[u8]>) -> Option<String> {
    let (Some(old), Some(new)) = (old, new) else {
        return Some("model.safetensors: there is no such file".to_owned());
    };
    // The description has the settings in the words of the version that wrote it.
    let network = |bytes: &[u8]| {
        AnyModel::from_bytes(bytes)
            .map(|model| model.described(ModelDescription::default()))
            .ok()
    };
    let differs = old != new && network(old).is_none_or(|old| network(new) != Some(old));
    differs.then(|| "model.safetensors: was another network, or is damaged".to_owned())
}

/// Quantities of two rows that differ, with their values; times are left out.
fn differing(old: &IterationRecord, new: &IterationRecord) -> Vec<(Quantity, String, String)> {
    let text =
        |value: Option<f64>| value.map_or_else(|| "nothing".into(), |value| value.to_string());
    (IterationRecord::quantities().iter().copied())
        .filter(|quantity| *quantity != Quantity::Seconds)
        .map(|quantity| (quantity, old.value(quantity), new.value(quantity)))
        // Rows of earlier versions lack columns.
        .filter(|(_, old, _)| old.is_some())
        .filter(|(_, old, new)| old.map(f64::to_bits) != new.map(f64::to_bits))
        .map(|(quantity, old, new)| (quantity, text(old), text(new)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_that_was_stopped_is_judged_by_the_rows_that_it_has() {
        let rows: Vec<IterationRecord> = (0..5_u32)
            .map(|iteration| IterationRecord {
                iteration: iteration.into(),
                objective: f64::from(9 - iteration),
                seconds: f64::from(iteration),
                ..IterationRecord::default()
            })
            .collect();
        let equal = |before: &[IterationRecord], now: &[IterationRecord], done: bool| {
            let kept = |rows: &[IterationRecord]| Kept {
                iterations: rows.to_vec(),
                layers: Vec::new(),
                ended: done.then(Ended::default),
            };
            kept(before).differences(&kept(now)).is_empty()
        };
        assert!(equal(&rows[..3], &rows, false));
        assert!(!equal(&rows[..3], &rows, true));
        assert!(!equal(&rows, &rows[..3], false), "rows are missing now");
        let mut other = rows.clone();
        other[2].objective = 0.5;
        assert!(!equal(&rows[..3], &other, false));
        assert!(equal(&rows[..2], &other, false));
    }

    #[test]
    fn columns_that_an_earlier_version_did_not_write_are_no_differences() {
        let new = IterationRecord {
            gamma: Some(1.0),
            rho: Some(2.0),
            effective_sparsity: Some(0.5),
            ..IterationRecord::default()
        };
        assert!(differing(&IterationRecord::default(), &new).is_empty());
        let old = IterationRecord {
            rho: Some(2.5),
            tau: Some(3.0),
            ..new.clone()
        };
        let differing = differing(&old, &new);
        let quantities: Vec<Quantity> = differing.iter().map(|(which, ..)| *which).collect();
        assert_eq!(quantities, [Quantity::Tau, Quantity::Rho]);
    }
}
