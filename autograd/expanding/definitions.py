"""Ops that have a fused computation, written out with other ops: what stands behind one of their elements.

A definition takes the arguments and parameters of the op. Numbers that only keep it from overflowing (the largest of a
softmax) are constants in it, by which nothing is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.expanding import linalg as by_hand
from autograd.ops.elementwise import exp, log, square, where
from autograd.ops.reduce import mean, sum
from autograd.ops.shape import squeeze

__all__ = ["definition_of"]


def definition_of(op: Any) -> Callable[..., Any] | None:
    """The definition of an op by others; None if it has none."""
    return op.plain or _DEFINITIONS.get(op.name)


def _peak(x: Any, axis: Any) -> Any:
    """The largest numbers along the axis, as constants."""
    return np.max(x.array, axis=axis, keepdims=True, initial=-np.inf)


def _softmax(x: Any, axis: int) -> Any:
    powers = exp(x - _peak(x, axis))
    return powers / sum(powers, axis, keepdims=True)


def _log_softmax(x: Any, axis: int) -> Any:
    x = x - _peak(x, axis)
    return x - log(sum(exp(x), axis, keepdims=True))


def _logsumexp(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    peak = _peak(x, axis)
    infinite = np.isinf(peak)
    shift = np.where(infinite, 0, peak)  # inf - inf would be NaN
    y = log(sum(exp(x - shift), axis, keepdims=True)) + shift
    if infinite.any():  # as in the op, infinities share evenly, and of -inf alone nothing has a share
        share = x.array == peak
        mean_of_infinities = sum(where(share, x, 0.0), axis, keepdims=True) / share.sum(axis, keepdims=True)
        y = where(infinite, where(peak > 0, mean_of_infinities, -np.inf), y)
    return y if keepdims else squeeze(y, axis)


def _mse_loss(x: Any, target: Any, reduction: str) -> Any:
    squares = square(x - target)
    return squares if reduction == "none" else (mean if reduction == "mean" else sum)(squares)


def _frexp(x: Any) -> Any:
    """The mantissa; the exponent is an integer, and constant."""
    exponent = np.frexp(x.array)[1]
    return x * np.exp2(-exponent.astype(np.float64)), exponent


_DEFINITIONS: dict[str, Callable[..., Any]] = {
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "logsumexp": _logsumexp,
    "mse_loss": _mse_loss,
    "dropout": lambda x, mask: x * mask,
    "frexp": _frexp,
    **{name: getattr(by_hand, name) for name in by_hand.__all__},
}
