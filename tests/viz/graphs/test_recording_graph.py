"""Graphs of recordings, models and functions: names, scopes, lines, facts, groups, and the backward pass beside."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import autograd as ag
import nn
import viz
from autograd.errors import ArgumentError, DtypeError
from nn import functional as F


class Cell(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.ih = nn.Linear(3, width)
        self.hh = nn.Linear(width, width)

    def forward(self, x, h):
        return ag.tanh(self.ih(x) + self.hh(h))


class RNN(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.cell = Cell(width)
        self.head = nn.Linear(width, 2)

    def forward(self, x):
        h = ag.zeros((x.shape[1], 4))
        for t in range(x.shape[0]):
            h = self.cell(x[t], h)
        return self.head(h)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.lin = nn.Linear(width, width)

    def forward(self, x):
        return x + ag.relu(self.lin(x))


class Counting(nn.Module):
    """Counts its calls in a buffer, as running statistics do."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", ag.zeros(()))

    def forward(self, x):
        with ag.no_grad():
            self.calls += 1
        return x


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def step(rng):
    """A recorded step of a small classifier: model, tape, loss."""
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    x = rng.normal(size=(5, 4)).astype(np.float32)
    with ag.record(names=model) as tape:
        loss = F.cross_entropy(model(x), np.array([0, 1, 2, 1, 0]))
        loss.backward()
    return model, tape, loss


def _named(view, name):
    return next(node for node in view.nodes if node.name == name)


def test_parameters_carry_their_state_dict_names_values_and_gradients(step):
    model, tape, _ = step
    view = viz.graph(tape)
    assert [n.name for n in view.nodes if n.kind == "parameter"] == list(model.state_dict())
    weight = _named(view, "2.weight")
    assert (weight.shape, weight.dtype, weight.nbytes) == ((3, 8), "float32", 96)
    assert weight.gradient.norm == pytest.approx(float(np.linalg.norm(model[2].weight.grad.array)), rel=1e-6)
    assert weight.value.mean == pytest.approx(float(model[2].weight.array.mean()), rel=1e-5)


def test_ops_tell_what_they_cost_and_where_they_stand(step):
    _, tape, _ = step
    view = viz.graph(tape)
    linear = next(node for node in view.nodes if node.op == "linear")
    assert linear.flops >= 2 * 5 * 4 * 8
    assert linear.seconds > 0
    assert linear.nbytes == 4 * (5 * 4 + 8 * 4 + 8 + 5 * 8)
    assert view.lines[linear.line].file == __file__
    paths = [view.groups[node.group].path for node in view.nodes if node.op in ("linear", "relu")]
    assert paths == ["Sequential.0", "Sequential.1", "Sequential.2"]
    relu = next(node for node in view.nodes if node.op == "relu")
    assert relu.gradient is not None
    assert [node.kind for node in view.nodes if node.shape == ()] == ["output"]


def test_what_was_not_computed_is_not_zero(rng):
    w = ag.tensor([1.0, -2.0], requires_grad=True)
    with ag.record(names={"w": w}) as tape:
        y = ag.relu(-w) * 0.0
        y.sum()
    assert _named(viz.graph(tape), "w").gradient is None
    with ag.record(names={"w": w}) as tape:
        (ag.relu(-w) * 0.0).sum().backward()
    assert _named(viz.graph(tape), "w").gradient.norm == 0


def test_a_tape_and_a_value_show_what_the_value_was_computed_from(step):
    _, tape, loss = step
    with ag.record() as both:
        a = ag.tensor([1.0], requires_grad=True)
        first = ag.exp(a)
        ag.sin(a)
    assert [node.op for node in viz.graph(both, first).nodes] == [None, "exp"]
    assert {node.op for node in viz.graph(both).nodes} == {None, "exp", "sin"}
    assert viz.graph(tape, loss) == viz.graph(tape.recording, loss)
    with pytest.raises(ArgumentError, match="not in this recording"):
        viz.graph(tape, a)
    with pytest.raises(ArgumentError, match="holds no op"):
        viz.graph(ag.record())


def test_a_model_is_called_once_and_left_as_it_was(rng):
    model = nn.Sequential(nn.Linear(4, 4), Counting(), nn.Dropout(0.5), nn.Linear(4, 1))
    x = rng.normal(size=(6, 4)).astype(np.float32)
    before = {name: value.array.copy() for name, value in model.state_dict().items()}
    state = ag.default_generator().get_state()
    view = viz.graph(model, x, backward=True)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value.array, before[name])
    assert str(ag.default_generator().get_state()) == str(state)
    assert all(p.grad is None for p in model.parameters())
    assert view.title == "Sequential"
    assert _named(view, "input").kind == "input"
    assert _named(view, "3.weight").gradient.norm > 0


def test_a_function_shows_the_names_of_its_arguments():
    def slope(x, y):
        return (x * y).sum()

    view = viz.graph(slope, ag.tensor([1.0, 2.0], requires_grad=True), np.ones(2, np.float32))
    assert [node.name for node in view.nodes if node.op is None] == ["x", "y"]
    assert view.title == "slope"
    view = viz.graph(lambda *xs: sum(xs), ag.scalar.Value(1.0), ag.scalar.Value(2.0))
    assert [node.name for node in view.nodes if node.op is None][-2:] == ["xs[0]", "xs[1]"]
    with pytest.raises(ArgumentError, match="slope cannot be called with 1 example inputs: missing a required"):
        viz.graph(slope, ag.tensor([1.0]))
    with pytest.raises(ArgumentError, match="nothing of the output requires a gradient"):
        viz.graph(slope, np.ones(2), np.ones(2), backward=True)


