"""Rearranging and picking under the signatures of the array API standard."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd.errors import ArgumentError, ShapeError

__all__ = ["clip", "expand_dims", "moveaxis", "reshape", "take"]


def expand_dims(x: Any, /, axis: int = 0) -> Any:
    """``x`` with a new axis of length 1 at position ``axis``."""
    return autograd.expand_dims(x, axis)


def moveaxis(x: Any, source: Any, destination: Any, /) -> Any:
    """Axes moved to other positions, the order of the others kept; one each or tuples of them."""
    return autograd.movedim(x, source, destination)


def reshape(x: Any, /, shape: tuple[int, ...], *, copy: bool | None = None) -> Any:
    """``x`` with another shape of the same size.

    ``copy``: True always copies, False raises where memory order needs a copy, None copies where it is needed.
    """
    made = autograd.reshape(x, shape)
    shared = not made.size or np.shares_memory(made.array, x.array)
    if copy is False and not shared:
        raise ArgumentError(f"reshape: copy=False, but x {x.shape} is not laid out so that {tuple(shape)} is a view.")
    return made.clone() if copy and shared else made


def take(x: Any, indices: Any, /, *, axis: int | None = None) -> Any:
    """The slices of ``x`` at a vector of ``indices`` along an axis, which must be given where there are several."""
    if axis is None and x.ndim != 1:
        raise ShapeError(f"take: x {x.shape} has {x.ndim} axes; say along which one with axis=.")
    return autograd.take(x, indices, 0 if axis is None else axis)


def clip(x: Any, /, min: Any = None, max: Any = None) -> Any:
    """``x`` limited to ``[min, max]``, in the dtype of ``x``; bounds are numbers or Tensors that broadcast with it."""
    if min is None and max is None:
        return x.clone()
    if getattr(min, "requires_grad", False) or getattr(max, "requires_grad", False):  # clip gives its bounds none
        y = x if min is None else autograd.maximum(x, min)
        y = y if max is None else autograd.minimum(y, max)
    else:
        y = autograd.clip(x, min, max)
    return y if y.dtype == x.dtype else y.astype(x.dtype)
