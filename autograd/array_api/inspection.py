"""What the namespace can do: the inspection API of the array API standard."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.array_api.dtypes import DTYPES, complex64, float32, int64, isdtype
from autograd.backend import available_devices

__all__ = ["__array_namespace_info__"]


class NamespaceInfo:
    """The answer of :func:`__array_namespace_info__`."""

    def capabilities(self) -> dict[str, Any]:
        """Boolean indexing and data-dependent shapes work; there is no limit of dimensions but NumPy's."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """Where new Tensors lie."""
        return "cpu"

    def devices(self) -> list[str]:
        """The devices of this machine."""
        return available_devices()

    def default_dtypes(self, *, device: str | None = None) -> dict[str, np.dtype]:
        """What Python numbers become; the same on every device."""
        return {"real floating": float32, "complex floating": complex64, "integral": int64, "indexing": int64}

    def dtypes(self, *, device: str | None = None, kind: Any = None) -> dict[str, np.dtype]:
        """The dtypes of the standard, all of them or those of a kind (or kinds); the same on every device."""
        return {name: d for name, d in DTYPES.items() if kind is None or isdtype(d, kind)}


def __array_namespace_info__() -> NamespaceInfo:
    """What this namespace can do."""
    return NamespaceInfo()
