"""Elementwise ops: one formula for each element, arguments broadcast against each other.

The rules never un-broadcast: the backward walk does, in one place. Kinks take the subgradient of least norm.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import special
from autograd.backend import Array, floating, is_half, single
from autograd.composite import composite
from autograd.dispatch import broadcast_clash
from autograd.errors import DtypeError, ShapeError
from autograd.ops.casting import astype
from autograd.ops.complex_parts import imag, real
from autograd.ops.halves import in_floats
from autograd.ops.logic import isfinite, isinf
from autograd.primitive import per_element, primitive
from autograd.samples import ErrorSample, boolean, elementwise_samples, sample
from autograd.samples import array as spec
from autograd.tape import constant

__all__ = [
    "abs", "absolute", "add", "cbrt", "clamp", "clip", "divide", "erf", "exp", "exp2", "expm1", "fabs",
    "float_power", "fmax", "fmin", "lerp", "log", "log10", "log1p", "log2", "logaddexp", "logaddexp2", "maximum",
    "minimum", "multiply", "nan_to_num", "negative", "positive", "pow", "power", "reciprocal", "rsqrt", "sgn",
    "sign", "sqrt", "square", "subtract", "true_divide", "where", "zeros_of",
]  # fmt: skip


# ---------------------------------------------------------------------------------------------------- arithmetic

add = primitive(
    "add", np.add, kind="elementwise",
    vjp=[lambda g: g, lambda g: g], jvp="from_vjp",
    code="({0} + {1})", latex="{0} + {1}", vjp_latex=[r"\bar y", r"\bar y"],
    samples=elementwise_samples(2), errors=[ErrorSample((np.ones(2), "text"), DtypeError, "b is a str")],
)  # fmt: skip
subtract = primitive(
    "subtract", np.subtract, kind="elementwise",
    vjp=[lambda g: g, lambda g: -g], jvp="from_vjp",
    code="({0} - {1})", latex="{0} - {1}", vjp_latex=[r"\bar y", r"-\bar y"],
    samples=elementwise_samples(2),
)  # fmt: skip
multiply = primitive(
    "multiply", np.multiply, kind="elementwise",
    vjp=[lambda g, b: g * b, lambda g, a: g * a], jvp="from_vjp",
    code="({0} * {1})", latex=r"{0} \odot {1}", vjp_latex=[r"\bar y \odot b", r"\bar y \odot a"],
    samples=elementwise_samples(2),
)  # fmt: skip
divide = primitive(
    "divide", np.true_divide, kind="elementwise",
    vjp=[lambda g, b: g / b, lambda g, y, b: -g * y / b], jvp="from_vjp",
    code="({0} / {1})", latex=r"\frac{{{0}}}{{{1}}}", vjp_latex=[r"\frac{\bar y}{b}", r"-\frac{\bar y \odot y}{b}"],
    flops=per_element(4), samples=elementwise_samples(2, second={"avoid": (0.0,), "margin": 0.3}),
)  # fmt: skip
negative = primitive(
    "negative", np.negative, kind="elementwise",
    vjp=[lambda g: -g], jvp="linear",
    code="(-{0})", latex="-{0}", vjp_latex=[r"-\bar y"], samples=elementwise_samples(),
)  # fmt: skip


def _power_base(g: Any, a: Any, b: Any) -> Any:
    """b a^(b-1), with 0 where b is 0: there a^b is the constant 1, at a = 0 too."""
    if isinstance(b, (int, float, complex)):
        if not b:
            return zeros_of(g)
        slope = b * power(a, b - 1)
        return g * slope if not isinstance(b, complex) and b >= 1 else steep(g, slope)
    return where(b == 0, 0, steep(g, b * power(a, where(b == 0, 1, b - 1))))


def _power_exponent(g: Any, y: Any, a: Any) -> Any:
    """a^b ln a, with 0 where a is 0 (the limit for b > 0)."""
    return where(a == 0, 0, g * y * log(where(a == 0, 1, a)))


power = primitive(
    "power", np.power, kind="elementwise",
    vjp=[_power_base, _power_exponent], jvp="from_vjp",
    code="pow({0}, {1})", latex="{0}^{{{1}}}",
    vjp_latex=[r"\bar y \odot b \odot a^{b - 1}", r"\bar y \odot y \odot \ln a"],
    flops=per_element(16), samples=elementwise_samples(2, low=0.3, high=2.0, second={"low": -2.0}),
)  # fmt: skip


_LN2, _LN10 = math.log(2), math.log(10)


def over(g: Any, divisor: Any) -> Any:
    """``g / divisor`` where that may be 0 inside the domain: infinite, but 0 for a gradient that is 0 itself."""
    if divisor.__class__ is np.ndarray and divisor.all():
        return g / divisor
    nothing = (g == 0) & (divisor == 0)
    return where(nothing, 0, g / where(nothing, 1, divisor))


def steep(g: Any, slope: Any) -> Any:
    """``g * slope`` where the slope may be infinite inside the domain; again 0 for a gradient that is 0 itself."""
    if slope.__class__ is np.ndarray and not np.isinf(slope).any():
        return g * slope
    return g * where((g == 0) & isinf(slope), 0, slope)


square = primitive(
    "square", np.square, kind="elementwise",
    vjp=[lambda g, x: 2 * g * x], jvp="from_vjp",
    code="({0} * {0})", latex="{0}^2", vjp_latex=[r"2 \cdot \bar y \odot x"], samples=elementwise_samples(),
)  # fmt: skip
sqrt = primitive(
    "sqrt", np.sqrt, kind="elementwise",
    vjp=[lambda g, y: over(g, 2 * y)], jvp="from_vjp",
    code="sqrt({0})", latex=r"\sqrt{{{0}}}", vjp_latex=[r"\frac{\bar y}{2 \cdot y}"],
    flops=per_element(4), samples=elementwise_samples(low=0.1, far=((1e-3, 1e-2), (1e3, 1e4))),
)  # fmt: skip
reciprocal = primitive(
    "reciprocal", np.reciprocal, kind="elementwise",
    vjp=[lambda g, y: -g * y * y], jvp="from_vjp",
    code="(1 / {0})", latex=r"\frac{{1}}{{{0}}}", vjp_latex=[r"-\bar y \odot y^2"],
    flops=per_element(4), samples=elementwise_samples(avoid=(0.0,), margin=0.3, far=((-1e3, -20.0), (20.0, 1e3))),
)  # fmt: skip


def _abs_vjp(g: Any, x: Any) -> Any:
    """The subgradient of least norm; for complex x the direction x / |x|, in which the modulus grows."""
    if x.dtype.kind != "c":
        return g * sign(x)
    size = abs(x)
    return g * x / where(size == 0, 1, size)


def _abs_jvp(t: Any, x: Any) -> Any:
    """The tangent's part along x."""
    if x.dtype.kind != "c":
        return t * sign(x)
    size = abs(x)
    return real(t * x.conj()) / where(size == 0, 1, size)


