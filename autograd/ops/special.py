"""Special functions, with SciPy's and PyTorch's names. Those that NumPy lacks come from SciPy or cupyx."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import special
from autograd.backend import Array, floating
from autograd.composite import composite
from autograd.errors import ArgumentError, DtypeError
from autograd.ops.activation import sigmoid
from autograd.ops.elementwise import clip, exp, log, log1p, over, steep, where
from autograd.ops.halves import in_double, in_floats, rounded_once
from autograd.primitive import Primitive, per_element, primitive
from autograd.samples import ErrorSample, elementwise_samples, integers, sample
from autograd.samples import array as spec

__all__ = [
    "betaln",
    "digamma",
    "entr",
    "erfc",
    "erfcinv",
    "erfcx",
    "erfinv",
    "exp1",
    "expit",
    "expn",
    "gamma_order_derivative",
    "gammainc",
    "gammaincc",
    "gammaln",
    "lgamma",
    "log_ndtr",
    "logit",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "psi",
    "sinc",
    "xlog1py",
    "xlogy",
    "zeta",
]

_TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)
_LOG_SQRT_TWO_PI = 0.5 * math.log(2 * math.pi)
_SQRT_HALF, _SQRT_TWO_OVER_PI = math.sqrt(0.5), math.sqrt(2 / math.pi)


def _special(name: str, rule: Any, latex: str, rule_latex: str, doc: str, **domain: Any) -> Primitive:
    """An entry whose forward is SciPy's (cupyx's) function of that name."""
    return primitive(
        name, lambda x: special.call(name, x), kind="elementwise", vjp=[rule], jvp="from_vjp", latex=latex,
        vjp_latex=[rule_latex], flops=per_element(40), samples=elementwise_samples(**domain), doc=doc,
    )  # fmt: skip


erfc = _special(
    "erfc",
    lambda g, x: -g * (_TWO_OVER_SQRT_PI * exp(-x * x)),
    r"\operatorname{{erfc}} {0}",
    r"-\tfrac{2}{\sqrt{\pi}} \cdot \bar y \odot e^{-x^2}",
    "The complementary error function, ``1 - erf(x)`` without cancellation.",
    far=((-8.0, -3.0), (3.0, 20.0)),
)
_erfcx = primitive(
    "erfcx", lambda x, *, n: special.erfcx(n, x), kind="elementwise",
    vjp=[lambda g, x, n: g * (-2 * (n + 1) * _erfcx(x, n=n + 1))], jvp="from_vjp",
    latex=r"\operatorname{{erfcx}}_{{n}}({0})",
    vjp_latex=[r"-2 \cdot (n + 1) \cdot \bar y \odot \operatorname{erfcx}_{n+1}(x)"],
    flops=per_element(40),
    samples=[
        sample(spec(2, 3, low=-1.0), n=0), sample(spec(0, 3), n=0), sample(spec(low=2.5, high=8.0), n=1),
        sample(spec(4, high=4.0), n=2), sample(spec(4, low=5.0, high=1e3), n=0),
        sample(spec(4, low=-3.0, high=-2.0), n=0),
    ],
)  # fmt: skip


def erfcx(x: Any) -> Any:
    """The scaled complementary error function, ``exp(x**2) * erfc(x)``; its derivatives do not cancel for large x."""
    return _erfcx(x, n=0)


erfinv = _special(
    "erfinv", lambda g, y: steep(g, 0.5 * math.sqrt(math.pi) * exp(y * y)), r"\operatorname{{erf}}^{{-1}} {0}",
    r"\tfrac{\sqrt{\pi}}{2} \cdot \bar y \odot e^{y^2}", "The inverse of erf, on (-1, 1).", low=-0.9, high=0.9,
    far=((-0.999, -0.99), (0.99, 0.999)),
)  # fmt: skip
erfcinv = _special(
    "erfcinv", lambda g, y: -steep(g, 0.5 * math.sqrt(math.pi) * exp(y * y)), r"\operatorname{{erfc}}^{{-1}} {0}",
    r"-\tfrac{\sqrt{\pi}}{2} \cdot \bar y \odot e^{y^2}", "The inverse of erfc, on (0, 2).", low=0.1, high=1.9,
    far=((1e-3, 1e-2), (1.99, 1.999)),
)  # fmt: skip

# ---------------------------------------------------------------------------------------------------- gamma function

_polygamma = primitive(
    "polygamma", lambda x, *, n: special.polygamma(n, x), kind="elementwise",
    vjp=[lambda g, x, n: g * _polygamma(x, n=n + 1)], jvp="from_vjp",
    latex=r"\psi^{{(n)}}({0})", vjp_latex=[r"\bar y \odot \psi^{(n+1)}(x)"], flops=per_element(60),
    samples=[sample(spec(2, 3, low=0.5, high=4.0), n=1), sample(spec(low=0.5), n=2), sample(spec(0, 2), n=1)],
)  # fmt: skip
gammaln = primitive(
    "gammaln", lambda x: special.call("gammaln", x), kind="elementwise",
    vjp=[lambda g, x: g * digamma(x)], jvp="from_vjp", code="lgamma({0})",
    latex=r"\ln \lvert \Gamma({0}) \rvert", vjp_latex=[r"\bar y \odot \psi(x)"], flops=per_element(40),
    samples=elementwise_samples(low=0.3, high=4.0, far=((1e-3, 1e-2), (1e2, 1e3))),
    reference=np.vectorize(math.lgamma, otypes=[float]),
    doc="The logarithm of the size of the gamma function.",
)  # fmt: skip
lgamma = gammaln
expit = sigmoid
digamma = _special(
    "digamma", lambda g, x: g * _polygamma(x, n=1), r"\psi({0})", r"\bar y \odot \psi^{(1)}(x)",
    "The derivative of ``lgamma``.", low=0.3, high=4.0, far=((0.01, 0.1), (1e2, 1e3)),
)  # fmt: skip
psi = digamma


def polygamma(n: int, x: Any) -> Any:
    """The ``n``-th derivative of :data:`digamma`; ``n`` is an integer from 0."""
    if not isinstance(n, (int, np.integer)) or n < 0:
        raise ArgumentError(f"polygamma: n must be an integer from 0, not {n!r}.")
    return digamma(x) if n == 0 else _polygamma(x, n=int(n))


def _betaln_slope(a: Any, b: Any) -> Any:
    a, b = in_double(a), in_double(b)
    return digamma(a) - digamma(a + b)


betaln = primitive(
    "betaln",
    lambda a, b: special.call("betaln", a, b),
    kind="elementwise",
    vjp=[lambda g, a, b: g * _betaln_slope(a, b), lambda g, a, b: g * _betaln_slope(b, a)],
    jvp="from_vjp",
    latex=r"\ln \operatorname{{B}}({0}, {1})",
    vjp_latex=[r"\bar y \odot (\psi(a) - \psi(a + b))", r"\bar y \odot (\psi(b) - \psi(a + b))"],
    flops=per_element(60),
    samples=elementwise_samples(2, low=0.5, high=4.0),
    doc="The logarithm of the beta function of positive arguments, right for large ones too.",
)


@composite(r"\ln \Gamma_p({0})", [sample(spec(2, 3, low=1.5, high=3.0), p=2)])
def multigammaln(x: Any, p: int) -> Any:
    """The logarithm of the multivariate gamma function of dimension ``p``; ``x`` exceeds ``(p - 1) / 2``."""
    total: Any = p * (p - 1) / 4 * math.log(math.pi)
    for j in range(p):
        total = total + gammaln(x - j / 2)
    return total


def _bell(a: Any, x: Any, n: int) -> Any:
    """The n-th derivative in ``a`` of ``exp(a x) / Gamma(a)``, relative to it."""
    return special.complete_bell([x - digamma(a), *(-_polygamma(a, n=j) for j in range(1, n))])


gamma_order_derivative = primitive(
    "gamma_order_derivative",
    lambda a, x, *, n=1: special.gamma_order_derivative(a, x, n),
    kind="elementwise",
    vjp=[
        lambda g, y, a, x, n: g * (gamma_order_derivative(a, x, n=n + 1) - y * (x - digamma(a))),
        lambda g, y, a, x, n: g * (_bell(a, x, n) - y * (a - exp(x))),
    ],
    jvp="from_vjp",
    latex=r"\operatorname{{D}}_{{n}}({0}, {1})",
    vjp_latex=[
        r"\bar y \odot (\operatorname{D}_{n+1}(a, x) - y \odot (x - \psi(a)))",
        r"\bar y \odot (B_{n}(a, x) - y \odot (a - e^{x}))",
    ],
    flops=per_element(1000),
    samples=[
        sample(spec(2, 3, low=0.5, high=4.0), spec(2, 3), n=1),
        sample(spec(low=0.5, high=4.0), spec(3), n=2),
        sample(spec(0, 3, low=0.5), spec(3), n=1),
    ],
    errors=[ErrorSample((np.ones(2), np.ones(2, complex)), DtypeError, "real, not float64 and complex128", {"n": 1})],
    doc="The n-th derivative of ``gammainc(a, exp(x))`` in the order ``a``, over the density of ``x``.\n\n"
    "``x`` is the logarithm of a gamma variate and its density ``exp(a x - exp(x)) / Gamma(a)``. Minus the first "
    "derivative is the slope of a gamma variate's logarithm in its concentration (Figurnov et al., 2018, "
    "arXiv:1805.08498). By quadrature in float64; relative error about 1e-13.",
)


def _gammainc_slope(a: Any, x: Any) -> Any:
    """The density of the gamma distribution, x^(a-1) e^-x / Gamma(a), from large numbers that nearly cancel."""
    a, x = in_double(a), in_double(x)
    return exp((a - 1) * log(x) - x - gammaln(a))


def _gammainc_order_slope(a: Any, x: Any) -> Any:
    """The derivative of gammainc in its order; 0 at x = 0."""
    a, x = in_double(a), in_double(x)
    inside = x > 0
    logarithm = log(where(inside, x, 1))
    slope = gamma_order_derivative(a, logarithm, n=1) * exp(a * logarithm - x - gammaln(a))
    return where(inside, slope, 0)


gammainc = primitive(
    "gammainc",
    lambda a, x: special.call("gammainc", a, x),
    kind="elementwise",
    vjp=[lambda g, a, x: g * _gammainc_order_slope(a, x), lambda g, a, x: g * _gammainc_slope(a, x)],
    jvp="from_vjp",
    latex=r"\operatorname{{P}}({0}, {1})",
    vjp_latex=[
        r"\bar y \odot \partial_1 \operatorname{P}(a, x)",
        r"\bar y \odot \frac{x^{a-1} \odot e^{-x}}{\Gamma(a)}",
    ],
    flops=per_element(60),
    samples=elementwise_samples(2, low=0.5, high=4.0, far=((20.0, 40.0),)),
    doc="The regularised lower incomplete gamma function, differentiable in the order ``a`` and in ``x``.",
)
gammaincc = primitive(
    "gammaincc",
    lambda a, x: special.call("gammaincc", a, x),
    kind="elementwise",
    vjp=[lambda g, a, x: -g * _gammainc_order_slope(a, x), lambda g, a, x: -g * _gammainc_slope(a, x)],
    jvp="from_vjp",
    latex=r"\operatorname{{Q}}({0}, {1})",
    vjp_latex=[
        r"-\bar y \odot \partial_1 \operatorname{P}(a, x)",
        r"-\bar y \odot \frac{x^{a-1} \odot e^{-x}}{\Gamma(a)}",
    ],
    flops=per_element(60),
    samples=elementwise_samples(2, low=0.5, high=4.0, far=((20.0, 40.0),)),
    doc="The regularised upper incomplete gamma function, differentiable in the order ``a`` and in ``x``.",
)


def _no_gradient(op: str, argument: str) -> Any:
    """The rule of a parameter in which no stable derivative is known: it says so."""

    def refuse(g: Any) -> Any:
        raise ArgumentError(
            f"{op}: the gradient with respect to {argument} has no closed form and is not defined here. "
            "detach() it, or use finite differences for it."
        )

    return refuse


zeta = primitive(
    "zeta",
    lambda a, x: special.call("zeta", a, x),
    kind="elementwise",
    vjp=[_no_gradient("zeta", "the order a"), lambda g, a, x: -g * a * zeta(a + 1, x)],
    jvp=[_no_gradient("zeta", "the order a"), lambda t, a, x: -t * a * zeta(a + 1, x)],
    latex=r"\zeta({0}, {1})",
    vjp_latex=[None, r"-\bar y \odot a \odot \zeta(a + 1, x)"],
    flops=per_element(60),
    samples=[sample(integers(2, 3, low=2), spec(2, 3, low=0.5)), sample(integers(low=2), spec(3, low=0.5))],
    doc="The Hurwitz zeta function, the sum of ``(k + x)**-a`` over k from 0; differentiable in ``x``.",
)


_expn = primitive(
    "expn",
    lambda x, *, n: special.call("exp1", x) if n == 1 else special.call("expn", n, x),
    kind="elementwise",
    vjp=[lambda g, x, n: -steep(g, expn(n - 1, x))],
    jvp="from_vjp",
    latex=r"\operatorname{{E}}_{{n}}({0})",
    vjp_latex=[r"-\bar y \odot \operatorname{E}_{n-1}(x)"],
    flops=per_element(60),
    samples=[sample(spec(2, 3, low=0.3, high=4.0), n=1), sample(spec(low=0.3), n=3), sample(spec(0, 2), n=2),
             sample(spec(4, low=10.0, high=100.0), n=2)],
)  # fmt: skip


def expn(n: int, x: Any) -> Any:
    r"""The exponential integral :math:`\int_1^\infty e^{-x t} t^{-n} dt` of positive x; ``n`` is an integer from 0."""
    if not isinstance(n, (int, np.integer)) or n < 0:
        raise ArgumentError(f"expn: n must be an integer from 0, not {n!r}.")
    return exp(-x) / x if n == 0 else _expn(x, n=int(n))


@composite(r"\operatorname{{E}}_1({0})", elementwise_samples(low=0.3, high=4.0))
def exp1(x: Any) -> Any:
    """:func:`expn` of order 1."""
    return _expn(x, n=1)


# --------------------------------------------------------------------------------------------- normal and logistic

ndtr = _special(
    "ndtr", lambda g, x: g * exp(-0.5 * x * x - _LOG_SQRT_TWO_PI), r"\Phi({0})", r"\bar y \odot \phi(x)",
    "The distribution function of the normal distribution.", far=((-20.0, -4.0), (4.0, 20.0)),
)  # fmt: skip


def _log_ndtr_slope(x: Any, y: Any) -> Any:
    """The density over the distribution function; by the scaled tail where that is small, and would overflow else."""
    low = _SQRT_TWO_OVER_PI / erfcx(-_SQRT_HALF * where(x > 0, 0, x))
    high = exp(-0.5 * x * x - y - _LOG_SQRT_TWO_PI)
    return where(x > 0, high, low)


log_ndtr = _special(
    "log_ndtr", lambda g, x, y: g * _log_ndtr_slope(x, y), r"\ln \Phi({0})",
    r"\frac{\bar y \odot \phi(x)}{\Phi(x)}", "The logarithm of ``ndtr``, right far out in the tail.",
    far=((-90.0, -20.0), (4.0, 20.0)),
)  # fmt: skip
ndtri = _special(
    "ndtri", lambda g, y: steep(g, exp(0.5 * y * y + _LOG_SQRT_TWO_PI)), r"\Phi^{{-1}}({0})", r"\frac{\bar y}{\phi(y)}",
    "The inverse of ``ndtr``, on (0, 1).", low=0.05, high=0.95, far=((1e-3, 1e-2), (0.99, 0.999)),
)  # fmt: skip
_logit = primitive(
    "logit", lambda x: np.log(floating(x)) - np.log1p(-floating(x)), kind="elementwise",
    vjp=[lambda g, x: over(g, x * (1 - x))], jvp="from_vjp", code="(log({0}) - log1p(-{0}))",
    latex=r"\ln \frac{{{0}}}{{1 - {0}}}", vjp_latex=[r"\frac{\bar y}{x \odot (1 - x)}"], flops=per_element(17),
    samples=elementwise_samples(low=0.05, high=0.95, far=((1e-3, 1e-2), (0.99, 0.999))),
)  # fmt: skip


def logit(x: Any, eps: float | None = None) -> Any:
    """The inverse of the logistic function, on (0, 1); with ``eps``, ``x`` is limited to ``[eps, 1 - eps]`` first."""
    return _logit(x if eps is None else clip(x, eps, 1 - eps))


def _entr_forward(x: Array) -> Array:
    x = floating(x)
    return np.where(x < 0, -np.inf, 0 - x * np.log(np.where(x > 0, x, 1))).astype(x.dtype)


entr = primitive(
    "entr",
    _entr_forward,
    kind="elementwise",
    vjp=[lambda g, x: steep(-g, log(x) + 1)],
    jvp="from_vjp",
    latex=r"-{0} \odot \ln {0}",
    vjp_latex=[r"-\bar y \odot (\ln x + 1)"],
    flops=per_element(10),
    samples=elementwise_samples(low=0.1, far=((1e-3, 1e-2), (1e2, 1e3))),
    doc="The entropy ``-x ln x``: 0 at 0, -inf for negative x.",
)


def _without_zero(forward: Any, harmless: float) -> Any:
    """``a * forward(b)``, but 0 where a is 0 and b is a number."""

    @in_floats
    def value(a: Array, b: Array) -> Array:
        zero = np.equal(a, 0) & ~np.isnan(b)
        return np.where(zero, np.zeros_like(np.multiply(a, b)), a * forward(np.where(zero, harmless, b)))

    return value


def _at_origin(g: Any, a: Any, b: Any, logarithm: Any, pole: float) -> Any:
    """``g`` times the logarithm of b, but 0 where both factors vanish and no slope exists."""
    origin = ((a == 0) | (g == 0)) & (b == pole)
    return where(origin, 0, g * logarithm(where(origin, pole + 1, b)))


xlogy = primitive(
    "xlogy", _without_zero(np.log, 1), kind="elementwise", arguments=("a", "b"),
    vjp=[lambda g, a, b: _at_origin(g, a, b, log, 0), lambda g, a, b: over(g * a, b)], jvp="from_vjp",
    latex=r"{0} \odot \ln {1}", vjp_latex=[r"\bar y \odot \ln b", r"\frac{\bar y \odot a}{b}"], flops=per_element(9),
    samples=elementwise_samples(2, low=0.3, far=((1e-3, 1e-2), (1e2, 2e2))),
    doc="``a * log(b)``, which is 0 where a is 0.",
)  # fmt: skip
xlog1py = primitive(
    "xlog1py", _without_zero(np.log1p, 0), kind="elementwise", arguments=("a", "b"),
    vjp=[lambda g, a, b: _at_origin(g, a, b, log1p, -1), lambda g, a, b: over(g * a, 1 + b)], jvp="from_vjp",
    latex=r"{0} \odot \ln(1 + {1})",
    vjp_latex=[r"\bar y \odot \ln(1 + b)", r"\frac{\bar y \odot a}{1 + b}"], flops=per_element(9),
    samples=elementwise_samples(2, low=0.3, far=((1e-3, 1e-2), (1e2, 2e2))),
    doc="``a * log1p(b)``, which is 0 where a is 0.",
)  # fmt: skip

# ------------------------------------------------------------------------------------------------- -------- sinc


def _sinc_series(x: Array, n: int) -> Array:
    """The n-th derivative of sinc near 0: sum over k of (-1)^k pi^2k x^(2k-n) / ((2k+1) (2k-n)!)."""
    total = np.zeros_like(x)
    for k in range((n + 1) // 2, (n + 1) // 2 + 14):
        coefficient = (-1) ** k * math.pi ** (2 * k) / ((2 * k + 1) * math.factorial(2 * k - n))
        total = total + coefficient * x ** (2 * k - n)
    return total


@rounded_once
def _sinc_forward(x: Array, *, n: int) -> Array:
    """The n-th derivative of sin(pi x) / (pi x): x S_n + n S_(n-1) = d^n/dx^n sin(pi x) / pi, and a series near 0."""
    if n == 0:
        return np.sinc(x)
    near = np.abs(x) < 1
    safe = np.where(near, np.ones_like(x), x)
    value = np.sinc(safe)
    for k in range(1, n + 1):
        value = (math.pi ** (k - 1) * np.sin(math.pi * safe + k * math.pi / 2) - k * value) / safe
    return np.where(near, _sinc_series(np.where(near, x, np.zeros_like(x)), n), value)


_sinc = primitive(
    "sinc",
    _sinc_forward,
    kind="elementwise",
    vjp=[lambda g, x, n: g * _sinc(x, n=n + 1)],
    jvp="from_vjp",
    latex=r"\operatorname{{sinc}}^{{(n)}}({0})",
    vjp_latex=[r"\bar y \odot \operatorname{sinc}^{(n+1)}(x)"],
    flops=per_element(20),
    samples=[
        sample(spec(2, 3), n=0),
        sample(spec(), n=1),
        sample(spec(0, 3), n=0),
        sample(spec(4, low=-0.1, high=0.1), n=0),
    ],
)


def sinc(x: Any) -> Any:
    r""":math:`\sin(\pi x) / (\pi x)`, and 1 at 0, elementwise; derivatives of every order are right at 0 too."""
    return _sinc(x, n=0)
