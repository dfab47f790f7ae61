//! Block updates and their parts: products, Gram matrices, solves, the entrywise pass, TT-SVD.
//!
//! ```text
//! cargo bench --bench blocks
//! ```
//!
//! Everything runs on all cores; `RAYON_NUM_THREADS=1` shows one.

use divan::Bencher;
use divan::counter::ItemsCount;
use ndarray::Array2;
use nnbcd::compress::{LowRank, TensorTrain, prune_jointly};
use nnbcd::linalg::{Accumulate, Cholesky, gram_of_rows, product};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn main() {
    divan::main();
}

const SAMPLES: usize = 7352;

fn random(rows: usize, columns: usize) -> Array2<f32> {
    let mut generator = ChaCha8Rng::seed_from_u64(1);
    Array2::from_shape_simple_fn((rows, columns), || {
        generator.next_u32() as f32 / u32::MAX as f32 - 0.5
    })
}

/// `W V`: 1024 x 1024 times 1024 x n.
#[divan::bench(sample_count = 10)]
fn weight_times_activations(bencher: Bencher<'_, '_>) {
    let (w, v) = (random(1024, 1024), random(1024, SAMPLES));
    let mut u = Array2::zeros((1024, SAMPLES));
    bencher
        .counter(ItemsCount::new(2 * 1024 * 1024 * SAMPLES))
        .bench_local(|| {
            product(1.0, w.view(), v.view(), Accumulate::Replace, u.view_mut());
        });
}

/// `W' E`: 1024 x 1024, transposed, times 1024 x n.
#[divan::bench(sample_count = 10)]
fn transposed_weight_times_residual(bencher: Bencher<'_, '_>) {
    let (w, v) = (random(1024, 1024), random(1024, SAMPLES));
    let mut u = Array2::zeros((1024, SAMPLES));
    bencher
        .counter(ItemsCount::new(2 * 1024 * 1024 * SAMPLES))
        .bench_local(|| {
            product(1.0, w.t(), v.view(), Accumulate::Replace, u.view_mut());
        });
}

/// `E V'`: 1024 x n times n x 1024.
#[divan::bench(sample_count = 10)]
fn residual_times_activations(bencher: Bencher<'_, '_>) {
    let (e, v) = (random(1024, SAMPLES), random(1024, SAMPLES));
    let mut d = Array2::zeros((1024, 1024));
    bencher
        .counter(ItemsCount::new(2 * 1024 * 1024 * SAMPLES))
        .bench_local(|| {
            product(1.0, e.view(), v.t(), Accumulate::Replace, d.view_mut());
        });
}

/// `V V'`, lower triangle; counted as the whole product.
#[divan::bench(sample_count = 10)]
fn gram(bencher: Bencher<'_, '_>) {
    let v = random(1024, SAMPLES);
    let mut c = Array2::zeros((1024, 1024));
    bencher
        .counter(ItemsCount::new(2 * 1024 * 1024 * SAMPLES))
        .bench_local(|| {
            gram_of_rows(1.0, v.view(), c.view_mut());
        });
}

/// `(L L')^-1 R` for n right-hand sides, in place.
#[divan::bench(sample_count = 10)]
fn cholesky_solve(bencher: Bencher<'_, '_>) {
    let w = random(1024, 1024);
    let mut system = Array2::zeros((1024, 1024));
    gram_of_rows(1.0, w.view(), system.view_mut());
    system.diag_mut().mapv_inplace(|entry| entry + 1.0);
    let factor = Cholesky::factor(system).expect("positive definite");
    let mut r = random(1024, SAMPLES);
    bencher
        .counter(ItemsCount::new(2 * 1024 * 1024 * SAMPLES))
        .bench_local(|| {
            factor.solve_in_place(&mut r.view_mut());
        });
}

#[divan::bench(sample_count = 10)]
fn cholesky_factor(bencher: Bencher<'_, '_>) {
    let w = random(1024, 1024);
    let mut system = Array2::zeros((1024, 1024));
    gram_of_rows(1.0, w.view(), system.view_mut());
    system.diag_mut().mapv_inplace(|entry| entry + 1.0);
    bencher
        .with_inputs(|| system.clone())
        .bench_values(|system| Cholesky::factor(system).expect("positive definite"));
}

/// TT-SVD of the published weight shapes, rank 80.
#[divan::bench(sample_count = 5, args = ["1024x561", "1024x1024", "512x1024"])]
fn tt_svd(bencher: Bencher<'_, '_>, shape: &str) {
    let (weight, modes) = match shape {
        "1024x561" => (random(1024, 561), vec![6, 22, 34, 2, 2, 2, 2, 2, 2, 2]),
        "512x1024" => (random(512, 1024), vec![4, 4, 4, 4, 4, 4, 4, 4, 4, 2]),
        _ => (random(1024, 1024), vec![4; 10]),
    };
    bencher.bench_local(|| TensorTrain::project(weight.view(), &modes, 80).expect("finite"));
}

#[divan::bench(sample_count = 5)]
fn low_rank_80(bencher: Bencher<'_, '_>) {
    let weight = random(1024, 1024);
    bencher.bench_local(|| LowRank::project(weight.view(), 80).expect("finite"));
}

#[divan::bench(sample_count = 5)]
fn prune_a_million(bencher: Bencher<'_, '_>) {
    let weight = random(1024, 1024);
    bencher.bench_local(|| prune_jointly(&[weight.view()], 0.9));
}
