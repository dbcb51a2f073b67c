"""Ops that pick elements by index and put them back: basic and advanced indexing, assignment, take_along_axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.backend import Array, array_module, as_array, is_array
from autograd.errors import DtypeError, RangeError, ShapeError
from autograd.ops.axes import normalize_axis
from autograd.primitive import no_flops, primitive
from autograd.samples import ErrorSample, integers, sample
from autograd.samples import array as spec
from autograd.tape import Variable, module_of

__all__ = ["getitem", "setitem", "take", "take_along_axis"]

Index = Any  # what may stand between the brackets: integers, slices, None, ..., arrays, Tensors, or a tuple of these


def plain_index(index: Index) -> Index:
    """The index with arrays in place of Tensors and lists, so that it can be stored with the node."""
    if isinstance(index, tuple):
        return tuple(plain_index(part) for part in index)
    if isinstance(index, Variable):
        index = index.array
    elif isinstance(index, list):
        index = np.asarray(index, dtype=None if index else np.int64)
    if is_array(index) and index.dtype.kind not in "biu":
        raise DtypeError(
            f"index: an index array holds integers or booleans, not {index.dtype}. Convert it with .astype('int64')."
        )
    return index


def _is_advanced(index: Index) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(is_array(part) or isinstance(part, (bool, np.bool_)) for part in parts)


def _has_integer_arrays(index: Index) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(is_array(part) and part.dtype.kind in "iu" for part in parts)


def _scatter_forward(v: Array, *, shape: tuple[int, ...], index: Index) -> Array:
    out = np.zeros_like(v, shape=shape)
    if _has_integer_arrays(index):
        array_module(v).add.at(out, index, v)  # an element that was picked twice adds up
    else:
        out[index] = v
    return out


_rows = np.array([0, 2, 0])
_index_samples = [
    ((3, 4), (slice(None), 1)), ((3, 4), (slice(2, None, -1), slice(0, 3, 2))), ((3, 4), (None, Ellipsis, 0)),
    ((3, 4), _rows), ((3, 4), (_rows, np.array([1, 1, 1]))), ((3, 4), (slice(1, 2), _rows)), ((), ()),
    ((3, 4), np.arange(12).reshape(3, 4) % 3 == 0), ((0, 2), slice(0, 1)),
]  # fmt: skip

_getitem = primitive(
    "getitem", lambda x, *, index: x[index], kind="gather", selects=True,
    vjp=[lambda g, x_shape, index: _scatter(g, shape=x_shape, index=index)], jvp="linear", flops=no_flops,
    latex="{0}[i]", vjp_latex=[r"\operatorname{scatter}_i(\bar y)"],
    samples=[sample(spec(*shape), index=index) for shape, index in _index_samples],
    errors=[ErrorSample((np.ones(3),), RangeError, "out of bounds", {"index": 5})],
)  # fmt: skip
_scatter = primitive(
    "scatter", _scatter_forward, kind="gather",
    vjp=[lambda g, index: _getitem(g, index=index)], jvp="linear", flops=no_flops,
    latex=r"\operatorname{{scatter}}_i({0})", vjp_latex=[r"\bar y[i]"],
    samples=[sample(spec(3, 4), shape=(3, 4), index=_rows), sample(spec(3), shape=(3, 4), index=(slice(None), 1))],
)  # fmt: skip


def getitem(x: Any, index: Index) -> Any:
    """``x[index]`` as in NumPy: basic indexing gives a view, advanced indexing a copy."""
    return _getitem(x, index=plain_index(index))


def _set_forward(x: Array, v: Any, *, index: Index) -> Array:
    out = as_array(x).copy()
    out[index] = v
    return out


def _set_vjp_value(g: Any, index: Index) -> Any:
    picked = _getitem(g, index=index)
    if not _has_integer_arrays(index):
        return picked
    # Of several writes to one element the last one stays: only that one gets the gradient.
    xp = module_of(g)
    order = xp.arange(picked.size).reshape(picked.shape)
    last = xp.full(g.shape, -1)
    last[index] = order
    return picked * (last[index] == order).astype(g.dtype)


_setitem = primitive(
    "setitem", _set_forward, kind="gather", selects=True,
    vjp=[lambda g, index: _setitem(g, 0.0, index=index), _set_vjp_value], jvp="linear", flops=no_flops,
    latex="{0}[i] := {1}", vjp_latex=[r"\bar y[i] := 0", r"\bar y[i]"],
    samples=[
        sample(spec(3, 4), spec(3), index=(slice(None), 1)), sample(spec(3, 4), spec(3, 4), index=_rows),
        sample(spec(3, 4), spec(), index=(slice(0, 2),)), sample(spec(), spec(), index=()),
        sample(spec(3, 4), spec(), index=np.arange(12).reshape(3, 4) % 3 == 0),
    ],
    errors=[ErrorSample((np.ones((2, 3)), np.ones(4)), ShapeError, "setitem", {"index": (0,)})],
)  # fmt: skip


def setitem(x: Any, index: Index, value: Any) -> Any:
    """A copy of ``x`` in which ``x[index]`` is ``value``; what ``x[index] = value`` records."""
    return _setitem(x, value, index=plain_index(index))


def take(x: Any, indices: Any, axis: int | None = 0) -> Any:
    """The slices of ``x`` at ``indices`` along an axis; None flattens first."""
    if axis is None:
        x, axis = x.reshape(-1), 0
    axis = normalize_axis("take", axis, x.ndim, x.shape)
    indices = indices if isinstance(indices, (Variable, list)) or is_array(indices) else np.asarray(indices)
    return getitem(x, (slice(None),) * axis + (indices,))


def _put_along_forward(v: Array, indices: Array, *, shape: tuple[int, ...], axis: int) -> Array:
    xp = array_module(v)
    out = xp.zeros_like(v, shape=shape)
    index = list(xp.ogrid[tuple(slice(n) for n in indices.shape)]) if indices.ndim else []
    index[axis] = indices
    xp.add.at(out, tuple(index), v)
    return out


_take_along = primitive(
    "take_along_axis", lambda x, indices, *, axis: np.take_along_axis(x, indices, axis), kind="gather", selects=True,
    vjp=[lambda g, indices, x_shape, axis: put_along_axis_add(g, indices, shape=x_shape, axis=axis), None],
    jvp=lambda primals, tangents, axis: _take_along(tangents[0], primals[1], axis=axis), flops=no_flops,
    latex="{0}[i]", vjp_latex=[r"\operatorname{scatter}_i(\bar y)", None],
    samples=[sample(spec(3, 4), integers(3, 2, high=4), axis=1), sample(spec(3), integers(5, high=3), axis=0)],
)  # fmt: skip
put_along_axis_add = primitive(
    "put_along_axis_add", _put_along_forward, kind="gather",
    vjp=[lambda g, indices, axis: _take_along(g, indices, axis=axis), None],
    jvp=lambda primals, tangents, shape, axis: put_along_axis_add(tangents[0], primals[1], shape=shape, axis=axis),
    flops=no_flops, latex=r"\operatorname{{scatter}}_i({0})", vjp_latex=[r"\bar y[i]", None],
    samples=[sample(spec(3, 2), integers(3, 2, high=4), shape=(3, 4), axis=1)],
)  # fmt: skip


def take_along_axis(x: Any, indices: Any, axis: int = -1) -> Any:
    """Pick along one axis by an array of indices that has the other axes of ``x`` (NumPy's function).

    Shape: ``indices`` has as many axes as ``x``; the result has its shape.
    """
    array = indices if isinstance(indices, Variable) or is_array(indices) else np.asarray(indices)
    if array.dtype.kind not in "iu":
        raise DtypeError(f"take_along_axis: indices must be an array of integers, not {array.dtype}.")
    axis = normalize_axis("take_along_axis", axis, x.ndim, x.shape)
    if array.ndim != x.ndim or any(
        a != b for i, (a, b) in enumerate(zip(array.shape, x.shape, strict=True)) if i != axis
    ):
        raise ShapeError(
            f"take_along_axis: indices are {tuple(array.shape)} and x is {tuple(x.shape)}; "
            f"they must agree in every axis but axis {axis}."
        )
    return _take_along(x, array, axis=axis)
