"""Scalar Values: the same numbers and derivatives as Tensors of one element, over Python floats."""

from __future__ import annotations

import copy
import math
import pickle
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd.composite import COMPOSITES
from autograd.errors import ArgumentError, DtypeError, GradientError, RangeError
from autograd.primitive import OPS
from autograd.scalar import Value

UNARY: dict[str, Callable[[Any], Any]] = {
    "neg": lambda a: -a, "exp": lambda a: (0.3 * a).exp(), "log": lambda a: (a * a + 0.5).log(),
    "tanh": lambda a: a.tanh(), "relu": lambda a: a.relu(), "sigmoid": lambda a: a.sigmoid(), "sin": lambda a: a.sin(),
    "cos": lambda a: a.cos(), "sqrt": lambda a: (a * a + 0.5).sqrt(), "square": lambda a: a**2, "cube": lambda a: a**3,
    "power": lambda a: (a * a + 0.5) ** -1.5, "reflected power": lambda a: 1.3**a, "1 -": lambda a: 1 - a,
    "2 /": lambda a: 2 / (a * a + 0.5), "+ 3": lambda a: a + 3, "3 +": lambda a: 3 + a, "0.5 *": lambda a: 0.5 * a,
    "* 2": lambda a: a * 2, "/ 2": lambda a: a / 2, "- 1": lambda a: a - 1, "abs": lambda a: abs(a),
    "erf": lambda a: ag.erf(a), "where": lambda a: ag.where(a > 0.1, a * 2, a.sin()), "clip": lambda a: ag.clip(a, -1, 1),
}  # fmt: skip
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / (b * b + 0.5),
    "**": lambda a, b: (a * a + 0.5) ** b.tanh(), "max": lambda a, b: ag.maximum(a, b),
    "min": lambda a, b: ag.minimum(a, b), "hypot": lambda a, b: ag.hypot(a, b + 3),
}  # fmt: skip

Program = list[tuple[str, int, int]]


@st.composite
def programs(draw: st.DrawFn) -> tuple[Program, list[float]]:
    """A straight-line program over three numbers: each line applies an op to earlier ones, counted from the end."""
    lines = draw(
        st.lists(
            st.tuples(st.sampled_from([*UNARY, *BINARY]), st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=12
        )
    )
    return lines, draw(st.lists(st.floats(-2, 2).filter(lambda x: abs(x) > 1e-3), min_size=3, max_size=3))


def run(program: Program, inputs: list[Any]) -> Any:
    values = list(inputs)
    for name, i, j in program:
        a, b = values[-1 - i % len(values)], values[-1 - j % len(values)]
        values.append(UNARY[name](a) if name in UNARY else BINARY[name](a, b))
    return (values[-1] + 0.5 * values[-2] * values[-2]).tanh()


def close(a: Any, b: Any, size: float = 1.0) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-11 * size)


@given(programs())
@settings(max_examples=150)
def test_values_gradients_and_second_derivatives_are_those_of_tensors(case: tuple[Program, list[float]]) -> None:
    program, numbers = case
    xs = [ag.tensor(np.float64(x), requires_grad=True) for x in numbers]
    y = run(program, xs)
    vs = [Value(x) for x in numbers]
    z = run(program, vs)
    assert close(z.data, y.item())
    expected = ag.gradients(y, xs, create_graph=True, allow_unused=True)
    z.backward(create_graph=True)
    found = [v.grad for v in vs]
    for g, e in zip(found, expected, strict=True):
        assert close(float(g), 0.0 if e is None else e.item())
    weigh = [0.7, -1.1, 0.4]
    total = sum((w * e for w, e in zip(weigh, expected, strict=True) if e is not None), ag.tensor(0.0, dtype="float64"))
    second = ag.gradients(total, xs, allow_unused=True) if total.requires_grad else [None] * 3
    for v in vs:
        v.grad = 0.0
    combined: Any = sum((w * g for w, g in zip(weigh, found, strict=True)), Value(0.0))
    combined.backward()
    for v, e in zip(vs, second, strict=True):
        assert close(v.grad, 0.0 if e is None else e.item(), 100)


