"""Properties of our own layout."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import viz
from autograd.errors import ArgumentError
from tests.viz.layout_checks import along, check, check_linked, inside
from tests.viz.views import chain, views
from viz.drawing.layout import Rectangle, layout
from viz.graphs.scene import scene
from viz.graphs.view import EdgeView, GraphView, GroupView, NodeView

SIZES = st.tuples(st.floats(4, 200), st.floats(4, 90))


@given(views(), st.lists(SIZES, min_size=1, max_size=5), st.sampled_from(["down", "right"]))
@settings(max_examples=40, deadline=None)
def test_cards_keep_apart_boxes_hold_theirs_alone_and_wires_join_their_ends(view, some, direction):
    shown = scene(view)
    sizes = {card.key: some[i % len(some)] for i, card in enumerate(shown.cards)}
    labels = dict.fromkeys(range(0, len(shown.wires), 2), (30.0, 12.0))
    headers = {box.group.id: 60.0 for box in shown.boxes}
    placed = layout(shown, sizes, direction, labels=labels, headers=headers)
    check(shown, placed, sizes)
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
        for x, y in along(route.points):
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
    check(shown, placed, sizes)
    assert placed.cards["n0"].y < placed.cards["n1"].y < placed.cards["n2"].y
    (back,) = [route for wire, route in zip(shown.wires, placed.wires, strict=True) if wire.carried]
    assert back.points[0][1] > back.points[-1][1]
    assert max(x for x, _ in back.points) > placed.cards["n1"].x + 50
    assert all(inside(Rectangle(x, y, 0, 0), placed.boxes[0]) for x, y in back.points)


def linked() -> GraphView:
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
    shown = scene(linked())
    sizes = {card.key: (50.0, 20.0) for card in shown.cards}
    placed = layout(shown, sizes)
    check_linked(shown, placed, sizes)


@pytest.mark.parametrize("direction", ["down", "right"])
def test_a_link_between_two_boxes_goes_straight_across(direction):
    view = linked()
    nodes = tuple(node.at(node.id, int(node.id > 3), node.origin) for node in view.nodes)
    shown = scene(replace(view, nodes=nodes, groups=(GroupView(0, "module", "m"), GroupView(1, "backward", "m"))))
    sizes = {card.key: (50.0, 20.0) for card in shown.cards}
    placed = layout(shown, sizes, direction)
    check(shown, placed, sizes)
    for wire, route in zip(shown.wires, placed.wires, strict=True):
        if wire.edge.kind == "link":
            assert len(route.points) == 4
            one, other = placed.cards[wire.source], placed.cards[wire.target]
            across = (one.x + 50, other.x) if direction == "down" else (one.y + 20, other.y)
            axis = int(direction == "right")
            assert (route.points[0][axis], route.points[-1][axis]) == across


def test_groups_that_tie_a_knot_are_drawn_all_the_same():
    nodes = (NodeView(0, "input", group=0), NodeView(1, "op", "exp"), NodeView(2, "op", "log", group=0))
    view = GraphView(nodes, (EdgeView(0, 1, 0), EdgeView(1, 2, 0)), groups=(GroupView(0, "scope", "a"),))
    for state in (view, viz.collapse(view)):
        shown = scene(state)
        sizes = {card.key: (50.0, 20.0) for card in shown.cards}
        check(shown, layout(shown, sizes), sizes)


def test_a_large_drawing_is_placed_whole():
    view = chain(1600, group_of=20)
    shown = scene(view)
    placed = layout(shown, {card.key: (80.0, 30.0) for card in shown.cards})
    assert len(placed.cards) == len(view.nodes)
    assert len(placed.wires) == len(view.edges)
    for box, outer in placed.boxes.items():
        assert all(inside(placed.cards[f"n{i}"], outer) for i in view.members[box])


def test_nothing_is_drawn_of_nothing():
    placed = layout(scene(GraphView((), ())), {})
    assert (placed.cards, placed.wires, placed.width, placed.height) == ({}, (), 0.0, 0.0)


def test_bad_arguments_are_named():
    shown = scene(GraphView((NodeView(0, "input"),), ()))
    with pytest.raises(ArgumentError, match="direction is 'up'; it must be 'down' or 'right'"):
        layout(shown, {"n0": (1, 1)}, "up")
    with pytest.raises(ArgumentError, match="sizes has no width and height for the card 'n0'"):
        layout(shown, {})
