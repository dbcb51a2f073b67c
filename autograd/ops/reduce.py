"""Ops that combine elements along axes: sums, means, extremes, norms, logsumexp and softmax.

Sums and means of 16-bit floats are accumulated in float32. A rule returns the gradient of a reduced axis once, with
that axis of length 1; the backward walk stretches it.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autograd.backend import Array, floating, is_complex, is_floating, is_half
from autograd.composite import composite
from autograd.errors import ArgumentError, ShapeError
from autograd.ops.axes import Axis, count_over, keep_axes, normalize_axes, normalize_axis
from autograd.ops.complex_parts import real
from autograd.ops.elementwise import abs as absolute
from autograd.ops.elementwise import exp, minimum, sqrt, square, where, zeros_of
from autograd.ops.halves import floats, in_floats, in_single, widened
from autograd.ops.logic import equal, isinf, not_equal
from autograd.ops.shape import broadcast_to, squeeze
from autograd.primitive import per_element, per_input_element, primitive
from autograd.samples import ErrorSample, integers, sample
from autograd.samples import array as spec
from autograd.tape import constant, innermost

__all__ = [
    "all", "amax", "amin", "aminmax", "any", "argmax", "argmin", "average", "count_nonzero", "log_softmax",
    "logsumexp", "max", "mean", "min", "ptp", "softmax", "softmin", "std", "std_mean", "sum", "var", "var_mean",
    "vector_norm",
]  # fmt: skip

_shapes: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((2, 3), {"axis": (0,), "keepdims": False}), ((2, 3), {"axis": (0, 1), "keepdims": False}),
    ((2, 3, 2), {"axis": (0, 2), "keepdims": True}), ((2, 3), {"axis": (1,), "keepdims": False}),
    ((), {"axis": (), "keepdims": False}),
]  # fmt: skip
_samples = [sample(spec(*shape), **params) for shape, params in _shapes]
samples_with_empty = [*_samples, sample(spec(0, 3), axis=(0,), keepdims=False)]
_samples_distinct = [sample(spec(*shape, distinct=True), **params) for shape, params in _shapes]


reduced_samples = [
    sample(spec(2, 3), axis=1), sample(spec(2, 3)), sample(spec(2, 3, 2), axis=(-1, 0), keepdims=True),
    sample(spec(30), axis=-1), sample(spec()), sample(spec(2, 0, 3), axis=0),
]  # fmt: skip
distinct_reduced = [
    sample(spec(2, 3, distinct=True), axis=1), sample(spec(2, 3, distinct=True)), sample(spec(), keepdims=True),
    sample(spec(2, 3, 2, distinct=True), axis=(-1, 0), keepdims=True), sample(spec(2, 0, 3), axis=0),
]  # fmt: skip


def _accumulated(function: Any) -> Any:
    """NumPy's sum or mean over axes; 16-bit floats are accumulated in float32."""

    def forward(x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
        if is_half(x.dtype):
            return function(x, axis=axis, keepdims=keepdims, dtype=np.float32).astype(x.dtype)
        return function(x, axis=axis, keepdims=keepdims)

    return forward


def over_axes(function: Any) -> Any:
    """NumPy's function over axes, as a forward."""
    return lambda x, *, axis, keepdims: function(x, axis=axis, keepdims=keepdims)


_sum_forward = _accumulated(np.sum)
_sum = primitive(
    "sum", _sum_forward, kind="reduction",
    vjp=[lambda g, axis, keepdims: keep_axes(g, axis, keepdims)], jvp="linear",
    latex=r"\textstyle\sum_{{A}} {0}", vjp_latex=[r"\operatorname{broadcast}_{A}(\bar y)"],
    flops=per_input_element(1), samples=samples_with_empty,
)  # fmt: skip


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum over axes (all of them by default). Booleans and small integers are summed as int64."""
    return _sum(x, axis=normalize_axes("sum", axis, x.ndim, x.shape), keepdims=keepdims)


_mean = primitive(
    "mean", _accumulated(np.mean), kind="reduction",
    vjp=[lambda g, x_shape, axis, keepdims: widened(keep_axes(g, axis, keepdims)) / count_over(x_shape, axis)],
    jvp="linear",
    latex=r"\tfrac{{1}}{{N}} \cdot \textstyle\sum_{{A}} {0}",
    vjp_latex=[r"\tfrac{1}{N} \cdot \operatorname{broadcast}_{A}(\bar y)"],
    flops=per_input_element(1), samples=_samples,
)  # fmt: skip


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean over axes (all of them by default); integers give floats. Over no element it is an error."""
    axes = normalize_axes("mean", axis, x.ndim, x.shape)
    if count_over(x.shape, axes) == 0:
        raise ShapeError(f"mean: there is no element to average over axis={axis} of x {tuple(x.shape)}.")
    return _mean(x, axis=axes, keepdims=keepdims)


@composite(
    r"\operatorname{{var}} {0}",
    [*reduced_samples, sample(spec(2, 3), correction=1)],
    reference=lambda x, axis=None, correction=0, keepdims=False: np.var(x, axis, ddof=correction, keepdims=keepdims),
    errors=[ErrorSample((np.ones((2, 1)),), ShapeError, "nothing to divide by", {"axis": 1, "correction": 1})],
)
@in_single
def var(x: Any, axis: Axis = None, correction: float = 0, keepdims: bool = False) -> Any:
    """The variance over axes: squared distances from the mean, divided by ``n - correction`` (array API)."""
    axes = normalize_axes("var", axis, x.ndim, x.shape)
    n = count_over(x.shape, axes) - correction
    if n <= 0:
        raise ShapeError(
            f"var: {count_over(x.shape, axes)} element(s) over axis={axis} of x {tuple(x.shape)} with "
            f"correction={correction} leave nothing to divide by."
        )
    centred = x - mean(x, axes, keepdims=True)
    squares = absolute(centred) if is_complex(x.dtype) else centred
    return sum(square(squares), axes, keepdims) / n


@composite(
    r"\operatorname{{std}} {0}",
    [*reduced_samples, sample(spec(2, 3), correction=1)],
    reference=lambda x, axis=None, correction=0, keepdims=False: np.std(x, axis, ddof=correction, keepdims=keepdims),
)
@in_single
def std(x: Any, axis: Axis = None, correction: float = 0, keepdims: bool = False) -> Any:
    """The standard deviation over axes; its gradient is 0 where all elements are equal."""
    return safe_sqrt(var(x, axis, correction, keepdims))


@composite(
    r"\operatorname{{var}} {0}, \overline{{{0}}}", [sample(spec(2, 3), axis=1), sample(spec(2, 3), keepdims=True)]
)
@in_single
def var_mean(x: Any, axis: Axis = None, correction: float = 1, keepdims: bool = False) -> tuple[Any, Any]:
    """Variance and mean together; ``correction`` is 1 here by default, as in PyTorch."""
    return var(x, axis, correction, keepdims), mean(x, axis, keepdims)


@composite(
    r"\operatorname{{std}} {0}, \overline{{{0}}}", [sample(spec(2, 3), axis=1), sample(spec(2, 3), keepdims=True)]
)
def std_mean(x: Any, axis: Axis = None, correction: float = 1, keepdims: bool = False) -> tuple[Any, Any]:
    """Standard deviation and mean together; ``correction`` is 1 here by default, as in PyTorch."""
    return std(x, axis, correction, keepdims), mean(x, axis, keepdims)


# -------------------------------------------------------------------------------------------------------- extremes


EXTREME_RULE = (
    r"\operatorname{broadcast}_{A}(\bar y) \odot \frac{u}{\operatorname{broadcast}_{A}(\textstyle\sum_{A} u)}, "
    r"\quad u = [x = \operatorname{broadcast}_{A}(y)]"
)


def _extreme_vjp(g: Any, y: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """The gradient goes to the extreme element, in equal shares where several are tied."""
    hit = _hit(x, keep_axes(y, axis, keepdims)).astype(g.dtype)
    return keep_axes(g, axis, keepdims) * (hit / hit.sum(axis=axis, keepdims=True))


def _hit(x: Any, y: Any) -> Any:
    """Which elements are the extreme; a NaN is the extreme of everything."""
    return equal(x, y) | not_equal(x, x)


_max = primitive(
    "max", over_axes(np.max), kind="reduction", selects=True,
    vjp=[_extreme_vjp], jvp=[lambda t, y, x, axis, keepdims: _extreme_jvp(t, y, x, axis, keepdims)],
    latex=r"\operatorname{{max}}_{{A}}({0})", vjp_latex=[EXTREME_RULE],
    flops=per_input_element(1), samples=_samples_distinct,
)  # fmt: skip
_min = primitive(
    "min", over_axes(np.min), kind="reduction", selects=True,
    vjp=[_extreme_vjp], jvp=[lambda t, y, x, axis, keepdims: _extreme_jvp(t, y, x, axis, keepdims)],
    latex=r"\operatorname{{min}}_{{A}}({0})", vjp_latex=[EXTREME_RULE],
    flops=per_input_element(1), samples=_samples_distinct,
)  # fmt: skip


def _extreme_jvp(t: Any, y: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    hit = _hit(x, keep_axes(y, axis, keepdims))
    ties = sum(hit.astype(t.dtype), axis, keepdims)
    return sum(where(hit, t, 0), axis, keepdims) / ties  # an infinite tangent of another element does not leak


def _extreme(op: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    axes = normalize_axes(op.name, axis, x.ndim, x.shape)
    if count_over(x.shape, axes) == 0:
        raise ShapeError(f"{op.name}: there is no element along axis={axis} of x {tuple(x.shape)}.")
    return op(x, axis=axes, keepdims=keepdims)


def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest element over axes. Tied elements share the gradient evenly. For two arrays: ``maximum``."""
    return _extreme(_max, x, axis, keepdims)


def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The smallest element over axes. Tied elements share the gradient evenly. For two arrays: ``minimum``."""
    return _extreme(_min, x, axis, keepdims)


_arg_samples = [
    sample(spec(2, 3, distinct=True), axis=1, keepdims=False), sample(spec(4, distinct=True), axis=None, keepdims=False)
]  # fmt: skip
_argmax = primitive("argmax", over_axes(np.argmax), kind="reduction", latex=r"\arg\max {0}", samples=_arg_samples)
_argmin = primitive("argmin", over_axes(np.argmin), kind="reduction", latex=r"\arg\min {0}", samples=_arg_samples)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The index of the first largest element along an axis (of the flattened array by default); int64."""
    return _argument(_argmax, x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The index of the first smallest element along an axis (of the flattened array by default); int64."""
    return _argument(_argmin, x, axis, keepdims)


def _argument(op: Any, x: Any, axis: int | None, keepdims: bool) -> Any:
    if axis is not None:
        axis = normalize_axis(op.name, axis, x.ndim, x.shape)
    if (x.size if axis is None else x.shape[axis]) == 0:
        raise ShapeError(f"{op.name}: there is no element along axis={axis} of x {tuple(x.shape)}.")
    return op(x, axis=axis, keepdims=keepdims)


_all = primitive(
    "all", over_axes(np.all), kind="reduction",
    latex=r"\forall {0}", samples=samples_with_empty,
)  # fmt: skip
_any = primitive(
    "any", over_axes(np.any), kind="reduction",
    latex=r"\exists {0}", samples=samples_with_empty,
)  # fmt: skip


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether every element over axes is true (not 0)."""
    return _all(x, axis=normalize_axes("all", axis, x.ndim, x.shape), keepdims=keepdims)


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether some element over axes is true (not 0)."""
    return _any(x, axis=normalize_axes("any", axis, x.ndim, x.shape), keepdims=keepdims)


@composite(
    r"\lVert {0} \rVert_0",
    [*reduced_samples, sample(integers(2, 9, high=2), axis=-1), sample(spec(0))],
    differentiable=False,
    reference=np.count_nonzero,
)
def count_nonzero(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """How many elements over axes are not 0; int64."""
    return sum(not_equal(x, 0), axis, keepdims)


# ------------------------------------------------------------------------------------------ exponentials, normalised


@in_floats
def _logsumexp_forward(x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
    if not count_over(x.shape, axis):
        return _sum_forward(x, axis=axis, keepdims=keepdims) - np.inf  # the logarithm of an empty sum
    peak = np.max(x, axis=axis, keepdims=True)
    peak = np.where(np.isfinite(peak), peak, 0)  # all -inf gives -inf, not NaN
    with np.errstate(divide="ignore"):
        y = np.log(np.sum(np.exp(x - peak), axis=axis, keepdims=True)) + peak
    return y if keepdims else np.squeeze(y, axis)


def _shares(x: Any, y: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """The softmax, from y = logsumexp(x): infinities share evenly, and of ``-inf`` alone nothing has a share.

    Divided by its sum, for y is rounded: exp(x - y) alone would be wrong by that much.
    """
    y = keep_axes(y, axis, keepdims)
    nothing, level = y == -np.inf, isinf(y) & (x == y)
    share = exp(where(level, 0, x) - where(level, 0, y))
    return where(nothing, 0, share / sum(share, axis, keepdims=True))


_logsumexp = primitive(
    "logsumexp", _logsumexp_forward, kind="reduction",
    vjp=[lambda g, y, x, axis, keepdims: keep_axes(g, axis, keepdims) * _shares(widened(x), y, axis, keepdims)],
    jvp=[lambda t, y, x, axis, keepdims: sum(t * _shares(widened(x), y, axis, keepdims), axis, keepdims)],
    latex=r"\ln \textstyle\sum_{{A}} e^{{{0}}}",
    vjp_latex=[r"\operatorname{broadcast}_{A}(\bar y) \odot e^{x - \operatorname{broadcast}_{A}(y)}"],
    flops=per_input_element(10), samples=_samples,
    reference=lambda x, axis, keepdims: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
)  # fmt: skip


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    r""":math:`\ln \sum e^x` over axes, without overflow; ``-inf`` over no element."""
    return _logsumexp(x, axis=normalize_axes("logsumexp", axis, x.ndim, x.shape), keepdims=keepdims)


@in_floats
def _softmax_forward(x: Array, *, axis: int) -> Array:
    if not x.size:
        return np.exp(x)  # nothing has no maximum, and needs none
    y = np.exp(x - np.max(x, axis=axis, keepdims=True))
    y /= np.sum(y, axis=axis, keepdims=True)
    return y


def _softmax_tangent(t: Any, y: Any, axis: int) -> Any:
    t, y = widened(t), widened(y)
    return y * (t - sum(t * y, axis, keepdims=True))


@in_floats
def _log_softmax_forward(x: Array, *, axis: int) -> Array:
    if not x.size:
        return np.exp(x)
    y = x - np.max(x, axis=axis, keepdims=True)
    y -= np.log(np.sum(np.exp(y), axis=axis, keepdims=True))
    return y


_softmax_samples = [sample(spec(2, 3), axis=1), sample(spec(2, 3), axis=0), sample(spec(4), axis=0),
                    sample(spec(0, 3), axis=1), sample(spec(3, 0), axis=1)]  # fmt: skip
_softmax = primitive(
    "softmax", _softmax_forward, kind="composite",
    vjp=[lambda g, y, axis: _softmax_tangent(g, y, axis)],
    jvp=[lambda t, y, axis: _softmax_tangent(t, y, axis)],
    latex=r"\operatorname{{softmax}}({0})",
    vjp_latex=[r"y \odot (\bar y - \operatorname{broadcast}_{A}(\textstyle\sum_{A} (\bar y \odot y)))"],
    flops=per_element(12), samples=_softmax_samples,
    reference=lambda x, axis: np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True),
)  # fmt: skip
_log_softmax = primitive(
    "log_softmax", _log_softmax_forward, kind="composite",
    vjp=[lambda g, y, axis: g - exp(widened(y)) * sum(widened(g), axis, keepdims=True)],
    jvp=[lambda t, y, axis: t - sum(t * exp(widened(y)), axis, keepdims=True)],
    latex=r"\ln \operatorname{{softmax}}({0})",
    vjp_latex=[r"\bar y - e^{y} \odot \operatorname{broadcast}_{A}(\textstyle\sum_{A} \bar y)"],
    flops=per_element(12), samples=_softmax_samples,
    reference=lambda x, axis: x - np.logaddexp.reduce(x, axis=axis, keepdims=True),
)  # fmt: skip


def softmax(x: Any, axis: int = -1) -> Any:
    r""":math:`e^x / \sum e^x` along an axis, without overflow."""
    return _softmax(x, axis=normalize_axis("softmax", axis, x.ndim, x.shape))


def log_softmax(x: Any, axis: int = -1) -> Any:
    """The logarithm of :func:`softmax`, without overflow or loss of small probabilities."""
    return _log_softmax(x, axis=normalize_axis("log_softmax", axis, x.ndim, x.shape))


@composite(r"\operatorname{{softmax}}(-{0})", [sample(spec(2, 3)), sample(spec(2, 3), axis=-2), sample(spec(3, 0))])
def softmin(x: Any, axis: int = -1) -> Any:
    """:func:`softmax` of ``-x``: the smallest takes the largest share."""
    return softmax(-floating(x), normalize_axis("softmin", axis, x.ndim, x.shape))


# ----------------------------------------------------------------------------------- averages, ranges, norms


amax, amin = max, min


@composite(r"\min {0}, \max {0}", distinct_reduced)
def aminmax(x: Any, axis: Axis = None, keepdims: bool = False) -> tuple[Any, Any]:
    """The smallest and the largest element over axes."""
    return min(x, axis, keepdims), max(x, axis, keepdims)


@composite(r"\max {0} - \min {0}", distinct_reduced, reference=np.ptp)
def ptp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest element less the smallest, over axes."""
    return max(x, axis, keepdims) - min(x, axis, keepdims)


@composite(
    r"\frac{{\sum w {0}}}{{\sum w}}",
    reduced_samples[:-1],
    reference=np.average,
    errors=[ErrorSample((np.ones((2, 3)),), ShapeError, "weights are", {"weights": np.ones(2)})],
)
def average(x: Any, axis: int | None = None, weights: Any = None, keepdims: bool = False) -> Any:
    """The mean over axes, weighed by ``weights``: of the shape of ``x``, or of the length of ``axis``."""
    if weights is None:
        return mean(x, axis, keepdims)
    x, weights = floats(x, weights)
    if tuple(weights.shape) != tuple(x.shape):
        if axis is None or weights.ndim != 1:
            raise ShapeError(
                f"average: weights are {tuple(weights.shape)}; x {tuple(x.shape)} wants its own shape, or one axis."
            )
        place = normalize_axis("average", axis, x.ndim, x.shape)
        weights = weights.reshape(tuple(-1 if i == place else 1 for i in range(x.ndim)))
    return sum(x * weights, axis, keepdims) / sum(broadcast_to(weights, x.shape), axis, keepdims)


def safe_sqrt(x: Any) -> Any:
    """The square root, with gradient 0 at 0."""
    nothing = x == 0
    return where(nothing, 0, sqrt(where(nothing, 1, x)))


@composite(
    r"\lVert {0} \rVert_p",
    [sample(spec(2, 3, avoid=(0.0,)), ord=p, axis=1) for p in (1, 2, 3, 0.5)]
    + [sample(spec(2, 3, low=0.2, distinct=True), ord=p) for p in (2, np.inf, -np.inf, -1)]
    + [sample(spec(2, 3), axis=(-1, 0), keepdims=True), sample(spec()), sample(spec(30))],
    reference=lambda x, ord=2, axis=None, keepdims=False: np.linalg.vector_norm(
        x, ord=ord, axis=axis, keepdims=keepdims
    ),
)
@functools.partial(in_single, keep=("ord",))
def vector_norm(x: Any, ord: float = 2, axis: Axis = None, keepdims: bool = False) -> Any:
    r"""The norm :math:`(\sum |x|^p)^{1/p}` over axes, p = ``ord``.

    ``inf`` and ``-inf`` give the extremes, 0 counts what is not 0. At 0 the gradient is 0, the subgradient of least
    norm.
    """
    if not isinstance(ord, (int, float, np.integer, np.floating)):
        raise ArgumentError(
            f"vector_norm: ord must be a number, inf or -inf, not {ord!r}. Norms of matrices: matrix_norm."
        )
    if x.dtype.kind in "iub":  # whose squares may not fit
        x = x.astype(np.float64)
    axes = normalize_axes("vector_norm", axis, x.ndim, x.shape)
    if ord == 2:
        y = _euclidean(x, axes, keepdims)
        seen, kind = innermost(y), np.finfo(y.dtype)
        if np.all((seen > (kind.tiny / kind.eps) ** 0.5) & np.isfinite(seen)):
            return y
        unit = _unit(x, ord, axes)  # squares left the range of the dtype, or it is a vector 0
        return _euclidean(x / unit, axes, keepdims) * (unit if keepdims else squeeze(unit, axes))
    size = absolute(x)
    if ord == np.inf:
        return max(size, axes, keepdims)
    if ord == -np.inf:
        return min(size, axes, keepdims)
    if ord == 1:
        return sum(size, axes, keepdims)
    if ord == 0:
        return sum(where(x != 0, 1, 0 * size), axes, keepdims)
    unit = _unit(x, ord, axes)
    size = size / unit
    nothing = size == 0
    powers = where(nothing, 0 if ord > 0 else np.inf, where(nothing, 1, size) ** ord)
    total = sum(powers, axes, keepdims)
    none, over = total == 0, isinf(total)
    y = where(none | over, 1, total) ** (1 / ord)
    at_none, at_over = (0, np.inf) if ord > 0 else (np.inf, 0)
    return where(none, at_none, where(over, at_over, y)) * (unit if keepdims else squeeze(unit, axes))


def _euclidean(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    squares = real(x * x.conj()) if is_complex(x.dtype) else square(x)
    return safe_sqrt(sum(squares, axes, keepdims))


def _unit(x: Any, ord: float, axes: tuple[int, ...]) -> Any:
    """A constant to divide by so that no power leaves the range of the dtype; a norm grows as its vector does."""
    size = absolute(constant(x))
    if not count_over(x.shape, axes) or -1 < ord < 1:
        return zeros_of(sum(size, axes, keepdims=True)) + 1
    peak = (max if ord > 0 else min)(size, axes, keepdims=True)
    limit = np.finfo(size.dtype).max if is_floating(size.dtype) else np.inf
    return where(peak == 0, 1, minimum(peak, limit))
