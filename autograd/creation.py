"""Making Tensors: from data, filled with a value, in steps. Random ones: :mod:`autograd.ops.sampling`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd.backend import (
    array_module,
    as_array,
    default_float,
    is_array,
    is_differentiable,
    load_cupy,
    move,
    parse_device,
    parse_dtype,
)  # fmt: skip
from autograd.dispatch import bound
from autograd.errors import ArgumentError, DtypeError, GradientError, ShapeError
from autograd.mode import mode
from autograd.ops.shape import stack
from autograd.tape import Variable
from autograd.tensor import Tensor

__all__ = [
    "arange",
    "argwhere",
    "asarray",
    "empty",
    "empty_like",
    "eye",
    "flatnonzero",
    "from_dlpack",
    "full",
    "full_like",
    "linspace",
    "nonzero",
    "ones",
    "ones_like",
    "tensor",
    "tril_indices",
    "triu_indices",
    "zeros",
    "zeros_like",
]


def tensor(data: Any, dtype: Any = None, device: str | None = None, requires_grad: bool = False) -> Tensor:
    """A Tensor with a copy of ``data``: a number, nested lists, an array, or a Tensor.

    Python floats become float32 and integers int64; arrays keep their dtype. The copy is a new leaf: no gradient flows
    to Tensors in ``data``, and a warning says so where one would. :func:`asarray` and ``stack`` keep it.
    """
    return _wrap(data, dtype, device, requires_grad, copy=True)


def asarray(data: Any, dtype: Any = None, device: str | None = None, copy: bool | None = None) -> Tensor:
    """As :func:`tensor`, sharing memory with an array, and the Tensor itself where nothing has to change.

    Gradients flow through: lists with Tensors in them are stacked, in the dtype of the Tensors.

    ``copy``: True always copies, False raises where a copy is needed, None copies where it is needed.
    """
    if isinstance(data, Variable) and isinstance(data.array, float):  # a scalar Value
        data = stack([data])[0]
    if isinstance(data, Tensor):
        made = data.to(device=device, dtype=dtype)
        if made is data and copy:
            return data.clone()  # a recorded copy: gradients flow through it
        shared = made is data
    elif isinstance(data, (list, tuple)) and (dtypes := {x.dtype for x in _tensors_in(data)}):
        made, shared = _stacked(data, np.result_type(*dtypes)).to(device=device, dtype=dtype), False
    else:
        made = _wrap(data, dtype, device, False, copy=bool(copy))
        shared = copy is not False or not made.size or np.shares_memory(made.array, data)
    if copy is False and not shared:
        raise ArgumentError("asarray: copy=False, but the data cannot be shared as it is. Leave copy away.")
    return made


def empty_like(x: Any, dtype: Any = None, device: str | None = None) -> Tensor:
    """A Tensor of the shape, dtype and device of ``x`` with arbitrary values."""
    return _like(np.empty_like, x, dtype, device)


def from_dlpack(x: Any, device: str | None = None, copy: bool | None = None) -> Tensor:
    """A Tensor over the memory of another library's array (PyTorch, JAX, CuPy, NumPy), by the DLPack protocol.

    Memory is shared where it is writable and on the device asked for; else it is copied. ``copy``: True always copies,
    False raises where a copy is needed.
    """
    if not hasattr(x, "__dlpack__") or not hasattr(x, "__dlpack_device__"):
        raise DtypeError(f"from_dlpack: a {type(x).__name__} has no __dlpack__. Use tensor(x).")
    kind = int(x.__dlpack_device__()[0])
    library: Any = load_cupy() if kind in (2, 13) else np
    array = library.from_dlpack(x)
    readonly = not getattr(array.flags, "writeable", True)
    if copy is False and (readonly or (device is not None and move(array, device) is not array)):
        what = "it is read-only" if readonly else f"it lies on another device than {device!r}"
        raise ArgumentError(f"from_dlpack: copy=False, but the memory cannot be shared: {what}. Leave copy away.")
    made = bound(array.copy() if copy or readonly else array, None)
    return made if device is None else made.to(device)


def nonzero(x: Any) -> tuple[Tensor, ...]:
    """The indices of what is not 0, a vector for each axis; int64, without gradient."""
    array = getattr(x, "array", x)
    if not array.ndim:
        raise ShapeError("nonzero: x has no axes. Use x != 0.")
    return tuple(bound(places, None) for places in array.nonzero())


def flatnonzero(x: Any) -> Tensor:
    """The indices, in the flattened array, of what is not 0; int64, without gradient."""
    return bound(getattr(x, "array", x).reshape(-1).nonzero()[0], None)


def argwhere(x: Any) -> Tensor:
    """The indices of what is not 0, a row for each; int64, without gradient."""
    array = getattr(x, "array", x)
    return bound(array_module(array).argwhere(array), None)


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Tensor, Tensor]:
    """Rows and columns of the elements of an ``(n, m)`` matrix on and below diagonal ``k``; int64."""
    rows, columns = np.tril_indices(n, k, m)
    return bound(rows, None), bound(columns, None)


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Tensor, Tensor]:
    """Rows and columns of the elements of an ``(n, m)`` matrix on and above diagonal ``k``; int64."""
    rows, columns = np.triu_indices(n, k, m)
    return bound(rows, None), bound(columns, None)


def _tensors_in(data: Any) -> Iterator[Any]:
    """The Tensors in nested lists."""
    if isinstance(data, (list, tuple)):
        for item in data:
            yield from _tensors_in(item)
    elif isinstance(data, Variable):
        yield data


def _stacked(data: Any, dtype: np.dtype) -> Any:
    """Nested lists that hold Tensors as one; numbers beside them get the dtype that arithmetic would give."""
    if isinstance(data, (list, tuple)):
        return stack([_stacked(item, dtype) for item in data], 0)
    if isinstance(data, (bool, int, float, complex)):
        return bound(np.asarray(data, np.result_type(dtype, data)), None)
    return data


def _warn_of_lost_gradients(data: Any) -> None:
    """Say that a new leaf takes no part in the graph of the Tensors that it copies."""
    for x in _tensors_in(data):
        if hasattr(x, "primal"):
            raise GradientError(
                "tensor: data holds a value inside jvp, whose tangent the new Tensor would not have. Use asarray(data) "
                "or stack(data), which keep it, or detach() the value."
            )
        if x.node is not None and mode.grad:
            warnings.warn(
                "tensor: data holds a Tensor that requires a gradient; none flows to it from the copy, a new leaf. Use "
                "asarray(data) or stack(data), which keep it, or detach() the Tensor.",
                UserWarning,
                stacklevel=4,
            )
            return


def _wrap(data: Any, dtype: Any, device: str | None, requires_grad: bool, copy: bool) -> Tensor:
    if isinstance(data, (Variable, list, tuple)):
        _warn_of_lost_gradients(data)
    if isinstance(data, Variable):
        data = data.array
    given = is_array(data) or isinstance(data, np.generic)
    if not given:
        data = _nested(data)
    try:
        array = as_array(data)
    except ValueError as error:
        raise ShapeError(f"tensor: the nested lists are ragged: {error}. Rows of one axis need one length.") from error
    if array.dtype.kind not in "iub" and not is_differentiable(array.dtype):
        raise DtypeError(
            f"tensor: cannot hold {array.dtype} values such as {np.ravel(array)[:1]!r}; give numbers or booleans."
        )
    if dtype is not None:
        array = array.astype(parse_dtype(dtype), copy=False)
    elif not given:
        if array.dtype == np.float64:
            array = array.astype(default_float)
        elif array.dtype == np.complex128:
            array = array.astype(np.complex64)
    if device is not None:
        array = move(array, device)
    if copy and (array is data or getattr(array, "base", None) is not None):
        array = array.copy()
    out = bound(array, None)
    return out.requires_grad_() if requires_grad else out


def _nested(data: Any) -> Any:
    """Nested lists with Tensors of one element as numbers."""
    if isinstance(data, (list, tuple)):
        return [_nested(item) for item in data]
    return data.array if isinstance(data, Variable) else data


def _filled(
    name: str, shape: tuple[Any, ...], value: Any, dtype: Any, device: str | None, requires_grad: bool
) -> Tensor:
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = tuple(shape[0])
    for n in shape:
        if not isinstance(n, (int, np.integer)) or n < 0:
            raise ShapeError(f"{name}: a shape holds integers from 0, not {n!r} in {shape}.")
    xp = _module(device)
    dtype = default_float if dtype is None else parse_dtype(dtype)
    out = bound(xp.empty(shape, dtype) if value is None else xp.full(shape, value, dtype), None)
    return out.requires_grad_() if requires_grad else out


def _module(device: str | None) -> Any:
    return np if device is None or parse_device(device)[0] == "cpu" else load_cupy(device)


def zeros(*shape: Any, dtype: Any = None, device: str | None = None, requires_grad: bool = False) -> Tensor:
    """Zeros of a shape, given as ``zeros(2, 3)`` or ``zeros((2, 3))``; float32 by default."""
    return _filled("zeros", shape, 0, dtype, device, requires_grad)


def ones(*shape: Any, dtype: Any = None, device: str | None = None, requires_grad: bool = False) -> Tensor:
    """Ones of a shape; float32 by default."""
    return _filled("ones", shape, 1, dtype, device, requires_grad)


def empty(*shape: Any, dtype: Any = None, device: str | None = None, requires_grad: bool = False) -> Tensor:
    """Memory of a shape with no values in particular; float32 by default."""
    return _filled("empty", shape, None, dtype, device, requires_grad)


def full(
    shape: Any, fill_value: Any, dtype: Any = None, device: str | None = None, requires_grad: bool = False
) -> Tensor:
    """One value in every place; the dtype follows the value unless given."""
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if dtype is None:
        dtype = fill_value.dtype if hasattr(fill_value, "dtype") else tensor(fill_value).dtype
    return _filled("full", shape, fill_value, dtype, device, requires_grad)


def zeros_like(x: Any, dtype: Any = None, device: str | None = None) -> Tensor:
    """Zeros of the shape, dtype and device of ``x``."""
    return _like(np.zeros_like, x, dtype, device)


def ones_like(x: Any, dtype: Any = None, device: str | None = None) -> Tensor:
    """Ones of the shape, dtype and device of ``x``."""
    return _like(np.ones_like, x, dtype, device)


def full_like(x: Any, fill_value: Any, dtype: Any = None, device: str | None = None) -> Tensor:
    """One value, in the shape, dtype and device of ``x``."""
    return _like(np.full_like, x, dtype, device, fill_value)


def _like(function: Any, x: Any, dtype: Any, device: str | None, *value: Any) -> Tensor:
    """What a ``*_like`` function of the array library makes of ``x``."""
    array = asarray(x).array
    made = function(array, *value, dtype=None if dtype is None else parse_dtype(dtype))
    return bound(made if device is None else move(made, device), None)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None, device: str | None = None) -> Tensor:
    """Numbers from ``start`` up to but without ``stop``, in steps; ``arange(n)`` counts from 0. Integers give int64."""
    if stop is None:
        start, stop = 0, start
    if dtype is None:
        dtype = np.int64 if all(isinstance(v, (int, np.integer)) for v in (start, stop, step)) else default_float
    if step == 0:
        raise ArgumentError("arange: step is 0; from one number to another leads a positive or a negative one.")
    return bound(_module(device).arange(start, stop, step, dtype=parse_dtype(dtype)), None)


def _check_sizes(op: str, **sizes: Any) -> None:
    for name, n in sizes.items():
        if not isinstance(n, (int, np.integer)) or n < 0:
            raise ArgumentError(f"{op}: {name} must be an integer from 0, not {n!r}.")


def linspace(
    start: Any, stop: Any, num: int, dtype: Any = None, device: str | None = None, endpoint: bool = True
) -> Tensor:
    """``num`` evenly spaced numbers from ``start`` to ``stop``, which is left out where ``endpoint`` is False."""
    _check_sizes("linspace", num=num)
    if dtype is None:
        dtype = np.complex64 if isinstance(start, complex) or isinstance(stop, complex) else default_float
    return bound(_module(device).linspace(start, stop, num, endpoint=endpoint, dtype=parse_dtype(dtype)), None)


def eye(n: int, m: int | None = None, dtype: Any = None, device: str | None = None, k: int = 0) -> Tensor:
    """Ones on the diagonal ``k`` (0: the main one) of an ``(n, m)`` matrix of zeros; square by default."""
    _check_sizes("eye", n=n, m=n if m is None else m)
    return bound(_module(device).eye(n, m, k, dtype=default_float if dtype is None else parse_dtype(dtype)), None)
