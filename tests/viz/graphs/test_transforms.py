from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
import viz
from viz.graphs.transforms import one_node_per_use
from viz.graphs.view import EdgeView, GraphView, NodeView


@st.composite
def views(draw: st.DrawFn) -> GraphView:
    """Any acyclic graph in tape order; parameters and inputs take no edges."""
    kinds = draw(st.lists(st.sampled_from(["parameter", "input", "op"]), min_size=1, max_size=20))
    nodes, edges = [], []
    for i, kind in enumerate(kinds):
        nodes.append(NodeView(i, kind, op="add" if kind == "op" else None, name=f"node {i}", seq=i))
        if kind == "op" and i > 0:
            sources = draw(st.lists(st.integers(0, i - 1), max_size=4))
            edges += [EdgeView(source, i, slot, f"x{slot}") for slot, source in enumerate(sources)]
    return GraphView(tuple(nodes), tuple(edges), "drawn")


def _edges_by_seq(view: GraphView) -> Counter:
    return Counter((view.nodes[e.source].seq, view.nodes[e.target].seq, e.slot, e.argument) for e in view.edges)


@given(views())
def test_every_edge_stays_between_the_same_values(view):
    assert _edges_by_seq(one_node_per_use(view)) == _edges_by_seq(view)


@given(views())
def test_a_parameter_has_one_consumer_and_everything_else_is_there_once(view):
    after = one_node_per_use(view)
    consumers: dict[int, set[int]] = {}
    for edge in after.edges:
        consumers.setdefault(edge.source, set()).add(edge.target)
    for node in after.nodes:
        if node.kind == "parameter":
            assert len(consumers.get(node.id, ())) <= 1
    others = [node.seq for node in after.nodes if node.kind != "parameter"]
    assert others == [node.seq for node in view.nodes if node.kind != "parameter"]
    uses = {(e.source, e.target) for e in view.edges if view.nodes[e.source].kind == "parameter"}
    unused = {n.id for n in view.nodes if n.kind == "parameter"} - {source for source, _ in uses}
    assert sum(node.kind == "parameter" for node in after.nodes) == len(uses) + len(unused)


@given(views())
def test_the_result_is_acyclic_and_a_second_pass_changes_nothing(view):
    after = one_node_per_use(view)
    assert all(edge.source < edge.target for edge in after.edges)
    assert one_node_per_use(after) == after
    assert after.title == view.title


def test_a_shared_weight_is_drawn_beside_each_use_by_default(model):
    weight = model.parameters["hidden.weight"]
    target = (weight * 2).sum() + (weight * weight).sum()
    view = viz.graph(target, model)
    copies = [node for node in view.nodes if node.name == "hidden.weight"]
    assert len(copies) == 2
    assert len({copy.seq for copy in copies}) == 1
    squared = [e for e in view.edges if e.source == copies[1].id]
    assert [e.slot for e in squared] == [0, 1]
    assert len({e.target for e in squared}) == 1
    once = viz.graph(target, model, per_use=False)
    assert sum(node.name == "hidden.weight" for node in once.nodes) == 1


def test_an_input_that_is_used_twice_stays_one_node():
    x = ag.tensor([1.0], requires_grad=True)
    view = viz.graph((x * 2) + (x * 3), {"x": x})
    assert sum(node.name == "x" for node in view.nodes) == 1
