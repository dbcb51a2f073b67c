"""PyTorch as the oracle of every differentiable op, over shapes, axes and parameters that Hypothesis draws.

This file is one table, with test_torch_linalg and test_torch_networks; torch_oracle draws and compares. A row is: the
op (after a colon, which variant of it), ours, PyTorch's, and how to draw the arguments, which both sides get in the
same order. Floating arrays among them become leaves that want gradients, other arrays plain Tensors; what stands in
``Fixed`` wants no gradient; everything else is handed on as it is.

One test runs all rows: values, first gradients along a random cotangent, and the gradients of a random projection of
those. ``-m slow`` draws many more examples. Where PyTorch has no function the right-hand side composes one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

import autograd as ag
from autograd.composite import COMPOSITES
from autograd.primitive import OPS
from autograd.testing import broadcastable_shapes, index_expressions, shapes
from tests.autograd.test_torch_linalg import row as linalg_rows
from tests.autograd.test_torch_networks import row as network_rows
from tests.autograd.torch_oracle import ZERO, Draw, Fixed, Table, against_pytorch, dim_pair

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


# ------------------------------------------------------------------------------------------- reductions and scans


def dims(x: Any, axis: Any) -> tuple[int, ...]:
    return tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis


def over(f: Any, **named: Any) -> Any:
    """PyTorch's reduction with our arguments."""
    return lambda x, axis, keep: f(x, dim=dims(x, axis), keepdim=keep, **named)


def prod(x: Any, axis: Any, keep: Any = True) -> Any:
    """PyTorch multiplies along one axis only."""
    for a in sorted((d % x.ndim for d in dims(x, axis)), reverse=True):
        x = x.prod(a, keepdim=keep)
    return x


def reduced(d: Draw, least: int = 1, side: int = 1, **domain: Any) -> tuple[Any, ...]:
    return (x := d.xs(least, side, **domain), d.axes(x), d.bool())


def filled(value: float, f: Any) -> Any:
    """A function of an array in which NaN is replaced."""
    return lambda x, *rest: f(torch.where(x.isnan(), value, x), *rest)


def nanvar(x: Any, axis: Any, correction: int, keep: Any) -> Any:
    there, along = ~x.isnan(), dims(x, axis)
    n = there.sum(along, keepdim=True)
    centred = x - torch.nanmean(x, along, keepdim=True)
    squares = torch.where(there, centred, 0) ** 2 / (n - correction)
    return squares.sum(along, keepdim=keep)


row("sum", ag.sum, over(torch.sum), reduced, "dD")
row("mean", ag.mean, over(torch.mean), reduced, "dD")
row("prod", ag.prod, prod, reduced, "dD")
row("max", ag.max, over(torch.amax), lambda d: reduced(d, distinct=True))
row("min", ag.min, over(torch.amin), lambda d: reduced(d, distinct=True))
TIES = lambda d: (np.round((a := reduced(d))[0]), *a[1:])  # noqa: E731
row("max: ties", ag.max, over(torch.amax), TIES)
row("min: ties", ag.min, over(torch.amin), TIES)
row("max: argmax", ag.argmax, torch.argmax, lambda d: (x := d.xs(1, distinct=True), d.one(None, d.axis(x))))
row("ptp", ag.ptp, lambda *a: over(torch.amax)(*a) - over(torch.amin)(*a), lambda d: reduced(d, distinct=True))
row("logsumexp", ag.logsumexp, over(torch.logsumexp), reduced)
for name in ("var", "std"):
    row(name, getattr(ag, name), lambda x, axis, c, keep, name=name: over(getattr(torch, name), correction=c)(x, axis, keep),
        lambda d: (x := d.xs(1, 2), d.axes(x), d.int(0, 1), d.bool()), "d" if name == "std" else "dD")
for order in (1, 2, 3, 3.5, -1, np.inf, -np.inf, 0.5):
    row(f"vector_norm: {order}", lambda x, axis, keep, p=order: ag.vector_norm(x, p, axis, keep),
        over(torch.linalg.vector_norm, ord=order), lambda d: reduced(d, distinct=True, high=2.21), "dD",
        second=True)
row("average", ag.average, lambda x, axis, w, keep: (x * w).sum(dims(x, axis), keepdim=keep) / w.sum(dims(x, axis), keepdim=keep),
    lambda d: (x := d.xs(1), d.axes(x), d.x(*x.shape, low=0.3), d.bool()))
