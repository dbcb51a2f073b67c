"""The places that a transform differentiates at: its arguments, taken apart, as Tensors that stand for them.

A transform differentiates at *points*. The tape lies below all wrappers, so a point keeps the wrappers of its argument
around a leaf of its own. Inside vmap the leaf is given one row for each example: then the gradient of the sum over the
batch is the gradient of each example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd import levels, ops
from autograd.backend import as_array, is_array, is_differentiable
from autograd.dispatch import bound
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.interpreters import Batched, Dual, batched_at, wrapped
from autograd.levels import Level
from autograd.mode import is_grad_enabled
from autograd.tape import Variable
from autograd.tree import Structure, tree_flatten, tree_unflatten

__all__ = [
    "arguments_at",
    "as_tensor",
    "detached",
    "direction",
    "is_floating",
    "point",
    "rebuilt",
    "result_leaf",
    "split_aux",
    "twin",
    "variables_among",
]


def point(x: Any, transform: str) -> Any:
    """The place to differentiate at: joined to the graph that ``x`` is part of, else a leaf of its own."""
    for level in levels.here.levels:
        if level.size >= 0:
            x = _spread(x, level)
    return _inside(x, lambda inner: _leaf(inner, transform))


def twin(x: Any) -> Any:
    """Another object in the same place of the graph: code that works in place moves it, and the point stays."""
    return _inside(x, lambda inner: inner if isinstance(inner.array, float) else bound(inner.array, inner.node))


def _inside(x: Any, change: Callable[[Any], Any]) -> Any:
    """``x`` with another Tensor inside all its wrappers; tangents stay."""
    if isinstance(x, Dual):
        return Dual(x.level, _inside(x.primal, change), x.tangent)
    if isinstance(x, Batched):
        return Batched(x.level, _inside(x.value, change), x.axis)
    return change(x)


def split_aux(transform: str, value: Any, has_aux: bool) -> tuple[Any, Any]:
    """What a function returned, and what it returned besides."""
    if not has_aux:
        return value, None
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        seen = f"{len(value)} of them" if isinstance(value, (tuple, list)) else f"a {type(value).__name__}"
        raise ArgumentError(f"{transform}: with has_aux the function returns a pair (value, aux); got {seen}.")
    return value[0], value[1]


def _spread(x: Any, level: Level) -> Any:
    """``x`` as a value of each example of this vmap."""
    if isinstance(x, Dual) and x.level.number > level.number:
        return Dual(x.level, _spread(x.primal, level), _spread(x.tangent, level))
    if isinstance(x, Batched) and x.level.number > level.number:
        return Batched(x.level, _spread(x.value, level), x.axis)
    return x if wrapped(x, level) else Batched(level, batched_at(as_tensor(x), level), 0)


def _leaf(x: Any, transform: str) -> Any:
    x = as_tensor(x)
    if not is_differentiable(x.dtype):
        raise DtypeError(
            f"{transform}: an argument is {x.dtype}, which has no gradient. Convert it first: x.astype('float32'); or "
            "leave it out with argnums."
        )
    return x.clone() if x.node is not None and is_grad_enabled() else x.detach().requires_grad_()


def as_tensor(x: Any, dtype: Any = np.float32) -> Any:
    """A number or an array as a Tensor; Python numbers take ``dtype``."""
    if isinstance(x, Variable):
        return x
    if is_array(x) or isinstance(x, np.generic):
        return bound(as_array(x), None)
    number = isinstance(x, (float, int)) and not isinstance(x, bool)
    return bound(np.asarray(x, dtype=dtype if number else None), None)


def direction(transform: str, part: str, v: Any, x: Any, what: str) -> Any:
    """A tangent or cotangent ``v`` that belongs to ``x``: of its shape, in its dtype."""
    v = as_tensor(v, x.dtype)
    if tuple(v.shape) != tuple(x.shape):
        raise ShapeError(f"{transform}: a {part} is {tuple(v.shape)}; {what} {tuple(x.shape)}.")
    if v.dtype == x.dtype:
        return v
    if v.dtype.kind not in "fiubcV" or (v.dtype.kind == "c" and x.dtype.kind != "c"):
        raise DtypeError(f"{transform}: a {part} is {v.dtype}; {what} {x.dtype}. Give it in that dtype.")
    return ops.astype(v, x.dtype)


def result_leaf(transform: str, y: Any) -> Any:
    """A part of a function's value as a Tensor; numbers and arrays do not depend on anything. None stays None."""
    if y is None:
        return None
    if not (isinstance(y, (Variable, np.generic, bool, int, float, complex)) or is_array(y)):
        raise DtypeError(
            f"{transform}: the function returned a {type(y).__name__}; return Tensors, or containers of them."
        )
    return as_tensor(y, np.int64 if isinstance(y, int) else np.float32)


def arguments_at(transform: str, argnums: int | Sequence[int], count: int) -> list[int]:
    """The places that ``argnums`` names among ``count`` arguments."""
    places: list[int] = []
    for i in (argnums,) if isinstance(argnums, (int, np.integer)) else tuple(argnums):
        if not isinstance(i, (int, np.integer)) or isinstance(i, bool):
            raise DtypeError(f"{transform}: argnums must be integers, not {i!r}.")
        if not -count <= i < count:
            raise DtypeError(f"{transform}: argnums names argument {i}, but the call has {count}.")
        places.append(int(i) % count)
    if not places:
        raise ArgumentError(f"{transform}: argnums is empty; name an argument at least.")
    if len(set(places)) != len(places):
        raise ArgumentError(f"{transform}: argnums {argnums!r} names an argument twice.")
    return places


def variables_among(transform: str, arguments: Sequence[Any]) -> tuple[list[Any], Structure, list[int]]:
    """The leaves of ``arguments`` and which of them to differentiate by.

    An argument that is a leaf itself is meant: a number of any type, or an error. Inside containers what has no
    gradient (integers, strings, None) is a constant, and its gradient is None.
    """
    leaves, structure = tree_flatten(list(arguments), f"{transform}: an argument")
    chosen: list[int] = []
    start = 0
    for part in structure.parts:
        found = [k for k in range(start, start + part.count) if part.kind is None or is_floating(leaves[k])]
        if part.count and not found:
            kinds = sorted({str(getattr(x, "dtype", type(x).__name__)) for x in leaves[start : start + part.count]})
            raise DtypeError(
                f"{transform}: an argument holds nothing that has a gradient: its parts are {', '.join(kinds)}. "
                "Convert them to a floating dtype, or leave the argument out with argnums."
            )
        chosen += found
        start += part.count
    return leaves, structure, chosen


def detached(x: Any) -> Any:
    """The same value with constants inside; tangents and batches stay."""
    if isinstance(x, Dual):
        return Dual(x.level, detached(x.primal), detached(x.tangent))
    if isinstance(x, Batched):
        return Batched(x.level, detached(x.value), x.axis)
    return x.detach() if hasattr(x, "detach") else x


def is_floating(x: Any) -> bool:
    """Whether a leaf has a gradient: a real or complex number that is no integer, or an array of such."""
    dtype = getattr(x, "dtype", None)
    return isinstance(x, (float, complex)) if dtype is None else is_differentiable(np.dtype(dtype))


def rebuilt(structure: Structure, leaves: Sequence[Any], chosen: Sequence[int], new: Iterable[Any]) -> list[Any]:
    """The arguments with other leaves in the chosen places."""
    leaves = list(leaves)
    for k, x in zip(chosen, new, strict=True):
        leaves[k] = x
    rebuilt: list[Any] = tree_unflatten(structure, leaves)
    return rebuilt
