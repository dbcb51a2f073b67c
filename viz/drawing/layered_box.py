"""The inside of one box, or of the whole drawing, in ranks from the top down: see :mod:`viz.layout`."""

from __future__ import annotations

import heapq
import itertools
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from viz.drawing.spacing import Point, rounded, spread

__all__ = ["FEATHER", "HEADER", "LONG", "LayeredBox", "Leg", "Point"]

HEADER = 18.0
"""The height of the strip that a box's label stands in, in points."""

_BETWEEN = 18.0  # of two cards in a row
_BESIDE_WIRE = 9.0
_GAP = 30.0  # of two rows
_LANE = 9.0
_PORT = 13.0  # of two arrowheads
_EXIT_GAP = 20.0  # from the last row to the border that wires leave through
_SMALL = 1500  # items up to which rows are ordered and placed with care
_ROUNDS = 6
LONG = 0.02
"""How much a long wire pulls at its ends, where one to the next rank has 1: it is the one that bends."""
FEATHER = 1e-7
"""How much the wire of a parameter pulls: it goes where there is room."""


@dataclass(eq=False, slots=True)
class Leg:
    """The part of a wire inside one box: from the lower edge of one item to the upper edge of another.

    ``kind``   ``"down"``; ``"back"``: in a lane to a rank that is no lower; ``"beside"``: into the lower edge
    ``path``   the virtual cards on the way, or None where it runs in a lane
    ``enter``  where it meets its head, from the middle
    """

    tail: int
    head: int
    tail_port: tuple[LayeredBox, int] | None
    head_port: tuple[LayeredBox, int] | None
    kind: Literal["down", "back", "beside"]
    firm: float
    label: tuple[float, float] | None = None
    path: Sequence[int] | None = ()
    lane: int = 0
    enter: float = 0.0
    drawn: tuple[list[Point], Point | None] | None = None


