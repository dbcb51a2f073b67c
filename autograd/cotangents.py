"""Gradients on their way, as what watches a backward pass sees them: arrays, wrapped or not, and lists of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.tape import Variable

__all__ = ["added", "as_one_array"]


def added(before: Any, gi: Any) -> Any:
    """What has arrived after a contribution; of an op with several outputs each may be None."""
    if not isinstance(before, (list, tuple)):
        return as_one_array(before) + as_one_array(gi)
    return [b if a is None else a if b is None else added(a, b) for a, b in zip(before, gi, strict=True)]


def as_one_array(x: Any) -> Any:
    """The array of a gradient; of several outputs the elements of all, one after the other."""
    if isinstance(x, (list, tuple)):  # the cotangents of several outputs
        return np.concatenate([np.ravel(as_one_array(part)) for part in x if part is not None] or [np.zeros(0)])
    if x.__class__ is np.ndarray:
        return x
    while isinstance(x, Variable):
        x = x.array
    return x if x.__class__ is float or hasattr(x, "dtype") else np.asarray(x)
