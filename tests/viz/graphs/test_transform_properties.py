"""Properties of the transforms, on random views with groups inside groups."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import viz
from viz.graphs.view import EdgeView, GraphView, GroupView, NodeView

KINDS = ("elementwise", "contraction", "reduction", "view")


@st.composite
def views(draw, longest=24):
    """A tape of ops in nested stretches, with parameters that several ops may share, and inputs."""
    nodes, edges, groups, open_now = [], [], [], []
    made, leaves = [], []

    def leaf(kind):
        nodes.append(NodeView(len(nodes), kind, name=f"{kind}{len(nodes)}", shape=(2,), seq=1000 + len(nodes)))
        leaves.append(len(nodes) - 1)

    leaf("input")
    for _ in range(draw(st.integers(1, longest))):
        for _ in range(draw(st.integers(0, 2))):
            if open_now and draw(st.booleans()):
                open_now.pop()
            else:
                parent = open_now[-1] if open_now else None
                module = draw(st.sampled_from(["Linear", "Block", ""]))
                kind = "module" if module else "scope"
                groups.append(GroupView(len(groups), kind, f"g{len(groups)}", f"g{len(groups)}", module, parent))
                open_now.append(len(groups) - 1)
        if draw(st.integers(0, 3)) == 0:
            leaf(draw(st.sampled_from(["parameter", "input", "constant"])))
        group = open_now[-1] if open_now else None
        op = draw(st.sampled_from(["add", "tanh", "matmul"]))
        flops = draw(st.one_of(st.none(), st.integers(0, 100)))
        nodes.append(
            NodeView(
                len(nodes), "op", op, draw(st.sampled_from(KINDS)), shape=(2,), seq=len(nodes), group=group, flops=flops
            )
        )
        sources = draw(st.lists(st.sampled_from(made + leaves), min_size=1, max_size=3))
        edges += [EdgeView(source, len(nodes) - 1, slot) for slot, source in enumerate(sources)]
        made.append(len(nodes) - 1)
    closed = draw(st.frozensets(st.sampled_from(range(len(groups))))) if groups else frozenset()
    return GraphView(tuple(nodes), tuple(edges), groups=tuple(groups), closed=closed)


@st.composite
def repeating(draw):
    """A body of ops, perhaps in a group, several times over, between two other ops."""
    body = draw(st.lists(st.tuples(st.sampled_from(["add", "tanh", "exp"]), st.integers(1, 3)), min_size=1, max_size=4))
    count, grouped, skip = draw(st.integers(1, 7)), draw(st.booleans()), draw(st.booleans())
    nodes = [NodeView(0, "input", name="x", shape=(2,)), NodeView(1, "op", "sin", shape=(2,))]
    edges, groups, last = [EdgeView(0, 1, 0)], [], 1
    for k in range(count):
        if grouped:
            groups.append(GroupView(k, "module", f"blocks.{k}", f"blocks.{k}", "Block"))
        begin = last
        for op, back in body:
            nodes.append(NodeView(len(nodes), "op", op, shape=(2,), group=k if grouped else None, flops=3))
            this = len(nodes) - 1
            edges.append(EdgeView(last, this, 0))
            if op == "add":
                edges.append(EdgeView(begin if skip else max(1, this - back), this, 1))
            last = this
    nodes.append(NodeView(len(nodes), "output", "sum", shape=()))
    edges.append(EdgeView(last, len(nodes) - 1, 0))
    return GraphView(tuple(nodes), tuple(edges), groups=tuple(groups))


def is_acyclic(keys, pairs):
    into = Counter(target for _, target in pairs)
    after = {}
    for source, target in pairs:
        after.setdefault(source, []).append(target)
    ready = [key for key in keys if not into[key]]
    done = 0
    while ready:
        done += 1
        for target in after.get(ready.pop(), ()):
            into[target] -= 1
            if not into[target]:
                ready.append(target)
    return done == len(keys)


def check_scene(view):
    """What holds of every drawing."""
    scene = viz.scene(view)
    keys = [card.key for card in scene.cards]
    assert len(set(keys)) == len(keys)
    assert sorted(i for card in scene.cards for i in card.members) == list(range(len(view.nodes)))
    home = {i: card for card in scene.cards for i in card.members}
    inside = sum(home[e.source] is home[e.target] and home[e.source].group is not None for e in view.edges)
    # no edge is lost, but those inside a closed group
    assert sum(wire.count for wire in scene.wires) + inside == len(view.edges)
    # acyclic, unless rolled
    forward = [(wire.source, wire.target) for wire in scene.wires if not wire.carried]
    assert is_acyclic(keys, forward)
    assert view.rolled or not any(wire.carried for wire in scene.wires)
    # totals are conserved
    total = sum(node.flops or 0 for node in view.nodes)
    assert sum(card.flops or 0 for card in scene.cards) == total
    # every box holds something, and comes after the box that it is in
    boxes = [box.group.id for box in scene.boxes]
    assert all(box.parent is None or boxes.index(box.parent) < i for i, box in enumerate(scene.boxes))
    assert all(card.box is None or card.box in boxes for card in scene.cards)
    assert not set(boxes) & view.closed


def facts(view):
    """The graph as such: whatever its groups are."""
    return [(n.kind, n.op, n.name, n.flops) for n in view.nodes], view.edges


@given(views())
@settings(max_examples=80, deadline=None)
def test_a_drawing_loses_nothing_and_has_no_cycle(view):
    check_scene(view)
    check_scene(viz.one_node_per_use(view))
    check_scene(viz.collapse(view, 0))
    check_scene(viz.expand(view))


@given(views())
@settings(max_examples=50, deadline=None)
def test_collapsing_then_expanding_is_the_identity(view):
    view = viz.expand(view)
    assert viz.expand(viz.collapse(view)) == view
    assert viz.expand(viz.collapse(view, 1)) == view


@given(views())
@settings(max_examples=50, deadline=None)
def test_one_node_per_use_keeps_every_use(view):
    once = viz.one_node_per_use(view)
    uses = Counter((view.nodes[e.source].seq, e.slot) for e in view.edges)
    assert Counter((once.nodes[e.source].seq, e.slot) for e in once.edges) == uses
    assert viz.one_node_per_use(once) == once


@given(views(), st.integers(2, 6))
@settings(max_examples=50, deadline=None)
def test_segments_are_short_and_change_nothing_else(view, at_most):
    cut = viz.segment(viz.expand(view), at_most)
    assert facts(cut) == facts(view)
    check_scene(cut)
    check_scene(viz.expand(cut))
    for group in [None, *range(len(cut.groups))]:
        ops = [n for n in cut.nodes if n.group == group and n.kind == "op"]
        inner = [g for g in cut.groups if g.parent == group and any(cut.nodes[i].op for i in cut.members[g.id])]
        assert len(ops) + len(inner) <= max(at_most, 2)


@given(st.one_of(repeating(), views(60)))
@settings(max_examples=80, deadline=None)
def test_rolling_changes_only_the_groups_and_conserves_everything(view):
    rolled = viz.roll(view)
    assert facts(rolled) == facts(view)
    check_scene(rolled)
    check_scene(viz.unroll(rolled))
    check_scene(viz.collapse(rolled, 0))


@given(repeating())
@settings(max_examples=50, deadline=None)
def test_rolling_twice_is_rolling_once(view):
    rolled = viz.roll(view)
    assert viz.roll(rolled) == rolled


@given(views(), st.data())
@settings(max_examples=50, deadline=None)
def test_focus_keeps_the_edges_of_what_it_shows(view, data):
    centre = data.draw(st.integers(0, len(view.nodes) - 1))
    radius = data.draw(st.integers(0, 3))
    near = viz.focus(view, centre, radius)
    (marked,) = near.marked
    assert near.nodes[marked].seq == view.nodes[centre].seq
    check_scene(near)
    if radius:
        degree = sum(centre in (e.source, e.target) for e in view.edges)
        assert sum(marked in (e.source, e.target) for e in near.edges) == degree
    everything = viz.focus(view, centre, len(view.nodes))
    assert len(everything.nodes) <= len(view.nodes)
    if all(view.members):  # a group that holds nothing is no part of it
        assert viz.subview(view, range(len(view.nodes))) == view


@given(views())
@settings(max_examples=60, deadline=None)
def test_the_mirror_has_an_edge_back_for_each_edge(view):
    both = viz.with_backward(view)
    check_scene(both)
    gradients = [edge for edge in both.edges if edge.kind == "gradient"]
    differentiable = [e for e in view.edges if view.nodes[e.source].kind != "constant"]
    assert len(gradients) == len(differentiable)
    alone = viz.only_backward(view)
    check_scene(alone)
    assert {node.kind for node in alone.nodes} <= {"backward", "gradient"}
    assert len(alone.edges) == len(gradients)


@pytest.mark.parametrize("name", viz.OVERLAYS)
def test_every_overlay_has_a_value_or_none_for_each_node(name):
    view = GraphView((NodeView(0, "input"), NodeView(1, "op", "tanh", flops=3, seconds=0.1)), (EdgeView(0, 1, 0),))
    coloured = viz.overlay(view, name)
    assert len(coloured.overlay.values) == 2
    assert coloured.overlay.values[0] is None
