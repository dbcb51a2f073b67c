"""Networks of Values are micrograd's: the same weights, scores, losses and gradients, from the same user code."""

from __future__ import annotations

import copy
import pickle
import random

import numpy as np
import pytest

import autograd as ag
import viz
from autograd.errors import GradientError, ShapeError
from autograd.scalar import Value
from nn.scalar import MLP, Layer, Module, Neuron


@pytest.fixture
def micrograd():
    """micrograd's Value and MLP, which read like ours."""
    reason = "compares with micrograd, which is not installed"
    engine = pytest.importorskip("micrograd.engine", reason=reason)
    return engine.Value, pytest.importorskip("micrograd.nn", reason=reason).MLP


def two_moons(points: int) -> tuple[np.ndarray, np.ndarray]:
    """Two half circles that reach into each other, with noise; the labels are 1 and -1."""
    rng = np.random.default_rng(1337)
    angle = np.pi * rng.random(points)
    y = np.where(np.arange(points) % 2 == 0, 1, -1)
    x = np.where(y > 0, np.cos(angle), 1 - np.cos(angle))
    z = np.where(y > 0, np.sin(angle), 0.5 - np.sin(angle))
    return np.stack([x, z], axis=1) + 0.1 * rng.normal(size=(points, 2)), y


def train(Value, MLP, points: int, steps: int):
    """micrograd's demonstration as its notebook has it: losses, scores of the last step, and parameters."""
    random.seed(1337)
    X, y = two_moons(points)
    model = MLP(2, [16, 16, 1])
    history = []
    for k in range(steps):
        inputs = [list(map(Value, row)) for row in X]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        reg_loss = 1e-4 * sum(p * p for p in model.parameters())
        total_loss = data_loss + reg_loss
        model.zero_grad()
        total_loss.backward()
        history.append(total_loss.data)
        learning_rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad
    return history, [score.data for score in scores], model.parameters()


def check_training(micrograd, points: int, steps: int) -> None:
    history, scores, parameters = train(Value, MLP, points, steps)
    expected_history, expected_scores, expected_parameters = train(*micrograd, points, steps)
    assert history == pytest.approx(expected_history, rel=1e-9)
    assert scores == pytest.approx(expected_scores, rel=1e-9, abs=1e-9)
    assert [p.grad for p in parameters] == pytest.approx([p.grad for p in expected_parameters], rel=1e-9, abs=1e-12)
    assert [p.data for p in parameters] == pytest.approx([p.data for p in expected_parameters], rel=1e-9, abs=1e-12)


def test_training_on_two_moons_is_micrograds(micrograd):
    check_training(micrograd, points=25, steps=3)


@pytest.mark.slow
def test_the_whole_demonstration_is_micrograds(micrograd):
    check_training(micrograd, points=100, steps=30)


def test_a_seed_gives_micrograds_weights(micrograd):
    random.seed(1337)
    expected = [p.data for p in micrograd[1](2, [16, 16, 1]).parameters()]
    random.seed(1337)
    assert [p.data for p in MLP(2, [16, 16, 1]).parameters()] == expected
    assert len(expected) == 337


def test_the_reprs_are_micrograds(micrograd):
    assert repr(MLP(3, [2, 1])) == repr(micrograd[1](3, [2, 1]))
    assert repr(Neuron(3)) == "ReLUNeuron(3)"


# ------------------------------------------------------------------------------------------------- without the oracle


def test_a_neuron_is_its_formula():
    neuron = Neuron(2)
    neuron.w[0].data, neuron.w[1].data, neuron.b.data = 2.0, -3.0, 0.5
    y = neuron([1.5, Value(1.0)])
    y.backward()
    assert y.data == 2.0 * 1.5 - 3.0 * 1.0 + 0.5
    assert [p.grad for p in neuron.parameters()] == [1.5, 1.0, 1.0]
    assert neuron([0.0, 1.0]).data == 0.0
    neuron.nonlin = False
    assert neuron([0.0, 1.0]).data == -2.5


