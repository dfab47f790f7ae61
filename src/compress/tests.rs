use ndarray::{Array2, array};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::linalg::symmetric_eigen;

fn random(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_simple_fn((rows, columns), || {
        f64::from(generator.next_u32()) / f64::from(u32::MAX) - 0.5
    })
}

fn error(weight: &Array2<f64>, projected: &Projected<f64>) -> f64 {
    projected.squared_error(weight.view()).sqrt()
}

/// Sum of the squared singular values after the first `rank`: the smallest possible squared error.
fn tail(matrix: &Array2<f64>, rank: usize) -> f64 {
    let gram = if matrix.nrows() <= matrix.ncols() {
        matrix.dot(&matrix.t())
    } else {
        matrix.t().dot(matrix)
    };
    let (values, _) = symmetric_eigen(gram.view()).unwrap();
    values.iter().skip(rank).map(|value| value.max(0.0)).sum()
}

fn methods() -> Vec<LayerCompression> {
    vec![
        LayerCompression::TensorTrain {
            modes: vec![2, 3, 4, 4, 2],
            rank: 3,
        },
        LayerCompression::TensorTrain {
            modes: vec![12, 16],
            rank: 5,
        },
        LayerCompression::TensorTrain {
            modes: vec![192],
            rank: 1,
        },
        LayerCompression::TensorTrain {
            modes: vec![3, 64],
            rank: 100,
        },
        LayerCompression::LowRank { rank: 4 },
        LayerCompression::Prune {
            sparsity: 0.7,
            global: false,
        },
        LayerCompression::NM { n: 2, m: 4 },
        LayerCompression::NM { n: 1, m: 5 },
    ]
}

#[test]
fn every_projection_is_idempotent_and_its_form_holds_what_it_says() {
    let weight = random(12, 16, 1);
    for method in methods() {
        let once = Projected::project(&method, weight.view(), None).unwrap();
        let twice = Projected::project(&method, once.dense.view(), None).unwrap();
        assert!(error(&once.dense, &twice) < 1e-13, "{method:?}");
        assert!(
            error(&weight, &once) < weight.mapv(|w| w * w).sum().sqrt(),
            "{method:?}"
        );
        match &once.stored {
            Stored::TensorTrain(train) => assert!(error(&train.dense(), &once) < 1e-15),
            Stored::LowRank(factors) => assert_eq!(factors.parameters(), 4 * 28),
            Stored::Sparse => assert_eq!(once.zeros(), 134),
            Stored::NM { n, m } => {
                for row in once.dense.rows() {
                    for group in row.to_vec().chunks(*m) {
                        assert!(group.iter().filter(|value| **value != 0.0).count() <= *n);
                    }
                }
            }
        }
    }
}

#[test]
fn low_rank_is_optimal_for_wide_and_tall_matrices() {
    for (rows, columns) in [(12, 16), (30, 7), (9, 9)] {
        let weight = random(rows, columns, 2);
        for rank in 1..=rows.min(columns) {
            let projected =
                Projected::project(&LayerCompression::LowRank { rank }, weight.view(), None)
                    .unwrap();
            let squared = projected.squared_error(weight.view());
            assert!(
                (squared - tail(&weight, rank)).abs() < 1e-12,
                "{rows} {columns} {rank}"
            );
        }
    }
}

#[test]
fn tensor_train_error_is_between_the_lower_bound_and_the_oseledets_bound() {
    let modes = [3, 4, 2, 4, 5];
    let weight = random(12, 40, 3);
    for rank in [1, 2, 3, 5, 8, 12, 40] {
        let train = TensorTrain::project(weight.view(), &modes, rank).unwrap();
        let dense = train.dense();
        let squared = (&dense - &weight).mapv(|d| d * d).sum();
        let tails: Vec<f64> = (1..modes.len())
            .map(|k| {
                let rows: usize = modes[..k].iter().product();
                let unfolding = weight
                    .to_shape((rows, weight.len() / rows))
                    .unwrap()
                    .to_owned();
                tail(&unfolding, rank)
            })
            .collect();
        assert!(squared <= tails.iter().sum::<f64>() + 1e-12, "rank {rank}");
        assert!(
            squared >= tails.iter().copied().fold(0.0, f64::max) - 1e-12,
            "rank {rank}"
        );
        assert!(train.ranks().iter().all(|r| *r <= rank));
    }
}

#[test]
fn the_sweep_never_makes_a_tensor_train_worse_and_helps_when_the_weight_moved() {
    let modes = [4, 3, 4, 4];
    let old = TensorTrain::project(random(12, 16, 4).view(), &modes, 3).unwrap();
    let moved = random(12, 16, 5);
    let before = (&old.dense() - &moved).mapv(|d| d * d).sum();
    let mut train = old;
    let mut last = before;
    for _ in 0..6 {
        train = train.improved(moved.view());
        let now = (&train.dense() - &moved).mapv(|d| d * d).sum();
        assert!(now <= last + 1e-12);
        last = now;
    }
    assert!(last < 0.9 * before);
}

