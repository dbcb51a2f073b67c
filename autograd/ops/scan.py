"""Running ops along an axis: sums, products, extremes and linear recurrences of all elements so far."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.backend import Array, array_module, floating, is_half
from autograd.composite import composite
from autograd.errors import ShapeError
from autograd.ops.axes import normalize_axis
from autograd.ops.elementwise import share_of_sum, where
from autograd.ops.halves import in_floats, in_single
from autograd.ops.indexing import getitem, put_along_axis_add, take_along_axis
from autograd.ops.logic import isnan
from autograd.ops.shape import concat, flip
from autograd.primitive import primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import module_of

__all__ = [
    "cummax", "cummin", "cumprod", "cumsum", "cumulative_prod", "cumulative_sum", "cumulative_trapezoid", "diff",
    "linear_recurrence", "logcumsumexp", "nancumprod", "nancumsum", "trapezoid",
]  # fmt: skip

_samples = [sample(spec(2, 3), axis=1), sample(spec(4), axis=0), sample(spec(0, 2), axis=0)]


def _running_sum(x: Array, axis: int) -> Array:
    """Halves add up in float32: in their own steps a running sum soon stands still."""
    return np.cumsum(x, axis, dtype=np.float32).astype(x.dtype) if is_half(x.dtype) else np.cumsum(x, axis)


_cumsum = primitive(
    "cumsum", lambda x, *, axis: _running_sum(x, axis), kind="scan",
    vjp=[lambda g, axis: flip(_cumsum(flip(g, axis), axis=axis), axis)], jvp="linear",
    latex=r"\operatorname{{cumsum}}_{{A}}({0})",
    vjp_latex=[r"\operatorname{flip}_{A}(\operatorname{cumsum}_{A}(\operatorname{flip}_{A}(\bar y)))"],
    samples=_samples,
)  # fmt: skip


def _along(op: str, x: Any, axis: int | None) -> tuple[Any, int]:
    """The array and the axis to run along; ``axis=None`` flattens."""
    if axis is None:
        return x.reshape(-1), 0
    return x, normalize_axis(op, axis, x.ndim, x.shape)


def cumsum(x: Any, axis: int | None = None) -> Any:
    """Running sums along an axis; ``axis=None`` flattens first."""
    x, axis = _along("cumsum", x, axis)
    return _cumsum(x, axis=axis)


# ---------------------------------------------------------------------------------------------- linear recurrences


def _recurrence_forward(a: Array, b: Array, *, axis: int) -> Array:
    """By doubling: after step d each element holds the last d steps (Hillis and Steele, 1986, CACM 29)."""
    a, b = np.broadcast_arrays(a, b)
    a, b = np.moveaxis(a, axis, 0).copy(), np.moveaxis(b, axis, 0).astype(np.result_type(a, b))
    step = 1
    while step < len(b):
        b[step:] += a[step:] * b[:-step].copy()
        a[step:] = a[step:] * a[:-step]
        step *= 2
    return np.moveaxis(b, 0, axis)


def _shifted(x: Any, axis: int, by: int) -> Any:
    """The elements moved along an axis by one place, 0 coming in: ``by=1`` later, ``by=-1`` earlier."""
    before, n = (slice(None),) * axis, x.shape[axis]
    if not n:
        return x
    gap = getitem(x, (*before, slice(0, 1))) * 0
    if by > 0:
        return concat([gap, getitem(x, (*before, slice(0, n - 1)))], axis)
    return concat([getitem(x, (*before, slice(1, n))), gap], axis)


def _backwards(g: Any, a: Any, axis: int) -> Any:
    """The adjoint of the recurrence: u_t = g_t + a_(t+1) u_(t+1)."""
    return flip(linear_recurrence(flip(_shifted(a + 0 * g, axis, -1), axis), flip(g, axis), axis), axis)


_recurrence = primitive(
    "linear_recurrence",
    _recurrence_forward,
    kind="scan",
    vjp=[
        lambda g, y, a, axis: _backwards(g, a, axis) * _shifted(y, axis, 1),
        lambda g, a, axis: _backwards(g, a, axis),
    ],
    jvp=lambda primals, tangents, axis: _recurrence_jvp(primals, tangents, axis),
    latex=r"y_{{i}} = {0}_{{i}} \cdot y_{{i-1}} + {1}_{{i}}",
    vjp_latex=[
        r"u_{i} \cdot y_{i-1}, \quad u_{i} = \bar y_{i} + a_{i+1} \cdot u_{i+1}",
        r"u_{i}, \quad u_{i} = \bar y_{i} + a_{i+1} \cdot u_{i+1}",
    ],
    samples=[
        sample(spec(2, 3), spec(2, 3), axis=1),
        sample(spec(5), spec(5), axis=0),
        sample(spec(0, 2), spec(0, 2), axis=0),
    ],
)


def _recurrence_jvp(primals: Any, tangents: Any, axis: int) -> Any:
    (a, b), (t_a, t_b) = primals, tangents
    source = 0 * b if t_b is None else t_b
    if t_a is not None:
        source = source + t_a * _shifted(_recurrence(a, b, axis=axis), axis, 1)
    return _recurrence(a, source, axis=axis)


@in_single
def linear_recurrence(a: Any, b: Any, axis: int = -1) -> Any:
    """``y[t] = a[t] * y[t - 1] + b[t]`` along an axis, from ``y[-1] = 0``; ``a`` and ``b`` of one shape.

    Takes logarithmically many array steps; its derivatives are recurrences too, and right where ``a`` is 0.
    """
    if tuple(a.shape) != tuple(b.shape):
        raise ShapeError(f"linear_recurrence: a is {tuple(a.shape)} and b is {tuple(b.shape)}; they must be equal.")
    return _recurrence(a, b, axis=normalize_axis("linear_recurrence", axis, b.ndim, b.shape))


# ---------------------------------------------------------------------------------------------------- products


def _products_before(x: Any, axis: int) -> Any:
    """The product of all elements before each one, 1 before the first."""
    y = _shifted(_cumprod(x, axis=axis), axis, 1)
    if not x.shape[axis]:
        return y
    array = module_of(x)
    first = array.zeros(tuple(x.shape[axis] if i == axis else 1 for i in range(x.ndim)), dtype=x.dtype)
    first[(slice(None),) * axis + (slice(0, 1),)] = 1
    return y + first


_cumprod = primitive(
    "cumprod", lambda x, *, axis: np.cumprod(x, axis), kind="scan",
    vjp=[lambda g, x, axis: _products_before(x, axis) * _backwards(g, x, axis)],
    jvp=[lambda t, x, axis: linear_recurrence(x, t * _products_before(x, axis), axis)],
    latex=r"\operatorname{{cumprod}}({0})",
    vjp_latex=[r"u_{i} \cdot \textstyle\prod_{j<i} x_{j}, \quad u_{i} = \bar y_{i} + x_{i+1} \cdot u_{i+1}"],
    samples=_samples,
)  # fmt: skip


@in_single
def cumprod(x: Any, axis: int | None = None) -> Any:
    """Running products along an axis; ``axis=None`` flattens first. Gradients are right with any number of zeros."""
    x, axis = _along("cumprod", x, axis)
    return _cumprod(x, axis=axis)


# ------------------------------------------------------------------------------------------------ log-sum-exp


def _one_before(y: Any, axis: int) -> Any:
    """The running result one step before; of nothing, -inf, before the first."""
    before = (slice(None),) * axis
    nothing = where(False, getitem(y, (*before, slice(0, 1))), -np.inf)
    return concat([nothing, getitem(y, (*before, slice(0, y.shape[axis] - 1)))], axis) if y.shape[axis] else y


def _joining(x: Any, y: Any, axis: int) -> Any:
    """The share of each element in the sum at its own step."""
    return share_of_sum(x, _one_before(y, axis))


def _carry(x: Any, y: Any, axis: int) -> Any:
    """The share of all before it in that sum."""
    return share_of_sum(_one_before(y, axis), x)


_logcumsumexp = primitive(
    "logcumsumexp", lambda x, *, axis: np.logaddexp.accumulate(floating(x), axis), kind="scan",
    vjp=[lambda g, y, x, axis: _joining(x, y, axis) * _backwards(g, _carry(x, y, axis), axis)],
    jvp=[lambda t, y, x, axis: linear_recurrence(_carry(x, y, axis), t * _joining(x, y, axis), axis)],
    latex=r"\ln \operatorname{{cumsum}}(e^{{{0}}})",
    vjp_latex=[r"\textstyle\sum_{j \ge i} \bar y_{j} \cdot e^{x_{i} - y_{j}}"],
    samples=_samples,
)  # fmt: skip


@in_floats
def logcumsumexp(x: Any, axis: int | None = None) -> Any:
    r"""Running :math:`\ln \sum e^x` along an axis, without overflow; the gradient neither overflows nor cancels."""
    x, axis = _along("logcumsumexp", x, axis)
    return _logcumsumexp(x, axis=axis)


# --------------------------------------------------------------------------------------------------- extremes


def _running_forward(x: Array, *, axis: int, sign: int) -> tuple[Array, Array]:
    """The running extremes, and where each stands (the last of equals)."""
    y = (np.maximum if sign > 0 else np.minimum).accumulate(x, axis)
    steps = array_module(x).arange(x.shape[axis]).reshape(tuple(-1 if i == axis else 1 for i in range(x.ndim)))
    met = (x == y) | ((x != x) & (y != y))
    return y, np.maximum.accumulate(np.where(met, steps, 0), axis)


_running = primitive(
    "cummax", _running_forward, kind="scan", aux=True, selects=True,
    vjp=[lambda g, aux, x_shape, axis: put_along_axis_add(g, aux, shape=x_shape, axis=axis)],
    jvp=lambda primals, tangents, axis, sign: take_along_axis(
        tangents[0], _running_place(primals[0], axis=axis, sign=sign), axis),
    latex=r"\operatorname{{cummax}}({0})", vjp_latex=[r"\operatorname{scatter}_{\arg\max}(\bar y)"],
    samples=[sample(spec(2, 5, distinct=True), axis=1, sign=1), sample(spec(4, distinct=True), axis=0, sign=-1)],
)  # fmt: skip
_running_place = primitive(
    "cummax_indices", lambda x, *, axis, sign: _running_forward(x, axis=axis, sign=sign)[1], kind="scan",
    latex=r"\arg\max_{{j \le i}} {0}_{{j}}", samples=[sample(spec(2, 5, distinct=True), axis=1, sign=1)],
)  # fmt: skip


def cummax(x: Any, axis: int = -1) -> tuple[Any, Any]:
    """Running maxima along an axis, and their indices (the last of equals, which takes the gradient)."""
    axis = normalize_axis("cummax", axis, x.ndim, x.shape)
    return _running(x, axis=axis, sign=1), _running_place(x, axis=axis, sign=1)


@composite(
    r"\operatorname{{cummin}}({0})",
    [sample(spec(2, 5, distinct=True), axis=-1), sample(spec(4, distinct=True), axis=0), sample(spec(2, 0), axis=0)],
    errors=[ErrorSample((np.ones(()),), ShapeError, "axis -1 is out of range")],
    reference=lambda x, axis: np.minimum.accumulate(x, axis),
)
def cummin(x: Any, axis: int = -1) -> tuple[Any, Any]:
    """Running minima along an axis, and their indices (the last of equals, which takes the gradient)."""
    axis = normalize_axis("cummin", axis, x.ndim, x.shape)
    return _running(x, axis=axis, sign=-1), _running_place(x, axis=axis, sign=-1)


# ---------------------------------------------------------------------------------------------- made of others


_nan_samples = [sample(spec(2, 3), axis=-1), sample(spec(2, 3)), sample(spec(30), axis=0), sample(spec(0, 2), axis=1)]


@composite(r"\operatorname{{nancumsum}}({0})", _nan_samples, reference=np.nancumsum)
def nancumsum(x: Any, axis: int | None = None) -> Any:
    """:func:`cumsum` in which NaN counts as 0."""
    return cumsum(where(isnan(x), 0, x), axis)


@composite(r"\operatorname{{nancumprod}}({0})", _nan_samples, reference=np.nancumprod)
def nancumprod(x: Any, axis: int | None = None) -> Any:
    """:func:`cumprod` in which NaN counts as 1."""
    return cumprod(where(isnan(x), 1, x), axis)


def _cumulative(op: Any, first: float, x: Any, axis: int | None, dtype: Any, include_initial: bool) -> Any:
    if axis is None:
        if x.ndim != 1:
            raise ShapeError(f"{op.__name__}: x {tuple(x.shape)} has {x.ndim} axes; say along which one with axis=.")
        axis = 0
    axis = normalize_axis(op.__name__, axis, x.ndim, x.shape)
    y = op(x if dtype is None else x.astype(dtype), axis)
    if dtype is not None and y.dtype != np.dtype(dtype):
        y = y.astype(dtype)  # integers ran in 64 bits; modulo a power of 2 that is the same
    if not include_initial:
        return y
    xp = module_of(y)
    return concat([xp.full((*y.shape[:axis], 1, *y.shape[axis + 1 :]), first, dtype=y.dtype), y], axis)


_from_the_start = [
    sample(spec(2, 3), axis=1, include_initial=True), sample(spec(2, 3), axis=-2), sample(spec(4)),
    sample(spec(0), include_initial=True), sample(spec(3), dtype="float64"),
]  # fmt: skip


@composite(
    r"\operatorname{{cumsum}}({0})",
    _from_the_start,
    errors=[ErrorSample((np.ones((2, 3)),), ShapeError, "say along which one")],
)
def cumulative_sum(x: Any, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    """Running sums (the array API's function); ``include_initial`` puts the 0 in front that they start from."""
    return _cumulative(cumsum, 0, x, axis, dtype, include_initial)


@composite(r"\operatorname{{cumprod}}({0})", _from_the_start)
def cumulative_prod(x: Any, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    """Running products (the array API's function); ``include_initial`` puts the 1 in front that they start from."""
    return _cumulative(cumprod, 1, x, axis, dtype, include_initial)


@composite(
    r"\Delta {0}",
    [
        sample(spec(2, 4), n=2, axis=1),
        sample(spec(4)),
        sample(spec(4, 2), axis=-2, n=0),
        sample(spec(2), n=3),
    ],
    reference=lambda x, **p: np.diff(x, **p),
    errors=[ErrorSample((np.ones(3),), ShapeError, "n must be from 0", {"n": -1})],
)
def diff(x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours along an axis, taken ``n`` times."""
    axis = normalize_axis("diff", axis, x.ndim, x.shape)
    if n < 0:
        raise ShapeError(f"diff: n must be from 0, not {n}.")
    if n == 0:
        return x
    parts = [part for part in (prepend, x, append) if part is not None]
    x = concat(parts, axis) if len(parts) > 1 else x
    before = (slice(None),) * axis
    for _ in range(n):
        length = x.shape[axis]
        later, earlier = getitem(x, (*before, slice(1, length))), getitem(x, (*before, slice(0, max(length - 1, 0))))
        x = later != earlier if x.dtype.kind == "b" else later - earlier
    return x


def _trapezoids(y: Any, x: Any, dx: float, axis: int) -> Any:
    n, before = y.shape[axis], (slice(None),) * axis
    width: Any = dx
    if x is not None:
        if tuple(x.shape) not in (tuple(y.shape), (n,)):
            raise ShapeError(
                f"trapezoid: x is {tuple(x.shape)}; y {tuple(y.shape)} wants places of its own shape, or ({n},)."
            )
        width = diff(x, axis=axis if x.ndim > 1 else 0)
        if width.ndim == 1:
            width = width.reshape(tuple(-1 if i == axis else 1 for i in range(y.ndim)))
    return 0.5 * width * (getitem(y, (*before, slice(1, n))) + getitem(y, (*before, slice(0, max(n - 1, 0)))))


@composite(
    r"\textstyle\int {0} \, d{1}",
    [
        sample(spec(2, 4), spec(4)),
        sample(spec(5), None, dx=0.5),
        sample(spec(4, 2), spec(4, 2), axis=-2),
        sample(spec(1), spec(1)),
    ],
    reference=np.trapezoid,
    errors=[ErrorSample((np.ones((2, 3)), np.ones(4)), ShapeError, r"x is \(4,\); y \(2, 3\)")],
)
@in_floats
def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """The integral along an axis by the trapezoidal rule, over places ``x`` or in steps ``dx``."""
    axis = normalize_axis("trapezoid", axis, y.ndim, y.shape)
    return _trapezoids(y, x, dx, axis).sum(axis=axis)


@composite(r"\textstyle\int^t {0} \, d{1}", [sample(spec(2, 4), spec(4)), sample(spec(4, 2), None, axis=-2, dx=0.5)])
@in_floats
def cumulative_trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """Running integrals along an axis by the trapezoidal rule."""
    axis = normalize_axis("cumulative_trapezoid", axis, y.ndim, y.shape)
    return cumsum(_trapezoids(y, x, dx, axis), axis)
