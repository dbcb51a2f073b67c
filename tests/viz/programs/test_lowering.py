"""A graph as scalar arithmetic: what is in the program, what is not and why, and what becomes of it in transforms."""

from __future__ import annotations

import re

import numpy as np
import pytest

import autograd as ag
import viz
from autograd.scalar import Value, expand
from tests.viz.lessons import fan_out, network
from viz.programs.lowering import EDITABLE
from viz.programs.program import Program


def recipe_of(view, op):
    node = next(n.id for n in view.nodes if n.op == op)
    application = next(a for a in view.program.applications if a.node == node)
    return view.program.recipes[application.recipe], application


def test_values_are_their_own_arithmetic():
    y, _ = fan_out()
    program = viz.graph(y).program
    assert program.editable
    assert program.reason == ""
    assert [kernel.name for kernel in program.kernels] == ["multiply", "add", "tanh", "relu"]
    assert program.leaves == ((0, (0.5,)),)
    assert len(program.recipes) == 4
    assert len(program.applications) == 6


def test_numbers_stand_as_leaves_of_the_drawing():
    x = Value(3.0, label="x")
    view = viz.graph(2 * x**2)
    assert {view.nodes[node].kind for node, _ in view.program.leaves} == {"input", "constant"}
    assert dict(view.program.leaves)[0] == (3.0,)


def test_a_matrix_product_is_opened_as_expand_opens_it():
    loss, parameters, inputs = network()
    view = viz.graph(loss, *inputs, names=parameters, values=True)
    recipe, application = recipe_of(view, "matmul")
    assert recipe.inputs == (2, 6)
    assert len(recipe.outputs) == 3
    assert len(recipe.instructions) == 3 * (2 + 1)
    assert application.given == ((), ())
    with ag.record():
        y = inputs[0] @ parameters["W1"]
    assert expand(y, (0, 1)).op.name == "add"


def test_without_values_there_is_no_program():
    loss, _, inputs = network()
    assert viz.graph(loss, *inputs).program is None
    assert viz.graph(loss(*inputs)).program is None


def test_softmax_and_reductions_can_be_computed_again():
    x = ag.tensor(np.array([[0.3, -1.0, 2.0]]), requires_grad=True)
    for function in (
        ag.softmax,
        lambda x: ag.log_softmax(x)[0, 1],
        lambda x: x.max(),
        lambda x: x.mean(axis=1),
        lambda x: ag.cumsum(x, 1),
    ):
        view = viz.graph(lambda x, f=function: f(x).sum(), x, values=True)
        assert view.program.editable, view.program.reason


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x: ag.median(x), "was not recorded for gradients, and it has no scalar code"),
        (lambda x: ag.max_pool2d(x[None, None], 2).sum(), "max_pool2d picks elements by their numbers"),
        (lambda x: ag.erfinv(x / 9).sum(), "erfinv has no scalar code"),
    ],
)  # fmt: skip
def test_why_a_graph_cannot_be_computed_again(function, reason):
    x = ag.tensor(np.arange(8.0).reshape(2, 4) - 3.3, requires_grad=True)
    program = viz.graph(function, x, values=True).program
    assert not program.editable
    assert program.leaves == ()
    assert re.search(reason, program.reason), program.reason


def test_a_large_graph_keeps_small_results_only():
    x = ag.tensor(np.ones((60, 60)), requires_grad=True)
    view = viz.graph(lambda x: (x @ x).sum(axis=0)[:3].sum(), x, values=True)
    assert view.program.reason.startswith("It holds")
    assert f"{EDITABLE:,}" in view.program.reason
    kept = {view.nodes[a.node].op for a in view.program.applications}
    assert "matmul" not in kept
    assert "sum" in kept
    for application in view.program.applications:  # each stands alone
        recipe = view.program.recipes[application.recipe]
        assert [len(given) for given in application.given] == list(recipe.inputs)


def test_zoom_is_a_budget():
    x = ag.tensor(np.ones((60, 60)), requires_grad=True)
    function = lambda x: (x @ x).sum(axis=0)[:3].sum()  # noqa: E731
    assert viz.graph(function, x, zoom=2).program.applications == ()
    assert viz.graph(function, x, zoom=10_000).program.applications
    assert viz.graph(function, x, values=True, zoom=False).program is None


def test_several_backward_passes_are_not_computed_again():
    x = ag.tensor(np.array([1.0, 2.0]), requires_grad=True)
    with ag.record() as tape:
        squares = x * x
        first, second = squares.sum(), ag.exp(squares).sum()
        first.backward(retain_graph=True)
        second.backward(retain_graph=True)
    for target in (first, second, squares):
        program = viz.graph(tape, target, values=True).program
        assert not program.editable
        assert program.reason == "More than one backward pass went through it."


def test_nothing_recorded_is_a_reason():
    view = viz.graph(lambda x: x * 2, ag.tensor([1.0]), zoom=True)
    assert view.program == Program(reason="Nothing was recorded for the output, so there is nothing to compute again.")


def test_transforms_that_change_nodes_drop_the_program():
    y, _ = fan_out()
    view = viz.graph(y)
    assert viz.collapse(view).program is view.program
    assert viz.focus(view, 3, radius=1).program is None
    assert viz.one_node_per_use(view).program is view.program  # there is no parameter
    w = Value(0.5)

    class Model:
        def named_parameters(self):
            return [("w", w)]

    with_parameter = viz.graph((w * w).tanh() * w, Model())
    assert with_parameter.program.editable
    assert viz.one_node_per_use(with_parameter).program is None
    assert viz.with_backward(view).program is view.program  # which adds nodes, and renumbers none


def test_a_condition_that_is_computed_is_computed_again():
    x = ag.tensor(np.array([0.5, -0.5]), requires_grad=True)
    zero = ag.tensor(np.zeros(2))
    for function, given in (
        (lambda x, y: ag.where(x > y, x * x, -x), [zero]),
        (lambda x: ag.where(x > 0, x * x, -x), []),
    ):
        view = viz.graph(lambda *a, f=function: f(*a).sum(), x, *given, values=True)
        assert view.program.editable, view.program.reason
    greater = next(a for a in view.program.applications if view.nodes[a.node].op == "greater")
    assert greater.given == ((), (0.0,))
    assert {view.nodes[a.node].op for a in view.program.applications} >= {"greater", "where"}


def test_the_program_survives_json():
    loss, parameters, inputs = network()
    view = viz.graph(loss, *inputs, names=parameters, values=True, check=True)
    again = viz.GraphView.from_json(view.to_json())
    assert again.program == view.program
    assert again == view
