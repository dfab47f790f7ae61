//! Results belong to the data that they were made with.

use std::path::Path;

use anyhow::{Result, bail};
use nnbcd::store::{Provenance, RunDirectory};
use nnbcd::sweep::{DataSets, Plan};

/// Puts the checksums of the data into a provenance.
pub fn record(provenance: &mut Provenance, data: &DataSets) {
    for (settings, loaded) in data.iter() {
        let files = (loaded.files.iter())
            .map(|file| (file.path.display().to_string(), file.sha256.clone()))
            .collect();
        provenance.data.insert(settings.describe(), files);
    }
}

/// Refuses to go on with a run whose results and checkpoints come from other data under the same name. Data sets
/// that the plan has no more keep their checksums: their results are still there.
pub fn refuse_other_results(
    run: &RunDirectory,
    plan: &Plan,
    provenance: &mut Provenance,
) -> Result<()> {
    let has_begun = |id: &str| run.trial(id).root().exists();
    let Ok(earlier) = Provenance::read(&run.provenance()) else {
        return Ok(());
    };
    if plan.trials.iter().any(|trial| has_begun(&trial.id))
        && let Some((file, expected, found)) = first_difference(&earlier, provenance)
    {
        bail!(
            "{file}: its SHA-256 is {found}, and that of the data behind the results in {} is {expected}; restore the \
             file, run the grid under another name, or begin anew with --fresh, which keeps the earlier run",
            run.root().display()
        );
    }
    for (set, files) in earlier.data {
        provenance.data.entry(set).or_insert(files);
    }
    Ok(())
}

/// The plan of a worker is for the data as they were when it was made.
pub fn refuse_other_plan(plan: &Provenance, data: &DataSets) -> Result<()> {
    let mut now = Provenance::default();
    record(&mut now, data);
    if let Some((file, _, found)) = first_difference(plan, &now) {
        bail!(
            "{file}: its SHA-256 is {found}, not that of the submission; restore the file, or run the grid under another name"
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
            let path = Path::new(path).display().to_string();
            Some((path, expected.clone(), found.clone()))
        })
    })
}
