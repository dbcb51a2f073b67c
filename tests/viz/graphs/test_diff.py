"""Two graphs or runs aligned and compared."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
import nn
import viz
from autograd.errors import ArgumentError
from nn import functional as F
from viz.graphs.view import EdgeView, GraphView, NodeView


def _run(model, x, *, scale=1.0):
    with ag.record(names=model) as tape:
        h = model(ag.tensor(x)) * scale
        F.cross_entropy(h, np.array([0, 1, 2, 1, 0])).backward()
    return tape.recording


@pytest.fixture
def model():
    ag.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


def test_a_run_agrees_with_itself(model, x):
    found = viz.diff(_run(model, x), _run(model, x))
    assert not found
    assert str(found).startswith("The graphs agree: ")
    assert len(found.pairs) == len(found.a.nodes)
    assert set(found.view.overlay.values) == {"the same"}
    assert viz.diff(_run(model, x), _run(model, x), tolerance=0).first_value is None


def test_the_first_node_whose_value_parts_is_named(model, x):
    before = _run(model, x)
    with ag.no_grad():
        model[2].bias += 0.1
    found = viz.diff(before, _run(model, x))
    one, other = found.first_value
    assert found.a.nodes[one].name == found.b.nodes[other].name == "2.bias"
    assert (found.removed, found.added, found.rewired) == ((), (), ())
    assert "The values part at 2.bias" in str(found)
    assert found.view.marked
    assert {"the same", "differs", "first to differ"} == set(found.view.overlay.values)


def test_the_first_gradient_is_the_first_of_the_backward_pass():
    x = ag.tensor([0.5, 2.0], requires_grad=True)

    def run(slope):
        gate = ag.tensor([1.0, 1.0])
        with ag.record(names={"x": x}) as tape:
            y = ag.exp(x) * gate
            y.register_hook(lambda g: g * slope)
            y.sum().backward()
        return tape

    found = viz.diff(run(1.0), run(2.0))
    assert found.first_value is None
    assert found.b.nodes[found.first_gradient[1]].op == "exp"  # what came out of the hook
    assert "The gradients part, going backward, at exp" in str(found)


def test_a_layer_that_came_and_one_that_went(x):
    ag.manual_seed(0)
    before = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    ag.manual_seed(0)
    after = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    found = viz.diff(_run(before, x), _run(after, x))
    assert [found.a.nodes[i].op for i in found.removed] == ["tanh"]
    assert [found.b.nodes[j].op for j in found.added] == ["relu"]
    merged = found.view
    assert sorted(w for w in merged.overlay.values if w in ("added", "removed")) == ["added", "removed"]
    assert "1 removed: tanh in Sequential.1" in str(found)
    assert len(merged.nodes) == len(found.a.nodes) + 1


def test_half_precision_is_given_the_room_that_it_needs(model, x):
    half = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    half.load_state_dict(model.state_dict())
    for p in half.parameters():
        p.array = p.array.astype(np.float16)

    def run(net, inputs):
        with ag.record(names=net) as tape:
            ag.tanh(net(ag.tensor(inputs))).sum()
        return tape

    one, other = run(model, x), run(half, x.astype(np.float16))
    assert viz.diff(one, other).first_value is None
    assert viz.diff(one, other, tolerance=1e-6).first_value is not None
    with np.errstate(all="ignore"):
        huge = run(half, (x * 60000).astype(np.float16))
    found = viz.diff(run(model, x.astype(np.float32) * 60000), huge)
    assert math.inf in found.value_differences  # overflow in one of them


def test_inputs_that_changed_places_are_rewired():
    nodes = (NodeView(0, "input", name="a"), NodeView(1, "input", name="b"), NodeView(2, "output", "subtract"))
    one = GraphView(nodes, (EdgeView(0, 2, 0), EdgeView(1, 2, 1)))
    other = GraphView(nodes, (EdgeView(1, 2, 0), EdgeView(0, 2, 1)))
    assert viz.diff(one, other).rewired == ((2, 2),)
    assert "1 with other inputs: subtract" in str(viz.diff(one, other))


def test_numbers_and_live_tensors_are_compared_too():
    a = ag.scalar.Value(2.0, label="a")
    found = viz.diff(a * 3.0, a * 4.0)
    assert (found.a.nodes[found.first_value[0]].op, found.removed, found.added) == ("multiply", (), ())
    x = ag.tensor([1.0], requires_grad=True)
    found = viz.diff(ag.exp(x), ag.sin(ag.exp(x)))
    assert [found.b.nodes[j].op for j in found.added] == ["sin"]


def _leaf(values):
    x = ag.tensor(values)
    with ag.record(names={"x": x}) as tape:
        x * 2
    return tape


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ([math.inf, 1.0], [-math.inf, 1.0], False),
        ([math.nan, 1.0], [math.inf, 1.0], False),
        ([math.inf, 1.0, 2.0], [1.0, math.inf, 2.0], False),
        ([math.nan, math.inf], [math.inf, math.nan], False),
        ([math.nan, -math.inf, 1.0], [math.nan, -math.inf, 1.0], True),
        ([math.nan], [math.nan], True),
        ([], [], True),
        ([0.0], [-0.0], True),
        ([1 + 2j], [1 - 2j], False),
    ],
)
def test_what_is_not_finite_must_be_the_same(a, b, same):
    found = viz.diff(_leaf(a), _leaf(b))
    assert bool(found) is not same
    if a == [math.inf, 1.0]:
        assert "The values part at x: [inf, 1.0] (2 float32) against [-inf, 1.0] (2 float32)." in str(found)


def test_truths_are_compared():
    found = viz.diff(_leaf(np.array([True, False])), _leaf(np.array([True, True])))
    assert found.value_differences[found.pairs.index(found.first_value)] == 1


def test_another_batch_size_is_told_by_the_shapes(model, x):
    def run(inputs):
        with ag.record(names=model) as tape:
            model(ag.tensor(inputs)).sum().backward()
        return tape

    text = str(viz.diff(run(x), run(x[:2])))
    assert "The values part at input in Sequential.0, by shape: 5×4 against 2×4." in text


def test_what_a_tensor_remembers_is_aligned_with_a_recording(model, x):
    loss = model(ag.tensor(x)).sum()
    found = viz.diff(viz.graph(loss, model), _run(model, x))
    assert {found.b.nodes[j].op for _, j in found.pairs} >= {None, "linear", "tanh"}
    assert sum(found.b.nodes[j].kind == "parameter" for _, j in found.pairs) == 4


def test_few_edits_in_long_tapes_are_found_whole():
    ops = ["add", "tanh"] * 5000
    edited = [*ops[:50], "exp", *ops[50:9000], "sin", *ops[9003:]]
    found = viz.diff(_chain(ops), _chain(edited))
    assert [found.b.nodes[j].op for j in found.added] == ["exp", "sin"]
    assert len(found.removed) == 3


def test_a_negative_tolerance_is_refused(model, x):
    with pytest.raises(ArgumentError, match="tolerance is -1"):
        viz.diff(_run(model, x), _run(model, x), tolerance=-1)


_TAPES = st.lists(st.sampled_from(["add", "tanh", "exp", "sin"]), min_size=1, max_size=25)


def _chain(ops):
    nodes = [NodeView(0, "input", name="x"), *(NodeView(i + 1, "op", op) for i, op in enumerate(ops))]
    return GraphView(tuple(nodes), tuple(EdgeView(i, i + 1, 0) for i in range(len(ops))))


@given(_TAPES, _TAPES)
@settings(max_examples=80, deadline=None)
def test_every_node_is_paired_added_or_removed_once(first, second):
    a, b = _chain(first), _chain(second)
    found = viz.diff(a, b)
    assert sorted([*found.removed, *(i for i, _ in found.pairs)]) == list(range(len(a.nodes)))
    assert sorted([*found.added, *(j for _, j in found.pairs)]) == list(range(len(b.nodes)))
    assert list(found.pairs) == sorted(found.pairs)
    assert all(a.nodes[i].op == b.nodes[j].op for i, j in found.pairs)
    assert len(found.view.nodes) == len(found.pairs) + len(found.added) + len(found.removed)
    assert bool(found) == (first != second)


@given(_TAPES, _TAPES)
@settings(max_examples=60, deadline=None)
def test_as_many_nodes_as_can_be_are_paired(first, second):
    longest = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, one in enumerate(first):
        for j, other in enumerate(second):
            here = max(longest[i][j + 1], longest[i + 1][j])
            longest[i + 1][j + 1] = longest[i][j] + 1 if one == other else here
    assert len(viz.diff(_chain(first), _chain(second)).pairs) == longest[-1][-1] + 1
