"""The elementwise ops and reductions of the table at the ends of the range: tiny, huge, zero, infinite, NaN.

float32 is held against float64 of the same numbers, and float64 against PyTorch: where the better one is finite, the
other is too, and close.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import ops
from autograd.composite import COMPOSITES
from autograd.ops import activation
from autograd.primitive import OPS

FINITE = [s * v for v in (0.0, 1e-30, 1e-10, 1e-3, 1.0, 10.0, 40.0, 1e10, 1e30) for s in (1.0, -1.0)]
try:
    import torch
except ImportError:
    torch: Any = None  # type: ignore[no-redef]

POINTS = np.array([*FINITE, np.inf, -np.inf, np.nan])
LARGEST = float(np.finfo(np.float32).max)
SMALLEST = float(np.finfo(np.float32).tiny)

ACTIVATIONS = set(activation.__all__) - {"glu", "prelu", "threshold"}
# How far float32 may be off, absolutely, and why. Elsewhere the error is relative.
ABSOLUTE = {
    "tanh": (2e-7, "1 - y * y, from y alone: the slope beyond 10 is lost in rounding, as in PyTorch and JAX"),
    "sigmoid": (2e-7, "y (1 - y), likewise, in the right tail"),
    "softsign": (2e-7, "the slope is the difference of 1 / b and |y| / b"),
    "tanhshrink": (2e-7, "the difference of x and tanh(x)"),
    "sinc": (2e-7, "sin(pi x) where pi x is rounded"),
    "gelu": (2e-6, "1 + erf in the left tail"),
    "gelu_tanh": (2e-6, "1 + tanh in the left tail"),
}
# Points where float32 cannot follow, and why.
BEYOND: dict[str, tuple[Any, str]] = {
    "power": (lambda a, b: np.abs(b) >= 1e8, "the exponent b - 1 is rounded, and with it whether it is even"),
    "betaln": (lambda a, b: (a <= 1e-3) | (b <= 1e-3) | (a + b > 1e9), "poles, and differences that vanish in float64"),
}
# Ops that are not compared between dtypes.
SPECIAL = {
    "gamma_order_derivative": "has a range of its own, in which it is tested",
    "frexp": "has two results",
    "nan_to_num": "the largest number of the dtype",
    "float_power": "computes in float64",
    "astype": "has the dtype that is asked for",
}


def elementwise(n: int) -> list[Any]:
    found = []
    for op in [*OPS.values(), *COMPOSITES.values()]:
        specs = op.samples[0].args if op.samples else ()
        alike = len(specs) == n and all(s is not None and s.kind == "float" and not s.matrix for s in specs)
        pointwise = op.kind == "elementwise" or op.name in ACTIVATIONS
        if pointwise and op.differentiable and alike and op.name not in SPECIAL:
            found.append(pytest.param(op, op.samples[0].params, id=op.name))
    return found


def evaluated(f: Any, params: dict[str, Any], *arrays: np.ndarray) -> list[np.ndarray]:
    """The value and the gradients of its sum."""
    xs = [ag.tensor(a, requires_grad=True) for a in arrays]
    y = f(*xs, **params)
    found = ag.gradients(y, xs, ag.ones_like(y), allow_unused=True)
    return [y.array, *(np.zeros_like(x.array) if g is None else g.array for g, x in zip(found, xs, strict=True))]


def assert_follows(low: Any, high: Any, xs: list[np.ndarray], what: str, rtol: float = 1e-5, atol: float = 0) -> None:
    """``low`` is close to ``high`` where that is finite and fits, and no NaN where that is none."""
    low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
    fits = np.isfinite(high) & (np.abs(high) < 0.9 * LARGEST)
    wrong = np.where(fits, ~(np.abs(low - high) <= atol + rtol * np.abs(high)), np.isnan(low) & ~np.isnan(high))
    seen = [(tuple(float(x[i]) for x in xs), float(low[i]), float(high[i])) for i in np.flatnonzero(wrong)]
    assert not seen, f"{what} at x: seen, wanted: {seen[:8]}"


@pytest.fixture(autouse=True)
def _extremes_overflow_in_silence():
    with np.errstate(all="ignore"):
        yield


def pairs() -> list[np.ndarray]:
    return [v.ravel().astype(np.float32) for v in np.meshgrid(POINTS, POINTS)]


@pytest.mark.parametrize(("op", "params"), [*elementwise(1), *elementwise(2)])
def test_elementwise_ops_in_float32_follow_float64(op: Any, params: dict[str, Any]) -> None:
    xs = [POINTS.astype(np.float32)] if len(op.samples[0].args) == 1 else pairs()
    if op.name in BEYOND:
        keep = ~BEYOND[op.name][0](*xs)
        xs = [x[keep] for x in xs]
    atol = ABSOLUTE.get(op.name, (SMALLEST,))[0]
    high = evaluated(op, params, *(x.astype(np.float64) for x in xs))
    for i, (p, q) in enumerate(zip(evaluated(op, params, *xs), high, strict=True)):
        assert_follows(p, q, xs, f"{op.name} {['value', 'first gradient', 'second gradient'][i]}", atol=atol)


REDUCTIONS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in ("sum", "mean", "max", "min", "median", "logsumexp", "softmax", "log_softmax", "cumsum",
                              "logcumsumexp", "cummax", "cummin", "nansum", "nanmax")),
    *(("vector_norm", {"ord": p}) for p in (1, 2, 3, np.inf, -np.inf, 0, 0.5, -2)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "params"), REDUCTIONS, ids=str)
def test_reductions_in_float32_follow_float64(name: str, params: dict[str, Any]) -> None:
    columns = pairs()
    rows = np.stack(columns, 1)

    def f(x: Any) -> Any:
        y = getattr(ops, name)(x, axis=1, **params)
        return y[0] if isinstance(y, tuple) else y

    for i, (p, q) in enumerate(zip(evaluated(f, {}, rows), evaluated(f, {}, rows.astype(np.float64)), strict=True)):
        for part, wanted in zip(p.reshape(len(rows), -1).T, q.reshape(len(rows), -1).T, strict=True):
            assert_follows(part, wanted, columns, f"{name} {'gradient' if i else 'value'}", atol=2e-7)


# Where PyTorch is finite and we are not close to it, on purpose.
DIFFERS: dict[str, tuple[list[float], str]] = {
    "abs": ([np.nan], "the slope of a NaN is NaN"),
    "angle": ([np.nan], "a NaN takes the gradient"),
    "hardsigmoid": ([np.nan], "a NaN takes the gradient"),
    "hardswish": ([np.nan], "the slope of a NaN is NaN"),
    **dict.fromkeys(("elu", "celu", "selu"), ([np.nan], "the slope of a NaN is NaN")),
    "arccosh": ([-1.0, -10.0, -40.0, -1e10, -1e30, -np.inf], "outside of the domain"),
    "gammaln": ([-np.inf], "SciPy's limit is -inf"),
    "digamma": ([-1.0, -10.0, -40.0, -1e10, -1e30], "poles, where PyTorch's slope is large but finite"),
    "ndtr": ([-10.0], "PyTorch computes 1 + erf, which is 0 there"),
    "erfcx": ([1e10], "PyTorch's slope cancels"),
    "sinc": ([1e-30, -1e-30, 1e-10, -1e-10, 1e30, -1e30], "PyTorch's slope cancels; at 1e30 pi x has no digits left"),
}


def of_torch(name: str) -> Any:
    """PyTorch's function of that name; of everything, something, where PyTorch is not installed."""
    if torch is None:
        return abs
    places = (torch, torch.special, torch.nn.functional)
    return next((getattr(m, name) for m in places if hasattr(m, name)), None)


