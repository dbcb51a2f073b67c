"""Gradients beside finite differences: right and planted wrong rules, kinks, and what cannot be computed again."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd as ag
import viz
from autograd.errors import ArgumentError, DtypeError
from autograd.scalar import Value
from tests.autograd.planted_rules import bad
from tests.viz.lessons import fan_out, network, neuron


def signs(view):
    return {node.name or node.op: node.check and node.check.sign for node in view.nodes}


@pytest.mark.parametrize("make", [neuron, fan_out])
def test_every_value_of_a_right_graph_agrees(make):
    y, _ = make()
    view = viz.graph(y, check=True)
    checks = [node.check for node in view.nodes if node.kind != "constant"]
    assert all(check.agrees for check in checks)
    for check in checks:
        assert math.isclose(check.analytic, check.numeric, rel_tol=1e-6, abs_tol=1e-9)
    assert y.grad == 0  # nothing was added anywhere


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_tensor_of_a_network_agrees(dtype):
    loss, parameters, inputs = network(dtype)
    view = viz.graph(loss, *inputs, names=parameters, check=True)
    for node in view.nodes:
        if node.name in ("x", "label"):
            assert node.check is None  # no gradient goes there
        else:
            assert node.check.agrees, node


def test_a_wrong_rule_is_seen_at_what_it_gives_to_and_what_comes_before():
    x = ag.tensor(np.array([0.3, 0.7]), requires_grad=True)
    w = ag.tensor(np.array([1.5, -0.2]), requires_grad=True)
    wrong = bad(vjp=[lambda g, x: g * 3 * x])
    inner = ag.sin(x)
    y = (ag.exp(wrong(inner)) * w).sum()
    view = viz.check(viz.graph(y, {"x": x, "w": w}), y)
    assert signs(view) == {"x": "✗", "sin": "✗", "bad": "✓", "exp": "✓", "w": "✓", "multiply": "✓", "sum": "✓"}


def test_a_rule_that_is_wrong_by_a_hundredth_is_found_in_single_precision():
    x = ag.tensor(np.linspace(0.2, 1.0, 12, dtype=np.float32), requires_grad=True)
    y = bad(vjp=[lambda g, x: g * 2.02 * x])(x).mean()
    assert signs(viz.check(viz.graph(y, {"x": x}), y))["x"] == "✗"


def test_a_wrong_rule_of_one_argument_leaves_the_other():
    product = ag.custom_op(
        lambda a, b: a * b, vjp=[lambda g, b: g * b, lambda g, a: g * a * 1.1], kind="elementwise", name="product"
    )
    a, b = (ag.tensor(np.array([v]), requires_grad=True) for v in (2.0, 3.0))
    y = product(a, b).sum()
    assert signs(viz.check(viz.graph(y, {"a": a, "b": b}), y)) == {"a": "✓", "b": "✗", "product": "✓", "sum": "✓"}


@pytest.mark.parametrize(
    "function",
    [lambda x: ag.relu(x), lambda x: ag.abs(x), lambda x: ag.maximum(x, 0.0), lambda x: ag.minimum(x, 0.0), lambda x: x.max()],
)  # fmt: skip
def test_at_a_kink_nothing_is_wrong(function):
    x = ag.tensor(np.zeros(3), requires_grad=True)
    y = function(x).sum()
    check = viz.check(viz.graph(y, {"x": x}), y).nodes[0].check
    assert check.agrees is None
    assert check.sign == "–"
    assert check.note.startswith("a kink: the slope is")


def test_a_gradient_outside_of_both_slopes_of_a_kink_is_wrong():
    hinge = ag.custom_op(
        lambda x: np.maximum(x, 0), vjp=[lambda g, x: g * 7.0 + 0 * x], kind="elementwise", name="hinge"
    )
    x = ag.tensor(np.zeros(1), requires_grad=True)
    y = hinge(x).sum()
    assert viz.check(viz.graph(y, {"x": x}), y).nodes[0].check.agrees is False


def test_scalar_values_have_kinks_too():
    x = Value(0.0, label="x")
    assert viz.graph(x.relu() * 3, check=True).nodes[0].check.note.startswith("a kink")


def test_copies_of_a_parameter_share_their_check():
    w = ag.tensor(np.array([[0.5]]), requires_grad=True)
    y = ag.tanh(ag.ones((1, 1)) @ w) @ w
    view = viz.graph(y.sum(), {"w": w}, per_use=True, check=True)
    assert all(node.check.agrees for node in view.nodes if node.name == "w")


def test_dropout_is_computed_again_with_its_mask():
    x = ag.tensor(np.linspace(0.5, 2, 20), requires_grad=True)
    y = ag.dropout(x, 0.5).sum()
    assert viz.check(viz.graph(y), y).nodes[0].check.agrees


def test_a_large_graph_is_checked_as_far_as_the_limit():
    x = Value(0.5, label="x")
    y = x
    for _ in range(40):
        y = y.sin()
    view = viz.check(viz.graph(y), y, limit=500)
    notes = [node.check.note for node in view.nodes]
    assert notes[-1] == ""
    assert notes[0] == "the graph is large (limit=)"
    assert view.nodes[0].check.agrees is None
    assert view.nodes[0].check.numeric is None


def test_numbers_that_were_not_kept_are_a_reason():
    x = ag.tensor(np.array([1.0, 2.0]), requires_grad=True)
    y = (x + ag.tensor(np.array([3.0, 4.0]))).sum()  # the tape keeps no operands of an addition
    view = viz.check(viz.graph(y, {"x": x}), y)
    assert "not kept" in view.nodes[0].check.note
    assert view.nodes[-1].check.agrees


def test_wrong_targets():
    y, _ = neuron()
    view = viz.graph(y)
    with pytest.raises(DtypeError, match="check: target is a float"):
        viz.check(view, 1.0)
    with pytest.raises(ArgumentError, match="nothing was recorded"):
        viz.check(view, ag.tensor([1.0]))
    x = ag.tensor(np.array([1.0]), requires_grad=True)
    loss = (x * x).sum()
    view = viz.graph(loss)
    loss.backward()
    with pytest.raises(ArgumentError, match="retain_graph=True"):
        viz.check(view, loss)


def test_a_recording_is_checked_from_the_value_that_is_given():
    x = ag.tensor(np.array([0.5, 1.0]), requires_grad=True)
    with ag.record() as tape:
        loss = (ag.sin(x) * 2.0).sum()
        loss.backward(retain_graph=True)
    view = viz.graph(tape, loss, check=True, values=True)
    assert view.nodes[0].check.agrees
    assert view.program.editable
    with pytest.raises(ArgumentError, match="check=True compares the gradients of one"):
        viz.graph(tape, check=True)


def test_many_kinks_at_once_are_no_wrong_gradient():
    draw = np.random.default_rng(3)
    x = ag.tensor(draw.normal(size=(2, 3, 12, 12)) - 1, requires_grad=True)  # most windows tie at 0 after relu
    weights = ag.tensor(draw.normal(size=(2, 3, 6, 6)))
    for seed in range(8):
        y = (ag.max_pool2d(ag.relu(x), 2) * weights).sum()
        view = viz.check(viz.graph(y), y, seed=seed)
        assert "✗" not in signs(view).values()
        assert signs(view)["relu"] == "–"


def test_two_ways_with_kinks_at_one_number():
    x = ag.tensor(0.0, requires_grad=True)
    view = viz.graph(lambda x: ag.relu(x) - 2 * ag.relu(-x), x, check=True)
    assert "✗" not in signs(view).values()
    assert "a kink" in view.nodes[0].check.note


def test_a_wrong_rule_shows_beside_kinks():
    wrong = ag.custom_op(lambda x: x * x, vjp=[lambda g, x: g * x], jvp="from_vjp", kind="elementwise", name="wrong")
    x = ag.tensor(np.array([0.0, 0.7, 0.0, -0.4]), requires_grad=True)
    y = (ag.relu(x) - 2 * ag.relu(-x) + wrong(x) * 9).sum()
    assert signs(viz.check(viz.graph(y, {"x": x}), y))["x"] == "✗"


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_what_cancels_is_rounding_and_not_wrong(dtype):
    draw = np.random.default_rng(0)
    x = ag.tensor(draw.normal(size=(6, 5)).astype(dtype), requires_grad=True)
    view = viz.graph(lambda x: ag.softmax(ag.tanh(x), axis=-1).sum() * 3, x, check=True)  # 18, whatever x is
    assert "✗" not in signs(view).values()
    assert any(node.check is not None and f"rounding of {dtype}" in node.check.note for node in view.nodes)


def test_a_wrong_rule_in_single_precision_is_no_rounding():
    wrong = ag.custom_op(lambda x: x * x, vjp=[lambda g, x: g * x], jvp="from_vjp", kind="elementwise", name="wrong")
    x = ag.tensor(np.linspace(-1, 1, 6, dtype=np.float32), requires_grad=True)
    found = signs(viz.graph(lambda x: ag.exp(wrong(ag.sin(x))).sum(), x, check=True))
    assert [found[name] for name in ("sin", "wrong", "exp")] == ["✗", "✓", "✓"]


@pytest.mark.parametrize(("function", "numbers"), [(ag.sin, [1e6, -3e5]), (ag.log, [1e-6, 3e-7]), (ag.log, [1e-9, 1])])
def test_what_curves_within_a_step_takes_a_shorter_one(function, numbers):
    x = ag.tensor(np.array(numbers, float), requires_grad=True)
    assert set(signs(viz.graph(lambda x: function(x).sum(), x, check=True)).values()) == {"✓"}
