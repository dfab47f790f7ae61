//! The filter of the trial list: words, and comparisons such as `test_accuracy>0.9`.
//! A trial passes if it passes every term.

use super::trials::{Trial, Trials};
use crate::measure::Quantity;

/// How a column is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    AtLeast,
    AtMost,
    Differs,
    Equals,
    Greater,
    Less,
}

/// Longer signs first: `>=` must not be read as `>`.
const SIGNS: [(&str, Comparison); 6] = [
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    ("!=", Comparison::Differs),
    ("=", Comparison::Equals),
    (">", Comparison::Greater),
    ("<", Comparison::Less),
];

#[derive(Clone, Debug, PartialEq)]
enum Column {
    Status,
    Seed,
    Swept(usize),
    Metric(Quantity),
}

#[derive(Clone, Debug, PartialEq)]
enum Term {
    Word(String),
    Compare(Column, Comparison, String),
}

/// A filter that has been understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filter {
    /// The text as typed.
    pub text: String,
    terms: Vec<Term>,
}

impl Filter {
    /// Reads a filter. Errors name the term and what can stand there.
    pub(crate) fn parse(text: &str, trials: &Trials) -> Result<Self, String> {
        let terms = text
            .split_whitespace()
            .map(|term| parse_term(term, trials))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            text: text.trim().to_owned(),
            terms,
        })
    }

    /// Whether a trial passes.
    pub(crate) fn passes(&self, trial: &Trial, label: &str) -> bool {
        self.terms.iter().all(|term| match term {
            Term::Word(word) => {
                let row = &trial.row;
                [
                    label,
                    &row.trial,
                    trial.phase.word(),
                    trial.error(),
                    &row.notices,
                ]
                .iter()
                .any(|text| text.to_lowercase().contains(word))
            }
            Term::Compare(column, comparison, wanted) => {
                compare(trial, column, *comparison, wanted)
            }
        })
    }
}

fn parse_term(term: &str, trials: &Trials) -> Result<Term, String> {
    let found = SIGNS
        .iter()
        .filter_map(|&(sign, comparison)| term.find(sign).map(|at| (at, sign, comparison)))
        .min_by_key(|&(at, sign, _)| (at, usize::MAX - sign.len()));
    let Some((at, sign, comparison)) = found else {
        return Ok(Term::Word(term.to_lowercase()));
    };
    let (name, value) = (&term[..at], &term[at + sign.len()..]);
    if value.is_empty() {
        return Err(format!("{term}: value missing after {sign}"));
    }
    let column = column(name, trials).ok_or_else(|| {
        format!(
            "{name}: unknown column; use status, seed, a swept setting, or a column of the list or of trials.csv"
        )
    })?;
    let ordering = !matches!(comparison, Comparison::Equals | Comparison::Differs);
    if ordering && value.parse::<f64>().is_err() {
        return Err(format!("{term}: {sign} needs a number, not {value}"));
    }
    Ok(Term::Compare(column, comparison, value.to_owned()))
}

fn column(name: &str, trials: &Trials) -> Option<Column> {
    match name {
        "status" | "state" => return Some(Column::Status),
        "seed" => return Some(Column::Seed),
        "" => return None,
        _ => {}
    }
    if let Some(swept) = trials.swept_column(name) {
        return Some(Column::Swept(swept));
    }
    let metric = |fits: &dyn Fn(Quantity) -> bool| Quantity::of_trials().find(|&each| fits(each));
    metric(&|metric| metric.name() == name)
        .or_else(|| metric(&|metric| metric.title() == name))
        .or_else(|| metric(&|metric| metric.name().starts_with(name)))
        .map(Column::Metric)
}

fn compare(trial: &Trial, column: &Column, comparison: Comparison, wanted: &str) -> bool {
    let text = match column {
        Column::Status => trial.phase.word().to_owned(),
        Column::Seed => trial.row.seed.to_string(),
        Column::Swept(at) => trial.row.swept.get(*at).cloned().unwrap_or_default(),
        Column::Metric(metric) => {
            let Some(value) = trial.value(*metric) else {
                return false;
            };
            value.to_string()
        }
    };
    let (Ok(value), Ok(limit)) = (text.parse::<f64>(), wanted.parse::<f64>()) else {
        return match comparison {
            Comparison::Equals => text == wanted,
            Comparison::Differs => text != wanted,
            _ => false,
        };
    };
    match comparison {
        Comparison::AtLeast => value >= limit,
        Comparison::AtMost => value <= limit,
        Comparison::Differs => value != limit,
        Comparison::Equals => value == limit,
        Comparison::Greater => value > limit,
        Comparison::Less => value < limit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{TrialRow, TrialStatus, TrialTable};

    fn trials() -> Trials {
        let mut trials = Trials::default();
        let row = |id: &str, status, rank: &str, accuracy| TrialRow {
            trial: id.to_owned(),
            status,
            swept: vec![rank.to_owned()],
            test_accuracy: accuracy,
            notices: if rank == "16" { "dead-units" } else { "" }.to_owned(),
            ..TrialRow::default()
        };
        trials.replace(TrialTable {
            swept: vec!["compression.rank".to_owned()],
            rows: vec![
                row("aa", TrialStatus::Done, "8", Some(0.95)),
                row("bb", TrialStatus::Done, "16", Some(0.85)),
                row("cc", TrialStatus::Failed, "8.0", None),
            ],
        });
        trials
    }

    fn passing(text: &str) -> Vec<String> {
        let trials = trials();
        let filter = Filter::parse(text, &trials).expect("the filter is well formed");
        (trials.all.iter())
            .filter(|trial| filter.passes(trial, &trials.groups[trial.group].label))
            .map(|trial| trial.row.trial.clone())
            .collect()
    }

    #[test]
    fn words_and_comparisons_select() {
        assert_eq!(passing(""), ["aa", "bb", "cc"]);
        assert_eq!(passing("test_accuracy>0.9"), ["aa"]);
        assert_eq!(passing("test_acc<=0.95"), ["aa", "bb"]);
        assert_eq!(passing("accuracy>0.9"), ["aa"], "as the list calls it");
        assert_eq!(passing("rank=8"), ["aa", "cc"]);
        assert_eq!(passing("rank!=8 done"), ["bb"]);
        assert_eq!(passing("status=failed"), ["cc"]);
        assert_eq!(passing("dead-units"), ["bb"]);
    }

    #[test]
    fn what_cannot_be_understood_is_said() {
        let trials = trials();
        for (text, word) in [
            ("acuracy>1", "acuracy"),
            ("rank>", "value"),
            ("rank>x", "number"),
        ] {
            let error = Filter::parse(text, &trials).expect_err("the filter is wrong");
            assert!(error.contains(word), "{error}");
        }
    }
}
