"""Ops that order elements: sort, top k, median and quantiles."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from autograd.backend import Array
from autograd.composite import composite
from autograd.errors import ArgumentError, DtypeError, RangeError, ShapeError
from autograd.ops.axes import Axis, normalize_axes, normalize_axis
from autograd.ops.casting import astype
from autograd.ops.elementwise import maximum, minimum, where
from autograd.ops.indexing import take_along_axis
from autograd.ops.logic import equal, isfinite, isnan, not_equal
from autograd.ops.reduce import EXTREME_RULE, sum
from autograd.ops.rounding import floor, nextafter, rint
from autograd.ops.shape import expand_dims, moveaxis, reshape, squeeze, stack, transpose
from autograd.primitive import primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import Variable, constant, innermost, module_of

__all__ = [
    "Ordered", "argsort", "kthvalue", "median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile",
    "sort", "topk",
]  # fmt: skip


class Ordered(NamedTuple):
    """Elements picked by order, and where they stood."""

    values: Any
    indices: Any


def _argsort_forward(x: Array, *, axis: int, descending: bool) -> Array:
    if not descending:
        return np.argsort(x, axis=axis, kind="stable")
    # The reverse of a stable ascending order of the reversed array: stable, and NaN first, as the mirror of ascending.
    n = x.shape[axis]
    return n - 1 - np.flip(np.argsort(np.flip(x, axis), axis=axis, kind="stable"), axis)


_argsort = primitive(
    "argsort",
    _argsort_forward,
    kind="gather",
    samples=[
        sample(spec(2, 4, distinct=True), axis=1, descending=False),
        sample(spec(4, distinct=True), axis=0, descending=True),
    ],
)


def argsort(x: Any, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The indices that put an axis in order; equal elements keep their order. int64."""
    return _argsort(x, axis=normalize_axis("argsort", axis, x.ndim, x.shape), descending=descending)


_distinct = [
    sample(spec(2, 4, distinct=True), axis=1),
    sample(spec(2, 4, distinct=True), axis=0),
    sample(spec(5, distinct=True)),
    sample(spec(3, 2, distinct=True), axis=-2),
    sample(spec(2, 0)),
]


