"""Wider numbers inside an op: 16-bit floats are too narrow to add up, 32-bit ones to cancel, integers wrap."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from autograd.backend import is_differentiable, is_half, single
from autograd.ops.casting import astype

__all__ = ["floats", "in_double", "in_floats", "in_single", "rounded_once", "widened"]

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


def in_single(function: F, keep: tuple[str, ...] = ()) -> F:
    """The function computed in float32 where arguments are 16-bit, and its result rounded once to their dtype.

    Where dtypes differ it stays as wide as it is. ``keep`` names arguments that stay as they are and have no say in
    the dtype, such as weights, or buffers that the function writes.
    """
    return _prepared(function, keep, is_half, lambda *values: tuple(map(widened, values)))


def in_floats(function: F, keep: tuple[str, ...] = ()) -> F:
    """:func:`in_single`, and integers and Booleans among the arguments as :func:`floats`; ``keep`` as there."""
    return _prepared(function, keep, _is_narrow, lambda *values: floats(*map(widened, values)))


def _is_narrow(dtype: np.dtype) -> bool:
    return dtype.char not in "fdgFDG"  # the floats that are wide enough as they are


def _prepared(
    function: F, keep: tuple[str, ...], narrow: Callable[[np.dtype], bool], prepare: Callable[..., tuple[Any, ...]]
) -> F:
    """The function with its arguments made ready where the dtype of one is too narrow."""
    kept = {*keep, *map(function.__code__.co_varnames.index, keep)}

    @functools.wraps(function)
    def prepared(*args: Any, **params: Any) -> Any:
        for a in (*args, *params.values()):
            dtype = getattr(a, "dtype", None)
            if dtype is not None and narrow(dtype):
                break
        else:
            return function(*args, **params)
        given: dict[Any, Any] = {**dict(enumerate(args)), **params}
        # NumPy's scalars beside the first argument are numbers of an axis, a size or an option, and stay as they are.
        counted = {key: a for key, a in given.items() if key not in kept and (not key or not isinstance(a, np.generic))}
        dtypes = {a.dtype for a in counted.values() if hasattr(a, "dtype") and is_differentiable(a.dtype)}
        given |= zip(counted, prepare(*counted.values()), strict=True)
        y = function(*(given[i] for i in range(len(args))), **{name: given[name] for name in params})
        if len(dtypes) != 1 or not is_half(dtype := dtypes.pop()):
            return y
        return tuple(astype(part, dtype) for part in y) if isinstance(y, tuple) else astype(y, dtype)

    return cast(F, prepared)


def floats(*values: Any) -> tuple[Any, ...]:
    """The values with integer and Boolean arrays as floats: what goes with the floats among them, else float64.

    In their own dtype they would wrap (``uint8``), truncate or lose their sign.
    """
    dtypes = [a.dtype for a in values if hasattr(a, "dtype")]
    if not any(d.kind in "iub" for d in dtypes):
        return values
    floating = [d for d in dtypes if is_differentiable(d)]
    if any(d.kind == "V" for d in floating):  # NumPy knows of no dtype for integers beside bfloat16
        dtype = np.result_type(*floating)
    else:
        dtype = np.result_type(*dtypes) if floating else np.dtype(np.float64)
    dtype = np.empty(0, dtype).real.dtype
    return tuple(astype(a, dtype) if hasattr(a, "dtype") and a.dtype.kind in "iub" else a for a in values)


def widened(a: Any) -> Any:
    """16-bit floats in float32; everything else as it is."""
    dtype = getattr(a, "dtype", None)
    return a if dtype is None or not is_half(dtype) else astype(a, np.float32)


def in_double(a: Any) -> Any:
    """Arrays in float64 or complex128, for a difference of large numbers that is small; plain numbers as they are."""
    if not hasattr(a, "dtype"):
        return a
    return astype(a, np.complex128 if a.dtype.kind == "c" else np.float64)
