"""Ops that pick elements by index and put them back: basic and advanced indexing, assignment, take_along_axis."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from autograd import levels
from autograd.backend import Array, array_module, as_array, is_array
from autograd.composite import composite
from autograd.errors import DtypeError, RangeError, ShapeError
from autograd.mode import mode
from autograd.ops.axes import normalize_axis
from autograd.ops.elementwise import where
from autograd.ops.halves import rounded_once
from autograd.ops.rows import put_rows, take_rows
from autograd.ops.shape import broadcast_to, permute_dims, reshape
from autograd.primitive import no_flops, primitive
from autograd.samples import ErrorSample, integers, sample
from autograd.samples import array as spec
from autograd.tape import Variable, constant, innermost, module_of

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


def _has_integer_arrays(index: Index) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(is_array(part) and part.dtype.kind in "iu" for part in parts)


@rounded_once
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
    latex="{0}[i]", vjp_latex=[r"\operatorname{scatter}_{i}(\bar y)"],
    samples=[sample(spec(*shape), index=index) for shape, index in _index_samples],
    errors=[ErrorSample((np.ones(3),), RangeError, "out of bounds", {"index": 5})],
)  # fmt: skip
_scatter = primitive(
    "scatter", _scatter_forward, kind="gather",
    vjp=[lambda g, index: _getitem(g, index=index)], jvp="linear", flops=no_flops,
    latex=r"\operatorname{{scatter}}_{{i}}({0})", vjp_latex=[r"\bar y[i]"],
    samples=[sample(spec(3, 4), shape=(3, 4), index=_rows), sample(spec(3), shape=(3, 4), index=(slice(None), 1))],
)  # fmt: skip


def getitem(x: Any, index: Index) -> Any:
    """``x[index]`` as in NumPy: basic indexing gives a view, advanced indexing a copy."""
    if levels.active and differs(index):
        return _picked(x, index)
    return _getitem(x, index=plain_index(index))


def fits(given: np.dtype, wanted: np.dtype) -> bool:
    """Whether a write may cast so: floats to narrower ones, but not to integers, and nothing complex to real."""
    return bool(np.can_cast(given, wanted, "same_kind")) and (given.kind != "c" or wanted.kind == "c")


def _check_real(value: Any, x: Any) -> None:
    """Raise if a write would drop imaginary parts, which NumPy does with no more than a warning."""
    if getattr(value, "dtype", x.dtype).kind == "c" and x.dtype.kind != "c":
        raise DtypeError(
            f"setitem: x is {x.dtype}, and value is {value.dtype}, which does not fit into it. "
            "Write value.real, or make x complex first: x.astype('complex128')."
        )


def write(array: Array, index: Index, value: Any) -> None:
    """``array[index] = value`` in place; errors say what shape is written to."""
    _check_real(value, array)
    try:
        array[index] = value
    except IndexError as error:
        raise RangeError(f"setitem: x is {array.shape}: {error}.") from error
    except (ValueError, TypeError) as error:
        place: tuple[int, ...] = array[index].shape
        seen: tuple[int, ...] = ()
        with suppress(ValueError):  # a ragged list has no shape
            seen = np.shape(value)
        wide = (1,) * (len(seen) - len(place)) + place
        if any(n not in (1, m) for n, m in zip(seen[::-1], wide[::-1], strict=False)):
            raise ShapeError(
                f"setitem: x[index] is {place}, of x {array.shape}; value is {seen}, which does not broadcast to it."
            ) from error
        raise DtypeError(f"setitem: x is {array.dtype}, and value does not fit into it: {error}.") from error


def _set_forward(x: Array, v: Any, *, index: Index) -> Array:
    out = as_array(x).copy()
    write(out, index, v)
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
    latex=r"{0} \text{{ with }} {0}[i] \leftarrow {1}",
    vjp_latex=[r"\bar y \text{ with } \bar y[i] \leftarrow 0", r"\bar y[i]"],
    samples=[
        sample(spec(3, 4), spec(3), index=(slice(None), 1)), sample(spec(3, 4), spec(3, 4), index=_rows),
        sample(spec(3, 4), spec(), index=(slice(0, 2),)), sample(spec(), spec(), index=()),
        sample(spec(3, 4), spec(), index=np.arange(12).reshape(3, 4) % 3 == 0),
    ],
    errors=[
        ErrorSample((np.ones((2, 3)), np.ones(4)), ShapeError, r"x\[index\] is \(3,\), of x \(2, 3\); value is \(4,\)",
                    {"index": (0,)}),
        ErrorSample((np.ones(3), np.ones(())), RangeError, "out of bounds for axis 0 with size 3", {"index": 7}),
    ],
)  # fmt: skip


def setitem(x: Any, index: Index, value: Any) -> Any:
    """A copy of ``x`` in which ``x[index]`` is ``value``; what ``x[index] = value`` records."""
    if mode.grad and getattr(value, "requires_grad", False) and x.dtype.kind in "biu":
        raise DtypeError(
            f"setitem: x is {x.dtype}, and value is {value.dtype} and wants gradients, which would be lost. "
            f"Make x floating first, x.astype('{value.dtype}'), or write value.detach()."
        )
    if levels.active and differs(index):
        return _with_rows(x, index, value)
    return _setitem(x, value, index=plain_index(index))


# ------------------------------------------------------------------------- an index that differs by example (in vmap)


def differs(index: Index) -> bool:
    """Whether the index holds integers or a mask of which every example has its own."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(hasattr(part, "level") and hasattr(constant(part), "level") for part in parts)


