use ndarray::{Array2, s};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::passes::CHUNK;
use super::*;

fn random<T: Real>(rows: usize, columns: usize, seed: u64) -> Array2<T> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_simple_fn((rows, columns), || {
        T::from_f64(f64::from(generator.next_u32()) / f64::from(u32::MAX) - 0.5)
    })
}

fn largest_difference<T: Real>(a: &Array2<T>, b: &Array2<T>) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a.widen() - b.widen()).abs())
        .fold(0.0, f64::max)
}

fn with_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("a small pool can be built")
        .install(work)
}

#[test]
fn product_agrees_with_the_plain_loop_in_every_layout() {
    let (a, b) = (random::<f64>(17, 33, 1), random::<f64>(33, 9, 2));
    let expected = a.dot(&b);
    let a_transposed = a.t().as_standard_layout().into_owned();
    let b_transposed = b.t().as_standard_layout().into_owned();
    let wide = random::<f64>(17, 40, 3);
    for (left, right, expected) in [
        (a.view(), b.view(), &expected),
        (a_transposed.t(), b.view(), &expected),
        (a.view(), b_transposed.t(), &expected),
        (
            wide.slice(s![.., 3..36]),
            b.view(),
            &wide.slice(s![.., 3..36]).dot(&b),
        ),
    ] {
        let mut c = Array2::zeros((17, 9));
        product(1.0, left, right, Accumulate::Replace, c.view_mut());
        assert!(largest_difference(&c, expected) < 1e-14);
        product(-1.0, left, right, Accumulate::Add, c.view_mut());
        assert!(largest_difference(&c, &Array2::zeros((17, 9))) < 1e-14);
    }
}

#[test]
fn gram_is_the_lower_triangle_of_the_product() {
    let a = random::<f64>(37, 101, 4);
    let expected = a.dot(&a.t()) * 0.5;
    let mut c = Array2::zeros((37, 37));
    gram_of_rows(0.5, a.view(), c.view_mut());
    for ((i, j), value) in c.indexed_iter() {
        let expected = if i >= j { expected[(i, j)] } else { 0.0 };
        assert!((value - expected).abs() < 1e-13, "{i} {j}");
    }
}

#[test]
fn cholesky_solves_from_both_sides() {
    let a = random::<f64>(60, 80, 5);
    let mut gram = a.dot(&a.t());
    gram.diag_mut().mapv_inplace(|d| d + 0.1);
    let factor = Cholesky::factor(gram.clone()).unwrap();
    let b = random::<f64>(60, 23, 6);
    let mut x = b.clone();
    factor.solve_in_place(&mut x.view_mut());
    assert!(largest_difference(&gram.dot(&x), &b) < 1e-11);
    let mut y = b.t().as_standard_layout().into_owned();
    factor.solve_right_in_place(&mut y.view_mut());
    assert!(largest_difference(&y.t().as_standard_layout().into_owned(), &x) < 1e-11);
}

#[test]
fn cholesky_refuses_what_is_not_positive_definite() {
    let indefinite = ndarray::array![[1.0, 2.0], [2.0, 1.0]];
    assert_eq!(
        Cholesky::factor(indefinite).unwrap_err(),
        NotPositiveDefinite { size: 2 }
    );
    let poisoned = ndarray::array![[1.0, 0.0], [f64::NAN, 1.0]];
    assert!(Cholesky::factor(poisoned).is_err());
}

#[test]
fn eigen_pairs_reconstruct_the_matrix_in_descending_order() {
    let a = random::<f64>(40, 40, 7);
    let symmetric = &a + &a.t();
    let (values, vectors) = symmetric_eigen(symmetric.view()).unwrap();
    assert!(values.windows(2).into_iter().all(|pair| pair[0] >= pair[1]));
    let rebuilt = vectors.dot(&Array2::from_diag(&values)).dot(&vectors.t());
    assert!(largest_difference(&rebuilt, &symmetric) < 1e-12);
    assert!(largest_difference(&vectors.t().dot(&vectors), &Array2::eye(40)) < 1e-12);
}

#[test]
fn orthonormal_columns_span_the_same_space() {
    for (rows, columns) in [(5, 5), (50, 7), (1, 1), (33, 32), (200_000, 2)] {
        let a = random::<f64>(rows, columns, 8);
        let q = orthonormal_columns(a.view());
        assert_eq!(q.dim(), (rows, columns));
        assert!(largest_difference(&q.t().dot(&q), &Array2::eye(columns)) < 1e-12);
        assert!(largest_difference(&q.dot(&q.t().dot(&a)), &a) < 1e-12);
    }
}

