"""The layout of very large drawings keeps what the careful one promises, but for wires that run under cards."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.viz.drawing.test_layout import linked
from tests.viz.layout_checks import check, check_linked, inside
from tests.viz.sample_graphs import random_view
from tests.viz.views import chain, views
from viz.drawing.coarse_layout import coarse_layout
from viz.drawing.layout import Rectangle
from viz.drawing.layout import layout as careful
from viz.graphs.scene import scene
from viz.graphs.view import EdgeView, GraphView, NodeView


def _placed(view, direction="down", labels=(), size=lambda i: (60.0 + i % 7 * 9, 20.0 + i % 3 * 9)):
    shown = scene(view)
    sizes = {card.key: size(i) for i, card in enumerate(shown.cards)}
    labels = dict.fromkeys(labels, (30.0, 12.0))
    headers = {box.group.id: 60.0 for box in shown.boxes}
    return shown, coarse_layout(shown, sizes, direction, labels=labels, headers=headers), sizes


@given(views() | st.integers(0, 10**6).map(random_view), st.sampled_from(["down", "right"]))
@settings(max_examples=40, deadline=None)
def test_cards_keep_apart_boxes_hold_theirs_alone_and_wires_join_their_ends(view, direction):
    labels = range(0, len(scene(view).wires), 2)
    shown, placed, sizes = _placed(view, direction, labels)
    check(shown, placed, sizes)
    assert all((route.label is not None) == (i in labels) for i, route in enumerate(placed.wires))
    whole = Rectangle(-1e-6, -1e-6, placed.width + 2e-6, placed.height + 2e-6)
    assert all(inside(Rectangle(x, y, 0, 0), whole) for route in placed.wires for x, y in route.points)


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_data_flows_down_to_the_rank_of_the_longest_path(seed):
    view = random_view(seed)
    nodes = tuple(node.at(node.id, None) for node in view.nodes)
    shown, placed, _ = _placed(GraphView(nodes, view.edges), size=lambda i: (50.0, 20.0))
    longest = [0] * len(nodes)
    for edge in sorted(view.edges, key=lambda edge: edge.target):
        longest[edge.target] = max(longest[edge.target], longest[edge.source] + 1)
    for wire in shown.wires:
        assert placed.cards[wire.source].y + 20 < placed.cards[wire.target].y
    into = {edge.target for edge in view.edges}
    rows = sorted({place.y for place in placed.cards.values()})
    for node in nodes:
        if node.id in into:
            assert rows.index(placed.cards[f"n{node.id}"].y) == longest[node.id]


def test_the_path_of_the_data_is_straight_beside_its_parameters():
    shown, placed, _ = _placed(chain(30), size=lambda i: (80.0, 30.0))
    ops = [placed.cards[card.key] for card in shown.cards if card.node.kind == "op"]
    assert all(place.x == pytest.approx(ops[0].x, abs=0.01) for place in ops)
    assert placed.width < 300


def test_the_backward_pass_runs_up_beside_the_forward_pass():
    shown, placed, sizes = _placed(linked(), size=lambda i: (50.0, 20.0))
    check_linked(shown, placed, sizes)


def test_the_two_arrows_of_a_product_with_itself_do_not_cover_each_other():
    nodes = (NodeView(0, "input", name="x"), NodeView(1, "op", "multiply", "elementwise"))
    _, placed, _ = _placed(GraphView(nodes, (EdgeView(0, 1, 0, "a", True), EdgeView(0, 1, 1, "b", True))))
    one, other = (route.points[-1][0] for route in placed.wires)
    assert abs(one - other) > 8


def test_a_drawing_beyond_the_limit_is_laid_out_by_arrays(monkeypatch):
    shown = scene(chain(20, group_of=5))
    sizes = {card.key: (80.0, 30.0) for card in shown.cards}
    monkeypatch.setattr(importlib.import_module("viz.drawing.layout"), "_LARGE", 30)
    assert careful(shown, sizes) == coarse_layout(shown, sizes, "down", labels={}, headers={})


def test_one_card_alone():
    _, placed, _ = _placed(GraphView((NodeView(0, "input"),), ()))
    assert placed.cards["n0"] == Rectangle(0, 0, 60, 20)
    assert (placed.width, placed.height) == (60, 20)
