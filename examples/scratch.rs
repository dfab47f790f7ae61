use ndarray::Array2;
use nnbcd::linalg::*;
use std::time::Instant;
fn t(name: &str, flop: f64, mut f: impl FnMut()) {
    f();
    let mut v: Vec<f64> = (0..15)
        .map(|_| {
            let s = Instant::now();
            f();
            s.elapsed().as_secs_f64()
        })
        .collect();
    v.sort_by(f64::total_cmp);
    println!(
        "{name:40} {:8.3} ms {:7.1} GF/s",
        v[7] * 1e3,
        flop / v[7] / 1e9
    );
}
fn split<T: Real>(a: &Array2<T>, b: &Array2<T>, k: usize, same: bool) -> Array2<T> {
    use ndarray::*;
    use rayon::prelude::*;
    let n = a.ncols();
    let w = n.div_ceil(k);
    let parts: Vec<Array2<T>> = (0..k)
        .into_par_iter()
        .map(|i| {
            let r = i * w..((i + 1) * w).min(n);
            let x = a.slice(s![.., r.clone()]).to_owned();
            let mut c = Array2::zeros((a.nrows(), b.nrows()));
            if same {
                gram_of_rows(T::one(), x.view(), c.view_mut());
            } else {
                let y = b.slice(s![.., r]).to_owned();
                product_on(
                    Threads::One,
                    T::one(),
                    x.view(),
                    y.t(),
                    Accumulate::Replace,
                    c.view_mut(),
                );
            }
            c
        })
        .collect();
    let mut it = parts.into_iter();
    let mut s = it.next().unwrap();
    for p in it {
        s += &p;
    }
    s
}
fn run<T: Real>() {
    let n = 8114;
    let r = |m: usize, n: usize| {
        Array2::from_shape_fn((m, n), |(i, j)| {
            T::from_f64(((i * 7919 + j * 104729) % 1000) as f64 / 1000.0 - 0.5)
        })
    };
    let v = r(300, n);
    let e = r(100, n);
    let x = r(40, n);
    let e1 = r(300, n);
    let mut g = Array2::zeros((300, 300));
    let mut c = Array2::zeros((100, 300));
    let mut c1 = Array2::zeros((300, 40));
    let f = n as f64;
    t("gram 300 par", 300. * 300. * f, || {
        gram_of_rows(T::one(), v.view(), g.view_mut())
    });
    for k in [2, 4, 8, 16] {
        t(&format!("gram 300 split {k}"), 300. * 300. * f, || {
            split(&v, &v, k, true);
        });
    }
    t("EV' 100x300 par", 2. * 100. * 300. * f, || {
        product(T::one(), e.view(), v.t(), Accumulate::Replace, c.view_mut())
    });
    for k in [2, 4, 8, 16] {
        t(&format!("EV' split {k}"), 2. * 100. * 300. * f, || {
            split(&e, &v, k, false);
        });
    }
    t("EX' 300x40 par", 2. * 40. * 300. * f, || {
        product(
            T::one(),
            e1.view(),
            x.t(),
            Accumulate::Replace,
            c1.view_mut(),
        )
    });
    for k in [2, 4, 8] {
        t(&format!("EX' split {k}"), 2. * 40. * 300. * f, || {
            split(&e1, &x, k, false);
        });
    }
    let w = r(100, 300);
    let mut o = Array2::zeros((100, n));
    t("W V 100x300", 2. * 100. * 300. * f, || {
        product(
            T::one(),
            w.view(),
            v.view(),
            Accumulate::Replace,
            o.view_mut(),
        )
    });
    let mut o3 = Array2::zeros((300, n));
    t("W'E 300x100", 2. * 100. * 300. * f, || {
        product(
            T::one(),
            w.t(),
            e.view(),
            Accumulate::Replace,
            o3.view_mut(),
        )
    });
    let w1 = r(300, 40);
    t("W1 X 300x40", 2. * 40. * 300. * f, || {
        product(
            T::one(),
            w1.view(),
            x.view(),
            Accumulate::Replace,
            o3.view_mut(),
        )
    });
    let mut s = Array2::zeros((100, 100));
    gram_of_rows(T::from_f64(1e-3), w.view(), s.view_mut());
    s.diag_mut().mapv_inplace(|a| a + T::one());
    t("chol 100", 1e6 / 3., || {
        Cholesky::factor(s.clone()).unwrap();
    });
    let ch = Cholesky::factor(s.clone()).unwrap();
    t("solve 100 x n", 2. * 100. * 100. * f, || {
        ch.solve_in_place(&mut o.view_mut())
    });
    let mut s = Array2::zeros((300, 300));
    gram_of_rows(T::from_f64(1e-3), v.view(), s.view_mut());
    s.diag_mut().mapv_inplace(|a| a + T::one());
    t("chol 300", 27e6 / 3., || {
        Cholesky::factor(s.clone()).unwrap();
    });
    t("prune 100x300", 0., || {
        nnbcd::compress::LayerCompression::Prune {
            sparsity: 0.9,
            global: false,
        };
    });
}
fn main() {
    let p = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .build()
        .unwrap();
    p.install(|| {
        println!("f32");
        run::<f32>();
        println!("f64");
        run::<f64>();
    });
}
