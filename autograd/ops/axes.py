"""Axes and shapes as users write them, checked and made canonical; errors name the op."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from autograd.errors import DtypeError, ShapeError

__all__ = ["Axis", "count_over", "keep_axes", "normalize_axes", "normalize_axis", "normalize_shape"]

Axis = int | Sequence[int] | None


def normalize_axis(op: str, axis: Any, ndim: int, shape: tuple[int, ...] | None = None) -> int:
    """A single axis as a number in ``[0, ndim)``."""
    try:
        index = operator.index(axis)
    except TypeError:
        raise DtypeError(f"{op}: axis must be an integer, not {axis!r}.") from None
    if not -ndim <= index < ndim:
        of = f"of shape {tuple(shape)}" if shape is not None else f"with {ndim} dimensions"
        valid = f"an axis from {-ndim} to {ndim - 1}" if ndim else "no axis: it has no dimensions"
        raise ShapeError(f"{op}: axis {index} is out of range for an argument {of}. It has {valid}.")
    return index % ndim


def normalize_axes(op: str, axis: Axis, ndim: int, shape: tuple[int, ...] | None = None) -> tuple[int, ...]:
    """Axes as a tuple of numbers in ``[0, ndim)``, in the order given; None means all of them."""
    if axis is None:
        return tuple(range(ndim))
    if not isinstance(axis, (tuple, list)):
        return (normalize_axis(op, axis, ndim, shape),)
    axes = tuple(normalize_axis(op, a, ndim, shape) for a in axis)
    if len(set(axes)) != len(axes):
        raise ShapeError(f"{op}: an axis stands twice in axis={tuple(axis)}.")
    return axes


def keep_axes(g: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """``g`` with the reduced axes put back at length 1."""
    if keepdims or not axis:
        return g
    sizes, ndim = iter(g.shape), g.ndim + len(axis)
    return g.reshape(tuple(1 if i in axis else next(sizes) for i in range(ndim)))


def count_over(shape: tuple[int, ...], axis: tuple[int, ...]) -> int:
    """How many elements are reduced to one."""
    return math.prod(shape[a] for a in axis)


def normalize_shape(op: str, shape: tuple[Any, ...], size: int) -> tuple[int, ...]:
    """A target shape with at most one -1 resolved so that it holds ``size`` elements."""
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = tuple(shape[0])
    try:
        wanted = tuple(operator.index(n) for n in shape)
    except TypeError:
        raise DtypeError(f"{op}: a shape holds integers, not {shape!r}.") from None
    unknown = [i for i, n in enumerate(wanted) if n == -1]
    known = math.prod(n for n in wanted if n != -1)
    if len(unknown) > 1 or any(n < -1 for n in wanted):
        raise ShapeError(f"{op}: shape {wanted} may hold one -1 at most and no other negative number.")
    if unknown and known and size % known == 0:
        return tuple(size // known if n == -1 else n for n in wanted)
    if unknown or known != size:
        raise ShapeError(
            f"{op}: cannot arrange {size} elements as {wanted}"
            + (f": {size} is not a multiple of {known}." if unknown and known else f", which holds {known}.")
            + " Use -1 for the one axis that follows from the others."
        )
    return wanted
