"""Where everything of a very large scene goes: the layered layout of :mod:`viz.layout`, with arrays and without frills.

Ranks are longest paths, rows are ordered by one barycentre sweep, and each row as a whole is moved to where its wires
from the row above are straight on average. A wire is one curve between its two cards; a long one runs underneath the
cards between them. Boxes hold their cards and touch no others, as in the careful layout.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from viz.drawing.layered_box import HEADER
from viz.drawing.placement import Direction, Layout, Rectangle, Route
from viz.graphs.scene import Scene

__all__ = ["coarse_layout"]

_BETWEEN = 18.0  # of two cards in a row
_GAP = 30.0  # of two rows
_PADDING = 10.0  # inside a box
_PORT = 13.0  # of two arrowheads
_AWAY = 22.0  # from the arrowhead to the middle of a wire's label
_LEAVES = ("parameter", "constant")

Array = np.ndarray[Any, Any]


class _Items(NamedTuple):
    """Cards, then boxes, then the whole drawing, as if it were a box: all in arrays of one entry for each."""

    around: Array  # the item of the box that it is in; the whole drawing is in itself
    depth: Array
    order: Array  # on the tape
    side: Array  # 1 in the backward pass beside the forward pass
    leaf: Array


class _Wires(NamedTuple):
    """The wires, each from its upper end to its lower one."""

    tail: Array
    head: Array
    upper: Array  # the items of one box that hold the two ends
    lower: Array
    beside: Array  # it may stay on one rank, and comes to its head from below
    flipped: Array  # it runs from its head to its tail
    carried: Array


def coarse_layout(
    shown: Scene,
    sizes: Mapping[str, tuple[float, float]],
    direction: Direction,
    *,
    labels: Mapping[int, tuple[float, float]],
    headers: Mapping[int, float],
) -> Layout:
    """Place a scene in time linear in it, but for sorting. Arguments as those of :func:`viz.layout`."""
    turned = direction == "right"
    cards, boxes = len(shown.cards), len(shown.boxes)
    items = _items(shown)
    wires = _wires(shown, items)
    rank = _ranks(items, wires)
    ordered = _ordered(items, wires, rank)

    size = np.zeros((cards + boxes + 1, 2))
    size[:cards] = np.array([sizes[card.key] for card in shown.cards])[:, :: -1 if turned else 1]
    room = np.zeros((cards + boxes + 1, 2))  # in a box, before its first row
    least = np.zeros((cards + boxes + 1, 2))
    across, along = (1, 0) if turned else (0, 1)
    room[cards:-1] = _PADDING
    room[cards:-1, along] += HEADER
    least[cards:-1, across] = [headers.get(box.group.id, 0.0) for box in shown.boxes]
    extra = 0.0
    if labels:
        extra = max(width if turned else height for width, height in labels.values()) + 2
    place = np.zeros((cards + boxes + 1, 2))
    for depth in range(int(items.depth.max()), 0, -1):  # a box has its size when the box around it is placed
        _place(ordered[items.depth[ordered] == depth], items, wires, rank, size, room, least, extra, place)
    for depth in range(2, int(items.depth.max()) + 1):
        inner = np.nonzero(items.depth == depth)[0]
        place[inner] += place[items.around[inner]]

    points, label = _curves(wires, place, size, labels)
    if turned:
        place, size, points, label = place[:, ::-1], size[:, ::-1], points[:, :, ::-1], label[:, ::-1]
    rectangles = list(map(Rectangle._make, np.concatenate([place, size], axis=1).tolist()))
    middles = {number: (x, y) for number, (x, y) in zip(labels, label.tolist(), strict=True)}
    routes = [
        Route(((ax, ay), (bx, by), (cx, cy), (dx, dy)), middles.get(number))
        for number, (ax, ay, bx, by, cx, cy, dx, dy) in enumerate(points.reshape(-1, 8).tolist())
    ]
    return Layout(
        {card.key: rectangles[i] for i, card in enumerate(shown.cards)},
        {box.group.id: rectangles[cards + i] for i, box in enumerate(shown.boxes)},
        tuple(routes),
        rectangles[-1].width,
        rectangles[-1].height,
    )


def _items(shown: Scene) -> _Items:
    cards, boxes = len(shown.cards), len(shown.boxes)
    root = cards + boxes
    number: dict[int | None, int] = {None: root}
    number.update((box.group.id, cards + i) for i, box in enumerate(shown.boxes))
    around = np.array([*(number[x.box] for x in shown.cards), *(number[box.parent] for box in shown.boxes), root])
    depth = np.ones(root + 1, int)
    depth[root] = 0
    mirrored = any(wire.edge.kind == "link" for wire in shown.wires)
    order = np.full(root + 1, root)
    order[:cards] = np.arange(cards)
    side = np.ones(root + 1, int)
    side[:cards] = [mirrored and card.is_backward for card in shown.cards]
    np.minimum.at(side, around[:cards], side[:cards])
    forward = np.where(side[around[:cards]] == side[:cards], order[:cards], root)  # a box stands where its data begins
    np.minimum.at(order, around[:cards], forward)
    for box in range(root - 1, cards - 1, -1):  # from the inside out
        above = around[box]
        if side[box] < side[above]:
            side[above], order[above] = side[box], order[box]
        elif side[box] == side[above]:
            order[above] = min(order[above], order[box])
    for box in range(cards, root):
        depth[box] = depth[around[box]] + 1
    depth[:cards] = depth[around[:cards]] + 1
    leaf = np.zeros(root + 1, bool)
    leaf[:cards] = [card.node is not None and card.node.kind in _LEAVES for card in shown.cards]
    return _Items(around, depth, order, side, leaf)


def _wires(shown: Scene, items: _Items) -> _Wires:
    number = {card.key: i for i, card in enumerate(shown.cards)}
    tail = np.array([number[wire.source] for wire in shown.wires], int)
    head = np.array([number[wire.target] for wire in shown.wires], int)
    carried = np.array([wire.carried for wire in shown.wires], bool)
    link = np.array([wire.edge.kind == "link" for wire in shown.wires], bool)
    back = items.side == 1
    beside = link | (back[head] & ~back[tail])
    flipped = back[tail] & back[head] & ~carried
    tail, head = np.where(flipped, head, tail), np.where(flipped, tail, head)
    upper, lower = tail, head
    while True:  # out of the boxes that hold only one of the two
        apart = items.around[upper] != items.around[lower]
        if not apart.any():
            break
        above, below = items.depth[upper], items.depth[lower]
        upper = np.where(apart & (above >= below), items.around[upper], upper)
        lower = np.where(apart & (below >= above), items.around[lower], lower)
    return _Wires(tail, head, upper, lower, beside, flipped, carried)


def _ranks(items: _Items, wires: _Wires) -> Array:
    """The longest way to each item in its box; a wire that closes a knot of boxes does not count."""
    counted = ~wires.carried & (wires.upper != wires.lower)
    upper, lower, step = wires.upper[counted], wires.lower[counted], 1 - wires.beside[counted].astype(int)
    count = len(items.around)
    by_tail = np.argsort(upper, kind="stable")
    start = np.searchsorted(upper[by_tail], np.arange(count + 1)).tolist()
    heads, steps = lower[by_tail].tolist(), step[by_tail].tolist()
    waiting = np.bincount(lower, minlength=count).tolist()
    in_order = np.argsort(items.order, kind="stable").tolist()
    ready = deque(item for item in in_order if not waiting[item])
    later = iter(in_order)
    rank, done = [0] * count, [False] * count
    for _ in range(count):
        item = ready.popleft() if ready else next(i for i in later if not done[i])
        done[item] = True
        for e in range(start[item], start[item + 1]):
            to = heads[e]
            if done[to]:
                continue
            rank[to] = max(rank[to], rank[item] + steps[e])
            waiting[to] -= 1
            if not waiting[to]:
                ready.append(to)
    ranks = np.array(rank)
    # What nothing flows into stands just above what it is for.
    wanted = np.full(count, np.iinfo(int).max)
    np.minimum.at(wanted, upper, ranks[lower] - step)
    source = np.bincount(lower, minlength=count) == 0
    return np.where(source & (wanted < np.iinfo(int).max), np.maximum(wanted, 0), ranks)


def _ordered(items: _Items, wires: _Wires, rank: Array) -> Array:
    """All items but the whole drawing, box by box, row by row, and in a row by one barycentre sweep."""
    first = np.lexsort((items.order[:-1], items.side[:-1], rank[:-1], items.around[:-1]))
    row = _rows(first, items, rank)
    place = np.empty(len(first) + 1)
    middle = np.bincount(row)[row] / 2
    place[first] = np.arange(len(first)) - np.searchsorted(row, row) - middle
    total, count = np.zeros(len(rank)), np.zeros(len(rank))
    for one, other in ((wires.upper, wires.lower), (wires.lower, wires.upper)):
        total += np.bincount(one, place[other], minlength=len(rank))
        count += np.bincount(one, minlength=len(rank))
    wish = np.where(count > 0, total / np.maximum(count, 1), place)
    return np.lexsort((items.order[:-1], wish[:-1], items.side[:-1], rank[:-1], items.around[:-1]))


def _rows(ordered: Array, items: _Items, rank: Array) -> Array:
    """The number of the row of each of these items, which stand box by box and row by row."""
    new = np.ones(len(ordered), bool)
    new[1:] = (np.diff(items.around[ordered]) != 0) | (np.diff(rank[ordered]) != 0)
    return np.cumsum(new) - 1


def _place(
    ordered: Array, items: _Items, wires: _Wires, rank: Array, size: Array, room: Array, least: Array, extra: float,
    place: Array,
) -> None:  # fmt: skip
    """Place the items of one depth in their boxes, from the boxes' corners, and give these boxes their sizes."""
    row = _rows(ordered, items, rank)
    begins = np.searchsorted(row, np.arange(row[-1] + 1))
    box = items.around[ordered[begins]]  # of each row
    wide, high = size[ordered].T
    ends = np.cumsum(wide + _BETWEEN)
    left = ends - wide - _BETWEEN
    offset = left - left[begins][row]  # in the row
    width = np.maximum.reduceat(offset + wide, begins)

    row_of = np.full(len(size), -9)
    row_of[ordered] = row
    middle = np.zeros(len(size))
    middle[ordered] = offset + wide / 2
    steep = (row_of[wires.lower] == row_of[wires.upper] + 1) & (row_of[wires.lower] >= 0) & ~items.leaf[wires.upper]
    steep &= ~wires.carried & ~wires.beside & (items.around[wires.lower] == items.around[wires.upper])
    upper, lower = wires.upper[steep], wires.lower[steep]
    pull = np.bincount(row_of[lower], middle[upper] - middle[lower], minlength=len(begins))
    count = np.bincount(row_of[lower], minlength=len(begins))
    centred = -np.diff(width, prepend=0.0) / 2
    shift = np.where(count > 0, pull / np.maximum(count, 1), centred)  # from the row above
    first = np.ones(len(begins), bool)
    first[1:] = np.diff(box) != 0
    shift[first] = 0.0
    shift = _since(np.cumsum(shift), first)

    tallest = np.maximum.reduceat(high, begins)
    below = np.cumsum(tallest + _GAP + extra)
    top = _since(below - tallest - _GAP - extra, first)
    box_begins = np.nonzero(first)[0]
    which = np.cumsum(first) - 1  # of each row which box of these
    leftmost = np.minimum.reduceat(shift, box_begins)
    rightmost = np.maximum.reduceat(shift + width, box_begins)
    bottom = np.maximum.reduceat(top + tallest, box_begins)
    outer = box[box_begins]
    x = offset + (shift - leftmost[which] + room[box, 0])[row]
    y = (top + room[box, 1])[row] + (tallest[row] - high) / 2
    place[ordered] = np.stack([x, y], axis=1)
    inside = np.stack([rightmost - leftmost, bottom], axis=1) + room[outer]
    inside += np.where(room[outer] > 0, _PADDING, 0.0)
    size[outer] = np.maximum(inside, least[outer])


