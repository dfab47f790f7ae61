//! One layer as mini-batches train it: its weights, and what is remembered of the batches so far.

use ndarray::{Array1, Array2, ArrayView2, Zip};

use super::kernels::{column_means, squared_deviations};
use super::metric::Metric;
use super::settings::MiniBatchSettings;
use super::sparse::Sparse;
use crate::linalg::{
    Accumulate, Cholesky, NotPositiveDefinite, Real, entries, entries_mut, gram_of_rows, product,
    sum_of_products, sum_of_squares,
};
use crate::network::LayerWeights;

/// Least weight of a batch in the running mean of the inputs.
const MEAN_RATE: f64 = 0.05;
/// Least weight of a batch in the running means of the line search.
const SEARCH_RATE: f64 = 0.2;
/// Largest factor of the line search.
const LONGEST: f64 = 1e4;
/// Keeps quotients finite where the outputs of a layer do not vary or nothing is to move.
const TINY: f64 = 1e-30;

/// A layer and its memory.
#[derive(Clone, Debug)]
pub(super) struct TrainedLayer<T> {
    /// Layer of the network that it is, or a factor of.
    pub of: usize,
    /// Whether a ReLU follows. None follows the last layer and the right factor of a layer of low rank.
    pub relu: bool,
    /// `W` (o x d) and `b`.
    pub weights: LayerWeights<T>,
    /// `M` and `Mb`: running sums of the steps.
    pub momentum: LayerWeights<T>,
    /// Batches seen.
    pub seen: usize,
    /// `mu`: running mean of every input; zero without a bias.
    pub mean: Array1<T>,
    /// Running Gram matrix of the inputs.
    pub metric: Metric<T>,
    /// Running means of `<z, D>` and `<z, z>`, of the line search below this layer.
    pub search: Option<[f64; 2]>,
    /// `(I/r + W W')^-1 W` of a recent weight, o x d: what the displacement of the outputs asks of the inputs.
    pub pull: Option<Array2<T>>,
    /// Share of the settings' weight decay that this layer has.
    pub decay: f64,
    /// Where zeros have been chosen; none: every entry may differ from zero.
    pub sparse: Option<Sparse<T>>,
}

/// What a batch yields for one layer. Rows are samples, or positions of a kernel on samples.
pub(super) struct Batch<'a, T> {
    /// `V_{i-1}`, rows x d.
    pub inputs: ArrayView2<'a, T>,
    /// `U_i`, rows x o.
    pub units: ArrayView2<'a, T>,
    /// `D`: how far the outputs are to move, rows x o.
    pub displacement: ArrayView2<'a, T>,
}

impl<T: Real> TrainedLayer<T> {
    /// A layer that has seen nothing yet.
    pub fn new(
        of: usize,
        relu: bool,
        decay: f64,
        weights: LayerWeights<T>,
        metric_rank: usize,
    ) -> Self {
        let inputs = weights.weight.ncols();
        Self {
            of,
            relu,
            momentum: LayerWeights {
                weight: Array2::zeros(weights.weight.dim()),
                bias: weights.bias.as_ref().map(|bias| Array1::zeros(bias.len())),
            },
            weights,
            seen: 0,
            mean: Array1::zeros(inputs),
            metric: Metric::new(inputs, metric_rank),
            search: None,
            pull: None,
            decay,
            sparse: None,
        }
    }

    /// Takes the inputs of a batch into the running mean and, every `refresh_every` batches, into the metric.
    pub fn observe(&mut self, inputs: ArrayView2<'_, T>, settings: &MiniBatchSettings) {
        if self.weights.bias.is_some() {
            let rate = T::from_f64(rate(MEAN_RATE, self.seen));
            let means = column_means(inputs);
            self.mean
                .zip_mut_with(&means, |old, new| *old += rate * (*new - *old));
        }
        if self.metric.updates == 0 || self.seen.is_multiple_of(settings.refresh_every) {
            self.metric
                .update(inputs, self.mean.view(), settings.damping);
        }
    }

