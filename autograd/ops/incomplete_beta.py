"""The incomplete beta function, differentiable in its parameters too."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import beta_order, special
from autograd.errors import DtypeError
from autograd.ops.activation import logsigmoid, sigmoid
from autograd.ops.elementwise import exp, where
from autograd.ops.halves import in_double
from autograd.ops.special import betaln, logit, polygamma, xlog1py, xlogy
from autograd.primitive import per_element, primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec

__all__ = ["beta_order_derivative", "betainc"]


def _weight(a: Any, b: Any, s: Any, n: int, m: int) -> Any:
    """The derivative of the density of ``s`` of order ``n`` in ``a`` and ``m`` in ``b``, over the density."""
    kappas = {}
    for i in range(n + 1):
        for j in range(m + 1):
            if i + j:
                value = polygamma(i + j - 1, a + b)
                if j == 0:
                    value = value - polygamma(i - 1, a)
                if i == 0:
                    value = value - polygamma(j - 1, b)
                kappas[i, j] = value + logsigmoid(s) if (i, j) == (1, 0) else value
    if m:
        kappas[0, 1] = kappas[0, 1] + logsigmoid(-s)
    return beta_order.mixed_bell(kappas, n, m)


beta_order_derivative = primitive(
    "beta_order_derivative",
    lambda a, b, s, *, n=1, m=0: beta_order.beta_order_derivative(a, b, s, n, m),
    kind="elementwise",
    vjp=[
        lambda g, y, a, b, s, n, m: g * (beta_order_derivative(a, b, s, n=n + 1, m=m) - y * _weight(a, b, s, 1, 0)),
        lambda g, y, a, b, s, n, m: g * (beta_order_derivative(a, b, s, n=n, m=m + 1) - y * _weight(a, b, s, 0, 1)),
        lambda g, y, a, b, s, n, m: g * (_weight(a, b, s, n, m) - y * (a * sigmoid(-s) - b * sigmoid(s))),
    ],
    jvp="from_vjp",
    latex=r"\operatorname{{D}}_{{n,m}}({0}, {1}, {2})",
    vjp_latex=[
        r"\bar y \odot (\operatorname{D}_{n+1,m}(a, b, s) - y \odot (\ln \sigma(s) - \psi(a) + \psi(a + b)))",
        r"\bar y \odot (\operatorname{D}_{n,m+1}(a, b, s) - y \odot (\ln \sigma(-s) - \psi(b) + \psi(a + b)))",
        r"\bar y \odot (B_{n,m}(a, b, s) - y \odot (a \odot \sigma(-s) - b \odot \sigma(s)))",
    ],
    flops=per_element(5000),
    samples=[
        sample(spec(2, 3, low=0.5, high=4.0), spec(3, low=0.5, high=4.0), spec(2, 1, low=-2.0, high=2.0), n=1, m=0),
        sample(spec(low=0.5, high=4.0), spec(2, low=0.5, high=4.0), spec(low=-2.0, high=2.0), n=1, m=1),
        sample(spec(0, 3, low=0.5), spec(3, low=0.5), spec(3), n=0, m=1),
    ],
    errors=[ErrorSample((np.ones(2), np.ones(2), np.ones(2, complex)), DtypeError, "are real, not", {"n": 1, "m": 0})],
    doc="The derivative of ``betainc(a, b, sigmoid(s))`` of order ``n`` in ``a`` and ``m`` in ``b``, over the density "
    "of ``s``.\n\n``s`` is the logit of a beta variate ``x`` and its density ``x**a * (1 - x)**b / B(a, b)``. By "
    "quadrature in float64; relative error of the first derivatives about 1e-13.",
)


def _beta_density(a: Any, b: Any, x: Any) -> Any:
    """The density of the beta distribution, x^(a-1) (1-x)^(b-1) / B(a, b), from large numbers that nearly cancel."""
    a, b, x = in_double(a), in_double(b), in_double(x)
    return exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b))


def _order_slope(a: Any, b: Any, x: Any, n: int, m: int) -> Any:
    """The derivative of betainc in its parameters; 0 at both ends of x."""
    a, b, x = in_double(a), in_double(b), in_double(x)
    inside = (x > 0) & (x < 1)
    safe = where(inside, x, 0.5)
    density = exp(xlogy(a, safe) + xlog1py(b, -safe) - betaln(a, b))  # of logit(x)
    return where(inside, beta_order_derivative(a, b, logit(safe), n=n, m=m) * density, 0)


betainc = primitive(
    "betainc",
    lambda a, b, x: special.call("betainc", a, b, x),
    kind="elementwise",
    vjp=[
        lambda g, a, b, x: g * _order_slope(a, b, x, 1, 0),
        lambda g, a, b, x: g * _order_slope(a, b, x, 0, 1),
        lambda g, a, b, x: g * _beta_density(a, b, x),
    ],
    jvp="from_vjp",
    latex=r"\operatorname{{I}}_{{{2}}}({0}, {1})",
    vjp_latex=[
        r"\bar y \odot \partial_1 \operatorname{I}_{x}(a, b)",
        r"\bar y \odot \partial_2 \operatorname{I}_{x}(a, b)",
        r"\bar y \odot \frac{x^{a-1} \odot (1 - x)^{b-1}}{\operatorname{B}(a, b)}",
    ],
    flops=per_element(80),
    samples=[
        sample(spec(2, 3, low=0.5, high=4.0), spec(3, low=0.5, high=4.0), spec(2, 3, low=0.05, high=0.95)),
        sample(spec(low=0.5, high=4.0), spec(2, low=0.5, high=4.0), spec(low=0.05, high=0.95)),
        sample(spec(2, low=30.0, high=50.0), spec(low=20.0, high=40.0), spec(2, low=0.4, high=0.7)),
        sample(spec(low=0.5), spec(low=0.5), spec(0, 2, low=0.05, high=0.95)),
    ],
    doc="The regularised incomplete beta function, differentiable in ``a``, ``b`` and in ``x`` from 0 to 1.",
)
