"""What a view draws when groups are closed or rolled."""

from dataclasses import replace

import pytest

import viz
from autograd.errors import ArgumentError
from viz.graphs.view import EdgeView, GraphView, GroupView, NodeView


def _residual() -> GraphView:
    """x -> [lin -> relu] -> add, with a skip from x to add."""
    nodes = (
        NodeView(0, "input", name="x", shape=(2,), dtype="float32"),
        NodeView(1, "parameter", name="w", group=1),
        NodeView(2, "op", "linear", "contraction", shape=(2,), dtype="float32", group=1, flops=8, seconds=0.5),
        NodeView(3, "op", "relu", "elementwise", shape=(2,), dtype="float32", group=0, flops=2),
        NodeView(4, "output", "add", "elementwise", shape=(2,), dtype="float32", flops=2),
    )
    edges = (EdgeView(0, 2, 0), EdgeView(1, 2, 1), EdgeView(2, 3, 0), EdgeView(3, 4, 0), EdgeView(0, 4, 1))
    groups = (GroupView(0, "module", "body"), GroupView(1, "module", "lin", parent=0))
    return GraphView(nodes, edges, groups=groups)


def _chain(steps: int, closed: bool = False) -> GraphView:
    """h = cell(x_t, h), unrolled; each step has a group, and the loop holds them."""
    nodes, edges = [NodeView(0, "input", name="h0")], []
    groups = [GroupView(0, "loop", "cell", count=steps)]
    h = 0
    for t in range(steps):
        groups.append(GroupView(t + 1, "repetition", str(t), parent=0))
        x, cell = len(nodes), len(nodes) + 1
        nodes += [
            NodeView(x, "input", name="x", group=t + 1),
            NodeView(cell, "op", "cell", group=t + 1, flops=10, seconds=0.1),
        ]
        edges += [EdgeView(h, cell, 0), EdgeView(x, cell, 1)]
        h = cell
    nodes.append(NodeView(len(nodes), "output", "sum"))
    edges.append(EdgeView(h, len(nodes) - 1, 0))
    state = {"closed": frozenset({0})} if closed else {"rolled": frozenset({0})}
    return GraphView(tuple(nodes), tuple(edges), groups=tuple(groups), **state)


def _wires(scene):
    return {(wire.source, wire.target) for wire in scene.wires}


def test_all_open_every_node_is_a_card_and_every_edge_a_wire():
    scene = viz.scene(_residual())
    assert [card.key for card in scene.cards] == ["n0", "n1", "n2", "n3", "n4"]
    assert len(scene.wires) == 5
    assert [(box.group.label, box.parent) for box in scene.boxes] == [("body", None), ("lin", 0)]


def test_a_skip_stays_visible_when_the_group_it_passes_is_closed():
    scene = viz.scene(viz.collapse(_residual(), 0))
    assert _wires(scene) == {("n0", "g0"), ("g0", "n4"), ("n0", "n4")}
    (group,) = [card for card in scene.cards if card.group]
    assert (group.members, group.flops, group.seconds, group.shape) == ((1, 2, 3), 10, 0.5, (2,))
    assert scene.boxes == ()


def test_depth_says_how_deep_the_drawing_goes():
    scene = viz.scene(viz.collapse(_residual(), 1))
    assert [card.key for card in scene.cards] == ["n0", "g1", "n3", "n4"]
    assert [box.group.label for box in scene.boxes] == ["body"]


def test_closing_and_opening_gives_the_same_view():
    view = _residual()
    assert viz.expand(viz.collapse(view)) == view
    closed = viz.collapse(view)
    assert viz.expand(closed, lambda group: group.label == "body").closed == {1}
    assert viz.collapse(view, where=lambda group: group.label == "lin").closed == {1}


def test_a_rolled_loop_shows_one_step_with_a_wire_back_to_itself():
    scene = viz.scene(_chain(50))
    assert [card.key for card in scene.cards] == ["n0", "n1", "n2", "n101"]
    assert {(w.source, w.target, w.count, w.carried) for w in scene.wires} == {
        ("n0", "n2", 1, False),
        ("n1", "n2", 50, False),
        ("n2", "n2", 49, True),
        ("n2", "n101", 1, False),
    }
    cell = scene.cards[2]
    assert (len(cell.members), cell.flops, cell.box) == (50, 500, 0)
    assert [box.group.label for box in scene.boxes] == ["cell"]


def test_a_closed_loop_is_one_card():
    scene = viz.scene(_chain(50, closed=True))
    assert [card.key for card in scene.cards] == ["n0", "g0", "n101"]
    assert _wires(scene) == {("n0", "g0"), ("g0", "n101")}
    assert scene.cards[1].flops == 500


def test_a_copy_of_a_parameter_belongs_to_the_group_of_its_op():
    view = _residual()
    nodes = (*view.nodes[:1], replace(view.nodes[1], group=None), *view.nodes[2:])
    view = GraphView(nodes, (*view.edges, EdgeView(1, 4, 2)), groups=view.groups, marked=frozenset({1, 4}))
    once = viz.one_node_per_use(view)
    copies = [node for node in once.nodes if node.kind == "parameter"]
    assert [copy.group for copy in copies] == [1, None]
    assert once.marked == {copies[0].id, copies[1].id, len(once.nodes) - 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"closed": frozenset({2})}, "closed names group 2 of 2 groups"),
        ({"groups": (GroupView(0, "module", "a", parent=0),)}, "group number 0 has id 0 and parent 0|in group"),
        ({"groups": ()}, "node 1 is in group 1 of 0 groups"),
    ],
)
def test_a_view_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(ArgumentError, match=message):
        replace(_residual(), **change)


def test_a_negative_depth_is_refused():
    with pytest.raises(ArgumentError, match="depth is -1"):
        viz.collapse(_residual(), -1)
