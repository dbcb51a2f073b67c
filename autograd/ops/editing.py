"""Ops that return an array with parts put in, replaced or taken out; the array itself stays as it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.backend import is_array
from autograd.composite import composite
from autograd.errors import DtypeError, RangeError, ShapeError
from autograd.ops.axes import normalize_axis
from autograd.ops.indexing import getitem, plain_index, put_along_axis_add, setitem
from autograd.ops.rearrange import movedim
from autograd.ops.scattering import scatter
from autograd.ops.shape import broadcast_to, concat, moveaxis, reshape
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import Variable, module_of

__all__ = [
    "append", "delete", "diagonal_scatter", "index_put", "insert", "put_along_axis", "select_scatter", "slice_scatter",
]  # fmt: skip


def _as_array(x: Any, like: Any) -> Any:
    return x if hasattr(x, "shape") else module_of(like).asarray(x)


@composite(
    r"({0}, {1})",
    [sample(spec(2, 3), spec(2, 1), axis=1), sample(spec(2), spec(2, 2))],
    errors=[ErrorSample((np.ones((2, 3)), np.ones((3, 3))), ShapeError, "must agree in every axis", {"axis": 1})],
    reference=np.append,
)
def append(x: Any, values: Any, axis: int | None = None) -> Any:
    """``values`` joined to the end of ``x`` along an axis; without one both are flattened."""
    return concat([x, _as_array(values, x)], axis)


def _slots(op: str, index: Any, n: int, size: int) -> np.ndarray:
    """The places, from 0, that an index (number, slice, list or mask) of an axis of length ``n`` names."""
    if isinstance(index, slice):
        return np.arange(*index.indices(n))
    places = np.asarray(getattr(index, "array", index))
    if places.dtype == bool:
        places = np.flatnonzero(places)
    if places.size and places.dtype.kind not in "iu":
        raise DtypeError(f"{op}: the index holds {places.dtype}; integers, a slice or a Boolean mask are wanted.")
    places = places.astype(np.int64)
    if places.size and not (places.min() >= -n and places.max() <= size):
        raise RangeError(f"{op}: the index holds {places.tolist()}; the axis has {n} elements.")
    return np.where(places < 0, places + n, places)


@composite(
    r"{0} \setminus {0}[i]",
    [
        sample(spec(3, 4), index=np.array([1, 3]), axis=1),
        sample(spec(2, 3), index=slice(0, 2)),
        sample(spec(4), index=-1),
    ],
    errors=[ErrorSample((np.ones((2, 3)),), RangeError, r"holds \[9\]", {"index": [9], "axis": 1})],
    reference=lambda x, index, axis=None: np.delete(x, index, axis),
)
def delete(x: Any, index: Any, axis: int | None = None) -> Any:
    """``x`` without the elements at ``index`` along an axis; without one ``x`` is flattened."""
    if axis is None:
        x, axis = reshape(x, -1), 0
    axis = normalize_axis("delete", axis, x.ndim, x.shape)
    n = x.shape[axis]
    keep = np.ones(n, dtype=bool)
    keep[_slots("delete", index, n, n - 1)] = False
    return getitem(x, (slice(None),) * axis + (np.flatnonzero(keep),))


@composite(
    r"\operatorname{{insert}}_i({0}, {1})",
    [
        sample(spec(3, 4), spec(3, 2), index=np.array([1, 3]), axis=1),
        sample(spec(2, 3), spec(3), index=1, axis=0),
        sample(spec(4), spec(), index=-1),
    ],
    errors=[ErrorSample((np.ones((2, 3)), np.ones(2)), RangeError, r"holds 9|holds \[9\]", {"index": 9, "axis": 1})],
    reference=lambda x, values, index, axis=None: np.insert(x, index, values, axis),
)
def _insert(x: Any, values: Any, index: Any, axis: int | None = None) -> Any:
    return insert(x, index, values, axis)


def insert(x: Any, index: Any, values: Any, axis: int | None = None) -> Any:
    """``x`` with ``values`` put in before the elements at ``index`` along an axis (flattened without one).

    As in NumPy: several places take one slice of ``values`` each, a single place takes all of them.
    """
    if axis is None:
        x, axis = reshape(x, -1), 0
    axis = normalize_axis("insert", axis, x.ndim, x.shape)
    values = _as_array(values, x)
    n, single = x.shape[axis], np.ndim(getattr(index, "array", index)) == 0 and not isinstance(index, slice)
    places = np.atleast_1d(_slots("insert", index, n, n))
    if values.ndim < x.ndim:
        values = reshape(values, (1,) * (x.ndim - values.ndim) + tuple(values.shape))
    if single:
        values = moveaxis(values, 0, axis)
        places = np.repeat(places, values.shape[axis])
    wanted = (*x.shape[:axis], len(places), *x.shape[axis + 1 :])
    values = broadcast_to(values, wanted)
    order = np.argsort(np.concatenate([places - 0.5, np.arange(n)]), kind="stable")
    return getitem(concat([values, x], axis), (slice(None),) * axis + (order,))


@composite(
    r"{0}[i] \leftarrow {1}",
    [sample(spec(3, 4), spec(3), axis=1, index=2)],
    errors=[
        ErrorSample((np.ones((3, 4)), np.ones(2)), ShapeError, r"is \(2,\).*wants \(3,\)", {"axis": 1, "index": 2}),
        ErrorSample((np.ones((3, 4)), np.ones(3)), RangeError, "index 7 .* 4 elements", {"axis": 1, "index": 7}),
    ],
)
def select_scatter(x: Any, src: Any, axis: int, index: int) -> Any:
    """``x`` with ``src`` as its slice at ``index`` along an axis."""
    axis = normalize_axis("select_scatter", axis, x.ndim, x.shape)
    if not -x.shape[axis] <= index < x.shape[axis]:
        raise RangeError(f"select_scatter: index {index} of axis {axis}, which has {x.shape[axis]} elements.")
    return _written("select_scatter", x, (slice(None),) * axis + (int(index),), src)


@composite(
    r"{0}[i] \leftarrow {1}",
    [sample(spec(3, 4), spec(3, 2), axis=1, start=1, end=4, step=2)],
    errors=[ErrorSample((np.ones((3, 4)), np.ones(2)), ShapeError, r"is \(2,\).*wants \(3, 4\)", {"axis": 1})],
)
def slice_scatter(
    x: Any, src: Any, axis: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Any:
    """``x`` with ``src`` in place of ``x[start:end:step]`` along an axis."""
    axis = normalize_axis("slice_scatter", axis, x.ndim, x.shape)
    return _written("slice_scatter", x, (slice(None),) * axis + (slice(start, end, step),), src)


@composite(
    r"\operatorname{{diag}} {0} := {1}",
    [sample(spec(3, 4), spec(3)), sample(spec(2, 3, 3), spec(2, 2), offset=1, axis1=1, axis2=2)],
    errors=[ErrorSample((np.ones((3, 4)), np.ones(2)), ShapeError, r"is \(2,\).*wants \(3,\)")],
)
def diagonal_scatter(x: Any, src: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """``x`` with ``src`` as its diagonal; ``src`` has the shape of :func:`diagonal`."""
    a, b = (normalize_axis("diagonal_scatter", axis, x.ndim, x.shape) for axis in (axis1, axis2))
    if a == b:
        raise ShapeError(f"diagonal_scatter: axis1={axis1} and axis2={axis2} are the same axis.")
    moved = movedim(x, (a, b), (-2, -1))
    steps = np.arange(max(min(moved.shape[-2] + min(offset, 0), moved.shape[-1] - max(offset, 0)), 0))
    place = (..., steps + max(-offset, 0), steps + max(offset, 0))
    return movedim(_written("diagonal_scatter", moved, place, src), (-2, -1), (a, b))


def _written(op: str, x: Any, index: Any, src: Any) -> Any:
    wanted = np.broadcast_to(0, tuple(x.shape))[index].shape
    if hasattr(src, "shape") and tuple(src.shape) != wanted:
        raise ShapeError(f"{op}: src is {tuple(src.shape)}; the place in x {tuple(x.shape)} wants {wanted}.")
    return setitem(x, index, src)


@composite(
    r"{0}[i] \mathrel{{+}}= {1}",
    [
        sample(spec(3, 4), spec(3), indices=(np.array([0, 2, 0]), np.array([1, 1, 1])), accumulate=True),
        sample(spec(3, 4), spec(2), indices=(np.array([0, 2]), np.array([1, 1]))),
    ],
    errors=[
        ErrorSample((np.ones(3), np.ones(2)), ShapeError, "does not stretch", {"indices": ([0],), "accumulate": True})
    ],
)
def _index_put(x: Any, values: Any, indices: Any, accumulate: bool = False) -> Any:
    return index_put(x, indices, values, accumulate)


def index_put(x: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """``x`` with ``values`` at ``x[indices]``; with ``accumulate`` they are added, and several at one place add up."""
    index = tuple(indices)
    if not accumulate:
        return setitem(x, index, values)
    shape = tuple(x.shape)
    numbers = np.arange(int(np.prod(shape, dtype=np.int64))).reshape(shape)
    places = numbers[plain_index(index)]
    wide = reshape(broadcast_to(_as_array(values, x), places.shape), -1)
    return x + reshape(put_along_axis_add(wide, places.reshape(-1), shape=(x.size,), axis=0), shape)


@composite(
    r"{0}[i] \leftarrow {1}",
    [sample(spec(3, 4), spec(3, 1), indices=np.array([[0], [3], [1]]), axis=1)],
    errors=[
        ErrorSample(
            (np.ones((3, 4)), np.ones((3, 1))), RangeError, "holds 9", {"indices": np.full((3, 1), 9), "axis": 1}
        )
    ],
)
def _put_along_axis(x: Any, values: Any, indices: Any, axis: int) -> Any:
    return put_along_axis(x, indices, values, axis)


def put_along_axis(x: Any, indices: Any, values: Any, axis: int | None) -> Any:
    """``x`` with ``values`` at ``indices`` along an axis. NumPy's function writes into ``x``; this one leaves it."""
    if axis is None:
        return reshape(put_along_axis(reshape(x, -1), indices, values, 0), x.shape)
    array = indices.array if isinstance(indices, Variable) else indices if is_array(indices) else np.asarray(indices)
    wide = broadcast_to(_as_array(values, x), array.shape)
    try:
        return scatter(x, axis, array, wide)
    except (ShapeError, RangeError, DtypeError) as error:
        error.args = (str(error).replace("scatter:", "put_along_axis:", 1),)
        raise