def test_a_layer_of_one_neuron_gives_its_output_and_others_a_list():
    assert isinstance(Layer(3, 1)([1, 2, 3]), Value)
    assert len(Layer(3, 2)([1, 2, 3])) == 2
    assert Layer(2, 3, nonlin=False)([0, 0])[0].op.name != "relu"


def test_the_last_layer_of_an_mlp_is_linear():
    assert [layer.neurons[0].nonlin for layer in MLP(2, (4, 3, 1)).layers] == [True, True, False]


def test_a_layer_of_one_neuron_may_stand_inside():
    assert isinstance(MLP(2, [3, 1, 2, 1])([1.0, 2.0]), Value)


def test_inputs_may_be_any_row_of_numbers():
    random.seed(0)
    model = MLP(2, [3, 1])
    expected = model([1.0, 2.0]).data
    for row in ((1.0, 2.0), np.array([1.0, 2.0]), np.array([1, 2]), iter([1, 2]), [Value(1), Value(2)]):
        assert model(row).data == pytest.approx(expected)


def test_zero_grad_and_a_step_of_descent():
    random.seed(0)
    model = MLP(2, [3, 1])
    before = [p.data for p in model.parameters()]
    model([1.0, 2.0]).backward()
    for p in model.parameters():
        p.data -= 0.1 * p.grad
    assert [p.data for p in model.parameters()] != before
    model.zero_grad()
    assert all(p.grad == 0 for p in model.parameters())
    for p in model.parameters():
        p.grad = 0  # as micrograd's own code does
    model([1.0, 2.0]).backward()
    assert any(p.grad != 0 for p in model.parameters())


@pytest.mark.parametrize("row", [[1.0], [1.0, 2.0, 3.0], []])
def test_a_wrong_number_of_inputs_is_named(row):
    with pytest.raises(ShapeError, match=rf"ReLUNeuron\(2\): it takes 2 inputs, and got {len(row)}"):
        MLP(2, [3, 1])(row)


def test_a_module_alone_has_no_parameters():
    Module().zero_grad()
    assert Module().parameters() == []


# ---------------------------------------------------------------------------- Value, as users of micrograd write with it


def sanity(Value):
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    return y, [x]


def more_ops(Value):
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return g, [a, b]


def test_micrograds_example():
    g, (a, b) = more_ops(Value)
    assert f"{g.data:.4f}" == "24.7041"
    g.backward()
    assert f"{a.grad:.4f}" == "138.8338"
    assert f"{b.grad:.4f}" == "645.5773"


def reflected(Value):
    a, b = Value(3), Value(-2)  # integers, as one writes at a prompt
    y = sum([a, b, 2 * a]) + (1 - a) / 4 - (5 / b) ** -2
    y -= b
    y *= a
    y /= 7
    return y, [a, b]


@pytest.mark.parametrize("formula", [sanity, more_ops, reflected])
def test_formulas_have_micrograds_values_and_gradients(micrograd, formula):
    ours, our_leaves = formula(Value)
    theirs, their_leaves = formula(micrograd[0])
    ours.backward()
    theirs.backward()
    assert ours.data == pytest.approx(theirs.data, rel=1e-12)
    assert [v.grad for v in our_leaves] == pytest.approx([v.grad for v in their_leaves], rel=1e-12)


def test_drawing_code_finds_what_it_reads():
    """``trace`` is that of micrograd's notebook, as its ``draw_dot`` calls it."""

    def trace(root):
        nodes, edges = set(), set()

        def build(v):
            if v not in nodes:
                nodes.add(v)
                for child in v._prev:
                    edges.add((child, v))
                    build(child)

        build(root)
        return nodes, edges

    a, b = Value(2.0), Value(2.0)  # equal numbers are two nodes all the same
    y = (a * b + a).relu()
    y.backward()
    nodes, edges = trace(y)
    assert len(nodes) == 5
    assert len(edges) == 5
    labels = {f"{{ data {n.data:.4f} | grad {n.grad:.4f} }}" for n in nodes}
    assert "{ data 2.0000 | grad 3.0000 }" in labels
    assert sorted(n._op.lower() for n in nodes if n._op) == ["*", "+", "relu"]


