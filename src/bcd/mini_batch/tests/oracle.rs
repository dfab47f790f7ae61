//! Steps in plain loops over numbers, written from the equations of docs/method.md.

// Loops over indices, as in the equations.
#![allow(clippy::needless_range_loop, clippy::cast_possible_wrap)]

use super::{BATCH, EPOCHS, SAMPLES, data, model, settings};
use crate::bcd::mini_batch::sparse::Sparse;
use crate::bcd::mini_batch::{MiniBatchProblem, MiniBatchSettings, MiniBatchSolver};
use crate::network::{Architecture, InitScheme, draw_weights};

type Matrix = Vec<Vec<f64>>;

struct Layer {
    weight: Matrix,
    bias: Vec<f64>,
    momentum: Matrix,
    bias_momentum: Vec<f64>,
    mean: Vec<f64>,
    gram: Option<Matrix>,
    search: [f64; 2],
    mask: Option<Matrix>,
    squares: Matrix,
}

fn zeros(rows: usize, columns: usize) -> Matrix {
    vec![vec![0.0; columns]; rows]
}

/// The solution of a symmetric positive definite system, by elimination.
fn solve(matrix: &Matrix, right: &[f64]) -> Vec<f64> {
    let size = right.len();
    let mut a = matrix.clone();
    let mut x = right.to_vec();
    for pivot in 0..size {
        for row in pivot + 1..size {
            let factor = a[row][pivot] / a[pivot][pivot];
            for column in pivot..size {
                a[row][column] -= factor * a[pivot][column];
            }
            x[row] -= factor * x[pivot];
        }
    }
    for row in (0..size).rev() {
        for column in row + 1..size {
            x[row] -= a[row][column] * x[column];
        }
        x[row] /= a[row][row];
    }
    x
}

/// The mean over the samples of every unit.
fn means(values: &Matrix) -> Vec<f64> {
    let count = values.len() as f64;
    (0..values[0].len())
        .map(|unit| values.iter().map(|row| row[unit]).sum::<f64>() / count)
        .collect()
}

/// `dV` and `dU` below a layer, and the displacement of the units there.
fn displace(layer: &mut Layer, d: &Matrix, v: &Matrix, u: &Matrix, seen: usize) -> Matrix {
    let ratio = 0.3;
    let (outputs, inputs) = (layer.weight.len(), layer.weight[0].len());
    let mut system = zeros(outputs, outputs);
    for (i, row) in system.iter_mut().enumerate() {
        for (j, entry) in row.iter_mut().enumerate() {
            for k in 0..inputs {
                *entry += layer.weight[i][k] * layer.weight[j][k];
            }
        }
        row[i] += 1.0 / ratio;
    }
    let mut moved = zeros(d.len(), inputs);
    let (mut along, mut length) = (0.0, 0.0);
    for sample in 0..d.len() {
        let y = solve(&system, &d[sample]);
        for k in 0..inputs {
            let dv: f64 = (0..outputs).map(|o| layer.weight[o][k] * y[o]).sum();
            if u[sample][k] > 0.0 {
                moved[sample][k] = dv / (1.0 + ratio);
            }
        }
        for o in 0..outputs {
            let z: f64 = (0..inputs)
                .map(|k| {
                    let reached = (u[sample][k] + moved[sample][k]).max(0.0);
                    layer.weight[o][k] * (reached - v[sample][k])
                })
                .sum();
            along += z * d[sample][o];
            length += z * z;
        }
    }
    let count = (d.len() * outputs) as f64;
    let rate = 0.2_f64.max(1.0 / (seen as f64 + 1.0));
    layer.search[0] += rate * (along / count - layer.search[0]);
    layer.search[1] += rate * (length / count - layer.search[1]);
    let factor = layer.search[0].max(0.0) / layer.search[1];
    for entry in moved.iter_mut().flatten() {
        *entry *= factor;
    }
    moved
}

/// Mean and Gram matrix of the inputs with this batch.
fn observe(layer: &mut Layer, v: &Matrix, seen: usize) {
    let rate = 0.05_f64.max(1.0 / (seen as f64 + 1.0));
    for (old, new) in layer.mean.iter_mut().zip(means(v)) {
        *old += rate * (new - *old);
    }
    let inputs = layer.mean.len();
    let memory = if layer.gram.is_some() { 0.9 } else { 0.0 };
    let gram = layer.gram.get_or_insert_with(|| zeros(inputs, inputs));
    for i in 0..inputs {
        for j in 0..inputs {
            let sum: f64 = (v.iter())
                .map(|row| (row[i] - layer.mean[i]) * (row[j] - layer.mean[j]))
                .sum();
            gram[i][j] = memory * gram[i][j] + (1.0 - memory) * sum / v.len() as f64;
        }
    }
}

