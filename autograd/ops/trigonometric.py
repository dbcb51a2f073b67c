"""Trigonometric and hyperbolic functions, their inverses, angles and the hypotenuse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.ops.elementwise import over, sqrt, where
from autograd.ops.logic import isinf
from autograd.primitive import per_element, primitive
from autograd.samples import elementwise_samples

__all__ = [
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cos",
    "cosh",
    "deg2rad",
    "degrees",
    "hypot",
    "rad2deg",
    "radians",
    "sin",
    "sinh",
    "tan",
    "tanh",
]

sin = primitive(
    "sin", np.sin, kind="elementwise",
    vjp=[lambda g, x: g * cos(x)], jvp="from_vjp",
    code="sin({0})", latex=r"\sin {0}", vjp_latex=[r"\bar y \odot \cos x"],
    flops=per_element(8), samples=elementwise_samples(far=((-1e2, 1e2),)),
)  # fmt: skip
cos = primitive(
    "cos", np.cos, kind="elementwise",
    vjp=[lambda g, x: -g * sin(x)], jvp="from_vjp",
    code="cos({0})", latex=r"\cos {0}", vjp_latex=[r"-\bar y \odot \sin x"],
    flops=per_element(8), samples=elementwise_samples(far=((-1e2, 1e2),)),
)  # fmt: skip
tan = primitive(
    "tan", np.tan, kind="elementwise",
    vjp=[lambda g, y: g * (1 + y * y)], jvp="from_vjp",
    code="tan({0})", latex=r"\tan {0}", vjp_latex=[r"\bar y \odot (1 + y^2)"],
    flops=per_element(8), samples=elementwise_samples(low=-1.2, high=1.2),
)  # fmt: skip
arcsin = primitive(
    "arcsin", np.arcsin, kind="elementwise",
    vjp=[lambda g, x: over(g, sqrt(1 - x * x))], jvp="from_vjp",
    code="asin({0})", latex=r"\arcsin {0}", vjp_latex=[r"\frac{\bar y}{\sqrt{1 - x^2}}"],
    flops=per_element(8), samples=elementwise_samples(low=-0.9, high=0.9, far=((-0.999, -0.99), (0.99, 0.999))),
)  # fmt: skip
arccos = primitive(
    "arccos", np.arccos, kind="elementwise",
    vjp=[lambda g, x: -over(g, sqrt(1 - x * x))], jvp="from_vjp",
    code="acos({0})", latex=r"\arccos {0}", vjp_latex=[r"-\frac{\bar y}{\sqrt{1 - x^2}}"],
    flops=per_element(8), samples=elementwise_samples(low=-0.9, high=0.9, far=((-0.999, -0.99), (0.99, 0.999))),
)  # fmt: skip
arctan = primitive(
    "arctan", np.arctan, kind="elementwise",
    vjp=[lambda g, x: g / (1 + x * x)], jvp="from_vjp",
    code="atan({0})", latex=r"\arctan {0}", vjp_latex=[r"\frac{\bar y}{1 + x^2}"],
    flops=per_element(8), samples=elementwise_samples(far=((-1e3, -1e2), (1e2, 1e3))),
)  # fmt: skip
sinh = primitive(
    "sinh", np.sinh, kind="elementwise",
    vjp=[lambda g, x: g * cosh(x)], jvp="from_vjp",
    code="sinh({0})", latex=r"\sinh {0}", vjp_latex=[r"\bar y \odot \cosh x"],
    flops=per_element(8), samples=elementwise_samples(far=((-9.0, -5.0), (-1e-3, 1e-3), (5.0, 9.0))),
)  # fmt: skip
cosh = primitive(
    "cosh", np.cosh, kind="elementwise",
    vjp=[lambda g, x: g * sinh(x)], jvp="from_vjp",
    code="cosh({0})", latex=r"\cosh {0}", vjp_latex=[r"\bar y \odot \sinh x"],
    flops=per_element(8), samples=elementwise_samples(far=((-9.0, -5.0), (5.0, 9.0))),
)  # fmt: skip
tanh = primitive(
    "tanh", np.tanh, kind="elementwise",
    vjp=[lambda g, y: g * (1 - y * y)], jvp="from_vjp",
    code="tanh({0})", latex=r"\tanh {0}", vjp_latex=[r"\bar y \odot (1 - y^2)"],
    flops=per_element(8), samples=elementwise_samples(far=((-7.0, -5.0), (-1e-3, 1e-3), (5.0, 7.0))),
)  # fmt: skip
arcsinh = primitive(
    "arcsinh", np.arcsinh, kind="elementwise",
    vjp=[lambda g, x: g / (sqrt(x * x + 1) if x.dtype.kind == "c" else hypot(x, 1))], jvp="from_vjp",
    code="asinh({0})", latex=r"\operatorname{{arsinh}} {0}", vjp_latex=[r"\frac{\bar y}{\sqrt{x^2 + 1}}"],
    flops=per_element(8), samples=elementwise_samples(far=((-1e4, -1e3), (-1e-3, 1e-3), (1e3, 1e4))),
)  # fmt: skip
arccosh = primitive(
    "arccosh", np.arccosh, kind="elementwise",
    vjp=[lambda g, x: over(g, sqrt(x - 1) * sqrt(x + 1))], jvp="from_vjp",
    code="acosh({0})", latex=r"\operatorname{{arcosh}} {0}", vjp_latex=[r"\frac{\bar y}{\sqrt{x^2 - 1}}"],
    flops=per_element(8), samples=elementwise_samples(low=1.2, high=4.0, far=((1.001, 1.01), (1e3, 1e4))),
)  # fmt: skip
arctanh = primitive(
    "arctanh", np.arctanh, kind="elementwise",
    vjp=[lambda g, x: over(g, 1 - x * x)], jvp="from_vjp",
    code="atanh({0})", latex=r"\operatorname{{artanh}} {0}", vjp_latex=[r"\frac{\bar y}{1 - x^2}"],
    flops=per_element(8),
    samples=elementwise_samples(low=-0.9, high=0.9, far=((-0.999, -0.99), (-1e-3, 1e-3), (0.99, 0.999))),
)  # fmt: skip
acos, acosh, asin, asinh, atan, atanh = arccos, arccosh, arcsin, arcsinh, arctan, arctanh  # the array API's names

deg2rad = primitive(
    "deg2rad", np.deg2rad, kind="elementwise", vjp=[lambda g: g * (math.pi / 180)], jvp="linear",
    code="({0} * 0.017453292519943295)", latex=r"\tfrac{{\pi}}{{180}} \cdot {0}",
    vjp_latex=[r"\tfrac{\pi}{180} \cdot \bar y"],
    samples=elementwise_samples(),
)  # fmt: skip
rad2deg = primitive(
    "rad2deg", np.rad2deg, kind="elementwise", vjp=[lambda g: g * (180 / math.pi)], jvp="linear",
    code="({0} * 57.29577951308232)", latex=r"\tfrac{{180}}{{\pi}} \cdot {0}",
    vjp_latex=[r"\tfrac{180}{\pi} \cdot \bar y"],
    samples=elementwise_samples(),
)  # fmt: skip
degrees, radians = rad2deg, deg2rad


def _ratio(g: Any, a: Any, size: Any) -> Any:
    """``g a / size``, and 0 where the size is 0: the subgradient of least norm at the tip of a cone."""
    tip = size == 0
    return where(tip, 0, g * a / where(tip, 1, size))


hypot = primitive(
    "hypot", np.hypot, kind="elementwise",
    vjp=[lambda g, y, a: _ratio(g, a, y), lambda g, y, b: _ratio(g, b, y)], jvp="from_vjp",
    code="hypot({0}, {1})", latex=r"\sqrt{{{0}^2 + {1}^2}}",
    vjp_latex=[r"\frac{\bar y \odot a}{y}", r"\frac{\bar y \odot b}{y}"],
    flops=per_element(8), samples=elementwise_samples(2, low=0.3, far=((1e2, 2e2), (1e-2, 2e-2))),
)  # fmt: skip


def _turn(g: Any, a: Any, radius: Any) -> Any:
    """``g a / radius**2``, without a square that could vanish or overflow; 0 at the origin, and at infinity."""
    still = (radius == 0) | isinf(radius)
    safe = where(still, 1, radius)
    return where(still, 0, g * (a / safe) / safe)


arctan2 = primitive(
    "arctan2", np.arctan2, kind="elementwise",
    vjp=[lambda g, a, b: _turn(g, b, hypot(a, b)), lambda g, a, b: _turn(-g, a, hypot(a, b))], jvp="from_vjp",
    code="atan2({0}, {1})", latex=r"\operatorname{{atan2}}({0}, {1})",
    vjp_latex=[r"\frac{\bar y \odot b}{a^2 + b^2}", r"-\frac{\bar y \odot a}{a^2 + b^2}"],
    flops=per_element(16), samples=elementwise_samples(2, low=0.3),
)  # fmt: skip
atan2 = arctan2
