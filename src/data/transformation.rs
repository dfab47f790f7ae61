//! From the columns of a table to the inputs of a network: missing values filled, categories as zeros and ones.
//!
//! It is fitted on training samples, is part of the model, and is applied to other tables by the names of the columns.

use std::collections::HashMap;

use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

use super::choices::Missing;
use super::columns::RawColumn;
use super::error::{DataError, shown};
use super::raw::RawPart;

/// Samples that are computed together.
const BLOCK: usize = 16;
/// More categories of one column than this are names or numbers of things.
const MOST_CATEGORIES: usize = 1000;

/// What was done to the columns of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transformation {
    /// Name of the label column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What is done about missing values.
    pub missing: Missing,
    /// The columns, in the order of their inputs.
    pub columns: Vec<FittedColumn>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedColumn {
    /// Its name in the table.
    pub name: String,
    /// What takes the place of missing numbers; none: they are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<f64>,
    /// The categories, each an input that is 1 where the column holds it; none: the column is a number, one input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<String>>,
    /// Rare values, which share one more input. Any other value makes all inputs of the column 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rare: Vec<String>,
}

impl FittedColumn {
    fn inputs(&self) -> usize {
        match &self.categories {
            None => 1,
            Some(categories) => categories.len() + usize::from(!self.rare.is_empty()),
        }
    }
}

/// How an input is computed from a sample.
enum Input {
    /// The number in a column, or what takes its place.
    Number { column: usize, fill: Option<f64> },
    /// Whether a column holds one of these: one entry per text of its dictionary.
    Holds { column: usize, texts: Vec<bool> },
}

impl Transformation {
    /// Fits on the chosen samples. A category with fewer than `rare` of them is rare (none: 2, or a thousandth of them).
    pub(super) fn fit(
        columns: &[RawColumn],
        part: &RawPart,
        chosen: &[usize],
        missing: Missing,
        rare: Option<usize>,
    ) -> Result<Self, DataError> {
        let rare = rare.unwrap_or_else(|| (chosen.len() / 1000).max(2));
        let fitted = (columns.iter().enumerate()).map(|(position, column)| {
            let value = |sample: &usize| part.values.at(sample * part.features + position);
            let mut fitted = FittedColumn {
                name: column.name.clone(),
                fill: None,
                categories: None,
                rare: Vec::new(),
            };
            let Some(dictionary) = &column.texts else {
                if missing == Missing::Mean {
                    fitted.fill = Some(mean(chosen.iter().map(value)));
                }
                return Ok(fitted);
            };
            let mut counts = vec![0_usize; dictionary.texts.len()];
            for code in chosen.iter().map(value).filter(|code| !code.is_nan()) {
                counts[code as usize] += 1;
            }
            let with = |wanted: &dyn Fn(usize) -> bool| {
                let found = dictionary.texts.iter().zip(&counts);
                let found = found.filter(|(_, count)| wanted(**count));
                let mut texts: Vec<String> = found.map(|(text, _)| text.clone()).collect();
                texts.sort();
                texts
            };
            let categories = with(&|count| count >= rare);
            if categories.len() > MOST_CATEGORIES {
                return Err(too_many(&column.name, categories.len()));
            }
            if !categories.is_empty() {
                fitted.rare = with(&|count| count > 0 && count < rare);
            }
            fitted.categories = Some(categories);
            Ok(fitted)
        });
        Ok(Self {
            label: None,
            missing,
            columns: fitted.collect::<Result<_, _>>()?,
        })
    }

    /// Columns of text of which nothing is left, as hardly any value comes again.
    pub fn without_inputs(&self) -> impl Iterator<Item = &str> {
        let columns = self.columns.iter();
        columns
            .filter(|column| column.inputs() == 0)
            .map(|column| column.name.as_str())
    }

