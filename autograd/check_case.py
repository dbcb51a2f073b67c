"""A function under a check: what takes containers and Modules, as a function of their leaves that always does the same.

Finite differences (:mod:`autograd.gradcheck`) and the other checks (:mod:`autograd.checks`) evaluate a function many
times. Each time random ops must draw the same numbers, from the default generators and from the user's own.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd.backend import to_numpy
from autograd.dispatch import bound
from autograd.errors import ArgumentError
from autograd.random import default_generator, get_states, set_states, used_generators
from autograd.tape import Variable
from autograd.tree import tree_flatten, tree_leaves, tree_unflatten

__all__ = ["Case", "Leaves", "Replay", "is_order", "largest", "name_of", "nothing_floating", "roughness"]


def name_of(function: Callable[..., Any]) -> str:
    """What errors call a function: the name of an op, a check's case or a function, else its type."""
    return str(getattr(function, "name", None) or getattr(function, "__name__", type(function).__name__))


def nothing_floating(name: str, results: Sequence[Any]) -> ArgumentError:
    """An error for a function under a check whose results have no derivatives."""
    seen = ", ".join(f"a {y.dtype} {type(y).__name__}" if hasattr(y, "dtype") else type(y).__name__ for y in results)
    return ArgumentError(
        f"check of {name}: the function returned {seen or 'an empty container'}, which has no derivative. "
        "Return a floating Tensor or a container of them; is a return missing?"
    )


def is_order(order: Any) -> bool:
    """Whether this is an order of derivatives: an integer from 1 on, and no bool."""
    return isinstance(order, int) and not isinstance(order, bool) and order >= 1


def largest(x: Any) -> float:
    """The largest absolute value among the finite elements of an array; 0 if there is none."""
    return float(np.max(np.abs(x[np.isfinite(x)]), initial=0.0))


def roughness(evaluate: Callable[[float], Sequence[np.ndarray]], step: float) -> list[np.ndarray]:
    """The rounding in results that should be smooth: its standard deviation in each element, NaN if it does not show.

    ``evaluate(t)`` gives the results at a point ``t`` along some direction. Of seven values at equal steps the fourth
    to sixth differences hold nothing of a smooth function but its rounding (Moré and Wild, 2011, "Estimating
    computational noise", SIAM J. Sci. Comput. 33(3)). Where most neighbours are equal, the steps are too small for it.
    """
    columns = zip(*(evaluate(k * step) for k in range(-3, 4)), strict=True)
    found = []
    for column in columns:
        table = np.stack([np.asarray(x, np.complex128) for x in column])
        equal = np.mean(table[1:] == table[:-1], axis=0)
        deviations = []
        with np.errstate(invalid="ignore", over="ignore"):
            for k in range(1, 7):
                table = table[1:] - table[:-1]
                if k >= 4:
                    scale = math.factorial(k) ** 2 / math.factorial(2 * k)
                    deviations.append(np.sqrt(scale * np.mean(np.abs(table) ** 2, axis=0)))
        found.append(np.where(equal < 0.5, np.max(deviations, axis=0), np.nan))
    return found


class Replay:
    """Random numbers that are drawn again: in each block the generators start where they stood for the first."""

    def __init__(self) -> None:
        self._states = get_states()
        self._own: dict[Any, Any] = {}

    def reset(self) -> None:
        """Put the generators back to where they stood for the first block."""
        set_states(self._states)
        for generator, state in self._own.items():
            generator.set_state(state)

    @contextmanager
    def __call__(self) -> Iterator[dict[Any, Any]]:
        """A block; gives the generators that are drawn from in it."""
        self.reset()
        with used_generators() as used:
            try:
                yield used
            finally:
                for generator, state in used.items():
                    if generator is not default_generator(generator.device):
                        self._own.setdefault(generator, state)


