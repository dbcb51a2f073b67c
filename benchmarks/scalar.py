"""What a model of single numbers costs: micrograd, our Values, and the program that they lift to, side by side.

    python benchmarks/scalar.py [--steps 20] [--rounds 3] [--million]

The workload is micrograd's own demonstration: two moons of 100 points, an MLP of 2-16-16-1 with the weights that
``random.seed(1337)`` gives, the max-margin loss with L2 regularisation, and plain gradient descent with a falling
learning rate. One step is forward, backward and update. The three take turns, step by step; the ratio of the medians is
printed for each of three runs. The loss curves must agree to 1e-9, or the exit code is 1. ``--million`` prints how
the time of recording, backward, lifting and replaying grows in wide and in deep graphs. Needs micrograd
(pip install micrograd).
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import autograd as ag
from autograd.scalar import Value, vectorize
from glassgrad.ladder.moons import two_moons
from nn.scalar import MLP

LIMITS = {"Value": 0.7, "lifted": 0.005}
SEED, ALPHA, POINTS = 1337, 1e-4, 100


def moons(count: int) -> tuple[np.ndarray, np.ndarray]:
    """The points of two moons with noise of 0.1, and their labels -1 and 1, in no order."""
    rng = np.random.default_rng(SEED)
    data = two_moons(count, 0.1, rng)
    order = rng.permutation(count)
    return data.points[order], data.labels[order]


def learning_rate(k: int) -> float:
    return 1.0 - 0.9 * k / 100


def loss_of(model: Any, xs: Any, labels: list[float]) -> Any:
    """The max-margin loss of all points and the regularisation: micrograd's demonstration, word for word."""
    scores = [model(x) for x in xs]
    losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(labels, scores, strict=True)]
    data_loss = sum(losses) * (1.0 / len(losses))
    reg_loss = ALPHA * sum(p * p for p in model.parameters())
    return data_loss + reg_loss


def training(make_model: Callable[[], Any], make_value: Callable[[float], Any]) -> Iterator[float]:
    """Train a scalar model for ever; gives the loss of each step."""
    points, labels = moons(POINTS)
    random.seed(SEED)
    model = make_model()
    k = 0
    while True:
        xs = [[make_value(x) for x in row] for row in points.tolist()]
        loss = loss_of(model, xs, labels.tolist())
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p.data -= learning_rate(k) * p.grad
        k += 1
        yield float(loss.data)


def demonstration(count: int = POINTS) -> tuple[Any, list[Value]]:
    """The loss of the untrained model on so many points, and its parameters."""
    points, labels = moons(count)
    random.seed(SEED)
    model = MLP(2, [16, 16, 1])
    return loss_of(model, [[Value(x) for x in row] for row in points.tolist()], labels.tolist()), model.parameters()


def lifted_training() -> Iterator[float]:
    """The same by the program that the graph of one step lifts to; its first next() lifts and does not step."""
    loss, params = demonstration()
    program = vectorize(loss, params)
    p = ag.tensor([v.data for v in params], dtype="float64", requires_grad=True)
    k = 0
    yield 0.0
    while True:
        loss = program(p)
        loss.backward()
        with ag.no_grad():
            p -= learning_rate(k) * p.grad
        p.grad = None
        k += 1
        yield loss.item()


def micrograd_training() -> Iterator[float]:
    import micrograd.engine  # noqa: PLC0415
    import micrograd.nn  # noqa: PLC0415

    return training(lambda: micrograd.nn.MLP(2, [16, 16, 1]), micrograd.engine.Value)


