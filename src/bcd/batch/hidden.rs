//! The update of the activations and pre-activations of a hidden layer.
//!
//! Both updates treat every sample by itself, so that they are done together, a tile of samples at a
//! time, while the tile stays in a core's cache.

use std::ops::Add;

use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, Zip};

use super::iteration::Iteration;
use super::memory::{TileMemory, matrix, with_memory};
use crate::bcd::error::{Block, SolverError};
use crate::bcd::objective::Penalties;
use crate::bcd::prox::{Pass, PassSums, PreActivationUpdate};
use crate::linalg::{
    Accumulate, Cholesky, Factor, NotPositiveDefinite, Real, Threads, entries, gram_of_columns,
    gram_of_rows, sum_of_squares, tile_width,
};
use crate::network::{LayerWeights, add_bias};

/// Widest next layer, in widths of this one, for which the dual form of the activation update is used.
///
/// With `d` units here and `m` in the next layer, a sample costs `4 d m + 2 m^2` operations in the dual
/// form (two products, a solve of size `m`) and `6 d m + 2 d^2` in the primal form (three products, a
/// solve of size `d`). Both are equal at `m = 1.618 d`.
const DUAL_WIDTH_LIMIT: f64 = 1.6;

impl<T: Real> Iteration<'_, T> {
    /// (5) `V_i = argmin gamma/2 |V - relu(U_i)|^2 + rho/2 |U_{i+1} - W_{i+1} V|^2`, see
    /// [`ActivationSystem`], and then
    ///
    /// (6) `U_i = argmin gamma/2 |V_i - relu(U)|^2 + rho/2 |U - W_i V_{i-1}|^2 + alpha/2 |U - U_i_old|^2`,
    /// entry by entry, see [`crate::bcd::prox_relu`]; both then relaxed, `U_i` where it stays on its side of
    /// the kink.
    ///
    /// # Errors
    /// [`SolverError`] names the block that turned non-finite or whose system broke down.
    pub fn update_activation_and_pre_activation(
        &mut self,
        index: usize,
    ) -> Result<(), SolverError> {
        let next = index + 1;
        let width = tile_width(self.problem.data.train.len());
        let weights = &self.state.weights[next];
        let wide_weights = needs_double(self.penalties, weights).then(|| weights.in_double());
        let update = match &wide_weights {
            Some(weights) => Update::Wide(TileUpdate::new(self, index, weights, width)?),
            None => Update::Plain(TileUpdate::new(self, index, weights, width)?),
        };
        let (pre_activations, next_pre_activations) =
            this_and_next(&mut self.state.pre_activations, index);
        let (residual, next_residual) = this_and_next(&mut self.state.linear_residuals, index);
        let memories = &self.workspace.tiles;
        let sums: Vec<TileSums> = self.state.activations[index]
            .axis_chunks_iter_mut(Axis(1), width)
            .into_par_iter()
            .zip(pre_activations.axis_chunks_iter_mut(Axis(1), width))
            .zip(residual.axis_chunks_iter_mut(Axis(1), width))
            .zip(next_pre_activations.axis_chunks_iter(Axis(1), width))
            .zip(next_residual.axis_chunks_iter_mut(Axis(1), width))
            .map(
                |(
                    (((activations, pre_activations), residual), next_pre_activations),
                    next_residual,
                )| {
                    let tile = Tile {
                        activations,
                        pre_activations,
                        residual,
                        next_pre_activations,
                        next_residual,
                    };
                    match &update {
                        Update::Wide(update) => update.apply_wide(tile),
                        Update::Plain(update) => {
                            with_memory(memories, |memory| update.apply(tile, memory))
                        }
                    }
                },
            )
            .collect();
        let sums = sums.into_iter().fold(TileSums::default(), Add::add);
        self.sums.layers[next].linear_residual = sums.next_residual;
        self.sums.layers[index].activation_residual = sums.pass.activation_residual;
        self.add_step(Block::Activation(index), sums.pass.activation_step)?;
        self.add_step(Block::PreActivation(index), sums.pass.pre_activation_step)
    }
}

fn this_and_next<B>(blocks: &mut [B], index: usize) -> (&mut B, &mut B) {
    let (before, after) = blocks.split_at_mut(index + 1);
    (&mut before[index], &mut after[0])
}

