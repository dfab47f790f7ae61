//! A run goes on from a checkpoint as if it had never stopped; what is no checkpoint is refused.

use nnbcd::bcd::{Coupling, Solver};
use nnbcd::linalg::Real;
use proptest::prelude::*;

use crate::cases::{Case, METHODS, every_kind};

fn bytes<T: Real>(solver: &Solver<T>) -> Vec<u8> {
    solver.checkpoint().pieces().concat()
}

/// Goes on from every iteration for one iteration: what comes out is the next checkpoint.
fn assert_resumes<T: Real>(case: &Case) {
    let mut solver = case.solver::<T>();
    for iteration in 0..6 {
        let before = bytes(&solver);
        let measured = solver.measurement();
        let mut resumed = Solver::resume(case.problem::<T>(), &before).unwrap();
        assert_eq!(resumed.measurement(), measured, "{case:?}");
        assert!(bytes(&resumed) == before, "{iteration}: {case:?}");
        assert_eq!(resumed.accuracy(), solver.accuracy());
        assert_eq!(resumed.compressed(), solver.compressed());
        let expected = solver.iterate().unwrap();
        assert_eq!(
            resumed.iterate().unwrap(),
            expected,
            "{iteration}: {case:?}"
        );
        assert!(bytes(&resumed) == bytes(&solver), "{iteration}: {case:?}");
    }
}

#[test]
fn every_iteration_of_every_method_can_be_resumed() {
    for coupling in [Coupling::Penalty, Coupling::Hard, Coupling::Constrained] {
        for compress_after in [0, 3] {
            for mut case in every_kind() {
                case.solver.coupling = coupling;
                case.solver.compress_after = compress_after;
                case.solver.tau_final = case.bias.then_some(20.0);
                case.solver.rho_final = case.bias.then_some(3.0);
                case.solver.relaxation = if compress_after == 0 { 1.6 } else { 1.0 };
                // The second, fourth and last iteration without a dense start, with one the fifth and last.
                (case.solver.iterations, case.solver.refit) = (6, true);
                case.solver.refit_every = Some(2);
                assert_resumes::<f64>(&case);
                assert_resumes::<f32>(&case);
            }
        }
    }
}

/// A checkpoint with some text of its header replaced by another.
fn with_header(checkpoint: &[u8], from: &str, to: &str) -> Vec<u8> {
    let length = u64::from_le_bytes(checkpoint[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&checkpoint[8..8 + length]).unwrap();
    assert!(header.contains(from), "{from} is not in {header}");
    let header = header.replacen(from, to, 1);
    let mut changed = (header.len() as u64).to_le_bytes().to_vec();
    changed.extend(header.as_bytes());
    changed.extend(&checkpoint[8 + length..]);
    changed
}

fn case_of(compression: &'static str) -> Case {
    Case {
        compression,
        ..Case::default()
    }
}

fn assert_refused(case: &Case, checkpoint: &[u8], part: &str) {
    let resumed = Solver::<f64>::resume(case.problem(), checkpoint);
    let error = resumed.map(|_| "it was accepted").unwrap_err();
    assert!(error.to_string().contains(part), "{error}");
}

#[test]
fn a_header_that_does_not_fit_is_refused() {
    let train = case_of(METHODS[1]);
    let checkpoint = bytes(&train.solver::<f64>());
    for (from, to) in [
        (r#""modes":[2,4,3,4]"#, r#""modes":[4,2,3,4]"#),
        (
            r#""modes":[2,4,3,4]"#,
            r#""modes":[18446744073709551615,4,3,4]"#,
        ),
        (r#""modes":[2,4,3,4]"#, r#""modes":[]"#),
        (r#""ranks":[2,2,2]"#, r#""ranks":[0,2,2]"#),
        (r#""ranks":[2,2,2]"#, r#""ranks":[0,0,0]"#),
        (
            r#""ranks":[2,2,2]"#,
            r#""ranks":[18446744073709551615,2,2]"#,
        ),
        (r#""ranks":[2,2,2]"#, r#""ranks":[2,2]"#),
        (
            r#""modes":[2,4,3,4],"ranks":[2,2,2]"#,
            r#""modes":[2,48],"ranks":[2]"#,
        ),
    ] {
        assert_refused(&train, &with_header(&checkpoint, from, to), "");
    }
    let low_rank = case_of(METHODS[2]);
    let checkpoint = bytes(&low_rank.solver::<f64>());
    for rank in ["0", "3", "18446744073709551615"] {
        let changed = with_header(&checkpoint, r#""rank":2"#, &format!(r#""rank":{rank}"#));
        assert_refused(&low_rank, &changed, "");
    }
}

/// The arrays have the right lengths, so that only the method tells the checkpoints apart.
#[test]
fn a_checkpoint_of_another_method_is_refused() {
    let part = "compressed";
    let checkpoint = |compression| bytes(&case_of(compression).solver::<f64>());
    let prune = case_of(METHODS[3]);
    let groups = case_of(r#"{"method": "n-m", "n": 1, "m": 3}"#);
    assert_refused(&groups, &checkpoint(METHODS[3]), part);
    assert_refused(&prune, &checkpoint(groups.compression), part);
    assert_refused(&prune, &checkpoint(METHODS[0]), part);
    assert_refused(&case_of(METHODS[0]), &checkpoint(METHODS[3]), part);
    let other_groups = case_of(r#"{"method": "n-m", "n": 2, "m": 3}"#);
    assert_refused(&other_groups, &checkpoint(groups.compression), part);
    let mut later = prune.clone();
    later.solver.compress_after = 5;
    assert_refused(&later, &checkpoint(METHODS[3]), part);
}

#[test]
fn another_shape_or_precision_is_refused() {
    let case = case_of(METHODS[3]);
    let checkpoint = bytes(&case.solver::<f64>());
    let single = bytes(&case.solver::<f32>());
    assert_refused(&case, &single, "another precision");
    let wider = Case {
        hidden: vec![8, 7],
        ..case.clone()
    };
    assert_refused(&wider, &checkpoint, "");
    let deeper = Case {
        hidden: vec![8, 6, 4],
        ..case.clone()
    };
    assert_refused(&deeper, &checkpoint, "number of layers");
    let more = Case {
        samples: 31,
        ..case.clone()
    };
    assert_refused(&more, &checkpoint, "cut");
    let with_bias = Case { bias: true, ..case };
    assert_refused(&with_bias, &checkpoint, "cut");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// A checkpoint that was cut or has grown is refused; with single damaged bytes it is refused,
    /// or what follows is an iteration or an error, but no panic.
    #[test]
    fn damage_never_panics(
        method in 0..METHODS.len(),
        bias in any::<bool>(),
        positions in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..4),
        cut in any::<prop::sample::Index>(),
        in_header in any::<bool>(),
    ) {
        let case = Case { compression: METHODS[method], bias, samples: 7, ..Case::default() };
        let mut solver = case.solver::<f32>();
        solver.iterate().unwrap();
        let whole = bytes(&solver);
        let resume = |bytes: &[u8]| Solver::<f32>::resume(case.problem(), bytes);
        prop_assert!(resume(&whole[..cut.index(whole.len())]).is_err());
        prop_assert!(resume(&[whole.as_slice(), &[0]].concat()).is_err());
        let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
        let range = if in_header { header } else { whole.len() };
        let mut damaged = whole;
        for (position, change) in positions {
            damaged[position.index(range)] ^= change;
        }
        if let Ok(mut solver) = resume(&damaged)
            && solver.iterate().is_ok()
        {
            solver.accuracy();
        }
    }
}
