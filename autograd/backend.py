"""NumPy or CuPy, by device. This is the only file that knows the one from the other.

A device is ``"cpu"``, ``"cuda"`` (the current CUDA device) or ``"cuda:1"``. CuPy is loaded when a CUDA device is first
asked for. Ops call NumPy's own functions: CuPy arrays answer them through NumPy's dispatch protocols
(``__array_ufunc__``, `NEP 13`; ``__array_function__``, `NEP 18`), and mixing the two raises instead of copying.
Where a function has no array argument to dispatch on, ops take the module from :func:`array_module`.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import numpy as np

from autograd.errors import DeviceError, DtypeError

__all__ = [
    "Array",
    "array_module",
    "as_array",
    "available_devices",
    "beside",
    "cast",
    "default_float",
    "device_of",
    "floating",
    "is_array",
    "is_differentiable",
    "is_floating",
    "is_half",
    "least",
    "move",
    "parse_dtype",
    "single",
    "to_numpy",
]

Array = Any  # a numpy.ndarray or a cupy.ndarray: the two share an interface but no base class

default_float = np.dtype(np.float32)


def load_cupy(device: str = "cuda") -> Any:
    """Import CuPy and check that a CUDA device answers; raise :class:`DeviceError` with the remedy when not."""
    try:
        cupy: Any = importlib.import_module("cupy")
    except ImportError as error:
        raise DeviceError(
            f"device {device!r} needs CuPy, which could not be imported ({error}).\n"
            "  Install it with: pip install 'glassgrad[cuda]' (an NVIDIA driver for CUDA 12 or newer is needed too),"
            ' or use device="cpu".'
        ) from error
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:  # CuPy raises its own CUDARuntimeError when there is no driver
        raise DeviceError(
            f"device {device!r}: CuPy is installed but no CUDA device answers ({error}).\n"
            '  Check the driver with nvidia-smi, or use device="cpu".'
        ) from error
    if count == 0:
        raise DeviceError(f'device {device!r}: this machine has no CUDA device. Use device="cpu".')
    return cupy


def parse_device(device: str) -> tuple[str, int | None]:
    """Split ``"cuda:1"`` into ``("cuda", 1)``; the index is None where it is not given."""
    kind, colon, index = str(device).partition(":")
    if kind == "cpu" and not colon:
        return "cpu", None
    if kind == "cuda" and (not colon or index.isdecimal()):
        return "cuda", int(index) if colon else None
    raise DeviceError(f'unknown device {device!r}. Known devices: "cpu", "cuda", and "cuda:N" with N from 0.')


def available_devices() -> list[str]:
    """The devices of this machine: ``["cpu"]``, and ``"cuda:N"`` for each GPU that CuPy reaches."""
    try:
        cupy = load_cupy()
    except DeviceError:
        return ["cpu"]
    return ["cpu"] + [f"cuda:{index}" for index in range(cupy.cuda.runtime.getDeviceCount())]


def is_array(x: object) -> bool:
    """Whether ``x`` is an array of NumPy or CuPy."""
    if isinstance(x, np.ndarray):
        return True
    cupy = sys.modules.get("cupy")  # an array of CuPy can only exist once CuPy is loaded
    return cupy is not None and isinstance(x, cupy.ndarray)


def array_module(x: Array) -> Any:
    """The module, ``numpy`` or ``cupy``, that ``x`` belongs to (NumPy for Python numbers)."""
    if isinstance(x, np.ndarray):
        return np
    cupy = sys.modules.get("cupy")
    if cupy is not None and isinstance(x, cupy.ndarray):
        return cupy
    return np


def as_array(x: Array) -> Array:
    """``x`` itself if it is an array; NumPy's scalars (what its ufuncs return for no dimensions) become arrays."""
    return x if is_array(x) else np.asarray(x)


def device_of(x: Array) -> str:
    """The device that holds the array: ``"cpu"`` or ``"cuda:N"``."""
    return "cpu" if array_module(x) is np else f"cuda:{x.device.id}"


def move(x: Array, device: str) -> Array:
    """The array on ``device``: itself where it is there already, else a copy."""
    kind, index = parse_device(device)
    if kind == "cpu":
        return to_numpy(x)
    cupy = load_cupy(device)
    index = cupy.cuda.Device().id if index is None else index
    count = cupy.cuda.runtime.getDeviceCount()
    if index >= count:
        raise DeviceError(f"device {device!r}: this machine has {count} CUDA device(s), numbered from 0.")
    with cupy.cuda.Device(index):
        return cupy.asarray(x)


def to_numpy(x: Array) -> np.ndarray:
    """The array in host memory; a CUDA array is copied."""
    return x if isinstance(x, np.ndarray) else np.asarray(x.get() if is_array(x) else x)


def is_differentiable(dtype: np.dtype) -> bool:
    """Whether gradients exist for the dtype: floating or complex."""
    return dtype.kind == "c" or is_floating(dtype)


def is_floating(dtype: np.dtype) -> bool:
    """Whether the dtype holds real floating point numbers; NumPy gives bfloat16 the kind of a structure, ``"V"``."""
    return dtype.kind == "f" or (dtype.kind == "V" and dtype.name == "bfloat16")


def is_complex(dtype: np.dtype) -> bool:
    """Whether the dtype is complex."""
    return dtype.kind == "c"


def is_half(dtype: np.dtype) -> bool:
    """Whether the dtype is a 16-bit float, whose sums are accumulated in float32."""
    return dtype.itemsize == 2 and is_floating(dtype)


def single(x: Array) -> Array:
    """The array to add up in: 16-bit floats widened to float32, all others as they are."""
    return x.astype(np.float32) if is_half(x.dtype) else x


def floating(x: Array) -> Array:
    """The array to compute in what is no whole number: integers and Booleans as float64, all others as they are."""
    return x.astype(np.float64) if x.dtype.kind in "iub" else x


def least(dtype: np.dtype, largest: bool = True) -> Any:
    """What every number of the dtype beats in the search for the largest (or the smallest)."""
    if dtype.kind == "b":
        return not largest
    if dtype.kind in "iu":
        return np.iinfo(dtype).min if largest else np.iinfo(dtype).max
    return -np.inf if largest else np.inf


def beside(value: Any, *dtypes: np.dtype) -> Any:
    """A Python float to compute with arrays of these dtypes: among bfloat16 it becomes one.

    Python numbers are weak (NEP 50), but NumPy knows that of its own dtypes alone: others it would promote to float64.
    """
    if value.__class__ is not float or all(d.kind != "V" for d in dtypes):
        return value
    dtype = np.result_type(*(d for d in dtypes if is_differentiable(d)))
    return dtype.type(value) if is_half(dtype) else value


def parse_dtype(dtype: Any) -> np.dtype:
    """A NumPy dtype from its name or type; ``"bfloat16"`` comes from the package ml_dtypes."""
    if dtype in ("bfloat16",):
        try:
            importlib.import_module("ml_dtypes")  # registers bfloat16 with NumPy
        except ImportError as error:
            raise DtypeError(
                "dtype 'bfloat16' needs the package ml_dtypes. Install it with: pip install ml_dtypes"
            ) from error
    try:
        return np.dtype(dtype)
    except TypeError as error:
        raise DtypeError(f"unknown dtype {dtype!r}. Give a NumPy dtype or its name, such as 'float32'.") from error


def cast(x: Array, dtype: np.dtype) -> Array:
    """The array in another dtype, itself where it has it. Complex to real keeps the real part."""
    if x.dtype == dtype:
        return x
    if is_complex(x.dtype) and not is_complex(dtype):
        x = x.real
    return x.astype(dtype)
