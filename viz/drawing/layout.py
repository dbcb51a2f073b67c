"""Where everything of a scene goes: our own layered layout, linear in the drawing, for large views and where there is
no Graphviz.

Each open box is laid out by itself and is then one big card in the box around it, so a box holds its cards and touches
no other. In a box a card's rank is the longest way to it, for which tape order is topological already (Sugiyama,
Tagawa and Toda, 1981); rows are ordered by barycentres and placed by isotonic regression, which is the least-squares
answer to "as near as can be to the neighbours, and this far apart". A long wire runs through a chain of virtual cards,
or past everything in a lane at the side, never through a card; only a link between two boxes, from an op to its
backward pass, goes straight across. Drawings of more than 20,000 cards, in which nobody
follows a wire by eye, get the plainer layout of :mod:`viz.drawing.coarse_layout`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from autograd.errors import ArgumentError
from viz.drawing.coarse_layout import coarse_layout
from viz.drawing.layered_box import FEATHER, HEADER, LONG, LayeredBox, Leg, Point
from viz.drawing.placement import Direction, Layout, Rectangle, Route
from viz.graphs.scene import Scene, Wire

__all__ = ["Direction", "Layout", "Rectangle", "Route", "layout"]

_SMALL = 3000  # cards up to which a drawing is laid out with care
_LARGE = 20_000  # cards from which on only arrays are fast enough


def layout(
    shown: Scene,
    sizes: Mapping[str, tuple[float, float]],
    direction: Direction = "down",
    *,
    labels: Mapping[int, tuple[float, float]] | None = None,
    headers: Mapping[int, float] | None = None,
) -> Layout:
    """Place a scene whose data flows ``"down"`` or to the ``"right"``. The same scene always gives the same layout.

    ``sizes``    width and height of each card, by its key
    ``labels``   width and height of the labels of wires, by the wire's number
    ``headers``  width of the label of a box, by the number of its group

    Where forward ops are linked to their backward pass, gradients flow the other way beside them: each backward card
    stands at the rank of its forward card or below it. Raises ArgumentError for a card without a size and for an
    unknown ``direction``.
    """
    if direction not in ("down", "right"):
        raise ArgumentError(f"direction is {direction!r}; it must be 'down' or 'right'.")
    if missing := next((card.key for card in shown.cards if card.key not in sizes), None):
        raise ArgumentError(f"layout: sizes has no width and height for the card {missing!r}.")
    labels, headers = labels or {}, headers or {}
    if len(shown.cards) > _LARGE:
        return coarse_layout(shown, sizes, direction, labels=labels, headers=headers)
    return _Drawing(shown, sizes, direction == "right", labels, headers).placed()


class _Part(NamedTuple):
    """A leg of a wire, in the box of a group, and whether the wire runs along it from its head to its tail."""

    level: LayeredBox
    box: int | None
    leg: Leg
    flipped: bool


@dataclass
class _Drawing:
    """A scene that is being laid out downwards; what flows to the right is turned before and after."""

    shown: Scene
    sizes: Mapping[str, tuple[float, float]]
    turned: bool
    labels: Mapping[int, tuple[float, float]]
    headers: Mapping[int, float]
    levels: dict[int | None, LayeredBox] = field(default_factory=dict)
    parent: dict[int | None, int | None] = field(default_factory=dict)
    depth: dict[int | None, int] = field(default_factory=dict)
    item: dict[str | int, int] = field(default_factory=dict)  # a card's key or a box's number -> its item
    home: dict[str, int | None] = field(default_factory=dict)
    backward: set[str] = field(default_factory=set)
    leaves: set[str] = field(default_factory=set)
    order: dict[str, int] = field(default_factory=dict)
    latest: dict[str, int] = field(default_factory=dict)
    legs: list[list[_Part]] = field(default_factory=list)

    def placed(self) -> Layout:
        self._fill_boxes()
        for number, wire in enumerate(self.shown.wires):
            self._lead(number, wire)
        for box in [*(box.group.id for box in reversed(self.shown.boxes)), None]:
            level = self.levels[box]
            level.place()
            if box is not None:
                above, item = self.levels[self.parent[box]], self.item[box]
                above.wide[item], above.high[item] = level.width, level.height
        return self._whole()

    def _fill_boxes(self) -> None:
        rounds = 6 if len(self.shown.cards) <= _SMALL else 1
        self.levels[None], self.depth[None] = LayeredBox(0.0, 0.0, 0.0, 0.0, rounds=rounds), 0
        for box in self.shown.boxes:
            header = self.headers.get(box.group.id, 0.0)
            room = (0.0, HEADER, 0.0, header) if self.turned else (HEADER, 0.0, header, 0.0)
            self.levels[box.group.id] = LayeredBox(*room, padding=10.0, rounds=rounds)
            self.parent[box.group.id] = box.parent
            self.depth[box.group.id] = self.depth[box.parent] + 1
        self._find_leaves()
        mirrored = any(wire.edge.kind == "link" for wire in self.shown.wires)
        first: dict[int | None, int] = {}
        forward: set[int | None] = set()
        for order, card in enumerate(self.shown.cards):
            backward = mirrored and card.is_backward
            around = card.box
            while around is not None and (around not in first or (not backward and around not in forward)):
                first.setdefault(around, order)
                if not backward:
                    forward.add(around)
                around = self.parent[around]
        for order, card in enumerate(self.shown.cards):
            width, height = self.sizes[card.key]
            size = (height, width) if self.turned else (width, height)
            self.home[card.key] = card.box
            self.item[card.key] = self.levels[card.box].add(
                *size, order, leaf=card.key in self.leaves, side=int(mirrored and card.is_backward)
            )
        for box_drawn in self.shown.boxes:
            group = box_drawn.group.id
            self.item[group] = self.levels[box_drawn.parent].add(0.0, 0.0, first[group], side=int(group not in forward))
        self.backward = {card.key for card in self.shown.cards if mirrored and card.is_backward}

    def _find_leaves(self) -> None:
        """Which cards stand beside what uses them, and of each card its latest source that is none of these."""
        for order, card in enumerate(self.shown.cards):
            self.order[card.key] = order
            if card.node is not None and card.node.kind in ("parameter", "constant"):
                self.leaves.add(card.key)
        for wire in self.shown.wires:
            if wire.source not in self.leaves and not wire.carried:
                before = self.latest.get(wire.target, 0)
                self.latest[wire.target] = max(before, self.order[wire.source])

    def _lead(self, number: int, wire: Wire) -> None:
        """Lead a wire out of the boxes around its source, across, and into the boxes around its target."""
        tail, head = wire.source, wire.target
        beside = wire.edge.kind == "link" or (head in self.backward and tail not in self.backward)
        upwards = tail in self.backward and head in self.backward and not wire.carried
        if upwards:
            tail, head = head, tail
        firm = self._firmness(wire)
        tag = (tail, wire.edge.kind, wire.carried, wire.edge.output)
        here, there = self.home[tail], self.home[head]
        u, v = self.item[tail], self.item[head]
        if wire.edge.kind == "link" and here != there:  # it says what belongs together: straight across, see _across()
            while here != there:
                if self.depth[here] >= self.depth[there]:
                    u, here = self.item[here], self.parent[here]  # type: ignore[index]
                else:
                    v, there = self.item[there], self.parent[there]  # type: ignore[index]
            self.levels[here].edge(u, v, None, None, kind="beside", firm=FEATHER, shared=True)
            self.legs.append([])
            return
        out: list[_Part] = []
        into: list[_Part] = []
        tail_port: tuple[LayeredBox, int] | None = None
        head_port: tuple[LayeredBox, int] | None = None
        while here != there:
            if self.depth[here] >= self.depth[there]:
                level = self.levels[here]
                port = level.port(("out", tag), last=True, like=u, light=beside)
                out.append(_Part(level, here, level.edge(u, port, tail_port, None, firm=firm, shared=True), False))
                tail_port, u, here = (level, port), self.item[here], self.parent[here]  # type: ignore[index]
            else:
                level = self.levels[there]
                if beside:  # it comes to its target from below
                    port = level.port(("beside", head, wire.edge.kind), last=True, like=v, light=True)
                    leg = level.edge(v, port, head_port, None, firm=FEATHER, shared=head_port is not None)
                else:
                    port = level.port(("in", tag), last=False, like=v)
                    leg = level.edge(port, v, None, head_port, firm=firm, shared=head_port is not None)
                into.append(_Part(level, there, leg, beside))
                head_port, v, there = (level, port), self.item[there], self.parent[there]  # type: ignore[index]
        level = self.levels[here]
        kind: Literal["down", "back", "beside"] = "back" if wire.carried else "beside" if beside else "down"
        shared = kind == "down" and head_port is not None
        across = level.edge(u, v, tail_port, head_port, kind=kind, firm=firm, shared=shared)
        legs = [*out, _Part(level, here, across, False), *reversed(into)]
        if number in self.labels:
            width, height = self.labels[number]
            legs[-1].leg.label = (height, width) if self.turned else (width, height)
        if upwards:
            legs = [part._replace(flipped=not part.flipped) for part in reversed(legs)]
        self.legs.append(legs)

    def _firmness(self, wire: Wire) -> float:
        """How straight a wire should be: from the latest of a card's sources most, from a parameter least."""
        if wire.source in self.leaves or wire.carried:
            return FEATHER
        away = self.order[wire.target] - self.order[wire.source]
        nearest = self.order[wire.target] - self.latest.get(wire.target, 0)
        return LONG if away > 4 * nearest + 4 else 1.0

    def _whole(self) -> Layout:
        """Everything in one system of coordinates."""
        corner: dict[int | None, Point] = {None: (0.0, 0.0)}
        boxes: dict[int, Rectangle] = {}
        for box in self.shown.boxes:
            group = box.group.id
            left, top = self.levels[box.parent].corner(self.item[group])
            x, y = corner[box.parent]
            corner[group] = (x + left, y + top)
            boxes[group] = self._rectangle(*corner[group], self.levels[group].width, self.levels[group].height)
        cards: dict[str, Rectangle] = {}
        for card in self.shown.cards:
            level, item = self.levels[card.box], self.item[card.key]
            left, top = level.corner(item)
            x, y = corner[card.box]
            cards[card.key] = self._rectangle(x + left, y + top, level.wide[item], level.high[item])
        wires = tuple(
            self._route(legs, corner)
            if legs
            else _across(cards[wire.source], cards[wire.target], number in self.labels)
            for number, (wire, legs) in enumerate(zip(self.shown.wires, self.legs, strict=True))
        )
        width, height = self.levels[None].width, self.levels[None].height
        return Layout(cards, boxes, wires, *((height, width) if self.turned else (width, height)))

    def _rectangle(self, x: float, y: float, width: float, height: float) -> Rectangle:
        return Rectangle(y, x, height, width) if self.turned else Rectangle(x, y, width, height)

    def _route(self, legs: list[_Part], corner: dict[int | None, Point]) -> Route:
        points: list[Point] = []
        label = None
        for level, box, leg, flipped in legs:
            left, top = corner[box]
            part, middle = level.route(leg)
            if flipped:
                part = part[::-1]
            moved = [(x + left, y + top) for x, y in part]
            points += moved[1:] if points else moved
            if middle is not None and leg.label is not None:
                label = (middle[0] + left, middle[1] + top)
        if self.turned:
            points = [(y, x) for x, y in points]
            label = None if label is None else (label[1], label[0])
        return Route(tuple(points), label)


def _across(one: Rectangle, other: Rectangle, labelled: bool) -> Route:
    """From side to side where one stands left of the other, and from below or above otherwise."""
    middles = [(place.x + place.width / 2, place.y + place.height / 2) for place in (one, other)]
    if one.x + one.width <= other.x or other.x + other.width <= one.x:
        right = one.x < other.x
        start = (one.x + one.width if right else one.x, middles[0][1])
        end = (other.x if right else other.x + other.width, middles[1][1])
        half = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        points = (start, (half[0], start[1]), (half[0], end[1]), end)
    else:
        down = one.y < other.y
        start = (middles[0][0], one.y + one.height if down else one.y)
        end = (middles[1][0], other.y if down else other.y + other.height)
        half = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        points = (start, (start[0], half[1]), (end[0], half[1]), end)
    return Route(points, half if labelled else None)
