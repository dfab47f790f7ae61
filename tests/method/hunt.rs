//! A hunt for admissible settings that end in a failure, or in a rise of the objective where none is promised: random
//! networks, scales of the features, penalties, precisions, couplings and relaxations.

use nnbcd::bcd::Coupling;
use nnbcd::linalg::Real;
use nnbcd::training::WeightDecay;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseError};

use crate::cases::{Case, METHODS};

/// A positive number of any size within these powers of ten.
fn size(powers: std::ops::Range<f64>) -> impl Strategy<Value = f64> {
    powers.prop_map(|power| 10_f64.powf(power))
}

fn networks() -> impl Strategy<Value = Case> {
    let shape = (
        0..METHODS.len(),
        any::<bool>(),
        any::<bool>(),
        4_usize..13,
        4_usize..13,
    );
    // Features of very different sizes, from 1e-6 to 1e6.
    let scales = (-6.0..6.0_f64, 0.0..4.0_f64);
    (shape, scales, 3_usize..70, 0_u64..1000).prop_map(
        |((method, bias, convolution, first, second), (middle, spread), samples, seed)| {
            let mut case = Case {
                hidden: vec![first, second],
                compression: METHODS[method],
                bias,
                samples,
                seed,
                ..Case::default()
            };
            if convolution {
                case = case.with_convolution();
            }
            case.scales = (0..case.features)
                .map(|feature| {
                    let offset = spread * (feature as f64 / case.features as f64 - 0.5);
                    10_f64.powf((middle + offset).clamp(-6.0, 6.0))
                })
                .collect();
            case
        },
    )
}

fn cases() -> impl Strategy<Value = Case> {
    let penalties = (
        size(-3.0..3.0),
        size(-3.0..3.0),
        size(-3.0..3.0),
        size(-4.0..2.0),
    );
    let decay = prop_oneof![Just(0.0), size(-4.0..2.0)];
    let form = (
        any::<bool>(),
        prop_oneof![Just(None), (2_usize..6).prop_map(Some)],
    );
    (networks(), penalties, 0.1..1.95_f64, decay, form).prop_map(
        |(mut case, (gamma, rho, tau, alpha), relaxation, decay, (constrained, refit_every))| {
            let solver = &mut case.solver;
            (solver.gamma, solver.rho, solver.tau, solver.alpha) = (gamma, rho, tau, alpha);
            solver.relaxation = relaxation;
            solver.weight_decay = WeightDecay::Uniform(decay);
            solver.iterations = 14;
            solver.refit = refit_every.is_some();
            solver.refit_every = refit_every;
            if constrained {
                solver.coupling = Coupling::Constrained;
            }
            case
        },
    )
}

fn descends<T: Real>(case: &Case) -> Result<(), TestCaseError> {
    let mut solver = case.solver::<T>();
    let mut before = solver.measurement().objective;
    while solver.termination().is_none() {
        let row = solver
            .iterate()
            .map_err(|error| TestCaseError::fail(format!("{error}: {case:?}")))?;
        prop_assert_eq!(
            row.descent_violations,
            0,
            "iteration {}: {:e} to {:e} {:?}",
            row.iteration,
            before,
            row.objective,
            case
        );
        before = row.objective;
    }
    Ok(())
}

/// The same cases in every run; other ones with a number in `NNBCD_HUNT`.
fn config() -> ProptestConfig {
    let seed = std::env::var("NNBCD_HUNT").map_or(0, |seed| seed.parse().expect("a number"));
    ProptestConfig {
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..ProptestConfig::with_cases(400)
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_admissible_setting_fails_or_rises_in_double_precision(case in cases()) {
        descends::<f64>(&case)?;
    }

    #[test]
    fn no_admissible_setting_fails_or_rises_in_single_precision(case in cases()) {
        descends::<f32>(&case)?;
    }
}
