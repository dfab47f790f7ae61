//! Data sets and their sources.
//!
//! [`load`] turns [`DataSettings`] into a [`Dataset`]. Every source hands over its samples as they
//! are stored; choosing, ordering and scaling them is the same for all sources, in this order:
//!
//! 1. shuffle (train and test each by itself; `digits` is one pool, shuffled, then divided),
//! 2. samples held out for validation, from the end of the training samples (`digits`: of the pool, if `train` is given),
//! 3. balance of the training classes,
//! 4. cut to `train` and `test` samples (`digits`: its pool is divided by these numbers before
//!    the balance, because only then is it known which samples are training samples),
//! 5. standardisation, fitted on the training samples that are left.

mod check;
mod csv;
mod dataset;
mod digits;
mod error;
mod idx;
mod labels;
mod raw;
mod selection;
pub mod settings;
mod standardize;
mod stored;
mod uci_har;

use std::path::Path;

use check::Origin;

pub use dataset::{Dataset, ImageShape, Part, SourceFile, Standardization};
pub use error::DataError;
pub use selection::shuffle;
pub use settings::{BalanceSettings, CsvSettings, DataSettings, Features, Source};
pub use stored::sha256;

/// Loads a data set. Relative paths in the settings refer to `base`.
///
/// The same settings and files give the same data set, bit for bit, on every machine.
///
/// # Errors
/// [`DataError`]: settings that are out of range or do not fit the data, files that are
/// missing, unreadable or hold something else than the source promises.
pub fn load(settings: &DataSettings, base: &Path) -> Result<Dataset, DataError> {
    settings.check()?;
    let raw = match settings.origin()? {
        Origin::Digits => {
            settings.check_pool()?;
            digits::read()?
        }
        Origin::Idx(directory) => idx::read(directory, base)?,
        Origin::UciHar(directory) => uci_har::read(directory, base)?,
        Origin::Csv(tables) => csv::read(tables, base)?,
    };
    let classes = labels::Classes::of(&raw.train)?;
    let train_labels = classes.assign(&raw.train)?;
    let (test, test_labels, selection) = if let Some(test) = &raw.test {
        let test_labels = classes.assign(test)?;
        let selection =
            selection::choose(settings, &train_labels, test_labels.len(), classes.len())?;
        (test, test_labels, selection)
    } else {
        let selection = selection::divide_pool(settings, &train_labels, classes.len())?;
        (&raw.train, train_labels.clone(), selection)
    };
    let part = |source: &raw::RawPart, labels: &[usize], chosen: &[usize]| Part {
        inputs: source.inputs(chosen),
        labels: chosen.iter().map(|&sample| labels[sample]).collect(),
    };
    let mut train = part(&raw.train, &train_labels, &selection.train);
    let mut validation =
        (settings.validation).map(|_| part(&raw.train, &train_labels, &selection.validation));
    let mut test = part(test, &test_labels, &selection.test);
    let standardization = if settings.standardize {
        let others = [Some(&mut test), validation.as_mut()];
        let mut others: Vec<&mut Part> = others.into_iter().flatten().collect();
        Some(standardize::standardize(&mut train, &mut others)?)
    } else {
        None
    };
    Ok(Dataset {
        standardization,
        train,
        validation,
        test,
        classes: classes.into_names(),
        image: raw.image,
        files: raw.files,
    })
}
