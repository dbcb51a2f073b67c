"""Graphs of scalar Values: the same views and exporters as of Tensors, and numbers on the cards."""

from __future__ import annotations

import pytest

import autograd as ag
import viz
from autograd.errors import DtypeError
from autograd.scalar import Value
from viz.graphs.wording import numbers_text


def _neuron():
    """tanh(2 a + b) and its parts."""
    a, b = Value(0.5, label="a"), Value(-2.0, label="b")
    s = a * 2.0 + b
    s.label = "s"
    return a, b, s, s.tanh()


def test_cards_show_labels_ops_numbers_and_gradients():
    _, _, s, y = _neuron()
    # what was not computed is not 0
    assert [numbers_text(n) for n in viz.graph(s).nodes if n.kind == "output"] == [["data −1 · no gradient"]]
    y.backward()
    view = viz.graph(y)
    assert [(n.kind, n.label, n.name, *numbers_text(n)) for n in view.nodes] == [
        ("input", "a", "a", "data 0.5 · grad 0.8399"),
        ("input", "b", "b", "data −2 · grad 0.42"),
        ("constant", "2", "2"),
        ("op", "multiply", None, "data 1 · grad 0.42"),
        ("op", "add", "s", "data −1 · grad 0.42"),
        ("output", "tanh", None, "data −0.7616 · grad 1"),
    ]
    dot = view.to_dot()
    assert "data −0.7616 · grad 1" in dot
    assert "scalar" not in dot  # every node is one: the card need not say so
    assert "float64" not in dot


def test_the_edges_are_those_of_the_formula():
    a = Value(3.0, label="a")
    view = viz.graph(1 - a * a)
    assert [(view.nodes[e.source].label, view.nodes[e.target].label, e.slot) for e in view.edges] == [
        ("a", "multiply", 0), ("a", "multiply", 1), ("1", "subtract", 0), ("multiply", "subtract", 1),
    ]  # fmt: skip
    assert [e.argument for e in view.edges if e.ordered] == ["a", "b"]


def test_numbers_can_be_left_out():
    *_, y = _neuron()
    assert "constant" not in {node.kind for node in viz.graph(y, constants=False).nodes}


def test_ops_of_the_table_show_their_plain_numbers_too():
    a = Value(3.0)
    assert [node.label for node in viz.graph(ag.hypot(a, 4)).nodes] == ["input", "4", "hypot"]


def test_a_model_names_parameters_and_a_dict_names_inputs():
    a, b, _, y = _neuron()

    class Model:
        def named_parameters(self):
            return [("weight", a), ("bias", b)]

    kinds = {node.name: node.kind for node in viz.graph(y, Model()).nodes if node.op is None}
    assert kinds == {"weight": "parameter", "bias": "parameter", "2": "constant"}
    assert [node.name for node in viz.graph(y, {"alpha": a}).nodes if node.kind == "input"] == ["alpha", "b"]


def test_a_shared_leaf_is_one_card_unless_asked_for_each_use():
    a, b, _, y = _neuron()

    class Model:
        def named_parameters(self):
            return [("a", a), ("b", b)]

    z = y * a + b
    names = [node.name for node in viz.graph(z, Model()).nodes if node.kind == "parameter"]
    assert sorted(names) == ["a", "b"]
    names = [node.name for node in viz.graph(z, Model(), per_use=True).nodes if node.kind == "parameter"]
    assert sorted(names) == ["a", "a", "b", "b"]


def test_a_gradient_that_is_a_value_shows_its_number():
    a = Value(3.0, label="a")
    y = a * a
    y.backward(create_graph=True)
    assert numbers_text(viz.graph(y).nodes[0]) == ["data 3 · grad 6"]


def test_a_leaf_alone_is_a_graph_of_one_card():
    (node,) = viz.graph(Value(2.5, label="x")).nodes
    assert (node.kind, node.label, numbers_text(node)) == ("input", "x", ["data 2.5 · no gradient"])


def test_a_value_in_the_graph_of_a_tensor_keeps_its_card():
    a = Value(2.0, label="a")
    loss = (ag.tensor([1.0, 2.0], requires_grad=True) * (a * 3.0)).sum()
    for _ in range(2):  # before backward, and after it has given the saved numbers back
        view = viz.graph(loss)
        assert {"a", "multiply", "sum"} <= {node.label for node in view.nodes}
        loss.backward(retain_graph=True)
    loss.backward()
    viz.graph(loss, constants=True)


def test_the_exporters_draw_values():
    pytest.importorskip("pygraphviz", reason="drawing comes with the extra viz")
    *_, y = _neuron()
    svg = viz.graph(y).to_svg()
    assert "<title>add, s, data −1 · no gradient</title>" in svg
    assert viz.graph(y).to_png().startswith(b"\x89PNG")


def test_two_hundred_values_are_laid_out():
    pytest.importorskip("pygraphviz", reason="drawing comes with the extra viz")
    weights = [Value(0.1 * i, label=f"w{i}") for i in range(8)]
    loss = sum((sum(w * x for w in weights) - 1.0) ** 2 for x in (0.5, 1.5, -1.0, 2.0, 0.25))
    view = viz.graph(loss)
    assert 150 < len(view.nodes) < 250
    assert view.to_svg().count('class="node') == len(view.nodes)


def test_a_graph_that_is_too_large_is_an_error_that_says_so():
    pytest.importorskip("pygraphviz", reason="drawing comes with the extra viz")
    y = Value(1.0)
    for i in range(3_000):
        y = y * 0.5 + i
    with pytest.raises(viz.DrawingError, match="12,001 nodes"):
        viz.graph(y).to_svg(engine="dot", time_limit=1e-3)


def test_a_list_of_values_is_no_target():
    with pytest.raises(DtypeError, match=r"graph: target is a list.*a scalar Value"):
        viz.graph([[Value(1.0)]])
