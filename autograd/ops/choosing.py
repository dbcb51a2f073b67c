"""Ops that choose elements: by a condition, by a number for each place, from one of several arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.backend import is_array
from autograd.composite import composite
from autograd.errors import ArgumentError, DtypeError, RangeError, ShapeError
from autograd.ops.elementwise import clip, where
from autograd.ops.indexing import take
from autograd.ops.shape import reshape
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import Variable, constant, innermost

__all__ = ["choose", "compress", "extract", "select"]


def _plain(x: Any) -> Any:
    return x.array if isinstance(x, Variable) else x if is_array(x) else np.asarray(x)


@composite(
    r"{0}[c]",
    [
        sample(spec(3, 4), condition=np.array([True, False, True]), axis=0),
        sample(spec(2, 3), condition=np.array([True, False, True])),
    ],
    errors=[
        ErrorSample((np.ones((2, 3)),), ShapeError, "condition is", {"condition": np.ones(5, bool), "axis": 0}),
        ErrorSample(
            (np.ones((2, 3)),), ShapeError, "axis 9 is out of range", {"condition": np.ones(2, bool), "axis": 9}
        ),
    ],
    reference=lambda x, condition, axis=None: np.compress(condition, x, axis),
)
def _compress(x: Any, condition: Any, axis: int | None = None) -> Any:
    return compress(condition, x, axis)


def compress(condition: Any, x: Any, axis: int | None = None) -> Any:
    """The slices of ``x`` along an axis at which the vector ``condition`` holds; ``x`` is flattened without an axis."""
    if axis is None:
        x, axis = reshape(x, -1), 0
    places = _plain(condition)
    n = x.shape[axis] if -x.ndim <= axis < x.ndim else None
    if places.ndim != 1 or (n is not None and places.shape[0] > n):
        raise ShapeError(f"compress: condition is {places.shape}; axis {axis} of x {tuple(x.shape)} has {n} elements.")
    return take(x, np.flatnonzero(places), axis)


@composite(
    r"{0}[c]",
    [sample(spec(3, 4), condition=np.arange(12).reshape(3, 4) % 3 == 0)],
    errors=[ErrorSample((np.ones(3),), ShapeError, r"condition is \(2,\)", {"condition": np.ones(2, bool)})],
    reference=lambda x, condition: np.extract(condition, x),
)
def _extract(x: Any, condition: Any) -> Any:
    return extract(condition, x)


def extract(condition: Any, x: Any) -> Any:
    """The elements of ``x`` where ``condition``, of the same size, is not 0, as a vector."""
    places = _plain(condition)
    if places.size != x.size:
        raise ShapeError(f"extract: condition is {places.shape} and x is {tuple(x.shape)}; they must be of one size.")
    return take(reshape(x, -1), np.flatnonzero(places), 0)


@composite(
    r"\operatorname{{choose}}_i({0}, \dots)",
    [sample(spec(2, 3), spec(3), index=np.array([[0, 1, 0], [1, 1, 0]]))],
    errors=[ErrorSample((np.ones(3), np.ones(3)), RangeError, "choices 0 to 1", {"index": np.array([0, 2, 0])})],
)
def _choose(*choices: Any, index: Any) -> Any:
    return choose(index, choices)


def choose(index: Any, choices: Sequence[Any], mode: str = "raise") -> Any:
    """For each place the element of ``choices[index]`` there; all broadcast.

    ``mode`` says what an index outside means: an error (``"raise"``), ``"wrap"`` around, or ``"clip"`` to the range.
    """
    places, n = constant(index), len(choices)
    places = places if hasattr(places, "dtype") else np.asarray(places)
    seen = innermost(places)
    if places.dtype.kind not in "iub":
        raise DtypeError(f"choose: index must hold integers, not {places.dtype}.")
    if mode not in ("raise", "wrap", "clip"):
        raise ArgumentError(f'choose: mode must be "raise", "wrap" or "clip", not {mode!r}.')
    if mode == "raise" and seen.size and not (seen.min() >= 0 and seen.max() < n):
        raise RangeError(f"choose: index goes from {seen.min()} to {seen.max()}; there are choices 0 to {n - 1}.")
    places = places % n if mode == "wrap" else clip(places, 0, n - 1)
    chosen = choices[-1]
    for i in range(n - 2, -1, -1):
        chosen = where(places == i, choices[i], chosen)
    return where(places == 0, chosen, chosen) if n == 1 else chosen  # the shape of the index counts too


@composite(
    r"\operatorname{{select}}_c({0}, \dots)",
    [
        sample(
            spec(2, 3), spec(3), conditions=[np.array([True, False, True]), np.array([True, True, False])], default=0.5
        )
    ],
    errors=[
        ErrorSample((np.ones(3), np.ones(3)), ShapeError, "1 conditions for 2", {"conditions": [np.ones(3, bool)]})
    ],
)
def _select(*choices: Any, conditions: Any, default: Any = 0) -> Any:
    return select(conditions, choices, default)


def select(conditions: Sequence[Any], choices: Sequence[Any], default: Any = 0) -> Any:
    """For each place the element of the first choice whose condition holds there, else ``default`` (as NumPy)."""
    if len(conditions) != len(choices) or not choices:
        raise ShapeError(f"select: {len(conditions)} conditions for {len(choices)} choices; give one each.")
    chosen = default
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        if getattr(condition, "dtype", np.dtype(bool)).kind != "b":
            raise DtypeError(
                f"select: a condition holds {condition.dtype}; Booleans are wanted. Compare first: c != 0."
            )
        chosen = where(condition, choice, chosen)
    return chosen