#[test]
fn the_safeguard_keeps_a_better_previous_tensor_train() {
    // A weight that has an exact representation which rounding in TT-SVD cannot beat: the previous
    // compressed weight is optimal, and the projection must not move away from it.
    let method = LayerCompression::TensorTrain {
        modes: vec![2, 3, 4, 4, 2],
        rank: 3,
    };
    let mut generator = random(12, 16, 6);
    let mut previous = Projected::project(&method, generator.view(), None).unwrap();
    for step in 0..40 {
        generator = generator + random(12, 16, 100 + step) * 0.02;
        let kept = previous.squared_error(generator.view());
        let next = Projected::project(&method, generator.view(), Some(&previous)).unwrap();
        assert!(next.squared_error(generator.view()) <= kept);
        previous = next;
    }
}

#[test]
fn split_at_the_boundary_is_the_same_matrix() {
    let weight = random(12, 16, 7);
    let train = TensorTrain::project(weight.view(), &[3, 4, 4, 4], 5).unwrap();
    let (left, right) = train.split_at_boundary().unwrap();
    assert_eq!((left.dim(), right.dim()), ((12, 5), (5, 16)));
    assert!((&left.dot(&right) - &train.dense()).mapv(f64::abs).sum() < 1e-12);
    let train = TensorTrain::project(weight.view(), &[8, 4, 6], 5).unwrap();
    assert!(train.split_at_boundary().is_none());
}

#[test]
fn ties_remove_the_lower_index_first() {
    let weight = array![[1.0, -1.0, 1.0, 2.0], [1.0, 3.0, -1.0, 1.0]];
    let pruned = prune_jointly(&[weight.view()], 0.5).remove(0);
    assert_eq!(pruned, array![[0.0, 0.0, 0.0, 2.0], [0.0, 3.0, -1.0, 1.0]]);
    let grouped = keep_n_of_m(weight.view(), 2, 4);
    assert_eq!(grouped, array![[0.0, 0.0, 1.0, 2.0], [0.0, 3.0, 0.0, 1.0]]);
}

#[test]
fn one_threshold_for_several_weights() {
    let (small, large) = (
        array![[0.1, 0.2], [0.3, 0.4]],
        array![[1.0, 2.0, 3.0, 0.15]],
    );
    let pruned = prune_jointly(&[small.view(), large.view()], 0.5);
    assert_eq!(pruned[0], array![[0.0, 0.0], [0.0, 0.4]]);
    assert_eq!(pruned[1], array![[1.0, 2.0, 3.0, 0.0]]);
}

proptest! {
    #[test]
    fn pruning_keeps_the_largest(entries in prop::collection::vec(-1.0_f64..1.0, 24), sparsity in 0.0_f64..0.99) {
        let weight = Array2::from_shape_vec((4, 6), entries).unwrap();
        let pruned = prune_jointly(&[weight.view()], sparsity).remove(0);
        let removed = (sparsity * 24.0).round() as usize;
        let mut magnitudes: Vec<f64> = weight.iter().map(|w| w.abs()).collect();
        magnitudes.sort_by(f64::total_cmp);
        let best: f64 = magnitudes[..removed].iter().map(|m| m * m).sum();
        let squared = (&pruned - &weight).mapv(|d| d * d).sum();
        prop_assert!((squared - best).abs() < 1e-12);
    }
}

#[test]
fn automatic_modes_multiply_to_the_entries_with_a_bond_at_the_boundary() {
    for (shape, expected) in [
        ((256, 64), vec![4, 4, 4, 4, 4, 4, 4]),
        ((10, 561), vec![2, 5, 3, 11, 17]),
        ((32, 9), vec![2, 4, 4, 3, 3]),
        ((1, 1), vec![1]),
        ((1, 7), vec![7]),
    ] {
        assert_eq!(automatic_modes(shape), expected);
    }
}

