"""A GraphView as SVG, PNG, PDF and text, in memory and on disk: which engine draws it, and what a file is called."""

from __future__ import annotations

import importlib
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar

from autograd.errors import ArgumentError, MissingExtraError
from viz.drawing.dot import dot_text
from viz.drawing.faces import faces, sentence
from viz.drawing.graph_json import graph_json
from viz.drawing.graphviz_svg import described, to_text
from viz.drawing.layout import Direction
from viz.drawing.mermaid import mermaid_text
from viz.drawing.paint import paint
from viz.drawing.picture import picture
from viz.drawing.render import TIME_LIMIT, DrawingError, Format, render
from viz.drawing.svg import PIXELS_PER_POINT, SVG, XLINK, svg_text
from viz.graphs.scene import scene

if TYPE_CHECKING:
    from viz.graphs.view import GraphView

__all__ = [
    "MOST_CARDS_FOR_DOT", "PIXELS_PER_POINT", "SVG", "XLINK", "DrawingOptions", "Engine", "html", "pdf", "png", "save",
    "svg", "to_text", "WordingOptions", "write_whole",
]  # fmt: skip

Engine = Literal["auto", "dot", "own"]
_Drawn = TypeVar("_Drawn", str, bytes)

MOST_CARDS_FOR_DOT = 300
"""Drawings with more cards are laid out by us, unless the caller says otherwise: Graphviz takes minutes then."""

_PIXELS_PER_INCH = 144  # two pixels to the point: sharp on a dense screen


class WordingOptions(TypedDict, total=False):
    """What a drawing says: see :class:`DrawingOptions`."""

    details: bool
    edge_shapes: bool


class DrawingOptions(WordingOptions, total=False):
    """How to draw a view.

    ``direction``    data flows ``"down"`` or to the ``"right"``
    ``legend``       what the colours mean, above the drawing
    ``details``      everything that is known on the cards: values, gradients, work and time. Without it, names, shapes
                     and dtypes (other than float32), the values of single numbers and the gradients that are results;
                     the rest shows on hover
    ``edge_shapes``  the shape of what flows on every wire
    ``engine``       ``"dot"`` is Graphviz; ``"own"`` needs nothing else and draws any size; ``"auto"`` takes Graphviz
                     for at most 300 cards where there is one and it ends in time
    ``time_limit``   seconds that Graphviz may take
    """

    direction: Direction
    legend: bool
    engine: Engine
    time_limit: float


def svg(
    view: GraphView,
    *,
    direction: Direction = "down",
    legend: bool = True,
    details: bool = False,
    edge_shapes: bool = False,
    engine: Engine = "auto",
    time_limit: float = TIME_LIMIT,
) -> str:
    """One ``<svg>`` element to put into a page: described for screen readers, and each card tells more on hover."""
    _check({"direction": direction, "engine": engine, "time_limit": time_limit})
    options: Any = {"direction": direction, "legend": legend, "details": details, "edge_shapes": edge_shapes}
    summary = _summary(view)

    def by_graphviz() -> str:
        drawn = render(dot_text(view, **options), "svg", nodes=len(view.nodes), time_limit=time_limit)
        shown = scene(view)
        return described(drawn, shown, faces(view, shown, details=details, edge_shapes=edge_shapes), summary)

    return _drawn(view, engine, by_graphviz, lambda note: svg_text(picture(view, **options), summary, note))


def png(view: GraphView, **options: Any) -> bytes:
    """A picture with a transparent background."""
    return _painted(view, "png", **options)


def pdf(view: GraphView, **options: Any) -> bytes:
    """A document of one page."""
    return _painted(view, "pdf", **options)


def _painted(
    view: GraphView,
    format: Format,
    *,
    direction: Direction = "down",
    legend: bool = True,
    details: bool = False,
    edge_shapes: bool = False,
    engine: Engine = "auto",
    time_limit: float = TIME_LIMIT,
) -> bytes:
    _check({"direction": direction, "engine": engine, "time_limit": time_limit})
    options: Any = {"direction": direction, "legend": legend, "details": details, "edge_shapes": edge_shapes}

    def by_graphviz() -> bytes:
        dots_per_inch = _PIXELS_PER_INCH if format == "png" else None
        dot = dot_text(view, dots_per_inch=dots_per_inch, **options)
        return render(dot, format, nodes=len(view.nodes), time_limit=time_limit)

    return _drawn(view, engine, by_graphviz, lambda note: paint(picture(view, **options), format))


