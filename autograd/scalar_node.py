"""What a number must be to stand in a graph: all of a scalar Value that is not arithmetic.

The engine asks some things of a node of the tape (op, inputs, what was saved) and some of a Tensor (data, shape, how it
compares and prints). A :class:`Number` answers both: it is its own node.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from autograd.dispatch import OPS, describe
from autograd.errors import ArgumentError, DtypeError, GradientError
from autograd.mode import mode
from autograd.operators import Operators
from autograd.protocols import call_function, call_ufunc
from autograd.tape import SLOTS, Held, Variable, next_seq
from autograd.tensor import Tensor

__all__ = ["Number", "is_object_array"]


def _comparison(name: str, compare: Callable[[float, float], bool]) -> Callable[..., Any]:
    """A comparison with another number; with a Tensor or an array it is elementwise."""

    def method(self: Number, other: Any) -> Any:
        if isinstance(other, (Number, float, int)):
            return bool(compare(self.array, other.array if isinstance(other, Number) else other))
        return OPS[name](self, other) if hasattr(other, "dtype") else NotImplemented

    return method


class Number(Variable):
    """A Python float that is a node of the tape; see :class:`autograd.scalar.Value`."""

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

    def receive(self, g: Any) -> None:
        """Add a gradient to ``.grad``: a number, or what can be differentiated in turn."""
        before: Any = self.grad
        if not isinstance(g, Variable):
            g = float(g)
            if hasattr(before, "detach"):
                before = before.detach()  # what is added to it is not recorded
        self.grad = g if before is None or (before.__class__ is float and not before) else before + g

    __hash__ = object.__hash__  # by identity, though == compares numbers
    __eq__ = _comparison("equal", operator.eq)
    __ne__ = _comparison("not_equal", operator.ne)
    __lt__ = _comparison("less", operator.lt)
    __le__ = _comparison("less_equal", operator.le)
    __gt__ = _comparison("greater", operator.gt)
    __ge__ = _comparison("greater_equal", operator.ge)

    __pos__ = Operators.__pos__
    __floordiv__, __rfloordiv__ = Operators.__floordiv__, Operators.__rfloordiv__
    __mod__, __rmod__ = Operators.__mod__, Operators.__rmod__

    __getitem__ = Operators.__getitem__  # of no index, or of None
    astype = Tensor.astype

    def item(self) -> float:
        """The number."""
        return self.array

    __float__ = item

    def __int__(self) -> int:
        return int(self.array)

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.array, digits)

    def __format__(self, spec: str) -> str:
        return format(self.array, spec) if spec else repr(self)

    def __bool__(self) -> bool:
        return self.array != 0

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if dtype is not None and np.dtype(dtype).kind == "O":
            return _boxed(self)
        raise GradientError(
            f"NumPy would make an array of {self!r}, and no gradient would reach it. Write sum(values) / len(values), "
            "or give ag.stack(values), np.array(values, dtype=object) for an array of Values, v.data for the number."
        )

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if any(map(is_object_array, inputs)):  # of Values, perhaps: NumPy's loop
            return getattr(ufunc, method)(*map(_boxed, inputs), **options)
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
        return self.saved.params if isinstance(self.saved, _Kept) else {}

    @property
    def operands(self) -> tuple[float, ...]:
        """The numbers that the op was applied to, of Values and plain numbers alike; none for a leaf."""
        saved = self.saved
        if saved.__class__ is tuple:
            return saved[2:]
        return () if saved is None else saved.operands

    def detach(self) -> Self:
        """The same number, with no past."""
        return type(self)(self.array, self.label)

    def requires_grad_(self) -> Self:
        """The Value itself: gradients flow to each."""
        return self

    def clone(self) -> Self:
        """The same number as a new node; the gradient flows through it."""
        return OPS["positive"](self)

    def holding(self, number: Any) -> Self:
        """Another number, in the place of this one."""
        return type(self)(number, self.label)

    def __reduce__(self) -> Any:
        if self.op is not None:
            raise GradientError(f"copy: {self!r} was computed; only leaves can be copied or pickled. detach() it.")
        grad: Any = self.grad
        grad = grad.detach() if hasattr(grad, "detach") else grad
        return _restored, (type(self), self.array, self.label, grad)

    @classmethod
    def made(
        cls, op: Any, inputs: tuple[Any, ...], operands: tuple[Any, ...], saved: Any, y: Any, params: dict[str, Any]
    ) -> Self:
        """The Value that dispatch makes by an op of the table: any op, whatever its rules ask for."""
        if np.iscomplexobj(y):
            raise DtypeError(
                f"{op.name}: the result {y} is complex, and a Value is a real number. Use "
                "ag.tensor(..., dtype='complex128')."
            )
        out = cls(float(y))
        if mode.grad and op.differentiable:
            numbers = tuple(x.item() if hasattr(x, "item") else x for x in operands)
            out.op, out.inputs, out.saved = op, inputs, _Kept(numbers, saved, params)
        return out

    # -------------------------------------------------------------- the names that drawing code for micrograd reads

    @property
    def _op(self) -> str:
        return _SIGNS.get(self.op.name, self.op.name) if self.op else ""

    @property
    def _prev(self) -> set[Any]:
        return {value for value in self.inputs if value is not None}


# The other methods of a Tensor that are ops: v.clip(0, 1), v.square(); rules use some. (A __getattr__ that finds them
# would make the reading of every attribute slow.)
for _name, _method in vars(Operators).items():
    if not _name.startswith("_") and callable(_method):
        setattr(Number, _name, _method)

_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "negative": "-", "relu": "ReLU"}


def _number(x: Any) -> float:
    """A Python float of what is one real number."""
    if x.__class__ is float:
        return x
    value = x.array if isinstance(x, Variable) else x
    if isinstance(value, (int, float, np.generic, np.ndarray)) and np.ndim(value) == 0 and not np.iscomplexobj(value):
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):  # of text, objects, a large int
            pass
    raise DtypeError(
        f"Value: data is {describe(value)}; it must be one real number. For arrays there is ag.tensor(...), and a list "
        "of Values is made by [Value(x) for x in ...]."
    )


def is_object_array(x: Any) -> bool:
    """Whether this is an array of NumPy that holds objects, such as Values: then NumPy computes with it."""
    return isinstance(x, np.ndarray) and x.dtype == object


def _boxed(x: Any) -> Any:
    """A Value as an array that holds it, which NumPy takes as it is."""
    if not isinstance(x, Number):
        return x
    holder = np.empty((), dtype=object)
    holder[()] = x
    return holder


class _Kept(Held):
    """What a Value keeps that dispatch made: the numbers that the rules want as NumPy's, which tell their dtype."""

    __slots__ = ("operands", "params", "saved")

    def __init__(self, operands: tuple[Any, ...], saved: Any, params: dict[str, Any]):
        self.operands = operands
        self.saved = saved
        self.params = params

    def values(self, node: Any) -> Any:
        """The numbers that the rules ask for."""
        return self.saved


def _restored(kind: type[Number], data: float, label: str, grad: Any) -> Number:
    value = kind(data, label)
    value.grad = grad
    return value
