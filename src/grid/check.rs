//! The ranges of every setting, as far as they need the settings alone. What depends on the shape of the data (products
//! of modes, groups of n:m) is checked when the data are known.

use std::fmt::Display;

use crate::bcd::SolverSettings;
use crate::compress::{CompressionSettings, LayerSelection, Method, MethodChoice, Modes, PerLayer};
use crate::data::{DataSettings, Source};
use crate::grid::{MethodSettings, TrialSettings};
use crate::network::{InitSettings, ModelSettings};
use crate::training::WeightDecay;

mod gradient;

/// A value out of its range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutOfRange {
    /// Dotted path, with list positions as in `solver.weight_decay[1]`.
    pub path: String,
    /// The value; none: the setting is missing.
    pub value: Option<String>,
    /// What is allowed.
    pub allowed: String,
}

type Checked = Result<(), OutOfRange>;

/// Checks every range.
///
/// # Errors
/// The first value that is out of its range.
pub(crate) fn check(settings: &TrialSettings) -> Checked {
    data(&settings.data)?;
    model(&settings.model)?;
    let layers = Layers::of(&settings.model);
    match &settings.solver {
        MethodSettings::NnBcd(settings) => solver(settings, layers)?,
        MethodSettings::Gradient(settings) => gradient::check(settings, layers)?,
    }
    compression(&settings.compression, layers)
}

/// Number of layers, and whether the first one is a convolution.
#[derive(Clone, Copy)]
struct Layers {
    count: usize,
    convolution: bool,
}

impl Layers {
    fn of(model: &ModelSettings) -> Self {
        let convolution = model.conv.is_some();
        Self {
            count: model.hidden.len() + 1 + usize::from(convolution),
            convolution,
        }
    }
}

fn require(holds: bool, path: &str, value: impl Display, allowed: impl Into<String>) -> Checked {
    if holds {
        return Ok(());
    }
    Err(OutOfRange {
        path: path.to_owned(),
        value: Some(value.to_string()),
        allowed: allowed.into(),
    })
}

fn positive(value: f64, path: &str) -> Checked {
    let allowed = if value.is_finite() {
        "a number > 0"
    } else {
        "a finite number > 0"
    };
    require(value.is_finite() && value > 0.0, path, value, allowed)
}

fn at_least_one(value: usize, path: &str) -> Checked {
    require(value >= 1, path, value, "a whole number >= 1")
}

/// More units than this fit no memory, and with fewer no product of two widths overflows.
const MOST_UNITS: usize = 1 << 24;

fn units(value: usize, path: &str) -> Checked {
    let allowed = format!("a whole number from 1 to {MOST_UNITS}");
    require((1..=MOST_UNITS).contains(&value), path, value, allowed)
}

fn given(holds: bool, path: &str, allowed: &str) -> Checked {
    if holds {
        return Ok(());
    }
    Err(OutOfRange {
        path: path.to_owned(),
        value: None,
        allowed: allowed.to_owned(),
    })
}

fn data(data: &DataSettings) -> Checked {
    let reads_directory = matches!(data.source, Source::Idx | Source::UciHar);
    let source = match data.source {
        Source::Digits => "digits",
        Source::Idx => "idx",
        Source::Csv => "csv",
        Source::UciHar => "uci-har",
    };
    if let Some(path) = &data.path {
        let allowed = format!("only sources idx and uci-har take a path, the source is {source}");
        require(reads_directory, "data.path", path.display(), allowed)?;
    }
    if data.csv.is_some() {
        let allowed = format!("only source csv takes this map, the source is {source}");
        require(data.source == Source::Csv, "data.csv", "a csv map", allowed)?;
    }
    given(
        !reads_directory || data.path.is_some(),
        "data.path",
        "sources idx and uci-har need it",
    )?;
    given(
        data.source != Source::Csv || data.csv.is_some(),
        "data.csv",
        "source csv needs it",
    )?;
    if let Some(train) = data.train {
        at_least_one(train, "data.train")?;
    }
    if let Some(validation) = data.validation {
        at_least_one(validation, "data.validation")?;
    }
    data.test
        .map_or(Ok(()), |test| at_least_one(test, "data.test"))
}

