"""What it costs to look at a graph: view, layout and page of 10² to 10⁵ nodes, with torchviz beside as far as it goes.

    python benchmarks/viz.py [--most 100000] [--rounds 3] [--limit 60]

The graph is one step of a deep stack of layers ``tanh(x @ w)``, a hundred to a module, forward and backward, under
``ag.record()``. "view" is ``viz.graph(tape)``; "layout" places every card of it with all groups open, in Python; "page"
is ``to_html()`` and writing the file, with groups closed as they are by default. torchviz 0.0.3 draws the same stack of
PyTorch: ``make_dot``, and Graphviz' ``dot`` to SVG within the limit. Seconds, medians of the rounds; the last column is
view and page together over torchviz' two. What recording costs a training step is measured by benchmarks/recording.py.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:] = [place for place in sys.path if Path(place).resolve() != Path(__file__).parent]  # this file is no viz

import autograd as ag
import nn
import viz
from viz.drawing.layout import layout
from viz.drawing.render import render

PER_MODULE = 100


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(np.eye(2, dtype=np.float32))

    def forward(self, x: Any) -> Any:
        return ag.tanh(x @ self.w)


class Stack(nn.Module):
    def __init__(self, layers: list[nn.Module]):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x


def recorded(nodes: int) -> ag.Recording:
    """A step of a stack whose graph has about so many nodes: three for each layer."""
    layers = max(1, nodes // 3)
    parts = [min(PER_MODULE, layers - start) for start in range(0, layers, PER_MODULE)]
    model = Stack([Stack([Layer() for _ in range(part)]) for part in parts])
    with ag.record() as tape:
        model(ag.tensor(np.ones((1, 2), np.float32))).sum().backward()
    return tape.recording


def ours(recording: ag.Recording, folder: Path) -> dict[str, float]:
    seconds: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        begin = time.perf_counter()
        result = work()
        seconds[name] = time.perf_counter() - begin
        return result

    view = timed("view", lambda: viz.graph(recording))
    page = folder / "graph.html"
    timed("page", lambda: view.save(page))
    everything = viz.scene(viz.unroll(viz.expand(view)))
    sizes = dict.fromkeys((card.key for card in everything.cards), (90.0, 40.0))
    timed("layout", lambda: layout(everything, sizes))
    return seconds | {"MB": page.stat().st_size / 1e6}


def torchviz(nodes: int, limit: float, folder: Path) -> dict[str, float]:
    """torchviz on the same stack; NaN for what it does not finish."""
    import torch  # noqa: PLC0415  (an oracle; the benchmark runs without it)
    from torchviz import make_dot  # noqa: PLC0415

    weights = [torch.eye(2, requires_grad=True) for _ in range(max(1, nodes // 3))]
    x = torch.ones(1, 2)
    for w in weights:
        x = torch.tanh(x @ w)
    begin = time.perf_counter()
    try:
        source = make_dot(x.sum()).source
    except RecursionError:
        return {"make_dot": float("nan"), "svg": float("nan")}
    made = time.perf_counter() - begin
    begin = time.perf_counter()
    try:
        render(source, "svg", nodes=nodes, time_limit=limit)
    except (viz.DrawingError, subprocess.SubprocessError):
        return {"make_dot": made, "svg": float("nan")}
    return {"make_dot": made, "svg": time.perf_counter() - begin}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--most", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds that Graphviz may take")
    arguments = parser.parse_args()
    names = ("view", "page", "view+page", "layout", "MB", "make_dot", "svg", "ratio")
    print("nodes".rjust(8), *(name.rjust(10) for name in names))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for nodes in (10**k for k in range(2, 6)):
            if nodes > arguments.most:
                break
            recording = recorded(nodes)
            runs: list[dict[str, float]] = []
            for round_number in range(arguments.rounds):
                run = ours(recording, folder)
                run["view+page"] = run["view"] + run["page"]
                if round_number == 0 or runs[0]["svg"] == runs[0]["svg"]:  # what failed once fails again
                    run |= _theirs(nodes, arguments.limit, folder)
                else:
                    run |= {"make_dot": runs[0]["make_dot"], "svg": float("nan")}
                run["ratio"] = run["view+page"] / (run["make_dot"] + run["svg"])
                runs.append(run)
            medians = (statistics.median(run[name] for run in runs) for name in names)
            print(f"{nodes:8,}", *(f"{median:10.3f}" for median in medians), flush=True)


def _theirs(nodes: int, limit: float, folder: Path) -> dict[str, float]:
    try:
        return torchviz(nodes, limit, folder)
    except ImportError:
        return {"make_dot": float("nan"), "svg": float("nan")}


if __name__ == "__main__":
    main()