IN_TORCH = [
    case
    for case in elementwise(1)
    if (name := case.values[0].name) not in ("clip", "imag", "polygamma") and hasattr(ops, name) and of_torch(name)
]


@pytest.mark.parametrize(("op", "params"), IN_TORCH)
def test_elementwise_ops_follow_pytorch(op: Any, params: dict[str, Any]) -> None:
    if torch is None:
        pytest.skip("PyTorch is the oracle of this test")
    theirs = of_torch(op.name)
    x = POINTS[~np.isin(POINTS, DIFFERS.get(op.name, ([],))[0])]
    if np.isnan(DIFFERS.get(op.name, ([],))[0]).any():
        x = x[~np.isnan(x)]
    leaf = torch.tensor(x, requires_grad=True)
    y = theirs(leaf)
    (g,) = torch.autograd.grad(y, leaf, torch.ones_like(y)) if y.requires_grad else (torch.zeros_like(leaf),)
    for i, (a, b) in enumerate(zip(evaluated(getattr(ops, op.name), {}, x), (y, g), strict=True)):
        wanted, what = b.detach().numpy(), f"{op.name} {'gradient' if i else 'value'}"
        assert_follows(a, np.where(np.isnan(wanted), a, wanted), [x], what, rtol=1e-7, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(
    "f",
    [ag.silu, ag.gelu, lambda x: ag.gelu(x, "tanh"), ag.mish],
    ids=["silu", "gelu", "gelu_tanh", "mish"],
)
def test_activations_that_weigh_their_argument_have_limits_at_infinity(f: Any, dtype: Any) -> None:
    """Where PyTorch multiplies infinity by 0 and gives NaN, in values and slopes."""
    far = np.finfo(dtype).max
    x = ag.tensor(np.array([-np.inf, -far, far, np.inf, np.nan], dtype), requires_grad=True)
    y = f(x)
    np.testing.assert_array_equal(y.array, np.array([-0.0, -0.0, far, np.inf, np.nan], dtype))
    assert np.signbit(y.array[:2]).all()
    (slope,) = ag.gradients(y, [x], ag.ones_like(y), create_graph=True)
    np.testing.assert_array_equal(slope.array, np.array([0, 0, 1, 1, np.nan], dtype))
    (bend,) = ag.gradients(slope[:4], [x], ag.ones_like(slope[:4]))
    np.testing.assert_array_equal(bend.array[:4], 0)
    at = x.detach()
    np.testing.assert_array_equal(ag.jvp(f, (at,), (ag.ones_like(at),))[1].array[:4], [0, 0, 1, 1])