def test_the_vectorised_program_of_a_scalar_graph_is_drawn_as_the_ops_that_it_runs():
    a, b = ag.scalar.Value(2.0), ag.scalar.Value(-3.0)
    program = ag.scalar.vectorize((a * b + 6.5).tanh(), [a, b])
    view = viz.graph(program, ag.tensor([2.0, -3.0], requires_grad=True))
    assert view.nodes[-1].kind == "output"
    assert "tanh" in {node.op for node in view.nodes}


def test_twelve_blocks_are_folded_and_fifty_steps_rolled(rng):
    model = nn.Sequential(*[Block(4) for _ in range(12)])
    view = viz.graph(model, rng.normal(size=(2, 4)).astype(np.float32))
    (fold,) = (view.groups[g] for g in view.rolled)
    assert (fold.kind, fold.label, fold.count) == ("fold", "Block", 12)
    scene = viz.scene(view)
    assert sum(wire.carried for wire in scene.wires) == 2  # into the block, and over the skip

    view = viz.graph(RNN(), rng.normal(size=(50, 2, 3)).astype(np.float32))
    (loop,) = (view.groups[g] for g in view.rolled)
    assert (loop.kind, loop.label, loop.count) == ("loop", "getitem, Cell", 50)
    assert len(viz.scene(view).cards) < 20
    assert len(viz.scene(viz.graph(RNN(), np.zeros((50, 2, 3), np.float32), roll=False, depth=9)).cards) > 300


def test_depth_closes_modules(rng):
    model = nn.Sequential(Block(4), Block(4))
    x = rng.normal(size=(2, 4)).astype(np.float32)
    assert [card.key for card in viz.scene(viz.graph(model, x, depth=0)).cards] == ["g0"]
    scene = viz.scene(viz.graph(model, x, depth=1))
    assert [card.group.label for card in scene.cards if card.group] == ["0", "1"]


def test_the_backward_graph_links_each_op_to_its_own(step):
    _, tape, _ = step
    view = viz.graph(tape, backward=True)
    backward = [node for node in view.nodes if node.kind == "backward"]
    assert [node.op for node in backward] == ["mean", "softmax_cross_entropy", "linear", "relu", "linear"]
    assert all(view.nodes[node.origin].op == node.op for node in backward)
    links = {(edge.source, edge.target) for edge in view.edges if edge.kind == "link"}
    assert links == {(node.origin, node.id) for node in backward}
    gradients = {node.name: node for node in view.nodes if node.kind == "gradient"}
    assert set(gradients) == {"0.weight", "0.bias", "2.weight", "2.bias"}
    into = [edge for edge in view.edges if edge.target == gradients["0.weight"].id]
    assert [(edge.kind, edge.argument) for edge in into] == [("gradient", "weight")]
    assert into[0].value.norm == pytest.approx(gradients["0.weight"].value.norm)
    labels = {view.groups[node.group].label for node in backward if node.group is not None}
    assert labels == {"∇ 0", "∇ 1", "∇ 2"}


def test_the_backward_graph_alone(step):
    _, tape, _ = step
    view = viz.graph(tape, backward="only")
    assert {node.kind for node in view.nodes} == {"backward", "gradient"}
    assert {edge.kind for edge in view.edges} == {"gradient"}


def test_steps_say_what_each_op_gave_and_what_was_there_before():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    with ag.record(names={"x": x}) as tape:
        (x * x + ag.exp(x)).sum().backward()
    view = viz.graph(tape)
    place = _named(view, "x").id
    arrived = [c for step in view.steps for c in step.contributions if c.node == place]
    assert len(arrived) == 3
    assert arrived[0].before is None
    for one, next_one in itertools.pairwise(arrived):
        assert next_one.before == one.after
    np.testing.assert_allclose(arrived[-1].after.data, 2 * np.array([1, 2]) + np.exp([1, 2]), rtol=1e-6)


def test_a_live_tensor_has_steps_where_the_graph_still_has_its_values():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    view = viz.graph(y, {"x": x}, values=True, backward=True)
    assert x.grad is None
    assert [step.node for step in view.steps] == [2, 1]
    assert view.nodes[0].gradient.data == [2.0, 4.0]
    y.backward()
    freed = viz.graph(y, {"x": x}, backward=True)
    assert freed.steps == ()
    assert [n.op for n in freed.nodes if n.kind == "backward"] == ["sum", "multiply"]  # the structure is still known


def test_a_second_order_graph_shows_the_ops_of_the_rules():
    x = ag.tensor([0.5, -0.3], requires_grad=True)
    with ag.record(names={"x": x}) as tape:
        (g,) = ag.gradients(ag.tanh(x).sum(), x, create_graph=True)
        (g * g).sum().backward()
    view = viz.graph(tape)
    derived = [node for node in view.nodes if node.origin is not None]
    assert derived
    assert {view.nodes[node.origin].op for node in derived} >= {"tanh"}
    assert {view.groups[node.group].kind for node in derived} == {"backward"}


def test_scalar_functions_are_recorded_number_by_number():
    a = ag.scalar.Value(2.0, label="a")
    view = viz.graph(lambda a: (a * a).tanh(), a, backward=True)
    assert [node.op for node in view.nodes if node.kind in ("op", "output")] == ["multiply", "tanh"]
    assert len(view.steps) == 2


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(DtypeError, match="target is a int"):
        viz.graph(3)
    x = ag.tensor([1.0], requires_grad=True)
    with pytest.raises(ArgumentError, match="backward is 'both'"):
        viz.graph(x * 2, backward="both")
    with pytest.raises(ArgumentError, match="nothing to give but the names"):
        viz.graph(x * 2, {"x": x}, {"x": x})
