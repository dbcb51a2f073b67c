"""A GraphView in the DOT language: one card for each node, coloured by what kind of op made it.

The drawing has no background of its own. Cards carry a light fill and dark text, lines and loose text a grey that
stands out from white and from near-black alike, so one picture serves light and dark pages.
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Literal, NamedTuple

from autograd.errors import ArgumentError
from viz.scene import Box, Card, Scene, Wire, scene
from viz.wording import numbers_text, shape_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viz.view import GraphView, NodeView

__all__ = ["CARDS", "Direction", "Look", "card_of", "dot_text", "legible"]

Direction = Literal["down", "right"]


class Look(NamedTuple):
    """How a kind of node looks, and what the legend calls it."""

    legend: str
    fill: str
    stroke: str
    text: str = "#16191d"


# Tints and shades of Okabe and Ito's palette (jfly.uni-koeln.de/color, 2008), which people with every common form of
# colour blindness can tell apart. Text has a contrast of at least 5:1 on its card.
CARDS: dict[str, Look] = {
    "parameter": Look("parameter", "#0072b2", "#004f7c", "#ffffff"),
    "input": Look("input", "#ffffff", "#5a6270"),
    "constant": Look("constant", "#f1f3f5", "#7a828c", "#4a515a"),
    "contraction": Look("contraction", "#ffe6b3", "#b87a00"),
    "elementwise": Look("elementwise", "#dcf0fc", "#2e8bc0"),
    "reduction": Look("reduction", "#d0f0e4", "#00805e"),
    "view": Look("view", "#e4e7eb", "#6b7480"),
    "gather": Look("gather or scatter", "#f8f2ab", "#8f8400"),
    "random": Look("random", "#f7deec", "#a8527f"),
    "composite": Look("composite", "#ffd9c7", "#b84e00"),
    "op": Look("other op", "#f1f3f5", "#5a6270"),
    "group": Look("closed group", "#e9e4f5", "#6a4ea3"),
    "backward": Look("backward", "#2b2f36", "#000000", "#ffffff"),
    "gradient": Look("gradient", "#ffffff", "#d55e00"),
}
_LIKE = {"scan": "reduction", "item": "view", "tuple": "view"}
_LINE = "#7a828c"  # contrast 3.9 on white, 4.7 on #111418
_OUTPUT = "#d55e00"
_FONT = "Helvetica,Arial,sans-serif"
_LONGEST_NAME = 36
_LEGEND_COLUMNS = 4


def dot_text(
    view: GraphView, *, direction: Direction = "down", legend: bool = True, dots_per_inch: int | None = None
) -> str:
    """The view as a DOT graph whose node ``n3`` is ``view.nodes[3]``, and ``g2`` the closed group ``view.groups[2]``.

    Raises ArgumentError for an unknown ``direction``.
    """
    if direction not in ("down", "right"):
        raise ArgumentError(f"direction is {direction!r}; it must be 'down' or 'right'.")
    return "\n".join(_lines(view, direction, legend, dots_per_inch)) + "\n"


def _lines(view: GraphView, direction: Direction, legend: bool, dots_per_inch: int | None) -> Iterator[str]:
    yield "digraph {"
    rank = "TB" if direction == "down" else "LR"
    yield f'  graph [rankdir={rank}, bgcolor=transparent, pad=0.15, nodesep=0.25, ranksep=0.4, fontname="{_FONT}"]'
    if dots_per_inch is not None:
        yield f"  graph [dpi={dots_per_inch}]"
    yield f'  node [shape=box, style="rounded,filled", margin="0.16,0.07", height=0.3, fontname="{_FONT}", fontsize=12]'
    yield f'  edge [color="{_LINE}", penwidth=1.3, arrowsize=0.7, fontname="{_FONT}", fontsize=10]'
    shown = scene(view)
    heading = _heading(view.title, shown, legend)
    if heading:
        yield f"  graph [labelloc=t, labeljust=c, label=<{heading}>]"
    yield from _boxed(shown, None, "  ")
    cards = {card.key: card for card in shown.cards}
    for wire in shown.wires:
        yield f"  {wire.source} -> {wire.target}{_edge_attributes(wire, cards)}"
    yield "}"


def _boxed(shown: Scene, box: int | None, indent: str) -> Iterator[str]:
    """The cards that are drawn right in a box, and the boxes inside it."""
    for card in shown.cards:
        if card.box == box:
            yield f"{indent}{card.key} [{_card_attributes(card)}]"
    for inner in shown.boxes:
        if inner.parent == box:
            yield f"{indent}subgraph cluster_{inner.group.id} {{"
            yield f"{indent}  {_box_attributes(inner)}"
            yield from _boxed(shown, inner.group.id, indent + "  ")
            yield f"{indent}}}"


def _box_attributes(box: Box) -> str:
    name = box.group.label if box.group.count == 1 else f"{box.group.label} × {box.group.count}"
    text = f'<FONT POINT-SIZE="10" COLOR="{_LINE}">{_escape(name)}</FONT>'
    return f'graph [style="rounded,dashed", color="{_LINE}", labeljust=l, labelloc=t, label=<{text}>]'


def card_of(node: NodeView | None) -> str:
    """The key in :data:`CARDS` of a node's look; of None, a closed group, the look of groups."""
    if node is None:
        return "group"
    if node.kind not in ("op", "output"):
        return node.kind
    kind = _LIKE.get(node.op_kind or "", node.op_kind or "")
    return kind if kind in CARDS else "op"


