//! Which layers are compressed, and what the projections keep.

use ndarray::{Array2, array};
use nnbcd::bcd::Coupling;
use nnbcd::compress::{CompressionSettings, LayerCompression, Projected, keep_n_of_m};
use nnbcd::linalg::Real;
use proptest::prelude::*;

use crate::blocks::{Blocks, squares, with_one_threshold};
use crate::cases::{Case, METHODS, normal};

const GLOBAL: &str = METHODS[4];

#[test]
fn one_threshold_holds_for_all_layers_after_every_iteration() {
    for convolution in [false, true] {
        for coupling in [Coupling::Penalty, Coupling::Hard, Coupling::Constrained] {
            let mut case = Case {
                compression: GLOBAL,
                ..Case::default()
            };
            if convolution {
                case = case.with_convolution();
            }
            case.solver.coupling = coupling;
            let mut solver = case.solver::<f64>();
            for _ in 0..8 {
                let blocks = Blocks::of(&solver);
                let compressed: Vec<_> =
                    blocks.compressed.into_iter().map(Option::unwrap).collect();
                let entries: usize = compressed.iter().map(Array2::len).sum();
                let zeros = compressed.iter().flatten().filter(|z| **z == 0.0).count();
                assert_eq!(zeros, (0.6 * entries as f64).round() as usize, "{case:?}");
                match coupling {
                    Coupling::Penalty => {
                        assert_eq!(compressed, with_one_threshold(&blocks.weights, 0.6));
                    }
                    Coupling::Hard | Coupling::Constrained => {
                        assert_eq!(compressed, blocks.weights);
                    }
                }
                solver.iterate().unwrap();
            }
        }
    }
}

/// After every update of a single layer's own compressed weight it is no worse than the old one.
#[test]
fn a_new_compressed_weight_is_at_least_as_near_as_the_old_one() {
    for compression in METHODS {
        let case = Case {
            compression,
            ..Case::default()
        };
        let mut solver = case.solver::<f64>();
        let mut before = Blocks::of(&solver);
        for _ in 0..10 {
            solver.iterate().unwrap();
            let after = Blocks::of(&solver);
            let distance = |compressed: &[Option<Array2<f64>>]| -> f64 {
                let pairs = after.weights.iter().zip(compressed);
                pairs
                    .filter_map(|(weight, z)| Some(squares(&(weight - z.as_ref()?))))
                    .sum()
            };
            let (new, old) = (distance(&after.compressed), distance(&before.compressed));
            assert!(new <= old * (1.0 + 1e-12), "{new} {old} {compression}");
            before = after;
        }
    }
}

fn resolved(json: &str, convolution: bool) -> Vec<Option<LayerCompression>> {
    let settings: CompressionSettings = serde_json::from_str(json).unwrap();
    let shapes = [(4, 9), (6, 16), (3, 6)];
    settings.resolve(&shapes, convolution).unwrap()
}

