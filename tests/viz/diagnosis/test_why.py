"""`viz.why`: causes, factors, what it takes, and that it never fails on a graph."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
import nn
import viz
from autograd.errors import ArgumentError, DtypeError
from autograd.scalar import Value
from nn import functional as F

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def leaf(*shape: int, seed: int = 0, dtype: str = "float64") -> ag.Tensor:
    return ag.tensor(np.random.default_rng(seed).normal(size=shape).astype(dtype), requires_grad=True)


def rms(x) -> float:
    return float(np.sqrt(np.mean(np.square(np.asarray(x.array if hasattr(x, "array") else x, dtype=np.float64)))))


# --------------------------------------------------------------------------------------------------------- causes


def with_no_grad(x):
    with ag.no_grad():
        y = x * 2
    return (y * leaf(3, seed=1)).sum()


def hooked(x):
    y = x * 2
    y.register_hook(lambda g: g * 0)
    return y.sum()


def overflowing_sum(x):
    y = x.astype("float32")
    return (y * np.float32(3e38) + y * np.float32(3e38)).sum()


CAUSES = {
    "healthy": lambda x: (x * x).sum(),
    "integer_path": lambda x: (x.astype("int64").astype("float64") * leaf(3, seed=1)).sum(),
    "detached": with_no_grad,
    "disconnected": lambda x: ((x * 2).sum(), leaf(3, seed=1).sum())[1],
    "closed_relu": lambda x: ag.relu(x - 10).sum(),
    "saturated": lambda x: ag.tanh(x + 100).sum(),
    "branch_not_taken": lambda x: ag.where(np.zeros(3, bool), x, leaf(3, seed=1)).sum(),
    "max_pool": lambda x: F.max_pool2d(ag.concat([x - 10, leaf(1, seed=1)]).reshape(1, 1, 2, 2), 2).sum(),
    "clipped": lambda x: ag.clip(x, 5, 6).sum(),
    "dropped": lambda x: F.dropout(x, 1.0).sum(),
    "step_function": lambda x: ag.floor(x).sum(),
    "multiplied_by_zero": lambda x: (x * ag.zeros(3)).sum(),
    "stationary": lambda x: ((x - x.detach()) ** 2).sum(),
    "constant": lambda x: ag.softmax(x, 0).sum(),
    "cancellation": lambda x: (x - x).sum(),
    "underflow": lambda x: (x.astype("float16") * np.full(3, 1e-4, "float16") * np.float16(1e-4)).sum(),
    "hook": hooked,
    "nonfinite_forward": lambda x: ag.log(x * 0).sum(),
    "nonfinite_backward": lambda x: ag.sqrt(x * 0 + 0).sum(),
    "small_factors": lambda x: (x * 1e-5 * 1e-5 * 1e-5).sum(),
    "large_factors": lambda x: (x * 1e5 * 1e5).sum(),
}


@pytest.mark.parametrize("kind", CAUSES)
def test_each_cause_of_a_loss_and_of_a_recording(kind):
    x = leaf(3)
    with ag.record() as tape:
        loss = CAUSES[kind](x)
        loss.backward(retain_graph=True)
    before = x.grad
    live = viz.why(x, loss, names={"x": x})
    assert x.grad is before
    recorded = viz.why(x, tape, names={"x": x})
    assert recorded.kind == kind, str(recorded)
    assert live.kind == kind or (kind in ("integer_path", "detached") and live.kind == "disconnected"), str(live)
    for found in (live, recorded):
        assert found.kind in viz.CAUSES
        assert "x" in found.text.split(":")[0]
        assert found.text.rstrip().endswith((".", ")"))
        assert found.kind in found._repr_html_()
        assert found._repr_markdown_().startswith("**")
    if found.path and live.path:
        assert [step.op for step in live.path] == [step.op for step in recorded.path]


def test_the_other_causes():
    x = leaf(3)
    assert viz.why(ag.tensor([1, 2])).kind == "integer"
    assert viz.why(ag.tensor([1, 2]), (x * x).sum()).kind == "integer"
    assert viz.why(ag.tensor([1.0])).kind == "not_required"
    assert viz.why(ag.tensor([1.0]), (x * x).sum()).kind == "not_required"
    assert viz.why(x * x).kind == "not_kept"
    assert viz.why(x).kind == "no_backward"
    with ag.record() as tape:
        loss = (x * x).sum()
    assert viz.why(x, tape).kind == "no_backward"
    loss.backward()
    assert viz.why(x, loss).kind == "freed"
    assert viz.why(x).kind == "healthy"
    x.grad = ag.zeros(3, dtype="float64")
    assert viz.why(x).kind == "unknown"
    with ag.record() as tape:
        (x * x).sum().backward(ag.tensor(np.zeros(())))
    assert viz.why(x, tape).kind == "zero_incoming"
    with ag.record() as tape:
        (x * x).sum().backward(ag.tensor(np.array(np.inf)))
    assert viz.why(x, tape).kind == "nonfinite_incoming"
    y = x * 2
    y.register_hook(lambda g: g * np.nan)
    assert viz.why(x, y.sum()).kind == "hook"
    nan = ag.tensor([np.nan, 1.0], requires_grad=True)
    assert viz.why(nan, (nan * nan).sum()).kind == "nonfinite_leaf"


def test_every_kind_has_a_test():
    others = {
        "integer", "not_required", "not_kept", "no_backward", "freed", "unknown", "zero_incoming", "nonfinite_incoming",
        "nonfinite_leaf",
    }  # fmt: skip
    assert set(CAUSES) | others == set(viz.CAUSES)


def test_the_path_of_a_recording_names_its_lines_scopes_and_ids():
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    with ag.no_grad():
        model[0].bias[...] = -100.0
    with ag.record(names=model) as tape:
        model(ag.ones((5, 4))).sum().backward()
    found = viz.why("0.weight", tape.recording)
    assert found.kind == "closed_relu"
    assert found.culprit.scope == "Sequential.1"
    assert found.culprit.line.file == __file__
    assert [step.op for step in found.path] == ["sum", "linear", "relu", "linear"]
    assert [tape.recording.ops[i].op for i in found.ops] == ["sum", "linear", "relu", "linear"]
    assert found.values[-1] == tape.recording.value_of("0.weight").id
    assert [tape.recording.values[i].seq for i in found.values] == list(found.seqs)
    assert found.seqs[-1] == model[0].weight.node.seq
    assert "15 of its inputs" in found.text  # 5 examples, 3 units
    by_id = viz.why(found.values[-1], tape)
    assert by_id == found
    assert found.path[0].factor == 1
    assert found.path[2].factor == 0
    assert found.path[3].factor is None
    assert "▸ relu" in str(found)


def test_a_culprit_in_a_recording_that_was_saved_and_loaded(tmp_path):
    x = leaf(3)
    with ag.record(names={"x": x}) as tape:
        ag.log(x * 0).sum().backward()
    tape.recording.save(tmp_path / "step.json")
    loaded = type(tape.recording).load(tmp_path / "step.json")
    assert viz.why("x", loaded).text == viz.why(x, tape).text


def test_the_numbers_are_in_the_text():
    x = ag.tensor([100.0, 200.0], requires_grad=True)
    with ag.record() as tape:
        ag.exp(x).sum().backward()
    assert "go to 200, beyond 88.72" in viz.why(x, tape).text
    y = ag.tensor([0.0, 1.0], requires_grad=True)
    assert "divides 0 by 0" in viz.why(y, (y / y).sum()).text
    assert "divides by 0" in viz.why(y, (1 / y).sum()).text
    assert "takes a negative power of 0" in viz.why(y, (y**-2.0).sum()).text
    assert "slope is infinite" in viz.why(y, (y**0.5).sum()).text
    with ag.record() as tape:
        mask = ag.tensor([-np.inf, 1.0])
        difference = (y + mask) - (y + mask)
        (difference * difference).sum().backward()
    assert "subtract (test_why.py" in viz.why(y, tape).text
    assert "takes infinity from infinity" in viz.why(y, tape).text


def test_a_mask_is_no_mistake_until_it_masks_a_whole_row():
    scores = leaf(2, 3)
    mask = np.array([[0.0, -np.inf, 0.0], [0.0, 0.0, -np.inf]])
    for of in (lambda: ag.softmax(scores + mask, -1), lambda: ag.softmax(ag.where(mask == 0, scores, -np.inf), -1)):
        assert viz.why(scores, (of() ** 2).sum()).kind == "healthy"
        assert "nonfinite_value" not in viz.diagnose({"scores": scores}, lambda of=of: (of() ** 2).sum()).kinds
    mask[0] = -np.inf
    with ag.record() as tape:
        loss = (ag.softmax(scores + mask, -1) ** 2).sum()
        loss.backward(retain_graph=True)
    for found in (viz.why(scores, tape), viz.why(scores, loss)):
        assert found.kind == "nonfinite_forward"
        assert found.culprit.op == "softmax"
    assert "nothing but −inf" in viz.why(scores, tape).text


def test_the_first_op_is_named_and_not_the_one_that_passes_it_on():
    x = ag.tensor([0.0, 2.0], requires_grad=True)
    hidden = ag.log(x)
    loss = (ag.tanh(hidden) * ag.exp(hidden * 0) + hidden).mean()
    found = viz.why(x, loss)
    assert found.kind == "nonfinite_forward"
    assert found.culprit.op == "log"


def test_a_value_beside_the_way_is_named_too():
    """The NaN is made where the gradient does not pass: in the other factor."""
    w, x = leaf(2), ag.tensor([0.0, 1.0])
    noise = ag.log(ag.tensor([-1.0, 1.0], requires_grad=True))
    found = viz.why(w, (w * x.astype("float64") * noise).sum())
    assert found.kind == "nonfinite_forward"
    assert found.culprit.op == "log"
    assert found.culprit not in found.path


# -------------------------------------------------------------------------------------------------------- factors


def test_a_sigmoid_network_of_50_layers():
    ag.manual_seed(0)
    model = nn.models.MLP(8, [8] * 50, 1, nn.Sigmoid).to("float64")
    loss = model(leaf(4, 8)).mean()
    weight = model.layers[0].weight
    found = viz.why(weight, loss, names=model)
    assert found.kind == "small_factors"
    sigmoids = [step for step in found.path if step.op == "sigmoid"]
    assert len(sigmoids) == 50
    assert all(0 < step.factor <= 0.25 for step in sigmoids)
    gradient = ag.gradients(loss, [weight])[0]
    assert math.prod(step.factor for step in found.path) == pytest.approx(rms(gradient), rel=1e-12)
    assert found.factor == pytest.approx(rms(gradient), rel=1e-12)
    assert found.norm == pytest.approx(float(np.linalg.norm(gradient.array)), rel=1e-12)
    assert "50 sigmoid, each about × 0.2" in found.text
    assert "more steps" in str(found)


def test_an_exploding_recurrence():
    matrix = ag.tensor(2 * np.eye(4), requires_grad=True)
    state = leaf(4, 1)
    start = state
    for _ in range(40):
        state = matrix @ state
    found = viz.why(start, state.sum())
    assert found.kind == "large_factors"
    assert found.factor == pytest.approx(2.0**40)
    assert [step.factor for step in found.path[1:]] == pytest.approx([2.0] * 40)
    shared = viz.why(matrix, state.sum())
    assert shared.kind == "large_factors"
    assert shared.path[-1].op == "sum of uses"
    assert shared.path[-1].note == "40 contributions"
    assert shared.factor == pytest.approx(rms(ag.gradients(state.sum(), [matrix])[0]))


ELEMENTWISE = {
    "tanh": ag.tanh, "sigmoid": ag.sigmoid, "exp": ag.exp, "sin": ag.sin, "square": ag.square, "relu": ag.relu,
    "softplus": ag.softplus, "double": lambda x: x + x, "product": lambda x: x * ag.cos(x), "scaled": lambda x: 0.1 * x,
    "negative": lambda x: -x, "shifted": lambda x: x - 0.3,
}  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(sorted(ELEMENTWISE)), min_size=1, max_size=12), st.integers(0, 1000), st.booleans())
def test_the_factors_of_a_chain_multiply_to_the_gradient(chain, seed, record):
    x = ag.tensor(np.random.default_rng(seed).uniform(-1, 1, 5), requires_grad=True)
    with ag.record() as tape:
        y = x
        for name in chain:
            y = ELEMENTWISE[name](y)
        loss = y.sum()
        loss.backward(retain_graph=True)
    found = viz.why(x, tape if record else loss)
    if found.factor is None:  # a zero on the way, after which there are no ratios
        assert not np.isfinite(x.grad.array).all() or found.norm == 0
    else:
        assert found.factor == pytest.approx(rms(x.grad), rel=1e-9, abs=1e-300)
        assert math.prod(step.factor for step in found.path) == pytest.approx(found.factor)
    assert len(found.path) >= len(chain) + 1


OPS = [
    *ELEMENTWISE.values(), ag.log, ag.sqrt, ag.floor, lambda x: x.astype("float32"), lambda x: x.astype("int32"),
    lambda x: x.detach(), lambda x: 1 / x, lambda x: ag.where(x > 0, x, 0), lambda x: ag.clip(x, -1, 1),
    lambda x: ag.softmax(x, -1), lambda x: x.sum(-1, keepdims=True) + x, lambda x: ag.split(x, 2)[0],
    lambda x: ag.concat([x, x]), lambda x: x[:1], lambda x: F.dropout(x, 0.5), lambda x: x * 1e300, lambda x: x * 0,
    lambda x: ag.max(x, -1, keepdims=True), lambda x: ag.cumsum(x, 0), lambda x: x.reshape(-1, 1).reshape(x.shape),
]  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(range(len(OPS))), st.integers(0, 5)), min_size=1, max_size=10))
def test_it_never_fails_on_a_random_graph(plan):
    leaves = [leaf(4, 4, seed=s, dtype=d) for s, d in enumerate(("float64", "float32"))]
    values = list(leaves)
    with ag.record() as tape:
        for op, place in plan:
            x = values[place % len(values)]
            try:
                values.append(OPS[op](x))
            except (ag.errors.GlassgradError, TypeError, ValueError):
                continue
        used = [v for v in values if v.dtype.kind == "f"]
        loss = used[-1].sum() + used[0].sum() * 0
        if loss.node is not None:
            loss.backward(retain_graph=True)
    for x in (*leaves, *values[-3:]):
        if loss.node is not None:
            assert viz.why(x, loss).kind in viz.CAUSES
        recorded = viz.why(x, tape)
        assert recorded.kind in viz.CAUSES
        assert str(recorded)
        assert recorded._repr_html_()
        assert viz.why(x).kind in viz.CAUSES


# ------------------------------------------------------------------------------------------------- kinds of graphs


def test_scalar_values():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    found = viz.why(a, (a * b).relu() + b)
    assert found.kind == "closed_relu"
    assert found.text.startswith("The gradient of a is 0: relu is closed: its input is at most 0; it is −6.")
    assert viz.why(a, a * 1e9).kind == "large_factors"
    assert viz.why(a, (a * 1000).exp()).kind == "nonfinite_forward"
    assert viz.why(a, a * b).factor == pytest.approx(-b.data)
    assert viz.why(Value(1.0), a * b).kind == "disconnected"
    with ag.record() as tape:
        ((a * b).relu() + b).backward()
    assert viz.why(a, tape).kind == "closed_relu"


def test_ops_with_several_results():
    x = ag.tensor(np.diag([1.0, 2.0]), requires_grad=True)
    with ag.record() as tape:
        values, _ = ag.linalg.eigh(x)
        loss = values.sum()
        loss.backward(retain_graph=True)
    for of in (loss, tape):
        found = viz.why(x, of)
        assert found.kind == "healthy"
        assert "eigh" in [step.op for step in found.path]


def test_a_second_backward_pass_and_one_that_was_recorded():
    x = leaf(3)
    with ag.record() as tape:
        (x * x).sum().backward()
        (ag.relu(x - 10)).sum().backward()
    assert viz.why(x, tape).kind == "closed_relu"  # of the last pass that reached it
    with ag.record() as tape:
        slope = ag.gradients((x**3).sum(), [x], create_graph=True)[0]
        (slope**2).sum().backward()
    assert viz.why(x, tape).kind == "healthy"


def test_complex_values_and_a_loss_of_several_elements():
    z = ag.tensor(np.array([1 + 1j, 2 - 1j]), requires_grad=True)
    assert viz.why(z, (ag.abs(z) ** 2).sum()).kind == "healthy"
    x = leaf(3)
    assert viz.why(x, x * 2).factor == pytest.approx(2)


def test_a_detached_use_of_the_same_memory_is_seen_in_a_live_graph():
    x, y = leaf(3), leaf(3, seed=1)
    found = viz.why(x, (x.detach() * y).sum())
    assert found.kind == "detached"
    assert found.culprit.op == "multiply"


def test_a_rule_that_raises_is_an_answer():
    def broken(g, x):
        raise ValueError("no slope today")

    op = ag.custom_op(lambda x: x * 2, vjp=[broken], name="broken")
    x = leaf(3)
    found = viz.why(x, op(x).sum())
    assert found.kind == "freed"
    assert "no slope today" in found.text
    assert "mend it first" in found.text


def test_checkpoints_saved_tensor_hooks_and_vmap():
    x, w = leaf(4, 3, seed=1).detach(), leaf(3, 2)

    def closed(a):
        return ag.relu(x @ a - 100)

    with ag.saved_tensor_hooks(lambda t: t.astype("float16"), lambda h: h.astype("float64")):
        kept_small = closed(w).sum()
    mapped = ag.vmap(lambda row: ag.relu(row @ w - 100))(x).sum()
    for loss in (ag.checkpoint(closed, w).sum(), kept_small, mapped):
        found = viz.why(w, loss)
        assert found.kind == "closed_relu"
        assert found.culprit.op == "relu"


def test_an_empty_tensor_and_the_loss_itself_are_healthy():
    empty = ag.tensor(np.zeros((0, 3)), requires_grad=True)
    assert viz.why(empty, empty.sum()).kind == "healthy"
    loss = leaf(3).sum()
    assert viz.why(loss, loss).kind == "healthy"
    assert viz.why(loss, loss).path == ()


def test_memory_that_was_overwritten_is_an_answer():
    x = leaf(3)
    y = x * 1
    loss = (y * y).sum()
    with ag.no_grad():
        y[...] = 0.0
    assert "written in place" in viz.why(x, loss).text


def test_a_normalisation_that_takes_every_shift_off():
    x = leaf(4, 3)
    found = viz.why(x, ag.layer_norm(x, (3,)).sum())
    assert found.kind == "cancellation"
    assert found.culprit.op == "sum of uses"


def test_what_it_does_not_take():
    x = leaf(3)
    with pytest.raises(DtypeError, match="tensor is a list"):
        viz.why([1.0], (x * x).sum())
    with pytest.raises(DtypeError, match="of is a str"):
        viz.why(x, "loss")
    with pytest.raises(ArgumentError, match="without a graph"):
        viz.why(x, ag.tensor(1.0))
    with ag.record() as tape:
        (x * x).sum().backward()
        with pytest.raises(ArgumentError, match="still going on"):
            viz.why(x, tape)
    with pytest.raises(ArgumentError, match="value 99"):
        viz.why(99, tape)
    with pytest.raises(ArgumentError, match="no value of the recording is named 'w'"):
        viz.why("w", tape)
    with ag.record() as empty:
        pass
    with pytest.raises(ArgumentError, match="is empty"):
        viz.why(x, empty)
    with pytest.raises(DtypeError, match="names is a int"):
        viz.why(x, (x * x).sum(), names=3)
    assert viz.why(leaf(2, seed=5), tape).kind == "disconnected"


# ------------------------------------------------------------------------------ the named cause is the true one

CULPRITS = {
    "closed_relu": ("relu", lambda y: ag.relu(y - 50.0)),
    "saturated": ("sigmoid", lambda y: ag.sigmoid(y + 800.0)),
    "clipped": ("clip", lambda y: ag.clip(y, 50.0, 60.0) * 0.01),
    "step_function": ("floor", lambda y: ag.floor(y)),
    "multiplied_by_zero": ("multiply", lambda y: y * ag.zeros(y.shape, dtype=y.dtype)),
    "dropped": ("dropout", lambda y: ag.dropout(y, 1.0)),
    "branch_not_taken": ("where", lambda y: ag.where(np.zeros(y.shape, bool), y, 0.5 + y.detach())),
}
HARMLESS = [ag.tanh, lambda y: y * 1.5, lambda y: ag.relu(y) + 0.5 * y, lambda y: y.reshape(2, 2).mT.reshape(4)]


@pytest.mark.parametrize("kind", CULPRITS)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_without_the_named_culprit_the_gradient_is_back(kind, place):
    op, culprit = CULPRITS[kind]
    draw = np.random.default_rng(place)
    steps = [HARMLESS[i] for i in draw.integers(0, len(HARMLESS), 4)]
    x = ag.tensor(draw.uniform(0.2, 1.0, 4), requires_grad=True)

    def loss(chain):
        y = x
        for step in chain:
            y = step(y)
        return (y * np.arange(1.0, 5.0)).sum()

    with ag.record() as tape:
        value = loss([*steps[:place], culprit, *steps[place:]])
        value.backward(retain_graph=True)
    for found in (viz.why(x, value), viz.why(x, tape)):
        assert found.kind == kind, str(found)
        assert found.culprit is not None
        assert found.culprit.op == op
    assert viz.why(x, loss(steps)).kind == "healthy"


@pytest.mark.parametrize("make", [lambda x: x * 1e-6 * 1e-6, lambda x: x * 1e6 * 1e6, lambda x: ag.relu(x - 9), ag.sin])
def test_it_takes_two_sentences(make):
    x = ag.tensor(np.array([0.5, 1.5]), requires_grad=True)
    text = viz.why(x, make(x).sum(), names={"x": x}).text
    assert len(re.findall(r"\.(?= [A-Z]|$)", text)) == 2, text


def test_a_root_of_a_negative_number_is_told_from_a_power_of_zero():
    x = ag.tensor(np.array([-2.0, 1.0]), requires_grad=True)
    with np.errstate(all="ignore"), ag.record() as tape:
        (x**0.5).sum().backward(retain_graph=True)
        (x * 0 + 0) ** -1.0
    assert "raises −2 to the power" in viz.why(x, tape).text
    assert "positive first" in viz.why(x, tape).text
    with np.errstate(all="ignore"):
        assert "raises −2 to the power 0.5" in viz.why(x, (x**0.5).sum()).text
        assert "negative power of 0" in viz.why(x, ((x - x) ** -1.0).sum()).text


def test_the_hook_of_a_leaf_is_seen_in_a_recording_too():
    x = ag.tensor(np.array([0.5, 1.5]), requires_grad=True)
    x.register_hook(lambda g: g * 0)
    with ag.record() as tape:
        loss = (x * 3).sum()
        loss.backward(retain_graph=True)
    assert viz.why(x, tape).kind == viz.why(x, loss).kind == "hook"


def test_the_bounds_of_a_clip_are_named():
    x = ag.tensor(np.array([0.5, 1.5]), requires_grad=True)
    with ag.record() as tape:
        ag.clip(x, None, 0.25).sum().backward(retain_graph=True)
    assert "out of its bounds 0.25: the values lie at 0.5 to 1.5" in viz.why(x, tape).text
    assert "out of its bounds 5 and 6" in viz.why(x, ag.clip(x, 5, 6).sum()).text
