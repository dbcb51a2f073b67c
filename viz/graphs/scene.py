"""What a view shows: cards, wires between them, and the boxes of the groups that are open.

The map from the graph to the drawing is one function of a node: a node in a repetition of a rolled group is drawn
where its counterpart in the first repetition is, and a node in a closed group is drawn as that group's card.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from viz.graphs.view import EdgeView, GraphView, GroupView, NodeView, Overlay, Shape

__all__ = ["Box", "Card", "Scene", "Wire", "scene"]

_SUMMED = ("nbytes", "flops", "seconds", "saved")


@dataclass(frozen=True, slots=True)
class Card:
    """One card: a node, or a closed group.

    ``key``      ``"n3"`` for node 3, ``"g2"`` for group 2: the same whatever else is open or closed
    ``node``     the node that it shows, of the first repetition if there are several; None for a closed group
    ``group``    the closed group; None for a node
    ``box``      the innermost open group that the card is drawn in
    ``members``  the nodes that the card stands for
    ``shape``, ``dtype``  of the value that leaves the card; None where there is none or where they differ
    ``nbytes``, ``flops``, ``seconds``, ``saved``  sums over the members; None where nothing is known
    ``overlay``  the value of the view's overlay
    """

    key: str
    node: NodeView | None
    group: GroupView | None
    box: int | None
    members: tuple[int, ...]
    shape: Shape | None = None
    dtype: str | None = None
    nbytes: int | None = None
    flops: int | None = None
    seconds: float | None = None
    saved: int | None = None
    overlay: float | str | bool | None = None

    @property
    def is_backward(self) -> bool:
        """Whether it shows a part of the backward pass."""
        if self.node is not None:
            return self.node.kind in ("backward", "gradient")
        return self.group is not None and self.group.kind == "backward"


@dataclass(frozen=True, slots=True)
class Wire:
    """``count`` edges of the graph between the same two cards, of the same kind and into the same argument.

    ``edge``     the first of them
    ``carried``  it goes from one repetition of a rolled group to a later one: the only wire that may go back or join a
                 card to itself
    """

    source: str
    target: str
    edge: EdgeView
    count: int = 1
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """An open group that holds at least one card, itself or in a box inside it."""

    group: GroupView
    parent: int | None


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is drawn, in tape order. Boxes come before the boxes inside them."""

    cards: tuple[Card, ...]
    wires: tuple[Wire, ...]
    boxes: tuple[Box, ...]


def scene(view: GraphView) -> Scene:
    """The cards, wires and boxes of a view, with its closed groups closed and its rolled groups rolled.

    Every edge of the graph is in exactly one wire, but for those inside a closed group. Totals are conserved: each node
    is a member of exactly one card. Linear in the graph.
    """
    twins, repetition = _rolled(view)
    covers = _covers(view)
    keys: list[str] = []
    members: dict[str, list[int]] = {}
    shown: dict[str, int] = {}  # of each card the node of the graph that says where it is drawn
    for node in view.nodes:
        place = node.id
        while place in twins:
            place = twins[place]
        group = view.nodes[place].group
        cover = None if group is None else covers[group]
        key = f"n{place}" if cover is None else f"g{cover}"
        keys.append(key)
        members.setdefault(key, []).append(node.id)
        shown.setdefault(key, place)

    wires: dict[tuple[object, ...], tuple[EdgeView, int]] = {}
    for edge in view.edges:
        source, target = keys[edge.source], keys[edge.target]
        carried = bool(repetition) and _is_carried(repetition, edge)
        if source == target and not (carried and source[0] == "n"):
            continue  # inside a closed group
        into = (edge.slot, edge.argument, edge.ordered) if target[0] == "n" else (0, "", False)
        out = edge.output if source[0] == "n" else 0
        at = (source, target, carried, edge.kind, out, *into)
        first, count = wires.get(at, (edge, 0))
        wires[at] = first, count + 1

    leaving: dict[str, list[EdgeView]] = {}
    for edge in view.edges:
        if keys[edge.source] != keys[edge.target] and keys[edge.source][0] == "g" and edge.kind != "link":
            leaving.setdefault(keys[edge.source], []).append(edge)
    cards = tuple(_card(view, key, tuple(members[key]), shown[key], leaving.get(key, ())) for key in members)
    return Scene(
        cards,
        tuple(Wire(str(s), str(t), edge, count, bool(c)) for (s, t, c, *_), (edge, count) in wires.items()),
        _boxes(view, cards),
    )


