//! What a problem must fulfil before a method starts: everything has the dimensions of the network.

use thiserror::Error;

use super::data::{Samples, TrainingData};
use crate::check::OutOfRange;
use crate::compress::LayerCompression;
use crate::linalg::Real;
use crate::network::Architecture;

/// Data, network, compression and settings do not fit together.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ProblemError {
    /// A setting out of its range.
    #[error(transparent)]
    Setting(#[from] OutOfRange),
    /// Nothing to train on.
    #[error("there are no training samples")]
    NoSamples,
    /// The network reads other samples.
    #[error("{part} samples have {found} features; the network has {expected} inputs")]
    Inputs {
        /// Part of the data.
        part: &'static str,
        /// Features of a sample.
        found: usize,
        /// Inputs of the network.
        expected: usize,
    },
    /// Every sample has one label.
    #[error("{part} samples: {samples} columns, but {labels} labels")]
    Labels {
        /// Part of the data.
        part: &'static str,
        /// Columns of the inputs.
        samples: usize,
        /// Labels.
        labels: usize,
    },
    /// A label beyond the classes.
    #[error("{part} samples: the label {label} is none of {classes} classes, counted from 0")]
    Label {
        /// Part of the data.
        part: &'static str,
        /// The label.
        label: usize,
        /// Number of classes.
        classes: usize,
    },
    /// The network has one output per class.
    #[error("the network has {outputs} outputs; the data have {classes} classes")]
    Outputs {
        /// Outputs of the network.
        outputs: usize,
        /// Number of classes.
        classes: usize,
    },
    /// There is one entry per layer.
    #[error("compression: {entries} entries for {layers} layers")]
    Compression {
        /// Entries.
        entries: usize,
        /// Layers of the network.
        layers: usize,
    },
}

/// Compares all dimensions with those of the network.
pub(crate) fn check_shapes<T: Real>(
    data: &TrainingData<T>,
    architecture: &Architecture,
    compression: &[Option<LayerCompression>],
) -> Result<(), ProblemError> {
    if data.train.is_empty() {
        return Err(ProblemError::NoSamples);
    }
    check_part("training", &data.train, data.classes, architecture)?;
    if let Some(validation) = &data.validation {
        check_part("validation", validation, data.classes, architecture)?;
    }
    check_part("test", &data.test, data.classes, architecture)?;
    let layers = architecture.layers.len();
    let outputs = architecture.layers.last().map_or(0, |layer| layer.units);
    if outputs != data.classes {
        let classes = data.classes;
        return Err(ProblemError::Outputs { outputs, classes });
    }
    let entries = compression.len();
    if entries != layers {
        return Err(ProblemError::Compression { entries, layers });
    }
    Ok(())
}

fn check_part<T: Real>(
    part: &'static str,
    samples: &Samples<T>,
    classes: usize,
    architecture: &Architecture,
) -> Result<(), ProblemError> {
    let (found, columns) = samples.inputs.dim();
    let expected = architecture.inputs;
    if columns != samples.labels.len() {
        return Err(ProblemError::Labels {
            part,
            samples: columns,
            labels: samples.labels.len(),
        });
    }
    if columns > 0 && found != expected {
        return Err(ProblemError::Inputs {
            part,
            found,
            expected,
        });
    }
    match samples.labels.iter().find(|label| **label >= classes) {
        None => Ok(()),
        Some(label) => Err(ProblemError::Label {
            part,
            label: *label,
            classes,
        }),
    }
}
