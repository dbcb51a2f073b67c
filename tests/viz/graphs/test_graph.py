from __future__ import annotations

import gc

import numpy as np
import pytest

import autograd as ag
import viz
from autograd.errors import ArgumentError, DtypeError, GradientError
from viz.graphs.view import EdgeView, GraphView, NodeView


def test_a_square_keeps_two_edges():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    view = viz.graph(x * x, {"x": x})
    assert [node.label for node in view.nodes] == ["x", "multiply"]
    assert [(edge.source, edge.target, edge.slot) for edge in view.edges] == [(0, 1, 0), (0, 1, 1)]


def test_nodes_tell_what_they_are(model):
    view = viz.graph(model.loss(), model)
    kinds = {node.label: node.kind for node in view.nodes}
    assert kinds["hidden.weight"] == "parameter"
    assert kinds["relu"] == "op"
    assert kinds["mean"] == "output"
    by_label = {node.label: node for node in view.nodes}
    assert by_label["out.weight"].shape == (4, 8)
    assert by_label["relu"].op_kind == "elementwise"
    assert by_label["relu"].dtype == "float32"
    assert [node.seq for node in view.nodes if node.kind != "parameter"] == sorted(
        node.seq for node in view.nodes if node.kind != "parameter"
    )


def test_edges_name_the_argument_where_the_order_matters(model):
    view = viz.graph(model.loss(), model)
    names = {(view.nodes[e.source].label, view.nodes[e.target].label): e for e in view.edges}
    assert names["hidden.bias", "linear"].argument == "bias"
    assert names["hidden.bias", "linear"].ordered
    assert not names["linear", "multiply"].ordered
    assert not names["linear", "relu"].ordered


def test_a_leaf_without_a_name_is_an_input_and_a_named_dict_does_not_make_it_a_parameter():
    x = ag.tensor([1.0], requires_grad=True)
    assert viz.graph(x + 1).nodes[0].kind == "input"
    assert viz.graph(x + 1, {"x": x}).nodes[0].kind == "input"


def test_a_subclass_of_tensor_is_a_parameter_without_any_names(model):
    kinds = [node.kind for node in viz.graph(model.loss()).nodes]
    assert kinds.count("parameter") == 4


def test_an_intermediate_value_can_have_a_name():
    x = ag.tensor([1.0], requires_grad=True)
    h = x + 1
    view = viz.graph(h * 2, {"h": h})
    assert [(node.op, node.name) for node in view.nodes] == [(None, None), ("add", "h"), ("multiply", None)]


def test_constants_show_only_when_asked(model):
    loss = model.loss()
    assert "constant" not in {node.kind for node in viz.graph(loss, model).nodes}
    view = viz.graph(loss, model, constants=True)
    stubs = [node for node in view.nodes if node.kind == "constant"]
    assert [stub.name for stub in stubs] == ["x"]
    assert [view.nodes[e.target].op for e in view.edges if e.source == stubs[0].id] == ["linear"]


def test_an_op_with_several_outputs_shows_all_their_shapes():
    x = ag.tensor(np.ones((2, 5), np.float32), requires_grad=True)
    first, second = ag.split(x, [2], axis=1)
    view = viz.graph(first.sum() + second.sum())
    split = next(node for node in view.nodes if node.op == "split")
    assert split.shape == ((2, 2), (2, 3))
    items = [node for node in view.nodes if node.op_kind == "item"]
    assert [dict(item.params)["index"] for item in items] == ["0", "1"]


def test_the_graph_is_the_same_after_backward(model):
    loss = model.loss()
    before = viz.graph(loss, model)
    loss.backward()
    assert viz.graph(loss, model) == before


def test_summaries_give_the_value_and_the_gradient_of_leaves():
    x = ag.tensor([3.0, 4.0], requires_grad=True)
    loss = (x * x).sum() / 2
    loss.backward()
    leaf = viz.graph(loss, values=True).nodes[0]
    assert (leaf.value.mean, leaf.value.data) == (3.5, [3.0, 4.0])
    assert leaf.gradient.norm == pytest.approx(5)
    assert viz.graph(loss).nodes[0].gradient is None


