"""Ops that write by index, along one axis: gather and scatter with their reductions, and writes by mask.

``index`` holds integers and, as in PyTorch, may be shorter than ``x`` along the other axes: then only that corner of
``x`` is meant.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.backend import Array, array_module, least
from autograd.composite import composite
from autograd.errors import ArgumentError, DtypeError, RangeError, ShapeError
from autograd.ops.axes import normalize_axis
from autograd.ops.elementwise import maximum, where
from autograd.ops.halves import floats
from autograd.ops.indexing import check_places, getitem, in_dtype, put_along_axis_add, setitem, take_along_axis
from autograd.ops.product import prod
from autograd.ops.reduce import sum
from autograd.ops.scan import cumsum
from autograd.ops.shape import broadcast_to, expand_dims, moveaxis, pad, reshape
from autograd.primitive import primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import constant, innermost, module_of

__all__ = [
    "gather", "index_add", "index_copy", "index_fill", "index_select", "masked_fill", "masked_scatter", "masked_select",
    "put", "scatter", "scatter_add", "scatter_reduce",
]  # fmt: skip


def _index(op: str, x: Any, index: Any, axis: int) -> Any:
    """The index as integers from 0, in range, that fit x: an array, or inside vmap one for each example."""
    index = constant(index)
    if not hasattr(index, "dtype"):
        index = module_of(x).asarray(index)
    if index.dtype.kind not in "iu":
        raise DtypeError(f"{op}: index must hold integers, not {index.dtype}. Convert it with .astype('int64').")
    if index.ndim != x.ndim or any(
        a > b for i, (a, b) in enumerate(zip(index.shape, x.shape, strict=True)) if i != axis
    ):
        raise ShapeError(
            f"{op}: index is {tuple(index.shape)} and x is {tuple(x.shape)}; it needs as many axes, and may not be "
            f"longer except on axis {axis}."
        )
    check_places(op, "index", index, axis, x)
    return where(index < 0, index + x.shape[axis], index)


def _corner(x: Any, shape: tuple[int, ...], axis: int) -> Any:
    """The part of x that an index of this shape means."""
    if all(a == b for i, (a, b) in enumerate(zip(x.shape, shape, strict=True)) if i != axis):
        return x
    return getitem(x, tuple(slice(None) if i == axis else slice(0, n) for i, n in enumerate(shape)))


def _source(op: str, src: Any, index: Any) -> Any:
    """The values to write, cut to the shape of the index."""
    if not hasattr(src, "shape"):
        return src
    if src.ndim == 0:
        return broadcast_to(src, index.shape)
    if src.ndim != index.ndim or any(a > b for a, b in zip(index.shape, src.shape, strict=True)):
        raise ShapeError(
            f"{op}: src is {tuple(src.shape)}; it must be at least as long as index {tuple(index.shape)} on each axis."
        )
    return src if tuple(src.shape) == index.shape else getitem(src, tuple(slice(0, n) for n in index.shape))


def _places(index: Any, axis: int) -> tuple[Any, ...]:
    """The index of every element of ``index`` in x, for advanced indexing."""
    places = list(module_of(index).ogrid[tuple(slice(n) for n in index.shape)])
    places[axis] = index
    return tuple(places)


@composite(
    r"{0}[i]",
    [
        sample(spec(3, 4), axis=1, index=np.array([[0, 3], [1, 1]])),
        sample(spec(4), axis=0, index=np.array([2, 2, 0])),
        sample(spec(3, 4), axis=-2, index=np.array([[-1, 0, 2, 2]])),
        sample(spec(3), axis=0, index=np.zeros(0, np.int64)),
    ],
    errors=[
        ErrorSample((np.ones((3, 4)),), RangeError, "index holds 7; axis 1", {"axis": 1, "index": np.array([[7]])}),
        ErrorSample((np.ones((3, 4)),), DtypeError, "must hold integers", {"axis": 1, "index": np.array([[0.5]])}),
    ],
)
def gather(x: Any, axis: int, index: Any) -> Any:
    """The elements of ``x`` at ``index`` along an axis: ``y[i, j] = x[i, index[i, j]]`` for axis 1."""
    axis = normalize_axis("gather", axis, x.ndim, x.shape)
    index = _index("gather", x, index, axis)
    return take_along_axis(_corner(x, index.shape, axis), index, axis)


@composite(
    r"{0}[i] \leftarrow {1}",
    [
        sample(spec(3, 4), spec(2, 2), axis=1, index=np.array([[0, 3], [1, 2]])),
        sample(spec(3, 4), spec(2, 4), axis=-2, index=np.array([[-1, 0, 2, 2]])),
        sample(spec(3), spec(), axis=0, index=np.array([1, 1])),
    ],
    errors=[ErrorSample((np.ones(3), np.ones(1)), RangeError, "index holds 7", {"axis": 0, "index": np.array([7])})],
)
def _scatter_set(x: Any, src: Any, axis: int, index: Any) -> Any:
    return scatter(x, axis, index, src)


def scatter(x: Any, axis: int, index: Any, src: Any) -> Any:
    """A copy of ``x`` with ``src`` written at ``index`` along an axis; of several to one place the last stays."""
    axis = normalize_axis("scatter", axis, x.ndim, x.shape)
    index = _index("scatter", x, index, axis)
    return setitem(x, _places(index, axis), _source("scatter", src, index))


def _spread(x: Any, src: Any, index: Any, axis: int) -> Any:
    """An array like ``x`` with the sums of ``src`` at ``index``."""
    if not hasattr(src, "shape"):
        src = module_of(index).full(index.shape, src, dtype=x.dtype)
    shape = tuple(x.shape[i] if i == axis else n for i, n in enumerate(index.shape))
    total = put_along_axis_add(src, index, shape=shape, axis=axis)
    missing = [(0, n - m) for n, m in zip(x.shape, shape, strict=True)]
    return pad(total, missing) if any(after for _, after in missing) else total


@composite(
    r"{0} + \operatorname{{scatter}}_i({1})",
    [
        sample(spec(3, 4), spec(2, 3), axis=1, index=np.array([[0, 0, 3], [1, 2, 1]])),
        sample(spec(3, 4), spec(2, 4), axis=-2, index=np.array([[-1, 0, 2, 2]])),
        sample(spec(3), spec(), axis=0, index=np.array([1, 1])),
    ],
    errors=[ErrorSample((np.ones(3), np.ones(1)), ShapeError, "src is", {"axis": 0, "index": np.array([0, 1])})],
)
def _scatter_add(x: Any, src: Any, axis: int, index: Any) -> Any:
    return scatter_add(x, axis, index, src)


def scatter_add(x: Any, axis: int, index: Any, src: Any) -> Any:
    """``x`` plus ``src`` at ``index`` along an axis; several at one place add up."""
    axis = normalize_axis("scatter_add", axis, x.ndim, x.shape)
    index = _index("scatter_add", x, index, axis)
    return x + _spread(x, _source("scatter_add", src, index), index, axis)


_REDUCTIONS = ("sum", "mean", "prod", "amax", "amin")
_reduce_samples = [
    sample(spec(2, 4, distinct=True), spec(2, 3, low=2.1, high=3.0, distinct=True), axis=1,
           index=np.array([[0, 0, 3], [1, 2, 1]]), reduce=name, include_self=own)
    for name in _REDUCTIONS for own in (True, False)
]  # fmt: skip


@composite(
    r"\operatorname{{scatter}}_i({0}, {1})",
    _reduce_samples,
    errors=[
        ErrorSample(
            (np.ones(3), np.ones(3)),
            ArgumentError,
            "reduce must be one of",
            {"axis": 0, "index": np.array([0]), "reduce": "most", "include_self": True},
        )
    ],
)
def _scatter_reduce(x: Any, src: Any, axis: int, index: Any, reduce: str, include_self: bool) -> Any:
    return scatter_reduce(x, axis, index, src, reduce, include_self)


def scatter_reduce(x: Any, axis: int, index: Any, src: Any, reduce: str, include_self: bool = True) -> Any:
    """``src`` reduced into ``x`` at ``index`` along an axis: ``"sum"``, ``"mean"``, ``"prod"``, ``"amax"``, ``"amin"``.

    ``include_self`` says whether the old value of ``x`` takes part. Places that no index names keep their value. Ties
    of the extremes share the gradient evenly; products are right with any number of zeros.
    """
    if reduce not in _REDUCTIONS:
        raise ArgumentError(f"scatter_reduce: reduce must be one of {', '.join(_REDUCTIONS)}, not {reduce!r}.")
    axis = normalize_axis("scatter_reduce", axis, x.ndim, x.shape)
    index = _index("scatter_reduce", x, index, axis)
    src = _source("scatter_reduce", src, index)
    if reduce == "mean":
        x, src = floats(x, src)
    ones = module_of(index).ones(index.shape, dtype=np.int64)  # not in the dtype of x, which may not count far
    count = _spread(x, ones, index, axis)
    hit = count > 0
    if reduce in ("sum", "mean"):
        start = x if include_self else where(hit, 0, x)
        total = start + _spread(x, src, index, axis)
        if reduce == "sum":
            return total
        return total / where(hit, count + include_self, 1).astype(x.dtype)
    if not hasattr(src, "shape"):
        src = src * ones.astype(x.dtype)
    if reduce == "prod":
        return where(hit, _scatter_products(x, src, index, axis, include_self), x)
    best = _scatter_extreme(x, src, index, axis=axis, largest=reduce == "amax", include_self=include_self)
    return where(hit, best, x)


def _scatter_products(x: Any, src: Any, index: Any, axis: int, include_self: bool) -> Any:
    """Products of all sources of a place: a dense table of places against sources, 1 where they do not meet."""
    n = x.shape[axis]
    sources = expand_dims(moveaxis(src, axis, -1), -2)  # (..., 1, sources)
    target = expand_dims(moveaxis(index, axis, -1), -2) == module_of(index).arange(n)[:, None]
    table = prod(where(target, sources, 1), -1)
    product = moveaxis(table, -1, axis)
    missing = [(0, a - b) for a, b in zip(x.shape, product.shape, strict=True)]
    product = pad(product, missing, 1.0) if any(after for _, after in missing) else product
    return x * product if include_self else product


def _extreme_forward(x: Array, src: Array, index: Array, *, axis: int, largest: bool, include_self: bool) -> Array:
    xp = array_module(index)
    best = x.astype(np.result_type(x.dtype, src.dtype))
    places = _places(index, axis)
    if not include_self:
        best[places] = least(best.dtype, largest)
    with np.errstate(invalid="ignore"):  # of a NaN, which is the extreme
        (xp.maximum if largest else xp.minimum).at(best, places, src)
    return best


def _extreme_shares(y: Any, x: Any, src: Any, index: Any, axis: int, include_self: bool) -> tuple[Any, Any, Any]:
    """Which elements of ``x`` and of ``src`` are the extreme, and how many of them each place has; NaN is NaN's equal.

    With ``include_self`` False no element of ``x`` counts.
    """
    picked = take_along_axis(_corner(y, index.shape, axis), index, axis)
    own = ((x == y) | ((x != x) & (y != y))) & include_self
    reach = (src == picked) | ((src != src) & (picked != picked))
    ties = own.astype(y.dtype) + _spread(y, reach.astype(y.dtype), index, axis)
    return own, reach, maximum(ties, 1)


def _extreme_x_vjp(g: Any, y: Any, x: Any, src: Any, index: Any, axis: int, include_self: bool) -> Any:
    own, _, ties = _extreme_shares(y, x, src, index, axis, include_self)
    return where(own, g / ties, 0)


def _extreme_src_vjp(g: Any, y: Any, x: Any, src: Any, index: Any, axis: int, include_self: bool) -> Any:
    _, reach, ties = _extreme_shares(y, x, src, index, axis, include_self)
    return where(reach, take_along_axis(_corner(g / ties, index.shape, axis), index, axis), 0)


def _extreme_src_jvp(t: Any, y: Any, x: Any, src: Any, index: Any, axis: int, include_self: bool) -> Any:
    _, reach, ties = _extreme_shares(y, x, src, index, axis, include_self)
    return _spread(y, where(reach, t, 0), index, axis) / ties


_scatter_extreme = primitive(
    "scatter_extreme", _extreme_forward, kind="scan", register=False, selects=True,
    vjp=[_extreme_x_vjp, _extreme_src_vjp, None], jvp=[_extreme_x_vjp, _extreme_src_jvp, None],
    doc="``x`` with the extreme of what stands there and of all elements of ``src`` at ``index`` along an axis.",
)  # fmt: skip


# --------------------------------------------------------------------------------------------- along one axis


def _vector(op: str, x: Any, axis: int, index: Any) -> tuple[int, Any]:
    axis = normalize_axis(op, axis, x.ndim, x.shape)
    index = constant(index)
    index = index if hasattr(index, "dtype") else np.asarray(index)
    if index.ndim > 1 or index.dtype.kind not in "iu":
        raise ShapeError(f"{op}: index must be a vector of integers, not {index.dtype} {tuple(index.shape)}.")
    check_places(op, "index", index, axis, x)
    return axis, index.reshape(-1)


@composite(
    r"{0}[i]",
    [
        sample(spec(3, 4), axis=1, index=np.array([3, 0, 3])),
        sample(spec(3, 4), axis=-2, index=np.array([-1, 0])),
        sample(spec(3), axis=0, index=np.zeros(0, np.int64)),
    ],
    errors=[
        ErrorSample((np.ones((3, 4)),), RangeError, "index holds 7; axis 1 of", {"axis": 1, "index": np.array([7])})
    ],
)
def index_select(x: Any, axis: int, index: Any) -> Any:
    """The slices of ``x`` at ``index`` along an axis."""
    axis, index = _vector("index_select", x, axis, index)
    return getitem(x, (slice(None),) * axis + (index,))


@composite(
    r"{0} + \operatorname{{scatter}}_i({1})",
    [
        sample(spec(3, 4), spec(3, 3), axis=1, index=np.array([3, 0, 3])),
        sample(spec(3, 4), spec(2, 4), axis=-2, index=np.array([-1, -1])),
    ],
    errors=[
        ErrorSample(
            (np.ones(3), np.ones(1)), RangeError, "index holds -4; axis 0", {"axis": 0, "index": np.array([-4])}
        )
    ],
)
def _index_add(x: Any, source: Any, axis: int, index: Any) -> Any:
    return index_add(x, axis, index, source, 2.0)


def index_add(x: Any, axis: int, index: Any, source: Any, alpha: float = 1.0) -> Any:
    """``x`` plus ``alpha`` times the slices of ``source`` at ``index`` along an axis; repeated indices add up."""
    axis, index = _vector("index_add", x, axis, index)
    if isinstance(alpha, float):
        x, source = floats(x, source)
    wide = broadcast_to(index.reshape(tuple(-1 if i == axis else 1 for i in range(x.ndim))), source.shape)
    return x + alpha * put_along_axis_add(source, wide, shape=tuple(x.shape), axis=axis)


@composite(
    r"{0}[i] \leftarrow {1}",
    [
        sample(spec(3, 4), spec(3, 2), axis=1, index=np.array([3, 0])),
        sample(spec(3, 4), spec(2, 4), axis=-2, index=np.array([-1, 0])),
    ],
)
def _index_copy(x: Any, source: Any, axis: int, index: Any) -> Any:
    return index_copy(x, axis, index, source)


def index_copy(x: Any, axis: int, index: Any, source: Any) -> Any:
    """``x`` with the slices of ``source`` at ``index`` along an axis."""
    axis, index = _vector("index_copy", x, axis, index)
    return setitem(x, (slice(None),) * axis + (index,), source)


@composite(
    r"{0}[i] \leftarrow v",
    [
        sample(spec(3, 4), axis=1, index=np.array([3, 0]), value=0.5),
        sample(spec(3, 4), axis=-2, index=np.array([-1]), value=0),
    ],
    errors=[
        ErrorSample(
            (np.ones((3, 4)),),
            RangeError,
            "index holds 7; axis 1 of",
            {"axis": 1, "index": np.array([7]), "value": 0.0},
        )
    ],
)
def index_fill(x: Any, axis: int, index: Any, value: Any) -> Any:
    """``x`` with ``value`` in the slices at ``index`` along an axis."""
    axis, index = _vector("index_fill", x, axis, index)
    return setitem(x, (slice(None),) * axis + (index,), value)


@composite(
    r"{0}[i] \leftarrow {1}",
    [
        sample(spec(3, 4), spec(2, 3), indices=np.array([[0, 5, 11], [-2, 3, 1]])),
        sample(spec(2, 2), spec(), indices=3),
        sample(spec(3), spec(2), indices=np.array([1, 1])),
    ],
    errors=[
        ErrorSample((np.ones(3), np.ones(1)), RangeError, "indices holds 9; axis 0", {"indices": np.array([9])}),
        ErrorSample((np.ones(3), np.ones(1)), DtypeError, "holds integers or booleans", {"indices": np.array([0.5])}),
        ErrorSample((np.ones(3), np.ones(3)), ShapeError, r"x\[index\] is \(2,\)", {"indices": np.array([0, 1])}),
    ],
)
def _put(x: Any, values: Any, indices: Any) -> Any:
    return put(x, indices, values)


def put(x: Any, indices: Any, values: Any) -> Any:
    """A copy of ``x`` with ``values`` at ``indices`` into the flattened array."""
    indices = constant(indices)
    indices = indices if hasattr(indices, "dtype") else np.asarray(indices)
    flat = reshape(x, -1)
    if indices.dtype.kind in "iu":
        check_places("put", "indices", indices, 0, flat)
    return reshape(setitem(flat, indices, values), x.shape)


# ------------------------------------------------------------------------------------------------------- by mask


def _mask(op: str, mask: Any) -> Any:
    mask = constant(mask)
    if getattr(mask, "dtype", np.dtype(float)).kind != "b":
        raise DtypeError(
            f"{op}: mask must be Boolean, not {getattr(mask, 'dtype', type(mask))}. Compare first: mask != 0."
        )
    return mask


@composite(
    r"m \, ? \, v : {0}",
    [
        sample(spec(3, 4), mask=np.arange(12).reshape(3, 4) % 3 == 0, value=0.5),
        sample(spec(), mask=np.array(True), value=2),
        sample(spec(2, 3), mask=np.array([True, False, True]), value=-1e3),
    ],
    errors=[
        ErrorSample((np.ones(3),), DtypeError, "mask must be Boolean, not float64", {"mask": np.ones(3), "value": 0.0})
    ],
)
def masked_fill(x: Any, mask: Any, value: Any) -> Any:
    """``x`` with ``value`` where ``mask`` holds; ``mask`` broadcasts."""
    return where(_mask("masked_fill", mask), value, x)


@composite(
    r"{0}[m]",
    [sample(spec(3, 4), mask=np.arange(12).reshape(3, 4) % 3 == 0)],
    errors=[ErrorSample((np.ones(3),), DtypeError, "mask must be Boolean, not float64", {"mask": np.ones(3)})],
)
def masked_select(x: Any, mask: Any) -> Any:
    """The elements of ``x`` where ``mask`` holds, as a vector; the two broadcast."""
    mask = _mask("masked_select", mask)
    shape = np.broadcast_shapes(tuple(x.shape), tuple(mask.shape))
    return getitem(broadcast_to(x, shape), broadcast_to(mask, shape))


@composite(
    r"{0}[m] := {1}",
    [sample(spec(3, 4), spec(5), mask=np.arange(12).reshape(3, 4) % 3 == 0)],
    errors=[ErrorSample((np.ones(3), np.ones(2)), ShapeError, "mask holds 3 times", {"mask": np.ones(3, bool)})],
)
def masked_scatter(x: Any, source: Any, mask: Any) -> Any:
    """``x`` with the elements of ``source``, in order, where ``mask`` holds."""
    mask = broadcast_to(_mask("masked_scatter", mask), x.shape)
    count = sum(mask)
    wanted = int(innermost(count).max())
    if source.size < wanted:
        raise ShapeError(
            f"masked_scatter: mask holds {wanted} times; source {tuple(source.shape)} has {source.size} elements."
        )
    if not hasattr(mask, "level"):
        return setitem(x, mask, getitem(reshape(source, -1), slice(0, wanted)))
    if not wanted:
        return x
    order = maximum(cumsum(reshape(mask, -1).astype(np.int64), 0) - 1, 0)  # which element of the source comes next
    return where(mask, in_dtype(reshape(getitem(reshape(source, -1), order), x.shape), x), x)
