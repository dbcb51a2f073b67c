"""Properties of our own layout."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import viz
from autograd.errors import ArgumentError
from tests.viz.views import chain, views
from viz.layout import Rectangle, layout
from viz.scene import scene
from viz.view import EdgeView, GraphView, GroupView, NodeView

SIZES = st.tuples(st.floats(4, 200), st.floats(4, 90))


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    e = 1e-6
    return a.x < b.x + b.width - e and b.x < a.x + a.width - e and a.y < b.y + b.height - e and b.y < a.y + a.height - e


def _inside(a: Rectangle, b: Rectangle) -> bool:
    e = 1e-6
    return (
        b.x <= a.x + e
        and b.y <= a.y + e
        and a.x + a.width <= b.x + b.width + e
        and a.y + a.height <= b.y + b.height + e
    )


def _on_border(point, place: Rectangle) -> bool:
    x, y = point
    e = 1e-6
    on_x = min(abs(x - place.x), abs(x - place.x - place.width)) < e and place.y - e <= y <= place.y + place.height + e
    on_y = min(abs(y - place.y), abs(y - place.y - place.height)) < e and place.x - e <= x <= place.x + place.width + e
    return on_x or on_y


def _along(points, steps=8):
    for i in range(0, len(points) - 1, 3):
        a, b, c, d = points[i : i + 4]
        for k in range(steps + 1):
            t = k / steps
            w = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            yield tuple(sum(wi * p[axis] for wi, p in zip(w, (a, b, c, d), strict=True)) for axis in (0, 1))


def _check(shown, placed, sizes):
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
        assert _inside(place, whole)
        for group, box in placed.boxes.items():
            if holds(card.box, group):
                assert _inside(place, box)
            else:
                assert not _overlap(place, box)
    for a, b in combinations(shown.cards, 2):
        assert not _overlap(placed.cards[a.key], placed.cards[b.key])
    for a, b in combinations(around, 2):
        inner, outer = placed.boxes[b], placed.boxes[a]  # a group's number is larger than that of those around it
        if holds(b, a):
            assert _inside(inner, outer)
        else:
            assert not _overlap(inner, outer)
    for wire, route in zip(shown.wires, placed.wires, strict=True):
        assert len(route.points) % 3 == 1
        assert len(route.points) >= 4
        assert _on_border(route.points[0], placed.cards[wire.source])
        assert _on_border(route.points[-1], placed.cards[wire.target])


@given(views(), st.data(), st.sampled_from(["down", "right"]))
@settings(max_examples=40, deadline=None)
def test_cards_keep_apart_boxes_hold_theirs_alone_and_wires_join_their_ends(view, data, direction):
    shown = scene(view)
    sizes = {card.key: data.draw(SIZES) for card in shown.cards}
    labels = dict.fromkeys(range(0, len(shown.wires), 2), (30.0, 12.0))
    headers = {box.group.id: 60.0 for box in shown.boxes}
    placed = layout(shown, sizes, direction, labels=labels, headers=headers)
    _check(shown, placed, sizes)
    assert all((placed.wires[i].label is not None) == (i in labels) for i in range(len(shown.wires)))
    assert placed == layout(shown, sizes, direction, labels=labels, headers=headers)


@given(views())
@settings(max_examples=25, deadline=None)
def test_without_knots_data_flows_down_and_no_wire_runs_through_a_card(view):
    view = replace(view, groups=(), nodes=tuple(replace(n, group=None) for n in view.nodes), closed=frozenset())
    shown = scene(view)
    placed = layout(shown, {card.key: (60.0, 20.0 + 7 * (i % 3)) for i, card in enumerate(shown.cards)})
    for wire, route in zip(shown.wires, placed.wires, strict=True):
        source, target = placed.cards[wire.source], placed.cards[wire.target]
        assert source.y + source.height < target.y
        for x, y in _along(route.points):
            for key, place in placed.cards.items():
                if key not in (wire.source, wire.target):
                    inner = Rectangle(place.x + 1e-3, place.y + 1e-3, place.width - 2e-3, place.height - 2e-3)
                    assert not (inner.x < x < inner.x + inner.width and inner.y < y < inner.y + inner.height)


def test_the_path_of_the_data_is_straight_and_a_parameter_stands_right_above_its_op():
    shown = scene(chain(9))
    placed = layout(shown, {card.key: (80.0, 30.0) for card in shown.cards})
    ops = [placed.cards[card.key] for card in shown.cards if card.node.kind != "parameter"]
    assert all(place.x == pytest.approx(ops[0].x, abs=0.01) for place in ops)
    for card in shown.cards:
        if card.node.kind == "parameter":
            parameter, op = placed.cards[card.key], placed.cards[f"n{card.node.id + 1}"]
            assert 0 < op.y - parameter.y - parameter.height < 40
            assert abs(op.x - parameter.x) < 120


def test_a_wire_to_the_next_repetition_goes_back_and_does_not_count_for_ranks():
    nodes = [NodeView(0, "input", name="h")]
    edges, groups = [], [GroupView(0, "loop", "step", count=3)]
    for t in range(3):
        groups.append(GroupView(t + 1, "repetition", str(t), parent=0))
        a = len(nodes)
        nodes += [NodeView(a, "op", "tanh", group=t + 1), NodeView(a + 1, "op", "exp", group=t + 1)]
        edges += [EdgeView(a - 1, a, 0), EdgeView(a, a + 1, 0)]
    shown = scene(GraphView(tuple(nodes), tuple(edges), groups=tuple(groups), rolled=frozenset({0})))
    sizes = {card.key: (50.0, 20.0) for card in shown.cards}
    placed = layout(shown, sizes)
    _check(shown, placed, sizes)
    assert placed.cards["n0"].y < placed.cards["n1"].y < placed.cards["n2"].y
    (back,) = [route for wire, route in zip(shown.wires, placed.wires, strict=True) if wire.carried]
    assert back.points[0][1] > back.points[-1][1]
    assert max(x for x, _ in back.points) > placed.cards["n1"].x + 50
    assert all(_inside(Rectangle(x, y, 0, 0), placed.boxes[0]) for x, y in back.points)


def _linked() -> GraphView:
    """exp -> log -> sum, and the way back through them beside it."""
    nodes = [
        NodeView(0, "input", name="x"), NodeView(1, "op", "exp"), NodeView(2, "op", "log"), NodeView(3, "output", "sum"),
        *(NodeView(i, "backward", op, origin=7 - i) for i, op in zip((4, 5, 6), ("sum", "log", "exp"), strict=True)),
        NodeView(7, "gradient", name="x"),
    ]  # fmt: skip
    data = [EdgeView(i, i + 1, 0) for i in range(3)]
    back = [EdgeView(i, i + 1, 0, kind="gradient") for i in range(4, 7)]
    return GraphView(tuple(nodes), (*data, *back, *(EdgeView(7 - i, i, 0, kind="link") for i in (4, 5, 6))))


def test_the_backward_pass_runs_up_beside_the_forward_pass():
    shown = scene(_linked())
    sizes = {card.key: (50.0, 20.0) for card in shown.cards}
    placed = layout(shown, sizes)
    _check(shown, placed, sizes)
    for forward, backward in ((1, 6), (2, 5), (3, 4)):
        assert placed.cards[f"n{forward}"].y == placed.cards[f"n{backward}"].y
        assert placed.cards[f"n{forward}"].x + 50 < placed.cards[f"n{backward}"].x
    for wire, route in zip(shown.wires, placed.wires, strict=True):
        if wire.edge.kind == "gradient":
            assert route.points[0][1] > route.points[-1][1]


def test_groups_that_tie_a_knot_are_drawn_all_the_same():
    nodes = (NodeView(0, "input", group=0), NodeView(1, "op", "exp"), NodeView(2, "op", "log", group=0))
    view = GraphView(nodes, (EdgeView(0, 1, 0), EdgeView(1, 2, 0)), groups=(GroupView(0, "scope", "a"),))
    for state in (view, viz.collapse(view)):
        shown = scene(state)
        sizes = {card.key: (50.0, 20.0) for card in shown.cards}
        _check(shown, layout(shown, sizes), sizes)


def test_a_large_drawing_is_placed_whole():
    view = chain(3000, group_of=20)
    shown = scene(view)
    placed = layout(shown, {card.key: (80.0, 30.0) for card in shown.cards})
    assert len(placed.cards) == len(view.nodes)
    assert len(placed.wires) == len(view.edges)
    for box, outer in placed.boxes.items():
        assert all(_inside(placed.cards[f"n{i}"], outer) for i in view.members[box])


def test_nothing_is_drawn_of_nothing():
    placed = layout(scene(GraphView((), ())), {})
    assert (placed.cards, placed.wires, placed.width, placed.height) == ({}, (), 0.0, 0.0)


def test_bad_arguments_are_named():
    shown = scene(GraphView((NodeView(0, "input"),), ()))
    with pytest.raises(ArgumentError, match="direction is 'up'; it must be 'down' or 'right'"):
        layout(shown, {"n0": (1, 1)}, "up")
    with pytest.raises(ArgumentError, match="sizes has no width and height for the card 'n0'"):
        layout(shown, {})
