"""What a rule of :func:`autograd.scalar.expand` is given, an op that was opened, and what it answers, a formula."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from autograd.backend import Array

__all__ = ["Element", "Key", "Opened", "Rule", "added", "positions", "weighed_sum"]

Key = tuple[Any, int, int]  # what holds an element (a node, a constant), which of its outputs, and the flat position


class Element(NamedTuple):
    """How an element is computed: ``combine(*parts)``, or the one part itself where ``combine`` is None.

    ``parts``  keys of other elements, and plain numbers
    ``cost``   how many Values ``combine`` makes
    """

    parts: Sequence[Any]
    combine: Callable[..., Any] | None = None
    cost: int = 0


Rule = Callable[[int, int], Element]  # from the output (0 where there is one) and the flat position in it


class Opened(Protocol):
    """One op of the graph, as its rule sees it."""

    node: Any
    op: Any
    params: dict[str, Any]

    def count(self) -> int:
        """How many arguments it was applied to."""

    def shape(self, place: int) -> tuple[int, ...]:
        """The shape of an argument."""

    def numbers(self, place: int) -> Any:
        """The array (or number) of an argument; None for one that was left out."""

    def absent(self, place: int) -> bool:
        """Whether an optional argument was left out."""

    def is_data(self, place: int) -> bool:
        """Whether an argument holds real numbers that a derivative may be taken by."""

    def part(self, place: int, flat: int) -> Any:
        """The element of an argument, to stand among the parts."""


def positions(shape: tuple[int, ...]) -> Array:
    """An array that holds, in each place, the place's number."""
    return np.arange(math.prod(shape)).reshape(shape)


def weighed_sum(parts: Sequence[Any], coefficients: Sequence[float]) -> Element:
    """The sum of the parts times their coefficients; what all have in common is multiplied once."""
    if not parts:
        return Element([0.0])
    if len(set(coefficients)) > 1:
        return Element(
            parts,
            lambda *values: added(v if c == 1 else v * c for v, c in zip(values, coefficients, strict=True)),
            2 * len(parts) - 1,
        )
    factor = coefficients[0]
    if factor == 1:
        return Element(parts, lambda *values: added(values), len(parts) - 1) if len(parts) > 1 else Element(parts)
    if (n := round(1 / factor)) > 1 and math.isclose(n * factor, 1, rel_tol=1e-12):
        return Element(parts, lambda *values: added(values) / n, len(parts))
    return Element(parts, lambda *values: added(values) * factor, len(parts))


def added(values: Iterable[Any]) -> Any:
    """The sum, from the first to the last."""
    return functools.reduce(operator.add, values)
