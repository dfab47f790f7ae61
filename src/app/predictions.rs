//! What a model answers for every sample, as a table.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nnbcd::data::Part;
use nnbcd::network::AnyModel;
use nnbcd::store::publish;

use super::say;

/// Rows of `part,sample,label,prediction` and one output per class. Samples count from 1 in the order of the file, or of the
/// part where it was shuffled.
pub(super) struct Predictions {
    path: PathBuf,
    table: csv::Writer<Vec<u8>>,
}

impl Predictions {
    pub fn new(path: &Path, model: &AnyModel) -> Result<Self> {
        let mut table = csv::Writer::from_writer(Vec::new());
        let names = ["part", "sample", "label", "prediction"].map(str::to_owned);
        let outputs = model.description().classes.iter();
        table.write_record(
            names
                .into_iter()
                .chain(outputs.map(|class| format!("output {class}"))),
        )?;
        Ok(Self {
            path: path.to_owned(),
            table,
        })
    }

    /// The samples of a part; its labels count `classes`.
    pub fn add(
        &mut self,
        model: &AnyModel,
        name: &str,
        part: &Part,
        classes: &[String],
    ) -> Result<()> {
        let known = &model.description().classes;
        let outputs = model.outputs(part.inputs.clone());
        for (index, (outputs, label)) in outputs.rows().into_iter().zip(&part.labels).enumerate() {
            // The first of the largest, as in the accuracy.
            let best = (0..outputs.len()).reduce(|best, at| {
                if outputs[at] > outputs[best] {
                    at
                } else {
                    best
                }
            });
            let prediction = best.map_or("", |best| &known[best]);
            let start =
                [name, &(index + 1).to_string(), &classes[*label], prediction].map(str::to_owned);
            let outputs = outputs.iter().map(ToString::to_string);
            self.table.write_record(start.into_iter().chain(outputs))?;
        }
        Ok(())
    }

    /// Writes the file, whole or not at all.
    pub fn publish(self) -> Result<()> {
        let bytes = self
            .table
            .into_inner()
            .context("the table could not be put together")?;
        publish(&self.path, &bytes)?;
        say(self.path.display());
        Ok(())
    }
}
