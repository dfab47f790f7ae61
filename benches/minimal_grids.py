"""Grids with nothing but data and network beside scikit-learn's MLPClassifier with standardised inputs.

    pip install scikit-learn
    python benches/minimal_grids.py [target/release/nnbcd-tui]

Every table is split into training and test samples three times; both sides get the same files and the same
hidden layers, two threads each, in turn. Printed per table: mean test accuracy and seconds of training of both.
Reading files, evaluation and the start of the program are not in the seconds of scikit-learn; they are measured
apart for the program (column `wall`).
"""
import csv
import os
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine, make_classification
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

PROGRAM = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/release/nnbcd-tui")
HIDDEN = [100]
SEEDS = 3


def tables():
    for name, load in [("breast cancer", load_breast_cancer), ("wine", load_wine), ("digits", load_digits)]:
        data = load()
        yield name, data.data, data.target
    x, y = make_classification(
        3000, 30, n_informative=12, n_redundant=6, n_classes=8, class_sep=1.5, random_state=1
    )
    yield "8 classes", x, y
    x, y = make_classification(4000, 25, n_informative=10, weights=[0.97], class_sep=1.5, random_state=2)
    yield "3 % positives", x, y
    x, y = make_classification(
        12000, 60, n_informative=40, n_redundant=10, n_classes=120, n_clusters_per_class=1, class_sep=3.0, random_state=3
    )
    yield "120 classes", x, y


def write(path, x, y):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"x{j}" for j in range(x.shape[1])] + ["label"])
        writer.writerows([*map(repr, map(float, row)), int(label)] for row, label in zip(x, y))


def ours(folder, seed, features):
    rank = min(16, features)
    grid = f"""name: run
data: {{source: csv, csv: {{label: label, features: "x*", train: train.csv, test: test.csv}}}}
model: {{hidden: {HIDDEN}}}
grid:
  compression:
    - {{method: none}}
    - {{method: prune, sparsity: 0.9}}
    - {{method: low-rank, rank: {rank}}}
seeds: [{seed}]
"""
    with open(os.path.join(folder, "run.yaml"), "w") as file:
        file.write(grid)
    start = time.time()
    command = [PROGRAM, "run.yaml", "--results", "results", "--no-tui", "--threads", "2", "--jobs", "1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    wall = time.time() - start
    path = os.path.join(folder, "results", "run", "trials.csv")
    if not os.path.exists(path):
        raise SystemExit(done.stdout + done.stderr)
    with open(path) as file:
        rows = list(csv.DictReader(file))
    by_method = {row["compression.method"]: row for row in rows}
    accuracy = lambda method: float(by_method[method]["test_accuracy"] or "nan") if method in by_method else float("nan")
    return [accuracy("none"), accuracy("prune"), accuracy("low-rank")], float(by_method["none"]["seconds"]), wall


def theirs(x, y, x_test, y_test, seed):
    scaler = StandardScaler().fit(x)
    start = time.time()
    model = MLPClassifier(HIDDEN, random_state=seed).fit(scaler.transform(x), y)
    seconds = time.time() - start
    return model.score(scaler.transform(x_test), y_test), seconds


def main():
    import warnings

    warnings.filterwarnings("ignore")
    print(f"{'table':15} {'ours':>7} {'prune .9':>8} {'rank 16':>8} {'sklearn':>8} {'s ours':>7} {'wall 3':>7} {'s skl':>7}")
    for name, x, y in tables():
        results = []
        for seed in range(SEEDS):
            split = train_test_split(x, y, test_size=0.25, random_state=seed, stratify=y)
            x_train, x_test, y_train, y_test = split
            with tempfile.TemporaryDirectory() as folder:
                write(os.path.join(folder, "train.csv"), x_train, y_train)
                write(os.path.join(folder, "test.csv"), x_test, y_test)
                accuracies, seconds, wall = ours(folder, seed, x.shape[1])
            peer, peer_seconds = theirs(x_train, y_train, x_test, y_test, seed)
            results.append([*accuracies, peer, seconds, wall, peer_seconds])
        mean = np.mean(results, axis=0)
        print(
            f"{name:15} {mean[0]:7.4f} {mean[1]:8.4f} {mean[2]:8.4f} {mean[3]:8.4f}"
            f" {mean[4]:7.2f} {mean[5]:7.2f} {mean[6]:7.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
