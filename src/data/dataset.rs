//! What the other rooms see of a data set.

use std::path::PathBuf;

use ndarray::{Array2, ArrayView1};

use super::transformation::Transformation;
use super::warning::Warning;

/// A data set, ready for training.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Samples to train on.
    pub train: Part,
    /// Samples of the training part of the source that are held out, to choose settings by; none: nothing is.
    pub validation: Option<Part>,
    /// Samples to measure accuracy on.
    pub test: Part,
    /// Names of the classes; labels are positions in this list.
    pub classes: Vec<String>,
    /// How the features of a sample form an image; none: they do not.
    pub image: Option<ImageShape>,
    /// What `standardize` took from and divided the features by; none: it was off.
    pub standardization: Option<Standardization>,
    /// What was done to the columns before; none: the features have no names.
    pub transformation: Option<Transformation>,
    /// The files that were read.
    pub files: Vec<SourceFile>,
    /// Name of the label column, where there is one.
    pub label: Option<String>,
    /// What was found out about the files, a sentence each.
    pub notes: Vec<String>,
    /// What is probably wrong with the data.
    pub warnings: Vec<Warning>,
}

impl Dataset {
    /// Number of features of a sample: the input width of the network.
    pub fn features(&self) -> usize {
        self.train.inputs.nrows()
    }
}

/// Mean and standard deviation of every feature over the training part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standardization {
    /// Was subtracted.
    pub mean: Vec<f64>,
    /// Was divided by.
    pub deviation: Vec<f64>,
}

/// Samples with their labels. Samples are columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// features x samples, row-major: the values of one feature lie side by side.
    pub inputs: Array2<f64>,
    /// One class per sample, as a position in [`Dataset::classes`].
    pub labels: Vec<usize>,
}

impl Part {
    /// Number of samples.
    pub fn samples(&self) -> usize {
        self.labels.len()
    }

    /// Largest root mean square of a feature: 1 where the inputs are standardised.
    pub fn scale(&self) -> f64 {
        let mean_square = |row: ArrayView1<'_, f64>| {
            let squares: f64 = row.iter().map(|value| value * value).sum();
            squares / row.len().max(1) as f64
        };
        let rows = self.inputs.rows().into_iter();
        rows.map(mean_square).fold(0.0, f64::max).sqrt()
    }
}

/// Shape of an image. Its features are row-major in the order height, width, channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageShape {
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
    /// Values per pixel.
    pub channels: usize,
}

/// A file that took part in a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as the settings give it, with the ending that was found.
    pub path: PathBuf,
    /// SHA-256 of the file as stored (compressed, if it is), in lower-case hexadecimal.
    pub sha256: String,
}