abs = primitive(
    "abs", np.abs, kind="elementwise", holomorphic=False,
    vjp=[_abs_vjp], jvp=[_abs_jvp],
    code="fabs({0})", latex=r"\lvert {0} \rvert", vjp_latex=[r"\bar y \odot \operatorname{sign} x"],
    samples=elementwise_samples(avoid=(0.0,)),
    doc="""The absolute value; of complex numbers the modulus, which is real.

    The gradient is the cotangent times sign(x), for complex x times x / abs(x), the direction in which the modulus
    grows (conjugate Wirtinger convention); 0 at 0.
    """,
)  # fmt: skip
_sign = primitive(
    "sign", np.sign, kind="elementwise", code="sign({0})", latex=r"\operatorname{{sign}} {0}",
    samples=elementwise_samples(avoid=(0.0,)),
)  # fmt: skip


def sign(x: Any) -> Any:
    """-1, 0 or 1, which carry no gradient; for complex numbers ``x / abs(x)``, 0 at 0, which does."""
    if getattr(x, "dtype", _REAL).kind != "c":
        return _sign(x)
    size = abs(x)
    return x / where(size == 0, 1, size)


_REAL = np.dtype(np.float32)

# --------------------------------------------------------------------------------- exponentials and logarithms

exp = primitive(
    "exp", np.exp, kind="elementwise",
    vjp=[lambda g, y: g * y], jvp="from_vjp",
    code="exp({0})", latex="e^{{{0}}}", vjp_latex=[r"\bar y \odot y"],
    flops=per_element(8), samples=elementwise_samples(far=((-10.0, -6.0), (6.0, 10.0))),
)  # fmt: skip
expm1 = primitive(
    "expm1", np.expm1, kind="elementwise",
    vjp=[lambda g, x: g * exp(x)], jvp="from_vjp",  # y + 1 would cancel
    code="expm1({0})", latex="e^{{{0}}} - 1", vjp_latex=[r"\bar y \odot e^{x}"],
    flops=per_element(8), samples=elementwise_samples(far=((-20.0, -10.0), (-1e-3, 1e-3), (6.0, 10.0))),
)  # fmt: skip
log = primitive(
    "log", np.log, kind="elementwise",
    vjp=[lambda g, x: over(g, x)], jvp="from_vjp",
    code="log({0})", latex=r"\ln {0}", vjp_latex=[r"\frac{\bar y}{x}"],
    flops=per_element(8), samples=elementwise_samples(low=0.1, far=((1e-3, 1e-2), (1e3, 1e4))),
)  # fmt: skip
log1p = primitive(
    "log1p", np.log1p, kind="elementwise",
    vjp=[lambda g, x: over(g, 1 + x)], jvp="from_vjp",
    code="log1p({0})", latex=r"\ln(1 + {0})", vjp_latex=[r"\frac{\bar y}{1 + x}"],
    flops=per_element(8), samples=elementwise_samples(low=-0.8, far=((-0.999, -0.99), (-1e-3, 1e-3), (1e3, 1e4))),
)  # fmt: skip