class _Places(NamedTuple):
    """An index as a basic one, and whole numbers for some of the axes that the basic one leaves."""

    basic: tuple[Any, ...]
    axes: tuple[int, ...]
    indices: tuple[Any, ...]
    front: bool  # NumPy puts the new axes in front where the index arrays do not stand side by side


def _places(x: Any, index: Index) -> _Places:
    parts: list[Any] = []
    for part in index if isinstance(index, tuple) else (index,):
        if hasattr(part, "level"):
            part = constant(part)
            if part.dtype.kind == "b":
                raise ShapeError(
                    "x[mask]: inside vmap each example has a mask of its own and would keep a different number of "
                    "elements. Use where(mask, x, 0), or where(mask, v, x) for x[mask] = v."
                )
            if part.dtype.kind not in "iu":
                plain_index(np.empty(0, part.dtype))  # raises the error that says so
            parts.append(part)
            continue
        part = plain_index(part)
        parts += np.nonzero(part) if is_array(part) and part.dtype.kind == "b" else [part]
    numbers = [i for i, p in enumerate(parts) if hasattr(p, "dtype") or isinstance(p, (int, np.integer))]
    taken = len(numbers) + sum(isinstance(p, slice) for p in parts)
    if taken > x.ndim:
        raise RangeError(f"getitem: x is {tuple(x.shape)}; the index names {taken} axes.")
    rest = [slice(None)] * (x.ndim - taken)
    together = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    basic: list[Any] = []
    axes: list[int] = []
    for i, part in enumerate(parts):
        if part is Ellipsis:
            basic += rest
            rest = []
        else:
            if i in numbers:
                axes.append(len(basic))
            basic.append(slice(None) if i in numbers else part)
    return _Places((*basic, *rest), tuple(axes), tuple(parts[i] for i in numbers), not together)


def _row_numbers(places: _Places, shape: tuple[int, ...]) -> Any:
    """The places as numbers of rows of the indexed axes, merged into one."""
    total: Any = 0
    for axis, index in zip(places.axes, places.indices, strict=True):
        n, seen = shape[axis], innermost(index)
        if np.size(seen) and not (np.min(seen) >= -n and np.max(seen) < n):
            raise RangeError(
                f"getitem: an index is out of bounds for axis {axis} of {n} elements: indices run from {-n} to {n - 1}."
            )
        total = total * n + where(index < 0, index + n, index)
    return total


def _table(x: Any, axes: tuple[int, ...]) -> tuple[Any, tuple[int, ...]]:
    """The indexed axes merged in front, and the order in which the axes stand now."""
    order = (*axes, *(i for i in range(x.ndim) if i not in axes))
    moved = permute_dims(x, order)
    rows = math.prod(x.shape[a] for a in axes)
    return reshape(moved, (rows, *moved.shape[len(axes) :])), order


def _is_whole(basic: tuple[Any, ...]) -> bool:
    return all(isinstance(part, slice) and part == slice(None) for part in basic)


def _picked(x: Any, index: Index) -> Any:
    """``x[index]`` where each example has its own index."""
    places = _places(x, index)
    part = x if _is_whole(places.basic) else getitem(x, places.basic)
    table, _ = _table(part, places.axes)
    numbers = _row_numbers(places, tuple(part.shape))
    y = take_rows(table, numbers)
    return y if places.front else permute_dims(y, _from_front(y.ndim, numbers.ndim, places.axes[0]))


def _from_front(ndim: int, n: int, to: int) -> tuple[int, ...]:
    """The order of axes that puts the first ``n`` behind the next ``to``."""
    return (*range(n, n + to), *range(n), *range(n + to, ndim))


