"""A GraphView as a Mermaid flowchart, which code hosts and notebooks draw inside Markdown (mermaid.js.org)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from autograd.errors import ArgumentError
from viz.drawing.faces import CARDS, LINE, MARK, OUTPUT, Face, Faces, faces
from viz.drawing.layout import Direction
from viz.graphs.scene import Scene, scene
from viz.graphs.wording import legible

if TYPE_CHECKING:
    from viz.graphs.view import GraphView

__all__ = ["mermaid_text"]

_SHAPES = {  # of a card by its kind: rounded, unless it says otherwise
    "parameter": ("[", "]"), "constant": ("[", "]"), "input": ("([", "])"), "gradient": ("([", "])"),
    "group": ("[[", "]]"),
}  # fmt: skip
_ARROWS = {"solid": "-->", "dashed": "-.->", "dotted": "-.->"}


def mermaid_text(
    view: GraphView,
    *,
    direction: Direction = "down",
    legend: bool = True,
    details: bool = False,
    edge_shapes: bool = False,
) -> str:
    """The view as a flowchart: ``n3`` is ``view.nodes[3]``, ``g2`` a closed group, ``b2`` the subgraph of an open one.

    Mermaid itself refuses more than 500 edges or 50,000 characters unless its page raises ``maxEdges`` and
    ``maxTextSize``: close groups of a large view first. There is no ``legend``; the option is for the sake of the other
    formats. Raises ArgumentError for an unknown ``direction``.
    """
    if direction not in ("down", "right"):
        raise ArgumentError(f"direction is {direction!r}; it must be 'down' or 'right'.")
    shown = scene(view)
    told = faces(view, shown, details=details, edge_shapes=edge_shapes)
    return "\n".join(_lines(view, shown, told, "TD" if direction == "down" else "LR")) + "\n"


def _lines(view: GraphView, shown: Scene, told: Faces, direction: str) -> Iterator[str]:
    if view.title:
        yield from ("---", f"title: {_yaml(view.title)}", "---")
    yield f"flowchart {direction}"
    yield from _boxed(shown, told, None, "  ")
    for wire, face in zip(shown.wires, told.wires, strict=True):
        arrow = "==>" if "marked" in face.kinds else _ARROWS[face.style]
        label = f'|"{_escape(face.label)}"|' if face.label else ""
        yield f"  {wire.source} {arrow}{label} {wire.target}"
    yield from _styles(told)


def _boxed(shown: Scene, told: Faces, box: int | None, indent: str) -> Iterator[str]:
    for card in shown.cards:
        if card.box == box:
            face = told.cards[card.key]
            left, right = _SHAPES.get(face.kinds[0], ("(", ")"))
            yield f'{indent}{card.key}{left}"{_label(face)}"{right}'
    for inner in shown.boxes:
        if inner.parent == box:
            yield f'{indent}subgraph b{inner.group.id}["{_escape(told.boxes[inner.group.id])}"]'
            yield from _boxed(shown, told, inner.group.id, indent + "  ")
            yield f"{indent}end"


def _label(face: Face) -> str:
    lines = [f"<b>{_escape(x.text)}</b>" if x.style in ("name", "role") else _escape(x.text) for x in face.lines]
    return "<br/>".join(lines) or " "


def _styles(told: Faces) -> Iterator[str]:
    """A class for each kind, so that a page can restyle them; an overlay's colours stand at the cards themselves."""
    by_class: dict[str, list[str]] = {}
    for key, face in told.cards.items():
        for kind in face.kinds:
            by_class.setdefault(kind, []).append(key)
    for kind, keys in by_class.items():
        if kind in CARDS:
            look = CARDS[kind]
            dashes = ",stroke-dasharray:4 3" if kind == "constant" else ""
            yield f"  classDef {kind} fill:{look.fill},stroke:{look.stroke},color:{look.text}{dashes}"
        else:
            yield f"  classDef {kind} stroke:{OUTPUT if kind == 'output' else MARK},stroke-width:4px"
        yield f"  class {','.join(keys)} {kind}"
    if told.scale is not None:
        for key, face in told.cards.items():
            dashes = ",stroke-dasharray:4 3" if face.dashed else ""
            yield f"  style {key} fill:{face.fill},color:{face.text}{dashes}"
    for number, wire in enumerate(told.wires):
        if wire.colour != LINE:
            width = "3px" if "marked" in wire.kinds else "1.5px"
            yield f"  linkStyle {number} stroke:{wire.colour},stroke-width:{width}"


_SPECIAL = re.compile(r"""["#&<>`\\*_~\[\]{}()|$]""")


def _escape(text: str) -> str:
    """``text`` for a quoted label: everything that Mermaid, its Markdown or HTML could obey as a character code."""
    return _SPECIAL.sub(lambda found: f"#{ord(found.group())};", legible(text))


def _yaml(text: str) -> str:
    """A double-quoted scalar."""
    return '"' + legible(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
