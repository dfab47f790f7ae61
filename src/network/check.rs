//! The ranges of the settings of the network.

use super::settings::{InitSettings, ModelSettings};
use crate::check::{Checked, at_least_one, positive, require};

/// More units than this fit no memory, and with fewer no product of two widths overflows.
const MOST_UNITS: usize = 1 << 24;

impl ModelSettings {
    /// Number of layers, a convolution included.
    pub fn layers(&self) -> usize {
        self.hidden.len() + 1 + usize::from(self.conv.is_some())
    }

    /// Whether every setting is in its range, whatever the data are.
    ///
    /// # Errors
    /// The first setting that is not.
    pub fn check(&self) -> Checked {
        for (index, &width) in self.hidden.iter().enumerate() {
            units(width, &format!("hidden[{index}]"))?;
        }
        if let Some(conv) = &self.conv {
            units(conv.filters, "conv.filters")?;
            at_least_one(conv.kernel, "conv.kernel")?;
            at_least_one(conv.stride, "conv.stride")?;
        }
        match self.init {
            InitSettings::Random { scale, .. } => positive(scale, "init.scale"),
            InitSettings::File { .. } => Ok(()),
        }
    }
}

fn units(value: usize, path: &str) -> Checked {
    let allowed = format!("a whole number from 1 to {MOST_UNITS}");
    require((1..=MOST_UNITS).contains(&value), path, value, allowed)
}

#[cfg(test)]
mod tests {
    use super::super::Architecture;
    use super::super::settings::ConvolutionSettings;
    use super::*;

    fn model(change: impl FnOnce(&mut ModelSettings)) -> ModelSettings {
        let mut settings = ModelSettings {
            hidden: vec![4, 3],
            conv: Some(ConvolutionSettings {
                filters: 2,
                kernel: 3,
                stride: 1,
            }),
            bias: true,
            init: InitSettings::default(),
        };
        change(&mut settings);
        settings
    }

    fn conv(change: impl FnOnce(&mut ConvolutionSettings)) -> ModelSettings {
        model(|model| change(model.conv.as_mut().expect("given")))
    }

    fn scale(scale: f64) -> ModelSettings {
        model(|model| {
            model.init = InitSettings::Random {
                scheme: Default::default(),
                scale,
            }
        })
    }

    #[test]
    fn no_network_is_made_of_settings_out_of_range() {
        let refused = [
            (model(|m| m.hidden[1] = 0), "hidden[1]: 0 is"),
            (
                model(|m| m.hidden[0] = MOST_UNITS + 1),
                "hidden[0]: 16777217 is not allowed (a whole number from 1 to 16777216)",
            ),
            (conv(|c| c.filters = 0), "conv.filters: 0 is"),
            (conv(|c| c.kernel = 0), "conv.kernel: 0 is"),
            (conv(|c| c.stride = 0), "conv.stride: 0 is"),
            (
                scale(-0.5),
                "init.scale: -0.5 is not allowed (a number > 0)",
            ),
            (
                scale(f64::NAN),
                "init.scale: NaN is not allowed (a finite number > 0)",
            ),
        ];
        for (settings, expected) in refused {
            let found = settings.check().expect_err(expected);
            assert!(found.to_string().starts_with(expected), "{found}");
            let refusal = Architecture::resolve(&settings, 64, Some([8, 8, 1]), 10);
            assert_eq!(refusal, Err(found.into()));
        }
        let good = model(|_| {});
        let network = Architecture::resolve(&good, 64, Some([8, 8, 1]), 10).expect("in range");
        assert_eq!(network.layers.len(), good.layers());
    }
}
