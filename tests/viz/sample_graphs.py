"""Views to test drawings with: a small network, random nested graphs, and a large one."""

from __future__ import annotations

import random
from itertools import pairwise

from autograd.watching import Line, summarize
from viz.graphs.view import EdgeView, GraphView, GroupView, NodeView, Overlay

OPS = [("linear", "contraction"), ("relu", "elementwise"), ("sum", "reduction"), ("reshape", "view")]


def network() -> GraphView:
    """x -> [lin -> relu] -> loss with a skip, values and gradients, in a module in a module."""
    value, gradient = summarize([[1.5, -2.0], [0.0, 0.25]]), summarize([[0.5, 0.0], [-1.0, 2.0]])
    nodes = (
        NodeView(0, "input", name="x", shape=(2, 2), dtype="float32", value=value),
        NodeView(1, "parameter", name="body.lin.weight", shape=(2, 2), dtype="float32", group=1, value=value, gradient=gradient, nbytes=16),
        NodeView(2, "op", "linear", "contraction", None, (2, 2), "float32", 2, (), 1, 0, value, gradient, 48, 8, 5e-4, 16),
        NodeView(3, "op", "relu", "elementwise", None, (2, 2), "float32", 3, (), 0, 0, value, None, 32, 4, 1e-4, 4),
        NodeView(4, "op", "subtract", "elementwise", None, (2, 2), "float64", 4, (), None, 1, value, gradient, 48, 4, 1e-5),
        NodeView(5, "output", "mean", "reduction", "loss", (), "float32", 5, (("axis", "None"),), None, 1, summarize(2.5), summarize(1.0), 20, 4, 2e-5),
    )  # fmt: skip
    edges = (
        EdgeView(0, 2, 0, "x", True), EdgeView(1, 2, 1, "weight", True), EdgeView(2, 3, 0, "x"),
        EdgeView(3, 4, 0, "a", True), EdgeView(0, 4, 1, "b", True), EdgeView(4, 5, 0, "x"),
    )  # fmt: skip
    groups = (
        GroupView(0, "module", "body", "body", "Sequential"),
        GroupView(1, "module", "lin", "body.lin", "Linear", parent=0),
    )
    lines = (Line("/models/net.py", 12, "forward"), Line("/models/net.py", 30, "loss"))
    return GraphView(nodes, edges, "A small network", groups, lines)


def random_view(seed: int) -> GraphView:
    """A nested graph with folds and loops whose repetitions are alike, some groups closed and some rolled."""
    draw = random.Random(seed)
    nodes: list[NodeView] = []
    edges: list[EdgeView] = []
    groups: list[GroupView] = []

    def node(group: int | None, sources: list[int], look: int) -> None:
        op, kind = OPS[look % len(OPS)]
        leaf = not sources
        i = len(nodes)
        nodes.append(
            NodeView(
                i, ("parameter" if look % 2 else "input") if leaf else "op", None if leaf else op, None if leaf else kind,
                shape=(look % 3,), dtype="float64" if look == 5 else "float32", group=group,
                nbytes=look or None, flops=None if leaf else look * 10, seconds=look * 0.001 if look > 2 else None,
            )
        )  # fmt: skip
        edges.extend(EdgeView(s, i, slot, f"a{slot}", look % 2 == 0, look % 2) for slot, s in enumerate(sources))

    def body(group: int | None, plan: random.Random, depth: int) -> None:
        for _ in range(plan.randint(1, 4)):
            kind = plan.random()
            if depth < 3 and kind < 0.25:
                groups.append(GroupView(len(groups), "module", f"m{len(groups)}", parent=group))
                body(len(groups) - 1, plan, depth + 1)
            elif depth < 2 and kind < 0.45:
                count, inner = plan.randint(2, 4), plan.randint(0, 10**6)
                outer = len(groups)
                groups.append(GroupView(outer, "loop", "step", parent=group, count=count))
                for k in range(count):
                    groups.append(GroupView(len(groups), "repetition", str(k), parent=outer))
                    body(len(groups) - 1, random.Random(inner), depth + 1)
            else:
                reach = min(len(nodes), 6)
                back = sorted({plan.randint(1, 6) for _ in range(plan.randint(0, 3))})
                node(group, [len(nodes) - min(b, reach) for b in back if reach], plan.randint(0, 6))

    for _ in range(3):
        body(None, draw, 0)
    closed = frozenset(g.id for g in groups if draw.random() < 0.3)
    rolled = frozenset(g.id for g in groups if g.kind == "loop" and draw.random() < 0.6)
    overlay = None
    if draw.random() < 0.7:
        total = draw.choice(["sum", "max", "mixed"])
        values = [
            None if draw.random() < 0.3 else draw.choice("abc") if total == "mixed" else draw.random() for _ in nodes
        ]
        overlay = Overlay("some", "some", tuple(values), "category" if total == "mixed" else "linear", total)
    marked = frozenset(draw.sample(range(len(nodes)), min(2, len(nodes))))
    return GraphView(
        tuple(nodes), tuple(edges), None, tuple(groups), closed=closed, rolled=rolled, overlay=overlay, marked=marked
    )


def chain(count: int, group: int | None = None) -> GraphView:
    """A chain of ``count`` nodes with short cuts; with ``group``, in groups of so many in groups of so many."""
    groups: list[GroupView] = []
    nodes, edges = [], []
    for i in range(count):
        inner = None
        if group:
            if i % (group * group) == 0:
                outer = len(groups)
                groups.append(GroupView(outer, "module", f"stage{i // (group * group)}"))
            if i % group == 0:
                groups.append(GroupView(len(groups), "segment", f"part{i // group}", parent=outer))
            inner = len(groups) - 1
        op, kind = OPS[i % 4]
        nodes.append(
            NodeView(i, "op" if i else "input", op if i else None, kind if i else None, shape=(8, 8), dtype="float32", seq=i, group=inner, flops=i)
        )  # fmt: skip
    edges = [EdgeView(a, b, 0) for a, b in pairwise(range(count))]
    edges += [EdgeView(i - 11, i, 1) for i in range(21, count, 7)]
    edges.sort(key=lambda edge: (edge.target, edge.slot))
    return GraphView(tuple(nodes), tuple(edges), f"A chain of {count:,}", tuple(groups))
