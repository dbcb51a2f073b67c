"""The smallest complete engine: numbers that remember how they were made.

A :class:`Value` is one Python float, and a node of the graph. ``op`` is the entry of the op table that made it,
``inputs`` the Values that it was made from (None for a plain number), and ``saved`` the numbers that the op's rules ask
for. The rules, the backward walk, gradcheck, the recorder and the drawings are those of Tensors. What stands here is
how floats are computed with and how that is written down.

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

import numpy as np

from autograd import levels
from autograd.backward import walk
from autograd.dispatch import OPS, apply, describe, register_scalar_type
from autograd.errors import ArgumentError, DtypeError, GradientError
from autograd.mode import mode
from autograd.protocols import call_function, call_ufunc
from autograd.tape import SLOTS, Held, Variable, next_seq
from autograd.tensor import start_cotangent

__all__ = ["Value"]

_new = object.__new__


def _record(op: Any, inputs: tuple[Any, ...], y: float, *operands: float) -> Value:
    """The Value that an op made."""
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
        if levels.active or not mode.grad:
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
        if not (kind is Value or kind is float or kind is int) or levels.active or not mode.grad:
            return apply(op, (self, other), {})
        a = self.array
        b = other.array if kind is Value else other
        try:
            y = compute(a, b)
        except (ArithmeticError, ValueError):
            return apply(op, (self, other), {})
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
        if not (other.__class__ is float or other.__class__ is int) or levels.active or not mode.grad:
            return apply(op, (other, self), {})
        try:
            return _record(op, (None, self), compute(other, self.array), other, self.array)
        except (ArithmeticError, ValueError):
            return apply(op, (other, self), {})

    return method, reflected


def _comparison(name: str, compare: Callable[[float, float], bool]) -> Callable[..., Any]:
    """A comparison with another number; with a Tensor or an array it is elementwise."""

    def method(self: Value, other: Any) -> Any:
        if isinstance(other, (Value, float, int)):
            return compare(self.array, other.array if isinstance(other, Value) else other)
        return OPS[name](self, other) if hasattr(other, "dtype") else NotImplemented

    return method


def _relu(x: float) -> float:
    return x if x > 0 or x != x else 0.0


def _sigmoid(x: float) -> float:
    small = math.exp(-abs(x))  # cannot overflow
    return (1.0 if x >= 0 else small) / (1 + small)


class Value(Variable):
    """A number in a graph: write formulas with it, call ``backward()`` on the result, and read ``.grad``.

    ``data``   the number, a Python float
    ``grad``   the gradient that backward passes have added up here: 0.0 at first
    ``label``  a name for drawings

    Every op of the table takes Values too: ``ag.erf(v)``, ``np.sqrt(v)``, ``ag.where(v > 0, v, w)``. With a Tensor or
    an array among its arguments the result is a Tensor.
    """

    __slots__ = ("inputs", "op", "saved", "seq")
    grad: Any = SLOTS[2]
    label: Any = SLOTS[1]  # where a Tensor keeps its node; a Value is its own

    shape: tuple[int, ...] = ()
    dtype = np.dtype(np.float64)
    ndim, size, device, hooks = 0, 1, "cpu", None
    requires_grad = True

    def __init__(self, data: Any, label: str = ""):
        if label.__class__ is not str:
            raise ArgumentError(
                f"Value: label is {label!r}; it must be a text. What a Value was computed from is recorded by "
                "operators and op functions; an op of your own is made by ag.custom_op."
            )
        self.array = _number(data)
        self.grad = 0.0
        self.op: Any = None
        self.inputs: tuple[Any, ...] = ()
        self.saved: Any = None
        self.seq = next_seq()
        self.label = label

    @property
    def data(self) -> float:
        """The number. Writing it changes this Value alone: what was computed from it keeps the number it has."""
        return self.array

    @data.setter
    def data(self, number: Any) -> None:
        self.array = _number(number)

    def backward(self, gradient: Any = None, create_graph: bool = False) -> None:
        """Add the derivatives of this number by all that it was computed from to their ``.grad``.

        The graph stays: a second call adds the same once more. With ``create_graph`` the gradients are Values, and can
        be differentiated in turn: ``y.backward(create_graph=True)``, ``x.grad.backward()``.
        """
        start = start_cotangent("backward", self, gradient, create_graph)
        for value, g in walk([(self, start)], retain_graph=True, create_graph=create_graph, everywhere=True).items():
            value.receive(g)

    def receive(self, g: Any) -> None:
        """Add a gradient to ``.grad``."""
        if g.__class__ is not float and not isinstance(g, Value):
            g = float(g)
        self.grad = g if self.grad is None else self.grad + g

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
    __hash__ = object.__hash__  # by identity, though == compares numbers
    __eq__ = _comparison("equal", operator.eq)
    __ne__ = _comparison("not_equal", operator.ne)
    __lt__ = _comparison("less", operator.lt)
    __le__ = _comparison("less_equal", operator.le)
    __gt__ = _comparison("greater", operator.gt)
    __ge__ = _comparison("greater_equal", operator.ge)

    def item(self) -> float:
        """The number."""
        return self.array

    __float__ = item

    def __bool__(self) -> bool:
        return self.array != 0

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return call_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, _: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        return call_function(function, args, options)

    def __repr__(self) -> str:
        name = f"{self.label}: " if self.label else ""
        return f"Value({name}data={self.data}, grad={self.grad})"

    # --------------------------------------------------- what the rest of the engine asks of a Tensor and of a node

    @property
    def node(self) -> Any:  # type: ignore[override]
        """Where the Value stands in the graph: it is its own node."""
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether no op made this Value."""
        return self.op is None

    @property
    def params(self) -> dict[str, Any]:
        """The static arguments of the op."""
        return self.saved.params if isinstance(self.saved, _Numbers) else {}

    @property
    def operands(self) -> tuple[float, ...]:
        """The numbers that the op was applied to, of Values and plain numbers alike; none for a leaf."""
        saved = self.saved
        if saved.__class__ is tuple:
            return saved[2:]
        return () if saved is None else saved.operands

    def detach(self) -> Value:
        """The same number, with no past."""
        return Value(self.array, self.label)

    def clone(self) -> Value:
        """The same number as a new node; the gradient flows through it."""
        return OPS["positive"](self)

    def holding(self, number: Any) -> Value:
        """Another number, in the place of this one."""
        return Value(number, self.label)

    def __reduce__(self) -> Any:
        if self.op is not None:
            raise GradientError(f"copy: {self!r} was computed; only leaves can be copied or pickled. detach() it.")
        return _restored, (self.array, self.label, self.grad)

    # -------------------------------------------------------------- the names that drawing code for micrograd reads

    @property
    def _op(self) -> str:
        return _SIGNS.get(self.op.name, self.op.name) if self.op else ""

    @property
    def _prev(self) -> set[Value]:
        return {value for value in self.inputs if value is not None}