    /// The `W` block: a step to the ridge minimiser of the batch in the running metric,
    ///
    /// ```text
    /// G = D Vc'/m - lambda a W            up = G (A + delta a I)^-1,  a = tr(A)/d
    /// q = f min(s, eta sqrt( sum var(U) / (tr(up A up') + |dm|^2) ))
    /// M = mom M + q up                    Mb = mom Mb + q dm
    /// W = W + M                           b = b + Mb - M mu
    /// ```
    ///
    /// with `Vc = V - mu` and `dm` the mean of `D` over the batch. A sparse layer has a metric of its own, see [`Sparse`]. `change` is memory for `up`.
    pub fn step(
        &mut self,
        batch: &Batch<'_, T>,
        settings: &MiniBatchSettings,
        scale: f64,
        change: &mut Array2<T>,
    ) {
        let shift = match self.weights.bias {
            Some(_) => column_means(batch.displacement),
            None => Array1::zeros(batch.displacement.ncols()),
        };
        let decay = self.decay_of(settings);
        self.gradient(batch, &shift, decay, change);
        let length = if let Some(sparse) = &mut self.sparse {
            sparse.direct(change);
            self.metric.squared_length(change)
        } else {
            self.metric.solve(change, settings.damping)
        };
        let moved = length + shift.iter().map(|d| d.widen().powi(2)).sum::<f64>();
        let relative = settings.step * ((spread(batch.units) + TINY) / (moved + TINY)).sqrt();
        let size = T::from_f64(scale * relative.min(settings.step_limit));
        let keep = T::from_f64(settings.momentum);
        let Self {
            weights,
            momentum,
            mean,
            ..
        } = self;
        let moving = entries_mut(&mut momentum.weight).iter_mut();
        let weight = entries_mut(&mut weights.weight);
        for ((m, w), up) in moving.zip(weight).zip(entries(change)) {
            *m = keep * *m + size * *up;
            *w += *m;
        }
        if let (Some(bias), Some(moving)) = (&mut weights.bias, &mut momentum.bias) {
            let carried = momentum.weight.dot(&*mean);
            Zip::from(bias)
                .and(moving)
                .and(&shift)
                .and(&carried)
                .for_each(|b, m, d, carried| {
                    *m = keep * *m + size * *d;
                    *b += *m - *carried;
                });
        }
        self.seen += 1;
    }

    /// Factor of `|W|^2/2`: `lambda`, the share of it that a compressed layer has, and `tr(A)/d`, without which the decay would
    /// weigh more on inputs in smaller units.
    pub fn decay_of(&self, settings: &MiniBatchSettings) -> f64 {
        let decay = settings.weight_decay.as_ref();
        let lambda = decay.map_or(0.0, |decay| decay.of_layer(self.of));
        lambda * self.decay * self.metric.mean_diagonal
    }

    /// `G = D Vc'/m - lambda a W`; the mean is taken out of the product: `D Vc' = D V' - m dm mu'`.
    fn gradient(
        &self,
        batch: &Batch<'_, T>,
        shift: &Array1<T>,
        decay: f64,
        target: &mut Array2<T>,
    ) {
        let share = T::from_f64(1.0 / batch.inputs.nrows() as f64);
        product(
            share,
            batch.displacement.reversed_axes(),
            batch.inputs,
            Accumulate::Replace,
            target.view_mut(),
        );
        let decay = T::from_f64(decay);
        let mean = self.mean.to_vec();
        let rows = entries_mut(target).chunks_exact_mut(mean.len());
        let weights = entries(&self.weights.weight).chunks_exact(mean.len());
        for ((row, weight), shift) in rows.zip(weights).zip(shift) {
            for ((g, w), mean) in row.iter_mut().zip(weight).zip(&mean) {
                *g -= *shift * *mean + decay * *w;
            }
        }
    }

