"""The smallest complete engine: numbers that remember how they were made.

A :class:`Value` is one Python float, and a node of the graph. ``op`` is the entry of the op table that made it,
``inputs`` the Values that it was made from (None for a plain number), and ``saved`` the numbers that the op's rules ask
for. The rules, gradcheck, the recorder and the drawings are those of Tensors, and so is the backward walk, with a loop
of its own where all cotangents are floats. What stands here is how floats are computed with and how that is written
down.

>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> y = a * b + a.tanh()
>>> y.backward()
>>> a.grad                                  # b + 1 - tanh(a)^2
-2.9293491751468355

:func:`vectorize` lifts such a graph into a few tensor ops; :func:`expand` opens one element of a Tensor into one.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from autograd import levels
from autograd.backward import walk
from autograd.dispatch import OPS, apply, register_scalar_type
from autograd.expanding import expand
from autograd.lifting import Program, vectorize
from autograd.mode import mode
from autograd.scalar_node import Number, is_object_array
from autograd.tape import next_seq
from autograd.tensor import start_cotangent

__all__ = ["Program", "Value", "expand", "vectorize"]

_new = object.__new__


def _record(op: Any, inputs: tuple[Any, ...], y: float, *operands: float) -> Value:
    """The Value that an op made."""
    if not mode.grad:
        return Value(y)
    out: Value = _new(Value)
    out.array = y
    out.grad = 0.0
    out.op = op
    out.inputs = inputs
    out.saved = (None, y, *operands)
    out.seq = next_seq()
    out.label = ""
    return out


def _unary(name: str, compute: Callable[[float], float]) -> Callable[..., Any]:
    """A function of one number, as a method."""
    op = OPS[name]

    def method(self: Value) -> Any:
        if levels.active:
            return apply(op, (self,), {})
        try:
            return _record(op, (self,), compute(self.array), self.array)
        except (ArithmeticError, ValueError):  # Python's floats refuse what NumPy's make infinite or NaN
            return apply(op, (self,), {})

    method.__doc__ = f"``{name}`` of the op table, of this number."
    return method


def _binary(name: str, compute: Callable[[float, float], float]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """An operator of two numbers, as the methods for ``self + other`` and ``other + self``."""
    op = OPS[name]

    def method(self: Value, other: Any) -> Any:
        kind = other.__class__
        if not (kind is Value or kind is float or kind is int) or levels.active:
            return NotImplemented if is_object_array(other) else apply(op, (self, other), {})
        a = self.array
        try:
            b = other.array if kind is Value else float(other)
            y = compute(a, b)
        except (ArithmeticError, ValueError):
            return apply(op, (self, other), {})
        if not mode.grad:
            return Value(y)
        out = _new(Value)  # _record, written out: this is where a scalar program spends its time
        out.array = y
        out.grad = 0.0
        out.op = op
        out.inputs = (self, other if kind is Value else None)
        out.saved = (None, y, a, b)
        out.seq = next_seq()
        out.label = ""
        return out

    def reflected(self: Value, other: Any) -> Any:
        if not (other.__class__ is float or other.__class__ is int) or levels.active:
            return apply(op, (other, self), {})
        try:
            a = float(other)
            return _record(op, (None, self), compute(a, self.array), a, self.array)
        except (ArithmeticError, ValueError):
            return apply(op, (other, self), {})

    return method, reflected


def _relu(x: float) -> float:
    return x if x > 0 or x != x else 0.0


def _sigmoid(x: float) -> float:
    small = math.exp(-abs(x))  # cannot overflow
    return (1.0 if x >= 0 else small) / (1 + small)


class Value(Number):
    """A number in a graph: write formulas with it, call ``backward()`` on the result, and read ``.grad``.

    ``data``   the number, a Python float
    ``grad``   the gradient that backward passes have added up here: 0.0 at first
    ``label``  a name for drawings

    Every op of the table takes Values too: ``ag.erf(v)``, ``np.sqrt(v)``, ``ag.where(v > 0, v, w)``. With a Tensor or
    an array among its arguments the result is a Tensor.
    """

    __slots__ = ()

    def backward(self, gradient: Any = None, create_graph: bool = False) -> None:
        """Add the derivatives of this number by all that it was computed from to their ``.grad``.

        The graph stays: a second call adds the same once more. With ``create_graph`` the gradients are Values, and can
        be differentiated in turn: ``y.backward(create_graph=True)``, ``x.grad.backward()``. Then ``x.grad`` holds the
        graph and the graph holds ``x``: set ``.grad`` to 0 when done, or use :func:`autograd.gradients` instead.
        """
        start = start_cotangent("backward", self, gradient, create_graph)
        for value, g in walk([(self, start)], retain_graph=True, create_graph=create_graph, everywhere=True).items():
            value.receive(g)

    __add__, __radd__ = _binary("add", operator.add)
    __sub__, __rsub__ = _binary("subtract", operator.sub)
    __mul__, __rmul__ = _binary("multiply", operator.mul)
    __truediv__, __rtruediv__ = _binary("divide", operator.truediv)
    __pow__, __rpow__ = _binary("power", math.pow)
    __neg__ = _unary("negative", operator.neg)
    exp = _unary("exp", math.exp)
    log = _unary("log", math.log)
    tanh = _unary("tanh", math.tanh)
    relu = _unary("relu", _relu)
    sigmoid = _unary("sigmoid", _sigmoid)
    sin = _unary("sin", math.sin)
    cos = _unary("cos", math.cos)
    sqrt = _unary("sqrt", math.sqrt)
    pow = __pow__

    def max(self, other: Any) -> Any:
        """The larger of two numbers; it takes the gradient, of equal ones each takes half."""
        return OPS["maximum"](self, other)

    def min(self, other: Any) -> Any:
        """The smaller of two numbers; it takes the gradient, of equal ones each takes half."""
        return OPS["minimum"](self, other)

    def abs(self) -> Any:
        """The absolute value; its gradient at 0 is 0."""
        return OPS["abs"](self)

    __abs__ = abs


register_scalar_type(Value, Value.made)
