"""What telemetry costs: the time of a training step with it and without it, in turns, on two networks.

    python benchmarks/telemetry.py [--rounds 3] [--seconds 8]

The MLP of ``glassgrad train`` on the digits, and LeNet on images of Fashion-MNIST's shape (random ones: what is in them
does not matter for the time). Two trainers that differ in nothing but telemetry take turns, an epoch each; what counts
are the steps, with the loading of their batches, and neither evaluation nor checkpoints. Each round prints the median
of the paired ratios, by the clock and in time of the processor (which other programs disturb less), and the share that
telemetry measured itself. Set OMP_NUM_THREADS=1 for times that repeat.
"""

from __future__ import annotations

import argparse
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
    """The time between the first step of an epoch and its last, by the clock and of the processor."""

    def begin_epoch(self, epoch: int, epochs: int, batches: int, done: int) -> None:
        self.first = self.last = None

    def advance(self, loss: float) -> None:
        self.last = np.array([time.perf_counter(), time.process_time()])
        self.first = self.last if self.first is None else self.first

    @property
    def seconds(self) -> np.ndarray:
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
    """The median ratio by the clock and of the processor, the share measured by telemetry, and the time of a step."""
    with tempfile.TemporaryDirectory() as folder:
        runs = {on: trainer(make, Path(folder) / str(on), on) for on in (True, False)}
        times: dict[bool, list[np.ndarray]] = {True: [], False: []}
        began, epoch = time.perf_counter(), 0
        # The first pair warms the caches and is not counted.
        while epoch < 6 or time.perf_counter() - began < seconds:
            epoch += 1
            for on in (True, False) if epoch % 2 else (False, True):
                runs[on].fit(epoch)
                if epoch > 1:
                    times[on].append(runs[on].display.seconds)
        records = read_records(Path(folder) / "True" / "telemetry.jsonl", limit=1 << 30).records
        share = [record for record in records if record["kind"] == "sample"][-1]["cost"]
        clock, processor = np.median(np.array(times[True]) / np.array(times[False]), axis=0)
        step = np.median(times[False], axis=0)[0] / (len(runs[False].train_loader) - 1)
        return clock, processor, share, step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0, help="of a round, for each network")
    options = parser.parse_args()
    print(f"{'':<14} {'round':>5} {'clock':>8} {'processor':>10} {'own measure':>12} {'plain step':>11}")
    for name, make in (("MLP, digits", digits), ("LeNet, 28×28", fashion)):
        rounds = []
        for number in range(1, options.rounds + 1):
            clock, processor, share, step = measure(make, options.seconds)
            rounds.append((clock, processor))
            print(f"{name:<14} {number:>5} {clock:>8.4f} {processor:>10.4f} {1 + share:>12.4f} {1e3 * step:>8.2f} ms")
        clock, processor = np.median(rounds, axis=0)
        verdict = "within" if clock <= LIMIT else "ABOVE"
        print(f"{name:<14} {'all':>5} {clock:>8.4f} {processor:>10.4f}   {verdict} the limit of {LIMIT}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