/// The direction of a weight: the ridge minimiser in the running metric, or that of a sparse layer.
fn direction(layer: &mut Layer, gradient: &Matrix, gram: &Matrix, seen: usize) -> Matrix {
    let inputs = gram.len();
    let Some(mask) = &layer.mask else {
        let trace: f64 = (0..inputs).map(|i| gram[i][i]).sum();
        let mut system = gram.clone();
        for (i, row) in system.iter_mut().enumerate() {
            row[i] += 10.0 * trace / inputs as f64;
        }
        return gradient.iter().map(|row| solve(&system, row)).collect();
    };
    let counted = 1.0 - 0.99_f64.powi(seen as i32 + 1);
    let mut total = 0.0;
    for (squares, row) in layer.squares.iter_mut().zip(gradient) {
        for (square, g) in squares.iter_mut().zip(row) {
            *square = 0.99 * *square + 0.01 * g * g;
            total += *square / counted;
        }
    }
    let least = 0.01 * (total / (gradient.len() * inputs) as f64).sqrt();
    let mut change = zeros(gradient.len(), inputs);
    for (o, row) in change.iter_mut().enumerate() {
        for (i, entry) in row.iter_mut().enumerate() {
            let rms = (layer.squares[o][i] / counted).sqrt();
            *entry = mask[o][i] * gradient[o][i] / (rms + least);
        }
    }
    change
}

/// The `W` block of a layer.
fn move_weight(layer: &mut Layer, d: &Matrix, v: &Matrix, u: &Matrix, (share, seen): (f64, usize)) {
    let settings = settings();
    let (outputs, inputs) = (layer.weight.len(), layer.weight[0].len());
    let batch = d.len() as f64;
    let gram = layer.gram.clone().unwrap_or_default();
    let trace: f64 = (0..inputs).map(|i| gram[i][i]).sum();
    let decay = 1e-3 * trace / inputs as f64;
    let mut gradient = zeros(outputs, inputs);
    for (o, row) in gradient.iter_mut().enumerate() {
        for (i, entry) in row.iter_mut().enumerate() {
            for (moved, inputs) in d.iter().zip(v) {
                *entry += moved[o] * (inputs[i] - layer.mean[i]) / batch;
            }
            *entry -= decay * layer.weight[o][i];
        }
    }
    let change = direction(layer, &gradient, &gram, seen);
    let shift = means(d);
    let mut moved: f64 = shift.iter().map(|entry| entry * entry).sum();
    for row in &change {
        for i in 0..inputs {
            for j in 0..inputs {
                moved += row[i] * gram[i][j] * row[j];
            }
        }
    }
    let unit_means = means(u);
    let spread: f64 = (u.iter().flat_map(|row| row.iter().zip(&unit_means)))
        .map(|(unit, mean)| (unit - mean).powi(2) / batch)
        .sum();
    let size = (1.0 - share)
        * (1.0 - settings.momentum)
        * (settings.step * (spread / moved).sqrt()).min(settings.step_limit);
    for o in 0..outputs {
        let mut carried = 0.0;
        for i in 0..inputs {
            layer.momentum[o][i] = settings.momentum * layer.momentum[o][i] + size * change[o][i];
            layer.weight[o][i] += layer.momentum[o][i];
            carried += layer.momentum[o][i] * layer.mean[i];
        }
        layer.bias_momentum[o] = settings.momentum * layer.bias_momentum[o] + size * shift[o];
        layer.bias[o] += layer.bias_momentum[o] - carried;
    }
}

