"""What ops of matrices share: their checks, transposes, costs, samples, and what counts as 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.backend import Array, floating, is_differentiable, is_half
from autograd.errors import DtypeError, LinAlgError, ShapeError
from autograd.samples import ErrorSample
from autograd.samples import array as spec
from autograd.tape import module_of

__all__ = [
    "SINGULAR", "adjoint", "check_matrices", "cubic", "cutoff", "hermitian_part", "identity_of", "regular", "solved",
    "transposed",
]  # fmt: skip


def check_matrices(op: str, x: Any, square: bool = False, name: str = "x", halves: bool = False) -> None:
    """Raise unless ``x``, the argument ``name``, is a stack of matrices for which there is linear algebra."""
    if not halves and is_half(x.dtype):
        raise DtypeError(
            f"{op}: {name} is {x.dtype}: 16-bit floats are unsupported in linalg, for they have too little precision. "
            "Convert with x.astype('float32'), and the result back if need be."
        )
    if x.ndim < 2 or (square and x.shape[-1] != x.shape[-2]):
        raise ShapeError(
            f"{op}: {name} must be {'square matrices (..., n, n)' if square else 'matrices (..., m, n)'}, "
            f"not {tuple(x.shape)}."
        )


def transposed(x: Any) -> Any:
    """The transpose of each matrix."""
    return x.swapaxes(-1, -2)


def adjoint(x: Any) -> Any:
    """The conjugate transpose."""
    return x.conj().swapaxes(-1, -2) if x.dtype.kind == "c" else x.swapaxes(-1, -2)


def hermitian_part(x: Any) -> Any:
    """Half the sum of each matrix and its conjugate transpose."""
    x = floating(x)
    return 0.5 * (x + adjoint(x))


def identity_of(x: Any, n: int) -> Array:
    """The ``(n, n)`` identity in the dtype and on the device of ``x``."""
    return module_of(x).eye(n, dtype=x.dtype)


def regular(*shape: int) -> Any:
    """A sample argument: matrices whose singular values lie between 1 and 3."""
    return spec(*shape, matrix="regular")


def _cube(shape: tuple[int, ...]) -> int:
    return math.prod(shape[:-2]) * shape[-1] ** 3 if len(shape) > 1 else 0


def cubic(factor: float) -> Any:
    """A cost of ``factor n**3`` for each matrix."""
    return lambda out, *shapes, **params: int(factor * _cube(shapes[0]))


SINGULAR = ErrorSample((np.zeros((2, 2)),), LinAlgError, "ingular")


def solved(function: Any, *arrays: Any, **options: Any) -> Any:
    """A function of the library, whose complaint about a matrix gets its remedy; dispatch says of which op it is."""
    try:
        return function(*arrays, **options)
    except np.linalg.LinAlgError as error:
        text = str(error).rstrip(".")
        remedies = {
            "Singular matrix": "For a least-squares answer use pinv or lstsq.",
            "Matrix is not positive definite": "Add a small multiple of the identity, x + 1e-6 * eye(n).",
            "Array must not contain infs or NaNs": "Replace them first, with nan_to_num or where.",
        }
        remedy = remedies.get(text, "Is there a NaN or an infinity in it?")
        raise np.linalg.LinAlgError(f"{text}. {remedy}") from error


def cutoff(shape: tuple[int, ...], dtype: np.dtype) -> float:
    """What a singular value is lost in rounding below, relative to the largest (Golub and Van Loan, section 5.4)."""
    return max(shape[-2:]) * float(np.finfo(dtype if is_differentiable(dtype) else np.float64).eps)
