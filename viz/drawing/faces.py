"""What is written on cards, wires and boxes, and how they look: the same whoever draws them.

A drawing has no background of its own. Cards carry a light fill and dark text, lines and loose text a grey that stands
out from white and from near-black alike, so one picture serves light and dark pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Literal, NamedTuple

from viz.drawing.colour_scale import ColourScale, colour_scale
from viz.graphs.wording import amount_text, numbers_text, shape_text

if TYPE_CHECKING:
    from viz.graphs.scene import Card, Scene, Wire
    from viz.graphs.view import GraphView, GroupView, NodeView

__all__ = [
    "CARDS", "CHIP", "LINE", "MARK", "OUTPUT", "Face", "FaceLine", "Faces", "Look", "WireFace", "card_of", "faces",
    "group_name", "sentence", "shortened",
]  # fmt: skip


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
    "backward": Look("backward", "#2b2f36", "#8d96a1", "#ffffff"),
    "gradient": Look("gradient", "#ffffff", "#d55e00"),
}
LINE = "#7a828c"  # contrast 3.9 on white, 4.7 on #111418
OUTPUT = "#d55e00"
MARK = "#c2387f"  # a shade of Okabe and Ito's reddish purple: contrast 4.9 on white, 3.8 on #111418
CHIP = ("#f1f3f5", "#4a515a")  # fill and text of the labels of wires and boxes
_LIKE = {"scan": "reduction", "item": "view", "tuple": "view"}
_LONGEST_NAME = 36
_MOST_LINES = 5


class FaceLine(NamedTuple):
    """A line of text on a card."""

    text: str
    style: Literal["role", "name", "alias", "fact", "value", "stub"]


@dataclass(frozen=True, slots=True)
class Face:
    """A card as it is drawn. ``kinds`` are its classes, the first a key of :data:`CARDS`; ``title`` shows on hover."""

    lines: tuple[FaceLine, ...]
    kinds: tuple[str, ...]
    fill: str
    stroke: str
    text: str
    title: str
    corners: Literal["round", "square", "double"] = "round"
    thickness: float = 1.0
    dashed: bool = False
    marked: bool = False


@dataclass(frozen=True, slots=True)
class WireFace:
    """A wire as it is drawn; ``label`` may be empty. ``kinds`` are its classes."""

    label: str
    title: str
    kinds: tuple[str, ...]
    style: Literal["solid", "dashed", "dotted"] = "solid"
    colour: str = LINE
    thickness: float = 1.3


@dataclass(frozen=True)
class Faces:
    """Everything that a drawing says: cards by key, wires in order, the labels of boxes by group, and the legend."""

    cards: dict[str, Face]
    wires: tuple[WireFace, ...]
    boxes: dict[int, str]
    legend: tuple[Look, ...]
    scale: ColourScale | None


def faces(view: GraphView, shown: Scene, *, details: bool = False, edge_shapes: bool = False) -> Faces:
    """Put everything into words and colours. Options as in :class:`~viz.drawing.export.DrawingOptions`."""
    scale = None if view.overlay is None else colour_scale(view.overlay, (card.overlay for card in shown.cards))
    cards = {card.key: _face(view, card, scale, details) for card in shown.cards}
    by_key = {card.key: card for card in shown.cards}
    wires = tuple(_wire_face(view, wire, by_key, edge_shapes) for wire in shown.wires)
    boxes = {box.group.id: _box_name(view, box.group) for box in shown.boxes}
    return Faces(cards, wires, boxes, tuple(_legend(view, shown, cards, scale)), scale)


def card_of(node: NodeView | None) -> str:
    """The key in :data:`CARDS` of a node's look; of None, a closed group, the look of groups."""
    if node is None:
        return "group"
    if node.kind not in ("op", "output"):
        return node.kind
    kind = _LIKE.get(node.op_kind or "", node.op_kind or "")
    return kind if kind in CARDS else "op"


def group_name(group: GroupView) -> str:
    """What to call a group: ``Block × 12`` where it holds several that are alike."""
    return f"{group.label} × {group.count}" if group.count > 1 else group.label


def shortened(name: str) -> str:
    """The two ends of a long name: the last part of ``encoder.layers.11.attention.weight`` tells the most."""
    if len(name) <= _LONGEST_NAME:
        return name
    head = _LONGEST_NAME // 3
    return f"{name[:head]}…{name[head + 1 - _LONGEST_NAME :]}"


def _box_name(view: GraphView, group: GroupView) -> str:
    """The dotted name, the count and the class; only the last part of the name where the box stands for several."""
    stands_for_all = any(above in view.rolled for above in _around(view, group))
    name = group.label if stands_for_all or group.kind not in ("module", "scope") else group.path or group.label
    name = shortened(name)
    if group.count > 1:
        name = f"{name} × {group.count}"
    shows_class = group.module and group.module != group.label
    return f"{name} · {shortened(group.module)}" if shows_class else name


def _around(view: GraphView, group: GroupView) -> Iterator[int]:
    while group.parent is not None:
        yield group.parent
        group = view.groups[group.parent]


