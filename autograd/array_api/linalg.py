"""The ``linalg`` extension of the array API standard: functions work on the last two axes."""

from __future__ import annotations

from typing import Any

from autograd import linalg
from autograd.linalg import *
from autograd.linalg import SVD

__all__ = list(linalg.__all__)


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """The diagonals of the matrices in the last two axes, shifted by ``offset``."""
    return linalg.diagonal(x, offset, -2, -1)


def outer(x1: Any, x2: Any, /) -> Any:
    """The products of all pairs of elements of two vectors."""
    return linalg.outer(x1, x2)


def svd(x: Any, /, *, full_matrices: bool = True) -> SVD:
    """``x = U @ diag(S) @ Vh``, with square U and Vh by default."""
    return linalg.svd(x, full_matrices)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """The sums of the diagonals of the matrices in the last two axes, in ``dtype`` where it is given."""
    total = linalg.trace(x if dtype is None else x.to(dtype=dtype), offset, -2, -1)
    return total if dtype is None else total.to(dtype=dtype)
