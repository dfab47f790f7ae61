//! Hidden units that do nothing.

use ndarray::ArrayView2;

use super::architecture::Architecture;
use super::deployed::Deployed;
use super::weights::LayerWeights;
use crate::compress::Projected;
use crate::linalg::Real;

/// Dead units of one hidden layer; of a convolution, filters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeadUnits {
    /// Units with weights that are zero for every sample.
    pub dead: usize,
    /// Units that have a weight. Those that compression has taken all weights from are no part of the network any more.
    pub units: usize,
}

impl DeadUnits {
    /// Share of the units that are dead; 0 where there are none.
    pub fn share(self) -> f64 {
        self.dead as f64 / self.units.max(1) as f64
    }
}

/// The dead units of every hidden layer of the deployed network, for samples in the columns of `inputs`, features x n.
///
/// A filter of a convolution is dead if it is zero at every position.
pub fn dead_units<T: Real>(
    architecture: &Architecture,
    weights: &[LayerWeights<T>],
    compressed: &[Option<Projected<T>>],
    inputs: ArrayView2<'_, T>,
) -> Vec<DeadUnits> {
    let active = Deployed::new(architecture, weights, compressed).active_outputs(inputs);
    let layers = weights.iter().zip(compressed).zip(active);
    layers
        .map(|((weights, compressed), active)| {
            let weight =
                (compressed.as_ref()).map_or(&weights.weight, |projected| &projected.dense);
            let rows = weight.rows().into_iter().zip(active);
            let with_weights = rows.filter(|(row, _)| row.iter().any(|value| !value.is_zero()));
            with_weights.fold(DeadUnits::default(), |counts, (_, active)| DeadUnits {
                dead: counts.dead + usize::from(!active),
                units: counts.units + 1,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, array};

    use super::*;
    use crate::network::{InitScheme, InitSettings, ModelSettings, draw_weights};

    #[test]
    fn units_that_are_zero_for_every_sample_are_dead_and_those_without_weights_are_gone() {
        let settings = ModelSettings {
            hidden: vec![4, 2],
            conv: None,
            bias: true,
            init: InitSettings::default(),
        };
        let architecture = Architecture::resolve(&settings, 2, None, 2).unwrap();
        let mut weights = draw_weights::<f64>(&architecture, InitScheme::default(), 1.0, 1);
        // A unit that follows the first feature, one that never speaks, one without weights, one that speaks once.
        weights[0].weight = array![[1.0, 0.0], [-1.0, -1.0], [0.0, 0.0], [0.0, 1.0]];
        weights[0].bias = Some(array![0.0, 0.0, -1.0, -8.0]);
        // The second one hears only the dead one.
        weights[1].weight = array![[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]];
        weights[1].bias = Some(Array1::zeros(2));
        let inputs = array![[1.0, 2.0, 3.0], [0.5, 7.0, 9.0]];
        let counts = |inputs: ArrayView2<'_, f64>| {
            let counts = dead_units(&architecture, &weights, &[None, None, None], inputs);
            counts
                .iter()
                .map(|of| (of.dead, of.units))
                .collect::<Vec<_>>()
        };
        assert_eq!(counts(inputs.view()), [(1, 3), (1, 2)]);
        // Without the sample in which it speaks the last unit is dead too.
        assert_eq!(counts(inputs.slice(ndarray::s![.., ..2])), [(2, 3), (1, 2)]);
        let count = DeadUnits { dead: 1, units: 4 };
        assert_eq!((count.share(), DeadUnits::default().share()), (0.25, 0.0));
    }
}
