"""Nodes pointed out, by id, by name, and as the path that an explanation names."""

import pytest

import autograd as ag
import viz
from autograd.errors import ArgumentError
from viz.graphs.view import EdgeView, GraphView, GroupView, NodeView


def test_a_marked_node_is_not_hidden():
    nodes = (NodeView(0, "input", name="x"), NodeView(1, "op", "tanh", group=1), NodeView(2, "output", "sum"))
    groups = (GroupView(0, "module", "a"), GroupView(1, "module", "b", parent=0), GroupView(2, "module", "c"))
    view = GraphView(nodes, (EdgeView(0, 1, 0), EdgeView(1, 2, 0)), groups=groups, closed=frozenset({0, 1, 2}))
    marked = viz.mark(view, [1, "x"])
    assert (marked.marked, marked.closed) == ({0, 1}, {2})
    assert viz.mark(marked, None).marked == frozenset()
    for wrong in ("y", 3, -1):
        with pytest.raises(ArgumentError, match=f"no node {wrong!r}"):
            viz.mark(view, wrong)


def test_the_path_of_an_explanation_is_marked():
    x = ag.tensor([-1.0, -2.0], requires_grad=True)
    with ag.record(names={"x": x}) as tape:
        loss = ag.relu(x).sum() + ag.exp(x).sum() * 0.0
        loss.backward()
    explanation = viz.why(x, tape)
    view = viz.mark(viz.graph(tape), explanation)
    marked = {view.nodes[i].label for i in view.marked}
    assert "x" in marked
    assert len(view.marked) >= 2
