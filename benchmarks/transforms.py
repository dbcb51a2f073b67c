"""What transforms cost: forward mode against the forward pass, and glassgrad against torch.func, side by side.

    python benchmarks/transforms.py [--rounds 20]

A 64-256-256-10 MLP as a function of its parameters, on a batch of 256. First the ratios within glassgrad: jvp over the
forward pass (forward mode carries values and tangents; its cost is about one more forward pass), the gradient over the
forward pass, a Hessian-vector product over a gradient, checkpoint over plain. Then the same function in PyTorch. The
two take turns; the median of the paired ratios is printed, three times over. Needs PyTorch (pip install torch).
"""

from __future__ import annotations

import argparse
import gc
import itertools
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
from overhead import median_ratio

import autograd as ag

SIZES = (64, 256, 256, 10)
BATCH = 256

rng = np.random.default_rng(0)
WEIGHTS = [rng.normal(size=(n, m)).astype(np.float32) / n**0.5 for n, m in itertools.pairwise(SIZES)]
TANGENTS = [rng.normal(size=w.shape).astype(np.float32) for w in WEIGHTS]
X = rng.normal(size=(BATCH, SIZES[0])).astype(np.float32)
LABELS = rng.integers(0, SIZES[-1], BATCH)


def loss_ours(weights: Any, x: Any, labels: Any) -> Any:
    for w in weights[:-1]:
        x = ag.tanh(x @ w)
    return ag.cross_entropy(x @ weights[-1], labels)


def within() -> list[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    weights, tangents = [ag.tensor(w) for w in WEIGHTS], [ag.tensor(t) for t in TANGENTS]
    x, labels = ag.tensor(X), ag.tensor(LABELS)
    loss = lambda ws: loss_ours(ws, x, labels)  # noqa: E731
    gradient = ag.grad(loss)
    leaves = [w.detach().requires_grad_() for w in weights]
    return [
        ("jvp / forward", lambda: ag.jvp(loss, (weights,), (tangents,)), lambda: loss(weights)),
        ("grad / forward", lambda: gradient(weights), lambda: loss(weights)),
        ("hvp / grad", lambda: ag.hvp(loss, weights, tangents), lambda: gradient(weights)),
        ("checkpoint / plain", lambda: ag.checkpoint(loss, leaves).backward(), lambda: loss(leaves).backward()),
    ]


def against_torch() -> list[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    import torch  # noqa: PLC0415
    from torch.func import grad, jvp, vmap  # noqa: PLC0415

    def loss_torch(weights: Any, x: Any, labels: Any) -> Any:
        for w in weights[:-1]:
            x = torch.tanh(x @ w)
        return torch.nn.functional.cross_entropy(x @ weights[-1], labels)

    ours, theirs = [ag.tensor(w) for w in WEIGHTS], [torch.tensor(w) for w in WEIGHTS]
    along, torch_along = [ag.tensor(t) for t in TANGENTS], [torch.tensor(t) for t in TANGENTS]
    x, labels, tx, tl = ag.tensor(X), ag.tensor(LABELS), torch.tensor(X), torch.tensor(LABELS)
    each = ag.vmap(ag.grad(lambda ws, a, n: loss_ours(ws, a[None], n[None])), in_axes=(None, 0, 0))
    torch_each = vmap(grad(lambda ws, a, n: loss_torch(ws, a[None], n[None])), in_dims=(None, 0, 0))
    few = 32
    gradient, torch_gradient = ag.grad(loss_ours), grad(loss_torch)
    small, torch_small = ag.tensor(X[0, :24].copy()), torch.tensor(X[0, :24].copy())
    quartic = lambda v: ((v * v).sum() ** 2) + (v**3).sum()  # noqa: E731
    hessian, torch_hessian = ag.hessian(quartic), torch.func.hessian(quartic)
    return [
        ("grad", lambda: gradient(ours, x, labels), lambda: torch_gradient(theirs, tx, tl)),
        (
            "jvp",
            lambda: ag.jvp(lambda ws: loss_ours(ws, x, labels), (ours,), (along,)),
            lambda: jvp(lambda ws: loss_torch(ws, tx, tl), (theirs,), (torch_along,)),
        ),
        (
            "vmap(grad), 32 examples",
            lambda: each(ours, x[:few], labels[:few]),
            lambda: torch_each(theirs, tx[:few], tl[:few]),
        ),
        ("hessian, 24 numbers", lambda: hessian(small), lambda: torch_hessian(torch_small)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    import torch  # noqa: PLC0415

    torch.set_num_threads(2)
    gc.collect()
    for title, workloads in (
        ("within glassgrad", within()),
        (f"time of glassgrad / time of PyTorch {torch.__version__} (torch.func, 2 threads)", against_torch()),
    ):
        print(f"\n{title}: median of {rounds} paired rounds, 3 runs")
        for name, one, other in workloads:
            runs = [median_ratio(one, other, rounds, 3) for _ in range(3)]
            columns = " ".join(f"{r:>7.2f}" for r in runs)
            print(f"{name:<26} {columns}   median {statistics.median(runs):>6.2f}")


if __name__ == "__main__":
    main()
