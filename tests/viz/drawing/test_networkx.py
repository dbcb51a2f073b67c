from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings

import viz
from autograd.errors import MissingExtraError
from autograd.watching import Line
from tests.viz.views import views
from viz.graphs.view import EdgeView, GraphView, GroupView, NodeView

networkx = pytest.importorskip("networkx", reason="comes with the extra viz")


def _view(**state) -> GraphView:
    nodes = (
        NodeView(0, "input", name="x", shape=(2,)),
        NodeView(1, "op", "multiply", "elementwise", group=0, params=(("axis", "1"),), line=0, flops=3),
        NodeView(2, "output", "sum", "reduction", shape=()),
    )
    edges = (EdgeView(0, 1, 0, "a"), EdgeView(0, 1, 1, "b"), EdgeView(1, 2, 0))
    groups = (GroupView(0, "module", "square"),)
    return GraphView(nodes, edges, "x²", groups, (Line("a.py", 3, "f"),), **state)


def test_flat_has_every_node_and_edge_with_what_is_known():
    graph = _view().to_networkx(flat=True)
    assert isinstance(graph, networkx.MultiDiGraph)
    assert graph.graph["title"] == "x²"
    assert list(graph.nodes) == [0, 1, 2]
    assert graph.number_of_edges(0, 1) == 2
    assert [data["argument"] for data in graph.get_edge_data(0, 1).values()] == ["a", "b"]
    assert graph.nodes[1]["params"] == {"axis": "1"}
    assert graph.nodes[1]["line"] == Line("a.py", 3, "f")
    assert graph.nodes[1]["label"] == "multiply"
    assert graph.nodes[1]["flops"] == 3
    assert "shape" not in graph.nodes[1]
    assert graph.nodes[2]["shape"] == ()


def test_the_drawing_has_closed_groups_as_nodes():
    graph = _view(closed=frozenset({0})).to_networkx()
    assert list(graph.nodes) == ["n0", "g0", "n2"]
    assert graph.nodes["g0"]["kind"] == "group"
    assert graph.nodes["g0"]["members"] == (1,)
    assert graph.nodes["g0"]["flops"] == 3
    ((_, _, wire),) = graph.in_edges("g0", data=True)
    assert (wire["count"], wire["carried"]) == (2, False)
    assert networkx.is_directed_acyclic_graph(graph)


@given(views(facts=True))
@settings(max_examples=15, deadline=None)
def test_any_view_in_either_form(view):
    flat, drawn, shown = view.to_networkx(flat=True), view.to_networkx(), viz.scene(view)
    assert (flat.number_of_nodes(), flat.number_of_edges()) == (len(view.nodes), len(view.edges))
    assert (drawn.number_of_nodes(), drawn.number_of_edges()) == (len(shown.cards), len(shown.wires))
    assert networkx.is_directed_acyclic_graph(flat)


def test_without_networkx_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(
        MissingExtraError, match=r"networkx is needed to hand a graph to networkx.*\n.*glassgrad\[viz\]"
    ):
        _view().to_networkx()
