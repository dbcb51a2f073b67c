"""What parameters of distributions must satisfy; errors name function and argument, what was seen and wanted."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd.backend import Array, as_array, is_floating, parse_dtype
from autograd.errors import ArgumentError, DtypeError, ShapeError

__all__ = [
    "as_integer", "as_parameter", "as_weights", "differs", "full_shape", "location_scale", "real_dtypes", "require",
    "vector_shape",
]  # fmt: skip

# Conditions, and how an error states them. NaN satisfies none.
_WANTED: dict[str, tuple[Any, str]] = {
    "positive": (lambda v: v > 0, "above 0"),
    "nonnegative": (lambda v: v >= 0, "0 or more"),
    "finite": (lambda v: v - v == 0, "finite"),
    "probability": (lambda v: (v >= 0) & (v <= 1), "a probability in [0, 1]"),
    "rate": (lambda v: (v >= 0) & (v <= 9e18), "from 0 to 9e18"),
    "count": (lambda v: (v >= 0) & (v == np.floor(v)), "an integer from 0"),
}


def require(name: str, condition: str, **parameters: Any) -> None:
    """Raise :class:`ArgumentError` for the first parameter that breaks the condition, a name in ``_WANTED``."""
    satisfied, wanted = _WANTED[condition]
    for argument, value in parameters.items():
        try:
            good = satisfied(value)
        except TypeError:
            raise DtypeError(f"{name}: {argument} must be a number or an array, not {value!r}.") from None
        if not np.all(good):
            bad = value if not hasattr(value, "shape") or not value.shape else value[~good].reshape(-1)[0]
            raise ArgumentError(f"{name}: {argument} must be {wanted}, not {bad}.")


def real_dtypes(name: str, dtype: Any) -> tuple[np.dtype, np.dtype]:
    """The dtype of the result, a real floating one, and the dtype to draw in."""
    dtype = parse_dtype(dtype)
    if not is_floating(dtype):
        raise DtypeError(f"{name}: draws real floating-point numbers, not {dtype}. Convert the result: x.astype(...).")
    return dtype, dtype if dtype.name in ("float32", "float64") else np.dtype(np.float32)


def location_scale(
    name: str, shape: Any, loc: Any, scale: Any, dtype: Any
) -> tuple[np.dtype, np.dtype, tuple[int, ...]]:  # fmt: skip
    """What a distribution that is only shifted and scaled needs: dtypes and the shape, with ``scale`` above 0."""
    require(name, "positive", scale=scale)
    return (*real_dtypes(name, dtype), full_shape(name, shape, loc=loc, scale=scale))


def differs(parameter: Any, default: float) -> bool:
    """Whether a parameter may be another number than its default."""
    return hasattr(parameter, "shape") or parameter != default


def as_parameter(parameter: Any, dtype: np.dtype) -> Any:
    """A parameter in the dtype that is drawn."""
    return parameter.astype(dtype) if hasattr(parameter, "astype") else dtype.type(parameter)


def as_integer(name: str, argument: str, value: Any) -> int:
    """A count as a Python integer from 0."""
    try:
        number = operator.index(value)
    except TypeError:
        raise DtypeError(f"{name}: {argument} must be an integer, not {value!r}.") from None
    if number < 0:
        raise ArgumentError(f"{name}: {argument} must be an integer from 0, not {value!r}.")
    return number


def full_shape(name: str, shape: Any, **parameters: Any) -> tuple[int, ...]:
    """The shape as a tuple, if every parameter broadcasts to it."""
    try:
        sizes = tuple(map(operator.index, shape)) if isinstance(shape, (tuple, list)) else (operator.index(shape),)
    except TypeError:
        raise ShapeError(f"{name}: a shape is an integer or a tuple of them, not {shape!r}.") from None
    if any(n < 0 for n in sizes):
        raise ShapeError(f"{name}: a shape holds integers from 0, not {shape!r}.")
    for argument, value in parameters.items():
        seen = np.shape(value)
        if len(seen) > len(sizes) or any(n not in (1, m) for n, m in zip(seen[::-1], sizes[::-1], strict=False)):
            raise ShapeError(
                f"{name}: {argument} is {tuple(seen)} and does not broadcast to the shape {sizes} of the result."
            )
    return sizes


def vector_shape(name: str, argument: str, shape: Any, parameter: Any) -> tuple[int, ...]:
    """The shape of a result that holds a vector, as long as the last axis of the parameter, in each place."""
    if not np.ndim(parameter):
        raise ShapeError(f"{name}: {argument} is one number; its last axis runs over the outcomes.")
    if not parameter.shape[-1]:
        raise ShapeError(f"{name}: {argument} is {tuple(parameter.shape)}: there are no outcomes.")
    sizes = (*full_shape(name, shape), parameter.shape[-1])
    return full_shape(name, sizes, **{argument: parameter})


def as_weights(name: str, p: Any) -> Array:
    """Weights of outcomes in float64: finite, 0 or more, and not all 0."""
    p = as_array(p)
    require(name, "nonnegative", p=p)
    require(name, "finite", p=p)
    p = p.astype(np.float64)
    if p.ndim and p.shape[-1] and not np.all(np.sum(p, axis=-1) > 0):
        raise ArgumentError(f"{name}: the weights p are all 0 somewhere. One outcome at least needs a weight above 0.")
    return p
