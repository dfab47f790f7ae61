//! The entrywise update of the pre-activations.

use nnbcd::bcd::prox_relu;
use proptest::prelude::*;

fn cost(a: f64, b: f64, g: f64, u: f64) -> f64 {
    (a - u.max(0.0)).powi(2) + g * (u - b).powi(2)
}

#[test]
fn no_point_of_a_fine_grid_is_better() {
    for g in [0.05, 0.5, 1.0, 7.0] {
        for a in -8..=8 {
            for b in -8..=8 {
                let (a, b) = (0.25 * f64::from(a), 0.25 * f64::from(b));
                let reached = cost(a, b, g, prox_relu(a, b, g));
                let best = (-30_000..=30_000)
                    .map(|point| cost(a, b, g, 1e-4 * f64::from(point)))
                    .fold(f64::INFINITY, f64::min);
                assert!(reached <= best + 1e-12, "a {a} b {b} g {g}");
                assert!(reached >= best - 1e-6, "a {a} b {b} g {g}");
            }
        }
    }
}

/// `u+ = (a + g b) / (1 + g)` costs `g (a - b)^2 / (1 + g)` and `u- = b` costs `a^2`: with `g = 1/3`
/// they are equal for `b = -a`, in floating point wherever rounding lets the two sums meet.
#[test]
fn a_tie_goes_to_the_active_branch() {
    let third = 1.0_f64 / 3.0;
    let ties: Vec<f64> = (1..2000)
        .map(f64::from)
        .filter(|a| {
            let active = (a - third * a) / (1.0 + third);
            let active_cost = (a - active) * (a - active) + third * ((active + a) * (active + a));
            active_cost == a * a
        })
        .collect();
    assert!(ties.len() > 100, "too few exact ties: {}", ties.len());
    for a in ties {
        assert!(prox_relu(a, -a, third) > 0.0, "a {a}");
    }
    assert_eq!(prox_relu(0.0, 0.0, 1.0_f64), 0.0);
    assert_eq!(prox_relu(-1.0, 0.0, 1.0_f64), 0.0);
}

proptest! {
    #[test]
    fn no_random_point_is_better(
        a in -10.0_f64..10.0,
        b in -10.0_f64..10.0,
        exponent in -4.0_f64..4.0,
        points in prop::collection::vec(-20.0_f64..20.0, 50),
    ) {
        let g = 10.0_f64.powf(exponent);
        let u = prox_relu(a, b, g);
        let reached = cost(a, b, g, u);
        let rounding = 1e-13 * (a * a + g * b * b);
        for point in points.into_iter().chain([u - 1e-4, u + 1e-4, 0.0, a, b]) {
            prop_assert!(reached <= cost(a, b, g, point) + rounding, "point {point}");
        }
    }

    #[test]
    fn single_precision_is_as_good_up_to_its_rounding(
        a in -10.0_f32..10.0, b in -10.0_f32..10.0, g in 0.01_f32..100.0,
    ) {
        let [wide_a, wide_b, wide_g] = [a, b, g].map(f64::from);
        let reached = cost(wide_a, wide_b, wide_g, f64::from(prox_relu(a, b, g)));
        let best = cost(wide_a, wide_b, wide_g, prox_relu(wide_a, wide_b, wide_g));
        prop_assert!(reached <= best + 1e-5 * (wide_a * wide_a + wide_g * wide_b * wide_b));
    }
}