pow, true_divide, absolute, sgn = power, divide, abs, sign

exp2 = primitive(
    "exp2", np.exp2, kind="elementwise",
    vjp=[lambda g, y: g * (y * _LN2)], jvp="from_vjp",
    code="exp2({0})", latex="2^{{{0}}}", vjp_latex=[r"\ln 2 \cdot \bar y \odot y"],
    flops=per_element(8), samples=elementwise_samples(far=((-14.0, -9.0), (9.0, 14.0))),
)  # fmt: skip
log2 = primitive(
    "log2", np.log2, kind="elementwise",
    vjp=[lambda g, x: over(g, x * _LN2)], jvp="from_vjp",
    code="log2({0})", latex=r"\log_2 {0}", vjp_latex=[r"\frac{\bar y}{\ln 2 \cdot x}"],
    flops=per_element(8), samples=elementwise_samples(low=0.1, far=((1e-3, 1e-2), (1e3, 1e4))),
)  # fmt: skip
log10 = primitive(
    "log10", np.log10, kind="elementwise",
    vjp=[lambda g, x: over(g, x * _LN10)], jvp="from_vjp",
    code="log10({0})", latex=r"\log_{{10}} {0}", vjp_latex=[r"\frac{\bar y}{\ln 10 \cdot x}"],
    flops=per_element(8), samples=elementwise_samples(low=0.1, far=((1e-3, 1e-2), (1e3, 1e4))),
)  # fmt: skip
cbrt = primitive(
    "cbrt", np.cbrt, kind="elementwise",
    vjp=[lambda g, y: over(g, 3 * y * y)], jvp="from_vjp",
    code="cbrt({0})", latex=r"\sqrt[3]{{{0}}}", vjp_latex=[r"\frac{\bar y}{3 \cdot y^2}"],
    flops=per_element(8), samples=elementwise_samples(avoid=(0.0,), margin=0.2, far=((-1e4, -1e3), (1e3, 1e4))),
)  # fmt: skip
rsqrt = primitive(
    "rsqrt", lambda x: 1 / np.sqrt(floating(x)), kind="elementwise",
    vjp=[lambda g, y: steep(-0.5 * g, y * y * y)], jvp="from_vjp",
    code="(1 / sqrt({0}))", latex=r"\frac{{1}}{{\sqrt{{{0}}}}}", vjp_latex=[r"-\tfrac{1}{2} \cdot \bar y \odot y^3"],
    flops=per_element(5),
    samples=elementwise_samples(low=0.3, far=((1e-2, 0.1), (1e3, 1e4))),
    doc="One over the square root, elementwise.",
)  # fmt: skip
positive = primitive(
    "positive", np.positive, kind="elementwise", vjp=[lambda g: g], jvp="linear", code="{0}", latex="{0}",
    vjp_latex=[r"\bar y"], samples=elementwise_samples(),
)  # fmt: skip


