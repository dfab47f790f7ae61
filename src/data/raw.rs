//! What a source hands over: samples as they are stored, before any choice or scaling.

use std::path::PathBuf;

use ndarray::{Array2, Axis};

use super::columns::RawColumn;
use super::dataset::{ImageShape, SourceFile};
use super::labels::LabelColumn;
use super::warning::Warning;

/// Everything that a source reads.
pub(super) struct RawData {
    /// Samples of the training files, or a pool that is yet to be divided.
    pub(super) train: RawPart,
    /// Samples of the test files; none: `train` is a pool.
    pub(super) test: Option<RawPart>,
    /// How the features form an image.
    pub(super) image: Option<ImageShape>,
    /// The columns behind the features; none: they have no names.
    pub(super) columns: Option<Vec<RawColumn>>,
    /// The files.
    pub(super) files: Vec<SourceFile>,
    /// Name of the label column, where there is one.
    pub(super) label: Option<String>,
    /// What was found out about the files, a sentence each.
    pub(super) notes: Vec<String>,
    /// What is probably wrong with them.
    pub(super) warnings: Vec<Warning>,
}

impl RawData {
    /// Parts of nameless features.
    pub(super) fn nameless(
        train: RawPart,
        test: Option<RawPart>,
        image: Option<ImageShape>,
        files: Vec<SourceFile>,
    ) -> Self {
        Self {
            train,
            test,
            image,
            columns: None,
            label: None,
            files,
            notes: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// Samples with their labels as written.
pub(super) struct RawPart {
    /// Number of features of a sample.
    pub(super) features: usize,
    /// samples x features, row-major: as files hold them.
    pub(super) values: Values,
    /// One label per sample.
    pub(super) labels: LabelColumn,
    /// Where the labels come from, for messages.
    pub(super) label_file: PathBuf,
}

/// Stored values. Pixels stay bytes until it is known which samples are wanted.
pub(super) enum Values {
    /// Value of a pixel = byte / `full_scale`, in [0, 1].
    Pixels {
        /// The stored bytes.
        bytes: Vec<u8>,
        /// The byte that stands for 1.
        full_scale: f64,
    },
    /// Numbers as written in a text file; NaN: missing.
    Numbers(Vec<f64>),
    /// Numbers that a file holds in single precision.
    Singles(Vec<f32>),
}

impl Values {
    pub(super) fn at(&self, index: usize) -> f64 {
        match self {
            Self::Pixels { bytes, full_scale } => f64::from(bytes[index]) / full_scale,
            Self::Numbers(numbers) => numbers[index],
            Self::Singles(numbers) => f64::from(numbers[index]),
        }
    }
}

impl RawPart {
    /// The inputs of the `chosen` samples, in this order: features x samples, row-major.
    pub(super) fn inputs(&self, chosen: &[usize]) -> Array2<f64> {
        // Samples by the block: each cache line of the result is filled while it is at hand.
        const BLOCK: usize = 16;
        let mut inputs = Array2::zeros((self.features, chosen.len()));
        let blocks = inputs.axis_chunks_iter_mut(Axis(1), BLOCK);
        for (samples, mut columns) in chosen.chunks(BLOCK).zip(blocks) {
            for (feature, mut row) in columns.rows_mut().into_iter().enumerate() {
                for (cell, &sample) in row.iter_mut().zip(samples) {
                    *cell = self.values.at(sample * self.features + feature);
                }
            }
        }
        inputs
    }
}
