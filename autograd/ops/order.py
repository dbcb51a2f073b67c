"""Ops that order elements: sort, top k, median and quantiles, and searches and counts without gradient."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from autograd.backend import Array, is_array
from autograd.composite import composite
from autograd.dispatch import bound
from autograd.errors import ArgumentError, RangeError, ShapeError
from autograd.ops.axes import Axis, normalize_axes, normalize_axis
from autograd.ops.elementwise import maximum, minimum, where
from autograd.ops.indexing import getitem, take_along_axis
from autograd.ops.logic import isfinite, isnan
from autograd.ops.reduce import sum
from autograd.ops.rounding import floor, rint
from autograd.ops.shape import expand_dims, moveaxis, reshape, squeeze, stack, transpose
from autograd.primitive import primitive
from autograd.samples import array as spec
from autograd.samples import sample
from autograd.tape import Variable, constant, innermost

__all__ = [
    "Ordered", "argsort", "bincount", "digitize", "histogram", "kthvalue", "median", "nanmedian", "nanquantile",
    "percentile", "quantile", "searchsorted", "sort", "topk", "unique", "unique_all", "unique_counts",
    "unique_inverse", "unique_values",
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
]


@composite(r"\operatorname{{sort}}({0})", _distinct, reference=lambda x, axis=-1: np.sort(x, axis))
def sort(x: Any, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The elements of an axis in order; equal elements keep their order, NaN comes last (first if descending)."""
    axis = normalize_axis("sort", axis, x.ndim, x.shape)
    return take_along_axis(x, argsort(x, axis, descending), axis)


