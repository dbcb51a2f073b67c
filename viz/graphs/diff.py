"""Two graphs or two runs side by side: what came, what went, and the first node at which they part.

Useful before and after a change, for float32 against float16, and for one device against another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Literal

import numpy as np

from autograd.errors import ArgumentError
from autograd.watching import Summary
from viz.graphs.graph import graph
from viz.graphs.subview import without_state
from viz.graphs.view import EdgeView, GraphView, NodeView, Overlay
from viz.graphs.wording import number_text, shape_text

__all__ = ["GraphDiff", "diff"]

_FEW = 300  # edits up to which the alignment is exact
_QUADRATIC = 4_000_000  # comparisons that the alignment of graphs with more edits may take

# How far two results of one formula may be apart, relative to their largest element, when the coarser of the two was
# computed in this dtype: some tens of roundings. (Machine epsilon: 7.8e-3, 9.8e-4, 1.2e-7, 2.2e-16.)
TOLERANCES = {
    "bfloat16": 1e-1,
    "float16": 2e-2,
    "float32": 1e-4,
    "float64": 1e-9,
    "complex64": 1e-4,
    "complex128": 1e-9,
}


@dataclass(frozen=True)
class GraphDiff:
    """What :func:`diff` found.

    ``a``, ``b``   the two views
    ``pairs``      nodes that correspond, as ids in ``a`` and ``b``, in the order of the tape
    ``removed``, ``added``  nodes of ``a`` without a counterpart in ``b``, and of ``b`` without one in ``a``
    ``rewired``    pairs whose inputs do not correspond
    ``value_differences``, ``gradient_differences``  of each pair, relative to the largest element; None where one of
                   the two is not known, ``inf`` where the shapes differ or one of them is not finite
    ``first_value``      the first pair, in the order of computation, whose values differ by more than the tolerance
    ``first_gradient``   the first pair, in the order of the backward pass, whose gradients do
    ``tolerance``  the number, or None: by the coarser dtype of each pair
    """

    a: GraphView
    b: GraphView
    pairs: tuple[tuple[int, int], ...]
    removed: tuple[int, ...]
    added: tuple[int, ...]
    rewired: tuple[tuple[int, int], ...]
    value_differences: tuple[float | None, ...]
    gradient_differences: tuple[float | None, ...]
    first_value: tuple[int, int] | None
    first_gradient: tuple[int, int] | None
    tolerance: float | None

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.removed or self.added or self.rewired or self.first_value or self.first_gradient)

    def __str__(self) -> str:
        if not self:
            known = sum(d is not None for d in self.value_differences)
            return f"The graphs agree: {len(self.pairs):,} nodes, of which {known:,} were compared by value."
        lines = []
        for word, view, ids in (("removed", self.a, self.removed), ("added", self.b, self.added)):
            if ids:
                lines.append(f"{len(ids):,} {word}: {_listed(view, ids)}")
        if self.rewired:
            lines.append(f"{len(self.rewired):,} with other inputs: {_listed(self.b, [b for _, b in self.rewired])}")
        if self.first_value is not None:
            lines.append(f"The values part at {self._sentence(self.first_value, 'value', self.value_differences)}")
        if self.first_gradient is not None:
            what = self._sentence(self.first_gradient, "gradient", self.gradient_differences)
            lines.append(f"The gradients part, going backward, at {what}")
        return "\n".join(lines)

    def _sentence(self, pair: tuple[int, int], what: str, differences: Sequence[float | None]) -> str:
        one, other = self.a.nodes[pair[0]], self.b.nodes[pair[1]]
        by = differences[self.pairs.index(pair)]
        mine, theirs = getattr(one, what), getattr(other, what)
        if mine is not None and theirs is not None and mine.shape != theirs.shape:
            return f"{_called(self.b, other)}, by shape: {shape_text(mine.shape)} against {shape_text(theirs.shape)}."
        mark: Literal["mean", "norm"] = "norm" if what == "gradient" else "mean"
        text = f"{_called(self.b, other)}: {_told(mine, mark)} against {_told(theirs, mark)}"
        return (
            f"{text}, a relative difference of {number_text(by)}." if by is not None and by < math.inf else f"{text}."
        )

    @property
    def view(self) -> GraphView:
        """Both graphs in one drawing, coloured by what became of each node; where they part is marked."""
        return _merged(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.view._repr_mimebundle_(include, exclude) | {"text/plain": str(self)}


def diff(a: Any, b: Any, *, tolerance: float | None = None) -> GraphDiff:
    """Align two graphs and compare them node by node.

    ``a``, ``b``     views, or whatever :func:`viz.graph` takes alone: recordings, tapes, computed Tensors or Values
    ``tolerance``    how far the values of a pair may be apart, relative to their largest element; by default what the
                     coarser dtype of the two allows

    Nodes correspond by kind, op, name and module, in the order of the tape; dtype, shape and values may differ. Values
    and gradients are compared where both are known: whole where the arrays are small, else by minimum, maximum, mean
    and norm. Raises ArgumentError for a negative tolerance.
    """
    if tolerance is not None and not tolerance >= 0:
        raise ArgumentError(f"diff: tolerance is {tolerance}; it must be 0 or more.")
    one, other = (without_state(x if isinstance(x, GraphView) else graph(x, roll=False)) for x in (a, b))
    pairs, removed, added = _aligned(one, other)
    value_differences = tuple(_difference(one.nodes[i].value, other.nodes[j].value) for i, j in pairs)
    gradient_differences = tuple(_difference(one.nodes[i].gradient, other.nodes[j].gradient) for i, j in pairs)

    def parts(k: int, differences: Sequence[float | None]) -> bool:
        by = differences[k]
        return by is not None and not by <= _allowed(one, other, pairs[k], tolerance)

    order = range(len(pairs))
    return GraphDiff(
        one, other, pairs, removed, added, _rewired(one, other, pairs), value_differences, gradient_differences,
        next((pairs[k] for k in order if parts(k, value_differences)), None),
        next((pairs[k] for k in reversed(order) if parts(k, gradient_differences)), None),
        tolerance,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------- aligning


def _aligned(a: GraphView, b: GraphView) -> tuple[tuple[tuple[int, int], ...], tuple[int, ...], tuple[int, ...]]:
    """The longest common subsequence of the two tapes, about; and what is left of each."""
    tokens: dict[Any, int] = {}
    paths = bool(a.groups and b.groups)  # what a Tensor remembers knows no modules
    rows = [[tokens.setdefault(_token(view, node, paths), len(tokens)) for node in view.nodes] for view in (a, b)]
    pairs: list[tuple[int, int]] = []
    for i, j, length in _matching(*rows):
        pairs += zip(range(i, i + length), range(j, j + length), strict=True)
    ours, theirs = {i for i, _ in pairs}, {j for _, j in pairs}
    return (
        tuple(pairs),
        tuple(i for i in range(len(a.nodes)) if i not in ours),
        tuple(j for j in range(len(b.nodes)) if j not in theirs),
    )


def _token(view: GraphView, node: NodeView, paths: bool) -> tuple[Any, ...]:
    path = None if node.group is None or not paths else view.groups[node.group].path
    kind = "op" if node.kind == "output" else node.kind
    name = node.name if node.kind != "constant" else None  # the number may be what changed
    return kind, node.op, name, path


def _matching(a: list[int], b: list[int]) -> Iterator[tuple[int, int, int]]:
    """Blocks that are equal. The ends are compared first: two long tapes mostly differ in one place."""
    most = min(len(a), len(b))
    head = next((k for k in range(most) if a[k] != b[k]), most)
    tail = next((k for k in range(most - head) if a[-1 - k] != b[-1 - k]), most - head)
    if head:
        yield 0, 0, head
    middle_a, middle_b = a[head : len(a) - tail], b[head : len(b) - tail]
    if middle_a and middle_b:
        blocks = _few_edits(middle_a, middle_b)
        if blocks is None:  # quadratic where tokens are few, so of long tapes the frequent ones are passed over
            long = len(middle_a) * len(middle_b) > _QUADRATIC
            matches = SequenceMatcher(None, middle_a, middle_b, autojunk=long).get_matching_blocks()
            blocks = [(match.a, match.b, match.size) for match in matches]
        for i, j, length in blocks:
            if length:
                yield head + i, head + j, length
    if tail:
        yield len(a) - tail, len(b) - tail, tail


def _few_edits(a: list[int], b: list[int]) -> list[tuple[int, int, int]] | None:
    """The blocks of a longest common subsequence, where few items came or went; None where more than some hundreds did.

    Myers, An O(ND) difference algorithm and its variations, Algorithmica 1 (1986).
    """
    furthest = {1: 0}  # of each diagonal k = i - j how far along a the paths of so many edits come
    trace: list[dict[int, int]] = []
    for edits in range(min(len(a) + len(b), _FEW) + 1):
        for k in range(-edits, edits + 1, 2):
            down = k == -edits or (k != edits and furthest[k - 1] < furthest[k + 1])
            i = furthest[k + 1] if down else furthest[k - 1] + 1
            while i < len(a) and 0 <= i - k < len(b) and a[i] == b[i - k]:
                i += 1
            furthest[k] = i
            if i >= len(a) and i - k >= len(b):
                return _blocks_of(trace, len(a), len(b))
        trace.append({k: furthest[k] for k in range(-edits, edits + 1, 2)})
    return None


def _blocks_of(trace: list[dict[int, int]], i: int, j: int) -> list[tuple[int, int, int]]:
    """The way back along the furthest paths of fewer and fewer edits."""
    blocks: list[tuple[int, int, int]] = []
    for before in reversed(trace):
        edits = max(before) + 1
        k = i - j
        down = k == -edits or (k != edits and before[k - 1] < before[k + 1])
        start = before[k + 1] if down else before[k - 1] + 1
        blocks.append((start, start - k, i - start))
        i = start if down else start - 1
        j = i - (k + 1 if down else k - 1)
    return [(0, 0, i), *reversed(blocks)]


def _rewired(a: GraphView, b: GraphView, pairs: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The pairs whose inputs do not correspond, where the inputs of both have counterparts."""
    counterpart = dict(pairs)
    known = set(counterpart.values())
    inputs: tuple[dict[int, set[Any]], dict[int, set[Any]]] = ({}, {})
    for edge in a.edges:
        if edge.source in counterpart and edge.target in counterpart:
            inputs[0].setdefault(counterpart[edge.target], set()).add((counterpart[edge.source], edge.slot, edge.kind))
    for edge in b.edges:
        if edge.source in known and edge.target in known:
            inputs[1].setdefault(edge.target, set()).add((edge.source, edge.slot, edge.kind))
    return tuple((i, j) for i, j in pairs if inputs[0].get(j) != inputs[1].get(j))


