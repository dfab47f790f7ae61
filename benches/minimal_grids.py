"""Grids with nothing but data and network beside scikit-learn and PyTorch, with the same files and hidden layers.

    pip install scikit-learn torch
    python benches/minimal_grids.py [--program target/release/nnbcd-tui] [--data FOLDER] [NAME ...]

Peers: scikit-learn's MLPClassifier as it is, and AdamW with a one-cycle schedule (peak rate 3e-3, 60 epochs of
batches of 64 on tables below 3,000 samples, else 20 epochs of batches of 128), both with standardised inputs. Two
threads each, in turn, three seeds; each table is split anew for every seed unless it comes with a test part. Printed:
mean test accuracy, and mean seconds of training of the dense network without reading files (`all` is the wall time of
the program for the dense and both compressed networks, from start to end).

FOLDER may hold `mnist` (IDX files), `isolet` (train.csv.gz, test.csv.gz) and `hapt-561` (the layout of UCI-HAR).
"""
import argparse
import csv
import gzip
import os
import subprocess
import tempfile
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_wine, make_classification
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

# Others than those on which the defaults were chosen, and other synthetic tables.
SEEDS = [10, 11, 12]


def split_anew(x, y, seed, **sizes):
    sizes = sizes or {"test_size": 0.25}
    x, x_test, y, y_test = train_test_split(x, y, random_state=seed, stratify=y, **sizes)
    return x, y, x_test, y_test


def numbers(path):
    return np.loadtxt(gzip.open(path + ".gz") if os.path.exists(path + ".gz") else path)


def mnist(folder, seed):
    def idx(name):
        data = gzip.open(os.path.join(folder, name + "-ubyte.gz")).read()
        sizes = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3])]
        return np.frombuffer(data, np.uint8, offset=4 + 4 * len(sizes)).reshape(sizes)

    x, y = idx("train-images-idx3").reshape(-1, 784).astype(float), idx("train-labels-idx1").astype(int)
    x, y, _, _ = split_anew(x, y, seed, train_size=6000)
    return x, y, idx("t10k-images-idx3").reshape(-1, 784).astype(float), idx("t10k-labels-idx1").astype(int)


def isolet(folder):
    parts = []
    for part in ["train", "test"]:
        table = np.loadtxt(gzip.open(os.path.join(folder, part + ".csv.gz")), delimiter=",", skiprows=1)
        parts += [table[:, 1:], table[:, 0].astype(int)]
    return parts


def hapt(folder):
    parts = []
    for part in ["train", "test"]:
        parts.append(numbers(os.path.join(folder, part, f"X_{part}.txt")))
        parts.append(numbers(os.path.join(folder, part, f"y_{part}.txt")).astype(int))
    return parts


def tables(folder):
    """Name, hidden layers, and what makes training and test part for a seed."""
    for name, load in [("breast cancer", load_breast_cancer), ("wine", load_wine), ("digits", load_digits)]:
        data = load()
        yield name, [100], lambda seed, data=data: split_anew(data.data, data.target, seed)
    made = {
        "8 classes": dict(n_samples=3000, n_features=30, n_informative=12, n_redundant=6, n_classes=8, class_sep=1.5, random_state=11),
        "3 % positives": dict(n_samples=4000, n_features=25, n_informative=10, weights=[0.97], class_sep=1.5, random_state=12),
        "120 classes": dict(
            n_samples=12000, n_features=60, n_informative=40, n_redundant=10, n_classes=120,
            n_clusters_per_class=1, class_sep=3.0, random_state=13,
        ),
    }
    for name, settings in made.items():
        yield name, [100], lambda seed, settings=settings: split_anew(*make_classification(**settings), seed)
    if folder:
        inside = lambda name: os.path.join(folder, name)
        yield "MNIST 6k", [300, 100], lambda seed: mnist(inside("mnist"), seed)
        yield "ISOLET", [100], lambda seed: isolet(inside("isolet"))
        yield "HAPT", [1024, 1024, 1024, 512], lambda seed: hapt(inside("hapt-561"))


def write(path, x, y):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"x{j}" for j in range(x.shape[1])] + ["label"])
        writer.writerows([*map(repr, map(float, row)), int(label)] for row, label in zip(x, y))


