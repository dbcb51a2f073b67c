"""Activation functions: the elementwise nonlinearities of neural networks, with PyTorch's names and defaults."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import special
from autograd.backend import Array, floating
from autograd.composite import composite
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.ops.axes import normalize_axis
from autograd.ops.elementwise import clip, erf, exp, expm1, where
from autograd.ops.halves import floats, in_floats
from autograd.ops.trigonometric import tanh
from autograd.primitive import per_element, primitive
from autograd.samples import ErrorSample, elementwise_samples, sample
from autograd.samples import array as spec
from autograd.tape import refuse_gradient

__all__ = [
    "celu", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "log_sigmoid",
    "logsigmoid", "mish", "prelu", "relu", "relu6", "selu", "sigmoid", "silu", "softplus", "softshrink", "softsign",
    "tanhshrink", "threshold",
]  # fmt: skip

# ------------------------------------------------------------------------------------------------- activations


def _sigmoid(x: Array) -> Array:
    if x.dtype.kind != "f":
        if x.dtype.kind == "c":
            return 0.5 * np.tanh(0.5 * x) + 0.5
        x = floating(x)
    small = np.exp(-np.abs(x))  # cannot overflow, and keeps the digits of the left tail
    return np.where(x >= 0, np.ones_like(small), small) / (1 + small)


relu = primitive(
    "relu", lambda x: np.maximum(x, 0), kind="elementwise",
    vjp=[lambda g, y: g * (y != 0)], jvp=[lambda t, y: where(y != 0, t, 0)],  # a tangent may be infinite
    code="fmax({0}, 0)", latex=r"\operatorname{{relu}}({0})", vjp_latex=[r"\bar y \odot [x > 0]"],
    samples=elementwise_samples(avoid=(0.0,)), reference=lambda x: np.where(x > 0, x, 0.0),
    doc="``max(x, 0)``; the gradient at 0 is 0.",
)  # fmt: skip
sigmoid = primitive(
    "sigmoid", _sigmoid, kind="elementwise",
    vjp=[lambda g, y: g * (y * (1 - y))], jvp="from_vjp",
    code="(0.5 * tanh(0.5 * {0}) + 0.5)", latex=r"\sigma({0})", vjp_latex=[r"\bar y \odot y \odot (1 - y)"],
    flops=per_element(10),
    samples=elementwise_samples(low=-4, high=4, far=((-20.0, -5.0), (5.0, 20.0))),
    reference=lambda x: 1 / (1 + np.exp(-x)),
    doc=r"The logistic function :math:`1 / (1 + e^{-x})`; never overflows.",
)  # fmt: skip
_softplus = primitive(
    "softplus", lambda x: np.logaddexp(floating(x), np.zeros_like(x)), kind="elementwise",
    vjp=[lambda g, x: g * sigmoid(x)], jvp="from_vjp",
    code="(fmax({0}, 0) + log1p(exp(-fabs({0}))))", latex=r"\ln(1 + e^{{{0}}})", vjp_latex=[r"\bar y \odot \sigma(x)"],
    flops=per_element(18),
    samples=elementwise_samples(low=-4, high=4, far=((-20.0, -5.0), (20.0, 90.0))),
    reference=lambda x: np.log(1 + np.exp(x)),
)  # fmt: skip


def softplus(x: Any, beta: float = 1.0, threshold: float | None = None) -> Any:
    r"""A smooth relu :math:`\ln(1 + e^{\beta x}) / \beta`; never overflows.

    Where ``beta * x`` exceeds ``threshold`` it is ``x``: PyTorch's default of 20 costs float64 half of its digits, so
    by default there is none. A ``beta`` of 0 raises ``ArgumentError``.
    """
    if beta == 0:
        raise ArgumentError("softplus: beta is 0; the function divides by it. Give another number.")
    scaled = x if beta == 1 else x * beta
    y = _softplus(scaled)
    y = y if beta == 1 else y / beta
    return y if threshold is None else where(scaled > threshold, x, y)


def _part(x: Array, share: Array) -> Array:
    """``x`` times a share that vanishes far below 0, at ``-inf`` too."""
    if x.dtype.kind in "ciub":
        return x * share
    return np.maximum(x, x.dtype.type(-1e4)) * share


silu = primitive(
    "silu", lambda x: _part(x, _sigmoid(x)), kind="elementwise",
    vjp=[lambda g, x: g * _silu_slope(x)], jvp="from_vjp",
    code="({0} * (0.5 * tanh(0.5 * {0}) + 0.5))", latex=r"{0} \odot \sigma({0})",
    vjp_latex=[r"\bar y \odot \sigma(x) \odot (1 + x \odot (1 - \sigma(x)))"],
    flops=per_element(11),
    samples=elementwise_samples(low=-4, high=4, far=((-20.0, -5.0), (5.0, 20.0))),
    reference=lambda x: x / (1 + np.exp(-x)),
    doc=r":math:`x \, \sigma(x)`, also named swish; 0 at ``-inf`` (Elfwing et al., 2017, arXiv:1702.03118).",
)  # fmt: skip


def _silu_slope(x: Any) -> Any:
    s = sigmoid(x)
    near = (
        x if x.dtype.kind == "c" else clip(x, -1000, 1000)
    )  # farther out either s or 1 - s is 0, and x may be infinite
    return s * (1 + near * (1 - s))


_SQRT_HALF = math.sqrt(0.5)
_GELU_C = math.sqrt(2 / math.pi)


def _gelu_slope(x: Any) -> Any:
    """Phi(x) + x phi(x), with the normal distribution function and density."""
    near = clip(x, -40, 40)  # from there on the density is 0
    return 0.5 * (1 + erf(x * _SQRT_HALF)) + near * exp(-0.5 * near * near) * (1 / math.sqrt(2 * math.pi))


def _gelu_tanh_slope(x: Any) -> Any:
    near = clip(x, -16, 16)  # from there on 1 - t * t is 0, but the powers of x might overflow
    t = tanh(_GELU_C * (near + 0.044715 * near * near * near))
    return 0.5 * (1 + t) + 0.5 * near * (1 - t * t) * (_GELU_C * (1 + 3 * 0.044715 * near * near))


@in_floats
def _gelu_forward(x: Array) -> Array:
    return _part(x, 0.5 * (1 + special.erf(x * _SQRT_HALF)))


@in_floats
def _gelu_tanh_forward(x: Array) -> Array:
    return _part(x, 0.5 * (1 + np.tanh(_GELU_C * (x + 0.044715 * x * x * x))))


_gelu = primitive(
    "gelu", _gelu_forward, kind="elementwise",
    vjp=[lambda g, x: g * _gelu_slope(x)], jvp="from_vjp",
    code="(0.5 * {0} * (1 + erf(0.7071067811865476 * {0})))", latex=r"{0} \odot \Phi({0})",
    vjp_latex=[r"\bar y \odot (\Phi(x) + x \odot \phi(x))"], flops=per_element(20),
    samples=elementwise_samples(far=((-4.5, -3.0), (3.0, 20.0))),
    reference=lambda x: 0.5 * x * (1 + np.vectorize(math.erf, otypes=[float])(x / math.sqrt(2))),
)  # fmt: skip
_GELU_TANH_RULE = (
    r"\tfrac{1}{2} \cdot \bar y "
    r"\odot (1 + u + \sqrt{\tfrac{2}{\pi}} \cdot x \odot (1 - u^2) \odot (1 + 0.134145 \cdot x^2)), "
    r"\quad u = \tanh(\sqrt{\tfrac{2}{\pi}} \cdot (x + 0.044715 \cdot x^3))"
)
_gelu_tanh = primitive(
    "gelu_tanh", _gelu_tanh_forward, kind="elementwise",
    vjp=[lambda g, x: g * _gelu_tanh_slope(x)], jvp="from_vjp",
    code="(0.5 * {0} * (1 + tanh(0.7978845608028654 * ({0} + 0.044715 * {0} * {0} * {0}))))",
    latex=r"\tfrac{{1}}{{2}} \cdot {0} "
    r"\odot (1 + \tanh(\sqrt{{\tfrac{{2}}{{\pi}}}} \cdot ({0} + 0.044715 \cdot {0}^3)))",
    vjp_latex=[_GELU_TANH_RULE],
    flops=per_element(20), samples=elementwise_samples(),
    reference=lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
)  # fmt: skip


def gelu(x: Any, approximate: str = "none") -> Any:
    r"""Gaussian error linear unit :math:`x \, \Phi(x)` (Hendrycks and Gimpel, 2016, arXiv:1606.08415).

    ``approximate="tanh"`` takes the paper's approximation by tanh, as GPT-2 does. At ``-inf`` both are 0.
    """
    if approximate not in ("none", "tanh"):
        raise DtypeError(f'gelu: approximate must be "none" or "tanh", not {approximate!r}.')
    return _gelu(x) if approximate == "none" else _gelu_tanh(x)


logsigmoid = primitive(
    "logsigmoid", lambda x: -np.logaddexp(-floating(x), np.zeros_like(x)), kind="elementwise",
    vjp=[lambda g, x: g * sigmoid(-x)], jvp="from_vjp",
    code="(fmin({0}, 0) - log1p(exp(-fabs({0}))))", latex=r"\ln \sigma({0})", vjp_latex=[r"\bar y \odot \sigma(-x)"],
    flops=per_element(18),
    samples=elementwise_samples(low=-4, high=4, far=((-90.0, -20.0), (5.0, 20.0))),
    reference=lambda x: -np.log(1 + np.exp(-x)),
    doc=r"The logarithm of the logistic function, without overflow.",
)  # fmt: skip
log_sigmoid = logsigmoid


_kinked = [
    sample(spec(2, 3, low=-4, high=4, avoid=(-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0))),
    sample(spec(low=0.1, high=0.4)),
    sample(spec(0, 3)),
]
_smooth = [sample(spec(2, 3, low=-4, high=4)), sample(spec()), sample(spec(0, 3))]


@composite(r"\operatorname{{leakyrelu}}({0})", _kinked, reference=lambda x: np.where(x > 0, x, 0.01 * x))
def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """``x`` where it is positive, else ``negative_slope * x`` (Maas et al., 2013)."""
    return where(x > 0, x, x * negative_slope)


@composite(
    r"\operatorname{{prelu}}({0}, {1})",
    [sample(spec(2, 3, 4, avoid=(0.0,)), spec(3)), sample(spec(5, avoid=(0.0,)), spec(1))],
    errors=[ErrorSample((np.ones((2, 3)), np.ones(4)), ShapeError, r"weight is \(4,\); x \(2, 3\) has 3 channels")],
)
def prelu(x: Any, weight: Any) -> Any:
    """:func:`leaky_relu` with a learned slope: one, or one for each channel on axis 1.

    Source: He et al., 2015, arXiv:1502.01852.
    """
    n = int(np.prod(weight.shape))
    if n != 1:
        channels = x.shape[1 if x.ndim > 1 else 0] if x.ndim else 1
        if n != channels:
            raise ShapeError(
                f"prelu: weight is {tuple(weight.shape)}; x {tuple(x.shape)} has {channels} channels on axis 1. "
                "Give one slope, or one for each channel."
            )
        weight = weight.reshape((n,) + (1,) * max(x.ndim - 2, 0))
    x, weight = floats(x, weight)
    return where(x > 0, x, x * weight)


@composite(r"\operatorname{{elu}}({0})", _kinked, reference=lambda x: np.where(x > 0, x, np.expm1(x)))
def elu(x: Any, alpha: float = 1.0) -> Any:
    r"""``x`` where positive, else :math:`\alpha (e^x - 1)` (Clevert et al., 2015, arXiv:1511.07289)."""
    x = floating(x)
    positive = x > 0
    return where(positive, x, alpha * expm1(where(positive, 0, x)))


@composite(r"\operatorname{{celu}}({0})", _kinked)
def celu(x: Any, alpha: float = 1.0) -> Any:
    r"""``x`` where positive, else :math:`\alpha (e^{x / \alpha} - 1)` (Barron, 2017, arXiv:1704.07483)."""
    if not alpha:
        raise ArgumentError("celu: alpha must not be 0.")
    positive = x > 0
    return where(positive, x, alpha * expm1(where(positive, 0, x / alpha)))


@composite(r"\operatorname{{selu}}({0})", _kinked)
def selu(x: Any) -> Any:
    """The scaled :func:`elu` that keeps mean 0 and variance 1 (Klambauer et al., 2017, arXiv:1706.02515)."""
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def _limited(x: Any, low: Any, high: Any) -> Any:
    """``x`` within bounds, on which the gradient is 0 as beyond them; NaN stays NaN."""
    return where(x <= low, low, where(x >= high, high, x))


@composite(r"\min(\max({0}, 0), 6)", [sample(spec(2, 3, low=-4, high=8, avoid=(0.0, 6.0))), sample(spec(low=1.0))])
def relu6(x: Any) -> Any:
    """:func:`relu` limited to 6; the gradient is 0 at 0 and at 6."""
    return _limited(x, 0, 6)


@composite(r"\operatorname{{hardtanh}}({0})", _kinked, reference=lambda x: np.clip(x, -1, 1))
def hardtanh(x: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """``x`` limited to ``[min_val, max_val]``; the gradient is 0 at both (for 1 there take ``clip``)."""
    return _limited(x, min_val, max_val)


@composite(r"\operatorname{{hardsigmoid}}({0})", _kinked, reference=lambda x: np.clip(x / 6 + 0.5, 0, 1))
def hardsigmoid(x: Any) -> Any:
    """A sigmoid of straight lines: ``clip(x / 6 + 1/2, 0, 1)``."""
    return where(x <= -3, 0, where(x >= 3, 1, x / 6 + 0.5))


@composite(r"\operatorname{{hardswish}}({0})", _kinked, reference=lambda x: x * np.clip(x / 6 + 0.5, 0, 1))
def hardswish(x: Any) -> Any:
    """``x * hardsigmoid(x)`` (Howard et al., 2019, arXiv:1905.02244)."""
    return where(x <= -3, 0, where(x >= 3, x, x * (x / 6 + 0.5)))


@composite(r"{0} \tanh(\operatorname{{softplus}}({0}))", _smooth)
def mish(x: Any) -> Any:
    """``x * tanh(softplus(x))``; 0 at ``-inf`` (Misra, 2019, arXiv:1908.08681)."""
    x = floating(x)
    near = clip(x, -1000, 40)  # below the product is 0, above it is x; and x may be infinite
    return where(x > 40, x, near * tanh(softplus(near)))


@composite(r"\frac{{{0}}}{{1 + |{0}|}}", _kinked, reference=lambda x: x / (1 + np.abs(x)))
def softsign(x: Any) -> Any:
    """``x / (1 + |x|)``."""
    x = floating(x)
    return x / (1 + abs(x))


@composite(r"{0} - \tanh({0})", _smooth, reference=lambda x: x - np.tanh(x))
def tanhshrink(x: Any) -> Any:
    """``x - tanh(x)``."""
    x = floating(x)
    return x - tanh(x)


@composite(r"\operatorname{{softshrink}}({0})", _kinked)
def softshrink(x: Any, lambd: float = 0.5) -> Any:
    """Move towards 0 by ``lambd``, and stay at 0 from there: the proximal operator of the L1 norm."""
    if lambd < 0:
        raise ArgumentError(f"softshrink: lambd must be from 0, not {lambd!r}.")
    return where(x < -lambd, x + lambd, where(x <= lambd, 0, x - lambd))


@composite(r"\operatorname{{hardshrink}}({0})", _kinked)
def hardshrink(x: Any, lambd: float = 0.5) -> Any:
    """``x``, with 0 for what is not larger than ``lambd`` in size."""
    refuse_gradient("hardshrink", "lambd", lambd, "x is only compared with it")
    return where((x >= -lambd) & (x <= lambd), 0, x)


@composite(
    r"{0} \text{{ if }} {0} > t \text{{ else }} v",
    [sample(spec(2, 3, avoid=(0.5,)), threshold=0.5, value=-1.0)],
)
def threshold(x: Any, threshold: float, value: float) -> Any:
    """``x`` where it exceeds ``threshold``, else ``value``."""
    refuse_gradient("threshold", "threshold", threshold, "x is only compared with it")
    return where(x <= threshold, value, x)


@composite(
    r"a \, \sigma(b)",
    [sample(spec(2, 4), axis=1), sample(spec(4, 2), axis=0)],
    errors=[ErrorSample((np.ones((2, 3)),), ShapeError, "glu")],
)
def glu(x: Any, axis: int = -1) -> Any:
    """The gated linear unit: the first half of an axis times the sigmoid of the second.

    Source: Dauphin et al., 2016, arXiv:1612.08083.
    """
    axis = normalize_axis("glu", axis, x.ndim, x.shape)
    n = x.shape[axis]
    if n % 2:
        raise ShapeError(f"glu: axis {axis} of x {tuple(x.shape)} has length {n}; it must be even to be halved.")
    x = floating(x)
    before = (slice(None),) * axis
    return x[(*before, slice(0, n // 2))] * sigmoid(x[(*before, slice(n // 2, n))])