    /// The `V` block below this layer, `dV = W' (I/r + W W')^-1 D`, rows x d. The matrix before `D` is made every
    /// `refresh_every` batches, and whenever there is none.
    ///
    /// # Errors
    /// When the weights are not finite.
    pub fn displace_inputs(
        &mut self,
        displacement: ArrayView2<'_, T>,
        settings: &MiniBatchSettings,
        target: &mut Array2<T>,
    ) -> Result<(), NotPositiveDefinite> {
        let due = self.seen.is_multiple_of(settings.refresh_every);
        let pull = match self.pull.take() {
            Some(pull) if !due => pull,
            _ => pull_of(self.weights.weight.view(), settings.ratio)?,
        };
        let pull = self.pull.insert(pull).view();
        let (one, replace) = (T::one(), Accumulate::Replace);
        product(one, displacement, pull, replace, target.view_mut());
        Ok(())
    }

    /// Whether the line search takes in this batch: every `refresh` batches.
    pub fn searches(&self, refresh: usize) -> bool {
        self.search.is_none() || self.seen.is_multiple_of(refresh)
    }

    /// The factor on the displacement of the inputs that brings the outputs closest to theirs,
    /// `<z, D> / <z, z>` in running means, where `z` is what the displacement does to the outputs; both of this batch, where it counts.
    pub fn search(&mut self, measured: Option<[f64; 2]>) -> f64 {
        if let Some(measured) = measured {
            let rate = rate(SEARCH_RATE, self.seen);
            let known = self.search.get_or_insert(measured);
            for (old, new) in known.iter_mut().zip(measured) {
                *old += rate * (new - *old);
            }
        }
        let [along, length] = self.search.unwrap_or_default();
        (along.max(0.0) / (length + TINY)).min(LONGEST)
    }

    /// Forgets the direction in which it moved and what it has seen of other weights.
    pub fn restart(&mut self, mut weights: LayerWeights<T>, mean: Array1<T>, metric_rank: usize) {
        let seen = self.seen;
        let mask = self.sparse.take().map(|sparse| sparse.mask);
        // The weights may be older than the choice of zeros.
        if let Some(mask) = &mask {
            weights.weight *= mask;
        }
        *self = Self::new(self.of, self.relu, self.decay, weights, metric_rank);
        (self.seen, self.mean) = (seen, mean);
        self.sparse = mask.map(Sparse::new);
    }
}

/// `(I/r + W W')^-1 W = W (I/r + W' W)^-1`, o x d, from the smaller of the two systems.
fn pull_of<T: Real>(
    weight: ArrayView2<'_, T>,
    ratio: f64,
) -> Result<Array2<T>, NotPositiveDefinite> {
    let wide = weight.nrows() <= weight.ncols();
    let rows = if wide { weight } else { weight.reversed_axes() };
    let mut system = Array2::zeros((rows.nrows(), rows.nrows()));
    gram_of_rows(T::one(), rows, system.view_mut());
    let shift = T::from_f64(1.0 / ratio);
    system.diag_mut().mapv_inplace(|entry| entry + shift);
    let mut solved = rows.t().as_standard_layout().into_owned();
    Cholesky::factor(system)?.solve_right_in_place(&mut solved.view_mut());
    Ok(if wide { solved.reversed_axes() } else { solved })
}

/// Weight of a batch in a running mean: at the beginning all batches count alike.
fn rate(least: f64, seen: usize) -> f64 {
    least.max(1.0 / (seen as f64 + 1.0))
}

/// Sum over the units of their variance in the batch.
fn spread<T: Real>(units: ArrayView2<'_, T>) -> f64 {
    let means = column_means(units);
    let squares = squared_deviations(units, means.view());
    squares.iter().map(|sum: &T| sum.widen()).sum::<f64>() / units.nrows() as f64
}

/// `<z, d>` and `<z, z>` per entry.
pub(super) fn products<T: Real>(z: &[T], d: &[T]) -> [f64; 2] {
    let count = z.len() as f64;
    [sum_of_products(z, d) / count, sum_of_squares(z) / count]
}
