//! The right-hand side of the weight updates.

use ndarray::{Array2, ArrayView2, Axis};

use super::ridge::Ridge;
use super::system::TILE;
use crate::linalg::{Real, entries, sum_of_squares};
use crate::network::{Layer, add_correlation};

/// `rho E V'` in the shape of the weight of `layer`; `E` (units x n) is the linear residual and `V` (inputs x n) the inputs.
///
/// The products are those of `T` where that is enough. They are off by `g <= eps rho |E| |V|`, and a weight that has been
/// fitted to that raises the objective by `g^2 / (2 shift)`, which is less than `DESCENT_TOLERANCE` of it as long as
/// `eps^2 rho |V|^2 / shift` is. Large features, many samples and weak regularisation need double precision.
pub fn correlation<T: Real>(
    layer: &Layer,
    ridge: Ridge,
    residual: ArrayView2<'_, T>,
    inputs: &Array2<T>,
) -> Array2<f64> {
    let squared = layer.positions() as f64 * sum_of_squares(entries(inputs));
    let rise = T::epsilon().widen().powi(2) * ridge.rho * squared / ridge.shift;
    if T::suffices(rise) {
        let mut product = Array2::zeros(layer.weight);
        let rho = T::from_f64(ridge.rho);
        add_correlation(layer, rho, residual, inputs.view(), &mut product);
        return product.mapv(T::widen);
    }
    let mut product = Array2::zeros(layer.weight);
    let tiles = inputs.axis_chunks_iter(Axis(1), TILE);
    for (residual, inputs) in residual.axis_chunks_iter(Axis(1), TILE).zip(tiles) {
        let (residual, inputs) = (residual.mapv(T::widen), inputs.mapv(T::widen));
        let rho = ridge.rho;
        add_correlation(layer, rho, residual.view(), inputs.view(), &mut product);
    }
    product
}
