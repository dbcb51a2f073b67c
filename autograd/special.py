"""Special functions that NumPy lacks, on arrays: SciPy's or cupyx's where installed, else our own series."""

from __future__ import annotations

import functools
import importlib
import math
from typing import Any

import numpy as np

from autograd.backend import Array, array_module, floating
from autograd.errors import DtypeError
from autograd.extras import import_extra

__all__ = [
    "bessel_i", "bessel_ie", "call", "complete_bell", "erf", "erf_series", "erfcx", "gamma_order_derivative",
    "gamma_quantile_shift", "gauss_legendre", "polygamma",
]  # fmt: skip

# Chebyshev series, fitted to 40 digits and kept to double precision: erf(x)/x in 2x^2 - 1 on [0, 1], and
# exp(x^2) erfc(x) in (x - 3.75)/(x + 3.75) on [0, inf) (the substitution of Schonfelder, 1978, Math. Comp. 32).
_ERF_NEAR = (
    0.97547693938265412, -0.14226120510371365, 0.010035582187599796, -0.00057687646997674853,
    2.741993125219606e-05, -1.1043175507344507e-06, 3.8488755420345036e-08, -1.1808582533875466e-09,
    3.2334215826050907e-11, -7.9910159470045487e-13, 1.7990725113961456e-14, -3.7186354878186928e-16,
)  # fmt: skip
_ERFC_SCALED = (
    0.30507154096160022, -0.4348412727125775, 0.17635119364360549, -0.060710795609249413,
    0.017712068995694115, -0.0043211193855672942, 0.00085421667688709865, -0.00012715509060916275,
    1.1248167243671189e-05, 3.1306388542182096e-07, -2.70988068537762e-07, 3.0737622701407687e-08,
    2.5156203848176228e-09, -1.0289299213203192e-09, 2.9944052119949941e-11, 2.6051789687266936e-11,
    -2.6348399241719693e-12, -6.4340450989063649e-13, 1.1245740180166345e-13, 1.7281533389986097e-14,
    -4.264101694942375e-15, -5.4537197788019059e-16, 1.5869760776167123e-16, 2.0899837844334044e-17,
    -5.9005268694088059e-18, -9.4189338755442831e-19,
)  # fmt: skip


def _chebyshev(x: Array, coefficients: tuple[float, ...]) -> Array:
    """A Chebyshev series by Clenshaw's recurrence."""
    b1 = b2 = np.zeros_like(x)
    for c in reversed(coefficients[1:]):
        b1, b2 = 2 * x * b1 - b2 + c, b1
    return x * b1 - b2 + coefficients[0]


@functools.cache
def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def erf(x: Array) -> Array:
    r"""The error function :math:`\frac{2}{\sqrt\pi}\int_0^x e^{-t^2} dt`, elementwise; half types are kept."""
    library = _library("scipy.special" if array_module(x) is np else "cupyx.scipy.special")
    if library is None:
        return erf_series(x)
    dtype = np.result_type(x)
    if dtype.kind in "iub":
        dtype = np.dtype(np.float64)
    return library.erf(x.astype(np.float32) if dtype.itemsize == 2 else x).astype(dtype, copy=False)


def _special_functions(x: Array) -> Any:
    """``scipy.special`` or ``cupyx.scipy.special``, by where ``x`` lies."""
    if array_module(x) is not np:
        return importlib.import_module("cupyx.scipy.special")
    return import_extra("scipy.special", extra="fast", purpose="compute special functions")


def _in_single(x: Array, function: Any) -> Array:
    """A function of the library at ``x``; half types are computed in float32 and kept."""
    x = floating(x)
    half = x.dtype.itemsize == 2
    return function(x.astype(np.float32)).astype(x.dtype) if half else function(x)


def call(name: str, *arrays: Array) -> Array:
    """SciPy's (cupyx's) special function of that name on arrays; half types are kept."""
    dtypes = [a.dtype for a in arrays if hasattr(a, "dtype") and a.dtype.kind not in "iub"]  # Python numbers are weak
    arrays = tuple(map(np.asarray, arrays)) if array_module(arrays[-1]) is np else arrays
    function = getattr(_special_functions(arrays[-1]), name)
    if not dtypes:
        return function(*map(floating, arrays))
    dtype = np.result_type(*dtypes)
    if dtype.itemsize == 2:
        return function(*(a.astype(np.float32) for a in arrays)).astype(dtype)
    return function(*arrays).astype(dtype, copy=False)