def one_run(steps: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Seconds and losses of each step of each of the three, which take turns."""
    runs = {
        "micrograd": micrograd_training(),
        "Value": training(lambda: MLP(2, [16, 16, 1]), Value),
        "lifted": lifted_training(),
    }
    next(runs["lifted"])
    times: dict[str, list[float]] = {name: [] for name in runs}
    losses: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(steps):
        for name, run in runs.items():
            gc.collect()  # micrograd's graphs are reference cycles: what one leaves behind is not charged to the next
            start = time.perf_counter()
            losses[name].append(next(run))
            times[name].append(time.perf_counter() - start)
    return times, losses


def agreement(losses: dict[str, list[float]]) -> float:
    """The greatest relative difference between the loss curves."""
    reference = np.array(losses["micrograd"])
    return float(max(np.max(np.abs(np.array(curve) - reference) / np.abs(reference)) for curve in losses.values()))


# ---------------------------------------------------------------------------------------------------- large graphs


def wide(count: int) -> tuple[Any, list[Value]]:
    """The demonstration with so many points that its graph has about ``count`` nodes."""
    return demonstration(max(count // 656, 2))


def deep(count: int) -> tuple[Any, list[Value]]:
    """A chain of ``count`` ops."""
    x = Value(0.5)
    y = x
    for _ in range(count // 2):
        y = (y + 0.1).sin()
    return y, [x]


def seconds(function: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def growth() -> None:
    print(f"\n{'graph':<6} {'nodes':>10} {'ops':>9} {'record s':>9} {'backward s':>11} {'lift s':>8} {'replay ms':>10}")
    for name, make in (("wide", wide), ("deep", deep)):
        for count in (250_000, 500_000, 1_000_000):
            recording, (root, leaves) = seconds(lambda make=make, count=count: make(count))
            backward, _ = seconds(root.backward)
            lifting, program = seconds(lambda root=root, leaves=leaves: vectorize(root, leaves))
            p = ag.tensor([v.data for v in leaves], dtype="float64", requires_grad=True)
            replaying, _ = seconds(lambda program=program, p=p: program(p).backward())
            wanted = np.array([v.grad for v in leaves])
            error = np.abs(p.grad.array - wanted).max() / max(np.abs(wanted).max(), 1e-300)
            print(
                f"{name:<6} {program.values:>10,} {len(program):>9,} {recording:>9.2f} {backward:>11.2f} "
                f"{lifting:>8.2f} {replaying * 1e3:>10.1f}   gradients agree to {error:.0e}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--million", action="store_true")
    options = parser.parse_args()
    ratios: dict[str, list[float]] = {name: [] for name in LIMITS}
    milliseconds: dict[str, list[float]] = {}
    worst = 0.0
    for _ in range(options.rounds):
        times, losses = one_run(options.steps)
        medians = {name: statistics.median(each) for name, each in times.items()}
        for name, median in medians.items():
            milliseconds.setdefault(name, []).append(median * 1e3)
        for name in LIMITS:
            ratios[name].append(medians[name] / medians["micrograd"])
        worst = max(worst, agreement(losses))
    print(vectorize(*demonstration()), "\n")
    print(f"{'step':>5} {'micrograd':>16} {'Value':>16} {'lifted':>16}")
    for k in sorted({*range(0, options.steps, max(options.steps // 10, 1)), options.steps - 1}):
        print(f"{k:>5} {losses['micrograd'][k]:>16.12f} {losses['Value'][k]:>16.12f} {losses['lifted'][k]:>16.12f}")
    print(f"\nmilliseconds a step: {', '.join(f'{n} {statistics.median(ms):.3f}' for n, ms in milliseconds.items())}")
    print(f"\ntime of a training step / time of micrograd's, medians of {options.steps} steps in turn")
    heads = " ".join(f"run {i + 1}".rjust(8) for i in range(options.rounds))
    print(f"{'engine':<8} {heads} {'median':>8} {'goal':>8}")
    for name, runs in ratios.items():
        columns = " ".join(f"{r:>8.4f}" for r in runs)
        print(f"{name:<8} {columns} {statistics.median(runs):>8.4f} {'≤ ' + str(LIMITS[name]):>8}")
    print(f"loss curves agree to {worst:.1e} (relative; at most 1e-9 is allowed)")
    if options.million:
        growth()
    if not worst <= 1e-9:
        sys.exit("the loss curves differ")


if __name__ == "__main__":
    main()