def _with_rows(x: Any, index: Index, value: Any) -> Any:
    """What ``x[index] = value`` makes of ``x`` where each example has its own index."""
    if getattr(index, "dtype", np.dtype(int)).kind == "b":
        return _with_mask(x, constant(index), value)
    places = _places(x, index)
    whole = _is_whole(places.basic)
    part = x if whole else getitem(x, places.basic)
    table, order = _table(part, places.axes)
    numbers = _row_numbers(places, tuple(part.shape))
    wanted = (*numbers.shape, *table.shape[1:])
    value = value if hasattr(value, "shape") else np.asarray(value)
    if places.front:
        value = broadcast_to(value, wanted)
    else:
        arranged = _from_front(len(wanted), numbers.ndim, places.axes[0])
        value = broadcast_to(value, tuple(wanted[i] for i in arranged))
        value = permute_dims(value, tuple(np.argsort(arranged).tolist()))
    made = reshape(put_rows(table, in_dtype(value, x), numbers), tuple(part.shape[i] for i in order))
    made = permute_dims(made, tuple(np.argsort(order).tolist()))
    return made if whole else setitem(x, places.basic, made)


def _with_mask(x: Any, mask: Any, value: Any) -> Any:
    rest = x.ndim - mask.ndim
    if tuple(mask.shape) != tuple(x.shape[: mask.ndim]) or np.ndim(value) > rest:
        raise ShapeError(
            f"x[mask] = v: inside vmap each example has a mask of its own. It must have the leading axes of x "
            f"{tuple(x.shape)}, and v at most the other {rest}; here they are {tuple(mask.shape)} and "
            f"{np.shape(value)}. Use where(mask, v, x)."
        )
    value = value if hasattr(value, "shape") else np.asarray(value)
    return where(reshape(mask, (*mask.shape, *(1,) * rest)), in_dtype(value, x), x)


def in_dtype(value: Any, x: Any) -> Any:
    """What is written into ``x``, in its dtype."""
    _check_real(value, x)
    return value if value.dtype == x.dtype else value.astype(x.dtype)


def check_places(op: str, argument: str, index: Any, axis: int, x: Any) -> None:
    """Raise unless whole numbers (inside vmap those of all examples) address elements of an axis of ``x``."""
    n, array = x.shape[axis], np.asarray(innermost(index))
    if array.size and not (array.min() >= -n and array.max() < n):
        bad = array[(array < -n) | (array >= n)].reshape(-1)[0]
        raise RangeError(
            f"{op}: {argument} holds {int(bad)}; axis {axis} of x {tuple(x.shape)} has {n} elements"
            + (f", from {-n} to {n - 1}." if n else ".")
        )


@composite(
    "{0}[i]",
    [
        sample(spec(3, 4), indices=np.array([2, 0, 2])), sample(spec(3, 4), indices=np.array([[0, -1]]), axis=-1),
        sample(spec(2, 3), indices=4, axis=None), sample(spec(3), indices=np.array([], np.int64), axis=0),
    ],
    errors=[
        ErrorSample((np.ones((2, 3)),), RangeError, r"indices holds 7; axis 1 of .* from -3 to 2",
                    {"indices": np.array([0, 7]), "axis": 1}),
        ErrorSample((np.ones(3),), DtypeError, "holds integers or booleans, not float64", {"indices": np.array([0.5])}),
    ],
    reference=lambda x, indices, axis=0: np.take(x, indices, axis),
)  # fmt: skip
def take(x: Any, indices: Any, axis: int | None = 0) -> Any:
    """The slices of ``x`` at ``indices`` along an axis; None flattens first."""
    if axis is None:
        x, axis = x.reshape(-1), 0
    axis = normalize_axis("take", axis, x.ndim, x.shape)
    indices = indices if isinstance(indices, (Variable, list)) or is_array(indices) else np.asarray(indices)
    try:
        return getitem(x, (slice(None),) * axis + (indices,))
    except RangeError:
        check_places("take", "indices", indices, axis, x)  # says it with the words of this op
        raise


@rounded_once
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
    latex="{0}[i]", vjp_latex=[r"\operatorname{scatter}_{i}(\bar y)", None],
    samples=[sample(spec(3, 4), integers(3, 2, high=4), axis=1), sample(spec(3), integers(5, high=3), axis=0)],
)  # fmt: skip
put_along_axis_add = primitive(
    "put_along_axis_add", _put_along_forward, kind="gather",
    vjp=[lambda g, indices, axis: _take_along(g, indices, axis=axis), None],
    jvp=lambda primals, tangents, shape, axis: put_along_axis_add(tangents[0], primals[1], shape=shape, axis=axis),
    flops=no_flops, latex=r"\operatorname{{scatter}}_{{i}}({0})", vjp_latex=[r"\bar y[i]", None],
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
    try:
        return _take_along(x, array, axis=axis)
    except RangeError:
        check_places("take_along_axis", "indices", array, axis, x)
        raise
