//! The entrywise update of the pre-activations and everything that rides on the same pass.

use std::ops::Add;

use ndarray::{ArrayView2, ArrayViewMut2};
use pulp::{Arch, NullaryFnOnce};

use super::objective::Penalties;
use crate::linalg::Real;

/// A comparison is a single instruction; `max` would look for NaN as well.
#[inline(always)]
fn relu<T: Real>(u: T) -> T {
    if u > T::zero() { u } else { T::zero() }
}

/// `argmin_u 1/2 (a - relu(u))^2 + g/2 (u - b)^2`
///
/// Two convex branches: `u+ = max((a + g b) / (1 + g), 0)` and `u- = min(b, 0)`; the better one,
/// `u+` on a tie.
#[inline(always)]
pub fn prox_relu<T: Real>(a: T, b: T, g: T) -> T {
    let zero = T::zero();
    let active = relu((a + g * b) / (T::one() + g));
    let inactive = if b < zero { b } else { zero };
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

/// Arrays of one layer, or the same columns of them.
pub struct Pass<'a, T> {
    /// New activations `V_i`.
    pub new_activations: ArrayView2<'a, T>,
    /// `V_i`: old in, new out.
    pub activations: ArrayViewMut2<'a, T>,
    /// `U_i`: old in, new out.
    pub pre_activations: ArrayViewMut2<'a, T>,
    /// `U_i - W_i V_{i-1}`: for the old `U_i` in, for the new one out.
    pub linear_residual: ArrayViewMut2<'a, T>,
}

/// The update of the pre-activations of one layer.
#[derive(Clone, Copy, Debug)]
pub struct PreActivationUpdate<T> {
    weight: T,
    pull: T,
    /// `omega - 1`
    excess: T,
}

impl<T: Real> PreActivationUpdate<T> {
    /// For the given penalties and `omega`.
    pub fn new(Penalties { gamma, rho, .. }: Penalties, alpha: f64, relaxation: f64) -> Self {
        Self {
            weight: T::from_f64((rho + alpha) / gamma),
            pull: T::from_f64(rho / (rho + alpha)),
            excess: T::from_f64(relaxation - 1.0),
        }
    }

    /// `U_i = argmin gamma/2 |V_i - relu(U)|^2 + rho/2 |U - W_i V_{i-1}|^2 + alpha/2 |U - U_i_old|^2`,
    /// relaxed where that stays on one side of the kink.
    ///
    /// In the same sweep over memory the new activations are taken over, the linear residual
    /// follows, and the sums of squares of all changes and of the activation residual are
    /// accumulated.
    pub fn apply(self, pass: Pass<'_, T>) -> PassSums {
        Arch::new().dispatch(Sweep { update: self, pass })
    }

    /// From the old entry over the minimiser to the relaxed one the cost is one quadratic only if all
    /// three lie on the same side of the kink; otherwise the minimiser itself.
    #[inline(always)]
    fn relaxed(self, minimiser: T, old: T) -> T {
        let relaxed = minimiser + self.excess * (minimiser - old);
        let active = minimiser > T::zero();
        if (relaxed > T::zero()) == active && (old > T::zero()) == active {
            relaxed
        } else {
            minimiser
        }
    }

    /// The new entries, and how far `V` and `U` have moved and `V - relu(U)`.
    #[inline(always)]
    fn entry(self, new: T, v: &mut T, u: &mut T, e: &mut T) -> [T; 3] {
        // W_i V_{i-1} = U_i - E_i, so that b = (rho W V + alpha U) / (rho + alpha) = U - pull · E.
        let minimiser = prox_relu(new, *u - self.pull * *e, self.weight);
        let updated = self.relaxed(minimiser, *u);
        let (v_step, u_step) = (new - *v, updated - *u);
        *v = new;
        *u = updated;
        *e += u_step;
        [v_step, u_step, new - relu(updated)]
    }

    /// One row of the arrays.
    #[inline(always)]
    fn row(self, new: &[T], v: &mut [T], u: &mut [T], e: &mut [T], sums: &mut [Lanes; 3]) {
        // Updates and sums in loops of their own: each of them is compiled to full vectors.
        let mut terms = [[T::zero(); PIECE]; 3];
        let blocks = new.chunks(PIECE).zip(v.chunks_mut(PIECE));
        let blocks = blocks.zip(u.chunks_mut(PIECE).zip(e.chunks_mut(PIECE)));
        for ((new, v), (u, e)) in blocks {
            let [v_steps, u_steps, residuals] = &mut terms;
            let entries = new.iter().zip(v).zip(u.iter_mut().zip(e));
            let parts = v_steps.iter_mut().zip(u_steps).zip(residuals);
            for (((new, v), (u, e)), ((v_step, u_step), residual)) in entries.zip(parts) {
                [*v_step, *u_step, *residual] = self.entry(*new, v, u, e);
            }
            for (sum, terms) in sums.iter_mut().zip(&terms) {
                add_squares(&terms[..new.len()], sum);
            }
        }
    }
}

#[inline(always)]
fn add_squares<T: Real>(terms: &[T], sums: &mut Lanes) {
    let (chunks, rest) = terms.as_chunks::<LANES>();
    let mut held = *sums;
    for chunk in chunks {
        for (sum, term) in held.iter_mut().zip(chunk) {
            *sum += term.widen() * term.widen();
        }
    }
    for term in rest {
        held[0] += term.widen() * term.widen();
    }
    *sums = held;
}

/// Entries of a row that are updated before their squares are summed; they stay in the first cache.
const PIECE: usize = 256;

/// Numbers handled side by side.
const LANES: usize = 16;

/// A sum in as many parts as numbers are handled side by side.
type Lanes = [f64; LANES];

/// The pass over some columns. A type of its own and not a closure, because only a function that is
/// always inlined is compiled for the vector instructions that the dispatch has found.
struct Sweep<'a, T> {
    update: PreActivationUpdate<T>,
    pass: Pass<'a, T>,
}

impl<T: Real> NullaryFnOnce for Sweep<'_, T> {
    type Output = PassSums;

    #[inline(always)]
    fn call(self) -> PassSums {
        let Self { update, mut pass } = self;
        let mut sums = [[0.0; LANES]; 3];
        let rows = pass
            .new_activations
            .rows()
            .into_iter()
            .zip(pass.activations.rows_mut())
            .zip(pass.pre_activations.rows_mut())
            .zip(pass.linear_residual.rows_mut());
        for (((new, v), u), e) in rows {
            let (Some(new), Some(v), Some(u), Some(e)) = (
                new.to_slice(),
                v.into_slice(),
                u.into_slice(),
                e.into_slice(),
            ) else {
                unreachable!("the rows of the solver's arrays are contiguous");
            };
            update.row(new, v, u, e, &mut sums);
        }
        let [activation_step, pre_activation_step, activation_residual] =
            sums.map(|lanes| lanes.iter().sum());
        PassSums {
            activation_step,
            pre_activation_step,
            activation_residual,
        }
    }
}