@composite(
    r"\operatorname{{top}}_k({0})",
    [sample(spec(2, 4, distinct=True), k=2), sample(spec(5, distinct=True), k=3, axis=0)],
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


@composite(r"{0}_{{(k)}}", [sample(spec(2, 4, distinct=True), k=2), sample(spec(5, distinct=True), k=3, axis=0)])
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
    return (x == y) | ((x != x) & (y != y))


def _statistic_jvp(t: Any, y: Any, x: Any) -> Any:
    hit = _hit(x, y)
    return where(hit, t, 0).sum(axis=-1) / hit.astype(t.dtype).sum(axis=-1)


_statistic = primitive(
    "order_statistic", lambda x, *, k: np.partition(x, k, axis=-1)[..., k], kind="reduction", selects=True,
    vjp=[_statistic_vjp], jvp=[_statistic_jvp], latex=r"{0}_{{(k)}}", vjp_latex=[r"\bar y \, [x = y] / n_{=}"],
    samples=[sample(spec(2, 4, distinct=True), k=1), sample(spec(5, distinct=True), k=4)],
)  # fmt: skip


def _last(op: str, x: Any, axis: Axis) -> tuple[Any, tuple[int, ...]]:
    """``x`` with the reduced axes merged into one at the end, and which they were."""
    axes = normalize_axes(op, axis, x.ndim, x.shape)
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    n = math.prod(x.shape[i] for i in axes)
    if n == 0:
        raise ShapeError(f"{op}: there is no element along axis={axis} of x {tuple(x.shape)}.")
    return reshape(transpose(x, rest + axes), (*(x.shape[i] for i in rest), n)), axes


def _kept(y: Any, x: Any, axes: tuple[int, ...], keepdims: bool, lead: int = 0) -> Any:
    if not keepdims:
        return y
    return reshape(y, (*y.shape[:lead], *(1 if i in axes else n for i, n in enumerate(x.shape))))


_METHODS = ("linear", "lower", "higher", "nearest", "midpoint")


def _neighbours(op: str, position: float, method: str) -> tuple[int, float]:
    """The lower neighbour of a place between order statistics, and how far to go towards the higher."""
    low = math.floor(position)
    share = position - low
    if method == "lower":
        share = 0.0
    elif method == "higher":
        share = float(share > 0)
    elif method == "nearest":
        share = float(np.round(position) - low)
    elif method == "midpoint":
        share = 0.5 if share > 0 else 0.0
    elif method != "linear":
        raise ArgumentError(f"{op}: method must be one of {', '.join(_METHODS)}, not {method!r}.")
    return low, share


def _quantile(op: str, x: Any, q: Any, axis: Axis, keepdims: bool, method: str, scale: float = 1.0) -> Any:
    levels = constant(q)
    if not hasattr(levels, "level"):
        levels = np.asarray(levels, dtype=np.float64)
    seen = innermost(levels)
    if seen.size and not (seen.min() >= 0 and seen.max() <= scale):
        raise RangeError(
            f"{op}: q holds {seen.tolist()}; quantiles lie in [0, 1]. For percent use percentile."
            if scale == 1 else f"{op}: q holds {seen.tolist()}; percent lie in [0, 100]."
        )  # fmt: skip
    if scale != 1:
        levels = levels / scale
    flat, axes = _last(op, x, axis)
    missing = where(isnan(flat).any(axis=-1), np.nan, 0.0).astype(x.dtype)  # NaN among the elements: the answer is NaN
    if hasattr(levels, "level"):
        return _quantile_by_example(op, x, flat, missing, levels.astype(np.float64), axes, keepdims, method)
    results = []
    for level in levels.reshape(-1):
        low, share = _neighbours(op, float(level) * (flat.shape[-1] - 1), method)
        y = _statistic(flat, k=low)
        if share:
            y = y * (1 - share) + _statistic(flat, k=low + 1) * share
        results.append(_kept(y + missing, x, axes, keepdims))
    if levels.ndim == 0:
        return results[0]
    return reshape(stack(results, 0), (*levels.shape, *results[0].shape)) if results else x[:0]


def _quantile_by_example(
    op: str, x: Any, flat: Any, missing: Any, levels: Any, axes: tuple[int, ...], keepdims: bool, method: str
) -> Any:
    """Inside vmap, where every example has its own q: the order statistics are looked up in the sorted elements."""
    still = sort(constant(flat), -1)
    n = flat.shape[-1]
    position = reshape(levels, -1) * (n - 1)
    low = floor(position)
    share = position - low
    if method == "lower":
        share = 0 * share
    elif method == "higher":
        share = (share > 0).astype(np.float64)
    elif method == "nearest":
        share = rint(position) - low
    elif method == "midpoint":
        share = 0.5 * (share > 0)
    elif method != "linear":
        raise ArgumentError(f"{op}: method must be one of {', '.join(_METHODS)}, not {method!r}.")
    places, share = low.astype(np.int64), share.astype(x.dtype)
    total: Any = 0
    for place, weight in ((places, 1 - share), (minimum(places + 1, n - 1), share)):
        value = getitem(still, (..., place))  # (*rest, levels)
        hit = expand_dims(flat, -2) == expand_dims(value, -1)
        mean = sum(where(hit, expand_dims(flat, -2), 0), -1) / maximum(sum(hit, -1), 1).astype(x.dtype)
        total = total + mean * weight
    total = moveaxis(total, -1, 0) + missing
    kept = _kept(total, x, axes, keepdims, lead=1)
    return reshape(kept, (*levels.shape, *kept.shape[1:]))


@composite(
    r"Q_q({0})",
    [
        sample(spec(2, 4, distinct=True), q=0.3, axis=1),
        sample(spec(2, 3, distinct=True), q=0.5),
        sample(spec(5, distinct=True), q=(0.1, 0.8)),
    ],
    reference=lambda x, q, axis=None: np.quantile(x, q, axis),
)
def quantile(x: Any, q: Any, axis: Axis = None, keepdims: bool = False, method: str = "linear") -> Any:
    """The values below which the share ``q`` of the elements lies; an array of q adds its axes in front.

    Between two elements the value is interpolated by ``method``: linear, lower, higher, nearest, midpoint. Tied
    elements share the gradient evenly.
    """
    return _quantile("quantile", x, q, axis, keepdims, method)


@composite(
    r"Q_{{p/100}}({0})",
    [sample(spec(2, 4, distinct=True), q=30, axis=1)],
    reference=lambda x, q, axis=None: np.percentile(x, q, axis),
)
def percentile(x: Any, q: Any, axis: Axis = None, keepdims: bool = False, method: str = "linear") -> Any:
    """:func:`quantile` with ``q`` in percent."""
    return _quantile("percentile", x, q, axis, keepdims, method, 100.0)


@composite(
    r"\operatorname{{median}} {0}",
    [sample(spec(2, 4, distinct=True), axis=1), sample(spec(5, distinct=True))],
    reference=lambda x, axis=None: np.median(x, axis),
)
def median(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The middle element over axes, or the mean of the two in the middle. Tied elements share the gradient evenly."""
    return _quantile("median", x, 0.5, axis, keepdims, "linear")


def _nan_quantile(op: str, x: Any, q: Any, axis: Axis, keepdims: bool) -> Any:
    q = constant(q)
    if not (np.min(innermost(q)) >= 0 and np.max(innermost(q)) <= 1):
        raise RangeError(f"{op}: q is {innermost(q)}; quantiles lie in [0, 1].")
    flat, axes = _last(op, x, axis)
    ordered = sort(flat, -1)  # NaN last
    last = maximum(sum(~isnan(constant(flat)), -1, keepdims=True), 1) - 1
    position = last * q
    low = floor(position).astype(np.int64)
    share = (position - low).astype(x.dtype)
    high = minimum(low + 1, last)
    y = _picked(flat, ordered, low) * (1 - share) + _picked(flat, ordered, high) * share
    return _kept(squeeze(y, -1), x, axes, keepdims)


def _picked(flat: Any, ordered: Any, place: Array) -> Any:
    """The element at a place of the order; those equal to it share its gradient."""
    y = take_along_axis(ordered, place, -1)
    y = y.detach() if hasattr(y, "detach") else y
    hit = flat == y
    ties = sum(hit.astype(flat.dtype), -1, keepdims=True)
    return y + sum(where(hit & isfinite(y), flat - y, 0), -1, keepdims=True) / where(ties == 0, 1, ties)


@composite(
    r"Q_q({0})",
    [sample(spec(2, 4, distinct=True), q=0.3, axis=1)],
    reference=lambda x, q, axis=None: np.nanquantile(x, q, axis),
)
def nanquantile(x: Any, q: float, axis: Axis = None, keepdims: bool = False) -> Any:
    """:func:`quantile` of what is a number, by linear interpolation; NaN where nothing is."""
    return _nan_quantile("nanquantile", x, q, axis, keepdims)


@composite(r"\operatorname{{nanmedian}} {0}", [sample(spec(2, 4, distinct=True), axis=1)], reference=np.nanmedian)
def nanmedian(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """:func:`median` of what is a number; NaN where nothing is."""
    return _nan_quantile("nanmedian", x, 0.5, axis, keepdims)


# ------------------------------------------------------------------------------- searches and counts: no gradient


def _plain(x: Any) -> Array:
    return x.array if isinstance(x, Variable) else x if is_array(x) else np.asarray(x)


def _wrapped(*xs: Any) -> Any:
    """Arrays as Tensors, where a Tensor came in."""
    return tuple(bound(x, None) for x in xs)


class UniqueAll(NamedTuple):
    """The array API's result of :func:`unique_all`."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCounts(NamedTuple):
    """The array API's result of :func:`unique_counts`."""

    values: Any
    counts: Any


class UniqueInverse(NamedTuple):
    """The array API's result of :func:`unique_inverse`."""

    values: Any
    inverse_indices: Any


def unique_all(x: Any) -> UniqueAll:
    """The distinct elements in order, where each stands first, which one each element is, and how many there are."""
    values, first, inverse, counts = np.unique(
        _plain(x), return_index=True, return_inverse=True, return_counts=True, equal_nan=False
    )
    return UniqueAll(*_wrapped(values, first, inverse.reshape(x.shape), counts))


def unique_counts(x: Any) -> UniqueCounts:
    """The distinct elements in order, and how often each stands there."""
    return UniqueCounts(*_wrapped(*np.unique(_plain(x), return_counts=True, equal_nan=False)))


def unique_inverse(x: Any) -> UniqueInverse:
    """The distinct elements in order, and for each element which of them it is."""
    values, inverse = np.unique(_plain(x), return_inverse=True, equal_nan=False)
    return UniqueInverse(*_wrapped(values, inverse.reshape(x.shape)))


def unique_values(x: Any) -> Any:
    """The distinct elements, in order; without gradient."""
    return _wrapped(np.unique(_plain(x), equal_nan=False))[0]


def unique(x: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False) -> Any:
    """The distinct elements in order and, as asked for, first indices, inverse and counts (NumPy's function)."""
    numpy_unique: Any = np.unique
    found = numpy_unique(_plain(x), return_index, return_inverse, return_counts)
    return _wrapped(*found) if isinstance(found, tuple) else _wrapped(found)[0]


def _search_forward(a: Array, v: Array, *, right: bool) -> Array:
    return np.asarray(np.searchsorted(a, v, "right" if right else "left"))


_searchsorted = primitive(
    "searchsorted", _search_forward, kind="gather", register=False,
    doc="Where the elements of ``v`` belong in the ordered vector ``a``: before equal ones, or after them.",
)  # fmt: skip


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Where the elements of ``v`` belong in the ordered vector ``a``: before equal ones (``left``) or after them."""
    if side not in ("left", "right"):
        raise ArgumentError(f'searchsorted: side must be "left" or "right", not {side!r}.')
    a, v = _constants(a, v)
    if a.ndim != 1:
        raise ShapeError(f"searchsorted: a must have one axis, not {tuple(a.shape)}.")
    if sorter is not None:
        a = getitem(a, constant(sorter))
    return _as_tensors(_searchsorted(a, v, right=side == "right"))[0]


def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """The number of the bin that each element falls in."""
    x, bins = _constants(x, bins)
    if hasattr(x, "level") and not hasattr(bins, "level"):
        edges = np.asarray(bins)
        if edges.size and edges[0] > edges[-1]:  # descending
            return len(edges) - _searchsorted(edges[::-1], x, right=right)
        return _searchsorted(edges, x, right=not right)
    return _wrapped(np.asarray(np.digitize(_plain(x), _plain(bins), right)))[0]


def _constants(*xs: Any) -> tuple[Any, ...]:
    """Values without gradient: arrays, and inside vmap one for each example."""
    found = [constant(x) for x in xs]
    return tuple(x if hasattr(x, "shape") else np.asarray(x) for x in found)


def _as_tensors(*xs: Any) -> tuple[Any, ...]:
    return tuple(x if isinstance(x, Variable) else bound(x, None) for x in xs)


def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """How often each integer from 0 stands in the 1-d ``x``, or the sums of ``weights``; without gradient."""
    return _wrapped(np.bincount(_plain(x), None if weights is None else _plain(weights), minlength))[0]


def histogram(x: Any, bins: Any = 10, range: Any = None, density: bool = False) -> tuple[Any, Any]:
    """Counts and edges of the bins, as NumPy's; without gradient."""
    return _wrapped(*np.histogram(_plain(x), _plain(bins) if hasattr(bins, "shape") else bins, range, density))


__all__ += ["UniqueAll", "UniqueCounts", "UniqueInverse"]