class LayeredBox:
    """Items in ranks; after :meth:`place` each has a place and each leg a route, from the box's upper left corner."""

    def __init__(
        self, above: float, before: float, width: float, height: float, padding: float = 0.0, rounds: int = _ROUNDS
    ):
        self._above, self._before, self._least = above, before, (width, height)
        self._padding, self._rounds = padding, rounds
        self.wide: list[float] = []
        self.high: list[float] = []
        self.leaf: list[bool] = []
        self.legs: list[Leg] = []
        self.width = self.height = 0.0
        self._order: list[int] = []
        self._side: list[int] = []
        self._ports: dict[Hashable, int] = {}
        self._last: dict[int, bool] = {}  # of each port whether it is on the lower border
        self._shared: dict[tuple[int | None, ...], Leg] = {}

    # ------------------------------------------------------------------------------------------------ filling

    def add(self, width: float, height: float, order: int, *, leaf: bool = False, side: int = 0) -> int:
        """A new item, which tape ``order`` puts where it should be without other reasons."""
        self.wide.append(width)
        self.high.append(height)
        self.leaf.append(leaf)
        self._order.append(order)
        self._side.append(side)
        return len(self.wide) - 1

    def port(self, key: Hashable, *, last: bool, like: int, light: bool = False) -> int:
        """The place where wires with this key cross the upper border, or the lower one if ``last``; a ``light`` one
        gives way to others."""
        if key not in self._ports:
            self._ports[key] = port = self.add(0.0, 0.0, self._order[like], leaf=light, side=self._side[like])
            self._last[port] = last
        return self._ports[key]

    def edge(
        self,
        tail: int,
        head: int,
        tail_port: tuple[LayeredBox, int] | None,
        head_port: tuple[LayeredBox, int] | None,
        *,
        kind: Literal["down", "back", "beside"] = "down",
        firm: float = 1.0,
        shared: bool = False,
    ) -> Leg:
        """A new leg; or, if ``shared``, the one that joins these items already."""
        ends = (tail, head, tail_port and tail_port[1], head_port and head_port[1])
        if shared and ends in self._shared:
            self._shared[ends].firm = max(self._shared[ends].firm, firm)
            return self._shared[ends]
        leg = Leg(tail, head, tail_port, head_port, kind, firm)
        self.legs.append(leg)
        if shared:
            self._shared[ends] = leg
        return leg

    # ------------------------------------------------------------------------------------------------ placing

    def place(self) -> None:
        """Give every item its place; the boxes among them have their size by now."""
        self._rank_items()
        self._add_virtual_cards()
        self._neighbours()
        self._order_rows()
        self._place_across()
        self._place_down()
        for leg in self.legs:
            leg.drawn = None

    def _rank_items(self) -> None:
        count = len(self.wide)
        out: list[list[Leg]] = [[] for _ in range(count)]
        for leg in self.legs:
            if leg.kind != "back":
                out[leg.tail].append(leg)
        when = self._topological(out)
        first = 1 if any(not last for last in self._last.values()) else 0
        rank = [first] * count
        incoming = [0] * count
        for port, last in self._last.items():
            if not last:
                rank[port] = 0
        for item in sorted(range(count), key=when.__getitem__):
            for leg in out[item]:
                if when[leg.head] <= when[item]:
                    leg.kind = "back"  # boxes can tie a knot that the graph does not have
                    continue
                incoming[leg.head] += 1
                least = rank[item] + (leg.kind == "down")
                if rank[leg.head] < least:
                    rank[leg.head] = least
        for item in range(count):  # what nothing flows into stands just above what it is for
            if not incoming[item] and item not in self._last:
                heads = [rank[leg.head] - (leg.kind == "down") for leg in out[item] if leg.head not in self._last]
                if heads:
                    rank[item] = max(first, min(heads))
        lowest = max((rank[i] for i in range(count) if i not in self._last), default=first)
        for port, last in self._last.items():
            if last:
                rank[port] = lowest + 1
        self._rank = rank

    def _topological(self, out: list[list[Leg]]) -> list[int]:
        """When each item comes: by its place on the tape, but after what it depends on, as far as that can be."""
        key = [(0 if self._last.get(i) is False else 1 if i not in self._last else 2, self._order[i], i)
               for i in range(len(self.wide))]  # fmt: skip
        when = [0] * len(key)
        in_order = sorted(range(len(key)), key=key.__getitem__)
        for number, item in enumerate(in_order):
            when[item] = number
        if all(when[leg.tail] < when[leg.head] for legs in out for leg in legs):
            return when
        waiting = [0] * len(key)
        for legs in out:
            for leg in legs:
                waiting[leg.head] += 1
        ready = [key[i] for i in in_order if not waiting[i]]
        heapq.heapify(ready)
        done = [False] * len(key)
        later = iter(in_order)
        number = 0
        while number < len(key):
            item = heapq.heappop(ready)[2] if ready else next(i for i in later if not done[i])
            if done[item]:
                continue
            done[item], when[item] = True, number
            number += 1
            for leg in out[item]:
                waiting[leg.head] -= 1
                if not waiting[leg.head] and not done[leg.head]:
                    heapq.heappush(ready, key[leg.head])
        return when

    def _add_virtual_cards(self) -> None:
        """A chain for each long wire, as far as that is affordable; a lane for those that go back or are too long."""
        rank = self._rank
        left = 4 * len(self.wide) + 2000
        self._weight = [FEATHER if leaf else 1.0 for leaf in self.leaf]
        lanes: list[Leg] = []
        for leg in sorted(self.legs, key=lambda leg: abs(rank[leg.head] - rank[leg.tail])):
            span = rank[leg.head] - rank[leg.tail]
            if leg.kind != "down" or span - 1 > left:
                leg.path = None
                lanes.append(leg)
                continue
            left -= span - 1
            path = []
            for step in range(1, span):
                item = self.add(0.0, 0.0, self._order[leg.tail], side=max(self._side[leg.tail], self._side[leg.head]))
                self._weight.append(leg.firm * (LONG if span > 3 else 1.0))
                rank.append(rank[leg.tail] + step)
                path.append(item)
            leg.path = path
        self._virtual = len(rank) - sum(len(leg.path or ()) for leg in self.legs)
        ends: list[int] = []  # of each lane the rank below which it is free
        self._lane_widths: list[float] = []
        for leg in sorted(lanes, key=lambda leg: (min(rank[leg.tail], rank[leg.head]), leg.tail, leg.head)):
            if leg.kind == "beside" and rank[leg.tail] == rank[leg.head]:
                continue  # across the gap below them
            low, high = sorted((rank[leg.tail], rank[leg.head]))
            lane = next((i for i, end in enumerate(ends[:64]) if end < low - 1), len(ends))
            if lane == len(ends):
                ends.append(high)
                self._lane_widths.append(_LANE)
            ends[lane] = max(ends[lane], high)
            leg.lane = lane
            if leg.label is not None:
                self._lane_widths[lane] = max(self._lane_widths[lane], leg.label[0] + 4)
        self._rows: list[list[int]] = [[] for _ in range(max(rank, default=-1) + 1)]
        for item in sorted(range(len(rank)), key=lambda i: (self._side[i], self._order[i], i)):
            self._rows[rank[item]].append(item)

    def _neighbours(self) -> None:
        """Of each item those in the row above and below: with where the wire meets them, and whether it counts."""
        self._up: list[list[tuple[int, float, float]]] = [[] for _ in self._rank]
        self._down: list[list[tuple[int, float, float]]] = [[] for _ in self._rank]
        for leg in self.legs:
            if leg.path is None:
                continue
            chain = [leg.tail, *leg.path, leg.head]
            begin = _offset(leg.tail_port)
            end = _offset(leg.head_port)
            for i, (above, below) in enumerate(itertools.pairwise(chain)):
                from_above = begin if i == 0 else 0.0
                from_below = end if i == len(chain) - 2 else 0.0
                firm = leg.firm * (LONG if len(chain) > 4 and i in (0, len(chain) - 2) else 1.0)
                self._up[below].append((above, from_above - from_below, firm))
                self._down[above].append((below, from_below - from_above, firm))

    def _order_rows(self) -> None:
        small = len(self._rank) <= _SMALL and self._rounds > 1
        place = [0.0] * len(self._rank)
        for row in self._rows:
            for number, item in enumerate(row):
                place[item] = number
        best, fewest = None, None
        for number in range(2 * self._rounds if small else 2):
            downwards = number % 2 == 0
            near = self._up if downwards else self._down
            for row in self._rows if downwards else reversed(self._rows):
                if len(row) > 1:
                    wish = {
                        item: (
                            self._side[item],
                            sum(place[other] for other, _, _ in near[item]) / len(near[item])
                            if near[item]
                            else place[item],
                        )
                        for item in row
                    }
                    row.sort(key=wish.__getitem__)
                    for index, item in enumerate(row):
                        place[item] = index
            if small:
                crossings = self._crossings(place)
                if fewest is None or crossings < fewest:
                    best, fewest = [list(row) for row in self._rows], crossings
                if not crossings:
                    break
        if best is not None:
            self._rows = best

    def _crossings(self, place: Sequence[float]) -> int:
        total = 0
        for row in self._rows:
            seen: list[float] = []
            for item in row:
                below = [place[other] for other, _, _ in self._down[item]]
                total += sum(len(seen) - bisect_right(seen, end) for end in below)
                for end in below:
                    insort(seen, end)
        return total

    def _place_across(self) -> None:
        rounds = self._rounds if len(self._rank) <= _SMALL else 1
        x = [0.0] * len(self._rank)
        apart: list[list[float]] = []
        for row in self._rows:
            at = 0.0
            offsets = []
            for number, item in enumerate(row):
                if number:
                    at += (self.wide[row[number - 1]] + self.wide[item]) / 2 + self._between(row[number - 1], item)
                offsets.append(at)
            middle = at / 2
            for item, offset in zip(row, offsets, strict=True):
                x[item] = offset - middle
            apart.append(offsets)
        rows = list(zip(self._rows, apart, strict=True))
        for number in range(2 * rounds + 1):
            downwards = number % 2 == 0
            near = self._up if downwards else self._down
            for row, offsets in rows if downwards else reversed(rows):
                if len(row) == 1 and len(near[row[0]]) == 1:
                    other, shift, _ = near[row[0]][0]
                    x[row[0]] = x[other] + shift
                    continue
                wishes = []
                for item in row:
                    total = wish = 0.0
                    for other, shift, firm in near[item]:
                        total += firm
                        wish += firm * (x[other] + shift)
                    wishes.append(wish / total if total else x[item])
                if len(row) == 1:
                    x[row[0]] = wishes[0]
                else:
                    for item, at in zip(row, spread(wishes, offsets, [self._weight[i] for i in row]), strict=True):
                        x[item] = at
        left = min((x[i] - self.wide[i] / 2 for i in range(len(x))), default=0.0)
        shift = self._padding + self._before - left
        self.x = [at + shift for at in x]
        right = max((self.x[i] + self.wide[i] / 2 for i in range(len(x))), default=0.0)
        self._lane_x = []
        for width in self._lane_widths:
            right += _BESIDE_WIRE
            self._lane_x.append(right + width / 2)
            right += width
        self.width = max(right + self._padding, self._least[0])
        if not self._padding and self.legs:
            labelled = max((leg.label[0] for leg in self.legs if leg.label), default=0.0)
            self.width = max(self.width, labelled)

    def _between(self, one: int, other: int) -> float:
        return _BESIDE_WIRE if one >= self._virtual or other >= self._virtual else _BETWEEN

    def _place_down(self) -> None:
        gaps = [_GAP] * len(self._rows)
        for leg in self.legs:
            if leg.label is not None:
                gap = max(0, self._rank[leg.head] - 1) if leg.kind != "beside" else self._rank[leg.head]
                gaps[gap] = max(gaps[gap], _GAP + leg.label[1] + 2)
        ports_above = any(not last for last in self._last.values())
        ports_below = any(self._last.values())
        lanes = any(leg.path is None for leg in self.legs)  # which need room above the first row and below the last
        y = 0.0 if ports_above else self._padding + self._above + (12.0 if lanes else 0.0)
        self.top: list[float] = []
        self.bottom: list[float] = []
        for number, row in enumerate(self._rows):
            if number == 0 and ports_above:
                gaps[0] = max(gaps[0], self._above + 24.0)
            high = max((self.high[item] for item in row), default=0.0)
            if ports_below and number == len(self._rows) - 2:
                gaps[number] = max(_EXIT_GAP, gaps[number] - _GAP + _EXIT_GAP)
            self.top.append(y)
            self.bottom.append(y + high)
            y += high + gaps[number]
        end = self.bottom[-1] if self.bottom else 0.0
        self.height = max(end if ports_below else end + self._padding + (12.0 if lanes else 0.0), self._least[1])
        if ports_below:  # which stand on the border, also where the label made the box taller
            self.top[-1] = self.bottom[-1] = self.height
        self._meet()

    def _meet(self) -> None:
        """Spread the arrowheads along the upper edge of a card: what comes straight down goes to the middle."""
        arriving: defaultdict[int, list[tuple[float, int]]] = defaultdict(list)
        for number, leg in enumerate(self.legs):
            if leg.kind != "beside" and leg.head not in self._last and leg.head_port is None:
                if leg.path is None:
                    start = self._lane_x[leg.lane]
                else:
                    start = self.x[leg.path[-1]] if leg.path else self.x[leg.tail] + _offset(leg.tail_port)
                arriving[leg.head].append((start - self.x[leg.head], number))
        for item, found in arriving.items():
            if len(found) == 1:
                continue
            found.sort()
            straight = [number for away, number in found if abs(away) < 3]
            if len(straight) == 1:
                middle = next(i for i, (_, number) in enumerate(found) if number == straight[0])
            else:
                middle = (len(found) - 1) / 2  # type: ignore[assignment]
            most = max(middle, len(found) - 1 - middle)
            step = min(_PORT, (self.wide[item] / 2 - 8) / most) if self.wide[item] > 16 else 0.0
            for i, (_, number) in enumerate(found):
                self.legs[number].enter = (i - middle) * step

    # ------------------------------------------------------------------------------------------------ the result

    def corner(self, item: int) -> Point:
        """The upper left corner of an item, which stands in the middle of its row."""
        rank = self._rank[item]
        middle = (self.top[rank] + self.bottom[rank]) / 2
        return self.x[item] - self.wide[item] / 2, middle - self.high[item] / 2

    def route(self, leg: Leg) -> tuple[list[Point], Point | None]:
        """The Bézier points of a leg, from its tail to its head, and the centre of its label."""
        if leg.drawn is None:
            leg.drawn = self._in_lane(leg) if leg.path is None else self._through(leg, leg.path)
        return leg.drawn

    def _through(self, leg: Leg, path: Sequence[int]) -> tuple[list[Point], Point | None]:
        rank, start, end = self._rank, self.x[leg.tail] + _offset(leg.tail_port), self._entry(leg)
        stations = [(start, self.corner(leg.tail)[1] + self.high[leg.tail]), (start, self.bottom[rank[leg.tail]])]
        for item in path:
            stations += [(self.x[item], self.top[rank[item]]), (self.x[item], self.bottom[rank[item]])]
        stations += [(end, self.top[rank[leg.head]]), (end, self.corner(leg.head)[1])]
        points = [stations[0]]
        for (x, y), (next_x, next_y) in itertools.pairwise(stations):
            if next_y - y > 1e-9 or x != next_x:
                bend = (next_y - y) / 2
                points += [(x, y + bend), (next_x, next_y - bend), (next_x, next_y)]
        if len(points) == 1:
            points *= 4
        (_, before), (_, after) = stations[-3], stations[-2]
        return points, ((stations[-3][0] + end) / 2, (before + after) / 2)

    def _in_lane(self, leg: Leg) -> tuple[list[Point], Point | None]:
        """Down into the gap, across to the lane, along it, and across to the head in the gap above or below it."""
        tail, head = self._rank[leg.tail], self._rank[leg.head]
        start, end = self.x[leg.tail] + _offset(leg.tail_port), self._entry(leg)
        step = 4.0 + 3.0 * (leg.lane % 3)
        below = min(self.bottom[tail] + step, self.height)
        corners = [(start, self.corner(leg.tail)[1] + self.high[leg.tail]), (start, below)]
        label: Point
        if leg.kind == "beside" and tail == head:
            below = self.bottom[tail] + 9.0
            corners = [corners[0], (start, below), (end, below), (end, self.corner(leg.head)[1] + self.high[leg.head])]
            return rounded(corners), ((start + end) / 2, below)
        lane = self._lane_x[leg.lane]
        label = (lane, (self.top[min(tail, head)] + self.bottom[max(tail, head)]) / 2)
        if leg.kind == "beside":
            near = self.bottom[head] + step
            corners += [(lane, below), (lane, near), (end, near), (end, self.corner(leg.head)[1] + self.high[leg.head])]
        else:
            near = max(self.top[head] - step - 5.0, 0.0)
            corners += [(lane, below), (lane, near), (end, near), (end, self.corner(leg.head)[1])]
        return rounded(corners), label

    def _entry(self, leg: Leg) -> float:
        return self.x[leg.head] + (leg.enter if leg.head_port is None else _offset(leg.head_port))


def _offset(port: tuple[LayeredBox, int] | None) -> float:
    """Where a wire meets the border of a box, from its middle."""
    return 0.0 if port is None else port[0].x[port[1]] - port[0].width / 2
