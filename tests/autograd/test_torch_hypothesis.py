"""PyTorch as the oracle of every differentiable op, over shapes, axes and parameters that Hypothesis draws.

The file is one table. A row is: the op (after a colon, which variant of it), ours, PyTorch's, and how to draw the
arguments, which both sides get in the same order. Floating arrays among them become leaves that want gradients, other
arrays plain Tensors; what stands in ``Fixed`` wants no gradient; everything else is handed on as it is.

One test runs all rows: values, first gradients along a random cotangent, and the gradients of a random projection of
those. ``-m slow`` draws many more examples. Where PyTorch has no function the right-hand side composes one.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import fft, linalg
from autograd.composite import COMPOSITES
from autograd.primitive import OPS
from autograd.samples import Spec
from autograd.testing import axes, broadcastable_shapes, index_expressions, matrices, shapes

torch = pytest.importorskip("torch", reason="PyTorch is the oracle of these tests")
F = torch.nn.functional
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch on its own plans and history
SEEDS = st.integers(0, 2**16)


class Fixed(NamedTuple):
    """A floating array that wants no gradient."""

    array: np.ndarray


class Draw:
    """Draws the arguments of one example; values come from one seed, so that a failing example is short to print."""

    def __init__(self, data: Any, dtype: type) -> None:
        self._data, self.dtype = data, dtype
        self.rng = np.random.default_rng(data.draw(SEEDS, label="seed"))

    def __call__(self, strategy: Any) -> Any:
        return self._data.draw(strategy)

    def one(self, *options: Any) -> Any:
        return self(st.sampled_from(options))

    def bool(self) -> bool:
        return self(st.booleans())

    def int(self, low: int, high: int) -> int:
        return self(st.integers(low, high))

    def ints(self, n: int, low: int, high: int) -> tuple[int, ...]:
        return self(st.tuples(*[st.integers(low, high)] * n))

    def shape(self, least: int = 0, most: int = 3, low: int = 1, high: int = 4) -> tuple[int, ...]:
        return self(shapes(least, most, low, high))

    def x(self, *shape: int, **domain: Any) -> np.ndarray:
        """Values of this shape."""
        return Spec(shape, **domain).draw(self.rng, self.dtype)

    def xs(self, least: int = 0, side: int = 1, **domain: Any) -> np.ndarray:
        """Values of a drawn shape, of so many axes and so long sides at least."""
        return self.x(*self.shape(least, low=side), **domain)

    def pair(self, n: int = 2, **domain: Any) -> tuple[np.ndarray, ...]:
        """Arrays whose shapes broadcast."""
        return tuple(self.x(*shape, **domain) for shape in self(broadcastable_shapes(n)))

    def axis(self, x: np.ndarray) -> int:
        return self.int(-x.ndim, x.ndim - 1)

    def axes(self, x: np.ndarray) -> Any:
        return self(axes(x.ndim))

    def picks(self, shape: Any, n: int) -> np.ndarray:
        """Indices below n."""
        return self.rng.integers(0, n, shape)

    def mask(self, *shape: int) -> np.ndarray:
        return np.asarray(self.rng.random(shape) < 0.6)

    def matrix(self, kind: Any = "regular", square: bool = True, side: int = 3) -> np.ndarray:
        return self(matrices(kind, side, square, batched=True, dtype=self.dtype))

    def holed(self, shape: tuple[int, ...]) -> np.ndarray:
        """Values among which some are NaN, but never a whole row of them."""
        x = self.x(*shape, distinct=True)
        odd = np.indices(shape).sum(0) % 2 == 1
        return np.where(odd & (self.rng.random(shape) < 0.6), np.nan, x)


class Row(NamedTuple):
    name: str
    ours: Any
    theirs: Any
    arguments: Any
    second: bool
    rtol: float
    dtypes: str


TABLE: list[Row] = []


def row(
    name: str, ours: Any, theirs: Any, arguments: Any, dtypes: str = "d", second: bool = True, rtol: float = 1e-8
) -> None:
    """``dtypes``: d and D for float64 and complex128; ``second=False`` where PyTorch has no second derivative."""
    TABLE.append(Row(name, ours, theirs, arguments, second, rtol, dtypes))


# One row, one line: the formatter would make a page of it.
# fmt: off

# ------------------------------------------------------------------------------------------------ elementwise, unary

ZERO: dict[str, Any] = {"avoid": (0.0,), "margin": 0.1}
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


def absolutely(f: Any) -> Any:
    """A function of moduli."""
    return lambda x, *rest, **named: f(x.abs(), *rest, **named)


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


def dim_pair(d: Draw, x: np.ndarray) -> tuple[int, int]:
    return tuple(d(st.permutations(range(x.ndim)))[:2])


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

# ----------------------------------------------------------------------------------------------- linear algebra


def product(d: Draw) -> tuple[Any, ...]:
    n, k, m = d.ints(3, 1, 4)
    batch = d(broadcastable_shapes(2, 2, 3))
    return d.one(d.x(k), d.x(*batch[0], n, k)), d.one(d.x(k), d.x(*batch[1], k, m))


def same(d: Draw, n: int = 2, least: int = 1) -> tuple[Any, ...]:
    shape = d.shape(least)
    return tuple(d.x(*shape) for _ in range(n))


def system(d: Draw, kind: str = "regular") -> tuple[Any, ...]:
    a = d.matrix(kind)
    return a, d.x(*a.shape[:-1], d.int(1, 3))


def hermitian(x: Any) -> Any:
    return (x + x.conj().mT) / 2


EINSUMS = [
    ("ij,jk->ik", "ij", "jk"), ("bij,bjk->bik", "bij", "bjk"), ("ij->j", "ij"), ("ii->i", "ii"), ("ii", "ii"), ("i,j->ij", "i", "j"),
    ("ij,j", "ij", "j"), ("ij,kl->i", "ij", "kl"), ("a,ab,bc->c", "a", "ab", "bc"), ("iij,j->i", "iij", "j"), ("ijk->kij", "ijk"),
]


def einsum(d: Draw) -> tuple[Any, ...]:
    subscripts, *parts = d(st.sampled_from(EINSUMS))
    sizes = dict(zip("ijklabc", d.ints(7, 1, 4), strict=True))
    return subscripts, *(d.x(*(sizes[c] for c in part)) for part in parts)


def chain(d: Draw) -> tuple[Any, ...]:
    sides = d(st.lists(st.integers(1, 4), min_size=3, max_size=5))
    return [d.x(*pair) for pair in pairwise(sides)]


row("matmul", ag.matmul, torch.matmul, product, "dD")
row("linear", ag.linear, F.linear, lambda d: (d.x(*d.shape(), 3), d.x(n := d.int(1, 4), 3), d.x(n)), "dD")
row("einsum", ag.einsum, torch.einsum, einsum, "dD")
row("einsum: dots", ag.einsum, torch.einsum, lambda d: ("...ij,...jk->...ik", d.x(*d.shape(0, 2, 2, 2), 2, 3), d.x(3, 2)), "dD")
row("outer", ag.outer, torch.outer, lambda d: (d.x(*d.shape(1, 1)), d.x(*d.shape(1, 1))), "dD")
row("vecdot", ag.vecdot, torch.linalg.vecdot, same, "dD")
row("vdot", ag.vdot, torch.vdot, lambda d: (n := d.int(1, 4), (d.x(n), d.x(n)))[1], "dD")
row("dot", ag.dot, torch.dot, lambda d: (n := d.int(1, 4), (d.x(n), d.x(n)))[1], "dD")
row("inner", ag.inner, torch.inner, lambda d: (d.x(*d.shape(), 3), d.x(*d.shape(0, 2), 3)), "dD")
row("matvec", ag.matvec, lambda a, x: (a @ x[..., None])[..., 0], lambda d: (d.x(2, d.int(1, 4), 3), d.x(3)), "d")
row("tensordot", ag.tensordot, lambda a, b, n: torch.tensordot(a, b, dims=n), lambda d: (d.x(2, 3, 4), d.x(3, 4, d.int(1, 3)), 2), "dD")
row("tensordot: axes", ag.tensordot, lambda a, b, n: torch.tensordot(a, b, dims=n), lambda d: (d.x(2, 3, 4), d.x(4, 3, 2), ((1, 2), (1, 0))), "dD")
row("kron", ag.kron, torch.kron, lambda d: (d.xs(1), d.xs(1)), "dD")
row("cross", ag.cross, torch.linalg.cross, lambda d: (s := d.shape(0, 2), (d.x(*s, 3), d.x(*s, 3)))[1], "dD")
row("multi_dot", ag.multi_dot, torch.linalg.multi_dot, lambda d: (chain(d),), "dD")
row("bilinear", ag.bilinear, F.bilinear, lambda d: (s := d.shape(0, 2), (d.x(*s, 2), d.x(*s, 4), d.x(3, 2, 4), d.x(3)))[1])
row("cov", lambda x, c: ag.cov(x, correction=c), lambda x, c: torch.cov(x, correction=c), lambda d: (d.x(d.int(2, 3), d.int(2, 5)), d.int(0, 1)), "dD")
row("corrcoef", ag.corrcoef, torch.corrcoef, lambda d: (d.x(d.int(2, 3), d.int(4, 6)),))
row("cdist", ag.cdist, torch.cdist, lambda d: (d.x(*d.shape(0, 1), 4, 3), d.x(d.int(1, 3), 3), d.one(2.0, 1.0, 3.0)), second=False)
row("cdist: second", ag.cdist, lambda a, b: torch.linalg.vector_norm(a[:, None] - b, dim=-1), lambda d: (d.x(4, 3), d.x(d.int(1, 3), 3)))
row("pdist", ag.pdist, F.pdist, lambda d: (d.x(d.int(2, 5), 3), d.one(2.0, 1.0, 3.0)), second=False)
row("inv", linalg.inv, torch.linalg.inv, lambda d: (d.matrix(),), "dD")
row("solve", linalg.solve, torch.linalg.solve, system, "dD")
row("solve: a vector", linalg.solve, torch.linalg.solve, lambda d: (d.x(3, 3, matrix="regular"), d.x(3)), "dD")
row("solve_triangular", lambda a, b, up, unit: linalg.solve_triangular(a, b, up, unit),
    lambda a, b, up, unit: torch.linalg.solve_triangular(a, b, upper=up, unitriangular=unit),
    lambda d: (n := d.int(1, 3), (d.x(n, n, low=0.5), d.x(n, 2), d.bool(), d.bool()))[1], "dD")
row("pinv", linalg.pinv, torch.linalg.pinv, lambda d: (d.matrix(square=False),), "dD", rtol=1e-7)
row("lstsq", linalg.lstsq, lambda a, b: torch.linalg.pinv(a) @ b, lambda d: (a := d.matrix(square=False), d.x(*a.shape[:-1], 2)), rtol=1e-7)
row("det", linalg.det, torch.linalg.det, lambda d: (d.matrix(),), "dD")
row("slogdet", lambda x: linalg.slogdet(x)[1], lambda x: torch.linalg.slogdet(x)[1], lambda d: (d.matrix(),), "dD")
row("slogdet: sign", lambda x: tuple(linalg.slogdet(x)), lambda x: tuple(torch.linalg.slogdet(x)), lambda d: (d.matrix(),), "D")
row("cholesky", lambda x: linalg.cholesky(hermitian(x)), lambda x: torch.linalg.cholesky(hermitian(x)), lambda d: (d.matrix("positive"),), "dD")
row("cholesky_solve", lambda b, f: linalg.cholesky_solve(b, ag.tril(f)), lambda b, f: torch.cholesky_solve(b, torch.tril(f)),
    lambda d: (n := d.int(1, 3), (d.x(n, 2), d.x(n, n, low=0.5)))[1], "dD")
row("qr", lambda x: tuple(linalg.qr(x)), lambda x: tuple(torch.linalg.qr(x)),
    lambda d: (a := d.matrix(square=False), (a.swapaxes(-1, -2).copy() if a.shape[-1] > a.shape[-2] else a,))[1], "dD", rtol=1e-7)
row("eigh", lambda x: linalg.eigvalsh(hermitian(x)), lambda x: torch.linalg.eigvalsh(hermitian(x)), lambda d: (d.matrix("symmetric"),), "dD")
row("eigh_invariant", lambda x: COMPOSITES["eigh_invariant"](hermitian(x)),
    lambda x: (lambda w, v: (w, (v * v.conj()).real, v * w.to(v.dtype).unsqueeze(-2) ** 3 @ v.mH))(*torch.linalg.eigh(hermitian(x))),
    lambda d: (d.matrix("symmetric"),), "dD", rtol=1e-7)
row("eig", lambda x: ag.abs(linalg.eigvals(x)).sum(-1), lambda x: torch.linalg.eigvals(x).abs().sum(-1), lambda d: (d.matrix(),), "dD", rtol=1e-7)
row("eig_invariant", lambda x: COMPOSITES["eig_invariant"](x),
    lambda x: (lambda w, v: (w.abs().sum(-1), (v * w.unsqueeze(-2) ** 2 @ torch.linalg.inv(v)).real))(*torch.linalg.eig(x)),
    lambda d: (d.matrix(),), "dD", rtol=1e-6)
row("svd", linalg.svdvals, torch.linalg.svdvals, lambda d: (d.matrix(square=False),), "dD", rtol=1e-7)
row("svd_invariant", lambda x: COMPOSITES["svd_invariant"](x),
    lambda x: (lambda u, s, v: (s, (u * u.conj()).real, (v * v.conj()).real, (u * s.to(u.dtype).unsqueeze(-2) ** 2) @ v))(
        *torch.linalg.svd(x, full_matrices=False)),
    lambda d: (d.matrix(square=False),), "dD", rtol=1e-6)
row("matrix_exp", linalg.matrix_exp, torch.linalg.matrix_exp, lambda d: (d.x(*d.shape(0, 1), n := d.int(1, 3), n),), "dD")
row("matrix_power", linalg.matrix_power, torch.linalg.matrix_power, lambda d: (d.matrix(), d.int(-3, 4)), "dD")
for order in ("fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf):
    row(f"matrix_norm: {order}", lambda x, keep, p=order: linalg.matrix_norm(x, p, keepdims=keep),
        lambda x, keep, p=order: torch.linalg.matrix_norm(x, p, keepdim=keep),
        lambda d: (d.matrix(square=False), d.bool()), "dD", rtol=1e-7)
row("cond", linalg.cond, torch.linalg.cond, lambda d: (d.x(n := d.int(2, 3), n, matrix="regular"), d.one(None, 2)), rtol=1e-7)
row("cond: a norm", linalg.cond, lambda x, p: torch.linalg.matrix_norm(x, p) * torch.linalg.matrix_norm(torch.linalg.inv(x), p),
    lambda d: (d.matrix(), d.one("fro", 1, np.inf)))

# ------------------------------------------------------------------------------------------------------- Fourier

NORMS = ("backward", "ortho", "forward")


def line(d: Draw, complex_only: bool = False) -> tuple[Any, ...]:
    x = d.xs(1, 2)
    return x + 0j if complex_only else x, d.one(None, 2, 3, 5), d.axis(x), d.one(*NORMS)


def grid(d: Draw) -> tuple[Any, ...]:
    x = d.x(*d.shape(2, 3, 2))
    chosen = dim_pair(d, x)
    return x, d.one(None, (3, 4)), chosen, d.one(*NORMS)


for name in ("fft", "ifft", "hfft", "irfft"):
    row(name, getattr(fft, name), getattr(torch.fft, name), line, "D" if name in ("irfft", "hfft") else "dD")
row("rfft", fft.rfft, torch.fft.rfft, line)
row("rfft: ihfft", fft.ihfft, torch.fft.ihfft, line)
for name, dtypes in [("fftn", "dD"), ("ifftn", "dD"), ("rfftn", "d"), ("irfftn", "D")]:
    row(name, getattr(fft, name), getattr(torch.fft, name), grid, dtypes)


def signal(d: Draw) -> tuple[Any, ...]:
    return d.x(2, d.int(8, 14)), d.one(4, 5, 6), d.int(1, 3), d.bool(), d.bool()


def torch_stft(x: Any, n: int, hop: int, center: bool, normalized: bool) -> Any:
    return torch.stft(x, n, hop, window=torch.hann_window(n, dtype=torch.float64), center=center, normalized=normalized, return_complex=True)


def torch_istft(y: Any, n: int, hop: int, center: bool, normalized: bool) -> Any:
    return torch.istft(y, n, hop, window=torch.ones(n, dtype=torch.float64), center=center, normalized=normalized)


row("stft", lambda x, n, hop, c, o: fft.stft(x, n, hop, torch.hann_window(n, dtype=torch.float64).numpy(), c, normalized=o), torch_stft, signal)
row("stft: istft", lambda x, n, hop, c, o: fft.istft(fft.stft(x, n, hop, center=c, normalized=o) ** 2, n, hop, center=c, normalized=o),
    lambda x, n, hop, c, o: torch_istft(torch.stft(x, n, hop, window=torch.ones(n, dtype=torch.float64), center=c, normalized=o, return_complex=True) ** 2, n, hop, c, o),
    lambda d: (d.x(2, d.int(8, 12)), d.one(4, 6), d.int(1, 2), d.bool(), d.bool()))

# ---------------------------------------------------------------------------- convolution, pooling, and resampling


def convolution(d: Draw, n: int) -> tuple[Any, ...]:
    groups, kernel, dilation = d.int(1, 2), d.ints(n, 1, 3 if n < 3 else 2), d.ints(n, 1, 2)
    sizes = tuple((k - 1) * s + 1 + e for k, s, e in zip(kernel, dilation, d.ints(n, 0, 3 if n < 3 else 1), strict=True))
    x, w = d.x(d.int(1, 2), groups * d.int(1, 2), *sizes), groups * d.int(1, 2)
    return x, d.x(w, x.shape[1] // groups, *kernel), d.one(None, d.x(w)), d.ints(n, 1, 3), d.ints(n, 0, 2), dilation, groups


def transposed(d: Draw, n: int) -> tuple[Any, ...]:
    groups, stride = d.int(1, 2), d.ints(n, 1, 3)
    x, out = d.x(d.int(1, 2), groups * d.int(1, 2), *d.ints(n, 2, 3 if n < 3 else 2)), d.int(1, 2)
    padding = d.ints(n, 0, 1)
    extra = tuple(min(s - 1, e) for s, e in zip(stride, d.ints(n, 0, 2), strict=True))
    w = d.x(x.shape[1], out, *d.ints(n, 2, 3 if n < 3 else 2))
    return x, w, d.one(None, d.x(out * groups)), stride, padding, extra, groups, d.ints(n, 1, 2)


def pooled(d: Draw, n: int) -> tuple[Any, ...]:
    kernel = d.ints(n, 1, 3 if n < 3 else 2)
    sizes = tuple(k + e for k, e in zip(kernel, d.ints(n, 0, 4 if n < 3 else 2), strict=True))
    padding = tuple(min(p, k // 2) for p, k in zip(d.ints(n, 0, 1), kernel, strict=True))
    return d.x(d.int(1, 2), d.int(1, 2), *sizes, distinct=True), kernel, d.ints(n, 1, 3), padding


def dilated(d: Draw, n: int) -> tuple[Any, ...]:
    x, kernel, stride, padding = pooled(d, n)
    x = d.x(*x.shape[:2], *(2 * m for m in x.shape[2:]), distinct=True)
    return x, kernel, stride, padding, d.int(1, 2), d.bool(), d.bool()


def images(d: Draw, n: int, low: int = 1, high: int = 5) -> np.ndarray:
    return d.x(d.int(1, 2), d.int(1, 2), *d.ints(n, low, high), distinct=True)


for n in (1, 2, 3):
    row(f"conv{n}d", getattr(ag, f"conv{n}d"), getattr(F, f"conv{n}d"), lambda d, n=n: convolution(d, n), "dD" if n < 3 else "d")
    row(f"conv{n}d: transposed", getattr(ag, f"conv_transpose{n}d"), getattr(F, f"conv_transpose{n}d"), lambda d, n=n: transposed(d, n))
    row(f"max_pool{n}d", getattr(ag, f"max_pool{n}d"), getattr(F, f"max_pool{n}d"), lambda d, n=n: pooled(d, n))
    row(f"max_pool{n}d: ties", getattr(ag, f"max_pool{n}d"), getattr(F, f"max_pool{n}d"), lambda d, n=n: (np.round((a := pooled(d, n))[0]), *a[1:]))
    row(f"max_pool{n}d: indices", getattr(ag, f"max_pool{n}d"), getattr(F, f"max_pool{n}d"), lambda d, n=n: dilated(d, n), second=False)
    row(f"avg_pool{n}d", getattr(ag, f"avg_pool{n}d"), getattr(F, f"avg_pool{n}d"), lambda d, n=n: (*pooled(d, n), d.bool(), d.bool()))
    row(f"max_pool{n}d: unpool",
        lambda x, k, n=n: getattr(ag, f"max_unpool{n}d")(*getattr(ag, f"max_pool{n}d")(x, k, return_indices=True), k),
        lambda x, k, n=n: getattr(F, f"max_unpool{n}d")(*getattr(F, f"max_pool{n}d")(x, k, return_indices=True), k),
        lambda d, n=n: (d.x(1, 2, *(2 * m for m in d.ints(n, 1, 2)), distinct=True), 2), second=False)
    for kind in ("avg", "max"):
        row(f"adaptive_{kind}_pool{n}d", getattr(ag, f"adaptive_{kind}_pool{n}d"), getattr(F, f"adaptive_{kind}_pool{n}d"),
            lambda d, n=n: (images(d, n), d.ints(n, 1, 3)))
row("conv2d: same", lambda x, w: ag.conv2d(x, w, padding="same"), lambda x, w: F.conv2d(x, w, padding="same"),
    lambda d: (d.x(1, 2, *d.ints(2, 3, 5)), d.x(2, 2, *d.ints(2, 1, 3))))
row("avg_pool2d: divisor", lambda x, k: ag.avg_pool2d(x, k, 1, divisor_override=3), lambda x, k: F.avg_pool2d(x, k, 1, divisor_override=3),
    lambda d: (images(d, 2, 3), d.ints(2, 1, 3)))
# without ceil_mode: PyTorch scales the norm of a window that hangs over the end as if it were full
row("lp_pool1d", ag.lp_pool1d, absolutely(F.lp_pool1d), lambda d: (images(d, 1, 3), d.one(1.0, 2.0, 3.0), 2, d.int(1, 3)))
row("lp_pool2d", ag.lp_pool2d, absolutely(F.lp_pool2d), lambda d: (images(d, 2, 3), d.one(1.0, 2.0, 3.0), d.ints(2, 1, 3), d.int(1, 3)))
row("unfold", ag.unfold, F.unfold, lambda d: (d.x(1, 2, *d.ints(2, 4, 6)), d.ints(2, 1, 2), d.ints(2, 1, 2), d.ints(2, 0, 1), d.ints(2, 1, 2)))
row("unfold: fold", lambda x, *a: ag.fold(ag.unfold(x, *a) ** 2, x.shape[2:], *a), lambda x, *a: F.fold(F.unfold(x, *a) ** 2, x.shape[2:], *a),
    lambda d: (d.x(1, 2, *d.ints(2, 4, 6)), d.ints(2, 1, 2), d.ints(2, 1, 2), d.ints(2, 0, 1), d.ints(2, 1, 2)))


def resampled(*modes: str, corners: bool) -> Any:
    def arguments(d: Draw) -> tuple[Any, ...]:
        mode = d.one(*modes)
        n = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}.get(mode) or d.int(1, 3)
        x = images(d, n, 2, 4)
        size = d.one(None, d.ints(n, 1, 6))
        extra = {"align_corners": d.bool()} if corners else {}
        return x, size, d.one(1.7, 0.6, 2.0) if size is None else None, mode, extra

    return arguments


def interpolate(module: Any) -> Any:
    return lambda x, size, scale, mode, extra: module.interpolate(x, size, scale, mode, **extra)


row("interpolate", interpolate(ag), interpolate(F), resampled("nearest", "nearest-exact", "area", corners=False))
row("interpolate: between", interpolate(ag), interpolate(F), resampled("linear", "bilinear", "bicubic", "trilinear", corners=True))
row("grid_sample", ag.grid_sample, F.grid_sample,
    lambda d: (d.x(2, 2, *d.ints(2, 2, 5)), 0.6 * d.x(2, *d.ints(2, 1, 3), 2), d.one("bilinear", "nearest"),
               d.one("zeros", "border", "reflection"), d.bool()))
row("affine_grid", ag.affine_grid, F.affine_grid, lambda d: (d.x(2, 2, 3), (2, 1, *d.ints(2, 1, 4)), d.bool()))

# -------------------------------------------------------------------------------- normalisation, attention, dropout


def channels(d: Draw, least: int = 2, high: int = 4) -> np.ndarray:
    return d.x(*d.shape(least, 4, 2, high))


def affine(d: Draw, shape: Any) -> tuple[Any, ...]:
    return (d.x(*shape), d.x(*shape)) if d.bool() else (None, None)


def ending(d: Draw) -> tuple[Any, ...]:
    x = channels(d)
    return x, x.shape[-d.int(1, x.ndim - 1) :]


row("batch_norm", lambda x, w, b: ag.batch_norm(x, None, None, w, b, True), lambda x, w, b: F.batch_norm(x, None, None, w, b, True),
    lambda d: (x := channels(d), *affine(d, x.shape[1:2])))
row("batch_norm: running", ag.batch_norm, F.batch_norm,
    lambda d: (x := channels(d), Fixed(d.x(x.shape[1])), Fixed(d.x(x.shape[1], low=0.3)), *affine(d, x.shape[1:2])))
row("layer_norm", ag.layer_norm, F.layer_norm, lambda d: (*(a := ending(d)), *affine(d, a[1])))
row("rms_norm", ag.rms_norm, F.rms_norm, lambda d: (*(a := ending(d)), *affine(d, a[1])[:1], d.one(None, 1e-3)))
row("group_norm", ag.group_norm, F.group_norm, lambda d: (g := d.int(1, 3), x := d.x(2, g * d.int(1, 2), *d.shape(1, 2, 2)), (x, g, *affine(d, x.shape[1:2])))[2])
row("group_norm: instance", ag.instance_norm, lambda x, w, b: F.instance_norm(x, None, None, w, b), lambda d: (x := channels(d, 3), *affine(d, x.shape[1:2])))
row("local_response_norm", ag.local_response_norm, F.local_response_norm, lambda d: (channels(d, 3), d.int(1, 3), d.one(1e-4, 0.5), d.one(0.75, 1.2)))
row("normalize", ag.normalize, lambda x, p, a: F.normalize(x, p, a), lambda d: (x := d.xs(1, **ZERO), d.one(1.0, 2.0, 3.0), d.axis(x)))


def attended(d: Draw) -> tuple[Any, ...]:
    batch, (length, size, e, v) = d.shape(0, 2, 1, 2), d.ints(4, 1, 4)
    mask = d.one(None, "bool", "float")
    mask = d.mask(length, size) | (np.arange(size) == 0) if mask == "bool" else d.x(length, size) if mask == "float" else None
    causal = mask is None and d.bool()
    return d.x(*batch, length, e), d.x(*batch, size, e), d.x(*batch, size, v), mask, 0.0, causal, d.one(None, 0.7)


def plain_attention(*a: Any) -> Any:
    """PyTorch's fused kernels have no second derivative."""
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        return F.scaled_dot_product_attention(*a[:6], scale=a[6])