/// Wide enough for several tiles of columns, the last of them narrower than the others.
#[test]
fn products_and_solves_in_tiles_agree_with_the_plain_loop() {
    let (a, wide) = (random::<f64>(17, 33, 11), random::<f64>(33, 1111, 12));
    let expected = a.dot(&wide);
    let wide_transposed = wide.t().as_standard_layout().into_owned();
    let system = a.t().dot(&a) + Array2::<f64>::eye(33);
    for threads in [1, 2, 3] {
        with_threads(threads, || {
            for view in [wide.view(), wide_transposed.t()] {
                let mut c = Array2::ones((17, 1111));
                product(1.0, a.view(), view, Accumulate::Replace, c.view_mut());
                assert!(largest_difference(&c, &expected) < 1e-12);
                product(1.0, a.view(), view, Accumulate::Add, c.view_mut());
                assert!(largest_difference(&c, &(&expected * 2.0)) < 1e-12);
            }
            let factor = Cholesky::factor(system.clone()).expect("the identity was added");
            let mut x = wide.clone();
            factor.solve_in_place(&mut x.view_mut());
            assert!(largest_difference(&system.dot(&x), &wide) < 1e-10);
            let mut x = wide_transposed.clone();
            factor.solve_right_in_place(&mut x.view_mut());
            assert!(largest_difference(&x.dot(&system), &wide_transposed) < 1e-10);
        });
    }
}

/// The only work that the backend shares between threads.
#[test]
fn a_factorisation_in_several_threads_is_the_same_to_the_last_bit() {
    let a = random::<f32>(1600, 64, 13);
    let mut system = a.dot(&a.t());
    system.diag_mut().mapv_inplace(|entry| entry + 1.0);
    let solved = |threads| {
        with_threads(threads, || {
            let factor = Cholesky::factor(system.clone()).expect("the identity was added");
            let mut x = a.clone();
            factor.solve_in_place(&mut x.view_mut());
            x
        })
    };
    let expected = solved(1);
    for threads in [2, 3] {
        assert_eq!(solved(threads), expected, "{threads} threads");
    }
}

#[test]
fn results_are_the_same_to_the_last_bit_for_any_number_of_threads() {
    fn all<T: Real>() -> Vec<Array2<T>> {
        let (a, b) = (random::<T>(301, 517, 9), random::<T>(517, 1263, 10));
        let mut c = Array2::zeros((301, 1263));
        product(
            T::one(),
            a.view(),
            b.view(),
            Accumulate::Replace,
            c.view_mut(),
        );
        // The samples as the inner dimension: in blocks, not in tiles.
        let mut inner = Array2::zeros((301, 301));
        product(
            T::one(),
            c.view(),
            c.t(),
            Accumulate::Replace,
            inner.view_mut(),
        );
        let mut gram = Array2::zeros((301, 301));
        gram_of_rows(T::one(), a.view(), gram.view_mut());
        gram.diag_mut().mapv_inplace(|d| d + T::one());
        let mut x = c.clone();
        Cholesky::factor(gram.clone())
            .unwrap()
            .solve_in_place(&mut x.view_mut());
        let sum = sum_of_squares(a.as_slice().unwrap());
        vec![
            c,
            inner,
            gram,
            x,
            Array2::from_elem((1, 1), T::from_f64(sum)),
        ]
    }
    assert_eq!(with_threads(1, all::<f32>), with_threads(2, all::<f32>));
    assert_eq!(with_threads(1, all::<f64>), with_threads(4, all::<f64>));
}

#[test]
fn sums_agree_with_the_plain_loop() {
    let a = random::<f32>(3, CHUNK, 11);
    let b = random::<f32>(3, CHUNK, 12);
    let (a, b) = (
        &a.as_slice().unwrap()[..2 * CHUNK + 77],
        &b.as_slice().unwrap()[..2 * CHUNK + 77],
    );
    let plain: f64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| f64::from(*a) * f64::from(*b))
        .sum();
    assert!((sum_of_products(a, b) - plain).abs() < 1e-9);
    let plain: f64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum();
    assert!((sum_of_squares_of_difference(a, b) - plain).abs() < 1e-9);
}