@given(programs())
@settings(max_examples=60)
def test_the_plain_walk_and_the_recorded_one_agree(case: tuple[Program, list[float]]) -> None:
    program, numbers = case
    results = []
    for create_graph in (False, True):
        vs = [Value(x) for x in numbers]
        run(program, vs).backward(create_graph=create_graph)
        results.append([float(v.grad) for v in vs])
    vs = [Value(x) for x in numbers]
    found = ag.gradients(run(program, vs), vs, allow_unused=True)
    results.append([0.0 if g is None else float(g) for g in found])
    for row in results[1:]:
        assert row == pytest.approx(results[0], rel=1e-12, abs=1e-14)


COMPLEX = {"complex", "polar", "frexp"}  # what they give is no real number, or several


def of_numbers(op: Any) -> Any:
    """A sample of numbers: any of an elementwise op, of another one that has no axes."""
    for sample in op.samples:
        arrays = sample.draw(np.random.default_rng(3), np.float64)
        plain = all(isinstance(a, np.ndarray) and a.dtype.kind in "fb" for a in arrays) and not any(
            isinstance(v, (np.ndarray, tuple, list)) for v in sample.params.values()
        )
        if plain and (op.kind == "elementwise" or all(np.ndim(a) == 0 for a in arrays)):
            return sample
    return None


NUMERIC = [
    pytest.param(op, sample, id=f"{op.name}({sample})")
    for op in [*OPS.values(), *COMPOSITES.values()]
    if op.differentiable and not getattr(op, "outputs", False) and op.samples and op.name not in COMPLEX
    if (sample := of_numbers(op)) is not None
]


def derivatives(op: Any, params: dict[str, Any], inputs: list[Any]) -> tuple[Any, list[float]]:
    """The result, its gradients, and the gradients of a weighed sum of these."""
    y = op(*inputs, **params)
    wanted = [x for x in inputs if not isinstance(x, bool)]
    if not isinstance(y, (Value, ag.Tensor)) or y.dtype.kind == "c" or y.shape or not y.requires_grad:
        return y, []
    if isinstance(y, Value) and y.is_leaf:
        return y, []
    first = ag.gradients(y, wanted, create_graph=True, allow_unused=True)
    total: Any = sum((g * w for g, w in zip(first, (0.7, 1.1, -0.3), strict=False) if g is not None), wanted[0] * 0)
    second = ag.gradients(total, wanted, allow_unused=True)
    return y, [0.0 if g is None else float(g) for g in (*first, *second)]


@pytest.mark.parametrize(("op", "sample"), NUMERIC)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_every_op_of_numbers_takes_values(op: Any, sample: Any) -> None:
    arrays = sample.draw(np.random.default_rng(3), np.float64)
    numbers = [np.ravel(a)[0] for a in arrays]
    values = [Value(x) if isinstance(x, np.floating) else bool(x) for x in numbers]
    tensors = [ag.tensor(x, requires_grad=True) if isinstance(x, np.floating) else bool(x) for x in numbers]
    y, expected = derivatives(op, sample.params, tensors)
    z, found = derivatives(op, sample.params, values)
    if isinstance(y, tuple) or y.dtype.kind == "c" or y.shape:
        return
    assert float(z) == pytest.approx(y.item(), rel=1e-12, abs=1e-300)
    assert (found or [0.0] * len(expected)) == pytest.approx(expected or [0.0] * len(found), rel=1e-9, abs=1e-12)
    if not found:
        return
    assert isinstance(z, Value if op in OPS.values() else (Value, ag.Tensor))  # composites make arrays of their own
    z.backward()
    wanted = [v for v in values if isinstance(v, Value)]
    assert [v.grad for v in wanted] == pytest.approx(expected[: len(wanted)], rel=1e-9, abs=1e-300)
    assert all(type(v.grad) is float for v in wanted)


@pytest.mark.parametrize("name", UNARY)
def test_transforms_take_values(name: str) -> None:
    f = UNARY[name]
    x = np.float64(0.7)
    first, second = float(ag.grad(f)(x)), float(ag.grad(ag.grad(f))(x))
    assert float(ag.grad(f)(Value(x))) == pytest.approx(first, rel=1e-12)
    assert float(ag.grad(ag.grad(f))(Value(x))) == pytest.approx(second, rel=1e-12, abs=1e-14)
    value, pull = ag.vjp(f, Value(x))
    assert (float(value), float(pull(2.0)[0])) == pytest.approx((float(f(x * ag.ones(()))), 2 * first), rel=1e-6)
    _, tangent = ag.jvp(f, (Value(x),), (Value(2.0),))
    assert float(tangent) == pytest.approx(2 * first, rel=1e-12)