HOLED = lambda d: (x := d.holed(d.shape(1, 3, 2)), d.one(None, *range(-x.ndim, x.ndim)), d.bool())  # noqa: E731
row("nansum", ag.nansum, over(torch.nansum), HOLED)
row("nanmean", ag.nanmean, over(torch.nanmean), HOLED)
row("nanprod", ag.nanprod, filled(1, prod), HOLED)
row("nanmax", ag.nanmax, filled(-np.inf, over(torch.amax)), HOLED)
row("nanmin", ag.nanmin, filled(np.inf, over(torch.amin)), HOLED)
row("nanvar", ag.nanvar, nanvar, lambda d: (*(a := HOLED(d))[:2], 0, a[2]))
row("nanstd", ag.nanstd, lambda *a: nanvar(*a).sqrt(), lambda d: (d.holed((4, 5)), None, 1, d.bool()))
ALONG = lambda d: (x := d.xs(1), d.axis(x))  # noqa: E731
DISTINCT = lambda d: (x := d.xs(1, distinct=True), d.axis(x))  # noqa: E731
HOLED_ALONG = lambda d: HOLED(d)[:1] + (-1,)  # noqa: E731
for name, dtypes in [("softmax", "d"), ("log_softmax", "d"), ("cumsum", "dD"), ("cumprod", "dD"), ("logcumsumexp", "d")]:
    row(name, getattr(ag, name), getattr(torch, name), ALONG, dtypes)
row("cummax", ag.cummax, lambda x, a: tuple(torch.cummax(x, a)), DISTINCT)
row("cummax: cummin", ag.cummin, lambda x, a: tuple(torch.cummin(x, a)), DISTINCT)
row("nancumsum", ag.nancumsum, filled(0, torch.cumsum), HOLED_ALONG)
row("nancumprod", ag.nancumprod, filled(1, torch.cumprod), HOLED_ALONG)
row("cumulative_sum", ag.cumulative_sum, lambda x, a: x.cumsum(a), ALONG, "dD")
row("cumulative_prod", lambda x, a: ag.cumulative_prod(x, a, include_initial=True),
    lambda x, a: torch.cat([torch.ones_like(x.narrow(a, 0, 1)), x], a).cumprod(a), ALONG)
row("diff", ag.diff, torch.diff, lambda d: (x := d.xs(1, 3), d.int(0, 2), d.axis(x)), "dD")
row("trapezoid", ag.trapezoid, torch.trapezoid, lambda d: (y := d.xs(1, 2), d.x(y.shape[-1])))
row("cumulative_trapezoid", ag.cumulative_trapezoid, torch.cumulative_trapezoid, lambda d: (y := d.xs(1, 2), d.x(*y.shape)))


def recurrence(a: Any, b: Any, axis: int) -> Any:
    y, out = 0, []
    for s, t in zip(a.unbind(axis), b.unbind(axis), strict=True):
        out.append(y := s * y + t)
    return torch.stack(out, axis)


row("linear_recurrence", ag.linear_recurrence, recurrence, lambda d: (b := d.xs(1), d.x(*b.shape), d.axis(b)), "dD")

# --------------------------------------------------------------------------------------------------------- order


def ordered(d: Draw) -> tuple[Any, ...]:
    x = d.xs(1, distinct=True)
    axis = d.axis(x)
    return x, d.int(1, x.shape[axis]), axis, d.bool()


def quantile(x: Any, q: Any, axis: Any, keep: Any, method: str = "linear") -> Any:
    return torch.quantile(x, q, axis, keep, interpolation=method)


QUANTILE = lambda d: (x := d.xs(1, distinct=True), d.one(0.0, 0.2, 0.5, 0.77, 1.0), d.one(None, *range(x.ndim)), d.bool())  # noqa: E731
row("sort", ag.sort, lambda x, a, down: torch.sort(x, a, down)[0], lambda d: (x := d.xs(1, distinct=True), d.axis(x), d.bool()))
row("topk", ag.topk, lambda *a: tuple(torch.topk(*a)), ordered)
row("kthvalue", ag.kthvalue, lambda *a: tuple(torch.kthvalue(*a)), ordered)
row("quantile", ag.quantile, quantile, lambda d: (*QUANTILE(d), d.one("linear", "lower", "higher", "nearest", "midpoint")))
row("quantile: several", ag.quantile, quantile, lambda d: ((a := QUANTILE(d))[0], Fixed(np.array([0.3, 0.9])), *a[2:]))
row("percentile", lambda x, q, *a: ag.percentile(x, 100 * q, *a), quantile, QUANTILE)
row("median", ag.median, lambda x, *a: quantile(x, 0.5, *a), lambda d: ((a := QUANTILE(d))[0], *a[2:]))
row("nanmedian", ag.nanmedian, lambda x, *a: torch.nanquantile(x, 0.5, *a), HOLED)
row("nanquantile", ag.nanquantile, torch.nanquantile, lambda d: ((a := HOLED(d))[0], d.one(0.0, 0.4, 1.0), *a[1:]))

# --------------------------------------------------------------------------------------------------------- shape


def widths(d: Draw, n: int, most: int = 2) -> tuple[tuple[int, int], ...]:
    return d(st.lists(st.tuples(st.integers(0, most), st.integers(0, most)), min_size=n, max_size=n).map(tuple))


def backwards(pairs: Any) -> list[int]:
    """PyTorch pads from the last axis on."""
    return [w for pair in reversed(pairs) for w in pair]


def joined(d: Draw, along: int | None) -> tuple[Any, ...]:
    shape = d.shape(1)
    axis = d.int(0, len(shape) - 1)
    sizes = d.ints(3, 1, 3) if along is None else (shape[axis],) * 3
    return [d.x(*shape[:axis], n, *shape[axis + 1 :]) for n in sizes], axis


