"""What a recording costs: a training step with and without it, in turns, on two networks; and what it costs while off.

    python benchmarks/recording.py [--rounds 3] [--pairs 150]

An MLP (64-256-128-10) and LeNet, batches of 32, each step a forward and a backward pass and an update by Adam. A plain
step, one within ``ag.record()``, and one whose recording is put together too (``tape.recording``) take turns. Each
round prints the medians of the paired ratios in time of the processor, which other programs disturb less than the
clock.

Off, there is no second build of the engine to compare with. It asks one question of each op and of each call of a
module, ``levels.active``, and two of each backward pass: so their number in a step is counted, and their time measured
by itself. Set OMP_NUM_THREADS=1 for times that repeat.
"""

from __future__ import annotations

import argparse
import statistics
import time
import timeit
from collections.abc import Callable

import numpy as np

import autograd as ag
import optim
from autograd import levels
from nn import Module, functional
from nn.models import MLP, LeNet5

LIMIT, LIMIT_OFF = 2.0, 0.005


def training_step(model: Module, x: ag.Tensor) -> Callable[[], None]:
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    labels = np.arange(len(x)) % 10

    def step() -> None:
        optimizer.zero_grad()
        functional.cross_entropy(model(x), labels).backward()
        optimizer.step()

    return step


def mlp() -> Callable[[], None]:
    ag.manual_seed(0)
    return training_step(MLP(64, [256, 128], 10), ag.randn(32, 64))


def lenet() -> Callable[[], None]:
    ag.manual_seed(0)
    return training_step(LeNet5(10, 1, 28), ag.randn(32, 1, 28, 28))


def within(step: Callable[[], None]) -> ag.record:
    with ag.record() as tape:
        step()
    return tape


def put_together(step: Callable[[], None]) -> ag.Recording:
    return within(step).recording


def seconds(function: Callable[[], object]) -> float:
    """Of the processor; what the call returns is thrown away within."""
    started = time.process_time()
    function()
    return time.process_time() - started


def ratios(step: Callable[[], None], rounds: int) -> tuple[float, float, float]:
    """The medians of recorded / plain and of recorded and put together / plain, and the time of a plain step."""
    ways = [step, lambda: within(step), lambda: put_together(step)]
    found = np.array([[seconds(way) for way in ways] for _ in range(rounds)])
    on, complete = np.median(found[:, 1:] / found[:, :1], axis=0)
    return on, complete, statistics.median(found[:, 0])


def cost_off(step: Callable[[], None]) -> tuple[int, float]:
    """How often the switch is read in a step that nobody records, and the seconds of that."""
    recording = put_together(step)
    reads = len(recording.ops) + len(recording.calls) + 2
    loop = timeit.repeat("levels.active", globals={"levels": levels}, number=100_000, repeat=5)
    return reads, reads * min(loop) / 100_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=150, help="of a round, for each network")
    options = parser.parse_args()
    print(f"{'':<14} {'round':>5} {'recorded':>9} {'and put together':>17} {'plain step':>12}")
    for name, make in (("MLP", mlp), ("LeNet, 28×28", lenet)):
        step = make()
        ratios(step, 10)  # warm up
        rounds = [ratios(step, options.pairs) for _ in range(options.rounds)]
        for number, (on, complete, plain) in enumerate(rounds, 1):
            print(f"{name:<14} {number:>5} {on:>9.3f} {complete:>17.3f} {1e3 * plain:>9.2f} ms")
        on, complete, plain = np.median(rounds, axis=0)
        verdict = "within" if on <= LIMIT else "ABOVE"
        print(f"{name:<14} {'all':>5} {on:>9.3f} {complete:>17.3f}   {verdict} the limit of {LIMIT}")
        reads, off = cost_off(step)
        share = off / plain
        verdict = "within" if share <= LIMIT_OFF else "ABOVE"
        print(
            f"{name:<14} {'off':>5}   {reads} reads of a switch, {1e6 * off:.2f} µs, {100 * share:.3f} % of a step: "
            f"{verdict} the limit of {100 * LIMIT_OFF} %"
        )


if __name__ == "__main__":
    main()
