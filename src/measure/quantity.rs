//! The quantities that a run measures: one table of what each is called, how it is shown and where it is found.

/// Which values of a quantity are the better ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Accuracies, compression.
    Higher,
    /// Objective, residuals, time, size.
    Lower,
}

/// How the numbers of a quantity are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberStyle {
    /// In [0, 1], always four decimals; means stand with their deviation.
    Accuracy,
    /// In [0, 1]: four decimals in print, three on the screen.
    Share,
    /// As [`NumberStyle::Measured`] in print, two decimals on the screen.
    Ratio,
    /// Whole numbers stay whole.
    Count,
    /// As [`NumberStyle::Count`] in print, with a binary prefix on the screen.
    Bytes,
    /// Seconds: as [`NumberStyle::Measured`] in print, as hours, minutes and seconds on the screen.
    Duration,
    /// As many digits as the deviation allows.
    Measured,
}

/// The files that have a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `trials.csv`.
    Trials,
    /// `iterations.csv`.
    Iterations,
    /// Both of them: the row of a trial has the value of its last iteration.
    Both,
    /// `layers.csv`.
    Layers,
}

/// What decides, beside the network, which function a quantity is. Where settings of this kind differ, no value is
/// better than another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefinedBy {
    /// The method of training.
    Method,
    /// The samples: it is a sum over them.
    Samples,
    /// The weights of the terms of F.
    Penalties,
}

use Better::{Higher, Lower};
use DefinedBy::{Method, Penalties, Samples};
use NumberStyle::{Accuracy, Bytes, Count, Duration, Ratio, Share};
use Place::{Both, Iterations, Layers, Trials};

/// A row of the table.
struct Facts {
    name: &'static str,
    title: &'static str,
    heading: &'static str,
    meaning: &'static str,
    style: NumberStyle,
    better: Option<Better>,
    /// Columns of the screen, and those where there is room for a deviation.
    width: (usize, usize),
    place: Place,
    optional: bool,
    defined_by: &'static [DefinedBy],
}

/// What a row of the table does not say.
const USUAL: Facts = Facts {
    name: "",
    title: "",
    heading: "",
    meaning: "",
    style: NumberStyle::Measured,
    better: Some(Lower),
    width: (9, 9),
    place: Both,
    optional: false,
    defined_by: &[],
};

/// Makes the type and the table of the rows `Variant: name, title, heading, meaning { what is not usual }`.
macro_rules! quantities {
    ($($variant:ident: $name:literal, $title:literal, $heading:literal, $meaning:literal
        { $($fact:ident: $value:expr),* })*) => {
        /// A quantity that a run measures, and that tables, figures or the dashboard show.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Quantity {
            $(#[doc = $meaning] $variant,)*
        }

        impl Quantity {
            /// Every quantity; those of `trials.csv` in the order of its columns.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
        }

        static TABLE: [Facts; Quantity::ALL.len()] = [
            $(Facts {
                name: $name,
                title: $title,
                heading: $heading,
                meaning: $meaning,
                $($fact: $value,)*
                ..USUAL
            },)*
        ];
    };
}