def at_least(d: Draw, n: int) -> np.ndarray:
    return d.x(*d.shape(n, n + 1))


row("reshape", lambda x: ag.reshape(x, -1, 2) ** 2, lambda x: x.reshape(-1, 2) ** 2, lambda d: (d.x(*d.shape(), 2),), "dD")
row("permute_dims", ag.permute_dims, torch.permute, lambda d: (x := d.xs(side=0), d(st.permutations(range(x.ndim)))), "dD")
row("broadcast_to", ag.broadcast_to, torch.broadcast_to,
    lambda d: (s := d(broadcastable_shapes(2)), (d.x(*s[0]), np.broadcast_shapes(*s)))[1], "dD")
row("concat", ag.concat, torch.cat, lambda d: joined(d, None), "dD")
row("concat: stack", ag.stack, torch.stack, lambda d: joined(d, 1), "dD")
row("split", lambda x, n, a: [p**2 for p in ag.array_split(x, n, a)], lambda x, n, a: [p**2 for p in torch.tensor_split(x, n, a)],
    lambda d: (x := d.xs(1), d.int(1, 4), d.int(0, x.ndim - 1)), "dD")
row("pad", lambda x, w, v: ag.pad(x, w, v), lambda x, w, v: F.pad(x, backwards(w), value=v),
    lambda d: (x := d.xs(1), widths(d, x.ndim), d.one(0.0, 0.5)), "dD")
for mode in ("reflect", "replicate", "circular"):
    row(f"pad: {mode}", lambda x, w, m=mode: ag.pad(x, ((0, 0), (0, 0), *w), mode=m),
        lambda x, w, m=mode: F.pad(x, backwards(w), m),
        lambda d: (n := d.int(1, 2), (d.x(1, 2, *d.ints(n, 3, 5)), widths(d, n)))[1])
row("flip", ag.flip, lambda x, a: torch.flip(x, dims(x, a)), lambda d: (x := d.xs(1), d.axes(x)), "dD")
row("fliplr", ag.fliplr, torch.fliplr, lambda d: (at_least(d, 2),), "dD")
row("flipud", ag.flipud, torch.flipud, lambda d: (d.xs(1),), "dD")
row("roll", ag.roll, torch.roll, lambda d: (x := d.xs(1), d.ints(x.ndim, -5, 5), tuple(range(x.ndim))), "dD")
row("rot90", ag.rot90, torch.rot90, lambda d: (x := at_least(d, 2), d.int(-5, 5), dim_pair(d, x)), "dD")
row("tril", ag.tril, torch.tril, lambda d: (at_least(d, 2), d.int(-3, 3)), "dD")
row("triu", ag.triu, torch.triu, lambda d: (at_least(d, 2), d.int(-3, 3)), "dD")
row("diagonal", lambda x, k, p: ag.diagonal(x, k, *p), lambda x, k, p: x.diagonal(k, *p),
    lambda d: (x := at_least(d, 2), d.int(-1, 1), dim_pair(d, x)), "dD")
row("diag_embed", ag.diag_embed, torch.diag_embed, lambda d: (d.xs(1), d.int(-2, 2)), "dD")
row("trace", ag.trace, torch.trace, lambda d: (d.x(*d.shape(2, 2)),), "dD")
row("movedim", ag.movedim, torch.movedim, lambda d: (x := d.xs(1), d.axis(x), d.axis(x)), "dD")
row("unflatten", ag.unflatten, torch.unflatten, lambda d: (d.x(6, 2), 0, d.one((2, 3), (-1, 2), (1, 6))), "dD")
row("tile", ag.tile, torch.tile, lambda d: (d.xs(), d(shapes(1, 3, 1, 3))), "dD")
row("repeat", ag.repeat, torch.repeat_interleave,
    lambda d: (x := d.xs(1), a := d.axis(x), (x, d.one(2, d.picks(x.shape[a], 3)), a))[2], "dD")
row("block_diag", ag.block_diag, torch.block_diag, lambda d: tuple(d.x(*d.shape(2, 2)) for _ in range(3)), "dD")
row("sliding_windows", ag.sliding_windows, lambda x, n, step, a: x.unfold(a, n, step),
    lambda d: (x := d.xs(1, 3), d.int(1, 3), d.int(1, 3), d.axis(x)), "dD")
row("overlap_add", lambda x, n, step: ag.overlap_add(x, n, step),
    lambda x, n, step: F.fold(x.mT, (1, n), (1, x.shape[-1]), stride=(1, step))[:, 0, 0],
    lambda d: (x := d.x(2, d.int(1, 4), d.int(1, 3)), s := d.int(1, 3), (x, (x.shape[1] - 1) * s + x.shape[2], s))[2])
for name in ("pixel_shuffle", "channel_shuffle"):
    row(name, getattr(ag, name), getattr(F, name), lambda d: (d.x(2, 4 * d.int(1, 2), *d.ints(2, 1, 3)), 2))
row("pixel_unshuffle", ag.pixel_unshuffle, F.pixel_unshuffle, lambda d: (r := d.int(1, 2), (d.x(2, 2, 2 * r, 3 * r), r))[1])

