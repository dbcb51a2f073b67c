"""What holds for every layout: cards keep apart, boxes hold theirs alone, wires join their ends."""

from __future__ import annotations

from itertools import combinations

import pytest

from viz.drawing.layout import Rectangle


def overlap(a: Rectangle, b: Rectangle) -> bool:
    e = 1e-6
    return a.x < b.x + b.width - e and b.x < a.x + a.width - e and a.y < b.y + b.height - e and b.y < a.y + a.height - e


def inside(a: Rectangle, b: Rectangle) -> bool:
    e = 1e-6
    return (
        b.x <= a.x + e
        and b.y <= a.y + e
        and a.x + a.width <= b.x + b.width + e
        and a.y + a.height <= b.y + b.height + e
    )


def on_border(point, place: Rectangle) -> bool:
    x, y = point
    e = 1e-6
    on_x = min(abs(x - place.x), abs(x - place.x - place.width)) < e and place.y - e <= y <= place.y + place.height + e
    on_y = min(abs(y - place.y), abs(y - place.y - place.height)) < e and place.x - e <= x <= place.x + place.width + e
    return on_x or on_y


def along(points, steps=8):
    for i in range(0, len(points) - 1, 3):
        a, b, c, d = points[i : i + 4]
        for k in range(steps + 1):
            t = k / steps
            w = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            yield tuple(sum(wi * p[axis] for wi, p in zip(w, (a, b, c, d), strict=True)) for axis in (0, 1))


def check(shown, placed, sizes):
    around = {box.group.id: box.parent for box in shown.boxes}

    def holds(box, outer):
        while box is not None:
            if box == outer:
                return True
            box = around[box]
        return False

    assert set(placed.cards) == {card.key for card in shown.cards}
    assert set(placed.boxes) == set(around)
    whole = Rectangle(0, 0, placed.width, placed.height)
    for card in shown.cards:
        place = placed.cards[card.key]
        assert (place.width, place.height) == pytest.approx(sizes[card.key])
        assert inside(place, whole)
        for group, box in placed.boxes.items():
            if holds(card.box, group):
                assert inside(place, box)
            else:
                assert not overlap(place, box)
    for a, b in combinations(shown.cards, 2):
        assert not overlap(placed.cards[a.key], placed.cards[b.key])
    for a, b in combinations(around, 2):
        inner, outer = placed.boxes[b], placed.boxes[a]  # a group's number is larger than that of those around it
        if holds(b, a):
            assert inside(inner, outer)
        else:
            assert not overlap(inner, outer)
    for wire, route in zip(shown.wires, placed.wires, strict=True):
        assert len(route.points) % 3 == 1
        assert len(route.points) >= 4
        assert on_border(route.points[0], placed.cards[wire.source])
        assert on_border(route.points[-1], placed.cards[wire.target])


def check_linked(shown, placed, sizes):
    """The backward pass of ``linked()`` runs up beside its forward pass."""
    check(shown, placed, sizes)
    for forward, backward in ((1, 6), (2, 5), (3, 4)):
        assert placed.cards[f"n{forward}"].y == placed.cards[f"n{backward}"].y
        assert placed.cards[f"n{forward}"].x + 50 < placed.cards[f"n{backward}"].x
    for wire, route in zip(shown.wires, placed.wires, strict=True):
        if wire.edge.kind == "gradient":
            assert route.points[0][1] > route.points[-1][1]