def test_numbers_compare():
    a = Value(3)
    assert a > 2
    assert a < 4.5
    assert a >= 3
    assert a <= 3
    assert a.data > 2


# ------------------------------------------------------------------------------ what docs/micrograd.md says that differs


def test_values_compare_as_numbers_and_are_kept_by_identity():
    v, w = Value(2.0), Value(2.0)
    assert v == w
    assert v in [w]
    assert v not in {w}
    assert not any(v is x for x in [w])
    assert not Value(0.0)


def test_a_second_backward_pass_adds_the_same_gradients_again(micrograd):
    x = Value(2.0)
    z = (x * x) + 1
    z.backward()
    z.backward()
    assert x.grad == 8.0
    theirs = micrograd[0](2.0)
    z = (theirs * theirs) + 1
    z.backward()
    z.backward()
    assert theirs.grad == 12.0  # the middle number passes its first gradient on once more


def test_gradients_are_those_of_the_forward_pass():
    x = Value(2.0)
    y = x * x
    x.data = 5.0
    y.backward()
    assert x.grad == 4.0


def test_subtraction_and_division_are_one_node_and_numbers_none():
    v, w = Value(2.0), Value(3.0)
    assert [y._op for y in (-v, v - w, v / w, 1 - v, v**2)] == ["-", "-", "/", "-", "**"]
    assert [len(y._prev) for y in (-v, v - w, v / w, 1 - v, v**2, v + 1)] == [1, 2, 2, 1, 1, 1]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (lambda: 1 / Value(0.0), np.inf),
        (lambda: Value(0.0) ** -1, np.inf),
        (lambda: Value(1e200) ** 2, np.inf),
        (lambda: Value(-2.0) ** 0.5, np.nan),
    ],
)
def test_what_is_no_finite_number_warns_as_numpy_does(formula, expected):
    with pytest.warns(RuntimeWarning):
        np.testing.assert_equal(formula().data, expected)


def test_an_array_times_a_value_is_a_tensor():
    assert isinstance(np.array([1.0, 2.0]) * Value(2.0), ag.Tensor)
    assert isinstance(Value(2.0) * np.array([1.0, 2.0]), ag.Tensor)


def test_numpys_functions_of_a_list_of_values_say_what_to_write():
    for function in (np.sum, np.mean, np.asarray):
        with pytest.raises(GradientError, match=r"sum\(values\) / len\(values\)"):
            function([Value(1.0), Value(2.0)])


def test_models_are_copied_and_computed_numbers_are_not():
    model = MLP(2, [3, 1])
    twin = copy.deepcopy(model)
    assert [p.data for p in twin.parameters()] == [p.data for p in model.parameters()]
    assert twin.parameters()[0] is not model.parameters()[0]
    assert pickle.loads(pickle.dumps(model)).layers[0].neurons[0].w[0].data == model.layers[0].neurons[0].w[0].data
    with pytest.raises(GradientError, match="only leaves can be copied"):
        copy.deepcopy(model([1.0, 2.0]))


def test_parameters_have_names_that_drawings_write():
    model = MLP(2, [3, 1])
    names = dict(model.named_parameters())
    assert list(names)[:3] == ["layers.0.neurons.0.w.0", "layers.0.neurons.0.w.1", "layers.0.neurons.0.b"]
    assert list(names.values()) == model.parameters()
    view = viz.graph(model([1.0, 2.0]), model)
    assert {node.label for node in view.nodes if node.kind == "parameter"} == set(names)
