"""A GraphView in the DOT language: one card for each node, coloured by what kind of op made it, or by an overlay."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from autograd.errors import ArgumentError
from viz.drawing.colour_scale import ColourScale
from viz.drawing.faces import CARDS, CHIP, LINE, Face, FaceLine, Faces, Look, WireFace, card_of, faces
from viz.drawing.layout import Direction
from viz.graphs.scene import Card, Scene, Wire, scene
from viz.graphs.wording import legible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viz.graphs.view import GraphView

__all__ = ["CARDS", "Direction", "Look", "card_of", "dot_text"]

_FONT = "Helvetica,Arial,sans-serif"
_LEGEND_COLUMNS = 4
_BAR_STEPS = 24


def dot_text(
    view: GraphView,
    *,
    direction: Direction = "down",
    legend: bool = True,
    details: bool = False,
    edge_shapes: bool = False,
    dots_per_inch: int | None = None,
) -> str:
    """The view as a DOT graph whose node ``n3`` is ``view.nodes[3]``, and ``g2`` the closed group ``view.groups[2]``.

    Raises ArgumentError for an unknown ``direction``.
    """
    if direction not in ("down", "right"):
        raise ArgumentError(f"direction is {direction!r}; it must be 'down' or 'right'.")
    shown = scene(view)
    told = faces(view, shown, details=details, edge_shapes=edge_shapes)
    return "\n".join(_lines(view, shown, told, direction, legend, dots_per_inch)) + "\n"


def _lines(
    view: GraphView, shown: Scene, told: Faces, direction: Direction, legend: bool, dots_per_inch: int | None
) -> Iterator[str]:
    yield "digraph {"
    rank = "TB" if direction == "down" else "LR"
    yield f'  graph [rankdir={rank}, bgcolor=transparent, pad=0.15, nodesep=0.25, ranksep=0.4, fontname="{_FONT}"]'
    if dots_per_inch is not None:
        yield f"  graph [dpi={dots_per_inch}]"
    yield f'  node [shape=box, style="rounded,filled", margin="0.16,0.07", height=0.3, fontname="{_FONT}", fontsize=12]'
    yield f'  edge [color="{LINE}", penwidth=1.3, arrowsize=0.7, fontname="{_FONT}", fontsize=10]'
    heading = _heading(view.title, told if legend else None)
    if heading:
        yield f"  graph [labelloc=t, labeljust=c, label=<{heading}>]"
    yield from _boxed(shown, told, None, "  ")
    cards = {card.key: card for card in shown.cards}
    mirrored = any(wire.edge.kind == "link" for wire in shown.wires)
    for wire, face in zip(shown.wires, told.wires, strict=True):
        yield f"  {_wire(wire, face, cards, mirrored)}"
    yield "}"


def _boxed(shown: Scene, told: Faces, box: int | None, indent: str) -> Iterator[str]:
    """The cards that are drawn right in a box, and the boxes inside it."""
    for card in shown.cards:
        if card.box == box:
            yield f"{indent}{card.key} [{_card_attributes(told.cards[card.key])}]"
    for inner in shown.boxes:
        if inner.parent == box:
            yield f"{indent}subgraph cluster_{inner.group.id} {{"
            text = f'<FONT POINT-SIZE="10" COLOR="{LINE}"><B>{_escape(told.boxes[inner.group.id])}</B></FONT>'
            style = f'style="rounded,filled", fillcolor="{LINE}14", color="{LINE}99"'  # a tint on light and on dark
            yield f"{indent}  graph [{style}, margin=10, labeljust=l, labelloc=t, label=<{text}>]"
            yield from _boxed(shown, told, inner.group.id, indent + "  ")
            yield f"{indent}}}"


def _card_attributes(face: Face) -> str:
    style = {"fillcolor": face.fill, "color": face.stroke, "fontcolor": face.text, "class": " ".join(face.kinds)}
    words = ["filled"] if face.corners == "square" else ["rounded", "filled"]
    if face.dashed:
        words.append("dashed")
    if words != ["rounded", "filled"]:
        style["style"] = ",".join(words)
    if face.corners == "double":
        style["peripheries"] = "2"
    if face.kinds[0] == "constant":
        style |= {"margin": "0.08,0.03", "height": "0.2", "fontsize": "10"}
    if face.thickness != 1.0:
        style["penwidth"] = f"{face.thickness:g}"
    attributes = [f'{key}="{value}"' for key, value in style.items()]
    return ", ".join([*attributes, f"label=<{'<BR/>'.join(map(_line, face.lines))}>"])


def _line(line: FaceLine) -> str:
    text = _escape(line.text)
    match line.style:
        case "role":
            return f'<FONT POINT-SIZE="9"><B>{text}</B></FONT>'
        case "name":
            return f"<B>{text}</B>"
        case "alias":
            return f"<I>{text}</I>"
        case "stub":
            return text
    return f'<FONT POINT-SIZE="10">{text}</FONT>'


def _wire(wire: Wire, face: WireFace, cards: dict[str, Card], mirrored: bool) -> str:
    source, target = cards[wire.source], cards[wire.target]
    attributes = []
    if source.node is None or source.node.op is not None:
        attributes.append("weight=4")  # keeps the path of the data straight, with parameters at its side
    if face.style != "solid":
        attributes.append(f"style={face.style}")
    if wire.carried or wire.edge.kind == "link":
        attributes.append("constraint=false")
    if face.colour != LINE:
        attributes.append(f'color="{face.colour}"')
    if face.thickness != 1.3:
        attributes.append(f"penwidth={face.thickness:g}")
    if "marked" in face.kinds or wire.edge.kind != "data":
        attributes.append(f'class="{" ".join(face.kinds)}"')
    if face.label:
        attributes.append(f"label=<{_tag(face.label)}>")
    ends = [wire.source, wire.target]
    if mirrored and wire.edge.kind == "gradient" and source.is_backward and target.is_backward:
        ends.reverse()  # beside the forward pass, the backward pass runs up the page
        attributes.append("dir=back")
    return f"{ends[0]} -> {ends[1]}" + (f" [{', '.join(attributes)}]" if attributes else "")


def _tag(text: str) -> str:
    cell = f'<TD BGCOLOR="{CHIP[0]}"><FONT COLOR="{CHIP[1]}">{_escape(text)}</FONT></TD>'
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1"><TR><TD WIDTH="4"></TD>{cell}</TR></TABLE>'
    )


# ------------------------------------------------------------------------------------------------ the heading


def _heading(view_title: str | None, told: Faces | None) -> str:
    """The title over the legend, as one table: a DOT graph has a single label."""
    rows = []
    if view_title:
        title = f'<FONT POINT-SIZE="15" COLOR="{LINE}"><B>{_escape(view_title)}</B></FONT>'
        rows.append(f'<TR><TD BORDER="0">{title}</TD></TR>')
    if told is not None:
        if told.scale is not None:
            rows.append(f'<TR><TD BORDER="0">{_overlay_legend(told.scale)}</TD></TR>')
        looks = told.legend
        columns = math.ceil(len(looks) / math.ceil(len(looks) / _LEGEND_COLUMNS)) if looks else 0  # of equal length
        cells = [
            f"<TR>{''.join(map(_legend_cell, looks[start : start + columns]))}</TR>"
            for start in range(0, len(looks), max(1, columns))
        ]
        if cells:
            table = f'<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="5" CELLPADDING="5">{"".join(cells)}</TABLE>'
            rows.append(f'<TR><TD BORDER="0">{table}</TD></TR>')
    if not rows:
        return ""
    rows.append('<TR><TD BORDER="0" HEIGHT="4"></TD></TR>')  # keeps the drawing at a distance
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{"".join(rows)}</TABLE>'


def _overlay_legend(scale: ColourScale) -> str:
    """The overlay's name, over a colour bar between its smallest and its largest value."""

    def text(words: str, bold: bool = False) -> str:
        words = f"<B>{_escape(words)}</B>" if bold else _escape(words)
        return f'<TD BORDER="0"><FONT POINT-SIZE="10" COLOR="{LINE}">{words}</FONT></TD>'

    name = text(scale.overlay.label, bold=True)
    if not scale.is_continuous:
        return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="2"><TR>{name}</TR></TABLE>'
    steps = "".join(f'<TD BGCOLOR="{c}" WIDTH="6" HEIGHT="12"></TD>' for c in scale.steps(_BAR_STEPS))
    bar = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"><TR>{steps}</TR></TABLE>'
    low, high, kind = text(scale.text(scale.low)), text(scale.text(scale.high)), text(f"({scale.overlay.scale})")
    row = f"<TR>{name}{low}<TD>{bar}</TD>{high}{kind}</TR>"
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="2" CELLPADDING="2">{row}</TABLE>'


def _legend_cell(look: Look) -> str:
    text = f'<FONT POINT-SIZE="10" COLOR="{look.text}">{_escape(look.legend)}</FONT>'
    return f'<TD BGCOLOR="{look.fill}" COLOR="{look.stroke}">{text}</TD>'


def _escape(text: str) -> str:
    """``text`` for an HTML-like label, where it is shown and not read as markup."""
    return escape(legible(text))