/// One step of all blocks.
fn step(layers: &mut [Layer], inputs: Matrix, labels: &[usize], share: f64, seen: usize) {
    let mut v = vec![inputs];
    let mut u: Vec<Matrix> = Vec::new();
    for layer in &*layers {
        let of_sample = |values: &Vec<f64>| -> Vec<f64> {
            let rows = layer.weight.iter().zip(&layer.bias);
            rows.map(|(row, bias)| bias + row.iter().zip(values).map(|(w, v)| w * v).sum::<f64>())
                .collect()
        };
        let units: Matrix = v[v.len() - 1].iter().map(of_sample).collect();
        let relu = |row: &Vec<f64>| row.iter().map(|unit| unit.max(0.0)).collect();
        v.push(units.iter().map(relu).collect());
        u.push(units);
    }
    let classes = layers[layers.len() - 1].bias.len();
    let mut d = zeros(labels.len(), classes);
    for (sample, row) in d.iter_mut().enumerate() {
        let outputs = &u[layers.len() - 1][sample];
        let total: f64 = outputs.iter().map(|output| output.exp()).sum();
        for (class, entry) in row.iter_mut().enumerate() {
            let hit = f64::from(u8::from(class == labels[sample]));
            *entry = 0.9 * hit + 0.1 / classes as f64 - outputs[class].exp() / total;
        }
    }
    for index in (0..layers.len()).rev() {
        let layer = &mut layers[index];
        observe(layer, &v[index], seen);
        let below = (index > 0).then(|| displace(layer, &d, &v[index], &u[index - 1], seen));
        move_weight(layer, &d, &v[index], &u[index], (share, seen));
        if let Some(below) = below {
            d = below;
        }
    }
}

/// Ten steps of a network of which the first layer has chosen zeros, in double precision.
#[test]
fn steps_are_those_of_plain_loops() {
    let settings = MiniBatchSettings {
        refresh_every: 1,
        ..settings()
    };
    let network = Architecture::resolve(&model(&[12, 9], true), 70, None, 4)
        .unwrap_or_else(|error| panic!("{error}"));
    let weights = draw_weights(&network, InitScheme::KaimingNormal, 0.5, 3);
    let mut layers: Vec<Layer> = (weights.iter())
        .map(|layer| {
            let (outputs, inputs) = layer.weight.dim();
            Layer {
                weight: layer
                    .weight
                    .rows()
                    .into_iter()
                    .map(|row| row.to_vec())
                    .collect(),
                bias: vec![0.0; outputs],
                momentum: zeros(outputs, inputs),
                bias_momentum: vec![0.0; outputs],
                mean: vec![0.0; inputs],
                gram: None,
                search: [0.0; 2],
                mask: None,
                squares: zeros(outputs, inputs),
            }
        })
        .collect();
    let exact = MiniBatchSettings {
        metric_rank: 35,
        ..settings
    };
    let problem = MiniBatchProblem::new(data(), network, vec![None; 3], &exact, 0)
        .unwrap_or_else(|error| panic!("{error}"));
    let mut solver =
        MiniBatchSolver::new(problem, weights).unwrap_or_else(|error| panic!("{error}"));
    let mask =
        ndarray::Array2::from_shape_fn((12, 70), |(o, i)| f64::from(u8::from((o + i) % 3 == 0)));
    layers[0].mask = Some(mask.rows().into_iter().map(|row| row.to_vec()).collect());
    solver.layers[0].sparse = Some(Sparse::new(mask));
    let data = data();
    let total = (EPOCHS * (SAMPLES / BATCH)) as f64;
    for number in 0..10 {
        let chosen: Vec<usize> = (0..BATCH)
            .map(|place| (place * 7 + number * 3) % SAMPLES)
            .collect();
        solver
            .step_on(&chosen, None)
            .unwrap_or_else(|error| panic!("{error}"));
        let inputs = chosen
            .iter()
            .map(|sample| data.train.inputs.column(*sample).to_vec());
        let labels: Vec<usize> = chosen
            .iter()
            .map(|sample| data.train.labels[*sample])
            .collect();
        step(
            &mut layers,
            inputs.collect(),
            &labels,
            number as f64 / total,
            number,
        );
    }
    for (index, (layer, expected)) in solver.layers.iter().zip(&layers).enumerate() {
        for ((o, i), weight) in layer.weights.weight.indexed_iter() {
            let other = expected.weight[o][i];
            assert!(
                (weight - other).abs() < 1e-10,
                "W_{index}[{o}, {i}]: {weight}, {other}"
            );
        }
        for (bias, other) in layer.weights.bias.iter().flatten().zip(&expected.bias) {
            assert!((bias - other).abs() < 1e-10, "b_{index}: {bias}, {other}");
        }
    }
}