def test_the_formula_of_the_docstring() -> None:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    y = a * b + a.tanh()
    y.backward()
    assert a.grad == -3 + 1 - math.tanh(2) ** 2
    assert b.grad == 2.0
    assert y.grad == 1.0
    assert repr(a) == f"Value(a: data=2.0, grad={a.grad})"


def test_a_number_used_many_times_adds_up_its_gradients() -> None:
    x = Value(3.0)
    y = x * x * x + x + x
    y.backward()
    assert x.grad == 29.0


def test_a_second_backward_adds_the_same_once_more_everywhere() -> None:
    x = Value(3.0)
    square = x * x
    y = square * x + square
    y.backward()
    first = x.grad, square.grad, y.grad
    y.backward()
    assert (x.grad, square.grad, y.grad) == tuple(2 * g for g in first)
    x.grad = 0  # as in micrograd
    y.backward(gradient=2.0)
    assert x.grad == 2 * first[0]


def test_two_results_share_a_part() -> None:
    x = Value(2.0)
    shared = x * 3
    (shared * 2).backward()
    (shared * shared).backward()
    assert x.grad == 3 * 2 + 2 * 6 * 3


def test_third_derivative() -> None:
    x = Value(1.5)
    y = x**5
    for _ in range(3):
        (y,) = ag.gradients(y, [x], create_graph=True)
    assert float(y) == pytest.approx(60 * 1.5**2)


def test_the_gradient_of_a_gradient_through_a_tensor() -> None:
    x = Value(1.5)
    (ag.stack([x, x * x]) ** 2).sum().backward(create_graph=True)  # x^2 + x^4
    (second,) = ag.gradients(x.grad, [x])
    assert float(second) == pytest.approx(2 + 12 * 1.5**2)
    assert not ag.isinf(x)


def test_a_deep_graph_needs_no_recursion() -> None:
    n = 20 * sys.getrecursionlimit()
    x = Value(1.0)
    y = x
    for _ in range(n):
        y = y + x
    y.backward()
    assert x.grad == n + 1
    y.backward(create_graph=True)
    del y  # and frees without recursion


@pytest.mark.slow
def test_a_graph_of_a_million_values() -> None:
    x, y = Value(0.5), Value(0.0)
    for _ in range(500_000):
        y = y * 0.999 + x
    y.backward()
    assert x.grad == pytest.approx(1000, rel=1e-6)


def test_a_gradient_that_is_wrong_is_found() -> None:
    def wrong(a: Any) -> Any:
        return a.detach() * a  # as if the derivative of the square were a

    assert ag.gradcheck(lambda a, b: (a * b).sigmoid() + a.max(b) / b, [Value(1.2), Value(-0.4)])
    assert ag.gradgradcheck(lambda a, b: (a * b).sigmoid() * a.exp() / b, [Value(1.2), Value(-0.4)])
    assert ag.gradcheck(lambda xs: xs[0] * xs[1], [[Value(1.2), Value(-0.4)]])
    with pytest.raises(ag.GradcheckError, match="analytic"):
        ag.gradcheck(wrong, [Value(1.2)])