class Leaves:
    """A function of nested containers, as a function of a list of their leaves that gives the leaves of its result.

    A Module is a function of its parameters too: they are the last leaves, from number ``count`` on.
    """

    def __init__(self, function: Callable[..., Any], arguments: Sequence[Any]):
        self.function = function
        parameters, self._module = tree_flatten(function)
        leaves, self._structure = tree_flatten(tuple(arguments), "gradcheck: an argument")
        self.count = len(leaves)
        self.values: list[Any] = leaves if self._module.kind is None else [*leaves, *parameters]
        self._replay = Replay()

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        """The leaves of the result; random ops draw the same numbers in each call."""
        arguments = tree_unflatten(self._structure, values[: self.count])
        function = self.function if self._module.kind is None else tree_unflatten(self._module, values[self.count :])
        with self._replay():
            value = function(*arguments)
        return [value] if isinstance(value, Variable) else tree_leaves(value)


class Case:
    """A function at given arguments, as a function of its floating arrays alone that returns floating Tensors.

    ``points``  the arrays, and Python's floating numbers as arrays; those of a Module's parameters, in float64, stand
                last, from number ``count`` on
    ``units``   the size of each: its largest number, or 1 if all are 0. Tolerances are in these units
    """

    def __init__(self, function: Callable[..., Any], arguments: Sequence[Any], device: str = "cpu"):
        self.device = device
        self.name = name_of(function)
        self._function = Leaves(function, arguments)
        arrays = [to_numpy(x.array) if isinstance(x, Variable) else x for x in self._function.values]
        n = self._function.count
        self._leaves: list[Any] = [*arrays[:n], *map(_widened, arrays[n:])]
        self._leaves = [np.asarray(x) if isinstance(x, (float, complex, np.inexact)) else x for x in self._leaves]
        self._places = [i for i, x in enumerate(self._leaves) if isinstance(x, np.ndarray) and x.dtype.kind in "fc"]
        self.points = [self._leaves[i] for i in self._places]
        self.units = [largest(x) or 1.0 for x in self.points]
        self.count = sum(i < n for i in self._places)
        if not self.points:
            raise ArgumentError(
                f"check of {self.name}: no argument is a floating array, so there is no derivative. Give arrays of "
                "float64 or complex128."
            )

    def __call__(self, *floats: Any) -> tuple[Any, ...]:
        """The floating results at other values of the floating arrays."""
        leaves = [self.at([x])[0] if isinstance(x, np.ndarray) else x for x in self._leaves]
        for i, x in zip(self._places, floats, strict=True):
            leaves[i] = x if isinstance(x, Variable) else bound(np.asarray(x), None)
        results = self._function(leaves)
        tensors: list[Any] = [y if isinstance(y, Variable) else bound(np.asarray(y), None) for y in results]
        floating = tuple(y for y in tensors if y.dtype.kind in "fc")
        if not floating:
            raise nothing_floating(self.name, results)
        return floating

    def scale(self, order: int, argument: int | None = None, size: float | None = None) -> float:
        """The size that derivatives of this order have where the function is as large as ``size``, or as its results.

        ``argument`` is the one that it is taken by (last); without, the smallest of all sizes counts.
        """
        size = self.size if size is None else size
        unit = min(self.units) if argument is None else self.units[argument]
        return size / (unit * min(self.units) ** (order - 1)) if order else size

    @functools.cached_property
    def size(self) -> float:
        """The largest number among the results."""
        return max((largest(to_numpy(y.array)) for y in self(*self.at(self.points))), default=0.0)

    def at(self, points: Sequence[np.ndarray]) -> list[Any]:
        """Points as Tensors on the device of the check."""
        return [bound(x, None).to(self.device) for x in points]

    def at_leaves(self) -> list[Any]:
        """The points as Tensors that want gradients."""
        return [x.requires_grad_() for x in self.at(self.points)]


def _widened(x: Any) -> Any:
    return x.astype(np.complex128 if x.dtype.kind == "c" else np.float64) if x.dtype.kind in "fc" else x
