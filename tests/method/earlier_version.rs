//! Checkpoints of version 0.1.0, after two iterations: read, they give the same bytes.

use nnbcd::bcd::Solver;

use crate::cases::{Case, METHODS};

#[test]
fn checkpoints_of_the_first_version_are_read_to_the_last_bit() {
    for (method, bytes) in [
        (
            3,
            &include_bytes!("../fixtures/0.1.0/nn-bcd-3.checkpoint")[..],
        ),
        (
            6,
            &include_bytes!("../fixtures/0.1.0/nn-bcd-6.checkpoint")[..],
        ),
    ] {
        let case = Case {
            compression: METHODS[method],
            samples: 4,
            bias: method % 2 == 0,
            ..Case::default()
        };
        let mut solver = Solver::<f32>::resume(case.problem(), bytes).unwrap();
        assert_eq!(solver.measurement().iteration, 2);
        assert!(solver.checkpoint().pieces().concat() == bytes, "{case:?}");
        solver.iterate().unwrap();
    }
}