def share_of_sum(a: Any, b: Any) -> Any:
    """The share of e^a in e^a + e^b, from their difference: rounding of the logarithm of the sum does no harm.

    Of two infinities each has half, and of two ``-inf``, the logarithm of nothing, none.
    """
    level = (a == b) & isinf(a)
    share = exp(-logaddexp(0, where(level, 0, b) - where(level, 0, a)))
    return where(level & (a < 0), 0, share)


logaddexp = primitive(
    "logaddexp", np.logaddexp, kind="elementwise",
    vjp=[lambda g, a, b: g * share_of_sum(a, b), lambda g, a, b: g * share_of_sum(b, a)], jvp="from_vjp",
    code="(fmax({0}, {1}) + log1p(exp(-fabs({0} - {1}))))", latex=r"\ln(e^{{{0}}} + e^{{{1}}})",
    vjp_latex=[r"\frac{\bar y}{1 + e^{b - a}}", r"\frac{\bar y}{1 + e^{a - b}}"],
    flops=per_element(20), samples=elementwise_samples(2, far=((-90.0, -50.0), (50.0, 90.0))),
)  # fmt: skip
logaddexp2 = primitive(
    "logaddexp2", np.logaddexp2, kind="elementwise",
    vjp=[lambda g, a, b: g * share_of_sum(a * _LN2, b * _LN2), lambda g, a, b: g * share_of_sum(b * _LN2, a * _LN2)],
    jvp="from_vjp", latex=r"\log_2(2^{{{0}}} + 2^{{{1}}})",
    vjp_latex=[r"\frac{\bar y}{1 + 2^{b - a}}", r"\frac{\bar y}{1 + 2^{a - b}}"],
    flops=per_element(20), samples=elementwise_samples(2, far=((-90.0, -50.0), (50.0, 90.0))),
)  # fmt: skip


def _where_finite(g: Any, x: Any) -> Any:
    """``g`` where x is finite; of complex numbers each part by itself, as the parts are replaced."""
    if x.dtype.kind != "c":
        return where(isfinite(x), g, 0)
    return where(isfinite(real(x)), real(g), 0) + 1j * where(isfinite(imag(x)), imag(g), 0)


nan_to_num = primitive(
    "nan_to_num",
    lambda x, *, nan=0.0, posinf=None, neginf=None: np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf),
    kind="elementwise",
    selects=True,
    holomorphic=False,
    vjp=[_where_finite],
    jvp=[lambda t, x: _where_finite(t, x)],
    latex=r"\operatorname{{finite}}({0})",
    vjp_latex=[r"\bar y \odot [\lvert x \rvert < \infty]"],
    samples=elementwise_samples(),
    doc="NaN becomes ``nan``, infinities the given or the largest numbers; they get no gradient.",
)
_pick_first = [lambda g, y, a, b: _portion(g, _share_known(a, b, y)),
               lambda g, y, a, b: _portion(g, _share_known(b, a, y))]  # fmt: skip


def _share_known(a: Any, b: Any, y: Any) -> Any:
    """As :func:`_share`, where a NaN loses against a number."""
    return where(a != a, 0.0, where(b != b, 1.0, _share(a, b, y)))


# ----------------------------------------------------------------------------------------------- special functions

_TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)

erf = primitive(
    "erf", lambda x: special.erf(x), kind="elementwise",
    vjp=[lambda g, x: g * (_TWO_OVER_SQRT_PI * exp(-x * x))], jvp="from_vjp",
    code="erf({0})", latex=r"\operatorname{{erf}} {0}",
    vjp_latex=[r"\tfrac{2}{\sqrt{\pi}} \cdot \bar y \odot e^{-x^2}"],
    flops=per_element(16),
    samples=elementwise_samples(far=((-8.0, -3.0), (-1e-3, 1e-3), (3.0, 8.0))),
    reference=np.vectorize(math.erf, otypes=[float]),
    doc="The error function, elementwise.",
)  # fmt: skip