@composite(r"\operatorname{{sort}}({0})", _distinct, reference=lambda x, axis=-1: np.sort(x, axis))
def sort(x: Any, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The elements of an axis in order; equal elements keep their order, NaN comes last (first if descending)."""
    axis = normalize_axis("sort", axis, x.ndim, x.shape)
    return take_along_axis(x, argsort(x, axis, descending), axis)


@composite(
    r"\operatorname{{top}}_k({0})",
    [
        sample(spec(2, 4, distinct=True), k=2),
        sample(spec(5, distinct=True), k=3, axis=0),
        sample(spec(3, 2, distinct=True), k=3, axis=-2, largest=False),
        sample(spec(2, 3), k=0),
    ],
    errors=[ErrorSample((np.ones(3),), RangeError, "k=4 of the 3 elements on axis 0", {"k": 4})],
)
def topk(x: Any, k: int, axis: int = -1, largest: bool = True, sorted: bool = True) -> Ordered:
    """The ``k`` largest (or smallest) elements along an axis, in order, and their indices."""
    axis = normalize_axis("topk", axis, x.ndim, x.shape)
    if not 0 <= k <= x.shape[axis]:
        raise RangeError(
            f"topk: k={k} of the {x.shape[axis]} elements on axis {axis} of x {tuple(x.shape)}; "
            f"give 0 to {x.shape[axis]}."
        )
    picked = argsort(x, axis, descending=largest)[(slice(None),) * axis + (slice(0, k),)]
    return Ordered(take_along_axis(x, picked, axis), picked)


@composite(
    r"{0}_{{(k)}}",
    [
        sample(spec(2, 4, distinct=True), k=2), sample(spec(5, distinct=True), k=3, axis=0),
        sample(spec(3, 2, distinct=True), k=1, axis=-2, keepdims=True), sample(spec(1), k=1),
    ],
    errors=[ErrorSample((np.ones(3),), RangeError, "k=0 of the 3 elements on axis 0", {"k": 0})],
)  # fmt: skip
def kthvalue(x: Any, k: int, axis: int = -1, keepdims: bool = False) -> Ordered:
    """The ``k``-th smallest element along an axis, counted from 1, and its index."""
    axis = normalize_axis("kthvalue", axis, x.ndim, x.shape)
    if not 1 <= k <= x.shape[axis]:
        raise RangeError(
            f"kthvalue: k={k} of the {x.shape[axis]} elements on axis {axis} of x {tuple(x.shape)}; "
            f"give 1 to {x.shape[axis]}."
        )
    place = argsort(x, axis)[(slice(None),) * axis + (slice(k - 1, k),)]
    value = take_along_axis(x, place, axis)
    return Ordered(value, place) if keepdims else Ordered(squeeze(value, axis), squeeze(place, axis))


# ------------------------------------------------------------------------------------------------- order statistics


def _statistic_vjp(g: Any, y: Any, x: Any) -> Any:
    hit = _hit(x, y).astype(g.dtype)
    return g[..., None] * (hit / hit.sum(axis=-1, keepdims=True))


def _hit(x: Any, y: Any) -> Any:
    """Which elements are equal to the one picked."""
    y = y[..., None]
    return equal(x, y) | (not_equal(x, x) & not_equal(y, y))


def _statistic_jvp(t: Any, y: Any, x: Any) -> Any:
    hit = _hit(x, y)
    return where(hit, t, 0).sum(axis=-1) / hit.astype(t.dtype).sum(axis=-1)


_statistic = primitive(
    "order_statistic", lambda x, *, k: np.partition(x, k, axis=-1)[..., k], kind="reduction", selects=True,
    vjp=[_statistic_vjp], jvp=[_statistic_jvp], latex=r"{0}_{{(k)}}", vjp_latex=[EXTREME_RULE],
    samples=[sample(spec(2, 4, distinct=True), k=1), sample(spec(5, distinct=True), k=4)],
)  # fmt: skip


def _last(op: str, x: Any, axis: Axis) -> tuple[Any, tuple[int, ...]]:
    """``x`` with the reduced axes merged into one at the end, and which they were."""
    axes = normalize_axes(op, axis, x.ndim, x.shape)
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    n = math.prod(x.shape[i] for i in axes)
    if x.dtype.kind == "c":
        raise DtypeError(f"{op}: x is {x.dtype}; complex numbers have no order. Take real(x), imag(x) or abs(x).")
    if n == 0:
        raise ShapeError(f"{op}: there is no element along axis={axis} of x {tuple(x.shape)}.")
    flat = reshape(transpose(x, rest + axes), (*(x.shape[i] for i in rest), n))
    return (astype(flat, np.float64) if flat.dtype.kind in "iub" else flat), axes


def _kept(y: Any, x: Any, axes: tuple[int, ...], keepdims: bool, lead: int = 0) -> Any:
    if not keepdims:
        return y
    return reshape(y, (*y.shape[:lead], *(1 if i in axes else n for i, n in enumerate(x.shape))))


_METHODS = ("linear", "lower", "higher", "nearest", "midpoint")


def _neighbours(op: str, position: Any, highest: Any, method: str) -> tuple[Any, Any]:
    """The lower neighbour of places between order statistics, and how far to go towards the higher.

    From the last place one goes down: there the linear method has the slope of the line to its left.
    """
    low = floor(constant(position))
    if method == "linear":
        low = maximum(minimum(low, highest - 1), 0)
        return low, position - low
    share = constant(position) - low
    if method == "lower":
        share = 0 * share
    elif method == "higher":
        share = (share > 0).astype(np.float64)
    elif method == "nearest":
        share = rint(constant(position)) - low
    elif method == "midpoint":
        share = 0.5 * (share > 0)
    else:
        raise ArgumentError(f"{op}: method must be one of {', '.join(_METHODS)}, not {method!r}.")
    return low, share


def _levels(op: str, q: Any, scale: float) -> Any:
    """The shares ``q / scale``, checked: a float64 array, or a Tensor where q wants gradients or differs by example."""
    levels = q if getattr(q, "requires_grad", False) or hasattr(q, "level") else constant(q)
    levels = levels if hasattr(levels, "level") or isinstance(levels, Variable) else np.asarray(levels, np.float64)
    seen = innermost(levels)
    if seen.size and not (seen.min() >= 0 and seen.max() <= scale):
        raise RangeError(
            f"{op}: q holds {seen.tolist()}; quantiles lie in [0, 1]. For percent use {op.replace('quant', 'percent')}."
            if scale == 1 else f"{op}: q holds {seen.tolist()}; percent lie in [0, 100]."
        )  # fmt: skip
    return levels if scale == 1 else levels / scale


def _quantile(op: str, x: Any, q: Any, axis: Axis, keepdims: bool, method: str, scale: float = 1.0) -> Any:
    levels = _levels(op, q, scale)
    flat, axes = _last(op, x, axis)
    missing = where(isnan(flat).any(axis=-1), np.nan, 0.0).astype(flat.dtype)  # among NaN the answer is NaN
    n = flat.shape[-1]
    if not isinstance(levels, np.ndarray):
        last = module_of(flat).full((*flat.shape[:-1], 1), n - 1)
        return _interpolated(op, x, flat, missing, levels, last, axes, keepdims, method)
    results = []
    for level in levels.reshape(-1):
        place, share = _neighbours(op, level * (n - 1), n - 1, method)
        place, share = int(place), float(share)
        y: Any = 0
        for k, weight in ((place, 1 - share), (place + 1, share)):  # not times 0: the other may be infinite
            y = y if not weight else _statistic(flat, k=k) * weight + y
        results.append(_kept(astype(y, flat.dtype) + missing, x, axes, keepdims))  # bfloat16 times a number is float32
    if levels.ndim == 0:
        return results[0]
    kept = _kept(missing, x, axes, keepdims)
    return reshape(stack(results, 0) if results else kept[None][:0], (*levels.shape, *kept.shape))


def _holders(x: Any, value: Any) -> Any:
    """Which elements of rows ``x (..., n)`` are equal to each value found in them ``(..., levels)``."""
    return expand_dims(x, -2) == expand_dims(value, -1)


def _found_vjp(g: Any, x: Any, value: Any) -> Any:
    hit = _holders(x, value)
    ties = maximum(sum(hit, -1), 1).astype(g.dtype)
    return sum(where(hit, expand_dims(g / ties, -1), 0), -2)


def _found_jvp(t: Any, x: Any, value: Any) -> Any:
    hit = _holders(x, value)
    return sum(where(hit, expand_dims(t, -2), 0), -1) / maximum(sum(hit, -1), 1).astype(t.dtype)


_found = primitive(
    "found", lambda x, value: value.copy(), kind="gather", register=False, selects=True, batch="leading",
    vjp=[_found_vjp, None], jvp=[_found_jvp, None],
    doc="Values that stand in rows ``x``: the value itself, its gradient shared among the elements equal to it.",
)  # fmt: skip


def _interpolated(
    op: str, x: Any, flat: Any, missing: Any, levels: Any, last: Any, axes: tuple[int, ...], keepdims: bool, method: str
) -> Any:
    """The quantiles of rows that end at places of their own, ``last (..., 1)``, and of ``q`` that wants gradients.

    The order statistics are looked up in the sorted elements; those equal to one share its gradient.
    """
    ordered = sort(constant(flat), -1)
    position = last * reshape(levels.astype(np.float64), -1)  # (..., levels)
    low, share = _neighbours(op, position, last, method)
    places, share = low.astype(np.int64), share.astype(flat.dtype)
    total: Any = 0
    for place, weight in ((places, 1 - share), (minimum(places + 1, last), share)):
        value = take_along_axis(ordered, place, -1)
        shared = _found(flat, value)
        # a neighbour that is infinite and does not count: not 0 times infinity, yet the slope towards it overflows
        unreached = (constant(weight) == 0) & ~isfinite(value)
        total = total + where(unreached, nextafter(value, np.zeros((), value.dtype)), shared) * weight
    total = moveaxis(total, -1, 0) + missing
    kept = _kept(total, x, axes, keepdims, lead=1)
    return reshape(kept, (*levels.shape, *kept.shape[1:]))


@composite(
    r"Q_q({0})",
    [
        sample(spec(2, 4, distinct=True), q=0.3, axis=1),
        sample(spec(2, 3, distinct=True), q=0.5),
        sample(spec(5, distinct=True), q=(0.1, 0.8)),
        sample(spec(2, 4, distinct=True), spec(2, low=0.05, high=0.28), axis=-1, keepdims=True),
        sample(spec(2, 3, 2, distinct=True), q=(0.0, 0.9, 1.0), axis=(0, -1), method="nearest"),
        sample(spec(1), spec(3, low=0.0, high=1.0)),
    ],
    errors=[
        ErrorSample((np.ones(3),), RangeError, r"quantiles lie in \[0, 1\]. For percent use percentile", {"q": 50}),
        ErrorSample((np.ones(3),), ArgumentError, "method must be one of linear", {"q": 0.3, "method": "hazen"}),
        ErrorSample((np.ones((0, 3)),), ShapeError, "no element along axis=0", {"q": 0.3, "axis": 0}),
        ErrorSample((np.ones(3, complex),), DtypeError, "complex numbers have no order", {"q": 0.3}),
    ],
    reference=lambda x, q, axis=None, **params: np.quantile(x, q, axis, **params),
)
def quantile(x: Any, q: Any, axis: Axis = None, keepdims: bool = False, method: str = "linear") -> Any:
    """The values below which the share ``q`` of the elements lies; an array of q adds its axes in front.

    Between two elements the value is interpolated by ``method``: linear, lower, higher, nearest, midpoint. Tied
    elements share the gradient evenly. ``q`` may be a Tensor that wants gradients: its slope is that of the line
    between the neighbours (at an element that to the right, at the last to the left), and 0 for the other methods.
    """
    return _quantile("quantile", x, q, axis, keepdims, method)


@composite(
    r"Q_{{q/100}}({0})",
    [sample(spec(2, 4, distinct=True), q=30, axis=1), sample(spec(4, distinct=True), spec(low=5, high=28))],
    errors=[ErrorSample((np.ones(3),), RangeError, r"percent lie in \[0, 100\]", {"q": 101})],
    reference=lambda x, q, axis=None: np.percentile(x, q, axis),
)
def percentile(x: Any, q: Any, axis: Axis = None, keepdims: bool = False, method: str = "linear") -> Any:
    """:func:`quantile` with ``q`` in percent."""
    return _quantile("percentile", x, q, axis, keepdims, method, 100.0)


@composite(
    r"\operatorname{{median}} {0}",
    [
        sample(spec(2, 4, distinct=True), axis=1),
        sample(spec(5, distinct=True)),
        sample(spec()),
        sample(spec(2, 3, 2, distinct=True), axis=(-1, 0), keepdims=True),
    ],
    reference=np.median,
)
def median(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The middle element over axes, or the mean of the two in the middle. Tied elements share the gradient evenly."""
    return _quantile("median", x, 0.5, axis, keepdims, "linear")


def _nan_quantile(op: str, x: Any, q: Any, axis: Axis, keepdims: bool, method: str, scale: float = 1.0) -> Any:
    levels = _levels(op, q, scale)
    flat, axes = _last(op, x, axis)
    counted = sum(~isnan(constant(flat)), -1, keepdims=True)
    missing = where(squeeze(counted, -1) == 0, np.nan, 0.0).astype(flat.dtype)
    last = maximum(counted, 1) - 1
    return _interpolated(op, x, flat, missing, levels, last, axes, keepdims, method)


@composite(
    r"Q_q({0})",
    [
        sample(spec(2, 4, distinct=True), q=0.3, axis=1),
        sample(spec(2, 4, distinct=True), spec(2, low=0.05, high=0.28), axis=-1, keepdims=True),
        sample(spec(2, 3, 2, distinct=True), q=(0.0, 0.9, 1.0), axis=(0, -1), method="higher"),
    ],
    reference=lambda x, q, axis=None, **params: np.nanquantile(x, q, axis, **params),
)
def nanquantile(x: Any, q: Any, axis: Axis = None, keepdims: bool = False, method: str = "linear") -> Any:
    """:func:`quantile` of what is a number; NaN where nothing is."""
    return _nan_quantile("nanquantile", x, q, axis, keepdims, method)


@composite(
    r"Q_{{q/100}}({0})",
    [sample(spec(2, 4, distinct=True), q=30, axis=1), sample(spec(4, distinct=True), spec(low=5, high=28))],
    errors=[ErrorSample((np.ones(3),), RangeError, r"percent lie in \[0, 100\]", {"q": 101})],
    reference=lambda x, q, axis=None: np.nanpercentile(x, q, axis),
)
def nanpercentile(x: Any, q: Any, axis: Axis = None, keepdims: bool = False, method: str = "linear") -> Any:
    """:func:`nanquantile` with ``q`` in percent."""
    return _nan_quantile("nanpercentile", x, q, axis, keepdims, method, 100.0)


@composite(
    r"\operatorname{{nanmedian}} {0}",
    [sample(spec(2, 4, distinct=True), axis=1), sample(spec(2, 3, distinct=True), keepdims=True)],
    reference=np.nanmedian,
)
def nanmedian(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """:func:`median` of what is a number; NaN where nothing is."""
    return _nan_quantile("nanmedian", x, 0.5, axis, keepdims, "linear")
