//! Data sets and their sources.
//!
//! [`load`] turns [`DataSettings`] into a [`Dataset`]. Every source hands over its samples as they
//! are stored; choosing, ordering and scaling them is the same for all sources, in this order:
//!
//! 0. split of one file into parts, shuffled, every class in its share,
//! 1. shuffle (train and test each by itself; `digits` is one pool, shuffled, then divided),
//! 2. samples held out for validation, from the end of the training samples (`digits`: of the pool, if `train` is given),
//! 3. balance of the training classes,
//! 4. cut to `train` and `test` samples (`digits`: its pool is divided by these numbers before
//!    the balance, because only then is it known which samples are training samples),
//! 5. columns to inputs (missing values, categories), fitted on the training samples that are left,
//! 6. standardisation, fitted on the same.

mod arff;
mod check;
pub mod choices;
mod cifar;
mod columns;
mod dataset;
mod delimited;
mod dialect;
mod digits;
mod error;
mod file;
mod idx;
mod labels;
mod libsvm;
mod npy;
mod npz;
mod raw;
mod rows;
mod selection;
pub mod settings;
mod sniff;
mod split;
mod standardize;
mod stored;
mod text;
mod transformation;
mod uci_har;
mod warning;
mod zstd;

use std::path::Path;

use check::Origin;
use choices::Standardize;
use columns::Wish;
use dialect::Reading;
use raw::RawData;
use selection::Selection;
use stored::StoredFile;

pub use dataset::{Dataset, ImageShape, Part, SourceFile, Standardization};
pub use error::DataError;
pub use selection::shuffle;
pub use settings::{BalanceSettings, CsvSettings, DataSettings, Features, Source};
pub use stored::sha256;
pub use transformation::{FittedColumn, Transformation};
pub use warning::Warning;

/// Loads a data set. Relative paths in the settings refer to `base`.
///
/// The same settings and files give the same data set, bit for bit, on every machine.
///
/// # Errors
/// [`DataError`]: settings that are out of range or do not fit the data, files that are
/// missing, unreadable or hold something else than the source promises.
pub fn load(settings: &DataSettings, base: &Path) -> Result<Dataset, DataError> {
    load_with(settings, base, None)
}

/// Loads a data set for a model that was trained elsewhere: its columns are found by their names, and what was fitted there is
/// applied as it is. Settings of missing values and categories are those of the model.
///
/// # Errors
/// As of [`load`]; and a column of the model that the data lack, or hold in another way.
pub fn load_as(
    settings: &DataSettings,
    base: &Path,
    fitted: &Transformation,
) -> Result<Dataset, DataError> {
    load_with(settings, base, Some(fitted))
}

fn load_with(
    settings: &DataSettings,
    base: &Path,
    fitted: Option<&Transformation>,
) -> Result<Dataset, DataError> {
    settings.check()?;
    let mut raw = read(settings, base, fitted)?;
    let classes = labels::Classes::of(&raw.train)?;
    let train_labels = classes.assign(&raw.train)?;
    let own_test_labels = raw
        .test
        .as_ref()
        .map(|test| classes.assign(test))
        .transpose()?;
    let test_labels = own_test_labels.as_ref().unwrap_or(&train_labels);
    let count = classes.len();
    let selection = select(settings, &raw, [&train_labels, test_labels], count)?;
    if raw.test.is_none() && settings.source != Source::Digits {
        raw.notes.push(split::describe(settings));
    }
    let transformation = transformation(settings, &mut raw, &selection.train, fitted)?;
    let part = |source: &raw::RawPart, labels: &[usize], chosen: &[usize]| {
        let inputs = match (&transformation, &raw.columns) {
            (Some(transformation), Some(columns)) => {
                transformation.apply(columns, source, chosen)?
            }
            _ => source.inputs(chosen),
        };
        let labels = chosen.iter().map(|&sample| labels[sample]).collect();
        Ok::<Part, DataError>(Part { inputs, labels })
    };
    let mut train = part(&raw.train, &train_labels, &selection.train)?;
    let held_out = settings.validation.is_some() || !selection.validation.is_empty();
    let validation = held_out.then(|| part(&raw.train, &train_labels, &selection.validation));
    let mut validation = validation.transpose()?;
    let test_source = raw.test.as_ref().unwrap_or(&raw.train);
    let mut test = part(test_source, test_labels, &selection.test)?;
    let classes = classes.into_names();
    let mut warnings = raw.warnings;
    if settings.source != Source::Digits {
        let parts = [&train, &test];
        warnings.extend(found_in(parts, validation.as_ref(), &classes, &raw.files));
    }
    let standardization = match settings.standardize {
        Standardize::Off => None,
        Standardize::Auto if raw.image.is_some() => None,
        choice => Some(scale(
            choice,
            &mut train,
            [validation.as_mut(), Some(&mut test)],
        )?),
    };
    Ok(Dataset {
        standardization,
        train,
        validation,
        test,
        classes,
        image: raw.image,
        transformation,
        files: raw.files,
        label: raw.label,
        notes: raw.notes,
        warnings,
    })
}