# ------------------------------------------------------------------------------------------------ cards


def _face(view: GraphView, card: Card, scale: ColourScale | None, details: bool) -> Face:
    node = card.node
    kind = card_of(node)
    look = CARDS[kind]
    kinds = [kind]
    fill, stroke, text, dashed, thickness = look.fill, look.stroke, look.text, False, 1.0
    corners: Literal["round", "square", "double"] = "round"
    if node is None:
        corners = "double"
    elif node.kind == "parameter":
        corners = "square"  # told from an op without its colour
    elif node.kind == "constant":
        dashed = True
    if scale is not None:
        swatch = scale.swatch(card.overlay)
        fill, text, stroke, dashed = swatch.fill, swatch.text, LINE, not swatch.known
    if node is not None and node.kind == "output":
        kinds.append("output")
        stroke, thickness = OUTPUT, 3.0
    marked = not view.marked.isdisjoint(card.members)
    if marked:
        kinds.append("marked")
        stroke, thickness = MARK, 3.5
    lines = _group_lines(view, card, details) if node is None else _node_lines(view, card, node, details)
    if scale is not None and kind != "constant":
        told = f"{'⚑ ' if card.overlay is True else ''}{scale.text(card.overlay)}"
        lines = [line for line in lines if line.style != "value"][: _MOST_LINES - 1] + [FaceLine(told, "value")]
    title = _title(view, card)
    if scale is not None:
        title += f", {scale.overlay.label}: {scale.text(card.overlay) if card.overlay is not None else 'not known'}"
    return Face(tuple(lines[:_MOST_LINES]), tuple(kinds), fill, stroke, text, title, corners, thickness, dashed, marked)


def _node_lines(view: GraphView, card: Card, node: NodeView, details: bool) -> list[FaceLine]:
    if len(card.members) > 1 and node.name:
        node = replace(node, name=_common_name([view.nodes[i].name or "" for i in card.members]))
    if node.kind == "constant":
        return [FaceLine(node.label, "stub")]
    lines = []
    if node.kind == "output":
        lines.append(FaceLine("LOSS" if node.shape == () else "OUTPUT", "role"))
    which = f" {dict(node.params).get('index', '')}" if node.op_kind == "item" else ""  # of a tuple of outputs
    badge = "" if node.check is None else f" {node.check.sign}"
    lines.append(FaceLine(shortened(node.label) + which + badge, "name"))
    if node.op and node.name:
        lines.append(FaceLine(shortened(node.name), "alias"))
    facts = []
    if node.shape is not None:
        facts.append(shape_text(node.shape))
    if node.dtype not in (None, "float32"):
        facts.append(str(node.dtype))
    if facts:
        lines.append(FaceLine(" · ".join(facts), "fact"))
    if view.values and (details or _is_brief(node)):
        told = numbers_text(node, gradients=view.has_gradients)
        room = _MOST_LINES - len(lines)
        lines += [FaceLine(line, "value") for line in (told if len(told) <= room else [" · ".join(told)])]
    if details:
        lines += [FaceLine(line, "value") for line in _costs(card)]
    return lines


def _is_brief(node: NodeView) -> bool:
    """Whether its numbers are few words, or the reason to draw it: a single number, or a gradient that is a result."""
    return node.kind == "gradient" or (node.value is not None and node.value.shape == ())


def _common_name(names: list[str]) -> str:
    """``blocks.*.weight`` for the weights of all blocks."""
    parts = [name.split(".") for name in dict.fromkeys(names)]
    if len({len(part) for part in parts}) > 1:
        return names[0]
    return ".".join(same[0] if len(set(same)) == 1 else "*" for same in zip(*parts, strict=True))


def _group_lines(view: GraphView, card: Card, details: bool) -> list[FaceLine]:
    group = card.group
    assert group is not None
    named = group.path if group.label.isdigit() and group.path else group.label  # "layers.3" says more than "3"
    lines = [FaceLine(shortened(named) + (f" × {group.count}" if group.count > 1 else ""), "name")]
    small = [group.module] if group.module and group.module != group.label else []
    if card.shape is not None:
        small.append(shape_text(card.shape))
    if small:
        lines.append(FaceLine(shortened(" · ".join(small)), "fact"))
    count = len(card.members)
    amount = f"{count:,} node{'s' * (count != 1)}"
    if parameters := _parameters(view, card.members):
        amount += f" · {amount_text(parameters, '')} parameters"
    lines.append(FaceLine(amount, "fact"))
    if details:
        lines += [FaceLine(line, "value") for line in _costs(card)]
    return lines


def _parameters(view: GraphView, members: Iterable[int]) -> int:
    """How many numbers are learnt in there: the copies of one parameter count once."""
    sizes: dict[object, int] = {}
    for i in members:
        node = view.nodes[i]
        if node.kind == "parameter" and node.shape is not None:
            sizes[node.seq if node.seq is not None else ("node", i)] = prod(d for d in node.shape if isinstance(d, int))
    return sum(sizes.values())


