//! The columns of the list of trials: for drawing them and for clicks on their names.

use super::state::{COLUMNS, Sort};

/// Narrowest column of settings before metric columns are given up.
const NARROWEST_SETTING: usize = 18;
/// Columns of the number of seeds.
pub(crate) const SEEDS: usize = 6;
/// Columns of the iterations, with a small bar.
pub(crate) const ITERATIONS: usize = 11;
/// From this width on, rate and remaining time have columns of their own.
const WIDE: usize = 110;

/// The columns that fit.
pub(crate) struct Columns {
    /// Columns of the state.
    pub sign: usize,
    /// Columns of the setting.
    pub setting: usize,
    /// State in words, standard deviations, rate and remaining time.
    pub wide: bool,
    /// Positions in [`COLUMNS`].
    pub metrics: Vec<usize>,
}

/// Columns of a metric; `wide`: with the standard deviation where it has one.
pub(crate) fn width_of(metric: &str, wide: bool) -> usize {
    match metric {
        "iterations" => ITERATIONS,
        "test_accuracy" | "train_accuracy" | "best_test_accuracy" if wide => 15,
        "test_accuracy" | "sparsity" | "compression_ratio" => 8,
        _ => 9,
    }
}

/// The name over a column.
pub(crate) fn title_of(metric: &str) -> &str {
    match metric {
        "test_accuracy" => "accuracy",
        "train_accuracy" => "train",
        "best_test_accuracy" => "best",
        "balanced_accuracy" => "balanced",
        "compression_ratio" => "ratio",
        "residual_u" => "resid. u",
        "residual_v" => "resid. v",
        "residual_w" => "resid. w",
        "params_compressed" => "params",
        "params_dense" => "dense",
        "bytes_compressed" => "bytes",
        "bytes_dense" => "of bytes",
        "effective_sparsity" => "eff.spar",
        "descent_violations" => "rises",
        "seconds_per_iteration" => "s/iter",
        other => other,
    }
}

impl Columns {
    /// The columns for a width; the one that decides the order is always among them.
    pub(crate) fn fitting(width: usize, sort: Sort) -> Self {
        let wide = width >= WIDE;
        let sign = if wide { 10 } else { 1 };
        let fixed = 3 + sign + SEEDS + if wide { 18 } else { 0 };
        let room = width.saturating_sub(fixed + NARROWEST_SETTING);
        let mut order: Vec<usize> = (0..COLUMNS.len())
            // On the narrowest screens the bar of iterations gives way to results.
            .filter(|&column| width >= 60 || COLUMNS[column] != "iterations")
            .collect();
        let needed = |column: usize| width_of(COLUMNS[column], wide) + 1;
        let fits = |order: &[usize]| {
            let mut used = 0;
            (order.iter())
                .take_while(|&&column| {
                    used += needed(column);
                    used <= room
                })
                .count()
        };
        if let Sort::Metric(sorted) = sort
            && !order[..fits(&order)].contains(&sorted)
        {
            order.retain(|&column| column != sorted);
            order.insert(0, sorted);
        }
        order.truncate(fits(&order));
        let used: usize = order.iter().map(|&column| needed(column)).sum();
        Self {
            sign,
            setting: NARROWEST_SETTING + (room - used).min(30),
            wide,
            metrics: order,
        }
    }

    /// What the column at this place of a line is sorted by.
    pub(crate) fn sort_at(&self, place: usize) -> Option<Sort> {
        // A mark or a space stands before the state, a space behind it and behind the seeds.
        let setting = self.sign + 2;
        let seeds = setting + self.setting;
        let mut end = seeds + SEEDS + 1;
        match place {
            _ if place < setting => return Some(Sort::State),
            _ if place < seeds => return Some(Sort::Setting),
            _ if place < end => return Some(Sort::Plan),
            _ => {}
        }
        let found = self.metrics.iter().find(|&&column| {
            end += width_of(COLUMNS[column], self.wide) + 1;
            place < end
        });
        found.map(|&column| Sort::Metric(column))
    }
}