def ours(program, folder, seed, hidden, features):
    grid = f"""name: run
data: {{source: csv, csv: {{label: label, features: "x*", train: train.csv, test: test.csv}}}}
model: {{hidden: {hidden}}}
grid:
  compression:
    - {{method: none}}
    - {{method: prune, sparsity: 0.9}}
    - {{method: low-rank, rank: {min(16, features)}}}
seeds: [{seed}]
"""
    with open(os.path.join(folder, "run.yaml"), "w") as file:
        file.write(grid)
    start = time.time()
    command = [program, "run.yaml", "--results", "results", "--no-tui", "--threads", "2", "--jobs", "1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    wall = time.time() - start
    path = os.path.join(folder, "results", "run", "trials.csv")
    if not os.path.exists(path):
        raise SystemExit(done.stdout + done.stderr)
    with open(path) as file:
        by_method = {row["compression.method"]: row for row in csv.DictReader(file)}
    accuracies = [float(by_method[method]["test_accuracy"]) for method in ["none", "prune", "low-rank"]]
    return accuracies, float(by_method["none"]["seconds"]), wall


def scikit_learn(x, y, x_test, y_test, hidden, seed):
    start = time.time()
    model = MLPClassifier(hidden, random_state=seed).fit(x, y)
    seconds = time.time() - start
    return model.score(x_test, y_test), seconds


def adamw(x, y, x_test, y_test, hidden, seed):
    torch.set_num_threads(2)
    torch.manual_seed(seed)
    classes, labels = np.unique(y, return_inverse=True)
    x, labels = torch.tensor(x, dtype=torch.float32), torch.tensor(labels)
    sizes = [x.shape[1], *hidden, len(classes)]
    layers = [f for i, o in zip(sizes, sizes[1:]) for f in (torch.nn.Linear(i, o), torch.nn.ReLU())][:-1]
    model = torch.nn.Sequential(*layers)
    epochs, batch = (60, 64) if len(x) < 3000 else (20, 128)
    batch = min(batch, len(x))
    steps = len(x) // batch
    optimizer = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=epochs * steps)
    start = time.time()
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for step in range(steps):
            chosen = order[step * batch : (step + 1) * batch]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x[chosen]), labels[chosen]).backward()
            optimizer.step()
            schedule.step()
    seconds = time.time() - start
    with torch.no_grad():
        answers = classes[model(torch.tensor(x_test, dtype=torch.float32)).argmax(1).numpy()]
    return float((answers == y_test).mean()), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="target/release/nnbcd-tui", type=os.path.abspath)
    parser.add_argument("--data")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    print(
        f"{'table':15} {'dense':>7} {'prune .9':>8} {'rank 16':>8} {'sklearn':>8} {'AdamW':>7}"
        f" {'s dense':>8} {'s all':>7} {'s sklearn':>9} {'s AdamW':>8}"
    )
    for name, hidden, parts in tables(options.data):
        if options.names and name not in options.names:
            continue
        results = []
        for seed in SEEDS:
            x, y, x_test, y_test = parts(seed)
            with tempfile.TemporaryDirectory() as folder:
                write(os.path.join(folder, "train.csv"), x, y)
                write(os.path.join(folder, "test.csv"), x_test, y_test)
                accuracies, seconds, wall = ours(options.program, folder, seed, hidden, x.shape[1])
            scaler = StandardScaler().fit(x)
            scaled = scaler.transform(x), y, scaler.transform(x_test), y_test
            peer, peer_seconds = scikit_learn(*scaled, hidden, seed)
            torch_peer, torch_seconds = adamw(*scaled, hidden, seed)
            results.append([*accuracies, peer, torch_peer, seconds, wall, peer_seconds, torch_seconds])
        mean = np.mean(results, axis=0)
        accuracy = "{:7.4f} {:8.4f} {:8.4f} {:8.4f} {:7.4f}".format(*mean[:5])
        print(f"{name:15} {accuracy} " + "{:8.2f} {:7.2f} {:9.2f} {:8.2f}".format(*mean[5:]), flush=True)


if __name__ == "__main__":
    main()
