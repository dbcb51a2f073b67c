"""A computation graph as frozen data: what transforms rewrite, what a layout places and what an exporter draws.

A view holds the whole graph, whatever is folded away on the drawing: which groups are closed or rolled is a state of
the view, so closing a group and opening it again gives the same view. :func:`viz.scene` says what is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Unpack

from autograd.errors import ArgumentError
from autograd.watching import Line, Summary
from viz.drawing import export
from viz.drawing.dot import dot_text
from viz.drawing.export import DrawingOptions, WordingOptions
from viz.drawing.graph_json import graph_from_json, graph_json
from viz.drawing.layout import Direction
from viz.drawing.mermaid import mermaid_text
from viz.drawing.networkx_graph import networkx_graph
from viz.graphs.frozen import quick
from viz.graphs.scene import scene
from viz.graphs.wording import number_text
from viz.programs.program import Program

__all__ = [
    "Check", "Contribution", "EdgeKind", "EdgeView", "GraphView", "GroupKind", "GroupView", "NodeKind", "NodeView",
    "Overlay", "Shape", "Step",
]  # fmt: skip

NodeKind = Literal["parameter", "input", "constant", "op", "output", "backward", "gradient"]
EdgeKind = Literal["data", "gradient", "link"]
GroupKind = Literal["module", "scope", "fold", "loop", "repetition", "segment", "backward"]
Shape = tuple[int, ...] | tuple[tuple[int, ...], ...]
"""The shape of a value, or a tuple of them for an op with several outputs."""

_IN_A_CELL = "max-width: 100%; height: auto"
_MOST_CARDS_IN_A_CELL = 3000


@dataclass(frozen=True, slots=True)
class Check:
    """A gradient beside its finite difference: the slope along one direction, by the engine and by differences.

    ``agrees`` is None where nothing can be said; ``note`` tells why. The slopes are None where they were not computed.
    """

    analytic: float | None
    numeric: float | None
    agrees: bool | None
    note: str = ""

    @property
    def sign(self) -> str:
        """✓, ✗, or – where nothing can be said."""
        return "–" if self.agrees is None else "✓" if self.agrees else "✗"

    @property
    def words(self) -> str:
        """What finite differences say, and the two numbers."""
        if self.analytic is None or self.numeric is None:
            return f"not checked: {self.note}"
        verdict = "agree" if self.agrees else "disagree" if self.agrees is False else f"see {self.note}"
        return f"finite differences {verdict}: {number_text(self.numeric)} against {number_text(self.analytic)}"


@quick
@dataclass(frozen=True, slots=True)
class NodeView:
    """One value of the graph and the op that made it.

    ``id``             the position of the node in the view, in tape order
    ``kind``           ``"parameter"``, ``"input"`` and ``"constant"`` are leaves, ``"output"`` is the value that was
                       asked for; ``"backward"`` is the backward pass through an op, ``"gradient"`` where it ends
    ``op``, ``op_kind``  the primitive's name and kind (``"elementwise"``, ``"contraction"``, ...); None for a leaf
    ``name``           the user's name for the value, such as its name in the ``state_dict``
    ``shape``, ``dtype``  of the value; None for a constant, of which the tape keeps nothing, and for a scalar Value
    ``seq``            the creation number on the tape; the copies of one parameter share it; None for a constant
    ``params``         the static arguments of the op, as text: ``(("axis", "1"),)``
    ``group``          the innermost group that the node belongs to
    ``line``           the source line that recorded it: a place in the view's ``lines``
    ``value``, ``gradient``  what is known of them; a gradient of None was not computed, which is not 0. Of a backward
                       node the value is the gradient that comes in
    ``nbytes``, ``flops``, ``seconds``  what the op read and wrote, computed and took; None where nothing measured it
    ``saved``          bytes that the op keeps for backward
    ``origin``         of a backward node, or an op recorded by a backward rule: the node that it goes back through
    ``event``          the number of the op event in the Recording that the view was made of
    ``check``          what finite differences say of the gradient
    """

    id: int
    kind: NodeKind
    op: str | None = None
    op_kind: str | None = None
    name: str | None = None
    shape: Shape | None = None
    dtype: str | None = None
    seq: int | None = None
    params: tuple[tuple[str, str], ...] = ()
    group: int | None = None
    line: int | None = None
    value: Summary | None = None
    gradient: Summary | None = None
    nbytes: int | None = None
    flops: int | None = None
    seconds: float | None = None
    saved: int | None = None
    origin: int | None = None
    event: int | None = None
    check: Check | None = None

    @property
    def label(self) -> str:
        """The one word for this node: the op's name, or the leaf's name, or its kind."""
        return self.op or self.name or self.kind

    def at(self, id: int, group: int | None, origin: int | None = None) -> NodeView:
        """The same node in another place. (As ``dataclasses.replace``, in a third of the time: views are large.)"""
        return NodeView(
            id, self.kind, self.op, self.op_kind, self.name, self.shape, self.dtype, self.seq, self.params, group,
            self.line, self.value, self.gradient, self.nbytes, self.flops, self.seconds, self.saved, origin, self.event,
            self.check,
        )  # fmt: skip


@quick
@dataclass(frozen=True, slots=True)
class EdgeView:
    """The value of ``source`` goes into argument number ``slot`` of ``target``.

    ``argument`` is that argument's name; ``ordered`` tells whether it matters which argument it is (``a - b``) or not
    (``a + b``, or a single argument). ``output`` is which of several outputs of the source it is. An edge of kind
    ``"gradient"`` carries the contribution ``value``; one of kind ``"link"`` joins an op to its backward pass.
    """

    source: int
    target: int
    slot: int
    argument: str = ""
    ordered: bool = False
    output: int = 0
    kind: EdgeKind = "data"
    value: Summary | None = None

    def between(self, source: int, target: int) -> EdgeView:
        """The same edge between two other nodes."""
        return EdgeView(source, target, self.slot, self.argument, self.ordered, self.output, self.kind, self.value)


@quick
@dataclass(frozen=True, slots=True)
class GroupView:
    """Nodes that belong together, such as those of one call of a module.

    ``id``      the position in the view's ``groups``; that of the ``parent`` is smaller
    ``kind``    ``"module"`` and ``"scope"`` come from the program. ``"fold"`` (identical blocks) and ``"loop"`` (steps
                of a loop) hold ``count`` groups that are alike, in order: ``"module"`` or ``"repetition"``.
                ``"segment"`` is a stretch of a long tape, ``"backward"`` the backward pass through a group
    ``label``   what to call it: ``"attn"``, ``"Block"``
    ``path``    the dotted name of the module or scope, ``"blocks.3.attn"``
    ``module``  the class of the module; empty for any other kind
    """

    id: int
    kind: GroupKind
    label: str
    path: str = ""
    module: str = ""
    parent: int | None = None
    count: int = 1

    def at(self, id: int, parent: int | None) -> GroupView:
        """The same group in another place."""
        return GroupView(id, self.kind, self.label, self.path, self.module, parent, self.count)


@quick
@dataclass(frozen=True, slots=True)
class Contribution:
    """What one backward step gives to the node ``node`` along argument ``slot``, and what had arrived there before and
    after it; ``before`` is None where nothing had."""

    node: int | None
    slot: int
    gradient: Summary
    before: Summary | None
    after: Summary

    def at(self, node: int | None) -> Contribution:
        """The same contribution to another node."""
        return Contribution(node, self.slot, self.gradient, self.before, self.after)


@quick
@dataclass(frozen=True, slots=True)
class Step:
    """One step of the backward pass: through ``node``, whose gradient ``incoming`` is complete by then."""

    node: int
    incoming: Summary
    contributions: tuple[Contribution, ...]
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Overlay:
    """A quantity to colour the cards by, with a value (or None: not known) for each node of the view.

    ``scale``  ``"linear"`` or ``"log"`` for numbers, ``"category"`` for texts, ``"flag"`` for True and False
    ``total``  how the values of several nodes make that of the card that stands for them all: ``"sum"``, ``"max"`` or,
               for texts, ``"mixed"``
    ``unit``   ``"s"``, ``"B"``, ``"FLOP"`` or empty
    """

    name: str
    label: str
    values: tuple[float | str | bool | None, ...]
    scale: Literal["linear", "log", "category", "flag"] = "log"
    total: Literal["sum", "max", "mixed"] = "sum"
    unit: str = ""


@dataclass(frozen=True, repr=False)
class GraphView:
    """A directed acyclic graph of values; made by :func:`viz.graph`, drawn by its ``to_`` methods.

    ``nodes[i].id == i`` and ``groups[i].id == i``; every edge goes from a smaller id to a larger one. Raises
    ArgumentError otherwise.

    ``groups``   the hierarchy; ``closed`` are those drawn as one card, ``rolled`` the folds and loops of which the
                 first repetition stands for all
    ``lines``    source lines, each once
    ``steps``    the backward pass, in order, where it was recorded
    ``overlay``  what the cards are coloured by, instead of the kind of op
    ``marked``   nodes to point out
    ``program``  the arithmetic behind it, by which a page computes it again with other numbers
    ``values``   whether the cards tell the values and gradients that are known
    """

    nodes: tuple[NodeView, ...]
    edges: tuple[EdgeView, ...]
    title: str | None = None
    groups: tuple[GroupView, ...] = ()
    lines: tuple[Line, ...] = ()
    steps: tuple[Step, ...] = ()
    closed: frozenset[int] = frozenset()
    rolled: frozenset[int] = frozenset()
    overlay: Overlay | None = None
    marked: frozenset[int] = frozenset()
    program: Program | None = None
    values: bool = True

    def __post_init__(self) -> None:
        # Views are large and made often: what is right is seen at one glance, and only what is wrong is looked for.
        if [node.id for node in self.nodes] != list(range(len(self.nodes))):
            i, node = next((i, node) for i, node in enumerate(self.nodes) if node.id != i)
            raise ArgumentError(f"GraphView: node number {i} has id {node.id}. Number the nodes from 0 in tape order.")
        in_use = {node.group for node in self.nodes if node.group is not None}
        if in_use and not 0 <= min(in_use) <= max(in_use) < len(self.groups):
            node = next(n for n in self.nodes if n.group is not None and not 0 <= n.group < len(self.groups))
            raise ArgumentError(f"GraphView: node {node.id} is in group {node.group} of {len(self.groups)} groups.")
        count = len(self.nodes)
        for edge in self.edges:
            if not 0 <= edge.source < edge.target < count:
                raise ArgumentError(
                    f"GraphView: edge {edge.source} -> {edge.target} in a view of {count} nodes. "
                    "An edge joins two nodes of the view and goes from the smaller id to the larger."
                )
        for i, group in enumerate(self.groups):
            if group.id != i or not (group.parent is None or 0 <= group.parent < i):
                raise ArgumentError(
                    f"GraphView: group number {i} has id {group.id} and parent {group.parent}. Number the groups from "
                    "0, a parent before its children."
                )
        for name in ("closed", "rolled"):
            if unknown := sorted(g for g in getattr(self, name) if not 0 <= g < len(self.groups)):
                raise ArgumentError(f"GraphView: {name} names group {unknown[0]} of {len(self.groups)} groups.")
        sizes = self._sizes() if self.rolled else []
        for rolled in self.rolled:
            alike = {sizes[group] for group in self.children[rolled]}
            if len(alike) != 1:
                raise ArgumentError(
                    f"GraphView: group {rolled} is rolled, but its repetitions have {sorted(alike) or 'no'} nodes. "
                    "Repetitions must be alike, node by node."
                )

    def _sizes(self) -> list[int]:
        """Of each group the number of nodes in it and in the groups inside it."""
        sizes = [0] * len(self.groups)
        for node in self.nodes:
            if node.group is not None:
                sizes[node.group] += 1
        for group in reversed(self.groups):
            if group.parent is not None:
                sizes[group.parent] += sizes[group.id]
        return sizes

    def __repr__(self) -> str:
        title = f"{self.title!r}: " if self.title else ""
        groups = f", {len(self.groups)} groups" if self.groups else ""
        return f"<GraphView {title}{len(self.nodes)} nodes, {len(self.edges)} edges{groups}>"

    @cached_property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """Of each group the nodes in it and in the groups inside it, in tape order."""
        found: list[list[int]] = [[] for _ in self.groups]
        for node in self.nodes:
            group = node.group
            while group is not None:
                found[group].append(node.id)
                group = self.groups[group].parent
        return tuple(map(tuple, found))

    @cached_property
    def has_gradients(self) -> bool:
        """Whether a backward pass has left something in the view, so that a gradient of None means "not computed"."""
        return bool(self.steps) or any(
            node.gradient is not None or node.kind in ("backward", "gradient") for node in self.nodes
        )

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Of each group the groups right inside it, in order."""
        found: list[list[int]] = [[] for _ in self.groups]
        for group in self.groups:
            if group.parent is not None:
                found[group.parent].append(group.id)
        return tuple(map(tuple, found))

    @cached_property
    def depths(self) -> tuple[int, ...]:
        """Of each group how many groups it is inside of; the repetitions of a fold or loop add none."""
        depths: list[int] = []
        for group in self.groups:
            if group.parent is None:
                depths.append(0)
            else:
                repeated = self.groups[group.parent].kind in ("fold", "loop")
                depths.append(depths[group.parent] + (not repeated))
        return tuple(depths)

    def to_dot(self, *, direction: Direction = "down", legend: bool = True, **options: Unpack[WordingOptions]) -> str:
        """The drawing in the DOT language. Options as in :class:`~viz.drawing.export.DrawingOptions`."""
        return dot_text(self, direction=direction, legend=legend, **options)

    def to_mermaid(self, *, direction: Direction = "down", **options: Unpack[WordingOptions]) -> str:
        """The drawing as a Mermaid flowchart: :func:`viz.drawing.mermaid.mermaid_text`."""
        return mermaid_text(self, direction=direction, **options)

    def to_svg(self, **options: Unpack[DrawingOptions]) -> str:
        """The drawing as one SVG element, legible on a light and on a dark page.

        Cards are calm: name, shape, the values of single numbers. ``details=True`` tells everything that is known of
        values, gradients, bytes, FLOPs and time; without it that shows when the mouse is over a card.
        Options are those of :class:`~viz.drawing.export.DrawingOptions`: ``direction``, ``legend``, ``details``,
        ``edge_shapes``, ``engine`` and ``time_limit``. Only with ``engine="dot"`` it raises
        :class:`~autograd.errors.MissingExtraError` where there is no Graphviz, and :class:`~viz.DrawingError`
        where Graphviz fails or takes longer than ``time_limit`` seconds.
        """
        return export.svg(self, **options)

    def to_png(self, **options: Unpack[DrawingOptions]) -> bytes:
        """The drawing as a PNG picture with a transparent background, at two pixels to the point, or fewer where it
        would have more than :data:`viz.drawing.paint.MOST_PIXELS`. Options as SVG's; MissingExtraError without
        matplotlib."""
        return export.png(self, **options)

    def to_pdf(self, **options: Unpack[DrawingOptions]) -> bytes:
        """The drawing as a PDF of one page of its size. Options and errors as PNG's."""
        return export.pdf(self, **options)

    def to_html(self, *, title: str | None = None) -> str:
        """A page to explore the graph in: one self-contained HTML file that needs no network.

        ``title`` is its heading; by default the view's own.
        """
        return export.html(self, title=title)

    def to_json(self) -> str:
        """The whole graph and its state as JSON, by the schema :func:`viz.graph_schema`."""
        return graph_json(self)

    @staticmethod
    def from_json(text: str) -> GraphView:
        """The view that :meth:`to_json` wrote. Raises ArgumentError for anything else, such as another version."""
        return graph_from_json(text)

    def to_networkx(self, *, flat: bool = False) -> Any:
        """The drawing, or with ``flat`` the whole graph, as a networkx graph (:mod:`viz.drawing.networkx_graph`)."""
        return networkx_graph(self, flat=flat)

    def save(self, path: str | Path, **options: Unpack[DrawingOptions]) -> Path:
        """Write the drawing to ``path``: SVG, PNG, PDF, DOT, Mermaid (.mmd), JSON or an HTML page by its suffix.

        The file appears whole or not at all. Returns the path. Options as :meth:`to_svg`'s. Raises ArgumentError for
        another suffix, and as the ``to_`` methods do.
        """
        return export.save(self, Path(path), **options)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the SVG, unless it would stop the page."""
        if len(scene(self).cards) > _MOST_CARDS_IN_A_CELL:
            hint = "Too large for a notebook: close groups with viz.collapse(), or save('graph.html')."
            return {"text/plain": f"{self!r}\n{hint}"}
        svg = self.to_svg()
        # A cell that is narrower than the drawing would cut its right side off.
        return {"text/plain": repr(self), "image/svg+xml": svg.replace("<svg ", f'<svg style="{_IN_A_CELL}" ', 1)}