def test_where_numbers_have_no_float_the_engine_decides() -> None:
    with np.errstate(all="ignore"):
        zero = Value(0.0)
        assert (1 / zero).data == math.inf
        assert (-1 / zero).data == -math.inf
        assert math.isnan((zero / 0).data)
        assert zero.log().data == -math.inf
        assert Value(1000.0).exp().data == math.inf
        assert math.isnan((Value(-8.0) ** (1 / 3)).data)
        assert (Value(10.0) ** 400).data == math.inf
        assert Value(-1000.0).sigmoid().data == 0.0
        root = zero.sqrt()
        root.backward()
        assert zero.grad == math.inf
        x = Value(0.0)
        (x**0).backward()
        assert x.grad == 0.0


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_branch_not_taken_leaks_nothing(create_graph: bool) -> None:
    x, scale = Value(0.0), Value(2.0)
    y = ag.where(x > 0, x.log() * scale, scale * 3)
    y.backward(create_graph=create_graph)
    assert float(x.grad) == 0.0
    assert float(scale.grad) == 3.0
    tie = Value(1.0)
    ag.where(True, tie, tie).backward(create_graph=create_graph)
    assert float(tie.grad) == 1.0


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("make", [Value, lambda x: ag.tensor(np.float64(x), requires_grad=True)])
def test_what_was_not_chosen_has_the_gradient_zero(create_graph: bool, make: Any) -> None:
    a, b = make(0.5), make(2.0)
    doubled = a * 2
    for y, inputs, expected in (
        (ag.maximum(a, b * 5), [a, b], [0, 5]),
        (ag.where(a > 1, a, b), [a, b], [0, 1]),
        (ag.clip(doubled, 5.0, 6.0) + b, [a, doubled, b], [0, 0, 1]),
    ):
        found = ag.gradients(y, inputs, create_graph=create_graph, retain_graph=True)
        assert [float(g) for g in found] == expected
    assert ag.gradients(a * 2, [b], allow_unused=True) == (None,)


def test_observers_let_questions_pass() -> None:
    v = Value(2.0)
    with ag.record() as tape, ag.detect_anomaly():
        assert np.float64(1) < v
        assert not ag.isnan(v)
        assert v.astype("int64") == 2
        y = ag.where(v > 1, v * 3, v)
        y.backward()
    assert v.grad == 3.0
    assert [e.op for e in tape.recording.ops][-1] == "where"
    assert [b.name for b in tape.recording.backward] == ["where", "multiply"]


def test_checkpoint_leaves_values_as_they_are() -> None:
    v, x = Value(2.0), ag.tensor(np.ones(2), requires_grad=True)
    assert ag.checkpoint(lambda p: p * p, v).data == 4.0
    y = ag.checkpoint(lambda t: t * v, x).sum()
    y.backward()
    assert (x.grad.tolist(), v.grad) == ([2.0, 2.0], 2.0)
    y = ag.checkpoint(lambda t: t * v * t, x).sum()
    v.data = 3.0
    with pytest.raises(GradientError, match="cannot be computed again"):
        y.backward()


def test_a_subclass_is_a_value() -> None:
    class Named(Value):
        __slots__ = ()

    y = Named(2.0) * Named(3.0) + ag.erf(Named(0.0))
    assert isinstance(y, Value)
    y.backward()


def test_the_graph_of_a_cotangent_is_kept() -> None:
    a, c = Value(3.0), ag.tensor(np.float64(2.0), requires_grad=True)
    (g,) = ag.gradients([a * a], [a], grad_outputs=[c], create_graph=True)
    assert float(ag.gradients(g, [c])[0]) == 6.0
    (c * c).backward(Value(3.0))
    assert c.grad.item() == 12.0


def test_large_ints() -> None:
    y = (10**20) ** Value(1.5)
    y.backward()
    assert y.data == pytest.approx(1e30)
    for call in (lambda: Value(10**400), lambda: Value(1.0) + 10**400):
        with pytest.raises((DtypeError, RangeError), match="an int of 400 digits"):
            call()


def test_an_array_beside_a_value_makes_a_tensor() -> None:
    @ag.custom_op(vjp=[lambda g, x, a: g * a.sum(), None])
    def weighed(x: Any, a: Any) -> Any:
        return (x * a).sum()

    v = Value(2.0)
    y = weighed(v, np.arange(3.0))
    assert isinstance(y, ag.Tensor)
    y.backward()
    assert v.grad == 3.0
    assert ag.asarray(v * 3).requires_grad


def test_gradients_that_were_recorded_and_others_add_up() -> None:
    x = Value(2.0)
    (x**3).backward(create_graph=True)
    for _ in range(3):
        (x**3).backward()
    assert float(x.grad) == 48.0
    assert x.grad.op is None or x.grad.inputs[0].is_leaf  # no chain of all that was added
    assert float(copy.deepcopy(x).grad) == 48.0
    x.grad = None
    (x**3).backward()
    assert x.grad == 12.0