# ----------------------------------------------------------------------------------------------------- indexing


def indexed(d: Draw) -> tuple[Any, ...]:
    """NumPy says which elements an index picks; PyTorch gathers them."""
    x = d.xs(1)
    index = d(index_expressions(x.shape))
    return x, index, np.asarray(np.arange(x.size).reshape(x.shape)[index])


def assigned(d: Draw) -> tuple[Any, ...]:
    """Which write to an element is the last, by NumPy; -1 where there is none."""
    x, index, places = indexed(d)
    writer = np.full(x.shape, -1)
    writer[index] = np.arange(places.size).reshape(places.shape)
    return x, index, d.x(*places.shape), writer


def plain(index: Any) -> Any:
    """Our side takes the arrays of an index as they are."""
    return tuple(map(plain, index)) if isinstance(index, tuple) else getattr(index, "array", index)


def along(d: Draw, unique: bool = False) -> tuple[Any, ...]:
    """x, an axis, an index along it, and sources of the index's shape."""
    x = d.xs(1)
    axis = d.axis(x) % x.ndim
    shape = tuple(d.int(1, n if i != axis or unique else n + 2) for i, n in enumerate(x.shape))
    index = d.picks(shape, x.shape[axis])
    if unique:
        index = np.argsort(d.rng.random(x.shape), axis)[tuple(slice(n) for n in shape)]
    return x, axis, index, d.x(*shape)


def slices(d: Draw, unique: bool = False) -> tuple[Any, ...]:
    """x, an axis, a vector of indices along it, and sources."""
    x = d.xs(1)
    axis = d.axis(x) % x.ndim
    n = d.int(1, x.shape[axis] + (0 if unique else 2))
    index = d.rng.permutation(x.shape[axis])[:n] if unique else d.picks(n, x.shape[axis])
    return x, axis, index, d.x(*(n if i == axis else m for i, m in enumerate(x.shape)))


def masked(d: Draw) -> tuple[Any, ...]:
    x = d.xs(1)
    return x, d.mask(*d.one(x.shape, x.shape[1:], (1, *x.shape[1:])))


row("getitem", lambda x, i, _: x[plain(i)] ** 2, lambda x, _, p: x.reshape(-1)[p] ** 2, indexed, "dD")
row("setitem", lambda x, i, v, _: ag.setitem(x, plain(i), v) ** 2,
    lambda x, _, v, w: (torch.where(w >= 0, v.reshape(-1)[w], x) if v.numel() else x + 0 * v.sum()) ** 2, assigned, "dD")
ADVANCED = [
    (np.array([0, 1]), np.array([3, 3])), (slice(0, 2), np.array([[1, 1], [0, 2]])), (np.array([True, False, True]), 1),
    (np.array([[0, 2]]), np.array([[1], [3]])), (None, np.array([2, 0]), Ellipsis, np.array([1, 1])),
]
ACROSS = lambda d: (d.x(3, 4), i := d(st.sampled_from(ADVANCED)), np.arange(12).reshape(3, 4)[i])  # noqa: E731
row("getitem: several arrays", lambda x, i, _: x[plain(i)] ** 2, lambda x, _, p: x.reshape(-1)[p] ** 2, ACROSS, "dD")
row("take_along_axis", lambda x, a, i, _: ag.take_along_axis(x, i, a), lambda x, a, i, _: torch.take_along_dim(x, i, a),
    lambda d: (x := d.xs(1), a := d.int(0, x.ndim - 1), (x, a, d.picks((*x.shape[:a], 3, *x.shape[a + 1 :]), x.shape[a]), 0))[2], "dD")
row("gather", lambda *a: ag.gather(*a[:3]), lambda *a: torch.gather(*a[:3]), along, "dD")
row("scatter_set", ag.scatter, torch.scatter, lambda d: along(d, unique=True), "dD")
row("scatter_add", ag.scatter_add, torch.scatter_add, along, "dD")
row("scatter_reduce", ag.scatter_reduce, lambda x, a, i, s, how, own: x.scatter_reduce(a, i, s, how, include_self=own),
    lambda d: (*along(d), d.one("sum", "mean", "amax", "amin"), d.bool()))
row("scatter_reduce: prod", ag.scatter_reduce, lambda x, a, i, s, how, own: x.scatter_reduce(a, i, s, how, include_self=own),
    lambda d: (*along(d), "prod", d.bool()), second=False)
row("index_select", lambda *a: ag.index_select(*a[:3]), lambda *a: torch.index_select(*a[:3]), slices, "dD")
row("index_add", ag.index_add, lambda *a: torch.index_add(*a[:4], alpha=a[4]), lambda d: (*slices(d), d.one(1.0, -0.5)), "dD")
row("index_copy", ag.index_copy, torch.index_copy, lambda d: slices(d, unique=True), "dD")
row("index_fill", ag.index_fill, torch.index_fill, lambda d: (*slices(d)[:3], 0.5), "dD")
row("masked_fill", ag.masked_fill, torch.masked_fill, lambda d: (*masked(d), 0.5), "dD")
row("masked_select", ag.masked_select, torch.masked_select, masked, "dD")
row("masked_scatter", lambda x, m, s: ag.masked_scatter(x, s, m), lambda x, m, s: x.masked_scatter(m, s),
    lambda d: (x := d.xs(1), d.mask(*x.shape), d.x(x.size)), "dD")