# ------------------------------------------------------------------------------------------------ comparing


def _difference(a: Summary | None, b: Summary | None) -> float | None:
    """How far two values are apart, relative to the largest element of either."""
    if a is None or b is None:
        return None
    if a.shape != b.shape or a.nonfinite != b.nonfinite:
        return math.inf
    if a.data is not None and b.data is not None:
        return _difference_of_elements(a.data, b.data)
    if a.minimum is None or b.minimum is None or a.maximum is None or b.maximum is None:
        return 0.0 if (a.minimum is None) == (b.minimum is None) else math.inf
    scale = max(abs(x) for x in (a.minimum, a.maximum, b.minimum, b.maximum))
    if scale == 0:
        return 0.0
    count = math.sqrt(max(1, math.prod(a.shape)))
    marks = [(x.minimum, x.maximum, x.mean, None if x.norm is None else x.norm / count) for x in (a, b)]
    return max(abs(x - y) for x, y in zip(*marks, strict=True) if x is not None and y is not None) / scale


def _difference_of_elements(a: Any, b: Any) -> float:
    """The same of arrays that are known whole: what is not finite must be the same, and at the same places."""
    x, y = (np.asarray(data, np.complex128) for data in (a, b))
    finite = np.isfinite(x)
    parts = ((x.real, y.real), (x.imag, y.imag))
    if (
        not all(np.array_equal(p[~finite], q[~finite], equal_nan=True) for p, q in parts)
        or not np.isfinite(y[finite]).all()
    ):
        return math.inf
    scale = np.max(np.abs([x[finite], y[finite]]), initial=0.0)
    return float(np.max(np.abs(x[finite] - y[finite]), initial=0.0) / scale) if scale else 0.0