def polygamma(n: int, x: Array) -> Array:
    """The n-th derivative of digamma: (-1)^(n+1) n! zeta(n + 1, x)."""
    zeta = _special_functions(x).zeta
    factor = (-1.0) ** (n + 1) * math.factorial(n)
    return _in_single(x, lambda v: (factor * zeta(float(n + 1), v)).astype(v.dtype, copy=False))


def bessel_i(n: int, x: Array) -> Array:
    """The modified Bessel function of the first kind, of integer order."""
    library = _special_functions(x)
    if n == 1:
        return _in_single(x, library.i1)
    if not hasattr(library, "iv"):  # cupyx has orders 0 and 1: the recurrence I_(k+1) = I_(k-1) - 2k/x I_k, away from 0
        safe = np.where(x == 0, np.ones_like(x), x)
        before, value = np.i0(safe), library.i1(safe)
        for k in range(1, n):
            before, value = value, before - 2 * k / safe * value
        return np.where(x == 0, np.zeros_like(x), value)
    return _in_single(x, lambda v: library.iv(n, v).astype(v.dtype, copy=False))


_LARGE = 1e5  # from here on Hankel's series of three terms is exact, and SciPy's ive soon gives NaN


def bessel_ie(n: int, x: Array) -> Array:
    """The modified Bessel function of integer order times ``exp(-abs(x))``; for large x by its asymptotic series."""
    size: Array = np.abs(x).astype(np.float64)
    large = size > _LARGE
    near = call("ive", n, np.where(large, np.ones_like(x), x))
    with np.errstate(divide="ignore", invalid="ignore"):
        term = series = np.ones_like(size)
        for k in (1, 2):
            term = term * ((2 * k - 1) ** 2 - 4 * n * n) / (8 * k * size)
            series = series + term
        far = series / np.sqrt(2 * math.pi * size)
    return np.where(large, np.where((x < 0) & (n % 2 == 1), -far, far), near).astype(near.dtype, copy=False)


_FRACTION_FROM, _FRACTION_TERMS = 2.0, 60


def erfcx(n: int, x: Array) -> Array:
    """``exp(x**2)`` times the n-th repeated integral of erfc from x to infinity (DLMF 7.18).

    ``2 n y_n = y_(n-2) - 2 x y_(n-1)`` upwards where that does not cancel; else the ratios of neighbours by the
    continued fraction that belongs to it, from far above. In float64 for n > 0.
    """
    start = call("erfcx", x)
    if n == 0:
        return start
    z = x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)
    far: Array = z.real > _FRACTION_FROM
    low, high = np.where(far, 0, z), np.where(far, z, _FRACTION_FROM)
    before: Array = 2 / math.sqrt(math.pi)
    value = call("erfcx", low)
    for k in range(1, n + 1):
        before, value = value, (before - 2 * low * value) / (2 * k)
    ratio, product = np.zeros_like(high), call("erfcx", high)
    for k in range(n + _FRACTION_TERMS, 0, -1):
        ratio = 1 / (2 * (high + (k + 1) * ratio))
        product = product * ratio if k <= n else product
    result: Array = np.where(far, product, value)
    return result.astype(start.dtype)


def erf_series(x: Array) -> Array:
    """:func:`erf` by Chebyshev series, relative error below 1e-15 in float64; needs NumPy alone."""
    x = np.asarray(x)
    dtype = x.dtype if x.dtype.kind not in "iub" else np.dtype(np.float64)
    z = x.astype(np.float64)
    size = np.minimum(np.abs(z), 40.0)  # erf is 1 from 6 on; the bound keeps infinity out of the series
    near = z * _chebyshev(2 * np.minimum(size, 1.0) ** 2 - 1, _ERF_NEAR)
    far = 1 - np.exp(-size * size) * _chebyshev((size - 3.75) / (size + 3.75), _ERFC_SCALED)
    value = np.where(size < 1, near, np.where(np.isnan(z), z, np.copysign(far, z)))
    return value.astype(dtype)


# ------------------------------------------------------------- the gamma distribution as a function of its order
#
# With P the regularised lower incomplete gamma function and x = ln z, the derivatives of P(a, e^x) with respect to a
# are integrals of the density p(t) of t = ln of a gamma variate, weighed by polynomials:
#
#     d^n P / da^n = int_(-inf)^x p(t) B_n(t) dt = - int_x^inf p(t) B_n(t) dt,    p(t) = exp(a t - e^t) / Gamma(a),
#
# where B_n is the complete Bell polynomial of t - psi(a), -psi'(a), -psi''(a), ... On either side of psi(a) the weight
# B_1 has one sign: integrated there nothing cancels, and the ratio to p(x) has full relative precision in both tails.
# On the left, P(a) = P(a + 1) + exp(a x - e^x) / Gamma(a + 1) first raises the order to one at least, which keeps the
# integrand on one scale. It falls off to exp(-E) at an end that is known in closed form: there Gauss and Legendre's
# rule converges fast.

