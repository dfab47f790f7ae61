//! The nine distributions of initial weights.

use ndarray::Array2;
use nnbcd::linalg::Real;
use nnbcd::network::{
    Architecture, ConvolutionSettings, InitScheme, InitSettings, ModelSettings, draw_weights,
};

const SCHEMES: [InitScheme; 9] = [
    InitScheme::KaimingNormal,
    InitScheme::KaimingUniform,
    InitScheme::XavierNormal,
    InitScheme::XavierUniform,
    InitScheme::LecunNormal,
    InitScheme::LecunUniform,
    InitScheme::Orthogonal,
    InitScheme::Normal,
    InitScheme::Uniform,
];

/// A convolution of 60 filters over 5 x 5 x 10 entries, and dense layers of 120 x 240, 300 x 120
/// and 10 x 300.
fn architecture() -> Architecture {
    let settings = ModelSettings {
        hidden: vec![120, 300],
        conv: Some(ConvolutionSettings {
            filters: 60,
            kernel: 5,
            stride: 1,
        }),
        bias: true,
        init: InitSettings::default(),
    };
    Architecture::resolve(&settings, 360, Some([6, 6, 10]), 10).unwrap()
}

fn weights<T: Real>(scheme: InitScheme, scale: f64, seed: u64) -> Vec<Array2<T>> {
    draw_weights(&architecture(), scheme, scale, seed)
        .into_iter()
        .map(|layer| {
            assert!(layer.bias.unwrap().iter().all(T::is_zero));
            layer.weight
        })
        .collect()
}

/// Variance of an entry: inputs and outputs of a convolution count every entry of the kernel.
fn variance(scheme: InitScheme, fan_in: f64, fan_out: f64) -> f64 {
    match scheme {
        InitScheme::KaimingNormal | InitScheme::KaimingUniform => 2.0 / fan_in,
        InitScheme::XavierNormal | InitScheme::XavierUniform => 2.0 / (fan_in + fan_out),
        InitScheme::LecunNormal | InitScheme::LecunUniform => 1.0 / fan_in,
        InitScheme::Orthogonal => 1.0 / fan_in.max(fan_out),
        InitScheme::Normal => 1.0,
        InitScheme::Uniform => 1.0 / 3.0,
    }
}

fn is_uniform(scheme: InitScheme) -> bool {
    matches!(
        scheme,
        InitScheme::KaimingUniform
            | InitScheme::XavierUniform
            | InitScheme::LecunUniform
            | InitScheme::Uniform
    )
}

#[test]
fn mean_variance_and_bounds_are_those_of_the_scheme() {
    let scale = 0.3;
    let fans = [(250.0, 1500.0), (240.0, 120.0), (120.0, 300.0)];
    for scheme in SCHEMES {
        for (index, weight) in weights::<f64>(scheme, scale, 5).iter().take(3).enumerate() {
            let (fan_in, mut fan_out) = fans[index];
            if scheme == InitScheme::Orthogonal {
                fan_out = weight.nrows() as f64;
            }
            let expected = scale * scale * variance(scheme, fan_in, fan_out);
            let count = weight.len() as f64;
            let mean = weight.sum() / count;
            let found = weight.mapv(|w| w * w).sum() / count;
            let name = format!("{scheme:?} of layer {index}");
            assert!(
                (found / expected - 1.0).abs() < 0.06,
                "{name}: {found} {expected}"
            );
            assert!(
                mean.abs() < 5.0 * (expected / count).sqrt(),
                "{name}: {mean}"
            );
            let largest = weight.iter().map(|w| w.abs()).fold(0.0, f64::max);
            let relative = largest / expected.sqrt();
            if is_uniform(scheme) {
                assert!(
                    relative <= 3.0_f64.sqrt() * (1.0 + 1e-12),
                    "{name}: {relative}"
                );
                assert!(relative > 1.72, "{name}: {relative}");
            } else {
                assert!(relative > 3.0, "{name}: {relative}");
            }
        }
    }
}

#[test]
fn orthogonal_weights_have_orthonormal_rows_or_columns() {
    let weights = weights::<f64>(InitScheme::Orthogonal, 0.5, 6);
    let mut wide = 0;
    for weight in &weights {
        let gram = if weight.nrows() < weight.ncols() {
            wide += 1;
            weight.dot(&weight.t())
        } else {
            weight.t().dot(weight)
        };
        let deviation = gram - 0.25 * Array2::<f64>::eye(weight.nrows().min(weight.ncols()));
        assert!(deviation.iter().all(|entry| entry.abs() < 1e-13));
    }
    assert_eq!((wide, weights.len()), (3, 4));
}

#[test]
fn the_seed_decides_and_nothing_else() {
    for scheme in SCHEMES {
        let double = weights::<f64>(scheme, 0.7, 8);
        assert_eq!(double, weights::<f64>(scheme, 0.7, 8), "{scheme:?}");
        for (single, double) in weights::<f32>(scheme, 0.7, 8).iter().zip(&double) {
            assert_eq!(*single, double.mapv(f32::from_f64), "{scheme:?}");
        }
        for (other, double) in weights::<f64>(scheme, 0.7, 9).iter().zip(&double) {
            let equal = other.iter().zip(double).filter(|(a, b)| a == b).count();
            assert_eq!(equal, 0, "{scheme:?}");
        }
        for (scaled, double) in weights::<f64>(scheme, 1.4, 8).iter().zip(&double) {
            assert_eq!(*scaled, 2.0 * double, "{scheme:?}");
        }
    }
}
