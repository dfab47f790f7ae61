//! Data sets and their sources.

pub mod settings;

pub use settings::{BalanceSettings, CsvSettings, DataSettings, Features, Source};