# -------------------------------------------------------------------------------- selection: where, max, min, clip

where = primitive(
    "where", np.where, kind="elementwise", arguments=("condition", "a", "b"), selects=True,
    vjp=[None, lambda g, condition: where(condition, g, 0), lambda g, condition: where(condition, 0, g)],
    jvp=lambda primals, tangents: _where_jvp(primals, tangents),
    code="({0} ? {1} : {2})", latex=r"{1} \text{{ if }} {0} \text{{ else }} {2}",
    vjp_latex=[None, r"\bar y \odot [c]", r"\bar y \odot [\neg c]"],
    samples=[
        sample(boolean(2, 3), spec(2, 3), spec(2, 3)), sample(boolean(3), spec(2, 1), spec()),
        sample(boolean(), spec(2), spec(2)), sample(boolean(0, 2), spec(2), spec(0, 2)),
    ],
    errors=[ErrorSample((np.ones((2, 3), bool), np.ones(4), 0.0), ShapeError, "where: shapes do not broadcast")],
    doc="``a`` where ``condition`` holds, else ``b``. The branch not taken gets no gradient, whatever its values.",
)  # fmt: skip


def _where_jvp(primals: Any, tangents: Any) -> Any:
    _, t_a, t_b = tangents
    return where(primals[0], 0.0 if t_a is None else t_a, 0.0 if t_b is None else t_b)


def _share(a: Any, b: Any, y: Any) -> Any:
    """How much of the gradient ``a`` takes where ``y`` is the extreme of ``a`` and ``b``: all, half of a tie, none.

    A NaN is the extreme of everything.
    """
    return where((a == y) | (a != a), where((b == y) | (b != b), 0.5, 1.0), 0.0)


def _portion(g: Any, share: Any) -> Any:
    """``g`` times the share; nothing of it where the share is 0, even if it is infinite (a tangent may be)."""
    return where(share == 0, 0, g * share.astype(g.dtype))


def _extreme_vjp() -> list[Any]:
    return [lambda g, y, a, b: _portion(g, _share(a, b, y)), lambda g, y, a, b: _portion(g, _share(b, a, y))]


_distinct_pair = [
    sample(spec(2, 3, low=-2, high=0.3), spec(2, 3, low=0.4)), sample(spec(2, 3, low=0.4), spec(3, high=0.3)),
    sample(spec(low=0.5), spec(3, high=0.3)), sample(spec(0, 3), spec(3)),
]  # fmt: skip

_LARGER = [
    r"\bar y \odot ([a > b] + \tfrac{1}{2} \cdot [a = b])", r"\bar y \odot ([b > a] + \tfrac{1}{2} \cdot [a = b])"
]  # fmt: skip
_SMALLER = [
    r"\bar y \odot ([a < b] + \tfrac{1}{2} \cdot [a = b])", r"\bar y \odot ([b < a] + \tfrac{1}{2} \cdot [a = b])"
]  # fmt: skip

maximum = primitive(
    "maximum", np.maximum, kind="elementwise", selects=True, vjp=_extreme_vjp(), jvp="from_vjp",
    code="fmax({0}, {1})", latex=r"\max({0}, {1})", vjp_latex=_LARGER,
    samples=_distinct_pair,
)  # fmt: skip
minimum = primitive(
    "minimum", np.minimum, kind="elementwise", selects=True, vjp=_extreme_vjp(), jvp="from_vjp",
    code="fmin({0}, {1})", latex=r"\min({0}, {1})", vjp_latex=_SMALLER,
    samples=_distinct_pair,
)  # fmt: skip
fmax = primitive(
    "fmax",
    np.fmax,
    kind="elementwise",
    selects=True,
    vjp=_pick_first,
    jvp="from_vjp",
    code="fmax({0}, {1})",
    latex=r"\operatorname{{fmax}}({0}, {1})",
    vjp_latex=_LARGER,
    samples=_distinct_pair,
    doc="The larger of two; a NaN loses against a number.",
)
fmin = primitive(
    "fmin",
    np.fmin,
    kind="elementwise",
    selects=True,
    vjp=_pick_first,
    jvp="from_vjp",
    code="fmin({0}, {1})",
    latex=r"\operatorname{{fmin}}({0}, {1})",
    vjp_latex=_SMALLER,
    samples=_distinct_pair,
    doc="The smaller of two; a NaN loses against a number.",
)


