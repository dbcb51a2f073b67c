"""Making Tensors: from data, filled with a value, in steps. Random ones: :mod:`autograd.ops.sampling`."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.backend import as_array, default_float, is_array, load_cupy, move, parse_device, parse_dtype
from autograd.dispatch import bound
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.tape import Variable
from autograd.tensor import Tensor

__all__ = [
    "arange",
    "asarray",
    "empty",
    "empty_like",
    "eye",
    "from_dlpack",
    "full",
    "full_like",
    "linspace",
    "nonzero",
    "ones",
    "ones_like",
    "tensor",
    "zeros",
    "zeros_like",
]


def tensor(data: Any, dtype: Any = None, device: str | None = None, requires_grad: bool = False) -> Tensor:
    """A Tensor with a copy of ``data``: a number, nested lists, an array, or a Tensor.

    Python floats become float32 and integers int64; arrays keep their dtype.
    """
    return _wrap(data, dtype, device, requires_grad, copy=True)


def asarray(data: Any, dtype: Any = None, device: str | None = None, copy: bool | None = None) -> Tensor:
    """As :func:`tensor`, sharing memory with an array, and the Tensor itself where nothing has to change.

    ``copy``: True always copies, False raises where a copy is needed, None copies where it is needed.
    """
    if copy:
        return tensor(data, dtype, device)
    made = (
        data.to(device=device, dtype=dtype)
        if isinstance(data, Tensor)
        else _wrap(data, dtype, device, False, copy=False)
    )
    if copy is False and not np.shares_memory(made.array, getattr(data, "array", data)) and made.size:
        raise ArgumentError("asarray: copy=False, but the data cannot be shared as it is. Leave copy away.")
    return made


def empty_like(x: Any, dtype: Any = None, device: str | None = None) -> Tensor:
    """A Tensor of the shape and dtype of ``x`` with arbitrary values."""
    return empty(tuple(x.shape), dtype=x.dtype if dtype is None else dtype, device=device)


def from_dlpack(x: Any, device: str | None = None, copy: bool | None = None) -> Tensor:
    """A Tensor over the memory of another library's array (PyTorch, JAX, CuPy, NumPy), by the DLPack protocol.

    Memory is shared where it is writable; a read-only array is copied.
    """
    if not hasattr(x, "__dlpack__") or not hasattr(x, "__dlpack_device__"):
        raise DtypeError(f"from_dlpack: a {type(x).__name__} has no __dlpack__. Use tensor(x).")
    kind = int(x.__dlpack_device__()[0])
    library: Any = load_cupy() if kind in (2, 13) else np
    array = library.from_dlpack(x)
    if copy or not getattr(array.flags, "writeable", True):
        array = array.copy()
    made = bound(array, None)
    return made if device is None else made.to(device)


def nonzero(x: Any) -> tuple[Tensor, ...]:
    """The indices of what is not 0, a vector for each axis; int64, without gradient."""
    array = getattr(x, "array", x)
    if not array.ndim:
        raise ShapeError("nonzero: x has no axes. Use x != 0.")
    return tuple(bound(places, None) for places in array.nonzero())


def _wrap(data: Any, dtype: Any, device: str | None, requires_grad: bool, copy: bool) -> Tensor:
    if isinstance(data, Variable):
        data = data.array
    given = is_array(data) or isinstance(data, np.generic)
    if not given:
        data = _nested(data)
    try:
        array = as_array(data)
    except ValueError as error:
        raise ShapeError(f"tensor: the nested lists are ragged: {error}. Rows of one axis need one length.") from error
    if array.dtype.kind not in "fciub" and array.dtype.name != "bfloat16":
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


def full(shape: Any, value: Any, dtype: Any = None, device: str | None = None, requires_grad: bool = False) -> Tensor:
    """One value in every place; the dtype follows the value unless given."""
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    dtype = tensor(value).dtype if dtype is None else dtype
    return _filled("full", shape, value, dtype, device, requires_grad)


def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    """Zeros of the shape, dtype and device of ``x``."""
    return bound(np.zeros_like(asarray(x).array, dtype=None if dtype is None else parse_dtype(dtype)), None)


def ones_like(x: Any, dtype: Any = None) -> Tensor:
    """Ones of the shape, dtype and device of ``x``."""
    return bound(np.ones_like(asarray(x).array, dtype=None if dtype is None else parse_dtype(dtype)), None)


def full_like(x: Any, value: Any, dtype: Any = None) -> Tensor:
    """One value, in the shape, dtype and device of ``x``."""
    return bound(np.full_like(asarray(x).array, value, dtype=None if dtype is None else parse_dtype(dtype)), None)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None, device: str | None = None) -> Tensor:
    """Numbers from ``start`` up to but without ``stop``, in steps; ``arange(n)`` counts from 0. Integers give int64."""
    if stop is None:
        start, stop = 0, start
    if dtype is None:
        dtype = np.int64 if all(isinstance(v, (int, np.integer)) for v in (start, stop, step)) else default_float
    return bound(_module(device).arange(start, stop, step, dtype=parse_dtype(dtype)), None)


def linspace(start: float, stop: float, num: int, dtype: Any = None, device: str | None = None) -> Tensor:
    """``num`` evenly spaced numbers from ``start`` to ``stop``, both included."""
    dtype = default_float if dtype is None else parse_dtype(dtype)
    return bound(_module(device).linspace(start, stop, num, dtype=dtype), None)


def eye(n: int, m: int | None = None, dtype: Any = None, device: str | None = None) -> Tensor:
    """Ones on the diagonal of an ``(n, m)`` matrix of zeros; square by default."""
    return bound(_module(device).eye(n, m, dtype=default_float if dtype is None else parse_dtype(dtype)), None)
