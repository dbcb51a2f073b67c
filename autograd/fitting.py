"""A gradient made to fit the value that it belongs to, in shape and in dtype: the one place that un-broadcasts."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.backend import cast, is_complex
from autograd.errors import GradientError
from autograd.ops.complex_parts import real
from autograd.ops.reduce import sum as sum_over
from autograd.ops.shape import broadcast_to
from autograd.tape import Node, Variable

__all__ = ["fitted_dtype", "unbroadcast"]


def unbroadcast(g: Any, node: Node, parent: Node) -> Any:
    """Sum a gradient over the axes that broadcasting added or stretched, back to the shape of the input."""
    shape = parent.shape
    extra = g.ndim - len(shape)
    if extra > 0 and g.shape[extra:] == shape:
        return _summed(g, tuple(range(extra)))
    if _fits(g.shape, shape):  # a rule may leave out axes along which its gradient is constant (sum, mean)
        return broadcast_to(g, shape=shape)
    if not _fits(shape, g.shape):
        raise GradientError(
            f"{node!r}: its vjp rule gave a gradient of shape {tuple(g.shape)} for an input of shape {shape}. "
            "This is a bug in the rule: return the input's shape, or one that broadcasts with it."
        )
    axes = tuple(range(extra)) + tuple(extra + i for i, n in enumerate(shape) if n == 1 and g.shape[extra + i] != 1)
    return _summed(g, axes).reshape(shape)


def _summed(g: Any, axes: tuple[int, ...]) -> Any:
    if g.__class__ is np.ndarray and g.itemsize > 2:
        return np.add.reduce(g, axis=axes)  # what g.sum() comes to, without its three Python calls
    return sum_over(g, axes)


def _fits(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    """Whether an array of shape ``small`` broadcasts to ``large``."""
    padded = (1,) * (len(large) - len(small)) + tuple(small)
    return len(padded) == len(large) and all(a in (1, b) for a, b in zip(padded, large, strict=True))


def fitted_dtype(g: Any, dtype: np.dtype) -> Any:
    """The gradient in the dtype of the value; the imaginary part is dropped where the value is real."""
    if isinstance(g, Variable):
        tensor: Any = g
        if is_complex(tensor.dtype) and not is_complex(dtype):
            tensor = real(tensor)
        return tensor if tensor.dtype == dtype else tensor.astype(dtype)
    return cast(g, dtype)
