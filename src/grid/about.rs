//! One line per setting: what it is for and what is usual. Shown as help when its value is refused.

/// The line for a setting's dotted path, list positions ignored.
pub(super) fn about(path: &str) -> Option<&'static str> {
    let path = path.split('[').next().unwrap_or(path);
    Some(match path {
        "data" => {
            "the data to train on: `data: mine.csv`, or `data: {source: digits}`, which is built in"
        }
        "data.source" => {
            "file finds the format of a path out; digits is built in; idx and uci-har need a path, csv needs a csv map"
        }
        "data.path" => {
            "a file, or the directory of idx or uci-har files, relative to the grid file"
        }
        "data.test_path" => {
            "the test file, relative to the grid file; omit to split test samples off"
        }
        "data.label" => {
            "the label column; omit for the one called label, class, target or y, else the last"
        }
        "data.features" => {
            "feature columns: a pattern with * or a list of names; omit for all but the label"
        }
        "data.ignore" => "columns that are no features, as in `ignore: [id]`",
        "data.delimiter" => "between cells: \",\", \";\", \"|\", tab or space; omit to find it out",
        "data.quote" => "around cells: '\"' or \"'\"; omit to find it out",
        "data.header" => "whether the first row names the columns; omit to find it out",
        "data.encoding" => "utf-8, cp1252 or utf-16; UTF-8 is the default",
        "data.decimal" => "before decimals: \".\" or \",\"; omit to find it out",
        "data.missing" => "missing values: refuse (the default), mean, or drop",
        "data.categorical" => "auto (the default: columns with text), refuse, or a list of columns",
        "data.rare" => "categories with fewer training samples share one input",
        "data.split" => "how one file is divided: `split: {test: 0.2, validation: 0.1, seed: 0}`",
        "data.split.test" | "data.split.validation" => "a share of the samples between 0 and 1",
        "data.shuffle" => {
            "false keeps the order of the files for train, validation, test and split"
        }
        "data.stratify" => "whether every class has the same share of train, validation and test",
        "data.csv" => {
            "as in `csv: {label: label, features: \"x*\", train: train.csv, test: test.csv}`"
        }
        "data.csv.features" => "feature columns: a pattern with * or a list of names",
        "data.csv.label" => "the name of the column that holds the class",
        "data.train" => "number of training samples; omit to use all",
        "data.validation" => {
            "number of training samples to hold out for validation; omit to hold out none"
        }
        "data.test" => "number of test samples; omit to use all",
        "data.balance" => "as in `balance: {undersample_seed: 1}`",
        "model" => "the widths of the hidden layers: `model: {hidden: [256, 256]}`",
        "model.hidden" => "widths of the hidden layers, as in [256, 256]; [] makes a linear model",
        "model.conv" => "as in `conv: {filters: 32, kernel: 3, stride: 2}`",
        "model.conv.filters" | "model.conv.kernel" | "model.conv.stride" => {
            "filters: number of filters; kernel: side of the square; stride: 1 is the default"
        }
        "model.bias" => "whether layers have a bias; false is the default",
        "data.standardize" => {
            "true: mean 0 and variance 1 per feature; robust: median 0, by the quartiles; false: as they are"
        }
        "data.shuffle_seed" => "seed of the shuffle of each part",
        "data.balance.undersample_seed" => "every class is reduced to the size of the smallest one",
        "data.csv.train" | "data.csv.test" => "a CSV file, relative to the grid file",
        "seed" => "the seed of the initial weights",
        "model.init.weights" => "a safetensors file, relative to the grid file",
        "model.init" => {
            "as in `init: {scheme: kaiming-normal, scale: 0.2}` or `init: {weights: start.safetensors}`"
        }
        "model.init.scale" => {
            "factor on the weights (normal: standard deviation, uniform: bound); 1 is the default"
        }
        _ if path.starts_with("solver.") => return about_solver(path),
        "compression" => "as in `compression: {method: tensor-train, rank: 16}`",
        "compression.method" => "one of none, tensor-train, low-rank, prune, n-m, mixed",
        "compression.layers" => "hidden is the default: all layers but the last and a convolution",
        "compression.rank" => "whole numbers >= 1: one rank, or one per compressed layer",
        "compression.modes" => {
            "auto, or one list per compressed layer whose product is its number of weights"
        }
        "compression.sparsity" => {
            "fraction of zeros in [0, 1): one number, or one per compressed layer"
        }
        "compression.ratio" => {
            "a number > 1, in the place of rank or sparsity: how many times fewer numbers the network stores"
        }
        "compression.n" | "compression.m" => {
            "of every m consecutive weights of a row the n largest stay; GPUs run 2 of 4"
        }
        "compression.choices" => {
            "one map per compressed layer, as in `choices: [{layer: 0, method: low-rank, rank: 8}]`"
        }
        _ => return None,
    })
}

