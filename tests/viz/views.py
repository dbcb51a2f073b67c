"""Random views for properties, with groups that nest, knots between them, and every state of open and closed."""

from __future__ import annotations

from hypothesis import strategies as st

from autograd.watching import Line, Summary
from viz.graphs.view import Check, EdgeView, GraphView, GroupView, NodeView, Overlay

NUMBERS = st.floats(width=32) | st.just(0.0)


INF, NAN = float("inf"), float("nan")
SUMMARIES = st.sampled_from([
    Summary((), "float32", 4, 1.5, 1.5, 1.5, 1.5, 0, 1.5),
    Summary((), "float32", 4, None, None, None, None, 1, -INF),
    Summary((2,), "complex64", 16, 0.0, 5.0, 2.5, 5.0, 1, [complex(3, NAN), complex(0, -4)]),
    Summary((2,), "bool", 2, 0.0, 1.0, 0.5, 1.0, 0, [True, False]),
    Summary((300, 4), "float64", 9600, -1.0, 2.0, INF, INF, 3, None),
])  # fmt: skip


@st.composite
def views(draw, most: int = 12, facts: bool = False) -> GraphView:
    """A view of up to ``most`` nodes; with ``facts``, of half as many, every field of a node can hold something."""
    most = most // 2 if facts else most
    count = draw(st.integers(1, most))
    groups = []
    for i in range(draw(st.integers(0, 4))):
        parent = draw(st.none() | st.integers(0, i - 1)) if i else None
        groups.append(GroupView(i, draw(st.sampled_from(["module", "scope"])), f"g{i}", f"a.g{i}", "Block", parent))
    members = st.none() | st.integers(0, len(groups) - 1) if groups else st.none()
    nodes, edges = [], []
    for i in range(count):
        fan_in = draw(st.integers(0, min(3, i)))
        sources = [draw(st.integers(0, i - 1)) for _ in range(fan_in)]
        leaf = draw(st.sampled_from(["parameter", "input", "constant"]))
        more = draw(_facts()) if facts else {}
        kind, op = ("op", "add") if sources else (leaf, None)
        nodes.append(NodeView(i, kind, op, "elementwise", name=f"n{i}", shape=(2, 3), group=draw(members), **more))
        edges += [EdgeView(source, i, slot, "x", ordered=True) for slot, source in enumerate(sources)]
    closed = draw(st.frozensets(st.integers(0, len(groups) - 1))) if groups else frozenset()
    overlay = None
    if facts and draw(st.booleans()):
        scale = draw(st.sampled_from(["linear", "log", "category", "flag"]))
        values = {"category": st.sampled_from(["inf", "a"]), "flag": st.booleans()}.get(scale, NUMBERS)
        drawn = tuple(draw(st.none() | values) for _ in nodes)
        overlay = Overlay("x", "an x", drawn, scale, "mixed" if scale == "category" else "max", "B")
    marked = draw(st.frozensets(st.integers(0, count - 1)))
    lines = (Line("train.py", 3, "main"),) if facts else ()
    return GraphView(
        tuple(nodes), tuple(edges), draw(st.none() | st.text()), tuple(groups), lines,
        closed=closed, overlay=overlay, marked=marked,
    )  # fmt: skip


@st.composite
def _facts(draw) -> dict:
    return {
        "value": draw(st.none() | SUMMARIES),
        "gradient": draw(st.none() | SUMMARIES),
        "params": draw(st.sampled_from([(), (("axis", "1"), ("eps", "1e-5"))])),
        "line": draw(st.none() | st.just(0)),
        "flops": draw(st.none() | st.integers(0, 10**15)),
        "seconds": draw(st.none() | st.floats(0, 10)),
        "check": draw(st.none() | st.just(Check(1.0, float("nan"), False))),
    }


def chain(count: int, group_of: int | None = None) -> GraphView:
    """``count`` ops in a row, each with a parameter and every tenth with a skip; in groups of so many nodes."""
    nodes = [NodeView(0, "input", name="x", shape=(4,), dtype="float32")]
    edges = []
    last, skip = 0, 0
    for i in range(count):
        group = None if group_of is None else (len(nodes) - 1) // group_of
        weight = len(nodes)
        nodes.append(NodeView(weight, "parameter", name=f"{i}.weight", shape=(4, 4), dtype="float32", group=group))
        nodes.append(
            NodeView(
                weight + 1,
                "op",
                "linear",
                "contraction",
                shape=(4,),
                dtype="float32",
                group=group,
                seconds=1e-6 * (i + 1),
            )
        )
        edges += [EdgeView(last, weight + 1, 0, "x", True), EdgeView(weight, weight + 1, 1, "weight", True)]
        last = weight + 1
        if i % 10 == 9:
            edges.append(EdgeView(skip, last, 2, "skip", True))
            skip = last
    groups = (
        ()
        if group_of is None
        else tuple(
            GroupView(g, "module", str(g), f"layers.{g}", "Layer") for g in range((len(nodes) - 1) // group_of + 1)
        )
    )
    return GraphView(tuple(nodes), tuple(edges), groups=groups)