#[test]
fn layers_are_selected_by_kind_or_by_number() {
    let low_rank = |rank| Some(LayerCompression::LowRank { rank });
    for (layers, convolution, expected) in [
        (r#""hidden""#, false, [true, true, false]),
        (r#""hidden""#, true, [false, true, false]),
        (r#""all""#, false, [true, true, true]),
        (r#""all""#, true, [true, true, true]),
        ("[2, 0]", true, [true, false, true]),
        ("[1]", false, [false, true, false]),
    ] {
        let json = format!(r#"{{"method": "low-rank", "rank": 2, "layers": {layers}}}"#);
        let chosen = expected.map(|chosen| if chosen { low_rank(2) } else { None });
        assert_eq!(resolved(&json, convolution), chosen, "{layers}");
    }
    // One value per compressed layer, in the order of the layers.
    let each = r#"{"method": "low-rank", "rank": [1, 3], "layers": [2, 0]}"#;
    assert_eq!(resolved(each, false), [low_rank(1), None, low_rank(3)]);
}

#[test]
fn mixed_methods_keep_to_their_own_layers() {
    let json = r#"{"method": "mixed", "choices": [
        {"layer": 2, "method": "prune", "sparsity": 0.5},
        {"layer": 0, "method": "tensor-train", "rank": 2, "modes": [6, 6]}]}"#;
    let expected = [
        Some(LayerCompression::TensorTrain {
            modes: vec![6, 6],
            rank: 2,
        }),
        None,
        Some(LayerCompression::Prune {
            sparsity: 0.5,
            global: false,
        }),
    ];
    assert_eq!(resolved(json, true), expected);
}

#[test]
fn a_shorter_last_group_keeps_at_most_n() {
    let weight = array![
        [4.0, -3.0, 2.0, 1.0, 5.0, 6.0, 7.0, 0.5],
        [1.0, 1.0, 1.0, -2.0, 2.0, 2.0, 0.0, 9.0]
    ];
    let kept = keep_n_of_m(weight.view(), 2, 3);
    let expected = array![
        [4.0, -3.0, 0.0, 0.0, 5.0, 6.0, 7.0, 0.5],
        [0.0, 1.0, 1.0, 0.0, 2.0, 2.0, 0.0, 9.0]
    ];
    assert_eq!(kept, expected);
    let one = keep_n_of_m(weight.view(), 1, 3);
    assert_eq!(one.iter().filter(|value| **value != 0.0).count(), 6);
}

proptest! {
    #[test]
    fn n_of_m_is_the_nearest_in_every_group(
        entries in prop::collection::vec(-1.0_f64..1.0, 33), m in 1_usize..8, less in 0_usize..8,
    ) {
        let n = m - less.min(m - 1);
        let weight = Array2::from_shape_vec((3, 11), entries).unwrap();
        let kept = keep_n_of_m(weight.view(), n, m);
        for (row, kept) in weight.rows().into_iter().zip(kept.rows()) {
            for (group, kept) in row.to_vec().chunks(m).zip(kept.to_vec().chunks(m)) {
                let mut magnitudes: Vec<f64> = group.iter().map(|w| w.abs()).collect();
                magnitudes.sort_by(|a, b| b.total_cmp(a));
                let best: f64 = magnitudes.iter().skip(n).map(|w| w * w).sum();
                let lost: f64 = group.iter().zip(kept).map(|(w, z)| (w - z).powi(2)).sum();
                prop_assert!((lost - best).abs() < 1e-14);
                prop_assert!(kept.iter().filter(|z| **z != 0.0).count() <= n);
            }
        }
    }
}

/// Projections that lose nothing of a weight of rank 3.
fn exact_forms((rows, columns): (usize, usize)) -> Vec<LayerCompression> {
    vec![
        LayerCompression::LowRank { rank: 3 },
        LayerCompression::TensorTrain {
            modes: vec![rows, columns],
            rank: 3,
        },
        LayerCompression::TensorTrain {
            modes: vec![columns, rows],
            rank: 6,
        },
        LayerCompression::TensorTrain {
            modes: vec![2, 3, 5, 2],
            rank: 10,
        },
        LayerCompression::TensorTrain {
            modes: vec![60],
            rank: 1,
        },
        LayerCompression::NM { n: 4, m: 4 },
        LayerCompression::Prune {
            sparsity: 0.0,
            global: false,
        },
    ]
}

/// A weight of low rank, and a weight of zeros, whose singular vectors are anything.
#[test]
fn weights_that_lie_in_the_set_are_kept() {
    fn check<T: Real>(limit: f64) {
        for rank in 0..=3 {
            for transposed in [false, true] {
                let weight = normal(6, rank, 1)
                    .dot(&normal(rank, 10, 2))
                    .mapv(T::from_f64);
                let weight = if transposed {
                    weight.reversed_axes()
                } else {
                    weight
                };
                for form in exact_forms(weight.dim()) {
                    let projected = Projected::project(&form, weight.view(), None).unwrap();
                    let again = Projected::project(&form, weight.view(), Some(&projected)).unwrap();
                    for projected in [projected, again] {
                        let error = projected.squared_error(weight.view()).sqrt();
                        assert!(error < limit, "{error:e}: rank {rank}, {form:?}");
                    }
                }
            }
        }
    }
    check::<f64>(1e-13);
    check::<f32>(1e-4);
}

#[test]
fn weights_that_are_not_finite_are_refused_where_vectors_are_needed() {
    let mut weight = normal(6, 10, 3);
    weight[(2, 2)] = f64::NAN;
    for form in [
        LayerCompression::LowRank { rank: 3 },
        LayerCompression::TensorTrain {
            modes: vec![6, 10],
            rank: 3,
        },
    ] {
        assert!(Projected::project(&form, weight.view(), None).is_err());
    }
}

/// A view in column-major order is pruned like the same matrix in row-major order.
#[test]
fn the_layout_of_a_weight_in_memory_does_not_matter() {
    let transposed = normal(10, 6, 4);
    let view = transposed.t();
    let standard = view.as_standard_layout().into_owned();
    let mut forms = exact_forms(view.dim());
    forms.push(LayerCompression::Prune {
        sparsity: 0.5,
        global: false,
    });
    forms.push(LayerCompression::NM { n: 1, m: 4 });
    for form in forms {
        let [seen, copied] =
            [view, standard.view()].map(|w| Projected::project(&form, w, None).unwrap());
        assert_eq!(seen, copied, "{form:?}");
    }
}

/// Weights decay to sizes whose squares are zero in single precision, and diverge to those whose squares overflow.
#[test]
fn weights_of_any_size_have_projections() {
    for method in &METHODS[1..6] {
        for power in [-42, -38, -30, -20, -10, 10, 20, 30, 37] {
            let settings: CompressionSettings = serde_json::from_str(method).unwrap();
            let weight = normal(4, 12, 5).mapv(|entry| (entry * 10_f64.powi(power)) as f32);
            let compression = settings.resolve(&[(4, 12), (4, 4), (3, 4)], false).unwrap();
            let Some(compression) = &compression[0] else {
                continue;
            };
            let projected = Projected::project(compression, weight.view(), None).unwrap();
            let finite = projected.dense.iter().all(|entry| entry.is_finite());
            assert!(finite, "{method} at 1e{power}");
            let squares = |weight: &Array2<f32>| {
                let squares = weight.iter().map(|entry| f64::from(*entry).powi(2));
                squares.sum::<f64>()
            };
            let missed = squares(&(&projected.dense - &weight));
            let all = squares(&weight);
            assert!(
                missed < 0.9 * all,
                "{method} at 1e{power}: {missed:e} of {all:e}"
            );
        }
    }
}
