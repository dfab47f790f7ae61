//! What the user chose to see.

use crate::dashboard::theme::Theme;

/// How things look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Colours.
    pub theme: Theme,
    /// Only ASCII characters.
    pub ascii: bool,
}

/// A picture of the convergence view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Picture {
    /// F and its terms.
    #[default]
    Objective,
    /// The gradient-free residuals.
    Residuals,
    /// The residual of every layer.
    Layers,
    /// The step.
    Step,
    /// The least squared step so far, which the theory bounds by O(1/k).
    Promise,
    /// Accuracy on all parts.
    Accuracy,
    /// Zeros among the weights, and those left when dead units are removed.
    Sparsity,
    /// Compression ratio.
    CompressionRatio,
    /// How far every layer is from its compressed copy.
    Errors,
    /// The weights of the residuals.
    Penalties,
}

impl Picture {
    pub(crate) const ALL: [Self; 10] = [
        Self::Objective,
        Self::Residuals,
        Self::Layers,
        Self::Step,
        Self::Promise,
        Self::Accuracy,
        Self::Sparsity,
        Self::CompressionRatio,
        Self::Errors,
        Self::Penalties,
    ];

    /// Whether values spread over orders of magnitude.
    pub(crate) fn is_logarithmic(self) -> bool {
        !matches!(
            self,
            Self::Accuracy | Self::Sparsity | Self::CompressionRatio
        )
    }
}

/// Choices of the convergence view.
#[derive(Clone, Debug, Default)]
pub(crate) struct Convergence {
    /// What is drawn.
    pub picture: Picture,
    /// Logarithmic iterations.
    pub log_iterations: bool,
    /// The other scale of values than the picture's own.
    pub other_scale: bool,
    /// Every seed instead of mean and band.
    pub each_seed: bool,
    /// Columns of the reading cursor from the right end of the picture; `None`: no cursor.
    pub cursor: Option<u16>,
    /// How many times the last part of the iterations is enlarged, as a power of two.
    pub zoom: u32,
}

/// Choices of the table view. Each is one more than a position; 0: as the `table` command does it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TableChoice {
    /// The swept setting down the side.
    pub rows: usize,
    /// The swept setting across the top.
    pub columns: usize,
    /// The metric.
    pub metric: usize,
}
