//! One step of the whole network: forward, and then block by block from the output to the input.

use ndarray::{Array2, ArrayView2};

use super::layer::{Batch, TrainedLayer, products};
use super::settings::MiniBatchSettings;
use crate::linalg::{
    Accumulate, NotPositiveDefinite, Real, entries, entries_mut, product,
    sum_of_squares_of_difference,
};
use crate::network::{Architecture, LayerKind};

/// Arrays of one batch, used again by the next. Rows are samples, or positions of a kernel on samples.
#[derive(Debug)]
pub(super) struct Workspace<T> {
    /// `V_{i-1}`, rows x d: what the weight of layer `i` multiplies.
    pub inputs: Vec<Array2<T>>,
    /// `U_i`, rows x o.
    pub units: Vec<Array2<T>>,
    /// `D` of layer `i`, rows x o.
    pub displacement: Vec<Array2<T>>,
    /// The change of a weight, o x d.
    change: Vec<Array2<T>>,
    /// `dV` below layer `i`, in the shape of its inputs.
    moved: Vec<Array2<T>>,
}

/// Squared residuals that a step leaves in its batch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Residuals {
    /// `|U_i + D_i - W_i V_{i-1} - b_i|^2` with the new weights: what the step has not reached.
    pub linear: f64,
    /// `|V_i + dV_i - relu(U_i + dU_i)|^2`: what the units below cannot follow.
    pub activation: f64,
}

impl<T: Real> Workspace<T> {
    /// Memory for batches of `samples`.
    pub fn new(architecture: &Architecture, layers: &[TrainedLayer<T>], samples: usize) -> Self {
        let shapes: Vec<_> = (layers.iter())
            .map(|layer| {
                let rows = samples * architecture.layers[layer.of].positions();
                (rows, layer.weights.weight.dim())
            })
            .collect();
        let inputs = || {
            shapes
                .iter()
                .map(|(rows, (_, d))| Array2::zeros((*rows, *d)))
        };
        let units = || {
            shapes
                .iter()
                .map(|(rows, (o, _))| Array2::zeros((*rows, *o)))
        };
        Self {
            inputs: inputs().collect(),
            units: units().collect(),
            displacement: units().collect(),
            change: shapes
                .iter()
                .map(|(_, shape)| Array2::zeros(*shape))
                .collect(),
            moved: inputs().collect(),
        }
    }

    /// Fills the inputs of the first layer from `samples` (n x features).
    pub fn gather(
        &mut self,
        architecture: &Architecture,
        samples: ArrayView2<'_, T>,
        chosen: &[usize],
    ) {
        let rows = self.inputs[0].rows_mut().into_iter();
        match &architecture.layers[0].kind {
            LayerKind::Dense => {
                for (mut row, sample) in rows.zip(chosen) {
                    row.assign(&samples.row(*sample));
                }
            }
            LayerKind::Convolution(convolution) => {
                let positions = convolution.positions();
                for (number, mut row) in rows.enumerate() {
                    let sample = samples.row(chosen[number / positions]);
                    let patch = convolution.patch(number % positions);
                    for (entry, feature) in row.iter_mut().zip(patch) {
                        *entry = sample[feature];
                    }
                }
            }
        }
    }

    /// `U_i = W_i V_{i-1} + b_i` and `V_i = relu(U_i)`
    pub fn forward(&mut self, layers: &[TrainedLayer<T>]) {
        for (index, layer) in layers.iter().enumerate() {
            let units = &mut self.units[index];
            apply(layer, self.inputs[index].view(), units);
            let Some(activations) = self.inputs.get_mut(index + 1) else {
                return;
            };
            // The units of a sample lie side by side, whatever the positions of a kernel.
            for (activation, unit) in entries_mut(activations).iter_mut().zip(entries(units)) {
                let passes = !layer.relu || *unit > T::zero();
                *activation = if passes { *unit } else { T::zero() };
            }
        }
    }

    /// `U_N` and room for `D_N`.
    pub fn outputs(&mut self, last: usize) -> (ArrayView2<'_, T>, &mut Array2<T>) {
        (self.units[last].view(), &mut self.displacement[last])
    }

