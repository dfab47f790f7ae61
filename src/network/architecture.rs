//! The layers of a network, resolved against the data.

use super::settings::ModelSettings;
use crate::check::SettingError;

/// A convolution without padding over an image whose features are ordered height, width, channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// Height, width, channels of the input image.
    pub image: [usize; 3],
    /// Side of the square kernel.
    pub kernel: usize,
    /// Distance between kernel positions.
    pub stride: usize,
    /// Number of filters.
    pub filters: usize,
}

impl Convolution {
    /// Rows and columns of kernel positions.
    pub fn grid(&self) -> (usize, usize) {
        let [height, width, _] = self.image;
        let positions = |side: usize| (side - self.kernel) / self.stride + 1;
        (positions(height), positions(width))
    }

    /// Number of kernel positions `P`.
    pub fn positions(&self) -> usize {
        let (rows, columns) = self.grid();
        rows * columns
    }

    /// Features of the input that the kernel covers at `position`, in the order kernel row, kernel
    /// column, channel; positions are counted row-major.
    pub fn patch(&self, position: usize) -> impl Iterator<Item = usize> + '_ {
        let [_, width, channels] = self.image;
        let (row, column) = (position / self.grid().1, position % self.grid().1);
        let (top, left) = (row * self.stride, column * self.stride);
        (0..self.kernel).flat_map(move |down| {
            let start = ((top + down) * width + left) * channels;
            start..start + self.kernel * channels
        })
    }
}

/// What a layer computes from the activations before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// `U = W V + b`
    Dense,
    /// Unit `p F + f` of `U` is filter `f` at position `p`.
    Convolution(Convolution),
}

/// One layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Units: rows of `U_i`.
    pub units: usize,
    /// Shape of the weight matrix; a convolution has filters x (kernel · kernel · channels).
    pub weight: (usize, usize),
    /// Kind of layer.
    pub kind: LayerKind,
}

impl Layer {
    /// How often the weight is applied to a sample: kernel positions of a convolution, else 1.
    pub fn positions(&self) -> usize {
        self.units / self.weight.0
    }
}

/// All layers of a network. Every layer but the last is followed by a ReLU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Architecture {
    /// The layers, first layer first; there is at least one.
    pub layers: Vec<Layer>,
    /// Whether layers have a bias.
    pub bias: bool,
    /// Width of the input.
    pub inputs: usize,
}

impl Architecture {
    /// The network that `settings` describe for data with so many features and classes; `image`:
    /// height, width and channels where the features are an image.
    ///
    /// # Errors
    /// [`SettingError`] for a setting out of its range, and a convolution that the data do not allow.
    pub fn resolve(
        settings: &ModelSettings,
        features: usize,
        image: Option<[usize; 3]>,
        classes: usize,
    ) -> Result<Self, SettingError> {
        settings.check()?;
        let mut layers = Vec::with_capacity(settings.layers());
        let mut width = features;
        if let Some(conv) = &settings.conv {
            let image = image.ok_or_else(|| {
                SettingError::does_not_fit(
                    "conv",
                    "the data are not images; only `digits` and `idx` data are. Remove `conv`",
                )
            })?;
            let most = image[0].min(image[1]);
            if conv.kernel > most {
                let problem = format!(
                    "{} is larger than the image ({} x {}); allowed are 1 to {most}",
                    conv.kernel, image[0], image[1],
                );
                return Err(SettingError::does_not_fit("conv.kernel", problem));
            }
            let convolution = Convolution {
                image,
                kernel: conv.kernel,
                stride: conv.stride,
                filters: conv.filters,
            };
            width = convolution.positions() * conv.filters;
            layers.push(Layer {
                units: width,
                weight: (conv.filters, conv.kernel * conv.kernel * image[2]),
                kind: LayerKind::Convolution(convolution),
            });
        }
        for units in settings.hidden.iter().chain([&classes]) {
            layers.push(Layer {
                units: *units,
                weight: (*units, width),
                kind: LayerKind::Dense,
            });
            width = *units;
        }
        Ok(Self {
            layers,
            bias: settings.bias,
            inputs: features,
        })
    }

    /// Shapes of the weight matrices.
    pub fn weight_shapes(&self) -> Vec<(usize, usize)> {
        self.layers.iter().map(|layer| layer.weight).collect()
    }

    /// Whether the first layer is a convolution.
    pub fn has_convolution(&self) -> bool {
        matches!(self.layers[0].kind, LayerKind::Convolution(_))
    }

    /// Weights and biases of the dense network.
    pub fn parameters(&self) -> usize {
        self.layers
            .iter()
            .map(|layer| layer.weight.0 * (layer.weight.1 + usize::from(self.bias)))
            .sum()
    }

    /// Whether a ReLU follows layer `index`.
    pub fn is_hidden(&self, index: usize) -> bool {
        index + 1 < self.layers.len()
    }
}
