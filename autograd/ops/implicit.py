r"""Gamma variates as differentiable functions of their concentration: implicit reparameterisation.

A variate :math:`z` of concentration :math:`\alpha` that stays at its quantile while :math:`\alpha` moves has the slope
:math:`dz/d\alpha = -\partial_\alpha F(\alpha, z) / p(z)`; the quantile itself is never computed. The ops below are the
function whose slope that is. They take a variate ``z`` of concentration ``base`` to the variate of concentration
``alpha`` at the same quantile. Where the two concentrations are equal, as they are when a sample has just been drawn,
that is ``z`` itself. Derivatives exist to every order, because :data:`gamma_order_derivative` has them.

Source: Figurnov, Mohamed and Mnih, 2018, "Implicit reparameterization gradients", arXiv:1805.08498.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import special
from autograd.backend import Array
from autograd.errors import DtypeError
from autograd.ops.elementwise import exp, log
from autograd.ops.halves import floats
from autograd.ops.special import gamma_order_derivative, gammaln
from autograd.primitive import per_element, primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec

__all__ = ["log_standard_gamma", "standard_gamma"]


def _moved(alpha: Array, base: Array, x: Array, logarithmic: bool) -> Array:
    """The variate at the quantile of ``x``, for arrays that broadcast."""
    name = "log_standard_gamma" if logarithmic else "standard_gamma"
    dtype = np.result_type(alpha, base, x)
    if dtype.kind == "c":
        raise DtypeError(f"{name}: concentrations and variates are real, not {dtype}.")
    alpha, base, x = floats(alpha, base, x)
    dtype = np.result_type(alpha, base, x)
    shape = np.broadcast_shapes(alpha.shape, base.shape, x.shape)
    here = alpha == base
    if np.all(here):
        return np.broadcast_to(x, shape).astype(dtype)
    a, b, v = (array.astype(np.float64) for array in (alpha, base, x))
    with np.errstate(divide="ignore"):
        logarithm = special.gamma_quantile_shift(a, b, v if logarithmic else np.log(v))
    return np.where(here, v, logarithm if logarithmic else np.exp(logarithm)).astype(dtype)


def _log_density(a: Any, x: Any) -> Any:
    """Of the logarithm ``x`` of a gamma variate."""
    return a * x - exp(x) - gammaln(a)


def _ratio(alpha: Any, y: Any, base: Any, x: Any) -> Any:
    """The slope of the logarithm at concentration ``alpha`` in that at ``base``."""
    return exp(_log_density(base, x) - _log_density(alpha, y))


def _specs(shapes: Any, **domain: Any) -> list[Any]:
    return [sample(*(spec(*s, low=0.6, high=3.0) for s in three[:2]), spec(*three[2], **domain)) for three in shapes]


_SHAPES = [((2, 3), (2, 3), (2, 3)), ((3,), (1,), (2, 3)), ((), (), ()), ((0, 2), (2,), (0, 2))]
_LATEX = r"F^{{-1}}({0}, F({1}, {2}))"

log_standard_gamma = primitive(
    "log_standard_gamma",
    lambda alpha, base, x: _moved(alpha, base, x, logarithmic=True),
    kind="random",
    vjp=[
        lambda g, y, alpha: -g * gamma_order_derivative(alpha, y, n=1),
        lambda g, y, alpha, base, x: g * gamma_order_derivative(base, x, n=1) * _ratio(alpha, y, base, x),
        lambda g, y, alpha, base, x: g * _ratio(alpha, y, base, x),
    ],
    jvp="from_vjp",
    batch="elementwise",
    latex=_LATEX,
    vjp_latex=[
        r"-\bar y \odot \frac{\partial_1 F(\alpha, y)}{p_{\alpha}(y)}",
        r"\bar y \odot \frac{\partial_1 F(\beta, x)}{p_{\alpha}(y)}",
        r"\bar y \odot \frac{p_{\beta}(x)}{p_{\alpha}(y)}",
    ],
    flops=per_element(1000),
    samples=_specs(_SHAPES, low=-1.0, high=1.0),
    errors=[ErrorSample((np.ones(2), np.ones(2), np.ones(2, complex)), DtypeError, "variates are real, not complex")],
    doc="The logarithm of a gamma variate of concentration ``alpha``, from the logarithm ``x`` of one of concentration "
    "``base`` at the same quantile.",
)
standard_gamma = primitive(
    "standard_gamma",
    lambda alpha, base, z: _moved(alpha, base, z, logarithmic=False),
    kind="random",
    vjp=[
        lambda g, y, alpha: -g * y * gamma_order_derivative(alpha, log(y), n=1),
        lambda g, y, alpha, base, z: (
            g * y * gamma_order_derivative(base, log(z), n=1) * _ratio(alpha, log(y), base, log(z))
        ),
        lambda g, y, alpha, base, z: g * (y / z) * _ratio(alpha, log(y), base, log(z)),
    ],
    jvp="from_vjp",
    batch="elementwise",
    latex=_LATEX,
    vjp_latex=[
        r"-\bar y \odot \frac{\partial_1 F(\alpha, y)}{p_{\alpha}(y)}",
        r"\bar y \odot \frac{\partial_1 F(\beta, z)}{p_{\alpha}(y)}",
        r"\bar y \odot \frac{p_{\beta}(z)}{p_{\alpha}(y)}",
    ],
    flops=per_element(1000),
    samples=_specs(_SHAPES, low=0.3, high=3.0),
    errors=[ErrorSample((np.ones(2), np.ones(2), np.ones(2, complex)), DtypeError, "variates are real, not complex")],
    doc="A gamma variate of concentration ``alpha`` and rate 1, from one ``z`` of concentration ``base`` at the same "
    "quantile.",
)
