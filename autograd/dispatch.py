"""Dispatch: run an op on Tensors and arrays, and record it if a Tensor among them wants gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import levels
from autograd.backend import Array, as_array, beside, device_of, is_array, is_differentiable
from autograd.errors import DeviceError, DtypeError, GlassgradError, LinAlgError, RangeError, ShapeError
from autograd.mode import mode
from autograd.tape import Node, Variable, next_seq

if TYPE_CHECKING:
    from autograd.primitive import Primitive

__all__ = [
    "OPS", "apply", "apply1", "apply2", "bound", "describe", "explain", "item_node", "not_numbers",
    "register_scalar_type", "register_tensor_type", "scalar_leaf",
]  # fmt: skip

OPS: dict[str, Primitive] = {}
"""The op table: every primitive by its name."""

_new = object.__new__
_tensor_type: type[Variable] = Variable  # set once by autograd.tensor, which stands on this module


def register_tensor_type(tensor_type: type[Variable]) -> None:
    """Say which class the results of ops are made of."""
    global _tensor_type
    _tensor_type = tensor_type


_scalar_type: Any = None  # likewise by autograd.scalar
_make_scalar: Any = None


def register_scalar_type(scalar_type: type[Variable], made: Callable[..., Any]) -> None:
    """Say which class stands for one Python number, and what makes one.

    That is called as ``made(op, inputs, operands, saved, y, params)``. An op that is applied to such numbers alone, and
    gives one, results in this class.
    """
    global _scalar_type, _make_scalar
    _scalar_type, _make_scalar = scalar_type, made


def scalar_leaf(number: float, label: str = "") -> Any:
    """A scalar Value that no op made."""
    return _scalar_type(number, label)


# apply1 and apply2 are apply() for one and two array arguments without parameters, written out: they carry the
# arithmetic of define-by-run code, where the engine's own overhead is what one waits for.


def apply1(op: Primitive, x: Any) -> Any:
    """Run a one-argument op on a Tensor, and record it if the Tensor wants gradients."""
    if levels.active:
        return levels.intercept(op, (x,), {}, _evaluate)
    node = x.node
    x = x.array
    if x.__class__ is float:  # of a scalar Value
        return _evaluate(op, (node,), _NO_PARAMS)
    try:
        y = op.forward(x)
    except GlassgradError:
        raise
    except (ValueError, TypeError, AttributeError) as error:
        raise explain(op, (x,), error) from error
    if y.__class__ is not np.ndarray:
        y = as_array(y)
    out = _new(_tensor_type)
    out.array = y
    out._grad = None
    if node is None or not mode.grad or not op.differentiable:
        out.node = None
        return out
    try:
        keep = op._keep[1]
    except KeyError:
        keep = op.keeper(1)
    out.node = made = _new(Node)
    made.op = op
    made.inputs = (node,)
    made.saved = None if keep is None else keep((None, y, x))
    made.params = _NO_PARAMS
    made.seq = next_seq()
    made.shape = y.shape
    made.dtype = y.dtype
    made.hooks = None
    return out


def apply2(op: Primitive, a: Any, b: Any) -> Any:
    """Run a two-argument op of which at least one is a Tensor, and record it if one of them wants gradients."""
    if levels.active:
        return levels.intercept(op, (a, b), {}, _evaluate)
    given, node_a, node_b = a, None, None
    mask = 0
    if isinstance(a, Variable):
        if (node_a := a.node) is not None:
            mask = 1
        a = a.array
        if a.__class__ is float:  # of a scalar Value
            return _evaluate(op, (node_a, b), _NO_PARAMS)
    elif a.__class__ is float:
        if b.array.__class__ is float:
            return _evaluate(op, (a, b), _NO_PARAMS)
        if b.array.dtype.kind == "V":
            a = beside(a, b.array.dtype)
    elif a.__class__ is str:  # NumPy would take text in some places
        raise explain(op, (a, b), TypeError(a))
    if isinstance(b, Variable):
        if (node_b := b.node) is not None:
            mask += 2
        if b.array.__class__ is float:
            return _evaluate(op, (given, b), _NO_PARAMS)
        b = b.array
    elif b.__class__ is float:
        if a.dtype.kind == "V":
            b = beside(b, a.dtype)
    elif b.__class__ is str:
        raise explain(op, (a, b), TypeError(b))
    try:
        y = op.forward(a, b)
    except GlassgradError:
        raise
    except (ValueError, TypeError, AttributeError) as error:
        raise explain(op, (a, b), error) from error
    if y.__class__ is not np.ndarray:
        y = as_array(y)
    out = _new(_tensor_type)
    out.array = y
    out._grad = None
    if not mask or not mode.grad or not op.differentiable:
        out.node = None
        return out
    try:
        keep = op._keep[mask]
    except KeyError:
        keep = op.keeper(mask)
    out.node = made = _new(Node)
    made.op = op
    made.inputs = (node_a, node_b)
    made.saved = None if keep is None else keep((None, y, a, b))
    made.params = _NO_PARAMS
    made.seq = next_seq()
    made.shape = y.shape
    made.dtype = y.dtype
    made.hooks = None
    return out


_NO_PARAMS: dict[str, Any] = {}


def apply(op: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
    """Run an op on Tensors and arrays, and record it if one of the Tensors wants gradients."""
    if levels.active:
        return levels.intercept(op, tuple(args), params, _evaluate)
    return _evaluate(op, args, params)


def _evaluate(op: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
    """What :func:`apply` does when no transform or recorder is on."""
    arrays: list[Array] = []
    nodes: list[Node | None] = []
    mask, bit, numbers, scalars, tensors = 0, 1, False, False, False
    for a in args:
        if isinstance(a, Variable):
            if (node := a.node) is not None:
                mask |= bit
            nodes.append(node)
            if a.array.__class__ is float:  # of a scalar Value
                scalars = True
                arrays.append(np.float64(a.array))
            else:
                tensors = True
                arrays.append(a.array)
        else:
            if a.__class__ is str:  # NumPy would take text in some places
                raise explain(op, args, TypeError(a), params)
            nodes.append(None)
            if a.__class__ is float:
                numbers = True
            elif getattr(a, "ndim", 0):
                tensors = True
            arrays.append(a)
        bit <<= 1
    if numbers and any(a.__class__ is np.ndarray and a.dtype.kind == "V" for a in arrays):
        dtypes = [a.dtype for a in arrays if hasattr(a, "dtype")]
        arrays = [beside(a, *dtypes) for a in arrays]
    try:
        y: Any = op.forward(*arrays, **params)
    except GlassgradError:
        raise
    except (ValueError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise explain(op, arrays, error, params) from error
    aux = out = None
    if op.aux:
        y, aux = y
    if op.outputs:
        y = tuple(map(as_array, y))
    elif scalars and not tensors and np.ndim(y) == 0:
        if np.asarray(y).dtype.kind in "biu":  # a question that was asked of numbers
            return np.asarray(y)[()]
        saved = _save(op, mask, arrays, y, aux) if op.differentiable else None
        return _make_scalar(op, tuple(nodes), tuple(arrays), saved, y, params)
    else:
        if y.__class__ is not np.ndarray:
            y = as_array(y)
        out = _new(_tensor_type)
        out.array = y
        out.node = out._grad = None
    if not mask or not mode.grad or not op.differentiable:
        return out if out is not None else tuple(bound(part, None) for part in y)
    made = _new(Node)
    made.op = op
    made.inputs = tuple(nodes)
    if op.bare:
        keep = op.keeper(mask)
        made.saved = None if keep is None else keep((None, y, *arrays))
    else:
        made.saved = _save(op, mask, arrays, y, aux)
    made.params = params
    made.seq = next_seq()
    made.hooks = None
    if out is None:
        made.shape = tuple(part.shape for part in y)
        made.dtype = y[0].dtype
        return tuple(
            bound(part, item_node(made, i, part) if is_differentiable(part.dtype) else None) for i, part in enumerate(y)
        )
    made.shape = y.shape
    made.dtype = dtype = y.dtype
    if is_differentiable(dtype):  # integers come out of differentiable ops too (a cast): they carry no gradient
        out.node = made
    return out


def _save(op: Primitive, mask: int, arrays: Sequence[Array], y: Any, aux: Any) -> Any:
    keep = op.keeper(mask if op.variadic is None else 1)
    if keep is None:
        return None
    values = [None, y] if op.variadic is not None else [None, y, *arrays]
    for origin, facet in op._extras:
        if facet == "aux":
            values.append(aux)
        elif facet == "arrays":
            values.append(tuple(arrays))
        elif origin == op.variadic:
            values.append(tuple(getattr(a, facet) for a in arrays))
        else:
            source = y if not origin else arrays[op.arguments.index(origin)]
            values.append(getattr(source, facet, ()) if source is not None else None)
    return keep(values)


def bound(array: Array, node: Node | None) -> Any:
    """A Tensor over ``array`` that stands at ``node`` of the graph."""
    out = _new(_tensor_type)
    out.array = array
    out.node = node
    out._grad = None
    return out


def item_node(parent: Node, index: int, part: Array) -> Node:
    """The node of one output of an op that has several."""
    made = _new(Node)
    made.op = OPS["item"]
    made.inputs = (parent,)
    made.saved = None
    made.params = {"index": index}
    made.seq = next_seq()
    made.shape = part.shape
    made.dtype = part.dtype
    made.hooks = None
    return made


# ------------------------------------------------------------------------------------------------------ errors


def explain(
    op: Primitive, arrays: Sequence[Any], error: Exception, params: dict[str, Any] | None = None
) -> GlassgradError:
    """The error to raise when an array library refused the arguments of an op."""
    names = op.arguments if op.variadic is None else [f"{op.variadic}[{i}]" for i in range(len(arrays))]
    seen = ", ".join(f"{name} is {describe(a)}" for name, a in zip(names, arrays, strict=False) if a is not None)
    devices = sorted({device_of(a) for a in arrays if is_array(a)})
    if len(devices) > 1:
        return DeviceError(
            f"{op.name}: the arguments are on different devices, {' and '.join(devices)}: {seen}.\n"
            f"  Move one of them: x.to({devices[1]!r})."
        )
    missing = isinstance(error, (TypeError, AttributeError)) and op.kind == "elementwise"
    if intruder := not_numbers(zip(names, arrays, strict=False), (True,) * len(arrays) if missing else (True,)):
        others = ", ".join(f"{name} is {describe(a)}" for name, a in zip(names, arrays, strict=False) if is_array(a))
        return DtypeError(f"{op.name}: {others}{others and ', '}{intruder}")
    if (far := _far_axis(np.shape(arrays[0]), error, params or {})) is not None:
        shape = np.shape(arrays[0])
        valid = f"an axis from {-len(shape)} to {len(shape) - 1}" if shape else "no axis: it has no dimensions"
        return ShapeError(f"{op.name}: axis {far} is out of range for {names[0]} of shape {shape}. It has {valid}.")
    if isinstance(error, ValueError) and (op.kind == "elementwise" or "broadcast" in str(error)):
        shapes = [np.shape(a) for a in arrays if a is not None]
        if clash := broadcast_clash(shapes):
            return ShapeError(
                f"{op.name}: shapes do not broadcast: {seen}: {clash}.\n"
                "  Shapes are compared from the last axis; each pair must be equal or hold a 1. "
                "Insert an axis with x[:, None] or x.reshape(...)."
            )
    if op.kind == "contraction" and any(phrase in str(error) for phrase in ("core dimension", "not aligned")):
        return ShapeError(f"{op.name}: the axes that are summed over differ in length: {seen}.")
    if isinstance(error, TypeError) and any(phrase in str(error) for phrase in _WRONG_DTYPE):
        return DtypeError(
            f"{op.name}: is not defined for these dtypes: {seen}.\n"
            "  Convert the argument first: x.astype('int64') for bits, x.astype('bool') for truth, "
            "x.astype('float32') for arithmetic."
        )
    kind = next((ours for theirs, ours in _KINDS.items() if isinstance(error, theirs)), ShapeError)
    return kind(f"{op.name}: {seen}: {error}")


_KINDS: dict[type[Exception], type[GlassgradError]] = {
    TypeError: DtypeError,
    IndexError: RangeError,
    OverflowError: RangeError,
    np.linalg.LinAlgError: LinAlgError,
}


def _far_axis(shape: tuple[int, ...], error: Exception, params: dict[str, Any]) -> int | None:
    """The axis that the first argument does not have, if that is what went wrong."""
    if isinstance(error, np.exceptions.AxisError):
        return error.axis
    given = params.get("axis", params.get("axes"))
    axes = given if isinstance(given, tuple) else (given,)
    return next((a for a in axes if isinstance(a, int) and not -len(shape) <= a < len(shape)), None)


# How NumPy says that a ufunc has no loop for a dtype.
_WRONG_DTYPE = ("not supported for the input types", "did not contain a loop", "is not supported, use", "no matching")


def not_numbers(arguments: Iterable[tuple[str, Any]], required: Sequence[bool] = ()) -> str:
    """Which argument is no array and no number, in words; empty if all are. None may stand where none is required."""
    for i, (name, a) in enumerate(arguments):
        if a is None and not (i < len(required) and required[i]):
            continue
        if not hasattr(a, "dtype") and not isinstance(a, (bool, int, float, complex)):
            seen = "None" if a is None else f"a {type(a).__name__}"
            return f"{name} is {seen}; it must be a Tensor, an array or a number. Make one with tensor(...)."
    return ""


def describe(a: Any) -> str:
    """An argument in an error message: its shape and dtype, or its type."""
    if hasattr(a, "shape") and hasattr(a, "dtype"):
        return f"{tuple(a.shape)} {a.dtype}"
    if isinstance(a, int) and abs(a) >= 10**20:
        return f"an int of {math.log10(abs(a)):.0f} digits"
    return f"{a!r}" if isinstance(a, (bool, int, float, complex)) else f"a {type(a).__name__}"


def broadcast_clash(shapes: Sequence[tuple[int, ...]]) -> str:
    """Where the shapes do not broadcast, in words; empty when they do."""
    for axis in range(1, max(map(len, shapes), default=0) + 1):
        sizes = {shape[-axis] for shape in shapes if len(shape) >= axis} - {1}
        if len(sizes) > 1:
            return f"axis -{axis} has " + " against ".join(str(s[-axis]) for s in shapes if len(s) >= axis)
    return ""