def test_only_what_a_rule_reads_must_not_be_replaced() -> None:
    x, b = Value(2.0), Value(1.0)
    y = x + b
    z = y * y
    x.data = 5.0
    z.backward(create_graph=True)  # the sum does not ask for x
    assert float(x.grad) == 6.0
    nan = Value(math.nan)
    square = nan * nan
    nan.data = 3.0
    with pytest.raises(GradientError, match="its data was replaced"):
        ag.gradients(square, [nan], create_graph=True)


def test_an_anomaly_leaves_the_nodes_as_they_were() -> None:
    root = ag.sqrt(Value(0.0))
    with pytest.raises(ag.AnomalyError), ag.detect_anomaly():
        (root * 1.0).backward()
    assert root.operands == (0.0,)


def test_nan_passes_through_relu_and_sigmoid_never_overflows() -> None:
    assert math.isnan(Value(math.nan).relu().data)
    with np.errstate(all="raise"):
        assert Value(-800.0).sigmoid().data == 0.0
        assert Value(800.0).sigmoid().data == 1.0


def test_ties_and_kinks_follow_the_conventions() -> None:
    a, b = Value(1.0), Value(1.0)
    a.max(b).backward()
    assert (a.grad, b.grad) == (0.5, 0.5)
    x = Value(0.0)
    (x.relu() + abs(x)).backward()
    assert x.grad == 0.0
    y = Value(1.0)
    y.min(2.0).backward()
    assert y.grad == 1.0


def test_comparisons_are_of_numbers_and_identity_is_of_nodes() -> None:
    a, b = Value(1.0), Value(1.0)
    assert a == b
    assert a == 1
    assert a != 2.0
    assert a < 2 <= Value(2.0)
    assert not a > b
    assert len({a, b}) == 2
    assert a is not None
    assert (a == None) is False  # noqa: E711
    assert bool(Value(0.0)) is False
    y = a * b  # two factors that are equal are two nodes
    y.backward()
    assert (a.grad, b.grad) == (1.0, 1.0)


def test_with_tensors_and_arrays_it_is_an_operand_like_any_other() -> None:
    a = Value(2.0)
    assert isinstance(np.float64(3) * a, Value)
    assert isinstance(np.exp(a), Value)
    y = (np.arange(3.0) * a).sum() + ag.stack([a, a * 2]).sum()
    assert isinstance(y, ag.Tensor)
    y.backward()
    assert a.grad == 3.0 + 3.0
    t = ag.tensor(np.ones(2), requires_grad=True)
    (t * a).sum().backward()
    assert t.grad.tolist() == [2.0, 2.0]
    assert a.grad == 8.0


