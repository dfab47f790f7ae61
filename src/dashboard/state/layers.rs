//! What is kept of the layers of one trial.

use std::collections::BTreeMap;

use crate::store::LayerRecord;

use super::series::Series;

/// Layers whose curves are kept; a network with more shows the first ones.
const LAYERS: usize = 64;

/// One layer of one trial.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Layer {
    /// The latest record.
    pub last: LayerRecord,
    /// sqrt of the summed squares of its three residuals, over the iterations.
    pub residual: Series,
    /// |W - Z| / |W| over the iterations.
    pub relative_error: Series,
}

/// The layers of one trial, by number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Layers {
    layers: BTreeMap<u64, Layer>,
}

impl Layers {
    /// Adds records; one that is not later than the last one replaces what was there from its
    /// iteration on.
    pub(crate) fn extend(&mut self, records: Vec<LayerRecord>) {
        for record in records {
            if self.layers.len() >= LAYERS && !self.layers.contains_key(&record.layer) {
                continue;
            }
            let layer = self.layers.entry(record.layer).or_default();
            if record.iteration <= layer.last.iteration {
                layer.residual.forget_from(record.iteration);
                layer.relative_error.forget_from(record.iteration);
            }
            let split = [record.residual_u, record.residual_v];
            let squares = split.into_iter().flatten().chain([record.residual_w]);
            let squares: f64 = squares.map(|residual| residual.powi(2)).sum();
            layer.residual.push(record.iteration, squares.sqrt());
            layer
                .relative_error
                .push(record.iteration, record.relative_error);
            layer.last = record;
        }
    }

    /// The layers, the first one first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Layer> {
        self.layers.values()
    }

    /// Parameters of all layers together.
    pub(crate) fn parameters(&self) -> u64 {
        self.iter()
            .fold(0, |sum, layer| sum.saturating_add(layer.last.parameters))
    }
}
