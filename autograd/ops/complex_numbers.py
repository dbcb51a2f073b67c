"""Complex numbers and their parts: angle, polar form, pairs of real numbers as one complex one, and tests.

Gradients follow PyTorch's conjugate Wirtinger convention: of a real loss L with respect to x they are
dL/dRe x + i dL/dIm x, so that their negative is the direction of descent. The parts themselves, ``real``,
``imag`` and ``conj``, stand in ``complex_parts``, ``abs`` with the other elementwise ops.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.composite import composite
from autograd.errors import DtypeError, ShapeError
from autograd.ops.complex_parts import imag, real
from autograd.ops.elementwise import where
from autograd.ops.halves import floats
from autograd.ops.indexing import getitem
from autograd.ops.logic import isnan
from autograd.ops.shape import stack
from autograd.ops.trigonometric import arctan2, cos, sin
from autograd.samples import ErrorSample, elementwise_samples, sample
from autograd.samples import array as spec

__all__ = ["angle", "complex", "iscomplex", "isreal", "polar", "view_as_complex", "view_as_real"]


@composite(
    r"\arg {0}",
    elementwise_samples(avoid=(0.0,)),
    reference=np.angle,
)
def angle(x: Any) -> Any:
    """The phase of complex numbers, in radians from -pi to pi; of real ones 0, or pi where they are negative.

    The gradient is ``i x / |x|**2`` times the cotangent, the direction in which the phase grows (conjugate Wirtinger
    convention); 0 at 0, and 0 for real numbers.
    """
    if x.dtype.kind == "c":
        return arctan2(imag(x), real(x))
    return where(isnan(x), x, where(x < 0, math.pi, where(False, x, 0.0)))


def _real_pair(op: str, names: tuple[str, str], a: Any, b: Any) -> None:
    for name, part in zip(names, (a, b), strict=True):
        if getattr(part, "dtype", np.dtype(float)).kind == "c":
            raise DtypeError(f"{op}: {name} is complex; both parts are real numbers.")


_complex_part = ErrorSample((np.ones(2, "complex128"), np.ones(2)), DtypeError, "is complex")


@composite(r"{0} + i {1}", elementwise_samples(2), errors=[_complex_part], reference=lambda a, b: a + 1j * b)
def complex(real: Any, imag: Any) -> Any:
    """``real + i imag``. Each part gets the part of the gradient that belongs to it."""
    _real_pair("complex", ("real", "imag"), real, imag)
    return real + 1j * imag


@composite(
    r"{0} e^{{i {1}}}",
    elementwise_samples(2, low=0.3),
    errors=[_complex_part],
    reference=lambda r, a: r * np.exp(1j * a),
)
def polar(abs: Any, angle: Any) -> Any:
    """``abs * exp(i angle)``: complex numbers from modulus and phase.

    Both are real and so are their gradients: the component of the (conjugate Wirtinger) cotangent along ``exp(i
    angle)``, and across it times ``abs``.
    """
    _real_pair("polar", ("abs", "angle"), abs, angle)
    abs, angle = floats(abs, angle)
    return complex(abs * cos(angle), abs * sin(angle))


@composite(
    r"(\operatorname{{Re}} {0}, \operatorname{{Im}} {0})",
    [sample(spec(2, 3)), sample(spec()), sample(spec(0, 2))],
    reference=lambda x: np.stack([x.real, x.imag], -1),
)
def view_as_real(x: Any) -> Any:
    """Real and imaginary part as a new last axis of length 2 (a copy, for all that the name says)."""
    return stack([real(x), imag(x)], -1)


@composite(
    r"{0}_0 + i {0}_1",
    [sample(spec(2, 3, 2)), sample(spec(2)), sample(spec(0, 2))],
    errors=[ErrorSample((np.ones((2, 3)),), ShapeError, r"must end with an axis of length 2, not \(2, 3\)")],
)
def view_as_complex(x: Any) -> Any:
    """Complex numbers from pairs along the last axis, real and imaginary part (a copy)."""
    if not x.ndim or x.shape[-1] != 2:
        raise ShapeError(f"view_as_complex: x must end with an axis of length 2, not {tuple(x.shape)}.")
    return complex(getitem(x, (..., 0)), getitem(x, (..., 1)))


@composite(r"[\operatorname{{Im}} {0} = 0]", elementwise_samples(), differentiable=False, reference=np.isreal)
def isreal(x: Any) -> Any:
    """Whether the imaginary part is 0, elementwise."""
    return imag(x) == 0


@composite(r"[\operatorname{{Im}} {0} \ne 0]", elementwise_samples(), differentiable=False, reference=np.iscomplex)
def iscomplex(x: Any) -> Any:
    """Whether the imaginary part is not 0, elementwise."""
    return imag(x) != 0
