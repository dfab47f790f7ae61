//! What is wrong with a trial or its network, found and put into numbers: the only place that decides when a notice is due.

use std::fmt;

use super::data::{LoadedData, SampleCounts};
use crate::linalg::Real;
use crate::measure::Notice;
use crate::network::{Deployed, dead_units};
use crate::store::IterationRecord;
use crate::training::{Training, TrainingData};

/// A hidden layer with this share of dead units is noticed. Units die in good runs too and are not missed: on the digits,
/// networks of two layers of 256 units with 0.985 to 0.997 right answers have 4 to 33 % of them.
const DEAD_SHARE: f64 = 0.5;
/// Points of accuracy that compression may cost unnoticed …
const LOSS: f64 = 0.05;
/// … or this multiple of the standard error of the accuracy, where few samples make that more.
const STANDARD_ERRORS: f64 = 2.0;
/// The largest root mean square of a feature that is unusual: standardised inputs have 1, pixels from 0 to 1 about 0.5.
const SCALES: [f64; 2] = [0.1, 10.0];

/// A notice with what it was found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The notice.
    pub notice: Notice,
    /// The numbers.
    pub numbers: String,
}

impl Finding {
    fn new(notice: Notice, numbers: String) -> Self {
        Self { notice, numbers }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sentence, remedy) = (self.notice.sentence(), self.notice.remedy());
        write!(formatter, "{sentence} ({}): {remedy}", self.numbers)
    }
}

/// What is to be said of data, before a trial begins.
pub fn of_data(data: &LoadedData) -> Vec<Finding> {
    let [least, most] = SCALES;
    let mut findings = Vec::new();
    if !(least..=most).contains(&data.scale) {
        let numbers = format!("largest root mean square of a feature: {:.3e}", data.scale);
        findings.push(Finding::new(Notice::InputScale, numbers));
    }
    let warnings = data.warnings.iter();
    findings.extend(warnings.map(|found| Finding::new(found.notice, found.numbers.clone())));
    findings
}

/// What is to be said of a method that had to go back, while it is at work.
pub(super) fn of_steps_back(count: usize) -> Option<Finding> {
    let times = if count == 1 { "time" } else { "times" };
    (count > 0).then(|| Finding::new(Notice::StepsBack, format!("{count} {times}")))
}

/// What is to be said of the network that a method has ended with. `before`: the best accuracy before compression.
pub(super) fn of_network<T: Real>(
    method: &dyn Training<T>,
    data: &TrainingData<T>,
    before: Option<f64>,
) -> Vec<Finding> {
    let (architecture, weights) = (method.architecture(), method.weights());
    let compressed = method.compressed();
    let judging = data.judging();
    let accuracy = |network: &Deployed<'_, T>| {
        let accuracy = network.accuracy(judging.inputs.view(), &judging.labels);
        accuracy.overall
    };
    let deployed = accuracy(&Deployed::new(architecture, weights, compressed));
    let mut findings = Vec::new();
    let majority = judging.majority_share();
    if deployed <= majority {
        let numbers = format!("accuracy {deployed:.4}, share of that class {majority:.4}");
        findings.push(Finding::new(Notice::Majority, numbers));
    }
    findings.extend(of_dead_units(method, data));
    findings.extend(of_size(method));
    if compressed.iter().any(Option::is_some) {
        // Where W is not what is deployed, it may know more than that.
        let none: Vec<_> = compressed.iter().map(|_| None).collect();
        let dense = accuracy(&Deployed::new(architecture, weights, &none));
        let before = before.map_or(dense, |before| before.max(dense));
        findings.extend(of_compression(before, deployed, judging.len()));
    }
    findings
}

fn of_dead_units<T: Real>(method: &dyn Training<T>, data: &TrainingData<T>) -> Option<Finding> {
    let inputs = data.train.inputs.view();
    let layers = dead_units(
        method.architecture(),
        method.weights(),
        method.compressed(),
        inputs,
    );
    let numbers: Vec<String> = (layers.iter().enumerate())
        .filter(|(_, layer)| layer.dead > 0)
        .map(|(index, layer)| format!("layer {index}: {} of {}", layer.dead, layer.units))
        .collect();
    let too_many = layers.iter().any(|layer| layer.share() >= DEAD_SHARE);
    too_many.then(|| Finding::new(Notice::DeadUnits, numbers.join(", ")))
}

fn of_size<T: Real>(method: &dyn Training<T>) -> Option<Finding> {
    let layers = method.weights().iter().zip(method.compressed());
    let numbers: Vec<String> = (layers.enumerate())
        .filter_map(|(index, (weights, compressed))| {
            let (stored, dense) = (compressed.as_ref()?.parameters(), weights.weight.len());
            (stored >= dense).then(|| format!("layer {index}: {stored} instead of {dense}"))
        })
        .collect();
    (!numbers.is_empty()).then(|| Finding::new(Notice::NoGain, numbers.join(", ")))
}

fn of_compression(before: f64, after: f64, samples: usize) -> Option<Finding> {
    let error = (after * (1.0 - after) / samples.max(1) as f64).sqrt();
    (before - after >= LOSS.max(STANDARD_ERRORS * error)).then(|| {
        let numbers = format!("accuracy {after:.4}, before {before:.4}");
        Finding::new(Notice::CompressionLoss, numbers)
    })
}

/// The codes of all that is known of a trial, as files have them.
pub(super) fn codes(data: &LoadedData, steps_back: usize, of_network: &[Finding]) -> String {
    let found = (of_network.iter().cloned())
        .chain(of_steps_back(steps_back))
        .chain(of_data(data));
    Notice::codes(found.map(|finding| finding.notice))
}

/// Accuracy of a row on the samples that a network is judged by.
pub(super) fn judged(row: &IterationRecord, samples: SampleCounts) -> Option<f64> {
    let others = || row.validation_accuracy.or(row.train_accuracy);
    (row.test_accuracy.filter(|_| samples.test > 0)).or_else(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_counts_where_it_is_more_than_chance() {
        assert_eq!(of_compression(0.97, 0.93, 1000), None);
        let found = of_compression(0.97, 0.90, 1000).unwrap();
        assert_eq!(found.numbers, "accuracy 0.9000, before 0.9700");
        // Two of thirty samples.
        assert_eq!(of_compression(0.97, 0.90, 30), None);
        assert!(of_compression(0.97, 0.40, 30).is_some());
    }

    #[test]
    fn a_finding_says_what_by_which_numbers_and_what_helps() {
        assert_eq!(of_steps_back(0), None);
        let said = of_steps_back(2).unwrap().to_string();
        assert!(
            said.contains("steps of half the size (2 times): take"),
            "{said}"
        );
    }
}