quantities! {
    Iterations: "iterations", "iterations", "Iterations",
        "Iterations done: passes over all blocks, or epochs."
        { style: Count, better: None, width: (11, 11) }
    Objective: "objective", "objective", "Objective",
        "F, the function that training minimises."
        { defined_by: &[Method, Samples, Penalties] }
    Loss: "loss", "loss", "Loss",
        "Data term of F."
        { defined_by: &[Method, Samples, Penalties] }
    ResidualV: "residual_v", "resid.v", "Residual V",
        "Activation residual: how far V is from act(U)."
        { defined_by: &[Samples] }
    ResidualU: "residual_u", "resid.u", "Residual U",
        "Linear residual: how far U is from W V."
        { defined_by: &[Samples] }
    ResidualW: "residual_w", "resid.w", "Residual W",
        "Compression residual: how far W is from its compressed copy Z."
        { defined_by: &[Method] }
    Step: "step", "step", "Step",
        "Norm of the change of all blocks in one iteration."
        { defined_by: &[Method, Samples] }
    DescentViolations: "descent_violations", "rises", "Descent violations",
        "Number of iterations in which F rose by more than rounding."
        { style: Count }
    TrainAccuracy: "train_accuracy", "train", "Train accuracy",
        "Accuracy of the deployed network on the training samples."
        { style: Accuracy, better: Some(Higher), width: (9, 15) }
    TestAccuracy: "test_accuracy", "accuracy", "Test accuracy",
        "Accuracy of the deployed network on the test samples."
        { style: Accuracy, better: Some(Higher), width: (8, 15) }
    BestTestAccuracy: "best_test_accuracy", "best", "Best test accuracy",
        "Best test accuracy over evaluated iterations with compression."
        { style: Accuracy, better: Some(Higher), width: (9, 15), place: Trials }
    BalancedAccuracy: "balanced_accuracy", "balanced", "Balanced accuracy",
        "Mean recall over the classes of the test samples."
        { style: Accuracy, better: Some(Higher) }
    Sparsity: "sparsity", "sparsity", "Sparsity",
        "Fraction of zeros among the weights of the deployed network."
        { style: Share, better: Some(Higher), width: (8, 8) }
    EffectiveSparsity: "effective_sparsity", "eff.spar", "Effective sparsity",
        "Sparsity after dead units are removed."
        { style: Share, better: Some(Higher) }
    ParamsDense: "params_dense", "dense", "Dense parameters",
        "Weights and biases of the dense network."
        { style: Count, better: None, place: Trials }
    ParamsCompressed: "params_compressed", "params", "Parameters",
        "Numbers that the deployed network stores."
        { style: Count, place: Trials }
    CompressionRatio: "compression_ratio", "ratio", "Compression ratio",
        "Parameters of the dense network over those of the deployed one."
        { style: Ratio, better: Some(Higher), width: (8, 8) }
    BytesDense: "bytes_dense", "of_bytes", "Dense bytes",
        "Bytes of the dense network's tensors on disk."
        { style: Bytes, better: None, place: Trials }
    BytesCompressed: "bytes_compressed", "bytes", "Bytes",
        "Bytes of the deployed network's tensors on disk, with indices."
        { style: Bytes, place: Trials }
    Seconds: "seconds", "seconds", "Seconds",
        "Computing time in seconds, restarts included."
        { style: Duration }
    SecondsPerIteration: "seconds_per_iteration", "s/iter", "s / iteration",
        "Computing time per iteration, in seconds."
        { place: Trials, defined_by: &[Method] }
    ValidationAccuracy: "validation_accuracy", "valid.", "Validation accuracy",
        "Accuracy of the deployed network on the held-out samples."
        { style: Accuracy, better: Some(Higher), width: (9, 15), optional: true }
    Tau: "tau", "tau", "Tau",
        "Weight of the compression residual in F."
        { better: None, place: Iterations }
    Gamma: "gamma", "gamma", "Gamma",
        "Weight of the activation residual in F."
        { better: None, place: Iterations }
    Rho: "rho", "rho", "Rho",
        "Weight of the linear residual in F."
        { better: None, place: Iterations }
    RelativeError: "relative_error", "|W-Z|/|W|", "Relative error",
        "Relative error of a layer: |W - Z| / |W|."
        { place: Layers }
}

impl Quantity {
    /// The columns of the list of trials, the most useful first; narrow screens show the first ones.
    pub const COLUMNS: &[Self] = &[
        Self::Iterations,
        Self::Objective,
        Self::TestAccuracy,
        Self::Sparsity,
        Self::CompressionRatio,
        Self::ResidualU,
        Self::ResidualV,
        Self::ResidualW,
        Self::ValidationAccuracy,
        Self::TrainAccuracy,
        Self::Step,
        Self::BestTestAccuracy,
        Self::Loss,
        Self::Seconds,
        Self::ParamsCompressed,
        Self::DescentViolations,
        Self::BalancedAccuracy,
        Self::EffectiveSparsity,
        Self::ParamsDense,
        Self::BytesCompressed,
        Self::BytesDense,
        Self::SecondsPerIteration,
    ];

