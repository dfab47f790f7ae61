//! The same numbers to the last bit for any number of threads.

use nnbcd::bcd::Coupling;
use nnbcd::linalg::Real;

use crate::cases::{Case, METHODS, SPARSE};

fn final_state<T: Real>(case: &Case, threads: usize) -> Vec<u8> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    pool.install(|| {
        let mut solver = case.solver::<T>();
        for _ in 0..3 {
            solver.iterate().unwrap();
        }
        let accuracy = solver.accuracy();
        let mut state = solver.checkpoint().pieces().concat();
        for part in [accuracy.train, accuracy.test] {
            state.extend(part.overall.to_le_bytes());
            state.extend(part.balanced.to_le_bytes());
        }
        state
    })
}

fn check<T: Real>(case: &Case) {
    for coupling in [Coupling::Penalty, Coupling::Hard, Coupling::Constrained] {
        let mut case = case.clone();
        case.solver.coupling = coupling;
        check_coupling::<T>(&case);
    }
}

fn check_coupling<T: Real>(case: &Case) {
    let alone = final_state::<T>(case, 1);
    for threads in [2, 3] {
        assert!(
            alone == final_state::<T>(case, threads),
            "{threads} threads: {case:?}"
        );
    }
}

/// Large enough for several pieces of every array.
#[test]
fn blocks_sums_and_accuracies_do_not_depend_on_the_threads() {
    for (index, compression) in METHODS.into_iter().chain([SPARSE]).enumerate() {
        let case = Case {
            features: 70,
            hidden: vec![66, 90],
            samples: 700,
            bias: index % 2 == 0,
            compression,
            ..Case::default()
        };
        check::<f64>(&case);
        check::<f32>(&case);
    }
}

/// Wide enough for products and Gram matrices in several blocks.
#[test]
fn nor_do_products_in_blocks() {
    let case = Case {
        features: 40,
        hidden: vec![300, 270],
        samples: 600,
        bias: true,
        compression: METHODS[3],
        ..Case::default()
    };
    check::<f64>(&case);
    check::<f32>(&case);
}

#[test]
fn neither_with_a_convolution_nor_with_fewer_samples_than_inputs() {
    for bias in [false, true] {
        let convolution = Case {
            samples: 1500,
            bias,
            compression: METHODS[6],
            ..Case::default().with_convolution()
        };
        let few = Case {
            features: 300,
            hidden: vec![250, 200],
            samples: 130,
            bias,
            compression: METHODS[3],
            ..Case::default()
        };
        for case in [convolution, few] {
            check::<f64>(&case);
            check::<f32>(&case);
        }
    }
}