def test_the_other_operators_and_methods_of_tensors() -> None:
    a = Value(7.5)
    assert (a // 2).data == 3.0
    assert (20 // a).data == 2.0
    assert (+a).data == 7.5
    y = a % 2
    y.backward()
    assert (y.data, a.grad) == (1.5, 1.0)
    assert a.clip(0, 1).data == 1.0
    assert a.astype("float64").data == 7.5
    assert a.square().data == 56.25


def test_arrays_of_values_are_numpys() -> None:
    a, b = Value(2.0), Value(3.0)
    row = np.array([a, b, 1.0], dtype=object)
    for y in (row * a, a * row):
        assert y.dtype == object
        assert [float(v) for v in y] == [4.0, 6.0, 2.0]
    assert np.exp(row[:2])[1].data == math.exp(3)
    (row @ row).backward()
    assert (a.grad, b.grad) == (4.0, 6.0)


def test_as_a_number_in_python() -> None:
    a = Value(2.567)
    assert f"{a:.1f}" == "2.6"
    assert f"{a}" == repr(a)
    assert (int(a), round(a), round(a, 1), float(a)) == (2, 3, 2.6, 2.567)


def test_numbers_beside_values_in_op_functions() -> None:
    v = Value(3.0)
    assert ag.hypot(v, 4.0).data == 5.0
    assert ag.multiply(2.0, v).data == 6.0
    assert v.max(5.0).data == 5.0
    assert ag.maximum(1, v).data == 3.0


def test_a_tensor_leaves_the_graph_of_its_values() -> None:
    a = Value(2.0)
    square = a * a
    (ag.stack([square, a]) * 2).sum().backward()
    assert a.grad == 10.0
    assert square.operands == (2.0, 2.0)
    square.backward()
    assert a.grad == 14.0


def test_no_grad_records_nothing() -> None:
    a = Value(2.0)
    with ag.no_grad():
        y = a * 3 + 1
        z = a.exp()
    assert y.is_leaf
    assert z.is_leaf
    assert y.data == 7.0


def test_written_data_changes_that_value_alone() -> None:
    a = Value(2.0)
    y = a * a
    a.data = 5
    assert a.data == 5.0
    assert type(a.data) is float
    y.backward()  # the derivative where it was computed
    assert a.grad == 4.0
    with pytest.raises(GradientError, match="its data was replaced"):
        y.backward(create_graph=True)


def test_copies() -> None:
    a = Value(2.0, label="a")
    (a * a).backward()
    for twin in (copy.copy(a), copy.deepcopy(a), pickle.loads(pickle.dumps(a))):
        assert (twin.data, twin.label, twin.grad) == (2.0, "a", 4.0)
        assert twin is not a
    with pytest.raises(GradientError, match="was computed"):
        copy.deepcopy(a * 2)
    twin = a.clone()
    a.grad = 0
    twin.backward()
    assert a.grad == 1.0


def test_recorder_tells_equal_numbers_apart() -> None:
    a, b = Value(1.0), Value(1.0)
    with ag.record() as tape:
        y = a * b + a
        y.backward()
    events = tape.recording.ops
    assert [(e.op, e.inputs, e.outputs) for e in events] == [("multiply", (0, 1), (2,)), ("add", (2, 0), (3,))]
    arrived = [(c.value, c.gradient.data, c.after.data) for c in tape.recording.backward[1].contributions]
    assert arrived == [(0, 1.0, 2.0), (1, 1.0, 1.0)]
    assert ag.Recording.from_json(tape.recording.to_json()) == tape.recording
    assert (a.grad, b.grad) == (2.0, 1.0)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_anomaly_mode_names_the_line() -> None:
    x = Value(0.0)
    with ag.detect_anomaly(), pytest.raises(ag.AnomalyError, match=r"log.*(\n.*)*test_scalar.py"):
        (x.log() * 0.0).backward()


def test_forward_mode_and_vmap() -> None:
    a = Value(3.0)
    y, t = ag.jvp(lambda v: v * v.tanh(), (a,), (Value(1.0),))
    assert float(y) == pytest.approx(3 * math.tanh(3))
    assert float(t) == pytest.approx(math.tanh(3) + 3 * (1 - math.tanh(3) ** 2))
    assert ag.vmap(lambda x: x * a)(np.arange(3.0)).tolist() == [0.0, 3.0, 6.0]
    assert float(ag.grad(lambda v: v * v)(a)) == 6.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Value([1.0]), DtypeError, "data is a list; it must be one real number"),
        (lambda: Value("1"), DtypeError, "data is a str"),
        (lambda: Value(None), DtypeError, "data is"),
        (lambda: Value(1j), DtypeError, "one real number"),
        (lambda: Value(np.ones(2)), DtypeError, r"data is \(2,\) float64"),
        (lambda: Value(1.0, (Value(2.0),)), ArgumentError, "label is .*custom_op"),
        (lambda: setattr(Value(1.0), "data", [1]), DtypeError, "one real number"),
        (lambda: Value(1.0) + "a", DtypeError, "add: .*b is a str"),
        (lambda: None * Value(1.0), DtypeError, "multiply: .*a is None"),
        (lambda: Value(1.0) * 1j, DtypeError, "multiply: the result .* is complex"),
        (lambda: Value(1.0).backward(gradient="x"), DtypeError, "one real number"),
        (lambda: ag.gradients(Value(1.0), [Value(2.0)]), GradientError, "do not depend"),
    ],
)  # fmt: skip
def test_bad_input_is_told_clearly(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_what_drawing_code_for_micrograd_reads() -> None:
    a, b = Value(2.0), Value(3.0)
    y = (a * b).relu() + 1
    assert y._op == "+"
    (product,) = y._prev
    assert product._op == "ReLU"
    assert {v._op for v in product._prev} == {"*"}
    assert a._prev == set()
    assert a._op == ""
