"""A computation graph as frozen data: what transforms rewrite, what a layout places and what an exporter draws."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from autograd.errors import ArgumentError, MissingExtraError
from viz import export
from viz.dot import Direction, dot_text
from viz.render import TIME_LIMIT, DrawingError

__all__ = ["EdgeView", "GraphView", "NodeKind", "NodeView", "Shape"]

NodeKind = Literal["parameter", "input", "constant", "op", "output"]
Shape = tuple[int, ...] | tuple[tuple[int, ...], ...]
"""The shape of a value, or a tuple of them for an op with several outputs."""

_IN_A_CELL = "max-width: 100%; height: auto"


@dataclass(frozen=True, slots=True)
class NodeView:
    """One card of the drawing.

    ``id``             the position of the node in the view, in tape order
    ``kind``           ``"parameter"`` and ``"input"`` are leaves, ``"output"`` is the value that was asked for
    ``op``, ``op_kind``  the primitive's name and kind (``"elementwise"``, ``"contraction"``, ...); None for a leaf
    ``name``           the user's name for the value, if one was given
    ``shape``, ``dtype``  of the value; None for a constant, of which the tape keeps nothing, and for a scalar Value
    ``seq``            the creation number on the tape; the copies of one parameter share it; None for a constant
    ``params``         the static arguments of the op, as text: ``(("axis", "1"),)``
    ``summary``        the value in a few words, if summaries were asked for; the number and gradient of a Value
    ``gradient_norm``  the Euclidean norm of ``.grad``, if summaries were asked for and there is a gradient
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
    summary: str | None = None
    gradient_norm: float | None = None

    @property
    def label(self) -> str:
        """The one word for this node: the op's name, or the leaf's name, or its kind."""
        return self.op or self.name or self.kind


@dataclass(frozen=True, slots=True)
class EdgeView:
    """The value of ``source`` goes into argument number ``slot`` of ``target``.

    ``argument`` is that argument's name; ``ordered`` tells whether it matters which argument it is (``a - b``) or not
    (``a + b``, or a single argument).
    """

    source: int
    target: int
    slot: int
    argument: str = ""
    ordered: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class GraphView:
    """A directed acyclic graph of values; made by :func:`viz.graph`, drawn by its ``to_`` methods.

    ``nodes[i].id == i``, and every edge goes from a smaller id to a larger one. Raises ArgumentError otherwise.
    """

    nodes: tuple[NodeView, ...]
    edges: tuple[EdgeView, ...]
    title: str | None = None

    def __post_init__(self) -> None:
        for i, node in enumerate(self.nodes):
            if node.id != i:
                raise ArgumentError(
                    f"GraphView: node number {i} has id {node.id}. Number the nodes from 0 in tape order."
                )
        for edge in self.edges:
            if not 0 <= edge.source < edge.target < len(self.nodes):
                raise ArgumentError(
                    f"GraphView: edge {edge.source} -> {edge.target} in a view of {len(self.nodes)} nodes. "
                    "An edge joins two nodes of the view and goes from the smaller id to the larger."
                )

    def __repr__(self) -> str:
        title = f"{self.title!r}: " if self.title else ""
        return f"<GraphView {title}{len(self.nodes)} nodes, {len(self.edges)} edges>"

    def to_dot(self, *, direction: Direction = "down", legend: bool = True) -> str:
        """The drawing in the DOT language, laid out from the top ``"down"`` or from the left to the ``"right"``."""
        return dot_text(self, direction=direction, legend=legend)

    def to_svg(self, *, direction: Direction = "down", legend: bool = True, time_limit: float = TIME_LIMIT) -> str:
        """The drawing as one SVG element, legible on a light and on a dark page.

        Raises :class:`~autograd.errors.MissingExtraError` where there is no Graphviz and
        :class:`~viz.render.DrawingError` where the layout takes longer than ``time_limit`` seconds.
        """
        return export.svg(self, direction=direction, legend=legend, time_limit=time_limit)

    def to_png(self, *, direction: Direction = "down", legend: bool = True, time_limit: float = TIME_LIMIT) -> bytes:
        """The drawing as a PNG picture with a transparent background, at two pixels to the point. Errors as SVG's."""
        return export.png(self, direction=direction, legend=legend, time_limit=time_limit)

    def to_pdf(self, *, direction: Direction = "down", legend: bool = True, time_limit: float = TIME_LIMIT) -> bytes:
        """The drawing as a PDF of one page of its size. Errors as SVG's."""
        return export.pdf(self, direction=direction, legend=legend, time_limit=time_limit)

    def save(
        self,
        path: str | Path,
        *,
        direction: Direction = "down",
        legend: bool = True,
        time_limit: float = TIME_LIMIT,
    ) -> Path:
        """Write the drawing to ``path``: SVG, PNG, PDF or DOT by its suffix. Returns the path.

        The file appears whole or not at all. Raises ArgumentError for another suffix, and as :meth:`to_svg` does.
        """
        return export.save(self, Path(path), direction=direction, legend=legend, time_limit=time_limit)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the SVG, or the reason why there is none."""
        try:
            svg = self.to_svg()
        except (MissingExtraError, DrawingError) as error:
            return {"text/plain": f"{self!r}\n{error}"}
        # A cell that is narrower than the drawing would cut its right side off.
        return {"text/plain": repr(self), "image/svg+xml": svg.replace("<svg ", f'<svg style="{_IN_A_CELL}" ', 1)}