def _clip_forward(x: Array, *, low: Any, high: Any) -> Array:
    y = np.clip(single(x), low, high)
    return y.astype(x.dtype) if is_half(x.dtype) else y


_clip = primitive(
    "clip", _clip_forward, kind="elementwise", selects=True,
    vjp=[lambda g, x, low, high: where(_outside(x, low, high), 0, g)], jvp="from_vjp",
    latex=r"\min(\max({0}, l), h)", vjp_latex=[r"\bar y \odot [l \le x \le h]"],
    samples=[
        sample(spec(2, 3, avoid=(-1.0, 1.0)), low=-1.0, high=1.0), sample(spec(4, avoid=(0.5,)), low=None, high=0.5),
        sample(spec(avoid=(0.0,)), low=0.0, high=None), sample(spec(0, 3), low=-1.0, high=1.0),
    ],
)  # fmt: skip


def _outside(x: Any, low: Any, high: Any) -> Any:
    below = False if low is None else x < low
    above = False if high is None else x > high
    return below | above


def clip(x: Any, min: Any = None, max: Any = None) -> Any:
    """``x`` limited to ``[min, max]``; either bound may be None. Where ``min`` exceeds ``max``, the result is ``max``.

    Bounds are numbers, arrays or Tensors that broadcast with ``x``. The gradient goes to what was chosen: to ``x``
    between the bounds and on them, to a bound outside of it.
    """
    for name, limit in (("min", min), ("max", max)):
        if limit is not None and (clash := broadcast_clash([tuple(x.shape), np.shape(limit)])):
            raise ShapeError(f"clip: {name} is {np.shape(limit)}; it must broadcast with x {tuple(x.shape)}: {clash}.")
    if any(np.shape(v) or getattr(v, "requires_grad", False) or hasattr(v, "level") for v in (min, max)):
        y = x if min is None else where((x < min) | (min != min), min, x)
        return y if max is None else where((y > max) | (max != max), max, y)
    return _clip(x, low=constant(min), high=constant(max))


clamp = clip


zeros_of = primitive(
    "zeros_of", np.zeros_like, kind="elementwise", arguments=("x",), latex="0", samples=elementwise_samples(),
    doc="Zeros of the shape and dtype of ``x``, without gradient.",
)  # fmt: skip
# ------------------------------------------------------------------------------------------------- made of others


@composite(r"{0} + {2} ({1} - {0})", [sample(spec(2, 3), spec(3), spec()), sample(spec(2), spec(2), spec(2))])
@in_floats
def lerp(start: Any, end: Any, weight: Any) -> Any:
    """``start + weight * (end - start)``: from ``start`` at weight 0 to ``end`` at 1, exactly; the three broadcast."""
    return where(constant(weight) < 0.5, start + weight * (end - start), end - (end - start) * (1 - weight))


@composite("{0}^{{{1}}}", [sample(spec(2, 3, low=0.3), spec(3))], reference=np.float_power)
def float_power(a: Any, b: Any) -> Any:
    """``a ** b`` in float64 (complex128 for complex arguments)."""
    kind = np.result_type(getattr(a, "dtype", type(a)), getattr(b, "dtype", type(b))).kind
    wide = "complex128" if kind == "c" else "float64"
    return power(*(astype(x, wide) if hasattr(x, "dtype") else x for x in (a, b)))


@composite(
    r"\lvert {0} \rvert",
    elementwise_samples(avoid=(0.0,)),
    errors=[ErrorSample((np.ones(2, complex),), DtypeError, "x is complex")],
    reference=np.fabs,
)
def fabs(x: Any) -> Any:
    """The absolute value of real numbers; integers become floating."""
    if x.dtype.kind == "c":
        raise DtypeError("fabs: x is complex; its modulus is abs(x).")
    return abs(x) if x.dtype.kind not in "biu" else abs(x.astype(np.float64))
