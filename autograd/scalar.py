"""The smallest complete engine: numbers that remember how they were made.

A :class:`Value` is one Python float. It is its own node of the graph: ``op`` is an entry of the op table, ``inputs`` are
the Values that it was computed from (None for a plain number), and ``saved`` holds the numbers that the op's rules will
ask for. So the rules, the backward walk, gradcheck, the recorder and the drawings are those of Tensors; what is written
here is how arithmetic on floats is done and recorded.

>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> y = a * b + a.tanh()
>>> y.backward()
>>> a.grad                                  # b + 1 - tanh(a)^2
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import levels
from autograd.backward import walk
from autograd.dispatch import OPS, apply1, apply2, register_scalar_type
from autograd.errors import DtypeError
from autograd.expanding import expand
from autograd.mode import mode
from autograd.tape import SLOTS, Held, Variable, next_seq

__all__ = ["Value", "expand"]

_ADD, _SUBTRACT, _MULTIPLY, _DIVIDE, _POWER = (OPS[n] for n in ("add", "subtract", "multiply", "divide", "power"))
_NEGATIVE, _EXP, _LOG, _TANH, _RELU = (OPS[n] for n in ("negative", "exp", "log", "tanh", "relu"))
_SIGMOID, _SIN, _COS, _MAXIMUM = (OPS[n] for n in ("sigmoid", "sin", "cos", "maximum"))

_new = object.__new__
_NOTHING: dict[str, Any] = {}
_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "negative": "-"}


def _binary(op: Any, compute: Callable[[float, float], float], swapped: bool = False) -> Callable[[Any, Any], Any]:
    """An operator of two numbers; ``swapped`` where the Value stands on the right."""

    def method(self: Value, other: Any) -> Any:
        kind = other.__class__
        if kind is Value:
            inputs, b = (self, other), other.array
        else:
            inputs, b = (None, self) if swapped else (self, None), other
        if levels.active or not mode.grad or not (kind is Value or kind is float or kind is int):
            return apply2(op, other, self) if swapped else apply2(op, self, other)
        a = self.array
        if swapped:
            a, b = b, a
        try:
            y = compute(a, b)
        except (ArithmeticError, ValueError):  # Python's floats refuse what NumPy's make infinite or NaN
            return apply2(op, other, self) if swapped else apply2(op, self, other)
        out = _new(Value)
        out.array = y
        out.params = _NOTHING
        out.grad = 0.0
        out.op = op
        out.inputs = inputs
        out.saved = (None, y, a, b)
        out.seq = next_seq()
        out.label = ""
        return out

    return method


def _unary(op: Any, compute: Callable[[float], float]) -> Callable[[Any], Any]:
    """A function of one number."""

    def function(self: Value) -> Any:
        if levels.active or not mode.grad:
            return apply1(op, self)
        a = self.array
        try:
            y = compute(a)
        except (ArithmeticError, ValueError):
            return apply1(op, self)
        out = _new(Value)
        out.array = y
        out.params = _NOTHING
        out.grad = 0.0
        out.op = op
        out.inputs = (self,)
        out.saved = (None, y, a)
        out.seq = next_seq()
        out.label = ""
        return out

    return function


class Value(Variable):
    """A number in a graph; write formulas with it, call ``backward()`` on the result, and read ``.grad``.

    ``data``   the number, a Python float
    ``grad``   the gradient that backward passes have added up here: 0.0 at first
    ``label``  a name for drawings

    Every elementwise op of the table takes Values too (``ag.erf(v)``, ``np.sqrt(v)``). Mixed with a Tensor, a Value is
    an operand like any other, and the result is a Tensor.
    """

    __slots__ = ("inputs", "label", "op", "saved", "seq")

    # A Value keeps its parts where a Tensor keeps others: it has no need of a node besides itself.
    data = SLOTS[0]
    params = SLOTS[1]
    grad = SLOTS[2]

    # What every node has; of a number there is nothing to store.
    shape: tuple[int, ...] = ()
    dtype = np.dtype(np.float64)
    hooks = None
    ndim = 0
    size = 1
    is_leaf = property(lambda self: self.op is None)
    requires_grad = True

    def __init__(self, data: Any, label: str = ""):
        self.array = _number(data)
        self.params = _NOTHING
        self.grad = 0.0
        self.op: Any = None
        self.inputs: tuple[Any, ...] = ()
        self.saved: Any = None
        self.seq = next_seq()
        self.label = label

    @property
    def node(self) -> Any:  # type: ignore[override]
        """Where the value stands in the graph: a Value is its own node."""
        return self

    @property
    def operands(self) -> tuple[float, ...]:
        """The numbers that the op was applied to, of Values and plain numbers alike; none for a leaf."""
        saved = self.saved
        if saved.__class__ is tuple:
            return saved[2:]
        return () if saved is None else tuple(float(x) for x in saved.operands)

    def backward(self, gradient: Any = 1.0, create_graph: bool = False) -> None:
        """Add the derivative of this number by each number that it was computed from to their ``.grad``.

        The graph stays, so it may be called again; the gradients then add up, as after another use in a sum. With
        ``create_graph`` the gradients are Values that can be differentiated in turn.
        """
        start = Value(gradient) if create_graph else _number(gradient)
        found = walk([(self, start)], retain_graph=True, create_graph=create_graph, everywhere=True)
        for value, g in found.items():
            if g.__class__ is not float and not create_graph:
                g = float(g)
            value.grad = value.grad + g

    # --------------------------------------------------------------------------------------------------- arithmetic

    __add__ = _binary(_ADD, operator.add)
    __radd__ = _binary(_ADD, operator.add, swapped=True)
    __sub__ = _binary(_SUBTRACT, operator.sub)
    __rsub__ = _binary(_SUBTRACT, operator.sub, swapped=True)
    __mul__ = _binary(_MULTIPLY, operator.mul)
    __rmul__ = _binary(_MULTIPLY, operator.mul, swapped=True)
    __truediv__ = _binary(_DIVIDE, operator.truediv)
    __rtruediv__ = _binary(_DIVIDE, operator.truediv, swapped=True)
    __pow__ = _binary(_POWER, math.pow)
    __rpow__ = _binary(_POWER, math.pow, swapped=True)
    __neg__ = _unary(_NEGATIVE, operator.neg)
    pow = __pow__
    exp = _unary(_EXP, math.exp)
    log = _unary(_LOG, math.log)
    tanh = _unary(_TANH, math.tanh)
    sin = _unary(_SIN, math.sin)
    cos = _unary(_COS, math.cos)
    relu = _unary(_RELU, lambda x: x if x > 0 or x != x else 0.0)
    sigmoid = _unary(_SIGMOID, lambda x: 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x)))

    # ------------------------------------------------------------------------------------------------ its neighbours

    def max(self, other: Any) -> Any:
        """The greater of two numbers; the gradient goes there, and in halves where they are equal."""
        return _MAXIMUM(self, other)

    def detach(self) -> Value:
        """The same number as a leaf of its own."""
        return Value(self.array, self.label)

    def clone(self) -> Value:
        """The same number as a new node; the gradient flows through it."""
        return self * 1.0

    def item(self) -> float:
        """The number."""
        return float(self.array)

    def __float__(self) -> float:
        return float(self.array)

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **options: Any) -> Any:
        op = OPS.get(ufunc.__name__)
        if method != "__call__" or options or op is None:
            return NotImplemented
        return op(*args)

    __hash__ = object.__hash__  # by identity, though == compares the numbers

    def __eq__(self, other: object) -> bool:
        return bool(self.array == _number(other))

    def __ne__(self, other: object) -> bool:
        return bool(self.array != _number(other))

    def __lt__(self, other: Any) -> bool:
        return bool(self.array < _number(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self.array > _number(other))

    def __le__(self, other: Any) -> bool:
        return bool(self.array <= _number(other))

    def __ge__(self, other: Any) -> bool:
        return bool(self.array >= _number(other))

    def __repr__(self) -> str:
        name = f"{self.label}: " if self.label else ""
        return f"Value({name}data={self.data}, grad={self.grad})"

    # The names that drawing code written for micrograd reads.

    @property
    def _op(self) -> str:
        return _SIGNS.get(self.op.name, self.op.name) if self.op else ""

    @property
    def _prev(self) -> set[Value]:
        return {parent for parent in self.inputs if parent is not None}


def _number(x: Any) -> float:
    if x.__class__ is float:
        return x
    value = x.array if isinstance(x, Variable) else x
    if isinstance(value, (int, float, np.floating, np.integer)) or getattr(value, "shape", None) == ():
        if not isinstance(value, complex) and getattr(value, "dtype", np.dtype(float)).kind in "fiub":
            return float(value)
    raise DtypeError(f"Value: a Value is one real number; got {value!r}. For arrays there is ag.tensor.")


class _Numbers(Held):
    """The saved numbers of an op whose rule may ask for their dtype, or divide by zero: NumPy's, not Python's."""

    __slots__ = ("operands", "saved")

    def __init__(self, operands: tuple[Any, ...], saved: Any):
        self.operands = operands
        self.saved = saved

    def values(self, node: Any) -> Any:
        """The numbers."""
        return self.saved


def _made(
    op: Any, inputs: tuple[Any, ...], operands: tuple[Any, ...], saved: Any, y: Any, params: dict[str, Any]
) -> Any:
    """What dispatch gives where an op of the table was applied to Values: a Value."""
    if getattr(y, "dtype", np.dtype(float)).kind == "c":
        raise DtypeError(f"{op.name}: the result is complex, and a Value is a real number. Use ag.tensor.")
    out = Value(y)
    if mode.grad:
        out.op, out.inputs, out.saved, out.params = op, inputs, _Numbers(operands, saved), params
    return out


register_scalar_type(Value, _made)