/// `random`, with every tenth entry kept.
fn sparse<T: Real>(rows: usize, columns: usize, seed: u64) -> Array2<T> {
    let mut matrix = random::<T>(rows, columns, seed);
    for (index, value) in matrix.iter_mut().enumerate() {
        if index % 10 != 3 {
            *value = T::zero();
        }
    }
    matrix
}

#[test]
fn sparse_product_agrees_with_the_dense_one_in_parts_of_arrays_too() {
    let a = sparse::<f64>(23, 37, 21);
    let wide = random::<f64>(37, 1600, 22);
    let rows = Factor::new(a.view(), 128);
    assert!(matches!(rows, Factor::Sparse(_)));
    for (start, end) in [(0, 0), (0, 1), (5, 132), (1, 129), (3, 132), (0, 1600)] {
        let b = wide.slice(s![.., start..end]);
        let expected = a.dot(&b);
        for threads in [Threads::One, Threads::Pool] {
            let mut whole = random::<f64>(23, 1700, 23);
            let before = whole.clone();
            let target = s![.., 7..7 + end - start];
            rows.multiply(
                threads,
                1.0,
                b,
                Accumulate::Replace,
                whole.slice_mut(target),
            );
            let c = whole.slice(target).to_owned();
            assert!(largest_difference(&c, &expected) < 1e-14);
            rows.multiply(threads, -1.0, b, Accumulate::Add, whole.slice_mut(target));
            let c = whole.slice(target).to_owned();
            assert!(largest_difference(&c, &Array2::zeros(c.dim())) < 1e-14);
            whole.slice_mut(target).assign(&before.slice(target));
            assert_eq!(whole, before, "nothing beside the target is written");
        }
    }
}

#[test]
fn sparse_product_reads_every_layout() {
    let a = sparse::<f64>(23, 37, 21);
    let b = random::<f64>(200, 37, 22);
    let mut c = Array2::zeros((23, 200));
    let factor = Factor::new(a.view(), 200);
    factor.multiply(Threads::Pool, 1.0, b.t(), Accumulate::Replace, c.view_mut());
    assert!(largest_difference(&c, &a.dot(&b.t())) < 1e-14);
}

#[test]
#[should_panic(expected = "the shapes fit")]
fn sparse_product_refuses_shapes_that_do_not_fit() {
    let a = sparse::<f64>(23, 37, 21);
    let b = random::<f64>(38, 200, 22);
    let mut c = Array2::zeros((23, 200));
    let factor = Factor::new(a.view(), 200);
    factor.multiply(
        Threads::One,
        1.0,
        b.view(),
        Accumulate::Replace,
        c.view_mut(),
    );
}

#[test]
fn the_transpose_of_a_sparse_factor_is_that_of_the_matrix() {
    let mut a = sparse::<f64>(23, 37, 21);
    a.row_mut(7).fill(0.0);
    a.column_mut(36).fill(0.0);
    let b = random::<f64>(23, 150, 22);
    let [_, transpose] = Factor::with_transpose(a.view(), 150);
    assert!(matches!(transpose, Factor::Sparse(_)));
    let mut c = Array2::zeros((37, 150));
    transpose.multiply(
        Threads::One,
        1.0,
        b.view(),
        Accumulate::Replace,
        c.view_mut(),
    );
    assert!(largest_difference(&c, &a.t().dot(&b)) < 1e-14);
}

#[test]
fn a_factor_is_sparse_with_few_non_zeros_and_many_columns() {
    let mut a = Array2::<f32>::zeros((10, 10));
    a.slice_mut(s![..3, ..]).fill(1.0);
    assert!(matches!(Factor::new(a.view(), 256), Factor::Dense(_)));
    a[(0, 0)] = 0.0;
    assert!(matches!(Factor::new(a.view(), 256), Factor::Sparse(_)));
    assert!(matches!(Factor::new(a.view(), 64), Factor::Dense(_)));
}

#[test]
fn sparse_product_is_the_same_for_any_number_of_threads() {
    let a = sparse::<f32>(50, 40, 24);
    let b = random::<f32>(40, 3000, 25);
    let rows = Factor::new(a.view(), 128);
    assert!(matches!(rows, Factor::Sparse(_)));
    let run = |threads| {
        with_threads(threads, || {
            let mut c = Array2::zeros((50, 3000));
            rows.multiply(
                Threads::Pool,
                0.3,
                b.view(),
                Accumulate::Replace,
                c.view_mut(),
            );
            c
        })
    };
    assert_eq!(run(1), run(3));
}