/// Standardises the training part, and the others in the same way.
fn scale(
    choice: Standardize,
    train: &mut Part,
    others: [Option<&mut Part>; 2],
) -> Result<Standardization, DataError> {
    let mut others: Vec<&mut Part> = others.into_iter().flatten().collect();
    standardize::standardize(choice, train, &mut others)
}

/// What is done to the columns: what a model does, or what is fitted to the chosen training samples; none without names.
fn transformation(
    settings: &DataSettings,
    raw: &mut RawData,
    chosen: &[usize],
    fitted: Option<&Transformation>,
) -> Result<Option<Transformation>, DataError> {
    let Some(columns) = &raw.columns else {
        return Ok(None);
    };
    if let Some(fitted) = fitted {
        return Ok(Some(fitted.clone()));
    }
    let missing = settings.missing.unwrap_or_default();
    let fit = Transformation {
        label: raw.label.clone(),
        ..Transformation::fit(columns, &raw.train, chosen, missing, settings.rare)?
    };
    raw.notes.extend(
        fit.without_inputs().map(|name| {
            format!("column {name:?} is left out: hardly any of its texts comes again")
        }),
    );
    Ok(Some(fit))
}

/// Samples as the source stores them.
fn read(
    settings: &DataSettings,
    base: &Path,
    fitted: Option<&Transformation>,
) -> Result<RawData, DataError> {
    match settings.origin()? {
        Origin::Digits => {
            settings.check_pool()?;
            digits::read()
        }
        Origin::Idx(directory) => idx::read(directory, base),
        Origin::UciHar(directory) => uci_har::read(directory, base),
        Origin::Csv(tables) => {
            let open = |name: &Path, setting: &str| {
                let remedy = format!(
                    "put the file there, or correct `{setting}` (relative to the grid file)"
                );
                StoredFile::open(base, &[name.to_owned()], &remedy)
            };
            let train = open(&tables.train, "csv.train")?;
            let test = tables
                .test
                .as_deref()
                .map(|test| open(test, "csv.test"))
                .transpose()?;
            let (label, features) = (tables.label.as_deref(), tables.features.as_ref());
            let wish = Wish::of(settings, label, features, "csv.").for_model(fitted);
            delimited::read(train, test, &wish, Reading::of(settings))
        }
        Origin::File(path) => {
            let (label, features) = (settings.label.as_deref(), settings.features.as_ref());
            let wish = Wish::of(settings, label, features, "").for_model(fitted);
            file::read(settings, &wish, path, base)
        }
    }
}

/// Which samples take part.
fn select(
    settings: &DataSettings,
    raw: &RawData,
    labels: [&[usize]; 2],
    classes: usize,
) -> Result<Selection, DataError> {
    if settings.source == Source::Digits {
        return selection::divide_pool(settings, labels[0], classes);
    }
    if raw.test.is_none() {
        let parts = split::divide(settings, labels[0], classes)?;
        return selection::choose_among(settings, parts, labels, classes);
    }
    match settings.split.and_then(|split| split.test) {
        None => selection::choose(settings, labels, classes),
        Some(share) => Err(DataError::Setting {
            setting: "split.test".into(),
            value: share.0.to_string(),
            allowed: "none, as there are test samples already".into(),
            remedy: "leave out `split.test`, or the test file".into(),
        }),
    }
}

/// What is probably wrong with the parts, before they are scaled.
fn found_in(
    [train, test]: [&Part; 2],
    validation: Option<&Part>,
    classes: &[String],
    files: &[SourceFile],
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(repeated) = warning::repeated_samples(train, test) {
        // Equal files of labels alone mean nothing.
        warnings.push(warning::same_files(files).unwrap_or(repeated));
    }
    let parts = [
        ("training", Some(train)),
        ("validation", validation),
        ("test", Some(test)),
    ];
    for (name, part) in parts {
        let part = part.filter(|part| part.samples() > 0);
        warnings.extend(part.and_then(|part| warning::lacking_classes(name, part, classes)));
    }
    warnings.extend(warning::many_classes(train, classes.len()));
    warnings
}