    /// What can be chosen in pictures of several trials.
    pub const CHOICES: &[Self] = &[
        Self::TestAccuracy,
        Self::BestTestAccuracy,
        Self::TrainAccuracy,
        Self::Objective,
        Self::CompressionRatio,
        Self::Sparsity,
        Self::ResidualW,
        Self::SecondsPerIteration,
        // Last, as most runs hold nothing out.
        Self::ValidationAccuracy,
    ];

    /// What a table shows unless it is asked for others.
    pub const USUAL: &[Self] = &[
        Self::ValidationAccuracy,
        Self::TestAccuracy,
        Self::CompressionRatio,
        Self::Sparsity,
        Self::Objective,
        Self::SecondsPerIteration,
    ];

    /// The quantities of `trials.csv`, in the order of its columns.
    pub fn of_trials() -> impl Iterator<Item = Self> {
        let all = Self::ALL.iter().copied();
        all.filter(|quantity| matches!(quantity.facts().place, Trials | Both))
    }

    /// The quantity whose column is called `name`.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|quantity| quantity.name() == name)
    }

    fn facts(self) -> &'static Facts {
        &TABLE[self as usize]
    }

    /// Name of its column in CSV files.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// Title of its column on the screen: one word, so that a filter can name it.
    pub fn title(self) -> &'static str {
        self.facts().title
    }

    /// Name in print.
    pub fn heading(self) -> &'static str {
        self.facts().heading
    }

    /// What it is, in a sentence.
    pub fn meaning(self) -> &'static str {
        self.facts().meaning
    }

    /// How its numbers are written.
    pub fn style(self) -> NumberStyle {
        self.facts().style
    }

    /// Which values are better; `None` if none is.
    pub fn better(self) -> Option<Better> {
        self.facts().better
    }

    /// Width of its column on the screen; `wide`: with the standard deviation where it has one.
    pub fn width(self, wide: bool) -> usize {
        let (narrow, with_deviation) = self.facts().width;
        if wide { with_deviation } else { narrow }
    }

    /// Whether each row of `iterations.csv` has it (or an empty cell).
    pub fn is_of_iterations(self) -> bool {
        matches!(self.facts().place, Iterations | Both)
    }

    /// Whether only some runs have it: it is shown where a value is known.
    pub fn is_optional(self) -> bool {
        self.facts().optional
    }

    /// Whether values compare only where this is the same.
    pub fn is_defined_by(self, what: DefinedBy) -> bool {
        self.facts().defined_by.contains(&what)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Quantity;

    #[test]
    fn names_and_titles_are_told_apart() {
        for text in [Quantity::name, Quantity::title, Quantity::heading] {
            let texts: HashSet<&str> = Quantity::ALL.iter().map(|&each| text(each)).collect();
            assert_eq!(texts.len(), Quantity::ALL.len());
        }
        let is_word = |title: &str| !title.contains(char::is_whitespace);
        assert!(Quantity::ALL.iter().all(|each| is_word(each.title())));
    }

    #[test]
    fn the_glossary_has_every_quantity_in_the_same_words() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/glossary.md");
        let glossary = std::fs::read_to_string(path).expect("it is part of the source");
        let glossary = glossary.replace("\\|", "|").to_lowercase();
        for each in Quantity::ALL {
            let meaning = each.meaning().trim_end_matches('.');
            let row = format!("| `{}` | {meaning}", each.name()).to_lowercase();
            assert!(glossary.lines().any(|line| line.starts_with(&row)), "{row}");
        }
    }

    #[test]
    fn every_column_of_trials_is_one_of_the_list() {
        let listed: HashSet<Quantity> = Quantity::COLUMNS.iter().copied().collect();
        assert_eq!(listed.len(), Quantity::COLUMNS.len(), "none is there twice");
        assert_eq!(listed, Quantity::of_trials().collect());
    }
}