/// Columns (samples) of the blocks that take part; layer `i` and the next one.
struct Tile<'a, T> {
    activations: ArrayViewMut2<'a, T>,
    pre_activations: ArrayViewMut2<'a, T>,
    residual: ArrayViewMut2<'a, T>,
    next_pre_activations: ArrayView2<'a, T>,
    next_residual: ArrayViewMut2<'a, T>,
}

/// Whether rounding in `T` is too much for the activation update. The system `M = I + rho/gamma W W'` is solved with a residual
/// of `eps |M| |E|`, which raises the objective by the square of `eps |M|`, relative to what it is.
fn needs_double<T: Real>(Penalties { gamma, rho, .. }: Penalties, next: &LayerWeights<T>) -> bool {
    let largest = 1.0 + rho / gamma * sum_of_squares(entries(&next.weight));
    !T::suffices((T::epsilon().widen() * largest).powi(2))
}

/// The updates of one layer in the precision that they need.
enum Update<'a, T> {
    Plain(TileUpdate<'a, T>),
    /// With copies of the tiles.
    Wide(TileUpdate<'a, f64>),
}

/// The activation and the pre-activation update of one layer.
struct TileUpdate<'a, S> {
    system: ActivationSystem<'a, S>,
    pre_activation: PreActivationUpdate<S>,
}

impl<'a, S: Real> TileUpdate<'a, S> {
    fn new<T: Real>(
        iteration: &Iteration<'_, T>,
        index: usize,
        next: &'a LayerWeights<S>,
        width: usize,
    ) -> Result<Self, SolverError> {
        let (penalties, relaxation) = (iteration.penalties, iteration.relaxation);
        let units = iteration.state.pre_activations[index].nrows();
        let alpha = iteration.settings().alpha;
        Ok(Self {
            system: ActivationSystem::new(penalties, relaxation, units, next, width)
                .map_err(|error| iteration.fail(Block::Activation(index), error))?,
            pre_activation: PreActivationUpdate::new(penalties, alpha, relaxation),
        })
    }

    fn apply(&self, tile: Tile<'_, S>, memory: &mut TileMemory<S>) -> TileSums {
        self.system.update_tile(self.pre_activation, tile, memory)
    }
}

impl TileUpdate<'_, f64> {
    fn apply_wide<T: Real>(&self, tile: Tile<'_, T>) -> TileSums {
        let wide = |part: ArrayView2<'_, T>| part.mapv(T::widen);
        let next_pre_activations = wide(tile.next_pre_activations);
        let mut activations = wide(tile.activations.view());
        let mut pre_activations = wide(tile.pre_activations.view());
        let mut residual = wide(tile.residual.view());
        let mut next_residual = wide(tile.next_residual.view());
        let copy = Tile {
            activations: activations.view_mut(),
            pre_activations: pre_activations.view_mut(),
            residual: residual.view_mut(),
            next_pre_activations: next_pre_activations.view(),
            next_residual: next_residual.view_mut(),
        };
        let sums = self.apply(copy, &mut TileMemory::default());
        let pairs = [
            (tile.activations, activations),
            (tile.pre_activations, pre_activations),
            (tile.residual, residual),
            (tile.next_residual, next_residual),
        ];
        for (mut part, wide) in pairs {
            part.zip_mut_with(&wide, |entry, wide| *entry = T::from_f64(*wide));
        }
        sums
    }
}

/// What the update of one tile yields.
#[derive(Clone, Copy, Default)]
struct TileSums {
    pass: PassSums,
    /// `|U_{i+1} - W_{i+1} V_i|^2`
    next_residual: f64,
}

impl Add for TileSums {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            pass: self.pass + other.pass,
            next_residual: self.next_residual + other.next_residual,
        }
    }
}

/// The system of the activation update. With `R = U_{i+1} - W relu(U_i)`, `W = W_{i+1}`, two forms of
/// the same minimiser:
///
/// * dual: `E = (I + rho/gamma W W')^-1 R`,  `V_i = relu(U_i) + rho/gamma W' E`, where
///   `E = U_{i+1} - W V_i` is its linear residual and costs nothing more;
/// * primal, for a wider next layer: `V_i = relu(U_i) + (gamma/rho I + W' W)^-1 W' R`.
///
/// `V_i` is then relaxed; `E` is linear in it and follows with one product more.
struct ActivationSystem<'a, T> {
    /// `W`
    weight: Factor<'a, T>,
    /// `W'`
    transpose: Factor<'a, T>,
    bias: Option<&'a Array1<T>>,
    /// `rho / gamma`
    ratio: T,
    /// `omega - 1`
    excess: T,
    dual: bool,
    /// Found in double precision.
    factor: Cholesky<T>,
}