fn model(model: &ModelSettings) -> Checked {
    for (index, &width) in model.hidden.iter().enumerate() {
        units(width, &format!("model.hidden[{index}]"))?;
    }
    if let Some(conv) = &model.conv {
        units(conv.filters, "model.conv.filters")?;
        at_least_one(conv.kernel, "model.conv.kernel")?;
        at_least_one(conv.stride, "model.conv.stride")?;
    }
    match model.init {
        InitSettings::Random { scale, .. } => positive(scale, "model.init.scale"),
        InitSettings::File { .. } => Ok(()),
    }
}

fn solver(solver: &SolverSettings, layers: Layers) -> Checked {
    positive(solver.gamma, "solver.gamma")?;
    positive(solver.rho, "solver.rho")?;
    positive(solver.tau, "solver.tau")?;
    positive(solver.alpha, "solver.alpha")?;
    require(
        // Not what single precision would round to 2.
        solver.relaxation > 0.0 && (solver.relaxation as f32) < 2.0,
        "solver.relaxation",
        solver.relaxation,
        "a number > 0 and < 2",
    )?;
    let finals = [
        (solver.gamma_final, "solver.gamma_final"),
        (solver.rho_final, "solver.rho_final"),
        (solver.tau_final, "solver.tau_final"),
    ];
    for (value, path) in finals {
        value.map_or(Ok(()), |value| positive(value, path))?;
    }
    weight_decay(&solver.weight_decay, layers)?;
    require(
        solver.compress_after == 0 || solver.compress_after < solver.iterations,
        "solver.compress_after",
        solver.compress_after,
        format!(
            "less than solver.iterations, which is {}",
            solver.iterations
        ),
    )?;
    require(
        !solver.refit || solver.iterations > 0,
        "solver.refit",
        true,
        "only with solver.iterations >= 1: the last iteration is the refit",
    )?;
    if let Some(every) = solver.refit_every {
        let path = "solver.refit_every";
        require(solver.refit, path, every, "only with solver.refit: true")?;
        require(every >= 2, path, every, "a whole number >= 2")?;
    }
    at_least_one(solver.eval_every, "solver.eval_every")?;
    match &solver.stop {
        Some(stop) => positive(stop.step_below, "solver.stop.step_below"),
        None => Ok(()),
    }
}

fn weight_decay(decay: &WeightDecay, layers: Layers) -> Checked {
    const PATH: &str = "solver.weight_decay";
    let allowed = |value: f64| value.is_finite() && value >= 0.0;
    match decay {
        WeightDecay::Uniform(value) => require(allowed(*value), PATH, value, "a number >= 0"),
        WeightDecay::PerLayer(values) => {
            for (index, &value) in values.iter().enumerate() {
                let path = format!("{PATH}[{index}]");
                require(allowed(value), &path, value, "a number >= 0")?;
            }
            require(
                values.len() == layers.count,
                PATH,
                list_of(values.len()),
                format!("one number, or one for each of the {} layers", layers.count),
            )
        }
    }
}

fn compression(compression: &CompressionSettings, layers: Layers) -> Checked {
    match compression {
        CompressionSettings::None => Ok(()),
        CompressionSettings::TensorTrain {
            layers: selection,
            rank,
            modes,
        } => {
            let compressed = selected(selection, layers)?;
            per_layer(rank, compressed, "compression.rank", at_least_one)?;
            listed_modes(modes, compressed)
        }
        CompressionSettings::LowRank {
            layers: selection,
            rank,
        } => {
            let compressed = selected(selection, layers)?;
            per_layer(rank, compressed, "compression.rank", at_least_one)
        }
        CompressionSettings::Prune {
            layers: selection,
            sparsity,
            ..
        } => {
            let compressed = selected(selection, layers)?;
            per_layer(
                sparsity,
                compressed,
                "compression.sparsity",
                sparsity_in_range,
            )
        }
        CompressionSettings::NM {
            layers: selection,
            n,
            m,
        } => {
            selected(selection, layers)?;
            kept_of_group(*n, *m, "compression")
        }
        CompressionSettings::Mixed { choices } => mixed(choices, layers),
    }
}

