//! What a column of a table or the height in a figure shows.

use super::ReportError;
use crate::measure::{Better, NumberStyle, Quantity};

/// A quantity as a table or a plot shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The quantity; `None` for what is worked out from the iterations.
    pub quantity: Option<Quantity>,
    /// Name of its column.
    pub name: String,
    /// Name in print.
    pub heading: String,
    /// Which values are better; `None` if none is.
    pub better: Option<Better>,
    /// How it is printed.
    pub style: NumberStyle,
}

impl From<Quantity> for Metric {
    fn from(quantity: Quantity) -> Self {
        Self {
            quantity: Some(quantity),
            name: quantity.name().to_owned(),
            heading: quantity.heading().to_owned(),
            better: quantity.better(),
            style: quantity.style(),
        }
    }
}

/// The quantity whose column in `trials.csv` is called `name`.
///
/// # Errors
/// When there is no such column; the error lists those that exist.
pub fn quantity(name: &str) -> Result<Quantity, ReportError> {
    Quantity::of_trials()
        .find(|quantity| quantity.name() == name)
        .ok_or_else(|| ReportError::UnknownName {
            kind: "metric",
            name: name.to_owned(),
            available: Quantity::of_trials()
                .map(|quantity| quantity.name().to_owned())
                .collect(),
        })
}