    /// One step of every block, from the batch whose forward pass and last displacement are in place. `measure`: what the step leaves.
    ///
    /// # Errors
    /// When the weights are not finite.
    pub fn update(
        &mut self,
        layers: &mut [TrainedLayer<T>],
        scale: f64,
        settings: &MiniBatchSettings,
        mut measure: Option<&mut Vec<Residuals>>,
    ) -> Result<(), NotPositiveDefinite> {
        if let Some(residuals) = &mut measure {
            residuals.clear();
            residuals.resize(layers.len(), Residuals::default());
        }
        for index in (0..layers.len()).rev() {
            let (below, layer) = layers.split_at_mut(index);
            layer[0].observe(self.inputs[index].view(), settings);
            if let Some(below) = below.last() {
                let left = self.displace(
                    index,
                    &mut layer[0],
                    below.relu,
                    settings,
                    measure.is_some(),
                )?;
                if let Some(residuals) = &mut measure {
                    residuals[index - 1].activation = left;
                }
            }
            let batch = Batch {
                inputs: self.inputs[index].view(),
                units: self.units[index].view(),
                displacement: self.displacement[index].view(),
            };
            layer[0].step(&batch, settings, scale, &mut self.change[index]);
        }
        if let Some(residuals) = measure {
            self.measure(layers, residuals);
        }
        Ok(())
    }

    /// The `V` and `U` blocks below layer `index`: what its displacement asks of the units before it,
    ///
    /// ```text
    /// dV = W' (I/r + W W')^-1 D              dU = dV [U > 0] / (1 + r)
    /// z = W (relu(U + dU) - V)               D_below = max(<z, D>, 0) / <z, z> dU
    /// ```
    ///
    /// Yields the squared activation residual, if it `measures`.
    fn displace(
        &mut self,
        index: usize,
        layer: &mut TrainedLayer<T>,
        relu: bool,
        settings: &MiniBatchSettings,
        measures: bool,
    ) -> Result<f64, NotPositiveDefinite> {
        let displacement = &self.displacement[index];
        let moved = &mut self.moved[index];
        layer.displace_inputs(displacement.view(), settings, moved)?;
        let activations = &self.inputs[index];
        let asked = measures.then(|| &*moved + activations);
        let share = T::from_f64(if relu {
            1.0 / (1.0 + settings.ratio)
        } else {
            1.0
        });
        // A unit is on where its activation is positive.
        for (moved, v) in entries_mut(moved).iter_mut().zip(entries(activations)) {
            let passes = !relu || *v > T::zero();
            *moved = if passes { share * *moved } else { T::zero() };
        }
        let measured = layer.searches(settings.refresh_every).then(|| {
            let mut effect = moved.clone();
            if relu {
                let pairs = entries_mut(&mut effect)
                    .iter_mut()
                    .zip(entries(activations));
                pairs.for_each(|(effect, v)| *effect = effect.max(-*v));
            }
            let mut z = Array2::zeros(displacement.dim());
            let (one, replace) = (T::one(), Accumulate::Replace);
            let weight = layer.weights.weight.t();
            product(one, effect.view(), weight, replace, z.view_mut());
            products(entries(&z), entries(displacement))
        });
        let length = T::from_f64(layer.search(measured));
        let target = entries_mut(&mut self.displacement[index - 1]);
        for (target, moved) in target.iter_mut().zip(entries(moved)) {
            *target = length * *moved;
        }
        let Some(asked) = asked else {
            return Ok(0.0);
        };
        let units = entries(&self.units[index - 1]).iter();
        let missed = units
            .zip(&*target)
            .zip(&asked)
            .map(|((unit, moved), asked)| {
                let reached = *unit + *moved;
                let reached = if relu {
                    reached.max(T::zero())
                } else {
                    reached
                };
                (*asked - reached).widen().powi(2)
            });
        Ok(missed.sum())
    }

    /// What the new weights leave of the displacements that they were fitted to.
    fn measure(&self, layers: &[TrainedLayer<T>], residuals: &mut [Residuals]) {
        for (index, layer) in layers.iter().enumerate() {
            let mut fitted = Array2::zeros(self.units[index].dim());
            apply(layer, self.inputs[index].view(), &mut fitted);
            let wanted = &self.units[index] + &self.displacement[index];
            residuals[index].linear =
                sum_of_squares_of_difference(entries(&wanted), entries(&fitted));
        }
    }
}

/// `U = W V + b`
fn apply<T: Real>(layer: &TrainedLayer<T>, inputs: ArrayView2<'_, T>, units: &mut Array2<T>) {
    let weight = layer.weights.weight.t();
    product(
        T::one(),
        inputs,
        weight,
        Accumulate::Replace,
        units.view_mut(),
    );
    if let Some(bias) = &layer.weights.bias {
        let bias = bias.to_vec();
        for row in entries_mut(units).chunks_exact_mut(bias.len()) {
            for (unit, bias) in row.iter_mut().zip(&bias) {
                *unit += *bias;
            }
        }
    }
}
