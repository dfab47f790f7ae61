//! The scalar type of the solver: `f32` or `f64`.

use faer::traits::RealField;
use ndarray::NdFloat;

/// A floating-point type in which the solver can run.
///
/// Implemented for `f32` (grid file: `precision: single`) and `f64` (`double`).
pub trait Real: NdFloat + RealField + Default + bytemuck::Pod {
    /// Nearest value of this type.
    fn from_f64(value: f64) -> Self;
    /// Exact conversion.
    fn widen(self) -> f64;
    /// Relative rise of the objective that counts as a descent violation.
    const DESCENT_TOLERANCE: f64;
    /// Whether rounding that raises an objective by this share of it is no reason for double precision: it goes unnoticed, or the
    /// type is that.
    fn suffices(rise: f64) -> bool {
        rise <= Self::DESCENT_TOLERANCE || Self::BYTES == f64::BYTES
    }
    /// Bytes of one number.
    const BYTES: usize = size_of::<Self>();
}

impl Real for f32 {
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn widen(self) -> f64 {
        f64::from(self)
    }
    const DESCENT_TOLERANCE: f64 = 1e-6;
}

impl Real for f64 {
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn widen(self) -> f64 {
        self
    }
    const DESCENT_TOLERANCE: f64 = 1e-12;
}
