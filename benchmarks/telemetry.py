"""What telemetry costs: the time of a training step with it and without it, in turns, on two networks.

    python benchmarks/telemetry.py [--rounds 3] [--seconds 8]

The MLP of ``glassgrad train`` on the digits, and LeNet on images of Fashion-MNIST's shape (random ones: what is in them
does not matter for the time). Two trainers that differ in nothing but telemetry take turns, an epoch each; what counts
are the steps, with the loading of their batches, and neither evaluation nor checkpoints. Each round prints the median
of the paired ratios, which a disturbed epoch does not move, the ratio of the sums, in which every histogram is counted,
and the share that telemetry measured itself.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

import autograd as ag
import optim
from nn import Module, Sequential, Standardize, data, functional
from nn.models import MLP, LeNet5
from nn.training import Silence, Trainer, read_records

LIMIT = 1.03


class Stopwatch(Silence):
    """The time between the first step of an epoch and its last."""

    def begin_epoch(self, epoch: int, epochs: int, batches: int, done: int) -> None:
        self.first = self.last = None

    def advance(self, loss: float) -> None:
        self.last = time.perf_counter()
        self.first = self.first or self.last

    @property
    def seconds(self) -> float:
        return self.last - self.first


def digits() -> tuple[Module, data.ArrayDataset]:
    return MLP(64, [256, 128], 10), data.load_digits().train


def fashion() -> tuple[Module, data.ArrayDataset]:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (32 * 16, 1, 28, 28)).astype(np.uint8)
    return LeNet5(10, 1, 28), data.ArrayDataset(images, rng.integers(0, 10, len(images)))


def trainer(make, folder: Path, telemetry: bool) -> Trainer:
    ag.manual_seed(0)
    network, train = make()
    model = Sequential({"standardize": Standardize(128.0, 64.0), "network": network})
    loader = data.DataLoader(train, batch_size=32, shuffle=True, seed=0)
    return Trainer(
        model, optim.Adam(model.parameters(), lr=1e-3), functional.cross_entropy, loader, folder=folder,
        telemetry=telemetry, display=Stopwatch(),
    )  # fmt: skip


def measure(make, seconds: float) -> tuple[float, float, float, float]:
    """The median ratio, the ratio of the sums, the share measured by telemetry, and the seconds of a plain step."""
    with tempfile.TemporaryDirectory() as folder:
        runs = {on: trainer(make, Path(folder) / str(on), on) for on in (True, False)}
        times: dict[bool, list[float]] = {True: [], False: []}
        began, epoch = time.perf_counter(), 0
        # The first pair warms the caches and is not counted.
        while epoch < 6 or time.perf_counter() - began < seconds:
            epoch += 1
            for on in (True, False) if epoch % 2 else (False, True):
                runs[on].fit(epoch)
                if epoch > 1:
                    times[on].append(runs[on].display.seconds)
        samples = [
            r for r in read_records(Path(folder) / "True" / "telemetry.jsonl", limit=1 << 30).records if "cost" in r
        ]
        median = statistics.median(a / b for a, b in zip(times[True], times[False], strict=True))
        steps = len(times[False]) * (len(runs[False].train_loader) - 1)
        return median, sum(times[True]) / sum(times[False]), samples[-1]["cost"], sum(times[False]) / steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0, help="of a round, for each network")
    options = parser.parse_args()
    print(f"{'':<14} {'round':>5} {'median':>8} {'sums':>8} {'own measure':>12} {'plain step':>11}")
    for name, make in (("MLP, digits", digits), ("LeNet, 28×28", fashion)):
        medians = []
        for number in range(options.rounds):
            median, sums, share, step = measure(make, options.seconds)
            medians.append(median)
            print(f"{name:<14} {number + 1:>5} {median:>8.4f} {sums:>8.4f} {1 + share:>12.4f} {1e3 * step:>8.2f} ms")
        verdict = "within" if statistics.median(medians) <= LIMIT else "ABOVE"
        print(f"{name:<14} {'all':>5} {statistics.median(medians):>8.4f}   {verdict} the limit of {LIMIT}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
