//! Files that a run writes and others read: models, rows, tables and figures.

mod model_files;
mod notices;
mod report_notes;
mod report_plots;
mod report_tables;
#[path = "../shared/skipped.rs"]
mod skipped;
mod sweep_runner;
