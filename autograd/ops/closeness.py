"""Whether arrays are equal, or nearly so: element by element, and as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.composite import composite
from autograd.ops.elementwise import abs
from autograd.ops.logic import equal, isfinite, isnan
from autograd.ops.reduce import all
from autograd.samples import array as spec
from autograd.samples import sample

__all__ = ["allclose", "array_equal", "isclose"]


@composite(r"{0} \approx {1}", [sample(spec(2, 3), spec(3))], differentiable=False, reference=np.isclose)
def isclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether ``|a - b| <= atol + rtol |b|``, elementwise; infinities are close to themselves."""
    near = (abs(a - b) <= atol + rtol * abs(b)) & isfinite(b) | equal(a, b)
    return near | (isnan(a) & isnan(b)) if equal_nan else near


def allclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close; see :func:`isclose`."""
    return bool(all(isclose(a, b, rtol, atol, equal_nan)))


def array_equal(a: Any, b: Any) -> bool:
    """Whether shapes and all elements are equal."""
    return np.shape(a) == np.shape(b) and bool(all(equal(a, b)))
