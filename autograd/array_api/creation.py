"""Making Tensors under the signatures of the array API standard: one shape, and options by keyword."""

from __future__ import annotations

from typing import Any

import autograd
from autograd.tensor import Tensor

__all__ = ["empty", "ones", "zeros"]


def empty(shape: Any, *, dtype: Any = None, device: str | None = None) -> Tensor:
    """Memory of a shape with no values in particular; float32 by default."""
    return autograd.empty(shape, dtype=dtype, device=device)


def ones(shape: Any, *, dtype: Any = None, device: str | None = None) -> Tensor:
    """Ones of a shape; float32 by default."""
    return autograd.ones(shape, dtype=dtype, device=device)


def zeros(shape: Any, *, dtype: Any = None, device: str | None = None) -> Tensor:
    """Zeros of a shape; float32 by default."""
    return autograd.zeros(shape, dtype=dtype, device=device)