def test_a_chain_of_20000_ops_is_walked_without_recursion():
    x = ag.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y + 1.0
    view = viz.graph(y)
    assert len(view.nodes) == 20_001
    assert [(e.source, e.target) for e in view.edges] == [(i, i + 1) for i in range(20_000)]
    assert viz.expand(view).to_dot().count("->") == 20_000


def test_sharing_does_not_multiply_the_work():
    y = ag.tensor(1.0, requires_grad=True)
    for _ in range(60):  # 2**60 paths
        y = y + y
    assert len(viz.graph(y).nodes) == 61


def test_something_that_is_no_tensor_is_refused_by_name():
    with pytest.raises(DtypeError, match=r"graph: target is a float.*Give it a Tensor that was computed"):
        viz.graph(3.0)


def test_a_tensor_without_a_graph_says_why():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    with ag.no_grad():
        y = x * x
    with pytest.raises(
        GradientError, match=r"shape \(2,\) has no recorded graph.*no_grad\(\) or by detach\(\)"
    ) as caught:
        viz.graph(y)
    assert "requires_grad=True" in str(caught.value)


def test_names_of_the_wrong_kind_are_refused():
    x = ag.tensor([1.0], requires_grad=True)
    with pytest.raises(DtypeError, match="names is a list; it must be a model"):
        viz.graph(x * 2, ["x"])


def test_a_view_is_frozen_and_checked():
    view = GraphView((NodeView(0, "input"), NodeView(1, "output", op="exp")), (EdgeView(0, 1, 0),))
    with pytest.raises(AttributeError):
        view.title = "other"
    with pytest.raises(ValueError, match="edge 1 -> 0 in a view of 2 nodes"):
        GraphView(view.nodes, (EdgeView(1, 0, 0),))
    with pytest.raises(ValueError, match="node number 0 has id 7"):
        GraphView((NodeView(7, "input"),), ())


def test_contributions_to_an_op_with_several_outputs_add_up():
    x = ag.tensor(np.arange(6.0), requires_grad=True)
    a, b, c = ag.split(x, [1, 3])  # of different shapes
    loss = (a * a).sum() + (b * a).sum() + (c * 3.0).sum()
    view = viz.graph(loss, {"x": x}, backward=True)
    (expected,) = ag.gradients(loss, [x])
    assert view.nodes[0].gradient.data == expected.array.tolist()
    matrix = np.random.default_rng(0).normal(size=(3, 3))
    y = ag.tensor(matrix + matrix.T, requires_grad=True)
    values, vectors = ag.linalg.eigh(y)
    loss = (values * vectors[0] ** 2).sum() + (values**2).sum()
    view = viz.graph(loss, {"y": y}, backward=True)
    (expected,) = ag.gradients(loss, [y])
    np.testing.assert_allclose(view.nodes[0].gradient.data, expected.array, rtol=1e-12)


def test_a_tape_that_is_still_open_says_so():
    x = ag.tensor([1.0], requires_grad=True)
    with ag.record() as tape:
        y = x * 2
        with pytest.raises(ArgumentError, match="still going on"):
            viz.graph(tape, y)
        assert [node.op for node in viz.graph(y).nodes] == [None, "multiply"]
    assert [node.op for node in viz.graph(tape, y).nodes] == [None, "multiply"]


def test_values_can_be_left_to_the_details():
    x = ag.tensor([1.0], requires_grad=True)
    with ag.record() as tape:
        x * 2
    assert viz.graph(tape).values
    view = viz.graph(tape, values=False)
    assert not view.values
    assert view.nodes[0].value is not None
    assert not viz.focus(view, 0).values
    assert not viz.collapse(view).values


def test_the_garbage_collector_goes_on_afterwards():
    assert gc.isenabled()
    with pytest.raises(DtypeError):
        viz.graph(3.0)
    assert gc.isenabled()
