//! The ranges of the settings of a gradient method.

use super::{Checked, Layers, at_least_one, positive, require, weight_decay};
use crate::gradient::{Compress, GradientSettings, Optimizer};

pub(super) fn check(solver: &GradientSettings, layers: Layers) -> Checked {
    positive(solver.learning_rate(), "solver.learning_rate")?;
    at_least_one(solver.batch_size, "solver.batch_size")?;
    let momentum = solver.momentum();
    require(
        solver.optimizer == Optimizer::Sgd || solver.momentum.is_none(),
        "solver.momentum",
        momentum,
        "only method sgd takes a momentum; adam has moments of its own",
    )?;
    require(
        (0.0..1.0).contains(&momentum),
        "solver.momentum",
        momentum,
        "a number in [0, 1)",
    )?;
    weight_decay(&solver.weight_decay, layers)?;
    let dense = solver.dense_epochs();
    require(
        solver.compress == Compress::Once || dense == 0 || dense < solver.iterations,
        "solver.compress_after",
        dense,
        format!(
            "less than solver.iterations, which is {}",
            solver.iterations
        ),
    )?;
    at_least_one(solver.eval_every, "solver.eval_every")
}
