"""Elementwise ops that round, divide with remainder, and take floating-point numbers apart.

A step function has derivative 0 wherever it has one, so its gradient is 0 everywhere: zero, not absent.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.backend import floating
from autograd.composite import composite
from autograd.ops.casting import astype
from autograd.ops.elementwise import divide, exp2, positive, sign, where
from autograd.ops.halves import floats
from autograd.primitive import Primitive, primitive
from autograd.samples import array as spec
from autograd.samples import elementwise_samples, integers, sample

__all__ = [
    "around", "ceil", "copysign", "divmod", "fix", "floor", "fmod", "frac", "frexp", "heaviside", "ldexp", "mod",
    "modf", "nextafter", "remainder", "rint", "round", "signbit", "trunc",
]  # fmt: skip

_halves = [x / 2 for x in range(-8, 9)]
_between: dict[str, Any] = {"avoid": tuple(_halves), "margin": 0.05}


def _nothing(g: Any) -> Any:
    """Zero, whatever the cotangent is."""
    return where(False, g, 0)


def _step(name: str, forward: Any, latex: str, code: str | None, doc: str) -> Primitive:
    return primitive(
        name, forward, kind="elementwise", vjp=[_nothing], jvp=[lambda t: _nothing(t)], code=code, latex=latex,
        vjp_latex=["0"], samples=elementwise_samples(**_between), doc=doc,
    )  # fmt: skip


floor = _step("floor", np.floor, r"\lfloor {0} \rfloor", "floor({0})", "The largest integer not above x; gradient 0.")
ceil = _step("ceil", np.ceil, r"\lceil {0} \rceil", "ceil({0})", "The smallest integer not below x; gradient 0.")
trunc = _step("trunc", np.trunc, r"\operatorname{{trunc}} {0}", "trunc({0})", "x without its fraction; gradient 0.")
rint = _step(
    "rint", np.rint, r"\operatorname{{round}} {0}", "rint({0})", "The nearest integer, halves to even; gradient 0."
)
fix = trunc


@composite(r"\operatorname{{round}} {0}", elementwise_samples(**_between), reference=np.round)
def round(x: Any, decimals: int = 0) -> Any:
    """``x`` rounded to so many decimals, halves to even; gradient 0. Integers are round already."""
    if decimals >= 0 and x.dtype.kind in "iu":
        return positive(x)
    if not decimals:
        return rint(x)
    scale = 10.0**decimals
    return round(x * scale) / scale


around = round


def _copysign_vjp(g: Any, a: Any, b: Any) -> Any:
    return g * sign(a) * copysign(1.0, b).astype(g.dtype)


copysign = primitive(
    "copysign",
    np.copysign,
    kind="elementwise",
    vjp=[_copysign_vjp, lambda g: _nothing(g)],
    jvp="from_vjp",
    code="copysign({0}, {1})",
    latex=r"\lvert {0} \rvert \odot \operatorname{{sign}} {1}",
    vjp_latex=[r"\bar y \odot \operatorname{sign} a \odot \operatorname{sign} b", "0"],
    samples=elementwise_samples(2, avoid=(0.0,)),
    doc="The size of ``a`` with the sign of ``b``.",
)
_divisor: dict[str, Any] = {"low": 0.6, "high": 0.9}


def _quotient(left: Any, a: Any, b: Any) -> Any:
    """The whole number of times that b is in a, from what is left: a / b may be rounded up to a whole number."""
    return rint(divide(a - left, b))


remainder = primitive(
    "remainder", np.remainder, kind="elementwise",
    vjp=[lambda g: g, lambda g, y, a, b: -g * _quotient(y, a, b)], jvp="from_vjp",
    latex=r"{0} \bmod {1}", vjp_latex=[r"\bar y", r"-\bar y \odot \lfloor a / b \rfloor"],
    samples=elementwise_samples(2, low=1.0, high=1.1, second=_divisor),
    doc="What is left of ``a`` after dividing by ``b`` and rounding down; it has the sign of ``b``.",
)  # fmt: skip
mod = remainder
fmod = primitive(
    "fmod", np.fmod, kind="elementwise",
    vjp=[lambda g: g, lambda g, y, a, b: -g * _quotient(y, a, b)], jvp="from_vjp",
    latex=r"\operatorname{{fmod}}({0}, {1})", vjp_latex=[r"\bar y", r"-\bar y \odot \operatorname{trunc}(a / b)"],
    samples=elementwise_samples(2, low=-1.1, high=-1.0, second=_divisor),
    doc="What is left of ``a`` after dividing by ``b`` and rounding towards 0; it has the sign of ``a``.",
)  # fmt: skip
heaviside = primitive(
    "heaviside", np.heaviside, kind="elementwise",
    vjp=[_nothing, lambda g, a: where(a == 0, g, 0)], jvp="from_vjp", selects=True,
    latex=r"[{0} > 0] + {1} \odot [{0} = 0]", vjp_latex=["0", r"\bar y \odot [a = 0]"],
    samples=elementwise_samples(2, avoid=(0.0,)),
    doc="0 where ``a`` is negative, 1 where it is positive, ``b`` where it is 0.",
)  # fmt: skip
signbit = primitive("signbit", np.signbit, kind="elementwise", samples=elementwise_samples())
nextafter = primitive("nextafter", np.nextafter, kind="elementwise", samples=elementwise_samples(2))


def _frexp_vjp(g: Any, y: Any) -> Any:
    return None if g[0] is None else g[0] * exp2(-astype(y[1], g[0].dtype))


frexp = primitive(
    "frexp", lambda x: tuple(np.frexp(x)), kind="elementwise", outputs=True, vjp=[_frexp_vjp],
    jvp=lambda primals, tangents: (tangents[0] * exp2(-astype(frexp(primals[0])[1], tangents[0].dtype)), None),
    latex=r"{0} = m \odot 2^{{e}}", vjp_latex=[r"\bar m \odot 2^{-e}"],
    samples=[sample(spec(2, 3, low=0.6, high=0.9)), sample(spec(low=1.2, high=1.8)), sample(spec(0, 2))],
    doc="Mantissa and exponent, ``x = m * 2**e`` with 0.5 <= |m| < 1; e is an integer without gradient.",
)  # fmt: skip


@composite(
    r"{0} \, 2^{{{1}}}", [sample(spec(2, 3), integers(3, low=-2)), sample(spec(), integers(2))], reference=np.ldexp
)
def ldexp(x: Any, exponent: Any) -> Any:
    """``x * 2**exponent`` with integer exponents."""
    x = floating(x)
    return x * exp2(astype(exponent, x.dtype) if hasattr(exponent, "dtype") else float(exponent))


@composite(r"\operatorname{{frac}} {0}", elementwise_samples(**_between))
def frac(x: Any) -> Any:
    """The fraction of ``x``, with its sign."""
    return x - trunc(x)


@composite(r"\operatorname{{modf}} {0}", elementwise_samples(**_between))
def modf(x: Any) -> tuple[Any, Any]:
    """Fraction and whole part of ``x``, both with its sign."""
    whole = trunc(x)
    return x - whole, whole


@composite(r"\operatorname{{divmod}}({0}, {1})", elementwise_samples(2, low=1.0, high=1.1, second=_divisor))
def divmod(a: Any, b: Any) -> tuple[Any, Any]:
    """``floor(a / b)`` and the remainder."""
    left = remainder(a, b)
    a, b, whole = floats(a, b, left)  # the difference of two small integers may not be one
    return floor(where(b == 0, divide(a, b), _quotient(whole, a, b))), left
