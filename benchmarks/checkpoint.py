"""What checkpoint saves: the memory of a deep graph, held and at its peak, with and without, as ratios.

    python benchmarks/checkpoint.py [--block 8]

64 layers tanh(x @ w) on 4096 rows of 64 float64 numbers, plain and in blocks of 8 layers that are each checkpointed.
What tracemalloc counts after the forward pass is what the tape saved for backward; the peak is that of both passes, in
which a block is computed again.
"""

from __future__ import annotations

import argparse
import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag

LAYERS, ROWS, WIDTH = 64, 4096, 64


def layers(x: Any, w: Any, n: int) -> Any:
    for _ in range(n):
        x = ag.tanh(x @ w)
    return x


def plain(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


def memory(call: Callable[..., Any], block: int) -> tuple[float, float]:
    """MiB held after the forward pass, and at the peak of both; each ``block`` layers are one call."""
    rng = np.random.default_rng(0)
    x = ag.tensor(rng.normal(size=(ROWS, WIDTH)), requires_grad=True)
    w = ag.tensor(rng.normal(size=(WIDTH, WIDTH)) / WIDTH**0.5, requires_grad=True)
    gc.collect()
    tracemalloc.start()
    y = x
    for start in range(0, LAYERS, block):
        y = call(layers, y, w, min(block, LAYERS - start))
    held = tracemalloc.get_traced_memory()[0]
    y.sum().backward()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return held / 2**20, peak / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--block", type=int, default=8, help="layers in a checkpoint")
    block = parser.parse_args().block
    print(f"{LAYERS} layers of {ROWS} x {WIDTH}: MiB plain, MiB with checkpoint in blocks of {block}, ratio")
    without, with_ = memory(plain, block), memory(ag.checkpoint, block)
    for name, all_, kept in zip(("saved by the tape", "peak"), without, with_, strict=True):
        print(f"{name:<26} {all_:>7.1f} {kept:>7.1f}   ratio {kept / all_:>6.3f}")


if __name__ == "__main__":
    main()
