"""PyTorch as the oracle of elementwise ops, complex numbers among them: rows of the table of test_torch_hypothesis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd as ag
from tests.autograd.torch_oracle import ZERO, Fixed, Table, against_pytorch

torch = pytest.importorskip("torch", reason="PyTorch is the oracle of these tests")
F = torch.nn.functional
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch on its own plans and history
row = Table()

# One row, one line: the formatter would make a page of it.
# fmt: off

# ------------------------------------------------------------------------------------------------ elementwise, unary

POSITIVE, UNIT = {"low": 0.1, "high": 3.0}, {"low": -0.9, "high": 0.9}
HALVES = {"avoid": tuple(np.arange(-4, 5) / 2)}
for name, theirs, domain, dtypes in [
    ("negative", torch.neg, {}, "dD"), ("square", torch.square, {}, "dD"), ("sqrt", torch.sqrt, POSITIVE, "dD"),
    ("reciprocal", torch.reciprocal, ZERO, "dD"), ("abs", torch.abs, ZERO, "dD"), ("exp", torch.exp, {}, "dD"),
    ("expm1", torch.expm1, {}, "dD"), ("log", torch.log, POSITIVE, "dD"), ("log1p", torch.log1p, {"low": -0.8}, "dD"),
    ("sin", torch.sin, {}, "dD"), ("cos", torch.cos, {}, "dD"), ("tan", torch.tan, UNIT, "dD"),
    ("arcsin", torch.asin, UNIT, "dD"), ("arccos", torch.acos, UNIT, "dD"), ("arctan", torch.atan, UNIT, "dD"),
    ("sinh", torch.sinh, {}, "dD"), ("cosh", torch.cosh, {}, "dD"), ("tanh", torch.tanh, UNIT, "dD"),
    ("arcsinh", torch.asinh, ZERO, "dD"), ("arccosh", torch.acosh, {"low": 1.2, "high": 4.0}, "dD"),
    ("arctanh", torch.atanh, UNIT, "dD"), ("exp2", torch.exp2, {}, "dD"), ("log2", torch.log2, POSITIVE, "dD"),
    ("log10", torch.log10, POSITIVE, "dD"), ("rsqrt", torch.rsqrt, POSITIVE, "dD"), ("sinc", torch.sinc, {}, "d"),
    ("cbrt", lambda x: x.sign() * x.abs() ** (1 / 3), ZERO, "d"), ("positive", torch.positive, {}, "dD"),
    ("deg2rad", torch.deg2rad, {}, "d"), ("rad2deg", torch.rad2deg, {}, "d"), ("copy", torch.clone, {}, "dD"),
    ("nan_to_num", torch.nan_to_num, {}, "d"), ("erf", torch.erf, {}, "d"), ("erfc", torch.erfc, {}, "d"),
    ("erfcx", torch.special.erfcx, {}, "d"), ("erfinv", torch.erfinv, UNIT, "d"),
    ("erfcinv", lambda x: torch.erfinv(1 - x), {"low": 0.1, "high": 1.9}, "d"),
    ("gammaln", torch.lgamma, {"low": 0.3, "high": 4.0}, "d"), ("digamma", torch.digamma, {"low": 0.3, "high": 4.0}, "d"),
    ("ndtr", torch.special.ndtr, {}, "d"), ("log_ndtr", torch.special.log_ndtr, {}, "d"),
    ("ndtri", torch.special.ndtri, {"low": 0.1, "high": 0.9}, "d"), ("logit", torch.logit, {"low": 0.1, "high": 0.9}, "d"),
    ("entr", torch.special.entr, POSITIVE, "d"), ("i0", torch.special.i0, ZERO, "d"), ("i1", torch.special.i1, ZERO, "d"),
    ("i0e", torch.special.i0e, ZERO, "d"), ("i1e", torch.special.i1e, ZERO, "d"), ("floor", torch.floor, HALVES, "d"),
    ("ceil", torch.ceil, HALVES, "d"), ("trunc", torch.trunc, HALVES, "d"), ("rint", torch.round, HALVES, "d"),
    ("frac", torch.frac, HALVES, "d"), ("modf", lambda x: (torch.frac(x), torch.trunc(x)), HALVES, "d"),
    ("frexp", lambda x: tuple(torch.frexp(x)), ZERO, "d"), ("conj", lambda x: x.conj().resolve_conj(), {}, "dD"),
    ("real", torch.real, {}, "dD"), ("imag", torch.imag, {}, "D"),
    ("relu", torch.relu, ZERO, "d"), ("sigmoid", torch.sigmoid, {}, "dD"), ("softplus", F.softplus, {}, "d"),
    ("silu", F.silu, {}, "d"), ("gelu", F.gelu, {}, "d"), ("logsigmoid", F.logsigmoid, {}, "d"), ("relu6", F.relu6, ZERO, "d"),
    ("selu", F.selu, ZERO, "d"), ("hardswish", F.hardswish, {"low": -4, "high": 4}, "d"), ("mish", F.mish, {}, "d"), ("softsign", F.softsign, ZERO, "d"),
    ("tanhshrink", F.tanhshrink, {}, "d"),
]:
    row(name, getattr(ag, name), theirs, lambda d, domain=domain: (d.xs(side=0, **domain),), dtypes)

# PyTorch keeps a constant of hardsigmoid in single precision, and has no second derivative
row("hardsigmoid", ag.hardsigmoid, F.hardsigmoid, lambda d: (d.xs(low=-4, high=4),), second=False, rtol=1e-7)
row("round", ag.round, lambda x, n: torch.round(x, decimals=n), lambda d: (d.xs(**HALVES), d.int(0, 2)))
row("polygamma", ag.polygamma, torch.polygamma, lambda d: (d.int(0, 3), d.xs(low=0.5, high=4.0)))
row("multigammaln", ag.multigammaln, torch.special.multigammaln, lambda d: (d.xs(low=1.5, high=4.0), d.int(1, 3)))
row("logit: limited", ag.logit, torch.logit, lambda d: (d.xs(low=0.01, high=0.99, avoid=(0.03, 0.97), margin=0.01), 0.03))
for name, theirs, second in [
    ("i0", torch.special.i0, True), ("i1", torch.special.i1, True), ("i0e", torch.special.i0e, False),
    ("i1e", torch.special.i1e, False), ("sinc", torch.sinc, False),
]:
    row(f"{name}: at 0", getattr(ag, name), theirs, lambda d: (np.where(d.mask(*(x := d.xs()).shape), 0, x),), second=second)
row("softplus: beta", ag.softplus, F.softplus, lambda d: (d.xs(), d.one(0.5, 2.0, -1.0), d.one(20.0, 0.5)))
row("gelu_tanh", lambda x: ag.gelu(x, "tanh"), lambda x: F.gelu(x, approximate="tanh"), lambda d: (d.xs(side=0),))
row("astype", lambda x: ag.astype(x, "complex128") ** 2, lambda x: x.to(torch.complex128) ** 2, lambda d: (d.xs(),))
row("to_device", lambda x: ag.to_device(x, "cpu") ** 2, lambda x: x.to("cpu") ** 2, lambda d: (d.xs(),), "dD")
row("sign: complex", ag.sign, torch.sgn, lambda d: (d.xs(**ZERO),), "D")
row("clip", ag.clip, torch.clamp, lambda d: (d.xs(side=0), d.one(None, -0.513), d.one(0.721, 1.513)))
row("item", lambda x: x[1] * x.sum() ** 2, lambda x: x[1] * x.sum() ** 2, lambda d: (d.x(3),))
for name in ("leaky_relu", "elu", "celu"):
    row(name, getattr(ag, name), getattr(F, name), lambda d: (d.xs(**ZERO), d.one(0.3, 1.0, 1.7)))
for name in ("softshrink", "hardshrink"):
    row(name, getattr(ag, name), getattr(F, name), lambda d: (d.xs(avoid=(-0.7, -0.3, 0.3, 0.7)), d.one(0.3, 0.7)))
row("hardtanh", ag.hardtanh, F.hardtanh, lambda d: (d.xs(), d.one(-0.513, -1.217), d.one(0.721, 1.513)))
row("threshold", ag.threshold, F.threshold, lambda d: (d.xs(avoid=(0.3,)), 0.3, d.one(-1.0, 7.0)))
row("glu", ag.glu, F.glu, lambda d: (x := d.x(*(2 * n for n in d.shape(1, 3, 1, 2))), d.axis(x)))
row("prelu", ag.prelu, F.prelu, lambda d: (x := d.x(*d.shape(2, 4), **ZERO), d.x(d.one(1, x.shape[1]))))


# ------------------------------------------------------------------------------------- elementwise, two and three

APART: dict[str, Any] = {"margin": 0.3, "avoid": (0.0,)}
for name, theirs, domain, dtypes in [
    ("add", torch.add, {}, "dD"), ("subtract", torch.sub, {}, "dD"), ("multiply", torch.mul, {}, "dD"),
    ("divide", torch.div, APART, "dD"), ("power", torch.pow, {"low": 0.3}, "dD"), ("hypot", torch.hypot, ZERO, "d"),
    ("float_power", torch.float_power, {"low": 0.3}, "dD"), ("arctan2", torch.atan2, ZERO, "d"),
    ("logaddexp", torch.logaddexp, {}, "d"), ("logaddexp2", torch.logaddexp2, {}, "d"), ("maximum", torch.maximum, {}, "d"),
    ("minimum", torch.minimum, {}, "d"), ("fmax", torch.fmax, {}, "d"), ("fmin", torch.fmin, {}, "d"),
    ("copysign", torch.copysign, ZERO, "d"), ("fmod", torch.fmod, APART, "d"), ("remainder", torch.remainder, APART, "d"),
    ("xlogy", torch.xlogy, {"low": 0.2}, "d"), ("xlog1py", torch.special.xlog1py, {"low": 0.2}, "d"),
    ("heaviside", lambda a, b: torch.where(a > 0, 1.0, torch.zeros_like(b)) + 0 * a, ZERO, "d"),
    ("divmod", lambda a, b: (torch.floor(a / b), torch.remainder(a, b)), APART, "d"),
    ("betaln", lambda a, b: torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b), {"low": 0.3}, "d"),
]:
    row(name, getattr(ag, name), theirs, lambda d, domain=domain: d.pair(**domain), dtypes)
row("power: a number", ag.power, torch.pow, lambda d: (d.xs(**APART), d.one(0, 1, 2, 3, -1, -2)), "dD")
row("lerp", ag.lerp, lambda a, b, w: a + w * (b - a), lambda d: d.pair(3), "dD")
row("where", ag.where, torch.where, lambda d: (p := d.pair(3), (d.mask(*p[0].shape), p[1], p[2]))[1], "dD")
# PyTorch's gradient of ldexp rounds 2**n to the integers of n
row("ldexp", ag.ldexp, lambda x, n: x * 2.0**n.double(), lambda d: (x := d.xs(), d.rng.integers(-3, 4, x.shape)))
for name in ("gammainc", "gammaincc"):
    row(name, getattr(ag, name), getattr(torch.special, name), lambda d: (a := d.xs(low=0.5, high=3.0), (Fixed(a), d.x(*a.shape, low=0.3)))[1])


row("angle", ag.angle, torch.angle, lambda d: (d.xs(**ZERO),), "dD")
row("complex", ag.complex, torch.complex, lambda d: (a := d.xs(), d.x(*a.shape)))
row("polar", ag.polar, torch.polar, lambda d: (a := d.xs(low=0.3), d.x(*a.shape)))
row("view_as_real", ag.view_as_real, torch.view_as_real, lambda d: (d.xs(),), "D")
row("view_as_complex", ag.view_as_complex, torch.view_as_complex, lambda d: (d.x(*d.shape(), 2),))
row("fabs", ag.fabs, torch.abs, lambda d: (d.xs(**ZERO),))
row("zeta", ag.zeta, torch.special.zeta, lambda d: (a := d.xs(low=2.5, high=5.0), (Fixed(a), d.x(*a.shape, low=0.5)))[1])

# fmt: on

test_against_pytorch = against_pytorch(row)