def _allowed(a: GraphView, b: GraphView, pair: tuple[int, int], tolerance: float | None) -> float:
    if tolerance is not None:
        return tolerance
    dtypes = (a.nodes[pair[0]].dtype, b.nodes[pair[1]].dtype)
    return max(TOLERANCES.get(dtype or "float64", 0.0) for dtype in dtypes)


# -------------------------------------------------------------------------------------------------- telling


def _called(view: GraphView, node: NodeView) -> str:
    path = "" if node.group is None else view.groups[node.group].path
    return f"{node.label}{f' {node.name}' if node.op and node.name else ''}{f' in {path}' if path else ''}"


def _listed(view: GraphView, ids: Sequence[int]) -> str:
    names = [_called(view, view.nodes[i]) for i in ids[:5]]
    return ", ".join(names) + (", ..." if len(ids) > 5 else "")


def _told(value: Summary | None, mark: Literal["mean", "norm"]) -> str:
    if value is None:
        return "not known"
    if value.shape == () and value.data is not None:
        return f"{value.data} ({value.dtype})"
    if value.data is not None and math.prod(value.shape) <= 4:
        return f"{value.data} ({shape_text(value.shape)} {value.dtype})"
    size = getattr(value, mark)
    size = "" if size is None else f", {mark} {number_text(size)}"
    bad = f", {value.nonfinite:,} not finite" if value.nonfinite else ""
    return f"{shape_text(value.shape)} {value.dtype}{size}{bad}"