def _since(total: Array, first: Array) -> Array:
    """Running totals that begin anew where ``first``."""
    return total - total[np.nonzero(first)[0]][np.cumsum(first) - 1]


def _curves(wires: _Wires, place: Array, size: Array, labels: Mapping[int, tuple[float, float]]) -> tuple[Array, Array]:
    """The four Bézier points of each wire, and the centres of the labels in their order."""
    tail, head = wires.tail, wires.head
    x, y = place.T
    wide, high = size.T
    start_x, start_y = x[tail] + wide[tail] / 2, y[tail] + high[tail]
    end_x, end_y = x[head] + wide[head] / 2, np.where(wires.beside, y[head] + high[head], y[head])
    end_x = end_x + _spread(head, start_x, wide, ~wires.beside)
    bend = (end_y - start_y) / 2
    one, two = np.stack([start_x, start_y + bend], 1), np.stack([end_x, end_y - bend], 1)
    low = np.maximum(start_y, end_y) + _GAP / 2
    one[wires.beside, 1] = two[wires.beside, 1] = low[wires.beside]
    back = ~wires.beside & (end_y <= start_y)  # out below, up on the right, in from above
    right = np.maximum(x[tail] + wide[tail], x[head] + wide[head]) + 40
    for control, sign, level in ((one, 1, start_y), (two, -1, end_y)):
        control[back, 0] = np.minimum(right, size[-1, 0])[back]
        control[back, 1] = (level + sign * _GAP)[back]
    np.clip(one, 0.0, size[-1], out=one)
    np.clip(two, 0.0, size[-1], out=two)
    points = np.stack([np.stack([start_x, start_y], 1), one, two, np.stack([end_x, end_y], 1)], axis=1)

    labelled = np.fromiter(labels, int, len(labels))
    length = np.abs(end_y - start_y)[labelled]
    t = 1 - np.minimum(0.5, _AWAY / (1.5 * np.maximum(length, 1e-9)))  # a curve ends at 1.5 times its mean speed
    weights = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3], axis=1)
    label = np.einsum("wi,wij->wj", weights, points[labelled])
    points[wires.flipped] = points[wires.flipped][:, ::-1]
    return points, label


def _spread(head: Array, start: Array, wide: Array, above: Array) -> Array:
    """How far from the middle of its head each wire from ``above`` arrives: in the order of where they come from."""
    order = np.lexsort((start, head, ~above))
    of = np.where(above, head, -1)[order]
    begins = np.searchsorted(of[: int(above.sum())], of[: int(above.sum())])
    number = np.zeros(len(head))
    number[order[: len(begins)]] = np.arange(len(begins)) - begins
    count = np.bincount(head[above], minlength=len(wide))[head]
    step = np.clip((wide[head] / 2 - 8) * 2 / np.maximum(count - 1, 1), 0.0, _PORT)
    return np.where(above, (number - (count - 1) / 2) * step, 0.0)