def _costs(card: Card) -> list[str]:
    """One line of what the op computed, moved and took, as far as it was measured."""
    costs = [(card.flops, "FLOP"), (card.nbytes, "B"), (card.seconds, "s")]
    told = [amount_text(amount, unit) for amount, unit in costs if amount]
    return [" · ".join(told)] if told else []


def _title(view: GraphView, card: Card) -> str:
    if card.node is None:
        assert card.group is not None
        parts = [group_name(card.group)]
        if card.group.path and card.group.path != card.group.label:
            parts.append(card.group.path)
        if card.group.module:
            parts.append(card.group.module)
        parts.append(f"{len(card.members):,} nodes")
    else:
        parts = [sentence(view, card.node)]
        if len(card.members) > 1:
            parts.append(f"{len(card.members):,} times")
    if card.saved:
        parts.append(f"saved for backward {amount_text(card.saved, 'B')}")
    parts += _costs(card)
    if card.node is not None:
        check, line = card.node.check, card.node.line
        if check is not None:
            parts.append(check.words)
        if line is not None and line < len(view.lines):
            parts.append(f"{view.lines[line].short} in {view.lines[line].function}")
    return ", ".join(parts)


def sentence(view: GraphView, node: NodeView) -> str:
    """A node of a view in one line of words."""
    parts = [node.label if node.kind in ("op", "output") else f"{node.kind} {node.op or node.name or ''}".strip()]
    if node.op and node.name:
        parts.append(node.name)
    if node.shape is not None:
        parts.append(f"{shape_text(node.shape)} {node.dtype or ''}".strip())
    parts += [f"{name}={value}" for name, value in node.params]
    parts += numbers_text(node, gradients=view.has_gradients)
    return ", ".join(parts)


# ------------------------------------------------------------------------------------------------ wires and legend


def _wire_face(view: GraphView, wire: Wire, cards: dict[str, Card], edge_shapes: bool) -> WireFace:
    source, target, edge = cards[wire.source], cards[wire.target], wire.edge
    parts = []
    if target.node is not None and edge.ordered and edge.argument and edge.kind == "data":
        name = source.node.name if source.node is not None else None
        if (name or "").rpartition(".")[2] != edge.argument:  # unless the card says it: 0.weight goes into weight
            parts.append(shortened(edge.argument))
    shape = _flowing(view, wire)
    if edge_shapes and shape is not None and edge.kind != "link":
        parts.append(shape)
    # In a rolled loop every wire stands for one in each repetition, as the box says already; and how often a closed
    # group uses a value is a matter of its inside.
    into_loop = source.node is not None and target.node is not None and len(source.members) != len(target.members)
    label = " · ".join(parts)
    if wire.count > 1 and (wire.carried or into_loop):
        label = f"{label} × {wire.count:,}".lstrip()
    title = f"{_called(source)} → {_called(target)}"
    if edge.argument and edge.ordered and target.node is not None:
        title += f", argument {edge.argument}"
    if shape is not None:
        title += f", {shape}"
    if wire.count > 1:
        title += f", {wire.count:,} edges"
    if wire.carried:
        title += ", carried to the next repetition"
    kinds: list[str] = [edge.kind]
    style: Literal["solid", "dashed", "dotted"] = "solid"
    colour, thickness = LINE, 1.3
    if edge.kind == "link":
        style = "dotted"
    elif edge.kind == "gradient":
        colour = OUTPUT
    if wire.carried:
        kinds.append("carried")
        style = "dashed"
    if not view.marked.isdisjoint(source.members) and not view.marked.isdisjoint(target.members):
        kinds.append("marked")
        colour, thickness = MARK, 3.0
    return WireFace(label, title, tuple(kinds), style, colour, thickness)


def _called(card: Card) -> str:
    if card.node is not None:
        return card.node.label
    return "" if card.group is None else group_name(card.group)


def _flowing(view: GraphView, wire: Wire) -> str | None:
    """The shape of what a wire carries."""
    if wire.edge.value is not None:
        return shape_text(wire.edge.value.shape)
    shape = view.nodes[wire.edge.source].shape
    if shape and isinstance(shape[0], tuple):
        part = shape[wire.edge.output] if wire.edge.output < len(shape) else None
        return shape_text(part) if isinstance(part, tuple) else None
    return None if shape is None else shape_text(shape)


def _legend(view: GraphView, shown: Scene, cards: dict[str, Face], scale: ColourScale | None) -> Iterable[Look]:
    if scale is None:
        present = {face.kinds[0] for face in cards.values()}
        yield from (look for key, look in CARDS.items() if key in present)
    elif scale.is_continuous:
        pass  # a colour bar
    else:
        told = {scale.text(card.overlay): scale.swatch(card.overlay) for card in shown.cards}
        for text in sorted(told, key=lambda text: (text in ("–", "mixed"), text)):
            yield Look("not known" if text == "–" else text, told[text].fill, LINE, told[text].text)
    if scale is not None and scale.is_continuous and any(card.overlay is None for card in shown.cards):
        yield Look("– not known", "#ffffff", LINE, "#4a515a")
    if view.marked:
        yield Look("marked", "#ffffff", MARK)