_FALL = 45.0  # the integrands are cut off where they have fallen to exp(-45)
_NODES = 32
_BLOCK = 1 << 12  # elements at a time: nodes times elements stay in the cache


def complete_bell(kappas: Any) -> Any:
    """The complete Bell polynomial of ``kappas``, a list of arrays or of Tensors; 1 of none."""
    values: list[Any] = [1.0]
    for n in range(len(kappas)):
        values.append(sum(math.comb(n, k) * values[n - k] * kappas[k] for k in range(n + 1)))
    return values[-1]


@functools.cache
def gauss_legendre(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return 0.5 * (nodes + 1), 0.5 * weights


def gamma_order_derivative(a: Array, x: Array, n: int = 1) -> Array:
    r""":math:`\partial_a^n P(a, e^x) / p(x)`: how the gamma distribution function moves with its order.

    ``p`` is the density of ``x``, the logarithm of a gamma variate. For ``n = 1`` the relative error is below 1e-12 in
    float64 for orders from 1e-3 to 1e6 and all ``x``; computed in float64 whatever the dtype.
    """
    if any(v.dtype.kind == "c" for v in (a, x)):
        raise DtypeError(f"gamma_order_derivative: the order and the argument are real, not {a.dtype} and {x.dtype}.")
    dtype = np.result_type(a, x)
    a, x = np.broadcast_arrays(a, x) if array_module(x) is np else array_module(x).broadcast_arrays(a, x)
    shape = a.shape
    a, x = (v.astype(np.float64).reshape(-1) for v in (a, x))
    result = np.empty_like(a)
    step = _BLOCK if array_module(a) is np else 1 << 20
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for start in range(0, a.size, step):
            part = slice(start, start + step)
            result[part] = _order_derivative(a[part], x[part], n)
    return result.reshape(shape).astype(dtype if dtype.kind not in "iub" else np.float64, copy=False)


def _order_derivative(a: Array, x: Array, n: int) -> Array:
    module, library = array_module(a), _special_functions(a)
    z = np.exp(x)
    raised = a + 1
    psi = library.digamma(raised)
    below = x < psi
    order = np.where(below, raised, a)  # of the integrand
    psi = np.where(below, psi, psi - 1 / a)  # psi(a + 1) = psi(a) + 1 / a
    higher = [-polygamma(j, order) for j in range(1, n)]
    distance = np.abs(order - z)
    # where a lower bound of the exponent reaches _FALL: by e^-s - 1 + s >= s^2 / (2 + s), and by
    # ln(1 + w) <= w (2 + w) / (2 (1 + w)); see the two exponents below
    free = _FALL - 2 * distance
    down = (free + np.sqrt(free * free + 8 * order * _FALL)) / (2 * order)
    free, twice = _FALL - distance, 2 * z - order
    up = np.log1p((free + np.sqrt(free * free + 2 * _FALL * twice)) / twice)
    end = np.where(below, down, up)
    sign = np.where(below, -1.0, 1.0)
    nodes, weights = (module.asarray(v)[:, None] for v in gauss_legendre(_NODES))
    s = nodes * (sign * end)
    # exp of order s - z (e^s - 1), with s from 0 down to -end or up to end
    integrand = np.exp(order * s - z * np.expm1(s)) * complete_bell([x + s - psi, *higher])
    integral = np.sum(weights * integrand, axis=0) * end
    boundary = complete_bell([x - psi, *higher])
    return np.where(below, (z * integral + boundary) / a, -integral)


def gamma_quantile_shift(a: Array, base: Array, x: Array) -> Array:
    """The logarithm of the gamma variate of order ``a`` at the quantile where that of order ``base`` has ``exp(x)``."""
    library = _special_functions(x)
    with np.errstate(all="ignore"):
        z = np.exp(x)
        below, above = library.gammainc(base, z), library.gammaincc(base, z)
        # e^x underflows for small orders: there P(a, e^x) is e^(a x) / Gamma(a + 1) to full precision
        tiny = x < -36
        log_below = np.where(tiny, base * x - library.gammaln(base + 1), np.log(below))
        leading = (log_below + library.gammaln(a + 1)) / a
        lower, upper = library.gammaincinv(a, np.exp(log_below)), library.gammainccinv(a, above)
        return np.where(leading < -36, leading, np.log(np.where(log_below < math.log(0.5), lower, upper)))
