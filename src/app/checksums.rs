//! Results belong to the data that they were made with.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};
use nnbcd::data::{DataSettings, sha256};
use nnbcd::grid::Plan;
use nnbcd::network::InitSettings;
use nnbcd::run::{DataSets, LoadedData};
use nnbcd::store::{Provenance, RunDirectory};

/// Puts the checksums of the data, and of files with initial weights, into a provenance.
pub fn record(provenance: &mut Provenance, plan: &Plan, data: &DataSets) {
    for (settings, loaded) in data.iter() {
        record_set(provenance, settings, loaded);
    }
    let starts: BTreeSet<&PathBuf> = (plan.trials.iter())
        .filter_map(|trial| match &trial.settings.model.init {
            InitSettings::File { weights } => Some(weights),
            InitSettings::Random { .. } => None,
        })
        .collect();
    for weights in starts {
        // It has been read before: an error now would be news of the next start.
        if let Ok(bytes) = fs::read(plan.base.join(weights)) {
            let files = provenance.data.entry("model.init.weights".into());
            (files.or_default()).insert(weights.display().to_string(), sha256(&bytes));
        }
    }
}

/// Puts the checksums of one data set into a provenance.
pub fn record_set(provenance: &mut Provenance, settings: &DataSettings, loaded: &LoadedData) {
    let files =
        (loaded.files.iter()).map(|file| (file.path.display().to_string(), file.sha256.clone()));
    // Two sets may have one description.
    let set = provenance.data.entry(settings.describe());
    set.or_default().extend(files);
}

/// Refuses to go on with a run whose results and checkpoints come from other data under the same name. Files that
/// the plan has no more keep their checksums: what was made with them is still there.
pub fn refuse_other_results(run: &RunDirectory, provenance: &mut Provenance) -> Result<()> {
    if run.begun_trials()?.is_empty() {
        return Ok(());
    }
    let Some(earlier) = Provenance::read(&run.provenance())? else {
        return Ok(());
    };
    if let Some((file, expected, found)) = first_difference(&earlier, provenance) {
        bail!(
            "{file}: its SHA-256 is {found}, and that of the data behind the results in {} is {expected}; restore the \
             file, run the grid under another name, or start from scratch with --fresh, which keeps the earlier run",
            run.root().display()
        );
    }
    for (set, files) in earlier.data {
        let known = provenance.data.entry(set).or_default();
        for (file, sum) in files {
            known.entry(file).or_insert(sum);
        }
    }
    Ok(())
}

/// The plan of a worker is for the data as they were when it was made.
pub fn refuse_other_plan(frozen: &Provenance, plan: &Plan, data: &DataSets) -> Result<()> {
    let mut now = Provenance::default();
    record(&mut now, plan, data);
    if let Some((file, _, found)) = first_difference(frozen, &now) {
        bail!(
            "{file}: its SHA-256 is {found}, not that of the submission; restore the file, or run the grid under another name"
        );
    }
    Ok(())
}

/// A trial can be reproduced from the data that it was made with alone.
pub fn refuse_other_data(run: &RunDirectory, now: &Provenance) -> Result<()> {
    let earlier = Provenance::expect(&run.provenance())?;
    if let Some((file, expected, found)) = first_difference(&earlier, now) {
        bail!(
            "{file}: its SHA-256 is {found}, and that of the data behind the results in {} is {expected}; restore the file",
            run.root().display()
        );
    }
    Ok(())
}

/// The first file that had another checksum: its path, what was expected and what was found.
fn first_difference(earlier: &Provenance, now: &Provenance) -> Option<(String, String, String)> {
    now.data.iter().find_map(|(set, files)| {
        let expected = earlier.data.get(set)?;
        files.iter().find_map(|(path, found)| {
            let expected = expected.get(path).filter(|expected| *expected != found)?;
            Some((path.clone(), expected.clone(), found.clone()))
        })
    })
}