#[test]
fn settings_that_do_not_fit_the_network_are_refused_with_the_field() {
    let shapes = [(8, 6), (10, 8), (3, 10)];
    let refused: Vec<String> = [
        r#"{"method": "low-rank", "rank": 9}"#,
        r#"{"method": "low-rank", "rank": [7, 7]}"#,
        r#"{"method": "low-rank", "rank": [2]}"#,
        r#"{"method": "tensor-train", "rank": 2, "modes": [[8, 6]]}"#,
        r#"{"method": "tensor-train", "rank": 2, "modes": [[8, 6], [80, 2]]}"#,
        r#"{"method": "prune", "sparsity": 0.5, "layers": [3]}"#,
        r#"{"method": "prune", "sparsity": [0.5, 0.6], "scope": "global"}"#,
        r#"{"method": "n-m", "n": 2, "m": 9}"#,
    ]
    .iter()
    .map(|json| {
        let settings: CompressionSettings = serde_json::from_str(json).unwrap();
        settings.resolve(&shapes, false).unwrap_err().to_string()
    })
    .collect();
    for (message, part) in refused.iter().zip([
        "rank: 9 is more than layer 0 (8 x 6) can have; allowed are 1 to 6",
        "rank: 7 is more than layer 0 (8 x 6) can have; allowed are 1 to 6",
        "rank: a list of 1 is not allowed (one for each compressed layer, 2 in all)",
        "modes: a list of 1 is not allowed (one for each compressed layer, 2 in all)",
        "modes: the product of [80, 2] must be the 80 entries of layer 1 (10 x 8)",
        "layers[0]: 3 is not allowed (layers 0 to 2 exist)",
        "sparsity: a list is not allowed with scope global",
        "m: groups of 9 do not fit into the rows of layer 0 (8 x 6)",
    ]) {
        assert!(message.starts_with(part), "{message}");
    }
}

#[test]
fn one_rank_for_all_layers_is_cut_to_what_a_narrow_one_can_have() {
    let settings: CompressionSettings =
        serde_json::from_str(r#"{"method": "low-rank", "rank": 7, "layers": "all"}"#).unwrap();
    let resolved = settings
        .resolve(&[(8, 6), (10, 8), (3, 10)], false)
        .unwrap();
    let expected = [6, 7, 3].map(|rank| Some(LayerCompression::LowRank { rank }));
    assert_eq!(resolved, expected);
}

/// A function of a matrix with a gradient that is easy to write down: `sum_ij c_ij w_ij^2 / 2`.
fn quadratic(weight: &Array2<f64>, curvature: &Array2<f64>) -> f64 {
    0.5 * (curvature * weight * weight).sum()
}

#[test]
fn gradients_of_factors_and_cores_are_derivatives() {
    const STEP: f64 = 1e-6;
    let curvature = random(12, 16, 9);
    let close = |found: f64, up: f64, down: f64| {
        let difference = (up - down) / (2.0 * STEP);
        assert!((found - difference).abs() < 1e-8, "{found} {difference}");
    };
    for method in methods() {
        let projected = Projected::project(&method, random(12, 16, 8).view(), None).unwrap();
        let gradient = &curvature * &projected.dense;
        let value = |dense: Array2<f64>| quadratic(&dense, &curvature);
        match projected.stored {
            Stored::LowRank(factors) => {
                for (side, found) in factors.pull_back(gradient.view()).iter().enumerate() {
                    for (place, found) in found.indexed_iter() {
                        let at = |by| {
                            let mut moved = factors.clone();
                            [&mut moved.left, &mut moved.right][side][place] += by;
                            value(moved.dense())
                        };
                        close(*found, at(STEP), at(-STEP));
                    }
                }
            }
            Stored::TensorTrain(train) => {
                let gradients = train.pull_back(gradient.view());
                assert_eq!(gradients.len(), train.cores().len());
                for (core, found) in gradients.iter().enumerate() {
                    for (place, found) in found.indexed_iter() {
                        let at = |by| {
                            let mut moved = train.clone();
                            moved.cores_mut()[core][place] += by;
                            value(moved.dense())
                        };
                        close(*found, at(STEP), at(-STEP));
                    }
                }
            }
            Stored::Sparse | Stored::NM { .. } => {}
        }
    }
}

#[test]
fn layers_are_projected_as_one_by_one_unless_they_share_a_threshold() {
    let weights = [random(12, 16, 10), random(12, 16, 11), random(12, 16, 12)];
    let views: Vec<_> = weights.iter().map(|weight| weight.view()).collect();
    for method in methods() {
        let compression = [Some(method.clone()), None, Some(method.clone())];
        let projected = Projected::project_layers(&compression, &views, &[]).unwrap();
        assert!(projected[1].is_none());
        for index in [0, 2] {
            let alone = Projected::project(&method, views[index], None).unwrap();
            assert_eq!(projected[index], Some(alone));
        }
    }
    let global = LayerCompression::Prune {
        sparsity: 0.5,
        global: true,
    };
    let compression = [
        Some(global.clone()),
        Some(LayerCompression::LowRank { rank: 2 }),
        Some(global),
    ];
    let projected = Projected::project_layers(&compression, &views, &[]).unwrap();
    let expected = prune_jointly(&[views[0], views[2]], 0.5);
    for (projected, expected) in [&projected[0], &projected[2]].into_iter().zip(&expected) {
        assert_eq!(&projected.as_ref().unwrap().dense, expected);
    }
    let mut broken = weights.clone();
    broken[1][(3, 3)] = f64::NAN;
    let views: Vec<_> = broken.iter().map(|weight| weight.view()).collect();
    let error = Projected::project_layers(&compression, &views, &[]).unwrap_err();
    assert_eq!(error, (1, ProjectionError::NotFinite));
}