/// Number of compressed layers.
fn selected(selection: &LayerSelection, layers: Layers) -> Result<usize, OutOfRange> {
    const PATH: &str = "compression.layers";
    let count = match selection {
        LayerSelection::Hidden => layers.count - 1 - usize::from(layers.convolution),
        LayerSelection::All => layers.count,
        LayerSelection::Listed(listed) => {
            for (index, &layer) in listed.iter().enumerate() {
                let path = format!("{PATH}[{index}]");
                existing(layer, layers, &path)?;
                // As many as layers at most: a longer list holds a repetition before its end.
                require(
                    !listed[..index].contains(&layer),
                    &path,
                    layer,
                    "each layer once",
                )?;
            }
            listed.len()
        }
    };
    let value = match selection {
        LayerSelection::Listed(_) => "an empty list",
        _ => "hidden",
    };
    require(
        count > 0,
        PATH,
        value,
        "at least one layer to compress; `all` includes the last one",
    )?;
    Ok(count)
}

fn existing(layer: usize, layers: Layers, path: &str) -> Checked {
    let allowed = format!("layers 0 to {} exist", layers.count - 1);
    require(layer < layers.count, path, layer, allowed)
}

fn per_layer<T: Copy>(
    values: &PerLayer<T>,
    compressed: usize,
    path: &str,
    in_range: impl Fn(T, &str) -> Checked,
) -> Checked {
    match values {
        PerLayer::Uniform(value) => in_range(*value, path),
        PerLayer::Each(values) => {
            for (index, &value) in values.iter().enumerate() {
                in_range(value, &format!("{path}[{index}]"))?;
            }
            one_per_layer(values.len(), compressed, path)
        }
    }
}

fn one_per_layer(count: usize, compressed: usize, path: &str) -> Checked {
    let allowed = format!("one for each compressed layer, {compressed} in all");
    require(count == compressed, path, list_of(count), allowed)
}

fn list_of(count: usize) -> String {
    format!("a list of {count}")
}

fn sparsity_in_range(sparsity: f64, path: &str) -> Checked {
    let holds = (0.0..1.0).contains(&sparsity);
    require(holds, path, sparsity, "a number in [0, 1)")
}

fn kept_of_group(n: usize, m: usize, path: &str) -> Checked {
    at_least_one(m, &format!("{path}.m"))?;
    let allowed = format!("a whole number from 1 to m, which is {m}");
    require((1..=m).contains(&n), &format!("{path}.n"), n, allowed)
}

fn listed_modes(modes: &Modes, compressed: usize) -> Checked {
    const PATH: &str = "compression.modes";
    let Modes::Listed(lists) = modes else {
        return Ok(());
    };
    for (index, list) in lists.iter().enumerate() {
        mode_list(list, &format!("{PATH}[{index}]"))?;
    }
    one_per_layer(lists.len(), compressed, PATH)
}

fn mode_list(modes: &[usize], path: &str) -> Checked {
    require(
        !modes.is_empty(),
        path,
        "an empty list",
        "at least one mode",
    )?;
    for (index, &mode) in modes.iter().enumerate() {
        at_least_one(mode, &format!("{path}[{index}]"))?;
    }
    Ok(())
}

fn mixed(choices: &[MethodChoice], layers: Layers) -> Checked {
    const PATH: &str = "compression.choices";
    require(
        !choices.is_empty(),
        PATH,
        "an empty list",
        "at least one layer",
    )?;
    for (index, choice) in choices.iter().enumerate() {
        let path = format!("{PATH}[{index}]");
        let layer_path = format!("{path}.layer");
        existing(choice.layer, layers, &layer_path)?;
        let repeated = choices[..index]
            .iter()
            .any(|other| other.layer == choice.layer);
        require(!repeated, &layer_path, choice.layer, "each layer once")?;
        match &choice.method {
            Method::TensorTrain { rank, modes } => {
                at_least_one(*rank, &format!("{path}.rank"))?;
                if let Some(modes) = modes {
                    mode_list(modes, &format!("{path}.modes"))?;
                }
            }
            Method::LowRank { rank } => at_least_one(*rank, &format!("{path}.rank"))?,
            Method::Prune { sparsity } => {
                sparsity_in_range(*sparsity, &format!("{path}.sparsity"))?;
            }
            Method::NM { n, m } => kept_of_group(*n, *m, &path)?,
        }
    }
    Ok(())
}