def _covers(view: GraphView) -> list[int | None]:
    """Of each group the outermost closed group that it is in or is."""
    covers: list[int | None] = []
    for group in view.groups:
        above = None if group.parent is None else covers[group.parent]
        covers.append(above if above is not None else group.id if group.id in view.closed else None)
    return covers


def _rolled(view: GraphView) -> tuple[dict[int, int], dict[int, tuple[tuple[int, int], ...]]]:
    """Of each node in a later repetition of a rolled group its counterpart in the first; and of each node in a rolled
    group which repetitions it is in, as pairs of group and number."""
    twins: dict[int, int] = {}
    repetition: dict[int, tuple[tuple[int, int], ...]] = {}
    for rolled in sorted(view.rolled):  # from the outside in: a parent has the smaller number
        repeats = view.children[rolled]
        for number, repeat in enumerate(repeats):
            for node, first in zip(view.members[repeat], view.members[repeats[0]], strict=True):
                repetition[node] = (*repetition.get(node, ()), (rolled, number))
                if number:
                    twins.setdefault(node, first)
    return twins, repetition


def _is_carried(repetition: dict[int, tuple[tuple[int, int], ...]], edge: EdgeView) -> bool:
    source, target = repetition.get(edge.source), repetition.get(edge.target)
    if source is None or target is None:
        return False
    return any(a[0] == b[0] and a[1] != b[1] for a, b in zip(source, target, strict=False))


def _card(view: GraphView, key: str, members: tuple[int, ...], place: int, leaving: Iterable[EdgeView]) -> Card:
    nodes = [view.nodes[i] for i in members]
    sums: dict[str, Any] = {
        name: _sum(getattr(node, name) for node in nodes) for name in ("nbytes", "flops", "seconds", "saved")
    }
    overlay = None if view.overlay is None else _overlay(view.overlay, members)
    if key[0] == "n":
        node = view.nodes[place]
        return Card(
            key, node, None, _open_box(view, node.group), members, node.shape, node.dtype, **sums, overlay=overlay
        )
    group = view.groups[int(key[1:])]
    out = {(view.nodes[edge.source].shape, view.nodes[edge.source].dtype) for edge in leaving}
    shape, dtype = out.pop() if len(out) == 1 else (None, None)
    return Card(key, None, group, _open_box(view, group.parent), members, shape, dtype, **sums, overlay=overlay)


def _sum(numbers: Iterable[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _overlay(overlay: Overlay, members: tuple[int, ...]) -> float | str | bool | None:
    known = [overlay.values[i] for i in members if overlay.values[i] is not None]
    if not known:
        return None
    if overlay.total == "mixed":
        return known[0] if len(set(known)) == 1 else "mixed"
    return sum(known) if overlay.total == "sum" else max(known)  # type: ignore[arg-type, type-var]


def _open_box(view: GraphView, group: int | None) -> int | None:
    """The innermost group that has a box: the first repetition of a rolled group is drawn as the group itself."""
    while group is not None and (parent := view.groups[group].parent) is not None and parent in view.rolled:
        group = parent
    return group


def _boxes(view: GraphView, cards: Iterable[Card]) -> tuple[Box, ...]:
    found: dict[int, int | None] = {}
    for card in cards:
        box = card.box
        while box is not None and box not in found:
            found[box] = _open_box(view, view.groups[box].parent)
            box = found[box]
    return tuple(Box(view.groups[box], found[box]) for box in sorted(found))