_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "negative": "-", "relu": "ReLU"}


def _restored(data: float, label: str, grad: Any) -> Value:
    value = Value(data, label)
    value.grad = grad
    return value


def _number(x: Any) -> float:
    """A Python float of what is one real number."""
    if x.__class__ is float:
        return x
    value = x.array if isinstance(x, Variable) else x
    if isinstance(value, (int, float, np.generic, np.ndarray)) and np.ndim(value) == 0 and not np.iscomplexobj(value):
        try:
            return float(value)
        except (TypeError, ValueError):  # of text, objects
            pass
    raise DtypeError(
        f"Value: data is {describe(value)}; it must be one real number. For arrays there is ag.tensor(...), and a list "
        "of Values is made by [Value(x) for x in ...]."
    )


class _Numbers(Held):
    """What a Value keeps that was made by the general way of dispatch: any op of the table, with its parameters."""

    __slots__ = ("operands", "params", "saved")

    def __init__(self, operands: tuple[Any, ...], saved: Any, params: dict[str, Any]):
        self.operands = operands
        self.saved = saved
        self.params = params

    def values(self, node: Any) -> Any:
        """The numbers that the rules ask for, as NumPy's: a rule may want to know the dtype."""
        return self.saved


def _made(
    op: Any, inputs: tuple[Any, ...], operands: tuple[Any, ...], saved: Any, y: Any, params: dict[str, Any]
) -> Value:
    """The Value that dispatch made by an op of the table, from Values and plain numbers."""
    if np.iscomplexobj(y):
        raise DtypeError(
            f"{op.name}: the result {y} is complex, and a Value is a real number. Use "
            "ag.tensor(..., dtype='complex128')."
        )
    out = Value(float(y))
    if mode.grad and op.differentiable:
        out.op, out.inputs = op, inputs
        out.saved = _Numbers(
            tuple(x if x is None else x.item() if hasattr(x, "item") else x for x in operands), saved, params
        )
    return out


register_scalar_type(Value, _made)
