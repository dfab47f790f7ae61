//! Problems whose parts do not fit together are refused before anything is computed.

use std::sync::Arc;

use ndarray::Array2;
use nnbcd::bcd::Problem;
use nnbcd::training::{ProblemError, Samples, TrainingData, WeightDecay};

use crate::cases::{CLASSES, Case};

/// The problem of a case with its parts changed.
fn refused(change: impl FnOnce(&mut Case, &mut Vec<Samples<f64>>, &mut usize)) -> ProblemError {
    let mut case = Case::default();
    let sound = case.problem::<f64>();
    let part = |samples: &Samples<f64>| samples.clone();
    let mut parts = vec![part(&sound.data.train), part(&sound.data.test)];
    let mut classes = CLASSES;
    change(&mut case, &mut parts, &mut classes);
    let test = parts.pop().unwrap();
    let train = parts.pop().unwrap();
    let data = TrainingData::new(train, test, classes);
    let compression = sound.compression.clone();
    Problem::new(
        Arc::new(data),
        case.architecture(),
        compression,
        case.solver,
    )
    .unwrap_err()
}

#[test]
fn dimensions_that_do_not_fit_are_named() {
    let empty = Samples {
        inputs: Array2::zeros((12, 0)),
        labels: Vec::new(),
    };
    for (error, message) in [
        (
            refused(|_, parts, _| parts[0] = empty.clone()),
            "there are no training samples",
        ),
        (
            refused(|case, _, _| case.features = 11),
            "training samples have 12 features; the network has 11 inputs",
        ),
        (
            refused(|_, parts, _| parts[1].labels[0] = CLASSES),
            "test samples: the label 3 is none of 3 classes, counted from 0",
        ),
        (
            refused(|_, parts, _| parts[1].labels.truncate(19)),
            "test samples: 20 columns, but 19 labels",
        ),
        (
            refused(|_, _, classes| *classes = 4),
            "the network has 3 outputs; the data have 4 classes",
        ),
        (
            refused(|case, _, _| case.hidden = vec![8]),
            "compression: 3 entries for 2 layers",
        ),
        (
            refused(|case, _, _| case.solver.weight_decay = WeightDecay::PerLayer(vec![1.0])),
            "weight_decay: a list of 1 is not allowed (one number, or one for each of the 3 layers)",
        ),
    ] {
        assert_eq!(error.to_string(), message);
    }
    // An empty test part is nothing to measure accuracy on, but no obstacle.
    let sound = Case::default().problem::<f64>();
    let data = TrainingData::new(sound.data.train.clone(), empty, CLASSES);
    let case = Case::default();
    let compression = vec![None; 3];
    Problem::new(
        Arc::new(data),
        case.architecture(),
        compression,
        case.solver,
    )
    .unwrap();
}
