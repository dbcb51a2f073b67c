"""Bessel functions, with SciPy's names and from SciPy or cupyx: J, Y, the modified I and K, and the scaled I and K.

The slope of each follows from its neighbours in the order (Abramowitz and Stegun, 1964, 9.1.27 and 9.6.26), so that
derivatives exist to any order. Orders are numbers, without gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import special
from autograd.backend import Array, floating
from autograd.composite import composite
from autograd.errors import ArgumentError
from autograd.ops.elementwise import sign
from autograd.ops.halves import in_double
from autograd.primitive import Primitive, per_element, primitive
from autograd.samples import ErrorSample, elementwise_samples, sample
from autograd.samples import array as spec

__all__ = [
    "i0", "i0e", "i1", "i1e", "j0", "j1", "jv", "k0", "k0e", "k1", "k1e", "y0", "y1", "yv",
]  # fmt: skip


def _forward(kind: str, orders: dict[float, str]) -> Any:
    """SciPy's function of any order, or the better one of a low order where the numbers are real."""

    def value(x: Array, *, n: float) -> Array:
        if n in orders and x.dtype.kind != "c":
            return special.call(orders[n], x)
        return special.call(kind, n, x)

    return value


def _bessel(name: str, forward: Any, slope: Any, latex: str, slope_latex: str, samples: list[Any]) -> Primitive:
    return primitive(
        name, forward, kind="elementwise", vjp=[slope], jvp="from_vjp", latex=latex, vjp_latex=[slope_latex],
        flops=per_element(60), samples=samples,
    )  # fmt: skip


_positive = [
    sample(spec(2, 3, low=0.5, high=4.0), n=0), sample(spec(low=0.5), n=1), sample(spec(0, 3, low=0.5), n=2),
    sample(spec(4, low=20.0, high=60.0), n=1),
]  # fmt: skip

_anywhere, _not_at_0, _above_0 = (
    elementwise_samples(), elementwise_samples(avoid=(0.0,)), elementwise_samples(low=0.5, high=4.0)
)  # fmt: skip


def _of_order(name: str, op: Primitive, n: int, latex: str, samples: Sequence[Any], doc: str) -> Callable[[Any], Any]:
    """The function of one order, as SciPy names it."""

    def function(x: Any) -> Any:
        return op(x, n=n)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return composite(latex, samples)(function)


# ------------------------------------------------------------------------------------------- J and Y: waves

_bessel_j = _bessel(
    "bessel_j", _forward("jv", {0: "j0", 1: "j1"}),
    lambda g, x, n: -g * _bessel_j(x, n=1) if n == 0 else g * (0.5 * (_bessel_j(x, n=n - 1) - _bessel_j(x, n=n + 1))),
    r"J_{{n}}({0})", r"\tfrac{1}{2} \cdot \bar y \odot (J_{n-1}(x) - J_{n+1}(x))",
    [sample(spec(2, 3), n=0), sample(spec(), n=1), sample(spec(0, 3), n=3), sample(spec(3, low=0.5), n=0.5),
     sample(spec(4, low=20.0, high=60.0), n=2)],
)  # fmt: skip
_bessel_y = _bessel(
    "bessel_y", _forward("yv", {0: "y0", 1: "y1"}),
    lambda g, x, n: -g * _bessel_y(x, n=1) if n == 0 else g * (0.5 * (_bessel_y(x, n=n - 1) - _bessel_y(x, n=n + 1))),
    r"Y_{{n}}({0})", r"\tfrac{1}{2} \cdot \bar y \odot (Y_{n-1}(x) - Y_{n+1}(x))",
    [*_positive, sample(spec(3, low=0.5), n=0.5)],
)  # fmt: skip


_real_orders = [sample(spec(2, 3, low=0.5), v=0), sample(spec(low=0.5), v=0.5), sample(spec(0, low=0.5), v=2)]
_wrong_order = [ErrorSample((np.ones(2),), ArgumentError, "the order v must be a number", {"v": np.ones(2)})]


def _order(op: str, v: Any) -> float:
    """The order as a number; it has no gradient."""
    if not isinstance(v, (int, float, np.integer, np.floating)) or not math.isfinite(v):
        raise ArgumentError(f"{op}: the order v must be a number, not {v!r}; no gradient flows to it. Give v.item().")
    return int(v) if v == int(v) else float(v)


j0 = _of_order(
    "j0", _bessel_j, 0, r"J_0({0})", _anywhere,
    "The Bessel function of the first kind, of order 0, elementwise.",
)  # fmt: skip
j1 = _of_order(
    "j1", _bessel_j, 1, r"J_1({0})", _anywhere,
    "The Bessel function of the first kind, of order 1, elementwise.",
)  # fmt: skip


@composite(r"J_v({0})", _real_orders, errors=_wrong_order)
def _jv(x: Any, v: float) -> Any:
    return jv(v, x)


def jv(v: float, x: Any) -> Any:
    """The Bessel function of the first kind, of real order ``v`` (a number), elementwise."""
    return _bessel_j(x, n=_order("jv", v))


y0 = _of_order(
    "y0", _bessel_y, 0, r"Y_0({0})", _above_0,
    "The Bessel function of the second kind, of order 0, elementwise; -inf at 0, NaN below.",
)  # fmt: skip
y1 = _of_order(
    "y1", _bessel_y, 1, r"Y_1({0})", _above_0,
    "The Bessel function of the second kind, of order 1, elementwise; -inf at 0, NaN below.",
)  # fmt: skip


