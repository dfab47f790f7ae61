//! What is known about each measured quantity: how it is called in print and which way is better.

use crate::store::TrialTable;

/// Which values of a metric are the better ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Accuracies, compression.
    Higher,
    /// Objective, residuals, time, size.
    Lower,
}

/// How a metric is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberStyle {
    /// Always four decimals: accuracies and shares in [0, 1].
    Share,
    /// As many digits as the deviation allows.
    Measured,
    /// Whole numbers stay whole.
    Count,
}

/// A quantity that a table or a plot can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Name of its column in `trials.csv`, or of the derived quantity.
    pub name: String,
    /// Name in print.
    pub heading: String,
    /// Which values are better; `None` if none is.
    pub better: Option<Better>,
    /// How it is printed.
    pub style: NumberStyle,
}

impl Metric {
    /// The metric whose column in `trials.csv` is `name`; `None` if there is no such column.
    pub fn of_trials(name: &str) -> Option<Self> {
        TrialTable::METRICS.contains(&name).then(|| Self {
            name: name.to_owned(),
            heading: heading(name),
            better: better(name),
            style: style(name),
        })
    }
}

fn heading(name: &str) -> String {
    match name {
        "residual_v" => "Residual V".to_owned(),
        "residual_u" => "Residual U".to_owned(),
        "residual_w" => "Residual W".to_owned(),
        "params_dense" => "Dense parameters".to_owned(),
        "params_compressed" => "Parameters".to_owned(),
        "bytes_dense" => "Dense bytes".to_owned(),
        "bytes_compressed" => "Bytes".to_owned(),
        "seconds_per_iteration" => "s / iteration".to_owned(),
        other => {
            let mut words = other.replace('_', " ");
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            words
        }
    }
}

fn better(name: &str) -> Option<Better> {
    match name {
        "iterations" | "params_dense" | "bytes_dense" => None,
        "train_accuracy"
        | "validation_accuracy"
        | "test_accuracy"
        | "best_test_accuracy"
        | "balanced_accuracy"
        | "sparsity"
        | "effective_sparsity"
        | "compression_ratio" => Some(Better::Higher),
        _ => Some(Better::Lower),
    }
}

fn style(name: &str) -> NumberStyle {
    match name {
        "iterations" | "descent_violations" | "params_dense" | "params_compressed"
        | "bytes_dense" | "bytes_compressed" => NumberStyle::Count,
        name if name.ends_with("accuracy") || name.ends_with("sparsity") => NumberStyle::Share,
        _ => NumberStyle::Measured,
    }
}
