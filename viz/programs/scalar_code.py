"""An elementwise op, and its backward rule, as scalar expressions.

The value is the ``code`` facet of the op table. The derivative is written nowhere: the op's own vjp rule is run on
Tensors of no axes, and what it does is written down, op by op, in their ``code`` facets.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.creation import tensor
from autograd.errors import ArgumentError
from autograd.levels import Watcher, suspended
from autograd.mode import no_grad
from autograd.tape import Variable
from viz.programs.program import Kernel, Lines

__all__ = ["extreme_kernel", "has_code", "kernel_of"]

# Ops that the table has no code for, as their arguments and static parameters give it.
_WRITTEN: dict[str, Callable[..., str]] = {
    "astype": lambda x, **_: x,
    "copy": lambda x, **_: x,
    "zeros_of": lambda x, **_: "0",
    "logical_not": lambda x: f"({x} == 0)",
    "logical_and": lambda a, b: f"({a} != 0 ? {b} != 0 : 0)",
    "logical_or": lambda a, b: f"({a} != 0 ? 1 : {b} != 0)",
    "bitwise_and": lambda a, b: f"({a} != 0 ? {b} != 0 : 0)",  # of truth values, as below
    "bitwise_or": lambda a, b: f"({a} != 0 ? 1 : {b} != 0)",
    "bitwise_xor": lambda a, b: f"(({a} != 0) != ({b} != 0))",
    "invert": lambda x: f"({x} == 0)",
    "clip": lambda x, low=None, high=None, **_: _limited(x, low, high),
    "isnan": lambda x: f"({x} != {x})",
    "isfinite": lambda x: f"({x} - {x} == 0)",
    "isinf": lambda x: f"(fabs({x}) == INFINITY)",
    "signbit": lambda x: f"(copysign(1, {x}) < 0)",
    "erfc": lambda x: f"erfc({x})",
    "digamma": lambda x: f"digamma({x})",
    "ndtr": lambda x: f"(0.5 * erfc(-0.7071067811865476 * {x}))",
    "fmod": lambda a, b: f"fmod({a}, {b})",
    "floor_divide": lambda a, b: f"floor({a} / {b})",
    "remainder": lambda a, b: f"({a} - floor({a} / {b}) * {b})",
    "heaviside": lambda x, h: f"({x} == 0 ? {h} : {x} > 0)",
}


def _limited(x: str, low: str | None, high: str | None) -> str:
    least = x if low in (None, "None") else f"fmax({x}, {low})"
    return least if high in (None, "None") else f"fmin({least}, {high})"


def has_code(op: Any, params: dict[str, Any]) -> bool:
    """Whether there is an expression for the value of an op."""
    return op is not None and _value(op, [f"a{i}" for i in range(len(op.arguments or ()))], params) is not None


def kernel_of(op: Any, params: dict[str, Any]) -> Kernel:
    """The op on single numbers, with a rule for each argument.

    Raises ArgumentError where the op has no scalar expression, or its rule does what cannot be written as one.
    """
    names = [f"a{i}" for i in range(len(op.arguments))]
    forward = _value(op, names, params)
    if forward is None:
        raise ArgumentError(f"{op.name} has no scalar code in the op table.")
    rules = (
        [None] * len(names)
        if op.rules is None and op.joint is None
        else [_pull(op, i, params) for i in range(len(names))]
    )
    return Kernel(op.name, len(names), forward, tuple(rules), op.selects)


def extreme_kernel(name: str, count: int, *, constant: bool = False) -> Kernel:
    """The largest (``"max"``) or smallest (``"min"``) of ``count`` numbers. Those that tie for it share the gradient;
    of a ``constant`` none goes back."""
    names = [f"a{i}" for i in range(count)]
    value = names[0]
    for other in names[1:]:
        value = f"f{name}({value}, {other})"
    ties = " + ".join(f"({one} == y)" for one in names)
    pulls = [None if constant else (("result", f"(g * ({one} == y) / ({ties}))"),) for one in names]
    return Kernel(name, count, value, tuple(pulls), selects=True)


def _value(op: Any, arguments: list[str], params: dict[str, Any]) -> str | None:
    if op.code is not None and not params:
        return str(op.code.format(*arguments))
    written = _WRITTEN.get(op.name)
    return None if written is None else written(*arguments, **params)


_POINTS = ((0.37, 0.61, 0.83), (0.71, 0.23, 0.45), (-0.42, 1.31, -0.77), (1.73, -0.58, 0.29))


def _pull(op: Any, place: int, params: dict[str, Any]) -> Lines | None:
    """The rule for one argument, as it is at several points: what differs between them was decided by a number."""
    found = [_traced(op, place, params, point) for point in _POINTS]
    if any(lines != found[0] for lines in found):
        raise ArgumentError(
            f"{op.name}: its backward rule decides by the numbers in a way that cannot be written down."
        )
    return found[0]


def _traced(op: Any, place: int, params: dict[str, Any], point: tuple[float, ...]) -> Lines | None:
    tracer = _Tracer(op)
    with suspended(transforms=True), no_grad(), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = [tensor(np.float64(x)) for x in point[: len(op.arguments)]]
        if op.name == "where":
            values[0] = tensor(np.bool_(point[0] > 0))
        y = op(*values, **params)
        g = tensor(np.float64(1.1 + point[0]))
        tracer.name("g", g)
        tracer.name("y", y)
        for i, value in enumerate(values):
            tracer.name(f"a{i}", value)
        saved: list[Any] = [None, y, *values]
        for origin, facet in op._extras:
            value = y if not origin else values[op.arguments.index(origin)]
            saved.append(value.shape if facet == "shape" else value.dtype)
        with tracer:
            if op.joint is not None:
                needs = tuple(i == place for i in range(len(values)))
                result = op.joint(g, (needs, *saved[1:]), params)[place]
            else:
                rule = op.rules[place]
                result = None if rule is None else rule(g, saved, params)
    return None if result is None else tracer.lines_to(result)


class _Tracer(Watcher):
    """Writes down the ops that run under it."""

    def __init__(self, op: Any):
        self._op = op
        self._names: dict[int, str] = {}
        self._kept: list[Any] = []  # an id is that of one object only while the object is there
        self._lines: list[tuple[str, str]] = []

    def name(self, name: str, value: Any) -> None:
        """Say what a value is called; and its array, which rules may take out of it."""
        parts = [value]
        while isinstance(parts[-1], Variable):
            parts.append(parts[-1].array)
        for part in parts:
            self._names[id(part)] = name
            self._kept.append(part)

    def see(self, op: Any, args: tuple[Any, ...], params: dict[str, Any], run: Callable[..., Any]) -> Any:
        """Write one op down."""
        y = run(op, args, params)
        expression = _value(op, [self._text(x) for x in args], params)
        if expression is None:
            raise ArgumentError(f"{self._op.name}: its backward rule uses {op.name}, which has no scalar code.")
        name = f"t{len(self._lines)}"
        self._lines.append((name, expression))
        self.name(name, y)
        return y

    def _text(self, x: Any) -> str:
        if id(x) in self._names:
            return self._names[id(x)]
        if isinstance(x, Variable):
            return self._text(x.array)
        try:
            return number_code(float(x))
        except (TypeError, ValueError) as error:
            raise ArgumentError(f"{self._op.name}: its backward rule uses a {type(x).__name__}.") from error

    def lines_to(self, result: Any) -> Lines:
        """The lines that a result needs, and the result."""
        last = self._text(result)
        needed, kept = {last}, []
        for name, expression in reversed(self._lines):
            if name in needed:
                kept.append((name, expression))
                needed.update(part for part, _ in self._lines if _mentions(expression, part))
        lines = tuple(reversed(kept))
        return lines if lines and lines[-1][0] == last else (*lines, ("result", last))


def _mentions(expression: str, name: str) -> bool:
    at = expression.find(name)
    while at >= 0:
        if not expression[at + len(name) : at + len(name) + 1].isdigit():
            return True
        at = expression.find(name, at + 1)
    return False


def number_code(number: float) -> str:
    """A number in the expressions."""
    if math.isnan(number):
        return "NAN"
    if math.isinf(number):
        return "INFINITY" if number > 0 else "(-INFINITY)"
    text = (
        repr(int(number))
        if number == int(number) and abs(number) < 1e15 and not (number == 0 and math.copysign(1, number) < 0)
        else repr(number)
    )
    return f"({text})" if text.startswith("-") else text
