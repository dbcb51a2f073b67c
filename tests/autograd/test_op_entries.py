"""No op enters the table half-described: each entry has samples, formulas, a cost and calls that it refuses."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import ops
from autograd.composite import COMPOSITES, Composite
from autograd.primitive import OPS, Primitive

TABLE: list[Any] = [*OPS.values(), *COMPOSITES.values()]
# The engine's own: "item" takes one output out of a tuple, and no user calls it.
INTERNAL = {"item"}
# The phases of eigenvectors are arbitrary: eig is tested through eig_invariant, which stands in the table too.
THROUGH_ANOTHER = {"eig": "eig_invariant"}


@pytest.mark.parametrize("op", TABLE, ids=lambda op: op.name)
def test_an_entry_has_samples_formulas_and_a_cost(op: Any) -> None:
    if op.name in INTERNAL:
        return
    assert op.samples or op.name in THROUGH_ANOTHER, f"{op.name}: give samples="
    assert op.latex.strip(), f"{op.name}: give latex="
    names = ["x"] * 6
    assert op.latex.format(*names), f"{op.name}: latex is a template, {{0}} for the first argument"
    if isinstance(op, Composite):
        assert op.function.__doc__ or op.function.__name__.startswith("_"), f"{op.name}: say what it computes"
        return
    assert isinstance(op, Primitive)
    if op.differentiable:
        assert op.jvp is not None, f"{op.name}: give jvp="
        assert op.vjp_latex, f"{op.name}: give vjp_latex="
    for sample in op.samples:
        arrays = sample.draw(np.random.default_rng(0))
        y = op(*arrays, **sample.params)
        shape = (y[0] if isinstance(y, tuple) else np.asarray(y)).shape
        cost = op.flops(shape, *(a.shape for a in arrays if a is not None), **sample.params)
        assert isinstance(cost, int) and cost >= 0, f"{op.name}: flops= gives {cost!r}"  # noqa: PT018


@pytest.mark.parametrize("op", TABLE, ids=lambda op: op.name)
def test_an_entry_has_calls_that_it_refuses(op: Any) -> None:
    if op.name not in INTERNAL | set(THROUGH_ANOTHER):
        assert op.errors, f"{op.name}: give errors=, or samples from which they follow"


def with_an_axis() -> list[str]:
    """The public functions of one array that take ``axis``."""
    found = []
    for name in ag.__all__:
        function = getattr(ag, name)
        if not inspect.isfunction(function):
            continue
        parameters = list(inspect.signature(function).parameters.values())
        required = [p for p in parameters if p.default is p.empty]
        if len(required) == 1 and required[0].name == "x" and any(p.name == "axis" for p in parameters):
            found.append(name)
    return found


AXIS_OF_THE_RESULT = {"expand_dims", "unsqueeze"}


@pytest.mark.parametrize("name", with_an_axis())
def test_an_axis_out_of_range_is_named_with_the_op_and_the_range(name: str) -> None:
    with pytest.raises(ag.errors.ShapeError) as caught:
        getattr(ag, name)(ag.ones((2, 3)), axis=7)
    message = str(caught.value)
    assert "axis 7 is out of range" in message
    if name not in AXIS_OF_THE_RESULT:
        assert "from -2 to 1" in message
    assert message.startswith(getattr(ag, name).__name__.strip("_")), message


UNARY = [op for op in OPS.values() if op.kind == "elementwise" and len(op.arguments) == 1 and op.bare]


@pytest.mark.parametrize("op", UNARY, ids=lambda op: op.name)
@pytest.mark.parametrize("wrong", [None, "text", object()], ids=["None", "str", "object"])
def test_what_is_no_number_is_refused_by_name(op: Primitive, wrong: Any) -> None:
    if op.name in ("zeros_of", "copy", "logical_not", "positive", "conj", "real") and not isinstance(wrong, str):
        return  # NumPy makes object arrays of these
    with pytest.raises(ag.errors.DtypeError, match=rf"^{op.name}: .* must be a Tensor, an array or a number"):
        op(wrong)


def test_the_message_names_the_op_that_was_called_and_the_one_inside() -> None:
    with pytest.raises(ag.errors.ShapeError, match=r"^nanstd: sum: axis 4 is out of range"):
        ag.nanstd(ag.ones((2, 3)), axis=4)
    with pytest.raises(ag.errors.ShapeError, match=r"^isclose: subtract: shapes do not broadcast"):
        ag.isclose(ag.ones(3), ag.ones(4))


def test_wrong_dtypes_are_named_with_the_remedy() -> None:
    with pytest.raises(ag.errors.DtypeError, match=r"(?s)bitwise_and: .* a is \(2,\) float32.*astype\('int64'\)"):
        ag.bitwise_and(ag.ones(2), 1)
    with pytest.raises(ag.errors.DtypeError, match=r"(?s)negative: .* x is \(2,\) bool.*astype\('float32'\)"):
        ag.negative(ag.ones(2) > 0)


def test_a_bound_of_clip_that_does_not_fit_is_named() -> None:
    with pytest.raises(ag.errors.ShapeError, match=r"clip: max is \(4,\); it must broadcast with x \(2, 3\)"):
        ag.clip(ag.ones((2, 3)), 0, ag.ones(4))


def test_a_gradient_in_the_order_of_zeta_is_refused_by_name() -> None:
    a, x = ag.tensor([2.0], requires_grad=True), ag.tensor([0.5], requires_grad=True)
    with pytest.raises(ag.errors.ArgumentError, match=r"^zeta: .*order a.*detach"):
        ag.zeta(a, x).backward()
    ag.zeta(a.detach(), x).backward()
    assert x.grad is not None


def test_softplus_refuses_a_beta_of_zero() -> None:
    with pytest.raises(ag.ArgumentError, match="softplus: beta is 0"):
        ag.softplus(ag.ones(2), beta=0.0)


def test_istft_says_how_many_frequencies_it_wants() -> None:
    with pytest.raises(
        ag.ShapeError, match=r"istft: x must be \(\.\.\., 3 frequencies, windows\) for n_fft=4.*not \(4, 2\)"
    ):
        ag.fft.istft(ag.ones((4, 2), dtype=np.complex64), n_fft=4)


def test_arguments_that_an_op_does_not_have_are_refused() -> None:
    w = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    for call in (lambda: ag.exp(ag.zeros(3), w), lambda: ag.maximum(w, w, w), lambda: ag.add(w)):
        with pytest.raises(ag.DtypeError, match=r"takes [12] arguments? \("):
            call()
    with pytest.raises(ag.DtypeError, match="sigmoid: takes 1 argument .*keyword 'beta'"):
        ag.sigmoid(w, beta=2.0)
    assert w.tolist() == [1.0, 2.0, 3.0]  # NumPy would have written into it


def test_halves_neither_overflow_nor_stand_still() -> None:
    x = ag.tensor(np.float16([[300, -300, 10, 0]]))
    wide = ag.layer_norm(x.astype("float32"), (4,))
    np.testing.assert_allclose(ag.layer_norm(x, (4,)).array, wide.array, atol=1e-3)
    assert ag.vector_norm(ag.tensor(np.float16([300, 400]))).item() == 500
    assert ag.std(ag.tensor(np.float16([1000, 0]))).item() == 500
    assert ag.cumsum(ag.ones(4000, dtype="float16"))[-1].item() == 4000
    assert ag.rms_norm(ag.ones((2, 4), dtype="bfloat16"), 4).dtype.name == "bfloat16"


def test_tails_and_infinities() -> None:
    x = ag.tensor([-20.0, -80.0, 20.0])
    np.testing.assert_allclose(ag.sigmoid(x).array, 1 / (1 + np.exp(-x.array.astype(np.float64))), rtol=1e-6)
    np.testing.assert_allclose(ag.i0e(ag.tensor([100.0, 1000.0])).array, [0.03994438, 0.01261724], rtol=1e-6)
    assert ag.lerp(ag.tensor(1e8), 1.0, 1.0).item() == 1.0
    y = ag.tensor([np.nan, 1.0], requires_grad=True)
    ag.logsumexp(y).backward()
    assert np.isnan(y.grad.array).all()  # what diverges is seen
    assert ag.linalg.matrix_exp(np.eye(2, dtype=int))[0, 0] == pytest.approx(np.e)


def test_defective_matrices_and_phases_are_refused() -> None:
    x = ag.tensor(np.array([[1.0, 1.0], [0.0, 1.0]]), requires_grad=True)
    with pytest.raises(ag.GradientError, match="defective"):
        ag.real((ag.linalg.eigvals(x) ** 2).sum()).backward()
    h = ag.tensor(np.array([[2.0, 1j], [-1j, 1.0]]), requires_grad=True)
    with pytest.raises(ag.GradientError, match="phase of complex eigenvectors"):
        ag.real(ag.linalg.eigh(h).eigenvectors * (1 + 2j)).sum().backward()


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("absolute", "abs"), ("around", "round"), ("cat", "concat"), ("clamp", "clip"), ("concatenate", "concat"),
        ("conjugate", "conj"), ("degrees", "rad2deg"), ("left_shift", "bitwise_left_shift"), ("log_sigmoid", "logsigmoid"),
        ("psi", "digamma"), ("radians", "deg2rad"), ("repeat_interleave", "repeat"), ("row_stack", "vstack"),
        ("sgn", "sign"), ("swapdims", "swapaxes"), ("true_divide", "divide"), ("unsqueeze", "expand_dims"),
        ("upsample", "interpolate"),
    ],
)  # fmt: skip
def test_a_second_name_is_the_same_function(alias: str, name: str) -> None:
    assert getattr(ag, alias) is getattr(ag, name)
    assert alias in ag.__all__


# Public functions without a row, and why. Everything else that takes arrays has one, with samples and errors.
DRAWN = "its values are drawn: tests/autograd/test_random*.py"
NO_ROW = {
    **dict.fromkeys(
        ("bernoulli", "beta", "binomial", "categorical", "cauchy", "chi2", "choice", "dirichlet", "exponential",
         "gamma", "gumbel", "gumbel_softmax", "laplace", "logistic", "multinomial", "normal", "permutation",
         "poisson", "rand", "randint", "randn", "randperm", "shuffle", "student_t", "truncated_normal", "uniform"),
         DRAWN,
    ),
    **dict.fromkeys(("allclose", "array_equal"), "gives a Python bool"),
    **dict.fromkeys(("fftfreq", "rfftfreq"), "takes no array"),
    "one_hot": "takes integers alone: tests/autograd/test_tensor.py",
}  # fmt: skip


def test_every_public_function_has_a_row_or_a_reason():
    missing = set()
    for module in (ops, ag.linalg, ag.fft):
        for name in module.__all__:
            found = getattr(module, name)
            if not callable(found) or isinstance(found, type):
                continue
            row = getattr(found, "name", None) or found.__name__.strip("_")  # of an alias, what it stands for
            if row not in OPS and row not in COMPOSITES:
                missing.add(row)
    assert missing - NO_ROW.keys() == set(), "public functions without a row of the table, and without a reason"
    assert NO_ROW.keys() - missing == set(), "reasons for functions that have a row or are gone"