def _card_attributes(card: Card) -> str:
    node = card.node
    look = CARDS[card_of(node)]
    style = {"fillcolor": look.fill, "color": look.stroke, "fontcolor": look.text, "class": card_of(node)}
    if node is None:
        style |= {"peripheries": "2"}
    elif node.kind == "parameter":
        style |= {"style": "filled"}  # square corners: told from an op without its colour
    elif node.kind == "constant":
        style |= {"style": "rounded,filled,dashed", "margin": "0.08,0.03", "height": "0.2", "fontsize": "10"}
    elif node.kind == "output":
        style |= {"color": _OUTPUT, "penwidth": "3", "class": f"{card_of(node)} output"}
    attributes = [f'{key}="{value}"' for key, value in style.items()]
    label = _group_label(card) if node is None else _node_label(node)
    return ", ".join([*attributes, f"label=<{label}>"])


def _group_label(card: Card) -> str:
    group = card.group
    assert group is not None
    name = group.label if group.count == 1 else f"{group.label} × {group.count}"
    lines = [f"<B>{_escape(_shortened(name))}</B>"]
    small = [group.module] if group.module and group.module != group.label else []
    if card.shape is not None:
        small.append(shape_text(card.shape))
    small.append(f"{len(card.members)} nodes")
    lines += [f'<FONT POINT-SIZE="10">{_escape(line)}</FONT>' for line in small]
    return "<BR/>".join(lines)


def _node_label(node: NodeView) -> str:
    if node.kind == "constant":
        return _escape(node.label)
    lines = []
    if node.kind == "output":
        role = "LOSS" if node.shape == () else "OUTPUT"
        lines.append(f'<FONT POINT-SIZE="9"><B>{role}</B></FONT>')
    which = f" {dict(node.params).get('index', '')}" if node.op_kind == "item" else ""  # of a tuple of outputs
    lines.append(f"<B>{_escape(_shortened(node.label) + which)}</B>")
    if node.op and node.name:
        lines.append(f"<I>{_escape(_shortened(node.name))}</I>")
    facts = []
    if node.shape is not None:
        facts.append(shape_text(node.shape))
    if node.dtype not in (None, "float32"):
        facts.append(str(node.dtype))
    small = [" · ".join(facts)] if facts else []
    small += numbers_text(node)
    lines += [f'<FONT POINT-SIZE="10">{_escape(line)}</FONT>' for line in small]
    return "<BR/>".join(lines)


def _edge_attributes(wire: Wire, cards: dict[str, Card]) -> str:
    source, edge = cards[wire.source].node, wire.edge
    attributes = []
    if source is None or source.op is not None:
        attributes.append("weight=4")  # keeps the path of the data straight, with parameters at its side
    if wire.carried:
        attributes.append("style=dashed, constraint=false")
    if wire.target[0] == "n" and edge.ordered and edge.argument:
        name = source.name if source is not None else None
        if (name or "").rpartition(".")[2] != edge.argument:  # unless the card says it: 0.weight goes into weight
            attributes.append(f"label=<{_tag(edge.argument)}>")
    return f" [{', '.join(attributes)}]" if attributes else ""


def _tag(text: str) -> str:
    cell = f'<TD BGCOLOR="#f1f3f5"><FONT COLOR="#4a515a">{_escape(text)}</FONT></TD>'
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1"><TR><TD WIDTH="4"></TD>{cell}</TR></TABLE>'
    )


def _heading(view_title: str | None, drawn: Scene, legend: bool) -> str:
    """The title over the legend, as one table: a DOT graph has a single label."""
    shown = {card_of(card.node) for card in drawn.cards}
    keys = [key for key in CARDS if key in shown] if legend else []
    columns = math.ceil(len(keys) / math.ceil(len(keys) / _LEGEND_COLUMNS)) if keys else 0  # rows of equal length
    rows = []
    if view_title:
        title = f'<FONT POINT-SIZE="15" COLOR="{_LINE}"><B>{_escape(view_title)}</B></FONT>'
        rows.append(f'<TD BORDER="0" COLSPAN="{max(1, columns)}">{title}</TD>')
    for start in range(0, len(keys), max(1, columns)):
        rows.append("".join(map(_legend_cell, keys[start : start + columns])))
    if not rows:
        return ""
    rows.append(f'<TD BORDER="0" HEIGHT="4" COLSPAN="{max(1, columns)}"></TD>')  # keeps the drawing at a distance
    body = "".join(f"<TR>{row}</TR>" for row in rows)
    return f'<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="5" CELLPADDING="3">{body}</TABLE>'


def _legend_cell(key: str) -> str:
    card = CARDS[key]
    text = f'<FONT POINT-SIZE="10" COLOR="{card.text}">{_escape(card.legend)}</FONT>'
    return f'<TD BGCOLOR="{card.fill}" COLOR="{card.stroke}">{text}</TD>'


def _shortened(name: str) -> str:
    """The two ends of a long name: the last part of ``encoder.layers.11.attention.weight`` tells the most."""
    if len(name) <= _LONGEST_NAME:
        return name
    head = _LONGEST_NAME // 3
    return f"{name[:head]}…{name[head + 1 - _LONGEST_NAME :]}"


def legible(text: str) -> str:
    """``text`` on one line and without the characters that XML forbids, such as control characters."""
    return "".join(map(_legible, text))


def _legible(character: str) -> str:
    code = ord(character)
    if character.isspace():
        return " "
    if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE:
        return "\ufffd"
    return character


def _escape(text: str) -> str:
    """``text`` for an HTML-like label, where it is shown and not read as markup."""
    return escape(legible(text))