row("setitem: put", ag.put, lambda x, i, v: x.put(i, v), lambda d: (x := d.xs(1), d.rng.permutation(x.size)[:2], d.x(min(2, x.size))))
row("embedding", ag.embedding, F.embedding, lambda d: (d.picks(d.shape(), 4), d.x(4, 3), d.one(None, 1)))
for mode in ("sum", "mean", "max"):
    row(f"embedding_bag: {mode}", lambda *a, m=mode: ag.embedding_bag(*a, m), lambda *a, m=mode: F.embedding_bag(*a, mode=m),
        lambda d: (n := d.int(2, 5), (d.picks(n, 4), d.x(4, 3), np.array([0, d.int(0, n)])))[1], second=False)
    row(f"embedding_bag: {mode}, padded", lambda i, w, o, p, m=mode: ag.embedding_bag(i, w, o, m, padding_idx=p),
        lambda i, w, o, p, m=mode: F.embedding_bag(i, w, o, mode=m, padding_idx=p),
        lambda d: (n := d.int(2, 5), (d.picks(n, 4), d.x(4, 3), np.array([0, d.int(0, n)]), d.int(-4, 3)))[1], second=False)

    for pad in (0, -1):
        row(f"embedding_bag: {mode} of all but {pad}", lambda *a, m=mode, p=pad: ag.embedding_bag(*a, m, padding_idx=p),
            lambda *a, m=mode, p=pad: F.embedding_bag(*a, mode=m, padding_idx=p),
            lambda d: (n := d.int(2, 5), (d.picks(n, 4), d.x(4, 3), np.array([0, d.int(0, n)])))[1], second=False)
        row(f"embedding_bag: matrix, {mode} of all but {pad}", lambda *a, m=mode, p=pad: ag.embedding_bag(*a, None, m, padding_idx=p),
            lambda *a, m=mode, p=pad: F.embedding_bag(*a, mode=m, padding_idx=p),
            lambda d: (d.picks((2, d.int(1, 3)), 4), d.x(4, 3)), second=False)
row("embedding_bag: weights", lambda i, x, o, w: ag.embedding_bag(i, x, o, "sum", w, padding_idx=1),
    lambda i, x, o, w: F.embedding_bag(i, x, o, mode="sum", per_sample_weights=w, padding_idx=1),
    lambda d: (n := d.int(2, 5), (d.picks(n, 4), d.x(4, 3), np.array([0, d.int(0, n)]), d.x(n)))[1], second=False)

# ------------------------------------------------------------- joined, edited, chosen; signals; complex numbers; more



row("cartesian_prod", ag.cartesian_prod, torch.cartesian_prod, lambda d: tuple(d.x(n) for n in d.ints(d.int(1, 3), 1, 3)), "dD")
row("combinations", ag.combinations, torch.combinations, lambda d: (d.x(d.int(3, 5)), d.int(1, 3), d.bool()), "dD")
row("hsplit", ag.hsplit, torch.hsplit, lambda d: (d.one(d.x(4), d.x(2, 4), d.x(2, 4, 2)), d.one(2, (1, 3))), "dD")
row("vsplit", ag.vsplit, torch.vsplit, lambda d: (d.x(4, *d.shape(1, 2)), d.one(2, (1, 3))), "dD")
row("dsplit", ag.dsplit, torch.dsplit, lambda d: (d.x(2, 1, 4), d.one(2, (1, 3))), "dD")
row("append", lambda x, v: ag.append(x, v, 0), lambda x, v: torch.cat([x, v]), lambda d: (x := d.xs(1), d.x(d.int(1, 3), *x.shape[1:])), "dD")
row("append: flattened", ag.append, lambda x, v: torch.cat([x.reshape(-1), v.reshape(-1)]), lambda d: (d.xs(), d.xs()), "dD")


def places_of(d: Draw, n: int, past: int = 0) -> Any:
    """One index along an axis of length n, or several: numbers, a list, a slice, a mask. ``past`` the end by one too."""
    kinds = [d.int(-n, n - 1 + past), list(d.ints(2, -n, n - 1)), slice(d.int(0, n - 1), None, d.int(1, 2))]
    return d.one(*kinds, *([] if past else [d.mask(n)]))


def deleted(d: Draw) -> tuple[Any, ...]:
    """NumPy says what stays; PyTorch gathers it."""
    x = d.xs(1, 2)
    axis = d.one(None, d.axis(x))
    index = places_of(d, x.size if axis is None else x.shape[axis])
    return x, index, axis, np.delete(np.arange(x.size).reshape(x.shape), index, axis)


