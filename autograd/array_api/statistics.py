"""Sums, products and moments under the signatures of the array API standard: ``dtype``, and NaN over no element."""

from __future__ import annotations

import math
from typing import Any

import autograd
from autograd.ops.axes import Axis, normalize_axes

__all__ = ["mean", "prod", "std", "sum", "var"]


def sum(x: Any, /, *, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """The sum over axes, in ``dtype`` where it is given; else small integers give 64 bits."""
    return _in(dtype, autograd.sum, x, axis, keepdims)


def prod(x: Any, /, *, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """The product over axes, in ``dtype`` where it is given; else small integers give 64 bits."""
    return _in(dtype, autograd.prod, x, axis, keepdims)


def _in(dtype: Any, reduce: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    if dtype is None:
        return reduce(x, axis, keepdims)
    # Integers reduce in 64 bits and are cut to dtype after it: modulo a power of 2 that is the same number.
    return reduce(x.to(dtype=dtype), axis, keepdims).to(dtype=dtype)


def mean(x: Any, /, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean over axes; NaN over no element."""
    return autograd.mean(x, axis, keepdims) if _count(x, axis) else _undefined(x, axis, keepdims)


def var(x: Any, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """The variance over axes, with divisor ``n - correction``; NaN where that is not positive."""
    enough = _count(x, axis) > correction
    return autograd.var(x, axis, correction, keepdims) if enough else _undefined(x, axis, keepdims)


def std(x: Any, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """The standard deviation over axes, with divisor ``n - correction``; NaN where that is not positive."""
    enough = _count(x, axis) > correction
    return autograd.std(x, axis, correction, keepdims) if enough else _undefined(x, axis, keepdims)


def _count(x: Any, axis: Axis) -> int:
    return math.prod(x.shape[i] for i in normalize_axes("mean", axis, x.ndim, x.shape))


def _undefined(x: Any, axis: Axis, keepdims: bool) -> Any:
    """NaN in the shape and dtype of a reduction."""
    return autograd.sum(x, axis, keepdims) * math.nan
