//! What a trial will cost, from the shapes alone.

use std::time::Instant;

use ndarray::Array2;

use super::data::SampleCounts;
use crate::bcd::{Coupling, MiniBatchSettings, SolverSettings};
use crate::compress::LayerCompression;
use crate::gradient::{GradientSettings, Optimizer};
use crate::grid::{MethodSettings, TrialSettings};
use crate::linalg::{self, Accumulate};
use crate::network::{Architecture, Layer};
use crate::training::{GLANCE, Precision};

/// Estimated cost of a trial.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Bytes of memory while it runs, shared data not counted.
    pub memory: u64,
    /// Floating-point operations of all iterations.
    pub operations: f64,
}

/// Memory, and operations of one iteration.
#[derive(Default)]
struct Work {
    /// Numbers in the precision of the trial.
    numbers: f64,
    /// Bytes whatever the precision.
    bytes: f64,
    operations: f64,
}

/// Memory and operations of a trial.
pub(super) fn estimate(
    settings: &TrialSettings,
    architecture: &Architecture,
    compression: &[Option<LayerCompression>],
    samples: SampleCounts,
) -> Cost {
    let solver = &settings.solver;
    let n = samples.train as f64;
    let evaluated = samples.total() - samples.train + samples.train.min(GLANCE);
    let evaluation = evaluated as f64 / n.max(1.0) / solver.eval_every() as f64;
    let work = match solver {
        MethodSettings::NnBcd(settings) => {
            blocks(settings, architecture, compression, n, evaluation)
        }
        MethodSettings::MiniBatch(settings) => {
            steps(settings, architecture, compression, n, evaluation)
        }
        MethodSettings::Gradient(settings) => {
            passes(settings, architecture, compression, n, evaluation)
        }
    };
    let bytes_per_number = match solver.precision() {
        Precision::Single => 4.0,
        Precision::Double => 8.0,
    };
    // The network of the last row, which outlives a breakdown of the next iteration.
    let layers = architecture.layers.iter().zip(compression);
    let kept: f64 = layers
        .map(|(layer, compression)| {
            let copies = if compression.is_some() { 3.0 } else { 1.0 };
            copies * layer.weight.0 as f64 * layer.weight.1 as f64
        })
        .sum();
    // A few megabytes for the evaluation tiles and everything small.
    let memory = (work.numbers + kept) * bytes_per_number + work.bytes + 16e6;
    Cost {
        memory: memory as u64,
        operations: work.operations * solver.iterations().max(1) as f64,
    }
}

/// Operations of `W V` for `n` samples.
fn product(layer: &Layer, n: f64) -> f64 {
    2.0 * layer.units as f64 * layer.weight.1 as f64 * n
}

/// NN-BCD; `evaluation`: share of a forward pass that measures accuracy.
fn blocks(
    settings: &SolverSettings,
    architecture: &Architecture,
    compression: &[Option<LayerCompression>],
    n: f64,
    evaluation: f64,
) -> Work {
    let mut numbers = 0.0;
    let mut operations = 0.0;
    let (mut widest, mut largest_system) = (0.0_f64, 0.0_f64);
    let relaxed = settings.relaxation != 1.0;
    let mut inputs = architecture.inputs;
    for (index, layer) in architecture.layers.iter().enumerate() {
        let (units, d) = (layer.units as f64, inputs as f64);
        let (rows, columns) = (layer.weight.0 as f64, layer.weight.1 as f64);
        let product = product(layer, n);
        let copies = if compression[index].is_some() {
            5.0
        } else {
            3.0
        };
        numbers += 3.0 * units * n + copies * rows * columns;
        widest = widest.max(units * n);
        // The W-update (E V' and, behind the first layer, V V'), the V-update (R, S R, W' S R and, if
        // relaxed, W times what it adds), the evaluation of the deployed network.
        operations += product * (1.0 + evaluation);
        if index > 0 {
            let system = d.min(n);
            operations += d * n * system + system.powi(3) / 3.0 + 2.0 * rows * d * d;
            let products = if relaxed { 3.0 } else { 2.0 };
            operations += products * product + 2.0 * rows.min(d).powi(2) * n;
            // Gram matrix, system, factor and a copy, and a tile of the inputs: all in double precision.
            largest_system = largest_system.max(8.0 * (4.0 * system * system + 2048.0 * d));
        } else {
            operations += product;
        }
        inputs = layer.units;
    }
    let mut inside_sets = Work::default();
    let constrained = settings.coupling == Coupling::Constrained;
    if constrained || settings.refit {
        inside_sets = updates_inside_sets(architecture, compression);
    }
    let share = if constrained {
        1.0
    } else {
        settings.refits() as f64 / settings.iterations.max(1) as f64
    };
    operations += share * inside_sets.operations;
    Work {
        numbers: numbers + widest,
        bytes: inside_sets.bytes + largest_system,
        operations,
    }
}

