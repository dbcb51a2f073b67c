"""Wider floats inside an op: 16-bit ones are too narrow to square and add up, 32-bit ones to cancel."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from autograd.backend import is_differentiable, is_half, single
from autograd.ops.casting import astype

__all__ = ["in_double", "in_single", "rounded_once", "widened"]

F = TypeVar("F", bound=Callable[..., Any])


def rounded_once(forward: F) -> F:
    """The forward of an op, with 16-bit arrays computed in float32 and the result rounded once."""

    @functools.wraps(forward)
    def rounded(*arrays: Any, **params: Any) -> Any:
        dtypes = [a.dtype for a in arrays if hasattr(a, "dtype") and is_differentiable(a.dtype)]
        if not any(map(is_half, dtypes)):
            return forward(*arrays, **params)
        y = forward(*(single(a) if hasattr(a, "dtype") else a for a in arrays), **params)
        return y.astype(np.result_type(*dtypes), copy=False)

    return cast(F, rounded)


def in_single(function: F, keep: tuple[int, ...] = ()) -> F:
    """The function with 16-bit arguments widened to float32, and its result in the dtype of the first argument again.

    ``keep`` numbers arguments that stay as they are, such as buffers that the function writes.
    """

    @functools.wraps(function)
    def by_single(x: Any, *args: Any, **params: Any) -> Any:
        dtype = getattr(x, "dtype", None)
        if dtype is None or not is_half(dtype):
            return function(x, *args, **params)
        rest = [a if i in keep else widened(a) for i, a in enumerate(args, 1)]
        y = function(widened(x), *rest, **{name: widened(value) for name, value in params.items()})
        return tuple(astype(part, dtype) for part in y) if isinstance(y, tuple) else astype(y, dtype)

    return cast(F, by_single)


def widened(a: Any) -> Any:
    """16-bit floats in float32; everything else as it is."""
    dtype = getattr(a, "dtype", None)
    return a if dtype is None or not is_half(dtype) else astype(a, np.float32)


def in_double(a: Any) -> Any:
    """Arrays in float64 or complex128, for a difference of large numbers that is small; plain numbers as they are."""
    if not hasattr(a, "dtype"):
        return a
    return astype(a, np.complex128 if a.dtype.kind == "c" else np.float64)