    /// Names of the inputs: of a number that of the column, of a category `column=category`.
    pub fn input_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for column in &self.columns {
            let Some(categories) = &column.categories else {
                names.push(column.name.clone());
                continue;
            };
            names.extend(
                categories
                    .iter()
                    .map(|category| format!("{}={category}", column.name)),
            );
            if !column.rare.is_empty() {
                names.push(format!("{} (rare)", column.name));
            }
        }
        names
    }

    /// Names of the columns that hold categories.
    pub(super) fn category_columns(&self) -> impl Iterator<Item = &str> {
        let columns = self.columns.iter();
        columns
            .filter(|column| column.categories.is_some())
            .map(|column| column.name.as_str())
    }

    /// The inputs of the chosen samples: inputs x samples, row-major. Columns are found by their names.
    pub(super) fn apply(
        &self,
        columns: &[RawColumn],
        part: &RawPart,
        chosen: &[usize],
    ) -> Result<Array2<f64>, DataError> {
        let inputs = self.inputs(columns)?;
        if inputs.is_empty() {
            return Err(DataError::Setting {
                setting: "features".into(),
                value: "nothing but text that does not come again".into(),
                allowed: "columns with numbers or categories".into(),
                remedy: "name other columns, or set `rare: 1`".into(),
            });
        }
        // Samples by the block, as in `RawPart::inputs`.
        let mut table = Array2::zeros((inputs.len(), chosen.len()));
        let blocks = table.axis_chunks_iter_mut(Axis(1), BLOCK);
        for (samples, mut block) in chosen.chunks(BLOCK).zip(blocks) {
            for (input, mut row) in inputs.iter().zip(block.rows_mut()) {
                for (cell, sample) in row.iter_mut().zip(samples) {
                    let at = |column: usize| part.values.at(sample * part.features + column);
                    *cell = match input {
                        Input::Number { column, fill } => match at(*column) {
                            value if value.is_nan() => fill.unwrap_or(value),
                            value => value,
                        },
                        Input::Holds { column, texts } => match at(*column) {
                            code if code.is_nan() => 0.0,
                            code => f64::from(u8::from(texts[code as usize])),
                        },
                    };
                }
            }
        }
        self.refuse_gaps(&inputs, &table)?;
        Ok(table)
    }

    /// Missing numbers that nothing fills.
    fn refuse_gaps(&self, inputs: &[Input], table: &Array2<f64>) -> Result<(), DataError> {
        for (index, (input, row)) in inputs.iter().zip(table.rows()).enumerate() {
            if matches!(input, Input::Number { fill: None, .. }) && row.iter().any(|v| v.is_nan()) {
                return Err(DataError::Setting {
                    setting: "missing".into(),
                    value: format!("{:?}", self.missing).to_lowercase(),
                    allowed: format!(
                        "columns without missing values; {} has some",
                        shown(self.input_names()[index].as_bytes())
                    ),
                    remedy: "set `missing: drop`, or fill them in".into(),
                });
            }
        }
        Ok(())
    }

    fn inputs(&self, columns: &[RawColumn]) -> Result<Vec<Input>, DataError> {
        let positions: HashMap<&str, usize> = (columns.iter().map(|column| column.name.as_str()))
            .zip(0..)
            .collect();
        let mut inputs = Vec::new();
        for fitted in &self.columns {
            let Some(&column) = positions.get(fitted.name.as_str()) else {
                return Err(lacking(&fitted.name, columns));
            };
            let texts = columns[column]
                .texts
                .as_ref()
                .map(|dictionary| &dictionary.texts);
            match (&fitted.categories, texts) {
                (None, None) => inputs.push(Input::Number {
                    column,
                    fill: fitted.fill,
                }),
                (None, Some(_)) => return Err(other_kind(&fitted.name, "text", "numbers")),
                (Some(_), None) => return Err(other_kind(&fitted.name, "numbers", "text")),
                (Some(categories), Some(texts)) => {
                    let holds = |wanted: &dyn Fn(&String) -> bool| Input::Holds {
                        column,
                        texts: texts.iter().map(wanted).collect(),
                    };
                    inputs.extend(
                        (categories.iter()).map(|category| holds(&|text| text == category)),
                    );
                    if !fitted.rare.is_empty() {
                        inputs.push(holds(&|text| fitted.rare.contains(text)));
                    }
                }
            }
        }
        Ok(inputs)
    }
}

/// The mean of the numbers that are there; 0 if there are none.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = (values.filter(|value| !value.is_nan()))
        .fold((0.0, 0_usize), |(sum, count), value| {
            (sum + value, count + 1)
        });
    sum / count.max(1) as f64
}

fn too_many(name: &str, count: usize) -> DataError {
    DataError::Setting {
        setting: "categorical".into(),
        value: format!("{count} categories in column {}", shown(name.as_bytes())),
        allowed: format!("up to {MOST_CATEGORIES}"),
        remedy: "leave the column out (`ignore`), or gather rare values (`rare`)".into(),
    }
}

fn lacking(name: &str, columns: &[RawColumn]) -> DataError {
    const LISTED: usize = 12;
    let mut known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    if known.len() > LISTED {
        known.truncate(LISTED);
        known.push("…");
    }
    DataError::Setting {
        setting: "features".into(),
        value: shown(known.join(", ").as_bytes()),
        allowed: format!(
            "columns among which are all of the model; {} is missing",
            shown(name.as_bytes())
        ),
        remedy: "use data with the columns of the training".into(),
    }
}

fn other_kind(name: &str, found: &str, wanted: &str) -> DataError {
    DataError::Setting {
        setting: "features".into(),
        value: format!("{found} in column {}", shown(name.as_bytes())),
        allowed: format!("{wanted}, as in the training"),
        remedy: "use data with the columns of the training".into(),
    }
}