def _drawn(
    view: GraphView, engine: Engine, by_graphviz: Callable[[], _Drawn], by_us: Callable[[str], _Drawn]
) -> _Drawn:
    """The drawing by the engine that was asked for; ``by_us`` is told why it was not Graphviz, if that was tried."""
    if engine == "dot":
        return by_graphviz()
    if engine == "own" or len(scene(view).cards) > MOST_CARDS_FOR_DOT:
        return by_us("")
    try:
        return by_graphviz()
    except MissingExtraError:
        return by_us("")
    except DrawingError as error:
        return by_us(f"Laid out by glassgrad itself. {str(error).splitlines()[0]}")


def _summary(view: GraphView) -> str:
    title = f" of {view.title}" if view.title else ""
    text = f"Computation graph{title}: {len(view.nodes):,} nodes, {len(view.edges):,} edges"
    outputs = [sentence(view, node) for node in view.nodes if node.kind == "output"]
    return f"{text}; it ends in {outputs[0]}" if outputs else text


# ------------------------------------------------------------------------------------------------ files


def save(view: GraphView, path: Path, **options: Any) -> Path:
    """Write the drawing to ``path`` in the format that its suffix names."""
    _check(options)
    wording = {key: value for key, value in options.items() if key not in ("engine", "time_limit")}
    writers: dict[str, Callable[[], str | bytes]] = {
        ".svg": lambda: svg(view, **options),
        ".png": lambda: png(view, **options),
        ".pdf": lambda: pdf(view, **options),
        ".dot": lambda: dot_text(view, **wording),
        ".mmd": lambda: mermaid_text(view, **wording),
        ".json": lambda: graph_json(view),
        ".html": lambda: html(view),
    }
    suffix = path.suffix.lower()
    if suffix not in writers:
        raise ArgumentError(
            f"save: {path.name!r} ends in {suffix or 'no suffix'!r}; a graph is written as {', '.join(writers)}. "
            f"Try {path.with_suffix('.svg').name!r}."
        )
    return write_whole(path, writers[suffix]())


def _check(options: Mapping[str, Any]) -> None:
    """Options mean the same in every format, so a wrong one is told in those that have no use for it as well."""
    names = DrawingOptions.__required_keys__ | DrawingOptions.__optional_keys__
    if unknown := sorted(set(options) - names):
        raise ArgumentError(f"there is no option {unknown[0]!r}; options are {', '.join(sorted(names))}.")
    if (engine := options.get("engine", "auto")) not in ("auto", "dot", "own"):
        raise ArgumentError(f"engine is {engine!r}; it must be 'auto', 'dot' (Graphviz) or 'own'.")
    if (direction := options.get("direction", "down")) not in ("down", "right"):
        raise ArgumentError(f"direction is {direction!r}; it must be 'down' or 'right'.")
    limit = options.get("time_limit", TIME_LIMIT)
    if isinstance(limit, bool) or not isinstance(limit, float | int) or not limit > 0:
        raise ArgumentError(f"time_limit is {limit!r}; it must be a number of seconds above 0.")


def html(view: GraphView, *, title: str | None = None) -> str:
    """The explorer's page; it stands on everything here, so it is loaded when a page is first asked for."""
    page: str = importlib.import_module("viz.explorer").page(view, title=title)
    return page


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write a file so that ``path`` holds the old content or the new, whatever happens in between."""
    # JSON, and the JSON in a page, know a half of a surrogate pair by this escape; UTF-8 does not know it at all.
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    beside = path.with_name(f".{path.name[:32]}.{secrets.token_hex(4)}")
    if path.is_dir():
        raise ArgumentError(f"cannot write {path}: it is a folder. Name a file in it.")
    if not path.parent.is_dir():
        raise ArgumentError(f"cannot write {path}: there is no folder {path.parent}. Make it first, or name another.")
    try:
        with open(beside, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return path