@composite(r"Y_v({0})", _real_orders, errors=_wrong_order)
def _yv(x: Any, v: float) -> Any:
    return yv(v, x)


def yv(v: float, x: Any) -> Any:
    """The Bessel function of the second kind, of real order ``v`` (a number), elementwise."""
    return _bessel_y(x, n=_order("yv", v))


# ------------------------------------------------------------------------------------------- I and K: growth, decay

_bessel_i = _bessel(
    "bessel_i", lambda x, *, n: np.i0(x).astype(floating(x).dtype) if n == 0 else special.bessel_i(n, x),
    lambda g, x, n: g * (0.5 * (_bessel_i(x, n=abs(n - 1)) + _bessel_i(x, n=n + 1))),
    r"I_{{n}}({0})", r"\tfrac{1}{2} \cdot \bar y \odot (I_{n-1}(x) + I_{n+1}(x))",
    [sample(spec(2, 3), n=0), sample(spec(), n=1), sample(spec(0, 3), n=2)],
)  # fmt: skip
i0 = _of_order(
    "i0", _bessel_i, 0, r"I_0({0})", _anywhere,
    "The modified Bessel function of the first kind, of order 0, elementwise.",
)  # fmt: skip
i1 = _of_order(
    "i1", _bessel_i, 1, r"I_1({0})", _anywhere,
    "The modified Bessel function of the first kind, of order 1, elementwise.",
)  # fmt: skip


def _bessel_ie_slope(x: Any, n: int) -> Any:
    return 0.5 * (_bessel_ie(x, n=abs(n - 1)) + _bessel_ie(x, n=n + 1)) - sign(x) * _bessel_ie(x, n=n)


_bessel_ie = primitive(
    "bessel_ie", lambda x, *, n: special.bessel_ie(n, x), kind="elementwise",
    vjp=[lambda g, x, n: g * _bessel_ie_slope(in_double(x), n)],
    jvp="from_vjp", latex=r"e^{{-\lvert {0} \rvert}} \odot I_{{n}}({0})",
    vjp_latex=[
        r"\bar y \odot (\tfrac{1}{2} \cdot e^{-\lvert x \rvert} \odot (I_{n-1}(x) + I_{n+1}(x)) "
        r"- y \odot \operatorname{sign} x)"
    ],
    flops=per_element(70), samples=[sample(spec(2, 3, avoid=(0.0,)), n=0), sample(spec(low=0.5), n=1)],
)  # fmt: skip
i0e = _of_order(
    "i0e", _bessel_ie, 0, r"e^{{-\lvert {0} \rvert}} \odot I_0({0})", _not_at_0,
    ":func:`i0` scaled by ``exp(-abs(x))``, which does not overflow.",
)  # fmt: skip
i1e = _of_order(
    "i1e", _bessel_ie, 1, r"e^{{-\lvert {0} \rvert}} \odot I_1({0})", _not_at_0,
    ":func:`i1` scaled by ``exp(-abs(x))``, which does not overflow.",
)  # fmt: skip


_bessel_k = _bessel(
    "bessel_k", _forward("kv", {0: "k0", 1: "k1"}),
    lambda g, x, n: -g * (_bessel_k(x, n=abs(n - 1)) + n / x * _bessel_k(x, n=n)),  # no K_{n+1}, which underflows first
    r"K_{{n}}({0})", r"-\bar y \odot (K_{n-1}(x) + \frac{n}{x} \odot K_{n}(x))", _positive,
)  # fmt: skip


def _bessel_ke_slope(x: Any, n: int) -> Any:
    return _bessel_ke(x, n=n) - 0.5 * (_bessel_ke(x, n=abs(n - 1)) + _bessel_ke(x, n=n + 1))


_bessel_ke = _bessel(
    "bessel_ke", _forward("kve", {0: "k0e", 1: "k1e"}),
    lambda g, x, n: g * _bessel_ke_slope(in_double(x), n),
    r"e^{{{0}}} \odot K_{{n}}({0})",
    r"\bar y \odot (y - \tfrac{1}{2} \cdot e^{x} \odot (K_{n-1}(x) + K_{n+1}(x)))", _positive,
)  # fmt: skip
k0 = _of_order(
    "k0", _bessel_k, 0, r"K_0({0})", _above_0,
    "The modified Bessel function of the second kind, of order 0, elementwise; inf at 0, NaN below.",
)  # fmt: skip
k1 = _of_order(
    "k1", _bessel_k, 1, r"K_1({0})", _above_0,
    "The modified Bessel function of the second kind, of order 1, elementwise; inf at 0, NaN below.",
)  # fmt: skip
k0e = _of_order(
    "k0e", _bessel_ke, 0, r"e^{{{0}}} \odot K_0({0})", _above_0,
    ":func:`k0` scaled by ``exp(x)``, which does not underflow.",
)  # fmt: skip
k1e = _of_order(
    "k1e", _bessel_ke, 1, r"e^{{{0}}} \odot K_1({0})", _above_0,
    ":func:`k1` scaled by ``exp(x)``, which does not underflow.",
)  # fmt: skip
