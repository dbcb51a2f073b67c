"""What define-by-run costs for each op: glassgrad and PyTorch side by side, in one run, as ratios.

    python benchmarks/overhead.py [--rounds 40]

Three workloads on small arrays, where the engine's own overhead is what one waits for: a chain of 1,000 adds and one of
1,000 multiplies on 4 elements, forward and backward, and one training step of a 2-16-16-1 MLP. The two engines take
turns; the median of the paired ratios is printed, three times over. Then the time and the memory of a node in chains of
10^3 to 10^6. Needs PyTorch (pip install torch).
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable

import numpy as np

import autograd as ag
import nn
import optim

LIMITS = {"1,000 adds": 0.75, "1,000 multiplies": 0.75, "2-16-16-1 MLP step": 0.4}
LENGTH = 1000


def chain_ours(multiply: bool) -> None:
    x = ag.ones(4, requires_grad=True)
    c = ag.full((4,), 1.0001, dtype="float32")
    y = x
    for _ in range(LENGTH):
        y = y * c if multiply else y + c
    y.sum().backward()


def chain_torch(multiply: bool) -> None:
    import torch  # noqa: PLC0415

    x = torch.ones(4, requires_grad=True)
    c = torch.full((4,), 1.0001)
    y = x
    for _ in range(LENGTH):
        y = y * c if multiply else y + c
    y.sum().backward()


def mlp_steps() -> tuple[Callable[[], None], Callable[[], None]]:
    """One training step of the same MLP, data and optimizer in both engines."""
    import torch  # noqa: PLC0415

    rng = np.random.default_rng(0)
    data = rng.normal(size=(100, 2)).astype(np.float32)
    target = np.sign(data[:, :1] * data[:, 1:]).astype(np.float32)

    ours = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
    theirs = torch.nn.Sequential(
        torch.nn.Linear(2, 16), torch.nn.ReLU(), torch.nn.Linear(16, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1)
    )
    ours_sgd = optim.SGD(ours.parameters(), lr=0.05)
    theirs_sgd = torch.optim.SGD(theirs.parameters(), lr=0.05)
    x, y = ag.tensor(data), ag.tensor(target)
    tx, ty = torch.tensor(data), torch.tensor(target)

    def step_ours() -> None:
        ours_sgd.zero_grad()
        nn.functional.mse_loss(ours(x), y).backward()
        ours_sgd.step()

    def step_theirs() -> None:
        theirs_sgd.zero_grad()
        torch.nn.functional.mse_loss(theirs(tx), ty).backward()
        theirs_sgd.step()

    return step_ours, step_theirs


def seconds(function: Callable[[], None], repeat: int) -> float:
    start = time.perf_counter()
    for _ in range(repeat):
        function()
    return time.perf_counter() - start


def median_ratio(ours: Callable[[], None], theirs: Callable[[], None], rounds: int, repeat: int) -> float:
    """The median of time(ours) / time(theirs) over rounds in which the two take turns."""
    seconds(ours, repeat), seconds(theirs, repeat)  # warm up
    return statistics.median(seconds(ours, repeat) / seconds(theirs, repeat) for _ in range(rounds))


def node_costs() -> None:
    print("\nchain of adds on 4 elements: one node")
    print(f"{'length':>10} {'forward µs':>12} {'backward µs':>12} {'bytes':>8}")
    for length in (10**3, 10**4, 10**5, 10**6):
        x = ag.ones(4, requires_grad=True)
        c = ag.ones(4)
        start = time.perf_counter()
        y = x
        for _ in range(length):
            y = y + c
        middle = time.perf_counter()
        y.sum().backward()
        end = time.perf_counter()
        del y
        tracemalloc.start()
        y = x
        for _ in range(length):
            y = y + c
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        del y
        print(
            f"{length:>10,} {(middle - start) / length * 1e6:>12.2f} {(end - middle) / length * 1e6:>12.2f} "
            f"{size / length:>8.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    import torch  # noqa: PLC0415

    torch.set_num_threads(2)
    gc.collect()
    step_ours, step_theirs = mlp_steps()
    workloads: list[tuple[str, Callable[[], None], Callable[[], None], int]] = [
        ("1,000 adds", lambda: chain_ours(False), lambda: chain_torch(False), 1),
        ("1,000 multiplies", lambda: chain_ours(True), lambda: chain_torch(True), 1),
        ("2-16-16-1 MLP step", step_ours, step_theirs, 20),
    ]
    print(
        f"time of glassgrad / time of PyTorch {torch.__version__} (2 threads), median of {rounds} paired rounds, 3 runs"
    )
    print(f"{'workload':<22} {'run 1':>7} {'run 2':>7} {'run 3':>7} {'median':>8} {'goal':>7}")
    for name, ours, theirs, repeat in workloads:
        runs = [median_ratio(ours, theirs, rounds, repeat) for _ in range(3)]
        median = statistics.median(runs)
        columns = " ".join(f"{r:>7.3f}" for r in runs)
        print(f"{name:<22} {columns} {median:>8.3f} {'≤ ' + str(LIMITS[name]):>7}")
    node_costs()


if __name__ == "__main__":
    main()