row("scaled_dot_product_attention", ag.scaled_dot_product_attention, plain_attention, attended)
row("scaled_dot_product_attention: grouped", lambda *x: ag.scaled_dot_product_attention(*x, enable_gqa=True),
    lambda q, k, v: torch.softmax(q @ k.repeat_interleave(q.shape[1] // k.shape[1], 1).mT / q.shape[-1] ** 0.5, -1)
    @ v.repeat_interleave(q.shape[1] // k.shape[1], 1),
    lambda d: (h := d.int(1, 2), s := d.int(1, 4), (d.x(2, h * d.int(1, 3), 3, 2), d.x(2, h, s, 2), d.x(2, h, s, 3)))[2])

# -------------------------------------------------------------------------------------------------------- losses

REDUCTIONS = ("mean", "sum", "none")
for name, extra in [("l1_loss", None), ("mse_loss", None), ("huber_loss", "delta"), ("smooth_l1_loss", "beta")]:
    row(name, lambda x, t, r, e, f=name: getattr(ag, f)(x, t, r, **e), lambda x, t, r, e, f=name: getattr(F, f)(x, t, reduction=r, **e),
        lambda d, extra=extra: (*same(d, 2, 0), d.one(*REDUCTIONS), {extra: d.one(0.5, 1.0)} if extra else {}))


def probabilities(d: Draw) -> tuple[Any, ...]:
    shape = d.shape(1)
    return d.x(*shape, low=0.1, high=0.9), d.x(*shape, low=0.1, high=0.9), d.one(None, Fixed(d.x(*shape, low=0.3))), d.one(*REDUCTIONS)


def targets(d: Draw) -> tuple[Any, ...]:
    """Logits, labels or distributions over the classes, weights, what is ignored, reduction, and smoothing."""
    rest, classes = d.shape(0, 2, 1, 3), d.int(2, 4)
    x, labels = d.x(3, classes, *rest), d.picks((3, *rest), classes)
    ignored = d.one(-100, 1)
    labels[0] = ignored
    target = Fixed(np.moveaxis(d.rng.dirichlet(np.ones(classes), (3, *rest)), -1, 1).copy()) if d.bool() else labels
    smoothing = d.one(0.0, 0.2)
    return x, target, d.one(None, Fixed(d.x(classes, low=0.3))), ignored, d.one(*REDUCTIONS), smoothing


def cross_entropy(x: Any, target: Any, weight: Any, ignored: int, reduction: str, smoothing: float) -> Any:
    keep = {} if target.is_floating_point() else {"ignore_index": ignored}
    return F.cross_entropy(x, target, weight, reduction=reduction, label_smoothing=smoothing, **keep)


row("softmax_cross_entropy", ag.cross_entropy, cross_entropy, targets)
row("softmax_cross_entropy: nll", lambda x, t, w, i, r: ag.nll_loss(ag.log_softmax(x, 1), t, w, i, r),
    lambda x, t, w, i, r: F.nll_loss(torch.log_softmax(x, 1), t, w, ignore_index=i, reduction=r),
    lambda d: (x := d.x(3, 4, *d.shape(0, 2)), d.picks((3, *x.shape[2:]), 4), d.one(None, Fixed(d.x(4, low=0.3))), d.one(-100, 1), d.one("sum", "none")))
row("binary_cross_entropy", lambda x, t, w, r: ag.binary_cross_entropy(x, t, w, r), lambda x, t, w, r: F.binary_cross_entropy(x, t, w, reduction=r), probabilities)
row("binary_cross_entropy_with_logits", lambda x, t, w, r, p: ag.binary_cross_entropy_with_logits(x, t, w, r, p),
    lambda x, t, w, r, p: F.binary_cross_entropy_with_logits(x, t, w, reduction=r, pos_weight=p),
    lambda d: (*(a := probabilities(d)), d.one(None, Fixed(d.x(a[0].shape[-1], low=0.3)))))
row("kl_div", lambda x, t, r, lg: ag.kl_div(x, t, r, lg), lambda x, t, r, lg: F.kl_div(x, t, reduction=r, log_target=lg),
    lambda d: (*probabilities(d)[:2], d.one("batchmean", "mean", "sum", "none"), d.bool()))
row("poisson_nll_loss", lambda x, t, lg, full, r: ag.poisson_nll_loss(x, t, lg, full, reduction=r),
    lambda x, t, lg, full, r: F.poisson_nll_loss(x, t, log_input=lg, full=full, reduction=r),
    lambda d: (*probabilities(d)[:2], d.bool(), d.bool(), d.one(*REDUCTIONS)))
row("gaussian_nll_loss", lambda x, t, v, full, r: ag.gaussian_nll_loss(x, t, v**2, full, reduction=r),
    lambda x, t, v, full, r: F.gaussian_nll_loss(x, t, v**2, full=full, reduction=r), lambda d: (*(a := same(d)), d.x(*a[0].shape, low=0.3), d.bool(), d.one(*REDUCTIONS)))


def signs(d: Draw, *shape: int) -> np.ndarray:
    return d.rng.choice([-1, 1], shape)


LOSS = lambda d, n=2: (s := d.shape(2, 2), tuple(d.x(*s) for _ in range(n)))[1]  # noqa: E731
row("margin_ranking_loss", ag.margin_ranking_loss, lambda a, b, t, m, r: F.margin_ranking_loss(a, b, t, m, reduction=r),
    lambda d: (*(a := same(d)), signs(d, *a[0].shape), d.one(0.0, 0.5), d.one(*REDUCTIONS)))
row("hinge_embedding_loss", ag.hinge_embedding_loss, lambda x, t, m, r: F.hinge_embedding_loss(x, t, m, reduction=r),
    lambda d: (x := d.xs(1), signs(d, *x.shape), d.one(0.5, 1.0), d.one(*REDUCTIONS)))
row("soft_margin_loss", ag.soft_margin_loss, lambda x, t, r: F.soft_margin_loss(x, t, reduction=r), lambda d: (x := d.xs(1), Fixed(signs(d, *x.shape) * 1.0), d.one(*REDUCTIONS)))
row("multilabel_soft_margin_loss", ag.multilabel_soft_margin_loss, lambda x, t, w, r: F.multilabel_soft_margin_loss(x, t, w, reduction=r),
    lambda d: (*LOSS(d), d.one(None, Fixed(d.x(1, low=0.3))), d.one(*REDUCTIONS)))
row("multi_margin_loss", ag.multi_margin_loss, lambda x, t, p, m, w, r: F.multi_margin_loss(x, t, p, m, w, reduction=r),
    lambda d: (d.x(3, 4), d.picks(3, 4), d.int(1, 2), d.one(0.5, 1.0), d.one(None, Fixed(d.x(4, low=0.3))), d.one(*REDUCTIONS)), second=False)
row("multilabel_margin_loss", ag.multilabel_margin_loss, lambda x, t, r: F.multilabel_margin_loss(x, t, reduction=r),
    lambda d: (d.x(2, 4), np.array([[3, 0, -1, 1], [1, -1, 2, 0]]), d.one(*REDUCTIONS)), second=False)
row("cosine_similarity", ag.cosine_similarity, F.cosine_similarity, lambda d: (*(a := same(d)), d.axis(a[0])))
row("cosine_embedding_loss", ag.cosine_embedding_loss, lambda a, b, t, m, r: F.cosine_embedding_loss(a, b, t, m, reduction=r),
    lambda d: (*(a := LOSS(d)), signs(d, len(a[0])), d.one(0.0, 0.3), d.one(*REDUCTIONS)))
row("pairwise_distance", lambda a, b, p, keep: ag.pairwise_distance(a, b, p, 1e-6, keep), lambda a, b, p, keep: F.pairwise_distance(a, b, p, 1e-6, keep),
    lambda d: (*same(d), d.one(1.0, 2.0, 3.0), d.bool()))
row("triplet_margin_loss", lambda *a: ag.triplet_margin_loss(*a[:3], a[3], a[4], swap=a[5], reduction=a[6]),
    lambda *a: F.triplet_margin_loss(*a[:3], a[3], a[4], swap=a[5], reduction=a[6]),
    lambda d: (*LOSS(d, 3), d.one(0.5, 1.0), d.one(1.0, 2.0), d.bool(), d.one(*REDUCTIONS)))
row("ctc", lambda x, t, i, o, r: ag.ctc_loss(ag.log_softmax(x, 2), t, i, o, reduction=r),
    lambda x, t, i, o, r: F.ctc_loss(torch.log_softmax(x, 2), t, i, o, reduction=r),
    lambda d: (d.x(7, 2, 5), d.rng.integers(1, 5, (2, 3)), (7, d.int(6, 7)), (d.int(0, 3), d.int(1, 3)), d.one(*REDUCTIONS)), second=False)

# ------------------------------------------------------------- joined, edited, chosen; signals; complex numbers; more


def product(d: Draw, *letters: str) -> tuple[Any, ...]:
    sizes = {c: d.int(1, 3) for c in "bnkm"}
    return tuple(d.x(*(sizes[c] for c in word)) for word in letters)


row("mm", ag.mm, torch.mm, lambda d: product(d, "nk", "km"), "dD")
row("mv", ag.mv, torch.mv, lambda d: product(d, "nk", "k"), "dD")
row("bmm", ag.bmm, torch.bmm, lambda d: product(d, "bnk", "bkm"), "dD")
row("vecmat", ag.vecmat, lambda x, a: (x.conj()[..., None, :] @ a)[..., 0, :], lambda d: product(d, "bn", "bnm"), "dD")
row("addmm", ag.addmm, lambda x, a, b, s, t: torch.addmm(x, a, b, beta=s, alpha=t), lambda d: (*product(d, "m", "nk", "km"), d.one(0.0, 0.5), 2.0), "dD")
row("baddbmm", ag.baddbmm, lambda x, a, b, s, t: torch.baddbmm(x, a, b, beta=s, alpha=t), lambda d: (*product(d, "bnm", "bnk", "bkm"), 0.5, 2.0), "dD")
row("einsum: several", lambda *xs: ag.einsum("nk,km,mb,b->n", *xs), lambda *xs: torch.einsum("nk,km,mb,b->n", *xs), lambda d: product(d, "nk", "km", "mb", "b"), "dD")

row("cartesian_prod", ag.cartesian_prod, torch.cartesian_prod, lambda d: tuple(d.x(n) for n in d.ints(d.int(1, 3), 1, 3)), "dD")
row("combinations", ag.combinations, torch.combinations, lambda d: (d.x(d.int(3, 5)), d.int(1, 3), d.bool()), "dD")
row("hsplit", ag.hsplit, torch.hsplit, lambda d: (d.one(d.x(4), d.x(2, 4), d.x(2, 4, 2)), d.one(2, (1, 3))), "dD")
row("vsplit", ag.vsplit, torch.vsplit, lambda d: (d.x(4, *d.shape(1, 2)), d.one(2, (1, 3))), "dD")
row("dsplit", ag.dsplit, torch.dsplit, lambda d: (d.x(2, 1, 4), d.one(2, (1, 3))), "dD")
row("append", lambda x, v: ag.append(x, v, 0), lambda x, v: torch.cat([x, v]), lambda d: (x := d.xs(1), d.x(d.int(1, 3), *x.shape[1:])), "dD")
row("append: flattened", ag.append, lambda x, v: torch.cat([x.reshape(-1), v.reshape(-1)]), lambda d: (d.xs(), d.xs()), "dD")


def kept_by_delete(x: Any, places: Any, axis: int) -> Any:
    return x.index_select(axis, torch.tensor([i for i in range(x.shape[axis]) if i not in places.tolist()], dtype=torch.long))


def inserted(x: Any, places: Any, v: Any, axis: int) -> Any:
    wide = v.expand(*x.shape[:axis], len(places), *x.shape[axis + 1 :])
    order = np.argsort(np.concatenate([places.numpy() - 0.5, np.arange(x.shape[axis])]), kind="stable")
    return torch.cat([wide, x], axis).index_select(axis, torch.tensor(order))


row("delete", ag.delete, kept_by_delete, lambda d: (x := d.xs(1, 2), d.picks(d.int(1, 2), min(x.shape)), d.int(0, x.ndim - 1)), "dD")
row("insert", ag.insert, inserted, lambda d: (x := d.xs(1), p := d.picks(d.int(2, 3), x.shape[0] + 1), d.x(len(p), *x.shape[1:]), 0), "dD")


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
row("choose", lambda i, *xs: ag.choose(i, xs), lambda i, *xs: torch.stack(xs).gather(0, i[None])[0],
    lambda d: (i := d.picks(d.shape(1, 2), 3), *(d.x(*i.shape) for _ in range(3))), "dD")
row("select", lambda c, e, a, b: ag.select([c, e], [a, b], 0.5), lambda c, e, a, b: torch.where(c, a, torch.where(e, b, 0.5)),
    lambda d: (c := d.mask(*d.shape(1, 2)), d.mask(*c.shape), d.x(*c.shape), d.x(*c.shape)), "dD")

row("ediff1d", ag.ediff1d, lambda x: x.reshape(-1).diff(), lambda d: (d.xs(1, 2),), "dD")
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


row("convolve", ag.convolve, laid_along, lambda d: (d.x(d.int(1, 5)), d.x(d.int(1, 5)), d.one("full", "same", "valid")), "dD")
row("correlate", ag.correlate, lambda a, v, mode: laid_along(a, v.conj().resolve_conj().flip(0), mode), lambda d: (d.x(d.int(3, 5)), d.x(d.int(1, 3)), d.one("full", "valid")), "dD")


def line_through(x: Any, xp: Any, fp: Any) -> Any:
    cell = (torch.searchsorted(xp.detach(), x.detach(), right=True) - 1).clamp(0, len(xp) - 2)
    share = (x - xp[cell]) / (xp[cell + 1] - xp[cell])
    inside = fp[cell] + (fp[cell + 1] - fp[cell]) * share
    return torch.where(x < xp[0], fp[0], torch.where(x > xp[-1], fp[-1], inside))


row("interp", ag.interp, line_through, lambda d: (d.xs(low=-3, high=3), p := np.sort(d.x(d.int(2, 5), distinct=True)), d.x(*p.shape)))
row("polyval", ag.polyval, lambda p, x: sum(c * x ** (len(p) - 1 - k) for k, c in enumerate(p)), lambda d: (d.x(d.int(1, 4)), d.xs()), "dD")
row("vander", lambda x, n: ag.vander(x, n, True), lambda x, n: torch.linalg.vander(x, N=n), lambda d: (d.x(d.int(1, 4)), d.int(2, 4)), "dD")

row("angle", ag.angle, torch.angle, lambda d: (d.xs(**ZERO),), "dD")
row("complex", ag.complex, torch.complex, lambda d: (a := d.xs(), d.x(*a.shape)))
row("polar", ag.polar, torch.polar, lambda d: (a := d.xs(low=0.3), d.x(*a.shape)))
row("view_as_real", ag.view_as_real, torch.view_as_real, lambda d: (d.xs(),), "D")
row("view_as_complex", ag.view_as_complex, torch.view_as_complex, lambda d: (d.x(*d.shape(), 2),))
row("fabs", ag.fabs, torch.abs, lambda d: (d.xs(**ZERO),))
row("zeta", ag.zeta, torch.special.zeta, lambda d: (a := d.xs(low=2.5, high=5.0), (Fixed(a), d.x(*a.shape, low=0.5)))[1], second=False)

row("aminmax", ag.aminmax, lambda x, a: tuple(torch.aminmax(x, dim=a)), lambda d: (x := d.xs(1, distinct=True), d.axis(x)))
row("var_mean", ag.var_mean, lambda x, a, c, k: torch.var_mean(x, a, correction=c, keepdim=k), lambda d: (x := d.xs(1, 2), d.axis(x), d.int(0, 1), d.bool()), "d")
row("std_mean", ag.std_mean, lambda x, a, c, k: torch.std_mean(x, a, correction=c, keepdim=k), lambda d: (x := d.xs(1, 2), d.axis(x), d.int(0, 1), d.bool()), "d")
row("softmin", ag.softmin, F.softmin, lambda d: (x := d.xs(1), d.axis(x)))

row("instance_norm", ag.instance_norm, lambda x, w, b: F.instance_norm(x, weight=w, bias=b), lambda d: (d.x(2, 3, *d.shape(1, 2, 2)), d.x(3), d.x(3)), rtol=1e-7)
row("lp_pool3d", lambda x, p: ag.lp_pool3d(x, p, 2), lambda x, p: F.lp_pool3d(x, p, 2), lambda d: (d.x(1, 2, *d.ints(3, 2, 4), low=0.3), d.one(1.0, 2.0, 3.0)))
for n in (1, 2, 3):
    row(f"max_unpool{n}d", getattr(ag, f"max_unpool{n}d"), getattr(F, f"max_unpool{n}d"),
        lambda d, n=n: (x := d.x(2, 2, *d.ints(n, 1, 2)), d.rng.permuted(np.broadcast_to(np.arange(np.prod(x.shape[2:]) * 2**n), (2, 2, np.prod(x.shape[2:]) * 2**n)), axis=-1)[..., : np.prod(x.shape[2:])].reshape(x.shape), 2))
row("triplet_margin_with_distance_loss", lambda a, p, n, m, s, r: ag.triplet_margin_with_distance_loss(a, p, n, ag.cosine_similarity, m, s, r),
    lambda a, p, n, m, s, r: F.triplet_margin_with_distance_loss(a, p, n, distance_function=F.cosine_similarity, margin=m, swap=s, reduction=r),
    lambda d: (*(d.x(3, 4) for _ in range(3)), d.one(0.5, 2.0), d.bool(), d.one(*REDUCTIONS)))

# fmt: on

# --------------------------------------------------------------------------------------------------- the comparison


def converted(value: Any, leaf: Any, plain: Any) -> Any:
    """The arguments of one side: its own arrays, leaves where they are floating."""
    if isinstance(value, Fixed):
        return plain(value.array)
    if isinstance(value, np.ndarray):
        return leaf(value) if value.dtype.kind in "fc" else plain(value)
    if isinstance(value, (tuple, list)):
        return type(value)(converted(v, leaf, plain) for v in value)
    return value


class Side(NamedTuple):
    """One of the two engines, in the words of the other."""

    name: str
    tensor: Any
    gradients: Any
    real: Any
    numpy: Any


OURS = Side(
    "ours",
    ag.tensor,
    lambda y, xs: ag.gradients(y, xs, create_graph=True, allow_unused=True),
    ag.real,
    lambda y: y.detach().array,
)
THEIRS = Side("PyTorch's", torch.tensor, lambda y, xs: torch.autograd.grad(y, xs, create_graph=True, allow_unused=True),
              lambda y: y.real if y.is_complex() else y, lambda y: y.numpy(force=True))  # fmt: skip


def projection(side: Side, ys: list[Any], seed: int) -> Any:
    """The inner product of these values with random ones, which takes all their gradients at once."""
    rng, total = np.random.default_rng(seed), None
    for y in ys:
        weights = rng.uniform(0.5, 1.5, tuple(y.shape)) + 1j * rng.uniform(0.5, 1.5, tuple(y.shape))
        weights = weights if "complex" in str(y.dtype) else weights.real
        if y.requires_grad:
            part = side.real(y * side.tensor(weights)).sum()
            total = part if total is None else total + part
    return total


def orders(side: Side, function: Any, arguments: Any, second: bool) -> list[list[Any]]:
    """Value, gradients, and gradients of the gradients' projection."""
    leaves: list[Any] = []

    def leaf(array: np.ndarray) -> Any:
        leaves.append(side.tensor(array, requires_grad=True))
        return leaves[-1]

    value = function(*converted(arguments, leaf, side.tensor))
    current = list(value) if isinstance(value, (tuple, list)) else [value]
    found = [[side.numpy(y) for y in current]]
    for seed in (1, 2) if second else (1,):
        total = projection(side, current, seed)
        if total is None:
            break
        gradients = side.gradients(total, leaves)
        found.append(
            [np.zeros(tuple(x.shape)) if g is None else side.numpy(g) for g, x in zip(gradients, leaves, strict=True)]
        )
        current = [g if g is not None else x.detach() * 0 for g, x in zip(gradients, leaves, strict=True)]
    return found


def check(row: Row, dtype: type, data: Any) -> None:
    arguments = row.arguments(Draw(data, dtype))
    with np.errstate(all="ignore"):
        ours = orders(OURS, row.ours, arguments, row.second)
    theirs = orders(THEIRS, row.theirs, arguments, row.second)
    shown = f"{row.name}{arguments!r}"
    for order, (got, want) in enumerate(zip(ours, theirs, strict=False)):
        for i, (a, b) in enumerate(zip(got, want, strict=True)):
            what = ("value", "first gradient of argument", "second gradient of argument")[order]
            scale = 10.0 ** (2 * order)
            np.testing.assert_allclose(
                a, b, rtol=row.rtol * scale, atol=row.rtol * 0.1 * scale * (1 + np.max(np.abs(np.nan_to_num(b)), initial=0)),
                err_msg=f"{what} {i}: ours against PyTorch's\nfor {shown}"
            )  # fmt: skip
    for longer in (ours[len(theirs) :], theirs[len(ours) :]):  # one side stopped: what the other has must be zero
        for order in longer:
            assert not any(np.any(np.abs(g) > 1e-12) for g in order), (
                f"only one side has a derivative: {order}\nfor {shown}"
            )


CASES = [
    pytest.param(row, {"d": np.float64, "D": np.complex128}[kind], id=f"{row.name}-{'real' if kind == 'd' else 'complex'}")
    for row in TABLE for kind in row.dtypes
]  # fmt: skip


@pytest.mark.parametrize("examples", [8, pytest.param(150, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("row", "dtype"), CASES)
def test_against_pytorch(row: Row, dtype: type, examples: int) -> None:
    @settings(max_examples=examples, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def agrees(data: Any) -> None:
        check(row, dtype, data)

    agrees()


# ----------------------------------------------------------------------------------------------------- coverage

WITHOUT_ORACLE = {
    "scatter": "the transpose of getitem: its second gradients run it",
    "put_along_axis_add": "the transpose of take_along_axis, under scatter_add and index_add",
    "dropout": "random: the mask is the test's own, in test_op_table",
    "gamma_order_derivative": "PyTorch has none; against quadrature of 40 digits in test_random",
    "truncated_normal_quantile": "PyTorch has none; under truncated_normal in test_random",
    **dict.fromkeys(("standard_gamma", "log_standard_gamma"), "against torch._standard_gamma_grad in test_random"),
    **dict.fromkeys(("add_rows", "put_rows", "take_rows"), "what indices that differ by example become inside vmap"),
    "order_statistic": "under quantile and median",
    **dict.fromkeys(("cross_entropy", "nll_loss"), "in the rows of softmax_cross_entropy"),
    "bessel_ie": "under i0e and i1e",
    "bessel_i": "under i0 and i1, whose derivatives reach every order",
    **{f"conv{n}d_{part}_gradient": "conv's own gradients and conv_transpose" for n in (1, 2, 3) for part in ("input", "weight")},
    **{f"avg_pool{n}d_gradient": "the gradient of avg_pool" for n in (1, 2, 3)},
}  # fmt: skip


def test_every_differentiable_op_has_an_oracle_or_a_reason() -> None:
    differentiable = {name for table in (OPS, COMPOSITES) for name, op in table.items() if op.differentiable}
    compared = {row.name.split(":")[0] for row in TABLE}
    missing = differentiable - compared - set(WITHOUT_ORACLE)
    assert not missing, f"add a row to this table, or a reason to WITHOUT_ORACLE: {sorted(missing)}"
    assert not set(WITHOUT_ORACLE) & compared, "these have a row, and need no reason"
    assert set(WITHOUT_ORACLE) <= differentiable, "these are not in the op table any more"