def inserted(d: Draw) -> tuple[Any, ...]:
    """NumPy says what comes where, of x and after it of the values; PyTorch gathers it."""
    x = d.xs(1)
    axis = d.one(None, d.int(0, x.ndim - 1))
    n = x.size if axis is None else x.shape[axis]
    index = places_of(d, n, 1)
    count = 1 if isinstance(index, int) else len(np.arange(n)[index])
    others = () if axis is None else x.shape[:axis] + x.shape[axis + 1 :]
    slab = others if isinstance(index, int) else () if axis is None else (*x.shape[:axis], count, *x.shape[axis + 1 :])
    values = d.x(*d.one((), slab))
    order = np.insert(np.arange(x.size).reshape(x.shape), index, x.size + np.arange(values.size).reshape(values.shape), axis)
    return x, index, values, axis, order


row("delete", lambda x, i, a, _: ag.delete(x, plain(i), a), lambda x, i, a, p: x.reshape(-1)[p], deleted, "dD")
row("insert", lambda x, i, v, a, _: ag.insert(x, i, v, a), lambda x, i, v, a, p: torch.cat([x.reshape(-1), v.reshape(-1)])[p], inserted, "dD")


def slot(d: Draw) -> tuple[Any, ...]:
    x = d.xs(1)
    axis = d.int(0, x.ndim - 1)
    return x, d.x(*x.shape[:axis], *x.shape[axis + 1 :]), axis, d.int(-x.shape[axis], x.shape[axis] - 1)


def stretch(d: Draw) -> tuple[Any, ...]:
    x = d.xs(1, 2)
    axis, start, step = d.int(0, x.ndim - 1), d.int(0, 1), d.int(1, 2)
    cut = x[(slice(None),) * axis + (slice(start, None, step),)]
    return x, d.x(*cut.shape), axis, start, x.shape[axis], step


def diagonal_of(d: Draw) -> tuple[Any, ...]:
    x = d.x(*d.shape(2, 3, 2))
    first, second = dim_pair(d, x)
    offset = d.int(-1, 1)
    return x, d.x(*np.diagonal(x, offset, first, second).shape), offset, first, second


def put_somewhere(d: Draw) -> tuple[Any, ...]:
    x = d.x(*d.shape(2, 3))
    n = d.int(1, 4)
    return x, d.picks(n, x.shape[0]), d.picks(n, x.shape[1]), d.x(*d.one((n,), ()), *x.shape[2:])


row("select_scatter", ag.select_scatter, torch.select_scatter, slot)
row("slice_scatter", ag.slice_scatter, torch.slice_scatter, stretch)
row("diagonal_scatter", ag.diagonal_scatter, torch.diagonal_scatter, diagonal_of, "dD")
row("index_put", lambda x, i, j, v: ag.index_put(x, (i, j), v, True), lambda x, i, j, v: x.index_put((i, j), v, True), put_somewhere, "dD")
row("put_along_axis", lambda x, i, v: ag.put_along_axis(x, i, v, 0), lambda x, i, v: x.scatter(0, i, v),
    lambda d: (x := d.x(3, d.int(1, 3)), i := np.argsort(d.rng.random(x.shape), 0)[: d.int(1, 3)], d.x(*i.shape)), "dD")

row("compress", lambda x, c: ag.compress(c, x, 0), lambda x, c: x[c], lambda d: (x := d.xs(1), d.mask(x.shape[0])), "dD")
row("extract", lambda x, c: ag.extract(c, x), lambda x, c: x[c], lambda d: (x := d.xs(1), d.mask(*x.shape)), "dD")


def chosen(d: Draw) -> tuple[Any, ...]:
    """The index as ours takes it, and as PyTorch does."""
    mode, n, shape = d.one("raise", "wrap", "clip"), d.int(1, 4), d.shape(1, 2)
    index = d.picks(shape, n) if mode == "raise" else d.rng.integers(-5, 6, shape)
    return mode, index, index % n if mode == "wrap" else np.clip(index, 0, n - 1), [d.x(*d.one(shape, shape[1:])) for _ in range(n)]


def selected(d: Draw) -> tuple[Any, ...]:
    n, shape = d.int(1, 3), d.shape(1, 2)
    return [d.mask(*shape) for _ in range(n)], [d.x(*d.one(shape, shape[1:])) for _ in range(n)], d.one(0, 0.5)


def first_true(conditions: Any, choices: Any, default: Any) -> Any:
    found = default
    for c, x in reversed(list(zip(conditions, choices, strict=True))):
        found = torch.where(c, x, found)
    return found


row("choose", lambda mode, i, _, xs: ag.choose(i, xs, mode), lambda mode, _, i, xs: torch.stack([x.expand(i.shape) for x in xs]).gather(0, i[None])[0], chosen, "dD")
row("select", ag.select, first_true, selected, "dD")

row("ediff1d", ag.ediff1d, lambda x, *ends: torch.cat([*ends[1:], x.reshape(-1).diff(), *ends[:1]]),
    lambda d: (d.xs(1, 2), *(d.x(n) for n in d.one((), (1,), (2, 1)))), "dD")
row("gradient: axes", lambda x, h, e: ag.gradient(x, *h, edge_order=e), lambda x, h, e: torch.gradient(x, spacing=h, edge_order=e),
    lambda d: (x := d.x(*d.shape(2, 3, 3)), d.one((0.5, 2.0, 1.0), (1.0, 1.0, 1.0))[: x.ndim], d.int(1, 2)), "dD")
