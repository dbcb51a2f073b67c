"""Identical blocks and unrolled loops are found and rolled up."""

from dataclasses import replace

import pytest

import viz
from autograd.errors import ArgumentError
from viz.graphs.view import EdgeView, GraphView, GroupView, NodeView


class _Drawing:
    """A view that is written down node by node."""

    def __init__(self):
        self.nodes, self.edges, self.groups = [], [], []

    def group(self, label, module="", parent=None):
        self.groups.append(GroupView(len(self.groups), "module" if module else "scope", label, label, module, parent))
        return len(self.groups) - 1

    def leaf(self, kind, name, group=None, shape=(4,)):
        self.nodes.append(NodeView(len(self.nodes), kind, name=name, shape=shape, dtype="float32", group=group))
        return len(self.nodes) - 1

    def op(self, op, *sources, group=None, shape=(4,), line=None):
        self.nodes.append(
            NodeView(len(self.nodes), "op", op, "elementwise", shape=shape, dtype="float32", group=group, line=line)
        )
        this = len(self.nodes) - 1
        self.edges += [EdgeView(source, this, slot) for slot, source in enumerate(sources)]
        return this

    def view(self):
        return GraphView(tuple(self.nodes), tuple(self.edges), groups=tuple(self.groups))


def _blocks(count, width=lambda k: 4):
    d = _Drawing()
    h = d.leaf("input", "x")
    for k in range(count):
        block = d.group(f"blocks.{k}", "Block")
        lin = d.group("lin", "Linear", block)
        w = d.leaf("parameter", f"blocks.{k}.lin.weight", lin, (width(k), 4))
        y = d.op("linear", h, w, group=lin)
        h = d.op("add", d.op("relu", y, group=block), h, group=block)
    d.op("sum", h, shape=())
    return d.view()


def _loop(steps, leaf_inside=True):
    d = _Drawing()
    h = d.leaf("input", "h0")
    for t in range(steps):
        x = d.leaf("input", f"x{t}")
        w = d.leaf("parameter", "w")
        h = d.op("tanh", d.op("add", d.op("matmul", x, w, line=0), h, line=0), line=0)
    d.op("sum", h, shape=(), line=1)
    return d.view()


def test_twelve_blocks_are_one_with_a_wire_to_itself():
    view = viz.roll(_blocks(12))
    (fold,) = [group for group in view.groups if group.kind == "fold"]
    assert (fold.label, fold.count, view.rolled) == ("Block", 12, {fold.id})
    assert [view.groups[g].label for g in view.children[fold.id]] == [f"blocks.{k}" for k in range(12)]
    scene = viz.scene(view)
    assert [card.node.label for card in scene.cards] == ["x", "blocks.0.lin.weight", "linear", "relu", "add", "sum"]
    assert {(w.source, w.target, w.count) for w in scene.wires if w.carried} == {("n4", "n2", 11), ("n4", "n4", 11)}
    assert [box.group.label for box in scene.boxes] == ["Block", "lin"]


def test_the_input_of_the_first_block_is_drawn_outside():
    view = _blocks(4)
    view = replace(view, nodes=(replace(view.nodes[0], group=0), *view.nodes[1:]))
    view = viz.roll(view)
    assert view.nodes[0].group is None
    assert len(view.rolled) == 1


def test_a_loop_of_fifty_steps_is_one_step():
    view = viz.roll(viz.one_node_per_use(_loop(50)))
    (loop,) = [group for group in view.groups if group.kind == "loop"]
    assert (loop.label, loop.count) == ("matmul, add, tanh", 50)
    scene = viz.scene(view)
    assert sorted(card.node.label for card in scene.cards) == ["add", "h0", "matmul", "sum", "tanh", "w", "x0"]
    assert [w.count for w in scene.wires if w.carried] == [49]
    assert {card.node.label: card.box for card in scene.cards}["h0"] is None


def test_blocks_that_differ_are_not_folded_together():
    view = viz.roll(_blocks(6, width=lambda k: 4 if k < 3 else 8))
    assert [group.count for group in view.groups if group.kind == "fold"] == [3, 3]
    assert viz.roll(_blocks(6, width=lambda k: k)).rolled == frozenset()
    assert viz.roll(_blocks(2)).rolled == frozenset()
    assert len(viz.roll(_blocks(2), at_least=2).rolled) == 1


def test_loops_inside_blocks_are_rolled_too():
    d = _Drawing()
    h = d.leaf("input", "x")
    for k in range(3):
        block = d.group(f"{k}", "Block")
        for _ in range(4):
            h = d.op("tanh", d.op("exp", h, group=block), group=block)
    view = viz.roll(d.view())
    assert sorted((g.kind, g.count) for g in view.groups if g.id in view.rolled) == [
        ("fold", 3), ("loop", 4), ("loop", 4), ("loop", 4),
    ]  # fmt: skip
    assert [card.node.label for card in viz.scene(view).cards] == ["x", "exp", "tanh"]
    assert sum(len(card.members) for card in viz.scene(view).cards) == 25


def test_edges_that_run_otherwise_inside_make_another_block():
    d = _Drawing()
    h = d.leaf("input", "x")
    for k in range(6):
        block = d.group(f"{k}", "Block")
        a = d.op("exp", h, group=block)
        h = d.op("add", a, a if k < 3 else h, group=block)
    assert [g.count for g in viz.roll(d.view()).groups if g.kind == "fold"] == [3, 3]


def test_unrolling_draws_everything_again():
    view = viz.roll(_blocks(5))
    scene = viz.scene(viz.unroll(view))
    assert len(scene.cards) == len(view.nodes)
    assert not any(wire.carried for wire in scene.wires)
    assert viz.unroll(view, lambda group: group.kind == "loop") == view


def test_a_view_without_repeats_is_returned_as_it_is():
    view = _blocks(1)
    assert viz.roll(view) is view


def test_repetitions_that_are_not_alike_cannot_be_rolled():
    view = viz.roll(_blocks(3))
    nodes = tuple(replace(node, group=None) if node.op == "relu" and node.id < 5 else node for node in view.nodes)
    with pytest.raises(ArgumentError, match=r"its repetitions have \[3, 4\] nodes"):
        replace(view, nodes=nodes)


def test_blocks_of_other_modules_are_not_the_same_though_their_ops_are():
    d = _Drawing()
    h = d.leaf("input", "x")
    for k in range(6):
        block = d.group(f"{k}", "Block")
        inner = d.group("act", "Tanh" if k < 3 else "Squash", block)
        h = d.op("sum", d.op("tanh", h, group=inner), group=block)
    assert [g.count for g in viz.roll(d.view()).groups if g.kind == "fold"] == [3, 3]


def test_modules_of_other_names_are_not_repetitions_of_one():
    d = _Drawing()
    h = d.leaf("input", "x")
    for name in ("q", "k", "v", "lin1", "lin2", "lin3"):
        h = d.op("linear", h, group=d.group(name, "Linear"))
    assert [(g.count, g.label) for g in viz.roll(d.view()).groups if g.kind == "fold"] == [(3, "Linear")]


@pytest.mark.parametrize(("count", "is_rolled"), [(3, False), (5, False), (6, True)])
def test_a_few_things_side_by_side_are_no_loop(count, is_rolled):
    d = _Drawing()
    x = d.leaf("input", "x")
    parts = [d.op("tanh", d.op("exp", x, line=0), line=0) for _ in range(count)]
    d.op("concat", *parts, line=1)
    assert bool(viz.roll(d.view()).rolled) == is_rolled
