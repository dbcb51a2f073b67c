"""The dtypes of the array API standard and its questions about them. Dtypes are NumPy's."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd.backend import parse_dtype
from autograd.errors import ArgumentError, DtypeError

__all__ = [
    "astype", "can_cast", "complex64", "complex128", "finfo", "float32", "float64", "iinfo", "int8", "int16", "int32",
    "int64", "isdtype", "result_type", "uint8", "uint16", "uint32", "uint64",
]  # fmt: skip

int8, int16, int32, int64 = map(np.dtype, (np.int8, np.int16, np.int32, np.int64))
uint8, uint16, uint32, uint64 = map(np.dtype, (np.uint8, np.uint16, np.uint32, np.uint64))
float32, float64, complex64, complex128 = map(np.dtype, (np.float32, np.float64, np.complex64, np.complex128))

DTYPES = {
    d.name: d
    for d in (
        np.dtype(np.bool_), int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, complex64,
        complex128,
    )
}  # fmt: skip
"""The dtypes of the standard by name."""

_KINDS = ("bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating", "numeric")


class FloatInfo(NamedTuple):
    """The limits of a floating dtype, as Python numbers; for a complex one those of its parts."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: np.dtype


class IntegerInfo(NamedTuple):
    """The limits of an integer dtype."""

    bits: int
    max: int
    min: int
    dtype: np.dtype


def _dtype(x: Any) -> Any:
    return x.dtype if hasattr(x, "dtype") else x


def finfo(type: Any, /) -> FloatInfo:
    """Limits of a floating or complex dtype, or of the dtype of a Tensor."""
    try:
        found = np.finfo(_dtype(type))
    except ValueError as error:
        raise DtypeError(f"finfo: {error}. It takes a floating or complex dtype; for integers use iinfo.") from error
    return FloatInfo(
        int(found.bits), float(found.eps), float(found.max), float(found.min), float(found.smallest_normal),
        np.dtype(found.dtype),
    )  # fmt: skip


def iinfo(type: Any, /) -> IntegerInfo:
    """Limits of an integer dtype, or of the dtype of a Tensor."""
    try:
        found = np.iinfo(_dtype(type))
    except ValueError as error:
        raise DtypeError(f"iinfo: {error}. It takes an integer dtype; for floating ones use finfo.") from error
    return IntegerInfo(int(found.bits), int(found.max), int(found.min), np.dtype(found.dtype))


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether a dtype is of a kind such as ``"real floating"``, is another dtype, or is one of several of these."""
    if isinstance(kind, tuple):
        return any(isdtype(dtype, k) for k in kind)
    if isinstance(kind, str):
        if kind not in _KINDS:
            raise ArgumentError(f"isdtype: kind must be a dtype or one of {', '.join(_KINDS)}, not {kind!r}.")
        return bool(np.isdtype(np.dtype(dtype), kind))
    return np.dtype(dtype) == np.dtype(kind)


def can_cast(from_: Any, to: Any, /) -> bool:
    """Whether promotion takes one dtype (or that of a Tensor) to another."""
    return bool(np.can_cast(_dtype(from_), to))


def result_type(*arrays_and_dtypes: Any) -> np.dtype:
    """The dtype that promotion gives; Python numbers are weak."""
    if not arrays_and_dtypes:
        raise DtypeError("result_type: give one Tensor or dtype at least.")
    return np.result_type(*(_dtype(x) for x in arrays_and_dtypes))


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: str | None = None) -> Any:
    """``x`` in another dtype; itself where nothing changes and ``copy`` is False. Complex to real is an error."""
    wanted = parse_dtype(dtype)
    if x.dtype.kind == "c" and wanted.kind != "c":
        raise DtypeError(f"astype: {x.dtype} to {wanted} would drop the imaginary part. Use real(x) or abs(x).")
    changed = x if wanted == x.dtype else x.astype(wanted)
    changed = changed if device is None else changed.to(device=device)
    return x.clone() if copy and changed is x else changed