impl<'a, T: Real> ActivationSystem<'a, T> {
    /// For tiles of so many `columns`.
    fn new(
        Penalties { gamma, rho, .. }: Penalties,
        relaxation: f64,
        units: usize,
        weights: &'a LayerWeights<T>,
        columns: usize,
    ) -> Result<Self, NotPositiveDefinite> {
        let weight = weights.weight.view();
        let outputs = weight.nrows();
        let dual = outputs as f64 <= DUAL_WIDTH_LIMIT * units as f64;
        let ratio = rho / gamma;
        let size = if dual { outputs } else { units };
        let mut system = Array2::zeros((size, size));
        let wide = weight.mapv(T::widen);
        if dual {
            gram_of_rows(ratio, wide.view(), system.view_mut());
        } else {
            gram_of_columns(ratio, wide.view(), system.view_mut());
        }
        system.diag_mut().mapv_inplace(|entry| entry + 1.0);
        let [weight, transpose] = Factor::with_transpose(weight, columns);
        Ok(Self {
            weight,
            transpose,
            bias: weights.bias.as_ref(),
            ratio: T::from_f64(ratio),
            excess: T::from_f64(relaxation - 1.0),
            dual,
            factor: Cholesky::factor(system)?.in_precision(),
        })
    }

    fn update_tile(
        &self,
        update: PreActivationUpdate<T>,
        mut tile: Tile<'_, T>,
        memory: &mut TileMemory<T>,
    ) -> TileSums {
        let (units, samples) = tile.pre_activations.dim();
        let outputs = tile.next_residual.nrows();
        let mut activations = matrix(&mut memory.activations, units, samples);
        let mut residual = matrix(&mut memory.residual, outputs, samples);
        Zip::from(&mut activations)
            .and(&tile.pre_activations)
            .for_each(|v, u| *v = u.max(T::zero()));
        residual.assign(&tile.next_pre_activations);
        self.subtract_image(activations.view(), residual.view_mut());
        if let Some(bias) = self.bias {
            add_bias(-T::one(), bias, residual.view_mut());
        }
        if self.dual {
            self.factor.solve_on(Threads::One, &mut residual);
            self.pull_back(residual.view(), Accumulate::Add, activations.view_mut());
        } else {
            let mut change = matrix(&mut memory.correction, units, samples);
            self.pull_back(residual.view(), Accumulate::Replace, change.view_mut());
            self.factor.solve_on(Threads::One, &mut change);
            activations += &change;
        }
        if !self.dual || self.excess != T::zero() {
            // What E does not know of yet: the change of the primal form, and how far V goes past it.
            let mut change = matrix(&mut memory.correction, units, samples);
            if self.dual {
                change.fill(T::zero());
            }
            Zip::from(&mut change)
                .and(&mut activations)
                .and(&tile.activations)
                .for_each(|change, v, old| {
                    let past = self.excess * (*v - *old);
                    *change += past;
                    *v += past;
                });
            self.subtract_image(change.view(), residual.view_mut());
        }
        tile.next_residual.assign(&residual);
        TileSums {
            next_residual: sum_of_squares(&memory.residual[..outputs * samples]),
            pass: update.apply(Pass {
                new_activations: activations.view(),
                activations: tile.activations,
                pre_activations: tile.pre_activations,
                linear_residual: tile.residual,
            }),
        }
    }

    /// `R -= W V`
    fn subtract_image(&self, activations: ArrayView2<'_, T>, residual: ArrayViewMut2<'_, T>) {
        let (minus, add) = (-T::one(), Accumulate::Add);
        self.weight
            .multiply(Threads::One, minus, activations, add, residual);
    }

    /// `V = rho/gamma W' R`, or `V += …`
    fn pull_back(
        &self,
        residual: ArrayView2<'_, T>,
        accumulate: Accumulate,
        activations: ArrayViewMut2<'_, T>,
    ) {
        self.transpose
            .multiply(Threads::One, self.ratio, residual, accumulate, activations);
    }
}
