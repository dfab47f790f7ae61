//! The entrywise update of the pre-activations and everything that rides on the same pass.

use std::ops::Add;

use pulp::Arch;
use rayon::prelude::*;

use crate::linalg::{CHUNK, Real};

/// `argmin_u 1/2 (a - relu(u))^2 + g/2 (u - b)^2`
///
/// Two convex branches: `u+ = max((a + g b) / (1 + g), 0)` and `u- = min(b, 0)`; the better one,
/// `u+` on a tie.
#[inline(always)]
pub fn prox_relu<T: Real>(a: T, b: T, g: T) -> T {
    let zero = T::zero();
    let active = ((a + g * b) / (T::one() + g)).max(zero);
    let inactive = b.min(zero);
    let (miss, pull) = (a - active, active - b);
    let inactive_pull = inactive - b;
    let active_cost = miss * miss + g * (pull * pull);
    let inactive_cost = a * a + g * (inactive_pull * inactive_pull);
    if active_cost <= inactive_cost {
        active
    } else {
        inactive
    }
}

/// Sums of squares that the pass over one layer yields.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PassSums {
    /// `|V_i - V_i_old|^2`
    pub activation_step: f64,
    /// `|U_i - U_i_old|^2`
    pub pre_activation_step: f64,
    /// `|V_i - relu(U_i)|^2`
    pub activation_residual: f64,
}

impl Add for PassSums {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            activation_step: self.activation_step + other.activation_step,
            pre_activation_step: self.pre_activation_step + other.pre_activation_step,
            activation_residual: self.activation_residual + other.activation_residual,
        }
    }
}

/// One layer's arrays, all units x n in the same order.
pub struct Pass<'a, T> {
    /// New activations `V_i`.
    pub new_activations: &'a [T],
    /// `V_i`: old in, new out.
    pub activations: &'a mut [T],
    /// `U_i`: old in, new out.
    pub pre_activations: &'a mut [T],
    /// `U_i - W_i V_{i-1}`: for the old `U_i` in, for the new one out.
    pub linear_residual: &'a mut [T],
}

/// `U_i = argmin gamma/2 |V_i - relu(U)|^2 + rho/2 |U - W_i V_{i-1}|^2 + alpha/2 |U - U_i_old|^2`
///
/// In the same sweep over memory the new activations are taken over, the linear residual follows,
/// and the sums of squares of all changes and of the activation residual are accumulated.
pub fn pass_over_layer<T: Real>(gamma: f64, rho: f64, alpha: f64, pass: Pass<'_, T>) -> PassSums {
    let weight = T::from_f64((rho + alpha) / gamma);
    let pull = T::from_f64(rho / (rho + alpha));
    let parts: Vec<PassSums> = pass
        .activations
        .par_chunks_mut(CHUNK)
        .zip(pass.pre_activations.par_chunks_mut(CHUNK))
        .zip(pass.linear_residual.par_chunks_mut(CHUNK))
        .zip(pass.new_activations.par_chunks(CHUNK))
        .map(|(((v, u), e), new)| {
            Arch::new().dispatch(|| pass_over_chunk(weight, pull, new, v, u, e))
        })
        .collect();
    parts.into_iter().fold(PassSums::default(), Add::add)
}

/// Numbers handled side by side.
const LANES: usize = 8;

#[inline(always)]
fn pass_over_chunk<T: Real>(
    weight: T,
    pull: T,
    new: &[T],
    v: &mut [T],
    u: &mut [T],
    e: &mut [T],
) -> PassSums {
    let mut lanes = [[0.0_f64; LANES]; 3];
    let whole = new.len() - new.len() % LANES;
    let blocks = new[..whole]
        .chunks_exact(LANES)
        .zip(v[..whole].chunks_exact_mut(LANES))
        .zip(u[..whole].chunks_exact_mut(LANES))
        .zip(e[..whole].chunks_exact_mut(LANES));
    for (((new, v), u), e) in blocks {
        for lane in 0..LANES {
            let terms = update_entry(
                weight,
                pull,
                new[lane],
                &mut v[lane],
                &mut u[lane],
                &mut e[lane],
            );
            for (sum, term) in lanes.iter_mut().zip(terms) {
                sum[lane] += term;
            }
        }
    }
    for index in whole..new.len() {
        let terms = update_entry(
            weight,
            pull,
            new[index],
            &mut v[index],
            &mut u[index],
            &mut e[index],
        );
        for (sum, term) in lanes.iter_mut().zip(terms) {
            sum[0] += term;
        }
    }
    let [activation_step, pre_activation_step, activation_residual] =
        lanes.map(|lane| lane.iter().sum());
    PassSums {
        activation_step,
        pre_activation_step,
        activation_residual,
    }
}

#[inline(always)]
fn update_entry<T: Real>(weight: T, pull: T, new: T, v: &mut T, u: &mut T, e: &mut T) -> [f64; 3] {
    // W_i V_{i-1} = U_i - E_i, so that b = (rho W V + alpha U) / (rho + alpha) = U - pull · E.
    let updated = prox_relu(new, *u - pull * *e, weight);
    let (v_step, u_step) = (new - *v, updated - *u);
    let residual = new - updated.max(T::zero());
    *v = new;
    *u = updated;
    *e += u_step;
    [v_step, u_step, residual].map(|value| value.widen() * value.widen())
}
