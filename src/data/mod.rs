//! Data sets and their sources.
//!
//! [`load`] turns [`DataSettings`] into a [`Dataset`]. Every source hands over its samples as they
//! are stored; choosing, ordering and scaling them is the same for all sources, in this order:
//!
//! 1. shuffle (train and test each by itself; `digits` is one pool, shuffled, then divided),
//! 2. balance of the training classes,
//! 3. cut to `train` and `test` samples (`digits`: its pool is divided by these numbers before
//!    the balance, because only then is it known which samples are training samples),
//! 4. standardisation, fitted on the training samples that are left.

mod dataset;
mod error;
pub mod settings;

use std::path::Path;

pub use dataset::{Dataset, ImageShape, Part, SourceFile};
pub use error::DataError;
pub use settings::{BalanceSettings, CsvSettings, DataSettings, Features, Source};

/// Loads a data set. Relative paths in the settings refer to `base`.
///
/// The same settings and files give the same data set, bit for bit, on every machine.
///
/// # Errors
/// [`DataError`]: settings that do not fit together or do not fit the data, files that are
/// missing, unreadable or hold something else than the source promises.
pub fn load(settings: &DataSettings, base: &Path) -> Result<Dataset, DataError> {
    settings.check()?;
    let _ = base;
    Err(DataError::Setting {
        setting: "data.source",
        value: String::new(),
        allowed: String::new(),
        remedy: String::new(),
    })
}