row("gradient", lambda x, h, a, e: ag.gradient(x, h, axis=a, edge_order=e), lambda x, h, a, e: torch.gradient(x, spacing=h, dim=a, edge_order=e)[0],
    lambda d: (x := d.xs(1, 3), d.one(1.0, 0.5), d.int(0, x.ndim - 1), d.int(1, 2)), "dD")
row("gradient: places", lambda x, p, e: ag.gradient(x, p, edge_order=e), lambda x, p, e: torch.gradient(x, spacing=(p.detach(),), edge_order=e)[0],
    lambda d: (x := d.x(d.int(3, 5)), Fixed(np.sort(d.x(x.shape[0], distinct=True))), d.int(1, 2)))


def laid_along(a: Any, v: Any, mode: str) -> Any:
    """The convolution by the one of neural networks, which does not turn the kernel round."""
    a, v = (v, a) if len(v) > len(a) else (a, v)
    full = F.conv1d(a[None, None], v.flip(0)[None, None], padding=len(v) - 1)[0, 0]
    start = {"full": 0, "same": (len(v) - 1) // 2, "valid": len(v) - 1}[mode]
    return full[start : start + {"full": len(full), "same": len(a), "valid": len(a) - len(v) + 1}[mode]]


def laid_against(a: Any, v: Any, mode: str) -> Any:
    """The convolution with the conjugate turned round; NumPy lays a longer one down from the other end."""
    turned = v.conj().resolve_conj().flip(0)
    if mode != "same" or len(v) <= len(a):
        return laid_along(a, turned, mode)
    return laid_along(a, turned, "full")[len(a) // 2 :][: len(v)]


row("convolve", ag.convolve, laid_along, lambda d: (d.x(d.int(1, 5)), d.x(d.int(1, 5)), d.one("full", "same", "valid")), "dD")
row("correlate", ag.correlate, laid_against, lambda d: (d.x(d.int(1, 5)), d.x(d.int(1, 5)), d.one("full", "same", "valid")), "dD")


def line_through(x: Any, xp: Any, fp: Any) -> Any:
    cell = (torch.searchsorted(xp.detach(), x.detach(), right=True) - 1).clamp(0, len(xp) - 2)
    share = (x - xp[cell]) / (xp[cell + 1] - xp[cell])
    inside = fp[cell] + (fp[cell + 1] - fp[cell]) * share
    return torch.where(x < xp[0], fp[0], torch.where(x > xp[-1], fp[-1], inside))


def line_around(x: Any, xp: Any, fp: Any, period: float) -> Any:
    """Within one period, with a neighbour from either side."""
    xp, order = (xp % period).sort()
    fp = fp[order]
    return line_through(x % period, torch.cat([xp[-1:] - period, xp, xp[:1] + period]), torch.cat([fp[-1:], fp, fp[:1]]))


def points(d: Draw) -> tuple[Any, ...]:
    xp = np.sort(d.x(d.int(2, 5), distinct=True))
    return d.xs(low=-3, high=3), xp, d.x(*xp.shape)


row("interp", ag.interp, line_through, points)
row("interp: ends", lambda x, xp, fp, low, high: ag.interp(x, xp, fp, low, high),
    lambda x, xp, fp, low, high: torch.where(x < xp[0], low, torch.where(x > xp[-1], high, line_through(x, xp, fp))), lambda d: (*points(d), -0.5, 1.5))
row("interp: period", lambda x, xp, fp, p: ag.interp(x, xp, fp, period=p), line_around,
    lambda d: (d.xs(low=-6, high=6), d.rng.permuted(d.x(n := d.int(2, 5), distinct=True, low=-1.4, high=1.4)), d.x(n), 3.0))
row("polyval", ag.polyval, lambda p, x: sum(c * x ** (len(p) - 1 - k) for k, c in enumerate(p)), lambda d: (d.x(d.int(1, 4)), d.xs()), "dD")
row("vander", ag.vander, lambda x, n, up: (lambda v: v if up else v.flip(1))(torch.linalg.vander(x, N=n)),
    lambda d: (d.x(d.int(1, 4)), d.int(2, 4), d.bool()), "dD")

row("angle", ag.angle, torch.angle, lambda d: (d.xs(**ZERO),), "dD")
row("complex", ag.complex, torch.complex, lambda d: (a := d.xs(), d.x(*a.shape)))
row("polar", ag.polar, torch.polar, lambda d: (a := d.xs(low=0.3), d.x(*a.shape)))
row("view_as_real", ag.view_as_real, torch.view_as_real, lambda d: (d.xs(),), "D")
row("view_as_complex", ag.view_as_complex, torch.view_as_complex, lambda d: (d.x(*d.shape(), 2),))
row("fabs", ag.fabs, torch.abs, lambda d: (d.xs(**ZERO),))
row("zeta", ag.zeta, torch.special.zeta, lambda d: (a := d.xs(low=2.5, high=5.0), (Fixed(a), d.x(*a.shape, low=0.5)))[1])

# counts and places, which have no gradient
row("histc", ag.histc, torch.histc, lambda d: (Fixed(d.x(50)), d.int(1, 8), *d.one((-1, 1), (0, 0), (0, 2))))
row("tril_indices", lambda n, k, m: tuple(ag.tril_indices(n, k, m)), lambda n, k, m: tuple(torch.tril_indices(n, m, k)), lambda d: (d.int(1, 4), d.int(-2, 2), d.int(1, 4)))
row("argwhere", ag.argwhere, torch.argwhere, lambda d: (d.mask(*d.shape(1)),))
row("flatnonzero", ag.flatnonzero, lambda x: x.reshape(-1).nonzero()[:, 0], lambda d: (d.mask(*d.shape(1)),))

row("aminmax", ag.aminmax, lambda x, a: tuple(torch.aminmax(x, dim=a)), lambda d: (x := d.xs(1, distinct=True), d.axis(x)))
row("var_mean", ag.var_mean, lambda x, a, c, k: torch.var_mean(x, a, correction=c, keepdim=k), lambda d: (x := d.xs(1, 2), d.axis(x), d.int(0, 1), d.bool()), "d")
row("std_mean", ag.std_mean, lambda x, a, c, k: torch.std_mean(x, a, correction=c, keepdim=k), lambda d: (x := d.xs(1, 2), d.axis(x), d.int(0, 1), d.bool()), "d")
row("softmin", ag.softmin, F.softmin, lambda d: (x := d.xs(1), d.axis(x)))

# fmt: on

test_against_pytorch = against_pytorch(row)


# ----------------------------------------------------------------------------------------------------- coverage

WITHOUT_ORACLE = {
    **dict.fromkeys(
        ("bessel_j", "bessel_k", "bessel_ke", "bessel_y", "betainc", "exp1", "expn", "j0", "j1", "jv", "k0", "k0e", "k1", "k1e",
         "y0", "y1", "yv"),
        "PyTorch lacks it or its derivative; SciPy is the oracle, in test_special.py",
    ),
    **dict.fromkeys(
        ("array_split", "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "chunk", "column_stack", "diag", "diagflat",
         "dstack", "expand", "expand_dims", "flatten", "hstack", "matrix_transpose", "meshgrid", "moveaxis", "narrow", "ravel",
         "squeeze", "stack", "swapaxes", "transpose", "unstack", "vstack"),
        "a spelling of reshape, permute_dims, concat, split, diagonal or getitem, which have rows; NumPy is its reference",
    ),
    **dict.fromkeys(("cummin", "eigvals", "eigvalsh", "svdvals"), "in the row of cummax, eig, eigh or svd"),
    **dict.fromkeys(("fft2", "ifft2", "rfft2", "irfft2"), "the fftn family along two axes, which has rows"),
    "ctc_loss": "in the row of ctc",
    **dict.fromkeys(
        ("alpha_dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout", "rrelu", "fractional_max_pool1d",
         "fractional_max_pool2d", "fractional_max_pool3d"),
        "random: the samples of the table leave chance no room",
    ),
    "istft": "in the row of stft",
    "nanpercentile": "nanquantile in percent; NumPy is its reference",
    **dict.fromkeys(("put", "take"), "in the row of setitem or getitem; NumPy is the reference"),
    "scatter": "the transpose of getitem: its second gradients run it",
    "put_along_axis_add": "the transpose of take_along_axis, under scatter_add and index_add",
    "dropout": "random: the mask is the test's own, in test_op_table",
    "gamma_order_derivative": "PyTorch has none; against quadrature of 40 digits in test_random",
    "beta_order_derivative": "PyTorch has none; against quadrature of 30 digits in test_special",
    "truncated_normal_quantile": "PyTorch has none; under truncated_normal in test_random",
    **dict.fromkeys(("standard_gamma", "log_standard_gamma"), "against torch._standard_gamma_grad in test_random"),
    **dict.fromkeys(("add_rows", "put_rows", "take_rows"), "what indices that differ by example become inside vmap"),
    "order_statistic": "under quantile and median",
    "bessel_ie": "under i0e and i1e",
    "bessel_i": "under i0 and i1, whose derivatives reach every order",
    **{f"conv{n}d_{part}_gradient": "conv's own gradients and conv_transpose" for n in (1, 2, 3) for part in ("input", "weight")},
    **{f"avg_pool{n}d_gradient": "the gradient of avg_pool" for n in (1, 2, 3)},
}  # fmt: skip


def test_every_differentiable_op_has_an_oracle_or_a_reason() -> None:
    differentiable = {name for table in (OPS, COMPOSITES) for name, op in table.items() if op.differentiable}
    compared = {r.name.split(":")[0] for table in (row, linalg_rows, network_rows) for r in table}
    missing = differentiable - compared - set(WITHOUT_ORACLE)
    assert not missing, f"add a row to this table, or a reason to WITHOUT_ORACLE: {sorted(missing)}"
    assert not set(WITHOUT_ORACLE) & compared, "these have a row, and need no reason"
    assert set(WITHOUT_ORACLE) <= differentiable, "these are not in the op table any more"
