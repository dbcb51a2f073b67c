"""The namespace of the array API standard (2024.12): what ``x.__array_namespace__()`` gives.

Libraries that are written against the standard, such as einops, take Tensors through it. Functions are those of
:mod:`autograd`; here are the names that would hide Python's own there (``bool``), the dtypes and the constants.

Source: https://data-apis.org/array-api/2024.12
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import *
from autograd import fft, linalg
from autograd.backend import available_devices
from autograd.errors import DtypeError
from autograd.tape import Variable

__all__ = ["can_cast", "fft", "finfo", "iinfo", "isdtype", "linalg", "result_type"]

__array_api_version__ = "2024.12"

bool = np.dtype(np.bool_)
int8, int16, int32, int64 = map(np.dtype, (np.int8, np.int16, np.int32, np.int64))
uint8, uint16, uint32, uint64 = map(np.dtype, (np.uint8, np.uint16, np.uint32, np.uint64))
float32, float64, complex64, complex128 = map(np.dtype, (np.float32, np.float64, np.complex64, np.complex128))
e, inf, nan, pi, newaxis = np.e, np.inf, np.nan, np.pi, None


def _dtype(x: Any) -> Any:
    return x.dtype if isinstance(x, Variable) or hasattr(x, "dtype") else x


def finfo(type: Any, /) -> Any:
    """Limits of a floating dtype, or of the dtype of a Tensor."""
    return np.finfo(_dtype(type))


def iinfo(type: Any, /) -> Any:
    """Limits of an integer dtype, or of the dtype of a Tensor."""
    return np.iinfo(_dtype(type))


def isdtype(dtype: Any, kind: Any) -> Any:
    """Whether a dtype is of a kind such as ``"real floating"``, or one of several."""
    return np.isdtype(dtype, kind)


def can_cast(from_: Any, to: Any, /) -> Any:
    """Whether promotion takes one dtype to another."""
    return np.can_cast(_dtype(from_), to)


def result_type(*arrays_and_dtypes: Any) -> np.dtype:
    """The dtype that promotion gives; Python numbers are weak."""
    if not arrays_and_dtypes:
        raise DtypeError("result_type: give one Tensor or dtype at least.")
    return np.result_type(*(_dtype(x) for x in arrays_and_dtypes))


class _Info:
    """What the namespace can do (the standard's inspection API)."""

    def capabilities(self) -> dict[str, Any]:
        """Boolean indexing and data-dependent shapes work; there is no limit of dimensions but NumPy's."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """Where new Tensors lie."""
        return "cpu"

    def devices(self) -> list[str]:
        """The devices of this machine."""
        return available_devices()

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """What Python numbers become."""
        return {"real floating": float32, "complex floating": complex64, "integral": int64, "indexing": int64}

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        """The dtypes of the standard, of a kind."""
        known = (
            bool,
            int8,
            int16,
            int32,
            int64,
            uint8,
            uint16,
            uint32,
            uint64,
            float32,
            float64,
            complex64,
            complex128,
        )
        return {d.name: d for d in known if kind is None or np.isdtype(d, kind)}


def __array_namespace_info__() -> _Info:
    """What this namespace can do."""
    return _Info()