# ------------------------------------------------------------------------------------------------- merging


def _merged(found: GraphDiff) -> GraphView:
    """The nodes of both: those of ``b``, and where they stood those of ``a`` that went."""
    a, b = found.a, found.b
    partner = {j: i for i, j in found.pairs}
    group_of_path = {group.path: group.id for group in reversed(b.groups)}
    nodes: list[NodeView] = []
    words: list[str] = []
    from_a: dict[int, int] = {}
    from_b: dict[int, int] = {}
    differs = {j for k, (_, j) in enumerate(found.pairs) if _parts(found, k)}
    first = {pair[1] for pair in (found.first_value, found.first_gradient) if pair is not None}

    def put_removed(before: int) -> None:
        for i in found.removed:
            if i < before and i not in from_a:
                group = None if a.nodes[i].group is None else group_of_path.get(a.groups[a.nodes[i].group or 0].path)
                from_a[i] = len(nodes)
                nodes.append(replace(a.nodes[i], id=len(nodes), group=group, origin=None, line=None))
                words.append("removed")

    for node in b.nodes:
        if node.id in partner:
            put_removed(partner[node.id])
            from_a[partner[node.id]] = len(nodes)
            words.append("first to differ" if node.id in first else "differs" if node.id in differs else "the same")
        else:
            words.append("added")
        from_b[node.id] = len(nodes)
        nodes.append(replace(node, id=len(nodes), origin=None))
    put_removed(len(a.nodes))
    gone = set(found.removed)
    edges: list[EdgeView] = [replace(e, source=from_b[e.source], target=from_b[e.target]) for e in b.edges]
    edges += [
        replace(e, source=from_a[e.source], target=from_a[e.target])
        for e in a.edges
        if e.source in gone or e.target in gone
    ]
    overlay = Overlay("diff", "what became of it", tuple(words), "category", "mixed")
    marked = frozenset(from_b[j] for j in first)
    return GraphView(tuple(nodes), tuple(edges), b.title, b.groups, b.lines, overlay=overlay, marked=marked)


def _parts(found: GraphDiff, k: int) -> bool:
    allowed = _allowed(found.a, found.b, found.pairs[k], found.tolerance)
    by = (found.value_differences[k], found.gradient_differences[k])
    return any(d is not None and not d <= allowed for d in by)