/// What `coupling: constrained` and refits need beside the rest: in double precision the Gram matrix, the system, its factor, and
/// half a dozen matrices of the weight's shape. The weight of the first layer keeps its system.
fn updates_inside_sets(
    architecture: &Architecture,
    compression: &[Option<LayerCompression>],
) -> Work {
    let mut work = Work::default();
    let mut kept = 0.0;
    for (index, layer) in architecture.layers.iter().enumerate() {
        if compression[index].is_none() {
            continue;
        }
        let (rows, columns) = (layer.weight.0 as f64, layer.weight.1 as f64);
        let system = columns * columns;
        work.bytes = work.bytes.max(8.0 * (3.0 * system + 6.0 * rows * columns));
        if index == 0 {
            kept = 16.0 * system;
        }
        work.operations += 8.0 * rows * system;
    }
    work.bytes += kept;
    work
}

/// Mini-batches: per batch a forward pass, the product of the weight step and, behind the first layer, the displacement of the
/// inputs with its line search; the metric has thin factors.
fn steps(
    settings: &MiniBatchSettings,
    architecture: &Architecture,
    compression: &[Option<LayerCompression>],
    n: f64,
    evaluation: f64,
) -> Work {
    let batch = settings.batch(n as usize) as f64;
    let steps = (n / batch).floor();
    let refreshes = 1.0 / settings.refresh_every as f64;
    // The samples one after another, their order, and the gathered batch.
    let mut numbers = architecture.inputs as f64 * n + n;
    let mut operations = 0.0;
    let mut bytes = 0.0;
    for (index, layer) in architecture.layers.iter().enumerate() {
        let (o, d) = (layer.weight.0 as f64, layer.weight.1 as f64);
        let rows = batch * layer.positions() as f64;
        let entries = o * d;
        // Weight, momentum, change, snapshot, what is deployed and its copy, of a sparse layer the zeros and mean squares; inputs,
        // their displacement, outputs and theirs.
        let copies = if compression[index].is_some() {
            10.0
        } else {
            6.0
        };
        numbers += copies * entries + rows * (3.0 * d + 3.0 * o);
        let rank = (settings.metric_rank as f64).min(d);
        let metric = if d <= 2.0 * rank {
            bytes += 16.0 * d * d;
            2.0 * o * d * d + refreshes * (rows * d * d + d.powi(3) / 3.0)
        } else {
            numbers += d * rank;
            8.0 * entries * rank + refreshes * 4.0 * (rows * d * rank + d * rank * rank)
        };
        let mut products = 2.0;
        let mut system = 0.0;
        if index > 0 {
            let side = o.min(d);
            products += 1.0 + refreshes;
            // Gram matrix, factor and solves of the matrix of the V block.
            system = refreshes * side * side * (3.0 * o.max(d) + side / 3.0);
            numbers += side * side + entries;
        }
        operations +=
            products * product(layer, steps * batch) + steps * (metric + system + 12.0 * entries);
        operations += product(layer, n) * evaluation;
    }
    Work {
        numbers,
        bytes,
        operations,
    }
}

/// A gradient method: per batch a forward pass, a gradient by the weight and, behind the first layer,
/// one by the inputs; after the epoch a forward pass for the loss.
fn passes(
    settings: &GradientSettings,
    architecture: &Architecture,
    compression: &[Option<LayerCompression>],
    n: f64,
    evaluation: f64,
) -> Work {
    let batch = (settings.batch_size as f64).min(n);
    let remembered = match settings.optimizer {
        Optimizer::Adam => 2.0,
        Optimizer::Sgd => 1.0,
    };
    // Order and copy of the samples of a batch.
    let mut numbers = architecture.inputs as f64 * batch + n;
    let mut operations = 0.0;
    for (index, layer) in architecture.layers.iter().enumerate() {
        let entries = layer.weight.0 as f64 * layer.weight.1 as f64;
        // The weight, the one before the epoch, the gradient; a projection and a copy of it.
        let copies = if compression[index].is_some() {
            5.0
        } else {
            3.0
        };
        numbers += (copies + remembered) * entries + 2.0 * layer.units as f64 * batch;
        let products = if index > 0 { 4.0 } else { 3.0 };
        // The products of a chain of factors and the step itself, per batch.
        let steps = (n / batch.max(1.0)).ceil();
        operations += product(layer, n) * (products + evaluation) + 12.0 * entries * steps;
    }
    Work {
        numbers,
        operations,
        ..Work::default()
    }
}

/// Floating-point operations per second of one thread in a single-precision matrix product.
pub fn product_rate() -> f64 {
    const SIZE: usize = 512;
    let a = Array2::<f32>::ones((SIZE, SIZE));
    let mut c = Array2::<f32>::zeros((SIZE, SIZE));
    let start = Instant::now();
    let mut done = 0;
    while done < 4 || start.elapsed().as_millis() < 50 {
        linalg::product(1.0, a.view(), a.view(), Accumulate::Replace, c.view_mut());
        done += 1;
    }
    let threads = rayon::current_num_threads() as f64;
    2.0 * (SIZE as f64).powi(3) * f64::from(done) / start.elapsed().as_secs_f64() / threads
}
