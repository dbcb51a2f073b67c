"""Searches and counts: distinct elements, places in an order, histograms. Their results carry no gradient."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd.backend import Array, is_array
from autograd.composite import composite
from autograd.dispatch import bound
from autograd.errors import ArgumentError, DtypeError, RangeError, ShapeError
from autograd.ops.indexing import getitem
from autograd.primitive import primitive
from autograd.samples import ErrorSample, boolean, integers, sample
from autograd.samples import array as spec
from autograd.tape import Variable, constant

__all__ = [
    "UniqueAll", "UniqueCounts", "UniqueInverse", "bincount", "digitize", "histogram", "searchsorted", "unique",
    "unique_all", "unique_counts", "unique_inverse", "unique_values",
]  # fmt: skip


_counted = [sample(integers(6)), sample(integers(2, 3, high=3)), sample(integers(0)), sample(boolean(4))]


def _plain(x: Any) -> Array:
    if isinstance(x, Variable):
        return x.array
    array = x if is_array(x) else np.asarray(x)
    if array.dtype.kind not in "biufc":
        raise TypeError(array.dtype)  # the op that was called says which argument it is
    return array


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


@composite(r"\operatorname{{unique}} {0}", _counted, differentiable=False, reference=np.unique)
def unique_all(x: Any) -> UniqueAll:
    """The distinct elements in order, where each stands first, which one each element is, and how many there are."""
    values, first, inverse, counts = np.unique(
        _plain(x), return_index=True, return_inverse=True, return_counts=True, equal_nan=False
    )
    return UniqueAll(*_wrapped(values, first, inverse.reshape(x.shape), counts))


@composite(r"\operatorname{{unique}} {0}", _counted, differentiable=False, reference=np.unique)
def unique_counts(x: Any) -> UniqueCounts:
    """The distinct elements in order, and how often each stands there."""
    return UniqueCounts(*_wrapped(*np.unique(_plain(x), return_counts=True, equal_nan=False)))


@composite(r"\operatorname{{unique}} {0}", _counted, differentiable=False, reference=np.unique)
def unique_inverse(x: Any) -> UniqueInverse:
    """The distinct elements in order, and for each element which of them it is."""
    values, inverse = np.unique(_plain(x), return_inverse=True, equal_nan=False)
    return UniqueInverse(*_wrapped(values, inverse.reshape(x.shape)))


@composite(r"\operatorname{{unique}} {0}", _counted, differentiable=False, reference=np.unique)
def unique_values(x: Any) -> Any:
    """The distinct elements, in order; without gradient."""
    return _wrapped(np.unique(_plain(x), equal_nan=False))[0]


@composite(r"\operatorname{{unique}} {0}", _counted, differentiable=False, reference=np.unique)
def unique(x: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False) -> Any:
    """The distinct elements in order and, as asked for, first indices, inverse and counts (NumPy's function)."""
    numpy_unique: Any = np.unique
    found = numpy_unique(_plain(x), return_index, return_inverse, return_counts)
    return _wrapped(*found) if isinstance(found, tuple) else _wrapped(found)[0]


def _search_forward(a: Array, v: Array, *, right: bool) -> Array:
    return np.asarray(np.searchsorted(a, v, "right" if right else "left"))


search = primitive(
    "searchsorted", _search_forward, kind="gather", register=False,
    doc="Where the elements of ``v`` belong in the ordered vector ``a``: before equal ones, or after them.",
)  # fmt: skip


@composite(
    r"\#\{{i : {0}_i < {1}\}}",
    [
        sample(spec(1), spec(2, 3)), sample(integers(4, low=2, high=3), integers(2, 3)),
        sample(integers(4, low=2, high=3), integers(), side="right"), sample(spec(0), spec(2)),
    ],
    errors=[
        ErrorSample((np.ones((2, 2)), np.ones(2)), ShapeError, r"a must have one axis, not \(2, 2\)"),
        ErrorSample((np.ones(2), np.ones(2)), ArgumentError, "side must be", {"side": "middle"}),
    ],
    differentiable=False,
    reference=np.searchsorted,
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
    return _as_tensors(search(a, v, right=side == "right"))[0]


@composite(
    r"\#\{{i : b_i \le {0}\}}",
    [
        sample(spec(2, 3), bins=np.array([-1.0, 0.0, 1.0])), sample(spec(), bins=np.array([1.0, -1.0])),
        sample(integers(4), bins=np.array([1, 3]), right=True), sample(spec(0), bins=np.array([0.0])),
    ],
    errors=[ErrorSample((np.ones(2),), ArgumentError, "bins must increase or decrease", {"bins": np.array([1, 3, 2])})],
    differentiable=False,
    reference=np.digitize,
)  # fmt: skip
def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """The number of the bin that each element falls in."""
    x, bins = _constants(x, bins)
    if hasattr(x, "level") and not hasattr(bins, "level"):
        edges = np.asarray(bins)
        if edges.size and edges[0] > edges[-1]:  # descending
            return len(edges) - search(edges[::-1], x, right=right)
        return search(edges, x, right=not right)
    edges = _plain(bins)
    steps = np.diff(edges) if edges.ndim == 1 else None
    if steps is None or not (np.all(steps >= 0) or np.all(steps <= 0)):
        raise ArgumentError(
            f"digitize: bins must increase or decrease along one axis, not {edges.tolist()}. Sort them."
        )
    return _wrapped(np.asarray(np.digitize(_plain(x), edges, right)))[0]


def _constants(*xs: Any) -> tuple[Any, ...]:
    """Values without gradient: arrays, and inside vmap one for each example."""
    found = [constant(x) for x in xs]
    return tuple(x if hasattr(x, "shape") else np.asarray(x) for x in found)


def _as_tensors(*xs: Any) -> tuple[Any, ...]:
    return tuple(x if isinstance(x, Variable) else bound(x, None) for x in xs)


@composite(
    r"\textstyle\sum_i [{0}_i = k]",
    [sample(integers(6)), sample(integers(4), minlength=7), sample(integers(0)),
     sample(integers(3), weights=np.array([0.5, 1.0, 2.0]))],
    errors=[
        ErrorSample((np.array([1, -1]),), RangeError, "x holds -1; it counts integers from 0"),
        ErrorSample((np.array([0.5]),), DtypeError, "x must hold integers, not float64"),
        ErrorSample((np.array([[1]]),), ShapeError, r"x must have one axis, not \(1, 1\). .*reshape"),
        ErrorSample((np.array([1]),), ShapeError, r"weights are \(2,\); x \(1,\) wants", {"weights": np.ones(2)}),
        ErrorSample((np.array([1]),), ArgumentError, "minlength must be an integer from 0", {"minlength": -1}),
    ],
    differentiable=False,
    reference=np.bincount,
)  # fmt: skip
def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """How often each integer from 0 stands in the 1-d ``x``, or the sums of ``weights``; without gradient."""
    numbers, loads = _plain(x), None if weights is None else _plain(weights)
    if numbers.ndim != 1:
        raise ShapeError(f"bincount: x must have one axis, not {numbers.shape}. Flatten it with reshape(-1).")
    if numbers.dtype.kind not in "biu" and numbers.size:
        raise DtypeError(f"bincount: x must hold integers, not {numbers.dtype}. Convert it with .astype('int64').")
    if numbers.size and numbers.min() < 0:
        raise RangeError(f"bincount: x holds {numbers.min()}; it counts integers from 0. Shift them with x - x.min().")
    if loads is not None and loads.shape != numbers.shape:
        raise ShapeError(f"bincount: weights are {loads.shape}; x {numbers.shape} wants one for each element.")
    if not isinstance(minlength, (int, np.integer)) or minlength < 0:
        raise ArgumentError(f"bincount: minlength must be an integer from 0, not {minlength!r}.")
    return _wrapped(np.bincount(numbers.astype(np.int64), loads, minlength))[0]


@composite(
    r"\textstyle\sum_i [b_k \le {0}_i < b_{{k+1}}]",
    [
        sample(integers(6), bins=3), sample(integers(2, 3), bins=np.array([0, 2, 5])), sample(integers(0), bins=2),
        sample(integers(6), bins=4, range=(0.0, 4.0), density=True),
    ],
    errors=[
        ErrorSample((np.ones(2),), ArgumentError, "bins=0.* must be positive", {"bins": 0}),
        ErrorSample((np.ones(2),), ArgumentError, r"bins=\[3, 1\].* must increase", {"bins": [3, 1]}),
        ErrorSample((np.array([np.nan]),), ArgumentError, r"is not finite"),
    ],
    differentiable=False,
    reference=lambda x, **params: np.histogram(x, **params)[0],
)  # fmt: skip
def histogram(x: Any, bins: Any = 10, range: Any = None, density: bool = False) -> tuple[Any, Any]:
    """Counts and edges of the bins, as NumPy's; without gradient."""
    try:
        found = np.histogram(_plain(x), _plain(bins) if hasattr(bins, "shape") else bins, range, density)
    except ValueError as error:
        raise ArgumentError(f"histogram: bins={bins!r} and range={range!r} do not serve: {error}") from error
    return _wrapped(*found)