/// The line for a setting of `solver`.
fn about_solver(path: &str) -> Option<&'static str> {
    Some(match path {
        "solver.method" => {
            "nn-bcd is the default; adam and sgd are gradient methods for comparison"
        }
        "solver.learning_rate" => "learning rate; the default is 0.001 for adam, 0.01 for sgd",
        "solver.compress" => "once, projected or fine-tuned (the default)",
        "solver.batch_size" => {
            "samples per step; auto is the default, 64 for adam and sgd; all: the paper's algorithm"
        }
        "solver.recipe" => "auto is the default; paper is the paper's algorithm with its settings",
        "solver.step" => {
            "by what share of their spread the outputs of a layer move per momentum horizon; 0.1 is the default"
        }
        "solver.step_limit" => {
            "largest multiple of the ridge minimiser in a step; 16 is the default"
        }
        "solver.damping" => {
            "ridge penalty in units of the mean diagonal of the Gram matrix; 10 is the default"
        }
        "solver.loss" => "cross-entropy, the default, or squared",
        "solver.label_smoothing" => {
            "share of a target's one that is spread over all classes; 0.1 is the default"
        }
        "solver.metric_rank" => "columns that stand for a large Gram matrix; 32 is the default",
        "solver.refresh_every" => "steps between updates of the Gram matrices; 4 is the default",
        "solver.ratio" => "rho/gamma; 0.3 is the default",
        "solver.compress_from" | "solver.compress_until" => {
            "shares of the steps between which compression comes in; 0.1 and 0.7 are the defaults"
        }
        "solver.momentum" => "momentum; 0.95 is the default, 0.9 for sgd",
        "solver.iterations" => {
            "iterations (passes over all blocks) or epochs; mini-batches choose by the number of samples"
        }
        "solver.gamma" => "gamma weighs the activation residual; the paper uses 0.5 to 100",
        "solver.rho" => "rho weighs the linear residual; the paper uses 0.5 to 100",
        "solver.tau" => "tau couples the weights to their compressed copies; 1 is the default",
        "solver.gamma_final" => {
            "gamma of the last iteration, reached geometrically from solver.gamma"
        }
        "solver.rho_final" => "rho of the last iteration, reached geometrically from solver.rho",
        "solver.tau_final" => "tau of the last iteration, reached geometrically from solver.tau",
        "solver.alpha" => "alpha weighs the proximal terms; 1 is the default",
        "solver.relaxation" => {
            "over-relaxation factor in (0, 2); 1, the default, moves each block to its minimiser"
        }
        "solver.weight_decay" => {
            "weight decay; one number, or one per layer (hidden layers + 1, one more with a convolution)"
        }
        "solver.coupling" => {
            "penalty is the paper's; hard sets W = Z after each update; constrained minimises in the set"
        }
        "solver.compress_after" => {
            "number of dense iterations before compression starts; default 0, or half of the epochs of a gradient method"
        }
        "solver.refit" => {
            "whether the last iteration fits the weights to the deployed network; false is the default"
        }
        "solver.refit_every" => "iterations from one refit to the next; needs solver.refit: true",
        "solver.eval_every" => {
            "iterations from one evaluation to the next; 1 is the default, a tenth of all for mini-batches"
        }
        "solver.stop" => "as in `stop: {step_below: 1.0e-6}`",
        "solver.stop.step_below" => {
            "early stopping: the trial ends when the step falls below this value"
        }
        _ => return None,
    })
}

/// Help where a setting that takes one value has a list of them: what is tried in turn stands under `grid`.
pub(super) fn several(path: &str, value: &str, allowed: &str) -> Option<String> {
    let is_list = value.starts_with('[') && !allowed.contains("list");
    let values = if value.ends_with(']') { value } else { "[…]" };
    is_list.then(|| format!("to try several values, as in `grid: {{{path}: {values}}}`"))
}
